"""What a demonstration holds of heavy-pollution warnings (重污染天气预警): one of last week, raised and stood down, most of its tasks done. Invented orders; none holds now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle

from data.synthetic.plane import Chance
from desk.orders.people import CENTRE
from desk.room import Room
from desk.warnings.acts import lines_of, sources
from incidents.alerts import Level
from inspections.emergency_list import EmergencyList, Line
from inspections.warnings import Act, Kind, State, Task, Warned, changed, checks, finished, moved, stood_down
from ledger import emergency_lists, sites, warnings
from ledger.writing import Writing

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEED = 1
AGO = 10  # days
SHARE_DONE, SHARE_KEPT = 0.9, 0.95
PLANT = "enterprise"  # kind of site_kinds.toml
SAYS = {Level.YELLOW: "停产一条生产线", Level.ORANGE: "停产两条生产线，禁止国四及以下车辆运输", Level.RED: "全部停产"}
GRADED = (("B", ""), ("C", ""), ("保障类", "承担民生供应，经批准豁免"), ("D", ""))
ISSUER, ORDERS = "示例市污染防治攻坚办", ("示例〔1〕号", "示例〔2〕号", "示例〔3〕号")


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write it for an invented area with sites, in a change that goes on already."""
    there = sources(room, writing) if room.area.pack.synthetic else []
    if not there:
        return
    rules, zone = room.rules.warnings, room.area.pack.timezone
    _list(writing, room, [site for site, kind in there if kind == PLANT], now)
    at = (now.astimezone(zone) - AGO * DAY).replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)
    wished = Warned(ISSUER, ORDERS[0], Level.YELLOW, at + 6 * HOUR, at + 3 * DAY)
    lines = lines_of(room, writing, wished)
    one = warnings.put(writing, room.id, wished, Act.ISSUE, by=CENTRE, at=at, opened=moved(rules, wished, there, (), at, lines)[0])  # fmt: skip
    _done(writing, room, one, at + 3 * HOUR)
    morning = (at + 12 * HOUR).astimezone(zone).replace(hour=0).astimezone(UTC)
    due = checks(rules, one, there, warnings.tasks(writing.connection, room.id, one.number), morning, zone, lines)
    if due:
        one = warnings.put(writing, room.id, one, Act.OPEN, by=CENTRE, at=morning, opened=due)
    _done(writing, room, one, morning + 22 * HOUR)
    raised, act = changed(one, Level.ORANGE, ORDERS[1], at + 4 * DAY, morning + DAY)
    opened, closed = moved(
        rules, raised, there, warnings.tasks(writing.connection, room.id, one.number), morning + DAY, lines
    )
    one = warnings.put(writing, room.id, raised, act, by=CENTRE, at=morning + DAY, opened=opened, closed=closed)
    _done(writing, room, one, morning + DAY + HOUR)
    over = stood_down(one, ORDERS[2], at + 4 * DAY)
    closed = moved(rules, over, there, warnings.tasks(writing.connection, room.id, one.number), at + 4 * DAY)[1]
    warnings.put(writing, room.id, over, Act.STAND_DOWN, by=CENTRE, at=at + 4 * DAY, closed=closed)


def _list(writing: Writing, room: Room, plants: Sequence[str], now: datetime) -> None:
    """Put an invented emergency list of the year in which the warning was: every second plant stands in it."""
    at = now - 2 * AGO * DAY
    year = (now.astimezone(room.area.pack.timezone) - AGO * DAY).year
    names = sites.named(writing.connection, room.id, list(plants[::2]))
    lines = [Line(site, names[site].name, grade, {} if exempt else SAYS, exempt, f"示例一厂一策-{number}") for number, (site, (grade, exempt)) in enumerate(zip(plants[::2], cycle(GRADED)), 1)]  # fmt: skip
    if lines:
        emergency_lists.put(
            writing, room.id, EmergencyList(year, tuple(lines), "示例应急减排清单.xlsx"), by=CENTRE, at=at
        )


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
    meter = f"读数未变：{10_000 + task.number * 37}" if task.kind is Kind.STOP and is_kept else ""
    return replace(task, post=CENTRE.post, kept=is_kept, meter=meter, note="" if is_kept else "仍在作业，已督促")
