"""What people did outside, told to the inner side and done there: through the same lifecycle as everything else, each thing once, and nothing that anybody wrote is lost.

The outer side tells its own history: reports, and acts of the field pages. The inner one does each (`take`) or, where that is not possible any more, keeps its words and photos as a note in the case, and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from desk import acts, evidence, intake, reports
from desk.acts import Doing
from desk.field.items import Item, facts, names
from desk.field.mine import ACTS, HELP
from desk.field.sending import DONE_AT, KINDS, Kind, asked_of
from desk.reports import Draft
from desk.room import Room
from geo.errors import BattlemapError, BridgeError, Conflict, DraftError, LedgerError, LifecycleError, UnknownIncident
from incidents.case import Incident
from incidents.lifecycle import RULES, UNDO_WITHIN, Act, By
from incidents.model import OPEN, Channel, Urgency
from incidents.posts import kind_of
from ledger import bridge, contacts, find
from ledger.bridge import MARK, ORIGIN
from ledger.tables import instant, milliseconds
from ledger.writing import ITEM, Attached, Writing

BEGIN = frozenset({Act.REPORT, Act.RECEIVE, Act.SELF_CLEAR})
DID = frozenset({*BEGIN, *ACTS.values()})  # what people outside may do; everything else is decided inside
MOVED = frozenset({"class", "lon", "lat", "codes"})
REPORTED = ("lon", "lat", "building", "unit", "floor", "urgency", "channel")
DONE, REFUSED = "done", "refused"
WORDLESS = "（未填写文字）"  # what a note says that somebody wrote nothing for: a note needs words
WAYS: Mapping[str, str] = MappingProxyType({act.value: name for name, act in ACTS.items() if name != HELP})


@dataclass(frozen=True)
class Thing:
    """Something that somebody did outside.

    Attributes
    ----------
    version
        Of its entry in the outer side's history.
    key
        By which it is done once.
    do
        ``report``, or a key of `desk.field.mine.ACTS`.
    account, post
        In which account, and as which post.
    number, inside
        Of the case, as the outer side knows it, and as it knows that the inner side calls it, "" where it does not know.
    origin
        Of a case that was reported outside: its number there, and what tells it from another that got the same number after a backup was restored.
    seen
        Version of the case inside of which the outer side knew; 0 where it knew of none.
    reported
        When the case was, in milliseconds since 1970: a number alone does not tell that it is the same.
    report
        What a report says; empty for an act to a case.
    photos
        SHA-256 of each, as the batch holds it.
    """

    version: int
    key: str
    at: datetime
    do: str
    post: str
    account: str
    number: str
    inside: str = ""
    origin: str = ""
    reported: int = 0
    seen: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict, repr=False)
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What became of a thing.

    Attributes
    ----------
    state
        ``done``, or ``refused``.
    inside
        Number of the case inside; "" where there is none.
    kind
        Why it was refused; "" where it was done.
    said
        What the desk said, for the log.
    """

    version: int
    key: str
    account: str
    number: str
    did: str
    state: str
    inside: str = ""
    kind: str = ""
    said: str = ""


# --- outside: what is told ------------------------------------------------------------------------------------------------------------------------------


