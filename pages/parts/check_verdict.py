"""Part of the page of checklists: what the answers come to, by rule."""

from html import escape

import streamlit as st

from pages.parts.check_items import Tried
from pages.parts.form import Form
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports.checklists import OUTCOME, failed_text, grade_name, outcome_text, why


def verdict_panel(visit: Visit, form: Form, tried: Tried) -> None:
    """Show the outcome, the worst grade and the first day, what fails, what is somebody else's, and what will expire."""
    _, language, grades, verdict = visit._, visit.language, tried.grades, tried.verdict
    st.html(_head(visit, tried))
    st.checkbox(_("The person in charge refuses to put it right"), **form.bind("refuses", default=False))
    found = [(one.item.key, one.item.text.in_(language), failed_text(one, grades, _, language)) for one in verdict.failed]  # fmt: skip
    others = [(one.item.key, one.item.text.in_(language), failed_text(one, grades, _, language)) for one in verdict.others]  # fmt: skip
    soon = [
        (one.item.key, one.item.text.in_(language), why(one, _, language)) for one in verdict.expiring if one.is_soon
    ]
    lists = ((_("Fails"), found), (_("Of the gas operator, not of this place"), others), (_("Will expire"), soon))
    if said := "".join(_rows(title, rows) for title, rows in lists if rows):
        st.html(said)


def _head(visit: Visit, tried: Tried) -> str:
    _, verdict = visit._, tried.verdict
    many = len(verdict.results)
    rows = [
        (_("Worst grade"), grade_name(tried.grades, verdict.grade, visit.language) or "—"),
        (_("Put right by"), verdict.due.isoformat() if verdict.due else "—"),
        (_("Answered"), _("{n} of {many}").format(n=many - len(verdict.unanswered), many=many)),
    ]
    rows += [(_("Photos missing"), str(len(verdict.lacking)))] if verdict.lacking else []
    rows += [(_("Answers refused"), str(len(tried.faults)))] if tried.faults else []
    rows += [(_("Besides"), _("; ").join(_(OUTCOME[one]) for one in verdict.steps[1:]))] if verdict.steps[1:] else []
    if verdict.outcome and verdict.outcome.value in {"stop", "hand_over"}:
        rows.append((_("Authority that acts"), tried.checklist.authority.in_(visit.language)))
    outcome = verdict.outcome.value if verdict.outcome else ""
    return f'<h2 class="bm-outcome" data-outcome="{outcome}" role="status">{escape(outcome_text(verdict, _))}</h2>{pairs(rows)}'


def _rows(title: str, rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(f"<li><b>{escape(key)}</b> {escape(text)}<small>{escape(said)}</small></li>" for key, text, said in rows)  # fmt: skip
    return f'<h3>{escape(title)}</h3><ul class="bm-found">{lines}</ul>'
