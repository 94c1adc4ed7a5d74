"""Part of the page of campaigns: a new one, and one that is changed or called off."""

from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from desk.campaigns import acts
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import BattlemapError
from inspections.campaigns import Campaign, Gate, Phase, Rule, Source
from layers.grid_names import full_names
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import go
from pages.parts.visit import Visit
from reports.campaign_words import SOURCE
from reports.refusals import refusal
from reports.words import post_title

DAYS = timedelta(days=20)


def new_campaign(visit: Visit, room: Room) -> None:
    """Show the form of a new campaign."""
    _, form = visit._, Form("campaign_new", visit)
    with st.container(key="visit_form", gap="small"):
        st.html(f"<h2>{escape(_('New campaign'))}</h2>")
        sources = list(Source)
        st.segmented_control(_("What it looks for"), sources, format_func=lambda one: _(SOURCE[one]), required=True, **form.bind("source", Source.SITES))  # fmt: skip
        _fields(visit, room, form, form.get("source", Source.SITES), None)
        st.button(_("Save the campaign"), type="primary", key="campaign_save", on_click=_save, args=(visit, room, form, None))  # fmt: skip


def change_campaign(visit: Visit, room: Room, campaign: Campaign) -> None:
    """Show the form of a campaign that is changed, and the way to call it off."""
    _, form = visit._, Form(f"campaign_edit_{campaign.number}_{campaign.version}", visit)
    with st.container(key="visit_form", gap="small"):
        _fields(visit, room, form, campaign.source, campaign)
        st.button(_("Save the campaign"), type="primary", key="campaign_save", on_click=_save, args=(visit, room, form, campaign))  # fmt: skip
        st.html(f"<h2>{escape(_('Call it off'))}</h2>")
        st.text_input(_("Reason"), max_chars=acts.LONGEST_NOTE, **form.bind("reason"))
        st.button(_("Call the campaign off"), key="campaign_cancel", on_click=_cancel, args=(visit, room, form, campaign))  # fmt: skip


def _fields(visit: Visit, room: Room, form: Form, source: Source, campaign: Campaign | None) -> None:
    _, posts = visit._, {key: post_title(post, visit._) for key, post in room.register.posts(visit.now).items()}
    st.text_input(_("Name"), max_chars=acts.LONGEST_NAME, placeholder=_("e.g. Bottled gas of street shops"), **form.bind("name", campaign.name if campaign else ""))  # fmt: skip
    st.multiselect(_("Task force, its leader first"), list(posts), format_func=lambda key: posts.get(key, key), placeholder=_("Choose posts"), select_all=False, **form.bind("force", list(campaign.force) if campaign else []))  # fmt: skip
    st.text_area(_("What it is about"), max_chars=acts.LONGEST_NOTE, height=80, **form.bind("note", campaign.note if campaign else ""))  # fmt: skip
    many = st.number_input(_("Phases"), 1, acts.MOST_PHASES, step=1, width=pixels(120), **form.bind("many", len(campaign.phases) if campaign else 1))  # fmt: skip
    with steady():
        for number in range(1, int(many or 1) + 1):
            was = campaign.phases[number - 1] if campaign and number <= len(campaign.phases) else None
            _phase(visit, room, form, source, number, was)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _phase(visit: Visit, room: Room, form: Form, source: Source, number: int, was: Phase | None) -> None:  # noqa: PLR0917
    _, today = visit._, today_of(room, visit.now)
    fixed = was is not None and was.begun is not None
    with st.container(border=True, gap="small"):
        st.html(f"<h3>{escape(_('Phase {n}').format(n=number))}</h3>")
        st.text_input(_("Name of the phase"), max_chars=acts.LONGEST_NAME, **form.bind(f"name_{number}", was.name if was else ""))  # fmt: skip
        kinds = _kinds(visit, room, source)
        if kinds:
            st.multiselect(_("Kinds (empty: all)") if source is Source.SITES else _("Classes of cases"), list(kinds), format_func=lambda key: kinds.get(key, key), placeholder=_("Choose kinds"), select_all=False, disabled=fixed, **form.bind(f"kinds_{number}_{source}", list(was.rule.kinds) if was else []))  # fmt: skip
        grids = _grids(room)
        st.multiselect(_("Grids (empty: all)"), list(grids), format_func=lambda key: grids.get(key, key), placeholder=_("Choose grids"), select_all=False, disabled=fixed, **form.bind(f"grids_{number}", [":".join(one) for one in was.rule.grids] if was else []))  # fmt: skip
        if source is not Source.CASES and number > 1:
            st.checkbox(_("Only what no earlier phase had"), disabled=fixed, **form.bind(f"rest_{number}", was.rule.rest if was else False))  # fmt: skip
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            st.date_input(_("Starts"), format="YYYY-MM-DD", width=pixels(150), disabled=fixed, **form.bind(f"starts_{number}", was.starts if was else today + (number - 1) * DAYS))  # fmt: skip
            st.date_input(_("Ends"), format="YYYY-MM-DD", width=pixels(150), **form.bind(f"ends_{number}", was.ends if was else today + number * DAYS - timedelta(days=1)))  # fmt: skip
            st.number_input(_("Gate: share inspected, %"), 0.0, 100.0, step=5.0, format="%g", width=pixels(170), **form.bind(f"share_{number}", was.gate.visited if was else 100.0))  # fmt: skip
        if source is Source.SITES:
            grades = {"": _("not asked for"), **{one.key.value: one.name.in_(visit.language) for one in room.rules.checklists.grades.grades.values()}}  # fmt: skip
            st.selectbox(_("Gate: no open finding of this grade or worse"), list(grades), format_func=lambda key: grades.get(key, key), width=pixels(320), **form.bind(f"grade_{number}", was.gate.grade if was else ""))  # fmt: skip
            st.checkbox(_("Gate: every site has a letter of responsibility that was signed or refused"), **form.bind(f"letters_{number}", was.gate.letters if was else False))  # fmt: skip


