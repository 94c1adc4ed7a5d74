"""The lifecycle of a patrol (巡查): a walk through a grid, planned by a plan of nights or made without one, that is a record even when nothing was found.

One table of acts and the pure function that applies them, as `incidents.visits` does for visits. A patrol is walked by posts (a pair where its kind asks for one), and keeps what came of it as outcomes and counts: nothing found is
an outcome too. A night is the day on which it began, in the area's zone.

Source: domain.md 6 (巡查记录), 8.3 F7, F12, F20 (夜间巡查), F27.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from incidents.moments import to_text, to_time

MOST_CASES = 20  # reported from one patrol
NOTHING = "nothing"  # the outcome of a patrol that found nothing: it stands alone
OPINION = "opinion"  # the outcome that has topics
COUNTS = ("found", "cleared", "reported")  # problems found, cleared on the spot (随手清), reported up


class State(StrEnum):
    """Where a patrol stands."""

    PLANNED = "planned"
    DONE = "done"
    MISSED = "missed"  # its time is over, and nobody said that it was walked
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What can be done to a patrol."""

    PLAN = "plan"  # the clock opens a night of a plan
    WALK = "walk"  # made without a plan
    DONE = "done"
    CANCEL = "cancel"
    NOTE = "note"
    STEP = "step"  # the clock: its time is over


PATROLLERS = frozenset({PostKind.WORKER, PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE, PostKind.DISPATCHER})  # fmt: skip


@dataclass(frozen=True)
class Patrol:
    """Where a patrol stands: all that the lifecycle decides.

    Attributes
    ----------
    kind
        Key of the rules.
    night
        The day on which it begins, or began, in the area's zone.
    since, until
        From when until when: as planned while it is to be walked, as walked afterwards; UTC.
    walkers
        Posts that walk it, or walked it.
    keepers
        Posts that look after it: who planned or wrote it down, and the heads of its grid, the nearest first.
    plan
        Number of the plan that opened it; 0 for none.
    outcomes
        Keys of the rules; `NOTHING` alone where nothing was found.
    topics
        What people spoke of, as keys of the rules; only where that is an outcome.
    found, cleared, reported
        Problems found; of them cleared on the spot, and reported up.
    cases
        Numbers of the cases that were reported from it.
    late
        Whether its head was told that nobody walked it.
    items
        Under which keys phones sent what was done: account and key.
    """

    state: State
    kind: str
    night: date
    since: datetime
    until: datetime
    walkers: tuple[str, ...]
    keepers: tuple[str, ...]
    plan: int = 0
    outcomes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    found: int = 0
    cleared: int = 0
    reported: int = 0
    cases: tuple[str, ...] = ()
    late: bool = False
    items: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values; times as ISO 8601 in UTC."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: list(getattr(self, name)) for name in _LISTS},
            "state": self.state.value,
            "night": self.night.isoformat(),
            "since": to_text(self.since),
            "until": to_text(self.until),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Patrol":
        """Read what `to_json` wrote."""
        lists: dict[str, Any] = {name: tuple(plain[name]) for name in _LISTS}
        return cls(
            **{name: plain[name] for name in _PLAIN},
            **lists,
            state=State(plain["state"]),
            night=date.fromisoformat(plain["night"]),
            since=_time(plain["since"]),
            until=_time(plain["until"]),
        )


_PLAIN = ("kind", "plan", "found", "cleared", "reported", "late")
_LISTS = ("walkers", "keepers", "outcomes", "topics", "cases", "items")


@dataclass(frozen=True)
class Done:
    """One act as the history keeps it. ``data`` holds plain values.

    ``PLAN``: kind, night, since, until, walkers, keepers, plan. ``WALK`` and ``DONE``: since, until, walkers, outcomes, topics, counts, case; a ``WALK`` also kind, night and keepers. ``CANCEL``: reason.
    ``NOTE``: text, case. ``STEP``: nothing. What a phone sends carries ``item_key`` and ``done_at``.
    """

    act: Act
    by: By
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


