"""A plan of a day's walks as people change and keep it (排线): a site is moved to another walk, and what is kept says who comes when. Pure: times of a day are seconds since midnight, ways are metres."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

from geo.errors import LifecycleError
from inspections.planning import Orders, Problem, Visit, _first, walked


class State(StrEnum):
    """How a kept plan stands."""

    KEPT = "kept"
    REPLACED = "replaced"  # by a later one of the same day that has one of its posts
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What is done to a kept plan."""

    KEEP = "keep"
    REPLACE = "replace"
    WITHDRAW = "withdraw"


_AFTER: Mapping[tuple[State | None, Act], State] = {
    (None, Act.KEEP): State.KEPT,
    (State.KEPT, Act.REPLACE): State.REPLACED,
    (State.KEPT, Act.WITHDRAW): State.WITHDRAWN,
}


def after(state: State | None, act: Act) -> State:
    """Return how a plan stands after an act; raises LifecycleError where there is no such act."""
    found = _AFTER.get((state, act))
    if found is None:
        raise LifecycleError(f"A plan that is {state or 'not kept'} cannot be: {act}. Look at how it stands now.")
    return found


class Unfit(StrEnum):
    """Why a site cannot be moved to a place of a walk."""

    HOURS = "hours"  # it is closed when its visit would begin or end
    BACK = "back"  # its walker would be back too late
    OTHER = "other"  # another site of the walk would be visited outside of its hours


@dataclass(frozen=True, eq=False)
class Moved:
    """A plan after a move: its problem, in which a person's word stands above whose grid a site is in, and the orders."""

    problem: Problem
    orders: Orders


def moved(problem: Problem, orders: Orders, one: int, span: int | None, place: int | None = None) -> Moved | Unfit:
    """Return the plan with a visit in another walk or at another place of its own, and every walk timed anew.

    Parameters
    ----------
    span
        The walk to which it goes; None leaves it out.
    place
        Its place there, of the walk without it; None for the one with which the way is shortest.
    """
    without = tuple(tuple(at for at in order if at != one) for order in orders)
    if span is None:
        return Moved(problem, without)
    allowed = _allowed(problem, one, problem.spans[span].walker)
    order = without[span]
    places = range(len(order) + 1) if place is None else [max(0, min(place, len(order)))]
    fits = [(walk.metres, walk.back, at) for at in places if (walk := walked(allowed, span, (*order[:at], one, *order[at:])))]  # fmt: skip
    if not fits:
        at = places[-1] if place is not None else _nearest(problem, span, order, one)
        return _unfit(allowed, span, (*order[:at], one, *order[at:]), one)
    at = min(fits)[2]
    return Moved(allowed, (*without[:span], (*order[:at], one, *order[at:]), *without[span + 1 :]))


def _allowed(problem: Problem, one: int, walker: int) -> Problem:
    """Return the problem with a visit that a walker may make, whosever grid it lies in."""
    visit = problem.visits[one]
    if walker in visit.walkers:
        return problem
    visits = list(problem.visits)
    visits[one] = replace(visit, walkers=visit.walkers | {walker})
    return replace(problem, visits=tuple(visits))


def _nearest(problem: Problem, span: int, order: tuple[int, ...], one: int) -> int:
    """Return the place of a walk at which a visit adds the least way, whether it may be there or not."""
    start, metres = problem.start(span), problem.metres
    there = [start, *order, start]
    added = [int(metres[a, one] + metres[one, b] - metres[a, b]) for a, b in itertools.pairwise(there)]
    return min(range(len(added)), key=added.__getitem__)


def _unfit(problem: Problem, span: int, order: tuple[int, ...], one: int) -> Unfit:
    now, at = problem.spans[span].begins, problem.start(span)
    for each in order:
        visit: Visit = problem.visits[each]
        now += int(problem.seconds[at, each])
        begins = _first(visit, now)
        if begins is None:
            return Unfit.HOURS if each == one else Unfit.OTHER
        now, at = begins + visit.seconds, each
    return Unfit.BACK


@dataclass(frozen=True)
class Stop:
    """A visit of a kept walk: the site, when it begins and ends, and the way to it in metres."""

    number: str
    begins: int
    ends: int
    metres: int


