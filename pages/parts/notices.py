"""Part of the page of messages: notices from and to the acting post, one of them with its receipts, and the form that writes one."""

from datetime import UTC, datetime, time, timedelta
from html import escape

import streamlit as st

from desk.outbox import calls, notices
from desk.outbox.notices import Draft, Receipt
from desk.room import Room
from geo.errors import BattlemapError
from ledger.notices import SUBJECT, Notice
from ledger.outbox import State
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.going import go, link
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports import notices as said_of
from reports.case_words import local
from reports.refusals import refusal
from reports.roster import post_full

TAB, WRITE = "notices", "write"
USUAL = timedelta(days=7)


def shown(visit: Visit, room: Room, own: dict[str, str]) -> None:
    """Show what the address asks for: one notice, the form, or the list."""
    if own.get("notice"):
        _sheet(visit, room, own["notice"])
    elif own.get("tab") == WRITE and _may_write(visit):
        _form(visit, room)
    else:
        _list(visit, room)


def _may_write(visit: Visit) -> bool:
    return visit.may("act") and notices.may_send(visit.post)


def _list(visit: Visit, room: Room) -> None:
    _ = visit._
    found = said_of.rows(room, visit.post, visit.now, _)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Notices"))}</h1>', width="content")
        if _may_write(visit):
            st.html(f'{link(visit, "messages", {"tab": WRITE}, attributes=" class=bm-button")}{escape(_("Write a notice"))}</a>', width="content")  # fmt: skip
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("No notice was sent to this post or by it."))}</p>')
    lines = (
        f'<li data-state="{"sent" if row.waits else ""}">{link(visit, "messages", {"notice": str(row.id)})}<b>{escape(row.title)}</b> {escape(row.state)}'
        f"<small>{escape(row.about)}</small></a></li>"
        for row in found
    )
    st.html(f'<ol class="bm-news">{"".join(lines)}</ol>')


# One notice


def _sheet(visit: Visit, room: Room, asked: str) -> None:
    _, form = visit._, Form(f"notice_{asked}", visit)
    try:
        one = notices.get(room, int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 16 else 0)  # noqa: PLR2004  digits
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    st.html(f'<h1 class="bm-heading">{escape(one.title or _("(erased)"))}</h1>')
    st.html("".join(f"<p>{escape(line)}</p>" for line in one.text.split("\n")))
    st.html(_facts(visit, room, one))
    if visit.post.key in one.posts:
        _answer(visit, room, form, one)
    if visit.post.key == one.post:
        _receipts(visit, room, form, one)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _facts(visit: Visit, room: Room, one: Notice) -> str:
    _ = visit._
    gone = one.withdrawn and f"{local(room, one.withdrawn)} {one.reason}"
    rows = [
        (_("From"), post_full(room, one.post, _)),
        (_("For"), said_of.to_whom(room, one, _) if one.post == visit.post.key else post_full(room, visit.post.key, _)),
        (_("Sent"), local(room, one.at)),
        (_("Until"), local(room, one.until)),
        (_("Reminded"), local(room, one.reminded) if one.reminded and one.post == visit.post.key else ""),
        (_("Taken back"), gone or ""),
    ]
    return pairs([row for row in rows if row[1]])


def _answer(visit: Visit, room: Room, form: Form, one: Notice) -> None:
    """Offer an addressee to acknowledge it, or say when they did; what asks for no receipt is marked as read."""
    _ = visit._
    done = notices.acknowledged(room, [one], {visit.post.key}).get(one.id, {}).get(visit.post.key)
    unread = [] if one.receipt else _unread(visit, room, one)
    if done:
        st.html(f'<p class="bm-saved" role="status">{escape(_("Acknowledged {time}").format(time=local(room, done)))}</p>')  # fmt: skip
    elif visit.may("act") and one.receipt and one.runs(visit.now):
        st.button(_("Acknowledge"), type="primary", key="notice_acknowledge", on_click=_do, args=(visit, form, "acknowledge", one.id))  # fmt: skip
    elif visit.may("act") and unread:
        st.button(_("Mark as read"), key="notice_read", on_click=_do, args=(visit, form, "read", unread))


def _unread(visit: Visit, room: Room, one: Notice) -> list[int]:
    told = calls.told(room, {visit.post.key})
    about = (SUBJECT, str(one.id))
    return [message.id for message in told if (message.subject, message.number) == about and message.state is State.SENT]  # fmt: skip


