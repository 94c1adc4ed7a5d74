"""Part of the chat page: the register of groups, what no group covers, and taking a list of groups."""

import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from desk.chat import groups
from desk.chat.groups import Gaps, Line
from desk.places import covered, search
from desk.room import Room
from geo.errors import BattlemapError
from incidents.lifecycle import UNDO_WITHIN
from layers.grid_names import full_names
from ledger.groups import Group, GroupKind
from locales import listed
from pages.parts.form import Form
from pages.parts.tables import table
from pages.parts.visit import Visit, own_key
from reports.case_words import post_name
from reports.intake_words import GROUP_FAULT, GROUP_KIND, GROUP_VERB
from reports.refusals import refusal

SHOWN, FOUND = 60, 6
NONE = ""


def register(visit: Visit, room: Room) -> None:
    """Show groups, the form of one, and the gaps."""
    _, form, found = visit._, Form("group", visit), groups.of_room(room)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _list(visit, room, form, found)
        _gaps(visit, room, groups.gaps(room, found))
    with right:
        _form(visit, room, form)
        _import(visit, room, form)


def _list(visit: Visit, room: Room, form: Form, found: list[Group]) -> None:
    _ = visit._
    _undo(visit, room, form)
    if not found:
        st.html(f'<p class="bm-note">{escape(_("No group is registered yet. Add one, or take a list."))}</p>')
        return
    rows = {
        group.id: (
            group.name,
            _(GROUP_KIND[group.kind]),
            f"{group.members:,}" if group.members is not None else "",
            covers_name(room, group),
            post_name(room, group.post, _),
        )
        for group in found
    }
    heads = (_("Group"), _("Kind"), _("Members"), _("Covers"), _("Responsible post"))
    st.html(table(heads, rows.values()))
    key = own_key("group_chosen", visit)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox(
            _("Group"), list(rows), format_func=lambda number: rows[number][0] if number in rows else "", key=key
        )
        chosen = next((group for group in found if group.id == number), None)
        st.button(_("Edit"), key="edit_group", disabled=chosen is None, on_click=_edit, args=(form, chosen))
        st.button(
            _("Delete"), key="delete_group", disabled=chosen is None, on_click=_delete, args=(visit, room, form, chosen)
        )


def covers_name(room: Room, group: Group) -> str:
    """Return what a group covers, as people call it."""
    spots = [(covered(room.area, kind, code), code) for kind, code in group.covers]
    return "、".join(spot.label if spot else code for spot, code in spots)


def _edit(form: Form, group: Group) -> None:
    form.clear(
        id=group.id,
        name=group.name,
        kind=group.kind,
        members="" if group.members is None else str(group.members),
        covers=list(group.covers),
        post=group.post,
    )


def _delete(visit: Visit, room: Room, form: Form, group: Group) -> None:
    _do(form, lambda: groups.remove(room, group.id, visit.by("chat"), datetime.now(UTC)), group.name)


def _do(form: Form, work: Callable[[], Group], name: str) -> None:
    """Do something to a group, remember it for a minute, or say why it could not be done."""
    try:
        done = work()
    except BattlemapError as error:
        form.values["refused"] = error
        return
    form.clear(undo={"id": done.id, "name": name, "at": datetime.now(UTC)})


def _undo(visit: Visit, room: Room, form: Form) -> None:
    """Offer to take the last change back, while the minute lasts."""
    _, last = visit._, form.get("undo", None)
    if not last or visit.now - last["at"] > UNDO_WITHIN:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="group_undo"):
        st.html(f'<p class="bm-note" role="status">{escape(_("Saved: {name}").format(name=last["name"]))}</p>')
        st.button(_("Undo"), key="undo_group", on_click=_take_back, args=(visit, room, form, last["id"]))


