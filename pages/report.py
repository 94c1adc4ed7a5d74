"""The report form (上报): what, where, how it came, with what it would become shown beside the map before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

import streamlit as st

from desk.access.limits import limits_of
from desk.intake import LATER, Outlook, Taken, may_be_cleared, outlook, submit
from desk.reports import Draft
from desk.room import Room
from geo.errors import BattlemapError, DraftError, PlaceError
from incidents.case import Incident
from incidents.classes import IncidentClass
from incidents.model import Channel, Status, Urgency
from pages.parts.becoming import becoming
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.shots import blurred, choose_photos
from pages.parts.source import HOTLINE, choose_mediation, choose_reporter, choose_source, mediation_of, moment_of
from pages.parts.visit import Visit
from pages.parts.what import choose_class, describe
from pages.parts.where import choose_place, part, place_map
from reports.case_words import local
from reports.refusals import refusal
from reports.words import post_title


@dataclass
class Written:
    """What the form holds beside its own values.

    Attributes
    ----------
    beside
        Numbers of the neighbours that were shown.
    """

    class_: IncidentClass | None = None
    seen: Outlook | None = None
    photos: Sequence[bytes] = ()
    beside: Sequence[str] = ()


def render(visit: Visit) -> None:
    """Show the page."""
    room, form = visit.room(), Form("report", visit)
    taken, written = form.get("taken", None), Written()
    with st.container(key="report", horizontal=True, gap=None):
        with st.container(key="report_form", gap="small"):
            if taken:
                _taken(visit, room, form, taken)
            else:
                written = _form(visit, room, form)
        with st.container(key="report_side", gap=None):
            place_map(visit, form)
            if not taken:
                with st.container(key="becoming", gap="small"):
                    written.beside = becoming(visit, room, form, written.seen)
    if not taken:
        _save(visit, room, form, written)


def _form(visit: Visit, room: Room, form: Form) -> Written:
    """Show the form, and return what was written into it."""
    _ = visit._
    st.html(f"<h1>{escape(_('Report an incident'))}</h1>")
    with steady():
        class_ = choose_class(visit, room, form)
    with steady():
        describe(visit, room, form, class_)
    seen = _outlook(room, form, visit.now)
    choose_place(visit, room, form, seen.place.codes[room.area.net.leaf.key] if isinstance(seen, Outlook) else "")
    with steady():
        if isinstance(seen, BattlemapError):
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(seen, _))}</p>')
    choose_source(visit, form)
    with steady():
        if class_ and class_.restricted:
            choose_mediation(visit, form, class_)
    photos = choose_photos(visit, room, form, may_clear=class_ is not None and may_be_cleared(class_, visit.post.by))
    choose_reporter(visit, form)
    return Written(class_, seen if isinstance(seen, Outlook) else None, photos)


def _outlook(room: Room, form: Form, now: datetime) -> Outlook | BattlemapError | None:
    """Return what the draft would become, why its place cannot be, or nothing while there is none."""
    if not form.get("place", None):
        return None
    try:
        return outlook(room, _draft(room, form), now)
    except BattlemapError as error:
        return error


def _draft(room: Room, form: Form) -> Draft:
    """Return the draft as it stands; its photos and what they hide come at the end."""
    hotline = form.get("channel", Channel.PATROL) is Channel.HOTLINE
    place = form.get("place", None) or {}
    return Draft(
        class_=form.get("class") if form.get("class") in room.rules.directory.classes else "",
        lon=place.get("lon", float("nan")),
        lat=place.get("lat", float("nan")),
        title=form.get("title"),
        text=form.get("text"),
        address=form.get("address"),
        building=place.get("building", ""),
        unit=part(form, "unit"),
        floor=part(form, "floor"),
        channel=form.get("channel", Channel.PATROL),
        urgency=form.get("urgency", Urgency.NORMAL),
        reported=moment_of(room, form, "reported"),
        due=moment_of(room, form, "due") if hotline else None,
        source=form.get("source", HOTLINE) if hotline else "",
        external_id=form.get("order").strip() if hotline else "",
        key=f"report:{form.token}",
        reporter=form.get("reporter"),
        phone=form.get("phone"),
        cleared=bool(form.get("cleared", default=False)),
    )


def _save(visit: Visit, room: Room, form: Form, written: Written) -> None:
    """Show the button that saves, and beside it why it could not."""
    _, refused = visit._, form.get("refused", None)
    with st.container(key="report_save", horizontal=True, vertical_alignment="center"):
        pressed = st.button(_("Save the report"), type="primary", key="save_report", shortcut="Ctrl+Enter")
        said = f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>' if refused else ""
        st.html(said or f'<p class="bm-note">{escape(_("As {post}").format(post=post_title(visit.post, _)))}</p>')
    if not pressed:
        return
    form.values.pop("refused", None)
    try:
        form.values["taken"] = _submit(visit, room, form, written)
    except BattlemapError as error:
        form.values["refused"] = error
    st.rerun()


def _submit(visit: Visit, room: Room, form: Form, written: Written) -> Taken:
    class_, wrong = written.class_, form.get("place_error", None)
    if class_ is None:
        raise DraftError("The class is missing.", field="class")
    if wrong or not form.get("place", None):
        raise wrong or PlaceError("The place is missing.", kind="missing")
    limits_of(visit.settings.rules).ask("reports.account", visit.who.account or visit.post.key, visit.now)
    draft = replace(
        _draft(room, form),
        photos=written.photos,
        blur=blurred(form, len(written.photos)),
        cleared=may_be_cleared(class_, visit.post.by) and bool(form.get("cleared", default=False)),
    )
    decided = form.get("decided", LATER) if written.beside else LATER
    return submit(
        room,
        draft,
        visit.by("report"),
        visit.now,
        decided=decided,
        beside=written.beside,
        mediation=mediation_of(form, class_),
    )


def _taken(visit: Visit, room: Room, form: Form, taken: Taken) -> None:
    """Say under which number it was saved, and what may come next."""
    _, case = visit._, taken.incident
    heading = _("Saved") if taken.fresh else _("This was taken before")
    notes = [case.title]
    other = not taken.fresh and _says_other(form, case)
    if other:
        notes.append(
            _("What you typed now was not saved beside it. Go back to change it, or add a note on the case sheet.")
        )
    if case.status is Status.LINKED:
        notes.append(_("Linked to {number}").format(number=case.state.linked_to))
    if case.state.due:
        notes.append(_("Deadline {time}").format(time=local(room, case.state.due)))
    with st.container(key="report_taken", gap="small"):
        st.html(
            f'<section class="bm-taken" role="status"><h1>{escape(heading)}</h1><p><b>{escape(case.number)}</b></p>'
            f"{''.join(f'<p>{escape(note)}</p>' for note in notes)}"
            f"<p>{link(visit, 'case', {'case': case.number})}{escape(_('Open the case sheet'))}</a></p></section>"
        )
        with st.container(horizontal=True):
            if other:
                st.button(_("Back to the form"), key="back_to_form", on_click=form.values.pop, args=("taken", None))
            st.button(_("Report another here"), key="another_here", on_click=_again, args=(form,))
            st.button(_("New report"), type="primary", key="another", on_click=form.clear)


def _says_other(form: Form, case: Incident) -> bool:
    """Tell whether the form says something that the case, which was there already, does not."""
    return any(
        typed and typed != said
        for typed, said in ((form.get("title").strip(), case.title), (form.get("text").strip(), case.text))
    )


def _again(form: Form) -> None:
    kept = {name: form.get(name) for name in ("place", "address", "unit", "floor") if form.get(name)}
    form.clear(**kept)
