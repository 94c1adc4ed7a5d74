"""What stands beside the cases (posts, holders, rota, hand-overs, groups, teams, visits, patrols, sites, watering logs, inspections, findings, views, relations, areas, read marks), as the history says it does.

Every change of it is an entry; replayed in order they leave the rows that have to be there. What the history does not know is not looked at: names of people, telephones, and the words of a
hand-over.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Select, exists, or_, select

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from incidents.sheet_life import Act as SheetAct
from incidents.sheet_life import Sheet
from incidents.sheet_life import apply as issue
from incidents.visits import Visit, apply
from inspections.campaigns import Campaign
from inspections.findings import Finding
from inspections.findings import apply as judge
from inspections.meetings import Act as MeetingAct
from inspections.meetings import State as MeetingState
from inspections.meetings import Subject as MeetingSubject
from inspections.meetings import after as meet
from inspections.patrols import Patrol
from inspections.patrols import apply as walk
from inspections.plans import Act as PlanAct
from inspections.plans import State as PlanState
from inspections.plans import after as plan_after
from ledger import (
    alerts,
    authority_orders,
    boards,
    bridge,
    campaigns,
    emergency_lists,
    findings,
    inspections,
    meetings,
    notices,
    patrols,
    plans,
    self_checks,
    sheets,
    sites,
    tables,
    teams,
    upwinds,
    visits,
    wall_views,
    warnings,
    watering,
)
from ledger.history import Break
from ledger.outbox import ERASED
from ledger.tables import instant
from ledger.writing import digest_of

Key = tuple[Any, ...]
Row = Mapping[str, Any]
SHIFT = ("role", "post", "since", "until")
MOST = 20  # messages without an entry that are named
WORDS = "words"  # of visits and notices: what the history refers to


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
    standing = {name: _Said() for name in (*_ROWS, WORDS)}
    for entry in entries:
        try:
            _TAKE.get(entry["subject"], _pass)(standing, _Entry.of(entry))
        except (LifecycleError, ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{entry['act']} of {entry['subject']} {entry['key']} in {entry['area']}"
            yield Break(entry["version"], f"{what} cannot be read: {error!r}")
    for name in _ROWS:
        yield from _compared(connection, name, standing[name])
    yield from _spoken(connection, standing[WORDS])
    yield from _thawed(connection)
    yield from _baseless(connection)


@dataclass(frozen=True)
class _Entry:
    version: int
    area: str
    subject: str
    key: str
    act: str
    at: int
    post: str
    data: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "_Entry":
        """Read a row of the history."""
        plain = {name: row[name] for name in ("version", "area", "subject", "key", "act", "at", "post")}
        return cls(**plain, **{name: json.loads(row[name]) for name in ("data", "before", "after")})


def _compared(connection: Connection, name: str, said: _Said) -> Iterator[Break]:
    asked, keys = _ROWS[name]
    there = set()
    for found in _rows_of(connection, asked):
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


def _spoken(connection: Connection, said: _Said) -> Iterator[Break]:
    """Yield words of visits, patrols, notices, inspections and findings that are missing, or are not those that were said; words that were erased leave their row."""
    c = tables.wording.c
    of_visits = exists().where(tables.visit.c.area == c.area, tables.visit.c.number == c.number)
    entry = tables.history.c
    spoken = (
        patrols.SUBJECT,
        notices.SUBJECT,
        inspections.SUBJECT,
        findings.SUBJECT,
        authority_orders.SUBJECT,
        *MeetingSubject,
    )
    of_others = exists().where(entry.area == c.area, entry.subject.in_(spoken), entry.key == c.number)
    there = set()
    for row in _rows_of(connection, select(tables.wording).where(or_(of_visits, of_others))):
        key = (row["area"], row["number"], row["key"])
        there.add(key)
        wanted = said.rows.get(key)
        if wanted is None:
            yield Break(0, f"{_called(WORDS, key)} were put in: no entry refers to them")
        elif row["text"] is not None and digest_of(row["salt"], row["text"]) != wanted["sha256"]:
            yield Break(said.by[key], f"{_called(WORDS, key)} were changed")
    for key in sorted(said.rows.keys() - there):
        yield Break(said.by[key], f"{_called(WORDS, key)} were removed; erasing leaves their row")


def _thawed(connection: Connection) -> Iterator[Break]:
    """Yield daily sheets whose frozen figures are others than their digest says."""
    c = tables.sheet.c
    for row in _rows_of(connection, select(c.area, c.number, c.version, c.digest, c.frozen)):
        if sha256(row["frozen"].encode()).hexdigest() != row["digest"]:
            yield Break(
                row["version"], f"{_called('sheet', (row['area'], row['number']))} has other figures than were frozen"
            )


def _rows_of(connection: Connection, asked: Select[Any]) -> Iterator[Mapping[str, Any]]:
    options = {"stream_results": True, "yield_per": 1000}
    yield from (dict(row) for row in connection.execute(asked, execution_options=options).mappings())


def _baseless(connection: Connection) -> Iterator[Break]:
    """Yield messages that come from no entry of their area."""
    entry, c = tables.history.c, tables.message.c
    there = exists().where(entry.version == c.version, entry.area == c.area)
    for area, id_ in connection.execute(select(c.area, c.id).where(~there).order_by(c.id).limit(MOST)):
        yield Break(0, f"{_called('message', (area, id_))} was put in: it comes from no entry")


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


def _team(standing: Standing, entry: _Entry) -> None:
    _set(standing["team"], (entry.area, int(entry.key)), entry.after or None, entry.version)


def _view(standing: Standing, entry: _Entry) -> None:
    owner = (entry.after or entry.before)["post"]
    row = {"query": entry.after["query"]} if entry.after else None
    _set(standing["saved_view"], (entry.area, owner, entry.key), row, entry.version)


def _wall_view(standing: Standing, entry: _Entry) -> None:
    _set(standing["wall_view"], (entry.area, entry.key), entry.after or None, entry.version)


def _alert(standing: Standing, entry: _Entry) -> None:
    standing["alert"].put((entry.area, int(entry.key)), alerts.row_of(entry.after), entry.version)


def _cutoff(standing: Standing, entry: _Entry) -> None:
    for kind in {*entry.before, *entry.after}:
        _set(standing["cutoff"], (entry.area, entry.key, kind), entry.after.get(kind), entry.version)


def _emergency(standing: Standing, entry: _Entry) -> None:
    key = entry.area, int(entry.key)
    if entry.act == "begin":
        row = {**entry.after, "begun": entry.at, "ended": None, "ended_by": ""}
        standing["emergency"].put(key, row, entry.version)
    elif entry.act == "end":
        standing["emergency"].put(key, entry.after, entry.version)
    else:
        named, said = dict(entry.after), {"struck": None, "struck_by": ""} if entry.act == "step" else {}
        line = entry.area, named.pop("id")
        standing["emergency_step"].put(line, {"emergency": key[1], **said, **named}, entry.version)


def _visit(standing: Standing, entry: _Entry) -> None:
    """Note where a visit stands, by the rules too: what an entry says has to follow from the one before and from its act."""
    said, key = standing["visit"], (entry.area, entry.key)
    before = {name: value for name, value in said.rows.get(key, {}).items() if name not in {"id", "version"}}
    state = Visit.from_json(before["standing"]) if before else None
    after = apply(state, visits.walked(vars(entry), entry.data))
    if entry.before != before or after.to_json() != entry.after["standing"]:
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)
    for by in visits.seen(before) if before else ():
        standing["visit_seen"].drop((*key, by), entry.version)
    for by in visits.seen(entry.after):
        standing["visit_seen"].put((*key, by), {}, entry.version)
    _words(standing, entry)


def _patrol(standing: Standing, entry: _Entry) -> None:
    """Note where a patrol stands, by the rules too, as `_visit`."""
    said, key = standing["patrol"], (entry.area, entry.key)
    before = {name: value for name, value in said.rows.get(key, {}).items() if name not in {"id", "version"}}
    state = Patrol.from_json(before["standing"]) if before else None
    after = walk(state, patrols.done(vars(entry), entry.data))
    if entry.before != before or after.to_json() != entry.after["standing"]:
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)
    for by in patrols.seen(before) if before else ():
        standing["patrol_seen"].drop((*key, by), entry.version)
    for by in patrols.seen(entry.after):
        standing["patrol_seen"].put((*key, by), {}, entry.version)
    _words(standing, entry)


def _patrol_plan(standing: Standing, entry: _Entry) -> None:
    said, key = standing["patrol_plan"], (entry.area, int(entry.key))
    before = {name: value for name, value in said.rows.get(key, {}).items() if name != "version"}
    if entry.before != before:
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, "version": entry.version}, entry.version)


def _day_plan(standing: Standing, entry: _Entry) -> None:
    """Note where a plan of a day stands, by the rules too, as `_visit`."""
    said, key = standing[plans.SUBJECT], (entry.area, entry.key)
    there = said.rows.get(key, {})
    before = PlanState(there["state"]) if there else None
    if any(there.get(name) != value for name, value in entry.before.items()) or entry.after["state"] != plan_after(before, PlanAct(entry.act)):  # fmt: skip
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, **({} if there else {"id": entry.version}), "version": entry.version}, entry.version)


def _of_campaign(standing: Standing, entry: _Entry) -> None:
    """Note where a meeting, a task, a theme day or a letter stands, by the rules too, as `_visit`."""
    subject = MeetingSubject(entry.subject)
    said, key = standing[subject], (entry.area, entry.key)
    before = {name: value for name, value in said.rows.get(key, {}).items() if name not in {"id", "version"}}
    state = MeetingState(before["state"]) if before else None
    if entry.before != before or entry.after["state"] != meet(subject, state, MeetingAct(entry.act)):
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)
    _words(standing, entry)


def _campaign(standing: Standing, entry: _Entry) -> None:
    """Note how a campaign stands, and which targets it has."""
    said, key = standing["campaign"], (entry.area, entry.key)
    before = said.rows.get(key, {}).get("standing", {})
    if entry.before != before:
        raise ValueError("it does not follow from what was before")
    now = campaigns.facts(Campaign.from_json(entry.after))
    said.put(key, {**now, **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)
    phase, day, targets = entry.data.get("phase", 0), entry.data.get("day", ""), standing["campaign_target"]
    for target, since, reason in entry.data.get("left", ()):
        targets.put((*key, phase, target, since), {"until": day, "reason": reason}, entry.version)
    for target, weight in entry.data.get("drawn", ()):
        targets.put((*key, phase, target, day), {"until": "", "reason": "", "weight": weight}, entry.version)


def _sheet(standing: Standing, entry: _Entry) -> None:
    """Note how a daily sheet stands, by the rules too, as `_visit`."""
    said, key = standing["sheet"], (entry.area, entry.key)
    before, after = said.rows.get(key, {}).get("standing", {}), Sheet.from_json(entry.after)
    by = By(entry.post, PostKind(entry.data[sheets.KIND]), str(entry.data.get("account", "")))
    was = Sheet.from_json(before) if before else None
    wanted = issue(was, SheetAct(entry.act), by, instant(entry.at), made=after, issue=after.issue, reason=after.reason)
    if entry.before != before or wanted != after:
        raise ValueError("it does not follow from what was before")
    said.put(key, {**sheets.facts(after), **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)  # fmt: skip


def _attempt(standing: Standing, entry: _Entry) -> None:
    said, key = standing["site_attempt"], (entry.area, int(entry.key))
    before, after = (
        {"item": "", **facts} if facts else {} for facts in (entry.before, entry.after)
    )  # the first ones name no phone
    if before != said.rows.get(key, {}):
        raise ValueError("it does not follow from what was before")
    said.put(key, after, entry.version)


def _warning(standing: Standing, entry: _Entry) -> None:
    """Note how a warning stands, and the tasks that it opened and closed."""
    said, key = standing["warning"], (entry.area, entry.key)
    before = {name: value for name, value in said.rows.get(key, {}).items() if name not in {"id", "version"}}
    if entry.before != before:
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)
    for number, one in (*entry.data.get("opened", ()), *entry.data.get("closed", ())):
        standing["warning_task"].put((*key, number), one, entry.version)
    _shown(standing, entry)


def _emergency_list(standing: Standing, entry: _Entry) -> None:
    """Note the emergency list of a year, which follows from what was before."""
    said, key = standing["emergency_list"], (entry.area, int(entry.key))
    if entry.before != said.rows.get(key, {}).get("standing", {}):
        raise ValueError("it does not follow from what was before")
    said.put(key, {"standing": entry.after, "version": entry.version}, entry.version)


def _warning_task(standing: Standing, entry: _Entry) -> None:
    said, (number, serial) = standing["warning_task"], entry.key.rsplit("/", 1)
    key = (entry.area, number, int(serial))
    if entry.before != said.rows.get(key, {}):
        raise ValueError("it does not follow from what was before")
    said.put(key, entry.after, entry.version)
    _shown(standing, entry)


def _upwind(standing: Standing, entry: _Entry) -> None:
    """Note a patrol list of sources upwind, which is one entry, and its lines."""
    standing["upwind"].put((entry.area, entry.key), {**entry.after, "id": entry.version}, entry.version)
    for number, one in entry.data["lines"]:
        standing["upwind_line"].put((entry.area, entry.key, number), one, entry.version)


def _upwind_line(standing: Standing, entry: _Entry) -> None:
    """Note what was found at a source, by the rules too, as `_visit`."""
    said, (walk, number) = standing["upwind_line"], entry.key.rsplit("/", 1)
    key = (entry.area, walk, int(number))
    if entry.before != said.rows.get(key, {}) or not upwinds.follows(int(number), entry.act, entry.post, entry.at, entry.before, entry.after):  # fmt: skip
        raise ValueError("it does not follow from what was before")
    said.put(key, entry.after, entry.version)


def _watering(standing: Standing, entry: _Entry) -> None:
    said, key = standing["watering"], (entry.area, int(entry.key))
    if entry.before != said.rows.get(key, {}):
        raise ValueError("it does not follow from what was before")
    said.put(key, entry.after, entry.version)


def _wet_day(standing: Standing, entry: _Entry) -> None:
    said, key = standing["wet_day"], (entry.area, entry.key)
    if entry.before != said.rows.get(key, {}):
        raise ValueError("it does not follow from what was before")
    _set(said, key, entry.after or None, entry.version)


def _words(standing: Standing, entry: _Entry) -> None:
    for value in entry.data.values():
        if isinstance(value, dict) and "ref" in value:
            said = {"sha256": value["sha256"]}
            standing[WORDS].put((entry.area, entry.key, value["ref"]), said, entry.version)


def _board(standing: Standing, entry: _Entry) -> None:
    standing["board"].put((entry.area, int(entry.key)), entry.after, entry.version)


def _site(standing: Standing, entry: _Entry) -> None:
    """Note how a site stands, and in which grids it counts."""
    said, key = standing["site"], (entry.area, entry.key)
    was = said.rows.get(key, {})
    said.put(key, {**entry.after, **({} if was else {"id": entry.version}), "version": entry.version}, entry.version)
    now = said.rows[key]
    for grid in sites.grids_of(was.get("codes", {})):
        standing["site_grid"].drop((*key, *grid), entry.version)
    for grid in sites.grids_of(now["codes"]):
        standing["site_grid"].put((*key, *grid), {"state": now["state"], "kind": now["kind"]}, entry.version)


def _inspection(standing: Standing, entry: _Entry) -> None:
    """Note an inspection, which is one entry."""
    standing["inspection"].put((entry.area, entry.key), {**entry.after, "id": entry.version, "version": entry.version}, entry.version)  # fmt: skip
    _shown(standing, entry)


def _finding(standing: Standing, entry: _Entry) -> None:
    """Note where a finding stands, by the rules too: what an entry says has to follow from the one before and from its act."""
    said, key = standing["finding"], (entry.area, entry.key)
    before = {name: value for name, value in said.rows.get(key, {}).items() if name not in {"id", "version"}}
    after = judge(Finding.from_json(before["standing"]) if before else None, findings.done(vars(entry), entry.data))
    if entry.before != before or after.to_json() != entry.after["standing"]:
        raise ValueError("it does not follow from what was before")
    said.put(key, {**entry.after, **({} if before else {"id": entry.version}), "version": entry.version}, entry.version)
    _shown(standing, entry)


def _shown(standing: Standing, entry: _Entry) -> None:
    """Note the photos and the words of an inspection or a finding."""
    for photo in entry.data.get("photos", ()):
        plain = dict(photo)
        standing["inspection_photo"].put((entry.area, entry.key, entry.version, plain.pop("sha256")), plain, entry.version)  # fmt: skip
    _words(standing, entry)


def _bridge(standing: Standing, entry: _Entry) -> None:
    if entry.act == bridge.REFUSED:
        plain = dict(entry.after)
        standing["bridge_refusal"].put((entry.area, plain.pop("account"), plain.pop("key")), plain, entry.version)
    else:
        standing["bridge"].put((entry.area,), entry.after, entry.version)


def _check_link(standing: Standing, entry: _Entry) -> None:
    standing["check_link"].put((entry.area, int(entry.key)), entry.after, entry.version)


def _self_check(standing: Standing, entry: _Entry) -> None:
    standing["self_check"].put((entry.area, entry.key), entry.after, entry.version)


def _authority_order(standing: Standing, entry: _Entry) -> None:
    """Note an order, which is one entry, and its words."""
    standing["authority_order"].put((entry.area, entry.key), {**entry.after, "id": entry.version, "version": entry.version}, entry.version)  # fmt: skip
    _words(standing, entry)


def _area(standing: Standing, entry: _Entry) -> None:
    standing["area"].put((entry.area,), {**entry.after, "begun": entry.at}, entry.version)


def _message(standing: Standing, entry: _Entry) -> None:
    """Note who read, or was called; the rest of a message follows from the entry that it names."""
    said = standing["message"]
    if entry.act == ERASED:
        for key in [key for key in said.rows if key[0] == entry.area and key[1] <= entry.after["upto"]]:
            said.drop(key, entry.version)
    else:
        said.put((entry.area, int(entry.key)), entry.after, entry.version)


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


def _visits_seen() -> Select[Any]:
    c = tables.visit_seen.c
    return select(tables.visit.c.area, tables.visit.c.number, c.by).join(tables.visit, c.visit == tables.visit.c.id)


def _patrols_seen() -> Select[Any]:
    c, of = tables.patrol_seen.c, tables.patrol
    return select(of.c.area, of.c.number, c.by).join(of, c.patrol == of.c.id)


def _site_grids() -> Select[Any]:
    c, of = tables.site_grid.c, tables.site
    return select(of.c.area, of.c.number, c.key, c.code, c.state, c.kind).join(of, c.site == of.c.id)


def _marked() -> Select[Any]:
    """Read the messages of which the history says that somebody read them, or called."""
    c = tables.message.c
    return _of(tables.message, "area", "id", "read", "called").where(or_(c.read.is_not(None), c.called.is_not(None)))


_JSON = frozenset({"answers", "areas", "articles", "body", "items", "cases", "codes", "covers", "documents", "fields", "findings", "layers", "panels", "places", "posts", "query", "rechecked", "skills", "spots", "standing"})  # fmt: skip
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
        "team": (_of(tables.team, *teams.COLUMNS), ("area", "id")),
        "saved_view": (_of(tables.saved_view, "area", "post", "name", "query"), ("area", "post", "name")),
        "wall_view": (_of(tables.wall_view, "area", "key", *wall_views.COLUMNS), ("area", "key")),
        "alert": (_of(tables.alert, "area", "id", *alerts.SAID), ("area", "id")),
        "relation": (_relations(), ("area", "one", "other")),
        "message": (_marked(), ("area", "id")),
        "cutoff": (_of(tables.cutoff, "area", "building", "kind", "place", "keeper"), ("area", "building", "kind")),
        "emergency": (
            _of(tables.emergency, "area", "id", "building", "kind", "post", "begun", "ended", "ended_by"),
            ("area", "id"),
        ),
        "emergency_step": (
            _of(
                tables.emergency_step,
                "area",
                "id",
                "emergency",
                "step",
                "key",
                "at",
                "post",
                "count",
                "struck",
                "struck_by",
            ),
            ("area", "id"),
        ),
        "board": (_of(tables.board, "area", "id", *boards.SAID), ("area", "id")),
        "check_link": (_of(tables.check_link, "area", "id", *self_checks.LINKED), ("area", "id")),
        "self_check": (_of(tables.self_check, "area", "number", *self_checks.CHECKED), ("area", "number")),
        "authority_order": (
            _of(tables.authority_order, "area", "number", "id", "version", *authority_orders.COLUMNS),
            ("area", "number"),
        ),
        "bridge": (_of(tables.bridge, "area", *bridge.COLUMNS), ("area",)),
        "bridge_refusal": (
            _of(tables.bridge_refusal, "area", "account", "key", "number", "did", "kind", "at"),
            ("area", "account", "key"),
        ),
        "visit": (_of(tables.visit, "area", "number", "id", "version", *visits.COLUMNS), ("area", "number")),
        "visit_seen": (_visits_seen(), ("area", "number", "by")),
        "patrol": (_of(tables.patrol, "area", "number", "id", "version", *patrols.COLUMNS), ("area", "number")),
        "patrol_seen": (_patrols_seen(), ("area", "number", "by")),
        "day_plan": (_of(tables.day_plan, "area", "number", "id", "version", *plans.COLUMNS), ("area", "number")),
        "patrol_plan": (_of(tables.patrol_plan, "area", "id", "version", *patrols.PLANNED), ("area", "id")),
        **{
            subject.value: (
                _of(table, "area", "number", "id", "version", *meetings.SHARED, *meetings.OWN[subject]),
                ("area", "number"),
            )
            for subject, table in meetings.TABLES.items()
        },
        "campaign": (_of(tables.campaign, "area", "number", "id", "version", *campaigns.COLUMNS), ("area", "number")),
        "campaign_target": (select(tables.campaign_target), ("area", "campaign", "phase", "target", "since")),
        "sheet": (_of(tables.sheet, "area", "number", "id", "version", *sheets.COLUMNS), ("area", "number")),
        "site_attempt": (_of(tables.site_attempt, "area", "id", *campaigns.TRIED), ("area", "id")),
        "warning": (_of(tables.warning, "area", "number", "id", "version", *warnings.COLUMNS), ("area", "number")),
        "emergency_list": (select(tables.emergency_list), ("area", "year")),
        "warning_task": (
            _of(tables.warning_task, "area", "warning", "number", *warnings.OWN),
            ("area", "warning", "number"),
        ),
        "upwind": (_of(tables.upwind, "area", "number", "id", *upwinds.COLUMNS), ("area", "number")),
        "upwind_line": (_of(tables.upwind_line, "area", "walk", "number", *upwinds.OWN), ("area", "walk", "number")),
        "watering": (_of(tables.watering, "area", "id", *watering.COLUMNS), ("area", "id")),
        "wet_day": (_of(tables.wet_day, "area", "day", "reason", "post"), ("area", "day")),
        "site": (_of(tables.site, "area", "number", "id", "version", *sites.COLUMNS), ("area", "number")),
        "site_grid": (_site_grids(), ("area", "number", "key", "code")),
        "inspection": (
            _of(tables.inspection, "area", "number", "id", "version", *inspections.COLUMNS),
            ("area", "number"),
        ),
        "finding": (_of(tables.finding, "area", "number", "id", "version", *findings.COLUMNS), ("area", "number")),
        "inspection_photo": (select(tables.inspection_photo), ("area", "number", "version", "sha256")),
    }
)
_TAKE: Mapping[str, Callable[[Standing, _Entry], None]] = MappingProxyType(
    {
        "area": _area,
        "post": _post,
        "rota": _rota,
        "handover": _handover,
        "group": _group,
        "team": _team,
        "view": _view,
        wall_views.SUBJECT: _wall_view,
        alerts.SUBJECT: _alert,
        "relation": _relation,
        "message": _message,
        "cutoff": _cutoff,
        "emergency": _emergency,
        "board": _board,
        self_checks.LINK: _check_link,
        self_checks.CHECK: _self_check,
        authority_orders.SUBJECT: _authority_order,
        "bridge": _bridge,
        visits.SUBJECT: _visit,
        **dict.fromkeys(MeetingSubject, _of_campaign),
        campaigns.SUBJECT: _campaign,
        campaigns.ATTEMPT: _attempt,
        sheets.SUBJECT: _sheet,
        warnings.SUBJECT: _warning,
        warnings.TASK: _warning_task,
        emergency_lists.SUBJECT: _emergency_list,
        upwinds.SUBJECT: _upwind,
        upwinds.LINE: _upwind_line,
        watering.SUBJECT: _watering,
        watering.WET: _wet_day,
        patrols.SUBJECT: _patrol,
        patrols.PLAN: _patrol_plan,
        plans.SUBJECT: _day_plan,
        sites.SUBJECT: _site,
        inspections.SUBJECT: _inspection,
        findings.SUBJECT: _finding,
        notices.SUBJECT: _words,
    }
)