Side = Callable[[Patrol, By], bool]


@dataclass(frozen=True)
class Rule:
    """One line of the table: in which states, to which it leads (None: it stays), who may, and what its data must carry."""

    frm: frozenset[State]
    to: State | None
    side: Side
    needs: tuple[str, ...] = ()


def _centre(by: By) -> bool:
    return by.kind is PostKind.DISPATCHER


def _keeper(patrol: Patrol, by: By) -> bool:
    return by.post in patrol.keepers or _centre(by)


def _walker(patrol: Patrol, by: By) -> bool:
    return by.post in patrol.walkers or _keeper(patrol, by)


def _clock(_patrol: Patrol, by: By) -> bool:
    return _centre(by)


WALKED = ("since", "until", "walkers", "outcomes")
RULES: Mapping[Act, Rule] = MappingProxyType(
    {
        # What was walked in its time and told late (no network) is not missed for ever.
        Act.DONE: Rule(frozenset({State.PLANNED, State.MISSED}), State.DONE, _walker, WALKED),
        Act.CANCEL: Rule(frozenset({State.PLANNED}), State.CANCELLED, _keeper, ("reason",)),
        Act.NOTE: Rule(frozenset({State.PLANNED, State.DONE, State.MISSED}), None, _walker),
        Act.STEP: Rule(frozenset({State.PLANNED}), State.MISSED, _clock),
    }
)


def allowed(patrol: Patrol, by: By) -> tuple[Act, ...]:
    """Return the acts that a post may do now, in the order of the table; what they need is not looked at."""
    return tuple(act for act in RULES if act is not Act.STEP and not _refusal(patrol, act, by))


def apply(patrol: Patrol | None, entry: Done) -> Patrol:
    """Return the state after an act.

    Raises
    ------
    LifecycleError
        The act is not allowed now, or not to this post, or lacks what it needs, or what it says cannot be; the message says which.
    """
    if patrol is None:
        return _begun(entry)
    refusal = _refusal(patrol, entry.act, entry.by) or _lacking(entry.act.value, RULES[entry.act].needs, entry.data)
    refusal = refusal or _CHECKS.get(entry.act, _fine)(patrol, entry)
    if refusal:
        raise LifecycleError(refusal)
    after = replace(patrol, state=RULES[entry.act].to or patrol.state)
    return _noted(_EFFECTS.get(entry.act, _same)(after, entry), entry)


