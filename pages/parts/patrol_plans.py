"""Part of the page of patrols: the plans of nights, a new one, and the end of one."""

from datetime import UTC, datetime, time, timedelta
from html import escape

import streamlit as st

from desk.patrols.people import WALKERS, grids
from desk.patrols.plans import LONGEST_NAME, MOST_AHEAD, MOST_EVERY, PLANNERS, Planning, end, listed, make
from desk.posts.acting import NOBODY
from desk.room import Room
from desk.visits.acts import today
from geo.errors import BattlemapError
from ledger.patrols import Plan
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import post_name
from reports.patrol_lists import group_name
from reports.patrol_words import grid_title
from reports.refusals import refusal
from reports.words import post_title

BEGINS, ENDS = time(22), time(2)
NAMED = 6  # grids that a line names


def may_plan(visit: Visit) -> bool:
    """Tell whether the acting post plans patrols."""
    return visit.may("act") and visit.post is not NOBODY and visit.post.kind in PLANNERS


def plans(visit: Visit, room: Room) -> None:
    """Show the plans, and where one may plan the form of a new one."""
    _ = visit._
    found, day = listed(room), today(room, visit.now)
    goes_on = [one for one in found if not one.last or one.last >= day]
    with st.container(key="visit_form", gap="small"):
        st.html(f"<h2>{escape(_('Plans of patrols'))}</h2>")
        if not goes_on:
            st.html(f'<p class="bm-empty">{escape(_("There is no plan. A plan opens one patrol a night in each of its grids; what nobody walked is told to its head."))}</p>')  # fmt: skip
        for one in goes_on:
            _plan(visit, room, one)
        ended = [one for one in found if one not in goes_on]
        if ended:
            lines = "".join(f"<li>{escape(_line(visit, room, one))}</li>" for one in ended)
            st.html(f'<details class="bm-note"><summary>{escape(_("Plans that ended: {n}").format(n=f"{len(ended):,}"))}</summary><ul>{lines}</ul></details>')  # fmt: skip
        if may_plan(visit):
            _new(visit, room)


def _plan(visit: Visit, room: Room, one: Plan) -> None:
    _, form = visit._, Form(f"patrol_plan_{one.id}", visit)
    with st.container(key=f"plan_{one.id}", gap="small"):
        way = link(visit, "patrols", {"tab": "done", "plan": str(one.id)}, attributes=" class=bm-on-map")
        st.html(f'<p><b>{escape(one.name)}</b> {way}{escape(_("Its patrols"))}</a><br><span class="bm-note">{escape(_line(visit, room, one))}</span></p>')  # fmt: skip
        if may_plan(visit):
            with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
                day = today(room, visit.now)
                st.date_input(_("Last night"), min_value=day - timedelta(days=1), max_value=day + MOST_AHEAD - timedelta(days=1), format="YYYY-MM-DD", width=pixels(170), **form.bind("last", day))  # fmt: skip
                st.button(_("End the plan"), key=f"plan_end_{one.id}", on_click=_end, args=(visit, room, form, one))
        refused = form.get("refused", None)
        if refused:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _line(visit: Visit, room: Room, one: Plan) -> str:
    """Return what a plan says, in one line."""
    _ = visit._
    walkers = [post_name(room, key, _) for key in one.walkers]
    said = [
        room.rules.patrols.kind(one.kind).name.in_(visit.language),
        f"{one.begins}–{one.ends}",
        _("every night") if one.every == 1 else _("a night each {n} days").format(n=one.every),
        _places(visit, room, one),
        "、".join(walkers) if walkers else _("each grid's own posts"),
        _("from {day}").format(day=one.first),
        _("until {day}").format(day=one.last) if one.last else "",
    ]
    return " · ".join(filter(None, said))


def _places(visit: Visit, room: Room, one: Plan) -> str:
    """Return where a plan is walked: its grids, or that it is all of their level."""
    _ = visit._
    level = {code for known, code in grids(room) if known == one.level}
    if len(level) > 1 and level == set(one.places):
        return f"{group_name(room, one.level, _, visit.language)} · {_('all {n} grids').format(n=f'{len(level):,}')}"
    titles = [grid_title(room, one.level, code) for code in one.places]
    named = "、".join(titles[:NAMED]) if visit.language == "zh" else ", ".join(titles[:NAMED])
    more = _("and {n} more grids").format(n=f"{len(titles) - NAMED:,}") if len(titles) > NAMED else ""
    return f"{named} {more}".strip()


