"""The lists of inspections and findings: the question of an address, what it finds as far as who looks sees, and one of them with all that a sheet shows. The ledger counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from desk.inspections.reading import sight, today
from desk.room import Room
from inspections.findings import STANDING, State
from inspections.inspection import Inspection
from inspections.sites import Site
from ledger import find, findings, inspections, sites
from ledger.findings import Filed
from locales import N_
from reports.campaign_words import faults_of
from reports.visit_lists import days

PAGE = 50  # rows
YEAR = timedelta(days=365)
OVERDUE, ALL, NONE = "overdue", "all", "none"
NOTHING = frozenset({""})  # numbers of no finding
# View -> its name, and what is said where it is empty.
PILE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        OVERDUE: (N_("Overdue"), N_("No finding is overdue.")),
        State.OPEN.value: (N_("To be put right"), N_("Nothing is to be put right.")),
        State.CORRECTED.value: (N_("To be looked at again"), N_("Nothing waits to be looked at again.")),
        State.HANDED_OVER.value: (N_("Passed on"), N_("Nothing is passed on.")),
        State.CLOSED.value: (N_("Closed, found right"), N_("Nothing was closed yet.")),
        State.WITHDRAWN.value: (N_("Struck off"), N_("Nothing was struck off.")),
        ALL: (N_("All findings"), N_("There is no finding yet. An inspection at which an item fails opens one.")),
    }
)
DUE = MappingProxyType({"0": N_("due today or before"), "7": N_("due within 7 days"), "30": N_("due within 30 days")})


def inspections_asked(room: Room, said: Mapping[str, str], now: datetime) -> inspections.Asked:
    """Return the question of an address for inspections, as far as who looks sees; what makes no sense does not narrow it."""
    outcome = said.get("outcome", "")
    first, after = days(said["period"], today(room, now)) if said.get("period") else (None, None)
    return inspections.Asked(
        room.id,
        sight(room),
        since=first,
        until=after - timedelta(days=1) if after else None,
        kinds=_one(said.get("kind")),
        outcomes=_one(outcome if outcome != NONE else ""),
        grades=_one(said.get("grade")),
        checklists=_one(said.get("list")),
        site=said.get("site", ""),
        grid=_grid(room, said),
        post=said.get("of", ""),
        text=said.get("q", "").strip(),
        open=outcome == NONE,
    )


def findings_asked(room: Room, said: Mapping[str, str], now: datetime) -> findings.Asked:
    """Return the question of an address for findings; which pile it is stands in ``pile``."""
    pile, day = said.get("pile", ALL), today(room, now)
    due, chosen = said.get("due", ""), faults_of(room, said.get("target", ""), now)
    return findings.Asked(
        room.id,
        day,
        sight(room),
        states=frozenset({pile} if pile in set(State) else ()),
        kinds=_one(said.get("kind")),
        grades=_one(said.get("grade")),
        items=_one(said.get("item")),
        site=said.get("site", ""),
        due_until=day + timedelta(days=int(due)) if due in DUE else None,
        overdue=pile == OVERDUE,
        repeated=bool(said.get("repeat")),
        grid=_grid(room, said),
        post=said.get("of", ""),
        text=said.get("q", "").strip(),
        numbers=frozenset() if chosen is None else chosen or NOTHING,
    )


def _one(value: str | None) -> frozenset[str]:
    return frozenset({value} if value else ())


def _grid(room: Room, said: Mapping[str, str]) -> tuple[str, str] | None:
    key, _, code = said.get("in", "").partition(":")
    return (key, code) if key in room.area.net.keys and code else None


@dataclass(frozen=True)
class Inspections:
    """A part of a list of inspections, and the sites of its rows by their numbers."""

    rows: list[Inspection]
    sites: Mapping[str, Site]


@dataclass(frozen=True)
class Findings:
    """A part of a list of findings, and the sites of its rows by their numbers."""

    rows: list[Filed]
    sites: Mapping[str, Site]


def inspected(room: Room, asked: inspections.Asked, *, most: int | None = PAGE, skip: int = 0) -> Inspections:
    """Return a part of the inspections that are asked for."""
    with room.ledger.reading() as connection:
        rows = inspections.page(connection, asked, most=most, skip=skip)
        return Inspections(rows, _sites(room, connection, rows))


def found(room: Room, asked: findings.Asked, *, most: int | None = PAGE, skip: int = 0) -> Findings:
    """Return a part of the findings that are asked for."""
    with room.ledger.reading() as connection:
        rows = findings.page(connection, asked, most=most, skip=skip)
        return Findings(rows, _sites(room, connection, rows))


def outcomes(room: Room, asked: inspections.Asked) -> dict[str, int]:
    """Return how many inspections came to what; `NONE` counts those that came to nothing yet."""
    with room.ledger.reading() as connection:
        found = inspections.counts(connection, replace(asked, outcomes=frozenset(), open=False), "outcome")
    return {key or NONE: many for key, many in found.items()}


def piles(room: Room, asked: findings.Asked) -> dict[str, int]:
    """Return how many findings each pile has."""
    every = replace(asked, states=frozenset(), overdue=False)
    with room.ledger.reading() as connection:
        states = findings.counts(connection, every, "state")
        late = findings.count(connection, replace(every, overdue=True))
    return {name: late if name == OVERDUE else sum(states.values()) if name == ALL else states.get(name, 0) for name in PILE}  # fmt: skip


def items(room: Room, now: datetime, language: str) -> dict[str, str]:
    """Return the items that ever failed, as far as who looks sees: key -> key and text, of the latest version of the checklist that has it."""
    with room.ledger.reading() as connection:
        failed = findings.counts(connection, findings.Asked(room.id, today(room, now), sight(room)), "item")
    lists = room.rules.checklists
    texts = {item.key: item.text.in_(language) for key in lists.keys for item in lists.current(key).items.values()}
    return {key: f"{key} {texts.get(key, '')}".strip() for key in sorted(failed)}


def _sites(room: Room, connection: Any, rows: Iterable[Any]) -> dict[str, Site]:
    return sites.named(connection, room.id, {one.site for one in rows})


# One of them


@dataclass(frozen=True)
class FindingSheet:
    """A finding with its site, its history, photos by the version of their entry, and how often its item failed there within a year.

    Attributes
    ----------
    first
        Photos of the item as the inspection found it: digest of the photo -> of its small picture.
    same
        Findings of the same item at the same site within a year before it and since, this one among them; withdrawn ones left out.
    """

    filed: Filed
    site: Site
    note: str
    entries: list[dict[str, Any]]
    photos: Mapping[int, Mapping[str, str]]
    first: Mapping[str, str]
    same: list[Filed]


@dataclass(frozen=True)
class OfSite:
    """What a site's own sheet says: its last inspections, what stands open, and how much there was in all."""

    last: list[Inspection] = field(default_factory=list)
    open: list[Filed] = field(default_factory=list)
    inspections: int = 0
    findings: int = 0


