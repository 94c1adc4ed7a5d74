"""Part of the page of inspections: one inspection with every item, its result and the reason, what it opened and looked at again, photos and signature."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.inspections import reading
from desk.inspections.reading import Sheet
from desk.room import Room
from geo.errors import BattlemapError
from inspections.answers import Mark, Result
from inspections.inspection import Inspection, Way
from ledger.findings import Filed
from pages.parts.inspection_shots import facts, shots, to_finding, to_site
from pages.parts.visit import Visit
from reports.case_words import grid_name, local, post_name
from reports.checklists import MARK, SHORT, failed_text, why
from reports.inspection_words import (
    SIGNED,
    STATE,
    WAY,
    checklist_name,
    grade_text,
    item_text,
    outcome_text,
)
from reports.refusals import refusal


def sheet(visit: Visit, room: Room, number: str) -> None:
    """Show an inspection; nothing where none is chosen."""
    if not number:
        return
    try:
        shown = reading.get(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, visit._))}</p>')
        return
    st.html(_facts(visit, room, shown) + _findings(visit, room, shown) + _items(visit, room, shown))


def _facts(visit: Visit, room: Room, shown: Sheet) -> str:
    _, language, one = visit._, visit.language, shown.inspection
    by = checklist_name(room, one.checklist, one.checklist_version, language)
    told = " · ".join((by, _("Version {n}").format(n=one.checklist_version), one.digest[:SHORT])) if by else ""
    rows = [
        (_("Number"), escape(one.number)),
        (_("Inspected site"), to_site(visit, shown.site)),
        (_("Kind of site"), escape(room.rules.sites.kind(one.kind).name.in_(language))),
        (_("Micro-grid"), escape(grid_name(room, one.codes))),
        (_("Inspected on"), escape(local(room, one.done_at))),
        (_("Way of looking"), escape(_(WAY[one.way]))),
        (_("Inspected by"), escape(post_name(room, one.post, _))),
        (_("Checklist"), escape(told)),
        (_("Worst grade"), escape(grade_text(room, one.grade, language))),
        (_("Put right by"), escape(str(one.due)) if one.due else ""),
        (_("Items that fail"), escape(_("{n}, put right on the spot: {m}").format(n=one.failed, m=one.corrected)) if one.failed else ""),
        (_("Person in charge"), escape(_("; ").join([_(SIGNED[one.signed]), *([_("refuses to put it right")] if one.refused else [])]))),
        (_("Note"), escape(shown.notes.get("", ""))),
        (_("On paper"), _papers(visit, one)),
    ]  # fmt: skip
    signed = {digest: small for digest, small in _small(shown).items() if digest == one.signature}
    outcome = one.outcome.value if one.outcome else ""
    return (
        f'<h2 class="bm-outcome" data-outcome="{outcome}">{escape(outcome_text(one, _))}</h2>{facts(rows)}'
        f'<div class="bm-photos">{shots(visit, one.number, signed, _("Signature"))}</div>'
    )


def _papers(visit: Visit, one: Inspection) -> str:
    """Return the ways to its papers: the notice to whom may inspect, an order to an authority; a self-check has none, but its page."""
    _, area, lang = visit._, quote(visit.name, safe=""), visit.language
    ways = [
        ("inspect", one.way is not Way.SELF, f"/notice/{area}/{quote(one.number, safe='')}?{urlencode({'lang': lang})}", _("Notice of hazards")),
        ("inspect_order", one.way is not Way.SELF and one.failed > one.corrected, f"/order/{area}?{urlencode({'inspection': one.number, 'lang': lang})}", _("Order to put right")),
        ("inspect_close", one.way is Way.SELF, f"/self-checks/{area}/{quote(one.site, safe='')}?{urlencode({'lang': lang})}", _("Self-checks of the site")),
    ]  # fmt: skip
    links = [f'<a href="{escape(to)}" target="_blank" rel="noopener">{escape(name)}</a>' for needs, there, to, name in ways if there and visit.may(needs)]  # fmt: skip
    return f'<span class="bm-links">{" · ".join(links)}</span>'


def _findings(visit: Visit, room: Room, shown: Sheet) -> str:
    """Return what the inspection opened, and what it looked at again, with how each stands now."""
    _ = visit._
    return _linked(visit, room, _("Findings opened"), shown.findings) + _linked(
        visit, room, _("Looked at again"), shown.rechecked
    )


def _linked(visit: Visit, room: Room, title: str, found: Sequence[Filed]) -> str:
    lines = "".join(
        f"<li>{to_finding(visit, one.number, item_text(room, one, visit.language))}"
        f"<small>{escape(' · '.join((one.number, grade_text(room, one.state.grade, visit.language), visit._(STATE[one.state.state]))))}</small></li>"
        for one in found
    )
    return f'<h3>{escape(title)}</h3><ul class="bm-found">{lines}</ul>' if lines else ""


def _items(visit: Visit, room: Room, shown: Sheet) -> str:
    """Return every item with its result and the reason, as the checklist judged it then."""
    _, language, one = visit._, visit.language, shown.inspection
    checklist, verdict = shown.checklist, shown.verdict
    if checklist is None or verdict is None:
        return f'<p class="bm-note">{escape(_("Its checklist is not among the rules any more: the answers are kept, and cannot be shown."))}</p>' if one.checklist else ""  # fmt: skip
    results = {result.item.key: result for result in verdict.results}
    parts = []
    for section in checklist.sections:
        rows = "".join(_row(visit, room, results[item.key], shown) for item in checklist.of_section(section.key) if item.key in results)  # fmt: skip
        parts.append(f"<h3>{escape(section.name.in_(language))}</h3><ul class=bm-answers>{rows}</ul>")
    return "".join(parts)


def _small(shown: Sheet) -> dict[str, str]:
    """Return the photos: digest of each -> of its small picture."""
    return {one["sha256"]: one["thumbnail"] for one in shown.photos}


def _row(visit: Visit, room: Room, result: Result, shown: Sheet) -> str:
    _, language, item = visit._, visit.language, result.item
    said = shown.inspection.answers.get(item.key)
    named = said.get("photos", ()) if isinstance(said, Mapping) else ()
    photos = {digest: small for digest, small in _small(shown).items() if digest in named}
    failed = failed_text(result, room.rules.checklists.grades, _, language) if result.mark is Mark.FAIL else ""
    reason = _("; ").join(filter(None, (_value(result, language), why(result, _, language), failed)))
    note = f"<q>{escape(shown.notes[item.key])}</q>" if shown.notes.get(item.key) else ""
    shot = shots(visit, shown.inspection.number, photos, item.key)
    return (
        f'<li data-mark="{result.mark.value}"><b>{escape(item.key)}</b><div>{escape(item.text.in_(language))}<small>{escape(reason)}</small>{note}'
        f"{f'<div class=bm-photos>{shot}</div>' if shot else ''}</div><span>{escape(_(MARK[result.mark]))}</span></li>"
    )


def _value(result: Result, language: str) -> str:
    """Return the option that was chosen, in words; "" for all other answers, which speak for themselves."""
    chosen = result.item.option(result.value) if isinstance(result.value, str) else None
    return chosen.name.in_(language) if chosen else ""
