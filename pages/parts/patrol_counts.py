"""Part of the page of patrols: the counts of a period, by grid or post, and by outcome."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from desk.room import Room
from ledger.patrols import VIEWS, Figures
from pages.parts.files import files
from pages.parts.going import link
from pages.parts.patrol_find import period
from pages.parts.visit import Visit
from reports import patrol_lists
from reports.case_words import post_name
from reports.patrol_lists import HEADS, POST, group_name, share
from reports.patrol_words import grid_title

COUNTS = "counts"


def patrol_counts(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the counts; each is the way to its list."""
    _, known = visit._, patrol_lists.groups(room)
    by = own["by"] if own.get("by") in known else known[0]
    asked = {name: own[name] for name in ("period",) if own.get(name)}
    found = patrol_lists.figures(room, by, asked, visit.now)
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        period(visit, own)
        ways = "".join(_by(visit, room, one, asked, current=one == by) for one in known)
        st.html(f'<p class="bm-digest">{ways}</p>', width="content")
        files(visit, room, "patrols", _("Patrols"), len(found), _("Counts"), {**asked, "tab": COUNTS, "by": by}, lambda now: patrol_lists.figures_table(now, by, patrol_lists.figures(now, by, asked, visit.now), _, visit.language))  # fmt: skip
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("No patrol was planned or walked in this time."))}</p>')
        return
    st.html(_table(visit, room, by, found, asked))
    outcomes = patrol_lists.by_outcome(room, asked, visit.now, _, visit.language)
    keys = list(room.rules.patrols.outcomes)
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="bm-number">{_to(visit, {**asked, "tab": "done", "outcome": key}, many)}</td></tr>'
        for key, (name, many) in zip(keys, outcomes.itertuples(index=False), strict=True)
    )
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in outcomes.columns)
    st.html(f'<h2>{escape(_("What came of them"))}</h2><div class="bm-wide bm-counted bm-linked"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')  # fmt: skip
    told = _("By the night on which a patrol began. A grid counts what was walked in the grids below it. A patrol of a pair counts for each of its posts, and one with several outcomes for each.")  # fmt: skip
    st.html(f'<p class="bm-note">{escape(told)}</p>')


def _table(visit: Visit, room: Room, by: str, found: list[Figures], asked: Mapping[str, str]) -> str:
    _ = visit._
    heads = (group_name(room, by, _, visit.language), *(_(name) for name in HEADS.values()), _("Share walked"))
    head = "".join(
        f'<th scope="col"{" class=bm-number" if place else ""}>{escape(name)}</th>' for place, name in enumerate(heads)
    )
    return f'<div class="bm-wide bm-counted bm-linked"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{"".join(_row(visit, room, by, one, asked) for one in found)}</tbody></table></div>'


def _row(visit: Visit, room: Room, by: str, one: Figures, asked: Mapping[str, str]) -> str:
    narrowed = {"walker": one.key} if by == POST else {"in": by, "of": one.key}
    name = post_name(room, one.key, visit._) if by == POST else grid_title(room, by, one.key)
    cells = "".join(
        f'<td class="bm-number">{_to(visit, {**asked, **narrowed, "tab": key}, getattr(one, key)) if key in VIEWS else f"{getattr(one, key):,}"}</td>'
        for key in HEADS
    )
    return f'<tr><td>{escape(name)}</td>{cells}<td class="bm-number">{share(one)}</td></tr>'


def _to(visit: Visit, own: Mapping[str, str], many: int) -> str:
    return f"{link(visit, 'patrols', own)}{many:,}</a>" if many else "0"


def _by(visit: Visit, room: Room, by: str, asked: Mapping[str, str], *, current: bool) -> str:
    attributes = ' aria-current="true"' if current else ""
    way = link(visit, "patrols", {**asked, "tab": COUNTS, "by": by}, attributes=attributes)
    return f"{way}{escape(group_name(room, by, visit._, visit.language))}</a>"
