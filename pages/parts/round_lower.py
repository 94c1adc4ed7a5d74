"""Part of the page of rounds: fewer rounds of a site, asked for by one person and decided by another."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.inspections import rounds as desk
from desk.inspections.reading import named
from desk.room import Room
from geo.errors import BattlemapError
from inspections.lowering import Act, Lowering, State, why_not
from inspections.sites import Site
from locales import N_
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import post_name
from reports.refusals import refusal
from reports.rounds import DRAFT, LOWERING

LOOKS = {Act.APPROVE: N_("Approve"), Act.REFUSE: N_("Refuse"), Act.END: N_("End it")}
MOST = 50


def lower(visit: Visit, room: Room, _own: Mapping[str, str]) -> None:
    """Show the requests, those that wait first, and the form of a new one."""
    _, form = visit._, Form("round_lower", visit)
    found = sorted(desk.lowerings(room).values(), key=lambda one: (one.state is not State.ASKED, -one.version))[:MOST]
    there, today = named(room, {one.site for one in found}), room.clock(visit.now).date()
    rule = desk.rules(room).lower
    st.html(f'<p class="bm-note">{escape(_("After {n} rounds in a row without a finding, rounds may be fewer: the days of its kind × {factor:g} for {days} days. Another person approves it, and a finding ends it.").format(n=rule.clean_rounds, factor=rule.factor, days=rule.lasts_days))}</p>')  # fmt: skip
    if visit.may(desk.ASK):
        _ask(visit, form)
    with steady():
        if refused := form.get("refused", None):
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    if not found:
        st.html(f'<p class="bm-note">{escape(_("Nobody asked for fewer rounds."))}</p>')
    for one in found:
        if one.site in there:
            _one(visit, room, form, one, there[one.site], held=one.holds(today))


def _ask(visit: Visit, form: Form) -> None:
    _ = visit._
    with st.container(key="round_ask", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(_("Number of the site"), max_chars=30, **form.bind("number"))
        st.text_input(_("Reason"), max_chars=desk.LONGEST_REASON, **form.bind("reason"))
        st.button(_("Ask for fewer rounds"), key="round_ask_send", on_click=_asked, args=(visit, form))


def _one(visit: Visit, room: Room, form: Form, one: Lowering, site: Site, *, held: bool) -> None:
    _ = visit._
    state = _(LOWERING[one.state]) if one.state is not State.APPROVED or held else _("run out")
    until = _("until {day}").format(day=one.until) if one.until else ""
    lines = [f"{_('asked by {post}').format(post=post_name(room, one.asked_by, _))} · {one.asked} · {one.reason}"]
    if one.decided_by:
        lines.append(" · ".join(filter(None, (_("decided by {post}").format(post=post_name(room, one.decided_by, _)), str(one.decided), one.decided_reason))))  # fmt: skip
    with st.container(key=f"round_request_{one.version}", gap="small"):
        st.html(
            f'<article class="bm-request" data-state="{one.state.value}"><p>{link(visit, "sites", {"site": site.number})}<b>{escape(site.name)}</b></a> '
            f"<small>{escape(site.number)}</small> <span>{escape(' '.join(filter(None, (state, until))))}</span></p>{''.join(f'<p>{escape(line)}</p>' for line in lines)}</article>"
        )
        acts = _may(visit, one, held=held)
        if acts:
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                st.text_input(_("Reason"), max_chars=desk.LONGEST_REASON, **form.bind(f"why_{one.version}"))
                for act in acts:
                    st.button(_(LOOKS[act]), key=f"round_{act}_{one.version}", type="primary" if act is Act.APPROVE else "secondary", on_click=_decided, args=(visit, form, one, act))  # fmt: skip
        elif one.state is State.ASKED and visit.may(desk.DECIDE):
            st.html(f'<p class="bm-note">{escape(_(DRAFT[_why(visit, one)]))}</p>')


def _may(visit: Visit, one: Lowering, *, held: bool) -> list[Act]:
    """Return how who looks may decide a request now."""
    if not visit.may(desk.DECIDE):
        return []
    by = visit.by("inspect_close")
    asked = {State.ASKED: [Act.APPROVE, Act.REFUSE], State.APPROVED: [Act.END] if held else []}
    return [act for act in asked.get(one.state, []) if not why_not(one, act, by)]


def _why(visit: Visit, one: Lowering) -> str:
    return why_not(one, Act.APPROVE, visit.by("inspect_close"))


def _asked(visit: Visit, form: Form) -> None:
    try:
        desk.ask(visit.room(), form.get("number").strip(), form.get("reason"), visit.by("inspect"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _decided(visit: Visit, form: Form, one: Lowering, act: Act) -> None:
    try:
        desk.decide(visit.room(), one, act, visit.by("inspect_close"), datetime.now(UTC), reason=form.get(f"why_{one.version}"))  # fmt: skip
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
