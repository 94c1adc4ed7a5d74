"""Searching a room: for what its area holds, and for incidents by number, title or address."""

import unicodedata
from datetime import datetime, timedelta

from desk.room import Room
from geo.scheme import Name
from layers.search import Found, index_of
from ledger import find
from ledger.find import Wanted
from locales import translator
from reports.words import mark_name

MOST_INCIDENTS = 8
SHORTEST = 2  # characters of a query below which no incident is looked for
BACK = timedelta(days=92)


def search(room: Room, query: str, now: datetime) -> list[Found]:
    """Find what holds every word of a query: the incident of that number first, then what the area holds, then incidents.

    Words are looked for in the incidents that are open or of the last three months; those of restricted classes are not found, not even by their number;
    nor is any by who reads no words.
    """
    plain = unicodedata.normalize("NFKC", query.replace("\0", "")).strip()
    if len(plain) < SHORTEST or not room.within.words:
        return index_of(room.area).search(query)
    number = room.wanted(numbers=frozenset({plain.upper()}), restricted=False, shift=room.shift(now))
    words = room.wanted(
        text=plain, restricted=False, marked=True, active_since=room.clock(now) - BACK, shift=room.shift(now)
    )
    named, said = _incidents(room, number), _incidents(room, words)
    return [*named, *index_of(room.area).search(query), *(found for found in said if found not in named)]


def _incidents(room: Room, question: Wanted) -> list[Found]:
    columns = ("number", "title", "address", "mark", "lon", "lat")
    with room.ledger.reading() as connection:
        return [_found(row) for row in find.rows(connection, question, columns=columns, limit=MOST_INCIDENTS)]


def _found(row: dict[str, object]) -> Found:
    place = (round(float(str(row["lon"])), 6), round(float(str(row["lat"])), 6))
    zh, en = (_detail(row, language) for language in ("zh", "en"))
    return Found("incident", str(row["number"]), str(row["title"]), Name(zh, en), *place, (*place, *place))


def _detail(row: dict[str, object], language: str) -> str:
    mark = mark_name(str(row["mark"]), translator(language)) if row["mark"] else ""
    return " · ".join(str(part) for part in (row["number"], mark, row["address"]) if part)
