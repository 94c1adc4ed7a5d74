"""The lifecycle of a visit (走访、微走访): a walk to a place, planned by a head or made by the worker alone, with what came of it as counts.

One table of acts, and the pure function that applies them, as `incidents.lifecycle` does for cases. A visit knows no resident: it goes to a building or a point of a grid, and keeps what it was
about, how many households were met, and which cases were reported from it. Where nobody was at home it is tried again, until its head has to decide.

Source: domain.md 8.3 F7, F13, F16, F27.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from incidents.moments import to_text, to_time

MOST_CASES = 20  # reported from one visit


class Phase(StrEnum):
    """Where a visit stands."""

    PLANNED = "planned"
    WAITING = "waiting"  # nobody was at home as often as it is tried: the head decides
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OPEN = frozenset({Phase.PLANNED, Phase.WAITING})
WALKED = frozenset({Phase.DONE, Phase.REFUSED})


class Walk(StrEnum):
    """What can be done to a visit."""

    PLAN = "plan"
    WALK = "walk"  # made without a plan
    DONE = "done"
    NOBODY = "nobody"  # at home
    REFUSED = "refused"
    AGAIN = "again"  # another day, or another post
    CANCEL = "cancel"
    NOTE = "note"
    STEP = "step"  # the clock: its day is over


OUTCOMES = (Walk.DONE, Walk.NOBODY, Walk.REFUSED)


@dataclass(frozen=True)
class Visit:
    """Where a visit stands: all that the lifecycle decides.

    Attributes
    ----------
    kind, topics
        Keys of the rules: of what kind it is, and what it is, or was, about.
    asker, visitor
        The posts that planned it, and that goes there.
    keepers
        Posts that look after it: who planned it, and the heads of the place, the nearest first.
    due
        The day until which one goes there; None where nobody has to.
    late
        Whether the head was told that the day is over.
    tries
        How often somebody went there.
    households
        How many were met; None where nobody counted.
    walked
        When somebody went there last, by the walker's own clock, UTC.
    cases
        Numbers of the cases that were reported from it.
    items
        Under which keys phones sent what was done: account and key.
    """

    phase: Phase
    kind: str
    asker: str
    visitor: str
    keepers: tuple[str, ...]
    topics: tuple[str, ...] = ()
    due: date | None = None
    late: bool = False
    tries: int = 0
    households: int | None = None
    walked: datetime | None = None
    cases: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    def is_overdue(self, today: date) -> bool:
        """Tell whether its day is over and nobody went there."""
        return self.phase is Phase.PLANNED and self.due is not None and self.due < today

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values; days and times as ISO 8601, times in UTC."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **{name: list(getattr(self, name)) for name in _LISTS},
            "phase": self.phase.value,
            "due": self.due.isoformat() if self.due else None,
            "walked": to_text(self.walked),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Visit":
        """Read what `to_json` wrote."""
        lists: dict[str, Any] = {name: tuple(plain[name]) for name in _LISTS}
        return cls(
            **{name: plain[name] for name in _PLAIN},
            **lists,
            phase=Phase(plain["phase"]),
            due=date.fromisoformat(plain["due"]) if plain["due"] else None,
            walked=to_time(plain["walked"]),
        )


_PLAIN = ("kind", "asker", "visitor", "late", "tries", "households")
_LISTS = ("keepers", "topics", "cases", "items")


@dataclass(frozen=True)
class Walked:
    """One act as the history keeps it. ``data`` holds plain values.

    ``PLAN``: kind, visitor, keepers, due, topics. ``WALK``: the same, and outcome with what that outcome has. ``DONE``: topics, households, case. ``NOBODY``: due of the next try, left out
    where there is none. ``AGAIN``: due, visitor. ``CANCEL``: reason. ``NOTE``: text, case. ``STEP``: day. What a phone sends carries ``item_key`` and ``done_at``.
    """

    act: Walk
    by: By
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done_at(self) -> datetime:
        """When it was done, by the clock of who did it, UTC."""
        return to_time(self.data.get("done_at")) or self.at


Side = Callable[[Visit, By], bool]


@dataclass(frozen=True)
class Rule:
    """One line of the table: in which phases, to which it leads (None: it stays), who may, and what its data must carry."""

    frm: frozenset[Phase]
    to: Phase | None
    side: Side
    needs: tuple[str, ...] = ()


PLANNERS = frozenset({PostKind.WORKER, PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE, PostKind.DISPATCHER})  # fmt: skip


def _centre(_visit: Visit, by: By) -> bool:
    return by.kind is PostKind.DISPATCHER


def _keeper(visit: Visit, by: By) -> bool:
    return by.post in visit.keepers or _centre(visit, by)


def _walker(visit: Visit, by: By) -> bool:
    return by.post == visit.visitor or by.post in visit.keepers


def _either(visit: Visit, by: By) -> bool:
    return _walker(visit, by) or _centre(visit, by)


RULES: Mapping[Walk, Rule] = MappingProxyType(
    {
        Walk.DONE: Rule(OPEN, Phase.DONE, _walker),
        Walk.NOBODY: Rule(OPEN, Phase.WAITING, _walker),
        Walk.REFUSED: Rule(OPEN, Phase.REFUSED, _walker),
        Walk.AGAIN: Rule(OPEN, Phase.PLANNED, _keeper, ("due",)),
        Walk.CANCEL: Rule(OPEN, Phase.CANCELLED, _keeper, ("reason",)),
        Walk.NOTE: Rule(OPEN | WALKED, None, _either),
        Walk.STEP: Rule(frozenset({Phase.PLANNED}), None, _centre, ("day",)),
    }
)


def allowed(visit: Visit, by: By) -> tuple[Walk, ...]:
    """Return the acts that a post may do now, in the order of the table; what they need is not looked at."""
    return tuple(act for act in RULES if act is not Walk.STEP and not _refusal(visit, act, by))


def apply(visit: Visit | None, entry: Walked) -> Visit:
    """Return the state after an act.

    Raises
    ------
    LifecycleError
        The act is not allowed now, or not to this post, or lacks what it needs; the message says which.
    """
    if visit is None:
        return _begun(entry)
    refusal = _refusal(visit, entry.act, entry.by) or _lacking(visit, entry)
    if refusal:
        raise LifecycleError(refusal)
    after = replace(visit, phase=RULES[entry.act].to or visit.phase)
    return _noted(_EFFECTS.get(entry.act, _nothing)(after, entry), entry)


def replay(entries: Iterable[Walked]) -> Visit | None:
    """Return the state after a history; None after an empty one; raises LifecycleError where an entry could not have followed."""
    visit: Visit | None = None
    for entry in entries:
        visit = apply(visit, entry)
    return visit


def _begun(entry: Walked) -> Visit:
    """Return a new visit: planned, or made already."""
    data = entry.data
    if entry.act not in {Walk.PLAN, Walk.WALK}:
        raise LifecycleError(f"{entry.act.value} cannot be done to a visit that is not there yet.")
    if entry.by.kind not in PLANNERS:
        raise LifecycleError(f"{entry.act.value} is not for a post of the kind {entry.by.kind.value}: a grid post goes.")  # fmt: skip
    needs = ("kind", "visitor", "keepers", *(("due",) if entry.act is Walk.PLAN else ()))
    lacking = [name for name in needs if not data.get(name)]
    if lacking:
        raise LifecycleError(f"{entry.act.value} needs {', '.join(lacking)}.")
    planned = Visit(
        Phase.PLANNED,
        data["kind"],
        entry.by.post,
        data["visitor"],
        tuple(data["keepers"]),
        tuple(data.get("topics", ())),
        date.fromisoformat(data["due"]) if entry.act is Walk.PLAN else None,
    )
    if entry.act is Walk.PLAN:
        return _noted(planned, entry)
    if data.get("outcome") not in {act.value for act in OUTCOMES}:
        raise LifecycleError(f"walk needs an outcome: {', '.join(OUTCOMES)}.")
    return apply(planned, replace(entry, act=Walk(data["outcome"])))


def _refusal(visit: Visit, act: Walk, by: By) -> str:
    if act not in RULES:
        return f"{act.value} cannot be done to a visit that is there already."
    if visit.phase not in RULES[act].frm:
        return f"{act.value} cannot be done to a visit that is {visit.phase.value}."
    return "" if RULES[act].side(visit, by) else f"{act.value} is not for {by.post} in this visit."


def _lacking(visit: Visit, entry: Walked) -> str:
    lacking = [name for name in RULES[entry.act].needs if not entry.data.get(name)]
    if lacking:
        return f"{entry.act.value} needs {', '.join(lacking)}."
    check = _CHECKS.get(entry.act)
    return check(visit, entry) if check else ""


def _says_nothing(_visit: Visit, entry: Walked) -> str:
    return "" if entry.data.get("text") or entry.data.get("case") else "note needs text or case."


def _about_nothing(visit: Visit, entry: Walked) -> str:
    return "" if entry.data.get("topics") or visit.topics else "done needs topics."


def _too_soon(visit: Visit, entry: Walked) -> str:
    is_due = not visit.late and visit.is_overdue(date.fromisoformat(entry.data["day"]))
    return "" if is_due else "The day of the visit is not over yet, or its head was told."


_CHECKS: Mapping[Walk, Callable[[Visit, Walked], str]] = MappingProxyType(
    {Walk.NOTE: _says_nothing, Walk.DONE: _about_nothing, Walk.STEP: _too_soon}
)


def _nothing(after: Visit, _entry: Walked) -> Visit:
    return after


def _noted(after: Visit, entry: Walked) -> Visit:
    """Note which case was reported from it, and under which key a phone sent it."""
    case, item = entry.data.get("case", ""), entry.data.get("item_key", "")
    cases = (*after.cases, case) if case and case not in after.cases else after.cases
    return replace(after, cases=cases[:MOST_CASES], items=(*after.items, item) if item else after.items)


def _walked(after: Visit, entry: Walked) -> Visit:
    topics = tuple(entry.data.get("topics", ())) or after.topics
    return replace(after, topics=topics, due=None, late=False, tries=after.tries + 1, walked=entry.done_at)


def _done(after: Visit, entry: Walked) -> Visit:
    return replace(_walked(after, entry), households=entry.data.get("households"))


def _planned(after: Visit, entry: Walked) -> Visit:
    """Give it another day, and another post where one is named."""
    due, visitor = date.fromisoformat(entry.data["due"]), entry.data.get("visitor") or after.visitor
    return replace(after, phase=Phase.PLANNED, due=due, late=False, visitor=visitor)


def _nobody(after: Visit, entry: Walked) -> Visit:
    walked = _walked(after, entry)
    return _planned(walked, replace(entry, data={"due": entry.data["due"]})) if entry.data.get("due") else walked


_EFFECTS: Mapping[Walk, Callable[[Visit, Walked], Visit]] = MappingProxyType(
    {
        Walk.DONE: _done,
        Walk.NOBODY: _nobody,
        Walk.REFUSED: _walked,
        Walk.AGAIN: _planned,
        Walk.CANCEL: lambda after, _entry: replace(after, due=None, late=False),
        Walk.STEP: lambda after, _entry: replace(after, late=True),
    }
)
