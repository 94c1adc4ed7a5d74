"""Settings of inspections and findings: ``findings.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from inspections.reading import unknown, whole_of

PREFIXES = ("inspection_prefix", "finding_prefix")
NUMBERS = MappingProxyType({"repeat_days": 3660, "most_extensions": 20, "most_extension_days": 366, "expiring_days": 366})  # fmt: skip
LONGEST_PREFIX = 8


@dataclass(frozen=True)
class FindingRules:
    """All of ``findings.toml``.

    Attributes
    ----------
    inspection_prefix, finding_prefix
        What the numbers begin with.
    repeat_days
        The same item at the same place within so many days is a repeat.
    most_extensions, most_extension_days
        How often a finding gets more time, and how much each time.
    expiring_days
        So many days before it runs out a thing with a date is a task.
    """

    inspection_prefix: str
    finding_prefix: str
    repeat_days: int
    most_extensions: int
    most_extension_days: int
    expiring_days: int

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``findings.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, (*PREFIXES, *NUMBERS), "", faults)
        said = {name: table.get(name) for name in PREFIXES}
        faults += [
            f'{name}: {value!r} is no beginning of a number; write {name} = "检", at most {LONGEST_PREFIX} characters'
            for name, value in said.items()
            if not isinstance(value, str) or not 0 < len(value) <= LONGEST_PREFIX or not value.isalnum()
        ]
        numbers = {name: whole_of(table, name, "", faults, most=most) for name, most in NUMBERS.items()}
        faults += [f"{name}: it is missing; write {name} = 30" for name in NUMBERS if name not in table]
        if faults:
            raise RulesError(f"findings.toml has {len(faults)} fault(s):", faults)
        prefix, other = (str(said[name]) for name in PREFIXES)
        return cls(prefix, other, **{name: value or 0 for name, value in numbers.items()})
