"""What happens to a case of a demonstration next: one table of moves by state, each with its weight, its wait, its post and its words.

The next move depends on the case as it stands, never on a script, so that a demonstration goes on from whatever it finds: its own cases of yesterday, and those that a
visitor has worked on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import shapely

from data.synthetic.plane import Chance
from desk.demo.cases import Matter, parties_of
from desk.mediation import KEY, Mediation, Outcome
from desk.room import DISPATCHER, Room
from incidents.case import Incident
from incidents.deadlines import EXTERNAL, Span, add, extension_allowed
from incidents.lifecycle import CHECKERS, Act, By, PostKind
from incidents.limits import Limit
from incidents.model import Channel, Status, Urgency
from incidents.posts import Post, kind_of, line_of, post_key

OPENS, CLOSES = 7, 20  # between these hours people work on cases; the night shift sees to the rest
NIGHT_SHIFT = 0.3
HASTE: Mapping[Urgency, float] = MappingProxyType({Urgency.NORMAL: 1.0, Urgency.URGENT: 0.35, Urgency.EMERGENCY: 0.1})
PHOTOGRAPHED = frozenset({Act.SELF_CLEAR, Act.POST_NOTICE, Act.CLEAR, Act.FEEDBACK})
NO_DEPARTMENT = 0.4


class From(StrEnum):
    """What a wait is counted from."""

    NOW = "now"
    SOON = "soon"  # now, but within the limit
    SHARE = "share"  # of what is left of the limit
    DUE = "due"
    UNTIL = "until"  # end of a notice's waiting period, target of a suspension


@dataclass(frozen=True)
class Standing:
    """A case at a time, and what is needed to go on with it."""

    room: Room
    case: Incident
    at: datetime
    posts: Mapping[str, Post]
    words: Mapping[str, Any]
    matter: Matter | None
    twin: str
    chance: Chance

    def above(self) -> Post | None:
        """Return the post above the level at which the case stands: `desk.acts.next_above`, by posts that were looked up once."""
        keys = [level.key for level in self.room.area.net.levels]
        at = keys.index(self.case.state.level) if self.case.state.level in keys else len(keys)
        line = line_of(self.room.area.net, self.case.codes, self.posts)
        return next((post for post in line if post.grid and keys.index(post.grid[0]) < at), None)


@dataclass(frozen=True)
class Move:
    """One line of the table.

    Attributes
    ----------
    act
        None: nothing more happens.
    wait
        From and to: hours, or with `From.SHARE` shares of what is left of the limit.
    by
        Returns who does it.
    fits
        Whether it comes into question.
    says
        What the act carries.
    """

    act: Act | None
    weight: float
    wait: tuple[float, float] = (0.1, 1.0)
    since: From = From.NOW
    by: Callable[[Standing], By] | None = None
    fits: Callable[[Standing], bool] | None = None
    says: Callable[[Standing], dict[str, Any]] | None = None


def next_move(standing: Standing) -> tuple[Move, datetime] | None:
    """Draw what happens to a case next, and when; None when nothing does."""
    open_ = [move for move in MOVES[standing.case.status] if move.fits is None or move.fits(standing)]
    if not open_:
        return None
    move = standing.chance.weighted([(move, move.weight) for move in open_])
    return None if move.act is None else (move, _when(standing, move))


def _when(standing: Standing, move: Move) -> datetime:
    state, now = standing.case.state, standing.at
    wait, haste = standing.chance.between(*move.wait), HASTE[standing.case.urgency]
    left = state.due - now if state.due else timedelta(0)
    if move.since is From.SOON and left > timedelta(0):
        at = now + min(left * 0.9, timedelta(hours=wait * haste))
    elif move.since is From.SHARE and left > timedelta(0):
        at = now + left * wait
    elif move.since is From.SHARE:
        at = now + timedelta(hours=12 * wait * haste)
    elif move.since is From.DUE and state.due:
        at = max(state.due, now) + timedelta(hours=wait)
    elif move.since is From.UNTIL and state.until:
        at = max(state.until, now) + timedelta(hours=wait)
    else:
        at = now + timedelta(hours=wait * haste)
    return _awake(standing, max(at, now + timedelta(minutes=1)).replace(microsecond=0))


def _awake(standing: Standing, at: datetime) -> datetime:
    """Move what nobody does at night into the morning; emergencies and the night shift do not wait."""
    local = at.astimezone(standing.room.area.pack.timezone)
    if (
        OPENS <= local.hour < CLOSES
        or standing.case.urgency is Urgency.EMERGENCY
        or standing.chance.happens(NIGHT_SHIFT)
    ):
        return at
    morning = local.replace(hour=OPENS, minute=0, second=0) + timedelta(days=0 if local.hour < OPENS else 1)
    return (morning + timedelta(minutes=standing.chance.between(20, 150))).replace(microsecond=0)


# Who


def _dispatcher(_standing: Standing) -> By:
    return By(DISPATCHER, PostKind.DISPATCHER)


def _handler(standing: Standing) -> By:
    return _by(standing.case.state.handler)


def _head(standing: Standing) -> By:
    return _by(net_post(standing.case))


def _by(key: str) -> By:
    return By(key, kind_of(key))


def net_post(case: Incident) -> str:
    """Return the post that the net names for a case: out of hours the duty officer answers, and it is informed."""
    heads = (key for key in (case.post, case.informed) if key.startswith(PostKind.HEAD.value))
    return next(heads, "")


def _checker(standing: Standing) -> By:
    """Return who verifies: the inspectors mostly, else the head above, never who handled the case."""
    inspector = By(post_key(PostKind.INSPECTOR), PostKind.INSPECTOR)
    above = standing.above()
    heads = [above.by] if above else []
    open_ = [by for by in (*heads, _dispatcher(standing)) if by.post not in standing.case.state.handlers]
    fit = [by for by in open_ if by.kind in CHECKERS]
    return standing.chance.pick(fit) if fit and standing.chance.happens(0.35) else inspector


# When it comes into question


def _once(act: Act) -> Callable[[Standing], bool]:
    return lambda standing: act.value not in standing.case.state.times


def _clearable(standing: Standing) -> bool:
    class_ = standing.room.rules.directory.classes.get(standing.case.class_)
    return (
        bool(class_ and class_.self_clear and net_post(standing.case))
        and standing.case.channel is not Channel.HOTLINE
        and not standing.twin
    )


def _noticeable(standing: Standing) -> bool:
    class_ = standing.room.rules.directory.classes.get(standing.case.class_)
    return bool(class_ and class_.notice_days) and _once(Act.POST_NOTICE)(standing)


def _is_twin(standing: Standing) -> bool:
    return bool(standing.twin) and _once(Act.KEEP_APART)(standing) and _once(Act.UNLINK)(standing)


def _single(standing: Standing) -> bool:
    return not _is_twin(standing)


def _asks(what: str) -> Callable[[Standing], bool]:
    return lambda standing: what in standing.case.state.asked


def _settled(standing: Standing) -> bool:
    return not standing.case.state.asked


def _above(standing: Standing) -> bool:
    state = standing.case.state
    return (
        _settled(standing)
        and state.handler.startswith(PostKind.HEAD.value)
        and standing.above() is not None
        and state.rule != EXTERNAL
    )


def _for_department(standing: Standing) -> bool:
    return (
        _settled(standing) and bool(_authority(standing)) and not standing.case.state.handler.startswith("department")
    )


def _extendable(standing: Standing) -> bool:
    """Tell whether half the limit more would be granted."""
    state, rules, zone = standing.case.state, standing.room.rules, standing.room.area.pack.timezone
    if state.asked or state.due is None or not state.limit or state.rule == EXTERNAL:
        return False
    limit = Limit(Span.parse(state.limit), state.rule)
    half = Span(limit.span.value / 2, limit.span.unit)
    due = state.due.astimezone(zone)
    return standing.at < state.due and extension_allowed(
        rules.calendar, due, half, limit, granted=state.extensions, rules=rules.deadlines
    )


def _suspendable(standing: Standing) -> bool:
    state = standing.case.state
    return _settled(standing) and state.rule != EXTERNAL and standing.case.urgency is Urgency.NORMAL


def _overdue_to_be(standing: Standing) -> bool:
    return _settled(standing) and standing.case.state.due is not None and _once(Act.SUPERVISE)(standing)


def _answerable(standing: Standing) -> bool:
    told = {Channel.HOTLINE, Channel.RESIDENT, Channel.CHAT}
    return standing.case.channel in told and _once(Act.REPLY)(standing)


def _unreplied(standing: Standing) -> bool:
    return not (standing.case.channel is Channel.HOTLINE and _once(Act.REPLY)(standing))


def _at_edge(standing: Standing) -> bool:
    return standing.case.edge_m is not None and _once(Act.REASSIGN)(standing) and bool(_neighbour(standing))


def _few_returns(standing: Standing) -> bool:
    return standing.case.state.returns < 2  # noqa: PLR2004  a third time is supervised


# What is said


def _words(name: str, key: str = "text") -> Callable[[Standing], dict[str, Any]]:
    return lambda standing: {key: standing.chance.pick(standing.words["acts"][name])}


def _dispatched(standing: Standing) -> dict[str, Any]:
    """Choose the handler: who is responsible, the paid head above a volunteer, or the department that may act."""
    case, room, chance = standing.case, standing.room, standing.chance
    authority = _authority(standing)
    class_ = room.rules.directory.classes.get(case.class_)
    if authority and (not (class_ and class_.grid_duty) or chance.happens(NO_DEPARTMENT) or case.state.handler):
        return {"handler": post_key(PostKind.DEPARTMENT, "", authority)}
    head = net_post(case)
    key = chance.weighted([(head, 3.0), (case.overdue_post or head, 2.0)])
    if not key:
        name = authority or room.rules.directory.name(case.major or case.class_).zh
        return {"handler": post_key(PostKind.DEPARTMENT, "", name)}
    level = key.split(":")[1]
    levels = {level.key for level in room.area.net.levels}
    return {"handler": key, **({"level": level} if level in levels else {})}


def _to_department(standing: Standing) -> dict[str, Any]:
    return {"handler": post_key(PostKind.DEPARTMENT, "", _authority(standing))}


def _authority(standing: Standing) -> str:
    class_ = standing.room.rules.directory.classes.get(standing.case.class_)
    return class_.authority if class_ else ""


def _asked_extension(standing: Standing) -> dict[str, Any]:
    state, zone = standing.case.state, standing.room.area.pack.timezone
    assert state.due is not None, "_extendable looked"
    limit = Span.parse(state.limit)
    due = add(standing.room.rules.calendar, state.due.astimezone(zone), Span(limit.value / 2, limit.unit))
    return {**_words("ask_extension", "reason")(standing), "due": due}


def _asked_suspension(standing: Standing) -> dict[str, Any]:
    until = standing.at + timedelta(days=standing.chance.whole(4, 24))
    return {**_words("ask_suspension", "reason")(standing), "until": until}


def _reviewed(standing: Standing) -> dict[str, Any]:
    until = standing.case.state.until or standing.at
    return {**_words("review")(standing), "until": max(until, standing.at) + timedelta(days=7)}


def _done(standing: Standing) -> dict[str, Any]:
    matter, today = standing.matter, standing.at.astimezone(standing.room.area.pack.timezone).date()
    if matter is None:
        return {"text": "已处理。"}
    agreed = {KEY: Mediation(parties_of(matter), Outcome.AGREED, today).to_json()} if matter.parties else {}
    return {"text": standing.chance.pick(matter.done), **agreed}


def _rated(standing: Standing) -> dict[str, Any]:
    return {"rating": standing.chance.weighted(list(standing.words["ratings"].items()))}


def _to_twin(name: str) -> Callable[[Standing], dict[str, Any]]:
    return lambda standing: {**_words(name, "reason")(standing), "to": standing.twin}


def _moved(standing: Standing) -> dict[str, Any]:
    return {**_words("reassign", "reason")(standing), "codes": _neighbour(standing)}


def _neighbour(standing: Standing) -> str:
    """Return another micro-grid of the same grid, "" where there is none."""
    leaf, codes = standing.room.area.net.leaf, standing.case.codes
    here = leaf.positions.get(codes.get(leaf.key, "").partition(";")[0])
    if here is None or leaf.parents[here] < 0:
        return ""
    beside = [int(one) for one in (leaf.parents == leaf.parents[here]).nonzero()[0] if one != here]
    plain = [one for one in beside if str(leaf.codes[one]) not in standing.room.area.net.stacked]
    if not plain:
        return ""
    apart = shapely.distance(leaf.geoms[plain], leaf.geoms[here])
    return str(leaf.codes[plain[int(apart.argmin())]])


def _corrected(standing: Standing) -> dict[str, Any]:
    where = standing.chance.pick(("（靠近路口）", "（东侧）", "（西侧）", "（二楼平台）"))
    return {**_words("correct", "reason")(standing), "address": f"{standing.case.address}{where}"}


WITH_HANDLER = (
    Move(Act.EXTEND, 75, (0.3, 3), by=_dispatcher, fits=_asks("extension")),
    Move(Act.DENY, 25, (0.3, 3), by=_dispatcher, fits=_asks("extension"), says=_words("deny", "reason")),
    Move(Act.SUSPEND, 100, (0.5, 5), by=_dispatcher, fits=_asks("suspension")),
)
MOVES: Mapping[Status, tuple[Move, ...]] = MappingProxyType(
    {
        Status.REPORTED: (
            Move(Act.FILE, 88, (0.05, 0.6), by=_dispatcher, fits=_single),
            Move(Act.SELF_CLEAR, 14, (0.3, 2), by=_head, fits=_clearable),
            Move(Act.REFUSE, 3.5, (0.3, 2), by=_dispatcher, fits=_single, says=_words("refuse", "reason")),
            Move(Act.CANCEL, 1.5, (0.3, 3), by=_dispatcher, fits=_single, says=_words("cancel", "reason")),
            Move(Act.LINK, 80, (0.1, 0.7), by=_dispatcher, fits=_is_twin, says=_to_twin("link")),
            Move(Act.KEEP_APART, 20, (0.1, 0.7), by=_dispatcher, fits=_is_twin, says=_to_twin("keep_apart")),
            Move(Act.CORRECT, 2.5, (0.1, 0.5), by=_dispatcher, fits=_once(Act.CORRECT), says=_corrected),
        ),
        Status.FILED: (
            Move(Act.DISPATCH, 95, (0.05, 0.5), by=_dispatcher, says=_dispatched),
            Move(Act.REASSIGN, 8, (0.1, 0.6), by=_dispatcher, fits=_at_edge, says=_moved),
            Move(Act.REFUSE, 0.7, (0.3, 2), by=_dispatcher, says=_words("refuse", "reason")),
            Move(Act.CANCEL, 0.7, (0.3, 2), by=_dispatcher, says=_words("cancel", "reason")),
        ),
        Status.DISPATCHED: (
            *WITH_HANDLER,
            Move(Act.ACCEPT, 90, (0.1, 1.6), by=_handler),
            Move(
                Act.SEND_BACK, 3, (0.2, 2), by=_handler, fits=_once(Act.SEND_BACK), says=_words("send_back", "reason")
            ),
            Move(Act.ESCALATE, 3, (0.3, 3), by=_handler, fits=_above),
        ),
        Status.IN_HAND: (
            *WITH_HANDLER,
            Move(Act.POST_NOTICE, 170, (0.3, 3), by=_handler, fits=_noticeable),
            Move(Act.FEEDBACK, 76, (0.3, 5), From.SOON, by=_handler, fits=_settled, says=_done),
            Move(Act.FEEDBACK, 5, (0.15, 0.85), From.SHARE, by=_handler, fits=_settled, says=_done),
            Move(Act.FEEDBACK, 3, (1, 20), From.DUE, by=_handler, fits=_settled, says=_done),
            Move(Act.SUPERVISE, 3, (1, 9), From.DUE, by=_dispatcher, fits=_overdue_to_be, says=_words("supervise")),
            Move(Act.NOTE, 5, (0.5, 3), by=_handler, fits=_once(Act.NOTE), says=_words("note")),
            Move(Act.ESCALATE, 8, (0.4, 4), by=_handler, fits=_above),
            Move(Act.DISPATCH, 4, (0.5, 4), by=_dispatcher, fits=_for_department, says=_to_department),
            Move(Act.ASK_EXTENSION, 4, (0.1, 0.7), From.SHARE, by=_handler, fits=_extendable, says=_asked_extension),
            Move(Act.ASK_SUSPENSION, 0.8, (0.5, 5), by=_handler, fits=_suspendable, says=_asked_suspension),
        ),
        Status.NOTICED: (
            Move(Act.CLEAR, 75, (0.5, 20), From.UNTIL, by=_handler),
            Move(Act.FEEDBACK, 25, (5, 40), by=_handler, says=_done),
        ),
        Status.FEEDBACK: (
            Move(Act.CLOSE, 88, (0.2, 4), by=_checker, fits=_unreplied),
            Move(Act.RETURN, 9, (0.3, 4), by=_checker, fits=_few_returns, says=_words("return", "reason")),
            Move(Act.REPLY, 30, (0.2, 2), by=_dispatcher, fits=_answerable, says=_words("reply")),
        ),
        Status.RETURNED: (*WITH_HANDLER, Move(Act.ACCEPT, 95, (0.1, 1.2), by=_handler)),
        Status.SUSPENDED: (
            Move(Act.RESUME, 70, (0, 8), From.UNTIL, by=_dispatcher),
            Move(Act.REVIEW, 30, (60, 160), by=_dispatcher, fits=_once(Act.REVIEW), says=_reviewed),
        ),
        Status.CLOSED: (
            Move(None, 60),
            Move(Act.EVALUATE, 38, (3, 40), by=_dispatcher, says=_rated),
            Move(Act.REOPEN, 1.5, (8, 60), by=_dispatcher, fits=_once(Act.REOPEN), says=_words("reopen", "reason")),
        ),
        Status.EVALUATED: (
            Move(None, 99),
            Move(Act.REOPEN, 1, (12, 60), by=_dispatcher, fits=_once(Act.REOPEN), says=_words("reopen", "reason")),
        ),
        Status.SELF_CLEARED: (
            Move(None, 80),
            Move(Act.SAMPLE_PASS, 18, (3, 26), by=_checker),
            Move(Act.SAMPLE_FAIL, 2, (3, 26), by=_checker, says=_words("sample_fail", "reason")),
        ),
        Status.SELF_VERIFIED: (Move(None, 100),),
        Status.REFUSED: (
            Move(None, 94),
            Move(Act.REOPEN, 6, (5, 40), by=_dispatcher, fits=_once(Act.REOPEN), says=_words("reopen", "reason")),
        ),
        Status.CANCELLED: (Move(None, 100),),
        Status.LINKED: (
            Move(None, 45),
            Move(Act.REPLY, 50, (1, 20), by=_dispatcher, fits=_answerable, says=_words("reply")),
            Move(Act.UNLINK, 3, (1, 12), by=_dispatcher, fits=_once(Act.UNLINK)),
        ),
    }
)
