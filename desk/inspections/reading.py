"""Looking at inspections and findings: as far as one sees the sites where they were made."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from desk.room import Room
from desk.sites import register
from incidents.within import Within
from inspections import checklists
from inspections.answers import Verdict, evaluate, read
from inspections.checklists import Checklist
from inspections.inspection import Inspection
from inspections.sites import Site
from ledger import findings, inspections, sites
from ledger.findings import Filed

PAGE = 50


def sight(room: Room) -> Within | None:
    """Return how far who looks through a room sees what was done at sites: as far as the sites."""
    return register.sight(room)


def today(room: Room, now: datetime) -> date:
    """Return the day in the zone of the area."""
    return now.astimezone(room.area.pack.timezone).date()


# Inspections


def listed(room: Room, asked: inspections.Asked, *, most: int | None = PAGE, skip: int = 0) -> list[Inspection]:
    """Return a part of the inspections that are asked for, among those that who looks sees, the latest first."""
    with room.ledger.reading() as connection:
        return inspections.page(connection, _inspections(room, asked), most=most, skip=skip)


def count(room: Room, asked: inspections.Asked) -> int:
    """Return how many inspections there are, among those that who looks sees."""
    with room.ledger.reading() as connection:
        return inspections.count(connection, _inspections(room, asked))


def counts(room: Room, asked: inspections.Asked, by: str) -> dict[str, int]:
    """Return how many there are, as `ledger.inspections.counts`."""
    with room.ledger.reading() as connection:
        return inspections.counts(connection, _inspections(room, asked), by)


@dataclass(frozen=True)
class Sheet:
    """An inspection with all that belongs to it.

    Attributes
    ----------
    checklist, verdict
        By what it was judged, and what that came to; None where that version is gone, or only findings were looked at again.
    notes
        What was written to an item, by its key; "" is that of the inspection.
    findings, rechecked
        What it opened, and what it looked at again.
    """

    inspection: Inspection
    site: Site
    checklist: Checklist | None
    verdict: Verdict | None
    notes: dict[str, str]
    photos: list[dict[str, Any]]
    findings: tuple[Filed, ...]
    rechecked: tuple[Filed, ...]


def get(room: Room, number: str) -> Sheet:
    """Return one inspection; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        found = inspections.get(connection, room.id, number, sight(room))
        checklist = room.rules.checklists.found.get((found.checklist, found.checklist_version))
        if checklist and checklist.digest != found.digest:
            checklist = None
        named = findings.named(connection, room.id, (*found.findings, *found.rechecked))
        verdict = evaluate(checklist, read(checklist, found.answers, found.day), found.day, grades=room.rules.checklists.grades, refused=found.refused) if checklist else None  # fmt: skip
        return Sheet(
            found,
            sites.get(connection, room.id, found.site),
            checklist,
            verdict,
            inspections.notes(connection, room.id, found),
            inspections.photos(connection, room.id, number),
            tuple(named[one] for one in found.findings),
            tuple(named[one] for one in found.rechecked),
        )


def edited(room: Room) -> list[str]:
    """Return a line for each checklist that was edited under a version by which inspections were judged already."""
    with room.ledger.reading() as connection:
        return checklists.edited(room.rules.checklists, inspections.digests(connection))


def _inspections(room: Room, asked: inspections.Asked) -> inspections.Asked:
    return replace(asked, area=room.id, within=sight(room))


# Findings


def found(room: Room, asked: findings.Asked, *, most: int | None = PAGE, skip: int = 0) -> list[Filed]:
    """Return a part of the findings that are asked for, among those that who looks sees: what stands by its day, then what is over."""
    with room.ledger.reading() as connection:
        return findings.page(connection, _findings(room, asked), most=most, skip=skip)


def found_count(room: Room, asked: findings.Asked) -> int:
    """Return how many findings there are, among those that who looks sees."""
    with room.ledger.reading() as connection:
        return findings.count(connection, _findings(room, asked))


def found_counts(room: Room, asked: findings.Asked, by: str) -> dict[str, int]:
    """Return how many there are, as `ledger.findings.counts`."""
    with room.ledger.reading() as connection:
        return findings.counts(connection, _findings(room, asked), by)


@dataclass(frozen=True)
class Life:
    """A finding with its site, its history and its photos, each photo with the version of its entry."""

    filed: Filed
    site: Site
    entries: list[dict[str, Any]]
    photos: list[dict[str, Any]]


def finding(room: Room, number: str) -> Life:
    """Return one finding; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        filed = findings.get(connection, room.id, number, sight(room))
        told = findings.entries(connection, room.id, number)
        shown = inspections.photos(connection, room.id, number)
        return Life(filed, sites.get(connection, room.id, filed.site), told, shown)


def named(room: Room, numbers: set[str]) -> dict[str, Site]:
    """Return the sites of some rows, by their numbers."""
    with room.ledger.reading() as connection:
        return sites.named(connection, room.id, numbers)


def title(room: Room, filed: Filed, language: str) -> str:
    """Return what a finding is about: the text of its item; its key where that version of the checklist is gone."""
    checklist = room.rules.checklists.found.get((filed.checklist, filed.checklist_version))
    item = checklist.items.get(filed.item) if checklist else None
    return item.text.in_(language) if item else filed.item


def _findings(room: Room, asked: findings.Asked) -> findings.Asked:
    return replace(asked, area=room.id, within=sight(room))
