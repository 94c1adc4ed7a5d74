"""Part of the sheet of a site: its watering log, a new line, one that is struck, and days on which nobody has to water."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from html import escape

import streamlit as st

from desk.posts.acting import NOBODY
from desk.room import Room
from desk.sites import watering
from desk.sites.watering import Log
from geo.errors import BattlemapError
from inspections.sites import Site, State
from inspections.watering import Wet
from ledger.watering import Line
from locales import N_
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.visit import Visit
from reports.case_words import local, post_name
from reports.refusals import refusal

SHOWN = 8  # lines
STANDING = {Wet.WATERED: N_("watered in time"), Wet.DRY: N_("has to be watered"), Wet.EXCUSED: N_("nobody has to water today")}  # fmt: skip


def site_watering(visit: Visit, room: Room, site: Site) -> None:
    """Show the log of a site that keeps one."""
    if not watering.keeps(room, site):
        return
    _, form, found = visit._, Form(f"watering_{site.number}", visit), watering.log(room, site, visit.now)
    st.html(_facts(visit, room, site, found))
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')
    if visit.may(watering.NEEDS) and visit.post is not NOBODY and site.state is State.ACTIVE:
        _new(visit, room, form, site)
        _strike(visit, room, form, site, found)
    if visit.may(watering.EXCUSES) and not room.within.narrows:
        _excuse(visit, room, form, found)


def _facts(visit: Visit, room: Room, site: Site, found: Log) -> str:
    _, rules = visit._, room.rules.watering
    how = _(STANDING[found.standing]) if site.state is State.ACTIVE else ""
    last = _("last {time}").format(time=local(room, found.last)) if found.last else _("never watered")
    late = " bm-late" if found.standing is Wet.DRY and site.state is State.ACTIVE else ""
    told = " · ".join(filter(None, (how, last, _("at least every {n} h").format(n=rules.hours))))
    rows = "".join(_line(visit, room, one) for one in found.lines[:SHOWN])
    today = room.clock(visit.now).date()
    free = "".join(f"<li>{escape(f'{day} {rules.reason(reason).in_(visit.language)} · {post_name(room, post, _)}')}</li>" for day, (reason, post) in sorted(found.excused.items()) if day >= today - timedelta(days=rules.back_days))  # fmt: skip
    excused = f"<p class='bm-note'>{escape(_('Days without watering'))}</p><ul class='bm-found'>{free}</ul>" if free else ""  # fmt: skip
    return f'<h2>{escape(_("Watering log"))}</h2><p class="bm-note{late}">{escape(told)}</p><ul class="bm-found">{rows}</ul>{excused}'


def _line(visit: Visit, room: Room, one: Line) -> str:
    _ = visit._
    said = escape(f"{local(room, one.at)} · {room.rules.watering.way(one.way).in_(visit.language)}")
    who = escape(post_name(room, one.post, _))
    return f"<li><s>{said}</s><small>{escape(_('struck'))} · {who}</small></li>" if one.struck else f"<li>{said}<small>{who}</small></li>"  # fmt: skip


def _new(visit: Visit, room: Room, form: Form, site: Site) -> None:
    _, rules = visit._, room.rules.watering
    here = room.clock(visit.now)
    ways = list(rules.ways)
    st.segmented_control(_("How it was watered"), ways, format_func=lambda key: rules.way(key).in_(visit.language), required=True, **form.bind("way", ways[0]))  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.date_input(_("Day"), min_value=here.date() - timedelta(days=rules.back_days), max_value=here.date(), format="YYYY-MM-DD", width=pixels(150), **form.bind("day", here.date()))  # fmt: skip
        st.time_input(_("Time"), step=300, width=pixels(100), **form.bind("time", here.time().replace(second=0, microsecond=0, tzinfo=None)))  # fmt: skip
        st.button(_("Write down"), key="watering_save", on_click=_save, args=(visit, room, form, site))


def _strike(visit: Visit, room: Room, form: Form, site: Site, found: Log) -> None:
    """Offer to strike a line: one's own, or any to who may close findings."""
    _ = visit._
    mine = [one for one in found.lines if one.struck is None and (one.post == visit.post.key or visit.may(watering.EXCUSES))]  # fmt: skip
    if not mine:
        return
    with st.expander(_("Strike a line")):
        names = {one.id: f"{local(room, one.at)} · {room.rules.watering.way(one.way).in_(visit.language)}" for one in mine}  # fmt: skip
        form.mend("line", lambda chosen: chosen if chosen in names else None)
        st.selectbox(_("Line of the log"), list(names), index=None, format_func=lambda one: names.get(one, ""), placeholder=_("Choose a line"), label_visibility="collapsed", **form.bind("line", None))  # fmt: skip
        st.button(_("Strike a line"), key="watering_strike", disabled=form.get("line", None) is None, on_click=_struck, args=(visit, room, form, site))  # fmt: skip


def _excuse(visit: Visit, room: Room, form: Form, found: Log) -> None:
    """Offer the days on which nobody in the area has to water."""
    _, rules, today = visit._, room.rules.watering, room.clock(visit.now).date()
    with st.expander(_("Days without watering")):
        st.html(f'<p class="bm-note">{escape(_("Holds for every site of the area: rain, or frost."))}</p>')
        far = timedelta(days=rules.back_days)
        st.date_input(_("Day"), min_value=today - far, max_value=today + far, format="YYYY-MM-DD", **form.bind("wet", today))  # fmt: skip
        names = {"": _("sites are watered"), **{key: name.in_(visit.language) for key, name in rules.reasons.items()}}
        day = form.get("wet", None) or today
        st.selectbox(_("Reason"), list(names), format_func=lambda key: names.get(key, key), **form.bind("reason", found.excused.get(day, ("", ""))[0]))  # fmt: skip
        st.button(_("Save the day"), key="watering_excuse", on_click=_excused, args=(visit, room, form))


def _save(visit: Visit, room: Room, form: Form, site: Site) -> None:
    here = room.clock(datetime.now(UTC))
    day: date = form.get("day", None) or here.date()
    at: time = form.get("time", None) or here.time().replace(tzinfo=None)
    moment = datetime.combine(day, at, room.area.pack.timezone).astimezone(UTC)
    _try(form, lambda: watering.water(room, site.number, form.get("way"), moment, visit.by("inspect"), datetime.now(UTC)))  # fmt: skip


def _struck(visit: Visit, room: Room, form: Form, site: Site) -> None:
    _try(form, lambda: watering.strike(room, site.number, int(form.get("line", 0) or 0), visit.by("inspect"), datetime.now(UTC)))  # fmt: skip


def _excused(visit: Visit, room: Room, form: Form) -> None:
    day = form.get("wet", None) or room.clock(datetime.now(UTC)).date()
    _try(form, lambda: watering.excuse(room, day, form.get("reason"), visit.by("inspect_close"), datetime.now(UTC)))


def _try(form: Form, do: Callable[[], object]) -> None:
    try:
        do()
    except BattlemapError as error:
        form.values["refused"] = error
    else:
        form.clear()
