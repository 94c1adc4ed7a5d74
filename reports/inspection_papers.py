"""What stands on the papers of an inspection: the lines of what was found, whom to ask, and who signs. A community's paper orders nothing and threatens nothing (domain.md 0.7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from desk.papers.notices import Found
from desk.room import Room
from inspections.answers import Result
from inspections.checklists import Action, Item
from inspections.findings import OVER, State
from inspections.grades import Degree
from inspections.inspection import Signed
from ledger.findings import Filed
from locales import N_, Translator
from reports.case_words import local, post_name
from reports.checklists import grade_name, why

ADVICE: Mapping[Action, str] = MappingProxyType(
    {
        Action.ON_SPOT: N_("Please put it right by the day."),
        Action.DEADLINE: N_("Please put it right by the day."),
        Action.STOP: N_("Advice: stop using it at once, and call the supplier. Supplier and authority are told."),
        Action.HAND_OVER: N_("The authority is told, and deals with it."),
    }
)
DONE, AGAIN = N_("Put right on the spot."), N_("Looked at again: not put right yet.")
SIGNED: Mapping[Signed, str] = MappingProxyType(
    {
        Signed.SIGNED: N_("Signed by the person in charge"),
        Signed.REFUSED: N_("Refused to sign"),
        Signed.ABSENT: N_("Not there; nobody signed"),
    }
)


@dataclass(frozen=True)
class Line:
    """One line of what was found, in words.

    Attributes
    ----------
    item
        Key of the item.
    what, where
        That the item is not as it has to be, and what was seen of it.
    until
        The day as ``2026-11-23``; "" where nothing is left to do.
    number
        Of the finding; "" for none.
    """

    item: str
    what: str
    where: str
    clause: str
    grade: str
    todo: str
    until: str
    number: str


def lines(room: Room, found: Found, _: Translator, language: str) -> list[Line]:
    """Return what an inspection found at its place, what is open first; then what it looked at again and is open still."""
    failed = sorted(found.failed, key=lambda one: (one.corrected, -(one.grade or Degree.MINOR).rank))
    made = [_line(room, found, one, _, language) for one in failed]
    return [*made, *(_again(room, one, _, language) for one in found.again if one.state.state not in OVER)]


def shown(room: Room, found: Found, _: Translator, language: str) -> list[tuple[str, str]]:
    """Return what is said of the place and of the inspection: label and value."""
    made, checklist = found.made, found.checklist
    kind = room.rules.sites.kind(made.kind).name.in_(language)
    basis = f"{checklist.name.in_(language)} · {_('Version {n}').format(n=checklist.version)}" if checklist else ""
    rows = [
        (_("Place inspected"), f"{found.site.name}（{kind}）" if language == "zh" else f"{found.site.name} ({kind})"),
        (_("Address"), found.site.address),
        (_("Inspected at"), local(room, made.done_at)),
        (_("Inspected by"), post_name(room, made.post, _)),
        (_("Checklist"), basis),
    ]
    return [row for row in rows if row[1]]


def signed(made_signed: Signed, _: Translator) -> str:
    """Return whether who is in charge signed."""
    return _(SIGNED[made_signed])


def said_of(result: Result, note: str, never: Iterable[str], _: Translator, language: str) -> str:
    """Return the reason of a result with its note; a note that says what no community may say is left out."""
    kept = "" if any(word in note.casefold() for word in map(str.casefold, never)) else note
    return _("; ").join(part for part in (why(result, _, language), kept) if part)


def _line(room: Room, found: Found, one: Result, _: Translator, language: str) -> Line:
    filed = found.findings.get(one.item.key)
    due = filed.state.due if filed and filed.state.due and filed.state.state is State.OPEN else one.due
    where = said_of(one, found.notes.get(one.item.key, ""), room.rules.papers.never, _, language)
    todo = _(DONE) if one.corrected else _(ADVICE[one.action or Action.DEADLINE])
    until = "" if one.corrected or due is None else due.isoformat()
    grade = grade_name(room.rules.checklists.grades, one.grade, language)
    return Line(
        one.item.key,
        _wrong(one.item, _, language),
        where,
        one.item.clause,
        grade,
        todo,
        until,
        filed.number if filed else "",
    )


def _wrong(item: Item, _: Translator, language: str) -> str:
    """Return an item as something that is not so: its text says how it has to be."""
    return _("Not as required: {item}").format(item=item.text.in_(language))


def _again(room: Room, one: Filed, _: Translator, language: str) -> Line:
    item = room.rules.checklists.get(one.checklist, one.checklist_version).items[one.item]
    grade = grade_name(room.rules.checklists.grades, one.state.grade, language)
    until = one.state.due.isoformat() if one.state.due else ""
    return Line(
        item.key, _wrong(item, _, language), _(AGAIN), item.clause, grade, _(ADVICE[item.action]), until, one.number
    )
