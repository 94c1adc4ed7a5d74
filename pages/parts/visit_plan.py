"""Part of the page of visits: new ones planned, to the buildings of grids, to buildings by their codes, or to one place."""

from datetime import UTC, datetime, timedelta
from html import escape

import streamlit as st

from desk.places import search
from desk.room import Room
from desk.visits.acts import MOST_AHEAD, Planning, plan, today
from desk.visits.people import grids, visitors
from desk.visits.places import Goal, codes_in, houses, named, point
from geo.errors import BattlemapError
from incidents.lifecycle import PostKind
from incidents.visits import Phase
from layers.grid_names import full_names
from ledger.visits import Filed
from locales import N_
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.refusals import refusal
from reports.words import post_title

WAYS = {"grid": N_("Buildings of a grid"), "codes": N_("Codes of buildings"), "place": N_("One place")}


def plan_visits(visit: Visit, room: Room) -> None:
    """Show the form; once it is saved, the way to what was planned, and an empty one."""
    _, form = visit._, Form("visit_plan", visit)
    with st.container(key="visit_form", gap="small"):
        _done(visit, form)
        st.html(f"<h2>{escape(_('Plan visits'))}</h2>")
        st.html(f'<p class="bm-note">{escape(_("A visit goes to a place, never to a named person. What is written down are counts and a few words about the matter."))}</p>')  # fmt: skip
        goals, fault = _goals(visit, room, form)
        _who_and_when(visit, room, form)
        note = room.rules.visits.longest_note
        st.text_input(_("Note for who goes there"), max_chars=note, placeholder=_("No names, numbers or door numbers: only the matter"), **form.bind("text"))  # fmt: skip
        refused = form.get("refused", None) or fault
        if refused:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
        many = len(goals)
        label = _("Plan {n} visits").format(n=f"{many:,}") if many else _("Plan visits")
        st.button(label, type="primary", key="visit_save", disabled=not many, on_click=_save, args=(visit, room, form))


def _done(visit: Visit, form: Form) -> None:
    said = form.get("saved", None)
    if said:
        _ = visit._
        way = link(visit, "visits", {"tab": Phase.PLANNED.value, "q": said[1] if said[0] == 1 else "", "period": "year"})  # fmt: skip
        told = _("{n} visits are planned, from {number} on.").format(n=f"{said[0]:,}", number=said[1])
        st.html(f'<p class="bm-saved" role="status">{escape(told)} {way}{escape(_("Look at them"))}</a></p>')


def _goals(visit: Visit, room: Room, form: Form) -> tuple[tuple[Goal, ...], BattlemapError | None]:
    """Ask where to go, and return the places, and why there are none where there is a reason."""
    _ = visit._
    st.segmented_control(_("Where to"), list(WAYS), format_func=lambda one: _(WAYS[one]), required=True, **form.bind("way", "grid"))  # fmt: skip
    try:
        return tuple(ASK[form.get("way", "grid")](visit, room, form)), None
    except BattlemapError as error:
        return (), error


def _in_grids(visit: Visit, room: Room, form: Form) -> list[Goal]:
    _ = visit._
    names_of = full_names(room.area.net)
    known = {grid: names_of.get(grid[0], {}).get(grid[1], grid[1]) for grid in grids(room)}
    if len(known) == 1:
        form.values.setdefault("grids", list(known))
    chosen = st.multiselect(_("Grids"), list(known), format_func=lambda one: known.get(one, ""), placeholder=_("Choose grids"), select_all=False, **form.bind("grids", []))  # fmt: skip
    found = list({goal.building: goal for grid in chosen for goal in houses(room, grid)}.values())
    if not chosen:
        return []
    names = {goal.building: goal for goal in found}
    form.mend("buildings", lambda chosen: [one for one in chosen or [] if one in names])
    placeholder = _("all {n} buildings of these grids").format(n=f"{len(found):,}")
    some = st.multiselect(_("Buildings"), list(names), format_func=lambda one: f"{names[one].title} ({one})" if one in names else one, placeholder=placeholder, select_all=False, **form.bind("buildings", []))  # fmt: skip
    return [names[one] for one in some] or found


