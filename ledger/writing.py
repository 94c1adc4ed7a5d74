"""What one transaction changes: incidents through their lifecycle, everything else by name; each change with its history and version."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from geo.errors import Conflict, LifecycleError, UnknownIncident
from incidents.case import Incident
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind, apply, undone
from ledger import tables
from ledger.history import Head, chained
from ledger.rows import WORDS, changes, dumps, facts, from_row, to_row
from ledger.tables import instant, milliseconds

PERSONAL = ("reason", "text")  # what an act's data may hold of people's own words


@dataclass(frozen=True)
class Attached:
    """A photo that belongs to an incident; its file is named by its digest.

    Attributes
    ----------
    kind
        ``before``, ``after``, ``notice`` or ``other``.
    """

    sha256: str
    thumbnail: str
    width: int
    height: int
    kind: str = "before"


class Writing:
    """One transaction. Rows are collected and written together by `flush`, which the ledger calls."""

    def __init__(self, connection: Connection, head: Head) -> None:
        self.connection = connection
        self._head = head
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._new: dict[int, Incident] = {}
        self._changed: dict[int, Incident] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._serials: dict[tuple[str, str], int] = {}

    @property
    def version(self) -> int:
        """Version of the last change so far."""
        return self._head.version

    def report(
        self,
        incident: Incident,
        entry: Entry,
        *,
        prefix: str,
        day: str,
        origin: tuple[str, str] | None = None,
        photos: Sequence[Attached] = (),
    ) -> Incident:
        """Write a new incident, and return it with its number.

        Parameters
        ----------
        entry
            The act that begins it: report, self_clear or import.
        prefix, day
            What its number begins with, and the day ``20261122`` in the area's time.
        origin
            Source and key that make it the only one of its kind: an idempotency key, or the id of another system. The incident that is there already is returned.
        """
        found = self.find(incident.area, *origin) if origin else None
        if found:
            return found
        state = apply(None, entry)
        number = f"{prefix}-{day}-{self._serial(incident.area, day):04d}"
        made = replace(incident, number=number, state=state, version=self.version + 1)
        id_ = made.version
        said = {name: getattr(made, name) for name in WORDS}
        words = self._worded(made, {"words": dumps(said)})
        self._enter(
            made.area,
            "incident",
            number,
            entry.act.value,
            entry.by.post,
            entry.at,
            self._data(made, entry),
            {},
            {**facts(made), **words},
        )
        self._new[id_] = made
        self._ids[made.area, number] = id_
        if origin:
            self._add("origin", {"area": made.area, "source": origin[0], "key": origin[1], "incident": id_})
        self.attach(made, photos, at=entry.at)
        return made

    def act(
        self,
        area: str,
        number: str,
        entry: Entry,
        *,
        expected: int | None = None,
        photos: Sequence[Attached] = (),
        **changed: Any,
    ) -> Incident:
        """Do an act to an incident, and return it as it stands then.

        Parameters
        ----------
        expected
            Version that the writer has seen; None when it does not matter what happened since.
        changed
            Fields of the incident that the act sets: ``class_``, ``codes``, ``lon`` …

        Raises
        ------
        UnknownIncident
            There is none of that number.
        Conflict
            Somebody else changed it since the expected version.
        LifecycleError
            The rules do not allow the act.
        """
        before = self.get(area, number)
        if expected is not None and before.version != expected:
            raise Conflict(number, expected, before.version)
        state = self._undone(before, entry) if entry.act is Act.UNDO else apply(before.state, entry)
        after = replace(before, **changed, state=state, version=self.version + 1)
        old, new = changes(before, after)
        rewritten = {name: getattr(after, name) for name in WORDS if getattr(after, name) != getattr(before, name)}
        words = self._worded(after, {"words": dumps(rewritten)}) if rewritten else {}
        self._enter(
            area,
            "incident",
            number,
            entry.act.value,
            entry.by.post,
            entry.at,
            self._data(after, entry),
            old,
            {**new, **words},
        )
        id_ = self._ids[area, number]
        (self._new if id_ in self._new else self._changed)[id_] = after
        self.attach(after, photos, at=entry.at)
        return after

    def get(self, area: str, number: str) -> Incident:
        """Return an incident as it stands in this transaction.

        Raises
        ------
        UnknownIncident
            There is none of that number.
        """
        id_ = self._ids.get((area, number))
        if id_ is not None:
            found = self._new.get(id_) or self._changed.get(id_)
            if found:
                return found
        table = tables.incident
        row = (
            self.connection.execute(select(table).where(table.c.area == area, table.c.number == number))
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise UnknownIncident(f"There is no incident {number!r} in {area}. Look its number up in the list.")
        self._ids[area, number] = row["id"]
        return from_row(dict(row))

    def find(self, area: str, source: str, key: str) -> Incident | None:
        """Return the incident that came from an origin, or None."""
        here = next(
            (
                row["incident"]
                for row in self._rows.get("origin", ())
                if (row["area"], row["source"], row["key"]) == (area, source, key)
            ),
            None,
        )
        if here is not None:
            return self._new[here]
        origin, incident = tables.origin, tables.incident
        number = self.connection.execute(
            select(incident.c.number)
            .join(origin, origin.c.incident == incident.c.id)
            .where(origin.c.area == area, origin.c.source == source, origin.c.key == key)
        ).scalar_one_or_none()
        return None if number is None else self.get(area, number)

    def id_of(self, area: str, number: str) -> int:
        """Return the row number of an incident."""
        self.get(area, number)
        return self._ids[area, number]

    def attach(self, incident: Incident, photos: Sequence[Attached], *, at: datetime) -> None:
        """Note photos of an incident; their files must be there already."""
        for photo in photos:
            row = {**vars(photo), "incident": self._ids[incident.area, incident.number]}
            self._add("attachment", {**row, "at": milliseconds(at), "version": self.version})

    def relate(self, area: str, one: str, other: str, kind: str) -> None:
        """Note that two incidents are the same thing (``linked``), or found to be different (``apart``)."""
        pair = sorted((self.id_of(area, one), self.id_of(area, other)))
        self.flush()
        table = tables.relation
        self.connection.execute(delete(table).where(table.c.one == pair[0], table.c.other == pair[1]))
        self._add("relation", {"one": pair[0], "other": pair[1], "kind": kind})

    def reporter(self, incident: Incident, *, name: str, phone: str, erase: datetime | None) -> None:
        """Note who reported it, already masked; never part of the history."""
        row = {"incident": self._ids[incident.area, incident.number], "name": name, "phone": phone}
        self._add("reporter", {**row, "erase": milliseconds(erase) if erase else None})

    def enter(
        self,
        area: str,
        subject: str,
        key: str,
        act: str,
        *,
        post: str,
        at: datetime,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> int:
        """Write an entry about something that is no incident (post, rota, group, view, area), and return its version. Names of people do not belong in it."""
        self._enter(area, subject, key, act, post, at, {}, before or {}, after or {})
        return self.version

    def flush(self) -> Head:
        """Write what was collected, and return the head after it."""
        self._rows.setdefault("incident", []).extend({"id": id_, **to_row(made)} for id_, made in self._new.items())
        self._rows["incident_grid"] = [row for id_, made in self._new.items() for row in _grids(id_, made)]
        for name in ("incident", "incident_grid", "wording", "origin", "attachment", "reporter", "relation", "history"):
            rows = self._rows.get(name)
            if rows:
                self.connection.execute(insert(tables.METADATA.tables[name]), rows)
        self._update()
        for (area, day), last in self._serials.items():
            self._save_serial(area, day, last)
        self._rows, self._new, self._changed, self._serials = {}, {}, {}, {}
        return self._head

    def _update(self) -> None:
        if not self._changed:
            return
        rows = [{"row_id": id_, **to_row(after)} for id_, after in self._changed.items()]
        table = tables.incident
        set_: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "row_id"}
        statement = update(table).where(table.c.id == bindparam("row_id")).values(set_)
        self.connection.execute(
            statement,
            [{name if name == "row_id" else f"new_{name}": value for name, value in row.items()} for row in rows],
        )
        grids = tables.incident_grid
        self.connection.execute(delete(grids).where(grids.c.incident.in_(list(self._changed))))
        places = [row for id_, after in self._changed.items() for row in _grids(id_, after)]
        if places:
            self.connection.execute(insert(grids), places)

    def _serial(self, area: str, day: str) -> int:
        if (area, day) not in self._serials:
            table = tables.serial
            found = self.connection.execute(
                select(table.c.last).where(table.c.area == area, table.c.day == day)
            ).scalar()
            self._serials[area, day] = found or 0
        self._serials[area, day] += 1
        return self._serials[area, day]

    def _save_serial(self, area: str, day: str, last: int) -> None:
        dialect = postgresql if self.connection.dialect.name == "postgresql" else sqlite
        self.connection.execute(
            dialect.insert(tables.serial)
            .values(area=area, day=day, last=last)
            .on_conflict_do_update(index_elements=["area", "day"], set_={"last": last})
        )

    def _undone(self, before: Incident, entry: Entry) -> CaseState:
        self.flush()
        table = tables.history
        last = (
            self.connection.execute(
                select(table)
                .where(table.c.area == before.area, table.c.subject == "incident", table.c.key == before.number)
                .order_by(table.c.version.desc())
                .limit(1)
            )
            .mappings()
            .one()
        )
        if last["act"] == Act.UNDO.value:
            raise LifecycleError("That was undone already.")
        old = json.loads(last["before"]).get("state")
        kind = PostKind(json.loads(last["data"])["kind"])
        done = Entry(Act(last["act"]), By(last["post"], kind), instant(last["at"]))
        return undone(done, CaseState.from_json(old) if old else None, entry)

    def _data(self, incident: Incident, entry: Entry) -> dict[str, Any]:
        """Return an act's data as the history keeps it: people's own words by reference."""
        words = {name: str(entry.data[name]) for name in PERSONAL if entry.data.get(name)}
        return {"kind": entry.by.kind.value, **entry.data, **self._worded(incident, words)}

    def _worded(self, incident: Incident, words: Mapping[str, str]) -> dict[str, Any]:
        """Keep words where they can be erased, and return what the history says of them: their key and salted digest."""
        references = {}
        for name, text in words.items():
            key, salt = f"{self.version + 1}.{name}", secrets.token_hex(16)
            row = {"key": key, "area": incident.area, "number": incident.number, "salt": salt, "text": text}
            self._add("wording", row)
            references[name] = {"ref": key, "sha256": digest_of(salt, text)}
        return references

    def _enter(  # noqa: PLR0917
        self,
        area: str,
        subject: str,
        key: str,
        act: str,
        post: str,
        at: datetime,
        data: Mapping[str, Any],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        row, self._head = chained(
            {
                "area": area,
                "subject": subject,
                "key": key,
                "act": act,
                "post": post,
                "at": milliseconds(at),
                "data": dumps(dict(data)),
                "before": dumps(dict(before)),
                "after": dumps(dict(after)),
            },
            self._head,
        )
        self._add("history", row)

    def _add(self, table: str, row: dict[str, Any]) -> None:
        self._rows.setdefault(table, []).append(row)


def digest_of(salt: str, text: str) -> str:
    """Return the digest by which the history refers to somebody's words."""
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def _grids(id_: int, incident: Incident) -> list[dict[str, Any]]:
    common = {"incident": id_, "area": incident.area, "reported": milliseconds(incident.reported)}
    return [
        {**common, "key": key, "code": code}
        for key, codes in incident.codes.items()
        for code in dict.fromkeys(codes.split(";"))
        if code
    ]
