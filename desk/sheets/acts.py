"""The acts of daily sheets (日通报), each in one change; the figures come from whoever draws one up, and are frozen here.

Source: domain.md 6.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from desk.campaigns.meetings import words
from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError
from incidents.lifecycle import By
from incidents.sheet_life import Act, Sheet, State, is_same
from incidents.sheets import day_of, span
from ledger import find, sheets

LOOK, DRAWS, SIGNS = "sheets", "sheet", "sheet_sign"  # capabilities
NEEDS: Mapping[Act, str] = {act: SIGNS if act in {Act.SIGN, Act.WITHDRAW} else DRAWS for act in Act}
REASONED = frozenset({Act.RETURN, Act.WITHDRAW})
LONGEST = 500


def listed(room: Room) -> list[Sheet]:
    """Return the last sheets that who looks sees, the latest day first: those of campaigns to who sees campaigns; none to who sees a part of the area alone."""
    campaigns = None if room.who is None or room.who.can("campaigns") else {""}
    if not sees(room):
        return []
    with room.ledger.reading() as connection:
        return sheets.page(connection, room.id, campaigns=campaigns)


def sees(room: Room) -> bool:
    """Tell whether who looks sees daily sheets: they name every community of the area."""
    return room.who is None or (room.who.can(LOOK) and not room.within.narrows)


def of(room: Room, day: date, campaign: str = "") -> Sheet | None:
    """Return the sheet of a day that was not withdrawn; None where there is none, or none for who looks."""
    if not sees(room):
        return None
    with room.ledger.reading() as connection:
        return sheets.standing(connection, room.id, day, campaign)


def numbered(room: Room, number: str) -> Sheet:
    """Return a sheet by its number; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        found = sheets.get(connection, room.id, number if sees(room) else "")
    if found.campaign and room.who and not room.who.can("campaigns"):
        raise DraftError(f"{room.id} has no daily sheet {number!r}. Look it up in the list.", field="sheet_gone")
    return found


def figures(room: Room, sheet: Sheet) -> dict[str, Any]:
    """Return the frozen figures of a sheet."""
    with room.ledger.reading() as connection:
        return sheets.frozen(connection, room.id, sheet.number)


def draw(room: Room, day: date, campaign: str, frozen: Mapping[str, Any], seen: int, expected: int, by: By, now: datetime) -> Sheet:  # noqa: PLR0917  # fmt: skip
    """Draw the sheet of a day up, or anew with the figures of now.

    Parameters
    ----------
    frozen
        All that it says, as plain values.
    seen
        Version of the ledger whose figures these are.
    expected
        Version of the sheet as whoever draws it up saw it; 0 for none.

    Raises
    ------
    DraftError
        The day is not there yet.
    LifecycleError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    zone = room.area.pack.timezone
    if day > day_of(now, room.rules.sheets.cutoff, zone):
        raise DraftError(f"{day} is not there yet. Draw up the sheet of the day that runs.", field="sheet_day")
    made = Sheet(day, campaign, "", seen, State.DRAFT)
    return change(room, DRAWS, by, now, lambda writing: sheets.draw(writing, room.id, made, frozen, by=by, at=now.astimezone(UTC), expected=expected))  # fmt: skip


def do(room: Room, sheet: Sheet, act: Act, by: By, now: datetime, *, reason: str = "") -> Sheet:
    """Check, return, sign, send or withdraw a sheet.

    Raises
    ------
    DraftError
        It is returned or withdrawn without a reason.
    TextError, LifecycleError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    said = words(room, reason, LONGEST, "reason")
    if act in REASONED and not said:
        raise DraftError("Say why it is returned or withdrawn.", field="sheet_reason")
    numbered(room, sheet.number)
    return change(room, NEEDS[act], by, now, lambda writing: sheets.act(writing, room.id, sheet.number, act, by=by, at=now.astimezone(UTC), expected=sheet.version, reason=said))  # fmt: skip


def signed_before(room: Room, day: date, campaign: str = "") -> Sheet | None:
    """Return the last sheet of cases or of a campaign that was signed, of a day before one; None where none was."""
    with room.ledger.reading() as connection:
        signed = sheets.page(connection, room.id, campaigns={campaign}, states=(State.SIGNED, State.SENT))
    return next((one for one in signed if one.day < day), None)


def came_late(room: Room, day: date) -> tuple[Sheet, frozenset[str]] | None:
    """Return the signed sheet of cases of the day before one, and the numbers of the cases of that day that came into the ledger after it was drawn up (补报); None where none was signed."""
    before = signed_before(room, day)
    if before is None:
        return None
    with room.ledger.reading() as connection:
        begins, ends = span(before.day, room.rules.sheets.cutoff, room.area.pack.timezone)
        asked = room.whole.wanted(reported_since=begins, reported_until=ends, after_version=before.seen)
        rows = find.rows(connection, asked, columns=("id", "number"))
    return before, frozenset(row["number"] for row in rows if row["id"] > before.seen)


def waiting(room: Room, by: By) -> list[Sheet]:
    """Return the sheets that wait to be checked or signed by somebody who may, and who had no hand in them, the latest day first."""
    who = room.who
    wanted = {state for state, needs in ((State.DRAFT, DRAWS), (State.CHECKED, SIGNS)) if who is None or who.can(needs)}
    return [one for one in listed(room) if one.state in wanted and not any(is_same(hand, by) for _act, hand in one.hands)]  # fmt: skip
