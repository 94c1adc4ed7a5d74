"""Reading a file of rules: what several readers ask of a table, each fault with its key and what to write instead."""

import re
from collections.abc import Collection, Mapping
from typing import Any


def unknown(table: Mapping[str, Any], known: Collection[str], prefix: str, faults: list[str]) -> None:
    """Note every key of a table that its reader does not know; ``prefix`` says where the table stands."""
    faults += [f"{prefix}{key} is not known; known are {', '.join(known)}" for key in table if key not in known]


def prefix_of(table: Mapping[str, Any], example: str, faults: list[str]) -> str:
    """Return what the numbers of a kind of thing begin with."""
    found = table.get("prefix")
    if not isinstance(found, str) or not re.fullmatch(r"[^\W_]{1,10}", found):
        faults.append(f'prefix: {found!r} is no text of 1 to 10 letters; write prefix = "{example}"')
    return str(found)
