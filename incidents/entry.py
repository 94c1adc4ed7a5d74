"""A table of a rules file, read option by option; every fault is collected, and what nobody read is one."""

import difflib
import math
import reprlib
from collections.abc import Mapping
from typing import Any, TypeVar

KINDS: Mapping[type, str] = {str: "a text in quotes", bool: "true or false", list: "a list", dict: "a table"}

Value = TypeVar("Value")


class Entry:
    """One table.

    Parameters
    ----------
    table
        As TOML gives it.
    label
        How faults name it: ``class '06010'``.
    faults
        Where they are collected.
    """

    def __init__(self, table: Mapping[str, Any], label: str, faults: list[str]) -> None:
        self._rest, self._label, self._faults = dict(table), label, faults
        self._known: list[str] = []

    def fault(self, text: str) -> None:
        """Note a fault of this table."""
        self._faults.append(f"{self._label}: {text}")

    def options(self) -> tuple[str, ...]:
        """List the options that nobody has read yet."""
        return tuple(self._rest)

    def take(self, option: str, kind: type[Value], default: Value) -> Value:
        """Take an option of one type, or the default."""
        self._known.append(option)
        if option not in self._rest:
            return default
        value = self._rest.pop(option)
        if isinstance(value, kind):
            return value
        self.fault(f"{option!r} must be {KINDS[kind]}, not {reprlib.repr(value)}")
        return default

    def text(self, option: str, default: str = "", *, needed: bool = False) -> str:
        """Take a text on one line; one that is needed may be neither missing nor empty."""
        given = self._rest.get(option, "" if needed else default)
        if needed and isinstance(given, str) and not given.strip():
            self.fault(f"{option!r} is {'empty' if option in self._rest else 'missing'}")
        value = self.take(option, str, default).strip()
        if not value.isprintable():
            self.fault(f"{option!r} holds characters that cannot be seen: {value!a}")
        return value

    def texts(self, option: str) -> tuple[str, ...]:
        """Take a list of texts, none of them empty."""
        values = self.take(option, list, [])
        for value in values:
            if not isinstance(value, str) or not value.strip() or not value.isprintable():
                self.fault(f"{option!r} must hold texts in quotes, not {reprlib.repr(value)}")
        return tuple(value.strip() for value in values if isinstance(value, str) and value.strip())

    def positive(self, option: str, default: float | None) -> float | None:
        """Take a number above 0, or the default; TOML's true, inf and nan are none."""
        self._known.append(option)
        if option not in self._rest:
            return default
        value = self._rest.pop(option)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0:
            return float(value)
        self.fault(f"{option!r} must be a number above 0, not {reprlib.repr(value)}")
        return default

    def entry(self, option: str) -> "Entry":
        """Take a table in this one."""
        return Entry(self.take(option, dict, {}), option, self._faults)

    def entries(self, option: str, label: str) -> "list[Entry]":
        """Take a list of tables; each is named by its key, or by its place while it has none."""
        found = []
        for place, table in enumerate(self.take(option, list, []), 1):
            if isinstance(table, dict):
                key = table.get("key")
                name = f"{label} {key!r}" if isinstance(key, str) and key else f"{label} number {place}"
                found.append(Entry(table, name, self._faults))
            else:
                self.fault(f"{option!r} must hold tables, and number {place} is {reprlib.repr(table)}")
        return found

    def done(self) -> None:
        """Name every option that nobody read."""
        for option in self._rest:
            near = difflib.get_close_matches(option, self._known, n=1)
            self.fault(f"there is no option {option!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
