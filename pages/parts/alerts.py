"""Warnings (预警) on the duty page: what holds, and for who keeps them how one is entered, changed and lifted."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape

import streamlit as st

from desk import alerts
from desk.room import Room
from geo.errors import BattlemapError, DraftError
from incidents.alerts import LONGEST_ISSUER, LONGEST_NUMBER, Alert, Level
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.visit import Visit
from reports.alerts import LEVEL, name_of, order_of, times_of
from reports.roster import trouble

USUAL = timedelta(days=3)


def alert_list(visit: Visit, room: Room) -> None:
    """Show the warnings that hold, those before, and the form."""
    _, found, may = visit._, alerts.alerts(room), visit.may(alerts.NEEDS)
    form = Form("alert", visit)
    if not found.running and not found.over and not may:
        return
    st.html(f'<h2 id="alerts">{escape(_("Warnings"))}</h2>')
    if not found.running:
        st.html(f'<p class="bm-note">{escape(_("No warning holds."))}</p>')
    for one in found.running:
        with st.container(key=f"alert_{one.id}", gap="small"):
            st.html(_line(visit, room, one))
            if may:
                _acts(visit, room, form, one)
    refused = form.values.get("refused")
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(trouble(refused, _))}</p>')
    if may and form.get("open", "") == "new":
        _form(visit, room, form, None)
    elif may:
        st.button(_("Enter a warning"), key="alert_new", on_click=lambda: form.clear(open="new"))
    _over(visit, room, found.over)


def _line(visit: Visit, room: Room, one: Alert) -> str:
    _ = visit._
    said = (name_of(room, one, _, visit.language), order_of(one), times_of(room, one, _, visit.now))
    return f'<p class="bm-alert" data-level="{one.level.value}"><i aria-hidden="true"></i><b>{escape(said[0])}</b> <span>{escape(said[1])}</span> <small>{escape(said[2])}</small></p>'


def _acts(visit: Visit, room: Room, form: Form, one: Alert) -> None:
    _, opened = visit._, form.get("open", "")
    if opened == one.id:
        _form(visit, room, form, one)
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if opened == f"lift {one.id}":
            st.html(f"<p>{escape(_('Lift it? It leaves every screen.'))}</p>", width="content")
            st.button(_("Lift"), type="primary", key=f"alert_lift_{one.id}", on_click=_lift, args=(visit, room, form, one))  # fmt: skip
            st.button(_("Cancel"), key=f"alert_keep_{one.id}", on_click=form.clear)
        else:
            st.button(_("Change level or end"), key=f"alert_change_{one.id}", on_click=_open, args=(room, form, one))
            st.button(_("Lift …"), key=f"alert_ask_{one.id}", on_click=lambda: form.clear(open=f"lift {one.id}"))


def _open(room: Room, form: Form, one: Alert) -> None:
    zone = room.area.pack.timezone
    ends = one.ends.astimezone(zone).replace(tzinfo=None) if one.ends else None
    form.clear(open=one.id, level=one.level, number=one.number, ends=ends)


def _form(visit: Visit, room: Room, form: Form, was: Alert | None) -> None:
    _, rules = visit._, room.rules.alerts
    begins = visit.now.astimezone(room.area.pack.timezone).replace(tzinfo=None, second=0, microsecond=0)
    with st.container(key="alert_form", gap="small"):
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            if was is None:
                kinds = list(rules.kinds)
                st.selectbox(_("Kind"), kinds, format_func=lambda key: rules.kind(key).name.in_(visit.language), width=pixels(190), **form.bind("kind", kinds[0]))  # fmt: skip
            levels = list(rules.kind(was.kind if was else form.get("kind")).levels)
            form.mend("level", lambda level: level if level in levels else levels[0])
            st.selectbox(_("Level of the warning"), levels, format_func=lambda level: _level(visit, room, was.kind if was else form.get("kind"), level), width=pixels(190), **form.bind("level", levels[0]))  # fmt: skip
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            if was is None:
                st.text_input(_("By order of"), max_chars=LONGEST_ISSUER, placeholder=_("e.g. the city's headquarters for air pollution"), **form.bind("issuer"))  # fmt: skip
            st.text_input(_("Number of the order (may be empty)"), max_chars=LONGEST_NUMBER, **form.bind("number"))
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            if was is None:
                st.datetime_input(_("Holds from"), **form.bind("begins", begins))
            st.datetime_input(_("Expected until (may be empty)"), value=None, **form.bind("ends", None))
        with st.container(horizontal=True, gap="small"):
            st.button(_("Save"), type="primary", key="alert_save", on_click=_save, args=(visit, room, form, was))
            st.button(_("Cancel"), key="alert_cancel", on_click=form.clear)


def _level(visit: Visit, room: Room, kind: str, level: Level) -> str:
    response = room.rules.alerts.kind(kind).levels.get(level)
    return " ".join(filter(None, (visit._(LEVEL[level]), response.in_(visit.language) if response else "")))


def _save(visit: Visit, room: Room, form: Form, was: Alert | None) -> None:
    try:
        ends, level = _moment(room, form.get("ends", None)), Level(form.get("level"))
        if was:
            alerts.alter(
                room, was, visit.by("act"), datetime.now(UTC), level=level, number=form.get("number"), ends=ends
            )
        else:
            begins = _moment(room, form.get("begins", None))
            if begins is None:
                raise DraftError("Say from when it holds.", field="alert_begins")
            wished = Alert(form.get("kind"), level, form.get("issuer"), form.get("number"), begins, ends)
            alerts.issue(room, wished, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _lift(visit: Visit, room: Room, form: Form, was: Alert) -> None:
    try:
        alerts.lift(room, was, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _moment(room: Room, local: datetime | None) -> datetime | None:
    """Return a time that was typed, in the area's zone."""
    return local.replace(tzinfo=room.area.pack.timezone).astimezone(UTC) if local else None


def _over(visit: Visit, room: Room, found: Sequence[Alert]) -> None:
    if found:
        with st.expander(visit._("Warnings before")):
            st.html("".join(_line(visit, room, one) for one in found))
