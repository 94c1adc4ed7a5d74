"""Part of the page that binds sources: the net was redrawn; what would differ is listed, and written once somebody signed that list."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.room import Room
from desk.sites import rebind, register
from desk.sites.rebind import Difference
from geo.errors import BattlemapError
from layers.grid_names import every_name
from pages.parts.form import Form
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports.case_words import post_name
from reports.refusals import refusal

SHOWN = 200


def net(visit: Visit, room: Room) -> None:
    """Show what would differ, and the signature."""
    _, form = visit._, Form("binding_net", visit)
    st.html(f"<h2>{escape(_('Redrawn net'))}</h2>")
    if said := form.get("signed", None):
        told = _("Signed: {n} sites count elsewhere now.").format(n=f"{said:,}")
        st.html(f'<p class="bm-note" role="status">{escape(told)}</p>')
    try:
        planned = rebind.plan(room)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    listed = planned.differences()
    edition = _(" Edition of the net: {edition}.").format(edition=planned.edition) if planned.edition else ""
    words = _("{n} of {all} sites would count elsewhere or have another post.").format(n=f"{len(listed):,}", all=f"{planned.total:,}")  # fmt: skip
    st.html(f"<p>{escape(words + edition)}</p>")
    if not planned.moved:
        st.html(f'<p class="bm-note">{escape(_("All sites lie as the register says."))}</p>')
        return
    parts = {part.key: part.name.in_(visit.language) for part in (*room.area.net.levels, *room.area.net.overlays)}
    heads = {**parts, "post": _("Responsible post"), "outside": _("In no grid")}
    counted = " · ".join(f"{heads.get(key, key)} {many:,}" for key, many in planned.counts.items() if many)
    if counted:
        st.html(f"<p>{escape(counted)}</p>")
    if listed:
        rows = [_row(visit, room, parts, one) for one in listed[:SHOWN]]
        st.html(
            f'<div class="bm-import">{table((_("Number"), _("Grids before and after"), _("Responsible post")), rows)}</div>'
        )
    if len(listed) > SHOWN:
        st.html(f'<p class="bm-note">{escape(_("and {n} more sites").format(n=f"{len(listed) - SHOWN:,}"))}</p>')
    with st.container(key="binding_sign", gap="small"):
        st.html(f"<p>{escape(_('List'))} <code>{escape(planned.code)}</code></p>")
        st.checkbox(_("I looked at this list, and sign it: all of it is written in one change."), **form.bind(f"read_{planned.code}", default=False))  # fmt: skip
        agreed = bool(form.get(f"read_{planned.code}", default=False))
        st.button(_("Sign the list"), key="binding_signs", type="primary", disabled=not agreed, on_click=_sign, args=(visit, form, planned.code))  # fmt: skip
        if refused := form.get("refused", None):
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _sign(visit: Visit, form: Form, code: str) -> None:
    """Write the list that was looked at; another one by now is refused."""
    now = datetime.now(UTC)
    try:
        room = visit.room()
        many = rebind.sign(room, rebind.plan(room), code, register.hand(room, now), now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear(signed=many)


def _row(visit: Visit, room: Room, parts: dict[str, str], one: Difference) -> tuple[str, str, str]:
    _, names = visit._, every_name(room.area.net)
    before, after = one.codes

    def named(key: str, said: str) -> str:
        return ";".join(names.get(key, {}).get(code, code) for code in said.split(";")) if said else "–"

    moved = "; ".join(f"{parts.get(key, key)} {named(key, before.get(key, ''))} → {named(key, after.get(key, ''))}" for key in one.keys)  # fmt: skip
    posts = [post_name(room, key, _) or _("no post") for key in one.post]
    return one.number, moved, posts[1] if posts[0] == posts[1] else f"{posts[0]} → {posts[1]}"