def held_back(rows: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Return how many of some entries may be told: not those that may still be taken back, nor what came after one."""
    young = (
        place
        for place, row in enumerate(rows)
        if is_own(row) and RULES[Act(row["act"])].undo and timedelta(0) <= now - row["at"] <= UNDO_WITHIN
    )
    return next(young, len(rows))


def is_own(row: Mapping[str, Any]) -> bool:
    """Tell whether an entry is something that people did here, and that the inner side has to be told."""
    return row["subject"] == "incident" and Act(row["act"]) in DID and MARK not in row["data"]


def told(room: Room, connection: Any, rows: Sequence[Mapping[str, Any]], sender: str) -> list[dict[str, Any]]:
    """Return what was done outside as plain values, without what was taken back at once.

    Parameters
    ----------
    rows
        Of `ledger.bridge.entries`.
    sender
        Fingerprint: what no phone gave a key is named by its place in this console's history.
    """
    found: list[dict[str, Any]] = []
    for row in rows:
        if row["subject"] == "incident" and row["act"] == Act.UNDO.value:
            last = next((one for one in reversed(found) if one["number"] == row["key"]), None)
            if last:
                found.remove(last)
        elif is_own(row):
            found.append(_told(room, connection, row, sender))
    return found


def _told(room: Room, connection: Any, row: Mapping[str, Any], sender: str) -> dict[str, Any]:
    data, act = row["data"], Act(row["act"])
    is_new = not row["before"] and act in BEGIN
    do = HELP if data.get("help") else act.value if is_new else WAYS[act.value]
    said = {name: data[name] for name in names(do) - {"kind"} if data.get(name)} if not is_new else {}
    known = {} if is_new else bridge.adopted(connection, room.id, row["key"], before=row["version"])
    return {
        "version": row["version"],
        "key": key_of(row, sender),
        "at": data.get(DONE_AT) or row["at"].isoformat(),
        "do": do,
        "post": row["post"],
        "account": data.get("account", ""),
        "number": row["key"],
        "inside": known.get("number", ""),
        "seen": known.get("version", 0),
        "origin": origin_of(connection, room.id, row["key"], sender),
        "reported": milliseconds(find.get(connection, room.id, row["key"]).reported),
        "data": {**said, "kind": data["help"]} if do == HELP else said,
        "report": _reported(room, connection, row) if is_new else {},
        "photos": [photo["sha256"] for photo in data.get("photos", ())],
    }


def key_of(row: Mapping[str, Any], sender: str) -> str:
    """Return the key of an entry: the one that a phone gave it, else one that follows from its place in this console's history."""
    return row["data"].get(ITEM) or str(uuid5(NAMESPACE_URL, f"{sender}:{row['version']}:{row['hash']}"))


def origin_of(connection: Any, area: str, number: str, sender: str) -> str:
    """Return what names a case that was reported here, on both sides; "" for one that was not."""
    begin = bridge.first(connection, area, number)
    is_ours = begin and Act(begin["act"]) in BEGIN and MARK not in begin["data"]
    return f"{number}/{key_of(begin, sender)[:8]}" if is_ours else ""


def _reported(room: Room, connection: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report said, and who reported it: only here, sealed for the other side, does a contact leave."""
    after, kept = row["after"], contacts.kept(connection, room.id, row["key"])
    said = {
        **{name: after[name] for name in REPORTED},
        **row["words"],
        "class": after["class"],
        "reported": after["reported"],
    }
    if kept and kept.sealed:
        contact = contacts.unseal(contacts.contact_key(room.ledger.folder), room.id, row["key"], kept.sealed)
        said |= {"reporter": contact.name, "phone": contact.phone}
    return said


# --- inside: what is done -------------------------------------------------------------------------------------------------------------------------------


def read(said: Any) -> list[Thing]:
    """Read what the outer side tells.

    Raises
    ------
    BridgeError
        One of them cannot be read.
    """
    if not isinstance(said, list):
        raise BridgeError("The body of the batch lists no things. Bring both sides up to date.", "form", "body.json")
    return [_thing(one, place) for place, one in enumerate(said)]


def _thing(said: Any, place: int) -> Thing:
    try:
        plain = {
            **said,
            "at": datetime.fromisoformat(said["at"]),
            "key": str(UUID(said["key"])),
            "photos": tuple(said["photos"]),
        }
        made = Thing(**plain)
        texts = (made.do, made.post, made.account, made.number, made.inside, made.origin)
        sound = (
            all(isinstance(text, str) and "\0" not in text and len(text) <= 200 for text in texts)  # noqa: PLR2004  the longest column
            and len(made.account) <= 20  # noqa: PLR2004  its column
            and all(
                isinstance(number, int) and 0 <= number < 2**62 for number in (made.version, made.seen, made.reported)
            )
            and isinstance(made.data, dict)
            and isinstance(made.report, dict)
            and made.at.tzinfo is not None
            and (made.do in ACTS or (bool(made.report) and Act(made.do) in BEGIN))
        )
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BridgeError(
            f"Thing {place} of the batch cannot be read ({error}). Bring both sides up to date.", "form", "body.json"
        ) from error
    if not sound:
        raise BridgeError(f"Thing {place} of the batch cannot be so. Bring both sides up to date.", "form", "body.json")
    return made


Shots = Sequence[Attached] | BattlemapError


def shots_of(room: Room, thing: Thing, photos: Mapping[str, bytes]) -> Shots:
    """Keep the photos of a thing, made safe anew: a console on the internet is not trusted with what a decoder here will read; return why, where they cannot be."""
    act = Act(thing.do) if thing.report else ACTS[thing.do]
    kind = "before" if act in {Act.REPORT, Act.RECEIVE} else acts.PHOTO_KIND.get(act, "other")
    try:
        return evidence.keep(room, [photos[digest] for digest in thing.photos], kind=kind)
    except LedgerError:
        raise
    except BattlemapError as error:
        return error


def take(writing: Writing, room: Room, thing: Thing, shots: Shots, now: datetime) -> Answer:
    """Do a thing, or keep it as a note where it cannot be done, and say which."""
    done = writing.sent(room.id, thing.account, thing.key)
    if done:
        return _answer(thing, DONE, done[0])
    number = number_of(writing, room, thing)
    try:
        if isinstance(shots, BattlemapError):
            raise shots
        with writing.attempt():
            case = (
                _report(writing, room, thing, shots, now)
                if thing.report
                else _act(writing, room, thing, number, shots, now)
            )
        return _answer(thing, DONE, case.number)
    except LedgerError:
        raise
    except BattlemapError as error:
        return _kept(writing, room, thing, number, error, shots, now)


def number_of(writing: Writing, room: Room, thing: Thing) -> str:
    """Return the number inside of the case that a thing is about; "" where there is none."""
    found = writing.find(room.id, ORIGIN, thing.origin) if thing.origin else None
    if found:
        return found.number
    try:
        case = writing.get(room.id, thing.inside or thing.number)
    except UnknownIncident:
        return ""
    return case.number if milliseconds(case.reported) == thing.reported and not thing.report else ""


def _by(room: Room, thing: Thing) -> By:
    room.post(thing.post)  # a post that nobody knows is said here
    return By(thing.post, kind_of(thing.post), thing.account)


def _marks(thing: Thing, now: datetime) -> dict[str, Any]:
    """Return what the entry of a thing says beside what was done: its key, when it was done, and where it stands in the other history."""
    at = min(thing.at, now).astimezone(UTC).isoformat(timespec="seconds")
    return {ITEM: thing.key, DONE_AT: at, MARK: thing.version}


def _report(writing: Writing, room: Room, thing: Thing, shots: Sequence[Attached], now: datetime) -> Incident:
    draft = intake.checked_form(room, _draft(thing, shots, now), now)
    made = reports.checked(room, draft, now)
    return reports.write(writing, room, draft, made, _by(room, thing), now, photos=shots)


def _draft(thing: Thing, shots: Sequence[Attached], now: datetime) -> Draft:
    said = thing.report
    try:
        words: dict[str, Any] = {
            name: str(said.get(name, "")) for name in ("title", "text", "address", "building", "reporter", "phone")
        }
        numbers: dict[str, Any] = {
            name: None if said.get(name) is None else float(said[name]) for name in ("unit", "floor")
        }
        return Draft(
            class_=str(said["class"]),
            lon=float(said["lon"]),
            lat=float(said["lat"]),
            **words,
            **numbers,
            channel=Channel(said["channel"]),
            urgency=Urgency(said["urgency"]),
            reported=min(instant(int(said["reported"])), now),
            source=ORIGIN,
            external_id=thing.origin,
            photos=[b""] * len(shots),  # that there are some is asked; what is kept of them is there already
            cleared=thing.do == Act.SELF_CLEAR.value,
            more=_marks(thing, now),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DraftError(f"The report {thing.number} cannot be read: {error}.", field="form.report") from error


def _act(writing: Writing, room: Room, thing: Thing, number: str, shots: Sequence[Attached], now: datetime) -> Incident:  # noqa: PLR0917
    if not number:
        raise UnknownIncident(f"There is no case {thing.number} here.")
    act, by, case = ACTS[thing.do], _by(room, thing), writing.get(room.id, number)
    _require_unmoved(writing, case, thing, act)
    if act is Act.SELF_CLEAR and not intake.may_be_cleared(room.rules.directory.get(case.class_), by):
        raise DraftError(f"{case.class_} is not cleared on the spot.", field="cleared")
    said = facts(Item(thing.key, thing.at, thing.do, thing.post, number, data=thing.data))
    if thing.do == HELP:
        said = {"text": said.get("text", ""), "help": said.get("kind", HELP), "to": asked_of(room, case, by).key}
    return acts.write(writing, room, Doing(number, act, {**said, **_marks(thing, now)}), by, now, photos=shots)


def _require_unmoved(writing: Writing, case: Incident, thing: Thing, act: Act) -> None:
    """Raise where somebody inside corrected the case's place or class after what the outer side knew, and the act would move it on."""
    if RULES[act].to is None:
        return
    since = bridge.acts_since(writing.connection, case.area, case.number, thing.seen)
    corrected = (one["after"] for one in since if one["act"] in {Act.CORRECT, Act.REASSIGN})
    if any(not MOVED.isdisjoint(after) for after in corrected):
        raise Conflict(case.number, thing.seen, case.version)


def _kept(  # noqa: PLR0917
    writing: Writing, room: Room, thing: Thing, number: str, error: BattlemapError, shots: Shots, now: datetime
) -> Answer:
    """Keep what cannot be done as a note in its case, with its words and photos; a report that cannot be taken stays outside, with all of it."""
    case = writing.get(room.id, number) if number else None
    kind = _kind(thing, error, case)
    answer = _answer(thing, REFUSED, number, kind, str(error))
    if case is None or thing.report:
        return answer
    words = str(thing.data.get("text") or thing.data.get("reason") or WORDLESS)
    data = {"text": words[: acts.LONGEST_WORDS], "refused": kind, "did": thing.do, **_marks(thing, now)}
    photos = () if isinstance(shots, BattlemapError) else shots
    with writing.attempt():
        acts.write(writing, room, Doing(number, Act.NOTE, data), _by_of(thing), now, photos=photos)
    return answer


def _by_of(thing: Thing) -> By:
    try:
        return By(thing.post, kind_of(thing.post), thing.account)
    except BattlemapError as error:  # no post of any kind: nothing of ours wrote that
        raise BridgeError(
            f"{thing.post[:80]!r} is no post. Bring both sides up to date.", "form", "body.json"
        ) from error


def _kind(thing: Thing, error: BattlemapError, case: Incident | None) -> str:
    """Say why a thing could not be done, in the words of the field pages."""
    if isinstance(error, LifecycleError) and case is not None and not thing.report:
        if case.status not in OPEN:
            return Kind.CLOSED.value
        if (
            RULES[ACTS[thing.do]].handler
            and case.state.handler != thing.post
            and (case.state.handler or thing.post in case.state.handlers)
        ):
            return Kind.HANDED_ON.value
        return (Kind.CHANGED if isinstance(error, Conflict) else Kind.RULES).value
    return next((kind.value for cls, kind in KINDS.items() if isinstance(error, cls)), Kind.RULES.value)


def _answer(thing: Thing, state: str, inside: str = "", kind: str = "", said: str = "") -> Answer:
    return Answer(thing.version, thing.key, thing.account, thing.number, thing.do, state, inside, kind, said[:300])
