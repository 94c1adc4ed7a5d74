"""What hangs on a wall beside the map (大屏): how many grids are in which state, the clocks of whistles, who is on duty. Counts, kinds and posts: no words of a case, nobody's name, no number but the office's."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from desk.outbox.book import Books
from desk.posts.duty import on_duty
from desk.room import Room
from desk.sites import binding
from desk.walls.views import stops
from desk.whistle.people import CENTRE
from geo.net import Net
from incidents.deadlines import Light
from incidents.model import Mark
from incidents.rota import Role
from incidents.wall_views import WallView
from incidents.whistles import RUNNING, Phase
from ledger import find, whistles
from ledger.whistles import Filed
from locales import Translator, translator
from reports import alerts, figures, wall_works
from reports.address import SHIFT
from reports.case_words import deadline, post_name
from reports.figures import MARKS, Filter
from reports.roster import ROLE, post_full
from reports.whistles import TO, kind_name, phase_name

DUTY = "duty"  # the duty telephone in the address book
ON_WALL = (Role.LEADER, Role.OFFICER, Role.NIGHT)
MOST_WHISTLES = 12  # that any screen has room for
MOST_SOON = 24  # of those due next, so many are asked whether they are due soon
TOLD = {
    "counts": ("grids", "sources"),
    "overdue": ("soon",),
    "whistles": ("whistles",),
    "duty": ("duty",),
    **{panel: (panel,) for panel in ("campaign", "sheet", "plan", "air")},
}  # panel -> what it is told; the others draw what the map knows
TOGETHER = 5  # seconds for which all walls that look the same way get the same answer


def panels(room: Room, view: WallView, now: datetime, language: str) -> dict[str, Any]:
    """Return the figures of a wall's panels, those alone that the view names and who looks may see; worked out once for all walls that look the same way; and the warnings, as they are now.

    Raises
    ------
    FilterError
        As `figures.look`.
    """
    at = now.replace(microsecond=0, second=now.second - now.second % TOGETHER)
    return {
        **_panels(room, wall_works.permitted(room, view), at, language, room.version()),
        "alerts": alerts.told(room, now, translator(language), language),
    }


@lru_cache(maxsize=64)
def _panels(room: Room, view: WallView, now: datetime, language: str, _version: int) -> dict[str, Any]:
    _ = translator(language)
    made: Mapping[str, Callable[[], Any]] = {
        "grids": lambda: grids(room, view, now),
        "sources": lambda: sources(room, view),
        "soon": lambda: soon(room, view, now, _),
        "whistles": lambda: whistles_of(room, view, now, _, language),
        "duty": lambda: duty(room, now, _),
        "campaign": lambda: wall_works.campaign(room, view, now, _),
        "sheet": lambda: wall_works.sheet(room, language),
        "plan": lambda: wall_works.plan(room, view, now, _),
        "air": lambda: wall_works.air_now(room, view, now, _, language),
    }
    found = {name: made[name]() for panel, names in TOLD.items() if panel in view.panels for name in names}
    return {"stops": [code for _key, code in stops(room, view)], **found}


def grids(room: Room, view: WallView, now: datetime) -> dict[str, int] | None:
    """Count the micro-grids of the shown part by their state; None for a part that is no level of the net."""
    held = _leaves(room, view.part)
    if held is None:
        return None
    placed = figures.look(room, shown(view), now).placed
    states = figures.grid_states(room.area.net, placed, room.area.net.leaf.key)
    counted = {mark: sum(state == mark and code in held for code, state in states.items()) for mark in MARKS}
    return {**counted, "neutral": len(held) - sum(counted.values())}


def soon(room: Room, view: WallView, now: datetime, _: Translator) -> list[list[str]]:
    """Return class, micro-grid and deadline of what is due soon (临期) in the shown part, the soonest first: what the console shows with an amber light. Of restricted classes there is none."""
    picture = figures.look(room, shown(view), now)
    placed = picture.placed
    ahead = placed[(placed["mark"] == Mark.RED.value) & (placed["due"] >= picture.clock)].sort_values(["due", "uid"]).head(MOST_SOON)  # fmt: skip
    numbers = frozenset(ahead["uid"])
    with room.ledger.reading() as connection:
        found = find.incidents(connection, room.wanted(numbers=numbers)) if numbers else []
    near = {case.number for case in found if deadline(room, case, now, _).light is Light.AMBER}
    kept = ahead[ahead["uid"].isin(near)]
    return [[class_, leaf, due.isoformat()] for class_, leaf, due in zip(kept["class"], kept[room.area.net.leaf.key], kept["due"], strict=True)]  # fmt: skip


def sources(room: Room, view: WallView) -> dict[str, int] | None:
    """Count the sources of pollution that work in the shown part, and those of them for which a post answers (污染源落格); None where there are none."""
    found = binding.figure(room, view.part)
    return {"all": found.all, "bound": found.bound} if found.all else None


def shown(view: WallView) -> Filter:
    """Return the filter of a view: its part, in the present shift."""
    return Filter.from_query({"grid": view.grid, "days": SHIFT})


def whistles_of(room: Room, view: WallView, now: datetime, _: Translator, language: str) -> dict[str, Any]:
    """Return the whistles that run in the shown part, the most urgent first: kinds, micro-grids, who was called and what their clock runs for. Of those about a case of a restricted class there is the count alone."""
    with room.ledger.reading() as connection:
        filed = [one for one in whistles.listed(connection, room.id, phases=RUNNING) if _lies(room, view, one)]
        numbers = frozenset(one.incident for one in filed if one.incident)
        asked = room.whole.wanted(numbers=numbers, restricted=True)
        hidden = {row["number"] for row in find.rows(connection, asked, columns=("number",))} if numbers else set()
    open_ = [one for one in filed if one.incident not in hidden]
    late = sum(1 for one in filed if one.state.deadline is not None and one.state.deadline <= now)
    rows = [_whistle(room, one, _, language) for one in open_[:MOST_WHISTLES]]
    return {"count": len(filed), "late": late, "rows": rows}


def duty(room: Room, now: datetime, _: Translator) -> dict[str, Any]:
    """Return which posts are on duty, and the number of the duty telephone, an office's; "" where the address book has none."""
    serving = on_duty(room, now)
    rows = [
        {"role": _(ROLE[role]), "posts": [post_full(room, one.post, _) for one in serving if one.role is role]}
        for role in ON_WALL
        if role is not Role.NIGHT or any(one.role is role for one in serving)
    ]
    return {"rows": rows, "phone": Books(room.ledger.folder).read().contact(room.id, DUTY).sms}


