"""Plans of a day (排线): who visits which sites, in which order; worked out, changed by hand, kept."""

from html import escape

import streamlit as st

from desk.planning import keep
from desk.planning.draft import Draft
from desk.room import Room
from inspections.plans import DayPlan, State
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.plan_ask import ask
from pages.parts.plan_draft import draft_of, drafted, slot
from pages.parts.plan_kept import kept_plan
from pages.parts.visit import Visit
from reports import plan_words
from reports.words import post_title

NEW = "new"


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["plan"])
    found = keep.listed(room)
    draft = draft_of(visit)
    number = own.get("plan", "")
    with st.container(key="plan", gap=None):
        with st.container(key="visits_top", horizontal=True, vertical_alignment="center", gap="medium"):
            st.html(f'<h1 class="bm-heading">{escape(visit._("Plan a day"))}</h1>', width="content")
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, found, draft, number), width="content")
            with st.container(key="visit_view", gap="small"):
                _view(visit, room, draft, number)


def _view(visit: Visit, room: Room, draft: Draft | None, number: str) -> None:
    if number:
        follow_what(lambda: keep.version(visit.room()))
        kept_plan(visit, room, number)
    elif not visit.may(keep.NEEDS):
        st.html(f'<p class="bm-empty">{escape(visit._("Plans in which your post walks stand in the list. The dispatcher and heads of grids make them."))}</p>')  # fmt: skip
    elif draft:
        drafted(visit, room, draft, slot(visit))
    else:
        ask(visit, room)


def _piles(visit: Visit, found: list[DayPlan], draft: Draft | None, number: str) -> str:
    _ = visit._
    here = "" if number else ' aria-current="true"'
    title = _("The plan that you work at") if draft else _("New plan of a day")
    parts = (
        f"{link(visit, 'plan', {}, attributes=here)}<span>{escape(title)}</span></a>" if visit.may(keep.NEEDS) else ""
    )
    for one in found:
        about = " · ".join((_("{n} sites").format(n=f"{one.ours[0]:,}"), _(plan_words.STATE[one.state])))
        current = ' aria-current="true"' if one.number == number else ""
        quiet = "" if one.state is State.KEPT else " class=bm-quiet"
        parts += f"{link(visit, 'plan', {'plan': one.number}, attributes=current)}<span{quiet}>{escape(str(one.day))}<br><small>{escape(one.number)} · {escape(about)}</small></span></a>"
    return f'<nav class="bm-piles" aria-label="{escape(_("Plans of a day"))}"><p>{escape(post_title(visit.post, _))}</p>{parts}</nav>'
