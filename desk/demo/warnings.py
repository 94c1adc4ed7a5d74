"""What a demonstration holds of heavy-pollution warnings (重污染天气预警): one of last week, raised and stood down, most of its tasks done. Invented orders; none holds now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from data.synthetic.plane import Chance
from desk.orders.people import CENTRE
from desk.room import Room
from desk.warnings.acts import sources
from incidents.alerts import Level
from inspections.warnings import Act, Kind, State, Task, Warned, changed, checks, finished, moved, stood_down
from ledger import warnings
from ledger.writing import Writing

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEED = 1
AGO = 10  # days
SHARE_DONE, SHARE_KEPT = 0.9, 0.95
ISSUER, ORDERS = "示例市污染防治攻坚办", ("示例〔1〕号", "示例〔2〕号", "示例〔3〕号")


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write it for an invented area with sites, in a change that goes on already."""
    there = sources(room, writing) if room.area.pack.synthetic else []
    if not there:
        return
    rules, zone = room.rules.warnings, room.area.pack.timezone
    at = (now.astimezone(zone) - AGO * DAY).replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)
    wished = Warned(ISSUER, ORDERS[0], Level.YELLOW, at + 6 * HOUR, at + 3 * DAY)
    one = warnings.put(writing, room.id, wished, Act.ISSUE, by=CENTRE, at=at, opened=moved(rules, wished, there, (), at)[0])  # fmt: skip
    _done(writing, room, one, at + 3 * HOUR)
    morning = (at + 12 * HOUR).astimezone(zone).replace(hour=0).astimezone(UTC)
    due = checks(rules, one, there, warnings.tasks(writing.connection, room.id, one.number), morning, zone)
    if due:
        one = warnings.put(writing, room.id, one, Act.OPEN, by=CENTRE, at=morning, opened=due)
    _done(writing, room, one, morning + 22 * HOUR)
    raised, act = changed(one, Level.ORANGE, ORDERS[1], at + 4 * DAY, morning + DAY)
    opened, closed = moved(rules, raised, there, warnings.tasks(writing.connection, room.id, one.number), morning + DAY)
    one = warnings.put(writing, room.id, raised, act, by=CENTRE, at=morning + DAY, opened=opened, closed=closed)
    _done(writing, room, one, morning + DAY + HOUR)
    over = stood_down(one, ORDERS[2], at + 4 * DAY)
    closed = moved(rules, over, there, warnings.tasks(writing.connection, room.id, one.number), at + 4 * DAY)[1]
    warnings.put(writing, room.id, over, Act.STAND_DOWN, by=CENTRE, at=at + 4 * DAY, closed=closed)


def _done(writing: Writing, room: Room, one: Warned, at: datetime) -> None:
    """Write what posts saw until a time."""
    rules = room.rules.warnings
    for task in warnings.tasks(writing.connection, room.id, one.number):
        chance = Chance(room.id, SEED, f"{one.number}/{task.number}")
        if task.state is State.OPEN and chance.happens(SHARE_DONE):
            then = at if task.kind is Kind.STOP else max(task.due, at - 22 * HOUR)
            said = _said(task, is_kept=chance.happens(SHARE_KEPT))
            warnings.finish(writing, room.id, one.number, finished(rules, task, said, 0, then), by=CENTRE, at=then)


def _said(task: Task, *, is_kept: bool) -> Task:
    meter = "读数未变" if task.kind is Kind.STOP and is_kept else ""
    return replace(task, post=CENTRE.post, kept=is_kept, meter=meter, note="" if is_kept else "仍在作业，已督促")
