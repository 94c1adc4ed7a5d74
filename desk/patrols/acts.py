"""Writing patrols down: one that was walked without a plan, and what becomes of a planned one, each in one change and once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from desk.access.permissions import demand
from desk.orders.people import keepers
from desk.patrols.people import inside, may_walk, walkers
from desk.posts.acting import change
from desk.room import Room
from desk.visits.acts import note, today
from desk.visits.people import SEES, sight
from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import By
from incidents.moments import to_text, to_time
from inspections.patrols import COUNTS, NOTHING, OPINION, WALKED, Act, Done, Patrol, State
from ledger import patrols
from ledger.patrols import Filed
from ledger.writing import Writing

NEEDS = "act"


@dataclass(frozen=True)
class Walked:
    """What came of a patrol.

    Attributes
    ----------
    since, until
        When it was walked.
    walkers
        Posts.
    outcomes, topics
        Keys of the rules; `NOTHING` stands alone.
    found, cleared, reported
        Problems found; of them cleared on the spot, and reported up.
    case
        Number of a case that was reported from it.
    text
        A note; nobody's name or number.
    item
        Account and key by which a phone sent it.
    """

    since: datetime
    until: datetime
    walkers: tuple[str, ...]
    outcomes: tuple[str, ...]
    topics: tuple[str, ...] = ()
    found: int = 0
    cleared: int = 0
    reported: int = 0
    case: str = ""
    text: str = ""
    item: str = ""


@dataclass(frozen=True)
class Doing:
    """What somebody wants done to a patrol.

    Attributes
    ----------
    walked
        What came of it, of ``DONE``.
    data
        ``reason`` of ``CANCEL``; ``text`` or ``case`` of ``NOTE``; ``item_key`` of a phone.
    expected
        Version that the person saw.
    """

    number: str
    act: Act
    walked: Walked | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None


def walk(room: Room, grid: tuple[str, str], kind: str, walked: Walked, by: By, now: datetime) -> Filed:  # noqa: PLR0917
    """Write a patrol down that was walked without a plan, once under the key of a phone, and return it.

    Raises
    ------
    DraftError, LifecycleError, TextError, UnknownPost, UnknownIncident, NoAccess
        Why it cannot be; nothing was written.
    """
    _require(room, by)
    codes, kind = inside(room, grid), _kind(room, kind)
    said = _said(room, walked, kind, now)
    data = {"kind": kind, "night": today(room, walked.since).isoformat(), "keepers": keepers(room, by, codes, now), **said}  # fmt: skip
    blank = Filed(room.id, BLANK, *grid, dict(codes))

    def work(writing: Writing) -> Filed:
        there = patrols.sent(writing.connection, room.id, [walked.item]) if walked.item else {}
        if there:
            return patrols.get(writing.connection, room.id, there[walked.item][0])
        entry = Done(Act.WALK, by, now.astimezone(UTC), data)
        return patrols.make(writing, [blank], [entry], prefix=room.rules.patrols.prefix)[0]

    return change(room, NEEDS, by, now, work)


def do(room: Room, doing: Doing, by: By, now: datetime) -> Filed:
    """Do one act, and return the patrol as it stands then; what a phone sent before is not done again.

    Raises
    ------
    LifecycleError, Conflict, UnknownIncident, DraftError, TextError, UnknownPost, NoAccess
        Why it cannot be done; nothing was written.
    """
    _require(room, by)
    if doing.act not in {Act.DONE, Act.CANCEL, Act.NOTE}:
        raise LifecycleError(f"{doing.act.value} is done by the desk itself, and by no person.")
    said = {**_words(room, doing.data), **({"item_key": doing.data["item_key"]} if doing.data.get("item_key") else {})}
    item = doing.walked.item if doing.walked else str(doing.data.get("item_key", ""))

    def work(writing: Writing) -> Filed:
        filed = patrols.get(writing.connection, room.id, doing.number, sight(room))
        if item and item in filed.state.items:
            return filed
        told = _said(room, doing.walked, filed.state.kind, now, filed.state) if doing.walked else said
        entry = Done(doing.act, by, now.astimezone(UTC), told)
        return patrols.act(writing, room.id, doing.number, entry, expected=doing.expected)

    return change(room, NEEDS, by, now, work)


def of(room: Room, number: str) -> Filed:
    """Return a patrol as who looks through a room sees it; raises DraftError."""
    with room.ledger.reading() as connection:
        return patrols.get(connection, room.id, number, sight(room))


NEVER = datetime(1970, 1, 1, tzinfo=UTC)
BLANK = Patrol(State.PLANNED, "", NEVER.date(), NEVER, NEVER, (), ())  # its first entry says what it is


def _require(room: Room, by: By) -> None:
    if room.who:
        demand(room.who, SEES)
    if not may_walk(room.post(by.post)):
        raise LifecycleError(f"walk is not for a post of the kind {by.kind.value}: a grid post goes.")


def _kind(room: Room, key: str) -> str:
    kinds = room.rules.patrols.kinds
    if key and key not in kinds:
        raise DraftError("There is no such kind of patrol. Choose one of the list.", field="patrol_kind")
    return key or next(iter(kinds))


def _said(room: Room, walked: Walked, kind: str, now: datetime, planned: Patrol | None = None) -> dict[str, Any]:
    """Return what came of a patrol as its entry holds it; raises DraftError where it cannot be."""
    rules = room.rules.patrols
    needed = rules.kind(kind).walkers
    _demand_time(room, walked, now, planned)
    outcomes = _among(rules.outcomes, walked.outcomes, "outcomes")
    topics = _among(rules.topics, walked.topics, "topics")
    _demand_counts(room, walked)
    if not outcomes:
        raise DraftError("Say what came of the patrol; nothing found is an outcome too.", field="patrol_outcomes")
    if NOTHING in outcomes and (len(outcomes) > 1 or walked.found):
        raise DraftError("Nothing was found, and something was. Choose one of the two.", field="patrol_outcomes")
    if topics and OPINION not in outcomes:
        raise DraftError("Topics belong to opinions that were collected. Choose that outcome too, or no topic.", field="patrol_topics")  # fmt: skip
    told = {
        "since": to_text(walked.since),
        "until": to_text(walked.until),
        "walkers": walkers(room, walked.walkers, needed, now),
        "outcomes": outcomes,
        "topics": topics,
        **{name: getattr(walked, name) for name in COUNTS},
        **_words(room, {"text": walked.text, "case": walked.case}),
        "item_key": walked.item,
    }
    return {name: value for name, value in told.items() if value or name in WALKED}


def _demand_time(room: Room, walked: Walked, now: datetime, planned: Patrol | None) -> None:
    longest = timedelta(hours=room.rules.patrols.most_hours)
    ahead = timedelta(minutes=room.rules.settings.ahead_minutes)
    if not timedelta(0) <= walked.until - walked.since <= longest:
        raise DraftError(f"A patrol ends after it began, and takes {room.rules.patrols.most_hours} hours at most. Look at both times.", field="patrol_time")  # fmt: skip
    if walked.until > now + ahead:
        raise DraftError("The patrol would end in the future. Look at both times.", field="patrol_time")
    if walked.since < now - timedelta(days=room.rules.settings.field_back_days):
        raise DraftError(f"The patrol was more than {room.rules.settings.field_back_days} days ago. It is too late to write it down here.", field="patrol_time")  # fmt: skip
    if planned and (walked.since >= planned.until or walked.until <= planned.since):
        raise DraftError("That is not the time that was planned. Write it down as a patrol of its own.", field="patrol_time")  # fmt: skip


def _demand_counts(room: Room, walked: Walked) -> None:
    most = room.rules.patrols.most_count
    if not all(0 <= getattr(walked, name) <= most for name in COUNTS):
        raise DraftError(f"A patrol finds 0 to {most} problems. Look at the numbers.", field="patrol_counts")
    if walked.cleared + walked.reported > walked.found:
        raise DraftError("More problems were cleared and reported than found. Look at the numbers.", field="patrol_counts")  # fmt: skip


def _among(known: Mapping[str, Any], keys: Sequence[str], what: str) -> list[str]:
    """Return keys in the order of the rules, each once."""
    if any(key not in known for key in keys):
        raise DraftError("That is none of the list. Choose among those of the list.", field=f"patrol_{what}")
    return [key for key in known if key in keys]


def _words(room: Room, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words and the case of an act, checked; nothing that is empty."""
    most = room.rules.patrols.longest_note
    found = {name: note(room, str(data.get(name) or ""), what=name, most=most) for name in ("text", "reason")}
    if data.get("case"):
        found["case"] = room.get(str(data["case"])).number
    return {name: value for name, value in found.items() if value}


def moment(text: str) -> datetime:
    """Return the time that a phone says; raises DraftError."""
    try:
        found = to_time(text)
    except (ValueError, TypeError, OverflowError):
        found = None
    if found is None:
        raise DraftError("A patrol has a time at which it began, and one at which it ended.", field="patrol_time")
    return found
