"""The posts page (岗位): who holds which post, what is vacant, what each carries; adding, handing over, importing."""

from collections.abc import Mapping
from html import escape
from urllib.parse import quote

import streamlit as st

from locales import N_
from pages.parts.going import go, link
from pages.parts.post_sheet import add_post, sheet
from pages.parts.staff_import import take_file
from pages.parts.visit import Visit, own_key
from reports.post_list import MOST, Asked, Line, Listing, listing

SHOW = {
    "vacant": N_("Vacant"),
    "stand_in": N_("With a stand-in"),
    "over": N_("Over the norm"),
    "under": N_("Under the norm"),
}


def render(visit: Visit) -> None:
    """Show the page."""
    room, own, _ = visit.room(), st.session_state["own"]["posts"], visit._
    found = listing(room, Asked.of(own), visit.now, visit.language, _)
    with st.container(key="posts", gap=None):
        with st.container(key="posts_top", horizontal=True, vertical_alignment="center", gap="small"):
            st.html(_digest(visit, found, own))
            if visit.may("posts"):
                if st.button(_("Add a post"), key="add_post"):
                    add_post(visit, room)
                if st.button(_("Import"), key="import_posts"):
                    take_file(visit, room)
            if visit.may("boards"):
                st.link_button(_("Notice boards"), f"/boards/{quote(room.id, safe='')}?lang={visit.language}")
            if visit.may("emergency"):
                st.link_button(_("Emergencies"), f"/emergency/{quote(room.id, safe='')}?lang={visit.language}")
        with st.container(key="roster", horizontal=True, gap=None):
            with st.container(key="roster_side", gap=None):
                _search(visit, own)
                st.html(_levels(visit, found, own))
            st.html(_list(visit, found, own))
            with st.container(key="post_sheet", gap=None):
                sheet(visit, room, own.get("key", ""), found)


def _digest(visit: Visit, found: Listing, own: Mapping[str, str]) -> str:
    _ = visit._
    total = sum(number for _name, number, _empty in found.levels.values())
    parts = [f"{_to(visit, own, show='', current=not own.get('show'))}<b>{total:,}</b> {escape(_('posts'))}</a>"]
    for name, word in SHOW.items():
        chosen = own.get("show") == name
        parts.append(
            f"{_to(visit, own, show='' if chosen else name, current=chosen)}<b>{found.shows[name]:,}</b> {escape(_(word))}</a>"
        )
    return f'<p class="bm-digest">{"".join(parts)}</p>'


def _search(visit: Visit, own: Mapping[str, str]) -> None:
    key = own_key("post_search", visit)
    if st.session_state.get(key) is None:
        st.session_state[key] = own.get("q", "")
    words = visit._("Search by post, grid or name")
    st.text_input(
        words, key=key, placeholder=words, label_visibility="collapsed", on_change=_take_search, args=(key, dict(own))
    )


def _take_search(key: str, own: Mapping[str, str]) -> None:
    go("posts", {**own, "q": st.session_state[key].strip()})


def _levels(visit: Visit, found: Listing, own: Mapping[str, str]) -> str:
    _, level = visit._, own.get("level", "")
    rows = [
        f"{_to(visit, own, level='', **{'in': ''}, current=not Asked.of(own).flat)}<span>{escape(_('Tree'))}</span></a>"
    ]
    for key, (name, number, empty) in found.levels.items():
        vacant = f"<small>{escape(_('{n} vacant').format(n=empty))}</small>" if empty else ""
        rows.append(
            f"{_to(visit, own, level=key, current=level == key)}<span>{escape(name)}{vacant}</span><b>{number:,}</b></a>"
        )
    return f'<nav class="bm-piles" aria-label="{escape(_("Posts"))}">{"".join(rows)}</nav>'


def _list(visit: Visit, found: Listing, own: Mapping[str, str]) -> str:
    _ = visit._
    texts, numbers = (_("Post"), _("Grid"), _("Holder")), (_("Households"), _("Cases in hand"), _("Sites"))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in texts)
    head += "".join(f'<th scope="col" class="bm-number">{escape(name)}</th>' for name in numbers) + "<th></th>"
    body = "".join(_row(visit, line, own) for line in found.lines)
    empty = "" if found.lines else f'<p class="bm-empty">{escape(_nothing(visit, own))}</p>'
    more = _("The first {n} of {all} are shown. Choose a level or search.").format(n=MOST, all=f"{found.total:,}")
    note = f'<p class="bm-note">{escape(more)}</p>' if found.total > len(found.lines) else ""
    return (
        f'<section class="bm-posts">{_trail(visit, found, own)}<table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"{empty}{note}</section>"
    )


def _nothing(visit: Visit, own: Mapping[str, str]) -> str:
    _ = visit._
    if own.get("show") == "vacant":
        return _("No post is vacant.")
    if own.get("q") or own.get("level") or own.get("show"):
        return _("No post matches. Take a word or a filter away.")
    return _("Nobody named the posts of this area yet. Add a post, or import a spreadsheet.")


def _trail(visit: Visit, found: Listing, own: Mapping[str, str]) -> str:
    if not found.trail:
        return ""
    _ = visit._
    steps = [f"{_to(visit, own, **{'in': ''})}{escape(_('Whole area'))}</a>"]
    steps += [f"{_to(visit, own, **{'in': grid})}{escape(name)}</a>" for grid, name in found.trail[:-1]]
    return f'<p class="bm-trail">{" › ".join(steps)} › <b>{escape(found.trail[-1][1])}</b></p>'


def _row(visit: Visit, line: Line, own: Mapping[str, str]) -> str:
    _, load = visit._, line.load
    current = own.get("key") == line.key
    opened = f"{_to(visit, own, key=line.key, current=current, look='bm-post')}{escape(line.title)}</a>"
    kind = f"<small>{escape(line.kind)}</small>" if line.kind else ""
    if line.is_vacant:
        vacant = f'<em class="bm-vacant">{escape(_("Vacant"))}</em>'
        holder = f"{vacant} {escape(line.holders)}" if line.holders else vacant
    else:
        holder = escape(line.holders) or "—"
    numbers = "".join(
        f'<td class="bm-number">{_number(number, mark)}</td>'
        for number, mark in zip((load.households, load.open, load.sites), line.marks, strict=True)
    )
    below = (
        f"{_to(visit, own, **{'in': line.opens, 'level': '', 'show': '', 'q': ''})}{escape(_('{n} below').format(n=line.below))} ›</a>"
        if line.below
        else ""
    )
    return (
        f'<tr class="bm-depth-{min(line.depth, 3)}"{" aria-current=true" if current else ""}><td>{opened}{kind}</td><td>{escape(line.grid)}</td>'
        f"<td>{holder}</td>{numbers}<td>{below}</td></tr>"
    )


def _number(number: int | None, mark: str) -> str:
    if number is None:
        return "—"
    return f'{number:,}<em class="bm-off-norm">{escape(mark)}</em>' if mark else f"{number:,}"


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False, look: str = "", **changed: str) -> str:
    """Return the opening tag of a link to this page with something changed."""
    attributes = (' aria-current="true"' if current else "") + (f' class="{look}"' if look else "")
    kept = {name: value for name, value in {**own, **changed}.items() if value}
    return link(visit, "posts", kept, attributes=attributes)