def _whistle(room: Room, filed: Filed, _: Translator, language: str) -> dict[str, Any]:
    state = filed.state
    running = [one for one in state.active if one.deadline and one.deadline == state.deadline]
    stage = running[0].running if running and state.phase is Phase.BLOWN else None
    called = running[0].post if running else state.lead.post if state.lead else ""
    return {
        "kind": kind_name(room, state, language),
        "who": post_name(room, called, _) if called and called != CENTRE.post else "",
        "leaf": filed.codes.get(room.area.net.leaf.key, "").partition(";")[0],
        "stage": _(TO[stage]) if stage else phase_name(room, state, _),
        "due": state.deadline.isoformat() if state.deadline else None,
    }


def _leaves(room: Room, part: tuple[str, str] | None) -> frozenset[str] | None:
    """Return the codes of the micro-grids that who looks sees of a part; those of one stack are counted one by one."""
    net, scope = room.area.net, room.who.scope.grid if room.who else None
    mask = np.ones(len(net.leaf), dtype=bool)
    above = net.ancestors(np.arange(len(net.leaf)))
    for key, code in filter(None, (part, scope)):
        if key not in above:
            return None
        positions = above[key]
        mask &= (positions >= 0) & (net.level(key).codes[positions] == code)
    return frozenset(_stacked(net, net.leaf.codes[mask].tolist()))


def _stacked(net: Net, codes: Iterable[str]) -> Iterable[str]:
    for code in codes:
        stacked = net.stacked.get(code, ())
        yield from (stack.code for stack in stacked) if stacked else (code,)


def _lies(room: Room, view: WallView, filed: Filed) -> bool:
    """Tell whether a whistle's place lies in the shown part, and in the scope of who looks; a scope that is no place has none."""
    scope = room.who.scope if room.who else None
    if scope and not scope.whole and not scope.grid:
        return False
    parts = filter(None, (view.part, scope.grid if scope else None))
    return all(code in filed.codes.get(key, "").split(";") for key, code in parts)
