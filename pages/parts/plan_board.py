"""Part of the page of plans: the head with what a plan comes to, its walks on the map, and its walks as lists whose sites can be moved. The script is pages/assets/plan.js."""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import streamlit as st

from desk.planning import keep
from desk.planning.day import Planned
from desk.room import Room
from desk.sites import register
from inspections.planning import walked
from inspections.plans import DayPlan
from inspections.sites import Site
from layers.document import assets_digest
from ledger.sites import Asked
from pages.parts.pick import pick_map
from pages.parts.visit import Visit
from reports import plan_words
from reports.case_words import grid_name
from reports.plan_words import clock, kilometres

_board = st.components.v2.component(
    "battlemap_plan",
    html='<div class="bm-routes"></div>',
    js="export default (element) => import(location.origin + element.data.script).then((script) => script.board(element))",
    isolate_styles=False,
)
Line = dict[str, Any]


def head(visit: Visit, room: Room, plan: DayPlan) -> None:
    """Show the day, who walks, and what it comes to beside the plain order by due date."""
    _ = visit._
    hours = f"{clock(plan.begins)}–{clock(plan.ends)}"
    lines = [plan_words.gain(plan.ours, plan.plain, _), plan_words.saved(plan.ours, plan.plain, _), plan_words.about_ways(network=plan.network, straight=plan.straight, _=_)]  # fmt: skip
    if plan.over:
        lines.append(_("{n} more sites are due; so many are not planned at once.").format(n=f"{plan.over:,}"))
    said = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    names = "、".join(plan_words.who(room, (post,), _) for post in plan.posts)
    st.html(
        f'<section class="bm-plan-head"><h2>{plan.day} {escape(hours)}</h2><p class="bm-note">{escape(names)}</p>{said}</section>'
    )


def beyond(visit: Visit, room: Room, plan: DayPlan, sites: Iterable[Site]) -> None:
    """Say how many sites phones do not show to who is to visit them."""
    many = keep.beyond(room, plan, sites, visit.now)
    if many:
        told = visit._("{n} sites lie beyond the grid of who visits them: their phones do not show these. Hand out the sheets.")  # fmt: skip
        st.html(f'<p class="bm-note">{escape(told.format(n=f"{many:,}"))}</p>')


def plan_map(visit: Visit, plan: DayPlan, sites: Iterable[Site], *, key: str) -> None:
    """Show the walks on the map: stops with their numbers, joined by a line each."""
    there = {site.number: [site.lon, site.lat] for site in sites}
    walks = [
        {"mark": str(mark), "start": list(walk.start), "stops": [there[stop.number] for stop in walk.stops if stop.number in there]}
        for mark, walk in enumerate(plan.walks, 1)
    ]  # fmt: skip
    with st.container(key="plan_map"):
        pick_map(visit.name, visit.language, visit._("Map: the walks of the plan"), None, still=True, walks=walks, key=key, on_picked=_leave)  # fmt: skip


def shown_draft(visit: Visit, room: Room, found: Planned) -> list[Line]:
    """Return the walks of a plan that is worked at, as its board shows them; those without a site too, and what is left out."""
    _, shown, mark = visit._, [], 0
    for span, order in enumerate(found.orders):
        walk, part = walked(found.problem, span, order), found.problem.spans[span]
        if walk is None:
            continue
        mark += bool(order)
        who = plan_words.who(room, tuple(post.key for post in found.walkers[part.walker]), _)
        stops = [_stop(visit, room, found.sites[one], one, clock(at)) for one, at in zip(order, walk.begins, strict=True)]  # fmt: skip
        shown.append(_walk(visit, span, str(mark) if order else "", who, (part.begins, part.ends), stops, walk.metres, walk.back))  # fmt: skip
    out = [_stop(visit, room, found.sites[one], one, "", why=_(plan_words.WHY[why.value])) for one, why in sorted(found.out.items())]  # fmt: skip
    return [*shown, _left(visit, out, len(out))]


