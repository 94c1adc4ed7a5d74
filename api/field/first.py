"""The first screen of a list, drawn by the console: a phone shows it while it still fetches the scripts, which then draw the same in its place.

Sections, order and words are those of ``field-list.js``, and a test holds the two together. What only the phone knows is not here: drafts, what waits to be sent, distances.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

MOST = 6  # cards: a screen of them
SOON = timedelta(hours=4)
SECTIONS = ("not_done", "to_take", "in_hand", "orders", "visits", "inspect", "in_grid", "fed_back")
HANDLED = frozenset({"dispatched", "returned", "in_hand", "noticed", "suspended"})
AT_ONCE = "accept"  # the act that asks for nothing more
NEXT = ("accept", "feedback", "clear")  # the next act, the likeliest first
OVER = frozenset({"done", "refused"})  # phases of a visit
Row = Mapping[str, Any]


class _Speech(NamedTuple):
    words: Mapping[str, str]
    language: str
    now: datetime


@dataclass(frozen=True)
class Card:
    """A case as its card shows it."""

    row: Row
    section: str
    level: str
    time: str
    line: str
    state: str
    act: str


@dataclass(frozen=True)
class Screen:
    """What the list begins with.

    Attributes
    ----------
    filters
        Name and number of things, as the bar above the list has them.
    notices
        Words and kind of the line that leads to the notices; None where there are none.
    sections
        Name, number of things and first cards; the last that is named may have more than it shows.
    """

    filters: Sequence[tuple[str, int]]
    notices: tuple[str, str] | None
    sections: Sequence[tuple[str, int, Sequence[Card]]]


def screen(said: Mapping[str, Any], words: Mapping[str, str], language: str, now: datetime) -> Screen:
    """Return what a list begins with.

    Parameters
    ----------
    said
        The list as `api.field.reading` tells it.
    words
        Those of the field pages, in that language.
    """
    say = _Speech(words, language, now)
    names = {one["key"]: one for one in said["classes"]}
    cases = sorted((_card(row, names, say) for row in said["cases"]), key=_order)
    found: dict[str, Sequence[Any]] = {
        name: [card for card in cases if card.section == name] for name in ("to_take", "in_hand", "in_grid", "fed_back")
    }
    found |= {
        "not_done": said["refused"],
        "orders": said["orders"],
        "visits": said["visits"],
        "inspect": _due_now(said["sites"]),
    }
    return Screen(_filters(said, cases, now), _notices(said["notices"], say), list(_sections(found)))


def _sections(found: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, int, Sequence[Card]]]:
    """Yield sections until the screen is full, or until one comes whose cards the phone alone draws."""
    room = MOST
    for name in SECTIONS:
        things = found[name]
        drawn = [card for card in things[:room] if isinstance(card, Card)]
        if things:
            yield name, len(things), drawn
        room -= len(drawn)
        if room <= 0 or len(drawn) < len(things):
            return


def _card(row: Row, names: Mapping[str, Row], say: _Speech) -> Card:
    section = _section_of(row)
    level, time = _left(row["due"], say)
    if section == "fed_back":
        level, time = "calm", ""
    name = _named(names.get(row["class"], {"name": row["class"], "name_en": ""}), say)
    line = " · ".join(text for text in (name, row["address"]) if text and text != row["title"])
    acts = row["acts"] if section in {"to_take", "in_hand"} else ()
    state = say.words[f"status_{row['status']}"] if section == "in_grid" else ""
    return Card(row, section, level, time, line, state, next((act for act in NEXT if act in acts), ""))


def _section_of(row: Row) -> str:
    if row["status"] == "feedback":
        return "fed_back"
    if not row["mine"] or row["status"] not in HANDLED:
        return "in_grid"
    return "to_take" if "accept" in row["acts"] else "in_hand"


def _order(card: Card) -> tuple[float, float]:
    due = card.row["due"]
    return (datetime.fromisoformat(due).timestamp() if due else float("inf")), -datetime.fromisoformat(card.row["reported"]).timestamp()  # fmt: skip


def _named(thing: Row, say: _Speech) -> str:
    return str((say.language == "en" and thing["name_en"]) or thing["name"])


def _left(due: str | None, say: _Speech) -> tuple[str, str]:
    """Return how bad it is, and how long until then or since, in words."""
    if not due:
        return "none", say.words["no_limit"]
    rest = datetime.fromisoformat(due) - say.now
    if rest < timedelta(0):
        return "late", say.words["over"].format(span=_span(-rest, say))
    return "soon" if rest < SOON else "calm", say.words["left"].format(span=_span(rest, say))


def _span(length: timedelta, say: _Speech) -> str:
    minutes = max(1, int(length.total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say.words["span_minutes"].format(n=minutes)
    if hours < 3 and rest:  # noqa: PLR2004  as long as minutes matter
        return say.words["span_hours_minutes"].format(h=hours, m=rest)
    return say.words["span_hours"].format(n=hours) if hours < 48 else say.words["span_days"].format(n=hours // 24)  # noqa: PLR2004


def _filters(said: Mapping[str, Any], cases: Sequence[Card], now: datetime) -> list[tuple[str, int]]:
    orders, visits, sites, may = (
        said["orders"],
        said["visits"],
        said["sites"],
        said["who"]["may"] if said["who"] else (),
    )
    kinds = {"orders": orders, "visits": visits, "inspect": sites}  # shown to who may, or has one
    running = [row for row in visits if row["phase"] not in OVER]
    counts = {
        "all": len(said["refused"]) + len(cases) + len(orders) + len(visits) + len(_due_now(sites)),
        "mine": len(said["refused"])
        + sum(card.row["mine"] and card.section != "in_grid" for card in cases)
        + sum(row["mine"] for row in [*orders, *running, *_due_now(sites)]),
        "orders": len(orders),
        "visits": len(running),
        "inspect": len(sites),
        "overdue": sum(card.level == "late" for card in cases)
        + sum(_is_late(row, now) for row in orders)
        + sum(row["overdue"] for row in running)
        + sum(row["late"] for row in sites),
    }
    return [(name, n) for name, n in counts.items() if name not in kinds or name in may or kinds[name]]


def _due_now(sites: Sequence[Row]) -> list[Row]:
    """Return the sites that stand on the list of the day; the others have a section of their own, which only their filter shows."""
    return [row for row in sites if row["standing"] != "later" or row["late"] or "plan" in row or row.get("tried", {}).get("due")]  # fmt: skip


def _is_late(row: Row, now: datetime) -> bool:
    """Tell whether a service order should have been taken by now, or done."""
    begun = datetime.fromisoformat(row["since"]) <= now
    until = (
        row["due"] if "order_accept" in row["acts"] else row["until"] if "order_done" in row["acts"] and begun else None
    )
    return until is not None and datetime.fromisoformat(until) < now


def _notices(rows: Sequence[Row], say: _Speech) -> tuple[str, str] | None:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    waits = [[row for row in one if row["receipt"]] for one in found.values()]
    waits = [one for one in waits if one]
    unread = sum(map(_is_unread, found.values()))
    late = any(row["due"] and datetime.fromisoformat(row["due"]) < say.now for one in waits for row in one)
    if not found:
        return None
    if not unread:
        return say.words["n_notices"].format(n=len(found)), "late" if late else ""
    more = [say.words["n_to_acknowledge"].format(n=len(waits))] if waits else []
    return " · ".join([say.words["n_unread"].format(n=unread), *more]), "late" if late else "new"


def _is_unread(rows: Sequence[Row]) -> bool:
    """Tell whether a notice, told to one or more of somebody's posts, still waits: for its receipt where it asks for one, else to be read."""
    return any(row["receipt"] if row["asks"] else not row["read"] for row in rows)
