"""Sites and a net that was redrawn: all of them are found again in one pass, what differs is listed, and nothing changes until somebody signs the list."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from desk.access.permissions import demand
from desk.room import Room
from desk.sites.register import EDIT, ruled, told, written
from geo.errors import DraftError, NoAccess
from incidents.lifecycle import By
from inspections.sites import Bound
from ledger import lease, sites
from ledger.rows import dumps
from ledger.sites import Moved
from ledger.writing import Writing

CODE = 12  # letters of what names a list


@dataclass(frozen=True)
class Difference:
    """What is otherwise for one site: codes by level and overlay, match, and post, before and after."""

    number: str
    codes: tuple[Mapping[str, str], Mapping[str, str]]
    match: tuple[str, str]
    post: tuple[str, str]

    @property
    def keys(self) -> list[str]:
        """Keys of the levels and overlays that differ."""
        before, after = self.codes
        return [key for key in dict.fromkeys((*after, *before)) if before.get(key, "") != after.get(key, "")]


@dataclass(frozen=True, eq=False)
class Rebinding:
    """What signing would change.

    Attributes
    ----------
    total
        How many sites were found again.
    moved
        All that would be written, those included of which only the metres to an edge differ.
    code
        Names this list: who signs says it, so that nobody signs another one.
    edition
        Of the net, "" where the pack names none.
    """

    total: int
    moved: Sequence[Moved]
    code: str
    edition: str

    @property
    def differing(self) -> list[Moved]:
        """The sites that would count elsewhere, or have another post."""
        return [one for one in self.moved if _seen(one.before) != _seen(one.after)]

    def differences(self, most: int | None = None) -> list[Difference]:
        """Return the list for whoever signs it, in order of the numbers."""
        return [_difference(one) for one in self.differing[:most]]

    @property
    def counts(self) -> dict[str, int]:
        """How many sites differ in a level or overlay by its key, in ``post``, and are ``outside`` of the net then."""
        found: Counter[str] = Counter()
        for one in self.differences():
            found.update(one.keys)
            found["post"] += one.post[0] != one.post[1]
            found["outside"] += one.match[1] == "outside" != one.match[0]
        return dict(found)


def plan(room: Room) -> Rebinding:
    """Find all sites again, and say what would differ; nothing is written.

    Raises
    ------
    NoAccess
        Who looks sees only a part of the area.
    """
    if room.within.narrows or (room.who and not room.who.can(EDIT)):
        raise NoAccess("All sites are bound anew by who sees all of the area. Ask the dispatcher.", EDIT)
    with room.ledger.reading() as connection:
        rows = sites.located(connection, room.id)
    edition = room.area.net.edition
    moved = _moved(room, rows)
    return Rebinding(len(rows), moved, _code(moved), edition.isoformat() if edition else "")


def sign(room: Room, planned: Rebinding, code: str, by: By, now: datetime) -> int:
    """Write what a list says in one change, and return how many sites differ then.

    Parameters
    ----------
    code
        Of the list that whoever signs looked at.

    Raises
    ------
    DraftError
        It is another list.
    Conflict
        Somebody changed a site since; nothing was written. Look at the list again.
    """
    if room.who:
        demand(room.who, EDIT)
    if code != planned.code:
        raise DraftError(f"The list is {planned.code} now, not {code}: sites or grids changed since. Look at it again.", field="site_list")  # fmt: skip

    def work(writing: Writing) -> int:
        data = {"list": planned.code, "edition": planned.edition}
        sites.move(writing, room.id, planned.moved, by=by, at=now.astimezone(UTC), data=data)
        return len(planned.differing)

    with lease.announced(room.ledger.folder, f"binding of {len(planned.moved):,} sites"):
        return written(room, by, now, work)


def _moved(room: Room, rows: Sequence[Any]) -> list[Moved]:
    if not rows:
        return []
    net, settings = room.area.net, room.rules.settings
    lon, lat = (np.fromiter((row[at] for row in rows), dtype=np.float64, count=len(rows)) for at in (5, 6))
    found = net.columns(lon, lat, nearest=settings.outside_m)
    edges = net.edge_m(lon, lat, within=settings.edge_m)
    codes, posts = _combined(room, found)
    _as_told(room, rows, codes, posts)
    after = zip(codes, found["grid_match"].tolist(), _metres(edges), posts, strict=True)
    moved = []
    for (id_, number, version, kind, state, _lon, _lat, bound, *before), (code, match, edge, post) in zip(rows, after, strict=True):  # fmt: skip
        now = (code, match, edge, before[3] if bound == Bound.HAND.value else post)
        if now != tuple(before):
            moved.append(Moved(id_, number, version, kind, state, tuple(before), now))
    return moved


def _combined(room: Room, found: Mapping[str, np.ndarray]) -> tuple[list[str], list[str]]:
    """Return codes as the ledger writes them, and the post, of each site: worked out once for each combination of grids."""
    keys = room.area.net.keys
    frame = pd.DataFrame({key: found[key] for key in keys}, dtype=object)
    which = frame.groupby(keys, sort=False).ngroup().to_numpy()
    firsts = np.unique(which, return_index=True)[1]
    kinds = [{str(key): str(code) for key, code in row.items()} for row in frame.iloc[firsts].to_dict("records")]
    post = ruled(room)
    said, answering = [dumps(codes) for codes in kinds], [post(codes) for codes in kinds]
    return [said[at] for at in which], [answering[at] for at in which]


def _as_told(room: Room, rows: Sequence[Any], codes: list[str], posts: list[str]) -> None:
    """Keep, in place, the micro-grid of a site in a tower that somebody told by unit and floor: where it is one of those that come into question."""
    leaf, post = room.area.net.leaf.key, ruled(room)
    for at in (at for at, said in enumerate(codes) if ";" in said):
        now = told(json.loads(codes[at]), json.loads(rows[at].codes), leaf)
        codes[at], posts[at] = dumps(dict(now)), post(now)


def _metres(edges: np.ndarray) -> list[float | None]:
    return [None if np.isnan(edge) else round(float(edge), 1) for edge in edges]


def _seen(side: tuple[str, str, float | None, str]) -> tuple[str, str, str]:
    codes, match, _edge, post = side
    return codes, match, post


def _difference(one: Moved) -> Difference:
    before, after = one.before, one.after
    return Difference(one.number, (json.loads(before[0]), json.loads(after[0])), (before[1], after[1]), (before[3], after[3]))  # fmt: skip


def _code(moved: Sequence[Moved]) -> str:
    digest = hashlib.sha256()
    for one in moved:
        digest.update(dumps([one.number, one.version, one.after]).encode())
    return digest.hexdigest()[:CODE]
