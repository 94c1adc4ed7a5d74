"""Fewer rounds by approval (放宽频次): asked for by one person, approved or refused by another who heads or keeps the desk, ended by hand, by its last day, or by a finding.

Source: domain.md 8.3 F12 asks for more rounds where problems repeat; that fewer need approval is ours [own].
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from geo.errors import DraftError
from incidents.lifecycle import By, PostKind

APPROVERS = frozenset({PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.OFFICE, PostKind.DISPATCHER})
DAYS = ("asked", "decided", "until")


class Act(StrEnum):
    """What is done to an approval."""

    ASK = "ask"
    APPROVE = "approve"
    REFUSE = "refuse"
    END = "end"


class State(StrEnum):
    """How an approval stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


LEADS = {Act.APPROVE: State.APPROVED, Act.REFUSE: State.REFUSED, Act.END: State.ENDED}
FROM = {Act.APPROVE: State.ASKED, Act.REFUSE: State.ASKED, Act.END: State.APPROVED}


@dataclass(frozen=True)
class Lowering:
    """The last request for fewer rounds of a site.

    Attributes
    ----------
    asked_by, asked_account, decided_by, decided_account
        Post and account; "" for nobody.
    until
        The last day on which it holds; None before it is approved.
    """

    site: str
    state: State
    asked_by: str
    asked_account: str
    reason: str
    asked: date
    decided_by: str = ""
    decided_account: str = ""
    decided_reason: str = ""
    decided: date | None = None
    until: date | None = None
    version: int = 0

    def holds(self, today: date) -> bool:
        """Tell whether it holds on a day; a finding ends it, which is not looked at here."""
        return self.state is State.APPROVED and self.until is not None and today <= self.until

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, without its version."""
        said = asdict(self)
        del said["version"]
        return {**said, "state": self.state.value, **{name: said[name].isoformat() if said[name] else None for name in DAYS}}  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any], version: int) -> "Lowering":
        """Read what `to_json` wrote."""
        days = {name: date.fromisoformat(said[name]) if said[name] else None for name in DAYS}
        return cls(**{**said, **days, "state": State(said["state"])}, version=version)


def ask(site: str, reason: str, by: By, today: date, before: Lowering | None) -> Lowering:
    """Return a new request.

    Raises
    ------
    DraftError
        One waits, or holds already.
    """
    if before and (before.state is State.ASKED or before.holds(today)):
        raise DraftError(f"Fewer rounds of {site} were asked for or approved already. Look at that first.", field="round_asked")  # fmt: skip
    return Lowering(site, State.ASKED, by.post, by.account, reason, today, version=before.version if before else 0)


def why_not(asked: Lowering, act: Act, by: By) -> str:
    """Say why somebody may not decide it, as the name of a text; "" where they may."""
    if asked.state is not FROM[act]:
        return "round_state"
    if by.kind not in APPROVERS:
        return "round_approver"
    if act is not Act.END and (by.post == asked.asked_by or (by.account and by.account == asked.asked_account)):
        return "round_same"
    return ""


def decide(asked: Lowering, act: Act, by: By, today: date, *, reason: str = "", until: date | None = None) -> Lowering:
    """Return a request as somebody decided it.

    Raises
    ------
    DraftError
        It does not wait for that, who decides is who asked, or may not.
    """
    if name := why_not(asked, act, by):
        raise DraftError(f"{act.value} of fewer rounds of {asked.site} is not for {by.post}: {name}.", field=name)
    return replace(asked, state=LEADS[act], decided_by=by.post, decided_account=by.account, decided_reason=reason, decided=today, until=until if act is Act.APPROVE else asked.until)  # fmt: skip
