"""Part of the page of sites: the form by which one is entered or changed."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.imports.cells import Spoilt
from desk.places import typed
from desk.places.place import place
from desk.room import Room
from desk.sites import register
from desk.sites.cells import number
from desk.sites.register import Wish
from geo.errors import BattlemapError, DraftError, PlaceError
from inspections.sites import Site, Spot
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.visit import Visit
from pages.parts.where import choose_place, part, place_map
from reports.refusals import refusal

NEW, CHANGE = "new", "change"
FIELD = "field_"


def site_form(visit: Visit, room: Room, was: Site | None) -> None:
    """Show the form, empty or with a site as it stands, and the map beside it."""
    form = Form(f"site_form_{was.number if was else NEW}", visit)
    if was and form.get("of", None) is None:
        _fill(form, was, register.contact(room, was.number))
    with st.container(key="site_new", horizontal=True, gap="large"):
        with st.container(key="site_form", gap="small"):
            _fields(visit, room, form, was)
        with st.container(key="site_map"):
            place_map(visit, form)


def _fields(visit: Visit, room: Room, form: Form, was: Site | None) -> None:
    _ = visit._
    heading = _("Change {name}").format(name=was.name) if was else _("Enter a site")
    st.html(f"<h2>{escape(heading)}</h2>")
    kinds = room.rules.sites.kinds
    st.selectbox(_("Kind of site"), list(kinds), index=None, format_func=lambda key: kinds[key].name.in_(visit.language) if key in kinds else key, placeholder=_("Choose a kind"), **form.bind("kind", None))  # fmt: skip
    st.text_input(_("Name"), max_chars=register.LONGEST_NAME, placeholder=_("As it stands over the door, without anybody's name or number"), **form.bind("name"))  # fmt: skip
    choose_place(visit, room, form, _codes(room, form))
    with steady():
        _of_kind(visit, room, form)
    with st.container(horizontal=True, gap="small"):
        st.text_input(_("Office telephone"), max_chars=20, **form.bind("contact"))
        st.text_input(_("Note"), max_chars=register.LONGEST_NOTE, **form.bind("note"))
    if refused := form.get("refused", None):
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(_("Save the site"), key="site_save", type="primary", on_click=_save, args=(visit, form, was))
        if was:
            st.button(_("Leave it as it was"), key="site_form_leave", on_click=_leave, args=(form, was))
        else:
            st.html(f"{link(visit, 'sites', {})}{escape(_('Back to the list'))}</a>", width="content")


def _codes(room: Room, form: Form) -> str:
    """Return the leaf codes of the place that stands, "" while there is none."""
    at = form.get("place", None)
    try:
        return place(room, at["lon"], at["lat"]).codes.get(room.area.net.leaf.key, "") if at else ""
    except PlaceError:
        return ""


def _of_kind(visit: Visit, room: Room, form: Form) -> None:
    """Show what the chosen kind knows of a site."""
    _, rules = visit._, room.rules.sites
    kind = rules.kinds.get(form.get("kind", None) or "")
    if kind is None:
        return
    if kind.mobile:
        st.text_input(_("Mark of the vehicle"), max_chars=register.LONGEST_MARK, **form.bind("mobile"))
        st.text_area(_("Usual spots"), height=90, placeholder=_("One a line: 113.63, 34.74 east gate"), **form.bind("spots"))  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        if kind.household:
            st.number_input(_("Households"), 0, register.MOST_HOUSEHOLDS, step=1, **form.bind("households", None))
        for key in kind.fields:
            one = rules.field(key)
            label = f"{one.name.in_(visit.language)} {one.unit}".strip() if one.unit else one.name.in_(visit.language)
            st.text_input(label, max_chars=register.LONGEST_FIELD, **form.bind(FIELD + key))


def _fill(form: Form, was: Site, ring: str) -> None:
    """Begin the form with a site as it stands."""
    at = {"lon": was.lon, "lat": was.lat, "exact": True, "label": was.address, "building": was.building, "address": was.address}  # fmt: skip
    said = {FIELD + key: f"{value:g}" if isinstance(value, int | float) else value for key, value in was.fields.items()}
    spots = "\n".join(f"{spot.lon}, {spot.lat} {spot.label}".strip() for spot in was.spots)
    form.clear(of=was.version, kind=was.kind, name=was.name, place=at, address=was.address, mobile=was.mobile, spots=spots, households=was.households, contact=ring, note=was.note, **said)  # fmt: skip


def _save(visit: Visit, form: Form, was: Site | None) -> None:
    now = datetime.now(UTC)
    try:
        room = visit.room()
        saved = register.put(room, _wish(room, form, was), register.hand(room, now), now)
    except BattlemapError as error:
        form.values["refused"] = error
        return
    _leave(form, saved)


def _leave(form: Form, shown: Site) -> None:
    """Go back to the list, with a site open."""
    form.clear()
    own = {name: value for name, value in st.session_state["own"]["sites"].items() if name != "do"}
    go("sites", {**own, "site": shown.number})


def _wish(room: Room, form: Form, was: Site | None) -> Wish:
    at = form.get("place", None) or {}
    if wrong := form.get("place_error", None):
        raise wrong
    kind = room.rules.sites.kinds.get(form.get("kind", None) or "")
    if kind is None:
        raise DraftError("The kind is missing.", field="site_kind")
    return Wish(
        kind.key,
        form.get("name"),
        at.get("lon"),
        at.get("lat"),
        building=at.get("building", ""),
        address=form.get("address"),
        unit=part(form, "unit"),
        floor=part(form, "floor"),
        mobile=form.get("mobile"),
        spots=_spots(form.get("spots")) if kind.mobile else (),
        households=form.get("households", None),
        documents=was.documents if was else (),
        fields={key: _value(room, key, form.get(FIELD + key)) for key in kind.fields if form.get(FIELD + key).strip()},
        note=form.get("note"),
        contact=form.get("contact"),
        source=was.source if was else "",
        external_id=was.external_id if was else "",
        number=was.number if was else "",
        version=form.get("of", None) or 0,
    )


def _value(room: Room, key: str, said: str) -> float | str:
    if not room.rules.sites.field(key).is_number:
        return said
    try:
        return number(said) or 0
    except Spoilt as error:
        raise DraftError(f"{said!r} is no number for {key!r}.", field="site_field") from error


def _spots(said: str) -> tuple[Spot, ...]:
    """Return the spots of a text, one a line: coordinates, then what people call the place."""
    found = []
    for line in filter(None, map(str.strip, said.splitlines())):
        numbers, words = line.replace("，", ",").split(",", 1)[0], line.replace("，", ",").partition(",")[2].strip()
        second, _, label = words.partition(" ")
        lon, lat = typed(f"{numbers}, {second}")
        found.append(Spot(lon, lat, label.strip()))
    return tuple(found)
