"""Doing something to an order: what its lifecycle needs is filled in (who keeps it, which teams it fits, until when it is offered), then both are written in one change."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from desk.acts import LONGEST_WORDS
from desk.orders.people import fitting, is_inside, keepers, may_ask, sees, sight
from desk.places.place import place
from desk.posts.acting import change
from desk.reports import LONGEST_ADDRESS
from desk.room import DISPATCHER, Room
from geo.errors import Conflict, DraftError, LifecycleError, UnknownOrder
from incidents.deadlines import add
from incidents.lifecycle import By
from incidents.orders import CLOCKS, Order, Outcome, Phase, Repeat, Serve, Served, opaque
from incidents.service_rules import Item
from incidents.teams import Team
from incidents.text import clean
from ledger import orders
from ledger.orders import UNKNOWN, Filed
from ledger.writing import Writing

WORDS = ("reason", "text")
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
SIGNS = LETTERS + "23456789"  # none that is taken for another one
MOST_AHEAD = timedelta(days=366)
MOST_TEAMS = 12
ITEM_KEY = "item_key"  # under which a phone sent it


@dataclass(frozen=True)
class Asking:
    """An order that a grid post wants for a resident.

    Attributes
    ----------
    item
        Key of the catalogue.
    day, opens, closes
        When it is wanted, in the time of the area.
    key
        Opaque; "" for a new one.
    lon, lat
        Degrees WGS84.
    building, unit, floor
        Where there, as counts; no door number.
    home
        Whether the team comes to the resident (上门).
    every
        ``1 week`` where it comes again; "" for once.
    text, address
        What the team has to know, and where exactly; kept apart, and erased some time after the end.
    offer
        Whether it is offered to all teams that fit, at once.
    """

    item: str
    day: date
    lon: float
    lat: float
    opens: time = time(8)
    closes: time = time(18)
    key: str = ""
    building: str = ""
    unit: float | None = None
    floor: float | None = None
    home: bool = False
    every: str = ""
    text: str = ""
    address: str = ""
    offer: bool = True


@dataclass(frozen=True)
class Doing:
    """What somebody wants done to an order.

    Attributes
    ----------
    data
        What the act needs, by name: ``reason``, ``text``; ``teams`` (numbers; all that fit where none is named) to offer; ``team`` to accept or decline (the first of one's own
        where none is named); ``outcome``; ``stars``; ``last`` of a cancelled one that comes no more. ``item_key`` and ``done_at`` of a phone.
    expected
        Version of the order that the person saw.
    """

    number: str
    act: Serve
    data: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None


def new_key() -> str:
    """Return a key that says nothing of anybody."""
    return f"{secrets.choice(LETTERS)}{secrets.choice(SIGNS)}-{''.join(secrets.choice(SIGNS) for _ in range(4))}"


def ask(room: Room, asking: Asking, by: By, now: datetime) -> Filed:
    """Ask for a resident, offer it to the teams that fit, and return the order with its number.

    Raises
    ------
    LifecycleError, DraftError, PlaceError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    if not may_ask(room, room.post(by.post)):
        raise LifecycleError(f"ask is not for a post of the kind {by.kind.value}: a grid post asks for a resident.")
    item = _item_of(room, asking)
    since, until = _window(room, asking, now)
    codes = place(room, asking.lon, asking.lat, unit=asking.unit, floor=asking.floor).codes
    if not is_inside(room, codes):
        raise DraftError(
            "The place lies in none of your grids. Ask the post of that grid to order.", field="order_where"
        )
    data: dict[str, Any] = {
        "item": item.key,
        "key": opaque(asking.key) if asking.key.strip() else new_key(),
        "keepers": keepers(room, by, codes, now),
        "since": since.isoformat(),
        "until": until.isoformat(),
        "home": asking.home,
        "text": clean(asking.text, most=LONGEST_WORDS, what="text"),
        "address": clean(asking.address, most=LONGEST_ADDRESS, what="address", lines=False),
    }
    if Repeat.read(asking.every):
        data |= {"every": asking.every, "first": asking.day.isoformat(), "turn": 0}
    found = fitting(room, item.key, codes, since, until) if asking.offer else []
    data["to"] = [DISPATCHER] if asking.offer and not found else []
    blank = _blank(room, asking, codes, data)
    return change(room, "act", by, now, lambda writing: asked(writing, room, blank, data, by, now, found))


