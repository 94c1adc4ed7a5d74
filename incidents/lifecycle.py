"""The lifecycle of an incident: one table of acts (动作), and the pure function that applies them.

An act carries its post, its time, and what it needs (a reason, a photo, a handler …). `apply` checks it against `RULES` and returns the next state; a history is
replayed by applying its acts in order, so that a stored state can be proved from its history. Deadlines come in with the acts, as computed by
`incidents.deadlines` when they were done: a rule that changes later changes no running case.

Source: the seven stages of digital city management, with 自行处置, 延期, 挂账, 返工 and 作废 [domain.md 1.6, 1.7, 2.5]. Who handled a case neither verifies it, nor ends it another
way (refused, cancelled, linked), nor grants himself time. No path leads to "closed" but through verification, save two: 自行处置, which is verified by sampling, and what the
other system says of a case that came from it (`Act.IMPORT`). On the outer side of a bridge (网闸) a case stands as the inner one says (`Act.ADOPT`), whose own history has the verification.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import LifecycleError
from incidents.model import OPEN, Status
from incidents.moments import to_text, to_time, to_times

UNDO_WITHIN = timedelta(minutes=1)
EXTERNAL = "external"  # rule of a deadline that another system set


class PostKind(StrEnum):
    """Kind of a post (岗位)."""

    WORKER = "worker"
    HEAD = "head"
    FIRST_HEAD = "first_head"
    DEPUTY = "deputy"
    OFFICE = "office"
    INSPECTOR = "inspector"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"


class Act(StrEnum):
    """What can be done to an incident."""

    REPORT = "report"
    RECEIVE = "receive"
    SELF_CLEAR = "self_clear"
    FILE = "file"
    REFUSE = "refuse"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    SEND_BACK = "send_back"
    ESCALATE = "escalate"
    POST_NOTICE = "post_notice"
    CLEAR = "clear"
    FEEDBACK = "feedback"
    CLOSE = "close"
    RETURN = "return"
    EVALUATE = "evaluate"
    ASK_EXTENSION = "ask_extension"
    EXTEND = "extend"
    ASK_SUSPENSION = "ask_suspension"
    SUSPEND = "suspend"
    DENY = "deny"
    REVIEW = "review"
    RESUME = "resume"
    LINK = "link"
    UNLINK = "unlink"
    KEEP_APART = "keep_apart"
    REOPEN = "reopen"
    CANCEL = "cancel"
    SAMPLE_PASS = "sample_pass"  # noqa: S105  no password
    SAMPLE_FAIL = "sample_fail"
    CORRECT = "correct"
    REASSIGN = "reassign"
    SUPERVISE = "supervise"
    STEP = "step"
    HAND_OVER = "hand_over"
    ERASE = "erase"
    REPLY = "reply"
    NOTE = "note"
    IMPORT = "import"
    ADOPT = "adopt"
    UNDO = "undo"


@dataclass(frozen=True)
class By:
    """Who acts: the key of a post and its kind, and the key of the account in which somebody does so ("" for the desk itself)."""

    post: str
    kind: PostKind
    account: str = ""


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes
    ----------
    frm
        States in which it may be done; None stands for "there is no case yet".
    to
        State that follows; None: it stays.
    by
        Kinds of posts that may do it.
    needs
        Names that its data must carry, none of them empty.
    handler
        True: only the present handler. False: never anyone who handled the case. None: whoever.
    undo
        Whether it may be taken back within `UNDO_WITHIN`.
    """

    frm: frozenset[Status | None]
    to: Status | None
    by: frozenset[PostKind]
    needs: tuple[str, ...] = ()
    handler: bool | None = None
    undo: bool = False


