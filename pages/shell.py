"""The frame of every page: Streamlit runs this script for each of them, bookmarked ones included."""

import streamlit as st

from geo.errors import BattlemapError
from locales import N_
from pages import battle, case, cases, chat, duty, facts, inbox, posts, report
from pages.parts.element import address
from pages.parts.going import going, take_going
from pages.parts.header import header
from pages.parts.trouble import trouble
from pages.parts.visit import visit
from settings import Settings

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


def run() -> None:
    """Show the page that the address names, in its frame."""
    now = visit(Settings.from_env(), st.query_params, st.session_state)
    _ = now._
    st.set_page_config(page_title=_("Grid battle map"), layout="wide", initial_sidebar_state="collapsed")
    pages = [
        st.Page(lambda: battle.render(now), title=_("Map"), default=True),
        st.Page(lambda: inbox.render(now), title=_("Inbox"), url_path="inbox"),
        st.Page(lambda: cases.render(now), title=_("Cases"), url_path="cases"),
        st.Page(lambda: case.render(now), title=_("Case"), url_path="case"),
        st.Page(lambda: report.render(now), title=_("Report"), url_path="report"),
        st.Page(lambda: chat.render(now), title=_("Chat"), url_path="chat"),
        st.Page(lambda: posts.render(now), title=_("Posts"), url_path="posts"),
        st.Page(lambda: duty.render(now), title=_("Duty"), url_path="duty"),
        st.Page(lambda: facts.render(now), title=_("Facts and checks"), url_path="facts"),
    ]
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


run()
