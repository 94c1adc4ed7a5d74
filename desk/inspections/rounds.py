"""Rounds (检查频次): when each site is to be inspected next and how that stands, worked out for all of them at once; the rule, edited with its effect shown first; fewer rounds by approval."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from desk.access.permissions import demand
from desk.inspections.reading import today as day_of
from desk.intake import struck
from desk.posts.acting import change
from desk.room import Room
from desk.sites import register
from geo.errors import DraftError, NoAccess
from incidents.lifecycle import By
from incidents.text import required
from inspections import lowering, rounds
from inspections.lowering import Act, Lowering
from inspections.lowering import State as Asked
from inspections.rounds import Days, Effect, RoundRules, Standing, Why
from inspections.sites import Site
from ledger import findings, inspections, sites
from ledger import rounds as rows
from ledger.rounds import Kept
from ledger.store import Ledger

EDIT, ASK, DECIDE = "rounds_edit", "inspect", "inspect_close"  # capabilities
LONGEST_REASON = 100
EPOCH = date(1970, 1, 1)
AHEAD = 30  # days of the effect
NEVER = -1


@dataclass(frozen=True)
class One:
    """How a site stands: the day of its next round, the days between two, what made them so, and the day of its last inspection; None where it was never inspected."""

    number: str
    due: date
    every: int
    why: Why
    standing: Standing
    last: date | None


@dataclass(frozen=True, eq=False)
class Stand:
    """How all sites in use of an area stand on a day, a row a site in order of their numbers.

    Attributes
    ----------
    columns
        What their rounds depend on.
    last
        Day of the last inspection as a number of days since 1970-01-01; `NEVER` for none.
    """

    numbers: tuple[str, ...]
    kinds: tuple[str, ...]
    posts: tuple[str, ...]
    columns: rounds.Sites
    last: Days
    every: Days
    due: Days
    standing: Days
    why: tuple[Why, ...]
    places: Mapping[str, int]

    def of(self, number: str) -> One | None:
        """Return how a site stands; None for one that is not in use."""
        at = self.places.get(number)
        if at is None:
            return None
        last = int(self.last[at])
        return One(number, _day(self.due[at]), int(self.every[at]), self.why[at], Standing(int(self.standing[at])), None if last == NEVER else _day(last))  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Read:
    """What was read of all sites, of one version of the ledger and one day, whatever the rule is."""

    sites: Sequence[Any]
    last: Mapping[str, str]
    worst: Mapping[str, Any]
    lowered: Mapping[str, int]


_KEPT: WeakKeyDictionary[Ledger, dict[str, tuple[Any, Stand]]] = WeakKeyDictionary()
_LOCK = Lock()


# The rule


def rules(room: Room) -> RoundRules:
    """Return the rule that holds: as it was saved last on its page, else that of the file."""
    return of_kept(room, next(iter(versions(room, most=1)), None))


def of_kept(room: Room, kept: Kept | None) -> RoundRules:
    """Return the rule of a version; that of the file where none was saved, or what was saved is the file's."""
    return RoundRules.from_table(kept.table) if kept and kept.table else room.rules.rounds


def versions(room: Room, *, most: int = 20) -> list[Kept]:
    """Return the versions of the rule that were saved, the latest first."""
    with room.ledger.reading() as connection:
        return rows.rules(connection, room.id, most=most)


def save(room: Room, wished: Mapping[str, Any], reason: str, by: By, now: datetime, *, seen: int) -> RoundRules:
    """Save a rule as a new version, and return it.

    Parameters
    ----------
    wished
        Its table; {} for that of the file.
    seen
        Version that whoever saves it saw; 0 where none was saved.

    Raises
    ------
    RulesError, TextError, Conflict, DraftError, NoAccess
        Why it cannot be; nothing was written.
    """
    _demand_whole(room)
    made = RoundRules.from_table(wished) if wished else room.rules.rounds
    if strange := sorted(set(made.base_days) - set(room.rules.sites.kinds)):
        raise DraftError(f"{', '.join(strange)}: no kinds of sites. Leave them out.", field="round_kind")
    said = struck(room, required(reason, most=LONGEST_REASON, what="reason", lines=False))
    table = made.to_table() if wished else {}
    change(room, EDIT, by, now, lambda writing: rows.save(writing, room.id, table, said, seen=seen, by=by, at=now.astimezone(UTC)))  # fmt: skip
    return made


