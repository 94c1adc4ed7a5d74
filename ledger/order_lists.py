"""Lists of service orders: narrowed, sorted, paged and counted by the database, so that a hundred thousand of them are as quick as ten."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, String, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSON

from incidents.orders import KEY, OPEN, RUNNING, Order, Outcome, Phase
from ledger.orders import Filed, Sight, filed_of
from ledger.rows import dumps
from ledger.tables import milliseconds, order_seen, service_order

SOONEST, LATEST = "soonest", "latest"  # what has to be done first first, or what ended last


@dataclass(frozen=True)
class Wanted:
    """Which orders of an area are wanted; what is left empty does not narrow.

    Attributes
    ----------
    sight
        Whose they are that somebody sees, `desk.orders.people.sight`.
    waits
        Keys of posts: those that wait for one of them, as `desk.orders.people.waits_for` says.
    late
        Those whose time was over at this moment and which were not done; missed ones of the time since ``missed``.
    again
        Those after which another one comes.
    item, team
        Key of the catalogue; number of the team that has it, or had it.
    said
        A number, a part of one, or the whole key of a resident.
    """

    area: str
    sight: Sight = None
    phases: frozenset[Phase] = frozenset()
    waits: frozenset[str] = frozenset()
    late: datetime | None = None
    missed: datetime | None = None
    again: bool = False
    item: str = ""
    team: int = 0
    said: str = ""


@dataclass(frozen=True)
class Tally:
    """How many orders of one team and one item ended so: counts, and no resident."""

    team: int
    item: str
    phase: Phase
    outcome: str
    stars: int | None
    many: int


@dataclass(frozen=True)
class Series:
    """What became of an order that comes again, as counts: how many turns there were, and how many orders of them were made, served, and missed."""

    turns: int = 0
    made: int = 0
    served: int = 0
    missed: int = 0

    @property
    def skipped(self) -> int:
        """How many turns were never made: a holiday took them, or the console was off."""
        return self.turns - self.made


def count(connection: Connection, wanted: Wanted) -> int:
    """Count orders."""
    return int(connection.execute(select(func.count()).select_from(service_order).where(*_where(wanted))).scalar() or 0)


def page(connection: Connection, wanted: Wanted, order: str = SOONEST, *, start: int = 0, most: int | None = None) -> list[Filed]:  # fmt: skip
    """Return orders, sorted: from the place ``start``, at most ``most``.

    The places are found first and the rows then: what they carry is not sorted with them.

    Parameters
    ----------
    order
        ``SOONEST``, or ``LATEST`` of those that are over, whatever phases are wanted.
    """
    c = service_order.c
    by = (c.until, c.id) if order == SOONEST else (c.ended.desc(), c.id.desc())
    where = _where(wanted) if order == SOONEST else [*_where(replace(wanted, phases=frozenset())), *_over()]
    ids = list(connection.execute(select(c.id).where(*where).order_by(*by).offset(start).limit(most)).scalars())
    rows = {row["id"]: row for row in connection.execute(select(service_order).where(c.id.in_(ids))).mappings()}
    return [filed_of(rows[one]) for one in ids]


def tally(connection: Connection, wanted: Wanted, since: datetime) -> list[Tally]:
    """Count the orders that ended since a time, by team, item, and how they ended."""
    c = service_order.c
    said = (c.team, c.item, c.phase, _said(connection, "outcome"), _said(connection, "stars"))
    asked = select(*said, func.count()).where(*_where(wanted), c.ended >= milliseconds(since)).group_by(*said)
    return [
        Tally(team, item, Phase(phase), outcome or "", None if stars is None else int(stars), many)
        for team, item, phase, outcome, stars, many in connection.execute(asked)
    ]


def series(connection: Connection, area: str, last: Sequence[Order]) -> dict[tuple[str, str, str], Series]:
    """Return what became of orders that come again, by `series_of`; those that were asked for once are none.

    Parameters
    ----------
    last
        One order of each.
    """
    c, wished = service_order.c, {series_of(one) for one in last}
    said = (c.item, c.key, _said(connection, "first"), c.phase, _said(connection, "outcome"))
    keys = {key for _item, key, _first in wished}
    turn = func.max(cast(_said(connection, "turn"), Integer))
    asked = select(*said, turn, func.count()).where(c.area == area, c.key.in_(keys)).group_by(*said)
    found: dict[tuple[str, str, str], Series] = {}
    for item, key, first, phase, outcome, latest, many in connection.execute(asked):
        name = (item, key, first or "")
        if name in wished:
            one = found.get(name, Series())
            served = many if outcome == Outcome.SERVED else 0
            missed = many if phase == Phase.MISSED else 0
            found[name] = Series(max(one.turns, latest + 1), one.made + many, one.served + served, one.missed + missed)
    return found


def series_of(order: Order) -> tuple[str, str, str]:
    """Return what the orders that come one after another have in common: item, key, and the day of the first."""
    return order.item, order.key, order.first


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    c = service_order.c
    found: list[ColumnElement[bool]] = [c.area == wanted.area]
    if wanted.sight is not None:
        found.append(_seen(wanted.sight))
    if wanted.phases:
        found.append(_in(wanted.phases))
    if wanted.waits:
        found += [_in(OPEN), or_(*(_waits(post) for post in sorted(wanted.waits)))]
    if wanted.late is not None:
        found += [_in(RUNNING | {Phase.MISSED}), _late(wanted.late, wanted.missed)]
    if wanted.again:
        found.append(c.next.is_(True))
    found += [column == value for column, value in ((c.item, wanted.item), (c.team, wanted.team)) if value]
    if wanted.said:
        key = wanted.said.upper()
        found.append(c.key == key if KEY.fullmatch(key) else c.number.contains(wanted.said, autoescape=True))
    return found


def _in(phases: frozenset[Phase]) -> ColumnElement[bool]:
    return service_order.c.phase.in_(sorted(phase.value for phase in phases))


def _over() -> list[ColumnElement[bool]]:
    """Return the condition of what is over, said so that SQLite goes through the index of the ends and has not to sort."""
    c = service_order.c
    return [c.phase.not_in(sorted(phase.value for phase in OPEN)), c.ended > 0]


def _seen(sight: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that somebody sees it: asked of each order that is wanted otherwise, which are few, and not of all that they see."""
    c = order_seen.c
    return select(c.order).where(c.order == service_order.c.id, c.by.in_(sorted(sight))).exists()


