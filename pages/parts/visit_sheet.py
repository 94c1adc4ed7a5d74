"""Part of the page of visits: one visit with its facts, what the acting post may do to it, and its history."""

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from desk.posts.acting import NOBODY
from desk.room import Room
from desk.visits.acts import Doing, do, of, today
from desk.visits.people import goes, visitors
from geo.errors import BattlemapError
from incidents.visits import Walk, allowed
from ledger import find, visits
from ledger.visits import SUBJECT, Filed
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports.case_words import local, post_name, said
from reports.refusals import refusal
from reports.visit_words import ACT, PHASE, line, place_name, topic_names
from reports.words import post_title

ABOUT = frozenset({Walk.DONE, Walk.NOBODY, Walk.REFUSED})
NAMES_CASE = frozenset({Walk.DONE, Walk.REFUSED, Walk.NOTE})


def sheet(visit: Visit, room: Room, number: str) -> None:
    """Show a visit; nothing where none is chosen."""
    if not number:
        return
    _, form = visit._, Form(f"visit_act_{number}", visit)
    try:
        filed = of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    with room.ledger.reading() as connection:
        note = visits.words(connection, [filed]).get(number, "")
        entries = find.entries(connection, room.id, number, subject=SUBJECT)
    st.html(_facts(visit, room, filed, note))
    _acts(visit, room, form, filed)
    st.html(_history(visit, room, entries))


def _facts(visit: Visit, room: Room, filed: Filed, note: str) -> str:
    _, state = visit._, filed.state
    kind = room.rules.visits.kind(state.kind)
    rows = [
        (_("Number"), filed.number),
        (_("State"), _(PHASE[state.phase])),
        (_("Kind"), kind.name.in_(visit.language)),
        (_("Topics"), topic_names(room, filed, visit.language)),
        (_("Until"), state.due.isoformat() if state.due else ""),
        (_("Who goes"), post_name(room, state.visitor, _)),
        (_("Planned by"), post_name(room, state.asker, _)),
        (_("Tries"), f"{state.tries} / {kind.tries}" if state.tries else ""),
        (_("Visited at"), local(room, state.walked) if state.walked else ""),
        (_("Households met"), "" if state.households is None else f"{state.households:,}"),
    ]
    cases = " ".join(f"{link(visit, 'case', {'case': one})}{escape(one)}</a>" for one in state.cases)
    joined = f"<p>{escape(_('Cases reported from it'))} {cases}</p>" if cases else ""
    told = f'<p class="bm-quote">{escape(note)}</p>' if note else ""
    return f"<h2>{escape(place_name(room, filed))}</h2>{told}{pairs([row for row in rows if row[1]])}{joined}"


def _acts(visit: Visit, room: Room, form: Form, filed: Filed) -> None:
    """Show what may be done: a button for each act, and the form of the one that was pressed."""
    _, post = visit._, visit.post
    may = allowed(filed.state, post.by) if visit.may("act") and post is not NOBODY else ()
    chosen = form.get("act", None)
    if may:
        with st.container(horizontal=True, key="visit_acts", gap="small"):
            for act in may:
                look = "primary" if act is Walk.DONE else "secondary"
                st.button(_(ACT[act]), key=f"visit_{act.value}", type=look, on_click=form.clear, kwargs={"act": act})
    if chosen in may:
        with st.container(key="visit_act_form", gap="small"):
            _fields(visit, room, form, filed, chosen)
            with st.container(horizontal=True, gap="small"):
                st.button(_(ACT[chosen]), key="visit_confirm", type="primary", on_click=_do, args=(visit, room, form, filed, chosen))  # fmt: skip
                st.button(_("Leave it as it was"), key="visit_leave", on_click=form.clear)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _fields(visit: Visit, room: Room, form: Form, filed: Filed, act: Walk) -> None:
    _, rules, day = visit._, room.rules.visits, today(room, visit.now)
    if act in ABOUT:
        st.multiselect(_("What about"), list(rules.topics), format_func=lambda key: rules.topic(key).in_(visit.language), placeholder=_("Choose topics"), select_all=False, **form.bind("topics", [one for one in filed.state.topics if one in rules.topics]))  # fmt: skip
    if act is Walk.DONE:
        st.number_input(_("Households met"), 0, rules.most_households, step=1, **form.bind("households", None))
    if act is Walk.AGAIN:
        usual = day + timedelta(days=rules.kind(filed.state.kind).again_days)
        st.date_input(_("Until"), min_value=day, max_value=day + timedelta(days=366), format="YYYY-MM-DD", **form.bind("due", usual))  # fmt: skip
        posts = {key: post_title(post, _) for key, post in visitors(room, visit.now).items() if goes(post, filed.codes)}
        names = {"": _("as before"), **posts}
        st.selectbox(_("Who goes"), list(names), format_func=lambda key: names.get(key, key), **form.bind("visitor", ""))  # fmt: skip
    label = _("Reason") if act is Walk.CANCEL else _("Note")
    st.text_input(label, max_chars=rules.longest_note, placeholder=_("No names, numbers or door numbers: only the matter"), **form.bind("words"))  # fmt: skip
    if act in NAMES_CASE:
        st.text_input(_("Case that was reported from it"), placeholder=_("Number, where there is one"), **form.bind("case"))  # fmt: skip


def _do(visit: Visit, room: Room, form: Form, filed: Filed, act: Walk) -> None:
    try:
        do(room, Doing(filed.number, act, _data(form, act)), visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _data(form: Form, act: Walk) -> dict[str, Any]:
    found: dict[str, Any] = {"reason" if act is Walk.CANCEL else "text": form.get("words")}
    if act in ABOUT:
        found["topics"] = form.get("topics", [])
    if act is Walk.DONE:
        found["households"] = form.get("households", None)
    if act is Walk.AGAIN:
        found |= {"due": form.get("due", None).isoformat(), "visitor": form.get("visitor")}
    if act in NAMES_CASE:
        found["case"] = form.get("case").strip()
    return found


def _history(visit: Visit, room: Room, entries: list[dict[str, Any]]) -> str:
    _ = visit._
    rows = "".join(
        f'<li data-act="{escape(entry["act"])}"><time>{escape(local(room, entry["at"]))}</time><div><p><b>{escape(line(entry, _))}</b> '
        f"<span>{escape('' if entry['act'] == Walk.STEP else post_name(room, entry['post'], _))}</span></p>{_words(entry, _)}</div></li>"
        for entry in reversed(entries)
    )
    return f'<ol class="bm-timeline">{rows}</ol>'


def _words(entry: dict[str, Any], _: Any) -> str:
    words = said(entry["data"], _)
    return f"<q>{escape(words)}</q>" if words else ""