def asked(  # noqa: PLR0917
    writing: Writing, room: Room, blank: Filed, data: Mapping[str, Any], by: By, now: datetime, found: Sequence[Team]
) -> Filed:
    """Write an order in a change that goes on already, and offer it to some teams."""
    local = now.astimezone(room.area.pack.timezone)
    said = {name: value for name, value in data.items() if value not in ("", None, [])}
    entry = Served(Serve.ASK, by, now.astimezone(UTC), said)
    filed = orders.ask(writing, blank, entry, prefix=room.rules.services.prefix, day=f"{local:%Y%m%d}")
    return _offer(writing, room, filed, by, now, found) if found else filed


def do(room: Room, doing: Doing, by: By, now: datetime) -> Filed:
    """Do one act, and return the order as it stands then.

    Raises
    ------
    LifecycleError, Conflict, UnknownOrder, TextError, DraftError, NoAccess
        Why it cannot be done; nothing was written.
    """
    return change(room, "act", by, now, lambda writing: write(writing, room, doing, by, now))


def write(writing: Writing, room: Room, doing: Doing, by: By, now: datetime) -> Filed:
    """Do one act in a change that goes on already; what a phone sent before is not done again."""
    if doing.act in CLOCKS:
        raise LifecycleError(f"{doing.act.value} is done by the desk itself, and by no person.")
    filed = orders.get(writing.connection, room.id, doing.number)
    if not sees(room, filed):
        raise UnknownOrder(UNKNOWN.format(number=doing.number, area=room.id))
    if doing.data.get(ITEM_KEY) in filed.state.items:
        return filed
    if doing.expected is not None and filed.version != doing.expected:
        raise Conflict(doing.number, doing.expected, filed.version)
    data = _cleaned(doing)
    data = {**data, **_FILL.get(doing.act, _no_more)(room, filed, data, by, now)}
    to = _told(filed.state, doing.act, data)
    entry = Served(doing.act, by, now.astimezone(UTC), {**data, **({"to": to} if to else {})})
    return orders.act(writing, room.id, doing.number, entry)


def of(room: Room, number: str) -> Filed:
    """Return an order as who looks through a room sees it.

    Raises
    ------
    UnknownOrder
        There is none of that number, or none for them.
    LifecycleError
        It was offered to them, and they have nothing to do with it any more: they are told so, and read nothing of it.
    """
    with room.ledger.reading() as connection:
        filed, seen = orders.get(connection, room.id, number), sight(room)
    if not sees(room, filed):
        raise UnknownOrder(UNKNOWN.format(number=number, area=room.id))
    if seen is not None and seen.isdisjoint(filed.seen):
        raise LifecycleError(f"accept cannot be done to an order that is {filed.state.phase.value}.")
    return filed


def _item_of(room: Room, asking: Asking) -> Item:
    items = room.rules.services.items
    if asking.item not in items:
        raise DraftError("There is no such item in the catalogue. Choose one of it.", field="item")
    item = items[asking.item]
    if asking.home and not item.home:
        raise DraftError(f"{item.name.zh} is not done at the resident's home. Take the mark away.", field="home")
    if asking.every and not item.repeats:
        raise DraftError(f"{item.name.zh} does not come again by itself. Order it once.", field="every")
    return item


def _window(room: Room, asking: Asking, now: datetime) -> tuple[datetime, datetime]:
    since, until = (datetime.combine(asking.day, at, room.area.pack.timezone) for at in (asking.opens, asking.closes))
    if until <= since:
        raise DraftError("The time ends before it begins. Correct it.", field="window")
    if until <= now or since > now + MOST_AHEAD:
        raise DraftError("The time has passed, or lies more than a year ahead. Choose another day.", field="window")
    return since.astimezone(UTC), until.astimezone(UTC)


