"""The case sheet (事件): what it is, where, how much time it has, what may be done, and what was done."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.posts.acting import reads
from desk.room import Room
from desk.whistle.people import may_ask
from geo.errors import UnknownIncident
from incidents.case import Incident
from incidents.lifecycle import Act
from pages.parts import acts, beside
from pages.parts.acts import Tried, bar, form, undo, undoable
from pages.parts.conflict import conflict
from pages.parts.follow import stale
from pages.parts.going import link, step_to
from pages.parts.keys import keys
from pages.parts.rows import badge, light, mark_of
from pages.parts.timeline import pictures, timeline
from pages.parts.visit import Visit
from reports.case_words import called, class_name, deadline, post_name
from reports.case_words import timeline as lines_of
from reports.refusals import refusal
from reports.words import CHANNEL, status_name


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), st.session_state["own"]["case"]
    number = own.get("case", "")
    with st.container(key="case", gap=None):
        try:
            case, entries, photos = room.sheet(number)
        except UnknownIncident as error:
            _nowhere(visit, number, refusal(error, visit._))
            return
        if not reads(room, case, visit.now, through=visit.post):
            _nowhere(visit, number, visit._("People are protected in this case: only posts that work on it see it."))
            return
        _sheet(visit, room, case, entries, photos, own.pop("act", ""))


def _sheet(  # noqa: PLR0917
    visit: Visit, room: Room, case: Incident, entries: Sequence[Mapping], photos: Sequence[Mapping], asked: str
) -> None:
    state, _ = st.session_state, visit._
    _walk(visit, case)
    st.html(_head(visit, room, case))
    stale(visit, room, case)
    may = acts.offered(case, visit)[1]
    if state.get("act_of") != case.number or asked:
        state["act"] = next((act for act in may if asked and act in {asked, acts.BOTH}), "")
        state.pop("refused", None)
    state["act_of"] = case.number
    chosen = state["act"]
    tried = state.get("conflict")
    with st.container(key="sheet", horizontal=True, gap=None):
        with st.container(key="work", gap=None):
            if isinstance(tried, Tried) and tried.number == case.number:
                conflict(case, visit, tried)
            else:
                _act(visit, case, entries, chosen if chosen in may else "")
            st.html(_description(visit, case, photos))
            lines = lines_of(room, entries, photos, _, visit.language)
            st.html(f"<h2>{escape(_('Course of the case'))}</h2>{timeline(lines, visit)}")
        with st.container(key="beside", gap=None):
            beside.show(visit, room, case)


def _act(visit: Visit, case: Incident, entries: Sequence[Mapping], chosen: str) -> None:
    _, last = visit._, entries[-1]
    until = acts.undo_until(last)
    if undoable(last, visit) and visit.now < until:
        with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
            filed = acts.filed_too(entries)
            done = _("Done: {act}").format(act=acts.name_of(acts.BOTH if filed else last["act"], visit))
            st.html(
                f'<p role="status">{escape(done)} <time data-until="{until.timestamp() * 1000:.0f}"></time></p>',
                width="content",
            )
            words = acts.undo_name(visit, filed=filed)
            st.button(words, key="undo_it", on_click=undo, args=(visit, case.number, case.version))
    elif last["act"] == Act.UNDO.value and last["post"] == visit.post.key and visit.now < until:
        undone = _("Taken back: {act}").format(act=acts.name_of(entries[-2]["act"], visit))
        st.html(f'<p class="bm-note" role="status">{escape(undone)}</p>')
    bar(case, visit, chosen)
    if chosen:
        with st.container(key="act_form"):
            form(case, visit, chosen)
    elif st.session_state.get("refused"):
        st.html(f'<p class="bm-refused" role="alert">{escape(st.session_state["refused"])}</p>')


def _walk(visit: Visit, case: Incident) -> None:
    """Show the way back to the list, and to the case before and after."""
    numbers, _ = st.session_state.get("walk", []), visit._
    place = numbers.index(case.number) if case.number in numbers else None
    with st.container(key="walk", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f"{link(visit, 'inbox', st.session_state['own']['inbox'])}← {escape(_('Inbox'))}</a> {link(visit, 'cases', st.session_state['own']['cases'])}{escape(_('Cases'))}</a>",
            width="content",
        )
        if place is not None:
            st.button("‹", key="key_previous", help=None, disabled=place == 0, on_click=step_to, args=(place - 1,))
            st.html(f"<span>{place + 1} / {len(numbers)}</span>", width="content")
            st.button("›", key="key_next", disabled=place + 1 == len(numbers), on_click=step_to, args=(place + 1,))
        paper = f"/dispatch/{quote(visit.name, safe='')}/{quote(case.number, safe='')}?{urlencode({'lang': visit.language, 'post': visit.post.key})}"
        st.html(
            f'<a class="bm-paper" href="{escape(paper)}" target="_blank" rel="noopener">{escape(_("Print the dispatch sheet"))}</a>',
            width="content",
        )
        if visit.may("act") and may_ask(visit.room(), visit.post):
            st.html(
                f"{link(visit, 'whistles', {'about': case.number})}{escape(_('Ask for a whistle'))}</a>",
                width="content",
            )
        keys(visit)


def _head(visit: Visit, room: Room, case: Incident) -> str:
    _ = visit._
    shown = deadline(room, case, visit.now, _)
    about = f"{class_name(room, case.class_, visit.language)} · {_(CHANNEL[case.channel])}"
    facts = [
        (_("State"), escape(status_name(case.status.value, _))),
        (_("Deadline"), light(shown.light.value if shown.light else "none", shown.left, shown.due) or "—"),
        (_("Handler"), escape(post_name(room, case.state.handler, _) or "—")),
        (_("Responsible"), escape(post_name(room, case.post, _) or "—")),
    ]
    if case.state.help:
        facts.append((_("Calls for help"), escape(called(room, case, _))))
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{value}</dd></div>" for label, value in facts)
    return (
        f'<header class="bm-head"><h1>{mark_of(case) if case.mark else ""}{escape(case.title)}{badge(case, visit)}</h1>'
        f'<p class="bm-number"><code>{escape(case.number)}</code>{escape(about)}</p><dl>{cells}</dl></header>'
    )


def _description(visit: Visit, case: Incident, photos: Sequence[Mapping]) -> str:
    words = f"<p>{escape(case.text)}</p>" if case.text and case.text != case.title else ""
    first = [(photo["thumbnail"], photo["sha256"]) for photo in photos if photo["kind"] == "before"]
    last = [(photo["thumbnail"], photo["sha256"]) for photo in photos if photo["kind"] != "before"]
    groups = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>{pictures(found, visit, name)}</figure>"
        for name, found in ((visit._("Before"), first), (visit._("After"), last))
        if found
    )
    return f'<div class="bm-said">{words}{f"<div class=bm-photos>{groups}</div>" if groups else ""}</div>'


def _nowhere(visit: Visit, number: str, why: str) -> None:
    _ = visit._
    st.html(
        f'<section class="bm-trouble" role="alert"><h1>{escape(number or _("No case is chosen"))}</h1><p>{escape(why)}</p>'
        f'<p class="bm-back">{link(visit, "inbox", {})}{escape(_("Inbox"))}</a>{link(visit, "cases", {})}{escape(_("Cases"))}</a></p></section>'
    )
