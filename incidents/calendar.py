"""The working calendar (工作日历): which days and hours are worked, and how much working time lies between two instants.

A day is worked or not (chinesecalendar's statutory holidays and make-up workdays, 法定节假日 and 调休; else Monday to Friday; a table by file wins over both), and a
worked day has periods (08:00-12:00 and 14:00-18:00 unless set otherwise). One year of one time zone is laid out once as periods of UTC microseconds with a running sum of
working time, so that a question costs a bisection, however long the span: 5 to 10 us, for 1,000 days too.

Times are aware, in the zone of the area: 08:00 means eight o'clock in the zone that a time carries.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Self, TypeAlias

import chinese_calendar

from geo.errors import RulesError

__all__ = ["Calendar", "Days", "Hours", "Season"]

BASES = ("cn", "none")
ANNOUNCED = frozenset(day.year for day in chinese_calendar.holidays)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SATURDAY = 5
FIRST_YEAR, LAST_YEAR = 2, 9998  # a zone may shift the outermost days out of what datetime can hold
MIDNIGHT = time()

Period: TypeAlias = tuple[time, time]
DAY_HOURS: tuple[Period, ...] = ((time(8), time(12)), (time(14), time(18)))
NO_DAYS: Mapping[date, bool] = MappingProxyType({})


@dataclass(frozen=True)
class Season:
    """Hours that hold between two month-days, both included (夏季作息); one that ends before it starts runs over the new year."""

    first: tuple[int, int]
    last: tuple[int, int]
    periods: tuple[Period, ...]

    def holds_on(self, day: date) -> bool:
        """Say whether a day lies in the season."""
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True)
class Hours:
    """The periods of a working day (工作时段), as (start, end) in local time; an end of 00:00 is the end of the day.

    Parameters
    ----------
    periods
        In order and apart. Default: 08:00-12:00 and 14:00-18:00 [domain.md 1.7].
    seasons
        Other hours for parts of the year; the first season that holds wins.
    """

    periods: tuple[Period, ...] = DAY_HOURS
    seasons: tuple[Season, ...] = ()

    def on(self, day: date) -> tuple[Period, ...]:
        """Return the periods of a day, were it worked."""
        return next((season.periods for season in self.seasons if season.holds_on(day)), self.periods)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read a ``[hours]`` table: ``periods``, and seasons as ``[hours.NAME]`` with ``from``, ``to`` and ``periods``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        periods = _periods(table["periods"], "periods", faults) if "periods" in table else DAY_HOURS
        seasons = tuple(_season(value, key, faults) for key, value in table.items() if key != "periods")
        if faults:
            raise RulesError(f"The working hours have {len(faults)} fault(s):", faults)
        return cls(periods, tuple(season for season in seasons if season))


@dataclass(frozen=True)
class Days:
    """Days that a table by file decides: a city's holidays, or a year that the library does not know yet.

    Parameters
    ----------
    days
        Day -> is it worked.
    years
        Years that the table gives in full, so that no warning is due for them.
    base
        The calendar beneath: ``cn`` or ``none``.
    """

    days: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()
    base: str = "cn"

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read a table of ``holidays``, ``workdays``, ``years`` and ``base`` (data/rules/holidays.toml shows one).

        A day is a TOML date, text such as ``"2027-02-06"``, or a range ``"2027-02-06..2027-02-12"``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults = [
            f"{key!r} is no key of a table of days; known are base, holidays, workdays, years"
            for key in table
            if key not in {"base", "holidays", "workdays", "years"}
        ]
        off = _day_list(table.get("holidays", []), "holidays", faults)
        on = _day_list(table.get("workdays", []), "workdays", faults)
        faults += [f"{day} stands under holidays and under workdays; leave one" for day in sorted({*off} & {*on})]
        years = table.get("years", [])
        if not isinstance(years, list) or not all(type(year) is int for year in years):
            faults.append(f"years: {years!r} is no list of years; write years = [2027]")
            years = []
        base = table.get("base", "cn")
        if base not in BASES:
            faults.append(f"base: {base!r} is no calendar; choose {' or '.join(BASES)}")
        if faults:
            raise RulesError(f"The table of days has {len(faults)} fault(s):", faults)
        return cls(dict.fromkeys(off, False) | dict.fromkeys(on, True), frozenset(years), base)

    def __or__(self, other: "Days") -> "Days":
        """Lay another table over this one, for instance a pack's over the city's."""
        return Days({**self.days, **other.days}, self.years | other.years, other.base)


@dataclass(frozen=True, slots=True)
class _Year:
    """One year in one zone. Periods: UTC microseconds, and working time of the year before each; days: working time before each worked day."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    opens: list[int] = field(default_factory=list)
    total: int = 0

    def worked(self, at: int) -> int:
        """Working time of the year until an instant."""
        i = bisect_right(self.starts, at) - 1
        return 0 if i < 0 else self.before[i] + min(at, self.ends[i]) - self.starts[i]

    def length(self, day: int) -> int:
        """Working time of one worked day."""
        return (self.opens[day + 1] if day + 1 < len(self.opens) else self.total) - self.opens[day]

    def days(self, worked: int) -> tuple[int, float]:
        """How many worked days, and which part of the next, an amount of working time is."""
        day = bisect_right(self.opens, worked) - 1
        return (0, 0.0) if day < 0 else (day, (worked - self.opens[day]) / self.length(day))


