"""Part of the page of campaigns: its theme days with their rosters and results, and the form of a new one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from html import escape

import streamlit as st

from desk.campaigns import meetings as base
from desk.campaigns import themes as desk
from desk.patrols.people import grids
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import BattlemapError
from inspections.meetings import Act, State, Subject
from ledger.meetings import Theme
from pages.parts.campaign_meetings import (
    EDIT,
    NEW,
    attempt,
    history,
    may_run,
    meanwhile,
    paper,
    refused,
    sure,
    to,
)
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports import meeting_words
from reports.meeting_words import ACT, STATE
from reports.patrol_words import grid_title
from reports.refusals import refusal
from reports.words import post_title

TAB = "themes"
BEGINS, ENDS = time(9), time(11, 30)


def themes(visit: Visit, room: Room, key: str, own: Mapping[str, str]) -> None:
    """Show the theme days of a campaign: one, the form of a new one, or the list."""
    asked = own.get("theme", "")
    if asked == NEW and may_run(visit):
        _form(visit, room, key, own, None)
    elif asked and own.get("do") == EDIT and may_run(visit):
        _change(visit, room, asked, own)
    elif asked:
        _sheet(visit, room, asked, own)
    else:
        _list(visit, room, key, own)


def _list(visit: Visit, room: Room, key: str, own: Mapping[str, str]) -> None:
    _, found = visit._, desk.listed(room, key)
    if may_run(visit):
        st.html(f"<p>{to(visit, own, TAB, theme=NEW, button='bm-button')}{escape(_('Plan a theme day'))}</a></p>")
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("No theme day is planned. On a theme day posts gather at a place and look at sites by one checklist; what came of it is counted from their inspections."))}</p>')  # fmt: skip
        return
    heads = (_("Theme day"), _("Day"), _("Where they look"), _("On the roster"), _("Inspections"), _("Hazards found"), _("State"))  # fmt: skip
    lines = ""
    for one in found:
        came = desk.result(room, one)
        lines += (
            f"<tr><td>{to(visit, own, TAB, theme=one.number)}{escape(one.name)}</a><small>{escape(one.number)}</small></td><td>{one.day}</td><td>{escape(meeting_words.place(room, one, _))}</td>"
            f'<td class="bm-number">{len(one.roster):,}</td><td class="bm-number">{came.inspections:,}</td><td class="bm-number">{came.found:,}</td><td>{escape(_(STATE[one.state]))}</td></tr>'
        )
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    st.html(f'<section class="bm-visits"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></section>')  # fmt: skip


def _sheet(visit: Visit, room: Room, number: str, own: Mapping[str, str]) -> None:
    _ = visit._
    try:
        found = desk.of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    form = Form(f"theme_{number}", visit)
    rows = [
        (_("Time"), f"{found.day} {found.begins}–{found.ends}"),
        (_("Gathering place"), found.place),
        (_("Where they look"), meeting_words.place(room, found, _)),
        (_("Checklist"), meeting_words.checklist(room, found.checklist, _, visit.language)),
        (_("State"), _(STATE[found.state])),
        *meeting_words.reason(found, _),
    ]
    counts = [(title, f"{many:,}") for title, many in meeting_words.results(desk.result(room, found), _)]
    way = link(visit, "inspections", _inspections(found), attributes=" class=bm-on-map")  # fmt: skip
    with st.container(key="visit_form", gap="small"):
        edit = f" {to(visit, own, TAB, button='bm-on-map', theme=number, do=EDIT)}{escape(_('Change the theme day'))}</a>" if may_run(visit) and found.state is State.PLANNED else ""  # fmt: skip
        st.html(f"<p>{to(visit, own, TAB, button='bm-on-map')}← {escape(_('All theme days'))}</a> {paper(visit, room, 'theme-day', number)}{edit}</p>")  # fmt: skip
        st.html(f"<h2>{escape(found.name)}</h2>{pairs(rows)}")
        st.html(f"<h2>{escape(_('Result of the day'))}</h2>{pairs(counts)}")
        st.html(f'<p class="bm-note">{escape(_("Counted from the inspections of that day by the posts of the roster."))} {way}{escape(_("Inspections"))}</a></p>')  # fmt: skip
        names = meeting_words.names(room, found.roster, _, visit.language)
        st.html(f"<details class='bm-note'><summary>{escape(_('On the roster'))}: {len(found.roster):,}</summary><p>{escape(names)}</p></details>")  # fmt: skip
        st.html(history(visit, room, Subject.THEME, number))
        with steady():
            if may_run(visit) and form.get("asking", "") and found.state is State.PLANNED:
                warns = _("A cancelled theme day stays in the list with its reason. It can be planned again.")
                sure(form, visit, _("Cancel the theme day"), warns, lambda: _cancel(visit, room, form, found), reason=True)  # fmt: skip
            elif may_run(visit):
                _acts(visit, room, form, found)
            refused(form, visit)


def _acts(visit: Visit, room: Room, form: Form, found: Theme) -> None:
    with st.container(horizontal=True, gap="small"):
        for act in {State.PLANNED: (Act.HOLD, Act.CANCEL)}.get(found.state, (Act.REOPEN,)):
            st.button(visit._(ACT[act]), key=f"theme_{act.value}", type="primary" if act is Act.HOLD else "secondary", on_click=_turn, args=(visit, room, form, found, act))  # fmt: skip


def _cancel(visit: Visit, room: Room, form: Form, found: Theme) -> None:
    seen = replace(found, version=int(form.get("seen", found.version)))
    desk.turn(room, seen, Act.CANCEL, visit.by("campaign"), datetime.now(UTC), reason=form.get("reason"))


def _inspections(found: Theme) -> dict[str, str]:
    """Return what narrows the list of inspections to those of a theme day, as far as that list can."""
    own = {"list": found.checklist} if found.checklist else {}
    return {**own, "period": "year", **({"in": found.level, "of": found.code} if found.code else {})}


def _turn(visit: Visit, room: Room, form: Form, found: Theme, act: Act) -> None:
    if act is Act.CANCEL:
        form.set(asking=act.value, seen=found.version)
        return
    attempt(form, lambda: desk.turn(room, found, act, visit.by("campaign"), datetime.now(UTC)))


def _change(visit: Visit, room: Room, number: str, own: Mapping[str, str]) -> None:
    try:
        found = desk.of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, visit._))}</p>')
        return
    _form(visit, room, found.campaign, own, found)


def _form(visit: Visit, room: Room, key: str, own: Mapping[str, str], found: Theme | None) -> None:
    """Show the form of a new theme day, or of one that is changed."""
    _, today = visit._, today_of(room, visit.now)
    form = Form(f"theme_edit_{found.number}" if found else f"theme_new_{key}", visit)
    posts = {one: post_title(post, _) for one, post in room.register.posts(visit.now).items()}
    places = ["", *(f"{level} {code}" for level, code in grids(room))]
    named = {f"{level} {code}": grid_title(room, level, code) for level, code in grids(room)}
    lists = ["", *desk.checklists(room)]
    there = f"{found.level} {found.code}" if found and found.code else ""
    with st.container(key="visit_form", gap="small"):
        back = {"theme": found.number} if found else {}
        st.html(f"<p>{to(visit, own, TAB, button='bm-on-map', **back)}← {escape(_('The theme day') if found else _('All theme days'))}</a></p><h2>{escape(_('Change the theme day') if found else _('Plan a theme day'))}</h2>")  # fmt: skip
        with steady():
            seen = meanwhile(form, visit, found.version) if found else 0
        st.text_input(_("Name"), max_chars=desk.LONGEST_NAME, **form.bind("name", found.name if found else ""))
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            day = found.day if found else today
            begins, ends = (time.fromisoformat(found.begins), time.fromisoformat(found.ends)) if found else (BEGINS, ENDS)  # fmt: skip
            st.date_input(_("Day"), min_value=min(day, today - timedelta(days=366)), max_value=max(day, today + timedelta(days=366)), format="YYYY-MM-DD", width=pixels(160), **form.bind("day", day))  # fmt: skip
            st.time_input(_("Begins at"), step=300, width=pixels(110), **form.bind("begins", begins))
            st.time_input(_("Ends at"), step=300, width=pixels(110), **form.bind("ends", ends))
            st.text_input(_("Gathering place"), max_chars=base.LONGEST_PLACE, width=pixels(300), **form.bind("place", found.place if found else ""))  # fmt: skip
        st.selectbox(_("Where they look"), places, format_func=lambda one: named.get(one, _("Whole area")), **form.bind("grid", there if there in places else ""))  # fmt: skip
        st.selectbox(_("Checklist"), lists, format_func=lambda one: meeting_words.checklist(room, one, _, visit.language), **form.bind("checklist", found.checklist if found and found.checklist in lists else ""))  # fmt: skip
        roster = [one for one in found.roster if one in posts] if found else []
        st.multiselect(_("On the roster"), list(posts), format_func=lambda one: posts.get(one, one), placeholder=_("Choose posts"), select_all=False, **form.bind("roster", roster))  # fmt: skip
        refused(form, visit)
        st.button(_("Save the theme day"), type="primary", key="theme_save", on_click=_save, args=(visit, room, form, key, found.number if found else "", seen))  # fmt: skip


def _save(visit: Visit, room: Room, form: Form, key: str, number: str, seen: int) -> None:  # noqa: PLR0917
    level, _gap, code = str(form.get("grid", "") or "").partition(" ")
    wish = desk.Wish(
        key, form.get("name"), form.get("day", None) or today_of(room, visit.now), form.get("begins", BEGINS) or BEGINS, form.get("ends", ENDS) or ENDS,
        form.get("place"), form.get("roster", []), (level, code) if code else None, form.get("checklist", "") or "", number, seen,
    )  # fmt: skip
    made: list[Theme] = []
    if attempt(form, lambda: made.append(desk.plan(room, wish, visit.by("campaign"), datetime.now(UTC)))):
        form.clear()
        go("campaigns", {"campaign": key, "tab": TAB, "theme": made[0].number})
