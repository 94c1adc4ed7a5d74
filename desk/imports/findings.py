"""What an import says of a row or of a file: what it is, about what, and what to do next; in both languages from one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from locales import N_, Translator

# Kind -> what is said. Values in braces come with the finding.
REFUSALS = MappingProxyType(
    {
        "id_missing": N_("{column} is empty. Every case needs the id that it has in the other system."),
        "id_rounded": N_(
            "{column}: {value} was rounded by a spreadsheet, which keeps 15 digits of a number. Export the ids as text."
        ),
        "id_kind": N_("{column}: {value} is no id. Format the column as text and enter it again."),
        "id_long": N_("{column}: an id has at most {most} characters, this one has {length}."),
        "id_other": N_(
            "{value} is {number} here, another case: reported {at}, elsewhere, in other words. Name the system that this file comes from with --source."
        ),
        "id_twice": N_("{value} stands in row {row} already. One id is one case: take one of the rows away."),
        "row_twice": N_("The same words, time and place stand in row {row} already. Take one of the rows away."),
        "time_missing": N_("{column} is empty. Give the time of the report."),
        "time_unreadable": N_("{column}: {value} is no time that we know. Name its form in `times` of the mapping."),
        "time_future": N_("{column}: {value} lies in the future. Correct it."),
        "time_ancient": N_("{column}: {value} lies before 1990. Correct it."),
        "class_unknown": N_("{column}: nobody knows the class {value}. Say what it is in [values.class] of the mapping."),
        "class_several": N_(
            "{column}: {value} is the name of several classes: {keys}. Say which in [values.class] of the mapping."
        ),
        "class_missing": N_("No class is named, and the words propose none. Fill it in, or set one in [fixed] of the mapping."),
        "status_unknown": N_("{column}: nobody knows the state {value}. Say what it is in [values.status] of the mapping."),
        "place_missing": N_("No place: there are no coordinates, and neither a grid nor a building that we know."),
        "place_unreadable": N_("{column}: {value} is no coordinate."),
        "place_half": N_("{column} is empty, the other coordinate is there. Fill it in; a formula needs to be stored with its value."),
        "place_swapped": N_("{place} lies in no grid; with longitude and latitude exchanged it would. Exchange them."),
        "place_axes": N_("{place} is no longitude and latitude; they seem to be exchanged. Exchange them, and look at the place."),
        "place_shifted": N_("{place} lies in no grid; read as GCJ-02 it would. Set crs to GCJ-02."),
        "place_metres": N_("{place} is no longitude and latitude; it may be metres. Set crs to their system."),
        "place_outside": N_("{place} lies in no grid, nor near one. Look at the place on a map."),
        "kind_missing": N_("No kind of site is named. Fill it in, or say one for all rows with --kind."),
        "kind_unknown": N_("{column}: nobody knows the kind {value}. Say what it is in [values.kind] of the mapping."),
        "name_missing": N_("The site has no name. Fill it in."),
        "date_impossible": N_("{column}: there is no day {value}. Correct it."),
        "date_year": N_("{column}: {value} names a year alone. Write at least the month."),
        "date_unreadable": N_("{column}: {value} is no day that we know. Write it as 2026-11-22."),
        "dates_crossed": N_("{column}: it runs out before it was issued. Correct one of the two days."),
        "number_unreadable": N_("{column}: {value} is no number. Correct it."),
        "text_long": N_("{column} has {length} characters, {most} are allowed. Shorten it."),
        "text_private": N_("{column} holds a name or a number of somebody. Take it out."),
        "list_number": N_("The register has no site {value}. Correct the number, or take the site into the register first."),
        "list_unnamed": N_("The row names no enterprise. Fill in its name, or the number that it has in the register."),
        "list_near": N_("The register has no enterprise of just the name {value}. Choose which one is meant: {names}."),
        "list_none": N_("The register has no enterprise with a name like {value}. Take it into the register first, or fill in its number."),
        "list_grade": N_("{column}: {value} is no grade. Write one of {grades}."),
        "list_row_twice": N_("The same enterprise stands in row {row} already. Keep one of the two rows."),
    }
)  # fmt: skip
WARNINGS = MappingProxyType(
    {
        "near_edge": N_("Lies {metres} m from an edge: look whether the grid is right."),
        "nearest": N_("Lies just outside of the net: the nearest grid was taken."),
        "by_grid": N_("No coordinates: put into the middle of grid {code}."),
        "by_address": N_("No coordinates: put at {name}, which the address names."),
        "outside_hours": N_("Reported outside of working hours."),
        "class_guessed": N_("The class was guessed by its words: {name} ({key})."),
        "grid_differs": N_("{column} says {theirs}, the place lies in {ours}."),
        "struck": N_("Struck out: {what}. A name that stands bare in a sentence is not found: read the words before --write."),
        "hidden": N_("Characters that cannot be seen were taken out."),
        "no_words": N_("Nothing is said: it is called by its class."),
        "due_unreadable": N_("{column}: {value} is no deadline that we know; there is none then."),
        "closed_unreadable": N_("{column}: {value} is no time that we know; it has no closing time then."),
        "due_early": N_("The deadline lies before the report."),
        "closed_early": N_("It ended before it was reported."),
        "closed_untimed": N_("It is done, and nobody says since when."),
        "excel_date": N_("{column}: the number {value} was read as a date of Excel."),
        "value_unknown": N_("{column}: nobody knows {value}; it counts as usual."),
        "differs": N_("The ledger says otherwise and stays as it is: {fields}."),
        "worked_on": N_("It was worked on here since; a person decides what holds."),
        "backward": N_(
            "The other system had said this before, or was further on already: the file may be an old one. If the case did go back there, take it over with --reopen."
        ),
        "month_only": N_("{column}: {value} names a month alone; {day} was taken, and the words are kept beside it."),
        "phone_unreadable": N_("{column}: that is no telephone, and was left out."),
        "state_unknown": N_("{column}: nobody knows the state {value}; it counts as active."),
        "alike": N_("May be the same as {other}, {metres} m away: {name}. Compare the two."),
        "cut": N_("{column} was cut to {most} characters."),
        "list_nothing": N_("The row asks for nothing at any level, and the enterprise is not exempt: it gets no task."),
        "list_out_of_use": N_("The enterprise is out of use in the register: it gets no task until it is in use again."),
    }
)  # fmt: skip
NOTES = MappingProxyType(
    {
        "guessed": N_("The mapping was guessed by the names of the columns. Look at it, and save it with --propose."),
        "unused": N_("Columns that are left aside: {columns}."),
        "contacts": N_("Contacts of people are not taken over: {columns}."),
        "merged": N_("Merged cells: their value counts for every row that they cover."),
        "no_id": N_("No column has an id: rows are told apart by what they say, and cannot be brought up to date."),
        "assumed_crs": N_("No coordinate system is declared: WGS84 was assumed. Say otherwise with crs in the mapping."),
        "named_crs": N_("The columns speak of {crs}: read so."),
        "unnamed": N_("Nobody named the other system. Name it with --source, so that its ids are not taken for those of another one."),
        "cut_ids": N_("All long ids end in 0: a spreadsheet may have cut them to 15 digits. Compare one with the system."),
        "all_swapped": N_("Most places would lie in the net if the two coordinates were exchanged: exchange lon and lat in the mapping."),
        "all_shifted": N_("Most places outside would lie in the net if they were read as GCJ-02: set crs to GCJ-02."),
        "grids_shifted": N_("Read as GCJ-02, {shifted} of {all} grids would agree, now {agreed} do: set crs to GCJ-02."),
        "footer": N_("Rows below the table that are no cases: {rows}."),
        "title_rows": N_("The names of the columns stand in row {row}."),
        "first_row": N_("The mapping looks for the names of the columns in row {row}; they stand in row 1, which was taken."),
        "formulas": N_("Formulas without a stored value are empty: open the workbook in Excel, save it, import again."),
        "sheets": N_("Sheet {name} was read; there are also: {rest}. Name another with --sheet."),
    }
)  # fmt: skip


N_REFUSED = N_("refused because")  # name of the column that says why, in the file of refused rows


@dataclass(frozen=True)
class Finding:
    """One thing to say.

    Attributes
    ----------
    kind
        A key of `REFUSALS`, `WARNINGS` or `NOTES`.
    said
        The values that belong to it.
    """

    kind: str
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_refusal(self) -> bool:
        """Whether a row with it cannot be taken."""
        return self.kind in REFUSALS

    def text(self, _: Translator) -> str:
        """Say it in a language."""
        table = REFUSALS if self.kind in REFUSALS else WARNINGS if self.kind in WARNINGS else NOTES
        return _(table[self.kind]).format(**self.said)


def finding(kind: str, **said: Any) -> Finding:
    """Return a finding; long values are shortened, for a report is read by people."""
    return Finding(kind, {name: short(value) if isinstance(value, str) else value for name, value in said.items()})


def short(text: str, most: int = 60) -> str:
    """Return a text on one line, shortened."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
