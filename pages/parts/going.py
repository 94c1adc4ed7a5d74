"""Going from page to page without loading the console again: links that carry ``data-go``, and what Python itself decides."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import urlencode

import streamlit as st
from streamlit.navigation.page import Page

from pages.parts.visit import OWN, Visit

ALL = "all=1"  # of a list that nothing narrows


def link(visit: Visit, page: str, own: Mapping[str, str], *, attributes: str = "") -> str:
    """Return the opening tag of a link to a page of ours. It can be opened in another tab; pressed, it only runs the page.

    Parameters
    ----------
    page
        Its path: ``case``.
    own
        What its address holds of its own: ``{"case": number}``.
    """
    said = {name: value for name, value in visit.address(page, own).items() if value}
    return f'<a data-go="{escape(page)}" data-own="{escape(urlencode(own))}" href="/{escape(page)}?{escape(urlencode(said))}" target="_self"{attributes}>'


def on_map(visit: Visit, layer: str, own: Mapping[str, str]) -> str:
    """Return a link to the map that shows the list of an address as a layer.

    Parameters
    ----------
    layer
        ``sites`` or ``findings``.
    own
        What narrows that list.
    """
    said = urlencode({name: value for name, value in own.items() if value}) or ALL
    return f"{link(visit, '', {layer: said}, attributes=' class=bm-on-map')}{escape(visit._('Show on the map'))}</a>"


def go(page: str, own: Mapping[str, str]) -> None:
    """Go to a page when the script runs next; for callbacks."""
    st.session_state["own"] = {**st.session_state["own"], page: dict(own)}
    st.session_state["going"] = page


def take_going() -> None:
    """Take a press on a link of ours."""
    element = st.session_state.get("address")  # gone where the page changed in the same moment; the browser asks again
    asked = (element.get("go") if element else None) or {}
    page = asked.get("page")
    if page in OWN:
        known = {*OWN[page], "act"}  # an act is opened once, and stands in no address
        go(page, {name: str(value) for name, value in asked.get("own", {}).items() if name in known and value})


def going(pages: Sequence[Page]) -> None:
    """Switch to the page that was asked for, if one was."""
    asked = st.session_state.pop("going", None)
    page = next((page for page in pages if page.url_path == asked), None)
    if page is not None:  # one that the role does not have is none
        # without parameters: Streamlit would write each change of them into the browser's history; the address element writes them over
        st.switch_page(page)


def walk(numbers: Iterable[str]) -> None:
    """Keep the cases of the list that is shown, so that a sheet knows the next one."""
    st.session_state["walk"] = list(numbers)


def step_to(place: int) -> None:
    """Go to another case of that list; for callbacks."""
    numbers = st.session_state.get("walk", [])
    if 0 <= place < len(numbers):
        go("case", {"case": numbers[place]})
