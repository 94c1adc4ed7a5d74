"""Words for checklists and for what their answers come to, and the paper that is filled in by hand."""

import re
from collections.abc import Mapping
from datetime import date
from html import escape
from types import MappingProxyType

from geo.scheme import Name
from inspections.answers import Fault, Mark, Outcome, Result, Verdict
from inspections.checklists import Action, Checklist, Item, Kind
from inspections.grades import Degree, Grades
from locales import N_, Translator

SHORT = 12  # characters of a digest that stand on paper

MARK: Mapping[Mark, str] = MappingProxyType(
    {
        Mark.PASS: N_("Passes"),
        Mark.FAIL: N_("Fails"),
        Mark.NA: N_("Not applicable"),
        Mark.UNANSWERED: N_("Not answered"),
        Mark.NOTED: N_("Noted"),
    }
)
OUTCOME: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.PASS: N_("Passes"),
        Outcome.CORRECTED: N_("Put right on the spot"),
        Outcome.DEADLINE: N_("To be put right by a day, then looked at again"),
        Outcome.HAND_OVER: N_("Handed over to the authority"),
        Outcome.STOP: N_("Advise to stop use; tell supplier and authority"),
    }
)
ACTION: Mapping[Action, str] = MappingProxyType(
    {
        Action.ON_SPOT: N_("put right on the spot"),
        Action.DEADLINE: N_("to be put right by a day"),
        Action.STOP: N_("out of use"),
        Action.HAND_OVER: N_("handed over"),
    }
)
WHY: Mapping[str, str] = MappingProxyType(
    {
        "above": N_("{value} {unit}, at most {limit} {unit}"),
        "below": N_("{value} {unit}, at least {limit} {unit}"),
        "expired": N_("good until {last}: {days} days over"),
        "soon": N_("good until {last}: {days} days left"),
        "holds": N_("good until {last}"),
        "by": N_("cannot be told before it is said above what it is"),
        "since": N_("cannot be told before the day above is known"),
    }
)
FAULT: Mapping[str, str] = MappingProxyType(
    {
        "unknown": N_("The checklist has no such item."),
        "form": N_("The answer has another form than expected."),
        "computed": N_("This is worked out and not answered."),
        "word": N_("Answer passes, fails or not applicable."),
        "option": N_("Choose one of the answers that the list offers."),
        "number": N_("“{said}” is no number. Write digits, such as 1.5."),
        "count": N_("“{said}” is no whole number. Write digits, such as 3."),
        "negative": N_("“{said}” is below 0. Write a number from 0."),
        "date": N_("“{said}” is no day of the calendar. Write 2026-11-23, or 2026-11 as a plate says it."),
        "future": N_("“{said}” lies after the day of the inspection."),
        "cylinders": N_("Write how many cylinders of each size there are."),
        "size": N_("There is no cylinder of {said} kg on this list."),
        "corrected": N_("Say whether it was put right."),
        "not_on_spot": N_("It cannot be put right on the spot: it is out of use, or handed over."),
        "grade": N_("The item has no such grade."),
        "note": N_("The note is too long."),
        "photos": N_("The photos cannot be read."),
    }
)


def grade_name(grades: Grades, grade: Degree | None, language: str) -> str:
    """Return what a grade is called; "" for none."""
    return grades.grades[grade].name.in_(language) if grade else ""


def unit_of(item: Item, language: str) -> str:
    """Return the unit as it stands after a number: counting words are Chinese only."""
    return item.unit if language == "zh" or item.unit.isascii() else ""


def why(result: Result, _: Translator, language: str) -> str:
    """Return the reason of a result in words; "" where there is none to give."""
    facts, unit = result.facts, unit_of(result.item, language)
    if result.why in WHY:
        limit = f"{facts['limit']:g}" if "limit" in facts else ""
        value = f"{facts['value']:g}" if "value" in facts else ""
        said = _(WHY[result.why]).format(value=value, limit=limit, unit=unit, last=facts.get("last"), days=facts.get("days"))  # fmt: skip
    elif "value" in facts and result.item.kind in {Kind.CYLINDERS, Kind.SUM}:
        said = f"{facts['value']:g} {unit}"
    else:
        said = ""
    needs = facts.get("needs")
    age = _("{n} months old").format(n=facts["months"]) if facts.get("months") else ""
    parts = (age, said.replace(" ,", ",").strip(), needs.text.in_(language) if needs else "")
    return _("; ").join(part for part in parts if part)


def fault_text(fault: Fault, _: Translator) -> str:
    """Return why an answer is refused."""
    return _(FAULT.get(fault.kind, FAULT["form"])).format(said=fault.said)


