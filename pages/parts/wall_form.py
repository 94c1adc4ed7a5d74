"""Part of the page of wall views: the form of one, kept or not yet."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.room import Room
from desk.walls import views
from geo.errors import BattlemapError
from incidents.wall_views import DEFAULT, LONGEST, PANELS, SHORTEST, THEMES, WallView
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.going import go
from pages.parts.visit import Visit
from reports.refusals import refusal
from reports.wall_views import PANEL, THEME, level_name, parts

NEW = "+"  # in the address of the page, where a kept view has its key
USUAL = 30  # seconds of a stop
PLAIN = ("key", "name", "theme", "chime")  # what a widget holds as it is


def opened(visit: Visit, room: Room, wanted: str, kept: WallView | None) -> Form:
    """Return the form of the view that the address names: filled with what is kept, unless somebody changes it just now."""
    form = Form("wall", visit)
    is_another = form.get("of", None) != wanted
    if is_another or (kept != form.get("was", None) == drawn(room, form)):
        fill(form, wanted, kept, kept or replace(DEFAULT, key=_free(room)))
    return form


def fill(form: Form, of: str, was: WallView | None, shown: WallView, **kept: object) -> None:
    """Begin the form of a view anew."""
    order = (*shown.panels, *(panel for panel in PANELS if panel not in shown.panels))
    form.clear(
        of=of,
        was=was,
        order=list(order),
        every=shown.every or USUAL,
        grid=shown.grid or None,
        over=shown.over or None,
        layers=list(shown.layers),
        **{name: getattr(shown, name) for name in PLAIN},
        **{f"panel_{panel}": panel in shown.panels for panel in PANELS},
        **kept,
    )


def drawn(room: Room, form: Form) -> WallView:
    """Return the view as the form says it now."""
    over = form.get("over", "") or ""
    return WallView(
        key=form.get("key").strip(),
        name=form.get("name"),
        area=room.id,
        grid=form.get("grid", "") or "",
        layers=tuple(form.get("layers", [])),
        panels=tuple(panel for panel in form.get("order", []) if form.get(f"panel_{panel}", default=False)),
        every=int(form.get("every", USUAL)) if over else 0,
        over=over,
        theme=form.get("theme", THEMES[0]) or THEMES[0],
        chime=bool(form.get("chime", default=False)),
    )


def wall_form(visit: Visit, room: Room, form: Form, kept: WallView | None) -> None:
    """Show the form of a view that is kept so, or not yet."""
    _, was = visit._, form.get("was", None)
    if was is None:
        st.html(f"<h2>{escape(_('New view'))}</h2>")
    st.text_input(_("Name"), placeholder=_("e.g. Command hall"), **form.bind("name"))
    st.text_input(_("Name in the address"), disabled=was is not None, help=None, **form.bind("key"))
    _what(visit, room, form)
    st.html(f'<p class="bm-label">{escape(_("Panels, from the top"))}</p>')
    with st.container(key="wall_panels", gap=None):
        for place, panel in enumerate(form.get("order", [])):
            _panel(visit, form, panel, place)
    _how(visit, form)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    _ends(visit, room, form, was, kept)


def _what(visit: Visit, room: Room, form: Form) -> None:
    _ = visit._
    grids = parts(room, visit.language)
    layers = {key: name.in_(visit.language) for key, name in views.layers(room).items()}
    form.mend("grid", lambda grid: grid if grid in grids else None)  # another net has other grids
    form.mend("layers", lambda chosen: [key for key in chosen or [] if key in layers])
    st.selectbox(_("Shows"), list(grids), index=None, format_func=lambda grid: grids.get(grid, grid), placeholder=_("The whole area"), **form.bind("grid", None))  # fmt: skip
    rounds = views.rounds(room.area.net, form.get("grid", None) or "")
    form.mend("over", lambda over: over if over in rounds else None)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(_("Goes round over"), rounds, index=None, format_func=lambda key: level_name(room, key, visit.language), placeholder=_("Stands still"), **form.bind("over", None))  # fmt: skip
        if form.get("over", None):
            st.number_input(
                _("Seconds each"), SHORTEST, LONGEST, step=5, width=pixels(120), **form.bind("every", USUAL)
            )
    st.multiselect(_("Layers"), list(layers), format_func=lambda key: layers.get(key, key), placeholder=_("What the map shows of itself"), select_all=False, **form.bind("layers", []))  # fmt: skip


def _panel(visit: Visit, form: Form, panel: str, place: int) -> None:
    """Show a panel's line: whether it is there, and what moves it."""
    last = len(PANELS) - 1
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"line_{panel}"):
        st.checkbox(visit._(PANEL[panel]), width="stretch", **form.bind(f"panel_{panel}", default=False))
        up, down = visit._("Up"), visit._("Down")
        st.button("↑", key=f"up_{panel}", help=up, type="tertiary", disabled=place == 0, on_click=_move, args=(form, place, -1))  # fmt: skip
        st.button("↓", key=f"down_{panel}", help=down, type="tertiary", disabled=place == last, on_click=_move, args=(form, place, 1))  # fmt: skip


