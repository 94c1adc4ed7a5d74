"""The lifecycle of a finding (隐患): from the item that failed to its closure (销号) by another person than who put it right.

One table of acts, and the pure function that applies them, as `incidents.visits` does for visits. What was put right while the inspector stood there is a finding as well, born closed: the
register is whole, and repeats are counted. Source: domain.md 3.2, 3.4, 6.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from inspections.grades import Degree


class State(StrEnum):
    """Where a finding stands: 待整改, 待复查, 已移交, 已销号, 已撤销."""

    OPEN = "open"
    CORRECTED = "corrected"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


STANDING = frozenset({State.OPEN, State.CORRECTED, State.HANDED_OVER})
OVER = frozenset({State.CLOSED, State.WITHDRAWN})


class Act(StrEnum):
    """What can be done to a finding."""

    FIND = "find"
    CORRECT = "correct"  # 报告整改
    PASS = "pass"  # noqa: S105  复查合格, 销号
    FAIL = "fail"  # 复查不合格
    EXTEND = "extend"
    HAND_OVER = "hand_over"
    RETURN = "return"
    WITHDRAW = "withdraw"
    NOTE = "note"
    STEP = "step"  # the clock: its day is over


@dataclass(frozen=True)
class Finding:
    """Where a finding stands: all that the lifecycle decides.

    Attributes
    ----------
    found_by, found_account, corrected_by, corrected_account
        Post and account of who found it, and of who said last that it is put right, whether it was or not; "" for nobody.
    due
        The day until which it is put right; None where it is over.
    failed_rounds, extended
        How often it failed again, and how often it got more time.
    late
        Whether the day was told to be over.
    spot
        Whether it was put right on the spot.
    to, incident, whistle
        To whom it was handed over, and the numbers of the case and of the whistle that it became; "" for none.
    items
        Under which keys phones sent what was done: account and key.
    """

    state: State
    grade: Degree
    found_by: str
    found_account: str = ""
    due: date | None = None
    corrected_by: str = ""
    corrected_account: str = ""
    failed_rounds: int = 0
    extended: int = 0
    late: bool = False
    spot: bool = False
    to: str = ""
    incident: str = ""
    whistle: str = ""
    items: tuple[str, ...] = ()

    def is_overdue(self, today: date) -> bool:
        """Tell whether its day is over and nobody put it right."""
        return self.state is State.OPEN and self.due is not None and self.due < today

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {**plain, "state": self.state.value, "grade": self.grade.value, "due": _said(self.due), "items": list(self.items)}  # fmt: skip

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Finding":
        """Read what `to_json` wrote."""
        due = date.fromisoformat(plain["due"]) if plain["due"] else None
        rest = {name: plain[name] for name in _PLAIN}
        return cls(**rest, state=State(plain["state"]), grade=Degree(plain["grade"]), due=due, items=tuple(plain["items"]))  # fmt: skip


_PLAIN = ("found_by", "found_account", "corrected_by", "corrected_account", "failed_rounds", "extended", "late", "spot", "to", "incident", "whistle")  # fmt: skip


@dataclass(frozen=True)
class Done:
    """One act as the history keeps it. ``data`` holds plain values.

    ``FIND``: grade, due; ``spot`` where it was put right at once. ``FAIL``, ``RETURN``: due, reason. ``EXTEND``: due, reason. ``HAND_OVER``: to, reason; incident, whistle. ``WITHDRAW``: reason.
    ``NOTE``: text. ``STEP``: day. Whatever a phone sends carries ``item_key`` and ``done_at``; what an inspection did carries ``inspection``.
    """

    act: Act
    by: By
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One line of the table: in which states, to which it leads (None: it stays), who may, and what its data must carry."""

    frm: frozenset[State]
    to: State | None
    who: Callable[[Finding, By], str]
    needs: tuple[str, ...] = ()


CLOSERS = frozenset({PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE, PostKind.INSPECTOR, PostKind.DISPATCHER, PostKind.DEPARTMENT})  # fmt: skip


def _anybody(_finding: Finding, _by: By) -> str:
    return ""


def _closer(_finding: Finding, by: By) -> str:
    return "" if by.kind in CLOSERS else "a worker's head does that"


def _another(finding: Finding, by: By) -> str:
    """Say why somebody may not judge it: they said last that it is put right, even where it failed since; or they found it, and it does not wait to be looked at again."""
    if _is(by, finding.corrected_by, finding.corrected_account):
        return "who put it right does not close it; another person does"
    if finding.state is not State.CORRECTED and _is(by, finding.found_by, finding.found_account):
        return "who found it does not close it; another person does"
    return ""


def _is(by: By, post: str, account: str) -> bool:
    """Tell whether it is the same post or the same account."""
    return by.post == post or bool(by.account and by.account == account)


def _closes(finding: Finding, by: By) -> str:
    return _closer(finding, by) or _another(finding, by)


def _not_mine(finding: Finding, by: By) -> str:
    if _is(by, finding.found_by, finding.found_account):
        return "who found it does not withdraw it; another person does"
    return _closer(finding, by)


def _clock(_finding: Finding, by: By) -> str:
    return "" if by.kind is PostKind.DISPATCHER else "the clock does that"


