"""Patrol lists of sources upwind (溯源巡查单): the ranked proposals of a station's hour, each a line for the post that answers for the source, and what was found there.

A line is answered once, and the answer may be taken back by the post that gave it. A confirmed cause is what somebody saw, and no proof of what the station measured. Source: domain.md 4.5.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from geo.errors import DraftError, LifecycleError
from inspections.upwind import Proposal, Wind


class Act(StrEnum):
    """What is done to a list and its lines, as the history calls it."""

    MAKE = "make"
    ANSWER = "answer"
    UNDO = "undo"


class Found(StrEnum):
    """What somebody found at a source."""

    CONFIRMED = "confirmed"  # a cause, whose kind is said
    NOTHING = "nothing"
    UNREACHED = "unreached"  # nobody got there, or in


@dataclass(frozen=True)
class Line:
    """A source of a list.

    Attributes
    ----------
    number
        Its place in the list, from 1.
    site, kind
        Number and kind of the source when the list was made.
    post
        That answered for it then; "" for none.
    metres, bearing, off
        From the station: how far, in which direction, and how far that is off the wind, degrees; ``off`` None without a direction.
    ring, core, likely, findings
        As of a `Proposal`.
    found
        None while it is open.
    cause
        Kind of the cause, a key of ``air.toml``; "" unless one was confirmed.
    by, at
        The post that answered, and when; "" and None while it is open.
    """

    number: int
    site: str
    kind: str
    post: str
    metres: int
    bearing: int
    off: int | None
    ring: int
    core: bool
    likely: bool
    findings: int
    found: Found | None = None
    cause: str = ""
    note: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Walk:
    """A list: of which station and hour, by which wind, and who made it.

    Attributes
    ----------
    left_out
        How many more sources were proposed than a list holds.
    number, version
        "" and 0 before it is written.
    """

    station: str
    name: str
    hour: datetime
    wind: Wind | None
    post: str
    made: datetime
    left_out: int = 0
    number: str = ""
    version: int = 0


@dataclass(frozen=True)
class Tally:
    """How many lines were handed out, and what became of them."""

    confirmed: int = 0
    nothing: int = 0
    unreached: int = 0
    open: int = 0

    @property
    def handed(self) -> int:
        """How many there are."""
        return self.confirmed + self.nothing + self.unreached + self.open

    @property
    def share(self) -> float | None:
        """How many of those that somebody looked at were confirmed, 0 to 1; None where nobody looked."""
        looked = self.confirmed + self.nothing
        return self.confirmed / looked if looked else None

    def more(self, found: Found | None, many: int = 1) -> "Tally":
        """Return it with some more lines."""
        name = found.value if found else "open"
        return replace(self, **{name: getattr(self, name) + many})


def lined(number: int, one: Proposal, post: str) -> Line:
    """Return a proposal as a line."""
    off = None if one.off_deg is None else round(one.off_deg)
    return Line(number, one.source.number, one.source.kind, post, round(one.metres), round(one.bearing_deg), off, one.ring, one.core, one.likely, one.source.findings)  # fmt: skip


def answered(line: Line, found: Found, cause: str, note: str, by: str, at: datetime, causes: Collection[str]) -> Line:  # noqa: PLR0917
    """Return a line with its answer.

    Raises
    ------
    LifecycleError
        It was answered before.
    DraftError
        A cause was confirmed and its kind is not said, or none was and one is.
    """
    if line.found:
        raise LifecycleError("The line was answered already. Its post may take the answer back first.")
    if found is Found.CONFIRMED and cause not in causes:
        raise DraftError(f"Say which kind of cause it is, among {', '.join(causes)}.", field="upwind_cause")
    return replace(line, found=found, cause=cause if found is Found.CONFIRMED else "", note=note, by=by, at=at)


def reopened(line: Line, by: str) -> Line:
    """Return a line as it was before its answer.

    Raises
    ------
    LifecycleError
        It is open.
    DraftError
        Another post answered.
    """
    if line.found is None:
        raise LifecycleError("The line is open: there is no answer to take back.")
    if line.by != by:
        raise DraftError("Only the post that answered takes its answer back.", field="upwind_undo")
    return replace(line, found=None, cause="", note="", by="", at=None)


def tally(lines: Iterable[Line]) -> Tally:
    """Count lines by what became of them."""
    count = Tally()
    for one in lines:
        count = count.more(one.found)
    return count
