"""The frame of every page: Streamlit runs this script for each of them, bookmarked ones included."""

import logging
from collections.abc import Callable

import streamlit as st

from geo.errors import BattlemapError, Beginning, LedgerError, NoAccess
from locales import N_
from pages import (
    air,
    battle,
    binding,
    campaigns,
    case,
    cases,
    chat,
    checklists,
    duty,
    facts,
    findings,
    inbox,
    inspections,
    messages,
    orders,
    patrols,
    plan,
    posts,
    report,
    rounds,
    sheet,
    sites,
    visits,
    walls,
    warnings,
    whistles,
)
from pages.parts.begins import begins
from pages.parts.element import address
from pages.parts.going import going, take_going
from pages.parts.header import header
from pages.parts.trouble import log_in, trouble, unreachable
from pages.parts.visit import Visit, visit
from settings import Settings

LOG = logging.getLogger(__name__)
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
    (whistles.render, N_("Whistles"), "whistles", "whistles"),
    (report.render, N_("Report"), "report", "report"),
    (chat.render, N_("Chat"), "chat", "chat"),
    (orders.render, N_("Orders"), "orders", "orders"),
    (visits.render, N_("Visits"), "visits", "visits"),
    (patrols.render, N_("Patrols"), "patrols", "visits"),
    (plan.render, N_("Plan a day"), "plan", "day_plans"),
    (sites.render, N_("Site register"), "sites", "sites"),
    (binding.render, N_("Sources and their posts"), "binding", "sites"),
    (inspections.render, N_("Inspections"), "inspections", "sites"),
    (findings.render, N_("Findings"), "findings", "sites"),
    (campaigns.render, N_("Campaigns"), "campaigns", "campaigns"),
    (sheet.render, N_("Daily sheet"), "sheet", "sheets"),
    (rounds.render, N_("How often sites are visited"), "rounds", "sites"),
    (checklists.render, N_("Checklists"), "checklists", "sites"),
    (air.render, N_("Air"), "air", "desk"),
    (warnings.render, N_("Heavy-pollution warnings"), "warnings", "sites"),
    (posts.render, N_("Posts"), "posts", "desk"),
    (duty.render, N_("Duty"), "duty", "desk"),
    (walls.render, N_("Wall views"), "walls", "walls"),
    (messages.render, N_("My messages"), "messages", "desk"),
    (facts.render, N_("Facts and checks"), "facts", "desk"),
)


def run() -> None:
    """Show the page that the address names, or that the ledger cannot be reached, which knows who looks."""
    now = visit(Settings.from_env(), st.query_params, st.session_state, _session(), _session)
    st.set_page_config(page_title=now._("Grid battle map"), layout="wide", initial_sidebar_state="collapsed")
    try:
        _show(now)
    except LedgerError as error:
        LOG.warning("%s", error)
        unreachable(now._, error)


def _show(now: Visit) -> None:
    """Show the page in its frame."""
    _ = now._
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
    except Beginning:
        header(now, pages, current, synthetic=now.area().pack.synthetic)
        begins(now) if current.url_path else battle.begins(now)
    except LedgerError:
        raise
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
