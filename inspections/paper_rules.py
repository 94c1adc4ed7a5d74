"""What papers (告知单, 责令整改通知书) and self-checks (自查) may be, as ``papers.toml`` says it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from inspections.reading import entries, name_of, text_of, texts_of, unknown, whole_of

ADDRESS = re.compile(r"(https?://[A-Za-z0-9.-]+(:\d{1,5})?)?")
# Number -> the least and the most that it may be.
NUMBERS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"days": (1, 92), "most": (1, 100), "fresh_minutes": (1, 600), "most_photos": (0, 6), "photos_mb": (1, 20)}
)


@dataclass(frozen=True)
class SelfCheckRules:
    """``[self_check]``: whether places may check themselves by a link, and how far such a link goes.

    Attributes
    ----------
    address
        Of the console as phones find it; "" takes the one at which the link was made.
    prefix
        Of the numbers of what comes in.
    days, most
        How long a link opens its page, and how often it can be sent by.
    fresh_minutes
        How long an opened page can be sent.
    most_photos, photos_mb
        Photos that the page takes, and megabytes of all of them.
    """

    open: bool
    address: str
    prefix: str
    days: int
    most: int
    fresh_minutes: int
    most_photos: int
    photos_mb: int


@dataclass(frozen=True)
class Authority:
    """An authority (执法机关) in whose name orders are made out.

    Attributes
    ----------
    posts
        Keys or titles of the posts that may do so.
    """

    name: Name
    posts: tuple[str, ...]


@dataclass(frozen=True)
class PaperRules:
    """All of ``papers.toml``.

    Attributes
    ----------
    prefix
        Of the numbers of orders (责令整改通知书).
    most_days
        The longest time that an order gives.
    never
        Words that no paper of a community says: it has no power to punish (domain.md 0.7).
    """

    self_check: SelfCheckRules
    prefix: str
    most_days: int
    never: tuple[str, ...]
    authorities: tuple[Authority, ...]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``papers.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        unknown(table, ("self_check", "orders", "never", "authorities"), "", faults)
        orders = _table(table, "orders", ("prefix", "most_days"), faults)
        found = cls(
            _self_check(_table(table, "self_check", ("open", "address", "prefix", *NUMBERS), faults), faults),
            text_of(orders, "prefix", "orders.", faults) or "责",
            whole_of(orders, "most_days", "orders.", faults, most=366, least=1) or 1,
            texts_of(table, "never", "", faults),
            tuple(_authority(entry, where, faults) for where, entry in entries(table, "authorities", faults)),
        )
        if faults:
            raise RulesError(f"papers.toml has {len(faults)} fault(s):", faults)
        return found


def _table(table: Mapping[str, Any], name: str, known: tuple[str, ...], faults: list[str]) -> Mapping[str, Any]:
    found = table.get(name)
    if not isinstance(found, Mapping):
        faults.append(f"[{name}] is missing")
        return {}
    unknown(found, known, f"{name}.", faults)
    return found


def _self_check(said: Mapping[str, Any], faults: list[str]) -> SelfCheckRules:
    if not isinstance(said.get("open"), bool):
        faults.append("self_check.open is true or false")
    address = text_of(said, "address", "self_check.", faults)
    if not ADDRESS.fullmatch(address):
        faults.append(f"self_check.address is {address!r}; write https://NAME without a path, or nothing")
    numbers = {name: whole_of(said, name, "self_check.", faults, most=most, least=least) for name, (least, most) in NUMBERS.items()}  # fmt: skip
    faults += [f"self_check.{name}: it is missing" for name in NUMBERS if name not in said]
    prefix = text_of(said, "prefix", "self_check.", faults) or "自"
    return SelfCheckRules(said.get("open") is True, address, prefix, **{name: value or 0 for name, value in numbers.items()})  # fmt: skip


def _authority(entry: Mapping[str, Any], where: str, faults: list[str]) -> Authority:
    unknown(entry, ("name", "name_en", "posts"), where, faults)
    posts = texts_of(entry, "posts", where, faults)
    if not posts:
        faults.append(f'{where}posts: it is missing; write posts = ["城管执法中队"]')
    return Authority(name_of(entry, "name", where, faults), posts)
