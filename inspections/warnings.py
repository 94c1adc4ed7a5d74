"""Heavy-pollution warnings (重污染天气预警) as tasks: what each source does by level, checks at fixed hours while the warning holds, and what becomes of tasks when it changes.

The street computes no warning and orders nothing: a warning is what the city's order says, a task is to go and see, urge and report. Source: domain.md 4.4.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import DraftError, LifecycleError, RulesError
from geo.scheme import Name
from incidents.alerts import Level
from inspections.emergency_list import LEVELS, Line
from inspections.reading import entries, name_of, texts_of, unknown, whole_of

KEY = re.compile(r"[a-z][a-z_]{0,19}")
HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
WHOLE = MappingProxyType({"late_minutes": 1440, "early_minutes": 720, "grace_minutes": 720})
HOURS = ("checks", "nights", "reports")
MOST_DAYS = 60
NOBODY: Mapping[str, Line] = MappingProxyType({})
DAY = timedelta(days=1)


class Act(StrEnum):
    """What is done to a warning, as the history calls it."""

    ISSUE = "issue"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    EXTEND = "extend"  # another expected end, at the same level
    STAND_DOWN = "stand_down"
    OPEN = "open"  # checks, by the clock
    FOLLOW = "follow"  # another emergency list
    LATE = "late"  # tasks whose time was over are told, by the clock


BY_ITSELF = (Act.OPEN, Act.FOLLOW, Act.LATE)  # acts that no order of the city asks for


class Kind(StrEnum):
    """What kind of task it is."""

    STOP = "stop"  # a measure, with evidence
    CHECK = "check"
    NIGHT = "night"


class State(StrEnum):
    """How a task stands."""

    OPEN = "open"
    DONE = "done"
    CLOSED = "closed"  # of no use any more; the reason stands with it


LISTED = "listed"  # the measure of an enterprise on the emergency list, in place of those of its kind
# Why a task was closed: the level, or the emergency list, asks for something else, or the warning was over.
LEVEL, LIST, END, LAPSED = "level", "list", "end", "lapsed"


@dataclass(frozen=True)
class Measure:
    """What kinds of sources do at each level; a level that is not there asks for nothing."""

    key: str
    name: Name
    kinds: tuple[str, ...]
    says: Mapping[Level, Name]


@dataclass(frozen=True)
class WarningRules:
    """All of ``warnings.toml``.

    Attributes
    ----------
    checks, nights, reports
        Clock times in the area's zone.
    late_minutes
        A measure of a warning that was entered after its start is due so many minutes after that.
    early_minutes, grace_minutes
        A check may be done so long before its hour, and is overdue so long after.
    grades
        Of enterprises on the emergency list; () takes any word.
    """

    checks: tuple[time, ...]
    nights: tuple[time, ...]
    reports: tuple[time, ...]
    late_minutes: int
    early_minutes: int
    grace_minutes: int
    measures: Mapping[str, Measure]
    grades: tuple[str, ...] = ()

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``warnings.toml``; docs/warnings.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, (*HOURS, *WHOLE, "grades", "measures"), "", faults)
        hours = {name: _hours(table, name, faults) for name in HOURS}
        whole = {name: whole_of(table, name, "", faults, most=most, least=0) or 0 for name, most in WHOLE.items()}
        faults += [f"{name}: it is missing; write {name} = 60" for name in WHOLE if name not in table]
        measures, grades = _measures(table, faults), texts_of(table, "grades", "", faults)
        if faults:
            raise RulesError(f"warnings.toml has {len(faults)} fault(s):", faults)
        checked, nights, reports = (hours[name] for name in HOURS)
        return cls(checked, nights, reports, **whole, measures=MappingProxyType(measures), grades=grades)

    def of(self, kind: str, level: Level) -> list[str]:
        """Return the measures that a kind of source has at a level."""
        return [key for key, one in self.measures.items() if kind in one.kinds and level in one.says]

    def says(self, key: str, level: Level) -> Name | None:
        """Return what a measure asks for at a level; None where nothing, or where the rules do not have it any more."""
        return self.measures[key].says.get(level) if key in self.measures else None


@dataclass(frozen=True)
class Warned:
    """A warning as it stands.

    Attributes
    ----------
    issuer, order
        Who ordered it, and the number of the last order.
    starts, ends
        UTC; ``ends`` is expected until it is stood down.
    over
        Whether it was stood down.
    number, version
        "" and 0 before it is written.
    """

    issuer: str
    order: str
    level: Level
    starts: datetime
    ends: datetime
    over: bool = False
    number: str = ""
    version: int = 0


@dataclass(frozen=True)
class Task:
    """A task at one source.

    Attributes
    ----------
    number
        Within its warning, from 1.
    site
        Number of the source.
    measure
        Of ``STOP``; `LISTED` of the emergency list; "" of checks.
    level
        At which it was opened.
    kept
        Whether what is asked for was seen to be done; None before.
    meter, note
        A reading of the meter, and a few words.
    reason
        Why it was closed: `LEVEL`, `LIST` or `END`; `LAPSED` where its time was over when the warning was stood down.
    item
        Account and key by which a phone sent it.
    asks
        What the emergency list asks for, word for word; "" where the rules do.
    """

    number: int
    site: str
    kind: Kind
    measure: str
    level: Level
    due: datetime
    state: State = State.OPEN
    done: datetime | None = None
    post: str = ""
    kept: bool | None = None
    meter: str = ""
    note: str = ""
    reason: str = ""
    item: str = ""
    asks: str = ""

    def overdue(self, now: datetime, grace: timedelta) -> bool:
        """Tell whether it is open and its time was over."""
        return self.state is State.OPEN and now > self.due + (timedelta(0) if self.kind is Kind.STOP else grace)


@dataclass(frozen=True)
class Tally:
    """Tasks in counts: ``done + open + closed`` are all, ``late`` those of the open ones whose time was over, ``broken`` those of the done ones where it was not kept, ``lapsed`` those of the closed ones that were overdue when the warning was stood down."""

    key: str
    done: int = 0
    open: int = 0
    closed: int = 0
    late: int = 0
    broken: int = 0
    lapsed: int = 0


# The warning


def issued(wished: Warned, there: Iterable[Warned], now: datetime) -> Warned:
    """Return a new warning, as it may be.

    Raises
    ------
    DraftError
        It ends before it starts or is over, lasts too long, or overlaps one of the same issuer that was not stood down.
    """
    _demand(wished, now)
    if any(one.issuer == wished.issuer and not one.over for one in there):
        raise DraftError(f"A warning of {wished.issuer} holds. Change its level or its end, or stand it down first.", field="warning_twice")  # fmt: skip
    return wished


def changed(before: Warned, level: Level, order: str, ends: datetime, now: datetime) -> tuple[Warned, Act]:
    """Return a warning as another order says, and what that is.

    Raises
    ------
    LifecycleError
        It was stood down.
    DraftError
        Nothing would change, or its end lies before its start or is over.
    """
    if before.over:
        raise LifecycleError("The warning was stood down. Enter the new order as a warning of its own.")
    after = replace(before, level=level, order=order, ends=ends)
    if (level, ends) == (before.level, before.ends):
        raise DraftError("The order changes neither level nor end. Change one of them.", field="warning_same")
    _demand(after, now)
    if level is before.level:
        return after, Act.EXTEND
    return after, Act.UPGRADE if level.rank > before.level.rank else Act.DOWNGRADE


def stood_down(before: Warned, order: str, at: datetime) -> Warned:
    """Return a warning that was lifted; raises LifecycleError where it was before."""
    if before.over:
        raise LifecycleError("The warning was stood down already.")
    return replace(before, over=True, order=order or before.order, ends=max(at, before.starts))


def _demand(one: Warned, now: datetime) -> None:
    if one.level not in LEVELS:
        raise DraftError("A warning is yellow, orange or red. Choose one of them.", field="warning_level")
    if not one.issuer or not one.order:
        raise DraftError("Write who gave the order, and its number.", field="warning_order")
    if one.ends <= one.starts or one.ends <= now:
        raise DraftError("It ends before it starts, or is over already. Correct one of the two times.", field="warning_ends")  # fmt: skip
    if one.ends - one.starts > MOST_DAYS * DAY or abs(one.starts - now) > MOST_DAYS * DAY:
        raise DraftError(f"A warning lasts {MOST_DAYS} days at most, and starts within as many. Look at the two times.", field="warning_far")  # fmt: skip


# Its tasks


def moved(  # noqa: PLR0917
    rules: WarningRules,
    warning: Warned,
    sources: Sequence[tuple[str, str]],
    tasks: Sequence[Task],
    now: datetime,
    lines: Mapping[str, Line] = NOBODY,
    *,
    reason: str = LEVEL,
) -> tuple[list[Task], list[Task]]:
    """Return the tasks that a warning opens, and those that it closes: what was done stays done, and is not asked for again while it asks for the same.

    Parameters
    ----------
    sources
        Number and kind of each source in use, in their order.
    tasks
        All that the warning has had.
    lines
        Of the emergency list that holds, by the number of the source.
    reason
        Why something else is asked for: `LEVEL` or `LIST`.
    """
    if warning.over:
        grace = timedelta(minutes=rules.grace_minutes)
        return [], [replace(one, state=State.CLOSED, reason=LAPSED if one.overdue(now, grace) else END) for one in tasks if one.state is State.OPEN]  # fmt: skip
    wanted = {(site, key): says for site, kind in sources for key, says in asked(rules, lines.get(site), kind, warning.level).items()}  # fmt: skip
    closed, met = [], set()
    for one in tasks:
        if one.state is State.CLOSED:
            continue
        place = (one.site, one.measure)
        if one.kind is not Kind.STOP:
            if one.state is State.OPEN and one.due > warning.ends:
                closed.append(replace(one, state=State.CLOSED, reason=END))
        elif place in wanted and (one.asks or rules.says(one.measure, one.level)) == wanted[place]:
            met.add(place)
        elif one.state is State.OPEN:
            closed.append(replace(one, state=State.CLOSED, reason=reason))
    due = min(warning.starts if warning.starts > now else now + timedelta(minutes=rules.late_minutes), warning.ends)
    number = max((one.number for one in tasks), default=0)
    missing = [(place, says) for place, says in wanted.items() if place not in met]
    return [Task(number + n, site, Kind.STOP, key, warning.level, due, asks=says if isinstance(says, str) else "") for n, ((site, key), says) in enumerate(missing, 1)], closed  # fmt: skip


def asked(rules: WarningRules, line: Line | None, kind: str, level: Level) -> dict[str, Name | str]:
    """Return what a source does at a level, by measure: as its line of the emergency list says, else as the rules say of its kind."""
    if line:
        return {LISTED: line.asks(level)} if line.asks(level) else {}
    return {key: rules.measures[key].says[level] for key in rules.of(kind, level)}


def checks(  # noqa: PLR0917
    rules: WarningRules,
    warning: Warned,
    sources: Sequence[tuple[str, str]],
    tasks: Sequence[Task],
    now: datetime,
    zone: tzinfo,
    lines: Mapping[str, Line] = NOBODY,
) -> list[Task]:
    """Return the checks that come up: of each source with a measure at this level, and each exempt one, at each hour of the day until the next midnight, while the warning holds."""
    if warning.over:
        return []
    there = {(one.site, one.due) for one in tasks if one.kind is not Kind.STOP}
    number = max((one.number for one in tasks), default=0)
    found: list[Task] = []
    concerned = [site for site, kind in sources if (lines[site].concerned(warning.level) if site in lines else rules.of(kind, warning.level))]  # fmt: skip
    for due, kind in hours(rules, now.astimezone(zone).date(), zone):
        if max(warning.starts, now) <= due <= warning.ends:
            for site in concerned:
                if (site, due) not in there:
                    found.append(Task(number + len(found) + 1, site, kind, "", warning.level, due))
    return found


def hours(rules: WarningRules, day: date, zone: tzinfo) -> list[tuple[datetime, Kind]]:
    """Return the hours of a day at which sources are checked, in UTC, in their order."""
    both = [(at, Kind.CHECK) for at in rules.checks] + [(at, Kind.NIGHT) for at in rules.nights]
    return sorted((datetime.combine(day, at, zone).astimezone(UTC), kind) for at, kind in both)


def reported(rules: WarningRules, warning: Warned, now: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:  # fmt: skip
    """Return when the last report of a warning was due and when the next one is, in UTC: at the hours of ``reports`` from its start to its end; None where there is none."""
    first, last = warning.starts.astimezone(zone).date(), warning.ends.astimezone(zone).date()
    days = [first + n * DAY for n in range((last - first).days + 1)]
    due = [datetime.combine(day, at, zone).astimezone(UTC) for day in days for at in rules.reports]
    due = [at for at in due if warning.starts <= at <= warning.ends]
    return max((at for at in due if at <= now), default=None), min((at for at in due if at > now), default=None)


def finished(  # noqa: PLR0917
    rules: WarningRules, before: Task, said: Task, photos: int, now: datetime, closed: datetime | None = None
) -> Task:
    """Return a task that was done.

    Parameters
    ----------
    said
        With ``post``, ``kept``, ``meter``, ``note`` and ``item`` as somebody says them.
    photos
        How many come with it.
    now
        When it was seen.
    closed
        When the task was closed, None where it was not: what was seen before counts, though it arrives later.

    Raises
    ------
    LifecycleError
        It is not open: it was closed before, or somebody did it.
    DraftError
        It is too early, or a measure has no evidence.
    """
    if before.state is State.CLOSED and (closed is None or now >= closed):
        raise LifecycleError(f"The task was closed: {before.reason}.")
    if before.state is State.DONE:
        raise LifecycleError("The task was done already.")
    if before.kind is not Kind.STOP and now < before.due - timedelta(minutes=rules.early_minutes):
        raise DraftError("It is too early for this check. Come back nearer to its hour.", field="warning_early")
    if said.kept is None:
        raise DraftError("Say whether what is asked for is kept.", field="warning_kept")
    if before.kind is Kind.STOP and said.kept and not any(map(str.isdigit, said.meter)) and not photos:
        raise DraftError("That it stopped is shown by a meter reading or a photo. Add one.", field="warning_evidence")
    if not said.kept and not said.note:
        raise DraftError("Say in a few words what is not kept.", field="warning_note")
    return replace(before, state=State.DONE, done=now, post=said.post, kept=said.kept, meter=said.meter, note=said.note, item=said.item, reason="")  # fmt: skip


def tally(tasks: Iterable[tuple[str, Task]], now: datetime, grace: timedelta) -> list[Tally]:
    """Return tasks counted by a key that stands with each, in order of the keys."""
    found: dict[str, list[Task]] = {}
    for key, one in tasks:
        found.setdefault(key, []).append(one)
    return [
        Tally(
            key,
            **{state.value: sum(one.state is state for one in some) for state in State},
            late=sum(one.overdue(now, grace) for one in some),
            broken=sum(one.kept is False for one in some),
            lapsed=sum(one.reason == LAPSED for one in some),
        )
        for key, some in sorted(found.items())
    ]


# Reading


def _hours(table: Mapping[str, Any], name: str, faults: list[str]) -> tuple[time, ...]:
    said = texts_of(table, name, "", faults)
    wrong = [one for one in said if not HOUR.fullmatch(one)]
    if wrong:
        faults.append(f'{name}: {", ".join(wrong)} is no hour; write {name} = ["09:00"]')
        return ()
    return tuple(sorted({time.fromisoformat(one) for one in said}))


def _measures(table: Mapping[str, Any], faults: list[str]) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    words = [part for level in LEVELS for part in (level.value, f"{level.value}_en")]
    for where, entry in entries(table, "measures", faults):
        unknown(entry, ("key", "name", "name_en", "kinds", "source", *words), where, faults)
        key, name = entry.get("key"), name_of(entry, "name", where, faults)
        kinds = texts_of(entry, "kinds", where, faults)
        says = {level: name_of(entry, level.value, where, faults) for level in LEVELS if level.value in entry}
        if not isinstance(key, str) or not KEY.fullmatch(key) or key in found or key == LISTED:
            faults.append(f'{where}key: {key!r} is no word of its own of at most 20 letters a to z; write key = "cover"')  # fmt: skip
        elif not kinds or not says:
            faults.append(f"{where}: it is for no kind of source, or asks for nothing at any level; write kinds and yellow, orange or red")  # fmt: skip
        else:
            found[key] = Measure(key, name, tuple(kinds), MappingProxyType(says))
    return found
