"""The keyboard of lists, table and sheet: console.js answers the keys, this says what they do."""

from html import escape

import streamlit as st

from locales import N_
from pages.parts.visit import Visit

KEYS = (
    (("j", "↓"), N_("Next")),
    (("k", "↑"), N_("Previous")),
    (("o", "Enter"), N_("Open")),
    (("d",), N_("Dispatch")),
    (("?",), N_("This help")),
)


def keys(visit: Visit) -> None:
    """Show the help that "?" opens."""
    _ = visit._
    rows = "".join(
        f"<div><dt>{''.join(f'<kbd>{escape(key)}</kbd>' for key in pressed)}</dt><dd>{escape(_(does))}</dd></div>"
        for pressed, does in KEYS
    )
    st.html(
        f'<section class="bm-keys"><button type="button" data-keys aria-expanded="false" aria-label="{escape(_("Keyboard"))}">?</button><dl>{rows}</dl></section>',
        width="content",
    )
