"""Letters of responsibility (责任书): made out to sites or posts, signed or refused; the signed one of a site stands among its documents with its day.

Source: domain.md 3.5 ("签订目标责任书，严格奖惩制度"; 责任书: target, tasks, deadline, reward and penalty, both signatures).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from desk.campaigns.meetings import MOST_AHEAD, RUN, demand_campaign, demand_posts, sight, words
from desk.posts.acting import change
from desk.room import Room
from desk.visits.acts import today as today_of
from geo.errors import DraftError
from incidents.lifecycle import By
from inspections.meetings import Act, State, Subject
from inspections.sites import Act as SiteAct
from inspections.sites import Document, with_document
from ledger import meetings, sites
from ledger.meetings import POST, SITE, Asked, Letter
from ledger.writing import Writing

DOCUMENT = "pledge"  # as site_kinds.toml calls a letter of responsibility
LONGEST = 1000
MOST = 1000  # letters of one change
STANDING = frozenset({State.ISSUED, State.SIGNED})


@dataclass(frozen=True)
class Wish:
    """Letters as somebody makes them out: all with the same words.

    Attributes
    ----------
    parties
        ``site`` and its number, or ``post`` and its key.
    until
        The last day; None for no end.
    """

    campaign: str
    parties: Sequence[tuple[str, str]]
    target: str
    tasks: str
    rewards: str = ""
    until: date | None = None


def listed(room: Room, campaign: str, *, states: frozenset[State] = frozenset(), most: int | None = None, skip: int = 0) -> list[Letter]:  # fmt: skip
    """Return the letters of a campaign as far as who looks sees them, in order of their numbers."""
    with room.ledger.reading() as connection:
        return meetings.page(connection, Subject.LETTER, Asked(room.id, sight(room), frozenset({campaign}), states), most=most, skip=skip)  # fmt: skip


def counts(room: Room, campaign: str) -> dict[State, int]:
    """Return how many letters of a campaign there are by state."""
    with room.ledger.reading() as connection:
        return meetings.counts(connection, Subject.LETTER, Asked(room.id, sight(room), frozenset({campaign})))


def of(room: Room, number: str) -> Letter:
    """Return a letter; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        found: Letter = meetings.get(connection, room.id, Subject.LETTER, number, sight(room))
    return found


