"""Part of the page of the air: patrol lists of sources upwind, how one is made, answered line by line and taken back, and how often proposals were confirmed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.air import walks
from desk.air.board import Standing
from desk.posts.acting import NOBODY
from desk.room import Room
from geo.errors import BattlemapError
from inspections.proposed import Found, Line, Tally, Walk
from inspections.sites import Site
from inspections.upwind import Wind
from ledger.upwinds import OPEN
from locales import N_
from pages.parts.files import files
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.visit import Visit
from reports.air import direction_text, hour_text
from reports.case_words import local, post_name
from reports.refusals import refusal
from reports.upwind_words import (
    FOUND,
    HEADS,
    KIND,
    STATION,
    counted,
    share_text,
    stands,
    station_names,
    sums,
    table,
    why,
)

HANDED = "handed"
# Which lines a figure counts -> its heading, in the order of the tables.
WHAT: Mapping[str, str] = {HANDED: N_("Handed out"), **{found.value: name for found, name in FOUND.items()}, OPEN: N_("To be answered")}  # fmt: skip


def making(visit: Visit, room: Room, chosen: Standing, wind: Wind | None, many: int) -> None:
    """Show the button that makes a patrol list of what is proposed; of many, the list takes the first."""
    _, form = visit._, Form(f"upwind_{chosen.station.code}", visit)
    if not visit.may(walks.MAKES) or visit.post is NOBODY or not many:
        return
    most = room.rules.air.list_most
    said = _("The list holds the first {n}.").format(n=most) if many > most else _("Each source is handed to the post that answers for it.")  # fmt: skip
    st.button(_("Make the patrol list"), type="primary", key="upwind_make", on_click=_make, args=(visit, room, chosen, wind, form))  # fmt: skip
    with steady():
        st.html(f'<p class="bm-note">{escape(said)}</p>')
        if refused := form.get("refused"):
            st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')


def _make(visit: Visit, room: Room, chosen: Standing, wind: Wind | None, form: Form) -> None:
    try:
        made = walks.make(room, chosen, wind, visit.by("day_plan"), datetime.now(UTC))
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
    else:
        form.clear()
        go("air", {"list": made.number})


def sheet(visit: Visit, room: Room, number: str, lines: str = "") -> None:
    """Show a list with its lines, and how one is answered; ``lines`` shows those alone of which that was said."""
    _ = visit._
    try:
        walk, found = walks.get(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    st.html(f"<h2>{escape(_('Patrol list {number}').format(number=walk.number))}</h2>{_head(visit, room, walk)}")
    if visit.may(walks.ANSWERS) and visit.post is not NOBODY:
        _answering(visit, room, walk, found)
    shown = [(line, site) for line, site in found if lines not in WHAT or _is(line, lines)]
    if lines in WHAT:
        st.html(f'<p class="bm-note">{escape(_(WHAT[lines]))}: {len(shown):,} · {link(visit, "air", {"list": number})}{escape(_("All lines of the list"))}</a></p>')  # fmt: skip
    st.html(f'<ol class="bm-walk">{"".join(_line(visit, room, line, site) for line, site in shown)}</ol>')
    with st.container(horizontal=True, gap="small"):
        files(visit, room, "upwind", _("Sources upwind"), len(found), walk.number, {"list": walk.number}, lambda now: table(now, walk.number, _, visit.language), key="to_walk")  # fmt: skip


def such(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the lines that a figure counts, of a station or a kind of source, the newest list first."""
    _, by = visit._, own["by"] if own.get("by") in HEADS else STATION
    said = own["lines"] if own["lines"] in WHAT else HANDED
    found = walks.such(room, **{by: own["of"]}, found="" if said == HANDED else said)
    kinds = {key: kind.name.in_(visit.language) for key, kind in room.rules.sites.kinds.items()}
    named = station_names([(one.station, one.name) for one, _count in walks.listed(room)]) if by == STATION else kinds
    name = named.get(own["of"], own["of"])
    st.html(f"<h2>{escape(name)} · {escape(_(WHAT[said]))}: {len(found):,}</h2>")
    rows = "".join(
        f"<li>{link(visit, 'sites', {'site': site.number})}<b>{escape(site.name)}</b></a> {link(visit, 'air', {'list': number})}{escape(number)}</a>"
        f'<small>{escape(why(room, line, _, visit.language))}</small><small data-found="{line.found or ""}">{escape(stands(room, line, _, visit.language))}</small></li>'
        for number, line, site in found
    )
    st.html(f'<ul class="bm-walk">{rows}</ul>' if rows else f'<p class="bm-note">{escape(_("There is no such line, or you do not see its place."))}</p>')  # fmt: skip


