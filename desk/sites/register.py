"""The register of sites (场所台账): looked at as far as one sees, written in one place, each with its place found in the net and the post that answers for it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from desk.access.permissions import demand
from desk.boards.register import PHONE
from desk.intake import struck
from desk.orders.people import is_inside
from desk.places import buildings
from desk.places.place import duty, place
from desk.posts.acting import acting, change, posts_of
from desk.room import DISPATCHER, Room
from geo.errors import DraftError
from incidents.access import Role
from incidents.lifecycle import By, PostKind
from incidents.text import clean, required
from incidents.within import Within
from inspections import sites as rules
from inspections.site_rules import SiteKind
from inspections.sites import Act, Bound, Document, Site, Spot
from ledger import sites
from ledger.sites import Asked
from ledger.writing import Writing

LOOK, EDIT = "sites", "sites_edit"  # capabilities
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_NOTE, LONGEST_REASON, LONGEST_MARK, LONGEST_FIELD = 60, 120, 200, 100, 40, 60
MOST_SPOTS, MOST_HOUSEHOLDS, LARGEST = 12, 99_999, 1e9
PAGE = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Wish:
    """A site as somebody writes it.

    Attributes
    ----------
    building
        Id of a building of the pack; the site lies there where no coordinates are given.
    lon, lat
        Degrees WGS84; None for those of the building, or of the first spot.
    unit, floor
        They tell stacked micro-grids apart; None where nobody told.
    contact
        The office's telephone of the place; None leaves what stands.
    number, version
        Of the one that is changed, as whoever does saw it; "" and 0 for a new one.
    """

    kind: str
    name: str
    lon: float | None = None
    lat: float | None = None
    building: str = ""
    address: str = ""
    unit: float | None = None
    floor: float | None = None
    mobile: str = ""
    spots: Sequence[Spot] = ()
    households: int | None = None
    documents: Sequence[Document] = ()
    fields: Mapping[str, float | str] = field(default_factory=dict)
    note: str = ""
    contact: str | None = field(default=None, repr=False)
    source: str = ""
    external_id: str = ""
    number: str = ""
    version: int = 0


# Looking


def sight(room: Room) -> Within | None:
    """Return how far who looks through a room sees sites: all of the area, a grid and what their posts answer for, or none (None)."""
    if room.who is None:
        return sites.EVERYTHING
    return room.within if room.who.can(LOOK) else None


def listed(room: Room, asked: Asked, *, most: int | None = PAGE, skip: int = 0) -> list[Site]:
    """Return a part of the sites that are asked for, among those that who looks sees, in order of their numbers."""
    with room.ledger.reading() as connection:
        return sites.page(connection, _seen(room, asked), most=most, skip=skip)


def count(room: Room, asked: Asked) -> int:
    """Return how many sites there are, among those that who looks sees."""
    with room.ledger.reading() as connection:
        return sites.count(connection, _seen(room, asked))


def counts(room: Room, asked: Asked, by: str) -> dict[str, int]:
    """Return how many there are by ``kind``, ``state``, ``post``, ``match`` or ``bound``, or by the grids of a level or overlay of that key."""
    with room.ledger.reading() as connection:
        return sites.counts(connection, _seen(room, asked), by)


def get(room: Room, number: str) -> Site:
    """Return one site.

    Raises
    ------
    DraftError
        There is none of that number, or none for who looks: the answer does not tell which.
    """
    with room.ledger.reading() as connection:
        return sites.get(connection, room.id, number, sight(room))


def history(room: Room, number: str) -> list[dict[str, Any]]:
    """Return the history of a site, oldest first; raises DraftError as `get`."""
    with room.ledger.reading() as connection:
        sites.get(connection, room.id, number, sight(room))
        return sites.entries(connection, room.id, number)


def contact(room: Room, number: str) -> str:
    """Return the office's telephone of a place to who may change it, "" to others; raises DraftError as `get`."""
    if room.who and not room.who.can(EDIT):
        return ""
    with room.ledger.reading() as connection:
        sites.get(connection, room.id, number, sight(room))
        return sites.contact(connection, room.id, number)


