"""Campaigns (专项行动) in the ledger: each act is an entry of the history under the number of its campaign, in one change with the targets that it drew; and visits of sites that came to nothing.

How far the targets of a phase are reached is counted by the database, from inspections and attempts; nothing of it is kept twice.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from geo.errors import Conflict, DraftError
from incidents.moments import to_text
from incidents.within import Within
from inspections.campaigns import Act, Campaign, Found, Reach, Row, Target, reached
from inspections.findings import State as Standing
from inspections.inspection import Way
from inspections.sites import Site
from ledger import sites
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import (
    campaign,
    campaign_target,
    finding,
    history,
    inspection,
    instant,
    milliseconds,
    site,
    site_attempt,
    site_grid,
)
from ledger.writing import Actor, Writing

SUBJECT, ATTEMPT = "campaign", "site_attempt"
PREFIX = "专"
COLUMNS = ("name", "source", "state", "standing")
TRIED = ("site", "at", "day", "found", "again", "post", "struck", "item")
POST = "post"
MOST_IN = 500
FAULTS = ("corrected", "handed_over", "correcting", "open_late")
BITS, MOST = 15, (1 << 15) - 1  # four counts of one site in one number of 63 bits


@dataclass(frozen=True)
class Try:
    """A visit of a site that came to nothing: ``again`` is the day of the next one, ``struck`` when somebody struck it, ``item`` under which account and key a phone sent it."""

    site: str
    at: datetime
    day: date
    found: Found
    post: str
    again: date | None = None
    struck: datetime | None = None
    id: int = 0
    item: str = ""


@dataclass(frozen=True)
class Asked:
    """A question about the targets of a phase.

    Attributes
    ----------
    first, last
        First and last day that count.
    day
        The day itself: what was due before it is late.
    at
        What was done after it is left out; None where nothing can have been.
    grid
        Level or overlay and code, or ``post`` and its key; "" as code for those in none.
    reach, due, new
        Only those that stand so.
    since
        Somebody looked for the first time then or later: new; None for on ``day``.
    known
        Inspections and findings that were written after this version are left out; None for none.
    """

    area: str
    campaign: str
    phase: int
    first: date
    last: date
    day: date
    within: Within | None = sites.EVERYTHING
    at: datetime | None = None
    grid: tuple[str, str] | None = None
    reach: Reach | None = None
    due: bool = False
    new: bool = False
    since: datetime | None = None
    known: int | None = None


# Writing


def make(writing: Writing, area: str, made: Campaign, *, by: Actor, at: datetime) -> Campaign:
    """Write a new campaign, and return it with its number: of its year."""
    version = writing.version + 1
    number = next_number(writing.connection, campaign, area, f"{PREFIX}-{made.made.year}-")
    filed = replace(made, number=number, version=version)
    writing.enter(area, SUBJECT, number, Act.MAKE.value, post=by, at=at, after=filed.to_json())
    writing.connection.execute(insert(campaign), {"id": version, "area": area, **_row(filed)})
    return filed


def put(
    writing: Writing,
    area: str,
    after: Campaign,
    act: Act,
    *,
    by: Actor,
    at: datetime,
    phase: int = 0,
    day: date | None = None,
    drawn: Sequence[tuple[str, int]] = (),
    left: Sequence[tuple[str, str]] = (),
) -> Campaign:
    """Write a changed campaign, and return it with its version.

    Parameters
    ----------
    after
        With the version that it had when whoever changes it saw it.
    phase, day, drawn, left
        Targets that come to the list of a phase on a day, with their weights, and such that leave it, with the reason.

    Raises
    ------
    DraftError
        There is none of that number.
    Conflict
        Somebody changed it since.
    """
    connection, before = writing.connection, get(writing.connection, area, after.number)
    if before.version != after.version:
        raise Conflict(after.number, after.version, before.version)
    filed, c = replace(after, version=writing.version + 1), campaign_target.c
    mine = (c.area == area, c.campaign == after.number, c.phase == phase)
    data: dict[str, Any] = {"phase": phase} if phase else {}
    if drawn or left:
        there = dict(connection.execute(select(c.target, c.since).where(*mine, c.until == "")).all())
        data |= {"day": day.isoformat() if day else "", "drawn": [list(one) for one in drawn], "left": [[target, there[target], reason] for target, reason in left]}  # fmt: skip
    writing.enter(area, SUBJECT, after.number, act.value, post=by, at=at, before=before.to_json(), after=filed.to_json(), data=data)  # fmt: skip
    connection.execute(update(campaign).where(campaign.c.area == area, campaign.c.number == after.number).values(_row(filed)))  # fmt: skip
    for target, since, reason in data.get("left", ()):
        connection.execute(update(campaign_target).where(*mine, c.target == target, c.since == since).values(until=data["day"], reason=reason))  # fmt: skip
    if drawn:
        same = {"area": area, "campaign": after.number, "phase": phase, "since": data["day"], "until": "", "reason": ""}
        connection.execute(insert(campaign_target), [{**same, "target": target, "weight": weight} for target, weight in drawn])  # fmt: skip
    return filed


def tried(writing: Writing, area: str, said: Try, *, by: Actor, at: datetime) -> Try:
    """Write a visit that came to nothing, and return it."""
    filed = replace(said, id=writing.version + 1, at=instant(milliseconds(said.at)))
    writing.enter(area, ATTEMPT, str(filed.id), "make", post=by, at=at, after=_tried(filed))
    writing.connection.execute(insert(site_attempt), {"id": filed.id, "area": area, **_tried(filed)})
    return filed


def strike(writing: Writing, area: str, number: int, *, by: Actor, at: datetime) -> Try:
    """Strike a visit that came to nothing; raises DraftError where there is none, or it was struck."""
    c = site_attempt.c
    row = writing.connection.execute(select(site_attempt).where(c.area == area, c.id == number)).mappings().first()
    if row is None or row["struck"] is not None:
        raise DraftError("There is no such line, or it was struck already. Look at the site again.", field="attempt_gone")  # fmt: skip
    before = _try(row)
    after = replace(before, struck=instant(milliseconds(at)))
    writing.enter(area, ATTEMPT, str(number), "strike", post=by, at=at, before=_tried(before), after=_tried(after))
    writing.connection.execute(update(site_attempt).where(c.id == number).values(struck=milliseconds(at)))
    return after


def facts(filed: Campaign) -> dict[str, Any]:
    """Return what the columns have of a campaign, its standing not as text."""
    return {"name": filed.name, "source": filed.source.value, "state": filed.state.value, "standing": filed.to_json()}


def _row(filed: Campaign) -> dict[str, Any]:
    said = facts(filed)
    return {**said, "standing": dumps(said["standing"]), "number": filed.number, "version": filed.version}


def _tried(one: Try) -> dict[str, Any]:
    return {
        "site": one.site,
        "at": milliseconds(one.at),
        "day": one.day.isoformat(),
        "found": one.found.value,
        "again": one.again.isoformat() if one.again else "",
        "post": one.post,
        "struck": milliseconds(one.struck) if one.struck else None,
        "item": one.item,
    }


# Looking


def get(connection: Connection, area: str, number: str) -> Campaign:
    """Return one campaign; raises DraftError where there is none of that number."""
    c = campaign.c
    asked = select(campaign).where(c.area == area, c.number == number)
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no campaign {number.replace(chr(0), '')!r}. Look it up in the list.", field="campaign_gone")  # fmt: skip
    return _campaign(row)


def page(connection: Connection, area: str) -> list[Campaign]:
    """Return all campaigns of an area, the newest first."""
    c = campaign.c
    return [_campaign(row) for row in connection.execute(select(campaign).where(c.area == area).order_by(c.id.desc())).mappings()]  # fmt: skip


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of a campaign, or of the last attempt; 0 while there is none."""
    last = connection.execute(select(func.max(campaign.c.version)).where(campaign.c.area == area)).scalar()
    return max(int(last or 0), int(connection.execute(select(func.max(site_attempt.c.id)).where(site_attempt.c.area == area)).scalar() or 0))  # fmt: skip