# How sites stand


def stand(room: Room, now: datetime) -> Stand:
    """Return how all sites in use stand today, whoever looks: kept until something changes, or the day does. What a page shows of it is narrowed by `numbers`."""
    today = day_of(room, now)
    with room.ledger.reading() as connection:
        key, there = _kept(room, connection, today)
        if there:
            return there
        rule = of_kept(room, next(iter(rows.rules(connection, room.id, most=1)), None))
        found = _stand(room, rule, _read(room, connection, today), _lately(room, connection, rule, today), today)
    with _LOCK:
        _KEPT.setdefault(room.ledger, {})[room.id] = key, found
    return found


def some(room: Room, numbers: Collection[str], now: datetime) -> dict[str, One]:
    """Return how some sites stand today, those that are not in use left out: as `stand` keeps them, else worked out of them alone, which takes no time in a large register."""
    today = day_of(room, now)
    with room.ledger.reading() as connection:
        _key, there = _kept(room, connection, today)
        if there is None:
            rule = of_kept(room, next(iter(rows.rules(connection, room.id, most=1)), None))
            read = _read(room, connection, today, numbers)
            there = _stand(room, rule, read, _lately(room, connection, rule, today, numbers), today)
    return {number: one for number in numbers if (one := there.of(number))}


def _kept(room: Room, connection: Any, today: date) -> tuple[Any, Stand | None]:
    """Return by what the standing of all sites is known, and how they stand where it is kept."""
    latest = (sites.latest, inspections.latest, findings.latest, rows.latest)
    key = (today, id(room.rules), *(one(connection, room.id) for one in latest))
    there = _KEPT.get(room.ledger, {}).get(room.id)
    return key, there[1] if there and there[0] == key else None


def numbers(room: Room, asked: sites.Asked, standings: Collection[Standing], now: datetime) -> list[tuple[str, str]]:
    """Return number and kind of the sites that are asked for and stand in some way, among those that who looks sees, in order of their numbers."""
    found, wanted = stand(room, now), {int(one) for one in standings}
    with room.ledger.reading() as connection:
        seen = rows.numbers(connection, replace(asked, area=room.id, within=register.sight(room)))
    return [(number, kind) for number, kind in seen if (at := found.places.get(number)) is not None and int(found.standing[at]) in wanted]  # fmt: skip


def in_order(room: Room, asked: sites.Asked, standings: Collection[Standing], now: datetime) -> list[str]:
    """Return the numbers of such sites, those that have waited longest first."""
    found = stand(room, now)
    there = [number for number, _kind in numbers(room, asked, standings, now)]
    return sorted(there, key=lambda number: int(found.due[found.places[number]]))


def counts(room: Room, asked: sites.Asked, now: datetime) -> dict[Standing, int]:
    """Return how many of the sites that are asked for stand in each way, among those that who looks sees."""
    found, within = stand(room, now), register.sight(room)
    if replace(asked, within=within) == sites.Asked(room.id, within=within) and within is not None and not within.narrows:  # fmt: skip
        return {one: int(many) for one, many in zip(Standing, np.bincount(found.standing, minlength=len(Standing)), strict=True)}  # fmt: skip
    with room.ledger.reading() as connection:
        seen = rows.numbers(connection, replace(asked, area=room.id, within=within))
    places = [found.places[number] for number, _kind in seen if number in found.places]
    many = np.bincount(found.standing[places], minlength=len(Standing)) if places else np.zeros(len(Standing), int)
    return {one: int(many[one]) for one in Standing}


def used(room: Room) -> dict[str, int]:
    """Return how many sites in use each kind has in the area, as far as who looks sees them."""
    with room.ledger.reading() as connection:
        return sites.counts(connection, sites.Asked(room.id, within=register.sight(room), states=frozenset({"active"})), "kind")  # fmt: skip


def version(room: Room) -> int:
    """Return a number that grows with every change on which the standing of sites depends."""
    with room.ledger.reading() as connection:
        return max(one(connection, room.id) for one in (sites.latest, inspections.latest, findings.latest, rows.latest))


# The effect of another rule


@dataclass(frozen=True)
class Share:
    """Rounds of the next days of one grid, post or kind ("" for none): by the rule that holds, and by the other one."""

    key: str
    before: int
    after: int


