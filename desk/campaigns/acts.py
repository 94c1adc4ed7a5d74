"""Campaigns (专项行动): made, begun phase by phase, closed at their gates; and visits of sites that came to nothing (上门未果). Each in one change.

Source: domain.md 3.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from desk.campaigns.meetings import RUN, sight, words
from desk.campaigns.targets import gone, wanted
from desk.inspections.acts import demand_there
from desk.posts.acting import change
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import DraftError
from incidents.lifecycle import By
from inspections.campaigns import (
    Act,
    Campaign,
    Found,
    Gate,
    Phase,
    Reach,
    Rule,
    Source,
    State,
    begun,
    cancelled,
    changed,
    closed,
    reopened,
)
from inspections.grades import Degree
from ledger import campaigns, sites
from ledger.campaigns import Asked, Try
from ledger.writing import Writing

NEEDS = "inspect"  # whoever may look at a site may say that nobody was there
LONGEST_NAME, LONGEST_NOTE, LONGEST_TEXT = 60, 1000, 60
MOST_PHASES, MOST_FORCE, MOST_GRIDS = 8, 100, 100
MOST_AHEAD = timedelta(days=732)
MOST_AGAIN = timedelta(days=92)


@dataclass(frozen=True)
class Wish:
    """A campaign as somebody wants it: as `Campaign`, its phases as planned."""

    name: str
    source: Source
    force: Sequence[str]
    phases: Sequence[Phase]
    note: str = ""


# Looking


def listed(room: Room) -> list[Campaign]:
    """Return all campaigns, the newest first; none for who does not see campaigns."""
    if sight(room) is None:
        return []
    with room.ledger.reading() as connection:
        return campaigns.page(connection, room.id)


def of(room: Room, number: str) -> Campaign:
    """Return a campaign; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        return campaigns.get(connection, room.id, number if sight(room) is not None else "")


# Writing


def make(room: Room, wish: Wish, by: By, now: datetime) -> Campaign:
    """Write a campaign, and return it.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    made = checked(room, wish, now)
    return change(room, RUN, by, now, lambda writing: campaigns.make(writing, room.id, made, by=by, at=now.astimezone(UTC)))  # fmt: skip


def make_in(room: Room, writing: Writing, wish: Wish, by: By, at: datetime) -> Campaign:
    """Write a campaign in a change that goes on already; raises as `make`."""
    return campaigns.make(writing, room.id, checked(room, wish, at), by=by, at=at.astimezone(UTC))


def edit(room: Room, seen: Campaign, wish: Wish, by: By, now: datetime) -> Campaign:
    """Give a campaign another name, task force, note and phases; raises as `make`, and LifecycleError where phases that began would change."""
    after = changed(seen, replace(checked(room, wish, now, since=seen.made), number=seen.number, version=seen.version))
    return _put(room, after, Act.CHANGE, by, now)


def begin(room: Room, seen: Campaign, phase: int, by: By, now: datetime) -> Campaign:
    """Begin a phase: its targets are drawn, and stand on its list from this day.

    Raises
    ------
    DraftError
        Its rule holds nothing.
    LifecycleError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    return change(room, RUN, by, now, lambda writing: begin_in(room, writing, seen, phase, by, now))


def begin_in(room: Room, writing: Writing, seen: Campaign, phase: int, by: By, at: datetime) -> Campaign:  # noqa: PLR0917
    """Begin a phase in a change that goes on already; raises as `begin`."""
    day = today_of(room, at)
    after = begun(seen, phase, day)
    drawn = wanted(room, writing, seen, phase)
    if not drawn and seen.source is not Source.CASES:
        raise DraftError(f"Phase {phase} has no targets: nothing in use is what its rule says. Change the rule, or the register.", field="campaign_empty")  # fmt: skip
    return campaigns.put(writing, room.id, after, Act.BEGIN, by=by, at=at.astimezone(UTC), phase=phase, day=day, drawn=sorted(drawn.items()))  # fmt: skip


