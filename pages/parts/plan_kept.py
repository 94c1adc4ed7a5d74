"""Part of the page of plans: one that is kept."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.planning import keep
from desk.room import Room
from geo.errors import BattlemapError
from inspections.plans import DayPlan, State
from pages.parts.form import Form
from pages.parts.plan_board import beyond, board, head, plan_map, shown_kept
from pages.parts.plan_files import downloads
from pages.parts.visit import Visit
from reports import plan_words
from reports.case_words import post_name
from reports.refusals import refusal


def kept_plan(visit: Visit, room: Room, number: str) -> None:
    """Show a kept plan, and where one may the way to withdraw it."""
    _ = visit._
    try:
        plan = keep.plan(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    head(visit, room, plan)
    told = _("{number}, kept by {post}: {state}.").format(number=plan.number, post=post_name(room, plan.post, _), state=_(plan_words.STATE[plan.state]))  # fmt: skip
    if plan.replaced_by:
        told += " " + _("In its place: {number}.").format(number=plan.replaced_by)
    st.html(f'<p class="bm-note">{escape(told)}</p>')
    downloads(visit, plan)
    if plan.state is State.KEPT and visit.may(keep.NEEDS):
        _withdraw(visit, plan)
    sites, lines = shown_kept(visit, room, plan)
    beyond(visit, room, plan, sites)
    plan_map(visit, plan, sites, key=f"plan_map_{visit.name}")
    board(visit, lines, last=None, key="plan_board", on_moved=None)


def _withdraw(visit: Visit, plan: DayPlan) -> None:
    _, form = visit._, Form(f"plan_{plan.number}", visit)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    with st.container(key="plan_acts", horizontal=True, vertical_alignment="center", gap="small"):
        if form.get("sure", default=False):
            st.html(f'<p class="bm-note">{escape(_("Phones then show the sites by the day of their rounds again."))}</p>', width="content")  # fmt: skip
            st.button(_("Withdraw it"), key="plan_withdraw_sure", type="primary", on_click=_withdrawn, args=(visit, form, plan))  # fmt: skip
            st.button(_("Leave it as it is"), key="plan_withdraw_not", on_click=form.set, kwargs={"sure": False})
        else:
            st.button(_("Withdraw the plan"), key="plan_withdraw", on_click=form.set, kwargs={"sure": True})


def _withdrawn(visit: Visit, form: Form, plan: DayPlan) -> None:
    try:
        keep.withdraw(visit.room(), plan, visit.by("day_plan"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
