"""Part of the page of plans: what is to be planned: who, on which day, between which hours, where."""

import re
from datetime import UTC, datetime, time, timedelta
from html import escape

import streamlit as st

from desk.inspections.reading import today
from desk.planning import day as desk
from desk.planning import keep
from desk.planning.draft import Draft
from desk.planning.runs import RUNS
from desk.room import Room
from desk.visits.people import grids
from desk.warnings.acts import nights
from geo.errors import BattlemapError, DraftError
from layers.grid_names import full_names
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.plan_draft import hold
from pages.parts.visit import Visit
from reports.plan_campaigns import running, waiting
from reports.refusals import refusal
from reports.words import post_title

AHEAD = timedelta(days=60)
BEGINS, ENDS = time(8, 30), time(17, 30)
MOST_POSTS, MOST_TYPED = 40, 20_000


def ask(visit: Visit, room: Room) -> None:
    """Show the form."""
    _, form = visit._, Form("plan_ask", visit)
    people, first = keep.people(room, visit.now), today(room, visit.now)
    usual = desk.usual_day(room, visit.now, BEGINS, ENDS)
    with st.container(key="visit_form", gap="small"):
        st.html(f"<h2>{escape(_('New plan of a day'))}</h2>")
        st.html(f'<p class="bm-note">{escape(_("Sites whose round is due by the day are shared out and put in order, so that the most that counts is visited with the least way. Nothing is kept until you keep it."))}</p>')  # fmt: skip
        form.mend("posts", lambda chosen: [one for one in chosen or [] if one in people])
        st.multiselect(_("Who inspects"), list(people), format_func=lambda key: post_title(people[key], _) if key in people else key, placeholder=_("Choose posts"), select_all=False, max_selections=MOST_POSTS, **form.bind("posts", []))  # fmt: skip
        st.toggle(_("In pairs: the first with the second, the third with the fourth"), **form.bind("pairs", default=False))  # fmt: skip
        st.toggle(_("Anybody visits any site, not only those of the own grid"), **form.bind("share", default=False))
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            st.date_input(_("Day"), min_value=first, max_value=first + AHEAD, format="YYYY-MM-DD", width=pixels(160), **form.bind("day", usual[0], then=lambda: _begin_anew(visit, form)))  # fmt: skip
            st.time_input(_("Begins at"), step=300, width=pixels(110), **form.bind("begins", usual[1]))
            st.time_input(_("Ends at"), step=300, width=pixels(110), **form.bind("ends", ENDS))
        names, known = full_names(room.area.net), grids(room)
        st.selectbox(_("Sites of which grid"), known, index=None, format_func=lambda one: names.get(one[0], {}).get(one[1], one[1]), placeholder=_("all that I see"), **form.bind("grid", None))  # fmt: skip
        there = running(room)
        with steady():
            if there:
                form.mend("campaign", lambda chosen: chosen if chosen in there else None)
                st.selectbox(_("Campaign whose sites come first"), list(there), index=None, format_func=lambda one: there[one].name if one in there else one, placeholder=_("none"), **form.bind("campaign", None))  # fmt: skip
        st.text_area(_("Sites that come first, whenever their round is (numbers, e.g. of a campaign)"), max_chars=MOST_TYPED, height=pixels(80), **form.bind("sites"))  # fmt: skip
        day = form.get("day", None) or usual[0]
        by_night = nights(room, day)
        with steady():
            if by_night:
                st.toggle(_("Night re-checks of the warning: {n} sites").format(n=len(by_night)), **form.bind("nights", default=False))  # fmt: skip
        st.text_input(_("Sites to be checked again by night (numbers)"), max_chars=MOST_TYPED, **form.bind("night"))
        with steady():
            if form.get("night") or (by_night and form.get("nights", default=False)):
                hours = "–".join(f"{at // 3600 % 24:02d}:{at % 3600 // 60:02d}" for at in room.rules.planning.night)
                st.html(f'<p class="bm-note">{escape(_("They are visited between {hours} alone: let the day end late enough.").format(hours=hours))}</p>')  # fmt: skip
            refused = form.get("refused", None)
            if refused:
                st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
        st.button(_("Plan the day"), type="primary", key="plan_start", on_click=_start, args=(visit, form))


def _begin_anew(visit: Visit, form: Form) -> None:
    """Offer the usual beginning of another day, unless somebody typed one."""
    if "begins" not in form.values:
        day, begins = desk.usual_day(visit.room(), visit.now, BEGINS, ENDS)
        st.session_state[form.key("begins")] = begins if form.get("day", None) == day else BEGINS


def _start(visit: Visit, form: Form) -> None:
    try:
        visit.by("day_plan")
        room, now = visit.room(), datetime.now(UTC)
        asking = _asked(visit, room, form)
        ready = desk.ready(room, asking, now)
        if not ready.sites:
            raise DraftError("No site is due there by that day. Choose a later day, a wider grid, or name sites.", field="plan_nothing")  # fmt: skip
        run = RUNS.start(ready.work)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        hold(visit, Draft(asking, ready, run))
        st.session_state["own"] = {**st.session_state["own"], "plan": {}}


def _asked(visit: Visit, room: Room, form: Form) -> desk.Asking:
    posts = list(form.get("posts", []))
    if form.get("pairs", default=False):
        posts = [desk.PAIR.join(posts[at : at + 2]) for at in range(0, len(posts), 2)]
    usual = desk.usual_day(room, visit.now, BEGINS, ENDS)
    first, last = (form.get(name, other) or other for name, other in (("begins", usual[1]), ("ends", ENDS)))
    begins, ends = (at.hour * 3600 + at.minute * 60 for at in (first, last))
    if begins >= ends:
        raise DraftError("A day ends after it began. Look at both times.", field="plan_hours")
    grid = form.get("grid", None)
    typed, by_night = (
        frozenset(filter(None, re.split(r"[\s,，、;；]+", form.get(name)))) for name in ("sites", "night")
    )
    campaign = running(room).get(form.get("campaign", None) or "")
    if campaign:
        typed |= waiting(room, campaign, tuple(grid) if grid else None, visit.now)
    day = form.get("day", None) or usual[0]
    desk.demand_ahead(room, day, begins, datetime.now(UTC))
    if form.get("nights", default=False):
        by_night |= nights(room, day)
    return desk.Asking(tuple(posts), day, begins, ends, tuple(grid) if grid else None, typed, bool(form.get("share", default=False)), by_night)  # fmt: skip