RULES: Mapping[Act, Rule] = MappingProxyType(
    {
        Act.CORRECT: Rule(frozenset({State.OPEN}), State.CORRECTED, _anybody),
        Act.PASS: Rule(STANDING, State.CLOSED, _closes),
        Act.FAIL: Rule(frozenset({State.OPEN, State.CORRECTED}), State.OPEN, _anybody, ("due",)),
        Act.EXTEND: Rule(frozenset({State.OPEN}), State.OPEN, _closer, ("due", "reason")),
        Act.HAND_OVER: Rule(frozenset({State.OPEN, State.CORRECTED}), State.HANDED_OVER, _closer, ("to", "reason")),
        Act.RETURN: Rule(frozenset({State.HANDED_OVER}), State.OPEN, _closer, ("due", "reason")),
        Act.WITHDRAW: Rule(STANDING, State.WITHDRAWN, _not_mine, ("reason",)),
        Act.NOTE: Rule(frozenset(State), None, _anybody, ("text",)),
        Act.STEP: Rule(frozenset({State.OPEN}), None, _clock, ("day",)),
    }
)


def allowed(finding: Finding, by: By) -> tuple[Act, ...]:
    """Return the acts that somebody may do now, in the order of the table; what they need is not looked at."""
    return tuple(act for act in RULES if act is not Act.STEP and not why_not(finding, act, by))


def why_not(finding: Finding, act: Act, by: By) -> str:
    """Say why somebody may not do an act now; "" where they may."""
    if act not in RULES:
        return f"{act.value} cannot be done to a finding that is there already."
    if finding.state not in RULES[act].frm:
        return f"{act.value} cannot be done to a finding that is {finding.state.value}."
    reason = RULES[act].who(finding, by)
    return f"{act.value} is not for {by.post}: {reason}." if reason else ""


def apply(finding: Finding | None, done: Done) -> Finding:
    """Return the state after an act.

    Raises
    ------
    LifecycleError
        The act is not allowed now, or not to this person, or lacks what it needs; the message says which.
    """
    if finding is None:
        return _found(done)
    refusal = why_not(finding, done.act, done.by) or _lacking(finding, done)
    if refusal:
        raise LifecycleError(refusal)
    after = replace(finding, state=RULES[done.act].to or finding.state)
    item = done.data.get("item_key", "")
    return replace(_EFFECTS[done.act](after, done), items=(*finding.items, item) if item else finding.items)


def replay(entries: Iterable[Done]) -> Finding | None:
    """Return the state after a history; None after an empty one; raises LifecycleError where an entry could not have followed."""
    finding: Finding | None = None
    for entry in entries:
        finding = apply(finding, entry)
    return finding


def _found(done: Done) -> Finding:
    data = done.data
    if done.act is not Act.FIND:
        raise LifecycleError(f"{done.act.value} cannot be done to a finding that is not there yet.")
    if lacking := [name for name in ("grade", *(() if data.get("spot") else ("due",))) if not data.get(name)]:
        raise LifecycleError(f"find needs {', '.join(lacking)}.")
    made = Finding(State.OPEN, Degree(data["grade"]), done.by.post, done.by.account)
    if data.get("spot"):
        return replace(made, state=State.CLOSED, spot=True, corrected_by=made.found_by, corrected_account=made.found_account)  # fmt: skip
    return replace(made, due=date.fromisoformat(data["due"]))


def _lacking(finding: Finding, done: Done) -> str:
    lacking = [name for name in RULES[done.act].needs if not done.data.get(name)]
    if lacking:
        return f"{done.act.value} needs {', '.join(lacking)}."
    if done.act is Act.EXTEND and finding.due and date.fromisoformat(done.data["due"]) <= finding.due:
        return f"extend needs a day after {finding.due}."
    if done.act is Act.STEP and (finding.late or not finding.is_overdue(date.fromisoformat(done.data["day"]))):
        return "The day of the finding is not over yet, or that was told."
    return ""


def _due(done: Done) -> date:
    return date.fromisoformat(done.data["due"])


def _corrected(after: Finding, done: Done) -> Finding:
    return replace(after, corrected_by=done.by.post, corrected_account=done.by.account)


def _failed(after: Finding, done: Done) -> Finding:
    return replace(after, failed_rounds=after.failed_rounds + 1, due=_due(done), late=False)


def _handed(after: Finding, done: Done) -> Finding:
    linked = {name: done.data[name] for name in ("incident", "whistle") if done.data.get(name)}
    return replace(after, to=done.data["to"], **linked)


_EFFECTS: Mapping[Act, Callable[[Finding, Done], Finding]] = MappingProxyType(
    {
        Act.CORRECT: _corrected,
        Act.PASS: lambda after, _done: replace(after, due=None),
        Act.FAIL: _failed,
        Act.EXTEND: lambda after, done: replace(after, due=_due(done), extended=after.extended + 1, late=False),
        Act.HAND_OVER: _handed,
        Act.RETURN: lambda after, done: replace(after, due=_due(done), to="", late=False),
        Act.WITHDRAW: lambda after, _done: replace(after, due=None),
        Act.NOTE: lambda after, _done: after,
        Act.STEP: lambda after, _done: replace(after, late=True),
    }
)


def _said(day: date | None) -> str | None:
    return day.isoformat() if day else None