def hours(night: date, begins: time, ends: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return from when until when a night's patrol goes, UTC; one that ends at or before the clock time at which it begins goes on past midnight.

    A clock time that the zone leaves out that night, or has twice, is its first moment.
    """
    last = night if ends > begins else night + timedelta(days=1)
    since = datetime.combine(night, begins, zone).astimezone(UTC)
    return since, max(since, datetime.combine(last, ends, zone).astimezone(UTC))


def nights(first: date, last: date | None, every: int, since: date, until: date) -> list[date]:
    """Return the nights of a plan within some days, both ends included.

    Parameters
    ----------
    first, last
        Of the plan; None for no end.
    every
        A night each so many days, from the first on.
    """
    end = until if last is None else min(until, last)
    begin = max(since, first)
    begin += timedelta(days=-(begin - first).days % every)
    return [begin + timedelta(days=day) for day in range(0, (end - begin).days + 1, every)]


def _begun(entry: Done) -> Patrol:
    """Return a new patrol: planned, or walked already."""
    data, act = entry.data, entry.act.value
    if entry.act not in {Act.PLAN, Act.WALK}:
        raise LifecycleError(f"{act} cannot be done to a patrol that is not there yet.")
    if entry.by.kind not in PATROLLERS:
        raise LifecycleError(f"{act} is not for a post of the kind {entry.by.kind.value}.")
    needs = ("kind", "night", "since", "until", "walkers", "keepers", *(() if entry.act is Act.PLAN else ("outcomes",)))
    lacking = _lacking(act, needs, data)
    if lacking:
        raise LifecycleError(lacking)
    new = Patrol(
        State.PLANNED,
        data["kind"],
        date.fromisoformat(data["night"]),
        _time(data["since"]),
        _time(data["until"]),
        tuple(data["walkers"]),
        tuple(data["keepers"]),
        plan=int(data.get("plan", 0)),
    )
    if new.until < new.since:
        raise LifecycleError(f"{act} ends before it begins.")
    return _noted(new, entry) if entry.act is Act.PLAN else apply(new, replace(entry, act=Act.DONE))


def _refusal(patrol: Patrol, act: Act, by: By) -> str:
    if act not in RULES:
        return f"{act.value} cannot be done to a patrol that is there already."
    if patrol.state not in RULES[act].frm:
        return f"{act.value} cannot be done to a patrol that is {patrol.state.value}."
    return "" if RULES[act].side(patrol, by) else f"{act.value} is not for {by.post} in this patrol."


def _lacking(act: str, needs: Iterable[str], data: Mapping[str, Any]) -> str:
    lacking = [name for name in needs if not data.get(name)]
    return f"{act} needs {', '.join(lacking)}." if lacking else ""


def _fine(_patrol: Patrol, _entry: Done) -> str:
    return ""


def _says_nothing(_patrol: Patrol, entry: Done) -> str:
    return "" if entry.data.get("text") or entry.data.get("case") else "note needs text or case."


def _impossible(patrol: Patrol, entry: Done) -> str:
    """Say what cannot be of a patrol that was walked."""
    data = entry.data
    since, until = _time(data["since"]), _time(data["until"])
    found, cleared, reported = (int(data.get(name, 0)) for name in COUNTS)
    if until < since:
        return "done ends before it begins."
    if patrol.plan and (since >= patrol.until or until <= patrol.since):
        return "done is not of the night that was planned."
    if min(found, cleared, reported) < 0 or cleared + reported > found:
        return "done has more problems cleared and reported than found."
    if (NOTHING in data["outcomes"]) != (list(data["outcomes"]) == [NOTHING]) or (NOTHING in data["outcomes"] and found):  # fmt: skip
        return "done says that nothing was found, and what was."
    if data.get("topics") and OPINION not in data["outcomes"]:
        return "done has topics of an opinion that nobody spoke."
    return ""


def _too_soon(patrol: Patrol, entry: Done) -> str:
    return "" if entry.at >= patrol.until else "The time of the patrol is not over yet."


_CHECKS: Mapping[Act, Callable[[Patrol, Done], str]] = MappingProxyType(
    {Act.NOTE: _says_nothing, Act.DONE: _impossible, Act.STEP: _too_soon}
)


def _same(after: Patrol, _entry: Done) -> Patrol:
    return after


def _noted(after: Patrol, entry: Done) -> Patrol:
    """Note which case was reported from it, and under which key a phone sent it."""
    case, item = entry.data.get("case", ""), entry.data.get("item_key", "")
    cases = (*after.cases, case) if case and case not in after.cases else after.cases
    return replace(after, cases=cases[:MOST_CASES], items=(*after.items, item) if item else after.items)


def _walked(after: Patrol, entry: Done) -> Patrol:
    data = entry.data
    counts: dict[str, Any] = {name: int(data.get(name, 0)) for name in COUNTS}
    return replace(
        after,
        since=_time(data["since"]),
        until=_time(data["until"]),
        walkers=tuple(data["walkers"]),
        outcomes=tuple(data["outcomes"]),
        topics=tuple(data.get("topics", ())),
        **counts,
    )


_EFFECTS: Mapping[Act, Callable[[Patrol, Done], Patrol]] = MappingProxyType(
    {Act.DONE: _walked, Act.STEP: lambda after, _entry: replace(after, late=True)}
)


def _time(text: str) -> datetime:
    found = to_time(text)
    if found is None:
        raise LifecycleError("A patrol has a time at which it begins, and one at which it ends.")
    return found