@dataclass(frozen=True, eq=False)
class Shown:
    """What another rule would come to: rounds a day, and by kind, post and micro-grid; and the numbers of the sites that are overdue by it at once."""

    days: tuple[date, ...]
    effect: Effect
    kinds: tuple[Share, ...]
    posts: tuple[Share, ...]
    grids: tuple[Share, ...]
    at_once: tuple[str, ...]


def effect(room: Room, wished: RoundRules, now: datetime, *, days: int = AHEAD) -> Shown:
    """Return what another rule would come to on the next days, for all sites of the area; nothing is written.

    Raises
    ------
    NoAccess
        Who looks does not see the whole area.
    """
    _demand_whole(room)
    today = day_of(room, now)
    at = (today - EPOCH).days
    with room.ledger.reading() as connection:
        rule = of_kept(room, next(iter(rows.rules(connection, room.id, most=1)), None))
        read = _read(room, connection, today)
        before = _columns(room, rule, read, _lately(room, connection, rule, today), today)
        after = _columns(room, wished, read, _lately(room, connection, wished, today), today)
        found = rounds.effect(before, rule, after, wished, at, days)
        places = {row.number: place for place, row in enumerate(read.sites)}
        grids = [(code, places[number]) for number, code in rows.grids(connection, room.id, room.area.net.leaf.key) if number in places]  # fmt: skip
    kinds, posts = ([(getattr(row, name), place) for place, row in enumerate(read.sites)] for name in ("kind", "post"))
    at_once = tuple(read.sites[place].number for place in np.flatnonzero(found.at_once).tolist())
    by_kind, by_post, by_grid = (_shares(some, found) for some in (kinds, posts, grids))
    return Shown(tuple(today + timedelta(days=n) for n in range(days)), found, by_kind, by_post, by_grid, at_once)


def _shares(some: Sequence[tuple[str, int]], found: Effect) -> tuple[Share, ...]:
    """Return the rounds by key, those of which more change first."""
    if not some:
        return ()
    keys, which = np.unique(np.array([key for key, _place in some], dtype=object), return_inverse=True)
    at = np.array([place for _key, place in some])
    before, after = (np.bincount(which, weights=side[at]).astype(int) for side in (found.each_before, found.each_after))
    shares = [Share(str(key), int(one), int(other)) for key, one, other in zip(keys, before, after, strict=True)]
    return tuple(sorted(shares, key=lambda one: (-abs(one.after - one.before), -one.before, one.key)))


# Fewer rounds


def lowerings(room: Room) -> dict[str, Lowering]:
    """Return the last request of each site of which fewer rounds were asked for, as far as who looks sees it."""
    with room.ledger.reading() as connection:
        found = rows.lowerings(connection, room.id)
        seen = {number for number, _kind in rows.numbers(connection, sites.Asked(room.id, within=register.sight(room), numbers=frozenset(found)))} if found else set()  # fmt: skip
    return {number: one for number, one in found.items() if number in seen}


