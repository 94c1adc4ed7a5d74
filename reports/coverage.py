"""How far a campaign reached its targets, in counts: the one answer that page, map, daily sheet, wall and file share.

Sites are counted by the ledger from inspections and attempts, households from visits, cases from the figures of `reports.figures`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

from desk.campaigns.meetings import sight
from desk.patrols.people import grids
from desk.room import Room
from desk.visits.acts import today as today_of
from desk.visits.people import sight as visits_seen
from desk.visits.places import houses
from incidents.case import Incident
from incidents.household_rounds import NOTHING
from incidents.lifecycle import PostKind
from incidents.model import Mark, Status
from incidents.posts import Post
from inspections.campaigns import (
    Campaign,
    Phase,
    Reach,
    Row,
    Shortfall,
    Source,
    Target,
    lived,
    row,
    shortfall,
    total,
    worse_than,
)
from inspections.meetings import State as LetterState
from layers.grid_names import full_names
from ledger import campaigns, find, meetings, visits
from ledger.campaigns import POST, Asked
from ledger.then import later, taken_back
from locales import Translator
from reports.case_words import post_name
from reports.figures import Filter, asked, is_overdue

TICK = timedelta(milliseconds=1)  # by which the ledger counts


def coverage(room: Room, campaign: Campaign, number: int | None, at: datetime, *, by: str, since: datetime | None = None) -> tuple[Row, ...]:  # fmt: skip
    """Return how far a phase is reached at a moment, by the grids of a level or overlay, or by ``post``; their sum is the whole.

    Parameters
    ----------
    number
        Of the phase; None for the one that runs, or ran last.
    at
        Now, or a moment before: what was done later is left out.
    since
        From when on what was reached for the first time is new; None for midnight before ``at``.

    Returns
    -------
    tuple of Row
        In order of the codes, "" for those in none; () while the phase has not begun.
    """
    number = campaign.latest if number is None else number
    if not 1 <= number <= len(campaign.phases):
        return ()
    phase, day = campaign.phases[number - 1], today_of(room, at)
    if phase.begun is None or day < phase.begun:
        return ()
    if campaign.source is Source.SITES:
        with room.ledger.reading() as connection:
            return tuple(campaigns.rows(connection, question(room, campaign, number, at, since=since), by))
    since = since or datetime.combine(day, time(), room.area.pack.timezone)
    return _homes(room, campaign, number, at, by, since) if campaign.source is Source.HOUSEHOLDS else _cases(room, phase, at, by, since)  # fmt: skip


def question(room: Room, campaign: Campaign, number: int, at: datetime, **more: object) -> Asked:
    """Return the question of a phase of a campaign of sites; ``more`` narrows it, as `ledger.campaigns.Asked`."""
    phase, day = campaign.phase(number), today_of(room, at)
    with room.ledger.reading() as connection:
        latest = find.latest(connection, room.id)
    moment = None if latest is None or at >= latest else at
    return Asked(room.id, campaign.number, number, phase.begun or phase.starts, phase.last(day), day, sight(room), moment, **more)  # type: ignore[arg-type]  # fmt: skip


def lines(room: Room, campaign: Campaign, number: int, at: datetime, by: str, _: Translator, *, since: datetime | None = None) -> tuple[Row, ...]:  # fmt: skip
    """Return the rows of `coverage` with their names; every grid that who looks sees has a row, also where it has no target."""
    found = {one.code: one for one in coverage(room, campaign, number, at, by=by, since=since)}
    if by == POST:
        return tuple(replace(one, name=post_name(room, code, _)) for code, one in sorted(found.items()))
    names = full_names(room.area.net).get(by, {})
    mine = {code for level, code in grids(room) if level == by}
    codes = [*sorted({*mine, *found} - {""}), *([""] if "" in found else [])]
    return tuple(replace(found.get(code, Row(code)), name=names.get(code, code)) for code in codes)


def looked_late(room: Room, campaign: Campaign, number: int, at: datetime, known: int) -> int:
    """Count the sites of a phase that somebody had looked at by a moment, as was entered after a version of the ledger alone."""
    asked_of = replace(question(room, campaign, number, at), at=at, reach=Reach.VISITED)
    with room.ledger.reading() as connection:
        return campaigns.count(connection, asked_of) - campaigns.count(connection, replace(asked_of, known=known))


def missing(room: Room, campaign: Campaign, number: int, at: datetime) -> Shortfall:
    """Return what the gate of a phase still asks for."""
    gate = campaign.phase(number).gate
    whole = total(coverage(room, campaign, number, at, by=POST if campaign.source is Source.SITES else room.area.net.levels[0].key))  # fmt: skip
    if campaign.source is not Source.SITES:
        return shortfall(gate, whole, 0, 0)
    asked_of = question(room, campaign, number, at)
    with room.ledger.reading() as connection:
        worse = campaigns.worse(connection, asked_of, worse_than(gate.grade)) if gate.grade else 0
        letters = meetings.parties(connection, room.id, campaign.number) if gate.letters else {}
        drawn = campaigns.drawn(connection, room.id, campaign.number, number)
    answered = {key for (party, key), state in letters.items() if party == meetings.SITE and state is not LetterState.ISSUED}  # fmt: skip
    return shortfall(gate, whole, worse, sum(target not in answered for target in drawn))


def _homes(room: Room, campaign: Campaign, number: int, at: datetime, by: str, new_since: datetime) -> tuple[Row, ...]:  # noqa: PLR0917  # fmt: skip
    """Count the households of the buildings of a phase by the visits of the round's kind."""
    phase, day, zone = campaign.phase(number), today_of(room, at), room.area.pack.timezone
    kind = room.rules.visits.round_kind
    first, last = phase.begun or phase.starts, phase.last(day)
    since, until = datetime.combine(first, time(), zone), min(datetime.combine(last + timedelta(days=1), time(), zone), at + TICK)  # fmt: skip
    whole = visits.Asked(room.id, visits_seen(room), day, since, until, last)
    with room.ledger.reading() as connection:
        drawn = campaigns.drawn(connection, room.id, campaign.number, number, last)
        seen = visits.by_building(connection, whole, kind)
        before = visits.by_building(connection, replace(whole, until=new_since), kind)
    found: dict[str, list[Target]] = {}
    for goal in houses(room):
        if goal.building in drawn:
            one, was = seen.get(goal.building, NOTHING), before.get(goal.building, NOTHING)
            code = one.visitor if by == POST else goal.codes.get(by, "").split(";")[0]
            found.setdefault(code, []).append(lived(goal.building, drawn[goal.building], one.met, one.tries, met_before=was.met, refused=one.refused))  # fmt: skip
    return tuple(row(code, some) for code, some in sorted(found.items()))


