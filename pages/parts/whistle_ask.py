"""The form that asks for a whistle: about a case, or about a place."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.posts.acting import reads
from desk.room import Room
from desk.whistle.acts import Asking, ask
from desk.whistle.people import approving, departments, line, may_ask
from geo.errors import BattlemapError, UnknownIncident
from incidents.case import Incident
from incidents.whistles import Blow
from locales import N_
from pages.parts.form import Form
from pages.parts.going import go, link
from pages.parts.visit import Visit
from pages.parts.where import choose_place, place_map
from reports.case_words import grid_name
from reports.refusals import refusal
from reports.whistles import RECEIPT, STAGE, span_words
from reports.words import post_title

PLACE = "place"  # stands for no case in the address
LABEL = {"lead": N_("Department that leads"), "text": N_("What is wrong, and what is wanted of whom"), "place": N_("Place")}  # fmt: skip


def show(visit: Visit, room: Room, about: str) -> None:
    """Show the form.

    Parameters
    ----------
    about
        Number of a case, or `PLACE`.
    """
    _ = visit._
    case = _case(visit, room, about)
    form = Form(f"whistle {about}", visit)
    with st.container(key="walk", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_back(visit, case), width="content")
    st.html(f'<h1 class="bm-heading">{escape(_("Ask for a whistle"))}</h1>')
    if not (visit.may("act") and may_ask(room, visit.post)):
        st.html(f'<p class="bm-empty">{escape(_("A community or a street whistles. Report the case upward."))}</p>')
        return
    if about != PLACE and case is None:
        st.html(
            f'<p class="bm-empty">{escape(_("There is no case of that number here. Look it up in the table."))}</p>'
        )
        return
    with st.container(key="whistle_form", horizontal=True, gap="large"):
        with st.container(key="whistle_fields", gap="small"):
            _fields(visit, room, form, case)
            if case is None:
                choose_place(visit, room, form, "")
            refused = form.values.get("refused")
            if refused:
                st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
            st.button(_("Ask for approval"), key="whistle_ask", type="primary", on_click=_submit, args=(visit, form, case))  # fmt: skip
        if case is None:
            with st.container(key="whistle_map"):
                place_map(visit, form)


def _case(visit: Visit, room: Room, about: str) -> Incident | None:
    try:
        case = None if about == PLACE else room.get(about)
    except UnknownIncident:
        return None
    return case if case and reads(room, case, visit.now, through=visit.post) else None


def _back(visit: Visit, case: Incident | None) -> str:
    if case is None:
        return f"{link(visit, 'whistles', {})}← {escape(visit._('Whistles'))}</a>"
    title = f"{case.number} {case.title}"
    return f"{link(visit, 'case', {'case': case.number})}← {escape(title)}</a><span>{escape(grid_name(visit.room(), case.codes))}</span>"


def _fields(visit: Visit, room: Room, form: Form, case: Incident | None) -> None:
    _ = visit._
    kinds = room.rules.whistles.kinds
    names = {key: kind.name.in_(visit.language) for key, kind in kinds.items()}
    st.radio(
        _("Kind of whistle"),
        list(names),
        format_func=names.get,
        horizontal=True,
        **form.bind("kind", next(iter(names))),
    )
    st.html(f'<p class="bm-note">{escape(_about_kind(visit, room, str(form.get("kind", next(iter(names))))))}</p>')
    posts = {post.key: post_title(post, _) for post in departments(room, visit.now)}
    class_ = room.rules.directory.classes.get(case.class_) if case else None
    likely = f"department::{class_.authority}" if class_ else None
    st.selectbox(
        _(LABEL["lead"]), list(posts), format_func=posts.get, placeholder=_("Type the name of a department"),
        **form.bind("lead", likely if likely in posts else None),
    )  # fmt: skip
    st.multiselect(
        _("Departments that assist (optional)"), list(posts), format_func=posts.get, placeholder=_("Type the name of a department"),
        select_all=False,
        **form.bind("assisting", []),
    )  # fmt: skip
    st.text_area(_(LABEL["text"]), height=120, **form.bind("text"))


def _about_kind(visit: Visit, room: Room, key: str) -> str:
    """Say how much time each stage has, and who approves."""
    _, kind = visit._, room.rules.whistles.kind(key)
    stages = [
        _("{stage} within {span}").format(
            stage=_(RECEIPT if kind.hand_over and stage is Blow.SIGN else STAGE[stage]), span=span_words(span, _)
        )
        for stage, span in kind.spans.items()
    ]
    leaders = approving(room, kind, visit.post.key, line(room, visit.post), visit.now)
    who = _("Approved by: {posts}").format(posts="、".join(post_title(post, _) for post in leaders) or "—")
    return " · ".join((*stages, who))


def _submit(visit: Visit, form: Form, case: Incident | None) -> None:
    room, values = visit.room(), {name: form.get(name, default) for name, default in _DEFAULTS.items()}
    place = form.get("place", None) or {}
    lacking = [
        name
        for name, value in (*((name, values[name]) for name in ("lead", "text")), ("place", case or place))
        if not value
    ]
    if lacking:
        labels = ("、" if visit.language == "zh" else ", ").join(visit._(LABEL[name]) for name in lacking)
        form.set(refused=visit._("Still missing: {fields}").format(fields=labels))
        return
    spot = (
        {"incident": case.number}
        if case
        else {"lon": place.get("lon"), "lat": place.get("lat"), "address": _address(visit, form)}
    )
    kind = values["kind"] or next(iter(room.rules.whistles.kinds))
    asking = Asking(
        kind=kind, text=values["text"] or "", lead=values["lead"] or "", assisting=values["assisting"] or (), **spot
    )
    try:
        made = ask(room, asking, visit.by("act"), datetime.now(UTC))
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone))
        return
    form.clear()
    go("whistles", {"whistle": made.number})


def _address(visit: Visit, form: Form) -> str:
    """Return the address with unit and floor, which a whistle has no fields for."""
    _ = visit._
    parts = [(_("unit {n}"), form.get("unit")), (_("floor {n}"), form.get("floor"))]
    return " ".join([form.get("address"), *(words.format(n=n.strip()) for words, n in parts if n.strip())]).strip()


_DEFAULTS: Mapping[str, object] = {"kind": "", "lead": "", "assisting": (), "text": ""}