def _waits(post: str) -> ColumnElement[bool]:
    """Return the condition that it waits for a post; offers are told by the one form in which a state is written (`dumps`)."""
    c = service_order.c
    asker = and_(_in(frozenset({Phase.ASKED, Phase.BACK, Phase.DONE})), c.asker == post)
    mine = f'"post":{dumps(post)},"team":'
    offered = and_(c.phase == Phase.OFFERED.value, _holds(c.state, literal(f'"declined":false,{mine}')))
    taken = and_(c.phase == Phase.ACCEPTED.value, _holds(c.state, literal(mine) + cast(c.team, String) + "}"))
    return and_(_seen(frozenset({post})), or_(asker, offered, taken))


def _holds(text: ColumnElement[str], part: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a text holds another, letter by letter, on every database."""
    return func.replace(text, part, "") != text


def _late(now: datetime, missed: datetime | None) -> ColumnElement[bool]:
    c = service_order.c
    over = and_(_in(RUNNING), c.until <= milliseconds(now))
    if missed is None:
        return over
    return or_(over, and_(c.phase == Phase.MISSED.value, c.until > milliseconds(missed)))


def _said(connection: Connection, name: str) -> ColumnElement[Any]:
    """Return what the state of an order says under a name, as text."""
    state = service_order.c.state
    if connection.dialect.name == "postgresql":
        return cast(state, JSON)[name].astext
    return cast(func.json_extract(state, f"$.{name}"), String)
