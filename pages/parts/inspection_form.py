"""Part of the page of inspections: making one at the desk, or typing one in from paper, with what it comes to at once; saved after what it comes to was confirmed."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from html import escape
from typing import Any

import streamlit as st

from desk.inspections.acts import FAILED, LONGEST_NOTE, PASSED, Made, inspect
from desk.room import Room
from desk.sites import register
from geo.errors import BattlemapError, DraftError
from inspections.answers import Result
from inspections.checklists import Checklist
from inspections.inspection import Signed, Way
from inspections.sites import Site
from ledger.findings import Filed
from locales import N_
from pages.parts.check_items import Tried, answered, items, tried
from pages.parts.check_verdict import verdict_panel
from pages.parts.form import Form, steady
from pages.parts.going import go, link
from pages.parts.inspection_shots import to_finding, to_site
from pages.parts.visit import Visit
from reports import inspection_lists
from reports.checklists import outcome_text, version_text
from reports.inspection_words import SIGNED, WAY, due_text, item_text
from reports.refusals import refusal

OLDEST = date(2020, 1, 1)
NOON = time(12)  # of a day that is typed in from paper, which knows no hour
AGAIN = {PASSED: N_("Is right now"), FAILED: N_("Not right yet")}
SIGNATURE = "signature"
PHOTOS = ("jpg", "jpeg", "png", "webp")


def inspection_form(visit: Visit, room: Room, number: str) -> None:
    """Show the form of an inspection of a site."""
    _ = visit._
    try:
        site = register.get(room, number)
    except DraftError as error:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        return
    form = Form(f"inspect_{number}", visit)
    st.html(f'<h2>{escape(_("Inspect {name}").format(name=site.name))}</h2><p class="bm-note bm-where">{to_site(visit, site)} {escape(site.address)}</p>')  # fmt: skip
    lists = _lists(room, site)
    waiting = inspection_lists.of_site(room, number, visit.now).open
    if not lists and not waiting:
        st.html(f'<p class="bm-empty">{escape(_("There is no checklist for this kind of site. Add one to the rules."))}</p>')  # fmt: skip
        return
    checklist, day = _head(visit, room, form, lists)
    with steady():
        _again(visit, room, form, waiting)
    if checklist is None:
        _finish(visit, form, site, None, waiting)
        return
    with st.container(key="check_columns", horizontal=True, gap="large"):
        with st.container(key="check_items", gap=None):
            said = _said(form, checklist)
            shown = tried(room.rules.checklists.grades, checklist, said, day, refused=bool(form.get("refuses", default=False)))  # fmt: skip
            items(visit, form, shown, lambda result: _proof(visit, form, result))
        with st.container(key="check_verdict", gap="small"):
            with steady():
                verdict_panel(visit, form, shown)
            _finish(visit, form, site, shown, waiting)


def _lists(room: Room, site: Site) -> dict[str, Checklist]:
    kind = room.rules.sites.kind(site.kind)
    return {one.key: one for one in room.rules.checklists.for_site(site.kind, kind.group)}


def _head(visit: Visit, room: Room, form: Form, lists: Mapping[str, Checklist]) -> tuple[Checklist | None, date]:
    """Show what is asked of the inspection as a whole: its checklist, its day, and how somebody came to look."""
    _, today = visit._, inspection_lists.today(room, visit.now)
    names = {key: one.name.in_(visit.language) for key, one in lists.items()}
    with st.container(key="check_bar", horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(names) > 1:
            st.selectbox(_("Checklist"), list(names), format_func=lambda key: names.get(key, key), width=280, **form.bind("checklist", next(iter(names))))  # fmt: skip
        day = st.date_input(_("Day of the inspection"), min_value=OLDEST, max_value=today, width=160, format="YYYY-MM-DD", **form.bind("day", today)) or today  # fmt: skip
        ways = [Way.INSPECT.value, Way.SELF.value]
        st.selectbox(
            _("Way of looking"), ways, format_func=lambda way: _(WAY[Way(way)]), width=140, **form.bind("way", ways[0])
        )
        st.html(f"{link(visit, 'inspections', {})}{escape(_('Leave without saving'))}</a>", width="content")
    chosen = lists.get(form.get("checklist", next(iter(names), "")))
    if chosen:
        st.html(f'<p class="bm-note">{escape(" · ".join((names[chosen.key], version_text(chosen, _, visit.language))))}</p>')  # fmt: skip
    return chosen, day


def _again(visit: Visit, room: Room, form: Form, waiting: list[Filed]) -> None:
    """Show what stands open at the site, each to be looked at again."""
    if not waiting:
        return
    _, day = visit._, inspection_lists.today(room, visit.now)
    st.html(f"<h3>{escape(_('Open findings: looked at again'))}</h3>")
    for one in waiting:
        with st.container(key=f"again_{one.id}", horizontal=True, gap="medium", vertical_alignment="center"):
            due = due_text(one, day, _)
            said = f"<small>{escape(_('until {day}').format(day=due))}</small>" if due else ""
            st.html(f'<p class="bm-item"><b>{escape(one.item)}</b><span>{to_finding(visit, one.number, item_text(room, one, visit.language))}{said}</span></p>')  # fmt: skip
            st.segmented_control(one.number, list(AGAIN), format_func=lambda key: _(AGAIN[key]), label_visibility="collapsed", **form.bind(f"again_{one.number}", None))  # fmt: skip


def _said(form: Form, checklist: Checklist) -> dict[str, Any]:
    """Return the answers with notes and the names of photos."""
    said = answered(checklist, form)
    for key, one in said.items():
        one["note"] = form.get(f"{key}_note")
        one["photos"] = [name for name, _data in _files(form, key)]
    return said


def _files(form: Form, key: str) -> list[tuple[str, bytes]]:
    """Return the photos that were chosen for an item, each by a name of its own."""
    chosen = st.session_state.get(_uploader(form, key)) or []
    return [(f"{key}:{place}", file.getvalue()) for place, file in enumerate(chosen)]


def _uploader(form: Form, key: str) -> str:
    return f"photos_{form.key(key)}"


def _proof(visit: Visit, form: Form, result: Result) -> None:
    """Show note and photos of an item that fails."""
    _, item = visit._, result.item
    st.text_input(_("What was seen"), max_chars=LONGEST_NOTE, placeholder=_("What was seen; no names or numbers"), label_visibility="collapsed", **form.bind(f"{item.key}_note"))  # fmt: skip
    label = _("Photos, at least one") if item.photo else _("Photos")
    st.file_uploader(label, type=PHOTOS, accept_multiple_files=True, key=_uploader(form, item.key))


def _finish(visit: Visit, form: Form, site: Site, shown: Tried | None, waiting: list[Filed]) -> None:
    """Show signature and note, and the button that saves, after what it comes to was confirmed."""
    _ = visit._
    signs = [one.value for one in (Signed.SIGNED, Signed.REFUSED, Signed.ABSENT)]
    with steady():
        st.selectbox(_("Person in charge"), signs, format_func=lambda one: _(SIGNED[Signed(one)]), **form.bind("signed", Signed.ABSENT.value))  # fmt: skip
        if form.get("signed", Signed.ABSENT.value) == Signed.SIGNED.value:
            st.file_uploader(_("Photo of the signature"), type=PHOTOS, accept_multiple_files=True, key=_uploader(form, SIGNATURE))  # fmt: skip
    st.text_input(_("Note"), max_chars=LONGEST_NOTE, placeholder=_("No names or numbers"), **form.bind("note"))
    with steady():
        if refused := form.values.get("refused"):
            st.html(f'<p class="bm-refused" role="alert">{escape(refused)}</p>')
        if form.get("asked", default=False):
            st.html(f'<div class="bm-confirm" role="status">{_comes_to(visit, form, shown, waiting)}</div>')
            with st.container(horizontal=True, gap="small"):
                st.button(_("Yes, save it"), key="inspection_confirm", type="primary", on_click=_save, args=(visit, form, site, shown, waiting))  # fmt: skip
                st.button(_("Change something"), key="inspection_back", on_click=form.set, kwargs={"asked": False})
        else:
            st.button(_("Save the inspection"), key="inspection_save", type="primary", on_click=form.set, kwargs={"asked": True, "refused": ""})  # fmt: skip


def _comes_to(visit: Visit, form: Form, shown: Tried | None, waiting: list[Filed]) -> str:
    """Return what the inspection comes to, as it is confirmed."""
    _, lines = visit._, list[str]()
    if shown:
        verdict = shown.verdict
        opened = [*verdict.failed, *verdict.others]
        lines.append(outcome_text(verdict, _))
        lines.append(_("Findings opened: {n}, of them put right on the spot: {m}").format(n=len(opened), m=sum(one.corrected for one in opened)))  # fmt: skip
        lines += [_("Put right by: {day}").format(day=verdict.due)] if verdict.due else []
        lines += [_("Not answered: {n} of {many}").format(n=len(verdict.unanswered), many=len(verdict.results))] if verdict.unanswered else []  # fmt: skip
        lines += [_("Photos missing: {items}").format(items=", ".join(verdict.lacking))] if verdict.lacking else []
        lines += [_("Answers refused: {items}").format(items=", ".join(shown.faults))] if shown.faults else []
    again = [one for one in waiting if form.get(f"again_{one.number}", None)]
    lines += [_("Looked at again: {n}").format(n=len(again))] if again else []
    lines.append(_("An inspection is never changed once it is saved."))
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _save(visit: Visit, form: Form, site: Site, shown: Tried | None, waiting: list[Filed]) -> None:
    now = datetime.now(UTC)
    room = visit.room()
    try:
        done = inspect(room, _made(room, form, site, shown, waiting, now), visit.by("inspect"), now)
    except BattlemapError as error:
        form.set(refused=refusal(error, visit._, room.area.pack.timezone), asked=False)
        return
    form.clear()
    go("inspections", {"inspection": done.inspection.number})


def _made(room: Room, form: Form, site: Site, shown: Tried | None, waiting: list[Filed], now: datetime) -> Made:  # noqa: PLR0917
    zone = room.area.pack.timezone
    day = form.get("day", None) or inspection_lists.today(room, now)
    past = day != inspection_lists.today(room, now)
    said = _said(form, shown.checklist) if shown else {}
    signature = _files(form, SIGNATURE)[:1] if form.get("signed", "") == Signed.SIGNED.value else []
    photos = [one for key in said for one in _files(form, key)]
    again = {one.number: form.get(f"again_{one.number}", None) for one in waiting}
    return Made(
        site.number,
        checklist=shown.checklist.key if said and shown else "",
        version=shown.checklist.version if said and shown else 0,
        said=said,
        way=Way(form.get("way", Way.INSPECT.value)),
        refused=bool(form.get("refuses", default=False)),
        signed=Signed(form.get("signed", Signed.ABSENT.value)),
        signature=signature[0][0] if signature else "",
        photos=dict([*photos, *signature]),
        rechecks={number: said for number, said in again.items() if said},
        note=form.get("note"),
        done_at=datetime.combine(day, NOON, zone) if past else None,
    )