def drawn(connection: Connection, area: str, number: str, phase: int, day: date | None = None) -> dict[str, int]:
    """Return the targets of a phase with their weights, now or as they stood on a day."""
    c = campaign_target.c
    asked = select(c.target, c.weight).where(c.area == area, c.campaign == number, c.phase == phase, *_listed(day))
    return dict(connection.execute(asked.order_by(c.target)).all())


def had(connection: Connection, area: str, number: str, before: int) -> frozenset[str]:
    """Return all targets that phases before one ever had."""
    c = campaign_target.c
    return frozenset(connection.execute(select(c.target).where(c.area == area, c.campaign == number, c.phase < before)).scalars())  # fmt: skip


def left(connection: Connection, area: str, number: str, phase: int) -> list[tuple[str, str, str]]:
    """Return target, day and reason of all that left the list of a phase."""
    c = campaign_target.c
    asked = select(c.target, c.until, c.reason).where(c.area == area, c.campaign == number, c.phase == phase, c.until != "")  # fmt: skip
    return [tuple(row) for row in connection.execute(asked.order_by(c.until, c.target))]


def of_site(connection: Connection, area: str, number: str) -> list[Try]:
    """Return the visits of a site that came to nothing, the latest first, struck ones left out."""
    c = site_attempt.c
    asked = select(site_attempt).where(c.area == area, c.site == number, c.struck.is_(None))
    return [_try(row) for row in connection.execute(asked.order_by(c.at.desc(), c.id.desc())).mappings()]


