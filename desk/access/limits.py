"""How often something may be done: log-in, codes, photos, reports."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Lock
from typing import Any

from data import rules
from geo.errors import RulesError, TooOften

FILE = "limits"
KEYS = 10_000  # that a limit remembers; the one that was used longest ago is forgotten first
A_MINUTE = 60.0
ROUNDING = 1e-4  # seconds; what is added up in seconds since 1970 is no more exact


class Limit:
    """So many at once, and so many again each minute, for each key (generic cell rate algorithm, ITU-T I.371).

    A key that was forgotten begins anew. What an attacker could gain by making a limit forget, with ten thousand addresses, is held by the limit for all of them together.

    Parameters
    ----------
    at_once
        So many may follow one another without a pause.
    per_minute
        So many are allowed again each minute.
    keys
        How many keys are remembered.
    """

    def __init__(self, at_once: int, per_minute: float, keys: int = KEYS) -> None:
        self._gap = A_MINUTE / per_minute
        self._ahead = self._gap * at_once
        self._keys = keys
        self._due: OrderedDict[str, float] = OrderedDict()  # key -> when all that was done would have been due
        self._lock = Lock()

    def wait(self, key: str, now: datetime) -> int:
        """Count one more, and return 0; or return after how many seconds to try again, and count nothing."""
        at = now.timestamp()
        with self._lock:
            due = max(self._due.get(key, at), at)
            if due - at > self._ahead + ROUNDING:  # the clock was set back
                due = at
            wait = due + self._gap - at - self._ahead
            if wait > ROUNDING:
                return math.ceil(wait)
            self._due[key] = due + self._gap
            self._due.move_to_end(key)
            if len(self._due) > self._keys:
                self._due.popitem(last=False)
        return 0

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._due)


class Limits:
    """The limits of ``limits.toml``, by name: ``log_in.address``."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self._limits = dict(limits)

    def wait(self, name: str, key: str, now: datetime) -> int:
        """Count one more of something, and return 0; or return after how many seconds to try again."""
        return self._limits[name].wait(key, now)

    def ask(self, name: str, key: str, now: datetime) -> None:
        """Count one more of something.

        Raises
        ------
        TooOften
            It was done too often.
        """
        wait = self.wait(name, key, now)
        if wait:
            raise TooOften(f"Too many at once ({name}). Try again in {wait} s.", wait)


def network_of(address: str) -> str:
    """Return what an address counts as: itself, or of an IPv6 address its /64, which one subscriber has whole."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


@lru_cache(maxsize=4)
def limits_of(folder: Path | None) -> Limits:
    """Return the limits, from a folder of rules or as they were shipped; the same object each time.

    Raises
    ------
    RulesError
        The file cannot be read or holds faults; names them.
    """
    return limits_from(rules.read(FILE, rules.folders_of(None, folder)))


def limits_from(said: Mapping[str, Any]) -> Limits:
    """Read the table of ``limits.toml``; raises RulesError, which names every fault."""
    made, faults = {}, []
    for name in NAMES:
        group, _, by = name.partition(".")
        found = said.get(group, {}).get(by) if isinstance(said.get(group), dict) else None
        numbers = [found.get(key) if isinstance(found, dict) else None for key in ("at_once", "per_minute")]
        if all(isinstance(number, int) and not isinstance(number, bool) and number > 0 for number in numbers):
            made[name] = Limit(*numbers)  # type: ignore[arg-type]
        else:
            faults.append(f"[{name}] needs at_once and per_minute, whole numbers above 0")
    if faults:
        raise RulesError(f"limits.toml has {len(faults)} fault(s):", faults)
    return Limits(made)


NAMES = (
    "log_in.address",
    "log_in.name",
    "log_in.all",
    "code.address",
    "code.all",
    "provider.address",
    "uploads.session",
    "reports.account",
    "field_requests.account",
    "field_items.account",
    "field_photos.account",
    "board.phone",
    "board.address",
    "board.board",
    "board.all",
    "self_check.phone",
    "self_check.address",
    "self_check.link",
    "self_check.all",
)
