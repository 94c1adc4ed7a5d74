"""Doing an act to a case: what the lifecycle needs is filled in (deadline, next level, waiting period), then both are written in one change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from desk import evidence
from desk.places.place import duty, place
from desk.posts.acting import change
from desk.posts.roster import handed_over
from desk.reports import LONGEST_ADDRESS
from desk.room import Room
from geo.errors import Conflict, LifecycleError
from incidents.case import Incident
from incidents.deadlines import add as later
from incidents.deadlines import extension_allowed, paused, resumed, reworked
from incidents.lifecycle import BY_NOBODY, RULES, UNSORTED, Act, By, CaseState, Entry
from incidents.limits import EXTERNAL, Limit, Span, Stage, Unit
from incidents.model import Status
from incidents.posts import Post, line_of
from incidents.text import clean
from ledger import find
from ledger.writing import Attached, Writing

PHOTO_KIND = MappingProxyType(
    {Act.SELF_CLEAR: "after", Act.FEEDBACK: "after", Act.CLEAR: "after", Act.POST_NOTICE: "notice", Act.CLOSE: "check"}
)
LONGEST_WORDS = 1000
# What is done on the outer side of a bridge (网闸): what phones do. Everything else is decided inside.
AWAY = frozenset({Act.SELF_CLEAR, Act.ACCEPT, Act.FEEDBACK, Act.SEND_BACK, Act.ESCALATE, Act.NOTE, Act.ASK_EXTENSION, Act.POST_NOTICE, Act.CLEAR, Act.UNDO})  # fmt: skip
RELATION = MappingProxyType({Act.LINK: "linked", Act.KEEP_APART: "apart"})


@dataclass(frozen=True)
class Doing:
    """What a person wants done to a case.

    Attributes
    ----------
    number
        Of the incident.
    data
        What the act needs, by name: ``reason``, ``text``, ``handler`` (key of a post), ``until`` and ``due`` (aware times), ``to`` (number of another incident),
        ``rating``, ``level``; and the fields that `CORRECT` and `REASSIGN` set: ``class_``, ``title``, ``text``, ``address``, ``lon``, ``lat``, ``unit``, ``floor``, ``codes``.
    expected
        Version of the case that the person saw.
    """

    number: str
    act: Act
    data: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None
    photos: Sequence[bytes] = ()


def do(room: Room, doing: Doing, by: By, now: datetime) -> Incident:
    """Do one act, and return the case as it stands then.

    Raises
    ------
    LifecycleError, Conflict, UnknownIncident, TextError, PhotoError, PlaceError
        Why it cannot be done; nothing was written.
    """
    return do_all(room, [doing], by, now)[-1]


def do_all(room: Room, doings: Sequence[Doing], by: By, now: datetime) -> list[Incident]:
    """Do several acts in one change, all or none: file and dispatch, or a dispatch of many cases.

    Raises
    ------
    LifecycleError, Conflict, UnknownIncident, TextError, PhotoError, PlaceError
        As `do`.
    """
    for doing in doings:
        if doing.act in BY_NOBODY - {Act.UNDO}:
            raise LifecycleError(f"{doing.act.value} is done by the desk itself, and by no person.")
    shots = [evidence.keep(room, doing.photos, kind=PHOTO_KIND.get(doing.act, "other")) for doing in doings]
    return change(
        room,
        "act",
        by,
        now,
        lambda writing: [
            write(writing, room, doing, by, now, photos=photos) for doing, photos in zip(doings, shots, strict=True)
        ],
    )


def write(
    writing: Writing,
    room: Room,
    doing: Doing,
    by: By,
    now: datetime,
    *,
    photos: Sequence[Attached] = (),
    assume_photo: bool = False,
) -> Incident:
    """Do one act in a change that goes on already.

    Parameters
    ----------
    assume_photo
        True for a demonstration, which has no photos to show.
    """
    case = seen(writing, room, doing.number)
    if doing.expected is not None and case.version != doing.expected:
        raise Conflict(doing.number, doing.expected, case.version)
    if doing.act not in AWAY and writing.side(room.id) == "outside":
        raise LifecycleError(
            f"{doing.act.value} is decided in the command room, on the inner side of the bridge. Do it there; it comes over with the next file."
        )
    data = _cleaned(doing)
    if photos or assume_photo:
        data["photo"] = True
    changed = _CHANGES[doing.act](room, case, data) if doing.act in _CHANGES else {}
    data = {**data, **_FILL.get(doing.act, _no_more)(room, case, data, now)}
    if case.state.duty and RULES[doing.act].to not in {None, *UNSORTED}:
        case = handed_over(writing, room, case, "sorted", by, now)
    undone = writing.last(room.id, doing.number) if doing.act is Act.UNDO else None
    done = writing.act(
        room.id,
        doing.number,
        Entry(doing.act, by, now.astimezone(UTC), data),
        photos=photos,
        **changed,
    )
    if undone:
        _unrelate(writing, done, *undone)
    _relate(writing, room, case, done, doing.act, data)
    return done


def seen(writing: Writing, room: Room, number: str) -> Incident:
    """Return a case as it stands in a change; one that who looks through the room does not see is not there."""
    case = writing.get(room.id, number)
    if not room.sees(case):
        raise find.unknown(room.id, number)
    return case


def limit_of(room: Room, case: Incident, *, level: str = "") -> Limit:
    """Return the limit that a case gets when it is dispatched: by its class, urgency and level."""
    return room.rules.deadlines.limit(
        case.class_, major=case.major, urgency=case.urgency.value, level=level or case.state.level or None
    )


def next_above(room: Room, case: Incident) -> tuple[str, Post] | None:
    """Return the level above that at which a case stands, or its handler does, and the post there, or None at the top: 微网格 → 网格 → 社区 → 街道."""
    keys = [level.key for level in room.area.net.levels]
    line = line_of(room.area.net, case.codes, room.posts)
    handler = room.posts.get(case.state.handler)
    stands = (case.state.level, handler.grid[0] if handler and handler.grid else "")
    place_ = min((keys.index(level) for level in stands if level in keys), default=len(keys))
    return next(((post.grid[0], post) for post in line if post.grid and keys.index(post.grid[0]) < place_), None)


def _cleaned(doing: Doing) -> dict[str, Any]:
    """Return an act's data with its words cleaned and its times as text."""
    data: dict[str, Any] = {}
    for name, value in doing.data.items():
        if isinstance(value, datetime):
            data[name] = value.astimezone(UTC).isoformat()
        elif name in {"reason", "text", "rating"}:
            data[name] = clean(str(value or ""), most=LONGEST_WORDS, what=name)
        elif value not in (None, ""):
            data[name] = value
    return data


