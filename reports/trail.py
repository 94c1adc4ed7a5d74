"""The audit trail in words, on the page and as a file: CSV and XLSX, with the mark of who took it out, when and by what filter."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import IO

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from incidents.access import Role, Who
from incidents.lifecycle import PostKind
from layers.tables.sheet import CONTROL
from ledger.audit import LOCAL, Line
from locales import N_, Translator
from reports.bridge_words import COUNTED, FAULT, SIDE
from reports.export_files import harmless, note
from reports.retention import WHAT
from reports.watermark import LONGEST, named, of_sheet
from reports.words import POST_KIND, ROLE

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
        "channel_saved": N_("Saved where messages go"),
        "channel_removed": N_("Removed where messages went"),
        "channel_tested": N_("Tried a channel out"),
        "messages_replayed": N_("Sent messages again"),
        "messages_cancelled": N_("Cancelled messages"),
        "audit_read": N_("Read the audit trail"),
        "audit_exported": N_("Exported the audit trail"),
        "audit_checked": N_("Checked the audit trail"),
        "restored": N_("Restored a backup"),
        "bridge_join": N_("Joined the bridge"),
        "bridge_export": N_("Wrote a file for the bridge"),
        "bridge_import": N_("Took in a file of the bridge"),
        "bridge_refuse": N_("Refused a file of the bridge"),
    }
)
DATA: Mapping[str, str] = MappingProxyType(
    {
        "role": N_("Role"),
        "post": N_("Post"),
        "sheet": N_("Paper"),
        "scope": N_("Scope"),
        "role_before": N_("Role before"),
        "scope_before": N_("Scope before"),
        "failures": N_("Failures in a row"),
        "locked": N_("Locked"),
        "sessions": N_("Sessions"),
        "session": N_("Session"),
        "device": N_("Wall screen"),
        "view": N_("View"),
        "provider": N_("Provider"),
        "seconds": N_("Seconds"),
        "channel": N_("Way out"),
        "messages": N_("Messages to posts"),
        "rows": N_("Rows"),
        "reason": N_("Reason"),
        "filter": N_("Filter"),
        "format": N_("Format"),
        "breaks": N_("Places that do not hold"),
        "last": N_("Last line"),
        "page": N_("Lines before"),
        "audit": N_("Lines of the audit trail"),
        "attempts": N_("Failed log-ins"),
        "staged": N_("Photos of phones that nothing named"),
        "class": N_("Class"),
        "building": N_("Building"),
        "side": N_("Side"),
        "kind": N_("What was wrong"),
        "member": N_("Part of the file"),
        **COUNTED,
        **WHAT,
    }
)
PAPER: Mapping[str, str] = MappingProxyType(
    {
        "dispatch": N_("Dispatch sheet"),
        "map": N_("Map"),
        "rota": N_("Duty rota"),
        "emergency": N_("Emergency card"),
        "whistle": N_("Whistle pack"),
        "boards": N_("Labels of boards"),
    }
)
FILTER: Mapping[str, str] = MappingProxyType(
    {
        "week": N_("Week of"),
        "names": N_("With names"),
        "grid": N_("Grid"),
        "class": N_("Class"),
        "mark": N_("Mark"),
        "days": N_("Days"),
        "status": N_("Status"),
        "channel": N_("Way out"),
        "handler": N_("Handler"),
        "duty": N_("Answers for it"),
        "late": N_("Only overdue"),
        "demo": N_("Demonstrations"),
        "from": N_("From (day)"),
        "since": N_("From (day)"),
        "until": N_("To (day)"),
        "q": N_("Search"),
        "text": N_("Search"),
        "name": N_("Account name"),
        "act": N_("Act"),
        "area": N_("Area"),
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
    """Return the watermark: who takes the trail out, when and on which clock, and by what filter in words."""
    time = now.isoformat(" ", "seconds")
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
    return " · ".join(_pairs(line.data, DATA, _))


def subject(line: Line, _: Translator) -> str:
    """Return what a line is about: a paper by its name, anything else as it is called."""
    paper, space, rest = line.what.partition(" ")
    return f"{_(PAPER[paper])}{space}{rest}" if line.act == "print" and paper in PAPER else line.what


def row(line: Line, zone: tzinfo, _: Translator) -> tuple[str, ...]:
    """Return a line in words, in the order of `COLUMNS`."""
    time = line.at.astimezone(zone).strftime(SECOND)
    who = (line.name, role_name(line.role, _))
    return (str(line.number), time, act_name(line.act, _), *who, subject(line, _), line.area, line.address, details(line, _), line.account)  # fmt: skip


def as_csv(lines: Iterable[Line], mark: str, zone: tzinfo, _: Translator) -> Iterator[bytes]:
    """Write lines as CSV in UTF-8 with a byte order mark, in parts; the watermark heads a last, empty column."""
    yield "\ufeff".encode()
    yield _csv([*(_(heading) for heading, _width in COLUMNS), harmless(mark)])
    for line in lines:
        yield _csv([*(harmless(text) for text in row(line, zone, _)), ""])


def as_xlsx(lines: Iterable[Line], mark: str, zone: tzinfo, _: Translator, out: IO[bytes]) -> None:
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
        sheet.append([_text_cell(sheet, text) for text in row(line, zone, _)])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{count + 1}"
    note(book, [mark], _("Notes"))
    book.save(out)


def _pairs(found: Mapping[str, object], labels: Mapping[str, str], _: Translator) -> Iterator[str]:
    for key, value in found.items():
        if value not in ("", None, {}):
            label = _(labels[key]) if key in labels else key
            yield _("{label}: {change}").format(label=label, change=_value(key, value, _))


def _value(key: str, value: object, _: Translator) -> str:
    if isinstance(value, Mapping):
        return ", ".join(_pairs(value, FILTER, _))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return WORDING[key](str(value), _) if key in WORDING else str(value)


def _post(key: str, _: Translator) -> str:
    """Return a post by its kind, and the code of its grid or the name of its department: the trail outlives the posts of a register."""
    kind, colon, rest = key.partition(":")
    if not colon or kind not in set(PostKind):
        return key
    return f"{_(POST_KIND[PostKind(kind)])} {rest.rpartition(':')[2]}"


def _paper(key: str, _: Translator) -> str:
    return _(PAPER[key]) if key in PAPER else key


def _side(key: str, _: Translator) -> str:
    return _(SIDE[key]) if key in SIDE else key


def _fault(key: str, _: Translator) -> str:
    return _(FAULT[key]) if key in FAULT else key


def _flag(value: str, _: Translator) -> str:
    return _("yes") if value == "1" else _("no")


WORDING: Mapping[str, Callable[[str, Translator], str]] = MappingProxyType(
    {
        "role": role_name,
        "role_before": role_name,
        "post": _post,
        "handler": _post,
        "duty": _post,
        "sheet": _paper,
        "side": _side,
        "kind": _fault,
        "act": act_name,
        "late": _flag,
        "demo": _flag,
    }
)


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
