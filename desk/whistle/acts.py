"""Doing something to a whistle: what its lifecycle needs is filled in (who may approve, deadlines by the working calendar), then both are written in one change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from desk import evidence
from desk.acts import LONGEST_WORDS
from desk.places.place import place
from desk.posts.acting import change, reads
from desk.reports import LONGEST_ADDRESS
from desk.room import Room
from desk.whistle.people import approving, departments, line, may_ask, offered, sight
from geo.errors import Conflict, DraftError, LifecycleError, UnknownPost
from incidents.lifecycle import By
from incidents.text import clean, required
from incidents.whistle_rules import Kind
from incidents.whistles import Blow, Blown, Phase, Whistle
from ledger import find, whistles
from ledger.find import entries as history_of
from ledger.whistles import SUBJECT, Filed
from ledger.writing import Attached, Writing

MOST_PARTIES = 12
WORDS = ("reason", "text")
WITH_PHOTOS = frozenset({Blow.ARRIVE, Blow.TASK_DONE, Blow.FINISH, Blow.NOTE})


@dataclass(frozen=True)
class Asking:
    """A whistle that somebody wants blown.

    Attributes
    ----------
    kind
        Key of its kind.
    text
        What is wrong, and what is wanted of whom.
    lead, assisting
        Keys of the posts that are proposed; the leader who approves decides.
    incident
        Number of the case that it is about; without one, a place.
    lon, lat
        Degrees WGS84.
    """

    kind: str
    text: str
    lead: str
    assisting: Sequence[str] = ()
    incident: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""


@dataclass(frozen=True)
class Doing:
    """What somebody wants done to a whistle.

    Attributes
    ----------
    data
        What the act needs, by name: ``reason``, ``text``; ``lead`` and ``assisting`` (keys of posts) to approve and to call; ``post``; ``task``; ``owner``, ``step``
        and ``due`` (an aware time) of a task; ``due`` of a return; ``stars``.
    expected
        Version of the whistle that the person saw.
    """

    number: str
    act: Blow
    data: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None
    photos: Sequence[bytes] = ()


def ask(room: Room, asking: Asking, by: By, now: datetime) -> Filed:
    """Ask for a whistle, and return it with its number.

    Raises
    ------
    LifecycleError, DraftError, PlaceError, TextError, UnknownIncident, NoAccess
        Why it cannot be; nothing was written.
    """
    post = room.post(by.post)
    if not may_ask(room, post):
        raise LifecycleError(f"ask is not for a post of the kind {by.kind.value}: a community asks.")
    kind, above = _kind_of(room, asking.kind), line(room, post)
    leaders = approving(room, kind, by.post, above, now)
    if not leaders:
        raise LifecycleError("Nobody may approve it. Add the post of its leader in the register of posts.")
    text = required(asking.text, most=LONGEST_WORDS, what="text")
    proposed = [one["post"] for one in _parties(room, asking.lead, asking.assisting, now)]
    approvers = sorted({leader.kind.value for leader in leaders})
    data = {"kind": kind.key, "approvers": approvers, "proposed": proposed, "text": text}
    address = clean(asking.address, most=LONGEST_ADDRESS, what="address", lines=False)
    local = now.astimezone(room.area.pack.timezone)

    def work(writing: Writing) -> Filed:
        lon, lat, codes = _where(writing, room, asking, now)
        said = {**data, **({"address": address} if address and not asking.incident else {})}
        new = Filed(room.id, Whistle(Phase.ASKED, kind.key, by.post, ()), lon, lat, asking.incident, codes, above)
        entry = Blown(Blow.ASK, by, now.astimezone(UTC), said)
        return whistles.ask(writing, new, entry, prefix=room.rules.whistles.prefix, day=f"{local:%Y%m%d}")

    return change(room, "act", by, now, work)


def do(room: Room, doing: Doing, by: By, now: datetime) -> Filed:
    """Do one act, and return the whistle as it stands then.

    Raises
    ------
    LifecycleError, Conflict, UnknownWhistle, TextError, PhotoError, DraftError, NoAccess
        Why it cannot be done; nothing was written.
    """
    if doing.photos and doing.act not in WITH_PHOTOS:
        raise DraftError(f"{doing.act.value} takes no photos.", field="photos")
    photos = evidence.keep(room, doing.photos, kind="other")
    return change(room, "act", by, now, lambda writing: _write(writing, room, doing, by, now, photos))


def is_done(room: Room, doing: Doing, by: By) -> bool:
    """Tell whether what a conflict refused was done already, by the same person in the same words, as the next thing after what they saw: they pressed twice."""
    with room.ledger.reading() as connection:
        entries = history_of(connection, room.id, doing.number, subject=SUBJECT)
    first = next((entry for entry in entries if entry["version"] > (doing.expected or 0)), None)
    if first is None or (first["act"], first["post"]) != (doing.act.value, by.post):
        return False
    said = first["data"]
    return said.get("account", "") == by.account and all(said.get(name, value) == value for name, value in _cleaned(doing).items())  # fmt: skip


def _write(  # noqa: PLR0917
    writing: Writing, room: Room, doing: Doing, by: By, now: datetime, photos: Sequence[Attached]
) -> Filed:
    filed = whistles.get(writing.connection, room.id, doing.number, sight(room))
    if doing.expected is not None and filed.version != doing.expected:
        raise Conflict(doing.number, doing.expected, filed.version)
    if doing.act in {Blow.APPROVE, Blow.DECLINE}:
        _other_person(writing, room, filed, by, now)
    data = _cleaned(doing)
    if doing.act is Blow.RELEASE and data.get("lead"):  # who led goes, another one leads: two acts, one change
        lead = Doing(doing.number, Blow.CALL, {"lead": data.pop("lead"), "reason": data.get("reason", "")})
        filed = _write(writing, room, lead, by, now, ())
    data |= _FILL.get(doing.act, _no_more)(room, filed, data, now)
    entry = Blown(doing.act, by, now.astimezone(UTC), data)
    return whistles.act(writing, room.id, doing.number, entry, photos=photos)


def _other_person(writing: Writing, room: Room, filed: Filed, by: By, now: datetime) -> None:
    """Refuse who asked, in whatever post: four eyes; and a leader of another grid."""
    if Blow.APPROVE not in offered(room, filed, by, now):
        raise LifecycleError(f"approve is not for {by.post} in this whistle.")
    first = history_of(writing.looking, room.id, filed.number, subject=SUBJECT)[0]
    if by.account and first["data"].get("account") == by.account:
        raise LifecycleError("approve is not for who asked: another person has to.")


def _kind_of(room: Room, key: str) -> Kind:
    if key not in room.rules.whistles.kinds:
        raise DraftError(f"There is no kind of whistle {key!r}. Choose one of {', '.join(room.rules.whistles.kinds)}.", field="whistle")  # fmt: skip
    return room.rules.whistles.kinds[key]


def _where(writing: Writing, room: Room, asking: Asking, now: datetime) -> tuple[float, float, Mapping[str, str]]:
    """Return where it is: the place of its case as it stands now, or a point in the net."""
    if asking.incident:
        case = writing.get(room.id, asking.incident)
        if not reads(room, case, now):
            raise find.unknown(room.id, asking.incident)
        return case.lon, case.lat, case.codes
    if asking.lon is None or asking.lat is None:
        raise DraftError("A whistle needs a case or a place. Choose one on the map, or name a building.", field="where")
    return asking.lon, asking.lat, place(room, asking.lon, asking.lat).codes


def _cleaned(doing: Doing) -> dict[str, Any]:
    """Return an act's data with its words cleaned and its times as text; nothing that is empty."""
    data: dict[str, Any] = {}
    for name, value in doing.data.items():
        if isinstance(value, datetime):
            data[name] = value.astimezone(UTC).isoformat()
        elif name in WORDS:
            data[name] = clean(str(value or ""), most=LONGEST_WORDS, what=name)
        elif value not in (None, "", ()):
            data[name] = value
    return {name: value for name, value in data.items() if value not in ("", [])}