K = PostKind
EVERYONE = frozenset(PostKind)
GRID = frozenset({K.WORKER, K.HEAD, K.FIRST_HEAD, K.DEPUTY, K.OFFICE, K.INSPECTOR, K.DISPATCHER})
ON_THE_SPOT = frozenset({K.WORKER, K.HEAD, K.FIRST_HEAD, K.DEPUTY})
CENTRE = frozenset({K.DISPATCHER, K.HEAD, K.FIRST_HEAD, K.DEPUTY, K.OFFICE})
CHECKERS = GRID
APPROVERS = frozenset({K.DISPATCHER, K.FIRST_HEAD, K.OFFICE})
S = Status
WITH_HANDLER = frozenset({S.DISPATCHED, S.IN_HAND, S.RETURNED})
UNSORTED = frozenset({S.REPORTED, S.FILED})
NEW = UNSORTED | {S.UNCHECKED}  # nobody was sent yet
SORTING = frozenset(
    {Act.FILE, Act.DISPATCH, Act.SAMPLE_FAIL, Act.REOPEN, Act.IMPORT}
)  # after one of them a case is no new report any more

RULES: Mapping[Act, Rule] = MappingProxyType(
    {
        Act.REPORT: Rule(frozenset({None}), S.REPORTED, EVERYONE),
        Act.RECEIVE: Rule(frozenset({None}), S.UNCHECKED, EVERYONE),
        Act.SELF_CLEAR: Rule(
            frozenset({None, S.UNCHECKED, S.REPORTED}), S.SELF_CLEARED, ON_THE_SPOT, ("photo",), undo=True
        ),
        Act.IMPORT: Rule(frozenset({None, *Status}), None, frozenset({K.DISPATCHER}), ("status",)),
        Act.ADOPT: Rule(frozenset({None, *Status}), None, EVERYONE, ("state", "inside")),
        Act.FILE: Rule(frozenset({S.UNCHECKED, S.REPORTED}), S.FILED, CENTRE, undo=True),
        Act.REFUSE: Rule(NEW, S.REFUSED, CENTRE, ("reason",), handler=False, undo=True),
        Act.DISPATCH: Rule(UNSORTED - {S.REPORTED} | WITH_HANDLER, S.DISPATCHED, CENTRE, ("handler",), undo=True),
        Act.ACCEPT: Rule(frozenset({S.DISPATCHED, S.RETURNED}), S.IN_HAND, EVERYONE, handler=True),
        Act.SEND_BACK: Rule(WITH_HANDLER, S.FILED, EVERYONE, ("reason",), handler=True, undo=True),
        Act.ESCALATE: Rule(WITH_HANDLER, S.DISPATCHED, EVERYONE, ("handler", "level"), handler=True, undo=True),
        Act.POST_NOTICE: Rule(frozenset({S.IN_HAND}), S.NOTICED, EVERYONE, ("photo", "until"), handler=True),
        Act.CLEAR: Rule(frozenset({S.NOTICED}), S.FEEDBACK, EVERYONE, ("photo",), handler=True),
        Act.FEEDBACK: Rule(frozenset({S.IN_HAND, S.NOTICED}), S.FEEDBACK, EVERYONE, ("text",), handler=True, undo=True),
        Act.CLOSE: Rule(frozenset({S.FEEDBACK}), S.CLOSED, CHECKERS, handler=False, undo=True),
        Act.RETURN: Rule(frozenset({S.FEEDBACK}), S.RETURNED, CHECKERS, ("reason",), handler=False, undo=True),
        Act.EVALUATE: Rule(frozenset({S.CLOSED}), S.EVALUATED, CENTRE, ("rating",), handler=False, undo=True),
        Act.ASK_EXTENSION: Rule(WITH_HANDLER | {S.NOTICED}, None, EVERYONE, ("reason", "due"), handler=True, undo=True),
        Act.EXTEND: Rule(WITH_HANDLER | {S.NOTICED}, None, APPROVERS, ("due",), handler=False, undo=True),
        Act.ASK_SUSPENSION: Rule(WITH_HANDLER, None, EVERYONE, ("reason", "until"), handler=True, undo=True),
        Act.SUSPEND: Rule(WITH_HANDLER, S.SUSPENDED, APPROVERS, ("reason", "until"), handler=False, undo=True),
        Act.DENY: Rule(WITH_HANDLER | {S.NOTICED}, None, APPROVERS, ("reason",), handler=False, undo=True),
        Act.REVIEW: Rule(frozenset({S.SUSPENDED}), None, APPROVERS, ("text", "until"), handler=False),
        Act.RESUME: Rule(frozenset({S.SUSPENDED}), None, CENTRE, undo=True),
        Act.LINK: Rule(NEW | WITH_HANDLER, S.LINKED, CENTRE, ("to",), handler=False, undo=True),
        Act.UNLINK: Rule(frozenset({S.LINKED}), S.REPORTED, CENTRE, undo=True),
        Act.KEEP_APART: Rule(frozenset(Status), None, CENTRE, ("to",), undo=True),
        Act.REOPEN: Rule(
            frozenset({S.CLOSED, S.EVALUATED, S.SELF_VERIFIED, S.REFUSED, S.CANCELLED}), S.FILED, CENTRE, ("reason",)
        ),
        Act.CANCEL: Rule(UNSORTED | WITH_HANDLER, S.CANCELLED, CENTRE, ("reason",), handler=False, undo=True),
        Act.SAMPLE_PASS: Rule(frozenset({S.SELF_CLEARED}), S.SELF_VERIFIED, CHECKERS, handler=False, undo=True),
        Act.SAMPLE_FAIL: Rule(frozenset({S.SELF_CLEARED}), S.FILED, CHECKERS, ("reason",), handler=False, undo=True),
        Act.CORRECT: Rule(OPEN | {S.UNCHECKED, S.SELF_CLEARED, S.LINKED}, None, GRID, ("reason",)),
        Act.REASSIGN: Rule(OPEN | {S.UNCHECKED, S.SELF_CLEARED, S.LINKED}, None, CENTRE, ("reason", "codes")),
        Act.SUPERVISE: Rule(OPEN, None, CENTRE, ("text",)),
        Act.STEP: Rule(OPEN, None, frozenset({K.DISPATCHER}), ("step",)),
        Act.HAND_OVER: Rule(NEW, None, EVERYONE, ("why",)),
        Act.ERASE: Rule(frozenset(Status), None, frozenset({K.DISPATCHER})),
        Act.REPLY: Rule(frozenset(Status), None, GRID, ("text",)),
        Act.NOTE: Rule(frozenset(Status), None, EVERYONE, ("text",)),
        Act.UNDO: Rule(frozenset(Status), None, EVERYONE),
    }
)


