"""Campaigns (专项行动): how far each phase is, by grid and post and as of any day; its phases begun and closed; meetings, theme days, letters of responsibility."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from desk.campaigns.acts import listed, of
from desk.campaigns.meetings import RUN
from desk.room import Room
from geo.errors import DraftError
from inspections.campaigns import Campaign
from ledger import campaigns, meetings
from locales import N_
from pages.parts.campaign_coverage import how_far
from pages.parts.campaign_form import change_campaign, new_campaign
from pages.parts.campaign_letters import letters
from pages.parts.campaign_meetings import meetings as meeting_records
from pages.parts.campaign_themes import themes
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.campaign_words import SOURCE, STATE
from reports.case_words import post_name
from reports.refusals import refusal

NEW, EDIT, HOW = "new", "edit", "how"
TABS: Mapping[str, str] = {HOW: N_("How far"), "meetings": N_("Daily meetings"), "themes": N_("Theme days"), "letters": N_("Letters of responsibility")}  # fmt: skip


def render(visit: Visit) -> None:
    """Show the page."""
    _, room, own = visit._, visit.room(), dict(st.session_state["own"]["campaigns"])
    found, runs = listed(room), visit.may(RUN)
    chosen = own.get("campaign") or (found[0].number if found else "")
    tab = own.get("tab", "")
    with st.container(key="visits", gap=None):
        with st.container(key="visits_top", horizontal=True, vertical_alignment="center", gap="medium"):
            st.html(f'<h1 class="bm-heading">{escape(_("Campaigns"))}</h1>', width="content")
            if runs:
                st.html(f"{link(visit, 'campaigns', {'tab': NEW}, attributes=' class=bm-button')}{escape(_('New campaign'))}</a>", width="content")  # fmt: skip
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, found, "" if tab == NEW else chosen), width="content")
            with st.container(key="visit_view", gap="small"):
                if tab == NEW and runs:
                    new_campaign(visit, room)
                elif chosen:
                    _one(visit, room, {**own, "campaign": chosen})
                else:
                    st.html(f'<p class="bm-empty">{escape(_("There is no campaign yet. A campaign draws the sites of each of its phases from the register, and counts how far they are."))}</p>')  # fmt: skip


def _piles(visit: Visit, found: list[Campaign], chosen: str) -> str:
    _ = visit._
    parts = "".join(
        f"{link(visit, 'campaigns', {'campaign': one.number}, attributes=' aria-current=true' if one.number == chosen else '')}"
        f"<span>{escape(one.name)}<br><small>{escape(_(STATE[one.state]))}</small></span></a>"
        for one in found
    )
    return f'<nav class="bm-piles bm-campaigns" aria-label="{escape(_("Campaigns"))}">{parts}</nav>'


def _one(visit: Visit, room: Room, own: dict[str, str]) -> None:
    _ = visit._
    try:
        campaign = of(room, own["campaign"])
    except DraftError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    tab = own["tab"] if own.get("tab") in {*TABS, EDIT} else HOW
    follow_what(lambda: _standing(room))
    force = "、" if visit.language == "zh" else ", "
    said = [campaign.number, _(SOURCE[campaign.source]), _(STATE[campaign.state]), _("Task force: {posts}").format(posts=force.join(post_name(room, key, _) for key in campaign.force))]  # fmt: skip
    st.html(f'<h2>{escape(campaign.name)}</h2><p class="bm-note">{escape(" · ".join(said))}</p>')
    if campaign.note or campaign.cancelled:
        st.html("".join(f"<p>{escape(one)}</p>" for one in (campaign.note, campaign.cancelled and _("Called off: {reason}").format(reason=campaign.cancelled)) if one))  # fmt: skip
    kept = {name: own[name] for name in ("campaign", "phase", "day", "by") if own.get(name)}
    tabs = {**TABS, **({EDIT: N_("Change")} if visit.may(RUN) and not campaign.cancelled else {})}
    ways = "".join(
        f"{link(visit, 'campaigns', {**kept, 'tab': key}, attributes=' aria-current=true' if key == tab else '')}{escape(_(name))}</a>"
        for key, name in tabs.items()
    )
    st.html(f'<p class="bm-digest">{ways}</p>')
    if tab == EDIT and visit.may(RUN):
        change_campaign(visit, room, campaign)
    elif tab == "meetings":
        meeting_records(visit, room, campaign.number, own)
    elif tab == "themes":
        themes(visit, room, campaign.number, own)
    elif tab == "letters":
        letters(visit, room, campaign.number, own)
    else:
        how_far(visit, room, campaign, own)


def _standing(room: Room) -> int:
    with room.ledger.reading() as connection:
        return max(campaigns.latest(connection, room.id), meetings.latest(connection, room.id))
