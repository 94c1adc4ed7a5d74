"""Part of the page of checklists: the items with what answers them, and beside each what it comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import streamlit as st

from geo.errors import AnswersError
from inspections import answers
from inspections.answers import NEVER, Fault, Mark, Result, Verdict
from inspections.checklists import Action, Checklist, Item, Kind, Means
from inspections.grades import Degree, Grades
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.visit import Visit
from reports.checklists import MARK, failed_text, fault_text, grade_name, limit_text, why

WORDS = (Mark.PASS.value, Mark.FAIL.value, Mark.NA.value)


@dataclass(frozen=True)
class Tried:
    """A checklist, what the answers to it come to, and those that were refused, by item."""

    checklist: Checklist
    grades: Grades
    verdict: Verdict
    faults: Mapping[str, Fault]


def tried(grades: Grades, checklist: Checklist, said: Mapping[str, Any], day: date, *, refused: bool) -> Tried:
    """Return what answers come to on a day; those that are refused count as not given."""
    faults: dict[str, Fault] = {}
    try:
        read = answers.read(checklist, said, day)
    except AnswersError as error:
        faults = {fault.item: fault for fault in error.faults}
        read = answers.read(checklist, {key: one for key, one in said.items() if key not in faults}, day)
    return Tried(checklist, grades, answers.evaluate(checklist, read, day, grades=grades, refused=refused), faults)


def answered(checklist: Checklist, form: Form) -> dict[str, Any]:
    """Return what the widgets say, as an inspector's phone would send it."""
    return {item.key: one for item in checklist.items.values() if (one := _said(item, form)) is not None}


def _said(item: Item, form: Form) -> dict[str, Any] | None:
    key = item.key
    value: Any = form.get(key, None)
    if item.kind is Kind.CYLINDERS:
        counts = {f"{size:g}": form.get(f"{key}_{size:g}", None) for size in item.sizes}
        value = {size: count for size, count in counts.items() if count not in (None, "")}
    if form.get(f"{key}_na", default=False):
        value = form.get(f"{key}_na", default=False) and Mark.NA.value
    if form.get(f"{key}_never", default=False):
        value = NEVER
    if value in (None, "", {}):
        return None
    grade = form.get(f"{key}_grade", None)
    return {"value": value, "corrected": bool(form.get(f"{key}_corrected", default=False)), "grade": grade}


def items(visit: Visit, form: Form, tried: Tried, failed: Callable[[Result], None] | None = None) -> None:
    """Show every item under its heading.

    Parameters
    ----------
    failed
        Shows what else is asked of an item that fails.
    """
    results = {one.item.key: one for one in tried.verdict.results}
    for section in tried.checklist.sections:
        st.html(f"<h3>{escape(section.name.in_(visit.language))}</h3>")
        for item in tried.checklist.of_section(section.key):
            with st.container(key=f"check_{item.key}", horizontal=True, gap="medium", vertical_alignment="center"):
                st.html(_text(visit, item, form))
                with st.container(key=f"check_do_{item.key}", gap=None):
                    if results[item.key].why != "applies":
                        _widget(visit, item, form)
                    if said := _shown(visit, tried.grades, results[item.key], tried.faults.get(item.key)):
                        st.html(said)
                    _more(visit, tried.grades, results[item.key], form)
                    if failed and results[item.key].mark is Mark.FAIL:
                        failed(results[item.key])


def _text(visit: Visit, item: Item, form: Form) -> str:
    """Return the line itself: number, text, what to look at, the clause, and where it comes from when that is asked for."""
    language = visit.language
    limit = limit_text(item, visit._, language)
    parts = [item.look.in_(language), f"{item.clause}" if item.clause else ""]
    small = "".join(f"<small>{escape(part)}</small>" for part in parts if part)
    if form.get("sources", default=False):
        setting = " · " + visit._("set by the city: {what}").format(what=item.setting) if item.setting else ""
        small += f'<small class="bm-origin">{escape(item.source + setting)}</small>'
    return f'<p class="bm-item"><b>{escape(item.key)}</b><span>{escape(item.text.in_(language))}{f" <em>{escape(limit)}</em>" if limit else ""}{small}</span></p>'


def _widget(visit: Visit, item: Item, form: Form) -> None:
    _, label = visit._, item.text.in_(visit.language)
    hidden: dict[str, Any] = {"label_visibility": "collapsed"}
    if item.kind is Kind.YES_NO:
        st.segmented_control(label, WORDS, format_func=lambda one: _(MARK[Mark(one)]), **hidden, **form.bind(item.key, None))  # fmt: skip
    elif item.kind is Kind.CHOICE:
        names = {option.key: option.name.in_(visit.language) for option in item.options}
        st.selectbox(label, list(names), index=None, format_func=lambda one: names.get(one, one), placeholder=_("Choose"), **hidden, **form.bind(item.key, None))  # fmt: skip
    elif item.kind is Kind.CYLINDERS:
        with st.container(horizontal=True, gap="small", key=f"check_sizes_{item.key}"):
            for size in item.sizes:
                st.text_input(f"{size:g} kg ×", width=pixels(64), max_chars=6, **form.bind(f"{item.key}_{size:g}"))
        st.checkbox(_("Not applicable"), **form.bind(f"{item.key}_na", default=False))
    elif item.kind is not Kind.SUM:
        _line(visit, item, form, label)


def _line(visit: Visit, item: Item, form: Form, label: str) -> None:
    """Show a line to write a number or a date in, and beside it that there is none."""
    _ = visit._
    hint = "2026-11" if item.kind is Kind.DATE else item.unit if visit.language == "zh" or item.unit.isascii() else ""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"check_line_{item.key}"):
        st.text_input(label, width=pixels(120), max_chars=20, placeholder=hint, label_visibility="collapsed", **form.bind(item.key))  # fmt: skip
        if item.means is Means.SERVICED:
            st.checkbox(_("Never"), **form.bind(f"{item.key}_never", default=False))
        st.checkbox(_("Not applicable"), **form.bind(f"{item.key}_na", default=False))


def _shown(visit: Visit, grades: Grades, result: Result, fault: Fault | None) -> str:
    """Return what the answer comes to."""
    _ = visit._
    if fault is not None:
        return f'<p class="bm-result" data-mark="refused" role="alert">{escape(fault_text(fault, _))}</p>'
    reason = why(result, _, visit.language)
    if result.mark is Mark.FAIL:
        reason = _("; ").join(part for part in (reason, failed_text(result, grades, _, visit.language)) if part)
    if result.mark is Mark.UNANSWERED and not reason:
        return ""
    said = _(MARK[result.mark]) + (f" · {reason}" if reason else "")
    return f'<p class="bm-result" data-mark="{result.mark.value}"{" data-soon" if result.is_soon else ""}>{escape(said)}</p>'


def _more(visit: Visit, grades: Grades, result: Result, form: Form) -> None:
    """Show what is asked of one that fails: whether it was put right, and how grave it is where the item leaves that open."""
    item = result.item
    if result.mark is not Mark.FAIL:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"check_more_{item.key}"):
        if item.worse:
            some = [one.value for one in (item.grade, *item.worse)]
            st.segmented_control(visit._("Grade"), some, format_func=lambda one: grade_name(grades, Degree(one), visit.language), required=True, label_visibility="collapsed", **form.bind(f"{item.key}_grade", item.grade.value))  # fmt: skip
        if item.action in {Action.ON_SPOT, Action.DEADLINE} and result.grade is not Degree.STOP:
            st.checkbox(visit._("Put right on the spot"), **form.bind(f"{item.key}_corrected", default=False))
