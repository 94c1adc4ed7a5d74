"""The plan of a day, for posts: sites are chosen, shared out and ordered, beside the plain plan by due date. Nothing is written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from desk.inspections import rounds
from desk.inspections.rounds import EPOCH
from desk.planning.ways import Ways, streets
from desk.planning.work import Work, Worked, worked
from desk.room import Room
from desk.sites import register
from desk.visits.people import visitors
from geo.errors import DraftError, UnknownSites
from geo.measure import centre_of
from incidents.posts import Post
from inspections.grades import Degree
from inspections.planning import Orders, PlanRules, Problem, Visit, Why, left_out, spans_of
from inspections.sites import Site
from ledger.sites import Asked

if TYPE_CHECKING:
    from geo.net import Level, Overlay

PAIR = "+"
QUARTER = 15  # minutes
LATE = 600  # seconds after the beginning in which a day is still planned


@dataclass(frozen=True)
class Asking:
    """What is to be planned.

    Attributes
    ----------
    posts
        Keys of posts with a grid; two with a plus between them walk as a pair (两人一组), from the first one's grid.
    begins, ends
        Of everybody's day, as seconds since midnight.
    grid
        Key and code of the grid whose sites are planned; None for the whole area.
    sites
        Numbers of sites that are planned before others, whenever their round is: those of a campaign.
    night
        Numbers of sites whose re-check has to be by night: planned as those that were named, within the hours of the night alone.
    share
        Any of them may visit any site; else each visits what lies in the own grid.
    """

    posts: tuple[str, ...]
    day: date
    begins: int
    ends: int
    grid: tuple[str, str] | None = None
    sites: frozenset[str] = frozenset()
    share: bool = False
    night: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Planned:
    """The plan of a day.

    Attributes
    ----------
    sites
        Those of the problem's visits, in their order.
    walkers
        The posts of each walker.
    places
        Degrees WGS84: of the sites, then from where each walker starts.
    orders, plain
        The visits of each span, by the plan and by due date alone.
    out
        Visits in no walk, and why.
    over
        Sites that were due and were left out, since so many are not planned at once.
    """

    problem: Problem
    sites: tuple[Site, ...]
    walkers: tuple[tuple[Post, ...], ...]
    places: tuple[tuple[float, float], ...]
    ways: Ways
    orders: Orders
    plain: Orders
    out: Mapping[int, Why]
    over: int


@dataclass(frozen=True, eq=False)
class Ready:
    """What is chosen and not yet ordered.

    Attributes
    ----------
    work
        What `desk.planning.work.worked` takes; it can go to another process.
    """

    sites: tuple[Site, ...]
    walkers: tuple[tuple[Post, ...], ...]
    work: Work
    over: int


def planned(room: Room, asking: Asking, now: datetime, *, seed: int = 0) -> Planned:
    """Plan a day.

    Raises
    ------
    DraftError
        A post, a site or the hours are not as they have to be; says which.
    """
    found = ready(room, asking, now, seed=seed)
    return finished(found, worked(found.work))


def ready(room: Room, asking: Asking, now: datetime, *, seed: int = 0) -> Ready:
    """Choose what is to be planned, among what who looks through a room sees; raises as `planned`."""
    rules = room.rules.planning
    walkers = _walkers(room, asking, now)
    spans = tuple(span for at in range(len(walkers)) for span in spans_of(at, asking.begins, asking.ends, rules.noon))
    if not spans:
        raise DraftError(
            "No hours are left between the two times and the noon break. Give other hours.", field="plan_hours"
        )
    chosen, points, due, over = _chosen(room, rules, asking, now)
    grids = [_codes(room, posts) for posts in walkers]
    visits = tuple(_visit(rules, site, points[site.number], due[site.number], grids, share=asking.share, night=site.number in asking.night) for site in chosen)  # fmt: skip
    places = (*((site.lon, site.lat) for site in chosen), *(_start(room, posts[0]) for posts in walkers))
    work = Work(visits, spans, places, streets(room.area), rules.straight_factor, rules.walk_m_per_minute, rules.iterations, seed, rules.join_m)  # fmt: skip
    return Ready(tuple(chosen), walkers, work, over)


def usual_day(room: Room, now: datetime, begins: time, ends: time) -> tuple[date, time]:
    """Return the day and the beginning of a plan that somebody makes now: today, from the next full quarter on, as long as an hour of it is left."""
    there = now.astimezone(room.area.pack.timezone)
    if there.time() <= begins:
        return there.date(), begins
    quarter = (there.hour * 60 + there.minute) // QUARTER * QUARTER + QUARTER  # minutes after midnight
    if quarter + 60 <= ends.hour * 60 + ends.minute:
        return there.date(), time(quarter // 60, quarter % 60)
    return there.date() + timedelta(days=1), begins


def demand_ahead(room: Room, day: date, begins: int, now: datetime) -> None:
    """Raise DraftError where the hours of a plan begin before now; ``begins`` in seconds after midnight."""
    there = now.astimezone(room.area.pack.timezone)
    if day == there.date() and begins < there.hour * 3600 + there.minute * 60 - LATE:
        raise DraftError(f"It is {there:%H:%M}: the hours begin before now. Choose a later beginning, or another day.", field="plan_past")  # fmt: skip


def finished(ready: Ready, done: Worked) -> Planned:
    """Return the plan of what was chosen, once it is ordered."""
    out = left_out(done.problem, done.orders)
    return Planned(
        done.problem, ready.sites, ready.walkers, ready.work.places, done.ways, done.orders, done.plain, out, ready.over
    )


def _walkers(room: Room, asking: Asking, now: datetime) -> tuple[tuple[Post, ...], ...]:
    known, faults, found, seen = visitors(room, now) if room.who else room.register.posts(now), [], [], set()
    for said in asking.posts:
        posts = []
        for key in said.split(PAIR):
            post = known.get(key)
            if post is None or post.grid is None:
                faults.append(f"{key!r} is no post with a grid")
            elif key in seen:
                faults.append(f"{key!r} stands twice")
            else:
                posts.append(post)
            seen.add(key)
        found.append(tuple(posts))
    if not found:
        faults.append("no post was named")
    if faults:
        raise DraftError(f"Nobody can be planned so: {'; '.join(faults)}. Name posts as the page of posts lists them.", field="plan_posts")  # fmt: skip
    return tuple(found)


def _codes(room: Room, posts: Sequence[Post]) -> list[tuple[int, tuple[str, str]]]:
    """Return the grids of a walker with how deep each lies: a micro-grid's own walker comes before that of the grid above."""
    keys = list(room.area.net.keys)
    return [(keys.index(post.grid[0]), post.grid) for post in posts if post.grid]


