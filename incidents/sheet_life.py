"""The life of a daily sheet (日通报): drawn up, checked (核稿) and signed (签发) by three persons, sent, or withdrawn with a reason. What was signed never changes.

Source: domain.md 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import LifecycleError
from incidents.lifecycle import By
from incidents.moments import to_text, to_time


class State(StrEnum):
    """How a sheet stands: 拟稿, 已核稿, 已签发, 已报送, 已撤回."""

    DRAFT = "draft"
    CHECKED = "checked"
    SIGNED = "signed"
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What is done to a sheet, as the history calls it."""

    DRAFT = "draft"  # drawn up, or anew with the figures of that moment
    CHECK = "check"
    RETURN = "return"  # to who drew it up, with a reason
    SIGN = "sign"
    SEND = "send"
    WITHDRAW = "withdraw"


FROM = MappingProxyType(
    {
        Act.DRAFT: frozenset({None, State.DRAFT}),
        Act.CHECK: frozenset({State.DRAFT}),
        Act.RETURN: frozenset({State.CHECKED}),
        Act.SIGN: frozenset({State.CHECKED}),
        Act.SEND: frozenset({State.SIGNED}),
        Act.WITHDRAW: frozenset({State.SIGNED, State.SENT}),
    }
)
TO = MappingProxyType(
    {
        Act.DRAFT: State.DRAFT,
        Act.CHECK: State.CHECKED,
        Act.RETURN: State.DRAFT,
        Act.SIGN: State.SIGNED,
        Act.SEND: State.SENT,
        Act.WITHDRAW: State.WITHDRAWN,
    }
)
HANDS = (Act.DRAFT, Act.CHECK, Act.SIGN)  # three acts of three persons
KEPT = frozenset({State.SIGNED, State.SENT, State.WITHDRAWN})
"""States in which a sheet is frozen for good."""


@dataclass(frozen=True)
class Hand:
    """Who did an act, and when."""

    post: str
    account: str
    at: datetime

    def to_json(self) -> list[Any]:
        """Return it as plain values."""
        return [self.post, self.account, to_text(self.at)]

    @classmethod
    def from_json(cls, said: list[Any]) -> Self:
        """Read what `to_json` wrote."""
        at = to_time(said[2])
        if at is None:
            raise ValueError("an act has a time")
        return cls(said[0], said[1], at)


@dataclass(frozen=True)
class Sheet:
    """A daily sheet as it stands.

    Attributes
    ----------
    day, campaign
        What it is about: a day of the sheet, and the number of a campaign or "" for the cases of the day.
    digest
        SHA-256 of its frozen figures.
    seen
        Version of the ledger whose figures it has: what was written later came late (补报).
    hands
        Who drew it up, checked and signed it last, by act.
    issue
        Which of its year it is (第N期), from its signature on; 0 before.
    reason
        Why it was returned or withdrawn.
    """

    day: date
    campaign: str
    digest: str
    seen: int
    state: State
    hands: tuple[tuple[Act, Hand], ...] = ()
    issue: int = 0
    reason: str = ""
    number: str = ""
    version: int = 0

    def hand(self, act: Act) -> Hand | None:
        """Return who did an act last; None for nobody."""
        return dict(self.hands).get(act)

    def to_json(self) -> dict[str, Any]:
        """Return all of it but number and version, as plain values."""
        return {
            "day": self.day.isoformat(),
            "campaign": self.campaign,
            "digest": self.digest,
            "seen": self.seen,
            "state": self.state.value,
            "hands": [[act.value, hand.to_json()] for act, hand in self.hands],
            "issue": self.issue,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any], *, number: str = "", version: int = 0) -> Self:
        """Read what `to_json` wrote."""
        hands = tuple((Act(act), Hand.from_json(hand)) for act, hand in said["hands"])
        return cls(date.fromisoformat(said["day"]), said["campaign"], said["digest"], said["seen"], State(said["state"]), hands, said["issue"], said["reason"], number, version)  # fmt: skip


def apply(sheet: Sheet | None, act: Act, by: By, at: datetime, *, made: Sheet | None = None, issue: int = 0, reason: str = "") -> Sheet:  # fmt: skip
    """Return a sheet after an act.

    Parameters
    ----------
    made
        What is drawn up (`Act.DRAFT`): day, campaign, digest and version of the ledger.
    issue
        Which of its year it becomes (`Act.SIGN`).

    Raises
    ------
    LifecycleError
        It does not stand so, or the same person did another of the three acts: who draws a sheet up does not check or sign it, and who checks it does not sign it.
    """
    state = sheet.state if sheet else None
    if state not in FROM[act] or (sheet is None and made is None):
        raise LifecycleError(f"{act.value} is not for a daily sheet that is {state.value if state else 'not there'}. Load it again.")  # fmt: skip
    if sheet and had_a_hand(sheet, act, by):
        raise LifecycleError("Who drew a daily sheet up does not check or sign it, and who checked it does not sign it: another person does.")  # fmt: skip
    hands = dict(sheet.hands) if sheet else {}
    if act is Act.DRAFT:
        hands = {}
    if act is Act.RETURN:
        hands.pop(Act.CHECK, None)
    if act is not Act.RETURN:
        hands[act] = Hand(by.post, by.account, at)
    base = made if made and act is Act.DRAFT else sheet
    if base is None:
        raise LifecycleError("A daily sheet begins with its draft.")
    same = {"number": sheet.number, "version": sheet.version} if sheet else {}
    return replace(base, state=TO[act], hands=tuple(hands.items()), issue=issue or base.issue, reason=reason if act in {Act.RETURN, Act.WITHDRAW} else "", **same)  # type: ignore[arg-type]  # fmt: skip


def had_a_hand(sheet: Sheet, act: Act, by: By) -> bool:
    """Tell whether somebody did an earlier one of the three acts, so that another person does this one."""
    earlier = HANDS[: HANDS.index(act)] if act in {Act.CHECK, Act.SIGN} else ()
    return any(is_same(hand, by) for one in earlier if (hand := sheet.hand(one)))


def is_same(hand: Hand, by: By) -> bool:
    """Tell whether an act was done by the same person: by account where both have one, else by post."""
    return hand.account == by.account if hand.account and by.account else hand.post == by.post
