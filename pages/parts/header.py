"""The header: name, area, pages, language, and the ways out to wall and paper."""

from html import escape
from urllib.parse import quote, urlencode

import streamlit as st
from streamlit.navigation.page import Page

from desk.room import DISPATCHER
from geo.errors import BattlemapError
from incidents.access import Role
from locales import LANGUAGES
from pages.parts.element import pixels
from pages.parts.visit import Visit, own_key
from reports.watermark import filtered, watermark
from reports.words import ROLE, post_title

LANGUAGE_NAMES = {"zh": "中文", "en": "EN"}
CHOICE = 2  # posts from which on there is something to choose
HIDDEN = frozenset({"case"})  # pages that one comes to from others


def header(visit: Visit, pages: list[Page], current: Page, *, synthetic: bool) -> None:
    """Show the header of every page."""
    _ = visit._
    with st.container(key="head", horizontal=True, vertical_alignment="center", wrap=True):
        st.html(f'<p class="bm-brand"><b>{escape(_("Grid battle map"))}</b></p>', width="content")
        _choose_area(visit)
        if synthetic:
            st.html(f'<span class="bm-chip">{escape(_("Illustrative"))}</span>', width="content")
        with st.container(key="nav", horizontal=True, width="content"):
            for page in pages:
                if page.url_path in HIDDEN:
                    continue
                st.page_link(
                    page, label=page.title, query_params=_said(visit), disabled=page.url_path == current.url_path
                )
        with st.container(key="tools", horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            _choose_post(visit)
            st.html(_person(visit) + _printed(visit), width="content")
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


def _printed(visit: Visit) -> str:
    """Return what stands on the paper, and only there, when somebody prints a page of the console by the browser."""
    try:
        room = visit.room()
        mark = watermark(room, visit.who, visit.now, filtered(room, visit.wanted(), visit._, visit.language), visit._, visit.language)  # fmt: skip
    except BattlemapError:
        return ""
    return f'<span class="bm-printed" aria-hidden="true">{escape(mark)}</span>'


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
    """Return links that open wall and paper with the filter of this page; console.js adds the view to that of the wall, the paper shows the whole area."""
    _, query = (
        visit._,
        urlencode({"lang": visit.language, **{key: value for key, value in visit.asked.items() if value}}),
    )
    name = quote(visit.name, safe="")
    return (
        '<span class="bm-ways">'
        f'<a data-view href="/map/{name}?{escape(query)}&amp;theme=dark" target="_blank" rel="noopener">{escape(_("Wall"))}</a>'
        f'<a href="/print/{name}?{escape(query)}" target="_blank" rel="noopener">{escape(_("Print"))}</a>'
        f'<button type="button" data-theme-switch title="{escape(_("Light or dark"))}" aria-label="{escape(_("Light or dark"))}"><i class="bm-half"></i></button></span>'
    )
