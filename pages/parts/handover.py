"""The hand-over (交接班): writing a note with the cases that it carries, and signing for one."""

from datetime import UTC, datetime
from html import escape

import pandas as pd
import streamlit as st

from desk.posts import duty
from desk.posts.duty import Carried
from desk.room import Room
from geo.errors import BattlemapError
from incidents.lifecycle import UNDO_WITHIN
from incidents.rota import ANSWERS
from ledger.rota import Handover
from pages.parts.rows import rows
from pages.parts.visit import Visit
from reports.case_words import grid_name, local
from reports.roster import WHY, post_full, post_grid, trouble
from reports.words import post_title, status_name

REFUSED, WRITTEN = "note_refused", "note_written"


def waiting_notes(visit: Visit, room: Room) -> None:
    """Show the hand-overs that nobody signed for yet, above everything."""
    _ = visit._
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.error(refused)
    serving = duty.on_duty(room, visit.now)
    for note in duty.waiting(room):
        with st.container(key=f"note_{note.id}", gap="small"):
            cases = duty.cases_of(room, note, visit.post)
            still = [case for case in cases if case.mark and case.mark.value == "red"]
            st.html(_note(visit, room, note, _("Hand-over, not taken yet")))
            if cases:
                ended = _("{n} cases, {ended} of them ended since").format(
                    n=len(note.cases), ended=len(cases) - len(still)
                )
                with st.expander(ended):
                    st.html(rows(visit, room, cases))
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                if visit.may("act") and duty.may_sign(note, visit.post.key, serving):
                    words = _("Take over and sign as {post}").format(post=post_title(visit.post, _))
                    st.button(words, type="primary", key=f"take_{note.id}", on_click=_take, args=(visit, note.id))
                else:
                    st.html(f'<p class="bm-note">{escape(_signer(visit, room, note))}</p>', width="content")
                if visit.may("act") and note.from_post == visit.post.key and visit.now - note.at < UNDO_WITHIN:
                    st.button(_("Undo"), key=f"withdraw_{note.id}", on_click=_withdraw, args=(visit, note.id))


def _signer(visit: Visit, room: Room, note: Handover) -> str:
    """Say who has to sign for a hand-over: whom it names, else who comes on duty next."""
    _, to = visit._, note.to_post
    if to in {"", note.from_post}:
        after = duty.next_duty(room, visit.now)
        to = next(
            (one.post for role in ANSWERS for one in after if one.role is role and one.post != note.from_post), ""
        )
    if not to:
        return _("Waits for the next shift to sign; who hands over does not sign for itself.")
    return _("Waits for {post} to sign; who hands over does not sign for itself.").format(post=post_full(room, to, _))


def write_note(visit: Visit, room: Room) -> None:
    """Show the form of a hand-over."""
    _ = visit._
    st.html(f"<h2>{escape(_('Hand over'))}</h2>")
    if st.session_state.pop(WRITTEN, False):
        st.html(
            f'<p role="status">{escape(_("Handed over. The next shift signs for it at the top of this page."))}</p>'
        )
    if not st.toggle(_("Write a hand-over note"), key="note_open"):
        return
    after = duty.next_duty(room, visit.now)
    to = next((one.post for role in ANSWERS for one in after if one.role is role), "")
    with st.form("note", border=False):
        st.text_area(
            _("What the next shift has to know"),
            key="note_text",
            max_chars=duty.LONGEST_NOTE,
            height=120,
            placeholder=_(
                "What is going on, what was promised, equipment. Names and numbers of people are struck out."
            ),
        )
        numbers = _cases(visit, room, duty.carried(room, visit.post, visit.now))
        posts = {"": _("Whoever comes"), **_posts(visit, room)}
        place = list(posts).index(to) if to in posts else 0
        st.selectbox(_("To"), list(posts), place, format_func=posts.get, key="note_to")
        words = _("Hand over as {post}").format(post=post_title(visit.post, _))
        st.form_submit_button(words, type="primary", key="note_write", on_click=_write, args=(visit, numbers))


def _write(visit: Visit, numbers: list[str]) -> None:
    """Write the note from the form's values; what is refused is said above, and what was typed stays."""
    state = st.session_state
    edited = state["note_cases"]["edited_rows"] if numbers else {}
    chosen = [number for place, number in enumerate(numbers) if edited.get(place, {}).get("on", True)]
    try:
        duty.write(visit.room(), state["note_text"], chosen, state["note_to"], visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        state[REFUSED] = trouble(error, visit._)
    else:
        state["note_open"], state["note_text"], state[WRITTEN] = False, "", True


def past_notes(visit: Visit, room: Room) -> None:
    """Show the last hand-overs."""
    _, found = visit._, duty.past(room)
    if not found:
        st.html(f'<p class="bm-note">{escape(_("No hand-over was signed for yet."))}</p>')
        return
    with st.expander(_("Hand-overs before")):
        st.html("".join(_note(visit, room, note, "") for note in found))


def _cases(visit: Visit, room: Room, found: list[Carried]) -> list[str]:
    """Show the cases that the note carries, chosen already; each may be left out. Returns all of them, in order."""
    _ = visit._
    if not found:
        st.html(f'<p class="bm-note">{escape(_("No open case has to be carried over."))}</p>')
        return []
    frame = pd.DataFrame(
        {
            "on": True,
            "number": [one.case.number for one in found],
            "title": [one.case.title for one in found],
            "why": [_(WHY[one.why]) for one in found],
            "state": [status_name(one.case.status.value, _) for one in found],
            "grid": [grid_name(room, one.case.codes) for one in found],
        }
    )
    heads = {"number": _("Number"), "title": _("Matter"), "why": _("Why"), "state": _("State"), "grid": _("Grid")}
    columns = {name: st.column_config.TextColumn(words, disabled=True) for name, words in heads.items()}
    columns["on"] = st.column_config.CheckboxColumn(_("Carry"), width="small")
    st.html(
        f"<p>{escape(_('{n} open cases are carried; untick what the next shift need not see.').format(n=len(found)))}</p>"
    )
    height = min(38 + 35 * len(found), 320)
    st.data_editor(frame, column_config=columns, hide_index=True, key="note_cases", height=height)
    return frame["number"].tolist()


def _posts(visit: Visit, room: Room) -> dict[str, str]:
    _ = visit._
    found = room.register.posts(visit.now)
    return {
        key: " · ".join(filter(None, (post_title(post, _), post_grid(room, post, visit.language))))
        for key, post in found.items()
    }


def _note(visit: Visit, room: Room, note: Handover, heading: str) -> str:
    _ = visit._
    title = f"<h2>{escape(heading)}</h2>" if heading else ""
    way = [post_full(room, note.from_post, _), post_full(room, note.to_post, _) or _("Whoever comes")]
    signed = _("signed {time}").format(time=local(room, note.taken)) if note.taken else ""
    carried = _("{n} cases").format(n=len(note.cases)) if note.cases and note.taken else ""
    about = " · ".join(filter(None, (local(room, note.at), " → ".join(way), signed, carried)))
    text = f"<q>{escape(note.text)}</q>" if note.text else ""
    return f'<article class="bm-handed">{title}<p>{escape(about)}</p>{text}</article>'


def _take(visit: Visit, id_: int) -> None:
    try:
        duty.take(visit.room(), id_, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        st.session_state[REFUSED] = trouble(error, visit._)


def _withdraw(visit: Visit, id_: int) -> None:
    try:
        duty.withdraw(visit.room(), id_, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        st.session_state[REFUSED] = trouble(error, visit._)