class Calendar:
    """Which days and hours are worked.

    Parameters
    ----------
    base
        ``cn``: statutory holidays and make-up workdays after chinesecalendar, which knows announced years only; another year follows the weekday rule.
        ``none``: Monday to Friday.
    extra
        Day -> is it worked; wins over the base. See `Days.from_table`.
    hours
        Periods of a worked day.
    years
        Years that ``extra`` gives in full.

    Raises
    ------
    RulesError
        ``base`` is neither ``cn`` nor ``none``.
    """

    def __init__(
        self,
        base: str,
        extra: Mapping[date, bool] = NO_DAYS,
        hours: Hours | None = None,
        *,
        years: Iterable[int] = (),
    ) -> None:
        if base not in BASES:
            raise RulesError(f"There is no calendar {base!r}. Choose {' or '.join(BASES)}.")
        self.base = base
        self.extra: Mapping[date, bool] = dict(extra)
        self.hours = hours or Hours()
        self.years = frozenset(years)
        self._laid_out: dict[tuple[int, tzinfo], _Year] = {}

    @classmethod
    def of_days(cls, days: Days, hours: Hours | None = None) -> Self:
        """Make the calendar of a table of days."""
        return cls(days.base, days.days, hours, years=days.years)

    def is_workday(self, day: date) -> bool:
        """Say whether a day is worked."""
        if isinstance(day, datetime):
            day = day.date()
        if day in self.extra:
            return self.extra[day]
        if self.base == "cn":
            if day in chinese_calendar.workdays:
                return True
            if day in chinese_calendar.holidays:
                return False
        return day.weekday() < SATURDAY

    def is_known(self, day: date) -> bool:
        """Say whether a day is known to be worked or not; False means that only the weekday rule speaks."""
        if isinstance(day, datetime):
            day = day.date()
        return self.base == "none" or day.year in ANNOUNCED or day.year in self.years or day in self.extra

    def unknown_years(self, first: date, last: date) -> tuple[int, ...]:
        """Return the years from one day to another, both included, whose holidays nobody has announced: a warning is due for each."""
        known = ANNOUNCED | self.years
        return tuple(year for year in range(first.year, last.year + 1) if self.base != "none" and year not in known)

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from one instant to another; negative where the second comes first."""
        zone = _zone(start)
        (year, done), (last, until) = self._place(start, zone), self._place(end, zone)
        if last < year:
            return -self.working_time(end.astimezone(zone), start)
        while year < last:
            done -= self._year(year, zone).total
            year += 1
        return timedelta(microseconds=until - done)

    def working_days(self, start: datetime, end: datetime) -> float:
        """Return the worked days from one instant to another, a part of a day as the part of its working time."""
        zone = _zone(start)
        (year, done), (last, until) = self._place(start, zone), self._place(end, zone)
        if last < year:
            return -self.working_days(end.astimezone(zone), start)
        day, part = self._year(year, zone).days(done)
        final, rest = self._year(last, zone).days(until)
        while year < last:
            final += len(self._year(year, zone).opens)
            year += 1
        return final - day + (rest - part)

    def after_time(self, start: datetime, amount: timedelta, *, late: bool) -> datetime:
        """Return the instant that an amount of working time after (or, negative, before) another.

        Parameters
        ----------
        late
            The end of one period and the start of the next are the same amount away: False returns the end, True the start.
        """
        zone = _zone(start)
        year, done = self._place(start, zone)
        done += amount // MICROSECOND
        while done < 0:
            year -= 1
            done += self._year(year, zone).total
        while done > (total := self._year(year, zone).total):
            done -= total
            year += 1
        return self._instant(year, done, zone, late=late)

    def after_days(self, start: datetime, amount: float, *, late: bool) -> datetime:
        """Return the instant that so many worked days after (or, negative, before) another; see `working_days` and `after_time`."""
        zone = _zone(start)
        year, done = self._place(start, zone)
        day, part = self._year(year, zone).days(done)
        whole, part = divmod(part + amount % 1, 1)
        day += int(amount // 1) + int(whole)
        while day < 0:
            year -= 1
            day += len(self._year(year, zone).opens)
        while day >= (count := len(self._year(year, zone).opens)):
            day -= count
            year += 1
        laid = self._year(year, zone)
        return self._instant(year, laid.opens[day] + round(part * laid.length(day)), zone, late=late)

    def _place(self, at: datetime, zone: tzinfo) -> tuple[int, int]:
        """Find the local year of an instant, and the working time of that year until then."""
        year = at.year if at.tzinfo is zone else at.astimezone(zone).year
        return year, self._year(year, zone).worked((at.astimezone(UTC) - EPOCH) // MICROSECOND)

    def _instant(self, year: int, done: int, zone: tzinfo, *, late: bool) -> datetime:
        laid = self._year(year, zone)
        while done == (laid.total if late else 0):
            year += 1 if late else -1
            laid = self._year(year, zone)
            done = 0 if late else laid.total
        i = (bisect_right if late else bisect_left)(laid.before, done) - 1
        return (EPOCH + timedelta(microseconds=laid.starts[i] + done - laid.before[i])).astimezone(zone)

    def _year(self, year: int, zone: tzinfo) -> _Year:
        laid = self._laid_out.get((year, zone))
        if laid is None:
            laid = self._laid_out[year, zone] = self._lay_out(year, zone)
        return laid

    def _lay_out(self, year: int, zone: tzinfo) -> _Year:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise RulesError(f"The calendar has no year {year}. Choose a shorter span.")
        laid, total, last = _Year(), 0, 0
        day = date(year, 1, 1)
        while day.year == year:
            opens = total
            for start, end in self.hours.on(day) if self.is_workday(day) else ():
                # a change of clock may swallow a period, or a part of one
                begins = max(_micros(day, start, zone), last)
                last = max(_micros(day + timedelta(end == MIDNIGHT), end, zone), begins)
                if last > begins:
                    laid.starts.append(begins)
                    laid.ends.append(last)
                    laid.before.append(total)
                    total += last - begins
            if total > opens:
                laid.opens.append(opens)
            day += timedelta(1)
        return _Year(laid.starts, laid.ends, laid.before, laid.opens, total)


def _zone(at: datetime) -> tzinfo:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; deadlines need the area's.")
    return at.tzinfo


def _micros(day: date, clock: time, zone: tzinfo) -> int:
    return (datetime.combine(day, clock, zone).astimezone(UTC) - EPOCH) // MICROSECOND


def _season(table: Any, key: str, faults: list[str]) -> Season | None:
    if not isinstance(table, Mapping):
        faults.append(f"{key} is no season; write [hours.{key}] with from, to and periods")
        return None
    faults += [
        f"{key}.{name} is no key of a season; known are from, to, periods"
        for name in table
        if name not in {"from", "to", "periods"}
    ]
    first, last = (_month_day(table.get(name), f"{key}.{name}", faults) for name in ("from", "to"))
    periods = _periods(table.get("periods"), f"{key}.periods", faults)
    return Season(first, last, periods) if first and last else None


def _month_day(value: Any, key: str, faults: list[str]) -> tuple[int, int] | None:
    try:
        day = date.fromisoformat(f"2000-{value}")  # a leap year, so that 02-29 is a day
    except ValueError:
        faults.append(f'{key}: {value!r} is no day of a year; write "05-01"')
        return None
    return day.month, day.day


def _periods(value: Any, key: str, faults: list[str]) -> tuple[Period, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):  # noqa: PLR2004 - a pair
        faults.append(f'{key}: {value!r} is no list of periods; write [["08:00", "12:00"], ["14:00", "18:00"]]')
        return ()
    clocks = [_clock(clock) for pair in value for clock in pair]
    if None in clocks:
        wrong = [clock for pair in value for clock in pair if _clock(clock) is None]
        faults.append(f'{key}: {wrong[0]!r} is no time of day; write "08:00"')
        return ()
    minutes = [clock for clock in clocks if clock is not None]
    if any(a >= b for a, b in zip(minutes[::2], minutes[1::2], strict=True)) or minutes != sorted(minutes):
        faults.append(f"{key}: {value!r} is not in order; each period ends after its start, and before the next starts")
        return ()
    times = [time(minute // 60 % 24, minute % 60) for minute in minutes]
    return tuple(zip(times[::2], times[1::2], strict=True))


def _clock(value: Any) -> int | None:
    """Minutes since midnight of ``"08:30"``, ``"24:00"`` or a TOML time."""
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    if value == "24:00":
        return 24 * 60
    try:
        clock = (
            time.fromisoformat(value.replace("：", ":"))
            if isinstance(value, str) and len(value) == len("08:00")
            else None
        )
    except ValueError:
        return None
    return None if clock is None else clock.hour * 60 + clock.minute


def _day_list(value: Any, key: str, faults: list[str]) -> list[date]:
    if not isinstance(value, list):
        faults.append(f"{key}: {value!r} is no list of days; write {key} = [2027-02-06]")
        return []
    days: list[date] = []
    for entry in value:
        found = _day_range(entry)
        if found is None:
            faults.append(f'{key}: {entry!r} is no day; write 2027-02-06, or "2027-02-06..2027-02-12"')
        days += found or []
    return days


def _day_range(entry: Any) -> list[date] | None:
    if isinstance(entry, date) and not isinstance(entry, datetime):
        return [entry]
    if not isinstance(entry, str):
        return None
    first, dots, last = entry.partition("..")
    try:
        start = date.fromisoformat(first.strip())
        end = date.fromisoformat(last.strip()) if dots else start
    except ValueError:
        return None
    length = (end - start).days
    return [start + timedelta(days) for days in range(length + 1)] if 0 <= length < 366 else None  # noqa: PLR2004 - a year