def _limited(room: Room, limit: Limit, now: datetime) -> dict[str, Any]:
    due = later(room.rules.calendar, now.astimezone(room.area.pack.timezone), limit.span)
    return {"due": due.astimezone(UTC).isoformat(), "limit": limit.span.text, "rule": limit.rule}


def _no_more(_room: Room, _case: Incident, _data: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    return {}


def _as_given(state: CaseState) -> dict[str, Any]:
    """Let the deadline of an external order run again as it was given, where its clock had stopped: the other system's goes on."""
    is_stopped = state.due is None and state.promised is not None
    return {"due": state.promised.isoformat()} if is_stopped and state.promised else {}


def _dispatched(room: Room, case: Incident, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    room.post(str(data.get("handler", "")) or "?")  # a post that nobody knows is said here
    if case.state.rule == EXTERNAL:
        return _as_given(case.state)
    return _limited(room, limit_of(room, case, level=str(data.get("level", ""))), now)


def _escalated(room: Room, case: Incident, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    above = next_above(room, case)
    if not data.get("handler") and above is None:
        raise LifecycleError(f"{case.number} stands at the top already. Dispatch it to a department.")
    level, handler = (above[0], above[1].key) if above else (case.state.level, "")
    filled = {"level": level, "handler": handler, **data}
    return {**filled, **_dispatched(room, case, filled, now)}


def _staged(room: Room, case: Incident, stage: Stage, now: datetime) -> dict[str, Any]:
    """Return the deadline and limit of a stage beside handling, where the rules set one."""
    limit = room.rules.deadlines.stage(stage, class_key=case.class_, major=case.major, urgency=case.urgency.value)
    return _limited(room, limit, now) if limit else {"due": None, "limit": "", "rule": ""}


def _to_sort(room: Room, case: Incident, _data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Give a case that waits for its dispatch the limit of that; the deadline of an external order stays."""
    return _as_given(case.state) if case.state.rule == EXTERNAL else _staged(room, case, Stage.DISPATCH, now)


def _done(room: Room, case: Incident, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Stop the clock of handling; what runs then is the limit for verifying, or still the deadline of an external order."""
    state = case.state
    due = (
        state.due.isoformat() if state.rule == EXTERNAL and state.due else _staged(room, case, Stage.VERIFY, now)["due"]
    )
    return {**_stopped(room, case, data, now), "due": due}


def _stopped(room: Room, case: Incident, _data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Note what is left of the limit when the clock stops."""
    state = case.state
    if state.due is None or not state.limit:
        return {}
    zone = room.area.pack.timezone
    return {
        "left": round(paused(room.rules.calendar, now.astimezone(zone), state.due.astimezone(zone), unit_of(state)), 6)
    }


def _back(room: Room, case: Incident, _data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Let the clock run again after rework was asked for."""
    state = case.state
    if state.rule == EXTERNAL:
        return _as_given(state)
    if state.left is None or not state.limit:
        return {"due": None}
    limit = Limit(Span.parse(state.limit), state.rule)
    due = reworked(
        room.rules.calendar, now.astimezone(room.area.pack.timezone), state.left, limit, rules=room.rules.deadlines
    )
    return {"due": due.astimezone(UTC).isoformat()}


def _resumed(room: Room, case: Incident, _data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    state = case.state
    if state.rule == EXTERNAL:
        return _as_given(state)
    if state.left is None or not state.limit:
        return {}
    due = resumed(room.rules.calendar, now.astimezone(room.area.pack.timezone), state.left, unit_of(state))
    return {"due": due.astimezone(UTC).isoformat()}


def _noticed(room: Room, case: Incident, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Give a notice its waiting period, where the person named none."""
    days = room.rules.directory.get(case.class_).notice_days
    if data.get("until") or not days:
        return {}
    return {"until": (now + timedelta(days=days)).astimezone(UTC).isoformat()}


def _reviewed(room: Room, _case: Incident, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return (
        {}
        if data.get("until")
        else {"until": (now + timedelta(days=room.rules.settings.review_days)).astimezone(UTC).isoformat()}
    )


def _extended(room: Room, case: Incident, data: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """Take the deadline that was asked for, where the approver names none; no more than the rules grant."""
    state, zone = case.state, room.area.pack.timezone
    due = data.get("due") or state.asked.get("extension", {}).get("due")
    if due is None or state.due is None or not state.limit or state.rule == EXTERNAL:
        return {"due": due}
    limit = Limit(Span.parse(state.limit), state.rule)
    span = Span((datetime.fromisoformat(due) - state.due) / timedelta(hours=1), Unit.URGENT_HOUR)
    if not extension_allowed(
        room.rules.calendar,
        state.due.astimezone(zone),
        span,
        limit,
        granted=state.extensions,
        rules=room.rules.deadlines,
    ):
        rules = room.rules.deadlines
        raise LifecycleError(
            f"The rules allow {rules.extension_times} extension(s) of at most {rules.extension_share:g} times the limit ({state.limit}); {case.number} had {state.extensions}. Suspend it, or name an earlier time."
        )
    return {"due": due}


def _suspended(room: Room, case: Incident, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    asked = case.state.asked.get("suspension", {})
    filled = {name: data.get(name) or asked.get(name) for name in ("until", "reason")}
    return {**{name: value for name, value in filled.items() if value}, **_stopped(room, case, data, now)}


def _corrected(room: Room, case: Incident, data: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a correction sets; another place is looked up in the net again."""
    settings = room.rules.settings
    changed: dict[str, Any] = {}
    most = {"title": settings.longest_title, "description": settings.longest_text, "address": LONGEST_ADDRESS}
    for name, longest in most.items():
        if name in data:
            changed["text" if name == "description" else name] = clean(
                str(data.pop(name)), most=longest, what=name, lines=name == "description"
            )
    if "class_" in data:
        class_ = room.rules.directory.get(data.pop("class_"))
        changed |= {"class_": class_.key, "major": class_.major, "restricted": class_.restricted}
    spot = {name: data.pop(name, getattr(case, name)) for name in ("lon", "lat", "unit", "floor")}
    if any(value != getattr(case, name) for name, value in spot.items()):
        found = place(room, spot["lon"], spot["lat"], unit=spot["unit"], floor=spot["floor"])
        changed |= {
            **spot,
            "codes": found.codes,
            "match": found.match,
            "edge_m": found.edge_m,
            **_posts(room, case, found.codes),
        }
    return changed


def _reassigned(room: Room, case: Incident, data: dict[str, Any]) -> dict[str, Any]:
    """Return what giving a case to another grid by hand sets: a leaf, and the levels above it."""
    codes = {**case.codes, **room.codes_of(str(data.get("codes", "")))}
    return {"codes": codes, "match": "hand", **_posts(room, case, codes)}


def _posts(room: Room, case: Incident, codes: Mapping[str, str]) -> dict[str, str]:
    """Return the posts of another place; who is on duty goes on answering."""
    found = duty(room, codes)
    named = {"post": found.post, "informed": found.informed, "overdue_post": found.overdue}
    own = {name: post.key if post else "" for name, post in named.items()}
    return {**own, "post": case.post, "informed": own["post"]} if case.state.duty else own


def _relate(  # noqa: PLR0917
    writing: Writing, room: Room, before: Incident, case: Incident, act: Act, data: Mapping[str, Any]
) -> None:
    if act in RELATION:
        other = seen(writing, room, str(data["to"]))
        if other.number == case.number:
            raise LifecycleError(f"{case.number} cannot be set in relation to itself.")
        if act is Act.LINK and other.status is Status.LINKED:
            raise LifecycleError(
                f"{other.number} is linked to {other.state.linked_to} itself. Link {case.number} to that one."
            )
        if act is Act.LINK and other.status is Status.UNCHECKED and before.status is not Status.UNCHECKED:
            raise LifecycleError(f"Nobody has looked at {other.number} yet: file it, or link it to {case.number}.")
        if act is Act.LINK:
            _not_a_chain(writing, case)
        writing.relate(case.area, case.number, other.number, RELATION[act])
    elif act is Act.UNLINK and before.state.linked_to:
        writing.unrelate(case.area, case.number, before.state.linked_to)


def _not_a_chain(writing: Writing, case: Incident) -> None:
    """Raise where other cases are linked to this one: whoever follows their links would not arrive at the case that is worked on."""
    writing.flush()
    following = sorted(
        number
        for number, kind in find.related(writing.connection, case.area, case.number).items()
        if kind == RELATION[Act.LINK]
    )
    if following:
        raise LifecycleError(
            f"{', '.join(following)} is linked to {case.number}. Take that link back first, or link the other case to {case.number}."
        )


def _unrelate(writing: Writing, case: Incident, undone: Act, data: Mapping[str, Any]) -> None:
    """Set the relation of two cases as it stood before the act that was taken back."""
    if undone in RELATION:
        writing.unrelate(case.area, case.number, str(data["to"]))
    elif undone is Act.UNLINK and case.state.linked_to:
        writing.relate(case.area, case.number, case.state.linked_to, RELATION[Act.LINK])


def unit_of(state: CaseState) -> Unit:
    """Return the unit in which a case's limit is counted."""
    return Span.parse(state.limit).unit if state.limit else Unit.WORK_HOUR


Fill = Callable[[Room, Incident, Mapping[str, Any], datetime], dict[str, Any]]
_FILL: Mapping[Act, Fill] = MappingProxyType(
    {
        Act.DISPATCH: _dispatched,
        Act.ESCALATE: _escalated,
        Act.REOPEN: lambda room, case, _data, now: (
            _as_given(case.state) if case.state.rule == EXTERNAL else _limited(room, limit_of(room, case), now)
        ),
        Act.FILE: _to_sort,
        Act.SEND_BACK: _to_sort,
        Act.SAMPLE_FAIL: _to_sort,
        Act.FEEDBACK: _done,
        Act.CLEAR: _done,
        Act.RETURN: _back,
        Act.RESUME: _resumed,
        Act.POST_NOTICE: _noticed,
        Act.REVIEW: _reviewed,
        Act.EXTEND: _extended,
        Act.SUSPEND: _suspended,
    }
)
_CHANGES: Mapping[Act, Callable[[Room, Incident, dict[str, Any]], dict[str, Any]]] = MappingProxyType(
    {Act.CORRECT: _corrected, Act.REASSIGN: _reassigned}
)
