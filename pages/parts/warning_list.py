"""Part of the page of heavy-pollution warnings: the yearly emergency list (应急减排清单), and how its table is taken in: looked at first, then put as a whole, or nothing."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from desk.alerts import NEEDS
from desk.room import Room
from desk.warnings import list_tables, lists
from desk.warnings.list_tables import Plan, Row
from geo.errors import BattlemapError
from inspections.emergency_list import FIRST_YEAR, LAST_YEAR, LEVELS, EmergencyList, Line, grades
from locales import listed
from pages.parts.files import files
from pages.parts.going import link
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports import emergency_words
from reports.alerts import LEVEL
from reports.emergency_words import HEADS
from reports.refusals import refusal

KINDS = ["xlsx", "xlsm", "csv", "tsv", "txt"]
SHOWN = 200
LOOKED, WRITTEN, CHOSEN = "emergency_looked", "emergency_written", "emergency_is_"


def emergency_list(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the list of a year: the one that is asked for, else the latest."""
    _ = visit._
    there = lists.listed(room)
    one = next((each for each in there if str(each.year) == own.get("year")), there[0] if there else None)
    with st.container(key="air_list_top", horizontal=True, vertical_alignment="center", gap="medium"):
        if there:
            years = " · ".join(f"{link(visit, 'warnings', {'tab': 'list', 'year': str(each.year)}, attributes=' aria-current=true' if each is one else '')}{each.year}</a>" for each in there)  # fmt: skip
            st.html(f'<p class="bm-digest">{years}</p>', width="content")
        if visit.may(NEEDS) and not room.within.narrows and st.button(_("Take a list in"), key="emergency_take"):
            st.session_state.pop(WRITTEN, None)
            _take(visit)
        if one:
            year = str(one.year)
            files(visit, room, "emergency-list", _("Emergency list"), len(one.lines), year, {"tab": "list", "year": year}, lambda now: emergency_words.table(next(each for each in lists.listed(now) if str(each.year) == year).lines, _), key="to_list")  # fmt: skip
    if one is None:
        st.html(f'<p class="bm-empty">{escape(_("No emergency list yet: enterprises follow the rules of their kind. Take in the list of the ecology bureau; an empty table with its columns is handed out there."))}</p>')  # fmt: skip
        return
    st.html(f'<p class="bm-note">{escape(_counted(visit, one))}</p>')
    if not one.lines:
        st.html(f'<p class="bm-empty">{escape(_("No enterprise that you see stands in this list."))}</p>')
        return
    st.html(f'<div class="bm-air">{_table(visit, one.lines)}</div>')


def _counted(visit: Visit, one: EmergencyList) -> str:
    """Return how many there are, by grade and level."""
    _ = visit._
    said = [_("{n} enterprises from {file}").format(n=len(one.lines), file=one.file)]
    said += [_("{grade} {n}").format(grade=grade or _("no grade"), n=many) for grade, many in grades(one.lines)]
    said += [_("at {level} {n}").format(level=_(LEVEL[level]), n=sum(bool(line.asks(level)) for line in one.lines)) for level in LEVELS]  # fmt: skip
    said.append(_("{n} exempt").format(n=sum(bool(line.exempt) for line in one.lines)))
    return " · ".join(said)


def _table(visit: Visit, lines: Sequence[Line]) -> str:
    heads = "".join(f'<th scope="col">{escape(visit._(name))}</th>' for key, name in HEADS.items() if key != list_tables.SITE)  # fmt: skip
    rows = "".join(
        f"<tr><td>{link(visit, 'sites', {'site': one.site})}{escape(one.name)}</a></td><td>{escape(one.grade)}</td>"
        + "".join(f'<td class="bm-long">{escape(one.says.get(level, ""))}</td>' for level in LEVELS)
        + f'<td class="bm-long">{escape(one.exempt)}</td><td class="bm-long">{escape(one.plan)}</td></tr>'
        for one in lines
    )
    return f'<table class="bm-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


# Taking one in


def _take(visit: Visit) -> None:
    """Ask for a table in a dialog."""
    _ = visit._

    @st.dialog(_("Take an emergency list in"), width="large")
    def ask() -> None:
        if year := st.session_state.get(WRITTEN):
            _done(visit, year)
            return
        room = visit.room()
        st.html(f'<p class="bm-note">{escape(_("One row for each enterprise: name or number in the register, grade, measures at yellow, orange and red, why it is exempt, its own plan. The list of a year is put as a whole, in place of the one before."))}</p>')  # fmt: skip
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            year = int(st.number_input(_("Year of the list"), FIRST_YEAR, LAST_YEAR, visit.now.astimezone(room.area.pack.timezone).year, key="emergency_year"))  # fmt: skip
            st.download_button(_("Empty table"), list_tables.template(), _("emergency-list.csv"), "text/csv", key="emergency_template")  # fmt: skip
        given = st.file_uploader(_("Emergency list (XLSX, CSV)"), type=KINDS, key="emergency_file")
        if given is None:
            return
        looked = _look(visit, room, given.name, given.getvalue(), year)
        if isinstance(looked, BattlemapError):
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(looked, _))}</p>')
        else:
            _report(visit, looked)
            _choose(visit, looked)
            _write(visit, room, looked)

    ask()


