"""How a bridge stands: what went out and came in last, what waits, what was refused, and whether the clocks agree."""

from dataclasses import dataclass
from datetime import datetime

from desk.bridge import crossing, keys
from desk.bridge.batch import SUFFIX
from desk.bridge.keys import Public
from desk.bridge.schedule import Plan, plan_of
from desk.room import Room
from ledger import audit, bridge
from ledger.tables import instant


@dataclass(frozen=True)
class Standing:
    """How a bridge stands.

    Attributes
    ----------
    own, peer
        Fingerprints of both consoles.
    sent, sent_at, came, came_at
        Number and time of the last batch out and in; 0 and None before the first.
    told
        What the other side has not said it has, by kind.
    files
        How many files wait to be taken in.
    refused, refused_at, refused_why
        Name of the last file that could not be taken, when, and the kind of fault.
    not_done
        What people did outside and could not be done inside, of the last week.
    skew
        Seconds by which the other side's clock was ahead when its last batch came; 0 where that is as it may be.
    """

    area: str
    side: str
    own: str
    peer: str
    plan: Plan
    sent: int
    sent_at: datetime | None
    came: int
    came_at: datetime | None
    told: dict[str, int]
    files: int
    refused: str
    refused_at: datetime | None
    refused_why: str
    not_done: int
    skew: int


def standing(room: Room, now: datetime) -> Standing:
    """Return how the bridge of a room stands.

    Raises
    ------
    BridgeError
        It has none.
    """
    line, own = crossing.line_of(room), keys.own(room.ledger.folder).public
    plan = plan_of(room.ledger.folder, room.id)
    with room.ledger.reading() as connection:
        refused = audit.read(connection, act=crossing.REFUSE, area=room.id, limit=1)
        undone = bridge.refusals(connection, room.id, since=now - crossing.WEEK)
    ahead = (line.made - line.imported_at) // 1000 if line.made and line.imported_at else 0
    last = refused[0] if refused else None
    return Standing(
        area=room.id,
        side=line.side,
        own=own.fingerprint,
        peer=Public.read(line.peer).fingerprint,
        plan=plan,
        sent=line.sequence,
        sent_at=instant(line.exported_at) if line.exported_at else None,
        came=line.seen,
        came_at=instant(line.imported_at) if line.imported_at else None,
        told=crossing.untold(room, now),
        files=sum(1 for _ in plan.into.glob(f"*{SUFFIX}")) if plan.into.is_dir() else 0,
        refused=last.what if last else "",
        refused_at=last.at if last else None,
        refused_why=str(last.data.get("kind", "")) if last else "",
        not_done=len(undone),
        skew=ahead if ahead > room.rules.bridge.clock_minutes * 60 else 0,
    )
