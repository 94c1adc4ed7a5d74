"""A plan of a day as files: GPX 1.1 for a navigator, GeoJSON (RFC 7946) for QGIS, a calendar (RFC 5545), and the field list as XLSX. Lines join stops as the crow flies."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from desk.room import Room
from desk.sites import register
from geo.errors import TableError
from inspections.plans import DayPlan, KeptWalk, State, Stop
from inspections.sites import Site
from ledger.sites import Asked
from locales import Translator, translator
from reports.plan_words import clock, who
from reports.sheet_files.paper import clean
from reports.sheet_files.stable import stable

FOLD = 75  # octets of a line of a calendar (RFC 5545, 3.1)
WIDTHS = (6, 24, 8, 8, 8, 14, 26, 16, 34, 10, 10, 24)
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "gpx": "application/gpx+xml",
        "geojson": "application/geo+json",
        "ics": "text/calendar; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


@dataclass(frozen=True)
class Line:
    """A stop as a list has it.

    Attributes
    ----------
    walk, place
        Of the plan and of the walk, from 1.
    site
        None where who looks does not see it.
    """

    walk: int
    place: int
    stop: Stop
    site: Site | None


def lines_of(room: Room, plan: DayPlan) -> list[Line]:
    """Return the stops of a plan in order, with the sites that who looks through a room sees."""
    numbers = frozenset(stop.number for walk in plan.walks for stop in walk.stops)
    there = {site.number: site for site in register.listed(room, Asked(room.id, numbers=numbers), most=len(numbers) or 1)}  # fmt: skip
    return [
        Line(at, place, stop, there.get(stop.number))
        for at, walk in enumerate(plan.walks, 1)
        for place, stop in enumerate(walk.stops, 1)
    ]


def written(room: Room, plan: DayPlan, kind: str, language: str, now: datetime, *, mark: str = "") -> bytes:
    """Return a plan as a file.

    Parameters
    ----------
    kind
        A key of `TYPES`.
    now
        With a zone; stands in a calendar as the time at which it was made.
    mark
        The watermark.

    Raises
    ------
    TableError
        There is no such kind.
    """
    made = _MADE.get(kind)
    if made is None:
        raise TableError(f"A plan cannot be written as {kind!r}. Choose one of {', '.join(TYPES)}.")
    return made(_Told(room, plan, lines_of(room, plan), language, translator(language), now, mark))


@dataclass(frozen=True)
class _Told:
    room: Room
    plan: DayPlan
    lines: list[Line]
    language: str
    _: Translator
    now: datetime
    mark: str

    def walks(self) -> Iterator[tuple[int, KeptWalk, list[Line]]]:
        for at, walk in enumerate(self.plan.walks, 1):
            yield at, walk, [line for line in self.lines if line.walk == at]

    def name(self, line: Line) -> str:
        return clean(line.site.name) if line.site else line.stop.number

    def title(self, at: int, walk: KeptWalk) -> str:
        return f"{at} {clean(who(self.room, walk.posts, self._))} {clock(walk.begins)}–{clock(walk.ends)}"

    def heading(self) -> str:
        return f"{self._('Plan of a day')} {self.plan.day} {self.plan.number}".strip()

    def kind(self, site: Site) -> str:
        return self.room.rules.sites.kind(site.kind).name.in_(self.language)


def _gpx(told: _Told) -> bytes:
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<gpx version="1.1" creator="battlemap" xmlns="http://www.topografix.com/GPX/1/1">']  # fmt: skip
    parts.append(f"<metadata><name>{escape(told.heading())}</name><desc>{escape(clean(told.mark))}</desc></metadata>")
    parts += [
        _point("wpt", line.site.lon, line.site.lat, f"{line.walk}-{line.place} {told.name(line)}", f"{clock(line.stop.begins)} {line.stop.number} {clean(line.site.address)}")
        for line in told.lines
        if line.site
    ]  # fmt: skip
    for at, walk, lines in told.walks():
        start = _point("rtept", *walk.start, told._("Start"), "")
        there = [_point("rtept", line.site.lon, line.site.lat, told.name(line), clock(line.stop.begins)) for line in lines if line.site]  # fmt: skip
        parts.append(f"<rte><name>{escape(told.title(at, walk))}</name><number>{at}</number>{start}{''.join(there)}{start}</rte>")  # fmt: skip
    return "\n".join([*parts, "</gpx>", ""]).encode()


def _point(tag: str, lon: float, lat: float, name: str, about: str) -> str:
    desc = f"<desc>{escape(about)}</desc>" if about else ""
    return f"<{tag} lat={quoteattr(f'{lat:.6f}')} lon={quoteattr(f'{lon:.6f}')}><name>{escape(name)}</name>{desc}</{tag}>"  # fmt: skip


def _geojson(told: _Told) -> bytes:
    found: list[dict[str, Any]] = []
    for at, walk, lines in told.walks():
        own = {"walk": at, "posts": "+".join(walk.posts), "who": who(told.room, walk.posts, told._)}
        seen = [(line, line.site) for line in lines if line.site]
        way = [list(walk.start), *([site.lon, site.lat] for _line, site in seen), list(walk.start)]
        found.append(_feature("LineString", way, {**own, "metres": walk.metres, "back": clock(walk.back)}))
        for line, site in seen:
            about = {"order": line.place, "begins": clock(line.stop.begins), "ends": clock(line.stop.ends), "number": site.number, "name": site.name, "kind": told.kind(site), "address": site.address}  # fmt: skip
            found.append(_feature("Point", [site.lon, site.lat], {**own, **about}))
    head = {"type": "FeatureCollection", "name": told.heading(), "watermark": told.mark}
    return json.dumps({**head, "features": found}, ensure_ascii=False).encode()


def _feature(kind: str, where: list[Any], about: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": where}, "properties": about}


def _ics(told: _Told) -> bytes:
    plan, stamp = told.plan, f"{told.now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    state = "CONFIRMED" if plan.state is State.KEPT else "CANCELLED"
    found = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//battlemap//plan//EN", "CALSCALE:GREGORIAN", f"X-WR-CALNAME:{_text(told.heading())}"]  # fmt: skip
    for at, walk, lines in told.walks():
        for line in lines:
            site = line.site
            found += ["BEGIN:VEVENT", f"UID:{plan.number or plan.day}-{line.stop.number}-{at}-{line.place}@{plan.area}.battlemap", f"DTSTAMP:{stamp}", f"DTSTART:{_at(told, line.stop.begins)}", f"DTEND:{_at(told, line.stop.ends)}", f"STATUS:{state}"]  # fmt: skip
            found.append(f"SUMMARY:{_text(f'{line.place}. {told.name(line)}')}")
            found.append(f"DESCRIPTION:{_text(' · '.join(filter(None, (line.stop.number, told.title(at, walk), told.mark))))}")  # fmt: skip
            if site:
                found += [f"LOCATION:{_text(clean(site.address or site.name))}", f"GEO:{site.lat:.6f};{site.lon:.6f}"]
            found.append("END:VEVENT")
    return "".join(f"{part}\r\n" for line in [*found, "END:VCALENDAR"] for part in _folded(line)).encode()


def _at(told: _Told, seconds: int) -> str:
    """Return a time of the plan's day as UTC, so that a calendar needs no table of zones."""
    zone = told.room.clock(told.now).tzinfo
    day = datetime.combine(told.plan.day, time(), zone) + timedelta(seconds=seconds)
    return f"{day.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(said: str) -> str:
    for plain, written_ in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):  # fmt: skip
        said = said.replace(plain, written_)
    return said


