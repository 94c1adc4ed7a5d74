"""Meetings (日例会) of campaigns and their tasks, theme days (主题网格日) and letters of responsibility (责任书) in the ledger: each act is an entry of the history, in one change with where it stands.

What people wrote stands where it can be erased; the history refers to it. Who sees all of an area sees all of them; others see the meetings at which one of their posts was or has a task, the tasks and
theme days of their posts, and the letters of the sites that they see.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, insert, or_, select, update

from geo.errors import Conflict, DraftError
from incidents.within import Within
from inspections.meetings import Act, State, Subject, after
from ledger import sites
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import inspection, letter, meeting, meeting_task, site, site_grid, theme_day, wording
from ledger.writing import Actor, Writing

MOST_IN = 500  # numbers of one question
SITE, POST = "site", "post"  # whom a letter binds
TABLES: Mapping[Subject, Table] = MappingProxyType({Subject.MEETING: meeting, Subject.TASK: meeting_task, Subject.THEME: theme_day, Subject.LETTER: letter})  # fmt: skip
# What the numbers begin with.
PREFIX: Mapping[Subject, str] = MappingProxyType({Subject.MEETING: "会", Subject.TASK: "任", Subject.THEME: "题", Subject.LETTER: "责"})  # fmt: skip
SHARED = ("campaign", "state", "said")
OWN: Mapping[Subject, tuple[str, ...]] = MappingProxyType(
    {
        subject: tuple(name for name in table.c.keys() if name not in {"id", "area", "number", "version", *SHARED})  # noqa: SIM118
        for subject, table in TABLES.items()
    }
)


@dataclass(frozen=True, kw_only=True)
class Filed:
    """What all of them have.

    Attributes
    ----------
    campaign
        Key of the campaign.
    version
        Of the last change; 0 before it is written.
    said
        The entry with the words that stand.
    words
        Field -> text; {} where none were written, or they were erased.
    """

    campaign: str
    state: State = State.OPEN
    area: str = ""
    number: str = ""
    version: int = 0
    id: int = 0
    said: int = 0
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Meeting(Filed):
    """A meeting. ``begins``: 17:30, in the area's zone. ``roster``: the posts that are present. Words: ``done``, ``problems``, ``decisions``, and ``reason`` of one that was struck."""

    day: date
    begins: str
    place: str
    chair: str
    roster: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Task(Filed):
    """A task that a meeting gave: to which post, until which day; ``ended`` is the day on which it was done or cancelled, None while it is open. Words: ``matter``."""

    meeting: str
    post: str
    due: date
    ended: date | None = None


@dataclass(frozen=True, kw_only=True)
class Theme(Filed):
    """A theme day: where its posts gather, in which grid ("" for all of the area) they look, by which checklist ("" for any). Words: ``reason`` of one that was cancelled."""

    name: str
    day: date
    begins: str
    ends: str
    place: str
    level: str = ""
    code: str = ""
    checklist: str = ""
    roster: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Letter(Filed):
    """A letter of responsibility of a site or a post. Words: ``target``, ``tasks``, ``rewards``, and ``reason`` of a refusal."""

    party: str
    key: str
    issued: date
    until: date | None = None
    signed: date | None = None


OF: Mapping[Subject, type[Filed]] = MappingProxyType({Subject.MEETING: Meeting, Subject.TASK: Task, Subject.THEME: Theme, Subject.LETTER: Letter})  # fmt: skip
T = TypeVar("T", bound=Filed)
DAYS, ROSTER = frozenset({"day", "due", "issued", "ended", "until", "signed"}), "roster"


@dataclass(frozen=True)
class Asked:
    """A question about one of them in an area; what is empty does not narrow it.

    Attributes
    ----------
    campaigns
        Keys; None: of any.
    posts
        Of tasks and letters: theirs.
    meetings, keys
        Of tasks: numbers of their meetings. Of letters: sites or posts.
    until
        Only what is of that day or before: of meetings and theme days by their day, of letters by the day on which they were made out.
    """

    area: str
    within: Within | None = sites.EVERYTHING
    campaigns: frozenset[str] | None = None
    states: frozenset[State] = frozenset()
    posts: frozenset[str] = frozenset()
    meetings: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    until: date | None = None


@dataclass(frozen=True)
class Result:
    """What came of a theme day, in counts of the ledger: sites that were looked at and inspections, of those how many were refused, faults that were found, and how many of them were put right at once."""

    sites: int = 0
    inspections: int = 0
    refused: int = 0
    found: int = 0
    corrected: int = 0


# Writing


def make(writing: Writing, subject: Subject, blank: T, *, day: date, by: Actor, at: datetime) -> T:
    """Write a new one under the next number of a day, and return it."""
    number = next_number(writing.connection, TABLES[subject], blank.area, f"{PREFIX[subject]}-{day:%Y%m%d}-")
    version = writing.version + 1
    filed = replace(blank, number=number, id=version, version=version, said=version if blank.words else 0, state=after(subject, None, Act.MAKE))  # fmt: skip
    _enter(writing, subject, filed, Act.MAKE, {}, blank.words, by, at)
    writing.connection.execute(insert(TABLES[subject]), {"id": version, "area": filed.area, "number": number, **facts(subject, filed), "version": version})  # fmt: skip
    return filed