def _new(visit: Visit, room: Room) -> None:
    _, form, rules = visit._, Form("patrol_plan_new", visit), room.rules.patrols
    known, day = grids(room), today(room, visit.now)
    levels = list(dict.fromkeys(level for level, _code in known))
    kinds = list(rules.kinds)
    st.html(f"<h2>{escape(_('New plan'))}</h2>")
    if form.get("saved", None):
        st.html(f'<p class="bm-saved" role="status">{escape(_("The plan is saved. Its patrols are opened within a minute."))}</p>')  # fmt: skip
    st.text_input(_("Name"), max_chars=LONGEST_NAME, placeholder=_("e.g. Night patrol of e-bike sheds"), **form.bind("name"))  # fmt: skip
    st.segmented_control(_("Kind"), kinds, format_func=lambda key: rules.kind(key).name.in_(visit.language), required=True, **form.bind("kind", "night" if "night" in kinds else kinds[0]))  # fmt: skip
    level = st.segmented_control(_("Level of grids"), levels, format_func=lambda one: group_name(room, one, _, visit.language), required=True, **form.bind("level", _first(known)))  # fmt: skip
    with steady():
        codes = [code for one, code in known if one == level]
        form.mend("places", lambda chosen: [one for one in chosen or [] if one in codes])
        st.multiselect(_("Which grids"), codes, format_func=lambda code: grid_title(room, level or _first(known), code), placeholder=_("all {n} grids").format(n=f"{len(codes):,}"), select_all=False, **form.bind("places", []))  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.time_input(_("Begins at"), step=300, width=pixels(110), **form.bind("begins", BEGINS))
        st.time_input(_("Ends at"), step=300, width=pixels(110), **form.bind("ends", ENDS))
        st.number_input(_("A night each … days"), 1, MOST_EVERY, step=1, width=pixels(150), **form.bind("every", 1))
        st.date_input(_("First night"), min_value=day, max_value=day + MOST_AHEAD, format="YYYY-MM-DD", width=pixels(160), **form.bind("first", day))  # fmt: skip
        st.date_input(_("Last night (empty: no end)"), value=None, min_value=day, max_value=day + MOST_AHEAD, format="YYYY-MM-DD", width=pixels(200), **form.bind("last", None))  # fmt: skip
    posts = {key: post_title(post, _) for key, post in room.register.posts(visit.now).items() if post.kind in WALKERS}
    st.multiselect(_("Who walks (empty: each grid's own posts)"), list(posts), format_func=lambda key: posts.get(key, key), placeholder=_("Choose posts"), select_all=False, **form.bind("walkers", []))  # fmt: skip
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    st.button(_("Save the plan"), type="primary", key="patrol_plan_save", on_click=_save, args=(visit, room, form, _first(known)))  # fmt: skip


def _first(known: list[tuple[str, str]]) -> str:
    """Return the level that a plan begins with: the widest that has several grids to walk."""
    levels = [level for level, _code in known]
    return next((level for level in levels if levels.count(level) > 1), levels[0])


def _save(visit: Visit, room: Room, form: Form, usual: str) -> None:
    level = form.get("level", usual) or usual
    planning = Planning(
        form.get("name"),
        level,
        tuple(form.get("places", [])) or tuple(code for one, code in grids(room) if one == level),
        form.get("begins", BEGINS) or BEGINS,
        form.get("ends", ENDS) or ENDS,
        form.get("kind"),
        int(form.get("every", 1) or 1),
        tuple(form.get("walkers", [])),
        form.get("first", None),
        form.get("last", None),
    )
    try:
        make(room, planning, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear(saved=True)


def _end(visit: Visit, room: Room, form: Form, one: Plan) -> None:
    try:
        end(room, one, form.get("last", None) or today(room, visit.now), visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
