"""Part of the page of service orders: one order with its facts, what the acting post may do to it, and its history."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

import streamlit as st

from desk.orders import register
from desk.orders.acts import Doing, do, of
from desk.orders.people import fitting, waits_for
from desk.posts.acting import NOBODY
from desk.room import Room
from geo.errors import BattlemapError
from incidents.orders import Order, Outcome, Serve, allowed
from incidents.teams import Team
from ledger import find, orders
from ledger.order_lists import series_of
from ledger.orders import SUBJECT, Filed
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports import order_lists
from reports.case_words import local, post_name, said
from reports.order_words import (
    ACT,
    OUTCOME,
    STARS,
    item_name,
    line,
    phase_name,
    place_name,
    repeat_name,
    team_names,
    window,
)
from reports.refusals import refusal

MAIN = frozenset({Serve.ACCEPT, Serve.FINISH, Serve.RATE})  # what an order waits for
AT_ONCE = frozenset({Serve.ACCEPT})  # needs nothing to be said
REASONED = frozenset({Serve.DECLINE, Serve.GIVE_BACK, Serve.CANCEL, Serve.STOP})


def sheet(visit: Visit, room: Room, number: str) -> None:
    """Show an order; nothing where none is chosen."""
    if not number:
        return
    _, form = visit._, Form(f"order_act_{number}", visit)
    try:
        filed = of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    teams = {team.id: team for team in register.of_room(room, ended=True)}
    with room.ledger.reading() as connection:
        words, address = (orders.words(connection, [filed], name).get(number, "") for name in ("text", "address"))
        entries = find.entries(connection, room.id, number, subject=SUBJECT)
    st.html(_close(visit) + _facts(visit, room, filed, teams, words, address))
    _acts(visit, room, form, filed)
    st.html(_history(visit, room, entries, teams))


def _close(visit: Visit) -> str:
    """Return the way back to the list alone."""
    own = {name: value for name, value in st.session_state["own"]["orders"].items() if name != "order"}
    said = escape(visit._("Close"))
    return f"""<p class="bm-close">{link(visit, "orders", own, attributes=f' title="{said}" aria-label="{said}"')}✕</a></p>"""


def _facts(visit: Visit, room: Room, filed: Filed, teams: Mapping[int, Team], words: str, address: str) -> str:  # noqa: PLR0917
    _, state = visit._, filed.state
    title = f"<h1>{escape(item_name(room, state.item, visit.language))}</h1>"
    rows = [
        (_("Number"), filed.number),
        (_("State"), phase_name(state, _)),
        (_("Waits for"), "、".join(post_name(room, key, _) for key in sorted(waits_for(state)))),
        (_("Wanted for"), window(room, state.since, state.until)),
        (_("Where"), place_name(room, filed, _)),
        (_("Address"), address),
        (_("At home"), _("yes") if state.home else ""),
        (_("Key of the resident"), state.key),
        (_("Again"), repeat_name(state.every, _)),
        *_series(visit, room, state),
        (_("Team"), team_names(state, teams)),
        (_("Offered until"), local(room, state.due) if state.due else ""),
        (_("Ended as"), _(OUTCOME[Outcome(state.outcome)]) if state.outcome else ""),
        (_("Asked by"), post_name(room, state.asker, _)),
    ]
    told = f'<p class="bm-quote">{escape(words)}</p>' if words else ""
    return title + told + pairs([row for row in rows if row[1]])


def _series(visit: Visit, room: Room, state: Order) -> list[tuple[str, str]]:
    """Return of what comes again the next one, and as counts what became of those so far."""
    if not state.first:
        return []
    _, became = visit._, order_lists.so_far(room, [state])[series_of(state)]
    return [
        (_("Next one"), state.next or order_lists.next_words(room, state, visit.now, _)),
        (_("So far"), order_lists.became_words(became, _)),
    ]


def _acts(visit: Visit, room: Room, form: Form, filed: Filed) -> None:
    """Show what may be done: a button for each act, and the form of the one that was pressed."""
    _, post = visit._, visit.post
    may = allowed(filed.state, post.by) if visit.may("act") and post is not NOBODY else ()
    chosen = form.get("act", None)
    if may:
        with st.container(horizontal=True, key="order_acts", gap="small"):
            for act in may:
                st.button(
                    _(ACT[act]),
                    key=f"order_{act.value}",
                    type="primary" if act in MAIN else "secondary",
                    on_click=_press,
                    args=(visit, room, form, filed, act),
                )
    if chosen in may:
        with st.container(key="order_act_form", gap="small"):
            _fields(visit, room, form, filed, chosen)
            with st.container(horizontal=True, gap="small"):
                st.button(_(ACT[chosen]), key="order_confirm", type="primary", on_click=_do, args=(visit, room, form, filed, chosen))  # fmt: skip
                st.button(_("Leave it as it was"), key="order_leave", on_click=form.clear)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _, room.area.pack.timezone))}</p>')


def _fields(visit: Visit, room: Room, form: Form, filed: Filed, act: Serve) -> None:
    _, state = visit._, filed.state
    if act is Serve.OFFER:
        fits = _fits(room, state, filed, visit.now)
        st.multiselect(
            _("Teams that fit"),
            list(fits),
            placeholder=_("No team"),
            format_func=lambda number: fits[number].name,
            select_all=False,
            **form.bind("teams", list(fits)),
        )
    elif act is Serve.FINISH:
        st.selectbox(_("Ended as"), list(Outcome), format_func=lambda one: _(OUTCOME[one]), **form.bind("outcome", Outcome.SERVED))  # fmt: skip
    elif act is Serve.RATE:
        st.radio(_("What the resident said"), list(STARS), format_func=lambda stars: _(STARS[stars]), **form.bind("stars", 5))  # fmt: skip
    if act is Serve.CANCEL and state.every:
        st.checkbox(_("and it comes no more"), **form.bind("last", default=False))
    label = _("Reason") if act in REASONED else _("Note")
    if act is not Serve.OFFER:
        st.text_area(label, height=80, placeholder=_("no name, no telephone"), **form.bind("words"))


def _fits(room: Room, state: Order, filed: Filed, now: datetime) -> dict[int, Team]:
    since = max(state.since, now) if state.until > now else state.since
    return {team.id: team for team in fitting(room, state.item, filed.codes, since, state.until)}


def _press(visit: Visit, room: Room, form: Form, filed: Filed, act: Serve) -> None:
    if act in AT_ONCE:
        _do(visit, room, form, filed, act)
    else:
        form.clear(act=act)


def _do(visit: Visit, room: Room, form: Form, filed: Filed, act: Serve) -> None:
    try:
        do(room, Doing(filed.number, act, _data(form, act)), visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _data(form: Form, act: Serve) -> dict[str, Any]:
    found: dict[str, Any] = {"reason" if act in REASONED else "text": form.get("words")}
    if act is Serve.OFFER:
        found["teams"] = form.get("teams", [])
    elif act is Serve.FINISH:
        found["outcome"] = Outcome(form.get("outcome", Outcome.SERVED)).value
    elif act is Serve.RATE:
        found["stars"] = int(form.get("stars", 5))
    elif act is Serve.CANCEL:
        found["last"] = bool(form.get("last", default=False)) or None
    return found


def _history(visit: Visit, room: Room, entries: list[dict[str, Any]], teams: Mapping[int, Team]) -> str:
    _ = visit._
    rows = "".join(
        f'<li data-act="{escape(entry["act"])}"><time>{escape(local(room, entry["at"]))}</time><div><p><b>{escape(line(entry, teams, _))}</b> '
        f"<span>{escape('' if entry['act'] in {Serve.STEP, Serve.NEXT} else post_name(room, entry['post'], _))}</span></p>{_words(entry, _)}</div></li>"
        for entry in reversed(entries)
    )
    return f'<ol class="bm-timeline">{rows}</ol>'


def _words(entry: Mapping[str, Any], _: Any) -> str:
    words = said(entry["data"], _) if entry["act"] != Serve.ASK else ""
    return f"<q>{escape(words)}</q>" if words else ""
