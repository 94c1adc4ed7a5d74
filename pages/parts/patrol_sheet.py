"""Part of the page of patrols: one patrol with its facts, what the acting post may do to it, and its history."""

from datetime import UTC, datetime
from html import escape
from typing import Any

import streamlit as st

from desk.patrols.acts import Doing, do, of
from desk.posts.acting import NOBODY
from desk.room import Room
from geo.errors import BattlemapError
from inspections.patrols import COUNTS, Act, State, allowed
from ledger import find, patrols
from ledger.patrols import SUBJECT, Filed
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.patrol_walked import walked_fields, walked_of
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports.case_words import local, post_name, said
from reports.patrol_words import ACT, COUNT, STATE, line, outcome_names, place_name, topic_names, walker_names, when
from reports.refusals import refusal


def sheet(visit: Visit, room: Room, number: str) -> None:
    """Show a patrol; nothing where none is chosen."""
    if not number:
        return
    _, form = visit._, Form(f"patrol_act_{number}", visit)
    try:
        filed = of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    with room.ledger.reading() as connection:
        notes = patrols.words(connection, filed)
        entries = find.entries(connection, room.id, number, subject=SUBJECT)
    st.html(_facts(visit, room, filed, notes))
    _acts(visit, room, form, filed)
    st.html(_history(visit, room, entries))


def _facts(visit: Visit, room: Room, filed: Filed, notes: list[str]) -> str:
    _, state = visit._, filed.state
    rows = [
        (_("Number"), filed.number),
        (_("State"), _(STATE[state.state])),
        (_("Kind"), room.rules.patrols.kind(state.kind).name.in_(visit.language)),
        (_("Planned for") if state.state is State.PLANNED else _("Time"), when(room, filed)),
        (_("Who walks"), walker_names(room, filed, _, visit.language)),
        (_("What came of it"), outcome_names(room, filed, visit.language)),
        (_("What people spoke of"), topic_names(room, filed, visit.language)),
        *((_(COUNT[name]), f"{getattr(state, name):,}") for name in COUNTS if state.found),
    ]
    cases = " ".join(f"{link(visit, 'case', {'case': one})}{escape(one)}</a>" for one in state.cases)
    joined = f"<p>{escape(_('Cases reported from it'))} {cases}</p>" if cases else ""
    told = "".join(f'<p class="bm-quote">{escape(note)}</p>' for note in notes)
    return f"<h2>{escape(place_name(room, filed))}</h2>{told}{pairs([row for row in rows if row[1]])}{joined}"


def _acts(visit: Visit, room: Room, form: Form, filed: Filed) -> None:
    """Show what may be done: a button for each act, and the form of the one that was pressed."""
    _, post = visit._, visit.post
    may = allowed(filed.state, post.by) if visit.may("act") and post is not NOBODY else ()
    chosen = form.get("act", None)
    if may:
        with st.container(horizontal=True, key="visit_acts", gap="small"):
            for act in may:
                look = "primary" if act is Act.DONE else "secondary"
                st.button(_(ACT[act]), key=f"patrol_{act.value}", type=look, on_click=form.clear, kwargs={"act": act})
    if chosen in may:
        with st.container(key="visit_act_form", gap="small"):
            _fields(visit, room, form, filed, chosen)
            with st.container(horizontal=True, gap="small"):
                st.button(_(ACT[chosen]), key="patrol_confirm", type="primary", on_click=_do, args=(visit, room, form, filed, chosen))  # fmt: skip
                st.button(_("Leave it as it was"), key="patrol_leave", on_click=form.clear)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _fields(visit: Visit, room: Room, form: Form, filed: Filed, act: Act) -> None:
    _, rules = visit._, room.rules.patrols
    if act is Act.DONE:
        walked_fields(visit, room, form, filed.state)
        return
    label = _("Reason") if act is Act.CANCEL else _("Note")
    st.text_input(label, max_chars=rules.longest_note, placeholder=_("No names, numbers or door numbers: only the matter"), **form.bind("words"))  # fmt: skip
    if act is Act.NOTE:
        st.text_input(_("Case that was reported from it"), placeholder=_("Number, where there is one"), **form.bind("case"))  # fmt: skip


def _do(visit: Visit, room: Room, form: Form, filed: Filed, act: Act) -> None:
    try:
        do(room, _doing(visit, room, form, filed, act), visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _doing(visit: Visit, room: Room, form: Form, filed: Filed, act: Act) -> Doing:
    if act is Act.DONE:
        return Doing(filed.number, act, walked_of(visit, room, form, filed.state))
    if act is Act.CANCEL:
        return Doing(filed.number, act, data={"reason": form.get("words")})
    return Doing(filed.number, act, data={"text": form.get("words"), "case": form.get("case").strip()})


def _history(visit: Visit, room: Room, entries: list[dict[str, Any]]) -> str:
    _ = visit._
    desks = {Act.STEP.value, Act.PLAN.value}
    rows = "".join(
        f'<li data-act="{escape(entry["act"])}"><time>{escape(local(room, entry["at"]))}</time><div><p><b>{escape(line(entry, room, _, visit.language))}</b> '
        f"<span>{escape('' if entry['act'] in desks else post_name(room, entry['post'], _))}</span></p>{_words(entry, _)}</div></li>"
        for entry in reversed(entries)
    )
    return f'<ol class="bm-timeline">{rows}</ol>'


def _words(entry: dict[str, Any], _: Any) -> str:
    words = said(entry["data"], _)
    return f"<q>{escape(words)}</q>" if words else ""
