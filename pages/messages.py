"""Messages (消息): what the acting post was told and has not read, what has to be copied into groups, and the call list (未读呼叫清单)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.outbox import calls
from desk.outbox.alarms import card_of, event_of
from desk.outbox.book import Book, Books
from desk.outbox.notices import latest
from desk.outbox.words import PAGE, UNNUMBERED, kind_name, words
from desk.room import Room
from geo.errors import BattlemapError
from incidents.lifecycle import By
from ledger.emergencies import EVENT
from ledger.outbox import Message, State
from locales import N_
from pages.parts import notices
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import local
from reports.notices import waiting
from reports.refusals import refusal
from reports.roster import post_full
from reports.words import post_title

STATE = {State.SENT: N_("not read"), State.READ: N_("read {time}"), State.DONE: N_("acted on")}
FEW = 20  # texts that are opened to be copied at once
Mark = Callable[[Room, Sequence[int], By, datetime], int]


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), st.session_state["own"]["messages"]
    is_notices = bool(own.get("notice") or own.get("tab"))
    if own.get("tab") != notices.WRITE:  # nobody writes under a page that runs by itself
        follow_what(lambda: _standing(visit, room))
    with st.container(key="messages", gap=None), st.container(key="piles", horizontal=True, gap=None):
        st.html(_tabs(visit, room, is_notices=is_notices), width="content")
        with st.container(key="message_view", gap="small"):
            notices.shown(visit, room, own) if is_notices else _messages(visit, room)


def _tabs(visit: Visit, room: Room, *, is_notices: bool) -> str:
    """Return the ways to messages and to notices, each with what waits there."""
    _ = visit._
    tabs = (
        ({}, _("My messages"), calls.unread(room, {visit.post.key}), not is_notices),
        ({"tab": notices.TAB}, _("Notices"), waiting(room, visit.post, visit.now), is_notices),
    )
    parts = "".join(
        f"{link(visit, 'messages', own, attributes=' aria-current=true' if is_here else '')}<span>{escape(name)}</span><b>{many:,}</b></a>"
        for own, name, many, is_here in tabs
    )
    return f'<nav class="bm-piles" aria-label="{escape(_("My messages"))}"><p>{escape(post_title(visit.post, _))}</p>{parts}</nav>'


def _messages(visit: Visit, room: Room) -> None:
    if calls.may_call(room, visit.now):
        _calls(visit, room)
    _mine(visit, room)
    _to_copy(visit, room)


def _standing(visit: Visit, room: Room) -> tuple[int, ...]:
    own = {visit.post.key}
    copies = calls.to_copy(room, calls.copied_for(room, visit.post, visit.now))
    return (
        calls.unread(room, own),
        latest(room),
        len(copies),
        *(call.message.id for call in calls.waiting(room, datetime.now(UTC))),
    )


def _mine(visit: Visit, room: Room) -> None:
    _ = visit._
    found = calls.told(room, {visit.post.key})
    fresh = [one.id for one in found if one.state is State.SENT and one.read is None]
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(
            f'<h1 class="bm-heading">{escape(_("My messages"))} <b>{calls.unread(room, {visit.post.key}):,}</b></h1>',
            width="content",
        )
        if fresh and visit.may("act"):
            st.button(_("Mark all as read"), key="read_all", on_click=_done, args=(visit, room, calls.read, fresh))
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("Nobody told you anything yet."))}</p>')
    st.html(f'<ol class="bm-news">{"".join(_row(visit, room, one) for one in found)}</ol>')


def _row(visit: Visit, room: Room, one: Message) -> str:
    """Return a message as a line: what, of which case, when, and whether it was read."""
    _ = visit._
    lines = words(room, one, visit.language).text.split("\n")[1:]
    state = _(STATE[one.state if one.read is None else State.READ]).format(
        time=local(room, one.read)[5:] if one.read else ""
    )
    way = _way(visit, room, one)
    number = "" if one.subject in UNNUMBERED else one.number
    return (
        f'<li data-state="{one.state.value}">{way}<b>{escape(kind_name(one.kind, visit.language))}</b> '
        f"{f'<code>{escape(number)}</code> ' if number else ''}{escape(' · '.join(lines))}"
        f"<small>{escape(local(room, one.at)[5:])} {escape(state)}</small>{'</a>' if way.startswith('<a') else '</span>'}</li>"
    )


def _way(visit: Visit, room: Room, one: Message) -> str:
    """Return the opening tag of the way to what a message is about; of a plain one where there is none, or none for who looks."""
    event = event_of(room, one.number) if one.subject == EVENT else None
    if event:
        return f'<a href="{escape(card_of(room, event[0]))}" target="_self">'
    page, name = PAGE.get(one.subject, ("", "")) if one.number else ("", "")
    return link(visit, page, {name: one.number}) if page else "<span>"


def _calls(visit: Visit, room: Room) -> None:
    _, found, book = visit._, calls.waiting(room, visit.now), _book(room)
    title = _("Call list: not read in time")
    st.html(f'<h1 class="bm-heading">{escape(title)} <b class="{"bm-late" if found else ""}">{len(found)}</b></h1>')
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("Nobody has to be called."))}</p>')
    by_post: dict[str, list[Message]] = {}
    for call in found:
        by_post.setdefault(call.message.post, []).append(call.message)
    for unread in list(by_post.values())[: calls.MOST]:
        first, beside = unread[0].id, "center" if len(unread) == 1 else "top"
        with st.container(key=f"call_{first}", horizontal=True, vertical_alignment=beside, gap="small"):
            st.html(_call(visit, room, unread, book), width="content")
            if visit.may("act"):
                ids = [one.id for one in unread]
                st.button(_("Called"), key=f"called_{first}", on_click=_done, args=(visit, room, calls.called, ids))


def _call(visit: Visit, room: Room, unread: Sequence[Message], book: Book) -> str:
    """Return whom to call, under which office number, of what and since when: a post once, with all that it did not read."""
    first = unread[0]
    number = book.contact(room.id, first.contact).sms or book.contact(room.id, first.post).sms
    whom = f"<span>{escape(post_full(room, first.post, visit._))}</span>{f' <b>{escape(number)}</b>' if number else ''}"
    lines = [_called_for(visit, room, one) for one in unread]
    lines = [whom, *lines] if len(lines) > 1 else [f"{whom} {lines[0]}"]
    return "".join(f'<p class="bm-call">{line}</p>' for line in lines)


def _called_for(visit: Visit, room: Room, one: Message) -> str:
    """Return what somebody is called for, and since when they were told."""
    _ = visit._
    what = kind_name(one.kind, visit.language) if one.kind else _("beyond your grid")
    parts = (what, "" if one.subject in UNNUMBERED else one.number)
    since = _("told {time}").format(time=local(room, one.at)[5:])
    return f"{' '.join(f'<span>{escape(part)}</span>' for part in parts if part)} <small>{escape(since)}</small>"


def _to_copy(visit: Visit, room: Room) -> None:
    _, book = visit._, _book(room)
    found = calls.to_copy(room, calls.copied_for(room, visit.post, visit.now))
    if not found:
        return
    st.html(f'<h1 class="bm-heading">{escape(_("To be copied into a group"))} <b>{len(found)}</b></h1>')
    for one in found[:FEW]:
        with st.container(key=f"copy_{one.id}", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(f"<p>{escape(post_full(room, one.post, _))}</p>", width="content")
            st.code(words(room, one, visit.language, console=book.console).text, language=None, wrap_lines=True)
            if visit.may("act"):
                st.button(_("Copied"), key=f"copied_{one.id}", on_click=_done, args=(visit, room, calls.copied, [one.id]))  # fmt: skip


def _book(room: Room) -> Book:
    try:
        return Books(room.ledger.folder).read()
    except BattlemapError:
        return Book()


def _done(visit: Visit, room: Room, mark: Mark, ids: Sequence[int]) -> None:
    try:
        mark(room, ids, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        st.toast(refusal(error, visit._))
