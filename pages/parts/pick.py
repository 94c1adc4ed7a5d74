"""The element on which a place is chosen: the map document in an iframe, asked for a place. Its script is pages/assets/picking.js."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from layers.document import assets_digest

_pick = st.components.v2.component(
    "battlemap_pick",
    html='<div class="bm-pick"></div>',
    js="export default (element) => import(location.origin + element.data.script).then((script) => script.pick(element))",
    isolate_styles=False,
)


def pick_map(
    area: str,
    language: str,
    title: str,
    place: tuple[float, float] | None,
    *,
    home: Sequence[float] | None = None,
    still: bool = False,
    others: Sequence[tuple[float, float]] = (),
    walks: Sequence[Mapping[str, Any]] = (),
    key: str,
    on_picked: Callable[..., None],
) -> Any:
    """Show the map of an area, with a pin at the place that stands.

    Parameters
    ----------
    place
        Longitude and latitude, None while there is none.
    home
        West, south, east, north, degrees: what a phone shows first; None for all of the area.
    still
        Whether the pin stays where it is when somebody presses elsewhere: a place is shown, none is asked for.
    others
        Longitude and latitude of what else is in the list beside it, shown as dots.
    walks
        Walks, each with its ``mark``, its ``start`` and its ``stops`` as longitude and latitude: numbered and joined by a line.
    key
        ``st.session_state[key]["picked"]`` holds the place that was pressed, ``lon`` and ``lat``.
    on_picked
        Called when a place was pressed.
    """
    shown = {"lon": place[0], "lat": place[1]} if place else None
    script = f"/assets/{assets_digest()}/picking.js"
    data = {
        "script": script,
        "area": area,
        "language": language,
        "title": title,
        "place": shown,
        "home": home,
        "still": still,
        "others": [list(one) for one in others],
        "walks": list(walks),
    }
    return _pick(data=data, key=key, on_picked_change=on_picked)
