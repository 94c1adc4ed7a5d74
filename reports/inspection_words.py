"""Inspections and findings in words: how one was made and signed, where a finding stands, what was done to it, and why something was not done."""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from desk.room import Room
from geo.errors import AnswersError, BattlemapError
from inspections.checklists import Checklist, Item
from inspections.findings import Act, State
from inspections.inspection import Inspection, Signed, Way
from inspections.sites import Site
from ledger.findings import Filed
from locales import N_, Translator
from reports.checklists import OUTCOME, fault_text, grade_name

WAY = MappingProxyType({Way.INSPECT: N_("Inspection"), Way.RECHECK: N_("Re-inspection"), Way.SELF: N_("Self-check")})
SIGNED = MappingProxyType(
    {
        Signed.SIGNED: N_("signed"),
        Signed.REFUSED: N_("refused to sign"),
        Signed.ABSENT: N_("nobody in charge was there"),
    }
)
STATE = MappingProxyType(
    {
        State.OPEN: N_("To be put right"),
        State.CORRECTED: N_("To be looked at again"),
        State.HANDED_OVER: N_("Passed on"),
        State.CLOSED: N_("Closed, found right"),
        State.WITHDRAWN: N_("Struck off"),
    }
)
# What an act is called on its button, and in the history.
ACT = MappingProxyType(
    {
        Act.CORRECT: N_("Report it put right"),
        Act.PASS: N_("Found right: close it"),
        Act.FAIL: N_("Not right yet"),
        Act.EXTEND: N_("Give more time"),
        Act.HAND_OVER: N_("Pass on"),
        Act.RETURN: N_("Return it to be put right"),
        Act.WITHDRAW: N_("Strike off"),
        Act.NOTE: N_("Note"),
    }
)
DONE = MappingProxyType(
    {
        Act.FIND.value: N_("Found"),
        Act.CORRECT.value: N_("Reported put right"),
        Act.PASS.value: N_("Found right and closed"),
        Act.FAIL.value: N_("Looked at again: not right yet"),
        Act.EXTEND.value: N_("Given more time"),
        Act.HAND_OVER.value: N_("Passed on to {to}"),
        Act.RETURN.value: N_("Returned to be put right"),
        Act.WITHDRAW.value: N_("Struck off"),
        Act.NOTE.value: N_("Note"),
        Act.STEP.value: N_("The day is over: the head was told"),
    }
)
ANSWERS = N_("The answers cannot be read. Fill them in again.")
SPOT = N_("Found, and put right on the spot")
# Why an inspection or an act was not taken, by the field of the error.
DRAFT = MappingProxyType(
    {
        "inspection_empty": N_("Nothing was looked at. Answer at least one item, or look at an open finding again."),
        "inspection_photos": N_("A photo is missing of an item that fails. Take one of each, or correct the answer."),
        "inspection_signature": N_("A signature has its photo. Attach it, or say that nobody signed."),
        "inspection_site": N_(
            "The site moved away or was closed before that day. Open it again in the register first."
        ),
        "inspection_day": N_("That day has not come yet. Give the day on which it was made."),
        "inspection_checklist": N_("That checklist is not for this kind of site. Choose one that is."),
        "inspection_recheck": N_(
            "That finding belongs to another site, or nothing was said about it. Look at it there."
        ),
        "finding_due": N_("That day cannot be: it lies in the past, or too far ahead. Choose another one."),
        "finding_extended": N_("It got more time as often as the rules allow. Hand it over, or look at it again."),
        "finding_case": N_("It became a case already. Go on there."),
        "inspection_gone": N_("There is no such inspection, or none that you see. Look it up in the list."),
        "finding_gone": N_("There is no such finding, or none that you see. Look it up in the list."),
    }
)
# What the lifecycle of findings says, and how a page says it.
RULES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"to a finding that is", N_("The finding has moved on, and this cannot be done to it any more.")),
        (r"who put it right does not close it", N_("Whoever put it right does not close it. Another person looks at it again.")),
        (r"who found it does not close it", N_("Whoever found it does not close it alone. Another person looks at it again.")),
        (r"who found it does not withdraw it", N_("Whoever found it does not withdraw it. Another person has to.")),
        (r"a worker's head does that", N_("This is not for a grid worker: the head of the grid, the community or the centre does it.")),
        (r"^extend needs a day after", N_("The new day must lie after the present one.")),
        (r"^The day of the finding is not over", N_("The day of the finding is not over yet.")),
    )
)  # fmt: skip


def answers_refused(error: AnswersError, _: Translator) -> str:
    """Return which answers were refused, each with its item and the reason."""
    return " ".join(f"{fault.item}: {fault_text(fault, _)}" for fault in error.faults) or _(ANSWERS)


def checklist_of(room: Room, key: str, version: int) -> Checklist | None:
    """Return a checklist as it was used; None where there is no such version any more."""
    try:
        return room.rules.checklists.get(key, version)
    except (BattlemapError, LookupError):
        return None


def item_of(room: Room, one: Filed) -> Item | None:
    """Return the item that failed, as its checklist had it then."""
    found = checklist_of(room, one.checklist, one.checklist_version)
    return found.items.get(one.item) if found else None


def item_text(room: Room, one: Filed, language: str) -> str:
    """Return what failed in words; the key of the item where its checklist is gone."""
    item = item_of(room, one)
    return item.text.in_(language) if item else one.item


def article_text(room: Room, one: Filed, language: str, _: Translator) -> str:
    """Return the clause of the item, and the article of a standard of major hazards where one judges it."""
    item, article = item_of(room, one), room.rules.checklists.grades.articles.get(one.article)
    major = _("{standard}, article {number}").format(standard=article.standard.in_(language), number=article.number) if article else ""  # fmt: skip
    return "; ".join(filter(None, (item.clause if item else "", major))) or ""


def grade_text(room: Room, grade: Any, language: str) -> str:
    """Return what a grade is called; "" for none."""
    return grade_name(room.rules.checklists.grades, grade, language)


def outcome_text(one: Inspection, _: Translator) -> str:
    """Return what an inspection came to; a self-check came to nothing."""
    if one.way is Way.SELF:
        return _("Self-check, for a person to look at")
    if one.outcome is None:
        return _("Findings looked at again") if one.rechecked and not one.answers else _("Not all answered")
    return _(OUTCOME[one.outcome])


def checklist_name(room: Room, key: str, version: int, language: str) -> str:
    """Return what a checklist is called, its key where it is gone, and "" for none."""
    found = checklist_of(room, key, version) if key else None
    return found.name.in_(language) if found else key


def site_name(site: Site | None, number: str) -> str:
    """Return what a site is called; its number where it is not seen."""
    return site.name if site else number


def due_text(one: Filed, today: date, _: Translator) -> str:
    """Return until when a finding is put right, and by how much that is over."""
    due = one.state.due
    if due is None:
        return ""
    if one.state.is_overdue(today):
        return _("{day}, {n} days over").format(day=due, n=(today - due).days)
    return due.isoformat()


def line(entry: Mapping[str, Any], _: Translator) -> str:
    """Return an entry of a finding's history in words."""
    data = entry["data"]
    if entry["act"] == Act.FIND.value and data.get("spot"):
        return _(SPOT)
    return _(DONE[entry["act"]]).format(to=data.get("to", ""))
