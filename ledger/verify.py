"""Verifying a ledger: that its history was not changed, and that everything else follows from it.

The chain is walked once in order of version; then the history of each incident is replayed and compared with how the incident stands, its words, grids, posts and photos; last the
audit trail is walked from its oldest kept line. All walks stream, so that a million entries need no more memory than a thousand.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from geo.errors import BattlemapError, LedgerBroken
from incidents.case import Incident
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind, replay
from incidents.within import workers
from inspections.meetings import Subject
from ledger import (
    audit,
    authority_orders,
    beside,
    files,
    findings,
    heads,
    inspections,
    notices,
    orders,
    patrols,
    tables,
    visits,
    whistles,
    wordings,
)
from ledger.history import Break, Head, breaks
from ledger.migrations import triggers
from ledger.rows import WORDS, decided, dumps, facts, from_row, grids_of
from ledger.store import Ledger, read_head
from ledger.tables import instant, milliseconds
from ledger.writing import ITEM

Progress = Callable[[int, int], None]
BATCH = 500  # incidents that are looked up together
STEP = 2_000  # rows between two signs of progress
PHOTO = ("sha256", "thumbnail", "kind", "width", "height")


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes
    ----------
    head
        Where the history ends.
    entries, incidents, photos
        How many were looked at.
    breaks
        Every place that does not hold, in order; empty when all does.
    orphans
        Photos that no row names: harmless, left by a crash or by a report that was given up.
    """

    head: Head
    entries: int
    incidents: int
    photos: int
    breaks: tuple[Break, ...]
    orphans: tuple[Path, ...]

    def text(self, *, discarded: int = 0) -> str:
        """Return it as one line for people."""
        state = f"{len(self.breaks)} place(s) do not hold" if self.breaks else "all holds"
        orphans = f"; {discarded} of {len(self.orphans)} photos that no case names were deleted" if self.orphans else ""
        looked = f"{self.entries:,} entries, {self.incidents:,} incidents, {self.photos:,} photos"
        return f"{looked}: {state}{orphans}. Head {self.head}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "head": str(self.head),
            "signature": self.head.signature,
            "entries": self.entries,
            "incidents": self.incidents,
            "photos": self.photos,
            "breaks": [{"version": found.version, "what": found.what} for found in self.breaks],
            "orphans": [str(path) for path in self.orphans],
        }


def verify(ledger: Ledger, *, now: datetime, known: Sequence[Head] = (), progress: Progress | None = None) -> Report:
    """Look whether a ledger holds, all of it as it stands at one moment; others may go on writing.

    Parameters
    ----------
    now
        Photos that no row names and that were written within the hour before are left alone.
    known
        Heads that were written elsewhere, beside those in heads.log.
    """
    logged, wrong = heads.noted(ledger.folder)  # before the moment begins: no head of the log is newer
    with ledger.reading() as connection:
        report = examine(connection, ledger.folder, ledger.key, now=now, known=[*logged, *known], progress=progress)
    return replace(report, breaks=(*(Break(0, line) for line in wrong), *report.breaks))


def examine(
    connection: Connection,
    folder: Path,
    key: bytes,
    *,
    now: datetime,
    known: Sequence[Head] = (),
    progress: Progress | None = None,
) -> Report:
    """Look whether a ledger holds as a connection sees it, so that a restore is examined before it is committed."""
    head = read_head(connection)
    tell = _Telling(progress, connection)
    found = list(_sound(connection))
    found += breaks(tell(_chain(connection)), head, key, known)
    found += _replayed(connection, tell)
    found += beside.breaks(connection, tell(_others(connection)))
    found += whistles.breaks(connection)
    found += orders.breaks(connection)
    found += _photos(connection, folder, tell)
    found += (Break(0, line) for line in audit.breaks(connection, key))
    entries, incidents = (_count(connection, table) for table in (tables.history, tables.incident))
    photos = sum(_count(connection, table) for table in (tables.attachment, tables.whistle_photo, tables.inspection_photo))  # fmt: skip
    orphans = tuple(files.orphans(folder, _named(connection), now=now))
    ordered = tuple(sorted(found, key=lambda one: one.version))
    return Report(head, entries, incidents, photos, ordered, orphans)


