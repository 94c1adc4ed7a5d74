"""A visit: what its address asks for and its widgets have changed since."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import data
from desk.room import DISPATCHER, Room
from desk.rooms import Rooms, rooms_of
from geo.errors import BattlemapError
from geo.scheme import Name
from incidents.lifecycle import By
from incidents.posts import Post
from layers.areas import Areas
from layers.load import Area
from layers.pack import read_pack
from locales import LANGUAGES, Translator, translator
from reports.figures import PARAMETERS, Filter
from settings import Settings

FILTER = ("grid", "class", "mark", "days")
# What the address of a page holds of its own, beside what every page's does.
OWN: Mapping[str, tuple[str, ...]] = {
    "inbox": ("pile",),
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
        Key of the post that acts, until accounts exist chosen in the frame; it need not exist.
    now
        When this run began, UTC.
    """

    settings: Settings
    language: str
    name: str
    asked: Mapping[str, str]
    acting: str
    now: datetime

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
        """Return the area with its rules and its ledger; raises what keeps it from being opened."""
        return self.rooms.get(self.name, self.now)

    @property
    def post(self) -> Post:
        """The post that acts; the dispatcher where the address names none that the area has."""
        posts = self.room().register.posts(self.now)
        return posts.get(self.acting) or posts[DISPATCHER]

    @property
    def by(self) -> By:
        """Who acts, as the history writes it."""
        return self.post.by

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
        """Return id -> name to show of every area; one whose area.toml cannot be read goes by its id."""
        paths = data.available(self.settings.packs)
        return {name: _name(paths[name]).in_(self.language) for name in self.areas.names()}

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


def visit(settings: Settings, query: Mapping[str, str], state: MutableMapping[str, Any]) -> Visit:
    """Return the visit: what the state of its session says, and what the address says at the beginning of one."""
    if "asked" not in state:
        state["asked"] = {key: query[key] for key in FILTER if query.get(key)}
        state["area"] = query.get("area") or settings.area
        state["language"] = query.get("lang") if query.get("lang") in LANGUAGES else settings.language
        state["post"] = query.get("post") or DISPATCHER
        state["own"] = {page: {name: query[name] for name in names if query.get(name)} for page, names in OWN.items()}
    return Visit(settings, state["language"], state["area"], state["asked"], state["post"], datetime.now(UTC))


def own_key(name: str, now: Visit) -> str:
    """Return the key of a widget that shows names: one for each language and area, for Streamlit knows a choice by the text that it shows."""
    return f"{name}_{now.language}_{now.name}"


@lru_cache(maxsize=256)
def _name(folder: Path) -> Name:
    try:
        return read_pack(folder).name
    except BattlemapError:
        return Name(folder.name, folder.name)
