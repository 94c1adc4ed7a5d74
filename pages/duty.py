"""The duty page (值守): who is on duty now, what the last shift left, the week's rota, and the hand-over."""

from datetime import UTC, date, datetime
from html import escape

import streamlit as st

from desk.posts import duty
from desk.room import DISPATCHER, Room
from incidents.rota import Role, Shift
from locales import N_, listed
from pages.parts.alerts import alert_list
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.handover import past_notes, waiting_notes, write_note
from pages.parts.rota_week import rota_week
from pages.parts.visit import Visit
from reports import inbox
from reports.case_words import local
from reports.roster import ROLE, clock, post_full

DIGEST = {
    "new": N_("New"),
    "closed": N_("Closed"),
    "late": N_("Became overdue"),
    "escalated": N_("Escalated"),
    "waiting": N_("Waiting"),
}
ALWAYS = (Role.LEADER, Role.OFFICER)


def render(visit: Visit) -> None:
    """Show the page."""
    room, _ = visit.room(), visit._
    serving = duty.on_duty(room, visit.now)
    follow_what(lambda: duty.standing(room, datetime.now(UTC)), duty.standing(room, visit.now))
    with st.container(key="duty", gap=None):
        waiting_notes(visit, room)
        st.html(_now(visit, room, serving))
        st.html(_digest(visit, room))
        with st.container(key="alerts", gap="small"):
            alert_list(visit, room)
        rota_week(visit, room, duty.monday(room, _asked_day(), visit.now))
        with st.container(key="handover", gap="small"):
            if visit.may("act"):
                write_note(visit, room)
            past_notes(visit, room)


def _asked_day() -> date | None:
    try:
        day = date.fromisoformat(st.session_state["own"]["duty"].get("week", ""))
    except ValueError:
        return None
    return day if duty.FIRST <= day <= duty.LAST else None


def _now(visit: Visit, room: Room, serving: list[Shift]) -> str:
    _ = visit._
    until = min((one.until for one in serving), default=None)
    roles = [role for role in Role if role in ALWAYS or any(one.role is role for one in serving)]
    cells = "".join(_role(visit, room, role, [one for one in serving if one.role is role]) for role in roles)
    after = duty.next_duty(room, visit.now)
    names = [f"{_(ROLE[one.role])} {post_full(room, one.post, _)}" for one in after if one.role is not Role.LEADER]
    follows = (
        _("From {time}: {posts}").format(time=clock(room, until), posts=listed(names, visit.language))
        if until and names
        else ""
    )
    note = f'<p class="bm-note">{escape(follows)}</p>' if follows else ""
    return f'<section class="bm-watch" aria-label="{escape(_("On duty now"))}"><h1>{escape(_("On duty now"))}</h1><dl>{cells}</dl>{note}</section>'


def _role(visit: Visit, room: Room, role: Role, serving: list[Shift]) -> str:
    _ = visit._
    if not serving:
        return f'<div><dt>{escape(_(ROLE[role]))}</dt><dd class="bm-gap">{escape(_("Nobody"))}</dd></div>'
    said = "".join(
        f"<dd>{escape(post_full(room, one.post, _))}<small>{escape(' · '.join(filter(None, (one.holder, _('until {time}').format(time=clock(room, one.until))))))}</small></dd>"
        for one in serving
    )
    return f"<div><dt>{escape(_(ROLE[role]))}</dt>{said}</div>"


def _digest(visit: Visit, room: Room) -> str:
    """Say what happened since the shift before began: what a post that comes on duty has not seen."""
    _ = visit._
    counts = inbox.counts(room, room.posts[DISPATCHER], visit.now)
    since = _("Since the last shift, {time}").format(time=local(room, inbox.before(room, visit.now))[5:])
    parts = "".join(
        f"{link(visit, 'inbox', {'pile': name})}<b>{counts[name]:,}</b> {escape(_(word))}</a>"
        for name, word in DIGEST.items()
    )
    return f'<p class="bm-digest"><span>{escape(since)}</span>{parts}</p>'
