"""A plan before it is kept: worked out, changed by hand, and each change taken back."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from desk.planning.day import Asking, Planned, Ready, finished
from desk.planning.runs import Run, Stage
from inspections.planning import Why, left_out
from inspections.plans import Unfit, moved

MOST = 100  # drafts that are held


@dataclass(eq=False)
class Draft:
    """A plan that somebody works at.

    Attributes
    ----------
    found
        How it stands; None while it is worked out.
    before
        How it stood before each change, the latest last.
    taken
        Visits that a person took out of all walks.
    last
        The visit that was moved last; None while none was.
    seen
        Number -> version of the plans that it would replace, as its page showed them.
    """

    asking: Asking
    ready: Ready = field(repr=False)
    run: Run = field(repr=False)
    found: Planned | None = field(default=None, repr=False)
    before: list[tuple[Planned, frozenset[int], int | None]] = field(default_factory=list, repr=False)
    taken: frozenset[int] = frozenset()
    last: int | None = None
    seen: Mapping[str, int] = field(default_factory=dict)

    def look(self) -> Planned | None:
        """Return how it stands; None while it is worked out, or where that was taken back or failed."""
        if self.found is None and self.run.stage is Stage.DONE and self.run.found:
            self.found = finished(self.ready, self.run.found)
        return self.found

    def move(self, one: int, span: int | None, place: int | None = None) -> Unfit | None:
        """Move a visit into a walk, or out of all, and time the walks anew; return why it cannot be.

        Parameters
        ----------
        place
            In that walk without it; None for the one with which the way is shortest.
        """
        there = self.look()
        if there is None or not (0 <= one < len(there.sites) and (span is None or 0 <= span < len(there.orders))):
            return None
        made = moved(there.problem, there.orders, one, span, place)
        if isinstance(made, Unfit):
            return made
        if made.orders == there.orders:
            return None
        self.before.append((there, self.taken, self.last))
        self.taken = self.taken | {one} if span is None else self.taken - {one}
        out = {at: Why.TAKEN if at in self.taken else why for at, why in left_out(made.problem, made.orders).items()}
        self.found = replace(there, problem=made.problem, orders=made.orders, out=out)
        self.last = one
        return None

    def undo(self) -> None:
        """Take the latest change back; nothing where there is none."""
        if self.before:
            self.found, self.taken, self.last = self.before.pop()


class Drafts:
    """The drafts at which people work, by login and area, so that one outlives a page that is loaded again: the newest `MOST`, in memory alone."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str], Draft] = OrderedDict()
        self._lock = Lock()

    def hold(self, login: str, area: str, draft: Draft) -> None:
        """Hold a draft in place of the last one; nothing for who has no login."""
        if login:
            with self._lock:
                self._held.pop((login, area), None)
                self._held[login, area] = draft
                while len(self._held) > MOST:
                    self._held.popitem(last=False)

    def of(self, login: str, area: str) -> Draft | None:
        """Return the draft of a login; None for none."""
        with self._lock:
            return self._held.get((login, area))

    def drop(self, login: str, area: str) -> None:
        """Hold it no longer."""
        with self._lock:
            self._held.pop((login, area), None)


DRAFTS = Drafts()
