"""Service orders in lists, for page, inbox and files: what waits for whom, by when, what comes again, and how satisfied residents were, as counts of teams and services."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd

from desk.orders.clock import coming
from desk.orders.people import sight
from desk.room import Room
from incidents.deadlines import Light
from incidents.orders import OPEN, OVER, STARS, STILL, Order, Outcome, Phase, deadline
from incidents.posts import Post
from incidents.teams import Team
from ledger import order_lists, teams
from ledger.order_lists import LATEST, SOONEST, Series, Tally, Wanted, series_of
from ledger.orders import Filed
from locales import N_, Translator
from reports import order_words
from reports.case_words import Deadline, grid_name, local, post_name
from reports.order_words import OUTCOME, PHASE, item_name, phase_name, place_name, repeat_name, team_names, window
from reports.words import length_of_time

PAGE = 50  # rows that a page shows at once
NEAR = timedelta(hours=2)  # before the end from which a clock is amber
LONGEST = 60  # characters of a number or a key
MOST_DIGITS = 18  # of the number of a team
PILE = MappingProxyType(
    {
        "mine": (N_("Waiting for me"), N_("Nothing waits for you.")),
        "unplaced": (N_("Without a team"), N_("Every order has a team, or is offered to one.")),
        "running": (N_("Running"), N_("No order is running.")),
        "late": (N_("Late or missed"), N_("No order is late, and none was missed in the last week.")),
        "again": (N_("Recurring orders"), N_("No order comes again.")),
        "over": (N_("Over"), N_("No order is over yet.")),
    }
)
_FIELDS: Mapping[str, Callable[[Post, datetime], Mapping[str, Any]]] = MappingProxyType(
    {
        "mine": lambda post, _now: {"waits": frozenset({post.key})},
        "unplaced": lambda _post, _now: {"phases": frozenset({Phase.ASKED, Phase.BACK})},
        "running": lambda _post, _now: {"phases": OPEN},
        "late": lambda _post, now: {"late": now, "missed": now - STILL},
        "again": lambda _post, _now: {"again": True},
        "over": lambda _post, _now: {"phases": OVER},
    }
)


@dataclass(frozen=True)
class Row:
    """An order in a list.

    Attributes
    ----------
    about
        When it is wanted, how often, and of what comes again what became of it.
    clock
        By when; of what comes again its next day.
    """

    filed: Filed
    sort: str
    title: str
    about: str
    where: str
    team: str
    phase: str
    clock: Deadline


# Which


def wanted(room: Room, post: Post, pile: str, now: datetime, query: Mapping[str, str]) -> Wanted:
    """Return the question that a pile asks for a post.

    Parameters
    ----------
    pile
        A key of `PILE`.
    query
        ``item``, ``team``, and ``q``: a number, a part of one, or the key of a resident.
    """
    team = query.get("team", "")
    asked = Wanted(
        room.id,
        sight(room),
        item=query["item"] if query.get("item") in room.rules.services.items else "",
        team=int(team) if team.isdecimal() and len(team) < MOST_DIGITS else 0,
        said=query.get("q", "").replace("\0", "").strip()[:LONGEST],
    )
    return replace(asked, **_FIELDS[pile](post, now))


def counts(room: Room, post: Post, now: datetime, query: Mapping[str, str]) -> dict[str, int]:
    """Count every pile of a post, at one moment of the ledger."""
    with room.ledger.reading() as connection:
        return {name: order_lists.count(connection, wanted(room, post, name, now, query)) for name in PILE}


def waiting(room: Room, post: Post, now: datetime) -> tuple[int, int]:
    """Count the orders that wait for a post, and those among them whose time is over: what its inbox says."""
    return _late_among(room, wanted(room, post, "mine", now, {}), now)


def unplaced(room: Room, post: Post, now: datetime) -> tuple[int, int]:
    """Count the orders that no team takes, and those among them whose time is over: what the inbox of the command room says."""
    return _late_among(room, wanted(room, post, "unplaced", now, {}), now)


def _late_among(room: Room, asked: Wanted, now: datetime) -> tuple[int, int]:
    with room.ledger.reading() as connection:
        many = order_lists.count(connection, asked)
        return many, order_lists.count(connection, replace(asked, late=now)) if many else 0


def listed(room: Room, post: Post, pile: str, now: datetime, query: Mapping[str, str], *, start: int = 0, most: int = PAGE) -> list[Filed]:  # fmt: skip
    """Return orders of a pile: what has to be done first first, or what ended last."""
    with room.ledger.reading() as connection:
        asked = wanted(room, post, pile, now, query)
        return order_lists.page(connection, asked, LATEST if pile == "over" else SOONEST, start=start, most=most)


# In words


def clock(room: Room, state: Order, now: datetime, _: Translator) -> Deadline:
    """Return what an order waits for as it shows: amber from two hours before its end on."""
    due = deadline(state)
    if due is None:
        return Deadline(None, "", "")
    over = now >= due
    shown = Light.RED if over else Light.AMBER if due - now < NEAR else Light.GREEN
    words = _("{span} over") if over else _("{span} left")
    return Deadline(shown, local(room, due), words.format(span=length_of_time(pd.Timedelta(abs(due - now)), _)))


def rows(room: Room, found: Sequence[Filed], now: datetime, _: Translator, language: str, *, again: bool = False) -> list[Row]:  # fmt: skip
    """Return orders as a list shows them; with ``again`` as what comes again."""
    named, became = _teams(room), dict[tuple[str, str, str], Series]()
    if again:
        became = so_far(room, [one.state for one in found])
    return [_row(room, one, now, _, language, named, became.get(series_of(one.state))) for one in found]


def _row(  # noqa: PLR0917
    room: Room, filed: Filed, now: datetime, _: Translator, language: str, named: Mapping[int, Team], became: Series | None
) -> Row:  # fmt: skip
    state = filed.state
    item = room.rules.services.item(state.item)
    about = [window(room, state.since, state.until)[5:], state.key, repeat_name(state.every, _)]
    if became:
        about = [repeat_name(state.every, _), state.key, became_words(became, _)]
    return Row(
        filed=filed,
        sort=room.rules.services.groups[item.group].in_(language)[:1] if item.group in room.rules.services.groups else "",
        title=item.name.in_(language),
        about=" · ".join(filter(None, about)),
        where=place_name(room, filed, _),
        team=team_names(state, named),
        phase=phase_name(state, _),
        clock=_next(room, state, now, _) if became else clock(room, state, now, _),
    )  # fmt: skip


def so_far(room: Room, states: Sequence[Order]) -> dict[tuple[str, str, str], Series]:
    """Return what became of orders that come again, by `ledger.order_lists.series_of`."""
    with room.ledger.reading() as connection:
        return order_lists.series(connection, room.id, states)


def became_words(became: Series, _: Translator) -> str:
    """Return what became of what comes again, as counts."""
    skipped = became.skipped
    said = [_("{n} done").format(n=became.served), _("{n} missed").format(n=became.missed)]
    return " · ".join([*said, *([_("{n} skipped").format(n=skipped)] if skipped else [])])


def next_words(room: Room, state: Order, now: datetime, _: Translator) -> str:
    """Return the day of the order that comes after one, and how many a holiday takes away before; "" where none is to come."""
    found = coming(room, state, now)
    if found is None:
        return ""
    away = _("{n} skipped for the holiday").format(n=len(found.skipped)) if found.skipped else ""
    return " · ".join(filter(None, (found.day.isoformat(), away)))


def _next(room: Room, state: Order, now: datetime, _: Translator) -> Deadline:
    found = coming(room, state, now)
    if found is None:
        return Deadline(None, "", "")
    return Deadline(None, next_words(room, state, now, _), _("next {day}").format(day=f"{found.day:%m-%d}"))


def _teams(room: Room) -> dict[int, Team]:
    with room.ledger.reading() as connection:
        return {team.id: team for team in teams.teams(connection, room.id, ended=True)}


# As files


def table(room: Room, found: Sequence[Filed], _: Translator, language: str) -> pd.DataFrame:
    """Return orders as the table of a file, times as local ones without a zone. No resident is in it: neither key nor words nor address."""
    named, zone = _teams(room), room.area.pack.timezone
    frame = pd.DataFrame([_said(room, one, named, _, language) for one in found], columns=_heads(_))
    for name in (_("Wanted from"), _("Wanted until"), _("Order ended at")):
        frame[name] = pd.to_datetime(frame[name], utc=True).dt.tz_convert(zone).dt.tz_localize(None)
    return frame


def _heads(_: Translator) -> list[str]:
    return [_("Number"), _("Service"), _("State"), _("Wanted from"), _("Wanted until"), _("Grid"), _("Where"), _("At home"), _("Again"), _("Team"), _("Ended as"), _("What the resident said"), _("Order ended at"), _("Asked by")]  # fmt: skip


def _said(room: Room, one: Filed, named: Mapping[int, Team], _: Translator, language: str) -> list[Any]:
    state = one.state
    ended = max((at for act, at in state.times.items() if act in {"finish", "cancel"}), default=None)
    return [
        one.number,
        item_name(room, state.item, language),
        _(PHASE[state.phase]),
        state.since,
        state.until,
        grid_name(room, one.codes),
        place_name(room, one, _),
        _("yes") if state.home else "",
        repeat_name(state.every, _),
        team_names(state, named),
        _(OUTCOME[Outcome(state.outcome)]) if state.outcome else "",
        _(order_words.STARS[state.stars]) if state.stars is not None else "",
        ended,
        post_name(room, state.asker, _),
    ]


# As counts


def satisfaction(room: Room, days: int, now: datetime, _: Translator, language: str) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Return how orders of the last days ended and what residents said, as counts: of each team, and of each service. No resident is counted apart."""
    with room.ledger.reading() as connection:
        found = order_lists.tally(connection, Wanted(room.id, sight(room)), now - timedelta(days=days))
    named = _teams(room)
    by_team = _counted(
        found, lambda one: named[one.team].name if one.team in named else _("Nobody took it"), _("Team"), _
    )
    by_item = _counted(found, lambda one: item_name(room, one.item, language), _("Service"), _)
    return by_team, by_item


