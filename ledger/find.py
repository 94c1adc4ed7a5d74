"""Questions to the ledger: one `Wanted`, one builder of its SQL, for list, map, count and paper, so that they agree."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, false, func, not_, or_, select, union, union_all

from geo.errors import UnknownIncident
from incidents.case import Incident
from incidents.model import OPEN, Mark, Status
from incidents.within import Within
from ledger import state, tables
from ledger.rows import from_row
from ledger.tables import incident, incident_grid, incident_post, instant, milliseconds

EVERYTHING = Within()


@dataclass(frozen=True)
class Wanted:
    """Which incidents of an area; what is left empty does not narrow.

    Attributes
    ----------
    grid, codes
        Key of a level or overlay, and the codes of it that count.
    classes, majors
        Either a class or a major that is named.
    marks
        Marks as they show at ``shift``.
    active_since
        Reported or closed since then, or still red: what an address means by its period.
    shift
        When the present shift began: what was cleared on the spot before it is green, not yellow. None: it stays yellow.
    due_before
        Red with a deadline that has passed then.
    after_version
        Changed since.
    marked
        Only what carries a mark.
    mine
        What a post handles, or answers for and has not sorted yet.
    not_by
        Leaves out what a post ever handled: it may not verify it.
    asking
        An extension or a suspension waits for approval.
    helping
        Key of the post that a call for help waits for.
    until_before
        A suspension or a notice that ends by then.
    unreplied
        Nobody replied or called back yet.
    drawn
        Only the share that is drawn for a check.
    due_since, closed_since
        With a deadline since then; closed or cleared since then.
    acted
        An act, and since when it was done.
    within
        How far the one who asks sees: nothing else is found, counted or told, whatever is asked.
    """

    area: str
    grid: str = ""
    codes: frozenset[str] = field(default_factory=frozenset)
    classes: frozenset[str] = field(default_factory=frozenset)
    majors: frozenset[str] = field(default_factory=frozenset)
    marks: frozenset[str] = field(default_factory=frozenset)
    statuses: frozenset[str] = field(default_factory=frozenset)
    channels: frozenset[str] = field(default_factory=frozenset)
    numbers: frozenset[str] = field(default_factory=frozenset)
    handler: str = ""
    post: str = ""
    source: str = ""
    active_since: datetime | None = None
    reported_since: datetime | None = None
    reported_until: datetime | None = None
    due_before: datetime | None = None
    shift: datetime | None = None
    after_version: int | None = None
    marked: bool = False
    mine: str = ""
    not_by: str = ""
    asking: bool = False
    helping: str = ""
    until_before: datetime | None = None
    unreplied: bool = False
    drawn: float | None = None
    due_since: datetime | None = None
    closed_since: datetime | None = None
    acted: tuple[str, datetime] | None = None
    restricted: bool | None = None
    demo: bool | None = None
    text: str = ""
    within: Within = EVERYTHING


# States in which the handler has something to do.
UNKNOWN = "There is no incident {number!r} in {area}. Look its number up in the list."
HANDLED = (Status.DISPATCHED, Status.IN_HAND, Status.NOTICED, Status.RETURNED)

# Columns by which a list may be ordered.
ORDERS: Mapping[str, Sequence[ColumnElement[Any]]] = {
    "newest": (incident.c.reported.desc(), incident.c.id.desc()),
    "oldest": (incident.c.reported.asc(), incident.c.id.asc()),
    "due": (incident.c.due.asc().nulls_last(), incident.c.id.asc()),
    "changed": (incident.c.version.desc(),),
}


def get(connection: Connection, area: str, number: str, within: Within = EVERYTHING) -> Incident:
    """Return one incident.

    Raises
    ------
    UnknownIncident
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    if "\0" in number:  # PostgreSQL does not even look for it
        raise unknown(area, number.replace("\0", ""))
    found = incidents(connection, Wanted(area, numbers=frozenset({number}), within=within))
    if not found:
        raise unknown(area, number)
    return found[0]


