"""The battle map page: filters, board, map."""

from urllib.parse import urlencode

import streamlit as st

from desk.room import Room
from geo.errors import FilterError
from layers.load import Area
from pages.parts import begins as beginning
from pages.parts.board import counts, lists
from pages.parts.element import battle_map
from pages.parts.trouble import bad_filter, clear
from pages.parts.visit import Visit, own_key
from reports.choices import class_choices, grid_choices
from reports.figures import EVERYTHING, MARKS, PERIOD, Filter

DAYS = ("1", "7", "30", EVERYTHING)


def render(visit: Visit) -> None:
    """Show the page."""
    room = visit.room()
    with st.container(key="battle", horizontal=True, gap=None):
        with st.container(key="side", gap=None):
            try:
                wanted = visit.wanted()
                st.html(counts(room, wanted, visit.now, visit._))
            except FilterError as error:
                wanted = Filter.from_query({})
                bad_filter(visit, error)
            _filters(visit, room)
            if str(wanted):
                st.button(visit._("Clear the filter"), key="clear", type="tertiary", on_click=clear)
            st.html(lists(room, wanted, visit.now, visit._))
        with st.container(key="chart"):
            _chart(visit, room.area, "&".join(filter(None, (str(wanted), _layers()))))


def _layers() -> str:
    """Return which lists of sites and findings the map shows as layers, as its address says it."""
    own = st.session_state["own"].get("", {})
    return urlencode({name: own[name] for name in ("sites", "findings") if own.get(name)})


def begins(visit: Visit) -> None:
    """Show the page of an area that is being prepared for its first use: its map, and how far it is."""
    with st.container(key="battle", horizontal=True, gap=None):
        with st.container(key="side", gap=None):
            beginning.begins(visit)
        with st.container(key="chart"):
            _chart(visit, visit.area(), "")


def _chart(visit: Visit, area: Area, wanted: str) -> None:
    title = visit._("Battle map of {name}").format(name=area.pack.name.in_(visit.language))
    battle_map(area.id, visit.language, wanted, title, home=visit.home, on_only=_take_only, on_mark=_take_mark)


def _filters(visit: Visit, room: Room) -> None:
    """Show the filter's widgets, set as the address says; what they are changed to is written back into it."""
    _, asked = visit._, visit.asked
    grids = grid_choices(room.area, visit.language)
    classes = class_choices(room, visit.now, visit.language)
    asked_days = asked.get("days") or str(PERIOD)
    days = DAYS if asked_days in DAYS or not asked_days.isdecimal() else (*DAYS, asked_days)
    chosen = [key for key in asked.get("class", "").split(",") if key in classes]
    keys = [own_key(name, visit) for name in ("grid_choice", "class_choice", "days_choice")]
    st.session_state[keys[0]] = asked.get("grid") if asked.get("grid") in grids else None
    st.session_state[keys[1]] = chosen
    st.session_state[keys[2]] = asked_days if asked_days in days else None
    common = {"label_visibility": "collapsed", "on_change": _take_widgets, "args": keys}
    with st.container(key="filters", gap="small"):
        st.selectbox(
            _("Grid"), list(grids), index=None, format_func=grids.get, placeholder=_("All grids"), key=keys[0], **common
        )
        st.multiselect(
            _("Major or minor class"),
            list(classes),
            format_func=classes.get,
            placeholder=_("All classes"),
            key=keys[1],
            **common,
            select_all=False,
        )
        st.pills(
            _("Period"),
            days,
            format_func=lambda n: (
                _("All") if n == EVERYTHING else _("1 day") if n == "1" else _("{n} days").format(n=n)
            ),
            key=keys[2],
            **common,
        )


def _take_widgets(grid: str, classes: str, days: str) -> None:
    state = st.session_state
    period = state[days] if state[days] != str(PERIOD) else None
    _ask(grid=state[grid] or "", days=period or "", **{"class": ",".join(sorted(state[classes]))})


def _take_only() -> None:
    only = st.session_state["map"].get("only") or {}
    _ask(grid=f"{only.get('key', '')}:{only.get('code', '')}")


def _take_mark() -> None:
    """Switch a mark on or off; all three together are no filter."""
    pressed = st.session_state["map"].get("mark")
    marks = {mark for mark in st.session_state["asked"].get("mark", "").split(",") if mark} ^ ({pressed} & set(MARKS))
    _ask(mark="" if len(marks) == len(MARKS) else ",".join(mark for mark in MARKS if mark in marks))


def _ask(**changed: str) -> None:
    st.session_state["asked"] = {key: value for key, value in {**st.session_state["asked"], **changed}.items() if value}