def _cases(room: Room, phase: Phase, at: datetime, by: str, since: datetime) -> tuple[Row, ...]:
    """Count the cases of a phase: those of its classes that were reported in it. Who was sent is `Reach.VISITED`, what is over is corrected."""
    zone, day = room.area.pack.timezone, today_of(room, at)
    first, last = phase.begun or phase.starts, phase.last(day)
    until = min(datetime.combine(last + timedelta(days=1), time(), zone), at.astimezone(zone) + timedelta(minutes=1))
    wanted = Filter(classes=frozenset(phase.rule.kinds), since=datetime.combine(first, time()), until=until.replace(tzinfo=None))  # fmt: skip
    with room.ledger.reading() as connection:
        there = find.incidents(connection, asked(room, wanted, at))
        latest = find.latest(connection, room.id)
        if latest is not None and at < latest:
            back = later(connection, room.id, [case.number for case in there], at)
            there = [taken_back(case, back.get(case.number, ())) for case in there if {} not in back.get(case.number, ())]  # fmt: skip
    posts, found = room.posts, dict[str, list[tuple[Target, Incident]]]()
    for case in there:
        if case.mark is None or (phase.rule.grids and not any(code in case.codes.get(key, "").split(";") for key, code in phase.rule.grids)):  # fmt: skip
            continue
        code = case.post if by == POST else case.codes.get(by, "").split(";")[0]
        sent = case.state.status not in {Status.UNCHECKED, Status.REPORTED, Status.FILED}
        new = int(sent and case.reported >= since)
        found.setdefault(code, []).append((Target(case.number, visited=int(sent), new=new), case))
    return tuple(row(code, [one for one, _case in some], _states([case for _one, case in some], posts, at)) for code, some in sorted(found.items()))  # fmt: skip


def _states(cases: Iterable[Incident], posts: Mapping[str, Post], at: datetime) -> dict[str, int]:
    """Return of cases how many are over, in correction, with a department, and late."""
    said = dict.fromkeys(("corrected", "correcting", "handed_over", "open_late"), 0)
    for case in cases:
        holder = posts.get(case.state.handler)
        away = holder is not None and holder.kind is PostKind.DEPARTMENT
        name = "corrected" if case.mark is not Mark.RED else "handed_over" if away else "correcting"
        said[name] += 1
        said["open_late"] += name == "correcting" and is_overdue(case, at)
    return said
