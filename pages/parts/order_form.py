"""Part of the page of service orders: a new order, with the teams that it would be offered to shown before it is saved."""

from datetime import UTC, date, datetime, time, timedelta
from html import escape

import streamlit as st

from desk.orders.acts import Asking, ask
from desk.orders.people import fitting
from desk.places.place import place as placed
from desk.room import Room
from geo.errors import BattlemapError, PlaceError
from incidents.service_rules import Item
from locales import N_
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.visit import Visit
from pages.parts.where import choose_place, part, place_map
from reports.order_words import item_name, repeat_name
from reports.refusals import refusal

ONCE = ""
EVERY = (ONCE, "1 day", "2 day", "1 week", "2 week", "1 month", "3 month", "12 month")
HOURS = {"day": (time(8), time(18)), "morning": (time(8), time(12)), "afternoon": (time(14), time(18)), "evening": (time(18), time(21))}  # fmt: skip
PART = {"day": N_("All day"), "morning": N_("Morning"), "afternoon": N_("Afternoon"), "evening": N_("Evening"), "own": N_("Own hours")}  # fmt: skip
OWN = "own"


def new_order(visit: Visit, room: Room) -> None:
    """Show the form, and the map on which the place is pressed."""
    form = Form("order", visit)
    with st.container(key="order_new", horizontal=True, gap="medium"):
        with st.container(key="order_form", gap="small"):
            _done(visit, form)
            _form(visit, room, form)
        with st.container(key="order_map", gap=None):
            place_map(visit, form)


def _done(visit: Visit, form: Form) -> None:
    filed = form.get("filed", None)
    if not filed:
        return
    _ = visit._
    way = link(visit, "orders", {"order": filed[0]})
    said = _("Ordered: {number}, key {key}. Write the key down beside the resident; it is in no other list.").format(number=filed[0], key=filed[1])  # fmt: skip
    st.html(f'<p class="bm-saved" role="status">{escape(said)} {way}{escape(_("Open it"))}</a></p>')


def _form(visit: Visit, room: Room, form: Form) -> None:
    _, items = visit._, room.rules.services.items
    st.html(f"<h1>{escape(_('New order'))}</h1>")
    told = _("No name and no telephone: who it is for stays with the grid post, by the key.")
    st.html(f'<p class="bm-note">{escape(told)}</p>')
    groups = room.rules.services.groups
    key = st.selectbox(
        _("Service"),
        list(items),
        index=None,
        format_func=lambda key: (
            f"{groups[items[key].group].in_(visit.language)} · {item_name(room, key, visit.language)}"
        ),
        placeholder=_("Choose from the catalogue"),
        **form.bind("item", None),
    )
    item = items.get(key)
    choose_place(visit, room, form, "")
    _when(visit, room, form)
    _how(visit, form, item)
    st.text_area(
        _("What the team has to know"),
        height=90,
        placeholder=_("e.g. third floor, ring twice; no name, no telephone"),
        **form.bind("text"),
    )
    asking = _asking(room, form, visit.now)
    refused = form.get("refused", None)
    with steady():
        if asking:
            _fits(visit, room, asking)
    st.button(_("Order and offer"), type="primary", key="save_order", disabled=asking is None, on_click=_save, args=(visit, room, form))  # fmt: skip
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _when(visit: Visit, room: Room, form: Form) -> None:
    _ = visit._
    today = visit.now.astimezone(room.area.pack.timezone).date()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.date_input(
            _("Day"),
            min_value=today,
            max_value=today + timedelta(days=366),
            format="YYYY-MM-DD",
            width=pixels(150),
            **form.bind("day", _usual_day(room, visit.now)),
        )
        st.selectbox(_("Hours"), list(PART), format_func=lambda name: _(PART[name]), width=pixels(150), **form.bind("part", "day"))  # fmt: skip
        if form.get("part", "day") == OWN:
            st.time_input(_("Begins"), width=pixels(110), **form.bind("opens", time(9)))
            st.time_input(_("Ends"), width=pixels(110), **form.bind("closes", time(11)))


def _usual_day(room: Room, now: datetime) -> date:
    """Return the day for which one orders mostly: the next that is worked."""
    today = now.astimezone(room.area.pack.timezone).date()
    days = (today + timedelta(days=ahead) for ahead in range(1, 30))
    return next((day for day in days if room.rules.calendar.is_workday(day)), today)


def _how(visit: Visit, form: Form, item: Item | None) -> None:
    """Ask what only some services have: at home, and how often it comes again; and the key of a resident who has one."""
    _ = visit._
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.text_input(_("Key of the resident"), placeholder=_("empty: a new one"), width=pixels(180), **form.bind("key"))  # fmt: skip
        if item and item.repeats:
            st.selectbox(_("Again"), EVERY, format_func=lambda every: repeat_name(every, _) or _("once"), width=pixels(150), **form.bind("every", ONCE))  # fmt: skip
        if item and item.home:
            st.checkbox(_("The team comes to the resident"), **form.bind("home", default=False))


def _asking(room: Room, form: Form, now: datetime) -> Asking | None:
    """Return the order as it stands, None while service or place are missing."""
    place, item = form.get("place", None), room.rules.services.items.get(form.get("item", None))
    if not place or item is None:
        return None
    name = form.get("part", "day")
    opens, closes = HOURS[name] if name in HOURS else (form.get("opens", time(9)), form.get("closes", time(11)))
    return Asking(
        item=item.key,
        day=form.get("day", None) or _usual_day(room, now),
        opens=opens,
        closes=closes,
        lon=place["lon"],
        lat=place["lat"],
        key=form.get("key"),
        building=place.get("building", ""),
        unit=part(form, "unit"),
        floor=part(form, "floor"),
        home=item.home and bool(form.get("home", default=False)),
        every=form.get("every", ONCE) if item.repeats else ONCE,
        text=form.get("text"),
        address=form.get("address"),
    )


def _fits(visit: Visit, room: Room, asking: Asking) -> None:
    """Say which teams it would be offered to."""
    _, zone = visit._, room.area.pack.timezone
    since, until = (datetime.combine(asking.day, at, zone) for at in (asking.opens, asking.closes))
    try:
        codes = placed(room, asking.lon, asking.lat, unit=asking.unit, floor=asking.floor).codes
    except PlaceError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    found = fitting(room, asking.item, codes, since, until) if since < until else []
    if found:
        told = _("It is offered to: {teams}").format(teams="、".join(team.name for team in found))
        st.html(f'<p class="bm-note" data-fits="{len(found)}">{escape(told)}</p>')
    else:
        told = _("No team fits yet: none does this, there, at that time. The command room is told of the order.")
        st.html(f'<p class="bm-warn" data-fits="0">{escape(told)}</p>')


def _save(visit: Visit, room: Room, form: Form) -> None:
    asking = _asking(room, form, visit.now)
    if asking is None:
        return
    try:
        filed = ask(room, asking, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
        return
    form.clear(filed=(filed.number, filed.state.key))
