"""The air (空气): stations with the index of their last hour, for reference; which stand out; the sources upwind of one as a list to walk; and readings that are handed in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from html import escape

import streamlit as st

from desk.air.board import Standing, board, readings, sources_upwind
from desk.air.readings import Readings, folder_of, take
from desk.room import Room
from geo.errors import BattlemapError, TableError
from inspections.air import Pollutant
from inspections.sites import Site
from inspections.upwind import Proposal, Wind
from pages.parts.air_walks import lists, making, sheet, such
from pages.parts.files import files
from pages.parts.form import Form, steady
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.air import (
    POLLUTANT,
    SHOWN,
    alarm_text,
    direction_text,
    fault_text,
    hour_text,
    index_text,
    primary_text,
    reason_text,
    refused_text,
    stations,
    walk,
)
from reports.refusals import refusal
from reports.upwind_figure import figure, on_map

KINDS = ["csv", "tsv", "txt", "xlsx"]
EVERY = timedelta(minutes=1)  # the folder is looked at again


def render(visit: Visit) -> None:
    """Show the page."""
    with st.container(key="air", gap=None):
        _page(visit)


@st.fragment(run_every=EVERY)
def _page(visit: Visit) -> None:
    if "going" in st.session_state:  # a list was made: its address is another one
        st.rerun()
    room, own = visit.room(), dict(st.session_state["own"]["air"])
    found = readings(room)
    standing = board(room, found, datetime.now(UTC))
    chosen = next((one for one in standing if one.station.code == own.get("station")), None)
    _top(visit, room, standing if chosen is None and not own.get("list") else ())
    _trouble(visit, found)
    if not standing:
        st.html(f'<p class="bm-empty">{escape(visit._("No readings yet. Hand a table in, or let another system put its tables into the folder that docs/air.md names."))}</p>')  # fmt: skip
    with st.container(key="air_list", horizontal=True, gap="medium"):
        with st.container(key="air_left", gap="small"):
            if standing:
                st.html(_stations(visit, room, standing, chosen))
            lists(visit, room, own)
        with st.container(key="air_sheet", gap="small"):
            if own.get("list"):
                sheet(visit, room, own["list"], own.get("lines", ""))
            elif own.get("lines") and own.get("of"):
                such(visit, room, own)
            elif chosen:
                _upwind(visit, room, chosen)


def _top(visit: Visit, room: Room, standing: Sequence[Standing]) -> None:
    """Show the heading, and the table as a file; while a station is open its list to walk is the one that is taken out."""
    _ = visit._
    with st.container(key="air_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Air"))}</h1>', width="content")
        told = _("For reference: reckoned here by HJ 633-2026. Micro-stations show trends only; the index is published by the monitoring centre.")  # fmt: skip
        st.html(f'<p class="bm-note">{escape(told)}</p>', width="content")
        if visit.may("import"):
            st.button(_("Hand readings in"), key="air_take", on_click=lambda: _hand_in(visit, room))
        files(visit, room, "air", _("Air"), len(standing), _("Stations"), {}, lambda now: stations(board(now, readings(now), datetime.now(UTC)), now.area.pack.timezone, _, visit.language))  # fmt: skip


def _hand_in(visit: Visit, room: Room) -> None:
    """Ask for a table in a dialog."""
    _ = visit._

    @st.dialog(_("Hand readings in"), on_dismiss="rerun")  # so that the page shows them
    def ask() -> None:
        st.html(f'<p class="bm-note">{escape(_("A table with one row for each hour of a station: station, time, PM2.5, PM10, SO2, NO2, CO, O3. It is taken whole or not at all."))}</p>')  # fmt: skip
        given = st.file_uploader(_("Table of readings (CSV, XLSX)"), type=KINDS, key="air_file")
        if given is None:
            return
        try:
            taken = take(folder_of(room.ledger.folder, room.id), given.name, given.getvalue(), room.area.pack.timezone)
        except TableError as error:
            first, *cells = refused_text(given.name, error, _, visit.language)
            lines = "".join(f"<li>{escape(line)}</li>" for line in cells)
            st.html(f'<p class="bm-refused" role="alert">{escape(first)}</p>{f"<ul>{lines}</ul>" if lines else ""}')
            return
        except BattlemapError as error:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
            return
        said = _("{hours} hours of {stations} stations were taken in.").format(hours=f"{sum(map(len, taken.hours.values())):,}", stations=len(taken.stations))  # fmt: skip
        if taken.twice:
            said += _(" {n} hours stand in it more than once with other values; the later row counts.").format(n=f"{taken.twice:,}")  # fmt: skip
        st.html(f'<p class="bm-saved" role="status">{escape(said)}</p>')

    ask()


def _trouble(visit: Visit, found: Readings) -> None:
    """Say which files and cells were left out."""
    _ = visit._
    said = [" ".join(refused_text(name, error, _, visit.language)) for name, error in found.refused.items()]
    said += [fault_text(one, _) for one in found.faults]
    if found.twice:
        said.append(_("{n} hours came again with other values; the later file counts.").format(n=f"{found.twice:,}"))
    if said:
        lines = "".join(f"<li>{escape(line)}</li>" for line in said)
        many = f"{len(found.refused) + found.left_out + bool(found.twice):,}"
        st.html(f'<details class="bm-note"><summary>{escape(_("What was left out of the readings: {n}").format(n=many))}</summary><ul>{lines}</ul></details>')  # fmt: skip


def _stations(visit: Visit, room: Room, standing: Sequence[Standing], chosen: Standing | None) -> str:
    _, zone = visit._, room.area.pack.timezone
    heads = (_("Station"), _("Last hour"), _("Index"), _("Primary pollutant"), *(POLLUTANT[one] for one in SHOWN), _("Day before"))  # fmt: skip
    numbers = range(4, 4 + len(SHOWN))
    head = "".join(f'<th scope="col"{" class=bm-number" if place in numbers else ""}>{escape(name)}</th>' for place, name in enumerate(heads))  # fmt: skip
    rows = "".join(_row(visit, one, zone, is_open=one is chosen) for one in standing)
    return f'<section class="bm-air"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>'  # fmt: skip


def _row(visit: Visit, one: Standing, zone: tzinfo, *, is_open: bool) -> str:
    _ = visit._
    way = link(visit, "air", {"station": one.station.code}, attributes=' aria-current="true"' if is_open else "")
    told = alarm_text(one, _, visit.language) or (_("stopped") if one.stopped else "")
    small = f"<small>{escape(told)}</small>" if told else ""
    values = "".join(f'<td class="bm-number">{_number(one, name)}</td>' for name in SHOWN)
    state = "stopped" if one.stopped else "out" if one.alarms else ""
    return (
        f'<tr data-air="{state}"{" aria-current=true" if is_open else ""}><td>{way}{escape(one.station.name)}</a>{small}</td>'
        f"<td>{escape(hour_text(one.hour, zone))}</td><td>{escape(index_text(one.index, _))}</td>"
        f"<td>{escape(primary_text(one.index))}</td>{values}<td>{escape(index_text(one.day, _))}</td></tr>"
    )


def _number(one: Standing, name: Pollutant) -> str:
    value = one.measured.get(name)
    return "–" if value is None else f"{value:g}"


def _upwind(visit: Visit, room: Room, chosen: Standing) -> None:
    """Show the sources upwind of a station, by the wind that somebody types."""
    _, form = visit._, Form(f"air_{chosen.station.code}", visit)
    st.html(f"<h2>{escape(_('Sources upwind of {name}').format(name=chosen.station.name))}</h2>")
    if chosen.station.lon is None or chosen.station.lat is None:
        st.html(f'<p class="bm-note">{escape(_("No table says where this station stands. Add its longitude and latitude."))}</p>')  # fmt: skip
        return
    with st.container(key="air_wind", horizontal=True, gap="small", vertical_alignment="bottom"):
        blows = st.number_input(_("Wind from, degrees (0 is north)"), 0, 360, step=5, **form.bind("from", None))
        speed = st.number_input(_("Wind, m/s"), 0.0, 60.0, step=0.5, **form.bind("speed", None))
    wind = Wind(float(blows), float(speed)) if blows is not None and speed is not None else None
    found = sources_upwind(room, chosen.station, chosen.measured, wind)
    with steady():
        st.html(f'<p class="bm-note">{escape(_direction(visit, room, wind))}</p>')
    rings = room.rules.air.upwind.rings_m
    kinds = {key: kind.name.in_(visit.language) for key, kind in room.rules.sites.kinds.items()}
    proposals = [one for one, _site in found]
    st.html(figure(proposals, wind, room.rules.air.upwind, _))
    st.html(on_map(room.area, (chosen.station.lon, chosen.station.lat), proposals, wind, room.rules.air.upwind, _, visit.language))  # fmt: skip
    making(visit, room, chosen, wind, len(found))
    st.html(_proposals(visit, found, rings, kinds))
    own: Mapping[str, str] = {"station": chosen.station.code, "wind": f"{wind.from_deg:g}/{wind.speed:g}" if wind else ""}  # fmt: skip
    files(visit, room, "upwind", _("Sources upwind"), len(found), chosen.station.name, own, lambda now: walk(sources_upwind(now, chosen.station, chosen.measured, wind), rings, kinds, _, visit.language))  # fmt: skip


def _direction(visit: Visit, room: Room, wind: Wind | None) -> str:
    _, rules = visit._, room.rules.air.upwind
    if wind is None:
        return _("Without the wind: all sources within {metres} m.").format(metres=f"{rules.calm_radius_m:,.0f}")
    if wind.speed < rules.calm_m_s:
        return _("Below {speed} m/s the wind has no direction: all sources within {metres} m.").format(speed=f"{rules.calm_m_s:g}", metres=f"{rules.calm_radius_m:,.0f}")  # fmt: skip
    return _("The wind blows from the {direction}: a list to walk, and no proof.").format(direction=direction_text(wind.from_deg, _))  # fmt: skip


def _proposals(visit: Visit, found: Sequence[tuple[Proposal, Site]], rings: Sequence[float], kinds: Mapping[str, str]) -> str:  # fmt: skip
    _ = visit._
    if not found:
        return f'<p class="bm-empty">{escape(_("No source of the register lies there."))}</p>'
    rows = "".join(
        f"<li>{link(visit, 'sites', {'site': site.number})}<b>{escape(site.name)}</b></a> <span>{escape(kinds.get(site.kind, site.kind))}</span>"
        f"<small>{one.metres:,.0f} m · {escape(direction_text(one.bearing_deg, _))} · {escape(reason_text(one, rings, _, visit.language))}</small></li>"
        for one, site in found
    )
    return f'<ol class="bm-walk">{rows}</ol>'
