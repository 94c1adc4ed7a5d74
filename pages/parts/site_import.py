"""Part of the page of sites: a table that comes in. It is looked at first, row by row; then all of it is written, or nothing."""

import hashlib
import tempfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from desk.room import Room
from desk.sites import imports, register
from desk.sites.imports import Plan, Verdict
from desk.sites.report import VERDICTS
from desk.sites.report import table as told_of
from geo.errors import BattlemapError
from locales import listed
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports.refusals import refusal

KINDS = ["xlsx", "csv", "tsv", "xlsm", "geojson", "gpkg", "parquet"]
SYSTEMS = ("", "WGS84", "GCJ-02", "BD-09", "EPSG:4547")
SHOWN = 200
LOOKED, WRITTEN = "site_import_looked", "site_import_written"
ORDER = (Verdict.REFUSED, Verdict.ALIKE, Verdict.CHANGED, Verdict.NEW, Verdict.KNOWN)


def may_take(visit: Visit, room: Room) -> bool:
    """Tell whether who looks may take tables in: they see all of the area, for a table is compared with all sites."""
    return visit.may("import") and visit.may(register.EDIT) and not room.within.narrows


def take_table(visit: Visit, room: Room) -> None:
    """Ask for a table in a dialog."""
    _ = visit._

    @st.dialog(_("Take a table of sites in"), width="large")
    def ask() -> None:
        if written := st.session_state.get(WRITTEN):
            _written(visit, written)
            return
        given = st.file_uploader(_("Table of sites (XLSX, CSV, GeoJSON, GeoPackage)"), type=KINDS, key="site_import_file")  # fmt: skip
        kinds = room.rules.sites.kinds
        with st.container(horizontal=True, gap="small"):
            crs = st.selectbox(_("System of the coordinates"), SYSTEMS, format_func=lambda one: one or _("as the file says"), key="site_import_crs")  # fmt: skip
            kind = st.selectbox(_("Kind of rows that name none"), ["", *kinds], format_func=lambda key: kinds[key].name.in_(visit.language) if key else _("none: such rows are refused"), key="site_import_kind")  # fmt: skip
            source = st.text_input(_("Where the table comes from"), max_chars=40, key="site_import_source")
        if given is None:
            return
        options = {"crs": crs, "source": source.strip()}
        looked = _look(visit, given.name, given.getvalue(), options, kind)
        if isinstance(looked, BattlemapError):
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(looked, _))}</p>')  # fmt: skip
        else:
            _report(visit, looked)
            _write(visit, looked)

    ask()


def _look(visit: Visit, name: str, data: bytes, options: dict[str, str], kind: str) -> Plan | BattlemapError:
    """Return what the table would do; the same file is read once."""
    room = visit.room()
    key = (hashlib.sha256(data).hexdigest(), name, *options.values(), kind, room.id, visit.language)
    kept = st.session_state.get(LOOKED)
    if kept and kept[0] == key:
        return kept[1]  # type: ignore[no-any-return]
    bar = st.progress(0.0, visit._("Reading the table"))

    def progress(done: int, all_: int) -> None:
        bar.progress(min(1.0, done / max(1, all_)), visit._("{done} of {all} rows").format(done=f"{done:,}", all=f"{all_:,}"))  # fmt: skip

    found: Plan | BattlemapError
    with tempfile.TemporaryDirectory(prefix="battlemap-sites-") as folder:
        path = Path(folder) / f"sites{Path(name).suffix.lower()}"
        path.write_bytes(data)
        try:
            found = imports.plan(room, path, options=options, kind=kind, progress=progress)
        except BattlemapError as error:
            found = error
    bar.empty()
    st.session_state[LOOKED] = (key, found)
    return found


def _report(visit: Visit, plan: Plan) -> None:
    """Show what would become of the rows: counts, what is noted of the whole file, and the rows, those to be looked at first."""
    _ = visit._
    told = told_of(plan, _)
    counted = [f"{_(VERDICTS[verdict])} {plan.counts[verdict.value]:,}" for verdict in ORDER if plan.counts[verdict.value]]  # fmt: skip
    lines = [_("{n} rows: {counted}").format(n=f"{len(plan.rows):,}", counted=listed(counted, visit.language))]
    lines += [note["text"] for note in told["notes"]]
    st.html(f'<div class="bm-note" role="status">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>')
    rows = sorted(told["by_row"], key=lambda row: (ORDER.index(Verdict(row["verdict"])), row["row"]))
    shown = [_row(visit, row) for row in rows if row["verdict"] != Verdict.KNOWN.value][:SHOWN]
    if shown:
        st.html(f'<div class="bm-import">{table((_("Row"), _("What"), _("Why")), shown)}</div>')


def _row(visit: Visit, row: dict[str, Any]) -> tuple[str, str, str]:
    _ = visit._
    said = [one["text"] for one in row["findings"]]
    changes = [f"{row['number']}: {', '.join(row['changes'])}"] if row.get("changes") else []
    return str(row["row"]), _(VERDICTS[Verdict(row["verdict"])]), " ".join([*changes, *said])


def _write(visit: Visit, plan: Plan) -> None:
    """Ask what becomes of the rows that need a decision, and write."""
    _, counts = visit._, plan.counts
    update = bool(counts["changed"]) and st.checkbox(_("Take over what the table says otherwise"), key="site_import_update")  # fmt: skip
    alike = bool(counts["alike"]) and st.checkbox(_("Take rows that may be there already as new sites"), key="site_import_alike")  # fmt: skip
    stops = counts["refused"] + (0 if alike else counts["alike"])
    skip = bool(stops) and st.checkbox(_("Leave aside rows that are refused or may be there already"), key="site_import_skip")  # fmt: skip
    many = counts["new"] + (counts["alike"] if alike else 0) + (counts["changed"] if update else 0)
    if plan.doubts:
        st.html(f'<p class="bm-refused" role="alert">{escape(_("The places of the whole file are in doubt. Choose the system of the coordinates."))}</p>')  # fmt: skip
    elif stops and not skip:
        st.html(f'<p class="bm-refused" role="alert">{escape(_("A table is taken as a whole, or not at all. Correct these rows, or leave them aside."))}</p>')  # fmt: skip
    elif many and st.button(_("Write {n} sites").format(n=f"{many:,}"), type="primary", key="site_import_write"):
        now = datetime.now(UTC)
        try:
            room = visit.room()
            with st.spinner(_("Writing {n} sites").format(n=f"{many:,}")):
                done = imports.write(room, plan, register.hand(room, now), now, update=update, alike_too=alike, skip=skip)  # fmt: skip
        except BattlemapError as error:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
            st.session_state.pop(LOOKED, None)
        else:
            st.session_state[WRITTEN] = (len(done.made), len(done.changed))
            st.session_state.pop(LOOKED, None)
            st.rerun(scope="fragment")


def _written(visit: Visit, written: tuple[int, int]) -> None:
    _ = visit._
    said = _("Written: {made} new sites, {changed} changed.").format(made=f"{written[0]:,}", changed=f"{written[1]:,}")
    st.html(f'<p role="status">{escape(said)}</p>')
    if st.button(_("Back to the list"), key="site_import_done"):
        st.session_state.pop(WRITTEN, None)
        st.rerun()
