"""The document of the field pages; its service worker; and the map under the worker's own scope.

A phone keeps the document without data. Who opens it over the network gets their list within it, its first screen drawn: that is there before any script is.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, SAFE, answering, language_of, page, unkept
from api.documents import JOINED, map_of
from api.field import reading
from api.field.first import AT_ONCE, screen
from api.field.words import words
from api.identity import room as room_of
from api.identity import who
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError
from incidents.access import EVERYWHERE
from layers.document import assets_digest
from layers.style import css, style, tables
from locales import LANGUAGES, translator
from settings import Settings

SCRIPTS = ("field-store.js", "field-send.js", "field-ui.js", "field-list.js", "field.js")
LATER = (
    "field-sheet.js",
    "field-report.js",
    "field-visits.js",
    "field-patrols.js",
    "field-notices.js",
    "field-box.js",
)  # what the list does not need
INSPECTING = (
    "field-rules.js",
    "field-walk.js",
    "field-inspect.js",
    "field-inspect-end.js",
    "field-warnings.js",
)  # what is fetched where somebody inspects
WORKER, STYLE = "field-sw.js", "field.css"
PLACES = DRAWN, LISTED = "<!-- screen -->", "<!-- list -->"
LOOK, LOOKS = "battlemap-look", re.compile(r"(auto|light|dark)-([123])")  # as this phone is set; the page's own cookie
TABS = (("#/", "list"), ("#/map", "map"), ("#/report", "add"), ("#/box", "box"), ("#/me", "me"))
# What the phone holds in its hand stands beside our own files: a photo before it is sent, the map in its frame, the worker.
POLICY = (
    DOCUMENT_POLICY.replace("img-src 'self' data:", "img-src 'self' data: blob:")
    + "; frame-src 'self'; worker-src 'self'; manifest-src 'self'"
)


def routes(rooms: Rooms, settings: Settings, files: Mapping[str, Path]) -> list[Route]:
    """Return the routes of the document, its worker and its map.

    Parameters
    ----------
    files
        The console's scripts and styles: name -> file.
    """
    chart = map_of(rooms, settings)

    def begin(request: Request) -> Response:
        area = who(request).scope.area
        name = rooms.names()[0] if area == EVERYWHERE else area
        return RedirectResponse(f"/field/{quote(name, safe='')}", HTTPStatus.SEE_OTHER, {**SAFE, "Cache-Control": "no-store"})  # fmt: skip

    def document(request: Request) -> Response:
        now, language = datetime.now(UTC), language_of(request, settings.language)
        room = room_of(request, rooms, now, begun=False)
        if is_opened(request):
            html = dressed(request, _document(room.whole, language, assets_digest(), files[STYLE], opened=True))
            return unkept(request, with_list(request, html, now, language), "text/html; charset=utf-8", policy=POLICY)
        shell = _document(room.whole, language, assets_digest(), files[STYLE], opened=False).encode()
        return page(request, shell, tag=sha256(shell).hexdigest()[:20], policy=POLICY)

    def with_list(request: Request, html: str, now: datetime, language: str) -> Iterator[bytes]:
        """Yield a document, which names its scripts, and then the list of who asks, drawn and as data: the phone fetches those while we look that up."""
        head, middle, last = re.split("|".join(PLACES), html)
        yield head.encode()
        try:
            room = room_of(request, rooms, now)
            said = reading.said_of_all(room, now, translator(language))
        except BattlemapError:  # the page asks again by itself, and says what is wrong
            yield (middle + last).encode()
            return
        yield _drawn(room, said, now, language, is_secure=is_safe(request)).encode()
        yield middle.encode()
        yield (_script(reading.plain(said), now) + last).encode()

    def worker(_request: Request) -> Response:
        headers = {**SAFE, "Cache-Control": "no-cache", "Service-Worker-Allowed": "/field"}
        return Response(files[WORKER].read_bytes(), headers=headers, media_type="text/javascript")

    return [
        Route("/field", answering(begin)),
        Route("/field/sw.js", worker),
        Route("/field/{area}", answering(document)),
        Route("/field/{area}/map", answering(chart)),
    ]


def is_opened(request: Request) -> bool:
    """Tell whether a person opens an address, and no script asks for it: a worker, which keeps what it gets. Browsers before 2023 say so by what they accept."""
    goal = request.headers.get("sec-fetch-dest", "")
    return goal == "document" if goal else "application/xhtml+xml" in request.headers.get("accept", "")


def is_safe(request: Request) -> bool:
    """Tell whether a browser lets the page ask where the phone is: over TLS, and from the machine itself."""
    return request.url.scheme == "https" or request.url.hostname in {"localhost", "127.0.0.1", "::1"}


def dressed(request: Request, html: str) -> str:
    """Return a document as this phone is set: light or dark, and the size of its letters."""
    said = LOOKS.fullmatch(request.cookies.get(LOOK, ""))
    if said is None:
        return html
    theme = f'data-theme="{said[1]}" ' if said[1] != "auto" else ""
    return html.replace("<html ", f'<html {theme}data-size="{said[2]}" ', 1)


def _drawn(room: Room, said: Mapping[str, Any], now: datetime, language: str, *, is_secure: bool) -> str:
    """Return the first screen of a list."""
    named = _words()[language]
    look = style("light")
    return (
        _templates()
        .get_template("field-first.html")
        .render(
            screen=screen(said, named, language, now),
            words=named,
            marks={mark: drawing.path for mark, drawing in look.marks.items()},
            tick=tables()["mark"]["tick"],
            synthetic=room.area.pack.synthetic,
            is_secure=is_secure,
            at_once=AT_ONCE,
            tabs=TABS,
        )
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"), autoescape=True, undefined=StrictUndefined
    )


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    return {name: words(translator(name)) for name in LANGUAGES}


def _script(body: bytes, now: datetime) -> str:
    """Return a list as an element that runs nothing."""
    said = reading.served(body, now).decode().replace("<", "\\u003c")
    return (
        f'<script type="application/json" id="field-list" data-etag="{escape(reading.etag_of(body))}">{said}</script>'
    )


@lru_cache(maxsize=8)
def _document(room: Room, language: str, digest: str, rules: Path, *, opened: bool) -> str:
    """Return the document of an area: the same for everybody, with places for a list where somebody opens it."""
    said = _words()
    settings, area = room.rules.settings, room.area
    data = {
        "area": room.id,
        "language": language,
        "names": {name: area.pack.name.in_(name) for name in LANGUAGES},
        "synthetic": area.pack.synthetic,
        "timezone": str(area.pack.timezone),
        "most_photos": settings.most_photos,
        "longest_text": settings.longest_text,
        "words": said,
        "marks": {mark: look.path for mark, look in style("light").marks.items()},
        "tick": tables()["mark"]["tick"],
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    dark = css("dark", selector=":root[data-theme=dark]")
    tokens = (
        css("light")
        + dark
        + f"@media (prefers-color-scheme: dark) {{ {css('dark', selector=':root:not([data-theme])')} }}"
    )
    first = said[language]
    return (
        _templates()
        .get_template("field.html")
        .render(
            title=f"{first['field']} · {data['names'][language]}",
            assets=f"/assets/{digest}/",
            ground=style("light").colours["surface"],
            tokens=Markup(tokens),  # noqa: S704  of theme.toml
            rules=Markup(rules.read_text("utf-8")),  # noqa: S704  our own file
            opened=opened,
            places=[Markup(place) for place in PLACES],  # noqa: S704  our own words
            data=Markup(text),  # noqa: S704  no < in it
            scripts=JOINED.join(SCRIPTS),
            later=JOINED.join(LATER),
            inspecting=JOINED.join(INSPECTING),
            first=f"/field/{quote(room.id, safe='')}/data?lang={language}",
            starting=first["starting"],
            no_script=first["no_script"],
        )
    )
