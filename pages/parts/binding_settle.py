"""Part of the page that binds sources: the chosen site with the grids that come into question, the settling of one or many, and putting it back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.room import Room
from desk.sites import binding, register
from geo.errors import BattlemapError, NoAccess
from inspections.sites import Act, Site
from layers.grid_names import every_name
from ledger.sites import Last
from locales import N_
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports.case_words import post_name
from reports.refusals import refusal

FORM = "binding"
DONE = {Act.BIND: N_("{n} sites were bound by hand."), Act.CONFIRM: N_("The post of the rule was confirmed for {n} sites."), Act.UNBIND: N_("{n} sites were bound by the rule again.")}  # fmt: skip


def chosen_site(visit: Visit, room: Room, one: Site) -> None:
    """Show a site with the grids that come into question."""
    _, names = visit._, every_name(room.area.net)
    parts = {part.key: part.name.in_(visit.language) for part in (*room.area.net.levels, *room.area.net.overlays)}
    (near,) = binding.candidates(room, [one])
    rows = [
        (
            f"{parts[row.key]} {names.get(row.key, {}).get(row.code, row.code)}",
            _("inside, {m} m to its edge").format(m=row.metres) if row.inside else _("{m} m away").format(m=row.metres),
            post_name(room, row.post, _) or _("no post"),
        )
        for row in near
    ]
    about = " · ".join(filter(None, (one.number, room.rules.sites.kind(one.kind).name.in_(visit.language), one.address)))  # fmt: skip
    head = f"{link(visit, 'sites', {'site': one.number})}{escape(one.name)}</a>"
    st.html(f'<div class="bm-binding"><h2>{head}</h2><p class="bm-note">{escape(about)}</p>{table((_("Comes into question"), _("Distance"), _("Post by the rule")), rows)}</div>')  # fmt: skip


def settle(visit: Visit, room: Room, some: Sequence[Site], pile: Callable[[Room], Sequence[Site]], many: int) -> None:
    """Show what settles the chosen sites, or all of the pile.

    Parameters
    ----------
    pile
        Returns all sites of the pile that may be settled at once.
    many
        How many the pile has.
    """
    if not visit.may(register.EDIT):
        return
    _, form = visit._, Form(FORM, visit)
    with st.container(key="binding_settle", gap="small"):
        if many <= binding.MOST_AT_ONCE:
            st.checkbox(_("All {n} of this pile").format(n=f"{many:,}"), **form.bind("all", default=False))
        whole = many <= binding.MOST_AT_ONCE and bool(form.get("all", default=False))
        chosen = many if whole else len(some)
        if not chosen:
            st.html(f'<p class="bm-note">{escape(_("Choose rows of the table to settle them."))}</p>')
        else:
            posts = {post.key: post_name(room, post.key, _) for post in room.register.posts(visit.now).values() if post.grid}  # fmt: skip
            with st.container(horizontal=True, gap="small"):
                st.selectbox(_("Responsible post"), list(posts), index=None, format_func=lambda key: posts.get(key, key), placeholder=_("Choose a post"), **form.bind("post", None))  # fmt: skip
                today = room.clock(visit.now).date()
                st.date_input(_("Since"), max_value=today, format="YYYY-MM-DD", **form.bind("day", today))
            st.text_input(_("Reason"), max_chars=register.LONGEST_REASON, **form.bind("reason"))
            picked = None if whole else tuple(some)
            with st.container(horizontal=True, gap="small"):
                st.button(_("Bind {n} to this post").format(n=chosen), key="binding_bind", type="primary", on_click=_do, args=(visit, form, Act.BIND, picked, pile))  # fmt: skip
                st.button(_("Confirm the rule for {n}").format(n=chosen), key="binding_confirm", on_click=_do, args=(visit, form, Act.CONFIRM, picked, pile))  # fmt: skip
        if refused := form.get("refused", None):
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def undo(visit: Visit, room: Room) -> None:
    """Say what one settled last, and offer to put it back within the hour."""
    if not visit.may(register.EDIT):
        return
    try:
        done = binding.last(room, register.hand(room, visit.now), visit.now)
    except (NoAccess, StopIteration):
        return
    if done is None:
        return
    _, form = visit._, Form(FORM, visit)
    until = (done.at + binding.UNDO_WITHIN).timestamp() * 1000
    with st.container(key="binding_undo", horizontal=True, vertical_alignment="center", gap="small"):
        words = _(DONE[done.act]).format(n=f"{len(done.before):,}")
        st.html(f'<p role="status">{escape(words)} <time data-until="{until:.0f}"></time></p>', width="content")
        st.button(_("Undo this settling"), key="binding_back", on_click=_undo, args=(visit, form, done))


def _do(
    visit: Visit, form: Form, act: Act, picked: Sequence[Site] | None, pile: Callable[[Room], Sequence[Site]]
) -> None:
    now = datetime.now(UTC)
    try:
        room = visit.room()
        by, some = register.hand(room, now), pile(room) if picked is None else picked
        reason, day = form.get("reason"), form.get("day", None) or room.clock(now).date()
        if act is Act.BIND:
            binding.bind(room, some, form.get("post", None) or "", reason, day, by, now)
        else:
            binding.confirm(room, some, reason, day, by, now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _undo(visit: Visit, form: Form, done: Last) -> None:
    now = datetime.now(UTC)
    try:
        room = visit.room()
        binding.undo(room, done, register.hand(room, now), now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
