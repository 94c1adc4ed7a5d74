"""The frame of every page: Streamlit runs this script for each of them, bookmarked ones included."""

from collections.abc import Callable

import streamlit as st

from geo.errors import BattlemapError, NoAccess
from locales import N_
from pages import battle, case, cases, chat, duty, facts, inbox, posts, report
from pages.parts.element import address
from pages.parts.going import going, take_going
from pages.parts.header import header
from pages.parts.trouble import log_in, trouble
from pages.parts.visit import Visit, visit
from settings import Settings

SESSION_HEADER = "x-battlemap-session"  # written by the gate (api/identity.py), which lets nobody else write it
# Words of Streamlit's own that no option can change.
STREAMLITS = (
    N_("No results"),
    N_("Skip to main content"),
    N_("Connection error"),
    N_("Select all"),
    N_("Upload"),
    N_("Time"),
    N_("Error: File must be 25.0MB or smaller."),
)


# What shows it, its title, its path, and what a role needs for it.
PAGES = (
    (battle.render, N_("Map"), "", "desk"),
    (inbox.render, N_("Inbox"), "inbox", "desk"),
    (cases.render, N_("Cases"), "cases", "cases"),
    (case.render, N_("Case"), "case", "cases"),
    (report.render, N_("Report"), "report", "report"),
    (chat.render, N_("Chat"), "chat", "chat"),
    (posts.render, N_("Posts"), "posts", "desk"),
    (duty.render, N_("Duty"), "duty", "desk"),
    (facts.render, N_("Facts and checks"), "facts", "desk"),
)


def run() -> None:
    """Show the page that the address names, in its frame."""
    now = visit(Settings.from_env(), st.query_params, st.session_state, _session(), _session)
    _ = now._
    st.set_page_config(page_title=_("Grid battle map"), layout="wide", initial_sidebar_state="collapsed")
    try:
        pages = [_page(now, *line[:3]) for line in PAGES if now.may(line[3])]
    except NoAccess:
        pages = []
    if not pages:
        log_in(now)
        return
    current = st.navigation(pages, position="hidden")
    going(pages)
    try:
        room = now.room()
    except BattlemapError as error:
        header(now, pages, current, synthetic=False)
        trouble(now, error)
    else:
        header(now, pages, current, synthetic=room.area.pack.synthetic)
        current.run()
    own = st.session_state["own"].get(current.url_path, {})
    address(now.address(current.url_path, own), {text: _(text) for text in STREAMLITS}, on_go=take_going)


def _session() -> str:
    """Return the key of the session whose websocket this is; "" outside of a run of the script."""
    return st.context.headers.get(SESSION_HEADER, "")


def _page(now: Visit, render: Callable[[Visit], None], title: str, path: str) -> st.Page:
    return st.Page(lambda: render(now), title=now._(title), url_path=path or None, default=not path)


run()
