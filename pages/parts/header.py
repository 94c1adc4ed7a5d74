"""The header: name, area, pages, language, and the ways out to wall and paper."""

from html import escape
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.navigation.page import Page

from desk.outbox import calls
from desk.posts.acting import NOBODY
from desk.room import DISPATCHER, Room
from geo.errors import BattlemapError
from incidents.access import Role
from locales import LANGUAGES
from pages.parts.element import pixels
from pages.parts.going import link
from pages.parts.visit import Visit, own_key
from reports.figures import Filter
from reports.watermark import filtered, watermark
from reports.words import ROLE, post_title

LANGUAGE_NAMES = {"zh": "中文", "en": "EN"}
CHOICE = 2  # posts from which on there is something to choose
FITS = 7  # pages that stand beside one another
RARE = frozenset(
    {
        "chat",
        "visits",
        "patrols",
        "plan",
        "campaigns",
        "sheet",
        "sites",
        "binding",
        "posts",
        "duty",
        "walls",
        "facts",
        "checklists",
        "inspections",
        "findings",
        "rounds",
        "air",
        "warnings",
    }
)  # not opened every hour
HIDDEN = frozenset({"case", "messages"})  # pages that one comes to from others


def header(visit: Visit, pages: list[Page], current: Page, *, synthetic: bool) -> None:
    """Show the header of every page."""
    _ = visit._
    with st.container(key="head", horizontal=True, vertical_alignment="center", wrap=True):
        st.html(f'<p class="bm-brand"><b>{escape(_("Grid battle map"))}</b></p>', width="content")
        _choose_area(visit)
        if synthetic:
            st.html(f'<span class="bm-chip">{escape(_("Illustrative"))}</span>', width="content")
        st.html(_menu(visit) + _printed(visit, current.url_path), width="content")
        with st.container(key="nav", horizontal=True, width="content"):
            _nav(visit, [page for page in pages if page.url_path not in HIDDEN], current)
        with st.container(key="tools", horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            _choose_post(visit)
            st.html(_told(visit) + _person(visit), width="content")
            st.html(_ways_out(visit), width="content")
            st.session_state["language_choice"] = visit.language
            st.segmented_control(
                _("Language"),
                LANGUAGES,
                format_func=LANGUAGE_NAMES.get,
                key="language_choice",
                required=True,
                label_visibility="collapsed",
                on_change=_take_language,
            )


def _nav(visit: Visit, pages: list[Page], current: Page) -> None:
    """Show the ways to the pages: those of every hour in a row with the one that is shown, the others behind one button."""

    def links(some: list[Page]) -> None:
        for page in some:
            here = page.url_path == current.url_path
            st.page_link(page, label=page.title, query_params=_said(visit), disabled=here)

    rare = [page for page in pages if page.url_path in RARE and page.url_path != current.url_path]
    if len(pages) <= FITS:
        links(pages)
        return
    links([page for page in pages if page not in rare])
    with st.popover(visit._("More"), key=f"more_{current.url_path}"):
        links(rare)


def _choose_area(visit: Visit) -> None:
    names = visit.names()
    key = own_key("area_choice", visit)
    st.session_state[key] = visit.name if visit.name in names else None
    st.selectbox(
        visit._("Area"),
        list(names),
        index=None,
        format_func=lambda name: names.get(name, name),
        placeholder=visit._("Choose an area"),
        key=key,
        label_visibility="collapsed",
        required=True,
        width=pixels(200),
        on_change=_take_area,
        args=(key,),
    )


def _choose_post(visit: Visit) -> None:
    """Let somebody who may act as several posts choose one; a visitor of a demonstration looks through any."""
    try:
        posts = {post.key: post for post in visit.posts}
    except BattlemapError:
        return
    _, key, is_demo = visit._, own_key("post_choice", visit), visit.who.role is Role.DEMO
    if len(posts) < CHOICE:
        return
    st.session_state[key] = visit.post.key
    st.selectbox(
        _("Post through which to look (demonstration)") if is_demo else _("Acting post"),
        list(posts),
        format_func=lambda post: (
            f"{_('Demo')} · {post_title(posts[post], _)}" if is_demo else post_title(posts[post], _)
        ),
        key=key,
        label_visibility="collapsed",
        width=pixels(220),
        help=None,
        on_change=_take_post,
        args=(key,),
    )


def _told(visit: Visit) -> str:
    """Return the way to the messages of the acting post, with the number of those that it has not read; a visitor of a demonstration is told nothing."""
    try:
        if visit.who.role is Role.DEMO:
            return ""
        unread = calls.unread(visit.room(), {visit.post.key})
    except BattlemapError:
        return ""
    title = escape(visit._("My messages"))
    shown = f" <b>{unread:,}</b>" if unread else ""
    said = f' title="{title}" aria-label="{title} {unread:,}"'
    return f'<span class="bm-told bm-unread">{link(visit, "messages", {}, attributes=said)}<i>✉</i>{shown}</a></span>'


def _person(visit: Visit) -> str:
    """Return who looks, in which role, and the way to their sessions and out; a visitor is told that nothing can be done here."""
    _, who = visit._, visit.who
    lang = urlencode({"lang": visit.language})
    if who.role is Role.DEMO:
        return (
            f'<span class="bm-who"><b>{escape(_(ROLE[Role.DEMO]))}</b>'
            f'<a href="/first-run?{lang}" target="_self">{escape(_("Create the first account"))}</a></span>'
        )
    return (
        f'<span class="bm-who"><a href="/own?{lang}" target="_self" title="{escape(_("Your sessions and your password"))}">'
        f'<b>{escape(who.name)}</b> {escape(_(ROLE[who.role]))}</a><a href="/log-out?{lang}" target="_self">{escape(_("Log out"))}</a></span>'
    )


def _menu(visit: Visit) -> str:
    """Return what opens the tools where there is no room for them, on a phone: who looks, and as which post."""
    _, who = visit._, visit.who
    role = _(ROLE[who.role])
    name = role if who.role is Role.DEMO else who.name
    try:
        acts = role if visit.post is NOBODY else post_title(visit.post, _)
    except BattlemapError:
        acts = role
    second = f"<small>{escape(acts)}</small>" if acts != name else ""
    return (
        f'<button type="button" class="bm-menu" data-menu aria-expanded="false" aria-label="{escape(_("Menu"))}: {escape(name)}">'
        f"<span><b>{escape(name)}</b>{second}</span></button>"
    )


def _printed(visit: Visit, page: str) -> str:
    """Return what stands on the paper, and only there, when somebody prints a page of the console by the browser."""
    try:
        room = visit.room()
        mark = watermark(room, visit.who, visit.now, _what(visit, room, page), visit._, visit.language)
    except BattlemapError:
        return ""
    return f'<span class="bm-printed" aria-hidden="true">{escape(mark)}</span>'


def _what(visit: Visit, room: Room, page: str) -> list[str]:
    """Say what a page shows: the map and the table of cases by their filters, a case by its number."""
    own = st.session_state["own"].get(page, {})
    if page not in {"", "cases"}:
        return [value for name, value in own.items() if name in {"case", "order", "walk", "whistle"}]
    wanted = Filter.from_query(own, period=None) if page else visit.wanted()
    return filtered(room, wanted, visit._, visit.language)


def _take_post(key: str) -> None:
    if st.session_state[key]:
        st.session_state["post"] = st.session_state[key]


def _take_area(key: str) -> None:
    """Go to another area: its grids and classes are others, so that only marks and days stay of the filter."""
    chosen = st.session_state[key]
    if chosen:
        st.session_state["area"] = chosen
        st.session_state["post"] = DISPATCHER  # another area has other posts
        st.session_state["asked"] = {
            key: value for key, value in st.session_state["asked"].items() if key in {"mark", "days"}
        }


def _take_language() -> None:
    st.session_state["language"] = st.session_state["language_choice"]


def _said(visit: Visit) -> dict[str, str]:
    return {key: value for key, value in visit.address().items() if value}


def _ways_out(visit: Visit) -> str:
    """Return links that open the field page, which only a phone shows, the wall of the grid that this page shows, and paper with the filter of this page."""
    _, query = (
        visit._,
        urlencode({"lang": visit.language, **{key: value for key, value in visit.asked.items() if value}}),
    )
    name = quote(visit.name, safe="")
    wall = urlencode({"lang": visit.language, "grid": visit.asked.get("grid", "")})
    field = (
        f'<a class="bm-phone" href="/field/{name}?{urlencode({"lang": visit.language})}" target="_self">{escape(_("Field page"))}</a>'
        if visit.may("field")
        else ""
    )
    return (
        f'<span class="bm-ways">{field}'
        f'<a href="/wall/{name}?{escape(wall)}" target="_blank" rel="noopener">{escape(_("Wall"))}</a>'
        f'<a href="/print/{name}?{escape(query)}" target="_blank" rel="noopener">{escape(_("Print"))}</a>'
        f'<button type="button" data-theme-switch title="{escape(_("Light or dark"))}" aria-label="{escape(_("Light or dark"))}"><i class="bm-half"></i></button></span>'
    )
