"""The element that shows a wall as its screen would: the page of the wall itself, as large as a screen and made smaller to fit. Its script is pages/assets/walls.js."""

from typing import Any

import streamlit as st

from layers.document import assets_digest

_preview = st.components.v2.component(
    "battlemap_wall",
    html='<div class="bm-wall"></div>',
    js="export default (element) => import(location.origin + element.data.script).then((script) => script.preview(element))",
    isolate_styles=False,
)


def wall_preview(source: str, title: str) -> Any:
    """Show a wall.

    Parameters
    ----------
    source
        Its address on this console; another one is loaded as soon as nobody changed it for a moment.
    """
    return _preview(
        data={"script": f"/assets/{assets_digest()}/walls.js", "source": source, "title": title}, key="wall_preview"
    )