def _is(line: Line, said: str) -> bool:
    return said in {HANDED, line.found.value if line.found else OPEN}


def _figures_of(visit: Visit, count: Tally, own: Mapping[str, str]) -> str:
    """Return the cells of a line of figures, each leading to the lines that it counts."""
    numbers = (count.handed, *(getattr(count, said) for said in WHAT if said != HANDED))
    return "".join(
        f'<td class="bm-number">{link(visit, "air", {**own, "lines": said}) + f"{many:,}</a>" if many else ""}</td>'
        for said, many in zip(WHAT, numbers, strict=True)
    )


def _head(visit: Visit, room: Room, walk: Walk) -> str:
    _, zone = visit._, room.area.pack.timezone
    wind = _("{direction} wind, {speed} m/s").format(direction=direction_text(walk.wind.from_deg, _), speed=f"{walk.wind.speed:g}") if walk.wind else _("without the wind")  # fmt: skip
    said = (walk.name, hour_text(walk.hour, zone), wind, post_name(room, walk.post, _), local(room, walk.made))
    more = _("{n} more sources were proposed and are not on it.").format(n=f"{walk.left_out:,}") if walk.left_out else ""  # fmt: skip
    notes = (_("A list to walk, and no proof. Micro-stations show trends only."), more)
    return f'<p>{escape(" · ".join(said))}</p><p class="bm-note">{escape(" ".join(filter(None, notes)))}</p>'


def _line(visit: Visit, room: Room, line: Line, site: Site) -> str:
    _ = visit._
    kind = room.rules.sites.kind(line.kind).name.in_(visit.language)
    post = post_name(room, line.post, _) or _("no post")
    return (
        f"<li value={line.number}>{link(visit, 'sites', {'site': site.number})}<b>{escape(site.name)}</b></a> <span>{escape(kind)} · {escape(post)}</span>"
        f"<small>{escape(why(room, line, _, visit.language))}</small>"
        f'<small data-found="{line.found or ""}">{escape(stands(room, line, _, visit.language))}</small></li>'
    )


def _answering(visit: Visit, room: Room, walk: Walk, found: list[tuple[Line, Site]]) -> None:
    """Show the form in which a line is answered, and that in which an answer is taken back."""
    _, form = visit._, Form(f"upwind_{walk.number}", visit)
    named = {line.number: f"{line.number} {site.name}" for line, site in found}
    there = {line.number: line for line, _site in found if line.found is None}
    mine = [line.number for line, _site in found if line.found and line.by == visit.post.key]
    with steady():
        if refused := form.get("refused"):
            st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
    if there:
        first = next((line.number for line in there.values() if line.post == visit.post.key), next(iter(there)))
        form.mend("line", lambda number: number if number in there else first)
        st.selectbox(_("Source to be answered"), list(there), format_func=lambda number: named.get(number, ""), **form.bind("line", first))  # fmt: skip
        st.radio(_("What was found"), list(FOUND), format_func=lambda one: _(FOUND[one]), horizontal=True, **form.bind("found", Found.NOTHING))  # fmt: skip
        with steady():
            if form.get("found", Found.NOTHING) == Found.CONFIRMED:
                some = {one.key: one.name.in_(visit.language) for one in room.rules.air.causes_of(there[form.get("line", first)].kind)}  # fmt: skip
                form.mend("cause", lambda key: key if key in some else None)
                st.selectbox(_("Kind of cause"), list(some), index=None, format_func=lambda key: some.get(key, key), placeholder=_("Choose the kind"), **form.bind("cause", None))  # fmt: skip
        st.text_input(_("Note"), max_chars=walks.LONGEST_NOTE, placeholder=_("No names or numbers"), **form.bind("note"))  # fmt: skip
        st.button(_("Save"), type="primary", key="upwind_save", on_click=_answer, args=(visit, room, form, walk))
    with steady():
        if mine:
            with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
                form.mend("undo", lambda number: number if number in mine else mine[-1])
                st.selectbox(_("Answers of your post"), mine, format_func=lambda number: named.get(number, ""), **form.bind("undo", mine[-1]))  # fmt: skip
                st.button(_("Take the answer back"), key="upwind_undo", on_click=_undo, args=(visit, room, form, walk))


