"""What of an area somebody sees (可见范围), as a condition on cases: a grid and all below it, what a department works on, or everything."""

from dataclasses import dataclass, field

from incidents.case import Incident


@dataclass(frozen=True)
class Within:
    """How far somebody sees; ``Within()`` sees everything. `ledger.find` asks the ledger for the same.

    Attributes
    ----------
    grid, codes
        Key of a level or overlay, and the codes of it in one of which a case must count.
    post
        Key of a post that must have something to do with a case, or must have had: `works_on`.
    words
        Whether they read what people wrote; False for who sees figures and marks alone.
    """

    grid: str = ""
    codes: frozenset[str] = field(default_factory=frozenset)
    post: str = ""
    words: bool = True

    @property
    def narrows(self) -> bool:
        """Whether there are cases that they do not see."""
        return bool(self.grid or self.post)

    def holds(self, case: Incident) -> bool:
        """Tell whether they see a case."""
        there = set(case.codes.get(self.grid, "").split(";"))
        return (not self.grid or bool(self.codes & there)) and (not self.post or works_on(self.post, case))


def works_on(post: str, case: Incident) -> bool:
    """Tell whether a post handles a case or ever did, reported it, or is named in it: as the one that answers, is informed, or answers for what is overdue."""
    state = case.state
    named = {case.post, case.informed, case.overdue_post, state.handler, state.reporter, *state.handlers}
    return post in named
