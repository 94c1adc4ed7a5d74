"""Work on a wall (大屏) that has lines of its own: how far a campaign is, the last signed daily sheet, the walks of the day, and the air. Counts, posts and places: no site, no case, nobody's name."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from desk.air.board import Standing, board, readings
from desk.inspections.reading import today
from desk.patrols.people import grids
from desk.room import Room
from desk.walls.views import lies_in
from desk.warnings.acts import grace
from incidents.access import Role, Scope, Who
from incidents.alerts import Alert
from incidents.indicators import share
from incidents.sheet_life import State
from incidents.wall_views import WallView
from inspections.campaigns import Campaign, total
from inspections.campaigns import Row as Reach
from inspections.warnings import Tally, Warned, tally
from ledger import campaigns, inspections, plans, sheets, sites, warnings
from locales import Translator
from reports import air
from reports.alerts import name_of
from reports.coverage import lines
from reports.figures import level_of
from reports.patrol_words import grid_title
from reports.roster import post_full
from reports.sheet_files.paper import COUNT, MISSING, RATE
from reports.sheet_files.paper import Row as Line
from reports.sheet_frozen import printable

NEEDS: Mapping[str, str] = {"campaign": "campaigns", "sheet": "sheets", "plan": "day_plans"}
"""Panel -> the capability of the pages that it is taken from; the air is told to whoever sees a wall."""
COUNTS = "wall_counts"  # capability: of a screen that is no person, where a kept view names the panel
WHOLE = frozenset({"sheet"})  # panels that name every community: only where all of the area is shown
SMOG = "heavy_pollution"
MOST = 24  # lines that any screen has room for
MOST_COUNTS = 3  # of a line of the sheet
Told = dict[str, Any]


def permitted(room: Room, view: WallView) -> WallView:
    """Return a view with the panels alone that who looks may see.

    A person sees those of the pages that they may open. A screen, which is no person, sees those that a kept view names, if the permissions give it `COUNTS`.
    """
    return replace(view, panels=tuple(panel for panel in view.panels if panel not in NEEDS or _may(room, view, panel)))


def campaign(room: Room, view: WallView, now: datetime, _: Translator) -> Told:
    """Return how far the running phase of the newest campaign is: the whole, then grid by grid, the least share first; nothing where none runs."""
    seen = _seen(room, view)
    with room.ledger.reading() as connection:
        running = [one for one in campaigns.page(connection, room.id) if one.running]
    if not running:
        return _told()
    chosen = running[0]
    rows = _reached(seen, chosen, now, _)
    whole, phase = total(rows), chosen.phase(chosen.running)
    note = [chosen.name, phase.name, _("{n} more run").format(n=len(running) - 1) if len(running) > 1 else ""]
    ordered = sorted((one for one in rows if one.targets), key=lambda one: (one.visited / one.targets, one.code))
    said = [_reach(replace(whole, name=_("Total")), _), *(_reach(one, _) for one in ordered)]
    return _told(note, said if len(ordered) != 1 else said[:1])


def sheet(room: Room, language: str) -> Told:
    """Return the last sheet of cases that was signed, as it was frozen: the whole, then its lines by rank; nothing where none was signed."""
    with room.ledger.reading() as connection:
        found = sheets.page(connection, room.id, campaigns={""}, states=(State.SIGNED, State.SENT), most=1)
    if not found:
        return _told()
    paper = printable(room.whole, found[0], language)
    counts = [(one.key, one.heading) for one in paper.columns if one.kind == COUNT][:MOST_COUNTS]
    rate = next((one.key for one in paper.columns if one.kind == RATE), "")

    def line(one: Line, *, place: bool) -> Told:
        rank = one.values.get("rank") if place else None
        detail = [f"{heading} {one.values.get(key) if one.values.get(key) is not None else MISSING}" for key, heading in counts]  # fmt: skip
        return _line(one.name, detail, str(one.values.get(rate) or MISSING) if rate else "", rank=str(rank or ""))

    ranked = sorted(paper.rows, key=lambda one: (not one.values.get("rank"), int(one.values.get("rank") or 0)))
    note = [
        f"{found[0].day:%Y-%m-%d}",
        paper.number,
        next((one.heading for one in paper.columns if one.key == rate), ""),
    ]
    return _told(note, [line(paper.total, place=False), *(line(one, place=True) for one in ranked)])


def plan(room: Room, view: WallView, now: datetime, _: Translator) -> Told:
    """Return the walks of the day by the plans that hold: by post how many of its sites were inspected this day, the one with most left first."""
    seen, day = _seen(room, view), today(room, now)
    mine = seen.within
    with room.ledger.reading() as connection:
        kept = plans.of_day(connection, room.id, day, sites.EVERYTHING)
        walks = [walk for one in kept for walk in one.walks if not mine.narrows or any(_walks_here(seen, post) for post in walk.posts)]  # fmt: skip
        numbers = {stop.number for walk in walks for stop in walk.stops}
        last = inspections.last_days(connection, room.id, numbers) if numbers else {}
    done = {number for number, said in last.items() if said == day.isoformat()}
    walks.sort(key=lambda walk: walk.begins)
    by_posts = {posts: [walk for walk in walks if walk.posts == posts] for posts in dict.fromkeys(walk.posts for walk in walks)}  # fmt: skip
    if not by_posts:
        return _told()
    begin = datetime.combine(day, time(), room.area.pack.timezone)
    rows = []
    for posts, own in by_posts.items():
        stops = [stop for walk in own for stop in walk.stops]
        left = sorted(stop.begins for stop in stops if stop.number not in done)
        name = "、".join(_walker(room, post, _) for post in posts)
        state = (
            _("all done")
            if not left
            else _("next at {time}").format(time=f"{begin + timedelta(seconds=left[0]):%H:%M}")
        )
        detail = [state, _("{n} km").format(n=f"{sum(walk.metres for walk in own) / 1000:.1f}")]
        rows.append((-len(left), name, _line(name, detail, _of(len(stops) - len(left), len(stops)), part=1 - len(left) / len(stops))))  # fmt: skip
    note = [
        _("{n} walkers").format(n=len(by_posts)),
        _("sites inspected: {of}").format(of=_of(len(numbers & done), len(numbers))),
    ]
    return _told(note, [said for _left, _name, said in sorted(rows, key=lambda one: one[:2])])


def air_now(room: Room, view: WallView, now: datetime, _: Translator, language: str) -> Told:
    """Return the level of the heavy-pollution warning that holds, with its tasks in the shown part, and the index of each station's last hour, those that stand out first."""
    seen = _seen(room, view)
    with room.ledger.reading() as connection:
        holding = [one for one in warnings.listed(connection, room.id, holding=True) if one.starts <= now]
        most = max(holding, key=lambda one: _severity(room, one), default=None)
        tasks = warnings.tasks(connection, room.id, most.number, seen.within) if most else []
    note = []
    if most:
        called = name_of(room, Alert(SMOG, most.level, most.issuer, most.order, most.starts, most.ends), _, language)
        note = [called, *_tasks(next(iter(tally((("", one) for one in tasks), now, grace(room))), None), _)]
    zone = room.area.pack.timezone
    return _told(note, [_station(one, zone, _) for one in board(room, readings(room), now)])


