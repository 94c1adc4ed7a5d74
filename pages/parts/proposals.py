"""Part of the chat page: the proposals, one to a message, each to be confirmed, changed, or left."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk import chat
from desk.access.limits import limits_of
from desk.chat import Candidate, Chosen, Item
from desk.places import Spot, search
from desk.places.place import Place, duty
from desk.room import Room
from geo.errors import BattlemapError
from incidents.case import Incident
from incidents.places import Kind
from locales import listed
from pages.parts.becoming import same
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import grid_name, local
from reports.intake_words import BECAUSE, PLACE_KIND
from reports.refusals import refusal
from reports.words import post_title

FOUND = 6


def proposals(visit: Visit, room: Room, form: Form) -> None:
    """Show what was read; those that say nothing of a matter come last, folded away."""
    _, items = visit._, form.get("items", [])
    if form.get("empty", default=False):
        st.html(f'<p class="bm-note" role="status">{escape(_("There is no message in it."))}</p>')
    if not items:
        return
    saved = chat.known(room, items)
    numbered = list(enumerate(items))
    told = [(place, item) for place, item in numbered if item.is_report or form.get(f"report{place}", default=False)]
    rest = [(place, item) for place, item in numbered if (place, item) not in told]
    _top(visit, room, form, saved, [item for _place, item in told])
    with st.container(key="proposals", gap=None):
        for place, item in told:
            if item.key in saved:
                _done(visit, item, saved[item.key])
            else:
                _one(visit, room, form, place, item)
    if rest:
        with st.expander(_("{n} messages report nothing").format(n=len(rest))):
            for place, item in rest:
                with st.container(horizontal=True, vertical_alignment="center", key=f"rest{place}"):
                    st.html(f"<p>{escape(item.text) or '·'}</p>")
                    st.button(
                        _("It is a report"),
                        key=f"is_report{place}",
                        on_click=form.set,
                        kwargs={f"report{place}": True},
                    )


def _top(visit: Visit, room: Room, form: Form, saved: Mapping[str, Incident], told: Sequence[Item]) -> None:
    """Show how much was read, and the button that saves all that is ticked."""
    _, items = visit._, form.get("items")
    new = [item for item in told if item.key not in saved]
    counted = _("{all} messages: {n} to confirm, {saved} saved").format(all=len(items), n=len(new), saved=len(saved))
    with st.container(key="chat_top", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<p><b>{escape(counted)}</b></p>", width="content")
        if new:
            st.button(
                _("Save all that are ticked"), type="primary", key="save_all", on_click=_save_ticked, args=(visit, room, form)
            )  # fmt: skip
        st.button(_("Put them away"), key="away", on_click=form.clear)
        error = form.get("save_error", None)
        if error:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')


def _one(visit: Visit, room: Room, form: Form, place: int, item: Item) -> None:
    """Show one proposal."""
    _, directory = visit._, room.rules.directory
    spots = _spots(room, form, place, item)
    with st.container(key=f"proposal{place}", horizontal=True, gap="small"):
        st.checkbox(_("Save"), label_visibility="collapsed", **form.bind(f"tick{place}", _ready(item)))
        with st.container(gap="small", key=f"said{place}"):
            st.text_area(_("Text"), height=80, label_visibility="collapsed", **form.bind(f"text{place}", item.text))
            st.html(_about(visit, room, item))
            near = chat.same(room, _chosen(room, form, place), visit.now)
            if near:
                st.html(same(visit, room, near))
        with st.container(gap="small", key=f"what{place}"):
            ranked = list(dict.fromkeys([*item.classes, *directory.classes]))
            st.selectbox(
                _("Minor class"),
                ranked,
                index=None,
                format_func=lambda key: directory.name(key).in_(visit.language),
                placeholder=_("No class fits: choose"),
                label_visibility="collapsed",
                **form.bind(f"class{place}", item.classes[0] if item.classes else None),
            )
            st.checkbox(_("Urgent"), **form.bind(f"urgent{place}", bool(item.urgent)))
        with st.container(gap="small", key=f"where{place}"):
            st.selectbox(
                _("Place"),
                list(range(len(spots))),
                index=None,
                format_func=lambda number: spots[number].label if number < len(spots) else "",
                placeholder=_("No place yet: choose, or search below"),
                label_visibility="collapsed",
                **form.bind(f"spot{place}", 0 if item.sure else None),
            )
            st.html(_why(visit, room, item, _spot(room, form, place, item), len(spots)))
            st.text_input(
                _("Another place"),
                placeholder=_("Another place: building, street, grid 3-05"),
                label_visibility="collapsed",
                **form.bind(f"query{place}", then=lambda: form.set(**{f"spot{place}": 0})),
            )
        st.button(_("Save this one"), key=f"save{place}", on_click=_save_one, args=(visit, room, form, place))


def _ready(item: Item) -> bool:
    """Tell whether a proposal says enough to be ticked: a class, and a place that is no whole street."""
    return bool(item.classes) and item.sure and item.places[0].spot.kind not in {Kind.STREET, Kind.AREA}


def _spots(room: Room, form: Form, place: int, item: Item) -> list[Spot]:
    """Return the places to choose from: those that were searched for, else those that were proposed."""
    query = form.get(f"query{place}")
    if query.strip():
        return search(room.area, query, most=FOUND)
    return [candidate.spot for candidate in item.places]


def _spot(room: Room, form: Form, place: int, item: Item) -> Spot | None:
    spots = _spots(room, form, place, item)
    number = form.get(f"spot{place}", 0 if item.sure else None)
    return spots[number] if number is not None and number < len(spots) else None


def _about(visit: Visit, room: Room, item: Item) -> str:
    _ = visit._
    said = [local(room, item.at)] if item.at else []
    said += [_("to {post}").format(post=listed(item.mentions, visit.language))] if item.mentions else []
    said += [_("with: {kinds}").format(kinds=listed(item.attachments, visit.language))] if item.attachments else []
    said += [_("urgent because of “{words}”").format(words=listed(item.urgent, visit.language))] if item.urgent else []
    return f'<p class="bm-note">{escape(" · ".join(said))}</p>'


def _why(visit: Visit, room: Room, item: Item, spot: Spot | None, many: int) -> str:
    """Say why the place is proposed, and in which grid it lies."""
    _ = visit._
    if spot is None:
        told = _("{n} places may be meant.").format(n=many) if many else _("No place is named.")
        return f'<p class="bm-warn">{escape(told)}</p>'
    found = chat.where(room, spot)
    if not isinstance(found, Place):
        return f'<p class="bm-refused">{escape(refusal(found, _))}</p>'
    post = duty(room, found.codes).post
    reason = next((_reason(visit, one) for one in item.places if one.spot is spot), "")
    said = [_(PLACE_KIND[spot.kind]), spot.detail, reason, grid_name(room, found.codes)]
    said += [post_title(post, _)] if post else []
    said += [] if spot.exact else [_("about: the middle of it")]
    return f'<p class="bm-note">{escape(" · ".join(filter(None, said)))}</p>'


def _reason(visit: Visit, candidate: Candidate) -> str:
    return visit._(BECAUSE[candidate.because]).format(word=candidate.word)


def _done(visit: Visit, item: Item, case: Incident) -> None:
    opened = link(visit, "case", {"case": case.number})
    st.html(
        f'<p class="bm-saved">{escape(visit._("Saved as"))} {opened}{escape(case.number)}</a> <span>{escape(item.text)}</span></p>'
    )


def _chosen(room: Room, form: Form, place: int) -> Chosen:
    item = form.get("items")[place]
    return Chosen(
        item,
        form.get(f"text{place}", item.text),
        form.get(f"class{place}", item.classes[0] if item.classes else None) or "",
        _spot(room, form, place, item),
        bool(form.get(f"urgent{place}", bool(item.urgent))),
    )


def _save_one(visit: Visit, room: Room, form: Form, place: int) -> None:
    _save(visit, room, form, [place])


def _save_ticked(visit: Visit, room: Room, form: Form) -> None:
    items = form.get("items")
    saved = chat.known(room, items)
    ticked = [
        place
        for place, item in enumerate(items)
        if item.key not in saved
        and (item.is_report or form.get(f"report{place}", default=False))
        and form.get(f"tick{place}", _ready(item))
    ]
    _save(visit, room, form, ticked)


def _save(visit: Visit, room: Room, form: Form, places: Sequence[int]) -> None:
    at = datetime.now(UTC)  # the visit is that of the run before
    form.values.pop("save_error", None)
    try:
        by = visit.by("chat")
        limits_of(visit.settings.rules).ask("reports.account", by.account or by.post, at)
        chat.save(room, [_chosen(room, form, place) for place in places], by, at)
    except BattlemapError as error:
        form.values["save_error"] = error