def ask(room: Room, number: str, reason: str, by: By, now: datetime) -> Lowering:
    """Ask for fewer rounds of a site, of which enough rounds found nothing.

    Raises
    ------
    DraftError, TextError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    site, today = register.get(room, number), day_of(room, now)
    said = struck(room, required(reason, most=LONGEST_REASON, what="reason", lines=False))
    _demand_clean(room, site)
    before = lowerings(room).get(number)
    made = lowering.ask(number, said, by, today, before)
    return change(room, ASK, by, now, lambda writing: rows.put(writing, room.id, made, Act.ASK, by=by, at=now.astimezone(UTC)))  # fmt: skip


def decide(room: Room, seen: Lowering, act: Act, by: By, now: datetime, *, reason: str = "") -> Lowering:
    """Approve, refuse or end fewer rounds; raises as `ask`.

    Parameters
    ----------
    seen
        The request as whoever decides saw it.
    """
    site, today = register.get(room, seen.site), day_of(room, now)
    said = struck(room, required(reason, most=LONGEST_REASON, what="reason", lines=False)) if act is not Act.APPROVE or reason.strip() else ""  # fmt: skip
    if act is Act.APPROVE:
        _demand_clean(room, site)
    until = today + timedelta(days=rules(room).lower.lasts_days)
    there = replace(lowerings(room)[seen.site], version=seen.version)
    made = lowering.decide(there, act, by, today, reason=said, until=until)
    return change(room, DECIDE, by, now, lambda writing: rows.put(writing, room.id, made, act, by=by, at=now.astimezone(UTC)))  # fmt: skip


def may_ask(room: Room, number: str) -> tuple[int, int]:
    """Return how many of the last inspections of a site found nothing, and how many have to for fewer rounds; nothing may stand open there (-1)."""
    with room.ledger.reading() as connection:
        stands = bool(findings.open_of(connection, room.id, [number]))
        return -1 if stands else rows.clean(connection, room.id, number), rules(room).lower.clean_rounds


def _demand_whole(room: Room) -> None:
    """Raise where who looks sees a part of the area alone: the rule holds for all of it."""
    if room.who:
        demand(room.who, EDIT)
        if room.within.narrows:
            raise NoAccess("The rule holds for the whole area. Ask the command centre.", "scope")


def _demand_clean(room: Room, site: Site) -> None:
    found, needed = may_ask(room, site.number)
    if found < needed:
        raise DraftError(f"{site.number}: {max(found, 0)} rounds found nothing, and {needed} have to. Go on as the rule says.", field="round_clean")  # fmt: skip


# Reading


def _read(room: Room, connection: Any, today: date, numbers: Collection[str] | None = None) -> _Read:
    asked = rows.lowerings(connection, room.id)
    holding = {number: one for number, one in asked.items() if one.state is Asked.APPROVED and one.holds(today)}
    found = rows.found_last(connection, room.id, holding)
    lowered = {
        number: (one.until - EPOCH).days
        for number, one in holding.items()
        if one.until and one.decided and found.get(number, "") < one.decided.isoformat()
    }
    last = inspections.last_days(connection, room.id, numbers)
    return _Read(rows.columns(connection, room.id, numbers), last, findings.worst(connection, room.id, numbers), lowered)  # fmt: skip


def _lately(room: Room, connection: Any, rule: RoundRules, today: date, numbers: Collection[str] | None = None) -> dict[str, int]:  # fmt: skip
    return findings.since(connection, room.id, today - timedelta(days=rule.window_days), numbers)


def _stand(room: Room, rule: RoundRules, read: _Read, lately: Mapping[str, int], today: date) -> Stand:
    columns, at = _columns(room, rule, read, lately, today), (today - EPOCH).days
    last = _numbers([_since(read.last[row.number]) if row.number in read.last else NEVER for row in read.sites])
    names = [tuple(getattr(row, name) for row in read.sites) for name in ("number", "kind", "post")]
    return Stand(
        names[0], names[1], names[2],
        columns,
        last,
        rounds.between(columns, rule, at),
        rounds.due(columns, rule, at),
        rounds.standing(columns, rule, at),
        tuple(rounds.why(columns, rule, at)),
        {number: place for place, number in enumerate(names[0])},
    )  # fmt: skip


def _columns(room: Room, rule: RoundRules, read: _Read, lately: Mapping[str, int], today: date) -> rounds.Sites:
    """Return the columns of all sites: a round counts from the last inspection, from the day on which it was entered, or from that since which it is in use, whichever is the latest."""
    every = read.sites
    base = {kind: rule.base_days.get(kind, room.rules.sites.kind(kind).base_days) for kind in {row.kind for row in every}}  # fmt: skip
    offset = int((room.area.pack.timezone.utcoffset(datetime.combine(today, datetime.min.time())) or timedelta()).total_seconds())  # fmt: skip
    entered = (_numbers([row.at for row in every]) // 1000 + offset) // 86400
    last = _numbers([max(_since(read.last.get(row.number, "")), _since(row.state_since or "")) for row in every])
    return rounds.Sites(
        _numbers([base[row.kind] for row in every]),
        np.where(last == NEVER, entered, last),
        _numbers([lately.get(row.number, 0) for row in every]),
        _numbers([read.worst[row.number].rank if row.number in read.worst else rounds.NONE_OPEN for row in every]),
        _numbers([read.lowered.get(row.number, 0) for row in every]),
    )


def _since(day: str) -> int:
    """Return a day as a number of days since 1970-01-01; `NEVER` for none."""
    return NEVER if not day else (date.fromisoformat(day) - EPOCH).days


def _numbers(values: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _day(number: Any) -> date:
    return EPOCH + timedelta(days=int(number))
