"""Taking a spreadsheet of posts and holders: template, dry run by row, then the whole file or nothing."""

import tempfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from desk.posts import staff
from desk.posts.staff import Report, Step
from desk.room import Room
from geo.errors import BattlemapError
from locales import listed
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports.roster import VERB, holder_name, span, trouble

SHOWN = 200
KINDS = ["xlsx", "csv", "xlsm", "tsv"]
TEMPLATE = "posts.xlsx"


def take_file(visit: Visit, room: Room) -> None:
    """Ask for a file in a dialog."""
    _ = visit._

    @st.dialog(_("Import posts and holders"), width="large")
    def ask() -> None:
        words = _(
            "Take the template, fill in who holds which post, and hand it in. Or hand in a list of your own: grid, post, name. Telephone numbers are not read."
        )
        st.html(f'<p class="bm-note">{escape(words)}</p>')
        st.download_button(
            _("Template with the posts of this area"),
            lambda: staff.template(room, visit.now, visit.language),
            file_name=TEMPLATE,
            key="staff_template",
        )
        given = st.file_uploader(_("Spreadsheet (XLSX or CSV)"), type=KINDS, key="staff_file")
        if given is not None:
            _look(visit, room, given.name, given.getvalue())

    ask()


def _look(visit: Visit, room: Room, name: str, data: bytes) -> None:
    """Show what a file would change, and write it when it is told to."""
    _, now = visit._, datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="battlemap-posts-") as folder:
        path = Path(folder) / f"posts{Path(name).suffix.lower()}"
        path.write_bytes(data)
        try:
            file = staff.read(room, path)
            report = staff.plan(room, file, now)
        except BattlemapError as error:
            st.error(trouble(error, _).replace(path.name, name))
            return
    _report(visit, room, report)
    if report.faults or not report.changes:
        return
    if st.button(_("Write {n} rows").format(n=len(report.changes)), type="primary", key="staff_write"):
        try:
            staff.take(room, file, visit.by("posts"), datetime.now(UTC))
        except BattlemapError as error:
            st.error(trouble(error, _))
        else:
            st.rerun()


def _report(visit: Visit, room: Room, report: Report) -> None:
    _ = visit._
    counted = [f"{_(VERB[verb])} {report.count(verb)}" for verb in VERB if report.count(verb)]
    summary = _("{n} rows: {counted}").format(n=len(report.steps), counted=listed(counted, visit.language))
    lines = [summary]
    if report.faults:
        lines.append(_("Correct these rows first: a file is taken as a whole, or not at all."))
    elif not report.changes:
        lines.append(_("Nothing changes: all of it is known already."))
    if report.file.contacts:
        lines.append(
            _("Not read, for they hold contacts: {names}").format(names=listed(report.file.contacts, visit.language))
        )
    st.html("".join(f"<p>{escape(line)}</p>" for line in lines))
    told = [step for step in report.steps if step.verbs != ("same",)]
    told.sort(key=lambda step: (step.row.fault is None, step.row.number))
    rows = [_row(visit, room, step) for step in told[:SHOWN]]
    if rows:
        heads = (_("Row"), _("What"), _("Post"), _("Holder"), _("Days"))
        st.html(f'<div class="bm-import">{table(heads, rows)}</div>')


def _row(visit: Visit, room: Room, step: Step) -> tuple[str, ...]:
    _ = visit._
    if step.row.fault:
        return (str(step.row.number), _(VERB["fault"]), trouble(step.row.fault, _), "", "")
    verbs = listed((_(VERB[verb]) for verb in step.verbs), visit.language)
    held = step.held
    days = span(room, held.since, held.until, _) if held else ""
    return (str(step.row.number), verbs, step.post.title, holder_name(held, _) if held else "", days)