@dataclass(frozen=True)
class CaseState:
    """Where a case stands: all that the lifecycle decides.

    Attributes
    ----------
    handler
        Key of the post that must act; "" while nobody was sent.
    handlers
        Every post that ever was the handler, or cleared the case on the spot: none of them may verify it.
    duty
        Key of the post on duty that answers for it in place of the net's, as it came out of hours; "" once it was handed over, and for all others.
    level
        Key of the level at which it stands: it rises with every escalation.
    due
        Deadline of the running stage, UTC; None while none runs.
    promised
        Deadline of handling as it was last granted, UTC: kept when the stage of verifying begins, and after the end.
    limit, rule
        The length that was granted (``4 work_hour``) and the rule that granted it, kept as they were.
    left
        What was left of the limit when its clock stopped, in the unit of the limit.
    asked
        What waits for approval: ``extension`` or ``suspension`` -> its data.
    help, help_by, help_to
        What is called for (``help`` 求助, ``material`` 要物资), the post that calls and the one that is asked, until somebody else writes a note, the case is handed on, or it ends.
    until
        Target of a suspension, or end of a notice's waiting period.
    steps
        What was done about its deadline: ``reminder:1``, ``next_head:1``, ``supervise:1``; a new deadline begins anew.
    watchers
        Posts that were told of it by such a step.
    official
        What the other system last said of an imported case (``status``, ``due``, ``closed``, ``agency``), so that its next word can be told from ours.
    times
        Act -> when it was last done, UTC.
    """

    status: Status
    handler: str = ""
    handlers: tuple[str, ...] = ()
    reporter: str = ""
    duty: str = ""
    level: str = ""
    due: datetime | None = None
    promised: datetime | None = None
    limit: str = ""
    rule: str = ""
    left: float | None = None
    returns: int = 0
    extensions: int = 0
    asked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    help: str = ""
    help_by: str = ""
    help_to: str = ""
    until: datetime | None = None
    steps: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()
    resume_to: Status | None = None
    linked_to: str = ""
    verifier: str = ""
    rating: str = ""
    official: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def in_time(self) -> bool | None:
        """Whether it was handled by the deadline that was promised (按期处置); None where none was, or while it is being handled."""
        handled = [self.times[act.value] for act in (Act.FEEDBACK, Act.CLEAR) if act.value in self.times]
        done = max(handled, default=self.times.get(Act.CLOSE.value))
        if self.promised is None or done is None or self.status in OPEN - {Status.FEEDBACK}:
            return None
        return done <= self.promised

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values, without what is empty; times as ISO 8601 in UTC."""
        plain = {
            **{name: getattr(self, name) for name in _PLAIN},
            "status": self.status.value,
            "handlers": list(self.handlers),
            "steps": list(self.steps),
            "watchers": list(self.watchers),
            "resume_to": self.resume_to.value if self.resume_to else None,
            "due": to_text(self.due),
            "promised": to_text(self.promised),
            "until": to_text(self.until),
            "asked": {name: dict(asked) for name, asked in self.asked.items()},
            "official": dict(self.official),
            "times": {act: to_text(time) for act, time in self.times.items()},
        }
        return {name: value for name, value in plain.items() if value or (name == "left" and value is not None)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "CaseState":
        """Read what `to_json` wrote."""
        return cls(
            **{name: plain[name] for name in _PLAIN if name in plain},
            status=Status(plain["status"]),
            handlers=tuple(plain.get("handlers", ())),
            steps=tuple(plain.get("steps", ())),
            watchers=tuple(plain.get("watchers", ())),
            resume_to=Status(plain["resume_to"]) if plain.get("resume_to") else None,
            due=to_time(plain.get("due")),
            promised=to_time(plain.get("promised")),
            until=to_time(plain.get("until")),
            asked=dict(plain.get("asked", {})),
            official=dict(plain.get("official", {})),
            times=to_times(plain.get("times", {})),
        )


_PLAIN = (
    "handler",
    "reporter",
    "duty",
    "level",
    "limit",
    "rule",
    "left",
    "returns",
    "extensions",
    "linked_to",
    "verifier",
    "rating",
    "help",
    "help_by",
    "help_to",
)


@dataclass(frozen=True)
class Entry:
    """One act as the history keeps it. ``data`` holds plain values; its times are ISO 8601."""

    act: Act
    by: By
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


# What no person chooses: an undo is offered by itself, the others are done by the desk.
BY_NOBODY = frozenset({Act.RECEIVE, Act.UNDO, Act.IMPORT, Act.ADOPT, Act.STEP, Act.HAND_OVER, Act.ERASE})


def allowed(state: CaseState | None, by: By) -> tuple[Act, ...]:
    """Return the acts that a post may do now, in the order of the table; what they need is not looked at."""
    return tuple(act for act, rule in RULES.items() if act not in BY_NOBODY and not _refusal(act, rule, state, by))


def apply(state: CaseState | None, entry: Entry) -> CaseState:
    """Return the state after an act.

    Raises
    ------
    LifecycleError
        The act is not allowed in this state, to this post, or lacks what it needs; the message says which.
    """
    rule = RULES[entry.act]
    if entry.act is Act.UNDO:
        raise LifecycleError("An undo is no act of its own: replay() knows what stood before.")
    refusal = _refusal(entry.act, rule, state, entry.by) or _lacking(entry, rule, state)
    if refusal:
        raise LifecycleError(refusal)
    if entry.act is Act.ADOPT:
        return CaseState.from_json(entry.data["state"])
    status = rule.to or (state.status if state else Status(entry.data.get("status", Status.REPORTED)))
    before = state or CaseState(status, reporter=entry.by.post)
    after = replace(before, status=status, times={**before.times, entry.act.value: entry.at})
    return _helped(_EFFECTS.get(entry.act, _nothing)(after, before, entry), before, entry)


def undone(last: Entry, before: CaseState | None, entry: Entry) -> CaseState:
    """Return the state after the last act was taken back.

    Parameters
    ----------
    last, before
        The last act of the case, and the state before it.

    Raises
    ------
    LifecycleError
        It cannot be taken back: the rule does not allow it, somebody else did it, or the minute is over.
    """
    if not RULES[last.act].undo or before is None:
        raise LifecycleError(f"{last.act.value} cannot be undone. Do what sets it right instead; both stay on record.")
    if last.by.post != entry.by.post:
        raise LifecycleError(f"{last.act.value} was done by {last.by.post}; only that post can undo it.")
    if not timedelta(0) <= entry.at - last.at <= UNDO_WITHIN:
        raise LifecycleError(f"{last.act.value} was done more than a minute ago and stands.")
    return replace(before, times={**before.times, Act.UNDO.value: entry.at})


def replay(entries: Iterable[Entry]) -> CaseState | None:
    """Return the state after a history; None after an empty one.

    Raises
    ------
    LifecycleError
        An entry could not have followed the ones before it.
    """
    state: CaseState | None = None
    past: list[tuple[Entry, CaseState | None]] = []
    for entry in entries:
        if entry.act is Act.UNDO:
            if not past or state is None:
                raise LifecycleError("There is nothing to undo.")
            last, before = past[-1]
            state = undone(last, before, entry)
            past = [(entry, None)]
        else:
            past.append((entry, state))
            state = apply(state, entry)
    return state


def _refusal(act: Act, rule: Rule, state: CaseState | None, by: By) -> str:
    status = state.status if state else None
    if status not in rule.frm:
        return f"{act.value} cannot be done to a case that is {status.value if status else 'not there yet'}."
    if by.kind not in rule.by:
        return f"{act.value} is not for a post of the kind {by.kind.value}."
    if state is None or rule.handler is None:
        return ""
    if rule.handler and by.post != state.handler:
        return f"{act.value} is for the handler, {state.handler or 'and there is none yet'}."
    if not rule.handler and by.post in state.handlers:
        return f"{act.value} is not for {by.post}, who handled the case: the handler never verifies his own case, nor ends it, nor grants himself time."
    return ""


def _lacking(entry: Entry, rule: Rule, state: CaseState | None) -> str:
    lacking = [name for name in rule.needs if not entry.data.get(name)]
    if lacking:
        return f"{entry.act.value} needs {', '.join(lacking)}."
    if entry.act is Act.IMPORT:
        return _not_importable(entry, state)
    if entry.act in {Act.DISPATCH, Act.ESCALATE} and state:
        return _not_to_him(entry, state)
    return _not_yet(entry, state) if state else ""


def _not_yet(entry: Entry, state: CaseState) -> str:
    if entry.act is Act.CLEAR and state.until and entry.at < state.until:
        return f"clear has to wait until {to_text(state.until)}: the notice gives its reader that long."
    if entry.act is Act.FEEDBACK and state.status is S.NOTICED and not entry.data.get("photo"):
        return "feedback before the notice has run out needs a photo: it says that the owner removed the thing himself."
    if entry.act is Act.EXTEND and state.due and (to_time(entry.data["due"]) or state.due) <= state.due:
        return f"extend has to name a time after {to_text(state.due)}."
    if entry.act is Act.DENY and not state.asked:
        return "deny has nothing to deny: no extension and no suspension was asked for."
    return ""


def _not_to_him(entry: Entry, state: CaseState) -> str:
    """Say why a case cannot be sent there: its clock would begin anew, and nothing else would change."""
    handler = entry.data["handler"]
    if handler == state.handler:
        return f"{entry.act.value} sends the case to {handler}, who has it already."
    if handler == entry.by.post and handler in state.handlers:
        return f"{entry.act.value} is not for {handler}, who handled the case before: nobody grants himself time. Let another post send it."
    return ""


def _not_importable(entry: Entry, state: CaseState | None) -> str:
    if entry.data["status"] not in set(Status):
        return f"import names the state {entry.data['status']!r}, which there is not."
    if state and not state.official:
        return "import brings only cases up to date that came from another system."
    return ""


def _clocked(after: CaseState, entry: Entry) -> CaseState:
    """Take the deadline that came with an act, if one did."""
    data = entry.data
    if "due" not in data:
        return after
    return replace(
        after,
        due=to_time(data["due"]),
        limit=data.get("limit", after.limit),
        rule=data.get("rule", after.rule),
        left=data.get("left"),
        steps=(),
    )


def _promised(after: CaseState, entry: Entry) -> CaseState:
    """Take the deadline that came with an act as the one of handling."""
    after = _clocked(after, entry)
    return replace(after, promised=after.due or after.promised)


def _ended(after: CaseState, _before: CaseState, _entry: Entry) -> CaseState:
    return replace(after, due=None, asked={})


def _nothing(after: CaseState, _before: CaseState, _entry: Entry) -> CaseState:
    return after


def _reported(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    """Begin with the deadline for sorting it; that of an external order is promised already."""
    take = _promised if entry.data.get("rule") == EXTERNAL else _clocked
    return take(replace(after, level=entry.data.get("level", ""), duty=entry.data.get("duty", "")), entry)


def _self_cleared(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return replace(after, handler="", handlers=_with(after.handlers, entry.by.post), due=None, left=None)


def _imported(after: CaseState, before: CaseState, entry: Entry) -> CaseState:
    """Take over what another system says: at first, and again when it says something new."""
    data = entry.data
    times = to_times(data.get("times", {}))
    handler = data.get("handler", before.handler)
    return _clocked(
        replace(
            after,
            status=Status(data["status"]),
            handler=handler,
            handlers=_with(before.handlers, handler),
            level=data.get("level", before.level),
            duty=data.get("duty", before.duty),
            returns=int(data.get("returns", before.returns)),
            linked_to=data.get("to", ""),
            official=data.get("official", {}),
            promised=to_time(data.get("promised")),
            asked={},
            until=None,
            resume_to=None,
            verifier="",
            rating="",
            times={**after.times, **times},
        ),
        entry,
    )


def _filed(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return _clocked(after, entry)


def _given(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    handler = entry.data["handler"]
    return _promised(
        replace(
            after,
            handler=handler,
            handlers=_with(after.handlers, handler),
            level=entry.data.get("level", after.level),
            asked={},
        ),
        entry,
    )


def _given_back(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return _clocked(replace(after, handler="", asked={}), entry)


def _noticed(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return replace(after, until=to_time(entry.data["until"]))


def _stopped(after: CaseState, before: CaseState, entry: Entry) -> CaseState:
    """Stop the clock of handling and note what was left of it; the deadline that comes along is that of verifying."""
    left, due = entry.data.get("left", before.left), to_time(entry.data.get("due"))
    return replace(after, until=None, asked={}, left=left, due=due, steps=())


def _closed(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return replace(after, verifier=entry.by.post, due=None)


def _returned(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return _promised(replace(after, returns=after.returns + 1), entry)


def _evaluated(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return replace(after, rating=str(entry.data["rating"]))


def _asked(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    what = "extension" if entry.act is Act.ASK_EXTENSION else "suspension"
    return replace(after, asked={**after.asked, what: {**entry.data, "post": entry.by.post}})


def _extended(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return _promised(replace(after, extensions=after.extensions + 1, asked={}), entry)


def _suspended(after: CaseState, before: CaseState, entry: Entry) -> CaseState:
    return replace(
        after,
        resume_to=before.status,
        until=to_time(entry.data["until"]),
        left=entry.data.get("left"),
        due=None,
        asked={},
    )


def _resumed(after: CaseState, before: CaseState, entry: Entry) -> CaseState:
    return _promised(replace(after, status=before.resume_to or S.FILED, resume_to=None, until=None, left=None), entry)


def _linked(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    return replace(after, linked_to=entry.data["to"], resume_to=None)


def _unlinked(after: CaseState, before: CaseState, _entry: Entry) -> CaseState:
    """Sort it anew; what was sorted once cannot be cleared on the spot any more, as a new report can."""
    is_new = not before.handlers and SORTING.isdisjoint(before.times)
    return replace(after, status=S.REPORTED if is_new else S.FILED, linked_to="", handler="", asked={})


def _reopened(after: CaseState, before: CaseState, entry: Entry) -> CaseState:
    """Give a reopened case back to who handled it, who is notified; without one it is sorted anew."""
    status = S.RETURNED if before.handler else S.FILED
    return _promised(replace(after, status=status, verifier="", rating=""), entry)


def _stepped(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    step, told = str(entry.data["step"]), str(entry.data.get("to", ""))
    return replace(after, steps=_with(after.steps, step), watchers=_with(after.watchers, told))


def _handed_over(after: CaseState, _before: CaseState, entry: Entry) -> CaseState:
    """Let the net's post answer again, or the next one on duty, who is named."""
    return replace(after, duty=entry.data.get("duty", ""))


