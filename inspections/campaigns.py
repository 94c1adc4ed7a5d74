"""Campaigns (专项行动): phases in order, each with a rule by which its targets are drawn and a gate to the next one; and how far the targets are reached, in counts.

A target is a site, the households of a building, or a case. Each target of a phase stands in exactly one of four states, so that no share is above 100 %, and the sum of some grids is the whole.

Source: domain.md 3.5 (three phases of the 棉纺路 campaign, 逐户推进), 6 (columns of the daily bulletin), 8.5.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any

from geo.errors import LifecycleError
from inspections.grades import Degree


class Source(StrEnum):
    """What the targets of a campaign are: sites of the register, households of buildings, or cases of some classes."""

    SITES = "sites"
    HOUSEHOLDS = "households"
    CASES = "cases"


class Reach(StrEnum):
    """How far a target was reached: 已排查, 拒绝进入, 无人在, 未排查. Each is in exactly one."""

    VISITED = "visited"
    REFUSED = "refused"
    ABSENT = "absent"
    NOT_YET = "not_yet"


class Found(StrEnum):
    """Why nobody could look: turned away at the door, or nobody there (上门未果)."""

    REFUSED = "refused"
    ABSENT = "absent"


class State(StrEnum):
    """How a campaign or one of its phases stands."""

    PLANNED = "planned"
    RUNNING = "running"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What is done to a campaign, as the history calls it."""

    MAKE = "make"
    CHANGE = "change"
    BEGIN = "begin"  # of a phase: its targets are drawn
    DRAW = "draw"  # again: what came to the register since, and what left it
    CLOSE = "close"  # of a phase
    REOPEN = "reopen"  # of a phase
    CANCEL = "cancel"


@dataclass(frozen=True)
class Rule:
    """Which targets a phase has; what is empty does not narrow it.

    Attributes
    ----------
    kinds
        Kinds of sites, or classes and major classes of cases.
    grids
        ``(level or overlay, code)``: in any of them.
    text
        A part of number, name or address of a site.
    rest
        Only those that no earlier phase of the campaign has had (不留死角).
    """

    kinds: tuple[str, ...] = ()
    grids: tuple[tuple[str, str], ...] = ()
    text: str = ""
    rest: bool = False


@dataclass(frozen=True)
class Gate:
    """What a phase asks for before it is closed; otherwise whoever closes it says why.

    Attributes
    ----------
    visited
        Percent of its targets that were visited; 0 for any.
    grade
        No finding of this grade or a worse one stands open; "" for any.
    letters
        Whether every site has a letter of responsibility that was signed or refused.
    """

    visited: float = 0.0
    grade: str = ""
    letters: bool = False


@dataclass(frozen=True)
class Phase:
    """A phase. ``starts`` and ``ends`` are what was planned, ``begun`` and ``closed`` what came; ``reason`` says why it was closed before its gate."""

    name: str
    rule: Rule
    starts: date
    ends: date
    gate: Gate = Gate()
    state: State = State.PLANNED
    begun: date | None = None
    closed: date | None = None
    reason: str = ""

    def last(self, day: date) -> date:
        """Return the last day that counts for it, seen from a day: the one on which it was closed, or that day."""
        return min(day, self.closed) if self.closed else day


@dataclass(frozen=True)
class Campaign:
    """A campaign as it stands.

    Attributes
    ----------
    force
        Keys of the posts of the task force (专班), its leader first.
    phases
        In order; at most one of them runs.
    number, version
        "" and 0 before it is written.
    """

    name: str
    source: Source
    force: tuple[str, ...]
    phases: tuple[Phase, ...]
    made: date
    note: str = ""
    cancelled: str = ""
    number: str = ""
    version: int = 0

    @property
    def state(self) -> State:
        """How it stands: as its phases do."""
        if self.cancelled:
            return State.CANCELLED
        states = {phase.state for phase in self.phases}
        if states <= {State.CLOSED}:
            return State.CLOSED
        return State.PLANNED if states == {State.PLANNED} else State.RUNNING

    @property
    def running(self) -> int:
        """Number of the phase that runs, from 1; 0 for none."""
        return next((number for number, phase in enumerate(self.phases, 1) if phase.state is State.RUNNING), 0)

    @property
    def latest(self) -> int:
        """Number of the last phase that was begun, from 1; 0 for none."""
        return max((number for number, phase in enumerate(self.phases, 1) if phase.begun), default=0)

    def phase(self, number: int) -> Phase:
        """Return a phase by its number, from 1; raises LifecycleError where there is none."""
        if not 1 <= number <= len(self.phases):
            raise LifecycleError(f"{self.number or self.name} has {len(self.phases)} phases, and no phase {number}.")
        return self.phases[number - 1]

    def to_json(self) -> dict[str, Any]:
        """Return all of it but number and version, as plain values."""
        plain = asdict(self)
        for name in ("number", "version"):
            del plain[name]
        return {**plain, "source": self.source.value, "made": self.made.isoformat(), "force": list(self.force), "phases": [_said(phase) for phase in plain["phases"]]}  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any], *, number: str = "", version: int = 0) -> "Campaign":
        """Return a campaign as `to_json` said it."""
        return cls(said["name"], Source(said["source"]), tuple(said["force"]), tuple(map(_phase, said["phases"])), date.fromisoformat(said["made"]), said["note"], said["cancelled"], number, version)  # fmt: skip


