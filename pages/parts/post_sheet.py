"""One post: what it carries beside the norms, who holds it, its history, and the forms that change it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from desk.posts import roster
from desk.posts.load import Load
from desk.room import Room
from geo.errors import BattlemapError, UnknownPost
from incidents.lifecycle import UNDO_WITHIN, PostKind
from incidents.posts import Post
from ledger import find, posts
from ledger.posts import Holding
from locales import N_
from pages.parts.going import go
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports.case_words import local, post_name
from reports.choices import grid_choices
from reports.post_list import Listing
from reports.roster import ACT, holder_name, post_grid, span, trouble
from reports.words import POST_KIND, post_title

FORMS = {
    "hand_over": N_("Hand over"),
    "hold": N_("Enter a holder"),
    "stand_in": N_("Stand-in"),
    "correct": N_("Correct"),
    "change": N_("Change the post"),
}
MOST_ENTRIES = 12
DONE, REFUSED = "post_done", "post_refused"


def sheet(visit: Visit, room: Room, key: str, found: Listing) -> None:
    """Show one post, or how to choose one."""
    _ = visit._
    post = room.register.named(key) if key else None
    _said(visit)
    if post is None:
        hint = _("Choose a post to see who holds it, and to hand it over.")
        st.html(f'<p class="bm-note">{escape(hint)}</p>')
        return
    with room.ledger.reading() as connection:
        held = posts.holdings(connection, room.id, key=key)
        entries = find.entries(connection, room.id, key, subject="post")
    kept = room.register.kept().get(key)
    gone = kept is not None and kept.until is not None and kept.until <= visit.now
    st.html(_head(visit, room, post, found.loads.get(key), is_gone=gone))
    st.html(_holders(visit, room, held))
    if not visit.may("posts"):
        pass
    elif gone:
        st.button(_("Let the post go on"), key="restore_post", on_click=_do, args=(visit, key, roster.restore, (key,)))
    else:
        _forms(visit, room, post, held)
    if entries:
        st.html(_history(visit, room, entries))


def _head(visit: Visit, room: Room, post: Post, load: Load | None, *, is_gone: bool) -> str:
    _ = visit._
    about = [(_("Kind"), _(POST_KIND[post.kind])), (_("Grid"), post_grid(room, post, visit.language) or "—")]
    if post.volunteer:
        about.append((_("Volunteer"), _("Not bound to deadlines; what is overdue goes to the next paid post")))
    if load is not None:
        about += _numbers(visit, load)
    gone = f'<em class="bm-vacant">{escape(_("Abolished"))}</em>' if is_gone else ""
    return f"<h2>{escape(post_title(post, _))}{gone}</h2>{pairs(about)}"


def _numbers(visit: Visit, load: Load) -> list[tuple[str, str]]:
    _ = visit._
    rows = (
        (_("Households"), load.households, load.households_norm),
        (_("Open cases in hand"), load.open, load.open_norm),
        (_("Sites"), load.sites, load.sites_norm),
    )
    found = [(name, _beside(visit, number, norm)) for name, number, norm in rows if number is not None]
    return [*found, (_("Open cases in the grid"), f"{load.in_grid:,}")] if load.in_grid is not None else found


def _beside(visit: Visit, number: int, norm: tuple[int, int] | None) -> str:
    """Return a number beside its norm, in words."""
    _ = visit._
    if norm is None:
        return f"{number:,}"
    low, high = norm
    usual = _("norm {low} to {high}").format(low=low, high=high) if low else _("norm up to {high}").format(high=high)
    word = _("over the norm") if number > high else _("under the norm") if number < low else _("within the norm")
    return f"{number:,} ({usual}: {word})" if visit.language == "en" else f"{number:,}（{usual}，{word}）"


def _holders(visit: Visit, room: Room, held: list[Holding]) -> str:
    _, now = visit._, visit.now
    rows = [
        f"<li{'' if one.at(now) else ' class=bm-past'}><b>{escape(holder_name(one, _))}</b> <span>{escape(span(room, one.since, one.until, _))}</span></li>"
        for one in sorted(held, key=lambda one: (not one.at(now), one.stand_in, -one.since.timestamp()))
    ]
    empty = "" if any(one.at(now) for one in held) else f'<p><em class="bm-vacant">{escape(_("Vacant"))}</em></p>'
    return f'<h3>{escape(_("Holders"))}</h3>{empty}<ul class="bm-holders">{"".join(rows)}</ul>'


def _forms(visit: Visit, room: Room, post: Post, held: list[Holding]) -> None:
    _ = visit._
    names = {name: _(word) for name, word in FORMS.items() if held or name != "correct"}
    if not any(one.at(visit.now) for one in held):
        names.pop("hand_over", None)
    chosen = st.pills(
        _("What to do"), list(names), format_func=names.get, key=f"post_form_{visit.language}_{post.key}",
        label_visibility="collapsed",
    )  # fmt: skip
    shown: dict[str, Callable[[Visit, Room, Post, list[Holding]], None]] = {
        "hand_over": _hand_over,
        "hold": _hold,
        "stand_in": _hold_for,
        "correct": _correct,
        "change": _change,
    }
    if chosen in shown:
        with st.container(key="post_form"):
            shown[chosen](visit, room, post, held)


def _hand_over(visit: Visit, room: Room, post: Post, _held: list[Holding]) -> None:
    _ = visit._
    with st.form(f"hand_over_{post.key}", border=False):
        st.text_input(_("Next holder"), key="next_holder", max_chars=roster.LONGEST_NAME)
        on = st.date_input(_("First day of the next holder"), _today(visit, room), key="next_on", format="YYYY-MM-DD")
        if st.form_submit_button(_("Hand over"), type="primary"):
            _try(
                visit,
                post.key,
                lambda: roster.hand_over(
                    room, post.key, st.session_state["next_holder"], on, visit.by("posts"), _now()
                ),
            )


def _hold(visit: Visit, room: Room, post: Post, _held: list[Holding], *, stand_in: bool = False) -> None:
    _ = visit._
    with st.form(f"hold_{stand_in}_{post.key}", border=False):
        name = st.text_input(_("Holder"), key=f"holder_{stand_in}", max_chars=roster.LONGEST_NAME)
        since, until = _days(
            visit, room, str(stand_in), None if not stand_in else _today(visit, room) + timedelta(days=6)
        )
        if st.form_submit_button(_("Enter"), type="primary"):
            _try(
                visit, post.key,
                lambda: roster.hold(room, post.key, name, since, visit.by("posts"), _now(), until=until, stand_in=stand_in),
            )  # fmt: skip


def _hold_for(visit: Visit, room: Room, post: Post, held: list[Holding]) -> None:
    _hold(visit, room, post, held, stand_in=True)


def _correct(visit: Visit, room: Room, post: Post, held: list[Holding]) -> None:
    _, zone = visit._, room.area.pack.timezone
    known = {one.id: one for one in held}
    chosen = st.selectbox(
        _("Which holding"), list(known), key=f"which_{post.key}",
        format_func=lambda id_: f"{holder_name(known[id_], _)} · {span(room, known[id_].since, known[id_].until, _)}",
    )  # fmt: skip
    one = known[chosen]
    with st.form(f"correct_{one.id}", border=False):
        name = st.text_input(_("Holder"), one.holder, key=f"correct_name_{one.id}", max_chars=roster.LONGEST_NAME)
        begun = one.since.astimezone(zone).date()
        since = st.date_input(_("First day"), begun, key=f"correct_since_{one.id}", format="YYYY-MM-DD")
        last = roster.last_day(room, one.until) if one.until else None
        until = st.date_input(_("Last day (may be empty)"), last, key=f"correct_until_{one.id}", format="YYYY-MM-DD")
        if st.form_submit_button(_("Correct"), type="primary"):
            _try(
                visit, post.key,
                lambda: roster.correct(room, one.id, name, since, until, visit.by("posts"), _now(), stand_in=one.stand_in),
            )  # fmt: skip
    if one.holder and st.checkbox(
        _("Erase the name; that somebody held the post stays on record"), key=f"sure_{one.id}"
    ):
        st.button(
            _("Erase the name"), key=f"erase_{one.id}", on_click=_do, args=(visit, post.key, roster.erase, (one.id,))
        )


def _change(visit: Visit, room: Room, post: Post, _held: list[Holding]) -> None:
    _ = visit._
    with st.form(f"change_{post.key}", border=False):
        title = st.text_input(_("Title"), post.title, key=f"title_{post.key}", max_chars=roster.LONGEST_TITLE)
        volunteer = st.checkbox(_("Held by volunteers"), post.volunteer, key=f"volunteer_{post.key}")
        if st.form_submit_button(_("Change"), type="primary"):
            _try(
                visit,
                post.key,
                lambda: roster.rename(room, post.key, title, visit.by("posts"), _now(), volunteer=volunteer),
            )
    if post.key in room.own_posts and post.grid is None:
        return
    with st.form(f"abolish_{post.key}", border=False):
        last = st.date_input(
            _("Last day of the post"), _today(visit, room), key=f"last_{post.key}", format="YYYY-MM-DD"
        )
        sure = st.checkbox(_("Abolish the post; its cases go to the next above"), key=f"abolish_sure_{post.key}")
        if st.form_submit_button(_("Abolish")) and sure:
            _try(visit, post.key, lambda: roster.abolish(room, post.key, last, visit.by("posts"), _now()))


def add_post(visit: Visit, room: Room) -> None:
    """Ask for a new post in a dialog."""
    _ = visit._

    @st.dialog(_("Add a post"))
    def ask() -> None:
        kinds = {kind: _(word) for kind, word in POST_KIND.items()}
        kind = st.selectbox(_("Kind"), list(kinds), format_func=kinds.get, key="new_kind")
        grids = grid_choices(room.area, visit.language)
        fits = kind not in {PostKind.DEPARTMENT, PostKind.DISPATCHER}
        grid = st.selectbox(
            _("Grid"),
            list(grids),
            index=None,
            format_func=grids.get,
            key="new_grid",
            disabled=not fits,
            placeholder=_("Choose a grid"),
        )
        title = st.text_input(_("Title"), key="new_title", max_chars=roster.LONGEST_TITLE)
        volunteer = st.checkbox(_("Held by volunteers"), key="new_volunteer")
        if st.button(_("Add"), type="primary", key="new_add"):
            level, _colon, code = (grid or "").partition(":")
            wish = roster.Wish(kind, title, (level, code) if fits and code else None, volunteer)
            try:
                post = roster.add(room, wish, visit.by("posts"), _now())
            except BattlemapError as error:
                st.error(trouble(error, _))
            else:
                st.session_state[DONE] = (post.key, _now())
                go("posts", {"key": post.key})
                st.rerun()

    ask()


def _said(visit: Visit) -> None:
    """Say what was refused, or offer to take the last change back for a minute."""
    state, _ = st.session_state, visit._
    refused = state.pop(REFUSED, None)
    if refused:
        st.error(refused)
    key, at = state.get(DONE, ("", None))
    if not key or visit.now - at >= UNDO_WITHIN or not visit.may("posts"):
        return
    until = (at + UNDO_WITHIN).timestamp() * 1000
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p role="status">{escape(_("Saved."))} <time data-until="{until:.0f}"></time></p>', width="content")
        st.button(_("Undo"), key="undo_post", on_click=_take_back, args=(visit, key))


def _take_back(visit: Visit, key: str) -> None:
    _do(visit, key, roster.undo, (key,))
    st.session_state.pop(DONE, None)


def _do(visit: Visit, key: str, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    """Do something from a callback: what is refused is said when the page is shown."""
    try:
        work(visit.room(), *given, visit.by("posts"), _now())
    except BattlemapError as error:
        st.session_state[REFUSED] = trouble(error, visit._)
    else:
        st.session_state[DONE] = (key, _now())


def _try(visit: Visit, key: str, work: Callable[[], Any]) -> None:
    """Do something from a form: what is refused is said in it, and what was typed stays."""
    try:
        work()
    except BattlemapError as error:
        st.error(trouble(error, visit._))
    else:
        st.session_state[DONE] = (key, _now())
        st.session_state.pop(f"post_form_{visit.language}_{key}", None)
        st.rerun()


def _days(visit: Visit, room: Room, name: str, last: date | None) -> tuple[date, date | None]:
    _ = visit._
    since = st.date_input(_("First day"), _today(visit, room), key=f"since_{name}", format="YYYY-MM-DD")
    words = _("Last day") if last else _("Last day (may be empty)")
    return since, st.date_input(words, last, key=f"until_{name}", format="YYYY-MM-DD")


def _history(visit: Visit, room: Room, entries: list[dict[str, Any]]) -> str:
    _ = visit._
    rows = "".join(
        f"<li><time>{escape(local(room, entry['at']))}</time><div><p><b>{escape(_(ACT.get(entry['act'], entry['act'])))}</b> "
        f"<span>{escape(_post(room, entry['post'], visit))}</span></p></div></li>"
        for entry in reversed(entries[-MOST_ENTRIES:])
    )
    return f'<h3>{escape(_("History"))}</h3><ol class="bm-timeline">{rows}</ol>'


def _post(room: Room, key: str, visit: Visit) -> str:
    try:
        return post_name(room, key, visit._)
    except UnknownPost:
        return key


def _today(visit: Visit, room: Room) -> date:
    return visit.now.astimezone(room.area.pack.timezone).date()


def _now() -> datetime:
    """Return the time of an act, which comes after that of the visit."""
    return datetime.now(UTC)