def _how(visit: Visit, form: Form) -> None:
    _ = visit._
    st.segmented_control(_("Theme"), THEMES, format_func=lambda theme: _(THEME[theme]), required=True, label_visibility="collapsed", width="content", **form.bind("theme", THEMES[0]))  # fmt: skip
    st.checkbox(_("A chime for a new red mark"), **form.bind("chime", default=False))


def _ends(visit: Visit, room: Room, form: Form, was: WallView | None, kept: WallView | None) -> None:
    """Show what ends the form: keep, copy, remove; a removal is asked for twice."""
    _ = visit._
    if form.get("asked", default=False) and was:
        st.html(f'<p class="bm-warn" role="alert">{escape(_("Remove “{name}”? Screens that show it will say so.").format(name=was.name))}</p>')  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            st.button(_("Remove"), key="wall_remove", type="primary", on_click=_remove, args=(visit, room, form, was))
            st.button(_("Keep it"), key="wall_leave", on_click=form.set, kwargs={"asked": False})
        return
    with st.container(horizontal=True, gap="small"):
        st.button(_("Save the view"), key="wall_save", type="primary", on_click=_save, args=(visit, room, form, was))
        if was and kept:
            if drawn(room, form) != kept:
                st.button(_("Leave it as it was"), key="wall_discard", on_click=fill, args=(form, kept.key, kept, kept))
            st.button(_("Copy"), key="wall_copy", on_click=_copy, args=(visit, room, form))
            st.button(_("Remove…"), key="wall_ask", on_click=form.set, kwargs={"asked": True})


def _move(form: Form, place: int, step: int) -> None:
    order = list(form.get("order", []))
    order[place], order[place + step] = order[place + step], order[place]
    form.set(order=order)


def _save(visit: Visit, room: Room, form: Form, was: WallView | None) -> None:
    wished = drawn(room, form)
    kept = _done(form, lambda: views.save(room, wished, visit.by("act"), datetime.now(UTC), was=was))
    if kept:
        fill(form, kept.key, kept, kept, saved=kept)
        go("walls", {"wall": kept.key})


def _copy(visit: Visit, room: Room, form: Form) -> None:
    shown = drawn(room, form)
    name = visit._("{name} (copy)").format(name=shown.name)
    fill(form, NEW, None, replace(shown, key=_free(room), name=name))
    go("walls", {"wall": NEW})


def _remove(visit: Visit, room: Room, form: Form, was: WallView) -> None:
    if _done(form, lambda: views.remove(room, was, visit.by("act"), datetime.now(UTC)) or was):
        form.clear(of="", removed=was)
        go("walls", {})


def put_back(visit: Visit, room: Room, form: Form, gone: WallView) -> None:
    """Make a view again that was removed just now; for callbacks."""
    if _done(form, lambda: views.save(room, gone, visit.by("act"), datetime.now(UTC))):
        fill(form, gone.key, gone, gone, saved=gone)
        go("walls", {"wall": gone.key})


def _done(form: Form, work: Callable[[], WallView]) -> WallView | None:
    """Do something to a view; None, and why, where it could not be done."""
    try:
        return work()
    except BattlemapError as error:
        form.values["refused"] = error
        return None


def _free(room: Room) -> str:
    """Return an address that no view has yet."""
    taken, number = {one.key for one in views.views(room)}, 1
    while f"wall-{number}" in taken:
        number += 1
    return f"wall-{number}"
