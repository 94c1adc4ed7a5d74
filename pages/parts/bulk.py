"""Many cases at once: what the selected rows may be dispatched to, what cannot be and why, and the dispatch of all of them in one change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.acts import Doing, do_all
from desk.room import Room
from geo.errors import BattlemapError, Conflict
from incidents.case import Incident
from incidents.lifecycle import UNDO_WITHIN, Act
from ledger import find
from pages.parts.acts import handler_names, undo_name
from pages.parts.snapshot import Snapshot, renew
from pages.parts.visit import Visit
from reports.case_words import post_name
from reports.refusals import refusal
from reports.words import status_name

MOST_NAMED = 8


@dataclass(frozen=True)
class Done:
    """A dispatch of many that may be taken back for a minute."""

    numbers: tuple[str, ...]
    handler: str
    at: datetime
    filed: int = 0  # so many were filed in the same change, and stay so


def bulk(visit: Visit, room: Room, shown: Snapshot, rows: Sequence[int]) -> None:
    """Show the dispatch of the selected rows, and what came of the last one."""
    _ = visit._
    _last(visit, room)
    refused = st.session_state.pop("bulk_refused", "")
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
    if not rows or not st.session_state.get("bulk") or not visit.may("act"):
        return
    cases = _cases(room, [shown.listing.numbers[row] for row in rows])
    may, cannot = _sorted_out(cases, visit)
    with st.container(key="bulk"):
        again = sum(1 for case in may if case.state.handler)
        words = _("{n} cases will be dispatched.").format(n=len(may))
        if again:
            words += _(" {n} of them change their handler.").format(n=again)
        st.html(f"<p>{escape(words)}</p>")
        _left_out(cannot, visit)
        key, names = f"bulk_{shown.key}", handler_names(room, None, visit)
        with st.form(f"{key}_form", border=False):
            st.selectbox(
                _("Handler"), list(names), index=None, format_func=names.get,
                placeholder=_("Type a grid, a post or a department"), key=f"{key}_handler",
            )  # fmt: skip
            st.text_area(_("What is to be done") + _(" (optional)"), key=f"{key}_text", height=80)
            versions = dict(zip(shown.listing.numbers, shown.listing.versions, strict=True))
            with st.container(horizontal=True, gap="small"):
                st.form_submit_button(
                    _("Dispatch {n} cases").format(n=len(may)),
                    type="primary",
                    disabled=not may,
                    on_click=_dispatch,
                    args=(visit, may, versions, key),
                )
                st.form_submit_button(_("Put aside"), on_click=close)


def open_() -> None:
    """Open the dispatch of many; for callbacks."""
    st.session_state["bulk"] = True


def close() -> None:
    """Close it."""
    st.session_state["bulk"] = False


def _cases(room: Room, numbers: list[str]) -> list[Incident]:
    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(numbers=frozenset(numbers)))


def _sorted_out(cases: list[Incident], visit: Visit) -> tuple[list[Incident], list[Incident]]:
    may, cannot = [], []
    for case in cases:
        acts = visit.allowed(case.state)
        (may if {Act.FILE, Act.DISPATCH} & set(acts) else cannot).append(case)
    return may, cannot


def _left_out(cannot: list[Incident], visit: Visit) -> None:
    """Say how many cannot be dispatched; which, and why, lies folded."""
    if not cannot:
        return
    _ = visit._
    items = "".join(
        f"<li>{escape(case.number)} · {escape(case.title)} · {escape(status_name(case.status.value, _))}</li>"
        for case in cannot[:MOST_NAMED]
    )
    if len(cannot) > MOST_NAMED:
        items += f"<li>{escape(_('and {n} more').format(n=len(cannot) - MOST_NAMED))}</li>"
    with st.expander(_("{n} cannot be dispatched and are left out").format(n=len(cannot))):
        st.html(f'<ul class="bm-note">{items}</ul>')


def _dispatch(visit: Visit, cases: list[Incident], versions: dict[str, int], key: str) -> None:
    """Dispatch all of them in one change, or none: those that were not filed are filed first."""
    state, _, room = st.session_state, visit._, visit.room()
    handler, text = state.get(f"{key}_handler"), (state.get(f"{key}_text") or "").strip()
    if not handler:
        state["bulk_refused"] = _("Still missing: {fields}").format(fields=_("Handler"))
        return
    data = {"handler": handler, **({"text": text} if text else {})}
    doings: list[Doing] = []
    for case in cases:
        seen: int | None = versions.get(case.number)
        if Act.FILE in visit.allowed(case.state):
            doings.append(Doing(case.number, Act.FILE, {}, seen))
            seen = None
        doings.append(Doing(case.number, Act.DISPATCH, data, seen))
    at = datetime.now(UTC)
    try:
        do_all(room, doings, visit.by("act"), at)
    except Conflict as error:
        state["bulk_refused"] = refusal(error, _) + _(" Nothing was dispatched. Look at it, then do it again.")
        renew()
    except BattlemapError as error:
        state["bulk_refused"] = refusal(error, _) + _(" Nothing was dispatched.")
    else:
        filed = sum(1 for doing in doings if doing.act is Act.FILE)
        state["bulk_done"], state["bulk"] = Done(tuple(case.number for case in cases), handler, at, filed), False
        state.pop("bulk_undone", None)
        renew()


def _last(visit: Visit, room: Room) -> None:
    """Say what was dispatched, and offer to take it back for a minute."""
    done, undone, _ = st.session_state.get("bulk_done"), st.session_state.get("bulk_undone"), visit._
    if undone and visit.now < undone[1] + UNDO_WITHIN:
        st.html(f'<p class="bm-note" role="status">{escape(undone[0])}</p>')
    if done is None:
        return
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        words = _("{n} cases were dispatched to {post}.").format(
            n=len(done.numbers), post=post_name(room, done.handler, _)
        )
        until = (done.at + UNDO_WITHIN).timestamp() * 1000
        st.html(f'<p role="status">{escape(words)} <time data-until="{until:.0f}"></time></p>', width="content")
        st.button(undo_name(visit, filed=done.filed > 0), key="bulk_undo", on_click=_undo, args=(visit, done))
    if visit.now > done.at + UNDO_WITHIN:
        st.session_state.pop("bulk_done")


def _undo(visit: Visit, done: Done) -> None:
    try:
        do_all(visit.room(), [Doing(number, Act.UNDO) for number in done.numbers], visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        st.session_state["bulk_refused"] = refusal(error, visit._)
    else:
        _, state = visit._, st.session_state
        words = _("The dispatch of {n} cases was taken back.").format(n=len(done.numbers))
        if done.filed:
            words += _(" {n} of them stay filed.").format(n=done.filed)
        state["bulk_undone"] = words, datetime.now(UTC)
        state.pop("bulk_done", None)
        renew()
