"""A plan as a terminal asks for it and shows it: lines, and JSON."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from desk.planning.day import Asking, Planned
from desk.room import Room
from geo.errors import DraftError
from inspections.planning import Walk, Why, clock_of, totals, walked

if TYPE_CHECKING:
    from geo.net import Level, Overlay

WORDS = {
    Why.NOBODY: "in nobody's grid",
    Why.CLOSED: "closed in these hours",
    Why.BEYOND: "too far to come back in time",
    Why.FULL: "no time left",
    Why.TAKEN: "taken out by hand",
}


def asking(
    room: Room,
    now: datetime,
    *,
    posts: tuple[str, ...],
    day: datetime | None,
    begins: str,
    ends: str,
    grid: str,
    sites: tuple[str, ...],
    share: bool,
    night: tuple[str, ...] = (),
) -> Asking:
    """Return what the words of a command line ask for.

    Raises
    ------
    DraftError
        The hours or the grid are not as they have to be.
    """
    first, last = clock_of(begins), clock_of(ends)
    if first is None or last is None or first >= last:
        raise DraftError(f"{begins} to {ends} are no hours. Write two times, the earlier first, such as 08:30 and 17:30.", field="plan_hours")  # fmt: skip
    key, _, code = grid.partition(":")
    net = room.area.net
    layers: list[Level | Overlay] = [*net.levels, *net.overlays]
    there = {one.key: one.positions for one in layers}
    if grid and code not in there.get(key, {}) and code not in {one.code for one in net.stacks if key == net.leaf.key}:
        raise DraftError(f"There is no grid {grid}. Write KEY:CODE, such as {net.leaf.key}:{net.leaf.codes[0]}.", field="plan_grid")  # fmt: skip
    said = day.date() if day else room.clock(now).date()
    return Asking(posts, said, first, last, (key, code) if grid else None, frozenset(sites), share, frozenset(night))


def clock(seconds: int) -> str:
    """Return seconds since midnight as people write the time."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def lines(found: Planned) -> list[str]:
    """Return a plan as lines."""
    ours, plain_ = totals(found.problem, found.orders), totals(found.problem, found.plain)
    said = [
        f"{ours[0]} of {len(found.sites)} sites, {ours[1] / 1000:.1f} km, {ours[2]} minutes on the way; by due date alone {plain_[0]} sites, {plain_[1] / 1000:.1f} km, {plain_[2]} minutes",
        _about(found),
    ]
    for who, walk in _walks(found):
        said.append(f"{who}: {len(walk.order)} sites, {walk.metres} m, back at {clock(walk.back)}")
        for one, begins in zip(walk.order, walk.begins, strict=True):
            site = found.sites[one]
            said.append(f"  {clock(begins)}\t{site.number}\t{site.kind}\t{site.name}")
    said += [f"left out, {WORDS[why]}: {found.sites[one].number}\t{found.sites[one].name}" for one, why in found.out.items()]  # fmt: skip
    if found.over:
        said.append(f"left out, more than are planned at once: {found.over} sites with fewer points")
    return said


def plain(found: Planned) -> dict[str, Any]:
    """Return a plan as JSON."""
    names = ("sites", "metres", "way_minutes")
    return {
        "planned": dict(zip(names, totals(found.problem, found.orders), strict=True)),
        "by_due_date": dict(zip(names, totals(found.problem, found.plain), strict=True)),
        "network": found.ways.network,
        "straight_pairs": found.ways.straight,
        "joined_ends": found.ways.joined,
        "walks": [
            {
                "posts": who,
                "metres": walk.metres,
                "back": clock(walk.back),
                "sites": [
                    {"number": found.sites[one].number, "begins": clock(at)}
                    for one, at in zip(walk.order, walk.begins, strict=True)
                ],
            }
            for who, walk in _walks(found)
        ],
        "left_out": [{"number": found.sites[one].number, "why": why.value} for one, why in found.out.items()],
        "over": found.over,
    }


def _walks(found: Planned) -> Iterator[tuple[str, Walk]]:
    for at, order in enumerate(found.orders):
        walk = walked(found.problem, at, order)
        if walk and order:
            yield "+".join(post.key for post in found.walkers[found.problem.spans[at].walker]), walk


def _about(found: Planned) -> str:
    if not found.ways.network:
        return "Ways are straight lines times a factor: the pack has no streets."
    apart = f"; {found.ways.straight} pairs of places have no street between them and count as straight lines times a factor" if found.ways.straight else ""  # fmt: skip
    joined = f"; {found.ways.joined} ends of streets were joined to the next, which is close by" if found.ways.joined else ""  # fmt: skip
    return f"Ways follow the streets{joined}{apart}."
