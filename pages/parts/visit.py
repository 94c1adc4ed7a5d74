"""A visit: what its address asks for and its widgets have changed since."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

import data
from desk.access.entrance import Entrance, entrance_of, may_enter, room_of
from desk.access.permissions import demand
from desk.posts.acting import NOBODY, acting, looking, posts_of
from desk.room import DISPATCHER, Room
from desk.rooms import Rooms, rooms_of
from geo.errors import BattlemapError, NoAccess
from geo.scheme import Name
from incidents.access import Role, Who
from incidents.lifecycle import Act, By, CaseState, allowed
from incidents.posts import Post
from layers.areas import Areas
from layers.load import Area
from layers.pack import read_pack
from locales import LANGUAGES, Translator, translator
from reports.figures import PARAMETERS, Filter
from settings import Settings

FRESH = 1.0  # seconds: as long as sessions are remembered (`desk.access.records`)
SESSION = "session"
FILTER = ("grid", "class", "mark", "days")
# What the address of a page holds of its own, beside what every page's does; what only the browser knows (view, at, theme) is none of it, for a page takes away what is another's.
OWN: Mapping[str, tuple[str, ...]] = {
    "": ("sites", "findings"),
    "inbox": ("pile",),
    "messages": ("tab", "notice"),
    "orders": ("order", "tab", "item", "team", "q", "page", "period"),
    "visits": ("tab", "walk", "period", "kind", "topic", "visitor", "q", "page", "by", "reach", "of"),
    "patrols": ("tab", "patrol", "period", "kind", "outcome", "walker", "in", "of", "plan", "q", "page", "by"),
    "plan": ("plan", "tab"),
    "campaigns": ("campaign", "tab", "phase", "day", "by", "meeting", "theme", "letter", "do", "page"),
    "walls": ("wall",),
    "checklists": ("checklist",),
    "air": ("station", "list", "by", "lines", "of"),
    "warnings": ("warning", "tab", "year", "by", "site"),
    "sites": ("site", "do", "kind", "state", "in", "of", "due", "standing", "water", "target", "q", "page"),
    "binding": ("pile", "about", "page"),
    "sheet": ("day", "campaign", "number"),
    "rounds": ("tab", "do", "kind", "in", "of", "q", "page"),
    "inspections": (
        "inspection",
        "make",
        "period",
        "kind",
        "outcome",
        "grade",
        "in",
        "of",
        "list",
        "site",
        "q",
        "page",
    ),
    "findings": (
        "finding",
        "pile",
        "kind",
        "grade",
        "item",
        "in",
        "of",
        "repeat",
        "due",
        "site",
        "target",
        "q",
        "page",
    ),
    "whistles": ("pile", "whistle", "about"),
    "case": ("case",),
    "posts": ("key", "in", "level", "show", "q"),
    "duty": ("week", "role", "slot"),
    "cases": PARAMETERS,
}
OWNED = tuple(dict.fromkeys(name for names in OWN.values() for name in names if name not in FILTER))


@dataclass(frozen=True)
class Visit:
    """Who looks at what.

    Attributes
    ----------
    name
        The area, which need not exist.
    asked
        The filter as its address writes it, which need not make sense.
    acting
        Key of the post that acts, one of the account's; it need not exist.
    now
        When this run began, UTC.
    session
        Key of the session, as the gate found it. Who that is, is asked anew whenever it counts: what a page was shown as may be over when its buttons are pressed.
    brings
        Says whose websocket it is now, "" where a file is made outside of any run. Streamlit lets whoever names a page's state go on with it, and runs the callbacks of its widgets before the script.
    """

    settings: Settings
    language: str
    name: str
    asked: Mapping[str, str]
    acting: str
    now: datetime
    session: str = field(repr=False)
    brings: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def entrance(self) -> Entrance:
        """What knows sessions and what roles may do."""
        settings = self.settings
        return entrance_of(settings.data_dir, settings.database_url, settings.rules, settings.demo_access)

    @property
    def who(self) -> Who:
        """Who looks, in the role and scope that they have now; raises NoAccess when the session is over."""
        mine = self.brings is None or self.brings() in {"", self.session}
        found = mine and self._fresh("who", lambda: self.entrance.of_session(self.session, datetime.now(UTC)))
        if not found:
            raise NoAccess("Your session is over. Log in again.", "session")
        return found

    def may(self, capability: str) -> bool:
        """Tell whether who looks may do something: for what is shown; doing it asks with `by`."""
        return self.who.can(capability)

    @property
    def rooms(self) -> Rooms:
        """The rooms of this console, shared by all visits."""
        settings = self.settings
        return rooms_of(
            settings.packs, settings.area, settings.data_dir, settings.database_url, settings.rules, settings.demo
        )

    @property
    def areas(self) -> Areas:
        """The areas that this console serves."""
        return self.rooms.areas

    def room(self) -> Room:
        """Return the area with its rules and its ledger, as who looks sees it; raises what keeps it from being opened, and NoAccess."""
        who = self.who
        demand(who, "desk")
        return self._fresh("room", lambda: room_of(self.rooms, self.name, who, self.now))

    @property
    def posts(self) -> tuple[Post, ...]:
        """The posts as which who looks may act; a visitor of a demonstration may look through all of them."""
        room = self.room()
        if self.who.role is Role.DEMO:
            return tuple(room.register.posts(self.now).values())
        return posts_of(room, self.who, self.now)

    @property
    def post(self) -> Post:
        """The post through which the pages look, and which acts."""
        return self._fresh("post", self._post)

    @property
    def home(self) -> tuple[float, ...] | None:
        """West, south, east, north of one's own grid, degrees, where a phone opens its maps; None for who sees all of the area."""
        key, code = self.who.scope.grid or ("", "")
        net = self.area().net
        parts = {part.key: part for part in (*net.levels, *net.overlays)}
        place = parts[key].positions.get(code) if key in parts else None
        return None if place is None else tuple(parts[key].geoms[place].bounds)

    def _post(self) -> Post:
        room = self.room()
        found = looking(room, self.who, self.acting, self.now)
        if found is NOBODY and self.who.role is Role.DEMO:
            return room.register.posts(self.now)[DISPATCHER]
        return found

    def allowed(self, state: CaseState) -> frozenset[Act]:
        """Return what may be done to a case now, to be shown as buttons."""
        return frozenset(allowed(state, self.post.by) if self.may("act") and self.post is not NOBODY else ())

    def by(self, capability: str) -> By:
        """Return who acts, as the history writes it. Every act of every page asks here, at the moment in which it is done.

        Raises
        ------
        NoAccess
            The session is over, or the role may not do this.
        """
        demand(self.who, capability)
        if self.post is NOBODY:
            raise NoAccess("No post is yours in this area, so that nothing can be done in its name.", capability)
        return acting(self.room(), self.post)

    def _fresh(self, name: str, find: Callable[[], Any]) -> Any:
        """Return what was found less than a second ago, or find it anew."""
        at, found = self._kept.get(name, (0.0, None))
        if monotonic() - at >= FRESH:
            found = find()
            self._kept[name] = (monotonic(), found)
        return found

    @property
    def _(self) -> Translator:
        return translator(self.language)

    def area(self) -> Area:
        """Return the area; raises what keeps it from being read."""
        return self.areas.get(self.name)

    def wanted(self) -> Filter:
        """Return the filter; raises FilterError when the address makes no sense."""
        return Filter.from_query(self.asked)

    def names(self) -> dict[str, str]:
        """Return id -> name to show of every area that who looks finds; one whose area.toml cannot be read goes by its id."""
        paths, who = data.available(self.settings.packs), self.who
        return {
            name: _name(paths[name]).in_(self.language)
            for name in self.areas.names()
            if who.scope.covers(name) and _may_enter(who, paths[name])
        }

    def address(self, page: str = "", own: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the parameters that the browser's address shall have; what is "" is taken out of it.

        Parameters
        ----------
        page
            Path of the page; one with parameters of its own has those of ``own``, in place of the map's filter where they share a name.
        """
        acting = "" if self.acting == DISPATCHER else self.acting
        return {
            "area": self.name,
            "lang": self.language,
            "post": acting,
            **{key: self.asked.get(key, "") for key in FILTER},
            **dict.fromkeys(OWNED, ""),
            **{key: (own or {}).get(key, "") for key in OWN.get(page, ())},
        }


def visit(
    settings: Settings,
    query: Mapping[str, str],
    state: MutableMapping[str, Any],
    session: str,
    brings: Callable[[], str] | None = None,
) -> Visit:
    """Return the visit: what the state of its page says, and what the address says at the beginning of one.

    Parameters
    ----------
    session
        Key of the session, as the gate found it; a page that was somebody else's begins anew.
    brings
        Returns that key whenever it is asked; None where no websocket can change hands.
    """
    if state.get(SESSION, session) != session:
        for name in list(state):
            del state[name]
    state[SESSION] = session
    if "asked" not in state:
        state["asked"] = {key: query[key] for key in FILTER if query.get(key)}
        state["area"] = query.get("area") or settings.area
        state["language"] = query.get("lang") if query.get("lang") in LANGUAGES else settings.language
        state["post"] = query.get("post") or DISPATCHER
        state["own"] = {page: {name: query[name] for name in names if query.get(name)} for page, names in OWN.items()}
    now = datetime.now(UTC)
    return Visit(settings, state["language"], state["area"], state["asked"], state["post"], now, session, brings)


def own_key(name: str, now: Visit) -> str:
    """Return the key of a widget that shows names: one for each language and area, for Streamlit knows a choice by the text that it shows."""
    return f"{name}_{now.language}_{now.name}"


def _may_enter(who: Who, folder: Path) -> bool:
    try:
        return who.role is not Role.DEMO or may_enter(who, read_pack(folder))
    except BattlemapError:
        return True  # its page says what is wrong with it


@lru_cache(maxsize=256)
def _name(folder: Path) -> Name:
    try:
        return read_pack(folder).name
    except BattlemapError:
        return Name(folder.name, folder.name)
