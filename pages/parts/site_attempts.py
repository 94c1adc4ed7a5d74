"""Part of the sheet of a site: visits that came to nothing (上门未果), a new one, and one that is struck."""

from datetime import UTC, datetime, timedelta
from html import escape

import streamlit as st

from desk.campaigns import acts
from desk.posts.acting import NOBODY
from desk.room import Room
from geo.errors import BattlemapError
from inspections.campaigns import Found
from inspections.sites import Site, State
from ledger import campaigns
from ledger.campaigns import Try
from locales import N_
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.visit import Visit
from reports.case_words import local, post_name
from reports.refusals import refusal

SHOWN = 8  # lines
FOUND = {Found.ABSENT: N_("Nobody was there"), Found.REFUSED: N_("Refused entry")}


def site_attempts(visit: Visit, room: Room, site: Site) -> None:
    """Show when nobody could look at a site, and the form for such a visit."""
    _, form = visit._, Form(f"attempt_{site.number}", visit)
    with room.ledger.reading() as connection:
        found = campaigns.of_site(connection, room.id, site.number)
    writes = visit.may(acts.NEEDS) and visit.post is not NOBODY and site.state is State.ACTIVE
    if not found and not writes:
        return
    rows = "".join(_line(visit, room, one) for one in found[:SHOWN])
    st.html(f'<h2>{escape(_("Visits that came to nothing"))}</h2><ul class="bm-found">{rows}</ul>')
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    if not writes:
        return
    today = room.clock(visit.now).date()
    st.segmented_control(_("At the door"), list(FOUND), format_func=lambda one: _(FOUND[one]), required=True, **form.bind("found", Found.ABSENT))  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.date_input(_("Next visit on (empty: not agreed)"), value=None, min_value=today, max_value=today + timedelta(days=acts.MOST_AGAIN.days), format="YYYY-MM-DD", width=pixels(200), **form.bind("again", None))  # fmt: skip
        st.button(_("Write down"), key="attempt_save", on_click=_save, args=(visit, room, form, site))
    mine = [one for one in found[:SHOWN] if one.post == visit.post.key]
    if mine:
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            named = {one.id: f"{local(room, one.at)} · {_(FOUND[one.found])}" for one in mine}
            form.mend("strike", lambda chosen: chosen if chosen in named else None)
            st.selectbox(_("Strike a line"), list(named), index=None, format_func=lambda key: named.get(key, str(key)), placeholder=_("Choose a line"), width=pixels(260), **form.bind("strike", None))  # fmt: skip
            st.button(_("Strike"), key="attempt_strike", disabled=form.get("strike", None) is None, on_click=_strike, args=(visit, room, form, site))  # fmt: skip


def _line(visit: Visit, room: Room, one: Try) -> str:
    _ = visit._
    again = _("again on {day}").format(day=one.again) if one.again else ""
    said = " · ".join(filter(None, (local(room, one.at), _(FOUND[one.found]), again)))
    return f"<li>{escape(said)}<small>{escape(post_name(room, one.post, _))}</small></li>"


def _save(visit: Visit, room: Room, form: Form, site: Site) -> None:
    try:
        acts.attempt(room, site.number, form.get("found", Found.ABSENT), form.get("again", None), visit.by("inspect"), datetime.now(UTC))  # fmt: skip
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _strike(visit: Visit, room: Room, form: Form, site: Site) -> None:
    try:
        acts.strike_attempt(room, site.number, form.get("strike"), visit.by("inspect"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
