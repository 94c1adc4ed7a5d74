"""Part of the report form: what the report would become, beside the map, while it is written."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from desk.intake import LATER, NEW, Outlook, Term, may_decide
from desk.reading import may_read
from desk.room import Room
from incidents.case import Incident
from layers.grid_names import full_names
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.case_words import class_name, dedicated_names, local, short, span_name
from reports.intake_words import MATCH
from reports.words import post_title, status_name

MOST_SHOWN = 5


def becoming(visit: Visit, room: Room, form: Form, seen: Outlook | None) -> list[str]:
    """Show grids, posts, deadlines and neighbours; return the numbers of the neighbours that were shown."""
    _ = visit._
    if seen is None:
        told = _(
            "Press on the map where it is, or search for the place: grid, responsible post and deadline show here."
        )
        st.html(f'<p class="bm-note">{escape(told)}</p>')
        return []
    st.html(_facts(visit, room, form, seen))
    return _neighbours(visit, room, form, seen)


def _facts(visit: Visit, room: Room, form: Form, seen: Outlook) -> str:
    _, codes = visit._, seen.place.codes
    rows = [(level.name.in_(visit.language), _labels(room, level.key, codes)) for level in room.area.net.levels]
    dedicated = dedicated_names(room, codes)
    if dedicated:
        rows.append((room.area.net.overlays[0].name.in_(visit.language), dedicated))
    for label, post in ((_("Responsible post"), seen.duty.post), (_("Informed"), seen.duty.informed)):
        if post:
            title = post_title(post, _)
            rows.append((label, _("{post} (volunteer)").format(post=title) if post.volunteer else title))
    if seen.duty.overdue and seen.duty.overdue != seen.duty.post:
        rows.append((_("Overdue goes to"), post_title(seen.duty.overdue, _)))
    rows += [
        (label, local(room, term.due) + _(" ({span})").format(span=span_name(term.limit.span.text, _)))
        for label, term in _terms(visit, seen)
    ]
    body = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in rows if text)
    return f'<dl class="bm-becoming">{body}</dl>{"".join(_warnings(visit, room, form, seen))}'


def _terms(visit: Visit, seen: Outlook) -> list[tuple[str, Term]]:
    _ = visit._
    pairs = ((_("Sorted by"), seen.sort), (_("Done by, if dispatched now"), seen.handle))
    return [(label, term) for label, term in pairs if term]


def _labels(room: Room, key: str, codes: dict[str, str]) -> str:
    names = full_names(room.area.net)[key]
    return "、".join(names.get(code, code) for code in codes.get(key, "").split(";") if code)


def _warnings(visit: Visit, room: Room, form: Form, seen: Outlook) -> list[str]:
    _, found = visit._, []
    if seen.place.match in MATCH:
        found.append(_(MATCH[seen.place.match]))
    if seen.place.edge_m is not None:
        told = _(
            "{m} m from an edge: whether this grid is right should be looked at; it can be given to the neighbour."
        )
        found.append(told.format(m=f"{seen.place.edge_m:.1f}"))
    if ";" in seen.place.codes.get(room.area.net.leaf.key, ""):
        found.append(_("Unit and floor are missing: several micro-grids come into question."))
    if not (form.get("place", None) or {}).get("exact", True):
        found.append(_("This is the middle of something wide. Press on the map for the very place."))
    return [f'<p class="bm-warn">{escape(text)}</p>' for text in found]


def _neighbours(visit: Visit, room: Room, form: Form, seen: Outlook) -> list[str]:
    """Show what may be the same thing, and let a person decide, where the post may."""
    if not seen.same:
        form.values.pop("decided", None)
        return []
    _, shown = visit._, seen.same[:MOST_SHOWN]
    st.html(same(visit, room, seen.same))
    numbers = [case.number for case, _metres in shown]
    if not may_decide(visit.post.by):
        st.html(f'<p class="bm-note">{escape(_("The dispatcher will look at it."))}</p>')
        return []
    _decide(visit, form, numbers)
    return numbers


def same(visit: Visit, room: Room, found: Sequence[tuple[Incident, float]]) -> str:
    """Return what may be the same thing as HTML, the nearest first."""
    _, settings = visit._, room.rules.settings
    told = _("Perhaps the same: {n} of this class within {m} m and {h} h").format(
        n=len(found), m=f"{settings.same_m:.0f}", h=f"{settings.same_hours:.0f}"
    )
    items = "".join(f"<li>{_item(visit, room, case, metres)}</li>" for case, metres in found[:MOST_SHOWN])
    return f'<h3 class="bm-same">{escape(told)}</h3><ul class="bm-same">{items}</ul>'


def _item(visit: Visit, room: Room, case: Incident, metres: float) -> str:
    said = [f"{metres:.0f} m", short(room, case.reported, visit.now), status_name(case.status.value, visit._)]
    opened = link(visit, "case", {"case": case.number})
    title = case.title if may_read(visit.post, case) else class_name(room, case.class_, visit.language)
    return f"{opened}{escape(case.number)}</a> {escape(title)} <small>{escape(' · '.join(said))}</small>"


def _decide(visit: Visit, form: Form, numbers: Sequence[str]) -> None:
    _, key = visit._, form.key("decided")
    options = [LATER, NEW, *numbers]
    words = {LATER: _("Decide later"), NEW: _("Something else: keep apart")}
    if form.get("decided", LATER) not in options:
        form.set(decided=LATER)
    st.session_state[key] = form.get("decided", LATER)
    st.radio(
        _("Is it the same?"),
        options,
        format_func=lambda option: words.get(option) or _("The same as {number}: link it").format(number=option),
        label_visibility="collapsed",
        key=key,
        on_change=lambda: form.values.update(decided=st.session_state[key]),
    )
