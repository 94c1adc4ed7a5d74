"""Self-checks (自查) by a link: a post opens a page for a place, the place answers its checklist there without an account, and a person looks at it afterwards.

What comes in raises no finding and counts in no figure: it says how a place sees itself. The page tells nothing of the place but its name and its checklist.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from desk import evidence
from desk.access.limits import Limits
from desk.access.permissions import demand
from desk.inspections.acts import shown
from desk.intake import struck
from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError, RulesError
from incidents.lifecycle import By, PostKind
from incidents.posts import post_key
from incidents.text import clean
from inspections.answers import evaluate, read
from inspections.checklists import Checklist, Kind
from inspections.inspection import Inspection, Way
from inspections.sites import Site, State
from ledger import inspections, self_checks, sites
from ledger.self_checks import Check, Link
from ledger.store import Ledger
from ledger.writing import Writing

EDIT = "inspect_close"  # capability
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is read for another
LONGEST_TOKEN, LONGEST_NOTE = 40, 200
MOST_OPEN = 10  # links of a place that open their page
LIMITS = ("self_check.phone", "self_check.address", "self_check.link", "self_check.all")


@dataclass(frozen=True)
class Said:
    """What a place sent.

    Attributes
    ----------
    answers
        Key of an item -> its value, as `inspections.answers.read` takes it.
    once
        What makes it the only one of its kind, given by the page.
    """

    answers: Mapping[str, Any]
    note: str = ""
    photos: Sequence[bytes] = field(default=(), repr=False)
    once: str = ""


# Links, by a post


def site(room: Room, number: str) -> Site:
    """Return a place as who looks sees it; raises NoAccess, and DraftError as `ledger.sites.get`."""
    if room.who:
        demand(room.who, EDIT)
    with room.ledger.reading() as connection:
        return sites.get(connection, room.id, number, room.within if room.who else sites.EVERYTHING)


def listed(room: Room, number: str) -> tuple[list[Link], list[Check]]:
    """Return the links of a place and what came in by them, the latest first; raises as `site`."""
    site(room, number)
    with room.ledger.reading() as connection:
        return self_checks.links(connection, room.id, number), self_checks.checks(connection, room.id, number, sites.EVERYTHING)  # fmt: skip


def waiting(room: Room, place: Site) -> int:
    """Return how many self-checks of a place nobody has looked at (自查待核)."""
    with room.ledger.reading() as connection:
        return self_checks.unseen(connection, room.id, place.number).get(place.number, 0)


def checklists(room: Room, place: Site) -> tuple[Checklist, ...]:
    """Return the checklists by which a place can check itself."""
    kind = room.rules.sites.kind(place.kind)
    return room.rules.checklists.for_site(kind.key, kind.group.value)


def make(room: Room, number: str, checklist: str, by: By, now: datetime) -> tuple[Link, str]:
    """Make a link for a place, and return it with its token, which is told this once.

    Raises
    ------
    DraftError, NoAccess
        Links are off, the place is not in use or has no such checklist, or who does it may not.
    """
    rules, place = room.rules.papers.self_check, site(room, number)
    if not rules.open:
        raise DraftError("Self-checks by a link are off (papers.toml).", field="self_check_off")
    if place.state is not State.ACTIVE:
        raise DraftError("The site is not in use, and checks nothing.", field="self_check_site")
    if checklist not in {one.key for one in checklists(room, place)}:
        raise DraftError("There is no such checklist for this kind of site. Choose one of the list.", field="self_check_list")  # fmt: skip
    with room.ledger.reading() as connection:
        there = self_checks.links(connection, room.id, place.number)
    if sum(link.opens(now, rules.most) for link in there) >= MOST_OPEN:
        raise DraftError(f"The site has {MOST_OPEN} links that open their page. Revoke one first.", field="self_check_many")  # fmt: skip
    at = now.astimezone(UTC)
    made = Link(room.id, place.number, checklist, by.post, at, at + timedelta(days=rules.days))
    return change(room, EDIT, by, now, lambda writing: self_checks.add(writing, made, by=by))


def revoke(room: Room, number: str, id_: int, by: By, now: datetime) -> Link:
    """Let a link of a place open nothing any more; raises DraftError, NoAccess."""
    place = site(room, number)
    with room.ledger.reading() as connection:
        link = self_checks.get(connection, room.id, id_)
    if link.site != place.number:
        raise DraftError(f"The site has no link number {id_}. Load the list again.", field="link_gone")
    return change(room, EDIT, by, now, lambda writing: self_checks.revoke(writing, room.id, id_, by=by, at=now.astimezone(UTC)))  # fmt: skip


def see(room: Room, number: str, check: str, by: By, now: datetime) -> None:
    """Note that a person looked at what a place sent (自查已核); raises DraftError, NoAccess."""
    _links, checks = listed(room, number)
    if check not in {one.inspection.number for one in checks}:
        raise DraftError(f"The site sent no self-check {check!r}. Load the list again.", field="self_check_gone")
    change(room, EDIT, by, now, lambda writing: self_checks.see(writing, room.id, check, by.post, by=by, at=now.astimezone(UTC)))  # fmt: skip


# The page, for anybody who has its link


def find(ledger: Ledger, token: str) -> Link | None:
    """Return the link of a token, whether it opens its page or not; None for one that there is not."""
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    with ledger.reading() as connection:
        return self_checks.by_token(connection, token)


def opened(room: Room, link: Link, now: datetime) -> tuple[Site, Checklist] | None:
    """Return the place and the checklist of a link that opens its page; None for every other."""
    rules = room.rules.papers.self_check
    if not rules.open or not link.opens(now, rules.most):
        return None
    try:
        with room.ledger.reading() as connection:
            place = sites.get(connection, room.id, link.site, sites.EVERYTHING)
        checklist = room.rules.checklists.current(link.checklist)
    except (DraftError, RulesError):
        return None
    return (place, checklist) if place.state is State.ACTIVE else None


def ask(limits: Limits, phone: str, address: str, link: Link, now: datetime) -> None:
    """Count one more sending: by the phone, by its address, by the link, and of all.

    Raises
    ------
    TooOften
        There were too many.
    """
    here = f"{link.id} {address}"
    for name, key in zip(LIMITS, (phone or here, here, str(link.id), ""), strict=True):
        limits.ask(name, key, now)


def take(room: Room, link: Link, said: Said, now: datetime) -> str:
    """Take a self-check in, and return its receipt number, which opens nothing; the same page sent twice is one.

    Raises
    ------
    AnswersError, TextError, PhotoError, DraftError
        Why it cannot be taken; nothing was written.
    """
    receipt = receipt_of(room, link, said.once)
    with room.ledger.reading() as connection:
        if inspections.sent(connection, room.id, [_item(receipt)]):
            return receipt
    found = opened(room, link, now)
    if found is None:
        raise DraftError("The link opens nothing any more.", field="link_gone")
    place, checklist = found
    at = now.astimezone(UTC)
    day, by = now.astimezone(room.area.pack.timezone).date(), by_of(place)
    asked = {item.key for item in items(checklist)}
    answers = read(checklist, {key: value for key, value in said.answers.items() if key in asked}, day)
    if not answers:
        raise DraftError("Nothing is answered. Answer at least one item.", field="self_check_empty")
    verdict = evaluate(checklist, answers, day, grades=room.rules.checklists.grades)
    note = struck(room, clean(said.note, most=LONGEST_NOTE, what="text", lines=False))
    photos = shown(evidence.keep(room.whole, said.photos))
    kept = {key: {"value": value} for key, value in said.answers.items() if key in answers}
    made = Inspection(
        place.number, place.kind, Way.SELF, checklist.key, checklist.version, checklist.digest, at, day, by.post, place.lon, place.lat,
        dict(place.codes), kept, failed=len(verdict.failed), item=_item(receipt),
    )  # fmt: skip

    def work(writing: Writing) -> str:
        connection = writing.connection
        if inspections.sent(connection, room.id, [made.item]):
            return receipt
        if opened_now(self_checks.get(connection, room.id, link.id)):
            numbered = inspections.numbered(writing, room.id, made, room.rules.papers.self_check.prefix)
            filed = inspections.make(writing, room.id, numbered, by=by, at=at, notes={"": note} if note else {}, photos=photos)  # fmt: skip
            self_checks.send(writing, room.id, filed.number, link.id, by=by, at=at)
            return receipt
        raise DraftError("The link opens nothing any more.", field="link_gone")

    def opened_now(fresh: Link) -> bool:
        return fresh.opens(now, room.rules.papers.self_check.most)

    return room.ledger.change(work)


def items(checklist: Checklist) -> list[Any]:
    """Return the items that a place is asked: its own, and none that is worked out."""
    return [one for one in checklist.items.values() if one.kind is not Kind.SUM and one.party == checklist.party]


def by_of(place: Site) -> By:
    """Return as whom a self-check is written: the place itself, and nobody's account."""
    return By(post_key(PostKind.OFFICE, "", f"自查 {place.number}"), PostKind.OFFICE)


def receipt_of(room: Room, link: Link, once: str) -> str:
    """Return the receipt number of one sending of a page: the same each time."""
    digest = hmac.new(room.ledger.key, f"self-check {room.id} {link.id} {once}".encode(), hashlib.sha256).digest()
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:10])
    return f"{letters[:5]}-{letters[5:]}"


def _item(receipt: str) -> str:
    return f"self {receipt}"