def without(room: Room, campaign: str, parties: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of some sites and posts that have no letter in a campaign that was made out or signed."""
    with room.ledger.reading() as connection:
        there = meetings.parties(connection, room.id, campaign)
    return [one for one in parties if there.get(one) not in STANDING]


def issue(room: Room, wish: Wish, by: By, now: datetime) -> list[Letter]:
    """Make letters out, all or none, and return them.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    day, at = today_of(room, now), now.astimezone(UTC)
    blanks = checked(room, wish, now)

    def work(writing: Writing) -> list[Letter]:
        demand_campaign(writing, room, wish.campaign)
        there = meetings.parties(writing.connection, room.id, wish.campaign)
        for one in blanks:
            if there.get((one.party, one.key)) in STANDING:
                raise DraftError(f"{one.key} has a letter in this campaign already. Leave it out.", field="letter_there")  # fmt: skip
            if one.party == SITE:
                sites.get(writing.connection, room.id, one.key, sight(room))
        return [meetings.make(writing, Subject.LETTER, one, day=day, by=by, at=at) for one in blanks]

    return change(room, RUN, by, now, work)


def checked(room: Room, wish: Wish, now: datetime) -> list[Letter]:
    """Return letters as they are kept; raises DraftError and TextError."""
    day, parties = today_of(room, now), list(dict.fromkeys(wish.parties))
    if not 0 < len(parties) <= MOST:
        raise DraftError(f"Letters are made out to 1 to {MOST} sites or posts, not to {len(parties)}. Choose others.", field="letter_parties")  # fmt: skip
    if any(party not in {SITE, POST} for party, _key in parties):
        raise DraftError("A letter is made out to a site or to a post. Choose one of the list.", field="letter_parties")
    if posts := [key for party, key in parties if party == POST]:
        demand_posts(room, posts, now)
    if wish.until and not day <= wish.until <= day + 3 * MOST_AHEAD:
        raise DraftError(f"{wish.until} is over, or too far away. Give a later day, or none.", field="letter_until")
    said = {name: words(room, getattr(wish, name), LONGEST, name) for name in ("target", "tasks", "rewards")}
    if not said["target"] or not said["tasks"]:
        raise DraftError("A letter says what is to be reached and what is to be done. Write both.", field="letter_words")  # fmt: skip
    told = {name: text for name, text in said.items() if text}
    return [Letter(area=room.id, campaign=wish.campaign, party=party, key=key, issued=day, until=wish.until, words=told) for party, key in parties]  # fmt: skip


def sign(room: Room, seen: Letter, day: date, by: By, now: datetime) -> Letter:
    """Note that a letter was signed on a day; that of a site stands among its documents from then on.

    Raises
    ------
    DraftError, Conflict, LifecycleError, NoAccess
        Why it cannot be; nothing was written.
    """
    if not seen.issued <= day <= today_of(room, now):
        raise DraftError(f"A letter is signed between {seen.issued}, when it was made out, and today. Give such a day.", field="letter_day")  # fmt: skip

    def work(writing: Writing) -> Letter:
        done = meetings.put(writing, Subject.LETTER, seen, replace(seen, signed=day), Act.SIGN, by=by, at=now.astimezone(UTC))  # fmt: skip
        file(room, writing, done, by, now)
        return done

    return change(room, RUN, by, now, work)


def file(room: Room, writing: Writing, signed: Letter, by: By, now: datetime) -> None:
    """Note a signed letter among the documents of its site, where its kind knows such a paper."""
    if signed.party != SITE:
        return
    site = sites.get(writing.connection, room.id, signed.key, sight(room))
    kind = room.rules.sites.kinds.get(site.kind)
    if kind and DOCUMENT in kind.documents:
        paper = Document(DOCUMENT, signed.signed, signed.until, signed.number)
        sites.put(writing, room.id, with_document(site, paper), SiteAct.EDIT, by=by, at=now.astimezone(UTC))


def refuse(room: Room, seen: Letter, reason: str, by: By, now: datetime) -> Letter:
    """Note that who should sign a letter refused; raises as `sign`."""
    said = words(room, reason, LONGEST, "reason")
    if not said:
        raise DraftError("Say why the letter was not signed.", field="letter_reason")
    return _turned(room, seen, seen, Act.REFUSE, by, now, {**seen.words, "reason": said})


def void(room: Room, seen: Letter, by: By, now: datetime) -> Letter:
    """Take a letter back. The paper that a signature put among the documents of a site goes with it; raises as `sign`."""
    return _turned(room, seen, seen, Act.VOID, by, now, None)


def _turned(room: Room, seen: Letter, after: Letter, act: Act, by: By, now: datetime, said: dict[str, str] | None) -> Letter:  # noqa: PLR0917  # fmt: skip
    def work(writing: Writing) -> Letter:
        done = meetings.put(writing, Subject.LETTER, seen, after, act, by=by, at=now.astimezone(UTC), words=said)
        if act is Act.VOID and seen.signed and seen.party == SITE:
            _take_back(room, writing, seen, by, now)
        return done

    return change(room, RUN, by, now, work)


def _take_back(room: Room, writing: Writing, letter: Letter, by: By, now: datetime) -> None:
    site = sites.get(writing.connection, room.id, letter.key, sight(room))
    left = tuple(one for one in site.documents if (one.key, one.note) != (DOCUMENT, letter.number))
    sites.put(writing, room.id, replace(site, documents=left), SiteAct.EDIT, by=by, at=now.astimezone(UTC))
