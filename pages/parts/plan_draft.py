"""Part of the page of plans: one that is worked out, with how far it is; then its walks, which are changed by hand, and kept."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.planning import keep
from desk.planning.day import Planned
from desk.planning.draft import DRAFTS, Draft
from desk.planning.runs import Stage
from desk.room import Room
from geo.errors import BattlemapError
from inspections.plans import DayPlan
from pages.parts.going import go
from pages.parts.plan_board import beyond, board, head, plan_map, shown_draft
from pages.parts.visit import Visit
from reports import plan_words
from reports.refusals import refusal

EVERY = 0.7  # seconds between two looks at how far a plan is


def slot(visit: Visit) -> str:
    """Return where the plan stands at which somebody works in an area."""
    return f"plan draft {visit.name}"


def draft_of(visit: Visit) -> Draft | None:
    """Return the plan at which somebody works, also after the page was loaded again; None for none."""
    found = st.session_state.get(slot(visit)) or DRAFTS.of(visit.session, visit.name)
    return found if isinstance(found, Draft) else None


def hold(visit: Visit, draft: Draft) -> None:
    """Let somebody work at a plan."""
    st.session_state[slot(visit)] = draft
    DRAFTS.hold(visit.session, visit.name, draft)


def _let_go(visit: Visit) -> None:
    st.session_state.pop(slot(visit), None)
    DRAFTS.drop(visit.session, visit.name)


def drafted(visit: Visit, room: Room, draft: Draft, place: str) -> None:
    """Show how far a plan is, or the plan."""
    found = draft.look()
    if found is None:
        _running(visit, draft)
    else:
        _plan(visit, room, draft, found, place)


def _running(visit: Visit, draft: Draft) -> None:
    _ = visit._

    @st.fragment(run_every=EVERY)
    def watch() -> None:
        stage = draft.run.stage
        if stage is Stage.DONE:
            st.rerun()
        if stage in {Stage.FAILED, Stage.CANCELLED}:
            told = _("The plan could not be worked out. Plan fewer sites or people at once.") if stage is Stage.FAILED else _("Taken back.")  # fmt: skip
            st.html(f'<p class="bm-refused" role="alert">{escape(told)}</p>')
        else:
            text = _("Another plan is worked out first.") if stage is Stage.WAITING else _("{n} sites are shared out and put in order.").format(n=f"{len(draft.ready.sites):,}")  # fmt: skip
            st.progress(draft.run.share, text=text)

    with st.container(key="plan_running", gap="small"):
        watch()
        st.button(_("Cancel"), key="plan_cancel", on_click=_drop, args=(visit, draft))


def _plan(visit: Visit, room: Room, draft: Draft, found: Planned, place: str) -> None:
    _ = visit._
    made = keep.drawn(room, found, draft.asking, visit.post.by)
    there = keep.instead(room, made.day, made.posts)
    draft.seen = {one.number: one.version for one in there}
    head(visit, room, made)
    with st.container(key="plan_acts", horizontal=True, vertical_alignment="center", gap="small"):
        st.button(_("Keep the plan"), type="primary", key="plan_keep", on_click=_keep, args=(visit, draft, place))
        st.button(_("Undo the last change"), key="plan_undo", disabled=not draft.before, on_click=draft.undo)
        st.button(_("Drop it and plan anew"), key="plan_drop", on_click=_drop, args=(visit, draft))
    said = st.session_state.pop(f"{place} said", "")
    if said:
        st.html(f'<p class="bm-refused" role="alert">{escape(said)}</p>')
    if there:
        st.html(f'<p class="bm-note">{escape(_replaced(visit, room, made, there))}</p>')
    lines = shown_draft(visit, room, found)
    beyond(visit, room, made, found.sites)
    plan_map(visit, made, list(found.sites), key=f"plan_map_{visit.name}")
    board(visit, lines, last=draft.last, key="plan_board", on_moved=lambda: _moved(visit, draft, place))


def _replaced(visit: Visit, room: Room, made: DayPlan, there: list[DayPlan]) -> str:
    """Say which plans are replaced, and who then has none."""
    _ = visit._
    said = _("Keeping it replaces {numbers} of that day.").format(numbers="、".join(one.number for one in there))
    left = dict.fromkeys(post for one in there for post in one.posts if post not in made.posts)
    if left:
        said += " " + _("These then have no plan: {posts}.").format(posts="、".join(plan_words.who(room, (post,), _) for post in left))  # fmt: skip
    return said


def _drop(visit: Visit, draft: Draft) -> None:
    draft.run.cancel()
    _let_go(visit)


def _moved(visit: Visit, draft: Draft, place: str) -> None:
    element = st.session_state.get("plan_board")
    asked = (element.get("moved") if element else None) or {}
    one, span, at = (asked.get(name) for name in ("one", "span", "place"))
    if isinstance(one, int) and (span is None or isinstance(span, int)):
        unfit = draft.move(one, span, at if isinstance(at, int) else None)
        if unfit:
            st.session_state[f"{place} said"] = visit._(plan_words.UNFIT[unfit])


def _keep(visit: Visit, draft: Draft, place: str) -> None:
    found = draft.look()
    if found is None:
        return
    try:
        kept = keep.keep(visit.room(), found, draft.asking, visit.by("day_plan"), datetime.now(UTC), seen=draft.seen)
    except BattlemapError as error:
        st.session_state[f"{place} said"] = refusal(error, visit._)
    else:
        _let_go(visit)
        go("plan", {"plan": kept.number})
