"""What the papers of inspections have in common: the frame, the code that leads back to the console, the copy's number, and the line in the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.answers import DOCUMENT_POLICY
from api.frame import OTHER, Frame, Said, to
from api.identity import LOOPBACK_NAMES
from api.identity import room as room_of
from api.marking import over_page, printed
from desk.papers import notices
from desk.room import Room
from desk.rooms import Rooms
from layers.style import css
from locales import N_, translator

PAPER = Markup(css("light"))  # noqa: S704  our own style sheet
WORDS: Mapping[str, str] = {
    "print": N_("Print"),
    "back": N_("Back"),
    "paper_hint": N_("A4 upright, 100 %"),
    "no": N_("No."),
    "illustrative": N_("Illustrative"),
    "scan": N_("Scan to open the record"),
}


@dataclass(frozen=True)
class Sheets(Frame):
    """What every one of these papers needs."""

    rooms: Rooms

    def room(self, request: Request, now: datetime) -> Room:
        """Return the room of an address, as who asks sees it."""
        return room_of(request, self.rooms, now)

    def paper(  # noqa: PLR0917
        self, request: Request, room: Room, now: datetime, template: str, title: str, number: str, /, *, sheet: str, since: datetime, words: Mapping[str, str], back: str, record: str, **said: Any,
    ) -> Response:  # fmt: skip
        """Note a print, and answer with a paper.

        Parameters
        ----------
        title
            As a msgid.
        sheet, since
            What it is called in the trail, and since when copies of it may have been printed.
        record
            Address of the record on this console, to which the code leads.
        """
        language, _ = self.language(request), translator(self.language(request))
        copy = notices.prints(room, sheet, number, since) + 1
        mark = printed(request, room, now, _, language, what=number, said=[_(title), number], data={"sheet": sheet, "rows": 1, "copy": copy})  # fmt: skip
        base = room.rules.papers.self_check.address or base_of(request)
        foot = _("Printed by {mark}").format(mark=mark)
        answer = self.answer(
            request, template, Said("{title} {number}", title=_(title), number=number), words={**WORDS, **words}, tokens=PAPER, heading=_(title), number=number,
            area=room.area.pack.name.in_(language), synthetic=room.area.pack.synthetic, code=code_of(base + record if base else number), has_code=bool(base),
            copy=_("Print no. {n}").format(n=copy) if copy > 1 else "", foot=foot, over=Markup(over_page(mark)), back_to=back,  # noqa: S704  drawn here
            other_to=to(request, request.url.path, **{**dict(request.query_params), "lang": OTHER[language][0]}), **said,
        )  # fmt: skip
        answer.headers["Content-Security-Policy"] = DOCUMENT_POLICY
        answer.headers["Cache-Control"] = "private, no-store"
        return answer


def base_of(request: Request) -> str:
    """Return how other devices call this console; "" where only this machine knows it."""
    host = request.headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return "" if name in LOOPBACK_NAMES or name.startswith("127.") else f"{request.url.scheme}://{host}"


def record_of(room: Room, **names: str) -> str:
    """Return the address of an inspection on the console's page."""
    return f"/inspections?{urlencode({'area': room.id, **names})}"


def code_of(text: str) -> Markup:
    """Return a QR code as SVG."""
    code = segno.make(text, error="m", micro=False)
    return Markup(code.svg_inline(scale=3, border=2, dark="#000", light="#fff", omitsize=True))  # noqa: S704  drawn here
