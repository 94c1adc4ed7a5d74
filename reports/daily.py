"""The daily sheet (日通报) as it stands now: cases of a day, or a campaign, by communities, ready for paper.

Every count comes through `reports.figures` (one filter, one query) or `reports.coverage`, as on map, list and wall. Nothing here is signed: the sheet says so across each
page, and its figures are those of the moment at which it was drawn up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from desk.patrols.people import grids
from desk.room import Room
from geo.errors import FilterError
from incidents.indicators import FIGURES, Indicator, share
from incidents.sheets import day_of, ranks, span
from inspections.campaigns import Campaign, total
from inspections.campaigns import Row as Reach
from layers.grid_names import full_names
from layers.sheet.day import day_map
from ledger import campaigns
from locales import N_, Translator, translator
from reports import figures
from reports.coverage import coverage, lines
from reports.figures import INSTANT, day_figures, level_of, of_day
from reports.sheet_files.paper import CHANGE, MISSING, RANK, RATE, Column, Paper, Row, fixed

NEVER = datetime(1, 1, 2, tzinfo=UTC)
CASE_HEADS: Mapping[str, str] = {"new": N_("New of the day"), "handled": N_("Done with"), "open": N_("Still open"), "late": N_("Overdue")}  # fmt: skip
CASES, REACHED = FIGURES["cases"], FIGURES["campaign"]


def draft(room: Room, now: datetime, language: str, *, day: date | None = None, campaign: str = "") -> Paper:
    """Return the sheet of a day as far as it can be drawn up now.

    Parameters
    ----------
    day
        A day of the sheet, from cut-off to cut-off; None for the one that runs.
    campaign
        Number of a campaign; "" for the cases of the day.

    Raises
    ------
    FilterError
        The day is not there yet.
    DraftError
        There is no such campaign.
    """
    rules, zone, _ = room.rules.sheets, room.area.pack.timezone, translator(language)
    running = day_of(now, rules.cutoff, zone)
    day = day or running
    if day > running:
        raise FilterError(f"day={day}: this day is not there yet. The sheet that runs is that of {running}.")
    begins, ends = span(day, rules.cutoff, zone)
    if campaign:
        with room.ledger.reading() as connection:
            chosen = campaigns.get(connection, room.id, campaign)
        made = _of_campaign(room, chosen, begins, min(ends - INSTANT, now.astimezone(zone)), language, _)
    else:
        made = _of_cases(room, begins, ends, now, language, _)
    until = min(ends, now.astimezone(zone))
    return replace(
        made,
        organ=room.area.pack.name.in_(language),
        period=_("Counted from {begins} to {ends}; the day ends at {cutoff}").format(begins=f"{begins:%Y-%m-%d %H:%M}", ends=f"{until:%Y-%m-%d %H:%M}", cutoff=f"{rules.cutoff:%H:%M}"),
        first=level_of(room).name.in_(language),
        at=now.astimezone(zone),
        circulation=rules.circulation.get(language, ""),
        signer=rules.signer.get(language, ""),
        state=_("Not signed"),
        synthetic=_("Illustrative") if room.area.pack.synthetic else "",
        day=day,
        language=language,
        words=fixed(_),
    )  # fmt: skip


def day_from(text: str) -> date | None:
    """Read a day from an address; "" is the one that runs.

    Raises
    ------
    FilterError
        It is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise FilterError(f"day={text}: write it as 2026-11-23.") from None


def _blank(title: str, unit: str, columns: tuple[Column, ...], rows: tuple[Row, ...], whole: Row) -> Paper:
    return Paper(title, "", "", "", unit, "", columns, rows, whole, NEVER)  # the rest is filled in by `draft`


