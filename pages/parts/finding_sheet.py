"""Part of the page of findings: one finding with its facts, photos, what may be done now, and its history."""

from html import escape
from typing import Any

import streamlit as st

from desk.room import Room
from geo.errors import BattlemapError
from inspections.findings import Act
from ledger.findings import Filed
from locales import Translator
from pages.parts.finding_acts import acts
from pages.parts.going import link
from pages.parts.inspection_shots import facts, shots, to_finding, to_inspection, to_site
from pages.parts.visit import Visit
from reports import inspection_lists
from reports.case_words import grid_name, local, post_name, said
from reports.inspection_lists import FindingSheet
from reports.inspection_words import (
    STATE,
    article_text,
    checklist_name,
    due_text,
    grade_text,
    item_of,
    item_text,
    line,
)
from reports.refusals import refusal


def sheet(visit: Visit, room: Room, number: str) -> None:
    """Show a finding; nothing where none is chosen."""
    if not number:
        return
    try:
        shown = inspection_lists.finding(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, visit._))}</p>')
        return
    st.html(_facts(visit, room, shown))
    acts(visit, room, shown.filed)
    st.html(_photos(visit, shown) + _history(visit, room, shown))


def _facts(visit: Visit, room: Room, shown: FindingSheet) -> str:
    _, language, one, state = visit._, visit.language, shown.filed, shown.filed.state
    day, item = inspection_lists.today(room, visit.now), item_of(room, one)
    due, late = due_text(one, day, _), state.is_overdue(day)
    by = checklist_name(room, one.checklist, one.checklist_version, language)
    again = _("{n} times until now").format(n=state.failed_rounds) if state.failed_rounds else ""
    rows = [
        (_("Number"), escape(one.number)),
        (_("State"), f"<b>{escape(_(STATE[state.state]))}</b>"),
        (_("Grade"), f'<span class="bm-grade" data-grade="{state.grade.value}">{escape(grade_text(room, state.grade, language))}</span>'),
        (_("Put right by"), f'<b class="bm-late">{escape(due)}</b>' if late else escape(due)),
        (_("Times given more time"), str(state.extended) if state.extended else ""),
        (_("Not right when looked at again"), escape(again)),
        (_("Inspected site"), to_site(visit, shown.site)),
        (_("Kind of site"), escape(room.rules.sites.kind(one.kind).name.in_(language))),
        (_("Micro-grid"), escape(grid_name(room, shown.site.codes))),
        (_("Responsible post"), escape(post_name(room, shown.site.post, _))),
        (_("Item of the checklist"), escape(f"{one.item} · {by} · {_('Version {n}').format(n=one.checklist_version)}")),
        (_("What is looked at"), escape(item.look.in_(language)) if item else ""),
        (_("Clause"), escape(article_text(room, one, language, _))),
        (_("Found"), f"{escape(str(one.found))} {escape(post_name(room, state.found_by, _))} {to_inspection(visit, one.inspection)}"),
        (_("What was seen"), escape(shown.note)),
        (_("Closed on"), escape(str(one.closed)) if one.closed else ""),
        (_("Passed on to"), escape(post_name(room, state.to, _))),
        (_("Case"), f"{link(visit, 'case', {'case': state.incident})}{escape(state.incident)}</a>" if state.incident else ""),
        (_("Whistle"), f"{link(visit, 'whistles', {'whistle': state.whistle})}{escape(state.whistle)}</a>" if state.whistle else ""),
    ]  # fmt: skip
    return f"<h2>{escape(item_text(room, one, language))}</h2>{_again(visit, shown)}{facts(rows)}"


def _again(visit: Visit, shown: FindingSheet) -> str:
    """Say how often the same item failed here within a year, each with the day on which it was found."""
    others = [one for one in shown.same if one.number != shown.filed.number]
    if not others:
        return ""
    said = visit._("The same item failed here {n} times within a year").format(n=len(others) + 1)
    links = " · ".join(to_finding(visit, one.number, _named(one)) for one in others)
    return f'<p class="bm-again" role="note"><b>{escape(said)}</b> {links}</p>'


def _named(one: Filed) -> str:
    return f"{one.number} ({one.found})"


def _photos(visit: Visit, shown: FindingSheet) -> str:
    _, one = visit._, shown.filed
    after = {digest: small for photos in shown.photos.values() for digest, small in photos.items()}
    groups = shots(visit, one.inspection, shown.first, _("Before it was put right")) + shots(
        visit, one.number, after, _("As put right")
    )
    return f'<div class="bm-said"><div class="bm-photos">{groups}</div></div>' if groups else ""


def _history(visit: Visit, room: Room, shown: FindingSheet) -> str:
    _ = visit._
    rows = "".join(
        f'<li data-act="{escape(entry["act"])}"><time>{escape(local(room, entry["at"]))}</time><div><p><b>{escape(_named_act(room, entry, _))}</b> '
        f"<span>{escape('' if entry['act'] == Act.STEP.value else post_name(room, entry['post'], _))}</span></p>{_said(visit, entry)}</div></li>"
        for entry in reversed(shown.entries)
    )
    return f'<ol class="bm-timeline">{rows}</ol>'


def _named_act(room: Room, entry: dict[str, Any], _: Translator) -> str:
    to = post_name(room, entry["data"].get("to", ""), _)
    return line({**entry, "data": {**entry["data"], "to": to}}, _)


def _said(visit: Visit, entry: dict[str, Any]) -> str:
    """Return what was written with an act, the day that it set, and the case that it became."""
    _, data = visit._, entry["data"]
    words = said(data, _)
    lines = [escape(_("until {day}").format(day=data["due"]))] if data.get("due") and entry["act"] != Act.STEP.value else []  # fmt: skip
    lines += [to_inspection(visit, data["inspection"])] if data.get("inspection") else []
    quote = f"<q>{escape(words)}</q>" if words else ""
    return quote + (f"<ul>{''.join(f'<li>{one}</li>' for one in lines)}</ul>" if lines else "")
