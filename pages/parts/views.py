"""Saved views of the table: chosen, saved under a name for one's own post or for all, taken away and put back."""

from datetime import UTC, datetime

import streamlit as st

from desk.access.permissions import demand
from desk.posts.acting import NOBODY
from desk.room import Room
from geo.errors import BattlemapError
from ledger.views import View, drop, save, views
from pages.parts.sieve import ask
from pages.parts.visit import Visit, own_key
from reports.refusals import refusal

LONGEST = 40


def choose(visit: Visit, room: Room) -> None:
    """Show the saved views, and what is done with them."""
    _, asked = visit._, st.session_state["own"]["cases"]
    with room.ledger.reading() as connection:
        found = views(connection, room.id, _owner(visit))
    names = {
        place: view.name if view.post else _("{name} (all posts)").format(name=view.name)
        for place, view in enumerate(found)
    }
    with st.popover(_name(found, names, asked, visit), key="views"):
        for place, view in enumerate(found):
            with st.container(horizontal=True, gap="small", key=f"view_{place}"):
                st.button(
                    names[place], key=f"view_{place}_show", type="tertiary", on_click=ask, args=(dict(view.query),)
                )
                if visit.may("views"):
                    st.button(
                        _("Delete"), key=f"view_{place}_drop", type="tertiary", on_click=_drop, args=(visit, view)
                    )
        if not found:
            st.html(
                f'<p class="bm-note">{_("No view is saved yet. Set the filters, then save them under a name.")}</p>'
            )
        name_key, all_key = own_key("view_name", visit), own_key("view_all", visit)
        if visit.may("views"):
            st.text_input(_("Save these filters as"), key=name_key, max_chars=LONGEST)
            st.checkbox(_("For all posts"), key=all_key)
            st.button(_("Save the view"), key="view_save", on_click=_save, args=(visit, name_key, all_key))
    gone = st.session_state.get("view_gone")
    if gone is not None and visit.may("views"):
        st.button(
            _("Put “{name}” back").format(name=gone.name),
            key="view_back",
            type="tertiary",
            on_click=_back,
            args=(visit, gone),
        )
    refused = st.session_state.pop("view_refused", "")
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{refused}</p>', width="content")


def _owner(visit: Visit) -> str:
    """Return whose a view is: the post's, or of who holds none (an analyst) the account's."""
    return f"account:{visit.who.account}" if visit.post is NOBODY else visit.post.key


def _name(found: list[View], names: dict[int, str], asked: dict[str, str], visit: Visit) -> str:
    here = next((names[place] for place, view in enumerate(found) if dict(view.query) == asked), "")
    return here or visit._("Views")


def _save(visit: Visit, name_key: str, all_key: str) -> None:
    state = st.session_state
    name = " ".join(str(state.get(name_key) or "").split())
    if not name:
        state["view_refused"] = visit._("Give the view a name.")
        return
    view = View(name, "" if state.get(all_key) else _owner(visit), dict(state["own"]["cases"]))
    _do(visit, view, keep=True)
    state[name_key] = ""


def _drop(visit: Visit, view: View) -> None:
    if _do(visit, view, keep=False):
        st.session_state["view_gone"] = view


def _back(visit: Visit, view: View) -> None:
    if _do(visit, view, keep=True):
        st.session_state.pop("view_gone", None)


def _do(visit: Visit, view: View, *, keep: bool) -> bool:
    room, at = visit.room(), datetime.now(UTC)
    act = save if keep else drop
    try:
        demand(visit.who, "views")
        room.ledger.change(lambda writing: act(writing, room.id, view, by=visit.post.key, at=at))
    except BattlemapError as error:
        st.session_state["view_refused"] = refusal(error, visit._)
        return False
    return True
