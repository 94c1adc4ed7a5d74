"""``/audit``: the auditor reads what the accounts did, looks whether the trail holds, and takes it out. Reading and taking out are written down too."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from http import HTTPStatus
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.admin.office import Office, fault, here, when
from api.answers import SAFE, answering
from api.frame import Said, to
from api.identity import address_of, who
from geo.errors import AccessError
from ledger.audit import Line
from locales import N_, Translator, translator
from reports.export_files import SHEET_ROWS
from reports.trail import act_name, as_csv, as_xlsx, details, mark_of, role_name, subject

PATH, EXPORT = "/audit", "/audit/export"
PAGE, BATCH, BLOCK = 100, 5_000, 64 * 1024
IN_MEMORY = 8 * 2**20
LONGEST = 80
KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
WORDS: Mapping[str, str] = {
    "since": N_("From (day)"),
    "until": N_("To (day)"),
    "account": N_("Account name"),
    "act": N_("Act"),
    "text": N_("Letters of what, address or details"),
    "show": N_("Show"),
    "no_filter": N_("Take all filters away"),
    "csv": N_("Export as CSV"),
    "xlsx": N_("Export as Excel"),
    "export_hint": N_("An export holds every line that fits, bears your name and the time, and is itself written down."),
    "time": N_("Time"),
    "who": N_("Who"),
    "what": N_("On what"),
    "address": N_("Network address"),
    "details": N_("Details"),
    "none": N_("No line fits. Take a filter away."),
    "nobody": N_("nobody logged in"),
    "itself": N_("the console itself"),
    "check": N_("Check now"),
    "chain": N_("Is the trail whole?"),
    "newest": N_("To the newest"),
}  # fmt: skip
FILTERS: Mapping[str, str] = {
    "since": WORDS["since"],
    "until": WORDS["until"],
    "name": WORDS["account"],
    "act": WORDS["act"],
    "area": N_("Area"),
    "text": WORDS["text"],
}


@dataclass(frozen=True)
class Wanted:
    """What is searched for, as it was typed."""

    since: str = ""
    until: str = ""
    name: str = ""
    act: str = ""
    area: str = ""
    text: str = ""

    @classmethod
    def of(cls, request: Request) -> "Wanted":
        """Return what an address searches for."""
        return cls(**{name: request.query_params.get(name, "").strip()[:LONGEST] for name in FILTERS})

    def given(self) -> dict[str, str]:
        """Return what is not empty."""
        return {name: getattr(self, name) for name in FILTERS if getattr(self, name)}

    def asked(self, zone: tzinfo) -> dict[str, Any]:
        """Return it as the trail is asked, both days included, as they are counted in a time zone.

        Raises
        ------
        AccessError
            A day is none, or the last lies before the first.
        """
        since, until = _day(self.since, zone), _day(self.until, zone)
        if since and until and until < since:
            raise AccessError("The last day lies before the first.", "day")
        if until:
            until += timedelta(days=1)
        said = {"act": self.act, "name": self.name.casefold(), "area": self.area, "text": self.text}
        return {**said, "since": since, "until": until}

    def said(self, _: Translator) -> str:
        """Return it in words."""
        given = {**self.given(), **({"act": act_name(self.act, _)} if self.act else {})}
        return " · ".join(f"{_(FILTERS[name])}: {value}" for name, value in given.items())


def show(office: Office, request: Request, **said: Any) -> Response:
    """Show the lines that fit, the newest first, and write down that they were read."""
    wanted, now, language = Wanted.of(request), datetime.now(UTC), office.language(request)
    before, faults, found, zone = _before(request), said.pop("faults", {}), [], office.places.zone()
    try:
        found = office.accounts.trail.read(**wanted.asked(zone), before=before, limit=PAGE + 1)
        data = {"filter": wanted.given(), **({"page": str(before)} if before else {})}
        office.accounts.trail.write("audit_read", who(request), address=address_of(request), data=data, now=now)
    except AccessError as error:
        faults, said = faults | fault(error.kind), {"status": HTTPStatus.UNPROCESSABLE_ENTITY, **said}
    _ = translator(language)
    areas = office.places.areas(language)
    return office.page(
        request,
        "audit",
        Said(N_("Audit trail")),
        words=WORDS,
        rows=[_row(line, areas, zone, _) for line in found[:PAGE]],
        wanted=wanted,
        acts=sorted(((act, act_name(act, _)) for act in {*office.accounts.trail.acts(), *filter(None, [wanted.act])}), key=lambda one: one[1]),
        names=[one.name for one in office.accounts.every()],
        areas=list(areas.items()),
        older=here(request, before=found[PAGE - 1].number) if len(found) > PAGE else "",
        newest=here(request, before="") if before else "",
        clear=to(request, PATH) if wanted.given() else "",
        exports=[(to(request, EXPORT, format=kind, **wanted.given()), Said(WORDS[kind])) for kind in KINDS],
        chain=_chain(office),
        mark=mark_of(who(request), now.astimezone(zone), wanted.said(_), _),
        faults=faults,
        **{**_notice(office, request), **said},
    )  # fmt: skip


def take(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    """Look whether the trail holds."""
    if fields.get("act") != "check":
        return show(office, request, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=fault("step"))
    office.accounts.trail.check(by=who(request), now=datetime.now(UTC), address=address_of(request))
    return office.done(request, PATH, "checked")


def exporting(office: Office) -> Callable[[Request], Response]:
    """Return the endpoint that hands the trail out as a file; it is written down before its first byte leaves."""

    def export(request: Request) -> Response:
        now, wanted, kind = datetime.now(UTC), Wanted.of(request), request.query_params.get("format", "")
        _, person, zone = translator(office.language(request)), who(request), office.places.zone()
        try:
            mark = mark_of(person, now.astimezone(zone), wanted.said(_), _)
            file, rows = _written(kind, _lines(office, wanted.asked(zone)), mark, zone, _)
        except AccessError as error:
            return show(office, request, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=fault(error.kind))
        data = {"format": kind, "filter": wanted.given(), "rows": rows}
        try:
            office.accounts.trail.write("audit_exported", person, address=address_of(request), data=data, now=now)
        except BaseException:
            file.close()
            raise
        headers = {**SAFE, "Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="audit-{now.astimezone(zone):%Y%m%d-%H%M%S}.{kind}"'}  # fmt: skip
        return StreamingResponse(_blocks(file), 200, headers, KINDS[kind], BackgroundTask(file.close))

    return answering(export)


def _lines(office: Office, asked: Mapping[str, Any]) -> Iterator[Line]:
    """Yield every line that fits, the newest first, read in parts: lines that come meanwhile change nothing."""
    before: int | None = None
    while True:
        found = office.accounts.trail.read(**asked, before=before, limit=BATCH)
        yield from found
        if len(found) < BATCH:
            return
        before = found[-1].number


def _written(kind: str, lines: Iterator[Line], mark: str, zone: tzinfo, _: Translator) -> tuple[IO[bytes], int]:
    """Return a file of lines, at its beginning, and how many it holds."""
    if kind not in KINDS:
        raise AccessError("Ask for csv or xlsx.", "step")
    counted = _Counted(lines, SHEET_ROWS if kind == "xlsx" else None)
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed when it was sent
    try:
        if kind == "xlsx":
            as_xlsx(counted, mark, zone, _, file)
        else:
            file.writelines(as_csv(counted, mark, zone, _))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, counted.count


class _Counted:
    def __init__(self, lines: Iterator[Line], most: int | None) -> None:
        self._lines, self._most, self.count = lines, most, 0

    def __iter__(self) -> Iterator[Line]:
        for line in islice(self._lines, self._most):
            self.count += 1
            yield line
        if self._most and next(self._lines, None):
            raise AccessError("A sheet does not hold so many lines.", "rows")


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _row(line: Line, areas: Mapping[str, str], zone: tzinfo, _: Translator) -> dict[str, Any]:
    return {
        "number": line.number,
        "time": line.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "act": act_name(line.act, _),
        "name": line.name,
        "role": role_name(line.role, _),
        "what": subject(line, _),
        "area": areas.get(line.area, line.area),
        "address": line.address,
        "details": details(line, _),
    }


def _chain(office: Office) -> dict[str, Any]:
    """Say when somebody last looked whether the trail holds, and what they found."""
    last = office.accounts.trail.read(act="audit_checked", limit=1)
    if not last:
        return {"kind": "never", "said": Said(N_("Not verified: nobody has checked it yet."))}
    (line,) = last
    breaks, names = line.data.get("breaks", 0), {"time": when(line.at), "last": line.data.get("last", 0)}
    if breaks:
        text = N_("Not verified: at the last check, {time}, {n} places did not hold. Call the security administrator, keep the machine as it is, and run `battlemap ledger verify`, which names them.")  # fmt: skip
        return {"kind": "broken", "said": Said(text, n=breaks, **names)}
    return {"kind": "whole", "said": Said(N_("Verified: whole up to line {last} at the last check, {time}."), **names)}


def _notice(office: Office, request: Request) -> dict[str, Any]:
    if office.noticed(request) == ["checked"]:
        return {"notice": Said(N_("The trail was checked just now; the finding stands below."))}
    return {}


def _before(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004  digits


def _day(text: str, zone: tzinfo) -> datetime | None:
    """Return the beginning of a day in a time zone."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except (ValueError, OverflowError, OSError) as error:
        raise AccessError(f"{text!r} is no day.", "day") from error