def _helped(after: CaseState, before: CaseState, entry: Entry) -> CaseState:
    """Note a call for help, or let it go when it is answered."""
    if entry.act is Act.NOTE and entry.data.get("help"):
        return replace(after, help=entry.data["help"], help_by=entry.by.post, help_to=entry.data.get("to", ""))
    is_answered = entry.act is Act.NOTE and entry.by.post != before.help_by
    if before.help and (is_answered or after.handler != before.handler or after.status not in OPEN):
        return replace(after, help="", help_by="", help_to="")
    return after


def _with(handlers: tuple[str, ...], post: str) -> tuple[str, ...]:
    return handlers if not post or post in handlers else (*handlers, post)


_EFFECTS = MappingProxyType(
    {
        Act.REPORT: _reported,
        Act.RECEIVE: _reported,
        Act.SELF_CLEAR: _self_cleared,
        Act.IMPORT: _imported,
        Act.FILE: _filed,
        Act.REFUSE: _ended,
        Act.CANCEL: _ended,
        Act.DISPATCH: _given,
        Act.ESCALATE: _given,
        Act.SEND_BACK: _given_back,
        Act.SAMPLE_FAIL: _given_back,
        Act.POST_NOTICE: _noticed,
        Act.CLEAR: _stopped,
        Act.FEEDBACK: _stopped,
        Act.CLOSE: _closed,
        Act.SAMPLE_PASS: _closed,
        Act.RETURN: _returned,
        Act.EVALUATE: _evaluated,
        Act.ASK_EXTENSION: _asked,
        Act.ASK_SUSPENSION: _asked,
        Act.EXTEND: _extended,
        Act.DENY: lambda after, _before, _entry: replace(after, asked={}),
        Act.SUSPEND: _suspended,
        Act.REVIEW: _noticed,
        Act.RESUME: _resumed,
        Act.LINK: _linked,
        Act.UNLINK: _unlinked,
        Act.REOPEN: _reopened,
        Act.STEP: _stepped,
        Act.HAND_OVER: _handed_over,
    }
)