def _folded(line: str) -> Iterator[str]:
    """Cut a line where 75 octets are full, never within a letter; what follows begins with a space."""
    part, full = "", 0
    for letter in line:
        wide = len(letter.encode())
        if full + wide > FOLD:
            yield part
            part, full = " ", 1
        part, full = part + letter, full + wide
    yield part


def _xlsx(told: _Told) -> bytes:
    _, book = told._, openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("Field list")
    heads = (_("Walk"), _("Who inspects"), _("Place in the order"), _("Begins"), _("Ends"), _("Number"), _("Name"), _("Kind of site"), _("Address"), _("Way (m)"), _("Visited"), _("Note"))  # fmt: skip
    rows: list[tuple[int | str, ...]] = [heads]
    for at, walk, lines in told.walks():
        for line in lines:
            site = line.site
            about = (told.name(line), told.kind(site), site.address) if site else ("", "", "")
            rows.append((at, who(told.room, walk.posts, _), line.place, clock(line.stop.begins), clock(line.stop.ends), line.stop.number, *about, line.stop.metres, "☐", ""))  # fmt: skip
    for row in ((told.heading(),), *rows, (told.mark,)):
        page.append([clean(one) if isinstance(one, str) else one for one in row])
    for cells in page.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # =A1 is no formula
            cell.alignment = Alignment(vertical="top", wrap_text=cell.row > 1 and cell.row < page.max_row)
    for cell in (page["A1"], *page[2]):
        cell.font = Font(bold=True)
    for place, width in enumerate(WIDTHS, 1):
        page.column_dimensions[get_column_letter(place)].width = width
    page.freeze_panes, page.print_title_rows = "A3", "2:2"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage = 0, True
    out = BytesIO()
    book.save(out)
    return stable(out.getvalue(), told.now)


_MADE: Mapping[str, Callable[[_Told], bytes]] = MappingProxyType({"gpx": _gpx, "geojson": _geojson, "ics": _ics, "xlsx": _xlsx})  # fmt: skip