def _blank(room: Room, asking: Asking, codes: Mapping[str, str], data: Mapping[str, Any]) -> Filed:
    """Return the place of an order; where it stands is made when it is written."""
    since, until = (datetime.fromisoformat(data[name]) for name in ("since", "until"))
    state = Order(Phase.ASKED, asking.item, data["key"], "", (), since, until)
    parts = (asking.building, asking.unit, asking.floor)
    return Filed(room.id, state, float(asking.lon), float(asking.lat), *parts, dict(codes))


def _offer(writing: Writing, room: Room, filed: Filed, by: By, now: datetime, found: Sequence[Team]) -> Filed:  # noqa: PLR0917
    data = _offering(room, filed.state, found, now)
    to = _told(filed.state, Serve.OFFER, data)
    return orders.act(writing, room.id, filed.number, Served(Serve.OFFER, by, now.astimezone(UTC), {**data, "to": to}))


def _offering(room: Room, state: Order, found: Sequence[Team], now: datetime) -> dict[str, Any]:
    """Return the teams of an offer, and until when it stands: never longer than the order is wanted, unless that is over."""
    local = now.astimezone(room.area.pack.timezone)
    due = add(room.rules.calendar, local, room.rules.services.accept).astimezone(UTC)
    until = min(due, state.until) if state.until > now else due
    teams = [{"team": team.id, "post": team.post} for team in found[:MOST_TEAMS]]
    return {"teams": teams, "until": until.replace(microsecond=0).isoformat()}


def _cleaned(doing: Doing) -> dict[str, Any]:
    """Return an act's data with its words cleaned; nothing that is empty, but no star is one."""
    data = {
        name: clean(str(value or ""), most=LONGEST_WORDS, what=name) if name in WORDS else value
        for name, value in doing.data.items()
    }
    return {name: value for name, value in data.items() if value not in ("", None, [])}


Filler = Callable[[Room, Filed, dict[str, Any], By, datetime], dict[str, Any]]


def _no_more(_room: Room, _filed: Filed, _data: dict[str, Any], _by: By, _now: datetime) -> dict[str, Any]:
    return {}


def _offered(room: Room, filed: Filed, data: dict[str, Any], _by: By, now: datetime) -> dict[str, Any]:
    """Fill in the teams: those that are named, which have to fit, or all that do."""
    state = filed.state
    since = max(state.since, now) if state.until > now else state.since
    found = fitting(room, state.item, filed.codes, since, state.until)
    wanted = set(data.get("teams", ()))
    if wanted - {team.id for team in found}:
        raise DraftError("A team that was chosen does not fit this order. Choose among those that do.", field="teams")
    named = [team for team in found if not wanted or team.id in wanted]
    if not named:
        raise DraftError("No team fits this order: none does this there at that time. Ask the command room, or cancel it.", field="no_team")  # fmt: skip
    return _offering(room, state, named, now)


def _own_team(_room: Room, filed: Filed, data: dict[str, Any], by: By, _now: datetime) -> dict[str, Any]:
    """Fill in the team: the one that is named, or the first of the post that may take it."""
    mine = [offer.team for offer in filed.state.open_offers if offer.post == by.post]
    return {"team": int(data.get("team") or (mine[0] if mine else 0))}


def _ended(_room: Room, _filed: Filed, data: dict[str, Any], _by: By, _now: datetime) -> dict[str, Any]:
    return {"outcome": data.get("outcome") or Outcome.SERVED.value}


def _told(state: Order, act: Serve, data: Mapping[str, Any]) -> list[str]:
    """Return the posts that are told of an act."""
    if act is Serve.OFFER:
        return sorted({one["post"] for one in data["teams"]})
    if act is Serve.CANCEL:
        return sorted({offer.post for offer in state.open_offers} | ({state.server} - {""}))
    if act in {Serve.ACCEPT, Serve.DECLINE, Serve.GIVE_BACK, Serve.FINISH}:
        return [state.asker]
    return [state.server] if act in {Serve.RATE, Serve.STOP} and state.server else []


_FILL: Mapping[Serve, Filler] = MappingProxyType(
    {Serve.OFFER: _offered, Serve.ACCEPT: _own_team, Serve.DECLINE: _own_team, Serve.FINISH: _ended}
)
