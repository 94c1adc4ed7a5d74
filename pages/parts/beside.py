"""What stands beside a case's acts: the place, the facts, and what a person has to look at (neighbours, boundary, repeats, calendar)."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.mediation import mediation_of
from desk.places.place import neighbours
from desk.places.repeats import repeats
from desk.reading import may_read
from desk.room import Room
from incidents.case import Incident
from incidents.lifecycle import Act
from incidents.limits import EXTERNAL
from incidents.model import Channel, Status
from locales import Translator
from pages.parts.acts import Tried, attempt, choose
from pages.parts.contact import contact
from pages.parts.going import link
from pages.parts.rows import mark_of
from pages.parts.site_inspections import case_findings
from pages.parts.visit import Visit
from reports import whistles
from reports.case_words import (
    class_name,
    dedicated_names,
    grid_name,
    local,
    post_name,
    short,
    span_name,
    working_left,
)
from reports.intake_words import mediation_rows
from reports.words import CHANNEL, length_of_time, status_name

MOST_NEIGHBOURS = 5


def show(visit: Visit, room: Room, case: Incident) -> None:
    """Show the column."""
    st.html(_place(visit, room, case))
    _notices(visit, room, case)
    _neighbours(visit, room, case)
    _related(visit, room, case)
    _whistles(visit, room, case)
    case_findings(visit, room, case.number)
    facts = [*_mediation(visit, room, case), *_facts(visit, room, case)]
    st.html(f'<dl class="bm-facts">{_rows(facts)}</dl>')
    contact(visit, room, case)


def _place(visit: Visit, room: Room, case: Incident) -> str:
    _ = visit._
    name = _("Place of the case")
    src = f"/spot/{quote(room.id, safe='')}/{quote(case.number, safe='')}?{urlencode({'v': case.version, 'lang': visit.language, 'post': visit.post.key})}"
    view = urlencode(
        {
            "area": room.id,
            "lang": visit.language,
            "post": visit.acting,
            "view": f"{case.lat:.5f},{case.lon:.5f},18",
            "at": f"incident:{case.number}",
        }
    )
    where = [grid_name(room, case.codes), dedicated_names(room, case.codes), case.address, _inside(case, _)]
    return (
        f'<a class="bm-spot" href="/?{escape(view)}" target="_self" title="{escape(_("Open on the battle map"))}"><img src="{escape(src)}" alt="{escape(name)}"></a>'
        f'<p class="bm-address">{escape(" · ".join(filter(None, where)))}</p>'
    )


def _inside(case: Incident, _: Translator) -> str:
    unit = _("unit {n}").format(n=f"{case.unit:g}") if case.unit is not None else ""
    floor = _("floor {n}").format(n=f"{case.floor:g}") if case.floor is not None else ""
    return " ".join(filter(None, (unit, floor)))


def _notices(visit: Visit, room: Room, case: Incident) -> None:
    """Say what a person has to look at, each with what can be done about it."""
    _, may = visit._, visit.allowed(case.state)
    if case.edge_m is not None or case.match in {"boundary", "nearest"}:
        metres = f"{case.edge_m:.1f}" if case.edge_m is not None else "0"
        words = _("{metres} m from a boundary: look whether the grid is right.").format(metres=metres)
        act = Act.REASSIGN if Act.REASSIGN in may else None
        _notice("edge", words, _("Give to another grid"), act)
    again = repeats(room, case, at=visit.now)
    if again.many:
        said = _("At this place {n} cases of this class in {days} days")
        if again.caller > again.place:
            said = _("Of this caller {n} cases in {days} days")
        words = said.format(n=max(again.place, again.caller), days=again.days) + _(": to be supervised.")
        _notice("repeats", words, _("Supervise"), Act.SUPERVISE if Act.SUPERVISE in may else None)
    years = _unknown_years(room, case)
    if years:
        words = _("The holidays of {years} are not announced yet: the deadline counts Monday to Friday.").format(
            years=", ".join(map(str, years))
        )
        _notice("calendar", words, "", None)


def _notice(key: str, words: str, label: str, act: Act | None) -> None:
    with st.container(key=f"notice_{key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<p>{escape(words)}</p>")
        if act is not None:
            st.button(label, key=f"notice_{key}_do", type="tertiary", on_click=choose, args=(act.value,))


def _unknown_years(room: Room, case: Incident) -> tuple[int, ...]:
    state, zone = case.state, room.area.pack.timezone
    if state.due is None or state.rule == EXTERNAL or not state.limit or not state.limit.endswith(("work_hour", "work_day")):  # fmt: skip
        return ()
    return room.rules.calendar.unknown_years(
        case.reported.astimezone(zone).date(), state.due.astimezone(zone).date()
    )  # fmt: skip


def _neighbours(visit: Visit, room: Room, case: Incident) -> None:
    if case.closed is not None or case.status in {Status.LINKED, Status.REFUSED, Status.CANCELLED}:
        return
    _, may = visit._, visit.allowed(case.state)
    near = [
        (other, metres)
        for other, metres in neighbours(room, case, at=max(case.reported, visit.now))
        if other.status not in {Status.LINKED, Status.REFUSED, Status.CANCELLED}
    ]
    if not near:
        return
    st.html(f'<h2 class="bm-quiet">{escape(_("May be the same thing"))}</h2>')
    for other, metres in near[:MOST_NEIGHBOURS]:
        with st.container(key=f"near_{other.number}", gap=None):
            far = _("{n} m away").format(n=round(metres))
            st.html(_other(visit, room, other, far))
            with st.container(horizontal=True, gap="small"):
                for act, label in ((Act.LINK, _("The same: link")), (Act.KEEP_APART, _("Not the same"))):
                    if act in may:
                        tried = Tried(case.number, act.value, {"to": other.number}, case.version)
                        st.button(label, key=f"{act.value}_{other.number}", type="tertiary", on_click=attempt, args=(visit, tried))  # fmt: skip


def _related(visit: Visit, room: Room, case: Incident) -> None:
    linked = room.linked(case)
    if linked:
        _ = visit._
        items = "".join(_other(visit, room, other, status_name(other.status.value, _)) for other in linked)
        st.html(f'<h2 class="bm-quiet">{escape(_("Linked cases"))}</h2>{items}')


def _whistles(visit: Visit, room: Room, case: Incident) -> None:
    """Say which whistles are about it, to whom they concern."""
    found, _ = whistles.of_case(room, case.number), visit._
    seen = {one.number for one in found}
    others = [one for one in whistles.told_of_case(room, case.number) if one.number not in seen]
    if not found and not others:
        return
    items = "".join(
        f"<p class=bm-other>{link(visit, 'whistles', {'whistle': one.number})}<span>{escape(whistles.kind_name(room, one.state, visit.language))}</span></a>"
        f"<small>{escape(f'{one.number} · {whistles.phase_name(room, one.state, _)}')}</small></p>"
        for one in found
    ) + "".join(
        f"<p class=bm-other><span>{escape(whistles.kind_name(room, one.state, visit.language))}</span><small>{escape(whistles.phase_name(room, one.state, _))}</small></p>"
        for one in others
    )
    st.html(f'<h2 class="bm-quiet">{escape(_("Whistles"))}</h2>{items}')


def _other(visit: Visit, room: Room, other: Incident, about: str) -> str:
    when = short(room, other.reported, visit.now)
    title = other.title if may_read(visit.post, other) else class_name(room, other.class_, visit.language)
    return (
        f'<p class="bm-other">{link(visit, "case", {"case": other.number})}{mark_of(other)}<span>{escape(title)}</span></a>'
        f"<small>{escape(f'{other.number} · {when} · {about}')}</small></p>"
    )


def _mediation(visit: Visit, room: Room, case: Incident) -> list[tuple[str, str]]:
    if not case.restricted:
        return []
    return mediation_rows(mediation_of(room.history(case.number)), visit._)


def _facts(visit: Visit, room: Room, case: Incident) -> list[tuple[str, str]]:
    _, state = visit._, case.state
    limit = ""
    if state.limit:
        limit = _("kept as the other system gave it") if state.rule == EXTERNAL else span_name(state.limit, _)
    working = working_left(room, case, visit.now, _)
    handled = length_of_time(visit.now - case.reported, _)
    return [
        (_("Reported at"), local(room, case.reported)),
        (_("Reported by"), post_name(room, state.reporter, _)),
        (_("Channel"), _(CHANNEL[case.channel])),
        (_("Order number there"), " ".join(filter(None, (_source(case), case.external_id)))),
        (_("Minor class"), f"{class_name(room, case.class_, visit.language)} {case.class_}"),
        (_("Deadline"), local(room, state.due)),
        (_("Limit"), limit),
        (_("Left"), working),
        (_("Open for"), handled if case.closed is None and case.mark else ""),
        (_("Informed"), post_name(room, case.informed, _)),
        (_("Answers for delay"), post_name(room, case.overdue_post, _)),
        (_("Verified by"), post_name(room, state.verifier, _)),
        (_("Times returned"), str(state.returns) if state.returns else ""),
        (_("Extended"), str(state.extensions) if state.extensions else ""),
        (_("Edition of the net"), case.edition.partition("+")[0]),
    ]


def _rows(facts: Sequence[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in facts if value)


def _source(case: Incident) -> str:
    """Return which system a case came from, as people call it; of a notice board its channel says so."""
    return "" if case.channel is Channel.BOARD else case.source
