"""What stands beside the cases (posts, holders, rota, hand-overs, groups, views, relations, areas), as the history says it does.

Every change of it is an entry; replayed in order they leave the rows that have to be there. What the history does not know is not looked at: names of people, and the words of a
hand-over.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Select, select

from ledger import tables
from ledger.history import Break

Key = tuple[Any, ...]
Row = Mapping[str, Any]
SHIFT = ("role", "post", "since", "until")


@dataclass
class _Said:
    """The rows of one table as the history leaves them, and the version of the entry that says so."""

    rows: dict[Key, dict[str, Any]] = field(default_factory=dict)
    by: dict[Key, int] = field(default_factory=dict)

    def put(self, key: Key, row: Row, version: int) -> None:
        """Note what a row says; columns that are not named stay."""
        self.rows[key] = {**self.rows.get(key, {}), **row}
        self.by[key] = version

    def drop(self, key: Key, version: int) -> None:
        """Note that a row is gone."""
        self.rows.pop(key, None)
        self.by[key] = version


Standing = Mapping[str, _Said]


def breaks(connection: Connection, entries: Iterable[Mapping[str, Any]]) -> Iterator[Break]:
    """Yield every row that stands otherwise than its history says, was put in or was removed.

    Parameters
    ----------
    entries
        Those of the history that are about no case, in order of version.
    """
    standing = {name: _Said() for name in _ROWS}
    for entry in entries:
        try:
            _TAKE.get(entry["subject"], _pass)(standing, _Entry.of(entry))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{entry['act']} of {entry['subject']} {entry['key']} in {entry['area']}"
            yield Break(entry["version"], f"{what} cannot be read: {error!r}")
    for name, said in standing.items():
        yield from _compared(connection, name, said)


@dataclass(frozen=True)
class _Entry:
    version: int
    area: str
    key: str
    act: str
    at: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "_Entry":
        """Read a row of the history."""
        plain = {name: row[name] for name in ("version", "area", "key", "act", "at")}
        return cls(**plain, before=json.loads(row["before"]), after=json.loads(row["after"]))


def _compared(connection: Connection, name: str, said: _Said) -> Iterator[Break]:
    asked, keys = _ROWS[name]
    there = set()
    for found in connection.execute(asked, execution_options={"stream_results": True, "yield_per": 1000}).mappings():
        row = {column: json.loads(value) if column in _JSON else value for column, value in found.items()}
        key = tuple(row.pop(column) for column in keys)
        there.add(key)
        wanted = said.rows.get(key)
        if wanted is None:
            yield Break(said.by.get(key, 0), f"{_called(name, key)} was put in: the history does not know it")
            continue
        for column in sorted(column for column in row if row[column] != wanted.get(column)):
            yield Break(said.by[key], f"{_called(name, key)} stands with another {column} than its history says")
    for key in sorted(said.rows.keys() - there):
        yield Break(said.by[key], f"{_called(name, key)} was removed")


def _called(name: str, key: Key) -> str:
    area, *rest = key
    return f"{name} {' '.join(map(str, rest))} in {area}" if rest else f"{name} {area}"


def _pass(_standing: Standing, _entry: _Entry) -> None:
    return None


def _post(standing: Standing, entry: _Entry) -> None:
    if "post" in entry.after:
        _set(standing["post"], (entry.area, entry.key), entry.after["post"], entry.version)
    was, now = entry.before.get("holdings", {}), entry.after.get("holdings", {})
    for id_ in {*was, *now}:
        _set(standing["holding"], (entry.area, int(id_)), now.get(id_), entry.version)


def _rota(standing: Standing, entry: _Entry) -> None:
    for id_, *_rest in entry.before["shifts"]:
        standing["shift"].drop((entry.area, id_), entry.version)
    for id_, *rest in entry.after["shifts"]:
        standing["shift"].put((entry.area, id_), dict(zip(SHIFT, rest, strict=True)), entry.version)


def _handover(standing: Standing, entry: _Entry) -> None:
    key, after = (entry.area, int(entry.key)), entry.after
    row = None
    if entry.act == "write":
        row = {
            "from_post": after["from"],
            "to_post": after["to"],
            "cases": after["cases"],
            "at": entry.at,
            "taken": None,
        }
    elif entry.act == "take":
        row = {"to_post": after["to"], "taken": after["taken"]}
    _set(standing["handover"], key, row, entry.version)


def _group(standing: Standing, entry: _Entry) -> None:
    after = {**entry.after, "covers": json.loads(entry.after["covers"])} if entry.after else None
    _set(standing["chat_group"], (entry.area, int(entry.key)), after, entry.version)


def _view(standing: Standing, entry: _Entry) -> None:
    owner = (entry.after or entry.before)["post"]
    row = {"query": entry.after["query"]} if entry.after else None
    _set(standing["saved_view"], (entry.area, owner, entry.key), row, entry.version)


def _area(standing: Standing, entry: _Entry) -> None:
    standing["area"].put((entry.area,), {**entry.after, "begun": entry.at}, entry.version)


def _relation(standing: Standing, entry: _Entry) -> None:
    key = (entry.area, entry.key, (entry.after or entry.before)["with"])
    _set(standing["relation"], key, {"kind": entry.after["kind"]} if entry.after else None, entry.version)


def _set(said: _Said, key: Key, row: Row | None, version: int) -> None:
    if row is None:
        said.drop(key, version)
    else:
        said.put(key, row, version)


def _of(table: Any, *columns: str) -> Select[Any]:
    return select(*(table.c[column] for column in columns))


def _relations() -> Select[Any]:
    """Read the relations by the numbers of their cases; the earlier case stands first, as in the table."""
    one, other, kind = tables.incident.alias(), tables.incident.alias(), tables.relation.c.kind
    return (
        select(one.c.area, one.c.number.label("one"), other.c.number.label("other"), kind)
        .join(one, one.c.id == tables.relation.c.one)
        .join(other, other.c.id == tables.relation.c.other)
    )


_JSON = frozenset({"cases", "covers", "query"})
# Table -> what is read of it, and by which columns a row is named.
_ROWS: Mapping[str, tuple[Select[Any], tuple[str, ...]]] = MappingProxyType(
    {
        "area": (_of(tables.area, "id", "how", "edition", "digest", "begun"), ("id",)),
        "post": (
            _of(tables.post, "area", "key", "kind", "title", "level", "code", "volunteer", "since", "until"),
            ("area", "key"),
        ),
        "holding": (_of(tables.holding, "area", "id", "post", "stand_in", "since", "until"), ("area", "id")),
        "shift": (_of(tables.shift, "area", "id", *SHIFT), ("area", "id")),
        "handover": (
            _of(tables.handover, "area", "id", "from_post", "to_post", "cases", "at", "taken"),
            ("area", "id"),
        ),
        "chat_group": (
            _of(tables.chat_group, "area", "id", "name", "kind", "members", "covers", "post"),
            ("area", "id"),
        ),
        "saved_view": (_of(tables.saved_view, "area", "post", "name", "query"), ("area", "post", "name")),
        "relation": (_relations(), ("area", "one", "other")),
    }
)
_TAKE: Mapping[str, Callable[[Standing, _Entry], None]] = MappingProxyType(
    {
        "area": _area,
        "post": _post,
        "rota": _rota,
        "handover": _handover,
        "group": _group,
        "view": _view,
        "relation": _relation,
    }
)