def put(
    writing: Writing, subject: Subject, before: T, changed: T, act: Act, *, by: Actor, at: datetime, words: Mapping[str, str] | None = None,
) -> T:  # fmt: skip
    """Write an act with what it changes, and return the one as it stands then.

    Parameters
    ----------
    before
        With the version that whoever does it saw.
    words
        All of its words anew; None leaves those that stand.

    Raises
    ------
    Conflict
        Somebody changed it since.
    LifecycleError
        The table does not allow the act.
    """
    there = get(writing.connection, before.area, subject, before.number)
    if there.version != before.version:
        raise Conflict(before.number, before.version, there.version)
    version = writing.version + 1
    filed = replace(changed, version=version, state=after(subject, there.state, act))
    if words:
        filed = replace(filed, words=words, said=version)
    _enter(writing, subject, filed, act, facts(subject, there), words or {}, by, at)
    c = TABLES[subject].c
    writing.connection.execute(update(TABLES[subject]).where(c.id == filed.id).values(version=version, **facts(subject, filed)))  # fmt: skip
    return filed


def forget(writing: Writing, area: str, *, before: date, at: datetime) -> int:
    """Erase the words of meetings, tasks and theme days of before a day, and of letters that were made out before it and are void or refused or over; return how many. The history keeps that there were some."""
    last = before.isoformat()
    m, t, d, one = meeting.c, meeting_task.c, theme_day.c, letter.c
    over = or_(one.state.in_([State.VOID.value, State.REFUSED.value]), and_(one.until != "", one.until < last))
    old = [
        select(m.number).where(m.area == area, m.day < last),
        select(t.number).where(t.area == area, t.state != State.OPEN.value, t.ended < last),
        select(d.number).where(d.area == area, d.day < last),
        select(one.number).where(one.area == area, one.issued < last, over),
    ]
    c = wording.c
    told = (c.area == area, or_(*(c.number.in_(some) for some in old)), c.text.is_not(None))
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount)
    if erased:
        writing.enter(area, "meetings", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def facts(subject: Subject, filed: Filed) -> dict[str, Any]:
    """Return what the history says of one, as the columns have it."""
    found: dict[str, Any] = {"campaign": filed.campaign, "state": filed.state.value, "said": filed.said}
    for name in OWN[subject]:
        value = getattr(filed, name)
        found[name] = f";{';'.join(value)};" if name == ROSTER else value.isoformat() if isinstance(value, date) else value or ""  # fmt: skip
    return found


def _enter(writing: Writing, subject: Subject, filed: Filed, act: Act, before: Mapping[str, Any], words: Mapping[str, str], by: Actor, at: datetime) -> None:  # noqa: PLR0917  # fmt: skip
    data = {"text": dumps(dict(words))} if words else {}
    writing.enter(filed.area, subject.value, filed.number, act.value, post=by, at=at, before=before, after=facts(subject, filed), data=data)  # fmt: skip


# Looking


def get(connection: Connection, area: str, subject: Subject, number: str, within: Within | None = sites.EVERYTHING) -> Any:  # fmt: skip
    """Return one with its words.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    table = TABLES[subject]
    asked = select(table).where(table.c.area == area, table.c.number == number, *_sees(area, subject, within))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no {subject.value} {number.replace(chr(0), '')!r}. Look it up in the list.", field="meeting_gone")  # fmt: skip
    return _worded(connection, area, [_filed(subject, row)])[0]


def page(connection: Connection, subject: Subject, asked: Asked, *, most: int | None = None, skip: int = 0) -> list[Any]:  # fmt: skip
    """Return a part of them with their words, the latest first; tasks by the day until which they are to be done."""
    table = TABLES[subject]
    order = (table.c.due, table.c.id) if subject is Subject.TASK else (table.c.id,) if subject is Subject.LETTER else (table.c.day.desc(), table.c.id.desc())  # fmt: skip
    found = select(table).where(*_wanted(subject, asked)).order_by(*order).limit(most).offset(skip)
    return _worded(connection, asked.area, [_filed(subject, row) for row in connection.execute(found).mappings()])


def count(connection: Connection, subject: Subject, asked: Asked) -> int:
    """Return how many there are."""
    table = TABLES[subject]
    return int(connection.execute(select(func.count()).select_from(table).where(*_wanted(subject, asked))).scalar_one())


def counts(connection: Connection, subject: Subject, asked: Asked) -> dict[State, int]:
    """Return how many there are by state."""
    c = TABLES[subject].c
    found = select(c.state, func.count()).where(*_wanted(subject, asked)).group_by(c.state)
    return {State(state): int(many) for state, many in connection.execute(found)}


def late(connection: Connection, asked: Asked, today: date) -> int:
    """Return how many open tasks there are whose day is over."""
    c = meeting_task.c
    told = (*_wanted(Subject.TASK, asked), c.state == State.OPEN.value, c.due < today.isoformat())
    return int(connection.execute(select(func.count()).select_from(meeting_task).where(*told)).scalar_one())


def parties(connection: Connection, area: str, campaign: str, *, until: date | None = None) -> dict[tuple[str, str], State]:  # fmt: skip
    """Return of each site or post that has a letter in a campaign the state of its last one, void ones left out: party and key -> state."""
    c = letter.c
    asked = select(c.party, c.key, c.state).where(c.area == area, c.campaign == campaign, c.state != State.VOID.value)
    told = asked.where(c.issued <= until.isoformat()) if until else asked
    return {(party, key): State(state) for party, key, state in connection.execute(told.order_by(c.id))}


def result(connection: Connection, theme: Theme, within: Within | None = sites.EVERYTHING) -> Result:
    """Return what the posts of a theme day did on its day, in its grid and by its checklist, counted from the inspections; self-checks left out."""
    c = inspection.c
    there: list[ColumnElement[bool]] = [c.area == theme.area, c.day == theme.day.isoformat(), c.way != "self", c.post.in_(sorted(theme.roster))]  # fmt: skip
    there += [c.checklist == theme.checklist] if theme.checklist else []
    if theme.code:
        g = site_grid.c
        lies = select(site.c.number).join(site_grid, g.site == site.c.id)
        there.append(c.site.in_(lies.where(g.area == theme.area, g.key == theme.level, g.code == theme.code)))
    if within is None or within.narrows:
        there.append(
            c.site.in_(select(site.c.number).where(site.c.area == theme.area, *sites.sees(theme.area, within)))
        )
    refused = func.sum(func.coalesce(_number(c.refused), 0))
    row = connection.execute(select(func.count(c.site.distinct()), func.count(), refused, func.sum(c.failed), func.sum(c.corrected)).where(*there)).one()  # fmt: skip
    return Result(*(int(value or 0) for value in row))


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any of them; 0 while there is none."""
    last = (connection.execute(select(func.max(table.c.version)).where(table.c.area == area)).scalar() for table in TABLES.values())  # fmt: skip
    return max(int(one or 0) for one in last)


def _number(column: Any) -> Any:
    """Return a truth as a number: neither database adds up truths alike."""
    return case((column, 1), else_=0)


def _sees(area: str, subject: Subject, within: Within | None) -> list[ColumnElement[bool]]:
    c = TABLES[subject].c
    if within is None:
        return [c.id.is_(None)]
    if not within.narrows:
        return []
    mine = sorted(within.posts)
    if subject is Subject.LETTER:
        seen = select(site.c.number).where(site.c.area == area, *sites.sees(area, within))
        return [or_(and_(c.party == SITE, c.key.in_(seen)), and_(c.party == POST, c.key.in_(mine)))]
    if subject is Subject.TASK:
        return [c.post.in_(mine)]
    ways = [c.roster.contains(f";{post};", autoescape=True) for post in mine]
    if subject is Subject.MEETING:
        t = meeting_task.c
        ways += [c.chair.in_(mine), c.number.in_(select(t.meeting).where(t.area == area, t.post.in_(mine)))]
    return [or_(*ways)] if ways else [c.id.is_(None)]


def _wanted(subject: Subject, asked: Asked) -> list[ColumnElement[bool]]:
    c = TABLES[subject].c
    found: list[ColumnElement[bool]] = [c.area == asked.area, *_sees(asked.area, subject, asked.within)]
    found += [c.campaign.in_(sorted(asked.campaigns))] if asked.campaigns is not None else []
    found += [c.state.in_(sorted(asked.states))] if asked.states else []
    if subject is Subject.TASK:
        found += [c.post.in_(sorted(asked.posts))] if asked.posts else []
        found += [c.meeting.in_(sorted(asked.meetings))] if asked.meetings else []
    if subject is Subject.LETTER:
        found += [c.key.in_(sorted(asked.keys))] if asked.keys else []
        found += [c.issued <= asked.until.isoformat()] if asked.until else []
    elif subject is not Subject.TASK:
        found += [c.day <= asked.until.isoformat()] if asked.until else []
    return found


def _filed(subject: Subject, row: Mapping[Any, Any]) -> Filed:
    own: dict[str, Any] = {}
    for name in OWN[subject]:
        value = row[name]
        own[name] = (
            tuple(value.strip(";").split(";")) if name == ROSTER
            else (date.fromisoformat(value) if value else None) if name in DAYS
            else value
        )  # fmt: skip
    plain = {name: row[name] for name in ("area", "number", "version", "id", "campaign", "said")}
    return OF[subject](**plain, **own, state=State(row["state"]))


def _worded(connection: Connection, area: str, found: list[Any]) -> list[Any]:
    """Return them with the words that stand."""
    c, said = wording.c, dict[str, str]()
    keys = sorted(f"{one.said}.text" for one in found if one.said)
    for start in range(0, len(keys), MOST_IN):
        part = select(c.key, c.text).where(c.area == area, c.key.in_(keys[start : start + MOST_IN]))
        said |= {key: text for key, text in connection.execute(part) if text}
    return [replace(one, words=json.loads(said.get(f"{one.said}.text", "{}"))) for one in found]
