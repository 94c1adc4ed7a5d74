"""What did not arrive, looked after: sent again, or not sent. The system administrator's, and the command line's; the trail says which messages."""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from desk.access.three import require
from desk.access.trail import Trail
from geo.errors import ChannelError
from incidents.access import Role, Who
from ledger import outbox
from ledger.outbox import State
from ledger.store import Ledger
from ledger.writing import Writing

NAMED = 20  # messages that a line of the trail names
EVERY = 100_000


def replay(ledger: Ledger, ids: Collection[int] | None, *, by: Who | None, now: datetime) -> int:
    """Let messages that were given up, or cancelled, be tried again, and return how many those were.

    Parameters
    ----------
    ids
        Which; None: all that were given up.
    by
        None for the command line.

    Raises
    ------
    NoAccess
        Somebody else than a system administrator asks.
    ChannelError
        ``gone``: none of them waits for that.
    """
    return _done(ledger, ids, partial(outbox.replay, now=now), "messages_replayed", by, now)


def cancel(ledger: Ledger, ids: Collection[int], *, by: Who | None, now: datetime) -> int:
    """Let messages not be sent, and return how many those were. Raises as `replay`."""
    return _done(ledger, ids, outbox.cancel, "messages_cancelled", by, now)


def _done(  # noqa: PLR0917  who does what, and how it is written down
    ledger: Ledger,
    ids: Collection[int] | None,
    work: Callable[[Writing, Collection[int]], int],
    act: str,
    by: Who | None,
    now: datetime,
) -> int:
    require(by, Role.SYSTEM)

    def written(writing: Writing) -> int:
        chosen = sorted(_given_up(writing) if ids is None else set(ids))
        count = work(writing, chosen)
        if not count:
            raise ChannelError("No such message waits for that. `battlemap outbox list` shows them.", "gone")
        named = " ".join(map(str, chosen[:NAMED])) + (" …" if len(chosen) > NAMED else "")
        Trail(ledger).note(writing, act, by, now, what=named, data={"messages": count})
        return count

    count = ledger.change(written)
    ledger.moved.set()
    return count


def _given_up(writing: Writing) -> list[int]:
    return [one.id for one in outbox.listed(writing.connection, states=(State.DEAD,), most=EVERY)]