def _seen(room: Room, asked: Asked) -> Asked:
    return replace(asked, area=room.id, within=sight(room))


# Writing


def hand(room: Room, now: datetime) -> By:
    """Return as whom somebody writes here: their first post; an analyst, who has none, as the centre with their own account.

    Raises
    ------
    NoAccess
        They may not change the register.
    """
    if room.who is None:
        return By(DISPATCHER, PostKind.DISPATCHER)
    demand(room.who, EDIT)
    if room.who.role is Role.ANALYST:
        return By(DISPATCHER, PostKind.DISPATCHER, room.who.account)
    return acting(room, next(iter(posts_of(room, room.who, now))))


def written(room: Room, by: By, now: datetime, work: Callable[[Writing], T]) -> T:
    """Write into the register: the one door; raises NoAccess where the role may not, or ``by`` is nobody of theirs."""
    if room.who and room.who.role is Role.ANALYST and by == hand(room, now):
        return room.ledger.change(work)
    return change(room, EDIT, by, now, work)


def put(room: Room, wish: Wish, by: By, now: datetime) -> Site:
    """Add a site, or change one.

    Raises
    ------
    DraftError, TextError, PlaceError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    made = checked(room, wish)
    at, ring = now.astimezone(UTC), _contact(wish.contact)
    if not made.number:
        contacts = {0: ring} if ring else {}
        return written(room, by, now, lambda writing: sites.make(writing, room.id, [made], prefix=room.rules.sites.prefix, by=by, at=at, contacts=contacts)[0])  # fmt: skip
    return written(room, by, now, lambda writing: sites.put(writing, room.id, made, Act.EDIT, by=by, at=at, contact=ring))  # fmt: skip


def turn(room: Room, seen: Site, act: Act, reason: str, day: date, by: By, now: datetime) -> Site:  # noqa: PLR0917
    """Suspend, move away, close or reopen a site; raises as `put`.

    Parameters
    ----------
    seen
        As whoever does it saw it.
    day
        Since when; today or before.
    """
    after = rules.turned(_own(room, seen), act, _reason(room, reason), _past(room, day, now))
    return written(room, by, now, lambda writing: sites.put(writing, room.id, after, act, by=by, at=now.astimezone(UTC)))  # fmt: skip


def file(room: Room, seen: Site, document: Document, by: By, now: datetime) -> Site:
    """Note a document of a site, in place of the one of its kind; raises as `put`."""
    after = rules.with_document(_own(room, seen), _document(room, document))
    return written(room, by, now, lambda writing: sites.put(writing, room.id, after, Act.EDIT, by=by, at=now.astimezone(UTC)))  # fmt: skip


def bind(room: Room, seen: Sequence[Site], post: str, reason: str, day: date, by: By, now: datetime) -> list[Site]:  # noqa: PLR0917
    """Bind sites to a post by hand, all or none; raises as `put`.

    Parameters
    ----------
    post
        Key of a post that there is.
    """
    if post not in room.register.posts(now):
        raise DraftError(f"{room.id} has no post {post!r}. Choose one of its posts.", field="site_post")
    said, day = _reason(room, reason), _past(room, day, now)
    after = [rules.bound(_own(room, one), post, said, day) for one in seen]
    return written(room, by, now, lambda writing: sites.put_all(writing, room.id, after, Act.BIND, by=by, at=now.astimezone(UTC)))  # fmt: skip


def unbind(room: Room, seen: Sequence[Site], by: By, now: datetime) -> list[Site]:
    """Give sites the post of the rule again, all or none; raises as `put`."""
    posts = ruled(room)
    after = [rules.unbound(_own(room, one), posts(one.codes)) for one in seen]
    return written(room, by, now, lambda writing: sites.put_all(writing, room.id, after, Act.UNBIND, by=by, at=now.astimezone(UTC)))  # fmt: skip


def confirm(room: Room, seen: Sequence[Site], reason: str, day: date, by: By, now: datetime) -> list[Site]:  # noqa: PLR0917
    """Say that the post of the rule is the right one for sites, all or none; raises as `put`. It holds until their grids or their post are others."""
    said, day = _reason(room, reason), _past(room, day, now)
    after = [rules.confirmed(_own(room, one), said, day) for one in seen]
    return written(room, by, now, lambda writing: sites.put_all(writing, room.id, after, Act.CONFIRM, by=by, at=now.astimezone(UTC)))  # fmt: skip


def ruled(room: Room) -> Callable[[Mapping[str, str]], str]:
    """Return what tells the post of a place by rule: the head of its dedicated grid, else of its micro-grid, and above a volunteer the nearest paid post; "" for none."""
    known: dict[tuple[str, ...], str] = {}
    keys = room.area.net.keys

    def post(codes: Mapping[str, str]) -> str:
        key = tuple(codes.get(name, "") for name in keys)
        if key not in known:
            found = duty(room, codes).overdue
            known[key] = found.key if found else ""
        return known[key]

    return post


def told(codes: Mapping[str, str], before: Mapping[str, str], leaf: str) -> Mapping[str, str]:
    """Return the codes of a place in a tower with the one micro-grid that somebody told by unit and floor, where it is still one of those that come into question."""
    known, several = before.get(leaf, ""), codes.get(leaf, "").split(";")
    return {**codes, leaf: known} if len(several) > 1 and known in several else codes


def checked(room: Room, wish: Wish) -> Site:
    """Return a site as it is kept: its place found, its words without people.

    Raises
    ------
    DraftError, TextError, PlaceError
        What is wrong with it, by its field.
    """
    before = get(room, wish.number) if wish.number else None
    kind = _kind(room, wish.kind)
    _contact(wish.contact)
    spots = _spots(room, kind, wish.spots)
    lon, lat = _at(room, wish, spots)
    found = place(room, lon, lat, unit=wish.unit, floor=wish.floor)
    codes = told(found.codes, before.codes if before else {}, room.area.net.leaf.key)
    if not is_inside(room, codes):
        raise DraftError("The place lies in none of your grids. Who has that grid enters it.", field="site_place")
    made = Site(
        kind.key,
        struck(room, required(wish.name, most=LONGEST_NAME, what="name", lines=False)),
        lon,
        lat,
        address=struck(room, clean(wish.address, most=LONGEST_ADDRESS, what="address", lines=False)) or _address(room, wish.building),
        building=wish.building,
        codes=codes,
        match=found.match,
        edge_m=found.edge_m,
        post=ruled(room)(codes),
        mobile=clean(wish.mobile, most=LONGEST_MARK, what="mark", lines=False) if kind.mobile else "",
        spots=spots,
        households=_households(kind, wish.households),
        documents=tuple(sorted((_document(room, one) for one in wish.documents), key=lambda one: one.key)),
        fields=_fields(room, kind, wish.fields),
        note=struck(room, clean(wish.note, most=LONGEST_NOTE, what="note", lines=False)),
        source=wish.source,
        external_id=wish.external_id,
    )  # fmt: skip
    return _kept(made, before, wish.version) if before else made


def _kept(made: Site, before: Site, version: int) -> Site:
    """Return a changed site with what its form does not ask for as it stands: state, origin, a post that was named by hand, and that of the rule where somebody confirmed it and the place is in the same grids."""
    names: tuple[str, ...] = ("state", "state_reason", "state_since", "source", "external_id", "number")
    if before.bound is Bound.HAND or (before.bound_since and (made.codes, made.post) == (before.codes, before.post)):
        names += ("post", "bound", "bound_reason", "bound_since")
    return replace(made, version=version, **{name: getattr(before, name) for name in names})


def _own(room: Room, seen: Site) -> Site:
    """Return a site that who writes has in their scope.

    Raises
    ------
    DraftError
        It lies beyond.
    """
    now = get(room, seen.number)
    return replace(now, version=seen.version)  # another version is a conflict, which the ledger says


def _kind(room: Room, key: str) -> SiteKind:
    if key not in room.rules.sites.kinds:
        raise DraftError(f"{key!r} is no kind of site. Choose one of {', '.join(room.rules.sites.kinds)}.", field="site_kind")  # fmt: skip
    return room.rules.sites.kinds[key]


def _at(room: Room, wish: Wish, spots: Sequence[Spot]) -> tuple[float, float]:
    if wish.building and wish.building not in buildings(room.area):
        raise DraftError(f"{room.id} has no building {wish.building!r}. Choose one of its buildings.", field="site_place")  # fmt: skip
    if wish.lon is not None and wish.lat is not None and math.isfinite(wish.lon) and math.isfinite(wish.lat):
        return float(wish.lon), float(wish.lat)
    if wish.building:
        spot = buildings(room.area)[wish.building]
        return spot.lon, spot.lat
    if spots:
        return spots[0].lon, spots[0].lat
    raise DraftError("A site has a place. Look it up, or point at it on the map.", field="site_place")


def _address(room: Room, building: str) -> str:
    spot = buildings(room.area).get(building)
    return (spot.address or spot.label)[:LONGEST_ADDRESS] if spot else ""


def _spots(room: Room, kind: SiteKind, said: Sequence[Spot]) -> tuple[Spot, ...]:
    if said and not kind.mobile:
        raise DraftError(f"{kind.name.en} has one place, and no usual spots. Leave them out.", field="site_spots")
    if len(said) > MOST_SPOTS:
        raise DraftError(f"{len(said)} spots are too many: name at most {MOST_SPOTS}.", field="site_spots")
    for spot in said:
        place(room, spot.lon, spot.lat)
    return tuple(replace(spot, label=struck(room, clean(spot.label, most=LONGEST_FIELD, what="label", lines=False))) for spot in said)  # fmt: skip


def _households(kind: SiteKind, said: int | None) -> int | None:
    if said is None or not kind.household:
        return None
    if not 0 <= said <= MOST_HOUSEHOLDS:
        raise DraftError(f"{said} households cannot be. Give a number from 0 to {MOST_HOUSEHOLDS}.", field="site_households")  # fmt: skip
    return int(said)


def _fields(room: Room, kind: SiteKind, said: Mapping[str, float | str]) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    for key, value in said.items():
        if key not in kind.fields:
            raise DraftError(f"{key!r} is not known of {kind.name.en}. Leave it out.", field="site_field")
        if not room.rules.sites.field(key).is_number:
            value = struck(room, clean(str(value), most=LONGEST_FIELD, what=key, lines=False))  # noqa: PLW2901
        elif isinstance(value, str) or not 0 <= value <= LARGEST:
            raise DraftError(f"{value!r} is no number for {key!r}. Give one from 0.", field="site_field")
        if value != "":
            found[key] = value
    return found


def _document(room: Room, said: Document) -> Document:
    if said.key not in room.rules.sites.documents:
        raise DraftError(f"{said.key!r} is no kind of document. Choose one of {', '.join(room.rules.sites.documents)}.", field="site_document")  # fmt: skip
    if said.issued and said.expires and said.expires < said.issued:
        raise DraftError(f"{said.key} runs out on {said.expires}, before it was issued on {said.issued}. Correct the days.", field="site_document_days")  # fmt: skip
    return replace(said, note=struck(room, clean(said.note, most=LONGEST_FIELD, what="note", lines=False)))


def _contact(said: str | None) -> str | None:
    if said is not None and not PHONE.fullmatch(said.strip()):
        raise DraftError("That is no telephone. Write digits, or nothing.", field="contact")
    return said if said is None else said.strip()


def _reason(room: Room, said: str) -> str:
    return struck(room, required(said, most=LONGEST_REASON, what="reason", lines=False))


def _past(room: Room, day: date, now: datetime) -> date:
    if day > now.astimezone(room.area.pack.timezone).date():
        raise DraftError(f"{day} lies ahead. Give today, or a day before.", field="site_day")
    return day