def begun(campaign: Campaign, number: int, day: date) -> Campaign:
    """Return a campaign whose phase begins on a day.

    Raises
    ------
    LifecycleError
        It is over, another phase runs, an earlier one was not closed, or this one began already.
    """
    phase = _open(campaign).phase(number)
    if phase.state is not State.PLANNED or any(one.state is not State.CLOSED for one in campaign.phases[: number - 1]):
        raise LifecycleError(f"Phase {number} cannot begin: phases begin in order, each after the one before was closed.")  # fmt: skip
    return _with(campaign, number, replace(phase, state=State.RUNNING, begun=day))


def closed(campaign: Campaign, number: int, day: date, reason: str = "") -> Campaign:
    """Return a campaign whose running phase is closed on a day; raises LifecycleError where it does not run."""
    phase = _open(campaign).phase(number)
    if phase.state is not State.RUNNING or not phase.begun or day < phase.begun:
        raise LifecycleError(f"Phase {number} does not run, or began after {day}. Load the campaign again.")
    return _with(campaign, number, replace(phase, state=State.CLOSED, closed=day, reason=reason))


def reopened(campaign: Campaign, number: int) -> Campaign:
    """Return a campaign whose last closed phase runs again; raises LifecycleError where it is not the last, or is not closed."""
    phase = _open(campaign).phase(number)
    if phase.state is not State.CLOSED or number != campaign.latest:
        raise LifecycleError(f"Phase {number} is not the last one that was closed. Load the campaign again.")
    return _with(campaign, number, replace(phase, state=State.RUNNING, closed=None, reason=""))


def cancelled(campaign: Campaign, reason: str) -> Campaign:
    """Return a campaign that is called off; raises LifecycleError where it is over."""
    return replace(_open(campaign), cancelled=reason)


def changed(campaign: Campaign, wanted: Campaign) -> Campaign:
    """Return a campaign with another name, task force, note and phases; of phases that began, name, planned end and gate alone may change.

    Raises
    ------
    LifecycleError
        It is over, or a phase that began would get another rule or start, or be gone.
    """
    there, phases = _open(campaign).phases, []
    if wanted.source is not campaign.source or len(wanted.phases) < campaign.latest:
        raise LifecycleError("What a campaign looks for, and phases that began, stay as they are.")
    for number, phase in enumerate(wanted.phases):
        was = there[number] if number < campaign.latest else None
        if was and (phase.rule, phase.starts) != (was.rule, was.starts):
            raise LifecycleError(f"Phase {number + 1} began: its targets and its start stay as they are.")
        phases.append(replace(was, name=phase.name, ends=phase.ends, gate=phase.gate) if was else replace(phase, state=State.PLANNED, begun=None, closed=None, reason=""))  # fmt: skip
    return replace(campaign, name=wanted.name, force=wanted.force, note=wanted.note, phases=tuple(phases))


def _open(campaign: Campaign) -> Campaign:
    if campaign.state in {State.CLOSED, State.CANCELLED} and (campaign.cancelled or not campaign.phases):
        raise LifecycleError(f"{campaign.number} was called off. Make a new one.")
    return campaign


def _with(campaign: Campaign, number: int, phase: Phase) -> Campaign:
    return replace(campaign, phases=(*campaign.phases[: number - 1], phase, *campaign.phases[number:]))


# How far


@dataclass(frozen=True)
class Target:
    """A target as it stands at a moment.

    Attributes
    ----------
    weight
        1, or how many households a building has.
    visited, refused, absent
        Shares of the weight: none of them negative, together at most the weight.
    new
        Visited on the day itself.
    due
        Whether a second visit is due: nobody was let in so far, and the day that was agreed has come, or none was.
    """

    code: str
    weight: int = 1
    visited: int = 0
    refused: int = 0
    absent: int = 0
    new: int = 0
    due: bool = False


