"""What runs out at sites: their papers, and things with a date as the last inspection read them (hose, alarm, extinguisher, cylinder). It is a task before it does, and the post of the site is told once."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from desk.inspections.reading import today as day_of
from desk.room import DISPATCHER, Room
from geo.errors import AnswersError
from incidents.lifecycle import By, PostKind
from inspections.answers import Mark, evaluate, read
from inspections.checklists import Kind
from inspections.sites import Site, State
from ledger import rounds as rows
from ledger import sites
from ledger.sites import Asked
from ledger.store import Ledger
from ledger.writing import Writing

MOST = 200  # sites in one change, so that nobody waits long for the ledger
PAPER, ITEM = "paper", "item"
CENTRE = By(DISPATCHER, PostKind.DISPATCHER)


@dataclass(frozen=True)
class Expiring:
    """A paper or a thing that runs out, or did: ``paper:hose`` or ``item:gas_shop:G16``, and its last day."""

    key: str
    last: date


_LOOKED: WeakKeyDictionary[Ledger, dict[str, date]] = WeakKeyDictionary()
_LOCK = Lock()


def thing_name(room: Room, key: str, language: str) -> str:
    """Return what a paper or a thing is called; one that the rules do not have any more goes by its key."""
    what, _, rest = key.partition(":")
    if what == PAPER:
        return room.rules.sites.document(rest).name.in_(language)
    checklist, _, item = rest.partition(":")
    found = next((one for (name, _version), one in reversed([*room.rules.checklists.found.items()]) if name == checklist and item in one.items), None)  # fmt: skip
    return found.items[item].text.in_(language) if found else item


def of_sites(room: Room, connection: Any, some: Collection[Site], today: date) -> dict[str, tuple[Expiring, ...]]:
    """Return what runs out at some sites within the days of ``findings.toml``, or did: number -> what, the first day first."""
    until = today + timedelta(days=room.rules.findings.expiring_days)
    found = {one.number: _papers(one, until) for one in some}
    for number, things in _items(room, connection, list(found), until).items():
        found[number] += things
    return {number: tuple(sorted(things, key=lambda one: (one.last, one.key))) for number, things in found.items() if things}  # fmt: skip


def take(room: Room, now: datetime) -> int:
    """Tell the posts of sites what runs out there, each thing once, and return of how many sites that was; looked at once a day. An archive tells nothing."""
    today = day_of(room, now)
    if room.area.pack.archive or _LOOKED.get(room.ledger, {}).get(room.id) == today:
        return 0
    total = 0
    while taken := _some(room, now, today):
        total += taken
    with _LOCK:
        _LOOKED.setdefault(room.ledger, {})[room.id] = today
    return total


def _some(room: Room, now: datetime, today: date) -> int:
    with room.ledger.reading() as connection:
        waiting = _waiting(room, connection, today)
    if not waiting:
        return 0

    def work(writing: Writing) -> int:
        found = _waiting(room, writing.connection, today)
        there = sites.named(writing.connection, room.id, list(found)[:MOST])
        posts = [one.post or DISPATCHER for one in there.values()]
        for place, (number, post) in enumerate(zip(there, posts, strict=True)):
            data = {"to": [post], "count": posts.count(post)} if post not in posts[:place] else {}
            rows.tell(writing, room.id, number, {one.key: one.last.isoformat() for one in found[number]}, data, by=CENTRE, at=now.astimezone(UTC))  # fmt: skip
        return len(there)

    return room.ledger.change(work)


def _waiting(room: Room, connection: Any, today: date) -> dict[str, tuple[Expiring, ...]]:
    """Return of all sites in use what runs out and was not told yet."""
    until = today + timedelta(days=room.rules.findings.expiring_days)
    with_papers = sites.page(connection, Asked(room.id, states=frozenset({State.ACTIVE.value}), expiring=until))
    found = {one.number: _papers(one, until) for one in with_papers}
    for number, things in _items(room, connection, None, until).items():
        found[number] = found.get(number, ()) + things
    told = rows.told(connection, room.id, found)
    kept = {number: tuple(one for one in things if (number, one.key, one.last.isoformat()) not in told) for number, things in found.items()}  # fmt: skip
    return {number: things for number, things in kept.items() if things}


def _papers(one: Site, until: date) -> tuple[Expiring, ...]:
    return tuple(Expiring(f"{PAPER}:{paper.key}", paper.expires) for paper in one.documents if paper.expires and paper.expires <= until)  # fmt: skip


def _items(room: Room, connection: Any, numbers: Collection[str] | None, until: date) -> dict[str, tuple[Expiring, ...]]:  # fmt: skip
    """Return what the last inspection of each site read of things that still held then: what had run out is a finding."""
    dated = {key for (key, _version), one in room.rules.checklists.found.items() if any(item.kind is Kind.DATE for item in one.items.values())}  # fmt: skip
    found: dict[str, tuple[Expiring, ...]] = {}
    for row in rows.dated(connection, room.id, dated, numbers) if dated else ():
        checklist = room.rules.checklists.found.get((row.checklist, row.checklist_version))
        if checklist is None or checklist.digest != row.digest:
            continue
        day, answers = date.fromisoformat(row.day), json.loads(row.answers)
        things = tuple(
            Expiring(f"{ITEM}:{row.checklist}:{key}", last)
            for key, last in _lasts(room, checklist, answers, day).items()
            if last <= until
        )
        found[row.site] = found.get(row.site, ()) + things
    return found


def _lasts(room: Room, checklist: Any, answers: Mapping[str, Any], day: date) -> dict[str, date]:
    try:
        verdict = evaluate(checklist, read(checklist, answers, day), day, grades=room.rules.checklists.grades)
    except AnswersError:  # what was kept was judged once; a site whose answers cannot be read is not lost to the others
        return {}
    return {one.item.key: one.expires for one in verdict.results if one.mark is Mark.PASS and one.expires}
