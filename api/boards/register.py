"""``/boards/{area}``: the register of notice boards; ``…/import``: a list of them; ``…/labels``: a sheet of labels with their QR codes for A4."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import segno
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, answering, failure
from api.forms import ForeignForm, Forms, foreign
from api.frame import OTHER, Frame, Said, go, templates, to
from api.identity import LOOPBACK_NAMES
from api.identity import room as room_of
from api.marking import over_page, printed
from api.multipart import NotAForm, TooMuch, read
from api.places import Places
from desk.access.entrance import Entrance
from desk.boards import register
from desk.boards.register import LOOK, PLANS, Row, Wish
from desk.posts.acting import acting, posts_of
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, DraftError, MissingColumns, NoAccess, TableError, TextError
from incidents.lifecycle import By
from layers.style import css, css_by_system
from ledger.boards import Board, State
from locales import N_, Translator, translator
from reports.case_words import local, post_name
from settings import Settings

PATH, IMPORT, LABELS = "/boards/{area}", "/boards/{area}/import", "/boards/{area}/labels"
LARGEST = 8 * 2**20  # bytes of a list
MOST_NAMES = 200  # letters of the columns that a list has
MOST = 500  # rows that a page shows
SUFFIXES = frozenset({".csv", ".xlsx"})
STATE: Mapping[State, str] = MappingProxyType(
    {
        State.STANDING: N_("Standing"),
        State.DAMAGED: N_("Damaged"),
        State.MISSING: N_("Missing"),
        State.REMOVED: N_("Taken down"),
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "boards": N_("Notice boards"),
        "name": N_("Number"),
        "where": N_("Building or grid"),
        "place": N_("Exact place"),
        "post": N_("Responsible post"),
        "contact": N_("Office telephone"),
        "put_up": N_("Put up on"),
        "state": N_("State"),
        "checked": N_("Last checked"),
        "never": N_("never"),
        "due": N_("due"),
        "add": N_("Add a board"),
        "edit": N_("Edit the board"),
        "save": N_("Save"),
        "check": N_("Note the check"),
        "renew": N_("New code"),
        "renew_hint": N_("The code on the board opens nothing any more; print a new label."),
        "labels": N_("Print labels"),
        "label": N_("Label"),
        "count": N_("Boards"),
        "search": N_("Search"),
        "all": N_("All"),
        "only_due": N_("Due for a check"),
        "import": N_("Import a list"),
        "file": N_("File"),
        "look": N_("Look only"),
        "take": N_("Take it in"),
        "row": N_("Row"),
        "what": N_("What happens"),
        "back": N_("Back"),
        "empty": N_("No board is in the register yet."),
        "more": N_("Only the first {n} are shown. Search for others."),
        "open": N_("Anybody may report from the page of a board."),
        "off": N_("Pages of boards are off (boards.toml): their codes open nothing."),
        "post_hint": N_("empty: the post that answers for the place"),
        "contact_hint": N_("an office number, printed on the board; no private one"),
        "scan": N_("Scan to report a problem here"),
        "print": N_("Print"),
        "paper_hint": N_("A4 upright, 100 %, 8 labels a sheet"),
        "no_address": N_("You opened this console as this very machine, so there are no codes: no telephone could follow them. Open it by the machine's name, or set `address` in boards.toml."),
        "saved": N_("Saved."),
    }
)  # fmt: skip
IMPORT_HINT = N_("CSV or XLSX with the columns {columns}. All rows or none are taken.")
VERB: Mapping[str, str] = MappingProxyType({"add": N_("new board"), "edit": N_("changed"), "same": N_("unchanged"), "fault": N_("cannot be taken")})  # fmt: skip
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "name": N_("Another board has this number, or there is none. Give it one of at most 40 characters."),
        "twice": N_("This number stands twice in the list."),
        "where": N_("There is no such building or grid, or several. Write it as the map names it."),
        "place": N_("Write the place in at most 120 characters."),
        "post": N_("There is no such post, or several. Write its title, or nothing."),
        "contact": N_("Write the office telephone in digits, or nothing."),
        "put_up": N_("Write the day as 2026-11-22, or nothing."),
        "state": N_("Choose a state."),
        "gone": N_("This board is not there any more. Look at the list as it is now."),
        "rows": N_("Some rows cannot be taken; nothing was written. Correct them, and send the list again."),
        "file": N_("Choose a CSV or XLSX file of at most 8 MB, with the columns that are named here."),
        "columns": N_(
            "The list has no column {absent}; it has {there}. The names of columns stand in one row, one of the first."
        ),
        "access": N_("Your role may not do this. Ask the security administrator."),
    }
)


@dataclass(frozen=True)
class Boards(Frame):
    """What the pages of the register need."""

    rooms: Rooms

    def room(self, request: Request, now: datetime) -> Room:
        """Return the room of an address, as who asks sees it."""
        return room_of(request, self.rooms, now)

    def list(self, request: Request, *, fault: str = "", fields: Mapping[str, str] | None = None) -> Response:
        """Answer with the register."""
        now, kept = datetime.now(UTC), fields or {}
        room, _ = self.room(request, now), translator(self.language(request))
        said, due = request.query_params.get("q", "").strip().casefold(), request.query_params.get("due") == "1"
        found = [one for one in register.listed(room) if not due or register.is_due(room, one, now)]
        rows = [_row(room, one, now, _) for one in found]
        rows = [row for row in rows if not said or any(said in str(row[name]).casefold() for name in ("name", "place", "post"))]  # fmt: skip
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        editing = request.query_params.get("edit", "")
        wish = dict(kept) or next((_wished(room, one) for one in found if str(one.id) == editing), {})
        path = _path(room)
        return self.answer(
            request, "boards", Said(WORDS["boards"]), words=WORDS, status=status, tokens=TOKENS, area=room.area.pack.name.in_(self.language(request)),
            fault=_(FAULTS.get(fault, FAULTS["gone"])) if fault else "", rows=rows[:MOST], total=len(rows), more=_(WORDS["more"]).format(n=MOST) if len(rows) > MOST else "",
            wish={name: wish.get(name, "") for name in ("id", *register.HEADS)}, plans=bool(room.who and room.who.can(PLANS)), open=room.rules.boards.open,
            states=[(state.value, _(text)) for state, text in STATE.items()], q=request.query_params.get("q", ""), due=due, saved=request.query_params.get("saved") == "1",
            map=to(request, f"/map/{quote(room.id, safe='')}"), other=to(request, path, lang=OTHER[self.language(request)][0]), here=to(request, path), labels=to(request, f"{path}/labels"), import_hint=_hint(), import_to=to(request, f"{path}/import"),
            only_due=to(request, path, due="1"), edit=to(request, path, edit="ID"), label=to(request, f"{path}/labels", ids="ID"), posts=[post.title for post in room.posts.values()][:MOST], lang=request.query_params.get("lang", ""),
        )  # fmt: skip

    def take(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Do what a form asks for."""
        now = datetime.now(UTC)
        room = self.room(request, now)
        try:
            ACTS.get(fields.get("act", ""), _nothing)(room, fields, _by(room, now), now)
        except (DraftError, TextError, NoAccess) as error:
            kept = fields if fields.get("act") == "put" else None
            return self.list(request, fault=_kind(error), fields=kept)
        return go(to(request, _path(room), saved="1"))

    def imported(
        self, request: Request, name: str, data: bytes, is_taken: bool  # noqa: FBT001
    ) -> Response:  # fmt: skip
        """Say what a list would do, row by row, or take it."""
        now, rows, changed, fault, lacks = datetime.now(UTC), list[Row](), 0, "", {}
        room, _ = self.room(request, now), translator(self.language(request))
        try:
            rows = list(_planned(room, name, data))
            fault = "rows" if is_taken and any(row.fault for row in rows) else ""
            changed = register.take(room, rows, _by(room, now), now) if is_taken and not fault else 0
        except MissingColumns as error:
            fault, lacks = "columns", {"absent": "、".join(error.absent), "there": "、".join(error.there)[:MOST_NAMES]}
        except TableError:
            fault = "file"
        counts = [(_(text), sum(row.what == what for row in rows)) for what, text in VERB.items()]
        return self.answer(
            request, "boards_import", Said(WORDS["import"]), words=WORDS, tokens=TOKENS, counts=counts, fault=_(FAULTS[fault]).format(**lacks) if fault else "",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK, changed=Said(N_("{n} boards were written."), n=changed) if is_taken and not fault else "",
            back=to(request, _path(room)), hint=_hint() if fault in {"file", "columns"} else "", rows=[_told(row, _) for row in rows[:MOST]],
        )  # fmt: skip

    def labels(self, request: Request) -> Response:
        """Answer with a sheet of labels: of the boards that are named, or of all that stand."""
        now = datetime.now(UTC)
        room, _ = self.room(request, now), translator(self.language(request))
        wanted = {one for one in request.query_params.get("ids", "").split(",") if one}
        found = [
            one
            for one in register.listed(room)
            if (str(one.id) in wanted if wanted else one.state is not State.REMOVED)
        ]
        base = room.rules.boards.address or _base(request)
        data = {"sheet": "boards", "rows": len(found)}
        mark = printed(
            request, room, now, _, self.language(request), what="boards", said=[_(WORDS["boards"])], data=data
        )
        labels = [
            {
                "name": one.name,
                "place": one.place,
                "post": post_name(room, one.post, _),
                "contact": one.contact,
                "code": _code(f"{base}/board/{one.token}") if base else "",
            }
            for one in found
        ]
        sheets = [labels[at : at + 8] for at in range(0, len(labels), 8)]
        why = "no_address" if not base else "" if room.rules.boards.open else "off"
        answer = self.answer(
            request, "boards_labels", Said(WORDS["labels"]), words=WORDS, tokens=PAPER, sheets=sheets, area=room.area.pack.name.in_(self.language(request)),
            foot=_("Printed by {mark}").format(mark=mark), over=Markup(over_page(mark)), back_to=to(request, _path(room)), hint=_(WORDS[why]) if why else "",  # noqa: S704
        )  # fmt: skip
        answer.headers["Content-Security-Policy"] = DOCUMENT_POLICY
        return answer


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of the register."""
    boards = Boards(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)
    return [
        Route(PATH, _taking(boards), methods=["GET", "POST"]),
        Route(IMPORT, _importing(boards), methods=["POST"]),
        Route(LABELS, answering(boards.labels)),
    ]


def _taking(boards: Boards) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            if request.method != "POST":
                return await run_in_threadpool(boards.list, request)
            fields = await boards.forms.read(request)
            return await run_in_threadpool(boards.take, request, fields)
        except ForeignForm:
            return foreign(request)
        except BattlemapError as error:
            return failure(request, error)

    return answer


def _importing(boards: Boards) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            sent = await read(request, most=LARGEST)
            boards.forms.require(request, sent.fields.get("form", ""), _path_of(request))
            name, data = sent.files.get("file", ("", b""))
            return await run_in_threadpool(boards.imported, request, name, data, sent.fields.get("act") == "take")
        except (ForeignForm, NotAForm):
            return foreign(request)
        except TooMuch:
            return await run_in_threadpool(boards.imported, request, "", b"", is_taken=False)
        except BattlemapError as error:
            return failure(request, error)

    return answer


def _planned(room: Room, name: str, data: bytes) -> Sequence[Row]:
    suffix = Path(name).suffix.lower()
    if not data or suffix not in SUFFIXES:
        raise TableError("The list is no CSV or XLSX file.")
    with tempfile.TemporaryDirectory(prefix="battlemap-boards-") as folder:
        path = Path(folder) / f"list{suffix}"
        path.write_bytes(data)
        return register.plan(room, path)


def _put(room: Room, fields: Mapping[str, str], by: By, now: datetime) -> None:
    said = {name: fields.get(name, "") for name in register.HEADS}
    register.put(room, Wish(said["name"], said["where"], said["place"], said["post"], said["contact"], said["put_up"], _id(fields, "0")), by, now)  # fmt: skip


def _check(room: Room, fields: Mapping[str, str], by: By, now: datetime) -> None:
    register.check(room, _id(fields), fields.get("state", ""), by, now)


def _renew(room: Room, fields: Mapping[str, str], by: By, now: datetime) -> None:
    register.renew(room, _id(fields), by, now)


def _nothing(*_said: object) -> None:
    raise DraftError("The form names no act.", field="state")


ACTS = {"put": _put, "check": _check, "renew": _renew}


def _id(fields: Mapping[str, str], none: str = "") -> int:
    text = fields.get("id", "") or none
    if not text.isascii() or not text.isdecimal() or len(text) > 15:  # noqa: PLR2004  digits
        raise DraftError("The form names no board.", field="gone")
    return int(text)


def _by(room: Room, now: datetime) -> By:
    posts = posts_of(room, room.who, now) if room.who else ()
    if not posts:
        raise NoAccess("There is no post as which you could do this.", LOOK)
    return acting(room, posts[0])


def _kind(error: BattlemapError) -> str:
    if isinstance(error, NoAccess):
        return "access"
    if isinstance(error, TextError):
        return error.what if error.what in FAULTS else "name"
    return error.field if isinstance(error, DraftError) else "gone"


def _hint() -> Said:
    return Said(IMPORT_HINT, columns="、".join(names[0] for names in register.HEADS.values()))


def _row(room: Room, one: Board, now: datetime, _: Translator) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "place": one.place,
        "post": post_name(room, one.post, _),
        "contact": one.contact,
        "put_up": one.put_up,
        "state": _(STATE[one.state]),
        "state_key": one.state.value,
        "checked": local(room, one.checked),
        "due": register.is_due(room, one, now),
    }


def _told(row: Row, _: Translator) -> dict[str, Any]:
    why = _(FAULTS.get(row.fault, FAULTS["name"])) if row.fault else ""
    named = row.board.name if row.board else row.said
    return {"row": row.row, "name": named, "what": _(VERB[row.what]), "why": why, "fault": bool(row.fault)}


def _wished(room: Room, one: Board) -> dict[str, str]:
    post = room.post(one.post).title if one.post else ""
    titles = [other.title for other in room.posts.values()]
    said = {"where": f"{one.kind}:{one.code}", "post": post if titles.count(post) == 1 else one.post}
    return {
        "id": str(one.id),
        "name": one.name,
        "place": one.place,
        "contact": one.contact,
        "put_up": one.put_up,
        **said,
    }


def _path(room: Room) -> str:
    return f"/boards/{quote(room.id, safe='')}"


def _path_of(request: Request) -> str:
    return request.url.path.removesuffix("/import")


def _base(request: Request) -> str:
    """Return how other devices call this console; "" where only this machine knows it."""
    host = request.headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return "" if name in LOOPBACK_NAMES or name.startswith("127.") else f"{request.url.scheme}://{host}"


def _code(address: str) -> Markup:
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(scale=3, border=2, dark="#000", light="#fff", omitsize=True))  # noqa: S704  drawn here


TOKENS = Markup(css_by_system())  # noqa: S704  our own style sheet
PAPER = Markup(css("light"))  # noqa: S704  our own style sheet
