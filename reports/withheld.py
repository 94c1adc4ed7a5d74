"""What an answer leaves out, and why, in words: so that whoever counts rows, marks and figures arrives at one sum. docs/decisions/restricted.md."""

from dataclasses import dataclass, replace
from datetime import datetime

from desk.room import Room
from incidents.model import MARK
from incidents.posts import Post
from ledger import find
from ledger.find import Wanted
from locales import N_, Translator
from reports.figures import FEWEST, Filter, asked, says_where

UNMARKED = frozenset(status.value for status, mark in MARK.items() if mark is None)
FEW = N_("Restricted classes: fewer than {few} or none, neither counted nor listed.")
COUNTED = N_("{n} more of restricted classes are counted and not listed: a row would say where they are.")
SHOWN_FEW = N_("{n} of these are of restricted classes: fewer than {few} here, so that map and files leave them out.")
SHOWN = N_("{n} of these are of restricted classes: the map counts them without a place, files leave them out.")
NO_MARK = N_("{n} were refused, linked or cancelled: without a mark, and not on the map.")


@dataclass(frozen=True)
class Withheld:
    """How rows and figures of one filter differ.

    The map's figures are the rows, and ``counted``, without ``unmarked``, and where they are few without ``shown``.

    Attributes
    ----------
    few
        Cases of restricted classes are left out everywhere, for they are fewer than `FEWEST` in this part, or there are none.
    counted
        Cases of restricted classes that are in the figures and not among the rows.
    shown
        Cases of restricted classes that are among the rows, for this reader, and in no file.
    unmarked
        Cases without a mark, which are in no figure of the map.
    """

    few: bool = False
    counted: int = 0
    shown: int = 0
    unmarked: int = 0

    def said(self, _: Translator) -> tuple[str, ...]:
        """Say it in sentences."""
        shown = SHOWN_FEW if self.few else SHOWN
        parts = (
            (COUNTED, self.counted),
            (shown, self.shown),
            (FEW, self.few and not self.shown),
            (NO_MARK, self.unmarked),
        )
        return tuple(_(text).format(n=f"{n:,}", few=FEWEST) for text, n in parts if n)


def withheld(room: Room, wanted: Filter, now: datetime, reader: Post | None = None) -> Withheld:
    """Return how the rows that a post is shown differ from the figures of the map; without a post, those of a file.

    Raises
    ------
    FilterError
        As `reports.figures.asked`.
    """
    figures = asked(room, wanted, now)
    rows = asked(room, wanted, now, reader=reader, rows=True)
    hidden, few = rows.restricted is False, figures.restricted is False
    restricted = replace(rows, restricted=True)
    statuses = UNMARKED & (wanted.statuses or UNMARKED)
    unmarked = replace(rows, restricted=figures.restricted, statuses=frozenset(statuses))
    is_apart = few or (says_where(room, wanted) and not hidden)
    with room.ledger.reading() as connection:
        return Withheld(
            few=leaves_out_few(room, figures),
            counted=find.count(connection, restricted) if hidden and not few else 0,
            shown=find.count(connection, restricted) if is_apart and not hidden else 0,
            unmarked=find.count(connection, unmarked) if statuses and not wanted.marks and not wanted.late else 0,
        )


def few_left_out(room: Room, question: Wanted, _: Translator) -> str:
    """Say that figures leave out the cases of restricted classes for being few; "" where they do not."""
    return _(FEW).format(few=FEWEST) if leaves_out_few(room, question) else ""


def leaves_out_few(room: Room, question: Wanted) -> bool:
    """Tell whether the question of some figures leaves out cases of restricted classes; one about other classes has none to leave out."""
    directory = room.rules.directory
    named = [directory.classes.get(key) for key in question.classes]
    named += [found for key in question.majors for found in directory.of_major(key)]
    return question.restricted is False and (not named or any(found is None or found.restricted for found in named))
