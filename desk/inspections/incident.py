"""What needs a department: a finding becomes a case, in one change, and both name each other. The whistle is asked for about the case ([whistles](../../docs/whistles.md))."""

from dataclasses import dataclass
from datetime import UTC, datetime

from desk.access.permissions import demand
from desk.inspections.findings import LONGEST_REASON, LONGEST_TO, NEEDS
from desk.inspections.reading import finding, sight, title
from desk.intake import struck
from desk.posts.acting import change
from desk.reports import KEY as ORIGIN
from desk.reports import Draft, checked, write
from desk.room import Room
from geo.errors import DraftError
from incidents.case import Incident
from incidents.lifecycle import By
from incidents.text import clean, required
from inspections.findings import Act, Done
from ledger import findings
from ledger.findings import Filed
from ledger.writing import Writing

KEY = "finding"  # with its number, so that one finding becomes one case


@dataclass(frozen=True)
class Becoming:
    """A finding that becomes a case.

    Attributes
    ----------
    class_
        Key of the case's class.
    to
        Whom it is handed over to, in words.
    expected
        Version of the finding that the person saw.
    """

    number: str
    class_: str
    to: str
    reason: str
    expected: int | None = None


def becomes(room: Room, wish: Becoming, by: By, now: datetime) -> tuple[Incident, Filed]:
    """Report a case of a finding and hand the finding over to it, all or nothing.

    Raises
    ------
    UnknownClass, LifecycleError, Conflict, DraftError, TextError, PlaceError, NoAccess
        Why it cannot be; nothing was written.
    """
    if room.who:
        demand(room.who, "report")
    life = finding(room, wish.number)
    if life.filed.state.incident:
        raise DraftError(f"{wish.number} became {life.filed.state.incident} already. Go on there.", field="finding_case")  # fmt: skip
    reason = struck(room, required(wish.reason, most=LONGEST_REASON, what="reason", lines=False))
    to = struck(room, clean(wish.to, most=LONGEST_TO, what="to", lines=False))
    what = title(room, life.filed, "zh")
    text = "\n".join((f"{life.site.name}：{what}", f"{wish.number} {life.filed.item} {life.site.number}", reason))
    draft = Draft(
        wish.class_, life.site.lon, life.site.lat, text=text, address=life.site.address, key=f"{KEY}:{wish.number}"
    )
    made = checked(room, draft, now)

    def work(writing: Writing) -> tuple[Incident, Filed]:
        findings.get(writing.connection, room.id, wish.number, sight(room))
        case = write(writing, room, draft, made, by, now)
        entry = Done(Act.HAND_OVER, by, now.astimezone(UTC), {"to": to, "reason": reason, "incident": case.number})
        day = now.astimezone(room.area.pack.timezone).date()
        return case, findings.act(writing, room.id, wish.number, entry, day=day, expected=wish.expected)

    return change(room, NEEDS[Act.HAND_OVER], by, now, work, origins=[(room.id, ORIGIN, draft.key)])
