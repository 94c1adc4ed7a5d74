"""Part of the page of campaigns: letters of responsibility, who signed them, and the form by which they are made out."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import escape

import streamlit as st

from desk.campaigns import letters as desk
from desk.room import Room
from desk.sites import register
from desk.visits.acts import today as today_of
from geo.errors import BattlemapError
from inspections.meetings import Act, State
from inspections.sites import State as Stands
from ledger.meetings import POST, SITE, Letter
from ledger.sites import Asked
from pages.parts.campaign_meetings import NEW, attempt, may_run, paper, refused, to
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.pager import page_of, pager
from pages.parts.tables import pairs
from pages.parts.visit import Visit
from reports import meeting_words
from reports.meeting_words import ACT, STATE
from reports.refusals import refusal
from reports.words import post_title

TAB, PAGE = "letters", 50
SHOWN = (State.ISSUED, State.SIGNED, State.REFUSED, State.VOID)


def letters(visit: Visit, room: Room, key: str, own: Mapping[str, str]) -> None:
    """Show the letters of a campaign: one, the form that makes them out, or the list."""
    asked = own.get("letter", "")
    if asked == NEW and may_run(visit):
        _form(visit, room, key, own)
    elif asked and asked not in {state.value for state in SHOWN}:
        _sheet(visit, room, asked, own)
    else:
        _list(visit, room, key, own, asked)


def _list(visit: Visit, room: Room, key: str, own: Mapping[str, str], asked: str) -> None:
    _, counts = visit._, desk.counts(room, key)
    states = frozenset({State(asked)}) if asked else frozenset()
    many = sum(number for state, number in counts.items() if not states or state in states)
    page = page_of(dict(own), many, each=PAGE)
    found = desk.listed(room, key, states=states, most=PAGE, skip=(page - 1) * PAGE)
    narrow = "".join(
        f"{to(visit, own, TAB, letter=state.value)}<b>{counts[state]:,}</b> {escape(_(STATE[state]))}</a>"
        for state in SHOWN
        if counts.get(state)
    )
    new = (
        f"{to(visit, own, TAB, letter=NEW, button='bm-button')}{escape(_('Make letters out'))}</a>"
        if may_run(visit)
        else ""
    )
    every = f"{to(visit, own, TAB)}<b>{sum(counts.values()):,}</b> {escape(_('All'))}</a>" if counts else ""
    st.html(f'<p class="bm-digest">{every}{narrow}{new}</p>')
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("No letter is like that. Letters of responsibility are made out to sites or posts, printed, signed, and noted here; the signed one of a site stands among its papers."))}</p>')  # fmt: skip
        return
    if many > PAGE:
        kept = {name: own[name] for name in ("campaign", "day", "letter") if own.get(name)}
        st.html(pager(visit, "campaigns", {**kept, "tab": TAB}, page, many, each=PAGE))
    heads = (_("Made out to"), _("Made out on"), _("Signed on"), _("Holds until"), _("State"))
    st.html(
        f'<section class="bm-visits"><table class="bm-table"><thead><tr>{"".join(f"<th scope=col>{escape(one)}</th>" for one in heads)}</tr></thead>'
        f"<tbody>{''.join(_row(visit, room, one, own) for one in found)}</tbody></table></section>"
    )


def _row(visit: Visit, room: Room, one: Letter, own: Mapping[str, str]) -> str:
    _ = visit._
    name, beside = meeting_words.party(room, one, _)
    return (
        f"<tr><td>{to(visit, own, TAB, letter=one.number)}{escape(name)}</a><small>{escape(f'{one.number} {beside}'.strip())}</small></td>"
        f"<td>{one.issued}</td><td>{escape(meeting_words.said(one.signed))}</td><td>{escape(meeting_words.said(one.until))}</td><td>{escape(_(STATE[one.state]))}</td></tr>"
    )


def _sheet(visit: Visit, room: Room, number: str, own: Mapping[str, str]) -> None:
    _ = visit._
    try:
        found = desk.of(room, number)
    except BattlemapError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    form, told = Form(f"letter_{number}", visit), meeting_words.letter_paper(room, found, _)
    words = "".join(f"<h2>{escape(title)}</h2><p>{'<br>'.join(escape(line) for line in text.split(chr(10)))}</p>" for title, text in told.sections)  # fmt: skip
    site = f"{link(visit, 'sites', {'site': found.key}, attributes=' class=bm-on-map')}{escape(_('In the register of sites'))}</a>" if found.party == SITE else ""  # fmt: skip
    with st.container(key="visit_form", gap="small"):
        st.html(f"<p>{to(visit, own, TAB, button='bm-on-map')}← {escape(_('All letters'))}</a> {paper(visit, room, 'letter', number)} {site}</p>")  # fmt: skip
        st.html(f"<h2>{escape(_('Letter of responsibility'))} {escape(number)}</h2>{pairs(told.rows)}")
        st.html(words)
        if may_run(visit) and found.state is not State.VOID:
            _acts(visit, room, form, found)
        refused(form, visit)


def _acts(visit: Visit, room: Room, form: Form, found: Letter) -> None:
    _, today = visit._, today_of(room, visit.now)
    if found.state in {State.ISSUED, State.REFUSED}:
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            st.date_input(_("Signed on"), min_value=found.issued, max_value=today, format="YYYY-MM-DD", width=pixels(160), **form.bind("day", today))  # fmt: skip
            st.button(_(ACT[Act.SIGN]), key="letter_sign", type="primary", on_click=_sign, args=(visit, room, form, found))  # fmt: skip
    if found.state is State.ISSUED:
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            st.text_input(_("Why it was not signed"), max_chars=200, **form.bind("reason"))
            st.button(_(ACT[Act.REFUSE]), key="letter_refuse", on_click=_refuse, args=(visit, room, form, found))
    with st.expander(_("Made out by mistake")):
        st.html(f'<p class="bm-note">{escape(_("A letter that is taken back stays in the list as such. The paper among the documents of the site goes with it."))}</p>')  # fmt: skip
        st.button(_(ACT[Act.VOID]), key="letter_void", on_click=_void, args=(visit, room, form, found))


def _sign(visit: Visit, room: Room, form: Form, found: Letter) -> None:
    day = form.get("day", None) or today_of(room, visit.now)
    attempt(form, lambda: desk.sign(room, found, day, visit.by("campaign"), datetime.now(UTC)))


def _refuse(visit: Visit, room: Room, form: Form, found: Letter) -> None:
    attempt(form, lambda: desk.refuse(room, found, form.get("reason"), visit.by("campaign"), datetime.now(UTC)))


def _void(visit: Visit, room: Room, form: Form, found: Letter) -> None:
    attempt(form, lambda: desk.void(room, found, visit.by("campaign"), datetime.now(UTC)))


def _form(visit: Visit, room: Room, key: str, own: Mapping[str, str]) -> None:
    _, form, today = visit._, Form(f"letter_new_{key}", visit), today_of(room, visit.now)
    posts = {one: post_title(post, _) for one, post in room.register.posts(visit.now).items()}
    kinds = {one.key: one.name.in_(visit.language) for one in room.rules.sites.kinds.values()}
    titles = {SITE: _("Sites of some kinds"), POST: _("Posts")}
    with st.container(key="visit_form", gap="small"):
        st.html(
            f"<p>{to(visit, own, TAB, button='bm-on-map')}← {escape(_('All letters'))}</a></p><h2>{escape(_('Make letters out'))}</h2>"
        )
        whom = st.segmented_control(_("To whom"), [SITE, POST], format_func=lambda one: titles[one], required=True, **form.bind("whom", SITE))  # fmt: skip
        with steady():
            if whom == POST:
                st.multiselect(_("Posts"), list(posts), format_func=lambda one: posts.get(one, one), placeholder=_("Choose posts"), select_all=False, **form.bind("posts", []))  # fmt: skip
            else:
                st.multiselect(_("Kinds of sites"), list(kinds), format_func=lambda one: kinds.get(one, one), placeholder=_("Choose kinds"), select_all=False, **form.bind("kinds", []))  # fmt: skip
            parties = _parties(room, form, key)
            st.html(f'<p class="bm-note">{escape(_("{n} without a letter in this campaign.").format(n=f"{len(parties):,}"))}</p>')  # fmt: skip
        st.text_area(_("Target"), max_chars=desk.LONGEST, height=80, **form.bind("target"))
        st.text_area(_("What they take on"), max_chars=desk.LONGEST, height=110, **form.bind("tasks"))
        st.text_area(_("Reward and penalty"), max_chars=desk.LONGEST, height=80, **form.bind("rewards"))
        st.date_input(_("Holds until (empty: no end)"), value=None, min_value=today, max_value=today + timedelta(days=3 * 366), format="YYYY-MM-DD", width=pixels(200), **form.bind("until", None))  # fmt: skip
        refused(form, visit)
        st.button(_("Make {n} letters out").format(n=f"{len(parties):,}"), type="primary", key="letter_save", disabled=not parties, on_click=_save, args=(visit, room, form, key))  # fmt: skip


def _parties(room: Room, form: Form, key: str) -> list[tuple[str, str]]:
    """Return the sites or posts that are chosen and have no letter yet."""
    if form.get("whom", SITE) == POST:
        return desk.without(room, key, [(POST, one) for one in form.get("posts", []) or []])
    kinds = frozenset(form.get("kinds", []) or [])
    if not kinds:
        return []
    found = register.listed(room, Asked(room.id, kinds=kinds, states=frozenset({Stands.ACTIVE.value})), most=desk.MOST)
    return desk.without(room, key, [(SITE, one.number) for one in found])


def _save(visit: Visit, room: Room, form: Form, key: str) -> None:
    wish = desk.Wish(key, _parties(room, form, key), form.get("target"), form.get("tasks"), form.get("rewards"), form.get("until", None))  # fmt: skip
    if attempt(form, lambda: desk.issue(room, wish, visit.by("campaign"), datetime.now(UTC))):
        form.clear()
        go("campaigns", {"campaign": key, "tab": TAB})