def _counted(found: Sequence[Tally], name: Callable[[Tally], str], head: str, _: Translator) -> pd.DataFrame:
    kinds = _kinds(_)
    counted: dict[str, Counter[str]] = {}
    for one in found:
        counted.setdefault(name(one), Counter()).update({kind: one.many for kind, fits in kinds.items() if fits(one)})
    lines = sorted(counted.items(), key=lambda line: (-line[1].total(), line[0]))
    return pd.DataFrame([[who, *(many[kind] for kind in kinds)] for who, many in lines], columns=[head, *kinds])


def _kinds(_: Translator) -> dict[str, Callable[[Tally], bool]]:
    """Return what is counted, with its heading."""
    stars = {_(order_words.STARS[n]): (lambda one, n=n: one.stars == n) for n in (*reversed(STARS), 0)}
    return {
        _(OUTCOME[Outcome.SERVED]): lambda one: one.outcome == Outcome.SERVED,
        _("Not served"): lambda one: one.outcome not in {"", Outcome.SERVED},
        **stars,
        _(PHASE[Phase.DONE]): lambda one: one.phase is Phase.DONE,
        _(PHASE[Phase.MISSED]): lambda one: one.phase is Phase.MISSED,
        _(PHASE[Phase.CANCELLED]): lambda one: one.phase is Phase.CANCELLED,
    }