def _by_codes(visit: Visit, room: Room, form: Form) -> list[Goal]:
    _ = visit._
    text = st.text_area(_("Codes of buildings"), height=90, placeholder=_("e.g. B00012 B00013, one after the other or one a line"), **form.bind("codes"))  # fmt: skip
    return named(room, codes_in(text))


def _at_place(visit: Visit, room: Room, form: Form) -> list[Goal]:
    _ = visit._
    query = st.text_input(_("Place"), type="search", placeholder=_("Search: building, compound, street, grid 3-05"), **form.bind("query"))  # fmt: skip
    spots = {f"{spot.kind}:{spot.code}": spot for spot in search(room.area, query)} if query.strip() else {}
    if not spots:
        return []
    form.mend("spot", lambda key: key if key in spots else next(iter(spots)))
    st.radio(_("Which one"), list(spots), format_func=lambda one: f"{spots[one].label} {spots[one].detail}" if one in spots else one, **form.bind("spot", next(iter(spots))))  # fmt: skip
    spot = spots[form.get("spot")]
    return [point(room, spot.lon, spot.lat, spot.building)]


ASK = {"grid": _in_grids, "codes": _by_codes, "place": _at_place}


def _who_and_when(visit: Visit, room: Room, form: Form) -> None:
    _, rules, day = visit._, room.rules.visits, today(room, visit.now)
    kinds = list(rules.kinds)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(_("Kind"), kinds, format_func=lambda key: rules.kind(key).name.in_(visit.language), width=pixels(190), **form.bind("kind", kinds[0]))  # fmt: skip
        usual = day + timedelta(days=rules.kind(form.get("kind", kinds[0])).due_days)
        label = _("Until (otherwise {day})").format(day=usual)
        st.date_input(label, value=None, min_value=day, max_value=day + MOST_AHEAD, format="YYYY-MM-DD", width=pixels(230), **form.bind("due", None))  # fmt: skip
    posts = {} if visit.post.kind is PostKind.WORKER else visitors(room, visit.now)
    own = _("Myself") if visit.post.kind is PostKind.WORKER else _("Of each place its own worker, else its nearest head")  # fmt: skip
    names = {"": own, **{key: post_title(post, _) for key, post in posts.items()}}
    st.selectbox(_("Who goes"), list(names), format_func=lambda key: names.get(key, key), **form.bind("visitor", ""))
    st.multiselect(_("What about"), list(rules.topics), format_func=lambda key: rules.topic(key).in_(visit.language), placeholder=_("Choose topics"), select_all=False, **form.bind("topics", []))  # fmt: skip


def _save(visit: Visit, room: Room, form: Form) -> None:
    try:
        made = _planned(visit, room, form)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear(saved=(len(made), made[0].number))


def _planned(visit: Visit, room: Room, form: Form) -> list[Filed]:
    planning = Planning(
        _chosen(room, form),
        form.get("visitor"),
        form.get("kind"),
        tuple(form.get("topics", [])),
        form.get("due", None),
        form.get("text"),
    )
    return plan(room, planning, visit.by("act"), datetime.now(UTC))


def _chosen(room: Room, form: Form) -> tuple[Goal, ...]:
    """Return the places as the form says them now."""
    way = form.get("way", "grid")
    if way == "codes":
        return tuple(named(room, codes_in(form.get("codes"))))
    if way == "place":
        spots = {f"{spot.kind}:{spot.code}": spot for spot in search(room.area, form.get("query"))}
        spot = spots.get(form.get("spot", ""))
        return (point(room, spot.lon, spot.lat, spot.building),) if spot else ()
    found = {goal.building: goal for grid in form.get("grids", []) for goal in houses(room, tuple(grid))}
    some = [found[one] for one in form.get("buildings", []) if one in found]
    return tuple(some or found.values())
