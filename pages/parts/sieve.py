"""The filters of the table, set as its address says; what they are changed to is written back into it."""

import streamlit as st

from desk.room import Room
from incidents.model import Channel, Status
from locales import N_
from pages.parts.acts import handler_names
from pages.parts.visit import Visit, own_key
from reports.choices import grid_choices
from reports.figures import MARKS
from reports.words import CHANNEL, MARK, STATUS

DAYS = ("1", "7", "30")
MORE = {"late": N_("Only overdue"), "demo": N_("Without demonstrations")}


def sieve(visit: Visit, room: Room) -> None:
    """Show the filters."""
    _, asked = visit._, st.session_state["own"]["cases"]
    grids, classes = grid_choices(room.area, visit.language), _classes(visit, room)
    days = {"1": _("1 day"), **{day: _("{n} days").format(n=day) for day in DAYS[1:]}}
    if asked.get("days") and asked["days"] not in days:
        days[asked["days"]] = _("{n} days").format(n=asked["days"])
    _text(visit, asked)
    _one("grid", visit, grids, asked, _("All grids"), _("Grid"))
    _many("class", visit, classes, asked, _("All classes"), _("Major or minor class"))
    _many("mark", visit, {mark: _(MARK[mark]) for mark in MARKS}, asked, _("All marks"), _("Mark"))
    _many("status", visit, {key.value: _(STATUS[key.value]) for key in Status}, asked, _("All states"), _("State"))
    _one("days", visit, days, asked, _("All the time"), _("Period"))
    with st.popover(_("More filters"), key="sieve_more"):
        _one(
            "handler",
            visit,
            handler_names(room, None, visit),
            asked,
            _("All handlers"),
            _("Handler"),
        )
        _many("channel", visit, {key.value: _(CHANNEL[key]) for key in Channel}, asked, _("All channels"), _("Channel"))
        for name, word in MORE.items():
            key = own_key(f"sieve_{name}", visit)
            st.session_state[key] = asked.get(name) == _SAID[name]
            st.checkbox(_(word), key=key, on_change=_take, args=(name, key))
    if asked:
        st.button(_("Clear the filter"), key="sieve_clear", type="tertiary", on_click=clear)


_SAID = {"late": "1", "demo": "0"}


def ask(query: dict[str, str]) -> None:
    """Ask something else of the table; for callbacks."""
    st.session_state["own"] = {**st.session_state["own"], "cases": {k: v for k, v in query.items() if v}}


def clear() -> None:
    """Take every filter away."""
    ask({})


def _classes(visit: Visit, room: Room) -> dict[str, str]:
    directory = room.rules.directory
    majors = {key: name.in_(visit.language) for key, name in directory.majors.items()}
    return {**majors, **{key: found.name.in_(visit.language) for key, found in directory.classes.items()}}


def _text(visit: Visit, asked: dict[str, str]) -> None:
    key = own_key("sieve_q", visit)
    st.session_state[key] = asked.get("q", "")
    words = visit._("Number, words, address")
    st.text_input(visit._("Search"), key=key, placeholder=words, label_visibility="collapsed", on_change=_take, args=("q", key))  # fmt: skip


def _one(name: str, visit: Visit, choices: dict[str, str], asked: dict[str, str], all_: str, label: str) -> None:  # noqa: PLR0917
    key = own_key(f"sieve_{name}", visit)
    chosen = asked.get(name)
    st.session_state[key] = chosen if chosen in choices else None
    st.selectbox(
        label,
        list(choices),
        index=None,
        format_func=choices.get,
        placeholder=all_,
        key=key,
        label_visibility="collapsed",
        on_change=_take,
        args=(name, key),
    )


def _many(name: str, visit: Visit, choices: dict[str, str], asked: dict[str, str], all_: str, label: str) -> None:  # noqa: PLR0917
    key = own_key(f"sieve_{name}", visit)
    st.session_state[key] = [part for part in asked.get(name, "").split(",") if part in choices]
    st.multiselect(
        label,
        list(choices),
        format_func=choices.get,
        placeholder=all_,
        key=key,
        label_visibility="collapsed",
        on_change=_take,
        args=(name, key),
        select_all=False,
    )


def _take(name: str, key: str) -> None:
    value = st.session_state[key]
    said = ",".join(value) if isinstance(value, list) else _SAID[name] if value is True else value or ""
    ask({**st.session_state["own"]["cases"], name: said})