def _parties(room: Room, lead: str, assisting: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Return who is called, the lead first; only posts that can be."""
    known = {post.key for post in departments(room, now)}
    posts = list(dict.fromkeys(filter(None, (lead, *assisting))))
    strange = [post for post in posts if post not in known]
    if strange:
        raise UnknownPost(f"{', '.join(strange)} cannot be called. Choose departments of the register.")
    if not posts or not lead:
        raise DraftError("A whistle calls somebody, one of whom leads. Choose the department that leads.", field="lead")
    if len(posts) > MOST_PARTIES:
        raise DraftError(f"{len(posts)} departments are too many; call at most {MOST_PARTIES}.", field="parties_called")
    return [{"post": post, "lead": post == lead} for post in posts]


Filler = Callable[[Room, Filed, dict[str, Any], datetime], dict[str, Any]]


def _no_more(_room: Room, _filed: Filed, _data: dict[str, Any], _now: datetime) -> dict[str, Any]:
    return {}


def _due(room: Room, filed: Filed, now: datetime, *, lead: bool) -> dict[str, str]:
    kind, local = room.rules.whistles.kind(filed.state.kind), now.astimezone(room.area.pack.timezone)
    return {stage: due.isoformat() for stage, due in kind.due(room.rules.calendar, local, lead=lead).items()}


def _called(room: Room, filed: Filed, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Fill in who is called, each with its deadlines; the centre may add who assists and leave the lead as it is."""
    lead = data.pop("lead", "") or (filed.state.lead.post if filed.state.lead else "")
    parties = _parties(room, lead, data.pop("assisting", ()), now)
    kept = {party.post: party.lead for party in filed.state.active}
    new = [one for one in parties if kept.get(one["post"]) is not one["lead"]]
    return {"parties": [{**one, "due": _due(room, filed, now, lead=one["lead"])} for one in new]}


def _upheld(room: Room, filed: Filed, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Give a party whose call stands its time anew, for what it has not reached yet."""
    party = filed.state.party(str(data.get("post", "")))
    if party is None:
        return {}
    fresh = _due(room, filed, now, lead=party.lead)
    reached = {stage: due.isoformat() for stage, due in party.due.items() if stage in party.times}
    return {"due": {**fresh, **reached}}


def _dated(_room: Room, _filed: Filed, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Refuse a date that has passed."""
    if data.get("due") and datetime.fromisoformat(data["due"]) <= now:
        raise DraftError(f"{data['due']} lies in the past. Choose a later time.", field="past")
    return {}


_FILL: Mapping[Blow, Filler] = MappingProxyType(
    {Blow.APPROVE: _called, Blow.CALL: _called, Blow.UPHOLD: _upheld, Blow.TASK: _dated, Blow.RETURN: _dated}
)