@dataclass(frozen=True)
class Row:
    """How far the targets of one grid or post are reached, in counts (``code`` "" for those in none, and for the sum).

    Attributes
    ----------
    targets
        ``visited + refused + absent + not_yet``.
    second_due
        Of ``refused`` and ``absent``, those to whom somebody has to go again by now.
    new_today
        Of ``visited``, those that were visited on the day itself for the first time.
    findings
        Found in the phase at its targets, those withdrawn left out: ``corrected + correcting + handed_over``; what waits to be looked at again is in correction.
    open_late
        Of ``correcting``, those whose day is over.
    """

    code: str
    name: str = ""
    targets: int = 0
    visited: int = 0
    refused: int = 0
    absent: int = 0
    not_yet: int = 0
    second_due: int = 0
    new_today: int = 0
    findings: int = 0
    corrected: int = 0
    correcting: int = 0
    handed_over: int = 0
    open_late: int = 0

    def __add__(self, other: "Row") -> "Row":
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in COUNTS})


COUNTS = tuple(one.name for one in fields(Row) if one.name not in {"code", "name"})


def row(code: str, targets: Iterable[Target], findings: Mapping[str, int] | None = None) -> Row:
    """Return the counts of some targets.

    Parameters
    ----------
    findings
        ``corrected``, ``correcting``, ``handed_over``, ``open_late``.
    """
    weight = visited = refused = absent = due = new = 0
    for one in targets:
        weight, visited, refused, absent = weight + one.weight, visited + one.visited, refused + one.refused, absent + one.absent  # fmt: skip
        due, new = due + (one.refused + one.absent if one.due else 0), new + one.new
    said = dict(findings or {})
    every = said.get("corrected", 0) + said.get("correcting", 0) + said.get("handed_over", 0)
    return Row(code, "", weight, visited, refused, absent, weight - visited - refused - absent, due, new, every, **said)


def total(rows: Sequence[Row]) -> Row:
    """Return the sum of rows; its code is ""."""
    return sum(rows, Row(""))


def reached(code: str, first: date | None, tried: tuple[Found, date | None] | None, day: date) -> Target:
    """Return how a site stands at a day.

    Parameters
    ----------
    first
        The first day on which somebody looked at it in the phase, None for never.
    tried
        Of the last time that nobody could look: why, and the day agreed for the next time.
    """
    if first:
        return Target(code, visited=1, new=int(first == day))
    if tried is None:
        return Target(code)
    found, again = tried
    return Target(code, refused=int(found is Found.REFUSED), absent=int(found is Found.ABSENT), due=again is None or again <= day)  # fmt: skip


def lived(code: str, households: int, met: int, tries: int, *, met_before: int = 0, refused: bool = False) -> Target:
    """Return how the households of a building stand: each met one is visited, of the rest all are as the last visit left them.

    Parameters
    ----------
    met_before
        Met before the day itself.
    """
    visited = min(met, households)
    rest = households - visited
    return Target(code, households, visited, rest if refused else 0, rest if tries and not refused else 0, visited - min(met_before, visited), due=bool(tries and rest))  # fmt: skip


# Gates


@dataclass(frozen=True)
class Shortfall:
    """What a gate asks for and does not have: ``visited`` in percent, ``grade`` and ``letters`` in numbers of findings and sites."""

    visited: float | None = None
    grade: int = 0
    letters: int = 0

    @property
    def is_met(self) -> bool:
        """Whether nothing is missing."""
        return self == Shortfall()


def shortfall(gate: Gate, whole: Row, worse: int, without_letter: int) -> Shortfall:
    """Return what a gate still asks for.

    Parameters
    ----------
    worse
        Open findings of the gate's grade and worse ones.
    without_letter
        Sites without a letter that was signed or refused.
    """
    share = 100.0 * whole.visited / whole.targets if whole.targets else 100.0
    return Shortfall(share if share < gate.visited else None, worse if gate.grade else 0, without_letter if gate.letters else 0)  # fmt: skip


def worse_than(grade: str) -> frozenset[str]:
    """Return a grade and those that are worse, by the order of `Degree`."""
    order = [one.value for one in Degree]
    return frozenset(order[order.index(grade) :]) if grade in order else frozenset()


# Plain values


def _said(phase: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: phase[name].isoformat() if phase[name] else None for name in ("starts", "ends", "begun", "closed")}
    rule = phase["rule"]
    return {**phase, **days, "state": State(phase["state"]).value, "rule": {**rule, "kinds": list(rule["kinds"]), "grids": [list(one) for one in rule["grids"]]}}  # fmt: skip


def _phase(said: Mapping[str, Any]) -> Phase:
    days = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("begun", "closed")}
    rule = said["rule"]
    return Phase(
        said["name"],
        Rule(tuple(rule["kinds"]), tuple((key, code) for key, code in rule["grids"]), rule["text"], rule["rest"]),
        date.fromisoformat(said["starts"]),
        date.fromisoformat(said["ends"]),
        Gate(**said["gate"]),
        State(said["state"]),
        reason=said["reason"],
        **days,
    )
