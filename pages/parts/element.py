"""Our elements in Streamlit's page: one keeps the browser's address, one holds the map, one hears what changes. Their script is pages/assets/console.js."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from layers.document import assets_digest

SCRIPT = "export default (element) => import(location.origin + element.data.script).then((console) => console.{part}(element))"

_address = st.components.v2.component("battlemap_address", js=SCRIPT.format(part="address"), isolate_styles=False)
_map = st.components.v2.component(
    "battlemap_map", html='<div class="bm-map"></div>', js=SCRIPT.format(part="map"), isolate_styles=False
)
_pulse = st.components.v2.component("battlemap_pulse", js=SCRIPT.format(part="pulse"), isolate_styles=False)


def pixels(number: float) -> int:
    """Return so many pixels at a scale of 1 as pixels of this screen, where large ones show everything larger; the browser says how much, once it is there."""
    return round(number * st.session_state.get("scale", 1))


def address(query: Mapping[str, str], words: Mapping[str, str], *, on_go: Callable[[], None]) -> None:
    """Keep these parameters in the browser's address, beside those that only the browser knows: view, selection, theme.

    Parameters
    ----------
    on_go
        Called when a link to a page of ours was pressed (``data-go``); ``st.session_state["address"]["go"]`` then holds the page and what its address says.
    """
    data = {"script": _script(), "query": dict(query), "words": dict(words), "scale": st.session_state.get("scale", 1)}
    _address(data=data, key="address", height=0, on_go_change=on_go, on_scale_change=_take_scale)


def battle_map(
    area: str,
    language: str,
    query: str,
    title: str,
    *,
    home: Sequence[float] | None = None,
    on_only: Callable[[], None],
    on_mark: Callable[[], None],
) -> Any:
    """Show the map of an area under a filter.

    Its iframe is kept over reruns: a new filter is handed in by a message, so that nothing loads again and the view stays.

    Parameters
    ----------
    query
        The filter, as it stands in an address.
    home
        West, south, east, north, degrees: what a phone shows first; None for all of the area.
    on_only
        Called when "only this grid" was pressed in a card; ``st.session_state["map"]["only"]`` then holds its key and code.
    on_mark
        Called when a count was pressed on the board; ``…["mark"]`` then holds the mark.
    """
    data = {"script": _script(), "area": area, "language": language, "query": query, "title": title, "home": home}
    return _map(data=data, key="map", on_only_change=on_only, on_mark_change=on_mark, on_changed_change=_follow)


def pulse(area: str) -> None:
    """Run the fragment that this stands in again when cases of an area changed: at once, and then every few seconds at most."""
    _pulse(data={"script": _script(), "area": area}, key="pulse", height=0, on_moved_change=_follow)


def _take_scale() -> None:
    element = st.session_state.get("address")
    st.session_state["scale"] = (element.get("scale") if element else None) or 1


def _follow() -> None:
    """Run the page, or its fragment, again: the ledger changed."""


def _script() -> str:
    return f"/assets/{assets_digest()}/console.js"