def _take_back(visit: Visit, room: Room, form: Form, number: int) -> None:
    try:
        groups.undo(room, number, visit.by("chat"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    form.values.pop("undo", None)


def _form(visit: Visit, room: Room, form: Form) -> None:
    """Show the form of a group."""
    _, number = visit._, form.get("id", 0)
    st.html(f"<h2>{escape(_('Edit a group') if number else _('Add a group'))}</h2>")
    st.text_input(_("Name"), **form.bind("name"))
    with st.container(horizontal=True):
        st.selectbox(
            _("Kind"),
            tuple(GroupKind),
            format_func=lambda kind: _(GROUP_KIND[kind]),
            **form.bind("kind", GroupKind.RESIDENTS),
        )
        st.text_input(_("Members (a number)"), **form.bind("members"))
    query = st.text_input(
        _("Covers"),
        type="search",
        live=True,
        placeholder=_("Search a building, compound or grid, and press it"),
        **form.bind("query"),
    )
    for place, spot in enumerate(search(room.area, query, most=FOUND) if query.strip() else ()):
        st.button(
            f"＋ {spot.label}　{spot.detail}".replace("[", "\\["),
            key=f"cover{place}",
            type="tertiary",
            on_click=_cover,
            args=(room, form, (spot.kind.value, spot.code)),
        )
    chosen = form.get("covers", [])
    for place, (kind, code) in enumerate(chosen):
        spot = covered(room.area, kind, code)
        st.button(
            f"✕ {spot.label if spot else code}".replace("[", "\\["),
            key=f"uncover{place}",
            on_click=form.set,
            kwargs={"covers": [one for one in chosen if one != (kind, code)]},
        )
    posts = room.posts
    st.selectbox(
        _("Responsible post"),
        [NONE, *posts],
        format_func=lambda key: post_name(room, key, _) if key else _("None"),
        **form.bind("post", NONE),
    )
    with st.container(horizontal=True):
        st.button(_("Save the group"), type="primary", key="save_group", on_click=_save, args=(visit, room, form))
        if number:
            st.button(_("Leave it as it was"), key="leave_group", on_click=form.clear)
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _cover(room: Room, form: Form, place: tuple[str, str]) -> None:
    covers = list(dict.fromkeys([*form.get("covers", []), place]))
    post = form.get("post", NONE) or groups.post_for(room, covers)
    form.set(covers=covers, query="", post=post)


def _save(visit: Visit, room: Room, form: Form) -> None:
    said = form.get("members").strip()
    members = int(said) if said.isdecimal() and len(said) < 10 else -1 if said else None  # noqa: PLR2004  digits
    group = Group(
        form.get("name"),
        form.get("kind", GroupKind.RESIDENTS),
        tuple(form.get("covers", [])),
        members,
        form.get("post", NONE) or "",
        form.get("id", 0),
    )
    _do(form, lambda: groups.put(room, group, visit.by("chat"), datetime.now(UTC)), group.name)


def _gaps(visit: Visit, room: Room, gaps: Gaps) -> None:
    """Show what no group covers."""
    _, names = visit._, full_names(room.area.net)[room.area.net.leaf.key]
    st.html(f"<h2>{escape(_('Without a group'))}</h2>")
    told = _("{covered} of {total} buildings are covered.").format(covered=gaps.covered, total=gaps.total)
    st.html(f'<p class="bm-note">{escape(told)}</p>')
    grids = listed((names.get(code, code).replace("-", "\u2011") for code in gaps.grids[:SHOWN]), visit.language)
    homes = Counter(spot.label.rpartition(" ")[0] or spot.label for spot in gaps.buildings)
    buildings = listed(
        (f"{home} {many}" if many > 1 else home for home, many in homes.most_common(SHOWN)), visit.language
    )
    for title, many, said in (
        (_("Micro-grids"), len(gaps.grids), grids),
        (_("Buildings"), len(gaps.buildings), buildings),
    ):
        more = " …" if many > SHOWN else ""
        if many:
            st.html(f'<p class="bm-gaps"><b>{escape(title)} {many:,}</b> {escape(said + more)}</p>')


def _import(visit: Visit, room: Room, form: Form) -> None:
    """Take a list of groups: what it would do by row, then all of it or nothing."""
    _ = visit._
    with st.expander(_("Take a list of groups")):
        told = _("XLSX or CSV with the columns {columns}; several places in one cell are parted by commas").format(
            columns=", ".join(names[0] for names in groups.HEADS.values())
        )
        st.html(f'<p class="bm-note">{escape(told)}</p>')
        given = st.file_uploader(_("Spreadsheet (XLSX or CSV)"), key=f"group_file_{form.token}")
        if given is None:
            return
        try:
            lines = _planned(room, given.name, given.getvalue())
        except BattlemapError as error:
            st.html(f'<p class="bm-refused" role="alert">{escape(_("The list cannot be read:"))} <span lang="en">{escape(str(error))}</span></p>')  # fmt: skip
            return
        _lines(visit, room, form, lines)


def _planned(room: Room, name: str, data: bytes) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="battlemap-groups-") as folder:
        path = Path(folder) / f"groups{Path(name).suffix.lower()}"
        path.write_bytes(data)
        return groups.plan(room, path)


def _lines(visit: Visit, room: Room, form: Form, lines: list[Line]) -> None:
    _ = visit._
    rows = [
        (
            str(line.row),
            _(GROUP_VERB[line.what]),
            line.group.name if line.group else "",
            _(GROUP_FAULT[line.fault]).format(said=line.said) if line.fault else covers_name(room, line.group),
        )
        for line in sorted(lines, key=lambda line: not line.fault)[:SHOWN]
    ]
    st.html(table((_("Row"), _("What"), _("Group"), _("Covers")), rows))
    faults = sum(bool(line.fault) for line in lines)
    many = sum(line.what in {"add", "edit"} for line in lines)
    if faults:
        told = _("{n} rows have faults. Correct them: the list is taken whole, or not at all.").format(n=faults)
        st.html(f'<p class="bm-warn">{escape(told)}</p>')
    elif many:
        st.button(
            _("Write {n} rows").format(n=many),
            type="primary",
            key="take_groups",
            on_click=_take,
            args=(visit, room, form, lines),
        )
    else:
        st.html(f'<p class="bm-note">{escape(_("Nothing changes: all of it is known already."))}</p>')


def _take(visit: Visit, room: Room, form: Form, lines: list[Line]) -> None:
    try:
        groups.take(room, lines, visit.by("chat"), datetime.now(UTC))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
