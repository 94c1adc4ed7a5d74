"""Plans of a day are kept: who may plan for whom, what is told of it, and what phones go by."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime

from desk.inspections.reading import today
from desk.planning.day import Asking, Planned
from desk.planning.kept import sight
from desk.posts.acting import change
from desk.room import Room
from desk.visits.people import visitors
from geo.errors import DraftError, NoAccess
from incidents.lifecycle import By
from incidents.posts import Post
from inspections.planning import totals
from inspections.plans import DayPlan, State, kept_walks
from inspections.sites import Site
from ledger import plans

NEEDS = "day_plan"  # capability
MOST = 60  # plans of a list


def people(room: Room, now: datetime) -> dict[str, Post]:
    """Return the posts for whom who looks through a room may plan, by key: those of their grid and of all below it."""
    return visitors(room, now)


def listed(room: Room) -> list[DayPlan]:
    """Return the plans of the latest days, the latest first."""
    with room.ledger.reading() as connection:
        return plans.page(connection, room.id, sight(room), most=MOST)


def plan(room: Room, number: str) -> DayPlan:
    """Return a kept plan; raises DraftError where there is none of that number, or none for who looks."""
    with room.ledger.reading() as connection:
        return plans.get(connection, room.id, number, sight(room))


def version(room: Room) -> int:
    """Return a number that grows with every change of a plan."""
    with room.ledger.reading() as connection:
        return plans.latest(connection, room.id)


def instead(room: Room, day: date, posts: Collection[str]) -> list[DayPlan]:
    """Return the plans that one of a day for some posts would replace."""
    with room.ledger.reading() as connection:
        return plans.sharing(connection, room.id, day, posts)


def keep(room: Room, found: Planned, asking: Asking, by: By, now: datetime, *, seen: Mapping[str, int]) -> DayPlan:
    """Keep a plan, and return it; those of the day with one of its posts are replaced.

    Parameters
    ----------
    seen
        Number -> version of the plans of which whoever keeps it saw that they would be replaced.

    Raises
    ------
    DraftError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    if asking.day < today(room, now):
        raise DraftError("That day is over. Plan today or a later one.", field="plan_day")
    made = drawn(room, found, asking, by)
    if not made.walks:
        raise DraftError("The plan has no visit. Move a site into a walk, or plan anew.", field="plan_empty")
    _demand(room, made.posts, now)
    return change(room, NEEDS, by, now, lambda writing: plans.keep(writing, made, seen, by=by, at=now.astimezone(UTC)))


def withdraw(room: Room, kept: DayPlan, by: By, now: datetime) -> DayPlan:
    """Withdraw a plan, as it was seen, and return it; its posts see their sites by the day of their rounds again.

    Raises
    ------
    DraftError, Conflict, LifecycleError, NoAccess
        Why it cannot be; nothing was written.
    """
    plan(room, kept.number)
    _demand(room, kept.posts, now)
    return change(room, NEEDS, by, now, lambda writing: plans.withdraw(writing, room.id, kept.number, kept.version, by=by, at=now.astimezone(UTC)))  # fmt: skip


def drawn(room: Room, found: Planned, asking: Asking, by: By) -> DayPlan:
    """Return a plan as it would be kept."""
    many = len(found.sites)
    walkers = tuple(tuple(post.key for post in posts) for posts in found.walkers)
    problem = found.problem
    return DayPlan(
        area=room.id,
        day=asking.day,
        post=by.post,
        begins=asking.begins,
        ends=asking.ends,
        walks=kept_walks(problem, found.orders, walkers, found.places[many:]),
        out=tuple((found.sites[one].number, why.value) for one, why in found.out.items()),
        ours=totals(problem, found.orders),
        plain=totals(problem, found.plain),
        network=found.ways.network,
        straight=found.ways.straight,
        over=found.over,
        state=State.KEPT,
        walkers=tuple(post for posts in walkers for post in posts),
    )


def beyond(room: Room, made: DayPlan, sites: Iterable[Site], now: datetime) -> int:
    """Return how many of some sites are in a walk of which no post sees them: neither in its grid nor answered for by it. Phones do not show those."""
    known, there = room.register.posts(now), {site.number: site for site in sites}
    many = 0
    for walk in made.walks:
        grids = [known[post].grid for post in walk.posts if post in known]
        some = [there[stop.number] for stop in walk.stops if stop.number in there]
        many += sum(site.post not in walk.posts and not any(grid and grid[1] in site.codes.get(grid[0], "").split(";") for grid in grids) for site in some)  # fmt: skip
    return many


def _demand(room: Room, posts: Collection[str], now: datetime) -> None:
    known = people(room, now) if room.who else {}
    strange = sorted(set(posts) - known.keys()) if room.who else []
    if strange:
        raise NoAccess(f"{', '.join(strange)}: you plan for the posts of your own grid and of those below it.", "post")