@dataclass(frozen=True)
class KeptWalk:
    """A walk: a part of the day of a post, or of two that walk as a pair; before and after noon are two of them.

    Attributes
    ----------
    start
        Degrees WGS84: where it starts and ends.
    back
        When its walker is back.
    metres
        Of the whole way, there and back.
    """

    posts: tuple[str, ...]
    begins: int
    ends: int
    start: tuple[float, float]
    stops: tuple[Stop, ...]
    back: int
    metres: int


@dataclass(frozen=True, kw_only=True)
class DayPlan:
    """A plan that is kept.

    Attributes
    ----------
    post
        That kept it.
    walks
        Those with a site at least.
    out
        Sites in no walk, and why, as `inspections.planning.Why`.
    ours, plain
        Sites, metres, and minutes on the way: of this plan, and by due date alone.
    network, straight
        Whether ways follow streets, and between how many pairs of places none leads.
    over
        Sites that were due and that were too many to be planned at once.
    replaced_by
        Number of the plan that came in its place; "" for none.
    version
        Of its last change; 0 before it is written.
    """

    area: str
    day: date
    post: str
    begins: int
    ends: int
    walks: tuple[KeptWalk, ...]
    out: tuple[tuple[str, str], ...]
    ours: tuple[int, int, int]
    plain: tuple[int, int, int]
    network: bool
    straight: int
    over: int
    number: str = ""
    version: int = 0
    id: int = 0
    state: State = State.KEPT
    replaced_by: str = ""
    walkers: tuple[str, ...] = field(default=())

    @property
    def posts(self) -> tuple[str, ...]:
        """The posts that walk, or were planned and have nothing to do, in order."""
        return tuple(dict.fromkeys((*(post for walk in self.walks for post in walk.posts), *self.walkers)))

    def of_post(self, post: str) -> tuple[Stop, ...]:
        """Return what a post visits that day, in order."""
        walks = sorted((walk for walk in self.walks if post in walk.posts), key=lambda walk: walk.begins)
        return tuple(stop for walk in walks for stop in walk.stops)

    def body(self) -> dict[str, Any]:
        """Return what does not change once it is kept, as JSON has it; `of_body` reads it."""
        return {
            "begins": self.begins,
            "ends": self.ends,
            "walks": [
                {
                    "posts": list(walk.posts), "begins": walk.begins, "ends": walk.ends, "start": list(walk.start), "back": walk.back, "metres": walk.metres,
                    "stops": [[stop.number, stop.begins, stop.ends, stop.metres] for stop in walk.stops],
                }
                for walk in self.walks
            ],
            "out": [list(one) for one in self.out],
            "ours": list(self.ours),
            "plain": list(self.plain),
            "network": self.network,
            "straight": self.straight,
            "over": self.over,
        }  # fmt: skip

    @classmethod
    def of_body(cls, body: Mapping[str, Any], **own: Any) -> Self:
        """Return a plan of what `body` gave, and of what stands beside it."""
        walks = tuple(
            KeptWalk(tuple(one["posts"]), one["begins"], one["ends"], (one["start"][0], one["start"][1]), tuple(Stop(*stop) for stop in one["stops"]), one["back"], one["metres"])
            for one in body["walks"]
        )  # fmt: skip
        ours, plain = ((one[0], one[1], one[2]) for one in (body["ours"], body["plain"]))
        plain_ = {name: body[name] for name in ("begins", "ends", "network", "straight", "over")}
        return cls(walks=walks, out=tuple((one[0], one[1]) for one in body["out"]), ours=ours, plain=plain, **plain_, **own)  # fmt: skip


def kept_walks(problem: Problem, orders: Orders, walkers: tuple[tuple[str, ...], ...], starts: tuple[tuple[float, float], ...]) -> tuple[KeptWalk, ...]:  # fmt: skip
    """Return the walks of a plan that have a visit, as they are kept.

    Parameters
    ----------
    walkers, starts
        Of each walker: keys of its posts, and from where it starts, degrees WGS84.
    """
    found = []
    for span, order in enumerate(orders):
        walk, part = walked(problem, span, order), problem.spans[span]
        if walk and order:
            before = (problem.start(span), *order)
            stops = tuple(
                Stop(problem.visits[one].number, begins, begins + problem.visits[one].seconds, int(problem.metres[at, one]))
                for at, one, begins in zip(before, order, walk.begins, strict=False)
            )  # fmt: skip
            found.append(KeptWalk(walkers[part.walker], part.begins, part.ends, starts[part.walker], stops, walk.back, walk.metres))  # fmt: skip
    return tuple(found)
