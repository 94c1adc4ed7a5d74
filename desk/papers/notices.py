"""What an inspection found, as a paper tells it: judged anew by the version of the checklist that it was made under, with the findings that came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from desk.access.permissions import demand
from desk.outbox.book import Books
from desk.room import Room
from desk.taken import PRINT
from geo.errors import AnswersError, BattlemapError, DraftError, RulesError
from incidents.within import Within
from inspections.answers import Result, Verdict, evaluate, read
from inspections.checklists import Checklist
from inspections.inspection import Inspection
from inspections.sites import Site
from ledger import audit, findings, inspections, sites
from ledger.findings import Filed

LOOK, ORDER = "inspect", "inspect_order"  # capabilities
_ANY = date.min  # a question that asks for no day
DUTY = "duty"  # the duty telephone, in the address book


@dataclass(frozen=True)
class Found:
    """An inspection with all that a paper says of it.

    Attributes
    ----------
    verdict, checklist
        None where no checklist was answered, only findings were looked at again.
    notes
        What was written to an item, by its key; "" is the key of the inspection's own.
    findings
        That it opened, by the key of their item.
    again
        Those that it looked at again.
    shots, photos
        Digests of its photos; and of these with their small pictures.
    only
        Keys of the items that an authority sees, to which they were handed over; None for who sees all.
    """

    made: Inspection
    site: Site
    checklist: Checklist | None
    verdict: Verdict | None
    notes: Mapping[str, str]
    findings: Mapping[str, Filed]
    again: tuple[Filed, ...]
    shots: tuple[str, ...]
    photos: frozenset[str]
    only: frozenset[str] | None = None

    @property
    def failed(self) -> tuple[Result, ...]:
        """Return what fails at this place, put right or not, as far as who looks sees it."""
        every = self.verdict.failed if self.verdict else ()
        return every if self.only is None else tuple(one for one in every if one.item.key in self.only)

    @property
    def open(self) -> tuple[Result, ...]:
        """Return what fails at this place and was not put right on the spot."""
        return tuple(one for one in self.failed if not one.corrected)


def look(room: Room, number: str, *, needs: str = LOOK) -> Found:
    """Return an inspection with what a paper says of it, to who sees its site or made it; to an authority that was handed some of its findings what belongs to these.

    Raises
    ------
    NoAccess
        The role may not look.
    DraftError
        There is no such inspection for who looks, or its checklist cannot be read any more.
    """
    if room.who:
        demand(room.who, needs)
    with room.ledger.reading() as connection:
        made, theirs = _made(room, number, lambda within: inspections.get(connection, room.id, number, within), lambda: findings.page(connection, findings.Asked(room.id, _ANY, inspection=number)))  # fmt: skip
        site = sites.get(connection, room.id, made.site, sites.EVERYTHING)
        notes = inspections.notes(connection, room.id, made)
        opened = findings.page(connection, findings.Asked(room.id, made.day, inspection=made.number))
        again = tuple(findings.get(connection, room.id, one) for one in made.rechecked)
        rows = inspections.photos(connection, room.id, made.number)
    checklist, verdict = _verdict(room, made)
    if theirs is not None:
        shown = {digest for item in theirs for digest in made.answers.get(item, {}).get("photos", ())}
        rows = [row for row in rows if row["sha256"] in shown]
        notes = {item: text for item, text in notes.items() if item in theirs}
        opened, again = [one for one in opened if one.item in theirs], tuple(one for one in again if _is_theirs(room, one))  # fmt: skip
    shots = tuple(row["sha256"] for row in rows)
    photos = frozenset(row[name] for row in rows for name in ("sha256", "thumbnail"))
    return Found(made, site, checklist, verdict, notes, {one.item: one for one in opened}, again, shots, photos, theirs)


def prints(room: Room, sheet: str, number: str, since: datetime) -> int:
    """Return how often a paper was printed since a time, as the audit trail says."""
    with room.ledger.reading() as connection:
        return audit.count_of(connection, PRINT, room.id, number, since=since, text=f'"{sheet}"')


def telephone(room: Room, post: str) -> str:
    """Return the office's telephone of a post, or that of the duty room; "" where neither is in the address book."""
    book = Books(room.ledger.folder).read()
    return book.contact(room.id, post).sms or book.contact(room.id, DUTY).sms


def sight(room: Room) -> Within:
    """Return how far who looks through a room sees inspections."""
    return room.within if room.who else sites.EVERYTHING


def _made(room: Room, number: str, get: Callable[[Within], Inspection], opened: Callable[[], list[Filed]]) -> tuple[Inspection, frozenset[str] | None]:  # fmt: skip
    """Return an inspection that who looks sees, and None; or one of which findings were handed over to an authority, and the items of these."""
    try:
        return get(sight(room)), None
    except DraftError:
        if room.who is None or not room.who.can(ORDER) or "\0" in number:
            raise
        theirs = frozenset(one.item for one in opened() if _is_theirs(room, one))
        if not theirs:
            raise
        return get(sites.EVERYTHING), theirs


def _is_theirs(room: Room, one: Filed) -> bool:
    """Tell whether a finding was handed over to a post of who looks, by key, title or name of the department, or became a case that they see."""
    posts = room.within.posts
    named = {*posts, *(room.post(key).title for key in posts), *([room.who.scope.department] if room.who else [])} - {
        ""
    }
    if one.state.to in named:
        return True
    try:
        return bool(one.state.incident) and room.sees(room.get(one.state.incident))
    except BattlemapError:
        return False


def _verdict(room: Room, made: Inspection) -> tuple[Checklist | None, Verdict | None]:
    if not made.checklist:
        return None, None
    try:
        checklist = room.rules.checklists.get(made.checklist, made.checklist_version)
        answers = read(checklist, made.answers, made.day)
    except (RulesError, AnswersError) as error:
        raise DraftError(f"The checklist {made.checklist}-{made.checklist_version} cannot be read any more: {error}", field="paper_checklist") from error  # fmt: skip
    return checklist, evaluate(checklist, answers, made.day, grades=room.rules.checklists.grades, refused=made.refused)
