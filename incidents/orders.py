"""The lifecycle of a service order (居民点单、网格下单、服务队接单): a grid post asks for a resident, teams that fit are offered it, one takes it, does it, and the resident is asked how it was.

One table of acts, and the pure function that applies them, as `incidents.lifecycle` does for cases. An order knows no resident: it holds an item of the catalogue, a time, and an
opaque key, of which only the grid post knows whose it is. Who accepts first has it. One that nobody takes in time goes back to who keeps it, with the teams that it was offered to.

An order may come again (关爱、代办): what comes next is an order of its own, which the clock makes from this one, once. One that was not done on its day is said to be missed.

Source: domain.md 2.7, 8.3 F19, 8.4 W5, W6.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import By, PostKind
from incidents.moments import to_text, to_texts, to_time, to_times

KEY = re.compile(r"(?=.*[A-Z])[0-9A-Z]{2,6}(-[0-9A-Z]{2,6}){0,2}")
MANY_DIGITS = re.compile(r"\d{6}")  # in a row, hyphens aside: a number of somebody's, not a key
STARS = range(1, 6)


class Phase(StrEnum):
    """Where an order stands."""

    ASKED = "asked"  # no team was offered it yet
    OFFERED = "offered"
    BACK = "back"  # nobody took it, or who took it gave it back
    ACCEPTED = "accepted"
    MISSED = "missed"  # was to be done on a day that is over; may still be done
    DONE = "done"  # waits to be rated
    CLOSED = "closed"
    CANCELLED = "cancelled"


RUNNING = frozenset({Phase.ASKED, Phase.OFFERED, Phase.BACK, Phase.ACCEPTED})
OPEN = RUNNING | {Phase.DONE}
OVER = frozenset(Phase) - OPEN
STILL = timedelta(days=7)  # so long what was missed may still be done, and stands among what is late


class Serve(StrEnum):
    """What can be done to an order."""

    ASK = "ask"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    GIVE_BACK = "give_back"
    FINISH = "finish"
    RATE = "rate"
    CANCEL = "cancel"
    STOP = "stop"  # what comes again comes no more
    NOTE = "note"
    NEXT = "next"  # the clock: the one that comes after it was made
    STEP = "step"  # the clock: nobody took it, its time is over


class Outcome(StrEnum):
    """How it ended for the team."""

    SERVED = "served"
    NOBODY = "nobody"  # at home, or to be reached
    REFUSED = "refused"  # the resident did not want it any more
    FAILED = "failed"  # could not be done


class Step(StrEnum):
    """What time brings to an order, each once."""

    LAPSED = "lapsed"
    LATE = "late"
    MISSED = "missed"


@dataclass(frozen=True)
class Offer:
    """A team that was offered an order."""

    team: int
    post: str
    declined: bool = False  # or did not take it in time, or gave it back


@dataclass(frozen=True)
class Repeat:
    """How often something comes again: so many days, weeks or months, counted from the first time, so that a holiday that moves one moves no other."""

    number: int
    unit: str

    @classmethod
    def read(cls, text: str) -> "Repeat | None":
        """Read ``2 week``; None for "".

        Raises
        ------
        DraftError
            The text has another form, or the interval is longer than two years.
        """
        if not text:
            return None
        found = re.fullmatch(r"(\d{1,3}) (day|week|month)", text)
        if not found or not 1 <= int(found[1]) <= LONGEST[found[2]]:
            raise DraftError(
                f"{text!r} is no interval. Write 1 day, 2 week or 3 month, at most two years.", field="every"
            )
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        """Return the text that `read` reads."""
        return f"{self.number} {self.unit}"

    def day(self, first: date, turn: int) -> date:
        """Return the day of a turn, 0 for the first; the last of a month where the month is too short."""
        if self.unit != "month":
            return first + timedelta(days=turn * self.number * (7 if self.unit == "week" else 1))
        months = first.year * 12 + first.month - 1 + turn * self.number
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


LONGEST = MappingProxyType({"day": 730, "week": 104, "month": 24})


@dataclass(frozen=True)
class Order:
    """Where an order stands: all that the lifecycle decides.

    Attributes
    ----------
    item
        Key of what is wanted, of the catalogue.
    key
        Opaque: stands for a resident whom only the grid post knows.
    asker
        The post that asked.
    keepers
        Posts that look after it: who asked, and the heads of the place; they offer, cancel, and ask how it was.
    home
        Whether the team comes to the resident (上门).
    since, until
        When it is wanted, UTC.
    offers
        Teams that were offered it, those that declined included.
    team
        Number of the team that has it; 0 for none.
    due
        Until when it is offered, UTC.
    every, first, turn
        How it comes again ("" for not), the day of the first one, and which this one is.
    next
        Number of the order that comes after it; "" while there is none.
    stars
        1 to 5; 0 where the resident was not reached, None before.
    items
        Keys under which phones sent what was done.
    """

    phase: Phase
    item: str
    key: str
    asker: str
    keepers: tuple[str, ...]
    since: datetime
    until: datetime
    home: bool = False
    offers: tuple[Offer, ...] = ()
    team: int = 0
    due: datetime | None = None
    outcome: str = ""
    stars: int | None = None
    every: str = ""
    first: str = ""
    turn: int = 0
    next: str = ""
    items: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    times: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def server(self) -> str:
        """The post of the team that has it; "" for none."""
        return next((offer.post for offer in self.offers if offer.team == self.team), "") if self.team else ""

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        """The offers that may be accepted."""
        return tuple(offer for offer in self.offers if not offer.declined) if self.phase is Phase.OFFERED else ()

    @property
    def posts(self) -> frozenset[str]:
        """Every post that sees it: who keeps it, who has it, and while it is offered, those to whom it is."""
        offered = {offer.post for offer in self.open_offers}
        return frozenset({*self.keepers, *offered, self.server} - {""})

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values; times as ISO 8601 in UTC."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "phase": self.phase.value,
            "keepers": list(self.keepers),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "offers": [dict(vars(offer)) for offer in self.offers],
            "due": to_text(self.due),
            "items": list(self.items),
            "steps": list(self.steps),
            "times": to_texts(self.times),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Order":
        """Read what `to_json` wrote."""
        return cls(
            **{name: plain[name] for name in _PLAIN},
            phase=Phase(plain["phase"]),
            keepers=tuple(plain["keepers"]),
            since=_time(plain["since"]),
            until=_time(plain["until"]),
            offers=tuple(Offer(**offer) for offer in plain["offers"]),
            due=to_time(plain["due"]),
            items=tuple(plain["items"]),
            steps=tuple(plain["steps"]),
            times=to_times(plain["times"]),
        )


_PLAIN = ("item", "key", "asker", "home", "team", "outcome", "stars", "every", "first", "turn", "next")


@dataclass(frozen=True)
class Served:
    """One act as the history keeps it. ``data`` holds plain values; its times are ISO 8601.

    ``ASK``: item, key, keepers, since, until, home; every, first, turn where it comes again, and of the clock the offer of the team that goes on. ``OFFER``: teams, each
    {team, post}, and until. ``ACCEPT``, ``DECLINE``: team. ``CANCEL``: last, where it comes no more. ``FINISH``: outcome. ``RATE``: stars, 0 where nobody was reached. ``NEXT``: number. ``STEP``: step.
    """

    act: Serve
    by: By
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


Side = Callable[[Order, By], bool]


@dataclass(frozen=True)
class Rule:
    """One line of the table: in which phases, to which it leads (None: it stays), who may, and what its data must carry."""

    frm: frozenset[Phase]
    to: Phase | None
    side: Side
    needs: tuple[str, ...] = ()


ASKERS = frozenset(
    {PostKind.WORKER, PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE, PostKind.DISPATCHER}
)


def _centre(_order: Order, by: By) -> bool:
    return by.kind is PostKind.DISPATCHER


def _keeper(order: Order, by: By) -> bool:
    return by.post in order.keepers or _centre(order, by)


def _offered(order: Order, by: By) -> bool:
    return any(offer.post == by.post and not offer.declined for offer in order.offers)


def _server(order: Order, by: By) -> bool:
    return by.post == order.server


def _rater(order: Order, by: By) -> bool:
    return _keeper(order, by) and not _server(order, by)


P = Phase
RULES: Mapping[Serve, Rule] = MappingProxyType(
    {
        Serve.OFFER: Rule(frozenset({P.ASKED, P.OFFERED, P.BACK}), P.OFFERED, _keeper, ("teams", "until")),
        Serve.ACCEPT: Rule(frozenset({P.OFFERED}), P.ACCEPTED, _offered, ("team",)),
        Serve.DECLINE: Rule(frozenset({P.OFFERED}), None, _offered, ("team", "reason")),
        Serve.GIVE_BACK: Rule(frozenset({P.ACCEPTED}), P.BACK, _server, ("reason",)),
        Serve.FINISH: Rule(frozenset({P.ACCEPTED, P.MISSED}), P.DONE, _server, ("outcome",)),
        Serve.RATE: Rule(frozenset({P.DONE}), P.CLOSED, _rater, ()),
        Serve.CANCEL: Rule(RUNNING, P.CANCELLED, _keeper, ("reason",)),
        Serve.STOP: Rule(frozenset(Phase), None, _keeper, ("reason",)),
        Serve.NOTE: Rule(OPEN, None, lambda order, by: _keeper(order, by) or _server(order, by), ("text",)),
        Serve.NEXT: Rule(frozenset(Phase), None, _centre, ("number",)),
        Serve.STEP: Rule(RUNNING, None, _centre, ("step",)),
    }
)
CLOCKS = frozenset({Serve.NEXT, Serve.STEP})


def allowed(order: Order, by: By) -> tuple[Serve, ...]:
    """Return the acts that a post may do now, in the order of the table; what they need is not looked at."""
    return tuple(act for act in RULES if act not in CLOCKS and not _refusal(order, act, by))


def apply(order: Order | None, entry: Served) -> Order:
    """Return the state after an act.

    Raises
    ------
    LifecycleError
        The act is not allowed now, or not to this post, or lacks what it needs; the message says which.
    """
    if order is None:
        return _asked(entry)
    refusal = _refusal(order, entry.act, entry.by) or _lacking(order, entry)
    if refusal:
        raise LifecycleError(refusal)
    rule = RULES[entry.act]
    sent = (*order.items, entry.data["item_key"]) if entry.data.get("item_key") else order.items
    times = {**order.times, entry.act.value: entry.at}
    return _EFFECTS.get(entry.act, _nothing)(
        replace(order, phase=rule.to or order.phase, times=times, items=sent), entry
    )


def replay(entries: Iterable[Served]) -> Order | None:
    """Return the state after a history; None after an empty one; raises LifecycleError where an entry could not have followed."""
    order: Order | None = None
    for entry in entries:
        order = apply(order, entry)
    return order


def opaque(text: str) -> str:
    """Return a key as it is kept: letters and digits that say nothing of anybody.

    Raises
    ------
    DraftError
        It could be a name, a telephone number or a number of somebody's.
    """
    key = text.strip().upper()
    if not KEY.fullmatch(key) or MANY_DIGITS.search(key.replace("-", "")):
        raise DraftError(
            "The key has to be letters and digits that stand for nobody, as K7-2MQ4; no name, no number of a person.",
            field="key",
        )
    return key


def following(order: Order, today: date) -> tuple[int, date] | None:
    """Return which turn comes next and its day, before holidays are looked at: the first that is not over; None for what comes no more, or came already."""
    repeat = Repeat.read(order.every)
    if repeat is None or order.next:
        return None
    first, turn = date.fromisoformat(order.first), order.turn + 1
    while repeat.day(first, turn) < today:
        turn += 1
    return turn, repeat.day(first, turn)


def due_step(order: Order, now: datetime) -> Step | None:
    """Return what time brings to an order now, that it did not bring yet."""
    found: Step | None = None
    if order.phase not in RUNNING:
        return None
    if now >= order.until:
        found = Step.MISSED if order.first else Step.LATE
    if (found is None or found.value in order.steps) and order.phase is P.OFFERED and order.due and now >= order.due:
        return Step.LAPSED
    return found if found and found.value not in order.steps else None


def deadline(order: Order) -> datetime | None:
    """Return when what an order waits for is over: the offer, or the time that was wanted; None where no clock runs."""
    if order.phase is P.OFFERED and order.due:
        return min(order.due, order.until)
    return order.until if order.phase in RUNNING | {P.MISSED} else None


def _asked(entry: Served) -> Order:
    data = entry.data
    if entry.act is not Serve.ASK:
        raise LifecycleError(f"{entry.act.value} cannot be done to an order that is not there yet.")
    if entry.by.kind not in ASKERS:
        raise LifecycleError(
            f"ask is not for a post of the kind {entry.by.kind.value}: a grid post asks for a resident."
        )
    lacking = [name for name in ("item", "key", "keepers", "since", "until") if not data.get(name)]
    if lacking:
        raise LifecycleError(f"ask needs {', '.join(lacking)}.")
    since, until = _time(data["since"]), _time(data["until"])
    if until <= since:
        raise LifecycleError("ask needs a time that ends after it began.")
    Repeat.read(data.get("every", ""))
    offers = tuple(Offer(int(one["team"]), str(one["post"])) for one in data.get("teams", ()))
    return Order(
        phase=P.ACCEPTED if offers else P.ASKED,
        item=data["item"],
        key=data["key"],
        asker=data.get("asker", entry.by.post),
        keepers=tuple(data["keepers"]),
        since=since,
        until=until,
        home=bool(data.get("home")),
        offers=offers,
        team=offers[0].team if offers else 0,
        every=data.get("every", ""),
        first=data.get("first", ""),
        turn=int(data.get("turn", 0)),
        times={Serve.ASK.value: entry.at},
    )


def _refusal(order: Order, act: Serve, by: By) -> str:
    if act not in RULES:
        return f"{act.value} cannot be done to an order that is there already."
    rule = RULES[act]
    if order.phase not in rule.frm:
        return f"{act.value} cannot be done to an order that is {order.phase.value}."
    if not rule.side(order, by):
        return f"{act.value} is not for {by.post} in this order."
    if act is Serve.STOP and (not order.every or order.next):
        return "stop is for what comes again, and for the last of them."
    return ""


def _lacking(order: Order, entry: Served) -> str:
    lacking = [name for name in RULES[entry.act].needs if not entry.data.get(name)]
    if lacking:
        return f"{entry.act.value} needs {', '.join(lacking)}."
    check = _CHECKS.get(entry.act)
    return check(order, entry) if check else ""


def _not_his(order: Order, entry: Served) -> str:
    mine = any(
        offer.team == entry.data["team"] and offer.post == entry.by.post and not offer.declined
        for offer in order.offers
    )
    return "" if mine else f"Team {entry.data['team']} was not offered this order, or is none of {entry.by.post}."


def _no_outcome(_order: Order, entry: Served) -> str:
    known = [outcome.value for outcome in Outcome]
    return "" if entry.data["outcome"] in known else f"finish takes {', '.join(known)}."


def _bad_stars(_order: Order, entry: Served) -> str:
    stars = entry.data.get("stars")
    fits = isinstance(stars, int) and not isinstance(stars, bool) and (stars in STARS or stars == 0)
    return "" if fits else "rate gives 1 to 5 stars, or 0 where the resident was not reached."


def _too_soon(order: Order, entry: Served) -> str:
    return (
        "" if due_step(order, entry.at) == entry.data["step"] else f"{entry.data['step']} is not what time brings now."
    )


def _comes_no_more(order: Order, _entry: Served) -> str:
    return "" if order.every and not order.next else "Nothing comes after this order, or came already."


_CHECKS: Mapping[Serve, Callable[[Order, Served], str]] = MappingProxyType(
    {
        Serve.ACCEPT: _not_his,
        Serve.DECLINE: _not_his,
        Serve.FINISH: _no_outcome,
        Serve.RATE: _bad_stars,
        Serve.STEP: _too_soon,
        Serve.NEXT: _comes_no_more,
    }
)


def _nothing(after: Order, _entry: Served) -> Order:
    return after


def _offer(after: Order, entry: Served) -> Order:
    """Offer it to teams; one that declined is asked again where it is named again."""
    new = {int(one["team"]): Offer(int(one["team"]), str(one["post"])) for one in entry.data["teams"]}
    kept = tuple(offer for offer in after.offers if offer.team not in new)
    steps = tuple(step for step in after.steps if step != Step.LAPSED)
    return replace(after, offers=(*kept, *new.values()), team=0, due=_time(entry.data["until"]), steps=steps)


def _declined(after: Order, entry: Served) -> Order:
    """Note that a team does not want it; where none is left that may, it goes back."""
    team = entry.data["team"]
    offers = tuple(replace(offer, declined=True) if offer.team == team else offer for offer in after.offers)
    left = any(not offer.declined for offer in offers)
    return replace(after, offers=offers) if left else _back(replace(after, offers=offers))


def _back(after: Order) -> Order:
    """Give it back to who keeps it: no team may take it until it is offered anew."""
    offers = tuple(replace(offer, declined=True) for offer in after.offers)
    return replace(after, phase=P.BACK, offers=offers, team=0, due=None)


def _stepped(after: Order, entry: Served) -> Order:
    step = Step(entry.data["step"])
    steps = (*after.steps, step.value)
    if step is Step.LAPSED:
        return _back(replace(after, steps=steps))
    return replace(after, phase=P.MISSED if step is Step.MISSED else after.phase, steps=steps)


_EFFECTS: Mapping[Serve, Callable[[Order, Served], Order]] = MappingProxyType(
    {
        Serve.OFFER: _offer,
        Serve.ACCEPT: lambda after, entry: replace(after, team=int(entry.data["team"]), due=None),
        Serve.DECLINE: _declined,
        Serve.GIVE_BACK: lambda after, _entry: _back(after),
        Serve.FINISH: lambda after, entry: replace(after, outcome=entry.data["outcome"]),
        Serve.RATE: lambda after, entry: replace(after, stars=entry.data["stars"]),
        Serve.CANCEL: lambda after, entry: replace(after, every="") if entry.data.get("last") else after,
        Serve.STOP: lambda after, _entry: replace(after, every=""),
        Serve.NEXT: lambda after, entry: replace(after, next=entry.data["number"]),
        Serve.STEP: _stepped,
    }
)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
