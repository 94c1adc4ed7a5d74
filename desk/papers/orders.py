"""Orders to put right (责令整改通知书): made out by an authority alone, on what an inspection found, by two officers with their certificates. A community orders nothing (domain.md 0.7)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from desk.access.permissions import demand
from desk.papers.notices import ORDER, Found, look
from desk.posts.acting import change, posts_of
from desk.room import Room
from geo.errors import DraftError, NoAccess
from geo.scheme import Name
from incidents.lifecycle import By, PostKind
from incidents.posts import Post
from incidents.text import clean, required
from inspections.findings import STANDING
from inspections.inspection import Way
from ledger import authority_orders, findings
from ledger.authority_orders import Order
from ledger.writing import Writing

OFFICERS = 2
MOST_OF_CASE = 20  # findings
LONGEST_NAME, LONGEST_TEXT = 20, 300
CERTIFICATE = re.compile(r"[\w()（）〔〕-]{4,40}")
KINDS = frozenset({PostKind.DEPARTMENT, PostKind.INSPECTOR})


@dataclass(frozen=True)
class Wish:
    """An order as somebody wants it made out.

    Attributes
    ----------
    items
        Keys of what failed.
    articles
        Of `basis`.
    officers
        Name and number of the certificate of each of two.
    addressee
        Who is ordered, where that is not the name of the place: the unit as its licence names it.
    text
        What is to be done, where more is to be said than the items say.
    """

    inspection: str
    items: Sequence[str]
    articles: Sequence[str]
    due: date
    officers: Sequence[tuple[str, str]] = field(repr=False)
    addressee: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


def authority(room: Room, post: Post) -> Name | None:
    """Return in whose name a post makes out orders: as ``papers.toml`` says it, else a department in its own; None for a post that may not."""
    if post.kind not in KINDS:
        return None
    named = next((one.name for one in room.rules.papers.authorities if {post.key, post.title} & set(one.posts)), None)
    return named or (Name(post.title, post.title) if post.kind is PostKind.DEPARTMENT and post.title else None)


def issuers(room: Room, now: datetime) -> tuple[Post, ...]:
    """Return the posts as which who looks may make out orders."""
    if room.who is None or not room.who.can(ORDER):
        return ()
    return tuple(post for post in posts_of(room, room.who, now) if authority(room, post))


def of_case(room: Room, case: str, now: datetime) -> tuple[str, ...]:
    """Return the inspections on whose findings, which became a case and stand, who looks may make out an order: as far as they see those; none for who may not."""
    if not issuers(room, now):
        return ()
    with room.ledger.reading() as connection:
        handed = findings.page(connection, findings.Asked(room.id, now.astimezone(room.area.pack.timezone).date(), incident=case, states=frozenset(STANDING)), most=MOST_OF_CASE)  # fmt: skip
    seen = []
    for number in dict.fromkeys(one.inspection for one in handed):
        try:
            seen.append(look(room, number, needs=ORDER).made.number)
        except DraftError:
            continue
    return tuple(seen)


def basis(found: Found, language: str) -> tuple[str, ...]:
    """Return the texts on which an order may rest: the clauses of what failed, and articles of a standard where it judges this place itself (domain.md 0.6)."""
    clauses = [one.item.clause for one in found.open if one.item.clause]
    articles = [
        f"{one.article.standard.in_(language)} {one.article.number}：{one.article.text.in_(language)}"
        for one in found.open
        if one.article
    ]
    return tuple(dict.fromkeys([*clauses, *articles]))


def listed(room: Room, inspection: str) -> list[Order]:
    """Return the orders that rest on an inspection, to who may see it as an authority."""
    look(room, inspection, needs=ORDER)
    with room.ledger.reading() as connection:
        return authority_orders.of_inspection(connection, room.id, inspection)


def get(room: Room, number: str) -> tuple[Order, Found]:
    """Return an order and its inspection.

    Raises
    ------
    NoAccess, DraftError
        The role may not look, or there is none of that number for who looks.
    """
    if room.who:
        demand(room.who, ORDER)
    with room.ledger.reading() as connection:
        order = authority_orders.get(connection, room.id, number)
    try:
        return order, look(room, order.inspection, needs=ORDER)
    except DraftError as error:
        raise DraftError(f"{room.id} has no order {number!r}. Look it up at its inspection.", field="order_gone") from error  # fmt: skip


def issue(room: Room, wish: Wish, by: By, now: datetime) -> Order:
    """Make an order out, and return it with its number.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    post = room.post(by.post)
    named = authority(room, post)
    if by.kind not in KINDS or post.kind is not by.kind or named is None:
        raise NoAccess("A post without an authority behind it makes out no order. A community tells a place of its hazards (告知单).", ORDER)  # fmt: skip
    found = look(room, wish.inspection, needs=ORDER)
    made = _order(room, wish, found, named.zh, by, now)

    def work(writing: Writing) -> Order:
        before = authority_orders.of_inspection(writing.connection, room.id, made.inspection)
        if any(one.day == made.day and set(one.items) & set(made.items) for one in before):
            raise DraftError("Of one of these there is an order of today already. Print that one.", field="order_twice")
        return authority_orders.issue(writing, made, room.rules.papers.prefix, by=by, at=now.astimezone(UTC))

    return change(room, ORDER, by, now, work)


def _order(room: Room, wish: Wish, found: Found, named: str, by: By, now: datetime) -> Order:  # noqa: PLR0917
    if found.made.way is Way.SELF:
        raise DraftError("A self-check is no inspection of an authority. Inspect the place first.", field="order_self")
    failed, articles = [one.item.key for one in found.open], basis(found, "zh")
    items = tuple(key for key in failed if key in set(wish.items))
    if not items or len(items) != len(set(wish.items)):
        raise DraftError("Choose at least one item that failed and is not put right.", field="order_items")
    chosen = tuple(one for one in articles if one in set(wish.articles))
    if not chosen or len(chosen) != len(set(wish.articles)):
        raise DraftError("An order rests on at least one article. Choose it.", field="order_basis")
    today = now.astimezone(room.area.pack.timezone).date()
    if not today <= wish.due <= today + timedelta(days=room.rules.papers.most_days):
        raise DraftError(f"The day lies in the past, or more than {room.rules.papers.most_days} days ahead.", field="order_due")  # fmt: skip
    addressee = clean(wish.addressee, most=60, what="name", lines=False) or found.site.name
    words = {"officers": _officers(wish.officers), "addressee": addressee, "text": clean(wish.text, most=LONGEST_TEXT, what="text", lines=False)}  # fmt: skip
    return Order(room.id, found.site.number, found.made.number, named, items, chosen, today, wish.due, by.post, words)


def _officers(said: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return two officers, each with a name and a certificate of their own."""
    found = [[required(name, most=LONGEST_NAME, what="name", lines=False), number.strip()] for name, number in said if name.strip() or number.strip()]  # fmt: skip
    names, numbers = ({one[at] for one in found} for at in (0, 1))
    if len(found) != OFFICERS or len(names) != OFFICERS or len(numbers) != OFFICERS or not all(CERTIFICATE.fullmatch(one) for one in numbers):  # fmt: skip
        raise DraftError("An order is made out by two officers, each with name and certificate number.", field="order_officers")  # fmt: skip
    return found
