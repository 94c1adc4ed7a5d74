"""What one transaction changes: incidents through their lifecycle, everything else by name; each change with its history and version."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, NestedTransaction, delete, exc, func, insert, or_, select, update

from geo.errors import Conflict, LifecycleError, UnknownIncident
from incidents.case import Incident
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind, apply, undone
from incidents.model import Mark
from incidents.within import workers
from ledger import statements, tables
from ledger.history import Head, chained
from ledger.rows import WORDS, changes, decided, dumps, facts, from_row, grids_of, to_row
from ledger.tables import instant, milliseconds

ORDER = ("incident", "incident_grid", "incident_post", "wording", "origin", "sent", "attachment", "reporter", "history")
POST = "post"  # subject of entries about posts
PERSONAL = ("reason", "text", "address")  # what an act's data may hold of people's own words
OUTER = "W"  # (网外) ends what a number begins with that is given on the outer side of a bridge: the inner one never gives such a number
ITEM = "item"  # what an act's data calls the key under which a phone sent it
Actor = str | By  # the key of a post, or with it the account in which somebody acts


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


@dataclass
class _Collected:
    """What was done and is not in the database yet."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    new: dict[int, Incident] = field(default_factory=dict)
    changed: dict[int, Incident] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)  # lie in other grids than before
    passed: set[int] = field(default_factory=set)  # other posts work on them than before
    edited: set[int] = field(default_factory=set)  # more than their state changed
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    origins: dict[tuple[str, str, str], str] = field(default_factory=dict)  # numbers
    sent: dict[tuple[str, str, str], tuple[str, int]] = field(default_factory=dict)  # numbers and versions
    serials: dict[tuple[str, str], int] = field(default_factory=dict)
    counted: set[tuple[str, str]] = field(default_factory=set)  # serials that are not in the database yet
    posts: dict[str, int] = field(default_factory=dict)  # last change of each area's posts
    relations: dict[tuple[int, int], str] = field(default_factory=dict)

    def incident(self, id_: int) -> Incident | None:
        """Return an incident as it was left here."""
        return self.changed.get(id_) or self.new.get(id_)

    def set(self, id_: int, after: Incident) -> None:
        """Note how an incident stands now."""
        (self.new if id_ in self.new else self.changed)[id_] = after

    def take(self, other: "_Collected") -> None:
        """Take in what was done after this."""
        for table, rows in other.rows.items():
            self.rows.setdefault(table, []).extend(rows)
        self.new |= other.new
        for id_, after in other.changed.items():
            self.set(id_, after)
        self.moved |= other.moved
        self.passed |= other.passed
        self.edited |= other.edited
        self.ids |= other.ids
        self.origins |= other.origins
        self.sent |= other.sent
        self.serials |= other.serials
        self.counted |= other.counted
        self.posts |= other.posts
        self.relations |= other.relations


@dataclass
class Known:
    """What the last writer of this process knew. It holds while the head is the one that he left, for whatever is changed moves the head.

    Attributes
    ----------
    head
        That head, with its signature.
    serials
        Area and day -> last number that was given.
    posts
        Area -> version of the last change of its posts.
    sides
        Area -> on which side of a bridge it stands here.
    """

    head: Head | None = None
    serials: dict[tuple[str, str], int] = field(default_factory=dict)
    posts: dict[str, int] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)


