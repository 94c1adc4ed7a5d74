"""The rules of the outbox, read from ``outbox.toml``: which entry is told to whom, by which channel at which hour, and how often sending is tried."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from data import rules
from desk.room import Room
from geo.errors import RulesError
from incidents.limits import Span
from incidents.model import Urgency

FILE = "outbox"
APP, TEXT, WEBHOOK, SMTP, SMS = "app", "text", "webhook", "smtp", "sms"
CHANNELS = (APP, TEXT, WEBHOOK, SMTP, SMS)
IN, OUT, NIGHT = HOURS = ("in", "out", "night")
DEFAULT, DUTY, VOLUNTEER = "default", "duty", "volunteer"
OF_WHISTLES = frozenset({"asker", "approver", "approvers", "lead", "parties"})
TO = frozenset({"handler", "answering", "informed", "overdue", "next_head", "told", "watchers", "reporter", "centre", "place", DUTY}) | OF_WHISTLES  # fmt: skip
PATHS = ("data.", "before.", "after.")


@dataclass(frozen=True)
class Tell:
    """One rule: an entry of the history, and who is told of it.

    Attributes
    ----------
    kind
        What it is called in the message.
    to
        Words of `TO`, or paths into the entry.
    when
        Path -> the texts of which one has to fit.
    hold
        What is undone within that time is sent to nobody.
    must_read
        Who does not read it comes on the call list.
    unread
        After so long; None for what the rules say for all.
    loud
        It goes by the channels of the night at every hour, and through the quiet time.
    """

    subject: str
    act: str
    kind: str
    to: tuple[str, ...]
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hold: timedelta = timedelta(0)
    must_read: bool = False
    unread: timedelta | None = None
    loud: bool = False

    def fits(self, subject: str, act: str, look: Callable[[str], str]) -> bool:
        """Tell whether an entry is told by this rule; ``look`` returns what stands at a path, "" for nothing."""
        if (self.subject, self.act) != (subject, act):
            return False
        return all(any(fnmatchcase(look(path), wanted) for wanted in some) for path, some in self.when.items())


@dataclass(frozen=True)
class Retry:
    """When a message that could not be sent is tried again, and when it is given up."""

    seconds: tuple[float, ...]
    jitter: float
    hours: float

    def after(self, attempts: int, chance: float) -> timedelta:
        """Return how long to wait after so many attempts; ``chance`` from 0 to 1 makes it a little longer or shorter."""
        seconds = self.seconds[min(attempts, len(self.seconds)) - 1]
        return timedelta(seconds=seconds * (1 + self.jitter * (2 * chance - 1)))

    @property
    def patience(self) -> timedelta:
        """How long it is tried."""
        return timedelta(hours=self.hours)


@dataclass(frozen=True)
class Storm:
    """How much may go out in an hour.

    Attributes
    ----------
    channels
        That are counted.
    post, area
        To one address, and of one area, by each channel.
    more
        What is urgent goes out for so many more.
    wait
        After what was held back a summary waits so long for more of it.
    urgent
        Kind -> the hours at which it is.
    """

    channels: frozenset[str]
    post: int
    area: int
    more: int
    wait: timedelta
    urgent: Mapping[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class OutboxRules:
    """All of ``outbox.toml``, which says what each means."""

    night: tuple[time, time]
    quiet: tuple[time, time]
    stale: timedelta
    unread: timedelta
    call: timedelta
    first: Mapping[Urgency, Span]
    retry: Retry
    storm: Storm
    channels: Mapping[str, Mapping[str, tuple[str, ...]]]
    tell: tuple[Tell, ...]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "OutboxRules":
        """Read the table.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        found = {
            "night": _between(table, "night", faults),
            "quiet": _between(table, "quiet", faults),
            "stale": timedelta(hours=_number(table, "stale_hours", faults)),
            "unread": timedelta(minutes=_number(table, "unread_minutes", faults)),
            "call": timedelta(minutes=_number(table, "call_minutes", faults)),
            "first": _first(table.get("first"), faults),
            "retry": _retry(table.get("retry"), faults),
            "storm": _storm(table.get("storm"), faults),
            "channels": _channels(table.get("channels"), faults),
            "tell": _tells(table.get("tell"), faults),
        }
        known = {"night", "quiet", "stale_hours", "unread_minutes", "call_minutes", "first", "retry", "storm", "channels", "tell"}  # fmt: skip
        faults += [f"{name!r} is not known" for name in table if name not in known]
        if faults:
            raise RulesError(f"outbox.toml has {len(faults)} fault(s):", faults)
        return cls(**found)  # type: ignore[arg-type]

    def hours(self, room: Room, at: datetime) -> str:
        """Return what hour it is in an area: ``in``, ``out`` or ``night``."""
        if room.in_hours(at):
            return IN
        return NIGHT if _lies(self.night, at.astimezone(room.area.pack.timezone)) else OUT

    def through(self, kind: str, hours: str) -> tuple[str, ...]:
        """Return the channels of a kind of post at an hour."""
        return self.channels.get(kind, self.channels[DEFAULT])[hours]

    def quiet_until(self, room: Room, at: datetime) -> datetime:
        """Return when volunteers may be disturbed: at once, or when their quiet time ends."""
        local = at.astimezone(room.area.pack.timezone)
        if not _lies(self.quiet, local):
            return at
        end = datetime.combine(local.date(), self.quiet[1], local.tzinfo)
        return (end if end > local else end + timedelta(days=1)).astimezone(UTC)


@lru_cache(maxsize=16)
def outbox_rules(pack_folder: Path | None, extra: Path | None = None) -> OutboxRules:
    """Return the rules of an area: the shipped ones, replaced by those of ``extra`` (BATTLEMAP_RULES), and by the pack's own.

    Raises
    ------
    RulesError
        The file cannot be read or holds faults; names them.
    """
    return OutboxRules.from_table(rules.read(FILE, rules.folders_of(pack_folder, extra)))


