"""The emergency card (应急卡) of a building in one class: everything that stands on it, at one moment."""

from dataclasses import dataclass, field
from datetime import datetime

from desk.emergency import events
from desk.emergency.building import Building, Near, building, nearest
from desk.outbox.book import Books
from desk.outbox.derive import duty_post
from desk.room import Room
from incidents.emergency_rules import Number, Plan
from incidents.posts import Post, duty_of
from ledger import rota
from ledger.emergencies import Event, Point

DUTY = "duty"  # the duty telephone, in the address book


@dataclass(frozen=True)
class Reach:
    """A post that is to be told, by the telephone of its office; "" where none is known.

    Attributes
    ----------
    why
        ``leader``, ``officer``, ``head``, ``night`` (on duty), ``answers`` (for the place), or ``duty`` (who is on duty while the rota names nobody).
    """

    why: str
    post: Post
    phone: str = field(default="", repr=False)


@dataclass(frozen=True)
class Card:
    """What stands on a card.

    Attributes
    ----------
    event
        The emergency of this class that goes on in the building; None where none does.
    others
        Those of other classes that go on.
    """

    building: Building
    plan: Plan
    numbers: tuple[Number, ...]
    points: dict[str, Point]
    reach: tuple[Reach, ...]
    near: tuple[Near, ...]
    event: Event | None
    others: tuple[Event, ...]
    past: tuple[Event, ...]


def card(room: Room, code: str, kind: str, now: datetime) -> Card:
    """Return the card of a building in one class of emergency.

    Raises
    ------
    UnknownGrid, DraftError
        There is no such building for who looks, or no such class.
    """
    found, plan, rules = building(room, code), events.plan_of(room, kind), room.rules.emergencies
    all_ = events.events(room, code)
    running = [one for one in all_ if one.ended is None]
    return Card(
        building=found,
        plan=plan,
        numbers=tuple(rules.numbers[key] for key in plan.numbers),
        points=events.points(room, code),
        reach=tuple(_reach(room, found, now)),
        near=tuple(nearest(room, found)),
        event=next((one for one in running if one.kind == kind), None),
        others=tuple(one for one in running if one.kind != kind),
        past=tuple(one for one in all_ if one.ended is not None and one.kind == kind),
    )


def _reach(room: Room, at: Building, now: datetime) -> list[Reach]:
    """Return who is to be told: the post on duty, by its own telephone or the duty telephone, the others on duty, and who answers for the place; each post once."""
    book = Books(room.ledger.folder).read()
    with room.ledger.reading() as connection:
        serving, first = rota.on_duty(connection, room.id, now), duty_post(room, connection, now)
    posts = room.register.posts(now)
    duty = duty_of(room.area.net, at.codes, posts)
    named = [(one.role.value, one.post) for one in serving]
    if first not in {key for _why, key in named}:
        named.insert(0, (DUTY, first))
    named += [("answers", post.key) for post in (duty.post, duty.informed, duty.overdue) if post]
    found: dict[str, Reach] = {}
    for why, key in named:
        phone = book.contact(room.id, key).sms or (book.contact(room.id, DUTY).sms if key == first else "")
        found.setdefault(key, Reach(why, posts.get(key) or room.post(key), phone))
    return sorted(found.values(), key=lambda one: one.post.key != first)
