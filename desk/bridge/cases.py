"""What the inner side decided, told to the outer one and taken over there: cases with what was done to them, posts, and what became of the things that came.

Each entry of the inner history becomes one of the outer (`Act.ADOPT`), which names its version and hash. While something that people outside did to a case has not been read inside, the case waits as they left it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from desk import evidence
from desk.bridge import things
from desk.bridge.things import is_own
from desk.field.sending import DONE_AT
from desk.room import DISPATCHER, Room
from geo.errors import BattlemapError, LedgerError, UnknownIncident
from incidents.case import Incident
from incidents.lifecycle import Act, By, CaseState, Entry, PostKind
from incidents.model import OPEN, Channel, Status, Urgency
from incidents.posts import Post, kind_of
from ledger import bridge, find, posts
from ledger.bridge import MARK, ORIGIN, Refusal
from ledger.posts import Kept
from ledger.tables import instant, milliseconds
from ledger.writing import Attached, Writing

LOG = logging.getLogger(__name__)
PLAIN = ("major", "title", "text", "lon", "lat", "address", "building", "unit", "floor", "edition", "match", "edge_m", "post", "informed", "overdue_post", "restricted", "demo")  # fmt: skip
SHOWN = ("handler", "due", "limit", "rule", "until", "level", "rating", "to", "why", "help", "step", "refused", "did", "duty")  # fmt: skip
SPOKEN = ("text", "reason")
SPOT = ("reported", "lon", "lat")  # by which a case that both sides had from the beginning is known
INNER = "N"  # (网内) ends what a number begins with where another case of ours has the number that the inner side gave
SILENT = frozenset({Act.REPLY.value})  # whose words are about who reported, and stay inside


@dataclass(frozen=True)
class Adopted:
    """What was taken over, by count; and the numbers of the cases that wait, with the earliest version of the inner side that is still to come for them."""

    cases: int = 0
    waiting: tuple[str, ...] = ()
    upto: int | None = None


def number_inside(case: Incident) -> str:
    """Return the number that a case has in the command room, where it has another one here, on the outer side; "" elsewhere."""
    return case.external_id if case.source == ORIGIN and "/" not in case.external_id else ""


# --- inside: what is told -------------------------------------------------------------------------------------------------------------------------------


def told(room: Room, connection: Any, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what changed inside as plain values: cases, posts, answers.

    Parameters
    ----------
    rows
        Of `ledger.bridge.entries`.
    """
    joined = bridge.joined(connection, room.id)
    by_number: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["subject"] == "incident":
            by_number.setdefault(row["key"], []).append(row)
    cases = (
        _told(connection, find.get(connection, room.id, number), some, joined) for number, some in by_number.items()
    )
    changed = {row["key"] for row in rows if row["subject"] == posts.SUBJECT}
    taken = (row for row in rows if (row["subject"], row["act"]) == (bridge.SUBJECT, bridge.IMPORT))
    return {
        "cases": [case for case in cases if case],
        "posts": [_post(kept) for kept in posts.kept(connection, room.id) if kept.post.key in changed],
        "answers": [answer for row in taken for answer in row["data"].get("answers", ())],
    }