def finding(room: Room, number: str) -> FindingSheet:
    """Return a finding; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        filed = findings.get(connection, room.id, number, sight(room))
        entries = find.entries(connection, room.id, number, subject=findings.SUBJECT)
        photos: dict[int, dict[str, str]] = {}
        for one in inspections.photos(connection, room.id, number):
            photos.setdefault(one["version"], {})[one["sha256"]] = one["thumbnail"]
        note, first = "", dict[str, str]()
        if filed.inspection:
            made = inspections.get(connection, room.id, filed.inspection)
            small = {one["sha256"]: one["thumbnail"] for one in inspections.photos(connection, room.id, made.number)}
            said = made.answers.get(filed.item, {})
            first = {digest: small[digest] for digest in said.get("photos", ()) if digest in small} if isinstance(said, Mapping) else {}  # fmt: skip
            note = inspections.notes(connection, room.id, made).get(filed.item, "")
        every = findings.Asked(room.id, filed.found, site=filed.site, items=frozenset({filed.item}), since=filed.found - YEAR)  # fmt: skip
        same = [one for one in findings.page(connection, every) if one.state.state is not State.WITHDRAWN]
        site = sites.get(connection, room.id, filed.site)
    return FindingSheet(filed, site, note, entries, photos, first, sorted(same, key=lambda one: one.id))


def digests(room: Room, number: str) -> frozenset[str]:
    """Return the photos of an inspection or a finding and their small pictures; raises DraftError as `finding`."""
    with room.ledger.reading() as connection:
        kind = inspections if number.startswith(f"{room.rules.findings.inspection_prefix}-") else findings
        kind.get(connection, room.id, number, sight(room))
        return frozenset(one[name] for one in inspections.photos(connection, room.id, number) for name in ("sha256", "thumbnail"))  # fmt: skip


def of_site(room: Room, number: str, now: datetime, *, most: int = 3) -> OfSite:
    """Return what was looked at at a site and what stands open there, as far as who looks sees."""
    looked = inspections.Asked(room.id, sight(room), site=number)
    every = findings.Asked(room.id, today(room, now), sight(room), site=number)
    with room.ledger.reading() as connection:
        last = inspections.page(connection, looked, most=most)
        standing = findings.page(connection, replace(every, states=frozenset(STANDING)), most=20)
        return OfSite(last, standing, inspections.count(connection, looked), findings.count(connection, every))


def of_case(room: Room, number: str, now: datetime) -> list[Filed]:
    """Return the findings that became a case, as far as who looks sees."""
    with room.ledger.reading() as connection:
        return findings.page(connection, findings.Asked(room.id, today(room, now), sight(room), incident=number), most=20)  # fmt: skip


def standing(room: Room) -> int:
    """Return the version of the last change of any inspection or finding; 0 while there is none."""
    with room.ledger.reading() as connection:
        return max(inspections.latest(connection, room.id), findings.latest(connection, room.id))
