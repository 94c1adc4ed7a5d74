"""How much a batch of the bridge (网闸) holds and when it is written again, as ``bridge.toml`` says it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from geo.errors import RulesError
from incidents.reading import unknown

MOST = {"entries": 200_000, "photos_mb": 400, "again_minutes": 10_080, "clock_minutes": 1_440}


@dataclass(frozen=True)
class BridgeRules:
    """All of ``bridge.toml``, which says what each means."""

    entries: int
    photos_mb: int
    again_minutes: int
    clock_minutes: int

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``bridge.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        names = [field.name for field in fields(cls)]
        faults: list[str] = []
        unknown(table, names, "", faults)
        faults += [
            f"{name!r} is {table.get(name)!r}; give a whole number from 1 to {MOST[name]}"
            for name in names
            if type(table.get(name)) is not int or not 1 <= table[name] <= MOST[name]
        ]
        if faults:
            raise RulesError(f"bridge.toml has {len(faults)} fault(s):", faults)
        return cls(**{name: table[name] for name in names})