def draw(room: Room, seen: Campaign, by: By, now: datetime) -> tuple[Campaign, int, int]:
    """Draw the targets of the running phase again, and return how many came and how many left; what was visited stays.

    Raises
    ------
    LifecycleError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    phase, day = seen.running, today_of(room, now)
    seen.phase(phase)

    def work(writing: Writing) -> tuple[Campaign, int, int]:
        holds = wanted(room, writing, seen, phase)
        there = campaigns.drawn(writing.connection, room.id, seen.number, phase)
        done = _visited(room, writing, seen, phase, day)
        taken = {*there, *_left_on(room, writing, seen, phase, day)}
        came = sorted((target, weight) for target, weight in holds.items() if target not in taken)
        went = [(target, why) for target, why in gone(room, writing, seen, phase, holds) if target not in done]
        if not came and not went:
            return seen, 0, 0
        after = campaigns.put(writing, room.id, seen, Act.DRAW, by=by, at=now.astimezone(UTC), phase=phase, day=day, drawn=came, left=went)  # fmt: skip
        return after, len(came), len(went)

    return change(room, RUN, by, now, work)


def close(room: Room, seen: Campaign, phase: int, reason: str, by: By, now: datetime) -> Campaign:  # noqa: PLR0917
    """Close the running phase; whoever closes it before its gate says why.

    Raises
    ------
    TextError, LifecycleError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    return change(room, RUN, by, now, lambda writing: close_in(room, writing, seen, phase, reason, by, now))


def close_in(room: Room, writing: Writing, seen: Campaign, phase: int, reason: str, by: By, at: datetime) -> Campaign:  # noqa: PLR0917  # fmt: skip
    """Close the running phase in a change that goes on already; raises as `close`."""
    after = closed(seen, phase, today_of(room, at), words(room, reason, LONGEST_NOTE, "reason"))
    return campaigns.put(writing, room.id, after, Act.CLOSE, by=by, at=at.astimezone(UTC), phase=phase)


def reopen(room: Room, seen: Campaign, phase: int, by: By, now: datetime) -> Campaign:
    """Let the phase that was closed last run again; raises as `close`."""
    return _put(room, reopened(seen, phase), Act.REOPEN, by, now, phase)


def cancel(room: Room, seen: Campaign, reason: str, by: By, now: datetime) -> Campaign:
    """Call a campaign off, and say why; raises as `close`, and DraftError without a reason."""
    said = words(room, reason, LONGEST_NOTE, "reason")
    if not said:
        raise DraftError("Say why the campaign is called off.", field="campaign_reason")
    return _put(room, cancelled(seen, said), Act.CANCEL, by, now)


def attempt(room: Room, site: str, found: Found, again: date | None, by: By, now: datetime, *, at: datetime | None = None, item: str = "") -> Try:  # noqa: PLR0917  # fmt: skip
    """Write down that somebody stood before a site and could not look, once under the key of a phone.

    Parameters
    ----------
    at
        When that was; None for now.
    item
        Account and key under which a phone sent it.

    Raises
    ------
    DraftError, NoAccess
        Why it cannot be; nothing was written.
    """

    def work(writing: Writing) -> Try:
        there = campaigns.sent(writing.connection, room.id, [item]) if item else {}
        if there:
            return campaigns.one(writing.connection, room.id, there[item][1])
        return attempt_in(room, writing, site, found, again, by, now, done=at, item=item)

    return change(room, NEEDS, by, now, work)


def attempt_in(room: Room, writing: Writing, site: str, found: Found, again: date | None, by: By, at: datetime, *, done: datetime | None = None, item: str = "") -> Try:  # noqa: PLR0917  # fmt: skip
    """Write down that nobody could look, in a change that goes on already; raises as `attempt`."""
    was = done or at
    if was > at + timedelta(minutes=room.rules.settings.ahead_minutes):
        raise DraftError("A visit is written down after it was made. Look at the time.", field="attempt_time")
    day = today_of(room, was)
    if again and not day <= again <= day + MOST_AGAIN:
        raise DraftError(f"{again} is over, or more than {MOST_AGAIN.days} days away. Give a day between.", field="attempt_again")  # fmt: skip
    there = sites.get(writing.connection, room.id, site, room.within if room.who else sites.EVERYTHING)
    demand_there(there, day)
    return campaigns.tried(writing, room.id, Try(there.number, was, day, found, by.post, again, item=item), by=by, at=at.astimezone(UTC))  # fmt: skip


def strike_attempt(room: Room, site: str, number: int, by: By, now: datetime) -> Try:
    """Strike such a line of a site; raises as `attempt`."""

    def work(writing: Writing) -> Try:
        sites.get(writing.connection, room.id, site, room.within if room.who else sites.EVERYTHING)
        if number not in {one.id for one in campaigns.of_site(writing.connection, room.id, site)}:
            raise DraftError("There is no such line, or it was struck already. Look at the site again.", field="attempt_gone")  # fmt: skip
        return campaigns.strike(writing, room.id, number, by=by, at=now.astimezone(UTC))

    return change(room, NEEDS, by, now, work)


