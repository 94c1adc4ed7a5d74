"""The audit trail in words, on the page and as a file: CSV and XLSX, with the mark of who took it out, when and by what filter."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import IO

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from incidents.access import Role, Who
from layers.tables.sheet import CONTROL
from ledger.audit import LOCAL, Line
from locales import N_, Translator
from reports.export_files import harmless, note
from reports.retention import WHAT
from reports.watermark import LONGEST, named, of_sheet
from reports.words import ROLE

ACT: Mapping[str, str] = MappingProxyType(
    {
        "log_in": N_("Logged in"),
        "log_in_failed": N_("Log-in failed"),
        "log_in_expired": N_("Log-in with a first password that had expired"),
        "log_out": N_("Logged out"),
        "password_changed": N_("Changed the own password"),
        "session_ended": N_("Ended a session"),
        "sessions_ended": N_("Ended all sessions of an account"),
        "account_added": N_("Added an account"),
        "account_disabled": N_("Disabled an account"),
        "account_enabled": N_("Enabled an account"),
        "password_reset": N_("Reset a password"),
        "granted": N_("Gave or took a role"),
        "unlocked": N_("Unlocked an account"),
        "device_offered": N_("Made a code for a wall screen"),
        "device_in": N_("A wall screen came in"),
        "device_refused": N_("A wall screen's code was refused"),
        "device_revoked": N_("Revoked a wall screen"),
        "clock_back": N_("The clock was set back"),
        "export": N_("Took a table out"),
        "print": N_("Printed"),
        "unmask": N_("Read a reporter's number in full"),
        "retention": N_("Erased what was past its time"),
        "audit_read": N_("Read the audit trail"),
        "audit_exported": N_("Exported the audit trail"),
        "audit_checked": N_("Checked the audit trail"),
    }
)
DATA: Mapping[str, str] = MappingProxyType(
    {
        "role": N_("Role"),
        "scope": N_("Scope"),
        "role_before": N_("Role before"),
        "scope_before": N_("Scope before"),
        "failures": N_("Failures in a row"),
        "locked": N_("Locked"),
        "sessions": N_("Sessions"),
        "session": N_("Session"),
        "device": N_("Wall screen"),
        "provider": N_("Provider"),
        "seconds": N_("Seconds"),
        "rows": N_("Rows"),
        "reason": N_("Reason"),
        "filter": N_("Filter"),
        "format": N_("Format"),
        "breaks": N_("Places that do not hold"),
        "last": N_("Last line"),
        "page": N_("Lines before"),
        "audit": N_("Lines of the audit trail"),
        "attempts": N_("Failed log-ins"),
        **WHAT,
    }
)
COLUMNS = (
    (N_("Line"), 9),
    (N_("Time"), 20),
    (N_("Act"), 26),
    (N_("Account name"), 18),
    (N_("Role"), 14),
    (N_("On what"), 24),
    (N_("Area"), 14),
    (N_("Network address"), 16),
    (N_("Details"), 50),
    (N_("Account key"), 20),
)
SECOND = "%Y-%m-%d %H:%M:%S"


def mark_of(who: Who, now: datetime, wanted: str, _: Translator) -> str:
    """Return the watermark: who takes the trail out, when, and by what filter in words."""
    time = now.astimezone().strftime(SECOND)
    parts = (named(who, _), time, _("Audit trail"), wanted or _("every line"), _("confidential"))
    return " · ".join(parts)[:LONGEST]


def act_name(act: str, _: Translator) -> str:
    """Return the name of an act; one that has none is called by its key."""
    return _(ACT[act]) if act in ACT else act


def role_name(role: str, _: Translator) -> str:
    """Return in which role somebody acted."""
    if role == LOCAL:
        return _("command line")
    return _(ROLE[Role(role)]) if role in set(Role) else role


def details(line: Line, _: Translator) -> str:
    """Return what more a line says, in words where there are any."""
    given = ((key, value) for key, value in line.data.items() if value not in ("", None, {}))
    said = ((_(DATA[key]) if key in DATA else key, _value(key, value, _)) for key, value in given)
    return " · ".join(_("{label}: {change}").format(label=label, change=value) for label, value in said)


def row(line: Line, _: Translator) -> tuple[str, ...]:
    """Return a line in words, in the order of `COLUMNS`."""
    time = line.at.astimezone().strftime(SECOND)
    who = (line.name, role_name(line.role, _))
    return (str(line.number), time, act_name(line.act, _), *who, line.what, line.area, line.address, details(line, _), line.account)  # fmt: skip


def as_csv(lines: Iterable[Line], mark: str, _: Translator) -> Iterator[bytes]:
    """Write lines as CSV in UTF-8 with a byte order mark, in parts; the watermark heads a last, empty column."""
    yield "\ufeff".encode()
    yield _csv([*(_(heading) for heading, _width in COLUMNS), harmless(mark)])
    for line in lines:
        yield _csv([*(harmless(text) for text in row(line, _)), ""])


def as_xlsx(lines: Iterable[Line], mark: str, _: Translator, out: IO[bytes]) -> None:
    """Write lines into a workbook: headings that stay, the watermark in the foot of every page and on a sheet of its own."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_("Audit trail"))
    sheet.freeze_panes = "A2"
    for number, (_heading, width) in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    of_sheet(book, sheet, mark)
    sheet.page_setup.orientation = "landscape"
    sheet.append([_heading_cell(sheet, _(heading)) for heading, _width in COLUMNS])
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007  counted to the end
        sheet.append([_text_cell(sheet, text) for text in row(line, _)])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{count + 1}"
    note(book, [mark], _("Notes"))
    book.save(out)


def _value(key: str, value: object, _: Translator) -> str:
    if key.startswith("role") and isinstance(value, str):
        return role_name(value, _)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    return str(value)


def _csv(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8", "replace")


def _heading_cell(sheet: object, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, text)
    cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
    return cell


def _text_cell(sheet: object, text: str) -> WriteOnlyCell:
    """Return a cell that stays text: nothing in the trail is a formula."""
    cell = WriteOnlyCell(sheet, CONTROL.sub("", text))
    cell.data_type = "s"
    return cell
