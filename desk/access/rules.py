"""The rules of identity, read from ``identity.toml``: passwords, sessions, lock-out, and how long the audit trail is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from data import rules
from geo.errors import RulesError
from incidents.passwords import Policy
from ledger.accounts import Steps
from ledger.migrations.triggers import KEPT_DAYS

FILE = "identity"


@dataclass(frozen=True)
class Cost:
    """What a hash of argon2id costs, and how many are made at one time."""

    passes: int
    memory_kib: int
    lanes: int
    at_once: int


@dataclass(frozen=True)
class Identity:
    """What stands in ``identity.toml``."""

    policy: Policy
    cost: Cost
    steps: Steps
    idle: timedelta
    longest: timedelta
    device: timedelta
    code: timedelta
    once: timedelta
    keep: timedelta

    @classmethod
    def from_table(cls, said: Mapping[str, Any]) -> "Identity":
        """Read the table of ``identity.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        read = _Reading(said)
        made = cls(
            policy=_policy(read),
            cost=Cost(
                read.number("argon2", "passes", 1),
                read.number("argon2", "memory_kib", 8),
                read.number("argon2", "lanes", 1),
                read.number("argon2", "at_once", 1),
            ),
            steps=Steps(
                failures=read.number("lockout", "failures", 1),
                first=timedelta(minutes=read.number("lockout", "minutes", 1)),
                most=timedelta(minutes=read.number("lockout", "most_minutes", 1)),
                most_failures=read.number("lockout", "most_failures", 1),
                forget=timedelta(hours=read.number("lockout", "forget_hours", 1)),
            ),
            idle=timedelta(minutes=read.number("sessions", "idle_minutes", 1)),
            longest=timedelta(hours=read.number("sessions", "hours", 1)),
            device=timedelta(days=read.number("sessions", "device_days", 1)),
            code=timedelta(minutes=read.number("sessions", "code_minutes", 1)),
            once=timedelta(hours=read.number("sessions", "once_hours", 1)),
            keep=timedelta(days=read.number("audit", "keep_days", KEPT_DAYS)),
        )
        if made.cost.memory_kib < 8 * made.cost.lanes:
            read.faults.append(f"argon2.memory_kib is below 8 for each of {made.cost.lanes} lanes")
        if read.faults:
            raise RulesError(f"identity.toml has {len(read.faults)} fault(s):", read.faults)
        return made

    def cheap(self) -> "Identity":
        """Return the same with hashes that cost nothing, for tests and for counts of what the rest costs."""
        return replace(self, cost=Cost(1, 8, 1, self.cost.at_once))


@lru_cache(maxsize=4)
def identity_of(folder: Path | None) -> Identity:
    """Read the rules of identity, from a folder of rules or as they were shipped.

    Raises
    ------
    RulesError
        The file cannot be read or holds faults; names them.
    """
    return Identity.from_table(rules.read(FILE, rules.folders_of(None, folder)))


class _Reading:
    """Reads values, and collects what is wrong with them."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self.faults: list[str] = []

    def number(self, table: str, name: str, least: int) -> int:
        """Return a whole number of a table, at least so many."""
        where: Any = self._said
        for part in table.split("."):
            where = where.get(part, {}) if isinstance(where, dict) else {}
        value = where.get(name) if isinstance(where, dict) else None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.faults.append(f"{table}.{name} is {value!r}; give a whole number from {least}")
            return least
        return value

    def words(self) -> frozenset[str]:
        """Return the words of the blocklist."""
        found = self._said.get("blocklist")
        words = found.get("words") if isinstance(found, dict) else None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.faults.append("blocklist.words is no list of words")
            return frozenset()
        return frozenset(word.casefold() for word in words)


def _policy(read: _Reading) -> Policy:
    said = read._said  # noqa: SLF001  ours
    name, known = said.get("policy"), said.get("policies")
    if not isinstance(known, dict) or name not in known:
        read.faults.append(f"policy is {name!r}; name one of {', '.join(known) if isinstance(known, dict) else 'none'}")
        return Policy(8, 128)
    table = f"policies.{name}"
    days = read.number(table, "max_age_days", 0)
    return Policy(
        least=read.number(table, "least", 8),
        longest=read.number(table, "longest", 64),
        kinds=read.number(table, "kinds", 1),
        max_age=timedelta(days=days) if days else None,
        past=read.number(table, "past", 0),
        words=read.words(),
    )