def sent(connection: Connection, area: str, items: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the visits that phones sent under some keys, as account and key: number of the site, and id."""
    c = site_attempt.c
    asked = select(c.item, c.site, c.id).where(c.area == area, c.item.in_(sorted(items)))
    return {item: (number, id_) for item, number, id_ in connection.execute(asked)} if items else {}


def one(connection: Connection, area: str, number: int) -> Try:
    """Return a visit that came to nothing and was written, struck or not."""
    c = site_attempt.c
    return _try(connection.execute(select(site_attempt).where(c.area == area, c.id == number)).mappings().one())


def unseen(connection: Connection, area: str, numbers: Sequence[str]) -> dict[str, Try]:
    """Return the last visit that came to nothing of each of some sites at which nobody looked on its day or later."""
    c, n, found = site_attempt.c, inspection.c, dict[str, Try]()
    looked = exists().where(n.area == area, n.site == c.site, n.day >= c.day, n.way != Way.SELF.value)
    for start in range(0, len(numbers), MOST_IN):
        part = select(site_attempt).where(
            c.area == area, c.site.in_(numbers[start : start + MOST_IN]), c.struck.is_(None)
        )
        found |= {row["site"]: _try(row) for row in connection.execute(part.where(~looked).order_by(c.at, c.id)).mappings()}  # fmt: skip
    return found


def rows(connection: Connection, asked: Asked, by: str) -> list[Row]:
    """Return how far the sites of a phase are reached, by the grids of a level or overlay, or by ``post``; in order of the codes, "" for those in none.

    A site that lies in several grids counts in the first one of its codes.
    """
    inner = _standing(asked, by, *(() if asked.at else (_faults(asked),))).cte("standing").prefix_with("MATERIALIZED")
    i, today = inner.c, asked.day.isoformat()
    visited = i.first.is_not(None)
    sums = (_sum(visited), *(_sum(and_(~visited, i.found == found.value)) for found in Found), _sum(_due(i, today)), _sum(_new(i, asked)))  # fmt: skip
    past = None if asked.at is None else _found(connection, asked, by)
    if past is None:
        sums += tuple(func.sum(func.coalesce(i.faults.op(">>")(literal(place * BITS, Integer)).op("&")(MOST), 0)) for place in range(len(FAULTS)))  # fmt: skip
    lines = []
    for code, *values in sorted(connection.execute(select(i.code, func.count(), *sums).group_by(i.code))):
        targets, seen, refused, absent, again, new, *faults = (int(value or 0) for value in values)
        said = dict(zip(FAULTS, faults, strict=True)) if past is None else past.get(str(code), {})
        every = sum(said.get(name, 0) for name in FAULTS[:3])
        lines.append(Row(str(code), "", targets, seen, refused, absent, targets - seen - refused - absent, again, new, every, **said))  # fmt: skip
    return lines


def targets(connection: Connection, asked: Asked, *, most: int | None = None, skip: int = 0) -> list[tuple[Site, Target, str]]:  # fmt: skip
    """Return a part of the sites of a phase as they stand, with the first day on which somebody looked, in order of their numbers: those that a figure of `rows` counts."""
    key = asked.grid[0] if asked.grid else POST
    chosen = _chosen(asked, _standing(asked, key).subquery()).limit(most).offset(skip)
    lines = connection.execute(chosen).all()
    there = sites.named(connection, asked.area, [line.target for line in lines])
    return [(there[line.target], reached(line.target, _date(line.first), (Found(line.found), _date(line.again)) if line.found else None, asked.day), line.first or "") for line in lines]  # fmt: skip


def numbers(connection: Connection, asked: Asked) -> list[str]:
    """Return the numbers of the sites of a phase that stand so."""
    key = asked.grid[0] if asked.grid else POST
    return [line.target for line in connection.execute(_chosen(asked, _standing(asked, key).subquery()))]


def count(connection: Connection, asked: Asked) -> int:
    """Return how many sites of a phase stand so."""
    key = asked.grid[0] if asked.grid else POST
    return int(connection.execute(select(func.count()).select_from(_chosen(asked, _standing(asked, key).subquery()).subquery())).scalar_one())  # fmt: skip


def faults(connection: Connection, asked: Asked, name: str) -> list[str]:
    """Return the numbers of the findings that a figure of `rows` counts: ``findings``, or one of `FAULTS`; ``grid`` narrows them to the sites that count there."""
    inner = _standing(asked, asked.grid[0] if asked.grid else POST).subquery().c
    there = select(inner.target).where(*([inner.code == asked.grid[1]] if asked.grid else []))
    c, today = finding.c, asked.day.isoformat()
    told = [c.area == asked.area, c.found.between(asked.first.isoformat(), asked.last.isoformat()), c.site.in_(there)]
    if asked.known is not None:
        told.append(c.id <= asked.known)
    found = {line.number: (line.state, line.due) for line in connection.execute(select(c.number, c.state, c.due).where(*told).order_by(c.id))}  # fmt: skip
    if asked.at:
        found = _states_at(connection, asked, list(found))
    counted = {number: _counted(*stands, today) for number, stands in found.items()}
    return [number for number, names in counted.items() if (names if name == "findings" else name in names)]


def worse(connection: Connection, asked: Asked, grades: Iterable[str]) -> int:
    """Return how many findings of some grades stand open at the sites of a phase, whenever they were found."""
    c = finding.c
    standing = (c.area == asked.area, c.state.in_([Standing.OPEN.value, Standing.CORRECTED.value]), c.grade.in_(sorted(grades)))  # fmt: skip
    return int(connection.execute(select(func.count()).select_from(finding).where(*standing, c.site.in_(_sites(asked)))).scalar_one())  # fmt: skip


def _sites(asked: Asked) -> Select[Any]:
    c = campaign_target.c
    listed = select(c.target).where(c.area == asked.area, c.campaign == asked.campaign, c.phase == asked.phase, *_listed(asked.last))  # fmt: skip
    if asked.within is None or asked.within.narrows:
        seen = select(site.c.number).where(site.c.area == asked.area, *sites.sees(asked.area, asked.within))
        listed = listed.where(c.target.in_(seen))
    return listed


def _listed(day: date | None) -> list[ColumnElement[bool]]:
    """Return the condition that a target was one on a day; None: that it is one now."""
    c = campaign_target.c
    return [c.until == ""] if day is None else [c.since <= day.isoformat(), or_(c.until == "", c.until > day.isoformat())]  # fmt: skip


def _standing(asked: Asked, by: str, *more: Any) -> Select[Any]:
    """Ask of each site of a phase for its code, the first day on which somebody looked, the last attempt, and more."""
    t, s, n, a = campaign_target.c, site.c, inspection.c, site_attempt.c
    window = (asked.first.isoformat(), asked.last.isoformat())
    looked = [n.area == asked.area, n.site == t.target, n.day.between(*window), n.way != Way.SELF.value]
    went = [a.area == asked.area, a.day.between(*window)]
    if asked.known is not None:
        looked.append(n.id <= asked.known)
    if asked.at is None:
        went.append(a.struck.is_(None))
    else:
        looked.append(n.done_at <= to_text(asked.at))
        went += [a.at <= milliseconds(asked.at), or_(a.struck.is_(None), a.struck > milliseconds(asked.at))]
    first = select(n.day).where(*looked).order_by(n.day).limit(1).correlate(campaign_target).scalar_subquery()
    if asked.since:
        early = select(literal(1)).where(*looked, n.done_at < to_text(asked.since)).limit(1)
        more = (*more, early.correlate(campaign_target).scalar_subquery().label("early"))
    place = func.row_number().over(partition_by=a.site, order_by=(a.at.desc(), a.id.desc())).label("place")
    went_last = select(a.site, a.found, a.again, place).where(*went).cte("went").prefix_with("MATERIALIZED")
    then = went_last.c
    mine = (t.area == asked.area, t.campaign == asked.campaign, t.phase == asked.phase, *_listed(asked.last))
    there = campaign_target.join(site, and_(s.area == t.area, s.number == t.target)).outerjoin(went_last, and_(then.site == t.target, then.place == 1))  # fmt: skip
    found = select(t.target, _code(by).label("code"), first.label("first"), then.found, then.again, s.id.label("id"), *more)  # fmt: skip
    return found.select_from(there).where(*mine, *sites.sees(asked.area, asked.within))


def _faults(asked: Asked) -> Any:
    """Ask of each site of a phase for its findings, the counts of `FAULTS` in one number: a question within a question gives back no more than one, and sorting the findings by code costs more."""
    f, late = finding.c, literal(1 << 3 * BITS, BigInteger)
    closed, away, open_ = (literal(1 << place * BITS, BigInteger) for place in range(3))
    state = case((f.state == Standing.CLOSED.value, closed), (f.state == Standing.HANDED_OVER.value, away), else_=open_)
    over = case((and_(f.state == Standing.OPEN.value, f.due < asked.day.isoformat()), late), else_=literal(0, BigInteger))  # fmt: skip
    told = (f.area == asked.area, f.site == campaign_target.c.target, f.found.between(asked.first.isoformat(), asked.last.isoformat()), f.state != Standing.WITHDRAWN.value)  # fmt: skip
    return cast(select(func.sum(state + over)).where(*told).correlate(campaign_target).scalar_subquery(), BigInteger).label("faults")  # fmt: skip


def _code(by: str) -> Any:
    """Return the code by which a site counts: of its post, or of the first of its grids of a level or overlay."""
    if by == POST:
        return site.c.post
    g = site_grid.c
    first = select(func.min(g.code)).where(g.site == site.c.id, g.key == by).correlate(site).scalar_subquery()
    return func.coalesce(first, "")


def _due(stands: Any, day: str) -> Any:
    """Return the condition that somebody has to go again by a day: nobody was let in so far, and the agreed day has come, or there is none."""
    return and_(stands.first.is_(None), stands.found.is_not(None), or_(stands.again == "", stands.again <= day))


def _new(stands: Any, asked: Asked) -> Any:
    """Return the condition that somebody looked for the first time on the day, or since a moment."""
    return and_(stands.first.is_not(None), stands.early.is_(None)) if asked.since else stands.first == asked.day.isoformat()  # fmt: skip


def _chosen(asked: Asked, inner: Any) -> Select[Any]:
    i, chosen = inner.c, []
    if asked.grid:
        chosen.append(i.code == asked.grid[1])
    if asked.reach is Reach.VISITED:
        chosen.append(i.first.is_not(None))
    elif asked.reach is Reach.NOT_YET:
        chosen += [i.first.is_(None), i.found.is_(None)]
    elif asked.reach:
        chosen += [i.first.is_(None), i.found == asked.reach.value]
    if asked.due:
        chosen.append(_due(i, asked.day.isoformat()))
    if asked.new:
        chosen.append(_new(i, asked))
    return select(i.target, i.first, i.found, i.again).where(*chosen).order_by(i.id)


def _found(connection: Connection, asked: Asked, by: str) -> dict[str, dict[str, int]]:
    """Return of each code how many findings of a phase were corrected, in correction, handed over, and late at a moment; withdrawn ones are left out."""
    c, found, today = finding.c, dict[str, dict[str, int]](), asked.day.isoformat()
    told = (c.area == asked.area, c.found.between(asked.first.isoformat(), asked.last.isoformat()))
    lines = connection.execute(select(c.number, c.site).where(*told, c.site.in_(_sites(asked)))).all()
    then = _states_at(connection, asked, [line.number for line in lines])
    codes = {target: str(code) for target, code, *_rest in connection.execute(_standing(asked, by))}
    for number, of in lines:
        for name in _counted(*then.get(number, (Standing.WITHDRAWN.value, None)), today):
            found.setdefault(codes[of], dict.fromkeys(FAULTS, 0))[name] += 1
    return found


def _counted(state: str, due: str | None, today: str) -> list[str]:
    """Return in which of `FAULTS` a finding counts; in none of them where it is withdrawn."""
    if state == Standing.WITHDRAWN.value:
        return []
    name = {Standing.CLOSED.value: "corrected", Standing.HANDED_OVER.value: "handed_over"}.get(state, "correcting")
    return [name, *(["open_late"] if state == Standing.OPEN.value and due and due < today else [])]


def _states_at(connection: Connection, asked: Asked, numbers: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Return state and due day of findings as the history leaves them at a moment; those that were not there are left out."""
    h, found = history.c, dict[str, tuple[str, str | None]]()
    moment = milliseconds(asked.at) if asked.at else 0
    for start in range(0, len(numbers), MOST_IN):
        some = numbers[start : start + MOST_IN]
        entries = select(h.key, h.after).where(h.area == asked.area, h.subject == "finding", h.key.in_(some), h.at <= moment)  # fmt: skip
        for key, after in connection.execute(entries.order_by(h.version)):
            said = json.loads(after)
            found[key] = (said["state"], said["due"])
    return found


def _sum(condition: Any) -> Any:
    """Add up a condition: neither database adds up truths alike."""
    return func.sum(case((condition, 1), else_=0))


def _campaign(row: Mapping[Any, Any]) -> Campaign:
    return Campaign.from_json(json.loads(row["standing"]), number=row["number"], version=row["version"])


def _try(row: Mapping[Any, Any]) -> Try:
    struck = None if row["struck"] is None else instant(row["struck"])
    return Try(row["site"], instant(row["at"]), date.fromisoformat(row["day"]), Found(row["found"]), row["post"], _date(row["again"]), struck, row["id"], row["item"])  # fmt: skip


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