def checked(room: Room, wish: Wish, now: datetime, *, since: date | None = None) -> Campaign:
    """Return a campaign as it is kept; raises DraftError and TextError."""
    day = today_of(room, now)
    name, note = words(room, wish.name, LONGEST_NAME, "title"), words(room, wish.note, LONGEST_NOTE, "text")
    if not name:
        raise DraftError("A campaign has a name. Write what it is called.", field="campaign_name")
    known = room.register.posts(now)
    force = tuple(dict.fromkeys(wish.force))
    lacking = [key for key in force if key not in known]
    if not 0 < len(force) <= MOST_FORCE or lacking:
        raise DraftError(f"A task force has 1 to {MOST_FORCE} posts of the area: {', '.join(lacking) or len(force)}. Choose posts of the list.", field="campaign_force")  # fmt: skip
    if not 0 < len(wish.phases) <= MOST_PHASES:
        raise DraftError(f"A campaign has 1 to {MOST_PHASES} phases, not {len(wish.phases)}.", field="campaign_phases")
    phases = tuple(_phase(room, wish.source, phase) for phase in wish.phases)
    starts = [phase.starts for phase in phases]
    if starts != sorted(starts) or any(phase.ends < phase.starts for phase in phases) or phases[-1].ends > day + MOST_AHEAD:  # fmt: skip
        raise DraftError("Phases follow one another, and each ends after it starts. Look at their days.", field="campaign_days")  # fmt: skip
    return Campaign(name, wish.source, force, phases, since or day, note)


def _phase(room: Room, source: Source, phase: Phase) -> Phase:
    name, text = words(room, phase.name, LONGEST_NAME, "title"), words(room, phase.rule.text, LONGEST_TEXT, "text")
    if not name:
        raise DraftError("Each phase has a name. Write what it is about.", field="campaign_phases")
    rule, gate = phase.rule, phase.gate
    directory = room.rules.directory
    kinds = {Source.SITES: {*room.rules.sites.kinds}, Source.CASES: {*directory.classes, *directory.majors}}.get(source, set())  # fmt: skip
    if strange := [key for key in rule.kinds if key not in kinds]:
        raise DraftError(f"{', '.join(strange)}: there is no such kind. Choose kinds of the list.", field="campaign_kinds")  # fmt: skip
    if source is Source.CASES and not rule.kinds:
        raise DraftError("Say which classes of cases the campaign is about.", field="campaign_kinds")
    net = room.area.net
    codes = {**{level.key: {*level.codes, *(stack.code for stack in net.stacks)} for level in net.levels}, **{one.key: set(one.codes) for one in net.overlays}}  # fmt: skip
    if len(rule.grids) > MOST_GRIDS or any(code not in codes.get(key, ()) for key, code in rule.grids):
        raise DraftError(f"A phase is for 1 to {MOST_GRIDS} grids of the list, or for all.", field="campaign_grids")
    if not 0 <= gate.visited <= 100 or (gate.grade and gate.grade not in set(Degree)):  # noqa: PLR2004
        raise DraftError(f"{gate.visited} is no share, or there is no grade {gate.grade!r}. Look at the gate.", field="campaign_gate")  # fmt: skip
    return Phase(name, Rule(tuple(dict.fromkeys(rule.kinds)), tuple(dict.fromkeys(rule.grids)), text, rule.rest), phase.starts, phase.ends, Gate(float(gate.visited), str(gate.grade), gate.letters))  # fmt: skip


def _put(room: Room, after: Campaign, act: Act, by: By, now: datetime, phase: int = 0) -> Campaign:  # noqa: PLR0917
    return change(room, RUN, by, now, lambda writing: campaigns.put(writing, room.id, after, act, by=by, at=now.astimezone(UTC), phase=phase))  # fmt: skip


def _visited(room: Room, writing: Writing, seen: Campaign, phase: int, day: date) -> frozenset[str]:
    """Return the targets of a phase that were visited: they stay on its list."""
    there = seen.phase(phase)
    if seen.source is not Source.SITES or there.state is not State.RUNNING or there.begun is None:
        return frozenset()
    asked = Asked(room.id, seen.number, phase, there.begun, there.last(day), day, reach=Reach.VISITED)
    return frozenset(campaigns.numbers(writing.connection, asked))


def _left_on(room: Room, writing: Writing, seen: Campaign, phase: int, day: date) -> frozenset[str]:
    """Return the targets that left on a day: they come back on another one at the earliest, so that a day has one list."""
    return frozenset(target for target, until, _why in campaigns.left(writing.connection, room.id, seen.number, phase) if until == day.isoformat())  # fmt: skip
