"""A week of the rota: its grid, its gaps and double bookings, and the forms that fill and change it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.posts import duty
from desk.posts.duty import Week
from desk.posts.roster import LONGEST_NAME
from desk.room import Room
from geo.errors import BattlemapError
from incidents.lifecycle import UNDO_WITHIN, PostKind
from incidents.rota import COVER, DAY, SINGLE, WEEK, Cover, Role, Shift, Slot
from ledger.rota import Changed
from locales import listed
from pages.parts.going import go, link
from pages.parts.visit import Visit
from reports.roster import CLASH, ROLE, clock, day_name, post_full, post_grid, trouble
from reports.words import post_title

DONE, REFUSED = "rota_done", "rota_refused"
MOST_SAID = 4
# Whose posts are offered first for a role.
FITS = {
    Role.LEADER: (PostKind.FIRST_HEAD, PostKind.HEAD, PostKind.DEPUTY, PostKind.OFFICE),
    Role.OFFICER: (PostKind.DISPATCHER, PostKind.INSPECTOR, PostKind.DEPUTY),
    Role.HEAD: (PostKind.HEAD,),
    Role.NIGHT: (PostKind.DISPATCHER, PostKind.HEAD, PostKind.WORKER),
}


def rota_week(visit: Visit, room: Room, first: date) -> None:
    """Show a week, and what can be done to it."""
    _, own = visit._, st.session_state["own"]["duty"]
    week = duty.week(room, first)
    with st.container(key="rota_top", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_heading(visit, room, week))
        if visit.may("rota"):
            if st.button(_("Fill by turns"), key="rota_fill"):
                _fill(visit, room, week)
            st.button(_("Copy the week before"), key="rota_copy", on_click=_copy, args=(visit, first))
    _said(visit)
    st.html(_faults(visit, room, week) + _grid(visit, room, week, own))
    chosen = _chosen(week, own)
    if chosen and visit.may("rota"):
        with st.container(key="rota_form", gap="small"):
            _change(visit, room, week, *chosen)


def _heading(visit: Visit, room: Room, week: Week) -> str:
    _, first = visit._, week.days[0]
    title = _("Rota {first} to {last}").format(first=first.isoformat(), last=f"{week.days[-1]:%m-%d}")
    ways = "".join(
        f"{link(visit, 'duty', {'week': day})}{escape(word)}</a>"
        for word, day in (
            (_("‹ Week before"), (first - WEEK * DAY).isoformat()),
            (_("This week"), ""),
            (_("Week after ›"), (first + WEEK * DAY).isoformat()),
        )
    )
    paper = f"/rota/{quote(room.id, safe='')}?{urlencode({'week': first.isoformat(), 'lang': visit.language})}"
    ways += f'<a href="{escape(paper)}" target="_blank" rel="noopener">{escape(_("Print"))}</a>'
    return f'<div class="bm-week"><h2>{escape(title)}</h2><p>{ways}</p></div>'


def _faults(visit: Visit, room: Room, week: Week) -> str:
    """Say the gaps and double bookings of a week."""
    _ = visit._
    said = []
    for role, missing in week.gaps.items():
        if missing:
            times = listed((_when(visit, room, slot) for slot in missing[:MOST_SAID]), visit.language) + (
                " …" if len(missing) > MOST_SAID else ""
            )
            said.append(
                _("{role}: {n} shifts without anybody ({times})").format(
                    role=_(ROLE[role]), n=len(missing), times=times
                )
            )
    for double in week.doubles:
        posts = " / ".join(dict.fromkeys(post_full(room, one.post, _) for one in (double.one, double.other)))
        when = double.other.since.astimezone(room.area.pack.timezone)
        said.append(f"{day_name(when.date(), _)} {when:%H:%M} {posts}: {_(CLASH[double.why])}")
    return (
        f'<ul class="bm-faults" role="status">{"".join(f"<li>{escape(line)}</li>" for line in said)}</ul>'
        if said
        else ""
    )


def _when(visit: Visit, room: Room, slot: Slot) -> str:
    return f"{day_name(slot.day, visit._)} {clock(room, slot.since)}"


def _grid(visit: Visit, room: Room, week: Week, own: dict[str, str]) -> str:
    _ = visit._
    today = visit.now.astimezone(room.area.pack.timezone).date()
    head = "".join(
        f'<th scope="col"{" aria-current=date" if day == today else ""}>{escape(day_name(day, _))}</th>'
        for day in week.days
    )
    body = "".join(
        f'<tr><th scope="row">{escape(_(ROLE[role]))}</th>{"".join(f"<td>{_cell(visit, room, week, role, day, own)}</td>" for day in week.days)}</tr>'
        for role in Role
    )
    return f'<table class="bm-table bm-rota"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(visit: Visit, room: Room, week: Week, role: Role, day: date, own: dict[str, str]) -> str:  # noqa: PLR0917
    return "".join(
        _slot(visit, room, week, role, slot, is_chosen=own.get("slot") == _id(slot) and own.get("role") == role.value)
        for slot in week.slots[role]
        if slot.day == day
    )


def _slot(visit: Visit, room: Room, week: Week, role: Role, slot: Slot, *, is_chosen: bool) -> str:
    _ = visit._
    serving = week.of(role, slot)
    names = [
        f"<b>{escape(post_full(room, one.post, _))}</b>{f'<i>{escape(one.holder)}</i>' if one.holder else ''}"
        for one in serving
    ]
    if not names:
        wanted = role in week.gaps
        names = [f'<em class="bm-gap">{escape(_("Nobody"))}</em>' if wanted else "<em>—</em>"]
    time = (
        "" if COVER[role] is Cover.WHOLE_DAY else f"<small>{clock(room, slot.since)}–{clock(room, slot.until)}</small>"
    )
    own = {"week": week.days[0].isoformat(), "role": role.value, "slot": _id(slot)}
    attributes = ' aria-current="true"' if is_chosen else ""
    return f"{link(visit, 'duty', own, attributes=attributes)}{time}{''.join(names)}</a>"


def _id(slot: Slot) -> str:
    return slot.since.strftime("%Y%m%dT%H%M")


def _chosen(week: Week, own: dict[str, str]) -> tuple[Role, Slot] | None:
    role = next((role for role in Role if role.value == own.get("role")), None)
    if role is None:
        return None
    return next(((role, slot) for slot in week.slots[role] if _id(slot) == own.get("slot")), None)


def _change(visit: Visit, room: Room, week: Week, role: Role, slot: Slot) -> None:
    """Change one shift by hand."""
    _, name = visit._, f"{role.value}_{_id(slot)}"
    serving = week.of(role, slot)
    st.html(f"<h3>{escape(_(ROLE[role]))} · {escape(_when(visit, room, slot))}–{escape(clock(room, slot.until))}</h3>")
    with st.form(f"shift_{name}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            posts = _posts(visit, room, role)
            there = serving[0].post if serving and serving[0].post in posts else None
            key = st.selectbox(
                _("Post"), list(posts), list(posts).index(there) if there else None,
                format_func=posts.get, key=f"shift_post_{name}", placeholder=_("Choose a post"),
            )  # fmt: skip
            holder = st.text_input(_("Name (may be empty)"), key=f"shift_holder_{name}", max_chars=LONGEST_NAME)
            pressed = st.form_submit_button(_("Put on duty"), type="primary")
        if pressed and key:
            instead = serving[0].id if serving and role in SINGLE else 0
            _try(
                visit,
                week.days[0],
                lambda: duty.put(room, slot, role, key, visit.by("rota"), _now(), holder=holder, instead=instead),
            )
    for one in serving:
        words = _("Take {post} off").format(post=post_full(room, one.post, _))
        st.button(words, key=f"off_{one.id}", on_click=_off, args=(visit, week.days[0], slot.day, one))


def _posts(visit: Visit, room: Room, role: Role) -> dict[str, str]:
    """Return the posts that may serve, those that fit the role first."""
    _, fits = visit._, FITS[role]
    found = room.register.posts(visit.now).values()
    ordered = sorted(found, key=lambda post: fits.index(post.kind) if post.kind in fits else len(fits))
    return {
        post.key: " · ".join(filter(None, (post_title(post, _), post_grid(room, post, visit.language))))
        for post in ordered
    }


def _fill(visit: Visit, room: Room, week: Week) -> None:
    _ = visit._

    @st.dialog(_("Fill by turns"), width="large")
    def ask() -> None:
        role = st.selectbox(_("Duty"), list(Role), format_func=lambda role: _(ROLE[role]), key="fill_role")
        left, right = st.columns(2)
        first = left.date_input(_("First day"), week.days[0], key="fill_first", format="YYYY-MM-DD")
        last = right.date_input(_("Last day"), week.days[-1], key="fill_last", format="YYYY-MM-DD")
        posts = _posts(visit, room, role)
        keys = st.multiselect(
            _("Posts that take turns, in this order"), list(posts), format_func=posts.get, key=f"fill_posts_{role.value}",
            placeholder=_("Choose posts"), select_all=False,
        )  # fmt: skip
        overwrite = st.checkbox(_("Replace what is there"), key="fill_overwrite")
        if st.button(_("Fill"), type="primary", key="fill_go"):
            try:
                done = duty.fill_span(room, role, keys, first, last, visit.by("rota"), _now(), overwrite=overwrite)
            except BattlemapError as error:
                st.error(trouble(error, _))
            else:
                st.session_state[DONE] = (done, _now())
                st.rerun()

    ask()


def _copy(visit: Visit, first: date) -> None:
    room = visit.room()
    _keep(visit, lambda: duty.copy_week(room, first, visit.by("rota"), _now()))


def _off(visit: Visit, first: date, day: date, one: Shift) -> None:
    room = visit.room()
    _keep(visit, lambda: duty.take_off(room, day, [one.id], visit.by("rota"), _now()))
    go("duty", {"week": first.isoformat()})


def _said(visit: Visit) -> None:
    """Say what was refused, or offer to take the last change back for a minute."""
    state, _ = st.session_state, visit._
    refused = state.pop(REFUSED, None)
    if refused:
        st.error(refused)
    done, at = state.get(DONE, (None, None))
    if done is None or visit.now - at >= UNDO_WITHIN:
        return
    until = (at + UNDO_WITHIN).timestamp() * 1000
    with st.container(key="undo", horizontal=True, vertical_alignment="center", gap="small"):
        words = _("Rota saved: {n} shifts.").format(n=len(done.added) or len(done.removed))
        st.html(f'<p role="status">{escape(words)} <time data-until="{until:.0f}"></time></p>', width="content")
        st.button(_("Undo"), key="undo_rota", on_click=_take_back, args=(visit, done))


def _take_back(visit: Visit, done: Changed) -> None:
    room = visit.room()
    _keep(visit, lambda: duty.undo(room, done, visit.by("rota"), _now()))
    st.session_state.pop(DONE, None)


def _keep(visit: Visit, work: Callable[[], Changed]) -> None:
    """Do something from a callback: what is refused is said when the page is shown."""
    try:
        st.session_state[DONE] = (work(), _now())
    except BattlemapError as error:
        st.session_state[REFUSED] = trouble(error, visit._)


def _try(visit: Visit, first: date, work: Callable[[], Changed]) -> None:
    """Do something from a form: what is refused is said in it."""
    try:
        st.session_state[DONE] = (work(), _now())
    except BattlemapError as error:
        st.error(trouble(error, visit._))
    else:
        go("duty", {"week": first.isoformat()})
        st.rerun()


def _now() -> datetime:
    """Return the time of an act, which comes after that of the visit."""
    return datetime.now(UTC)