class Writing:
    """One transaction, of one work or of several that are committed together; the ledger begins and ends it.

    What a work does is collected, and written with what the others did in as few statements as there are tables; what a work that raises had done is dropped. Only
    a work that asks for the `connection` gets a savepoint of its own, and pays for it.
    """

    def __init__(self, connection: Connection, head: Head, known: Known | None = None) -> None:
        self._connection = connection
        self._head, self._began = head, head.version
        self._known = known if known and known.head == head else Known(head)
        self._looked_up: dict[tuple[str, str, str], str | None] = {}
        self._own, self._kept = _Collected(), _Collected()
        self._savepoint: NestedTransaction | None = None
        self._joins = False  # a bridge is joined in this transaction: sides are not what they were

    @contextmanager
    def work(self) -> Iterator[None]:
        """One work: all of it, or nothing when it raises."""
        before = self._head
        try:
            yield
            if self._savepoint:
                self.flush()
                self._savepoint.commit()
        except exc.DBAPIError:
            raise  # the whole transaction falls
        except BaseException:
            self._own, self._head = _Collected(), before
            if self._savepoint:
                self._savepoint.rollback()
            raise
        finally:
            self._savepoint = None
        self._kept.take(self._own)
        self._own = _Collected()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Do a part of a work that may fail by itself: what it did is dropped when it raises, and the work may go on."""
        before = self.flush()
        kept = replace(self._own, **{name: value.copy() for name, value in vars(self._own).items()})
        savepoint = self._connection.begin_nested()
        try:
            yield
            self.flush()
        except exc.DBAPIError:
            raise  # the whole transaction falls
        except BaseException:
            savepoint.rollback()
            self._own, self._head = kept, before
            raise
        savepoint.commit()

    def finish(self) -> Head:
        """Write what the works did, and return the head after them."""
        self._kept = self._write(self._kept)
        return self._head

    def known(self, head: Head) -> Known:
        """Return what the next writer need not ask for, once all of this is committed with that head."""
        serials, posts = self._known.serials | self._kept.serials, self._known.posts | self._kept.posts
        return Known(head, serials, posts, {} if self._joins else self._known.sides)

    def expect(self, origins: Iterable[tuple[str, str, str]]) -> None:
        """Look up at once what the works will look for (`find`): area, source and key."""
        self._looked_up |= statements.numbers_of(self._connection, origins)

    @property
    def connection(self) -> Connection:
        """The transaction's connection, for statements of the work's own; it sees what was done so far after `flush`."""
        if not self._savepoint:
            self._kept = self._write(self._kept)
            self._savepoint = self._connection.begin_nested()
        return self._connection

    @property
    def looking(self) -> Connection:
        """The same for looking only: it costs nothing, and does not see what was done in this transaction."""
        return self._connection

    def flush(self) -> Head:
        """Write what this work did so far, so that its `connection` sees it."""
        _ = self.connection
        self._own = self._write(self._own)
        return self._head

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
        number: str = "",
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
        number
            The number that the other side of a bridge gave it.
        """
        found = self.find(incident.area, *origin) if origin else None
        if found:
            return found
        if origin:
            entry = replace(entry, data={**entry.data, "origin": list(origin)})
        entry, said = self._kept_apart(entry, photos)
        state = apply(None, entry)
        if number:
            self._count(incident.area, number)
        else:
            begins = prefix + (OUTER if self.side(incident.area) == "outside" else "")
            number = f"{begins}-{day}-{self._serial(incident.area, day):04d}"
        reported = _at(incident.reported)
        made = replace(incident, number=number, reported=reported, state=state, version=self.version + 1)
        id_ = made.version
        written = self._worded({"words": dumps({name: getattr(made, name) for name in WORDS})})
        self._enter_act(made, entry, {}, facts(made), {**said, **written})
        self._own.new[id_] = made
        self._own.ids[made.area, number] = id_
        if origin:
            self._own.origins[made.area, *origin] = number
            self._add("origin", {"area": made.area, "source": origin[0], "key": origin[1], "incident": id_})
        self._attach(made, photos, at=entry.at)
        self._note_sent(made, entry)
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
        entry, said = self._kept_apart(entry, photos)
        state = self._undone(before, entry) if entry.act is Act.UNDO else apply(before.state, entry)
        after = replace(before, **changed, state=state, version=self.version + 1)
        after = replace(after, reported=_at(after.reported))
        rewritten = {name: getattr(after, name) for name in WORDS if getattr(after, name) != getattr(before, name)}
        written = self._worded({"words": dumps(rewritten)}) if rewritten else {}
        self._enter_act(after, entry, *changes(before, after), {**said, **written})
        id_ = self.id_of(area, number)
        self._own.set(id_, after)
        if changed:
            self._own.edited.add(id_)
        if before.codes != after.codes or before.reported != after.reported:
            self._own.moved.add(id_)
        if workers(before) != workers(after) or before.reported != after.reported:
            self._own.passed.add(id_)
        self._attach(after, photos, at=entry.at)
        self._note_sent(after, entry)
        return after

    def get(self, area: str, number: str) -> Incident:
        """Return an incident as it stands in this transaction.

        Raises
        ------
        UnknownIncident
            There is none of that number.
        """
        id_ = self._id(area, number)
        if id_ is not None:
            found = self._own.incident(id_) or self._kept.incident(id_)
            if found:
                return found
        row = statements.INCIDENT.row(self._connection, {"area": area, "number": number})
        if row is None:
            raise UnknownIncident(f"There is no incident {number!r} in {area}. Look its number up in the list.")
        self._own.ids[area, number] = row["id"]
        return from_row(row)

    def find(self, area: str, source: str, key: str) -> Incident | None:
        """Return the incident that came from an origin, or None."""
        origin = area, source, key
        number = self._own.origins.get(origin) or self._kept.origins.get(origin)
        if number is None and origin not in self._looked_up:
            self.expect([origin])
        number = number or self._looked_up[origin]
        return None if number is None else self.get(area, number)

    def sent(self, area: str, account: str, key: str) -> tuple[str, int] | None:
        """Return the number of the incident, and the version of the entry, that something became which an account sent under a key; None where it did not arrive."""
        item = area, account, key
        found = self._own.sent.get(item) or self._kept.sent.get(item)
        if found:
            return found
        asked = {"area": area, "account": account, "key": key}
        row = statements.SENT.run(self._connection, asked).fetchone()
        return (row[0], row[1]) if row else None

    def posts_changed(self, area: str) -> int:
        """Return the version of the last change of an area's posts before this transaction; 0 when there was none."""
        if area not in self._known.posts:
            found = statements.POSTS_CHANGED.run(self._connection, {"area": area}).fetchone()[0] or 0
            if found > self._began:
                return self._began  # changed in this transaction, and before it nobody asked
            self._known.posts[area] = found
        return self._known.posts[area]

    def side(self, area: str) -> str:
        """Return on which side of a bridge an area stands here, ``inside`` or ``outside``; "" where it has none."""
        if self._joins or area not in self._known.sides:
            row = statements.SIDE.run(self._connection, {"area": area}).fetchone()
            found = str(row[0]) if row else ""
            if self._joins:
                return found
            self._known.sides[area] = found
        return self._known.sides[area]

    def joins(self) -> None:
        """Note that this transaction changes on which side an area stands."""
        self._joins = True

    def id_of(self, area: str, number: str) -> int:
        """Return the row number of an incident."""
        id_ = self._id(area, number)
        if id_ is None:
            self.get(area, number)
            return self._own.ids[area, number]
        return id_

    def _attach(self, incident: Incident, photos: Sequence[Attached], *, at: datetime) -> None:
        """Note photos of an incident, whose entry names them; their files must be there already."""
        for photo in photos:
            row = {**vars(photo), "incident": self.id_of(incident.area, incident.number)}
            self._add("attachment", {**row, "at": milliseconds(at), "version": self.version})

    def _note_sent(self, incident: Incident, entry: Entry) -> None:
        """Note under which key a phone sent an act, with the act itself: both stand or fall."""
        if ITEM in entry.data:
            item = incident.area, entry.by.account, str(entry.data[ITEM])
            self._own.sent[item] = incident.number, self.version
            row = dict(zip(("area", "account", "key"), item, strict=True))
            self._add("sent", {**row, "incident": self.id_of(incident.area, incident.number), "version": self.version})

    def relate(self, area: str, one: str, other: str, kind: str) -> None:
        """Note that two incidents are the same thing (``linked``), or found to be different (``apart``)."""
        first, second = self._enter_relation(area, one, other, kind)
        self._own.relations[first, second] = kind

    def unrelate(self, area: str, one: str, other: str) -> None:
        """Take back that two incidents were linked, or kept apart."""
        first, second = self._enter_relation(area, one, other, "")
        self.flush()
        c = tables.relation.c
        self.connection.execute(delete(tables.relation).where(c.one == first, c.other == second))

    def _enter_relation(self, area: str, one: str, other: str, kind: str) -> tuple[int, int]:
        """Enter how two incidents stand to each other, as part of the last act of one, under the earlier one; return their row numbers, the earlier one first."""
        last = self._last(area, one)
        (first, number), (second, named) = sorted((self.id_of(area, name), name) for name in (one, other))
        told = {"with": named, "kind": kind}
        before, after = ({}, told) if kind else ({"with": named}, {})
        self._enter(area, "relation", number, kind or "unrelated", last["post"], instant(last["at"]), {}, before, after)
        return first, second

    def last(self, area: str, number: str) -> tuple[Act, Mapping[str, Any]]:
        """Return the last act of an incident and its data, as the history keeps them."""
        row = self._last(area, number)
        return Act(row["act"]), json.loads(row["data"])

    def reporter(self, incident: Incident, *, name: str, phone: str, caller: str, sealed: str | None = None) -> None:
        """Note who reported it: name and number already masked, a keyed digest of the number, and both in full if they are sealed; never part of the history."""
        id_ = self.id_of(incident.area, incident.number)
        self._add("reporter", {"incident": id_, "name": name, "phone": phone, "caller": caller, "sealed": sealed})

    def erase_words(self, area: str, number: str, entry: Entry) -> int:
        """Erase what people wrote about an incident and its whistles, and who reported it; return how many texts that were. The history keeps that there were some.

        Parameters
        ----------
        entry
            The act `ERASE`.

        Raises
        ------
        UnknownIncident
            There is none of that number.
        """
        id_ = self.id_of(area, number)
        self.flush()
        wording, reporter = tables.wording, tables.reporter
        whistles = select(tables.whistle.c.number).where(
            tables.whistle.c.area == area, tables.whistle.c.incident == number
        )
        spoken_of = or_(wording.c.number == number, wording.c.number.in_(whistles))
        told = (wording.c.area == area, spoken_of, wording.c.text.is_not(None))
        erased = self.connection.execute(update(wording).where(*told).values(text=None)).rowcount
        self.connection.execute(delete(reporter).where(reporter.c.incident == id_))
        self.act(area, number, entry, title="", text="", address="")
        return erased

    def erase_reporters(self, area: str, *, ended_before: datetime, at: datetime) -> int:
        """Erase who reported the cases of an area that ended before a time, and return how many; the history says how many, not who."""
        c, table = tables.incident.c, tables.reporter
        over = func.coalesce(c.closed, c.reported) < milliseconds(ended_before)
        ended = select(c.id).where(c.area == area, c.mark != Mark.RED.value, over)
        erased = self.connection.execute(delete(table).where(table.c.incident.in_(ended))).rowcount
        if erased:
            self.enter(area, "reporters", area, "erase", post="", at=at, after={"erased": erased})
        return erased

    def enter(
        self,
        area: str,
        subject: str,
        key: str,
        act: str,
        *,
        post: Actor,
        at: datetime,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> int:
        """Write an entry about something that is no incident (post, rota, group, view, area, whistle), and return its version. Names of people do not belong in it.

        Parameters
        ----------
        data
            What came with the act; people's own words in it are kept apart, as those of an incident's acts are.
        """
        plain, said = self._spoken(data or {})
        for words in said.values():
            self._add("wording", {"area": area, "number": key, **vars(words)})
        self._enter(area, subject, key, act, post_of(post), at, {**plain, **_account(post)}, before or {}, after or {})
        return self.version

    def begun(self, area: str) -> bool:
        """Tell whether an area's ledger has begun."""
        return self.looking.execute(select(tables.area.c.id).where(tables.area.c.id == area)).scalar() is not None

    def begin(self, area: str, how: str, *, edition: str, digest: str, at: datetime) -> None:
        """Note how an area's ledger begins: with its pack's incidents, a demonstration, or empty."""
        row = {"id": area, "edition": edition, "digest": digest, "begun": milliseconds(at), "how": how}
        self.connection.execute(insert(tables.area), row)
        self.enter(
            area, "area", area, "begin", post="", at=at, after={"how": how, "edition": edition, "digest": digest}
        )

    def _write(self, done: _Collected) -> _Collected:
        """Write what was collected, the tables that others refer to first; what is left to write is nothing."""
        rows = {
            "incident": [{"id": id_, **to_row(made)} for id_, made in done.new.items()],
            "incident_grid": [row for id_, made in done.new.items() for row in _grids(id_, made)],
            "incident_post": [row for id_, made in done.new.items() for row in _posts(id_, made)],
            **done.rows,
        }
        statements.insert_all(self._connection, {table: rows[table] for table in ORDER if rows.get(table)})
        self._change(done)
        for area, day in done.counted:
            statements.SET_SERIAL.run(self._connection, {"area": area, "day": day, "last": done.serials[area, day]})
        for (one, other), kind in done.relations.items():
            statements.RELATE.run(self._connection, {"one": one, "other": other, "kind": kind})
        return _Collected(ids=done.ids, origins=done.origins, serials=done.serials, posts=done.posts)

    def _change(self, done: _Collected) -> None:
        """Bring the incidents up to date: only the columns of the state where nothing else changed, for each column costs its indexes."""
        for whole in (False, True):
            changed = {id_: after for id_, after in done.changed.items() if (id_ in done.edited) is whole}
            rows = [
                {"row_id": id_, **{f"new_{key}": value for key, value in (to_row if whole else decided)(after).items()}}
                for id_, after in changed.items()
            ]
            if rows:
                names = tuple(key.removeprefix("new_") for key in rows[0] if key != "row_id")
                statements.changing(names).run(self._connection, rows)
        for table, ids, leave, rows_of in (
            ("incident_grid", done.moved, statements.LEAVE_GRIDS, _grids),
            ("incident_post", done.passed, statements.LEAVE_POSTS, _posts),
        ):
            stale = [id_ for id_ in ids if id_ in done.changed]
            if stale:
                leave.run(self._connection, [{"row_id": id_} for id_ in stale])
                fresh = [row for id_ in stale for row in rows_of(id_, done.changed[id_])]
                if fresh:
                    statements.insert_all(self._connection, {table: fresh})

    def _id(self, area: str, number: str) -> int | None:
        return self._own.ids.get((area, number), self._kept.ids.get((area, number)))

    def _serial(self, area: str, day: str) -> int:
        """Return the next number of a day."""
        return self._counted(area, day, self._last_serial(area, day) + 1)

    def _count(self, area: str, number: str) -> None:
        """Let a day's numbers go on after one that was given elsewhere."""
        *_, day, serial = number.rsplit("-", 2)
        self._counted(area, day, max(int(serial), self._last_serial(area, day)))

    def _counted(self, area: str, day: str, serial: int) -> int:
        self._own.counted.add((area, day))
        self._own.serials[area, day] = serial
        return serial

    def _last_serial(self, area: str, day: str) -> int:
        key = area, day
        last = self._own.serials.get(key) or self._kept.serials.get(key) or self._known.serials.get(key)
        if last is None:
            row = statements.SERIAL.run(self._connection, {"area": area, "day": day}).fetchone()
            last = row[0] if row else 0
        return last

    def _last(self, area: str, number: str) -> Mapping[str, Any]:
        """Return the last entry of an incident."""
        for collected in (self._own, self._kept):
            for row in reversed(collected.rows.get("history", ())):
                if (row["area"], row["subject"], row["key"]) == (area, "incident", number):
                    return row
        return statements.LAST_ENTRY.row(self._connection, {"area": area, "number": number}) or {}

    def _undone(self, before: Incident, entry: Entry) -> CaseState:
        last = self._last(before.area, before.number)
        if last["act"] == Act.UNDO.value:
            raise LifecycleError("That was undone already.")
        old = json.loads(last["before"]).get("state")
        kind = PostKind(json.loads(last["data"])["kind"])
        done = Entry(Act(last["act"]), By(last["post"], kind), instant(last["at"]))
        return undone(done, CaseState.from_json(old) if old else None, entry)

    def _kept_apart(self, entry: Entry, photos: Sequence[Attached]) -> tuple[Entry, dict[str, "_Words"]]:
        """Return an act as the history keeps it, people's own words by reference, and those words; its time in milliseconds, as it is kept."""
        spoken, said = self._spoken(entry.data)
        data = {
            "kind": entry.by.kind.value,
            **spoken,
            **({"photos": [dict(vars(photo)) for photo in photos]} if photos else {}),
            **_account(entry.by),
        }
        return replace(entry, data=data, at=_at(entry.at)), said

    def _spoken(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, "_Words"]]:
        """Return data with people's own words by reference, and those words."""
        said = self._worded({name: data[name] for name in PERSONAL if isinstance(data.get(name), str) and data[name]})
        return {**data, **{name: words.reference for name, words in said.items()}}, said

    def _worded(self, words: Mapping[str, str]) -> dict[str, "_Words"]:
        """Return words with the key by which the history will refer to them, and the salt of their digest."""
        return {name: _Words(f"{self.version + 1}.{name}", secrets.token_hex(16), text) for name, text in words.items()}

    def _enter_act(
        self,
        incident: Incident,
        entry: Entry,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        words: Mapping[str, "_Words"],
    ) -> None:
        """Enter an act, and keep its words where they can be erased."""
        for said in words.values():
            self._add("wording", {"area": incident.area, "number": incident.number, **vars(said)})
        if "words" in words:
            after = {**after, "words": words["words"].reference}
        self._enter(
            incident.area,
            "incident",
            incident.number,
            entry.act.value,
            entry.by.post,
            entry.at,
            entry.data,
            before,
            after,
        )

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
        if subject == POST:
            self._own.posts[area] = self.version
        self._add("history", row)

    def _add(self, table: str, row: dict[str, Any]) -> None:
        self._own.rows.setdefault(table, []).append(row)


