"""Doing something to a finding: what its lifecycle needs is filled in, then all is written in one change. What needs a department becomes a case, and both name each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from desk import evidence
from desk.inspections.acts import again_due, shown
from desk.inspections.reading import sight
from desk.intake import struck
from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import By
from incidents.text import clean, required
from inspections.findings import Act, Done
from ledger import findings
from ledger.findings import Filed
from ledger.writing import Writing

NEEDS = dict.fromkeys((Act.PASS, Act.EXTEND, Act.HAND_OVER, Act.RETURN, Act.WITHDRAW), "inspect_close")
PLAIN_NEED = "inspect"
LONGEST_REASON, LONGEST_TEXT, LONGEST_TO = 200, 300, 60


@dataclass(frozen=True)
class Doing:
    """What somebody wants done to a finding.

    Attributes
    ----------
    data
        What the act needs, by name: ``due`` (ISO day), ``reason``, ``to``, ``text``, ``incident``, ``whistle``. ``item_key`` and ``done_at`` of a phone.
    expected
        Version that the person saw.
    """

    number: str
    act: Act
    data: Mapping[str, Any] = field(default_factory=dict)
    photos: Sequence[bytes] = ()
    expected: int | None = None


def do(room: Room, doing: Doing, by: By, now: datetime) -> Filed:
    """Do one act, and return the finding as it stands then; what a phone sent before is not done again.

    Raises
    ------
    LifecycleError, Conflict, DraftError, TextError, PhotoError, NoAccess
        Why it cannot be done; nothing was written.
    """
    if doing.act in {Act.FIND, Act.STEP}:
        raise LifecycleError(f"{doing.act.value} is done by an inspection or by the clock, and by no person alone.")
    data, day = _cleaned(room, doing), now.astimezone(room.area.pack.timezone).date()
    with room.ledger.reading() as connection:
        findings.get(connection, room.id, doing.number, sight(room))  # before a photo is kept
    photos = shown(evidence.keep(room, doing.photos, kind="after"))

    def work(writing: Writing) -> Filed:
        filed = findings.get(writing.connection, room.id, doing.number, sight(room))
        if data.get("item_key") in filed.state.items:
            return filed
        entry = Done(doing.act, by, now.astimezone(UTC), _filled(room, filed, doing.act, data, day))
        return findings.act(writing, room.id, doing.number, entry, day=day, expected=doing.expected, photos=photos)

    return change(room, NEEDS.get(doing.act, PLAIN_NEED), by, now, work)


def _cleaned(room: Room, doing: Doing) -> dict[str, Any]:
    """Return an act's data with its words checked; nothing that is empty."""
    found = dict(doing.data)
    if "reason" in found:
        found["reason"] = struck(room, required(str(found["reason"] or ""), most=LONGEST_REASON, what="reason", lines=False))  # fmt: skip
    for name, most in (("text", LONGEST_TEXT), ("to", LONGEST_TO)):
        if name in found:
            found[name] = struck(room, clean(str(found[name] or ""), most=most, what=name, lines=False))
    if found.get("incident"):
        found["incident"] = room.get(str(found["incident"])).number
    return {name: value for name, value in found.items() if value not in ("", None)}


def _filled(room: Room, filed: Filed, act: Act, data: Mapping[str, Any], today: date) -> dict[str, Any]:
    if act in {Act.FAIL, Act.RETURN}:
        usual = again_due(room, filed.state, today)
        return {"due": usual.isoformat(), **data, **_due(room, data, today, usual)}
    if act is Act.EXTEND:
        if filed.state.extended >= room.rules.findings.most_extensions:
            raise DraftError(f"{filed.number} got more time {filed.state.extended} time(s) already. Hand it over, or look at it again.", field="finding_extended")  # fmt: skip
        return {**data, **_due(room, data, today, filed.state.due or today)}
    return dict(data)


def _due(room: Room, data: Mapping[str, Any], today: date, usual: date) -> dict[str, str]:
    """Return the day that somebody chose: today or later, and not much later than the usual one."""
    if not data.get("due"):
        return {}
    latest = max(usual, today) + timedelta(days=room.rules.findings.most_extension_days)
    try:
        day = date.fromisoformat(str(data["due"]))
    except ValueError:
        day = date.min
    if day < today:
        raise DraftError("A finding is put right today or later. Choose another day.", field="finding_due")
    if day > latest:
        raise DraftError(f"That is too long. Choose a day until {latest}.", field="finding_due")
    return {"due": day.isoformat()}