def _answer(visit: Visit, room: Room, form: Form, walk: Walk) -> None:
    try:
        found = Found(form.get("found", Found.NOTHING))
        walks.answer(room, walk.number, int(form.get("line")), found, visit.by("inspect"), datetime.now(UTC), cause=form.get("cause", None) or "", text=form.get("note"))  # fmt: skip
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
    else:
        form.clear()


def _undo(visit: Visit, room: Room, form: Form, walk: Walk) -> None:
    try:
        walks.undo(room, walk.number, int(form.get("undo")), visit.by("inspect"), datetime.now(UTC))
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
    else:
        form.clear()


def lists(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the lists, the newest first, and how often proposals were confirmed; nothing while there is none."""
    _, found = visit._, walks.listed(room)
    if not found:
        return
    heads = (_("Patrol list"), _("Station"), _("Hour"), _("Handed out"), *(_(name) for name in FOUND.values()), _("To be answered"))  # fmt: skip
    rows = "".join(_row(visit, room, one, count, is_open=one.number == own.get("list")) for one, count in found)
    st.html(f'<section class="bm-air" id="upwind-lists"><h2>{escape(_("Patrol lists of sources upwind"))}</h2>{_table(heads, rows, 3)}</section>')  # fmt: skip
    _figures(visit, room, own, station_names([(one.station, one.name) for one, _count in found]))


def _table(heads: tuple[str, ...], rows: str, words: int) -> str:
    """Return a table whose first columns are words, and the others figures."""
    head = "".join(f'<th scope="col"{"" if place < words else " class=bm-number"}>{escape(name)}</th>' for place, name in enumerate(heads))  # fmt: skip
    return f'<table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(visit: Visit, room: Room, one: Walk, count: Tally, *, is_open: bool) -> str:
    way = link(visit, "air", {"list": one.number}, attributes=' aria-current="true"' if is_open else "")
    return (
        f"<tr><td>{way}{escape(one.number)}</a></td><td>{escape(one.name)}</td><td>{escape(hour_text(one.hour, room.area.pack.timezone))}</td>"
        + _figures_of(visit, count, {"list": one.number})
        + "</tr>"
    )


def _figures(visit: Visit, room: Room, own: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Show how often proposals were confirmed, by station or by kind of source."""
    _, by = visit._, own["by"] if own.get("by") in HEADS else STATION
    found = sums(walks.counts(room), by)

    def called(key: str) -> str:
        return names.get(key, key) if by == STATION else room.rules.sites.kind(key).name.in_(visit.language)

    same = {name: value for name, value in own.items() if name not in {"by", "lines", "of"}}
    tabs = " · ".join(f"{link(visit, 'air', {**same, 'by': key}, attributes=' aria-current=true' if key == by else '')}{escape(_(name))}</a>" for key, name in HEADS.items())  # fmt: skip
    heads = (_(HEADS[by]), _("Handed out"), *(_(name) for name in FOUND.values()), _("To be answered"), _("Confirmed of those looked at"))  # fmt: skip
    rows = "".join(
        f"<tr><td>{escape(called(key))}</td>"
        + _figures_of(visit, one, {"by": by, "of": key})
        + f'<td class="bm-number">{escape(share_text(one))}</td></tr>'
        for key, one in found.items()
    )  # fmt: skip
    st.html(f'<section class="bm-air" id="upwind-figures"><h2>{escape(_("How often proposals were confirmed"))}</h2><p>{tabs}</p>{_table(heads, rows, 1)}</section>')  # fmt: skip
    kind = _("by kind of site") if by == KIND else _("by station")
    with st.container(horizontal=True, gap="small"):
        files(visit, room, "upwind", _("How often proposals were confirmed"), len(found), kind, {"by": by}, lambda now: counted(now, by, called, _), key="to_upwind")  # fmt: skip


def site_proposed(visit: Visit, room: Room, site: Site) -> None:
    """Show on which lists a site stands, and what was found there; part of the sheet of a site."""
    _, found = visit._, walks.of_site(room, site)
    if not found:
        return
    rows = "".join(
        f"<li>{link(visit, 'air', {'list': walk.number})}{escape(walk.number)}</a> {escape(walk.name)} {escape(hour_text(walk.hour, room.area.pack.timezone))}"
        f"<small>{escape(why(room, line, _, visit.language))}</small><small>{escape(stands(room, line, _, visit.language))}</small></li>"
        for walk, line in found
    )
    told = _("A list to walk, and no proof. Micro-stations show trends only.")
    st.html(f'<h2>{escape(_("Proposed upwind of a station"))}</h2><p class="bm-note">{escape(told)}</p><ul class="bm-found">{rows}</ul>')  # fmt: skip
