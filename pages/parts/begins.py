"""What a page says while its area is being prepared for its first use; it goes on by itself."""

from html import escape

import streamlit as st

from geo.errors import Beginning
from pages.parts.visit import Visit

EVERY = 1  # seconds


def begins(visit: Visit) -> None:
    """Say that the area is being written, and how far it is; run the page again when that is over."""

    @st.fragment(run_every=EVERY)
    def watch() -> None:
        beginning = visit.rooms.beginning(visit.name)
        if beginning is None:
            st.rerun()
        st.html(_notice(visit, beginning))

    watch()


def _notice(visit: Visit, beginning: Beginning) -> str:
    _ = visit._
    demo = visit.area().pack.synthetic
    heading = _("The demonstration is being written") if demo else _("The incidents of this area are being written")
    advice = _(
        "This is the first use of this area, and usually takes less than a minute. Everything appears here by itself."
    )
    parts = _("{done} of {of}").format(done=beginning.done, of=beginning.of) if beginning.of else ""
    bar = (
        f'<progress max="{beginning.of}" value="{beginning.done}"></progress><span>{escape(parts)}</span>'
        if parts
        else ""
    )
    return f'<section class="bm-begins" role="status"><h1>{escape(heading)}</h1><p>{escape(advice)}</p><p class="bm-part">{bar}</p></section>'
