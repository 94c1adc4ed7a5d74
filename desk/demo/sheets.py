"""Daily sheets (日通报) of a demonstration: the last day of its campaign on which somebody was new, the day before with one that was withdrawn, and yesterday's cases; each drawn up with the figures of its day by one post, checked and signed by two others.

Their figures are those of `reports.sheet_frozen.drawn_up`, which is handed in; so they are drawn up when the room has begun.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from desk.demo.campaign import told
from desk.orders.people import CENTRE
from desk.room import Room
from incidents.lifecycle import By, PostKind
from incidents.posts import post_key
from incidents.sheet_life import Act, Sheet, State
from incidents.sheets import day_of, span
from inspections.campaigns import Campaign
from ledger import campaigns, find, sheets
from ledger.writing import Writing

DAY = timedelta(days=1)
ISSUED = (Act.DRAFT, Act.CHECK, Act.SIGN, Act.SEND)
GONE = (Act.DRAFT, Act.CHECK, Act.SIGN, Act.WITHDRAW)
LOOKED = 14  # days that are looked at for one that is worth a sheet
Draw = Callable[[Room, date, str, Mapping[str, str], datetime], tuple[dict[str, Any], int]]
"""Return the figures of a day's sheet as plain values, with some words, as of a moment, and the version of the ledger that they are of."""
Paper = tuple[
    Sheet, Mapping[str, Any], Sequence[Act], datetime
]  # what is drawn up, its figures, what is done to it, its cut-off


def take(room: Room, now: datetime, draw: Draw) -> int:
    """Draw up the sheets of a room that began with the demonstration of a campaign and has none, and return how many; 0 of any other room."""
    said = told(room)
    if said is None or not _wanted(room):
        return 0
    with room.ledger.reading() as connection:
        campaign = next(iter(campaigns.page(connection, room.id)), None)
    made = _papers(room, campaign, said["sheet"], now, draw)

    def work(writing: Writing) -> int:
        if sheets.latest(writing.connection, room.id):  # another process was first
            return 0
        for one in made:
            _write(writing, room, one, said["sheet"], now)
        return len(made)

    return room.ledger.change(work) if made else 0


def _wanted(room: Room) -> bool:
    with room.ledger.reading() as connection:
        return find.begun(connection, room.id) == "demo" and not sheets.latest(connection, room.id)


def _papers(room: Room, campaign: Campaign | None, said: Mapping[str, Any], now: datetime, draw: Draw) -> list[Paper]:
    """Return the sheets in order of their days, each as of the minute in which it was drawn up."""
    cutoff, zone = room.rules.sheets.cutoff, room.area.pack.timezone
    last = day_of(now, cutoff, zone) - DAY  # the last day that is over

    def paper(day: date, number: str, acts: Sequence[Act]) -> Paper:
        end = span(day, cutoff, zone)[1]
        words = {name: said[name] for name in ("problems", "tomorrow")} if number else {}
        frozen, seen = draw(room, day, number, words, min(end + timedelta(minutes=said["minutes"]["draft"]), now))
        return Sheet(day, number, "", seen, State.DRAFT), frozen, acts, end

    found: list[Paper] = []
    begun = [phase.begun for phase in campaign.phases if phase.begun] if campaign else []
    if campaign and begun:
        end = min(last, campaign.phases[-1].closed or last)
        days = [end - back * DAY for back in range(LOOKED) if end - back * DAY >= begun[0]]
        newest = next((one for day in days if _new((one := paper(day, campaign.number, ISSUED))[1])), None)
        if newest:
            day = newest[0].day - DAY
            before = [paper(day, campaign.number, acts) for acts in (GONE, ISSUED)] if day >= begun[0] else []
            found += [*before, newest]
    return [*found, paper(last, "", ISSUED)]


def _new(frozen: Mapping[str, Any]) -> bool:
    """Tell whether a target was reached for the first time on the day of a sheet."""
    (_heading, values) = next(iter(frozen["papers"].values()))["total"]
    return bool(values["new_today"])


def _write(writing: Writing, room: Room, one: Paper, said: Mapping[str, Any], now: datetime) -> None:
    """Write a sheet with what is done to it; what lies ahead of now has not happened."""
    blank, frozen, acts, end = one
    levels = room.area.net.levels
    checker, signer = (By(post_key(PostKind.HEAD, level.key, str(level.codes[0])), PostKind.HEAD) for level in (levels[min(1, len(levels) - 1)], levels[0]))  # fmt: skip
    hands = {Act.CHECK: checker, Act.SIGN: signer, Act.WITHDRAW: signer}
    there = any(one.day == blank.day for one in sheets.page(writing.connection, room.id, campaigns={blank.campaign}))
    late = (
        said["minutes"][Act.WITHDRAW.value] if there else 0
    )  # one that is drawn up anew follows the one that was withdrawn
    filed = blank
    for act in acts:
        at = end + timedelta(minutes=late + said["minutes"][act.value])
        if at > now and act is not Act.DRAFT:
            return
        if act is Act.DRAFT:
            filed = sheets.draw(writing, room.id, blank, frozen, by=CENTRE, at=min(at, now))
        else:
            reason = said["withdrawn"] if act is Act.WITHDRAW else ""
            filed = sheets.act(writing, room.id, filed.number, act, by=hands.get(act, CENTRE), at=at, expected=filed.version, reason=reason)  # fmt: skip
