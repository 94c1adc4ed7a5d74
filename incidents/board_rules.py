"""What may be reported from a notice board (公示牌), and whether anything may at all, as ``boards.toml`` says it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from geo.errors import RulesError

ADDRESS = re.compile(r"(https?://[A-Za-z0-9.-]+(:\d{1,5})?)?")


@dataclass(frozen=True)
class BoardRules:
    """All of ``boards.toml``, which says what each means."""

    open: bool
    address: str
    classes: tuple[str, ...]
    longest_text: int
    photo_mb: int
    fresh_minutes: int
    check_days: int

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``boards.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults = [f"{name!r} is not known" for name in table if name not in {field.name for field in fields(cls)}]
        if not isinstance(table.get("open"), bool):
            faults.append("'open' is true or false")
        address, classes = table.get("address", ""), table.get("classes")
        if not isinstance(address, str) or not ADDRESS.fullmatch(address):
            faults.append(f"'address' is {address!r}; write https://NAME without a path, or nothing")
        if not isinstance(classes, list) or not classes or not all(isinstance(key, str) for key in classes):
            faults.append(f"'classes' is {classes!r}; give keys of classes")
        numbers = {field.name: table.get(field.name) for field in fields(cls) if field.type is int}
        faults += [
            f"{name!r} is {value!r}; give a whole number above 0"
            for name, value in numbers.items()
            if isinstance(value, bool) or not isinstance(value, int) or value < 1
        ]
        if faults:
            raise RulesError(f"boards.toml has {len(faults)} fault(s):", faults)
        return cls(open=table["open"], address=address, classes=tuple(classes or ()), **numbers)  # type: ignore[arg-type]  # looked at above
