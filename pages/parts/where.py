"""Part of the report form: where it is. By the map, by name, by unit and floor, or by coordinates."""

from html import escape

import streamlit as st

from desk.places import SYSTEMS, Spot, nearest, search, stacks_at, typed
from desk.room import Room
from geo.errors import PlaceError
from layers.tables import storey
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.pick import pick_map
from pages.parts.visit import Visit
from reports.intake_words import PLACE_KIND, stack_spans
from reports.refusals import refusal

MOST = 7
SYSTEM_NAMES = {"WGS84": "WGS84 / CGCS2000", "GCJ-02": "GCJ-02", "BD-09": "BD-09"}


def choose_place(visit: Visit, room: Room, form: Form, codes: str) -> None:
    """Show the search by name, unit and floor, coordinates, and the address.

    Parameters
    ----------
    codes
        Leaf codes of the place that stands, "" while there is none.
    """
    _ = visit._
    query = st.text_input(
        _("Place"),
        type="search",
        live=True,
        placeholder=_("Press on the map, or search: building, compound, street, grid 3-05"),
        **form.bind("place_query"),
    )
    with steady():
        if query.strip():
            _results(visit, room, form, query)
    with st.container(horizontal=True, gap="small"):
        st.text_input(_("Unit"), width=pixels(90), placeholder=_("e.g. 2"), **form.bind("unit"))
        st.text_input(_("Floor"), width=pixels(90), placeholder=_("e.g. 12, B1"), **form.bind("floor"))
        st.text_input(
            _("Address"), placeholder=_("As one would tell it to somebody who goes there"), **form.bind("address")
        )
    with steady():
        _parts(visit, room, codes)
    with steady():
        _coordinates(visit, form)


def place_map(visit: Visit, form: Form) -> None:
    """Show the map on which a place is pressed."""
    place = form.get("place", None)
    key = f"pick_{visit.name}"
    pick_map(
        visit.name,
        visit.language,
        visit._("Map: press where it is; with the keyboard, move by arrows and press Enter for the middle"),
        (place["lon"], place["lat"]) if place else None,
        home=visit.home,
        key=key,
        on_picked=lambda: _picked(visit, form, key),
    )


def part(form: Form, name: str) -> float | None:
    """Return unit or floor as a number; B1 is -1."""
    return storey(form.get(name))


def _results(visit: Visit, room: Room, form: Form, query: str) -> None:
    _ = visit._
    found = search(room.area, query, most=MOST)
    if not found:
        st.html(f'<p class="bm-note">{escape(_("Nothing here is called so. Press on the map instead."))}</p>')
    with st.container(key="found", gap=None):
        for place, spot in enumerate(found):
            said = " · ".join(filter(None, (_(PLACE_KIND[spot.kind]), spot.detail)))
            st.button(
                f"**{_plain(spot.label)}**　{_plain(said)}",
                key=f"spot_{place}",
                type="tertiary",
                width="stretch",
                on_click=_chosen,
                args=(form, spot),
            )


def _plain(text: str) -> str:
    """Return a text as it stands, for a label that reads Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|~:$<>" else letter for letter in text)


def _chosen(form: Form, spot: Spot) -> None:
    place = {"lon": spot.lon, "lat": spot.lat, "exact": spot.exact, "label": spot.label, "building": spot.building}
    parts = {name: f"{value:g}" for name, value in (("unit", spot.unit), ("floor", spot.floor)) if value is not None}
    form.values.pop("refused", None)
    form.set(place=place, place_query="", address=spot.address, coordinates="", **parts)


def _picked(visit: Visit, form: Form, key: str) -> None:
    """Take a press on the map; the address is that of the building next to it, unless somebody typed one."""
    pressed = st.session_state[key].get("picked") or {}
    if not pressed:
        return
    lon, lat = float(pressed["lon"]), float(pressed["lat"])
    before = form.get("place", None)
    spot = nearest(visit.area(), lon, lat)
    own = form.get("address") and not (before and form.get("address") == before.get("address"))
    address = spot.address if spot else ""
    place = {"lon": lon, "lat": lat, "exact": True, "label": "", "building": spot.building if spot else ""}
    form.values.pop("refused", None)
    form.set(place={**place, "address": address}, coordinates="", **({} if own else {"address": address}))


def _parts(visit: Visit, room: Room, codes: str) -> None:
    """Say how unit and floor tell the micro-grids of a tower apart."""
    stacks = stacks_at(room.area, codes) if codes else ()
    if not stacks:
        return
    _ = visit._
    told = _("Several micro-grids lie one above another here; unit and floor tell which one it is.")
    st.html(f'<p class="bm-note">{escape(told)} {escape(stack_spans(stacks, _))}</p>')


def _coordinates(visit: Visit, form: Form) -> None:
    _ = visit._
    with st.container(horizontal=True, gap="small"):
        st.text_input(
            _("Coordinates"),
            placeholder="113.63, 34.74",
            **form.bind("coordinates", then=lambda: _typed(form)),
        )
        st.selectbox(
            _("System of the coordinates"),
            SYSTEMS,
            format_func=SYSTEM_NAMES.get,
            width=pixels(190),
            **form.bind("system", SYSTEMS[0], then=lambda: _typed(form)),
        )
    error = form.get("place_error", None)
    if error is not None:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')


def _typed(form: Form) -> None:
    """Take coordinates that were typed."""
    text = form.get("coordinates")
    form.values.pop("place_error", None)
    if not text.strip():
        return
    try:
        lon, lat = typed(text, form.get("system", SYSTEMS[0]))
    except PlaceError as error:
        form.values["place_error"] = error
        form.values.pop("place", None)
    else:
        form.set(place={"lon": lon, "lat": lat, "exact": True, "label": "", "building": ""})
