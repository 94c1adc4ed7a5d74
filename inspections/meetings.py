"""What a campaign (专项行动) holds beside its targets: meetings (日例会) and the tasks that they give, theme days (主题网格日), letters of responsibility (责任书). Each stands in one state, and one table says which acts lead where.

Source: domain.md 3.5, 6 (日例会纪要), 8.5 K2 to K4.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from geo.errors import LifecycleError


class Subject(StrEnum):
    """What it is, as the history calls it."""

    MEETING = "meeting"
    TASK = "meeting_task"
    THEME = "theme_day"
    LETTER = "letter"


class Act(StrEnum):
    """What is done to one of them."""

    MAKE = "make"
    CHANGE = "change"
    STRIKE = "strike"
    DONE = "done"
    REOPEN = "reopen"
    MOVE = "move"
    CANCEL = "cancel"
    HOLD = "hold"
    SIGN = "sign"
    REFUSE = "refuse"
    VOID = "void"


class State(StrEnum):
    """How one of them stands."""

    HELD = "held"
    STRUCK = "struck"
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    PLANNED = "planned"
    ISSUED = "issued"
    SIGNED = "signed"
    REFUSED = "refused"
    VOID = "void"


# From which state (None: it is not there yet) an act leads to which.
LEADS: Mapping[Subject, Mapping[tuple[State | None, Act], State]] = MappingProxyType(
    {
        Subject.MEETING: {
            (None, Act.MAKE): State.HELD,
            (State.HELD, Act.CHANGE): State.HELD,
            (State.HELD, Act.STRIKE): State.STRUCK,
        },
        Subject.TASK: {
            (None, Act.MAKE): State.OPEN,
            (State.OPEN, Act.DONE): State.DONE,
            (State.OPEN, Act.MOVE): State.OPEN,
            (State.OPEN, Act.CANCEL): State.CANCELLED,
            (State.DONE, Act.REOPEN): State.OPEN,
            (State.CANCELLED, Act.REOPEN): State.OPEN,
        },
        Subject.THEME: {
            (None, Act.MAKE): State.PLANNED,
            (State.PLANNED, Act.CHANGE): State.PLANNED,
            (State.PLANNED, Act.HOLD): State.HELD,
            (State.PLANNED, Act.CANCEL): State.CANCELLED,
            (State.HELD, Act.REOPEN): State.PLANNED,
            (State.CANCELLED, Act.REOPEN): State.PLANNED,
        },
        Subject.LETTER: {
            (None, Act.MAKE): State.ISSUED,
            (State.ISSUED, Act.SIGN): State.SIGNED,
            (State.ISSUED, Act.REFUSE): State.REFUSED,
            (State.REFUSED, Act.SIGN): State.SIGNED,
            (State.ISSUED, Act.VOID): State.VOID,
            (State.REFUSED, Act.VOID): State.VOID,
            (State.SIGNED, Act.VOID): State.VOID,
        },
    }
)


def after(subject: Subject, state: State | None, act: Act) -> State:
    """Return the state to which an act leads.

    Raises
    ------
    LifecycleError
        The table does not allow it.
    """
    found = LEADS[subject].get((state, act))
    if found is None:
        raise LifecycleError(f"{act.value} is not for a {subject.value} that is {state.value if state else 'not there'}. Load it again.")  # fmt: skip
    return found


def acts(subject: Subject, state: State) -> tuple[Act, ...]:
    """Return what may be done to one that stands so."""
    return tuple(act for known, act in LEADS[subject] if known is state)


@dataclass(frozen=True)
class Tally:
    """Tasks, each in one of the counts but for ``late``, which is a part of ``open``: those whose day is over."""

    open: int = 0
    late: int = 0
    done: int = 0
    cancelled: int = 0

    @property
    def given(self) -> int:
        """How many tasks there are, those that were cancelled left out."""
        return self.open + self.done


def tally(tasks: Iterable[tuple[State, date]], today: date) -> Tally:
    """Count tasks by state and the last day on which they are to be done."""
    listed = list(tasks)
    counts = {one: sum(state is one for state, _due in listed) for one in (State.OPEN, State.DONE, State.CANCELLED)}
    late = sum(state is State.OPEN and due < today for state, due in listed)
    return Tally(counts[State.OPEN], late, counts[State.DONE], counts[State.CANCELLED])