def _kinds(visit: Visit, room: Room, source: Source) -> dict[str, str]:
    if source is Source.SITES:
        return {key: kind.name.in_(visit.language) for key, kind in room.rules.sites.kinds.items()}
    if source is Source.HOUSEHOLDS:
        return {}
    directory = room.rules.directory
    return {key: room.class_name(key).in_(visit.language) for key in (*directory.majors, *directory.classes)}


def _grids(room: Room) -> dict[str, str]:
    """Return the grids that a phase may name, but for the leaves: a level and code -> name."""
    names, net = full_names(room.area.net), room.area.net
    levels = [level.key for level in net.levels[:-1] if len(level) > 1]
    return {f"{key}:{code}": name for key in levels for code, name in names.get(key, {}).items()}


def _wish(visit: Visit, room: Room, form: Form, campaign: Campaign | None) -> acts.Wish:
    source, today = campaign.source if campaign else form.get("source", Source.SITES), today_of(room, visit.now)
    phases = []
    for number in range(1, int(form.get("many", len(campaign.phases) if campaign else 1) or 1) + 1):
        was = campaign.phases[number - 1] if campaign and number <= len(campaign.phases) else None
        if was and was.begun:
            rule, starts = was.rule, was.starts
        else:
            grids = [tuple(one.split(":", 1)) for one in form.get(f"grids_{number}", []) or []]
            kinds = form.get(f"kinds_{number}_{source}", list(was.rule.kinds) if was else []) or []
            rule = Rule(tuple(kinds), tuple((key, code) for key, code in grids), rest=bool(form.get(f"rest_{number}", False)))  # fmt: skip
            starts = _day(form, f"starts_{number}", today + (number - 1) * DAYS)
        gate = Gate(float(form.get(f"share_{number}", 100.0) or 0), form.get(f"grade_{number}") or "", bool(form.get(f"letters_{number}", False)))  # fmt: skip
        phases.append(Phase(form.get(f"name_{number}"), rule, starts, _day(form, f"ends_{number}", starts), gate))
    return acts.Wish(form.get("name"), source, form.get("force", []) or [], phases, form.get("note"))


def _day(form: Form, name: str, default: date) -> date:
    found: Any = form.get(name, default)
    return found or default


def _save(visit: Visit, room: Room, form: Form, campaign: Campaign | None) -> None:
    wish, by, now = _wish(visit, room, form, campaign), visit.by("campaign"), datetime.now(UTC)
    try:
        done = acts.edit(room, campaign, wish, by, now) if campaign else acts.make(room, wish, by, now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
        go("campaigns", {"campaign": done.number})


def _cancel(visit: Visit, room: Room, form: Form, campaign: Campaign) -> None:
    try:
        acts.cancel(room, campaign, form.get("reason"), visit.by("campaign"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
        go("campaigns", {"campaign": campaign.number})