def _tasks(found: Tally | None, _: Translator) -> list[str]:
    if found is None:
        return []
    every = found.done + found.open
    said = _("tasks done: {of}").format(of=_of(found.done, every))
    return [said, _("{n} overdue").format(n=found.late)] if found.late else [said]


def _station(one: Standing, zone: tzinfo, _: Translator) -> Told:
    if one.stopped:
        return _line(
            one.station.name, [_("no reading since {time}").format(time=air.hour_text(one.hour, zone))], MISSING
        )
    grade = _(air.GRADE[one.index.grade]) if one.index and one.index.grade else ""
    values = [f"{air.POLLUTANT[name]}\u00a0{one.measured[name]:g}" for name in air.SHOWN[:2] if name in one.measured]
    why = dict.fromkeys(_(air.ALARM[reason]) for reasons in one.alarms.values() for reason in reasons)
    hour = f"{one.hour.astimezone(zone):%H:00}" if one.hour else ""
    value = str(one.index.value) if one.index and one.index.value is not None else "NA"
    return _line(one.station.name, [grade, hour, *values, *why], value, look="late" if one.alarms else "")


def _reached(seen: Room, chosen: Campaign, now: datetime, _: Translator) -> Sequence[Reach]:
    """Return the rows of a campaign by communities; where who looks sees one alone, by the grids below it."""
    levels = [level.key for level in seen.area.net.levels]
    at = levels.index(level_of(seen).key)
    there = [level for level, _code in grids(seen)]
    by = next((key for key in levels[at:] if there.count(key) > 1), levels[at])
    return lines(seen, chosen, chosen.running, now, by, _)


def _reach(one: Reach, _: Translator) -> Told:
    away = one.refused + one.absent
    detail = [_("inspected {of}").format(of=_of(one.visited, one.targets)), *([_("in vain {n}").format(n=away)] if away else []), *([_("{n} overdue").format(n=one.open_late)] if one.open_late else [])]  # fmt: skip
    return _line(one.name or MISSING, detail, share(one.visited, one.targets) or MISSING, part=one.visited / one.targets if one.targets else 0.0)  # fmt: skip


def _line(label: str, detail: Sequence[str], lead: str, *, look: str = "", part: float | None = None, rank: str = "") -> Told:  # fmt: skip
    return {"label": label, "detail": [one for one in detail if one], "lead": lead, "look": look, "part": part, "rank": rank}  # fmt: skip


def _told(note: Sequence[str] = (), rows: Sequence[Told] = ()) -> Told:
    return {"note": [one for one in note if one], "rows": list(rows[:MOST]), "count": len(rows)}


def _of(some: int, every: int) -> str:
    return f"{some:,}\u00a0/\u00a0{every:,}"  # in one line


def _severity(room: Room, one: Warned) -> int:
    return list(room.rules.alerts.kind(SMOG).levels).index(one.level)


def _walker(room: Room, key: str, _: Translator) -> str:
    """Return a post by its grid and title, so that two workers are told apart."""
    name, post = post_full(room, key, _), room.register.named(key)
    place = grid_title(room, *post.grid) if post and post.grid else ""
    return name if place in name else f"{place} {name}"


def _walks_here(seen: Room, post: str) -> bool:
    """Tell whether a post's own grid lies in what is shown, or the post is that of who looks."""
    grid = seen.who.scope.grid if seen.who else None
    known = seen.register.named(post)
    return post in seen.within.posts or bool(grid and known and known.grid and lies_in(seen.area.net, known.grid, grid))


def _may(room: Room, view: WallView, panel: str) -> bool:
    who = room.who
    if panel in WHOLE and (view.part or room.within.narrows):
        return False
    if who is None:
        return True
    if not who.scope.whole and not who.scope.grid:  # a department's is no place
        return False
    return bool(view.key) if who.can(COUNTS) else who.can(NEEDS[panel])


def _seen(room: Room, view: WallView) -> Room:
    """Return the room as far as a panel counts that `permitted` left: the shown part, or all that who looks sees."""
    may = frozenset(NEEDS.values())
    if view.part or room.who is None:
        return room.seen_by(Who("", "", Role.WALL, Scope(room.id, view.part), may=may)) if view.part else room
    return room.seen_by(replace(room.who, may=room.who.may | may))