def _of_cases(room: Room, begins: datetime, ends: datetime, now: datetime, language: str, _: Translator) -> Paper:
    key, rates = level_of(room).key, room.rules.indicators.sheets["cases"]
    picture, then = of_day(room, begins, ends, now), of_day(room, begins - timedelta(days=1), begins, now)
    columns = (
        *_columns({name: _(head) for name, head in CASE_HEADS.items()}, rates, language), Column("rank", _("Rank"), RANK), Column("change", _("Against the day before"), CHANGE),
    )  # fmt: skip
    found, earlier = (cases_by(day_figures(one.placed, key, one.clock)) for one in (picture, then))
    names = full_names(room.area.net).get(key, {})
    codes = sorted({code for level, code in grids(room) if level == key} | {*found, *earlier} - {""})
    codes += [""] if "" in found or "" in earlier else []
    nothing = dict.fromkeys(CASES, 0)
    values = [found.get(code, nothing) for code in codes]
    places = ranks([(one[rates[0].part], one[rates[0].whole]) for one in values])
    rows = tuple(
        Row(names.get(code, code) or _("In no grid"), {**_rated(one, rates), "rank": place, "change": one["new"] - earlier.get(code, nothing)["new"]}, code)
        for code, one, place in zip(codes, values, places, strict=True)
    )  # fmt: skip
    whole = {name: sum(one[name] for one in values) for name in CASES}
    was = sum(one["new"] for one in earlier.values())
    end = Row(_("Total"), {**_rated(whole, rates), "rank": None, "change": whole["new"] - was})
    made = _blank(_("Daily sheet of cases"), _("Unit: cases"), columns, rows, end)
    hidden = figures.restricted(picture.cases)
    notes = (
        (_("{n} cases of classes that are kept back are not in this table.").format(n=hidden),) if hidden else ()
    ) + _formulas(columns, rates, _)
    said = _("{new} cases were reported, {handled} of them are handled ({share}), {late} are overdue.")
    comment = said.format(**whole, share=share(whole["handled"], whole["new"]) or MISSING)
    level = _drawn(room)
    words = {
        "red": _("Something is open"),
        "yellow": _("Verifying or waiting"),
        "green": _("All handled"),
        "none": _("No case"),
    }
    drawn = day_map(
        room.area,
        figures.grid_states(room.area.net, picture.placed, level),
        key=level,
        named=level_of(room).key,  # of the lines: names below it come again in each of them
        words=words,
        language=language,
    )
    return replace(
        made, notes=notes, comment=comment, map=drawn, map_caption=_("Grids by the state of the day's cases")
    )


def counted_words(room: Room, said: str, _: Translator) -> str:
    """Return what the cases are that a figure of a daily sheet counts (`reports.figures.Filter.counted`); "" where none is asked for."""
    which, _dot, rest = said.partition(".")
    figure, _dot, code = rest.partition(".")
    if figure not in CASE_HEADS:
        return ""
    place = full_names(room.area.net).get(level_of(room).key, {}).get(code, code) or _("Total")
    return _("What the daily sheet {which} counts: {figure}, {place}. The cases are shown as they stand now.").format(which=which, figure=_(CASE_HEADS[figure]), place=place)  # fmt: skip


def cases_by(lines: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, dict[str, int]]:
    """Count what `reports.figures.day_figures` lists: code -> `CASES`."""
    return {code: {name: len(numbers) for name, numbers in line.items()} for code, line in lines.items()}


