"""Sites (场所、污染源): the register by kind, narrowed, paged and counted; one site with its papers and history; adding and changing them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape

import pandas as pd
import streamlit as st

from desk.inspections import reading, rounds
from desk.inspections.rounds import One
from desk.room import Room
from desk.sites import register
from geo.errors import DraftError
from inspections.rounds import Standing
from inspections.sites import Site
from ledger import sites
from locales import N_
from pages.parts.files import files
from pages.parts.follow import follow_what
from pages.parts.going import link, on_map
from pages.parts.pager import page_of, pager
from pages.parts.site_find import find
from pages.parts.site_form import CHANGE, NEW, site_form
from pages.parts.site_import import WRITTEN, may_take, take_table
from pages.parts.site_sheet import expiry, sheet
from pages.parts.visit import Visit
from reports import site_exports
from reports.case_words import grid_name, post_name
from reports.rounds import due_text
from reports.site_lists import NARROWS, asked_of, standing_of
from reports.site_words import STATE

PAGE = 50
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["sites"])
    asked = asked_of(room, own, visit.now)
    counts = _counts(room, replace(asked, kinds=frozenset()), own, visit.now)
    may_edit = visit.may(register.EDIT)
    with st.container(key="sites", gap=None):
        _top(visit, room, may_edit=may_edit)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_kinds(visit, room, counts, own), width="content")
            with st.container(key="site_view", gap="small"):
                was = _changed(room, own) if may_edit else None
                if was or (may_edit and own.get("site") == NEW):
                    site_form(visit, room, was)
                else:
                    follow_what(lambda: _standing(room))
                    _list(visit, room, asked, own)


def _top(visit: Visit, room: Room, *, may_edit: bool) -> None:
    _ = visit._
    with st.container(key="sites_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Site register"))}</h1>', width="content")
        if may_edit:
            st.html(f"{link(visit, 'sites', {'site': NEW}, attributes=' class=bm-button')}{escape(_('Enter a site'))}</a>", width="content")  # fmt: skip
        if may_take(visit, room) and st.button(_("Take a table in"), key="site_import"):
            st.session_state.pop(WRITTEN, None)
            take_table(visit, room)


def _changed(room: Room, own: Mapping[str, str]) -> Site | None:
    """Return the site that is being changed; None for none."""
    if own.get("do") != CHANGE:
        return None
    try:
        return register.get(room, own.get("site", ""))
    except DraftError:
        return None


def _kinds(visit: Visit, room: Room, counts: Mapping[str, int], own: Mapping[str, str]) -> str:
    """Return the kinds that there are, with how many sites each has; all of them first."""
    _, kept = visit._, {name: value for name, value in own.items() if name not in {"kind", "page", "site", "do"}}
    known = [*room.rules.sites.kinds, *(key for key in counts if key not in room.rules.sites.kinds)]
    rows = [("", _("All kinds"), sum(counts.values()))]
    rows += [(key, room.rules.sites.kind(key).name.in_(visit.language), counts.get(key, 0)) for key in known if counts.get(key) or own.get("kind") == key]  # fmt: skip
    parts = "".join(
        f"{_to(visit, {**kept, **({'kind': key} if key else {})}, current=own.get('kind', '') == key)}<span>{escape(name)}</span><b>{many:,}</b></a>"
        for key, name, many in rows
    )
    return f'<nav class="bm-piles" aria-label="{escape(_("Kind of site"))}">{parts}</nav>'


def _list(visit: Visit, room: Room, asked: sites.Asked, own: dict[str, str]) -> None:
    """Show a page of the list, with what narrows it above and the site that is open beside."""
    standing = standing_of(own)
    numbers = rounds.in_order(room, asked, standing, visit.now) if standing else []
    many = len(numbers) if standing else register.count(room, asked)
    page = page_of(own, many, each=PAGE)
    skip = (page - 1) * PAGE
    found = _named(room, numbers[skip : skip + PAGE]) if standing else register.listed(room, asked, most=PAGE, skip=skip)  # fmt: skip
    with st.container(key="site_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find(visit, room, own)
        if many:
            st.html(pager(visit, "sites", own, page, many, each=PAGE), width="content")
            st.html(on_map(visit, "sites", {name: own.get(name, "") for name in ("kind", *NARROWS)}), width="content")  # fmt: skip
        named = room.rules.sites.kind(own["kind"]).name.in_(visit.language) if own.get("kind") else visit._("All kinds")
        said = {name: value for name, value in own.items() if name not in {"site", "do", "page"}}
        files(visit, room, "sites", visit._("Site register"), many, named, said, lambda now: _table(visit, now, own))
    with st.container(key="site_list", horizontal=True, gap="medium"):
        st.html(_rows(visit, room, found, own) if found else _empty(visit, room))
        with st.container(key="site_sheet", gap="small"):
            sheet(visit, room, own.get("site", ""))


def _rows(visit: Visit, room: Room, found: Sequence[Site], own: Mapping[str, str]) -> str:
    _ = visit._
    heads = (_("Name"), _("Micro-grid"), _("Responsible post"), _("State"), _("Next round"), _("Papers"))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    due = rounds.some(room, [one.number for one in found], visit.now)
    body = "".join(_row(visit, room, one, due.get(one.number), own) for one in found)
    return f'<section class="bm-visits bm-sites"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>'


def _row(visit: Visit, room: Room, one: Site, due: One | None, own: Mapping[str, str]) -> str:
    _ = visit._
    is_open = own.get("site") == one.number
    about = " · ".join(filter(None, (one.number, room.rules.sites.kind(one.kind).name.in_(visit.language), one.address)))  # fmt: skip
    said, is_late = expiry(visit, room, one)
    post = escape(post_name(room, one.post, _)) if one.post else f'<b class="bm-late">{escape(_("no post"))}</b>'
    return (
        f'<tr{" aria-current=true" if is_open else ""} data-state="{one.state.value}"><td>{_to(visit, {**own, "site": one.number}, current=is_open)}{escape(one.name)}</a>'
        f"<small>{escape(about)}</small></td><td>{escape(grid_name(room, one.codes))}</td><td>{post}</td><td>{escape(_(STATE[one.state]))}</td>{_next(visit, room, due)}"
        f"<td{' class=bm-late' if is_late else ''}>{_whole_days(said)}</td></tr>"
    )


def _next(visit: Visit, room: Room, found: One | None) -> str:
    """Return the cell of the day of a next round; an empty one of a site that is not in use."""
    if found is None:
        return "<td></td>"
    late = " class=bm-late" if found.standing >= Standing.OVERDUE else ""
    return f"<td{late}>{_whole_days(due_text(found, visit.now, room, visit._))}</td>"


def _whole_days(text: str) -> str:
    """Return a text in which no line ends within a day."""
    return DAY.sub(r"<span>\g<0></span>", escape(text))


def _empty(visit: Visit, room: Room) -> str:
    narrowed = register.count(room, sites.Asked(room.id))
    said = N_("No site is like that. Clear the filter to see all.") if narrowed else N_("There is no site yet. Enter one here, or take a table in.")  # fmt: skip
    return f'<p class="bm-empty">{escape(visit._(said))}</p>'


def _table(visit: Visit, room: Room, own: Mapping[str, str]) -> pd.DataFrame:
    """Return the list as the table of a file, with headings for people."""
    asked, standing, most = asked_of(room, own, visit.now), standing_of(own), room.rules.settings.export_rows
    found = _named(room, rounds.in_order(room, asked, standing, visit.now)[:most]) if standing else register.listed(room, asked, most=most)  # fmt: skip
    known = [column for column in site_exports.columns(room, visit.language) if column.heading]
    return site_exports.frame(room, found, visit.language)[[column.key for column in known]].set_axis([column.heading for column in known], axis=1)  # fmt: skip


def _counts(room: Room, asked: sites.Asked, own: Mapping[str, str], now: datetime) -> Mapping[str, int]:
    """Return how many sites each kind has, of those that are asked for."""
    if standing := standing_of(own):
        return Counter(kind for _number, kind in rounds.numbers(room, asked, standing, now))
    return register.counts(room, asked, "kind")


def _named(room: Room, numbers: Sequence[str]) -> list[Site]:
    """Return sites by their numbers, which were found as far as who looks sees."""
    there = reading.named(room, set(numbers))
    return [there[number] for number in numbers if number in there]


def _standing(room: Room) -> int:
    with room.ledger.reading() as connection:
        return sites.latest(connection, room.id)


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, "sites", own, attributes=' aria-current="true"' if current else "")