def _look(visit: Visit, room: Room, name: str, data: bytes, year: int) -> Plan | BattlemapError:
    """Return what the table would do; with the same choices the same file is read once."""
    chosen = {int(str(key).removeprefix(CHOSEN)): str(value) for key, value in st.session_state.items() if str(key).startswith(CHOSEN) and value}  # fmt: skip
    key = (hashlib.sha256(data).hexdigest(), name, year, tuple(sorted(chosen.items())), room.id, visit.language)
    kept = st.session_state.get(LOOKED)
    if kept and kept[0] == key:
        return kept[1]
    found: Plan | BattlemapError
    with tempfile.TemporaryDirectory(prefix="battlemap-list-") as folder:
        path = Path(folder) / f"list{Path(name).suffix.lower()}"
        path.write_bytes(data)
        try:
            found = list_tables.plan(room, path, year, called=name, chosen=chosen)
        except BattlemapError as error:
            found = error
    st.session_state[LOOKED] = (key, found)
    return found


def _report(visit: Visit, plan: Plan) -> None:
    """Show what is noted of the file, what the list says otherwise than the one before, and the rows to be looked at, refused ones first."""
    _ = visit._
    differs = plan.differs
    lines = [_("{n} enterprises, {refused} rows cannot be taken").format(n=len(plan.rows), refused=len(plan.refused))]
    if plan.wished:
        for text, some in ((_("new: {names}"), differs.added), (_("changed: {names}"), differs.changed), (_("no longer in it: {names}"), differs.gone)):  # fmt: skip
            if some:
                names = listed([one.name for one in some[:SHOWN]], visit.language)
                lines.append(text.format(names=f"{names} ({len(some)})"))
    lines += [note.text(_) for note in plan.notes]
    st.html(f'<div class="bm-note" role="status">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>')
    told = sorted((row for row in plan.rows if row.findings), key=lambda row: (row.line is not None, row.row))[:SHOWN]
    if told:
        st.html(f'<div class="bm-import">{table((_("Row"), _("Enterprise"), _("Why")), [(str(row.row), row.name, " ".join(one.text(_) for one in row.findings)) for row in told])}</div>')  # fmt: skip


def _choose(visit: Visit, plan: Plan) -> None:
    """Ask which site is meant, for rows whose name is like some."""
    for row in plan.rows:
        if row.may_be:
            names = {"": visit._("not chosen yet")} | {number: f"{name} {number}" for number, name in row.may_be}
            st.selectbox(visit._("Row {row}, {name}: which site is it?").format(row=row.row, name=row.name), list(names), format_func=names.__getitem__, key=_choice(row))  # fmt: skip


def _choice(row: Row) -> str:
    return f"{CHOSEN}{row.row}"


def _write(visit: Visit, room: Room, plan: Plan) -> None:
    _ = visit._
    if plan.wished is None:
        st.html(f'<p class="bm-refused" role="alert">{escape(_("A list is taken as a whole, or not at all. Choose or correct these rows."))}</p>')  # fmt: skip
    elif not plan.differs:
        st.html(f'<p class="bm-note" role="status">{escape(_("The list says what the one before said; nothing was changed."))}</p>')  # fmt: skip
    elif st.button(_("Put the list of {year}: {n} enterprises").format(year=plan.wished.year, n=len(plan.wished.lines)), type="primary", key="emergency_put"):  # fmt: skip
        try:
            lists.put(room, plan.wished, visit.by("act"), datetime.now(UTC))
        except BattlemapError as error:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
        else:
            st.session_state[WRITTEN] = plan.wished.year
        st.session_state.pop(LOOKED, None)
        if st.session_state.get(WRITTEN):
            st.rerun(scope="fragment")


def _done(visit: Visit, year: int) -> None:
    _ = visit._
    st.html(f'<p class="bm-saved" role="status">{escape(_("The list of {year} holds now; warnings that hold follow it.").format(year=year))}</p>')  # fmt: skip
    if st.button(_("Back to the list"), key="emergency_done"):
        st.session_state.pop(WRITTEN, None)
        for key in [key for key in st.session_state if str(key).startswith(CHOSEN)]:
            del st.session_state[key]
        st.rerun()
