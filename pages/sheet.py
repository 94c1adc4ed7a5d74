"""The daily sheet (日通报): the cases of a day or a campaign, by communities, as it prints; and its files."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.photos import smaller
from desk.room import Room
from desk.sheets import acts
from geo.errors import BattlemapError
from incidents.sheet_life import Sheet
from incidents.sheets import day_of
from ledger import campaigns
from pages.parts.going import go, link
from pages.parts.sheet_life import past, standing
from pages.parts.visit import Visit
from reports.campaign_words import sheet_target
from reports.daily import day_from
from reports.figures import DAY_FIGURES
from reports.sheet_files import KINDS
from reports.sheet_files.paper import Paper, Row, said
from reports.sheet_frozen import shown

CASES = ""
SHOT = 640  # pixels of a photo on the page
Lead = Callable[[str, str], str]


def render(visit: Visit) -> None:
    """Show the page."""
    room, own, _ = visit.room(), dict(st.session_state["own"]["sheet"]), visit._
    with st.container(key="daily", gap="small"):
        st.html(f'<h1 class="bm-heading">{escape(_("Daily sheet"))}</h1>', width="content")
        choice = st.container()  # filled in when it is known what is shown: a sheet may be asked for by its number
        try:
            sheet, own = _of(visit, room, own)
            paper = shown(room, visit.now, visit.language, sheet, day=day_from(own.get("day", "")), campaign=own.get("campaign", CASES))  # fmt: skip
        except BattlemapError as error:
            with choice:
                _choose(visit, room, own)
            words = _("There is no sheet of that day or campaign. Choose another one above.")
            st.html(
                f'<p class="bm-refused" role="alert">{escape(words)}<br><span lang="en">{escape(str(error))}</span></p>'
            )
            return
        with choice:
            _choose(visit, room, own)
        standing(visit, room, sheet, paper.day or visit.now.date(), own.get("campaign", CASES))
        _files(visit, room, own)
        st.html(_sheet(paper, _leads(visit, room, paper, sheet, own.get("campaign", CASES))))
        past(visit, room)


def _of(visit: Visit, room: Room, own: dict[str, str]) -> tuple[Sheet | None, dict[str, str]]:
    """Return the sheet that an address asks for, by its number or its day, and what it is of; None where nobody drew it up."""
    if own.get("number"):
        found = acts.numbered(room, own["number"])
        return found, {**own, "day": found.day.isoformat(), "campaign": found.campaign}
    day = day_from(own.get("day", "")) or day_of(visit.now, room.rules.sheets.cutoff, room.area.pack.timezone)
    return acts.of(room, day, own.get("campaign", CASES)), own


def _choose(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show what may be chosen: what the sheet is of, and its day."""
    _, known = visit._, {CASES: visit._("Cases of the day")}
    if visit.may("campaigns"):
        with room.ledger.reading() as connection:
            known |= {one.number: one.name for one in campaigns.page(connection, room.id)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kept = own.get("campaign", CASES)
        st.session_state["sheet_of"] = kept if kept in known else CASES
        st.selectbox(
            _("Sheet of"),
            list(known),
            format_func=lambda one: known.get(one, one),
            key="sheet_of",
            on_change=_take,
            width=320,
        )
        try:
            st.session_state["sheet_day"] = day_from(own.get("day", ""))
        except BattlemapError:
            st.session_state["sheet_day"] = None
        st.date_input(_("Day (empty: the one that runs)"), key="sheet_day", on_change=_take, width=240)


def _take() -> None:
    day = st.session_state["sheet_day"]
    said_ = {"campaign": st.session_state["sheet_of"], "day": day.isoformat() if day else ""}
    go("sheet", {name: value for name, value in said_.items() if value})


def _files(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    query = urlencode(
        {"lang": visit.language, **{name: own[name] for name in ("day", "campaign", "number") if own.get(name)}}
    )
    links = " · ".join(
        f'<a id="to_{kind}" href="/sheet-file/{quote(room.id, safe="")}/{kind}?{escape(query)}" download>{kind.upper()}</a>'
        for kind in KINDS
    )
    st.html(f'<p class="bm-note">{escape(visit._("Take it as a file:"))} {links}</p>')


def _leads(visit: Visit, room: Room, paper: Paper, sheet: Sheet | None, campaign: str) -> Lead:
    """Return how a figure of a line leads to the list of what it counts: the opening tag, "" where it leads to none."""
    which = sheet.number if sheet else str(paper.day)

    def cases(figure: str, code: str) -> str:
        return link(visit, "cases", {"counted": ".".join(filter(None, (which, figure, code)))}) if figure in DAY_FIGURES else ""  # fmt: skip

    def targets(figure: str, code: str) -> str:
        to = sheet_target(room, campaign, paper, which, figure, code)
        return link(visit, *to) if to else ""

    return targets if campaign else cases


def _sheet(paper: Paper, lead: Lead) -> str:
    """Return the sheet as it prints; each count leads to what it counts."""
    heads = "".join(
        f"<th scope=col>{escape(one)}</th>" for one in (paper.first, *(one.heading for one in paper.columns))
    )
    rows = "".join(f"<tr>{_cells(paper, row, lead)}</tr>" for row in (*paper.rows, paper.total))
    notes = "".join(f"<p>{escape(one)}</p>" for one in paper.notes)
    return (
        f'<div class="bm-daily"><h2>{escape(paper.organ)} · {escape(paper.title)}</h2>'
        f'<p class="bm-note">{escape(" · ".join(filter(None, (paper.number, paper.period, paper.unit, paper.state))))}</p><p>{escape(paper.comment)}</p>'
        f'<div class="bm-wide"><table class="bm-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{notes}'
        f'<figure class="bm-day-map">{_map(paper)}<figcaption class="bm-note">{escape(paper.map_caption)}</figcaption></figure>'
        f"{_pairs(paper)}</div>"
    )


def _map(paper: Paper) -> str:
    """Return the map as a picture: a page takes no drawing among its words."""
    drawn = b64encode(paper.map.encode()).decode()
    return f'<img alt="{escape(paper.map_caption)}" src="data:image/svg+xml;base64,{drawn}">' if drawn else ""


def _pairs(paper: Paper) -> str:
    """Return the photos before and after; they stand in the page, small, for who sees the sheet may not read each case."""
    if not paper.pairs:
        return ""
    parts = "".join(
        f"<figure><figcaption>{escape(pair.caption)}</figcaption>{_shot(paper, pair.before, 'before')}{_shot(paper, pair.after, 'after')}</figure>"
        for pair in paper.pairs
    )
    return f'<h3>{escape(paper.words["pairs"])}</h3><div class="bm-shown">{parts}</div>'


def _shot(paper: Paper, data: bytes, word: str) -> str:
    text = escape(paper.words[word])
    if not data:
        return f'<span class="bm-note">{text}: {escape(paper.words["no_photo"])}</span>'
    return f'<span><img src="data:image/jpeg;base64,{b64encode(smaller(data, SHOT)).decode()}" alt="{text}"><small>{text}</small></span>'


def _cells(paper: Paper, row: Row, lead: Lead) -> str:
    cells = [f"<th scope=row>{escape(row.name)}</th>"]
    for column in paper.columns:
        text, way = escape(said(column, row.values.get(column.key))), ""
        if row.values.get(column.key) and (row.code or row is paper.total):
            way = lead(column.key, row.code)
        cells.append(f"<td>{way}{text}{'</a>' if way else ''}</td>")
    return "".join(cells)