def limit_text(item: Item, _: Translator, language: str) -> str:
    """Return the limit of an item in words, where its own text does not say that number: a city may have changed the one and not the other."""
    unit, months = unit_of(item, language), item.life.months if item.life else 0
    parts = [
        (item.most, (item.most,), _("at most {limit} {unit}")),
        (item.least, (item.least,), _("at least {limit} {unit}")),
        (months or None, (months, months / 12), _("good for {limit} months")),
    ]
    said = frozenset(re.findall(r"[0-9]+(?:\.[0-9]+)?", item.text.in_(language)))
    wanted = [
        text.format(limit=f"{limit:g}", unit=unit).strip()
        for limit, numbers, text in parts
        if limit is not None and not said & {f"{number:g}" for number in numbers if number is not None}
    ]
    return _("; ").join(wanted)


def outcome_text(verdict: Verdict, _: Translator) -> str:
    """Return what an inspection comes to: the gravest of its outcomes."""
    return _(OUTCOME[verdict.outcome]) if verdict.outcome else _("Nothing fails so far")


def failed_text(result: Result, grades: Grades, _: Translator, language: str) -> str:
    """Return grade, article, what follows and until when, of an item that fails."""
    parts = [grade_name(grades, result.grade, language)]
    if result.article:
        parts.append(_("{standard}, article {number}").format(standard=result.article.standard.in_(language), number=result.article.number))  # fmt: skip
    if result.corrected:
        parts.append(_("put right on the spot"))
    elif result.action and result.grade is not Degree.STOP:
        parts.append(_(ACTION[result.action]))
    if result.due:
        parts.append(_("by {day}").format(day=result.due.isoformat()))
    return _("; ").join(part for part in parts if part)


def paper(checklist: Checklist, day: date, _: Translator, language: str, *, place: str = "", address: str = "") -> str:
    """Return the sheet that is printed and filled in by hand, as HTML: A4, a box for each answer, and where each line comes from.

    Parameters
    ----------
    place, address
        Of the place that is inspected; "" leaves room for handwriting.
    """
    heads = "".join(f"<th>{escape(head)}</th>" for head in (_("Item"), _("What is looked at"), _("Result"), _("Note")))
    blanks = "".join(f"<span>{escape(label)}<i>{escape(value)}</i></span>" for label, value in ((_("Place inspected"), place), (_("Address"), address), (_("Date"), ""), (_("Inspectors"), ""), (_("Person in charge"), "")))  # fmt: skip
    body = "".join(
        f'<tr class="bm-section"><th colspan="4">{escape(section.name.in_(language))}</th></tr>'
        + "".join(_line(item, _, language) for item in checklist.of_section(section.key))
        for section in checklist.sections
    )
    return (
        f'<section class="bm-checkpaper"><h1>{escape(checklist.name.in_(language))}</h1><p class="bm-blanks">{blanks}</p>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{escape(version_text(checklist, _, language))} · {day.isoformat()}</p></section>"
    )


def version_text(checklist: Checklist, _: Translator, language: str) -> str:
    """Return version, digest and who acts."""
    parts = (
        _("Version {n}").format(n=checklist.version),
        _("digest {digest}").format(digest=checklist.digest[:SHORT]),
        _("acts: {authority}").format(authority=checklist.authority.in_(language)),
    )
    return " · ".join(parts)


def _line(item: Item, _: Translator, language: str) -> str:
    looked = " ".join(part for part in (_look(item, language), f"［{item.clause}］" if item.clause else "") if part)
    return (
        f"<tr><td>{escape(item.key)}</td><td>{escape(item.text.in_(language))}<small>{escape(looked)}</small></td>"
        f"<td>{escape(_boxes(item, _, language))}</td><td></td></tr>"
    )


def _look(item: Item, language: str) -> str:
    return item.look.in_(language) if item.look != Name("", "") else ""


def _boxes(item: Item, _: Translator, language: str) -> str:
    """Return what is ticked or filled in."""
    blank, unit = "______", unit_of(item, language)
    if item.kind is Kind.YES_NO:
        return "  ".join(f"□\N{NO-BREAK SPACE}{_(MARK[mark])}" for mark in (Mark.PASS, Mark.FAIL, Mark.NA))
    if item.kind is Kind.CHOICE:
        return "  ".join(f"□\N{NO-BREAK SPACE}{option.name.in_(language)}" for option in item.options)
    if item.kind is Kind.CYLINDERS:
        return "  ".join(
            f"{size:g}\N{NO-BREAK SPACE}kg\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}____" for size in item.sizes
        )
    if item.kind is Kind.DATE:
        return _("year ______ month ____")
    return f"{blank} {unit}".strip()