def unknown(area: str, number: str) -> UnknownIncident:
    """Return what is raised for a case that is not there, or not for who asks."""
    return UnknownIncident(UNKNOWN.format(number=number, area=area))


def incidents(
    connection: Connection, wanted: Wanted, *, order: str = "newest", limit: int | None = None, offset: int = 0
) -> list[Incident]:
    """Return the wanted incidents in an order of `ORDERS`."""
    return [from_row(row) for row in rows(connection, wanted, order=order, limit=limit, offset=offset)]


def rows(
    connection: Connection,
    wanted: Wanted,
    *,
    order: str = "newest",
    limit: int | None = None,
    offset: int = 0,
    columns: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """Return the wanted incidents as rows of the table, or of some of its columns; ``mark`` as it shows at ``shift``."""
    asked = _listed(wanted, tuple(columns) or tuple(column.name for column in incident.columns), order)
    return [dict(row) for row in connection.execute(asked.limit(limit).offset(offset)).mappings()]


def table(
    connection: Connection, wanted: Wanted, columns: Sequence[str], *, order: str = "newest"
) -> dict[str, list[Any]]:
    """Return columns of the wanted incidents, each as a list: what `rows` returns, at a fraction of its time."""
    found = connection.execute(_listed(wanted, columns, order, whole=True)).all()
    lists = zip(*found, strict=True) if found else ((),) * len(columns)
    return {name: list(values) for name, values in zip(columns, lists, strict=True)}


def _listed(wanted: Wanted, columns: Sequence[str], order: str, *, whole: bool = False) -> Select[Any]:
    picked = [mark_at(wanted.shift).label("mark") if name == "mark" else incident.c[name] for name in columns]
    return question(wanted, *picked, order=order, whole=whole)


def count(connection: Connection, wanted: Wanted, *, most: int | None = None) -> int:
    """Count the wanted incidents; with ``most`` no further than that."""
    some = question(wanted, incident.c.id, whole=True).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def counts_by(connection: Connection, wanted: Wanted, column: str) -> dict[str, int]:
    """Count the wanted incidents by a column; ``mark`` as it shows at ``shift``."""
    by = mark_at(wanted.shift) if column == "mark" else incident.c[column]
    asked = question(wanted, by.label("by"), func.count(), whole=True).group_by("by")
    return dict(connection.execute(asked).all())


def entries(connection: Connection, area: str, number: str, *, subject: str = "incident") -> list[dict[str, Any]]:
    """Return the history of one incident, oldest first; what people wrote in its place, None where it was erased."""
    history = tables.history
    found = connection.execute(
        select(history)
        .where(history.c.area == area, history.c.subject == subject, history.c.key == number)
        .order_by(history.c.version)
    ).mappings()
    said = words(connection, area, number)
    return [
        {
            **row,
            "at": instant(row["at"]),
            "data": _worded(json.loads(row["data"]), said),
            "before": json.loads(row["before"]),
            "after": json.loads(row["after"]),
        }
        for row in found
    ]


def words(connection: Connection, area: str, number: str) -> dict[str, str | None]:
    """Return what people wrote about one incident, by the key by which its history and its state refer to it; None where it was erased."""
    wording = tables.wording
    asked = select(wording.c.key, wording.c.text).where(wording.c.area == area, wording.c.number == number)
    return dict(connection.execute(asked).all())


def photos(connection: Connection, area: str, number: str) -> list[dict[str, Any]]:
    """Return the photos of one incident, oldest first."""
    attachment = tables.attachment
    asked = (
        select(attachment)
        .join(incident, incident.c.id == attachment.c.incident)
        .where(incident.c.area == area, incident.c.number == number)
        .order_by(attachment.c.id)
    )
    return [{**row, "at": instant(row["at"])} for row in connection.execute(asked).mappings()]


def before_after(connection: Connection, wanted: Wanted, *, until: datetime) -> dict[str, tuple[str, str]]:
    """Return the digests of the photos of the wanted incidents that were closed before a time: number -> the first before, the last after; those without both are left out."""
    attachment, found = tables.attachment, dict[str, dict[str, str]]()
    asked = (
        select(incident.c.number, attachment.c.kind, attachment.c.sha256)
        .join(attachment, attachment.c.incident == incident.c.id)
        .where(incident.c.closed < milliseconds(until), attachment.c.kind.in_(("before", "after")), *conditions(wanted))
        .order_by(incident.c.number, attachment.c.id)
    )
    for number, kind, digest in connection.execute(asked):
        shots = found.setdefault(number, {})
        if kind == "after" or kind not in shots:
            shots[kind] = digest
    return {number: (one["before"], one["after"]) for number, one in found.items() if len(one) == 2}  # noqa: PLR2004


def sent(connection: Connection, area: str, account: str, keys: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return what became of things that an account sent from a phone: key -> number of the incident, version of the entry; those that did not arrive are left out."""
    table = tables.sent
    asked = (
        select(table.c.key, incident.c.number, table.c.version)
        .join(incident, incident.c.id == table.c.incident)
        .where(table.c.area == area, table.c.account == account, table.c.key.in_(keys))
    )
    return {key: (number, version) for key, number, version in connection.execute(asked).all()}


def since(connection: Connection, area: str, number: str, version: int) -> list[dict[str, Any]]:
    """Return act, post and account of each entry of an incident after a version, oldest first."""
    history = tables.history
    asked = (
        select(history.c.act, history.c.post, history.c.data)
        .where(history.c.area == area, history.c.subject == "incident", history.c.key == number)
        .where(history.c.version > version)
        .order_by(history.c.version)
    )
    found = connection.execute(asked).all()
    return [{"act": act, "post": post, "account": json.loads(data).get("account", "")} for act, post, data in found]


def photo_counts(connection: Connection, area: str, numbers: Sequence[str]) -> dict[str, int]:
    """Count the photos of each of some incidents; those without are left out."""
    attachment = tables.attachment
    asked = (
        select(incident.c.number, func.count())
        .join(attachment, attachment.c.incident == incident.c.id)
        .where(incident.c.area == area, incident.c.number.in_(numbers))
        .group_by(incident.c.number)
    )
    return dict(connection.execute(asked).all())


def latest(connection: Connection, area: str) -> datetime | None:
    """Return the latest time that an entry of an area carries; None where it has none."""
    history = tables.history.c
    found = connection.execute(select(func.max(history.at)).where(history.area == area)).scalar()
    return None if found is None else instant(found)


def version_at(connection: Connection, area: str, at: datetime) -> int:
    """Return the version of the last entry of an area that carries a time until then; 0 for none."""
    history = tables.history.c
    found = connection.execute(select(func.max(history.version)).where(history.area == area, history.at <= milliseconds(at))).scalar()  # fmt: skip
    return int(found or 0)


def version(connection: Connection, area: str) -> int:
    """Return the version of the last change to an area's incidents; 0 while it has none."""
    return int(connection.execute(select(func.max(incident.c.version)).where(incident.c.area == area)).scalar() or 0)


def begun(connection: Connection, area: str) -> str:
    """Return how an area's ledger began (pack, demo, empty); "" when nothing was written for it yet."""
    how = connection.execute(select(tables.area.c.how).where(tables.area.c.id == area)).scalar()
    if how:
        return how
    some = connection.execute(select(incident.c.id).where(incident.c.area == area).limit(1)).scalar()
    return "" if some is None else "empty"


def same_caller(connection: Connection, wanted: Wanted, number: str) -> int:
    """Count the wanted incidents that the caller of one reported, that one included; 0 where no number was given."""
    one, its, other = tables.reporter.alias(), incident.alias(), tables.reporter
    named = (its.c.area == wanted.area, its.c.number == number, one.c.caller != "")
    caller = select(one.c.caller).join(its, its.c.id == one.c.incident).where(*named).scalar_subquery()
    asked = (
        select(func.count()).select_from(incident).join(other, other.c.incident == incident.c.id)
        .where(other.c.caller == caller, *conditions(wanted))
    )  # fmt: skip
    return int(connection.execute(asked).scalar_one())


def related(connection: Connection, area: str, number: str) -> dict[str, str]:
    """Return the incidents that a person set in relation to one: number -> ``linked`` or ``apart``."""
    relation, other = tables.relation, incident.alias()
    found: dict[str, str] = {}
    for mine, its in ((relation.c.one, relation.c.other), (relation.c.other, relation.c.one)):
        asked = (
            select(other.c.number, relation.c.kind)
            .select_from(relation)
            .join(incident, incident.c.id == mine)
            .join(other, other.c.id == its)
            .where(incident.c.area == area, incident.c.number == number)
        )
        found.update(connection.execute(asked).all())
    return found


def mark_at(shift: datetime | None) -> ColumnElement[str]:
    """Return the mark as it shows: what was cleared on the spot before the shift began is green."""
    if shift is None:
        return incident.c.mark
    return case(
        (and_(incident.c.mark == Mark.YELLOW.value, incident.c.closed < milliseconds(shift)), Mark.GREEN.value),
        else_=incident.c.mark,
    )


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions of a question; tests/test_find.py reads the plans that they lead to."""
    wanted = _narrowest(wanted)
    # Where `_mine` or the scope names the area and leads to the cases, an index of the area would only tempt SQLite to walk through it.
    found: list[ColumnElement[bool]] = (
        [] if wanted.mine or _is_scope_first(wanted) else [incident.c.area == wanted.area]
    )
    if wanted.grid:
        inside = select(incident_grid.c.incident).where(incident_grid.c.incident == incident.c.id, *_inside(wanted))
        found.append(inside.exists())
    return found + _narrowed(wanted)


def question(wanted: Wanted, *columns: Any, order: str = "", whole: bool = False) -> Select[Any]:
    """Return the question as a statement; ``whole`` for one whose answer is read to its end.

    What lies in one grid is looked up in that grid, newest first, and need not be sorted; where something rarer narrows the question, that goes first. On a million
    incidents the wrong one of the two takes a hundred times as long, and SQLite cannot tell them apart. (It would begin with any index of ``area``, so that the grid's own
    ``area`` stands for it.)
    """
    wanted = _narrowest(wanted)
    if whole and wanted.active_since and not _is_rare(wanted):
        asked = select(*columns).where(_active(wanted), *conditions(replace(wanted, active_since=None)))
        return asked.order_by(*ORDERS.get(order, ()))
    if not _is_grid_first(wanted):
        return select(*columns).where(*conditions(wanted)).order_by(*ORDERS.get(order, ()))
    place = incident_grid.c
    there = incident_grid.join(incident, incident.c.id == place.incident)
    ordered = (place.reported.desc(), place.incident.desc()) if order == "newest" else ORDERS.get(order, ())
    within = (place.area == wanted.area, *_inside(wanted), *_narrowed(wanted))
    return select(*columns).select_from(there).where(*within).order_by(*ordered)


def _narrowest(wanted: Wanted) -> Wanted:
    """Ask for the grid beyond which one does not see, where that is all and no other is asked for: its index leads there."""
    within = wanted.within
    if wanted.grid or not within.grid or within.posts:
        return wanted
    rest = replace(within, grid="", codes=frozenset())
    return replace(wanted, grid=within.grid, codes=within.codes, within=rest)


def _seen(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return how far one sees, as a condition: the same as `Within.holds`. Where something rare narrows the question each case is looked up, else all that one sees."""
    if not wanted.within.narrows:
        return []
    if _is_rare(wanted):
        return [or_(*(way.where(way.selected_columns.incident == incident.c.id).exists() for way in _ways(wanted)))]
    return [incident.c.id.in_(union_all(*_ways(wanted)))]


def _ways(wanted: Wanted) -> list[Select[Any]]:
    """Return the ways by which one sees a case: its grid, its posts; each a look-up by index."""
    within, place, works = wanted.within, incident_grid.alias().c, incident_post.alias().c
    ways = []
    if within.grid:
        inside = (place.area == wanted.area, place.key == within.grid, _among(place.code, within.codes))
        ways.append(select(place.incident).where(*inside))
    if within.posts:
        ways.append(select(works.incident).where(works.area == wanted.area, _among(works.post, within.posts)))
    return ways


def _is_grid_first(wanted: Wanted) -> bool:
    """Tell whether a question is about one grid, and nothing narrows it to few incidents."""
    return bool(wanted.grid) and len(wanted.codes) == 1 and not _is_narrow(wanted)


def _is_scope_first(wanted: Wanted) -> bool:
    """Tell whether how far one sees leads to the cases: no grid is asked for, and nothing narrows the question to few incidents."""
    return wanted.within.narrows and not (wanted.grid or wanted.active_since or _is_narrow(wanted))


def _is_narrow(wanted: Wanted) -> bool:
    is_open = wanted.marks == {Mark.RED.value} or (wanted.statuses and wanted.statuses <= OPEN)
    return _is_rare(wanted) or bool(is_open and (wanted.classes or wanted.majors or wanted.statuses))


def _is_rare(wanted: Wanted) -> bool:
    """Tell whether an index leads to few incidents whatever else is asked."""
    few = (wanted.numbers, wanted.handler, wanted.post, wanted.source, wanted.mine, wanted.due_before)
    return any(few) or wanted.after_version is not None


def _active(wanted: Wanted) -> ColumnElement[bool]:
    """Return what `active_since` means as three look-ups, each by its index; SQLite would rather walk through the whole area."""
    since = milliseconds(wanted.active_since) if wanted.active_since else 0
    other = incident.alias()
    ways = (other.c.mark == Mark.RED.value, other.c.reported >= since, other.c.closed >= since)
    found = union(*(select(other.c.id).where(other.c.area == wanted.area, way) for way in ways))
    return incident.c.id.in_(found)


def _mine(area: str, post: str) -> ColumnElement[bool]:
    """Return whose turn it is as two look-ups, each by its index; SQLite would rather walk through everything red."""
    other = incident.alias().c
    unsorted, handled = [status.value for status in (Status.REPORTED, Status.FILED)], [one.value for one in HANDLED]
    ways = ((other.post == post, other.status.in_(unsorted)), (other.handler == post, other.status.in_(handled)))
    red = (other.area == area, other.mark == Mark.RED.value)
    return incident.c.id.in_(union(*(select(other.id).where(*red, *way) for way in ways)))


def _inside(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    return incident_grid.c.key == wanted.grid, _among(incident_grid.c.code, wanted.codes)


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions on the incident itself, its area aside."""
    c = incident.c
    found: list[ColumnElement[bool]] = []
    for column, values in ((c.status, wanted.statuses), (c.channel, wanted.channels), (c.number, wanted.numbers)):
        if values:
            found.append(_among(column, values))
    for column, value in ((c.handler, wanted.handler), (c.post, wanted.post), (c.source, wanted.source)):
        if value:
            found.append(column == value)
    found += [
        column == flag
        for flag, column in ((wanted.restricted, c.restricted), (wanted.demo, c.demo))
        if flag is not None
    ]
    if wanted.classes or wanted.majors:
        found.append(_class_in(wanted))
    if wanted.marks:
        found.append(_marked(wanted))
    elif wanted.marked:
        found.append(c.mark.in_([mark.value for mark in Mark]))
    elif (wanted.handler or wanted.post) and wanted.statuses and wanted.statuses <= OPEN:
        found.append(c.mark == Mark.RED.value)  # says nothing new, and leads to the index
    return found + _in_time(wanted) + _in_state(wanted) + _said(wanted) + _seen(wanted)


def _in_state(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the conditions of an inbox: whose turn it is, and what waits for whom."""
    found: list[ColumnElement[bool]] = []
    if wanted.mine:
        found.append(_mine(wanted.area, wanted.mine))
    if wanted.not_by:
        found.append(not_(state.handled_by(wanted.not_by)))
    if wanted.asking:
        found.append(state.asking())
    if wanted.helping:
        found.append(state.of_state("help_to") == wanted.helping)
    if wanted.until_before:
        found += [
            state.of_state("until") != "",
            state.of_state("until") <= wanted.until_before.astimezone(UTC).isoformat(),
        ]
    if wanted.unreplied:
        found.append(state.unreplied())
    if wanted.drawn is not None:
        found.append(state.drawn(wanted.drawn))
    if wanted.acted:
        found.append(_acted(wanted.area, *wanted.acted))
    return found


def _acted(area: str, act: str, since: datetime) -> ColumnElement[bool]:
    history = tables.history
    lately = (history.c.area == area, history.c.at >= milliseconds(since))
    done = select(history.c.key).where(*lately, history.c.subject == "incident", history.c.act == act)
    return incident.c.number.in_(done)


def _class_in(wanted: Wanted) -> ColumnElement[bool]:
    c = incident.c
    if not wanted.majors:
        return _among(c["class"], wanted.classes)
    if not wanted.classes:
        return _among(c.major, wanted.majors)
    return or_(_among(c["class"], wanted.classes), _among(c.major, wanted.majors))


def _marked(wanted: Wanted) -> ColumnElement[bool]:
    c = incident.c
    if wanted.shift is None or not wanted.marks & {Mark.YELLOW, Mark.GREEN}:
        return _among(c.mark, wanted.marks)
    started, yellow = milliseconds(wanted.shift), c.mark == Mark.YELLOW.value
    ways = [_among(c.mark, wanted.marks - {Mark.YELLOW.value})] if wanted.marks - {Mark.YELLOW.value} else []
    if Mark.YELLOW.value in wanted.marks:
        ways.append(and_(yellow, or_(c.closed >= started, c.closed.is_(None))))
    if Mark.GREEN.value in wanted.marks:
        ways.append(and_(yellow, c.closed < started))
    return or_(*ways)


def _in_time(wanted: Wanted) -> list[ColumnElement[bool]]:
    c = incident.c
    found: list[ColumnElement[bool]] = []
    if wanted.reported_since:
        found.append(c.reported >= milliseconds(wanted.reported_since))
    if wanted.reported_until:
        found.append(c.reported < milliseconds(wanted.reported_until))
    if wanted.active_since:
        since = milliseconds(wanted.active_since)
        found.append(or_(c.mark == Mark.RED.value, c.reported >= since, c.closed >= since))
    if wanted.closed_since:
        found.append(c.closed >= milliseconds(wanted.closed_since))
    if wanted.due_since:
        found.append(c.due >= milliseconds(wanted.due_since))
    if wanted.due_before:
        found += [c.mark == Mark.RED.value, c.due < milliseconds(wanted.due_before)]
    if wanted.after_version is not None:
        found.append(c.version > wanted.after_version)
    return found


def _said(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Every word must occur in number, title, text or address; of what one may not read in its number, so that nobody finds out by trying what it says."""
    c = incident.c
    read = (c.title, c.text, c.address, c.external_id) if wanted.within.words else ()
    return [
        or_(
            c.number.contains(word, autoescape=True),
            and_(~c.restricted, or_(false(), *(column.contains(word, autoescape=True) for column in read))),
        )
        for word in wanted.text.split()
    ]


def _among(column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
    wanted = sorted(values)
    return column == wanted[0] if len(wanted) == 1 else column.in_(wanted)


def _worded(data: dict[str, Any], words: Mapping[str, str | None]) -> dict[str, Any]:
    return {
        name: words.get(value["ref"]) if isinstance(value, dict) and "ref" in value else value
        for name, value in data.items()
    }


def select_all(wanted: Wanted) -> Select[Any]:
    """Return the whole question as a statement, for a reader that streams."""
    return question(wanted, incident, order="newest")


def of_photo(connection: Connection, wanted: Wanted, sha256: str) -> list[Incident]:
    """Return the wanted incidents that name a photo, or its small picture, by its digest."""
    attachment = tables.attachment
    named = select(attachment.c.incident).where(or_(attachment.c.sha256 == sha256, attachment.c.thumbnail == sha256))
    asked = select(incident).where(incident.c.id.in_(named), *conditions(wanted))
    return [from_row(dict(row)) for row in connection.execute(asked).mappings()]
