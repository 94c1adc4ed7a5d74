"""Part of the page of patrols: one that was walked without a plan is written down."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.patrols.acts import walk
from desk.patrols.people import grids
from desk.room import Room
from geo.errors import BattlemapError
from inspections.patrols import State
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.patrol_walked import walked_fields, walked_of
from pages.parts.visit import Visit
from reports.patrol_words import grid_title
from reports.refusals import refusal


def write_patrol(visit: Visit, room: Room) -> None:
    """Show the form; once it is saved, the way to what was written, and an empty one."""
    _, form = visit._, Form("patrol_new", visit)
    rules, known = room.rules.patrols, grids(room)
    with st.container(key="visit_form", gap="small"):
        _saved(visit, form)
        st.html(f"<h2>{escape(_('Write a patrol down'))}</h2>")
        st.html(f'<p class="bm-note">{escape(_("A patrol is a record even when nothing was found. It holds counts and places, and nobody is named."))}</p>')  # fmt: skip
        kinds = list(rules.kinds)
        st.segmented_control(_("Kind"), kinds, format_func=lambda key: rules.kind(key).name.in_(visit.language), required=True, **form.bind("kind", kinds[0]))  # fmt: skip
        own = visit.post.grid if visit.post.grid in known else None
        st.selectbox(_("Grid"), known, format_func=lambda one: grid_title(room, *one), index=None, placeholder=_("Choose a grid"), **form.bind("grid", own))  # fmt: skip
        walked_fields(visit, room, form)
        refused = form.get("refused", None)
        if refused:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
        st.button(_("Save the patrol"), type="primary", key="patrol_save", on_click=_save, args=(visit, room, form))


def _saved(visit: Visit, form: Form) -> None:
    number = form.get("saved", None)
    if number:
        way = link(visit, "patrols", {"tab": State.DONE.value, "patrol": number, "period": "year"})
        told = visit._("The patrol is written down: {number}.").format(number=number)
        st.html(f'<p class="bm-saved" role="status">{escape(told)} {way}{escape(visit._("Look at it"))}</a></p>')


def _save(visit: Visit, room: Room, form: Form) -> None:
    try:
        grid = form.get("grid", None) or ("", "")
        made = walk(room, tuple(grid), form.get("kind"), walked_of(visit, room, form), visit.by("act"), datetime.now(UTC))  # fmt: skip
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear(saved=made.number)