def require(report: Report, *, but: Collection[str] = ()) -> None:
    """Raise unless nothing was found, photos aside that are known to be missing.

    Raises
    ------
    LedgerBroken
        Names the first places that do not hold.
    """
    found = [one for one in report.breaks if not any(digest in one.what for digest in but)]
    if found:
        few = "\n  - ".join(str(one) for one in found[:20])
        raise LedgerBroken(f"The ledger does not hold in {len(found)} place(s):\n  - {few}")


class _Telling:
    """Counts the rows that pass, all walks together, and tells now and then."""

    def __init__(self, progress: Progress | None, connection: Connection) -> None:
        self._progress, self._done = progress, 0
        self._total = 2 * _count(connection, tables.history) + _count(connection, tables.attachment) if progress else 0

    def __call__(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        for row in rows:
            yield row
            self._done += 1
            if self._progress and (self._done % STEP == 0 or self._done == self._total):
                self._progress(self._done, self._total)


def _count(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _stream(connection: Connection, asked: Select[Any]) -> Iterator[Mapping[str, Any]]:
    options = {"stream_results": True, "yield_per": 1000}
    return (dict(row) for row in connection.execute(asked, execution_options=options).mappings())


def _sound(connection: Connection) -> Iterator[Break]:
    """Yield what is wrong with the database itself: pages, references, triggers."""
    for name in triggers.missing(connection):
        yield Break(0, f"the trigger {name}, which keeps the history append-only, is missing or was changed")
    if connection.dialect.name == "sqlite":
        for (said,) in connection.exec_driver_sql("PRAGMA quick_check(20)"):
            if said != "ok":
                yield Break(0, f"the database file is damaged: {said}")
        for table, _row, other, _key in islice(connection.exec_driver_sql("PRAGMA foreign_key_check"), 20):
            yield Break(0, f"a row of {table} refers to a row of {other} that is not there")


def _chain(connection: Connection) -> Iterator[Mapping[str, Any]]:
    return _stream(connection, select(tables.history).order_by(tables.history.c.version))


def _others(connection: Connection) -> Iterator[Mapping[str, Any]]:
    c = tables.history.c
    return _stream(connection, select(tables.history).where(c.subject != "incident").order_by(c.version))


def _replayed(connection: Connection, tell: _Telling) -> Iterator[Break]:
    """Yield the incidents that do not stand as their history says."""
    serials: dict[tuple[str, str], int] = {}
    history, incident, wording = tables.history, tables.incident, tables.wording
    c = history.c
    asked = select(history).where(c.subject == "incident").order_by(c.area, c.key, c.version)
    cases = (
        [dict(entry) for entry in entries]
        for _, entries in groupby(tell(_stream(connection, asked)), key=lambda row: (row["area"], row["key"]))
    )
    while batch := list(islice(cases, BATCH)):
        yield from _Batch(connection, batch).breaks()
        for entries in batch:
            _count_number(serials, entries[0])
    yield from _serials(connection, serials)
    for table, number, key, subjects, what in (
        (incident, incident.c.number, incident.c.version, ("incident",), "stands in the ledger without any history"),
        (
            wording,
            wording.c.number,
            None,
            (
                "incident",
                whistles.SUBJECT,
                orders.SUBJECT,
                visits.SUBJECT,
                patrols.SUBJECT,
                notices.SUBJECT,
                inspections.SUBJECT,
                findings.SUBJECT,
                authority_orders.SUBJECT,
                *Subject,
            ),
            "has words in the ledger without any history",
        ),
    ):
        known = exists().where(c.area == table.c.area, c.subject.in_(subjects), c.key == number)
        columns = (table.c.area, number) if key is None else (table.c.area, number, key)
        for row in connection.execute(select(*columns).where(~known).distinct().limit(BATCH)):
            yield Break(row[2] if key is not None else 0, f"{row[1]} in {row[0]} {what}: it was put in")


def _count_number(serials: dict[tuple[str, str], int], first: Mapping[str, Any]) -> None:
    """Note the highest number of an area's day."""
    _, day, serial = ("", "", *first["key"].rsplit("-", 2))[-3:]
    if serial.isdecimal():
        serials[first["area"], day] = max(serials.get((first["area"], day), 0), int(serial))


def _serials(connection: Connection, wanted: Mapping[tuple[str, str], int]) -> Iterator[Break]:
    """Yield the days on which the next case would get another number than follows from the cases."""
    found = {(row.area, row.day): row.last for row in connection.execute(select(tables.serial))}
    for area, day in sorted(found.keys() | wanted.keys()):
        if found.get((area, day)) != wanted.get((area, day)):
            yield Break(
                0,
                f"the numbers of {day} in {area} go on after {found.get((area, day), 0)}, its last case is {wanted.get((area, day), 0)}",
            )


class _Batch:
    """Some incidents with their histories, and what the other tables hold of them."""

    def __init__(self, connection: Connection, cases: Sequence[Sequence[dict[str, Any]]]) -> None:
        self._cases = cases
        numbers = sorted({entries[0]["key"] for entries in cases})
        incident, wording = tables.incident, tables.wording
        self._rows = {
            (row["area"], row["number"]): row
            for row in connection.execute(select(incident).where(incident.c.number.in_(numbers))).mappings()
        }
        ids = [row["id"] for row in self._rows.values()]
        self._words: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        for row in connection.execute(select(wording).where(wording.c.number.in_(numbers))).mappings():
            self._words.setdefault((row["area"], row["number"]), {})[row["key"]] = dict(row)
        self._grids = _sets(connection, tables.incident_grid, ("key", "code", "area", "reported"), ids)
        self._posts = _sets(connection, tables.incident_post, ("post", "area", "reported"), ids)
        self._photos = _sets(connection, tables.attachment, ("version", "at", *PHOTO), ids)
        self._origins = _sets(connection, tables.origin, ("area", "source", "key"), ids)
        self._sent = _sets(connection, tables.sent, ("area", "account", "key", "version"), ids)

    def breaks(self) -> Iterator[Break]:
        """Yield what does not hold of them."""
        for entries in self._cases:
            last = entries[-1]
            try:
                yield from self._of(entries)
            except (BattlemapError, ValueError, KeyError, TypeError, AttributeError) as error:
                yield Break(last["version"], f"the history of {_name(last)} cannot be replayed: {error}")

    def _of(self, entries: Sequence[Mapping[str, Any]]) -> Iterator[Break]:
        last = entries[-1]
        where = last["area"], last["key"]
        parsed = [_Parsed.of(entry) for entry in entries]
        words = self._words.get(where, {})
        yield from _unproved(parsed, words, _name(last))
        row = self._rows.get(where)
        if row is None:
            yield Break(last["version"], f"{_name(last)} has a history and is not in the ledger: it was removed")
            return
        if (row["id"], row["version"]) != (entries[0]["version"], last["version"]):
            yield Break(last["version"], f"{_name(last)} says version {row['version']}, its history {last['version']}")
        incident = from_row(dict(row))
        yield from _stands(parsed, incident, words)
        for name, value in decided(incident).items():
            if name != "state" and row[name] != value:
                yield Break(last["version"], f"{_name(last)} is listed with another {name} than its state says")
        if self._grids.get(row["id"], set()) != {(*one, row["area"], row["reported"]) for one in grids_of(incident)}:
            yield Break(last["version"], f"{_name(last)} is counted in other grids than its history says")
        if self._posts.get(row["id"], set()) != {(one, row["area"], row["reported"]) for one in workers(incident)}:
            yield Break(last["version"], f"{_name(last)} is shown to other posts than its history says")
        yield from _shown(parsed, self._photos.get(row["id"], set()), _name(last))
        told = {(row["area"], *parsed[0].data["origin"])} if "origin" in parsed[0].data else set()
        if self._origins.get(row["id"], set()) != told:
            yield Break(row["id"], f"{_name(last)} comes from another origin than its history says")
        if self._sent.get(row["id"], set()) != {_sent(row["area"], entry) for entry in parsed if ITEM in entry.data}:
            yield Break(row["id"], f"{_name(last)} was sent from a phone otherwise than its history says")


@dataclass(frozen=True)
class _Parsed:
    """An entry of the history, its values read."""

    version: int
    act: Entry
    data: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "_Parsed":
        """Read a row."""
        data = json.loads(row["data"])
        by = By(row["post"], PostKind(data["kind"]))
        entry = Entry(Act(row["act"]), by, instant(row["at"]), data)
        return cls(row["version"], entry, data, json.loads(row["before"]), json.loads(row["after"]))


def _sent(area: str, entry: _Parsed) -> tuple[str, str, str, int]:
    return area, entry.data.get("account", ""), entry.data[ITEM], entry.version


def _shown(entries: Sequence[_Parsed], found: set[tuple[Any, ...]], name: str) -> Iterator[Break]:
    """Yield the photos that are not there as the history says: which, of what kind, with which thumbnail."""
    said = {
        (entry.version, milliseconds(entry.act.at), *(photo[key] for key in PHOTO))
        for entry in entries
        for photo in entry.data.get("photos", ())
    }
    for photo in sorted(said ^ found):
        version, digest = photo[0], photo[2]
        there, meant = (any((one[0], one[2]) == (version, digest) for one in some) for some in (found, said))
        if there and meant:
            if photo in found:
                yield Break(
                    version,
                    f"photo {digest} of {name} stands with another kind, thumbnail, size or time than its history says",
                )
        else:
            yield Break(version, f"photo {digest} was {'put into' if there else 'taken from'} {name}")


def _stands(entries: Sequence[_Parsed], incident: Incident, words: Mapping[str, Mapping[str, Any]]) -> Iterator[Break]:
    """Yield where an incident stands otherwise than its history says: field by field, its state by the rules too, its words."""
    said: dict[str, Any] = {}
    for entry in entries:
        if {name: said.get(name) for name in entry.before} != dict(entry.before):
            yield Break(entry.version, f"what {incident.number} was before does not follow from the entries before")
        said |= {name: value for name, value in entry.after.items() if name != "words"}
    found, last = json.loads(dumps(facts(incident))), entries[-1].version
    for name in sorted(said.keys() | found.keys()):
        if name != "state" and said.get(name) != found.get(name):
            yield Break(last, f"{incident.number} in {incident.area} stands with another {name} than its history says")
    state = replay(entry.act for entry in entries)
    for name, value in (("state", CaseState.from_json(said["state"])), ("state", state)):
        if value is None or value.to_json() != found["state"]:
            yield Break(last, f"{incident.number} in {incident.area} stands in another {name} than its history says")
            break
    for name, texts in _written(entries, words).items():
        if getattr(incident, name) not in texts:
            yield Break(last, f"{incident.number} in {incident.area} carries another {name} than was written")


def _written(entries: Sequence[_Parsed], words: Mapping[str, Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return what each field may say: what was written last, or, where words were erased, nothing."""
    texts = [
        words[entry.after["words"]["ref"]]["text"]
        for entry in entries
        if "words" in entry.after and entry.after["words"]["ref"] in words
    ]
    said: dict[str, set[str]] = {}
    for text in texts:
        if text is None:  # which fields it held went with it
            said |= {name: said.get(name, set()) | {""} for name in WORDS}
        else:
            said |= {name: {value} for name, value in json.loads(text).items() if name in WORDS}
    return said


def _unproved(entries: Sequence[_Parsed], words: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[Break]:
    """Yield words that are missing, that were changed, or to which nothing refers."""
    said = {
        value["ref"]: (entry.version, value["sha256"])
        for entry in entries
        for value in (*entry.data.values(), entry.after.get("words"))
        if isinstance(value, dict) and "ref" in value
    }
    yield from wordings.unproved(said, words, name)


def _sets(
    connection: Connection, table: Any, columns: Sequence[str], ids: Sequence[int]
) -> dict[int, set[tuple[Any, ...]]]:
    """Return some columns of the rows of some incidents, as sets by incident."""
    found: dict[int, set[tuple[Any, ...]]] = {}
    asked = select(table.c.incident, *(table.c[name] for name in columns)).where(table.c.incident.in_(ids))
    for id_, *values in connection.execute(asked):
        found.setdefault(id_, set()).add(tuple(values))
    return found


def _photos(connection: Connection, folder: Path, tell: _Telling) -> Iterator[Break]:
    """Yield the photos whose files are missing or were changed."""
    attachment, on_site = tables.attachment, tables.whistle_photo
    attached = tell(_stream(connection, select(attachment).order_by(attachment.c.id)))
    taken = (
        _stream(connection, select(one).order_by(one.c.version, one.c.sha256))
        for one in (on_site, tables.inspection_photo)
    )
    for row in chain(attached, *taken):
        for digest in {row["sha256"], row["thumbnail"]} - {""}:
            try:
                files.verify(folder, digest)
            except BattlemapError as error:
                yield Break(row["version"], str(error))


def _named(connection: Connection) -> set[str]:
    return {
        digest
        for table in (tables.attachment, tables.whistle_photo, tables.inspection_photo)
        for row in _stream(connection, select(table.c.sha256, table.c.thumbnail))
        for digest in row.values()
    }


def _name(entry: Mapping[str, Any]) -> str:
    return f"{entry['key']} in {entry['area']}"