def _receipts(visit: Visit, room: Room, form: Form, one: Notice) -> None:
    """Show its sender how far it came with each post, and what can be done about it."""
    _, found = visit._, notices.receipts(room, one)
    missing = set(notices.missing(one, found))
    done = len(found) - len(missing)
    title = _("{n} of {all} acknowledged") if one.receipt else _("{n} of {all} read")
    st.html(f"<h2>{escape(title.format(n=done, all=len(found)))}</h2>")
    if one.runs(visit.now) and visit.may("act"):
        if missing:
            st.button(_("Remind those who have not ({n})").format(n=len(missing)), key="notice_remind", on_click=_do, args=(visit, form, "remind", one.id))  # fmt: skip
        with st.expander(_("Text to be copied into a group")):
            st.code(f"{one.title}\n{one.text}", language=None, wrap_lines=True)
        with st.expander(_("Take it back")):
            st.text_input(_("Reason"), max_chars=notices.LONGEST_REASON, **form.bind("reason"))
            st.button(_("Take it back"), key="notice_withdraw", on_click=_do, args=(visit, form, "withdraw", one.id))
    st.html(f'<ol class="bm-news">{"".join(_got(visit, room, got, waits=got.post in missing) for got in found)}</ol>')


def _got(visit: Visit, room: Room, got: Receipt, *, waits: bool) -> str:
    _ = visit._
    times = (
        (_("acknowledged {time}"), got.acknowledged),
        (_("read {time}"), got.read),
    )
    said = " · ".join(name.format(time=local(room, time)[5:]) for name, time in times if time) or _("not read")
    return f'<li data-state="{"sent" if waits else ""}"><span>{escape(post_full(room, got.post, _))}<small>{escape(said)}</small></span></li>'


def _do(visit: Visit, form: Form, what: str, named: object) -> None:
    now = datetime.now(UTC)
    try:
        by, room = visit.by("act"), visit.room()
        if what == "withdraw":
            notices.withdraw(room, named, form.get("reason"), by, now)
        elif what == "remind":
            notices.remind(room, named, by, now)
        elif what == "read":
            calls.read(room, named, by, now)
        else:
            notices.acknowledge(room, named, by, now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


# Writing one


def _form(visit: Visit, room: Room) -> None:
    _, form = visit._, Form("notice_new", visit)
    there = notices.choices(room, visit.post, visit.now)
    st.html(f'<h1 class="bm-heading">{escape(_("Write a notice"))}</h1>')
    st.html(f'<p class="bm-note">{escape(_("For posts, not for residents: no name, no telephone, no identity number."))}</p>')  # fmt: skip
    chosen = st.multiselect(
        _("For whom"),
        list(there),
        format_func=lambda name: said_of.choice_name(room, name, there[name], _),
        placeholder=_("All of a grid, all of a kind, or single posts"),
        select_all=False,
        **form.bind("to", []),
    )
    st.text_input(_("Title"), max_chars=notices.LONGEST_TITLE, **form.bind("title"))
    st.text_area(_("Text"), height=140, max_chars=notices.LONGEST_TEXT, **form.bind("text"))
    today = visit.now.astimezone(room.area.pack.timezone).date()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        last = today + notices.LONGEST - timedelta(days=1)
        st.date_input(_("Until the end of"), min_value=today, max_value=last, format="YYYY-MM-DD", width=pixels(180), **form.bind("until", today + USUAL))  # fmt: skip
        st.checkbox(_("Ask for a receipt"), **form.bind("receipt", default=False))
    many = len({key for name in chosen for key in there.get(name, ())})
    st.button(_("Send to {n} posts").format(n=many), type="primary", key="notice_send", disabled=not many, on_click=_send, args=(visit, form))  # fmt: skip
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _send(visit: Visit, form: Form) -> None:
    try:
        room, by = visit.room(), visit.by("act")
        ends = datetime.combine(form.get("until"), time(23, 59), room.area.pack.timezone).astimezone(UTC)
        draft = Draft(form.get("title"), form.get("text"), tuple(form.get("to", [])), ends, receipt=form.get("receipt", default=False))  # fmt: skip
        id_ = notices.send(room, draft, by, datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
        go("messages", {"notice": str(id_)})