@dataclass(frozen=True)
class _Words:
    key: str
    salt: str
    text: str

    @property
    def reference(self) -> dict[str, str]:
        """What the history says of them."""
        return {"ref": self.key, "sha256": digest_of(self.salt, self.text)}


def post_of(actor: Actor) -> str:
    """Return the key of the post that acts."""
    return actor.post if isinstance(actor, By) else actor


def _account(actor: Actor) -> dict[str, str]:
    """Return what the history says of the account in which somebody acts: its opaque key, never a name."""
    return {"account": actor.account} if isinstance(actor, By) and actor.account else {}


def _at(time: datetime) -> datetime:
    """Return a time as the ledger keeps it, so that a state is the same whether it was read or replayed."""
    return instant(milliseconds(time))


def digest_of(salt: str, text: str) -> str:
    """Return the digest by which the history refers to somebody's words."""
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()


def _grids(id_: int, incident: Incident) -> list[dict[str, Any]]:
    return [{**_common(id_, incident), "key": key, "code": code} for key, code in grids_of(incident)]


def _posts(id_: int, incident: Incident) -> list[dict[str, Any]]:
    return [{**_common(id_, incident), "post": post} for post in sorted(workers(incident))]


def _common(id_: int, incident: Incident) -> dict[str, Any]:
    return {"incident": id_, "area": incident.area, "reported": milliseconds(incident.reported)}
