"""What people wrote, beside the entries that refer to it: proved for whatever keeps its words so."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from ledger.history import Break
from ledger.tables import wording
from ledger.writing import digest_of


def breaks(
    connection: Connection, entries: Sequence[Mapping[str, Any]], data: Sequence[Mapping[str, Any]], name: str
) -> Iterator[Break]:
    """Yield words of one thing that are missing, that were changed, or to which none of its entries refers.

    Parameters
    ----------
    entries, data
        All entries of the history under its number, and what each says.
    name
        What it is called in a break.
    """
    c, (area, number) = wording.c, (entries[0]["area"], entries[0]["key"])
    asked = select(wording).where(c.area == area, c.number == number)
    rows = {row["key"]: dict(row) for row in connection.execute(asked).mappings()}
    said = {
        value["ref"]: (entry["version"], value["sha256"])
        for entry, one in zip(entries, data, strict=True)
        for value in one.values()
        if isinstance(value, dict) and "ref" in value
    }
    yield from unproved(said, rows, name)


def unproved(said: Mapping[str, tuple[int, str]], rows: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[Break]:
    """Yield words that are missing, that were changed, or to which nothing refers.

    Parameters
    ----------
    said
        Key of words -> version of the entry that refers to them, and their digest.
    rows
        Key -> what is stored.
    """
    for key, (version, digest) in said.items():
        row = rows.get(key)
        if row is None:
            yield Break(version, f"the words {key} of {name} were removed; erasing leaves their row")
        elif row["text"] is not None and digest_of(row["salt"], row["text"]) != digest:
            yield Break(version, f"the words {key} of {name} were changed")
    for key in sorted(rows.keys() - said.keys()):
        yield Break(0, f"the words {key} of {name} were put in; no entry refers to them")
