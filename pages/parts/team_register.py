"""Part of the page of service orders: the register of service teams (服务队台账)."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from html import escape

import streamlit as st

from desk.orders import register
from desk.room import Room
from geo.errors import BattlemapError
from incidents.lifecycle import UNDO_WITHIN
from incidents.teams import EVERY, WORKDAYS, Team
from layers.grid_names import full_names
from locales import N_
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.tables import table
from pages.parts.visit import Visit, own_key
from reports.case_words import post_name
from reports.order_words import hours_name, item_name
from reports.refusals import refusal

DAYS = {WORKDAYS: N_("workdays"), EVERY: N_("every day")}


def team_register(visit: Visit, room: Room) -> None:
    """Show the teams; to who keeps the register, the form of one beside them."""
    form, found = Form("team", visit), register.of_room(room)
    if not visit.may("teams"):
        _list(visit, room, form, found)
        return
    with st.container(key="team_columns", horizontal=True, gap="medium"):
        with st.container(key="team_list", gap="small"):
            _undo(visit, room, form)
            _list(visit, room, form, found)
        with st.container(key="team_form", gap="small"):
            _form(visit, room, form)


def _list(visit: Visit, room: Room, form: Form, found: list[Team]) -> None:
    _ = visit._
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("No service team is registered yet."))}</p>')
        return
    heads = (_("Team"), _("Does"), _("Works in"), _("Hours"), _("Contact post"))
    rows = [
        (
            team.name,
            "、".join(item_name(room, skill, visit.language) for skill in team.skills),
            "、".join(_grid(room, grid) for grid in team.areas) or _("Whole area"),
            hours_name(team, _),
            post_name(room, team.post, _),
        )
        for team in found
    ]
    st.html(f'<div class="bm-wide">{table(heads, rows)}</div>')
    if visit.may("teams"):
        names = {team.id: team for team in found}
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            number = st.selectbox(
                _("Team"), list(names), format_func=lambda number: names[number].name, key=own_key("team_chosen", visit)
            )
            chosen = names.get(number)
            st.button(_("Edit"), key="edit_team", on_click=_edit, args=(form, chosen))
            st.button(_("Abolish"), key="abolish_team", on_click=_abolish, args=(visit, room, form, chosen))


def _grid(room: Room, grid: tuple[str, str]) -> str:
    return full_names(room.area.net).get(grid[0], {}).get(grid[1], grid[1])


def _form(visit: Visit, room: Room, form: Form) -> None:
    _, number, items = visit._, form.get("id", 0), room.rules.services.items
    st.html(f"<h1>{escape(_('Edit a team') if number else _('Add a team'))}</h1>")
    st.text_input(_("Name"), **form.bind("name"))
    st.multiselect(_("Does"), list(items), format_func=lambda key: item_name(room, key, visit.language), placeholder=_("Choose from the catalogue"), select_all=False, **form.bind("skills", []))  # fmt: skip
    grids = _grids(room)
    st.multiselect(_("Works in"), list(grids), format_func=lambda grid: grids.get(grid, grid[1]), placeholder=_("Whole area"), select_all=False, **form.bind("areas", []))  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(_("Open on"), list(DAYS), format_func=lambda days: _(DAYS[days]), width=pixels(130), **form.bind("days", WORKDAYS))  # fmt: skip
        st.time_input(_("Opens"), width=pixels(110), **form.bind("opens", time(8)))
        st.time_input(_("Closes"), width=pixels(110), **form.bind("closes", time(18)))
    posts = room.register.posts(visit.now)
    st.selectbox(
        _("Contact post"),
        list(posts),
        index=None,
        format_func=lambda key: post_name(room, key, _),
        placeholder=_("Which acts for the team"),
        **form.bind("post", None),
    )
    with st.container(horizontal=True, gap="small"):
        st.button(_("Save the team"), type="primary", key="save_team", on_click=_save, args=(visit, room, form))
        if number:
            st.button(_("Leave it as it was"), key="leave_team", on_click=form.clear)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _grids(room: Room) -> dict[tuple[str, str], str]:
    """Return the grids in which a team may work but for the smallest, the widest first: a team is not for one stairway."""
    net, names = room.area.net, full_names(room.area.net)
    parts = (*net.levels[:-1], *net.overlays)
    return {(part.key, str(code)): names.get(part.key, {}).get(str(code), str(code)) for part in parts for code in part.codes}  # fmt: skip


def _edit(form: Form, team: Team) -> None:
    form.clear(
        id=team.id,
        name=team.name,
        skills=list(team.skills),
        areas=list(team.areas),
        days=team.days,
        opens=team.opens,
        closes=team.closes,
        post=team.post,
    )


def _save(visit: Visit, room: Room, form: Form) -> None:
    team = Team(
        name=form.get("name"),
        skills=tuple(form.get("skills", [])),
        post=form.get("post", None) or "",
        areas=tuple(tuple(grid) for grid in form.get("areas", [])),
        days=form.get("days", WORKDAYS),
        opens=form.get("opens", time(8)),
        closes=form.get("closes", time(18)),
        id=form.get("id", 0),
    )
    _do(form, lambda: register.put(room, team, visit.by("teams"), datetime.now(UTC)))


def _abolish(visit: Visit, room: Room, form: Form, team: Team) -> None:
    _do(form, lambda: register.abolish(room, team.id, visit.by("teams"), datetime.now(UTC)))


def _do(form: Form, work: Callable[[], Team]) -> None:
    """Do something to a team, remember it for a minute, or say why it could not be done."""
    try:
        done = work()
    except BattlemapError as error:
        form.values["refused"] = error
        return
    form.clear(undo={"id": done.id, "name": done.name, "at": datetime.now(UTC)})


def _undo(visit: Visit, room: Room, form: Form) -> None:
    """Offer to take the last change back, while the minute lasts."""
    _, last = visit._, form.get("undo", None)
    if not last or visit.now - last["at"] > UNDO_WITHIN:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="team_undo"):
        st.html(f'<p class="bm-note" role="status">{escape(_("Saved: {name}").format(name=last["name"]))}</p>')
        st.button(_("Undo"), key="undo_team", on_click=_take_back, args=(visit, room, form, last["id"]))


def _take_back(visit: Visit, room: Room, form: Form, number: int) -> None:
    try:
        register.undo(room, number, visit.by("teams"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    form.values.pop("undo", None)
