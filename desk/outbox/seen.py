"""What a message is about lies in the scope of who looks, or it does not: then neither its number nor what it is goes to them, though they may have to call whom it is for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from desk.inspections import reading as of_sites
from desk.orders import people as of_orders
from desk.outbox import notices as of_notices
from desk.outbox.alarms import event_of
from desk.planning import kept as of_plans
from desk.room import Room
from desk.visits import people as of_visits
from desk.whistle import people as of_whistles
from ledger import find, notices, orders, patrols, plans, upwinds, visits, whistles
from ledger.emergencies import EVENT
from ledger.notices import SUBJECT as NOTICE
from ledger.orders import SUBJECT as ORDER
from ledger.outbox import Message
from ledger.patrols import SUBJECT as PATROL
from ledger.plans import SUBJECT as PLAN
from ledger.upwinds import SUBJECT as UPWIND
from ledger.visits import SUBJECT as VISIT
from ledger.whistles import SUBJECT as WHISTLE

INCIDENT = "incident"
Keys = frozenset[str]


def sees(room: Room, connection: Any, found: Iterable[Message]) -> Callable[[Message], bool]:
    """Return what tells whether who looks through a room sees what a message is about: one question for each subject, however many messages."""
    keys: dict[str, set[str]] = {}
    for one in found:
        keys.setdefault(one.subject, set()).add(one.number)
    seen = {name: _SEEN.get(name, _other)(room, connection, frozenset(some)) for name, some in keys.items()}
    return lambda one: one.number in seen[one.subject]


def masked(room: Room, connection: Any, found: Sequence[Message]) -> list[Message]:
    """Return messages without the number of what lies beyond the scope of who looks."""
    is_seen = sees(room, connection, found)
    return [one if is_seen(one) else replace(one, number="") for one in found]


def _incidents(room: Room, connection: Any, numbers: Keys) -> Keys:
    return frozenset(case.number for case in find.incidents(connection, room.wanted(numbers=numbers)))


def _whistles(room: Room, connection: Any, numbers: Keys) -> Keys:
    found = whistles.listed(connection, room.id, of_whistles.sight(room), numbers=numbers)
    return frozenset(filed.number for filed in found)


def _orders(room: Room, connection: Any, numbers: Keys) -> Keys:
    found = orders.listed(connection, room.id, numbers=numbers)
    return frozenset(filed.number for filed in of_orders.seen(room, found))


def _visits(room: Room, connection: Any, numbers: Keys) -> Keys:
    return visits.seen_of(connection, room.id, of_visits.sight(room), numbers)


def _patrols(room: Room, connection: Any, numbers: Keys) -> Keys:
    return patrols.seen_of(connection, room.id, of_visits.sight(room), numbers)


def _plans(room: Room, connection: Any, numbers: Keys) -> Keys:
    return plans.seen_of(connection, room.id, of_plans.sight(room), numbers)


def _upwinds(room: Room, connection: Any, numbers: Keys) -> Keys:
    return upwinds.seen_of(connection, room.id, of_sites.sight(room), numbers)


def _notices(room: Room, connection: Any, numbers: Keys) -> Keys:
    own = of_notices.keys_of(room)
    found = notices.listed(connection, room.id, ids=[int(number) for number in numbers])
    return frozenset(str(one.id) for one in found if of_notices.concerns(one, own))


def _emergencies(room: Room, _connection: Any, numbers: Keys) -> Keys:
    return frozenset(number for number in numbers if event_of(room, number))


def _other(room: Room, _connection: Any, numbers: Keys) -> Keys:
    """Of what no other part says who sees it, only who sees the whole area does."""
    return frozenset() if room.within.narrows else numbers


_SEEN: Mapping[str, Callable[[Room, Any, Keys], Keys]] = MappingProxyType(
    {
        INCIDENT: _incidents,
        WHISTLE: _whistles,
        ORDER: _orders,
        UPWIND: _upwinds,
        NOTICE: _notices,
        EVENT: _emergencies,
        VISIT: _visits,
        PATROL: _patrols,
        PLAN: _plans,
    }
)
