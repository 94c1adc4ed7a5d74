"""What time brings to orders, each once however many processes look: nobody took it, its day is over, and the next one of what comes again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from desk.orders.acts import asked
from desk.orders.people import CENTRE, fitting
from desk.room import DISPATCHER, Room
from geo.errors import BattlemapError
from incidents.orders import Order, Repeat, Serve, Served, Step, due_step, following
from incidents.service_rules import KEEP, SHIFT
from ledger import orders, teams
from ledger.orders import Filed
from ledger.writing import Writing

MOST = 100  # orders in one change, so that nobody waits long for the ledger
LONGEST_PAUSE = 60  # days without a worked one: more than any holiday
T = TypeVar("T")


def take(room: Room, now: datetime) -> int:
    """Write what time brings, and return how many entries that were; an archive has none."""
    if room.area.pack.archive:
        return 0
    with room.ledger.reading() as connection:
        found = orders.timed(connection, room.id, now)
    steps = [one.number for one in found if due_step(one.state, now)]
    again = [one.number for one in found if next_day(room, one.state, now)]
    works = [
        *(partial(_step, room=room, numbers=batch, now=now) for batch in _batches(steps)),
        *(partial(_again, room=room, numbers=batch, now=now) for batch in _batches(again)),
    ]
    return sum(room.ledger.change(work) for work in works)


@dataclass(frozen=True)
class Coming:
    """The order that comes after another.

    Attributes
    ----------
    planned
        The day of its turn.
    day
        The day for which it is wanted: another one where a holiday shifts it.
    skipped
        Days of turns that a holiday takes away before it.
    """

    turn: int
    planned: date
    day: date
    skipped: tuple[date, ...] = ()


def coming(room: Room, order: Order, now: datetime) -> Coming | None:
    """Return what comes after an order, by the calendar and what the service says of holidays; None where nothing comes, or it was made already."""
    found = following(order, now.astimezone(room.area.pack.timezone).date())
    repeat = Repeat.read(order.every)
    if found is None or repeat is None:
        return None
    (turn, day), skipped = found, list[date]()
    how, calendar = room.rules.services.item(order.item).holidays, room.rules.calendar
    while how not in {KEEP, SHIFT} and not calendar.is_workday(day) and len(skipped) < LONGEST_PAUSE:
        skipped.append(day)
        turn += 1
        day = repeat.day(date.fromisoformat(order.first), turn)
    pauses = (day + timedelta(days=n) for n in range(LONGEST_PAUSE))
    worked = next((one for one in pauses if calendar.is_workday(one)), day)
    return Coming(turn, day, worked if how == SHIFT else day, tuple(skipped))


def next_day(room: Room, order: Order, now: datetime) -> tuple[int, date] | None:
    """Return the turn and the day of the order that is to be made now after one; None where it is too soon, or none comes."""
    found, today = coming(room, order, now), now.astimezone(room.area.pack.timezone).date()
    if found is None or today < found.planned - timedelta(days=room.rules.services.ahead_days):
        return None
    return found.turn, found.day


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[first : first + MOST] for first in range(0, len(items), MOST))


def _step(writing: Writing, room: Room, numbers: Sequence[str], now: datetime) -> int:
    """Write steps of orders that have not moved on since they were looked for."""
    done = 0
    for number in numbers:
        state = orders.get(writing.connection, room.id, number).state
        step = due_step(state, now)
        if step:
            entry = Served(Serve.STEP, CENTRE, now.astimezone(UTC), {"step": step.value, "to": _told(state, step)})
            orders.act(writing, room.id, number, entry)
            done += 1
    return done


def _told(state: Order, step: Step) -> list[str]:
    """Return who is told: who asked, the team that has it, and of what nobody took, the centre."""
    more = DISPATCHER if step is Step.LAPSED or not state.server else state.server
    return list(dict.fromkeys([state.asker, more]))


def _again(writing: Writing, room: Room, numbers: Sequence[str], now: datetime) -> int:
    """Make the next one of each order that still wants it."""
    done = 0
    for number in numbers:
        last = orders.get(writing.connection, room.id, number)
        found = next_day(room, last.state, now)
        if found:
            made = _made(writing, room, last, *found, now)
            entry = Served(Serve.NEXT, CENTRE, now.astimezone(UTC), {"number": made.number})
            orders.act(writing, room.id, number, entry)
            done += 2
    return done


def _made(writing: Writing, room: Room, last: Filed, turn: int, day: date, now: datetime) -> Filed:  # noqa: PLR0917
    """Write the order that comes after another: same place, item, key and hours, and the team that had it goes on."""
    zone, state = room.area.pack.timezone, last.state
    begun = state.since.astimezone(zone)
    since = datetime.combine(day, begun.timetz().replace(tzinfo=None), zone).astimezone(UTC)
    until = since + (state.until - state.since)
    goes_on = _goes_on(writing, room, state)
    data: dict[str, Any] = {
        "item": state.item,
        "key": state.key,
        "asker": state.asker,
        "keepers": list(state.keepers),
        "since": since.isoformat(),
        "until": until.isoformat(),
        "home": state.home,
        "every": state.every,
        "first": state.first,
        "turn": turn,
        "after": last.number,
        **{name: orders.words(writing.connection, [last], name).get(last.number, "") for name in ("text", "address")},
        **goes_on,
    }
    found = [] if goes_on else fitting(room, state.item, last.codes, since, until)
    told = {} if goes_on or found else {"to": [DISPATCHER]}
    return asked(writing, room, last, {**data, **told}, CENTRE, now, found)


def _goes_on(writing: Writing, room: Room, state: Order) -> Mapping[str, Any]:
    """Return the team that goes on with it, and is told so; none where nobody had it, or the team was abolished or does it no more."""
    try:
        team = teams.get(writing.connection, room.id, state.team)
    except BattlemapError:
        return {}
    return {"teams": [{"team": team.id, "post": team.post}], "to": [team.post]} if team.does(state.item) else {}