def beside(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the entries that are about no case, and that the other side has to know of."""
    return [row for row in rows if row["subject"] == posts.SUBJECT or row["data"].get("answers")]


def _told(connection: Any, case: Incident, rows: Sequence[Mapping[str, Any]], joined: int) -> dict[str, Any] | None:
    """Return a case as the other side may know it; None where it has nothing to do there: it ended before a batch could name it, or was of a restricted class from the beginning."""
    outside = case.external_id if case.source == ORIGIN else ""
    began_as = bridge.first(connection, case.area, case.number)["after"]
    is_over = case.restricted or case.status not in OPEN
    if not outside and (began_as["restricted"] or (is_over and not _may_be_known(connection, case, rows, joined))):
        return None
    told = {
        "number": case.number,
        "outside": outside,
        "class": case.class_,
        "channel": case.channel.value,
        "urgency": case.urgency.value,
        "reported": milliseconds(case.reported),
        "codes": dict(case.codes),
        "first": [began_as[name] for name in SPOT],
        **{name: getattr(case, name) for name in PLAIN},
        "lines": list(_lines(case, rows)),
    }
    return told if outside or not case.restricted else _silent(told)


def _may_be_known(connection: Any, case: Incident, rows: Sequence[Mapping[str, Any]], joined: int) -> bool:
    """Tell whether a case was open when a batch was written since a version: the other side may have it, though it has not said so."""
    if rows[-1]["version"] < joined:
        return False
    opened = 0
    for one in bridge.acts_since(connection, case.area, case.number, 0):
        if "state" not in one["after"]:
            continue
        is_open = Status(one["after"]["state"]["status"]) in OPEN
        since = max(opened, joined - 1)
        if opened and not is_open and bridge.was_written(connection, case.area, since, one["version"]):
            return True
        opened = (opened or one["version"]) if is_open else 0
    return bool(opened) and bridge.was_written(connection, case.area, max(opened, joined - 1), rows[-1]["version"] + 1)


def _silent(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a case whose class became a restricted one, without words and photos."""
    lines = [{**line, "said": {}, "photos": []} for line in told["lines"]]
    return {**told, "title": told["class"], "text": "", "address": "", "lines": lines}


def _lines(case: Incident, rows: Sequence[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    state = next((row["before"]["state"] for row in rows if "state" in row["before"]), case.state.to_json())
    for row in rows:
        state, data = row["after"].get("state", state), row["data"]
        came = MARK in data  # from the other side, which has its words and photos
        yield {
            "version": row["version"],
            "hash": row["hash"],
            "act": row["act"],
            "post": row["post"],
            "at": row["at"].isoformat(),
            "came": came and not data.get("refused"),
            "state": _bare(state),
            "data": {name: data[name] for name in SHOWN if name in data},
            "said": {} if came or row["act"] in SILENT else {name: data[name] for name in SPOKEN if data.get(name)},
            "photos": [] if came else [photo["sha256"] for photo in data.get("photos", ())],
            "kind": next((photo["kind"] for photo in data.get("photos", ())), ""),
        }


def _bare(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a state without what people wrote, to which it refers, and without what another system said."""
    asked = {
        what: {name: value for name, value in said.items() if not isinstance(value, dict)}
        for what, said in state.get("asked", {}).items()
    }
    bare = {name: value for name, value in state.items() if name not in {"asked", "official"}}
    return {**bare, **({"asked": asked} if asked else {})}


def _post(kept: Kept) -> dict[str, Any]:
    """Return a post, without who holds it."""
    own = kept.post
    return {
        "key": own.key,
        "kind": own.kind.value,
        "title": own.title,
        "grid": list(own.grid) if own.grid else None,
        "volunteer": own.volunteer,
        "since": milliseconds(kept.since) if kept.since else None,
        "until": milliseconds(kept.until) if kept.until else None,
    }


# --- outside: what is taken over ------------------------------------------------------------------------------------------------------------------------


def shots_of(room: Room, said: Mapping[str, Any], photos: Mapping[str, bytes]) -> dict[int, list[Attached]]:
    """Keep the photos of a case, by the version of the entry that they came with; one that cannot be kept here is left out, and the log says so."""
    found = {}
    for line in said["lines"]:
        if line["photos"]:
            try:
                found[line["version"]] = evidence.keep(room, [photos[one] for one in line["photos"]], kind=line["kind"])
            except LedgerError:
                raise
            except BattlemapError as error:
                LOG.warning("%s: the photos of %s that came over the bridge: %s", room.id, said["number"], error)
    return found


def adopt(  # noqa: PLR0917
    writing: Writing,
    room: Room,
    cases: Sequence[Mapping[str, Any]],
    shots: Mapping[str, Mapping[int, list[Attached]]],
    read: int,
    own: str,
    now: datetime,
) -> Adopted:
    """Take over what the inner side says of cases.

    Parameters
    ----------
    shots
        Of each case by its number inside.
    read
        Our version up to which the inner side has everything: what was done to a case since comes first.
    own
        Fingerprint of this console.
    """
    done, waiting, upto = 0, [], None
    for said in cases:
        number = number_of(writing, room, said, own)
        since = bridge.acts_since(writing.connection, room.id, number, read)
        if any(is_own({**one, "subject": "incident"}) for one in since):
            waiting.append(number)
            first = said["lines"][0]["version"]
            upto = first - 1 if upto is None else min(upto, first - 1)
            continue
        done += _adopt(writing, room, number, said, shots.get(said["number"], {}), now)
    return Adopted(done, tuple(waiting), upto)


def _adopt(  # noqa: PLR0917
    writing: Writing,
    room: Room,
    number: str,
    said: Mapping[str, Any],
    shots: Mapping[int, list[Attached]],
    now: datetime,
) -> bool:
    writing.flush()
    known = bridge.adopted(writing.connection, room.id, number)
    lines = _news(said["lines"], known)
    if not lines:
        return False
    if any(line["act"] == Act.ERASE.value for line in lines) and known:
        writing.erase_words(
            room.id, number, Entry(Act.ERASE, By(DISPATCHER, PostKind.DISPATCHER), now.astimezone(UTC), {MARK: 0})
        )
    for place, line in enumerate(lines):
        entry, photos = _entry(line, said["number"], now), shots.get(line["version"], ())
        if not known and not _is_there(writing, room, number):
            origin = ORIGIN, said["number"]
            writing.report(_incident(room, said), entry, prefix="", day="", number=number, origin=origin, photos=photos)
        else:
            fields = _fields(said, writing.get(room.id, number)) if place == len(lines) - 1 else {}
            writing.act(room.id, number, entry, photos=photos, **fields)
        known = entry.data["inside"]
    return True


def number_of(writing: Writing, room: Room, said: Mapping[str, Any], own: str) -> str:
    """Return the number that a case has here: the one under which it was reported here, else its number inside, or, where another case of ours has that, one that is marked."""
    number, outer = str(said["number"]), str(said["outside"]).partition("/")[0]
    if outer and things.origin_of(writing.connection, room.id, outer, own) == said["outside"]:
        return outer
    found = writing.find(room.id, ORIGIN, number)
    if found:
        return found.number
    if bridge.adopted(writing.connection, room.id, number):
        return number
    begin = bridge.first(writing.connection, room.id, number)
    same = not begin or [begin["after"][name] for name in SPOT] == said["first"]
    prefix, _, rest = number.partition("-")
    return number if same else f"{prefix}{INNER}-{rest}"


def _is_there(writing: Writing, room: Room, number: str) -> bool:
    try:
        writing.get(room.id, number)
    except UnknownIncident:
        return False
    return True


def _news(lines: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the lines that are not known yet, without those that came from here unless they are the last; only the last where the inner history is not the one that was known."""
    place = next((place for place, line in enumerate(lines) if line["hash"] == known.get("hash")), None)
    if place is not None:
        rest = lines[place + 1 :]
    elif known and lines[0]["version"] <= known["version"]:
        rest = lines[-1:]
    else:
        rest = lines
    return [line for line in rest if not line["came"] or line is rest[-1]]


def _entry(line: Mapping[str, Any], number: str, now: datetime) -> Entry:
    inside = {"number": number, **{name: line[name] for name in ("version", "hash", "act", "at")}}
    at = datetime.fromisoformat(line["at"]).astimezone(UTC)
    data = {
        **line["data"],
        **line["said"],
        "state": line["state"],
        "inside": inside,
        DONE_AT: at.isoformat(timespec="seconds"),
    }
    post = line["post"] or DISPATCHER
    return Entry(Act.ADOPT, By(post, kind_of(post)), now.astimezone(UTC), data)


def _incident(room: Room, said: Mapping[str, Any]) -> Incident:
    return Incident(area=room.id, state=CaseState(Status.REPORTED), **_fields(said, None))


def _fields(said: Mapping[str, Any], case: Incident | None) -> dict[str, Any]:
    """Return the fields of a case as the inner side says them; a case that has another number here says which it has there."""
    named = (case is None or case.source in {"", ORIGIN}) and (case is None or case.number != said["number"])
    return {
        **{name: said[name] for name in PLAIN},
        "class_": said["class"],
        "channel": Channel(said["channel"]),
        "urgency": Urgency(said["urgency"]),
        "reported": instant(said["reported"]),
        "codes": dict(said["codes"]),
        **({"source": ORIGIN, "external_id": said["number"]} if named else {}),
    }


def take_posts(writing: Writing, room: Room, said: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Take over posts that were added, renamed or abolished inside, and return how many changed."""
    done = 0
    for one in said:
        times = {name: instant(one[name]) if one[name] is not None else None for name in ("since", "until")}
        made = Kept(
            Post(
                one["key"],
                PostKind(one["kind"]),
                one["title"],
                tuple(one["grid"]) if one["grid"] else None,
                one["volunteer"],
            ),
            **times,
        )
        if made not in posts.kept(writing.connection, room.id):
            posts.put(writing, room.id, made, act="adopt", by="", at=now.astimezone(UTC))
            done += 1
    return done


def take_answers(writing: Writing, room: Room, said: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Note what the inner side could not do, for those who did it, and return how many that were."""
    refused = (one for one in said if one["state"] == "refused")
    return sum(
        bridge.refuse(
            writing,
            room.id,
            Refusal(one["account"], one["key"], one["number"], one["did"], one["kind"], now.astimezone(UTC)),
        )
        for one in refused
    )
