"""Sites and findings as layers of the map: the same questions as their lists, as far as who looks sees them, in columns that a script draws."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from desk.inspections import rounds
from desk.inspections.rounds import Stand
from desk.room import Room
from desk.sites import register
from geo.errors import FilterError
from inspections.findings import STANDING
from ledger import findings, sites
from ledger.sites import Asked
from reports import inspection_lists
from reports.site_lists import asked_of, standing_of

SITES, FINDINGS = "sites", "findings"
MOST = 20_000  # that one layer draws
FEW = 500  # sites that are asked for by their numbers
DECIMALS = 6
LONGEST = 500  # characters of a question
NO_ROUND, NO_GRADE = -1, -1


def layer(room: Room, what: str, text: str, now: datetime) -> dict[str, Any]:
    """Return a layer.

    Parameters
    ----------
    what
        ``sites`` or ``findings``.
    text
        What narrows its list, as the address of that page has it (``kind=gas_shop&standing=overdue``).

    Returns
    -------
    Columns, a row a site in order of their numbers: ``number``, ``name``, ``x`` and ``y`` (degrees WGS84), ``kind`` (place in ``kinds``), ``standing`` of its rounds (`inspections.rounds.Standing`, -1
    for a site that is not in use), ``grade`` (rank of the worst finding, -1 for none) and ``findings`` (how many stand; in the layer of findings, how many are asked for). ``of`` says how many sites there are,
    which are more than rows where not all are drawn, and ``found`` how many findings.

    Raises
    ------
    FilterError
        There is no such layer, or the question is too long.
    """
    if what not in {SITES, FINDINGS} or len(text) > LONGEST:
        raise FilterError(f"{what}={text[:20]}: there is no such layer, or it is narrowed by too many words.")
    own = dict(parse_qsl(text))
    return _sites(room, own, now) if what == SITES else _findings(room, own, now)


def version(room: Room) -> int:
    """Return a number that grows with whatever changes a layer that `lasts`."""
    return rounds.version(room)


def lasts(text: str) -> bool:
    """Tell whether a layer stays as it is while neither `version` nor the day changes: what has to be watered changes with the hour, and with logs that no round depends on."""
    return "water" not in dict(parse_qsl(text))


def _sites(room: Room, own: Mapping[str, str], now: datetime) -> dict[str, Any]:
    asked, standing = asked_of(room, own, now), standing_of(own)
    chosen = {number for number, _kind in rounds.numbers(room, asked, standing, now)} if standing else None
    with room.ledger.reading() as connection:
        found = sites.drawn(connection, replace(asked, area=room.id, within=register.sight(room)))
        rows = [row for row in found if chosen is None or row[0] in chosen]
        stands = findings.by_site(connection, findings.Asked(room.id, now.date(), states=frozenset(STANDING)))
    return _columns(room, rows, {row[0]: stands[row[0]] for row in rows if row[0] in stands}, now)


def _findings(room: Room, own: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the sites that have findings of the list; of those in whatever state the address asks for."""
    asked = inspection_lists.findings_asked(room, own, now)
    asked = asked if own.get("pile") else replace(asked, states=frozenset(STANDING))
    with room.ledger.reading() as connection:
        stands = findings.by_site(connection, asked)
        few = frozenset(stands) if 0 < len(stands) <= FEW else frozenset[str]()
        rows = sites.drawn(connection, Asked(room.id, within=asked.within, states=frozenset(), numbers=few))
    return _columns(room, [row for row in rows if row[0] in stands], stands, now)


def _urgency(round_of: Stand, stands: Mapping[str, tuple[int, int]], number: str) -> tuple[int, int]:
    """Return how much a site has to be seen where not all are drawn: by its round, then by what was found."""
    place = round_of.places.get(number)
    return NO_ROUND if place is None else int(round_of.standing[place]), stands.get(number, (0, NO_GRADE))[1]


def _columns(room: Room, rows: Sequence[tuple[str, str, float, float, str]], stands: Mapping[str, tuple[int, int]], now: datetime) -> dict[str, Any]:  # fmt: skip
    """Return the columns of some sites, of which some have findings: number -> how many, and the worst grade's rank."""
    round_of = rounds.stand(room, now)
    drawn = rows if len(rows) <= MOST else sorted(rows, key=lambda row: _urgency(round_of, stands, row[0]), reverse=True)[:MOST]  # fmt: skip
    kinds = {key: place for place, key in enumerate(dict.fromkeys(row[4] for row in drawn))}
    at = [round_of.places.get(row[0]) for row in drawn]
    few = [stands.get(row[0], (0, NO_GRADE)) for row in drawn]
    return {
        "of": len(rows),
        "found": sum(many for many, _rank in stands.values()),
        "kinds": list(kinds),
        "number": [row[0] for row in drawn],
        "name": [row[1] for row in drawn],
        "x": [round(row[2], DECIMALS) for row in drawn],
        "y": [round(row[3], DECIMALS) for row in drawn],
        "kind": [kinds[row[4]] for row in drawn],
        "standing": [NO_ROUND if place is None else int(round_of.standing[place]) for place in at],
        "grade": [rank for _many, rank in few],
        "findings": [many for many, _rank in few],
    }
