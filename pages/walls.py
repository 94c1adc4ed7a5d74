"""Wall views (大屏视图): what each screen shows; one is made, changed and looked at before it hangs in the hall."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.room import Room
from desk.walls import views
from incidents.wall_views import WallView, to_query
from pages.parts.follow import follow_what
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.visit import Visit
from pages.parts.wall_form import NEW, drawn, opened, put_back, wall_form
from pages.parts.wall_preview import wall_preview
from reports.wall_views import described


def render(visit: Visit) -> None:
    """Show the page."""
    room, found = visit.room(), views.views(visit.room())
    follow_what(lambda: views.views(room), shown=found)
    asked = st.session_state["own"]["walls"].get("wall", "")
    may_make = visit.may("act")
    wanted = asked if asked in {one.key for one in found} or (asked == NEW and may_make) else ""
    kept = next((one for one in found if one.key == wanted), None)
    with st.container(key="walls", gap=None):
        _top(visit, may_make=may_make)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_list(visit, room, found, wanted), width="content")
            with st.container(key="wall_view", horizontal=True, gap="large"):
                if may_make and wanted:
                    form = opened(visit, room, wanted, kept)
                    with st.container(key="wall_form", gap="small"):
                        wall_form(visit, room, form, kept)
                    _shown(visit, room, drawn(room, form), kept, form)
                else:
                    _shown(visit, room, kept or WallView(area=room.id), kept, Form("wall", visit))


def _top(visit: Visit, *, may_make: bool) -> None:
    _ = visit._
    with st.container(key="walls_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Wall views"))}</h1>', width="content")
        if may_make:
            st.html(f"{link(visit, 'walls', {'wall': NEW}, attributes=' class=bm-button')}{escape(_('New view'))}</a>", width="content")  # fmt: skip


def _list(visit: Visit, room: Room, found: Sequence[WallView], wanted: str) -> str:
    _ = visit._
    own = WallView(area=room.id, name=_("Default view"))
    rows = "".join(
        f"{link(visit, 'walls', {'wall': one.key} if one.key else {}, attributes=_current(one.key == wanted))}"
        f"<span>{escape(one.name)}<small>{escape(described(room, one, _, visit.language))}</small></span></a>"
        for one in (own, *found)
    )
    return f'<nav class="bm-piles bm-walls" aria-label="{escape(_("Wall views"))}">{rows}</nav>'


def _current(here: bool) -> str:  # noqa: FBT001
    return ' aria-current="true"' if here else ""


def _shown(visit: Visit, room: Room, shown: WallView, kept: WallView | None, form: Form) -> None:
    """Show how a screen will look, where it opens it, and how it gets in."""
    with st.container(key="wall_shown", gap="small"):
        is_kept = shown == (kept or WallView(area=room.id))
        if is_kept:
            _said(visit, room, form, kept)
        st.html(_address(visit, room, shown, is_kept=is_kept))
        wall_preview(_source(visit, room, shown, is_kept=is_kept), visit._("Preview"))


def _said(visit: Visit, room: Room, form: Form, kept: WallView | None) -> None:
    """Say what was done just now."""
    _, saved, removed = visit._, form.get("saved", None), form.get("removed", None)
    if saved and saved == kept:
        st.html(f'<p class="bm-saved" role="status">{escape(_("Saved: {name}").format(name=saved.name))}</p>')
    if removed and kept is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="wall_removed"):
            said = escape(_("Removed: {name}").format(name=removed.name))
            st.html(f'<p class="bm-note" role="status">{said}</p>', width="content")
            st.button(_("Put it back"), key="wall_back", on_click=put_back, args=(visit, room, form, removed))


def _address(visit: Visit, room: Room, shown: WallView, *, is_kept: bool) -> str:
    """Return where a screen opens the view, and how it gets in; of one that is not kept, that it is not."""
    _ = visit._
    if not is_kept:
        return f'<p class="bm-note" data-draft>{escape(_("Not saved yet: this is how it will look. Screens show what was saved."))}</p>'  # fmt: skip
    code = _("The screen needs a code of the security administrator, who can bind it to this view.") if shown.key else _("The screen needs a code of the security administrator.")  # fmt: skip
    return (
        f'<div class="bm-address"><span>{escape(_("The screen opens"))}</span><code data-path="{escape(_path(room, shown))}"></code>'
        f'<button type="button" data-copy="{escape(_("Copied"))}">{escape(_("Copy"))}</button><small>{escape(code)}</small></div>'
    )


def _path(room: Room, shown: WallView) -> str:
    return "/".join(("/wall", quote(room.id, safe=""), *([shown.key] if shown.key else [])))


def _source(visit: Visit, room: Room, shown: WallView, *, is_kept: bool) -> str:
    """Return the address of the picture: that of the view, or one that says all of a draft."""
    draft: Mapping[str, str] = {} if is_kept else to_query(shown)
    path = _path(room, shown if is_kept else WallView())
    return f"{path}?{urlencode({**draft, 'lang': visit.language})}"
