"""What an incident (事件) is: its states, the mark that each shows (三色标记), channels, urgencies.

Mark is a pure function of the state, one table: what anybody sent in has none until a person has looked at it (来件待核实); red = reported up and transferred (上报流转), and also anything reported and not yet sorted; yellow = cleared on the
spot (随手清), until it was checked or the shift ended; green = done (处置完毕). A suspended one (挂账) stays red with a badge. Refused, cancelled and linked ones have
no mark. Source: design, "Marks, states and colours"; the three colours after the Zhengzhou battle map [domain.md 2.4].
"""

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """State of an incident."""

    UNCHECKED = "unchecked"  # anybody sent it in, and nobody has looked at it yet
    REPORTED = "reported"
    FILED = "filed"
    REFUSED = "refused"
    DISPATCHED = "dispatched"
    IN_HAND = "in_hand"
    NOTICED = "noticed"
    FEEDBACK = "feedback"
    RETURNED = "returned"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    EVALUATED = "evaluated"
    SELF_CLEARED = "self_cleared"
    SELF_VERIFIED = "self_verified"
    CANCELLED = "cancelled"
    LINKED = "linked"


class Mark(StrEnum):
    """The three colours, most urgent first."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


class Channel(StrEnum):
    """How an incident came to us (来源)."""

    PATROL = "patrol"
    RESIDENT = "resident"
    HOTLINE = "hotline"
    CHAT = "chat"
    DEPARTMENT = "department"
    SENSOR = "sensor"
    IMPORT = "import"
    BOARD = "board"  # the page of a notice board: anybody


class Urgency(StrEnum):
    """How urgent an incident is (紧急程度)."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


MARK = MappingProxyType(
    {
        Status.UNCHECKED: None,
        Status.REPORTED: Mark.RED,
        Status.FILED: Mark.RED,
        Status.DISPATCHED: Mark.RED,
        Status.IN_HAND: Mark.RED,
        Status.NOTICED: Mark.RED,
        Status.FEEDBACK: Mark.RED,
        Status.RETURNED: Mark.RED,
        Status.SUSPENDED: Mark.RED,
        Status.SELF_CLEARED: Mark.YELLOW,
        Status.SELF_VERIFIED: Mark.GREEN,
        Status.CLOSED: Mark.GREEN,
        Status.EVALUATED: Mark.GREEN,
        Status.REFUSED: None,
        Status.CANCELLED: None,
        Status.LINKED: None,
    }
)
CHECKED = frozenset(Status) - {Status.UNCHECKED}  # what counts
OPEN = frozenset(status for status, mark in MARK.items() if mark is Mark.RED)


def mark_of(status: Status, *, shift_over: bool = False) -> Mark | None:
    """Return the mark of an incident in that state, or None.

    Parameters
    ----------
    shift_over
        Whether the shift in which it was cleared on the spot has ended: it is green then, though it may still be sampled.
    """
    mark = MARK[status]
    return Mark.GREEN if shift_over and mark is Mark.YELLOW else mark


def state_of_grid(marks: Iterable[str]) -> str:
    """Return the state of a micro-grid from the marks in it: red before yellow before green, "" (neutral) when there is none."""
    present = set(marks)
    return next((mark.value for mark in Mark if mark.value in present), "")
