"""Sites (场所、污染源): what there is to inspect, where it stands, which post answers for it, which papers it has and until when. No person, and nobody's telephone.

Source: domain.md 3.3, 3.5, 3.6 (shops, vendors without a fixed address, small places), 4.2, 4.3 (sources and construction sites).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import DraftError


class State(StrEnum):
    """How a site stands."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    MOVED = "moved"
    CLOSED = "closed"


class Bound(StrEnum):
    """How a site got its post: by the rule of its place, or by hand."""

    RULE = "rule"
    HAND = "hand"


class Act(StrEnum):
    """What is done to a site, as the history calls it."""

    ADD = "add"
    EDIT = "edit"
    SUSPEND = "suspend"
    MOVE = "move"
    CLOSE = "close"
    REOPEN = "reopen"
    BIND = "bind"
    UNBIND = "unbind"
    REBIND = "rebind"
    CONFIRM = "confirm"
    RESTORE = "restore"


LEADS = MappingProxyType(
    {Act.SUSPEND: State.SUSPENDED, Act.MOVE: State.MOVED, Act.CLOSE: State.CLOSED, Act.REOPEN: State.ACTIVE}
)
# From where each act that changes the state may start.
FROM: Mapping[Act, frozenset[State]] = MappingProxyType(
    {
        Act.SUSPEND: frozenset({State.ACTIVE}),
        Act.MOVE: frozenset({State.ACTIVE, State.SUSPENDED}),
        Act.CLOSE: frozenset({State.ACTIVE, State.SUSPENDED, State.MOVED}),
        Act.REOPEN: frozenset({State.SUSPENDED, State.MOVED, State.CLOSED}),
    }
)


@dataclass(frozen=True)
class Document:
    """A paper or a thing with a date: 告知书, 责任书, a gas contract, an extinguisher, a hose, an alarm, the validity of cylinders.

    Attributes
    ----------
    key
        As ``site_kinds.toml`` names it.
    issued, expires
        First and last day; None for unknown, or for what does not expire.
    """

    key: str
    issued: date | None = None
    expires: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Spot:
    """Where a vendor without a fixed address usually stands: degrees WGS84, and what people call it."""

    lon: float
    lat: float
    label: str = ""


@dataclass(frozen=True)
class Site:
    """A site as it stands.

    Attributes
    ----------
    kind
        As ``site_kinds.toml`` names it.
    lon, lat
        Degrees WGS84; of a mobile one its first usual spot.
    building
        Id of the building of the pack, "" for none.
    codes
        Level or overlay -> code, several ";"-joined.
    match
        ``inside``, ``boundary``, ``nearest`` or ``outside`` (in no grid: the net was redrawn).
    edge_m
        Metres to an edge that is too near to trust; None elsewhere.
    post
        Key of the post that answers for it, "" for none.
    bound, bound_reason, bound_since
        By which it got that post; reason and day where it was by hand, or where somebody confirmed what the rule says.
    mobile
        Mark of the vehicle, "" unless the kind is mobile.
    households
        Of a kind that counts them; None elsewhere.
    state_reason, state_since
        Why and since when it stands so; "" and None since it was added.
    fields
        What its kind knows: ``area_m2``, ``seats``, ``cylinders_kg``, …
    source, external_id
        The other system that it came from, and its id there; "" for none.
    number, version
        "" and 0 before it is written; the version is that of its last change.
    """

    kind: str
    name: str
    lon: float
    lat: float
    address: str = ""
    building: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    match: str = "inside"
    edge_m: float | None = None
    post: str = ""
    bound: Bound = Bound.RULE
    bound_reason: str = ""
    bound_since: date | None = None
    mobile: str = ""
    spots: tuple[Spot, ...] = ()
    households: int | None = None
    state: State = State.ACTIVE
    state_reason: str = ""
    state_since: date | None = None
    documents: tuple[Document, ...] = ()
    fields: Mapping[str, float | str] = field(default_factory=dict)
    note: str = ""
    source: str = ""
    external_id: str = ""
    number: str = ""
    version: int = 0

    @property
    def expires(self) -> date | None:
        """The first day on which one of its documents runs out; None where none does."""
        return min((one.expires for one in self.documents if one.expires), default=None)

    def document(self, key: str) -> Document | None:
        """Return its document of a kind; None where it has none."""
        return next((one for one in self.documents if one.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """Return all of it but number and version, as the history says it."""
        plain = {name: getattr(self, name) for name in PLAIN}
        return {
            **plain,
            **{name: dict(getattr(self, name)) for name in ("codes", "fields")},
            "bound": self.bound.value,
            "state": self.state.value,
            **{name: _said(getattr(self, name)) for name in DAYS},
            "spots": [[spot.lon, spot.lat, spot.label] for spot in self.spots],
            "documents": [[one.key, _said(one.issued), _said(one.expires), one.note] for one in self.documents],
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any], *, number: str = "", version: int = 0) -> "Site":
        """Return a site as `to_json` said it."""
        return cls(
            **{name: said[name] for name in (*PLAIN, "codes", "fields")},
            bound=Bound(said["bound"]),
            state=State(said["state"]),
            bound_since=_read(said["bound_since"]),
            state_since=_read(said["state_since"]),
            spots=tuple(Spot(*spot) for spot in said["spots"]),
            documents=tuple(
                Document(key, _read(issued), _read(expires), note) for key, issued, expires, note in said["documents"]
            ),
            number=number,
            version=version,
        )


PLAIN = ("kind", "name", "lon", "lat", "address", "building", "match", "edge_m", "post", "bound_reason", "mobile", "households", "state_reason", "note", "source", "external_id")  # fmt: skip
DAYS = ("bound_since", "state_since")


def turned(site: Site, act: Act, reason: str, day: date) -> Site:
    """Return a site after an act that changes how it stands.

    Parameters
    ----------
    day
        Since when it stands so.

    Raises
    ------
    DraftError
        It does not stand so that this could be, or the day lies before that of the last change.
    """
    if site.state not in FROM[act]:
        raise DraftError(f"{site.number} is {site.state}: {act} is not for it. Load it again.", field="site_state")
    if site.state_since and day < site.state_since:
        raise DraftError(f"{site.number} is {site.state} since {site.state_since}. Give a later day.", field="site_day")
    return replace(site, state=LEADS[act], state_reason=reason, state_since=day)


def bound(site: Site, post: str, reason: str, day: date) -> Site:
    """Return a site whose post was named by hand."""
    return replace(site, post=post, bound=Bound.HAND, bound_reason=reason, bound_since=day)


def unbound(site: Site, post: str) -> Site:
    """Return a site that has the post of the rule again."""
    return replace(site, post=post, bound=Bound.RULE, bound_reason="", bound_since=None)


def confirmed(site: Site, reason: str, day: date) -> Site:
    """Return a site for which somebody said that the post of the rule is the right one.

    Raises
    ------
    DraftError
        The rule names none, or its post was named by hand.
    """
    if not site.post or site.bound is not Bound.RULE:
        raise DraftError(f"{site.number} has no post by the rule. Bind it to one by hand.", field="site_post")
    return replace(site, bound_reason=reason, bound_since=day)


def with_document(site: Site, document: Document) -> Site:
    """Return a site with a document in place of the one of its kind."""
    others = (one for one in site.documents if one.key != document.key)
    return replace(site, documents=tuple(sorted((*others, document), key=lambda one: one.key)))


def _said(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _read(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None
