"""Part of the page of the daily sheet: how it stands, drawing it up with the words that people write, checking, signing, sending, withdrawing; and the list of past ones."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from html import escape
from types import MappingProxyType

import streamlit as st

from desk.campaigns.acts import listed
from desk.posts.acting import NOBODY, acting
from desk.room import Room
from desk.sheets import acts, photos
from geo.errors import BattlemapError
from incidents.lifecycle import By
from incidents.sheet_life import FROM, Act, Sheet, State, had_a_hand
from locales import N_
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import local, post_name
from reports.refusals import refusal
from reports.sheet_frozen import SECTIONS, WORDS, caption, drawn_up, state_words

DO: Mapping[Act, str] = MappingProxyType(
    {
        Act.CHECK: N_("Checked: pass it on to be signed"),
        Act.RETURN: N_("Return it"),
        Act.SIGN: N_("Sign it"),
        Act.SEND: N_("It was sent out"),
        Act.WITHDRAW: N_("Withdraw the sheet"),
    }
)
DONE: Mapping[Act, str] = MappingProxyType(
    {
        Act.DRAFT: N_("Drawn up"),
        Act.CHECK: N_("Checked"),
        Act.SIGN: N_("Signed to be issued"),
        Act.SEND: N_("Sent out"),
        Act.WITHDRAW: N_("Withdrawn"),
    }
)
WARNS = N_("Once it is signed, its figures stay as they are for ever.")
SHOWN = 30  # past sheets


def standing(visit: Visit, room: Room, sheet: Sheet | None, day: date, campaign: str) -> None:
    """Show how the sheet of a day stands, and what may be done to it."""
    _ = visit._
    if not acts.sees(room):
        return
    with st.container(key="sheet_life", gap="small"):
        if sheet:
            hands = " · ".join(f"{_(DONE[act])} {local(room, hand.at)} {post_name(room, hand.post, _)}" for act, hand in sheet.hands)  # fmt: skip
            reason = f'<p class="bm-note">{escape(_("Why: {reason}").format(reason=sheet.reason))}</p>' if sheet.reason else ""  # fmt: skip
            st.html(f'<p><b>{escape(sheet.number)}</b> · {escape(state_words(sheet, _))}</p><p class="bm-note">{escape(hands)}</p>{reason}')  # fmt: skip
        if visit.post is NOBODY:
            return
        form = Form(f"sheet_{day}_{campaign}_{sheet.version if sheet else 0}", visit)
        with steady():
            if visit.may(acts.DRAWS) and (sheet is None or sheet.state is State.DRAFT):
                _draw(visit, room, form, sheet, day, campaign)
            if sheet:
                _acts(visit, room, form, sheet)
            refused = form.get("refused", None)
            if refused:
                st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def past(visit: Visit, room: Room) -> None:
    """Show the list of past sheets."""
    _, found = visit._, acts.listed(room)[:SHOWN]
    if not found:
        return
    named = {one.number: one.name for one in listed(room)} if any(one.campaign for one in found) else {}
    rows = "".join(
        f"<li>{link(visit, 'sheet', {'number': one.number})}{escape(one.day.isoformat())} {escape(one.number)}</a> "
        f"<small>{escape(named.get(one.campaign, one.campaign) or _('Cases of the day'))} · {escape(state_words(one, _))}</small></li>"
        for one in found
    )
    st.html(f'<h2>{escape(_("Past sheets"))}</h2><ul class="bm-found">{rows}</ul>')


def _draw(visit: Visit, room: Room, form: Form, sheet: Sheet | None, day: date, campaign: str) -> None:  # noqa: PLR0917
    _ = visit._
    frozen = acts.figures(room, sheet) if sheet else {}
    said, offered = (
        frozen.get("words", dict.fromkeys(WORDS, "")),
        {} if campaign else photos.candidates(room, day, visit.now),
    )
    with st.expander(_("Words of the sheet"), expanded=False):
        st.text_area(_("Comment (empty: what the figures say)"), height=70, max_chars=1000, **form.bind("comment", said["comment"]))  # fmt: skip
        for key, name in SECTIONS.items():
            st.text_area(_(name), height=70, max_chars=1000, placeholder=_("One sentence a line; communities and posts, no person"), **form.bind(key, said[key]))  # fmt: skip
        st.text_input(_("Sent to"), max_chars=200, **form.bind("circulation", said["circulation"]))
        st.text_input(_("Who signs"), max_chars=60, **form.bind("signer", said["signer"]))
        if offered:
            form.mend("shots", lambda now: [one for one in (frozen.get("shots", []) if now is None else now) if one in offered])  # fmt: skip
            st.pills(_("Photos before and after, of cases closed in the day"), list(offered), format_func=lambda one: caption(room, offered[one], visit.language), selection_mode="multi", **form.bind("shots", []))  # fmt: skip
    label = _("Draw it up anew with the figures of now") if sheet else _("Draw the sheet up")
    st.button(label, type="primary" if sheet is None else "secondary", key="sheet_draw", on_click=_drawn, args=(visit, room, form, sheet, day, campaign))  # fmt: skip


def _acts(visit: Visit, room: Room, form: Form, sheet: Sheet) -> None:
    _ = visit._
    offered = [act for act in DO if sheet.state in FROM[act] and visit.may(acts.NEEDS[act])]
    if not offered:
        return
    if Act.SIGN in offered:
        st.html(f'<p class="bm-note">{escape(_(WARNS))}</p>')
    others = {act for act in offered if had_a_hand(sheet, act, acting(room, visit.post))}
    if others:
        st.html(f'<p class="bm-note">{escape(_("Who drew the sheet up neither checks nor signs it, and who checked it does not sign it. Another person does."))}</p>')  # fmt: skip
    if acts.REASONED & set(offered):
        st.text_input(_("Reason (to return or withdraw)"), max_chars=acts.LONGEST, **form.bind("reason"))
    with st.container(horizontal=True, gap="small"):
        for act in offered:
            st.button(_(DO[act]), key=f"sheet_{act.value}", disabled=act in others, type="primary" if act in {Act.CHECK, Act.SIGN, Act.SEND} else "secondary", on_click=_do, args=(visit, room, form, sheet, act))  # fmt: skip


def _drawn(visit: Visit, room: Room, form: Form, sheet: Sheet | None, day: date, campaign: str) -> None:  # noqa: PLR0917
    now, by = datetime.now(UTC), visit.by("sheet")
    said = acts.figures(room, sheet)["words"] if sheet else {}
    words = {key: form.get(key, said.get(key, "")) for key in WORDS}
    try:
        frozen, seen = drawn_up(room, day, campaign, words, now, shots=form.get("shots", None) or ())
        acts.draw(room, day, campaign, frozen, seen, sheet.version if sheet else 0, by, now)
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _do(visit: Visit, room: Room, form: Form, sheet: Sheet, act: Act) -> None:
    try:
        acts.do(room, sheet, act, _by(visit, act), datetime.now(UTC), reason=form.get("reason"))
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()


def _by(visit: Visit, act: Act) -> By:
    return visit.by("sheet_sign") if acts.NEEDS[act] == acts.SIGNS else visit.by("sheet")
