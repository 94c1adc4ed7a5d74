"""Part of the pages of inspections and findings: what narrows their lists."""

from collections.abc import Mapping

import streamlit as st

from desk.room import Room
from desk.visits.people import grids
from inspections.grades import Degree
from layers.grid_names import full_names
from pages.parts.element import pixels
from pages.parts.visit import Visit, own_key
from reports import inspection_lists
from reports.case_words import post_name
from reports.inspection_words import grade_text
from reports.visit_lists import PERIOD

INSPECTIONS = ("period", "kind", "outcome", "grade", "in", "of", "list", "site", "q")
FINDINGS = ("kind", "grade", "item", "in", "of", "repeat", "due", "site", "target", "q")


def find_inspections(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show what narrows the list of inspections, as its address says; results stand as pills above it."""
    path, _ = "inspections", visit._
    _words(visit, path, own)
    _one(visit, path, "period", {name: _(said) for name, said in PERIOD.items()}, own, _("Any time"), wide=120)
    _one(visit, path, "kind", _kinds(visit, room), own, _("All kinds"))
    lists = room.rules.checklists
    _one(visit, path, "list", {key: lists.current(key).name.in_(visit.language) for key in lists.keys}, own, _("All checklists"))  # fmt: skip
    _same(visit, room, path, own)
    _clear(visit, path, own, INSPECTIONS)


def find_findings(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show what narrows the list of findings, as its address says."""
    path, _ = "findings", visit._
    _words(visit, path, own)
    _one(visit, path, "due", {name: _(said) for name, said in inspection_lists.DUE.items()}, own, _("Any day"))
    _one(visit, path, "kind", _kinds(visit, room), own, _("All kinds"))
    _one(visit, path, "item", inspection_lists.items(room, visit.now, visit.language), own, _("All items"), wide=150)  # fmt: skip
    _same(visit, room, path, own)
    _one(visit, path, "repeat", {"1": _("found again")}, own, _("First or again"), wide=130)
    _clear(visit, path, own, FINDINGS)


def _same(visit: Visit, room: Room, path: str, own: Mapping[str, str]) -> None:
    """Show what both lists are narrowed by: grade, grid, post."""
    _, names = visit._, full_names(room.area.net)
    _one(visit, path, "grade", {degree.value: grade_text(room, degree, visit.language) for degree in Degree}, own, _("All grades"), wide=120)  # fmt: skip
    _one(visit, path, "in", {f"{level}:{code}": names.get(level, {}).get(code, code) for level, code in grids(room)}, own, _("All grids"))  # fmt: skip
    posts = {post.key: post_name(room, post.key, _) for post in room.register.posts(visit.now).values()}
    _one(visit, path, "of", posts, own, _("All posts"))


def _kinds(visit: Visit, room: Room) -> dict[str, str]:
    return {key: kind.name.in_(visit.language) for key, kind in room.rules.sites.kinds.items()}


def _words(visit: Visit, path: str, own: Mapping[str, str]) -> None:
    key = own_key(f"{path}_find_q", visit)
    st.session_state[key] = own.get("q", "")
    st.text_input(visit._("Search"), key=key, placeholder=visit._("Number, site or address"), label_visibility="collapsed", width=pixels(170), on_change=_take, args=(path, "q", key))  # fmt: skip


def _clear(visit: Visit, path: str, own: Mapping[str, str], names: tuple[str, ...]) -> None:
    if any(own.get(name) for name in names):
        st.button(visit._("Clear the filter"), key=f"{path}_find_clear", type="tertiary", on_click=ask, args=(path, dict.fromkeys(names, "")))  # fmt: skip


def _one(  # noqa: PLR0917
    visit: Visit, path: str, name: str, choices: Mapping[str, str], own: Mapping[str, str], all_: str, *, wide: int = 140
) -> None:  # fmt: skip
    key, chosen = own_key(f"{path}_find_{name}", visit), own.get(name)
    st.session_state[key] = chosen if chosen in choices else None
    st.selectbox(all_, list(choices), index=None, format_func=lambda one: choices.get(one, one), placeholder=all_, key=key, label_visibility="collapsed", width=pixels(wide), on_change=_take, args=(path, name, key))  # fmt: skip


def _take(path: str, name: str, key: str) -> None:
    ask(path, {name: st.session_state[key] or ""})


def ask(path: str, said: Mapping[str, str]) -> None:
    """Ask for something else, from its first page."""
    own = {**st.session_state["own"][path], **said, "page": ""}
    st.session_state["own"] = {
        **st.session_state["own"],
        path: {name: value for name, value in own.items() if value},
    }