def _lies(span: tuple[time, time], local: datetime) -> bool:
    first, last = span
    now = local.time()
    return first <= now < last if first <= last else now >= first or now < last


def _number(table: Mapping[str, Any], name: str, faults: list[str]) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        faults.append(f"{name!r} is {value!r}; give a number above 0")
        return 1.0
    return float(value)


def _between(table: Mapping[str, Any], name: str, faults: list[str]) -> tuple[time, time]:
    try:
        first, last = (time.fromisoformat(text) for text in table[name])
    except (KeyError, TypeError, ValueError):
        faults.append(f'{name!r} is {table.get(name)!r}; give two times: ["22:00", "07:00"]')
        return time(0), time(0)
    return first, last


def _first(value: Any, faults: list[str]) -> Mapping[Urgency, Span]:
    found = {}
    for urgency in Urgency:
        try:
            found[urgency] = Span.parse(value[urgency.value])
        except (TypeError, KeyError, ValueError, RulesError):
            faults.append(f'[first] needs {urgency.value}, as "1 work_hour"')
    return MappingProxyType(found)


def _retry(value: Any, faults: list[str]) -> Retry | None:
    try:
        found = Retry(tuple(float(one) for one in value["seconds"]), float(value["jitter"]), float(value["hours"]))
    except (TypeError, KeyError, ValueError):
        found = None
    if found is None or not found.seconds or min(found.seconds) <= 0 or not 0 <= found.jitter < 1 or found.hours <= 0:
        faults.append("[retry] needs seconds (a list of numbers above 0), jitter (from 0, below 1) and hours (above 0)")
        return None
    return found


def _storm(value: Any, faults: list[str]) -> Storm | None:
    said = value if isinstance(value, dict) else {}
    numbers = [said.get(name) for name in ("hourly_post", "hourly_area", "hourly_urgent")]
    urgent, wait = said.get("urgent", {}), said.get("summary_minutes")
    if (
        not all(isinstance(number, int) and not isinstance(number, bool) and number > 0 for number in numbers)
        or isinstance(wait, bool)
        or not isinstance(wait, int | float)
        or wait < 0
        or not _is_of(said.get("channels"), (WEBHOOK, SMTP, SMS))
        or not isinstance(urgent, dict)
        or not all(_is_of(hours, HOURS) for hours in urgent.values())
    ):
        faults.append(
            "[storm] needs hourly_post, hourly_area and hourly_urgent (whole numbers above 0), summary_minutes (from 0), channels (of webhook, smtp, sms), "
            "and [storm.urgent] lists of in, out, night"
        )
        return None
    post, area, more = (int(number) for number in numbers if number)
    hours = MappingProxyType({kind: frozenset(some) for kind, some in urgent.items()})
    return Storm(frozenset(said["channels"]), post, area, more, timedelta(minutes=wait), hours)


def _channels(value: Any, faults: list[str]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    found: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for kind, named in (value if isinstance(value, dict) else {}).items():
        by_hour = {hours: named.get(hours) for hours in HOURS} if isinstance(named, dict) else {}
        wrong = [hours for hours in HOURS if not _is_of(by_hour.get(hours), CHANNELS)]
        if wrong:
            faults.append(f"[channels.{kind}] needs {', '.join(wrong)}: lists of {', '.join(CHANNELS)}")
        else:
            found[kind] = {hours: tuple(dict.fromkeys((APP, *(by_hour[hours] or ())))) for hours in HOURS}
    if DEFAULT not in found:
        faults.append("[channels.default] is missing")
    return MappingProxyType(found)


def _is_of(value: Any, known: Sequence[str]) -> bool:
    return isinstance(value, list) and all(one in known for one in value)


def _tells(value: Any, faults: list[str]) -> tuple[Tell, ...]:
    if not isinstance(value, list) or not value:
        faults.append("[[tell]] is missing")
        return ()
    return tuple(found for number, entry in enumerate(value, 1) if (found := _tell(number, entry, faults)))


def _tell(number: int, entry: Mapping[str, Any], faults: list[str]) -> Tell | None:
    where = f"[[tell]] number {number}"
    subject, act, kind = (entry.get(name) for name in ("subject", "act", "kind"))
    if not all(isinstance(text, str) and text for text in (subject, act, kind)):
        faults.append(f"{where} needs subject, act and kind")
        return None
    to = entry.get("to")
    if not isinstance(to, list) or not to or not all(one in TO or str(one).startswith(PATHS) for one in to):
        faults.append(f'{where}: to is {to!r}; give a list of {", ".join(sorted(TO))}, or paths as "after.lead"')
        return None
    when = entry.get("when", {})
    known = {"subject", "act", "kind", "to", "when", "hold_seconds", "must_read", "unread_minutes", "loud"}
    faults += [f"{where}: {name!r} is not known" for name in entry if name not in known]
    unread = timedelta(minutes=_number(entry, "unread_minutes", faults)) if "unread_minutes" in entry else None
    hold = entry.get("hold_seconds", 0)
    if not isinstance(when, dict) or isinstance(hold, bool) or not isinstance(hold, int) or hold < 0:
        faults.append(f"{where}: when is a table, hold_seconds a number from 0")
        return None
    some = {path: tuple(str(one) for one in (wanted if isinstance(wanted, list) else [wanted])) for path, wanted in when.items()}  # fmt: skip
    return Tell(
        str(subject),
        str(act),
        str(kind),
        tuple(to),
        some,
        timedelta(seconds=hold),
        bool(entry.get("must_read")),
        unread,
        bool(entry.get("loud")),
    )