def _start(room: Room, post: Post) -> tuple[float, float]:
    """Return where a walker starts: the middle of the grid of the post."""
    net, (key, code) = room.area.net, post.grid or ("", "")
    layers: list[Level | Overlay] = [*net.levels, *net.overlays]
    layer = next(one for one in layers if one.key == key)
    ground = next((stack.on for stack in net.stacks if stack.code == code), code)  # one on floors has no polygon
    at = layer.positions[ground if ground in layer.positions else code]
    return centre_of(layer.geoms[at : at + 1])


def _chosen(
    room: Room, rules: PlanRules, asking: Asking, now: datetime
) -> tuple[list[Site], dict[str, float], dict[str, int], int]:
    """Return the sites that are due by the day or were named, those with the most points first; points, days and how many were left out."""
    stand, day = rounds.stand(room, now), (asking.day - EPOCH).days
    there = {site.number: site for site in register.listed(room, Asked(room.id, grid=asking.grid, states=frozenset({"active"})), most=len(stand.numbers) or 1)}  # fmt: skip
    named = asking.sites | asking.night
    strange = sorted(named - there.keys())
    if strange:
        raise UnknownSites(f"There is no site in use {', '.join(strange)} here. Look at `battlemap sites list`.", field="plan_sites", numbers=strange)  # fmt: skip
    points, due = {}, {}
    for number in there.keys() & stand.places.keys():
        at = stand.places[number]
        if int(stand.due[at]) <= day or number in named:
            due[number] = int(stand.due[at])
            points[number] = _points(rules, day - due[number], int(stand.columns.open[at]), int(stand.columns.findings[at]), named=number in named)  # fmt: skip
    order = sorted(due, key=lambda number: (-points[number], due[number], number))
    return [there[number] for number in order[: rules.most_sites]], points, due, max(0, len(order) - rules.most_sites)


def _points(rules: PlanRules, late: int, open_: int, findings: int, *, named: bool) -> float:
    said = rules.points
    worst = next((degree for degree in Degree if degree.rank == open_), None)
    return (
        said["base"]
        + min(max(late, 0) * said["day_overdue"], said["most_overdue"])
        + (said[f"open_{worst.value}"] if worst else 0)
        + findings * said["finding"]
        + (said["named"] if named else 0)
    )


def _visit(rules: PlanRules, site: Site, points: float, due: int, grids: Sequence[Collection[tuple[int, tuple[str, str]]]], *, share: bool, night: bool) -> Visit:  # fmt: skip
    kind = rules.kind(site.kind)
    if share:
        walkers = frozenset(range(len(grids)))
    else:
        fits = [(-depth, at) for at, own in enumerate(grids) for depth, (key, code) in own if code in site.codes.get(key, "").split(";")]  # fmt: skip
        walkers = frozenset({min(fits)[1]} if fits else ())
    return Visit(site.number, kind.minutes * 60, (rules.night,) if night else kind.hours, points, due, walkers)