def shown_kept(visit: Visit, room: Room, plan: DayPlan) -> tuple[list[Site], list[Line]]:
    """Return the sites of a kept plan that who looks sees, and its walks as its board shows them; of what is left out beyond that the number alone."""
    _ = visit._
    numbers = frozenset({stop.number for walk in plan.walks for stop in walk.stops} | {number for number, _why in plan.out})  # fmt: skip
    there = {site.number: site for site in register.listed(room, Asked(room.id, numbers=numbers), most=len(numbers) or 1)}  # fmt: skip
    shown = [
        _walk(
            visit, at, str(at + 1), plan_words.who(room, walk.posts, _), (walk.begins, walk.ends),
            [_stop(visit, room, there.get(stop.number), place, clock(stop.begins)) for place, stop in enumerate(walk.stops)], walk.metres, walk.back,
        )
        for at, walk in enumerate(plan.walks)
    ]  # fmt: skip
    out = [_stop(visit, room, there[number], place, "", why=_(plan_words.WHY.get(why, why))) for place, (number, why) in enumerate(plan.out) if number in there]  # fmt: skip
    if unseen := len(plan.out) - len(out):
        out.append({"one": len(plan.out), "begins": "", "name": _("{n} sites beyond what you see").format(n=f"{unseen:,}"), "about": ""})  # fmt: skip
    return list(there.values()), [*shown, _left(visit, out, len(plan.out))] if out else shown


def board(visit: Visit, walks: list[Line], *, last: int | None, key: str, on_moved: Callable[[], None] | None) -> None:
    """Show walks as lists.

    Parameters
    ----------
    last
        The visit that was moved last.
    on_moved
        Called when a site was moved; ``st.session_state[key]["moved"]`` then holds ``one``, ``span`` and ``place``. None: they stay as they are.
    """
    _ = visit._
    words = {"empty": _("no site"), "up": _("Move earlier"), "down": _("Move later"), "move": _("Move to …"), "out": _("Left out"), "alone": _("This walk alone on the map")}  # fmt: skip
    script = f"/assets/{assets_digest()}/plan.js"
    data = {"script": script, "walks": walks, "words": words, "last": last, "still": on_moved is None}
    if on_moved is None:
        _board(data=data, key=f"{key}_still")
    else:
        st.html(f'<p class="bm-note">{escape(_("Drag a site to another place or walk, or use its buttons; all times are worked out anew at once."))}</p>')  # fmt: skip
        _board(data=data, key=key, on_moved_change=on_moved)


def _walk(visit: Visit, span: int, mark: str, who: str, hours: tuple[int, int], stops: list[Line], metres: int, back: int) -> Line:  # noqa: PLR0917  # fmt: skip
    about = f"{clock(hours[0])}–{clock(hours[1])}"
    if stops:
        about = visit._("{hours}: {n} sites, {km} km, back at {back}").format(hours=about, n=f"{len(stops):,}", km=kilometres(metres), back=clock(back))  # fmt: skip
    return {"span": span, "mark": mark, "title": who, "about": about, "stops": stops}


def _left(visit: Visit, stops: list[Line], many: int) -> Line:
    return {"span": None, "mark": "", "title": visit._("Left out"), "about": visit._("{n} sites").format(n=f"{many:,}"), "stops": stops}  # fmt: skip


def _stop(visit: Visit, room: Room, site: Site | None, one: int, begins: str, *, why: str = "") -> Line:
    if site is None:
        return {"one": one, "begins": begins, "name": visit._("a site beyond what you see"), "about": why}
    kind = room.rules.sites.kind(site.kind).name.in_(visit.language)
    about = " · ".join(filter(None, (why, site.number, kind, grid_name(room, site.codes))))
    return {"one": one, "begins": begins, "name": site.name, "about": about}


def _leave() -> None:
    """Leave everything as it is: the map shows, and asks for nothing."""
