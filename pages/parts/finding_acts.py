"""Part of the sheet of a finding: what may be done to it now, by whom not and why, and the form of the act that was pressed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from types import MappingProxyType
from typing import Any

import streamlit as st

from desk.inspections.acts import again_due
from desk.inspections.findings import LONGEST_REASON, LONGEST_TEXT, NEEDS, PLAIN_NEED, Doing, do
from desk.inspections.incident import Becoming, becomes
from desk.posts.acting import NOBODY, acting
from desk.room import Room
from desk.whistle.people import departments, may_ask
from geo.errors import BattlemapError, LifecycleError
from inspections.findings import RULES, Act, why_not
from ledger.findings import Filed
from locales import N_
from pages.parts.form import Form, steady
from pages.parts.going import go
from pages.parts.visit import Visit
from pages.parts.what import choose_class
from reports.inspection_lists import today
from reports.inspection_words import ACT
from reports.refusals import refusal
from reports.words import post_title

CASE = "case"  # handed over as a case: beside the acts
SHOWN = (Act.CORRECT, Act.PASS, Act.FAIL, Act.EXTEND, Act.HAND_OVER, Act.RETURN, Act.WITHDRAW, Act.NOTE)
DATED = frozenset({Act.FAIL, Act.EXTEND, Act.RETURN})
PHOTOS = ("jpg", "jpeg", "png", "webp")
# What the form of an act says before it is done.
TOLD: Mapping[str, str] = MappingProxyType(
    {
        Act.CORRECT: N_("Say what was done, with photos of how it looks now. Another person looks at it again and closes it."),
        Act.PASS: N_("It is closed: you looked at it again and found it right."),
        Act.FAIL: N_("It stays open until the new day."),
        Act.EXTEND: N_("The reason stays on record."),
        Act.HAND_OVER: N_("To whom it goes, such as the supplier or an authority; it stays on the list until it is closed."),
        Act.RETURN: N_("It is to be put right here again."),
        Act.WITHDRAW: N_("It was no finding: it counts no more, and stays on record."),
        Act.NOTE: N_("A note changes nothing else."),
        CASE: N_("A case is opened at this place, and both name each other. A department is called by a whistle about the case."),
    }
)  # fmt: skip


@dataclass(frozen=True)
class _May:
    """What may be done now, and why closing it may not."""

    acts: tuple[str, ...]
    why: str


def acts(visit: Visit, room: Room, filed: Filed) -> None:
    """Show what may be done: a button for each act, and the form of the one that was pressed."""
    _, form = visit._, Form(f"finding_act_{filed.number}", visit)
    may, chosen = _may(visit, room, filed), form.get("act", None)
    if may.acts:
        with st.container(horizontal=True, key="finding_acts", gap="small"):
            for act in may.acts:
                look = "primary" if act in {Act.PASS, Act.CORRECT} and act == may.acts[0] else "secondary"
                st.button(_name(visit, act), key=f"finding_{act}", type=look, on_click=form.clear, kwargs={"act": act})
    if may.why:
        st.html(f'<p class="bm-note bm-why">{escape(may.why)}</p>')
    if chosen in may.acts:
        with st.container(key="finding_act_form", gap="small"):
            st.html(f'<p class="bm-note">{escape(_(TOLD[chosen]))}</p>')
            _fields(visit, room, form, filed, chosen)
            with steady():
                _refused(form)
            with st.container(horizontal=True, gap="small"):
                st.button(_name(visit, chosen), key="finding_confirm", type="primary", on_click=_do, args=(visit, form, filed, chosen))  # fmt: skip
                st.button(_("Leave it as it was"), key="finding_leave", on_click=form.clear)
    else:
        _refused(form)


def _refused(form: Form) -> None:
    if said := form.values.get("refused"):
        st.html(f'<p class="bm-refused" role="alert">{escape(said)}</p>')


def _name(visit: Visit, act: str) -> str:
    return visit._(N_("Pass on as a case")) if act == CASE else visit._(ACT[Act(act)])


def _may(visit: Visit, room: Room, filed: Filed) -> _May:
    """Return what the acting post may do, and in words why it may not close what waits to be closed."""
    if visit.post is NOBODY:
        return _May((), "")
    by = acting(room, visit.post)
    found = [act.value for act in SHOWN if visit.may(NEEDS.get(act, PLAIN_NEED)) and _lets(filed, act, by)]
    if Act.HAND_OVER in found and visit.may("report") and not filed.state.incident:
        found.insert(found.index(Act.HAND_OVER) + 1, CASE)
    stands = filed.state.state in RULES[Act.PASS].frm and visit.may(PLAIN_NEED)
    why = why_not(filed.state, Act.PASS, by) if stands and Act.PASS not in found else ""
    return _May(tuple(found), refusal(LifecycleError(why), visit._) if why else "")


def _lets(filed: Filed, act: Act, by: Any) -> bool:
    return not why_not(filed.state, act, by)


def _fields(visit: Visit, room: Room, form: Form, filed: Filed, act: str) -> None:
    _, day = visit._, today(room, visit.now)
    if act in {Act.CORRECT, Act.PASS, Act.FAIL}:
        st.file_uploader(_("Photos"), type=PHOTOS, accept_multiple_files=True, key=_uploader(form))
    if act in DATED:
        st.date_input(_("Put right by"), min_value=day, max_value=_latest(room, filed, act, visit), format="YYYY-MM-DD", **form.bind("due", _usual(room, filed, act, visit)))  # fmt: skip
    if act in {Act.HAND_OVER, CASE}:
        titles = [post_title(post, _) for post in departments(room, visit.now)]
        chosen = form.get("to", None)
        titles += [chosen] if chosen and chosen not in titles else []
        st.selectbox(_("Passed on to"), titles, index=None, accept_new_options=True, placeholder=_("Choose, or type a name"), **form.bind("to", None))  # fmt: skip
    if act == CASE:
        with steady():
            choose_class(visit, room, form)
    if act in {Act.CORRECT, Act.PASS, Act.NOTE}:
        st.text_input(_("Note") if act != Act.CORRECT else _("How it was put right"), max_chars=LONGEST_TEXT, placeholder=_("No names or numbers"), **form.bind("text"))  # fmt: skip
    else:
        st.text_input(
            _("Reason"), max_chars=LONGEST_REASON, placeholder=_("No names or numbers"), **form.bind("reason")
        )


def _usual(room: Room, filed: Filed, act: str, visit: Visit) -> Any:
    """Return the day that a form begins with: the days of the grade, after the present day where it gets more time."""
    found = again_due(room, filed.state, today(room, visit.now))
    if act == Act.EXTEND and filed.state.due:
        return min(max(found, filed.state.due + timedelta(days=1)), _latest(room, filed, act, visit))
    return found


def _latest(room: Room, filed: Filed, act: str, visit: Visit) -> Any:
    day = today(room, visit.now)
    if act == Act.EXTEND:
        return max(filed.state.due or day, day) + timedelta(days=room.rules.findings.most_extension_days)
    return day + timedelta(days=366)


def _uploader(form: Form) -> str:
    return f"photos_{form.key('photos')}"


def _do(visit: Visit, form: Form, filed: Filed, act: str) -> None:
    now, room = datetime.now(UTC), visit.room()
    due = form.get("due", None)
    try:
        if act == CASE:
            wish = Becoming(filed.number, form.get("class"), form.get("to", None) or "", form.get("reason"), filed.version)  # fmt: skip
            case, _after = becomes(room, wish, visit.by("inspect_close"), now)
        else:
            known = Act(act)
            words = {name: form.get(name) for name in ("text", "reason", "to") if name in form.values or form.key(name) in st.session_state}  # fmt: skip
            data = {**words, **({"due": due.isoformat()} if known in DATED and due else {})}
            photos = [file.getvalue() for file in st.session_state.get(_uploader(form)) or ()]
            by = visit.by("inspect_close") if known in NEEDS else visit.by("inspect")
            do(room, Doing(filed.number, known, data, photos, filed.version), by, now)
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
        return
    form.clear()
    if act == CASE and may_ask(room, visit.post):
        go("whistles", {"about": case.number})