def _of_campaign(room: Room, campaign: Campaign, begins: datetime, at: datetime, language: str, _: Translator) -> Paper:
    key, number, rates = level_of(room).key, phase_of(campaign, at.date()), room.rules.indicators.sheets["campaign"]
    columns = (
        *_columns(
            {
                "targets": _("To be inspected"), "visited": _("Already inspected"), "new_today": _("New of the day"), "findings": _("Hazards found"), "corrected": _("Corrected"),
                "correcting": _("In correction"), "handed_over": _("Handed to a department"), "open_late": _("Of these overdue"),
            }, rates, language,
        ),
        Column("rank", _("Rank"), RANK), Column("change", _("Against the day before"), CHANGE),
    )  # fmt: skip
    reached = lines(room, campaign, number, at, key, _, since=begins)
    earlier = {one.code: one for one in coverage(room, campaign, number, begins - INSTANT, by=key)}
    places = ranks([(getattr(one, rates[0].part), getattr(one, rates[0].whole)) for one in reached])
    rows = tuple(
        Row(one.name or _("In no grid"), {**_reached(one, rates), "rank": place, "change": one.visited - earlier.get(one.code, Reach(one.code)).visited}, one.code)
        for one, place in zip(reached, places, strict=True)
    )  # fmt: skip
    whole = total(reached)
    end = Row(
        _("Total"),
        {**_reached(whole, rates), "rank": None, "change": whole.visited - total(tuple(earlier.values())).visited},
    )
    title = _("{campaign}: daily sheet").format(campaign=campaign.name)
    made = _blank(title, _("Unit: places, hazards"), columns, rows, end)
    level = _drawn(room)
    states = _states(coverage(room, campaign, number, at, by=level))
    words = {
        "red": _("Not all inspected"),
        "yellow": _("Inspected, hazards open"),
        "green": _("Inspected, nothing open"),
        "none": _("No target"),
    }
    said = _(
        "{visited} of {targets} are inspected ({share}); {findings} hazards were found, {corrected} are put right ({put})."
    )
    comment = said.format(
        visited=whole.visited, targets=whole.targets, findings=whole.findings, corrected=whole.corrected,
        share=share(whole.visited, whole.targets) or MISSING, put=share(whole.corrected, whole.findings) or MISSING,
    )  # fmt: skip
    drawn = day_map(room.area, states, key=level, named=level_of(room).key, words=words, language=language)
    notes = _formulas(columns, rates, _)
    return replace(made, notes=notes, comment=comment, map=drawn, map_caption=_("Grids by how far the campaign is"))


def phase_of(campaign: Campaign, day: date) -> int:
    """Return the phase that ran on a day, or had run last; 0 before the first."""
    begun = [number for number, phase in enumerate(campaign.phases, 1) if phase.begun and phase.begun <= day]
    return begun[-1] if begun else 0


def _reached(one: Reach, rates: Sequence[Indicator]) -> dict[str, int | str | None]:
    return _rated({name: getattr(one, name) for name in REACHED}, rates)


def _rated(counts: Mapping[str, int], rates: Sequence[Indicator]) -> dict[str, int | str | None]:
    """Return the figures of a line with the indicators made of them."""
    return {**counts, **{one.key: one.of(counts) for one in rates}}


def _columns(headings: Mapping[str, str], rates: Sequence[Indicator], language: str) -> list[Column]:
    """Return the columns of figures, each followed by the indicators that take a part of them."""
    return [
        column
        for key, heading in headings.items()
        for column in (
            Column(key, heading),
            *(Column(one.key, one.name[language], RATE) for one in rates if one.part == key),
        )
    ]


def _formulas(columns: Sequence[Column], rates: Sequence[Indicator], _: Translator) -> tuple[str, ...]:
    """Return what the shares are made of, as a note below the table."""
    names = {one.key: one.heading for one in columns}
    said = _("; ").join(f"{names[one.key]} = {names[one.part]} ÷ {names[one.whole]}" for one in rates)
    return (_("Shares: {formulas}").format(formulas=said),)


def _states(reached: Sequence[Reach]) -> dict[str, str]:
    """Return the state of each grid of a campaign: red while a target was not inspected, yellow while a hazard is open, else green."""
    return {
        one.code: "red" if one.visited < one.targets else "yellow" if one.corrected < one.findings else "green"
        for one in reached
        if one.code and one.targets
    }


def _drawn(room: Room) -> str:
    """Return the level that the map colours: the one above the leaf, whose grids have room for their names."""
    levels = room.area.net.levels
    return levels[max(0, len(levels) - 2)].key
