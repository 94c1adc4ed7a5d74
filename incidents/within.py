"""What of an area somebody sees (可见范围), as a condition on cases: what lies in a grid, what their posts have to work on, or everything."""

from dataclasses import dataclass, field

from incidents.case import Incident


@dataclass(frozen=True)
class Within:
    """How far somebody sees: what counts in a grid, and what one of their posts has something to do with; ``Within()`` sees everything. `ledger.find` asks the ledger for the same.

    Attributes
    ----------
    grid, codes
        Key of a level or overlay, and the codes of it that are theirs.
    posts
        Keys of their own posts: what one of them `works_on` they see wherever it lies.
    words
        Whether they read what people wrote; False for who sees figures and marks alone.
    """

    grid: str = ""
    codes: frozenset[str] = field(default_factory=frozenset)
    posts: frozenset[str] = field(default_factory=frozenset)
    words: bool = True

    @property
    def narrows(self) -> bool:
        """Whether there are cases that they do not see."""
        return bool(self.grid or self.posts)

    def holds(self, case: Incident) -> bool:
        """Tell whether they see a case."""
        there = case.codes.get(self.grid, "").split(";")
        return not self.narrows or not self.codes.isdisjoint(there) or not self.posts.isdisjoint(workers(case))


def works_on(post: str, case: Incident) -> bool:
    """Tell whether a post handles a case or ever did, reported it, or is named in it: as the one that answers, is informed, or answers for what is overdue."""
    return post in workers(case)


def workers(case: Incident) -> frozenset[str]:
    """Return every post of which `works_on` is true."""
    state = case.state
    named = {case.post, case.informed, case.overdue_post, state.handler, state.reporter, *state.handlers}
    return frozenset(named - {""})
