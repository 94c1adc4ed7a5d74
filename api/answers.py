"""The forms of an answer: pages for people, JSON for scripts, files that never change."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from html import escape
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from geo.errors import (
    BattlemapError,
    Beginning,
    FilterError,
    LedgerBroken,
    LedgerError,
    NetError,
    NoAccess,
    PackError,
    RulesError,
    TemplateError,
    TooOften,
    UnknownArea,
    UnknownClass,
    UnknownIncident,
    UnknownView,
    UnknownWhistle,
)
from layers.style import css_by_system
from locales import LANGUAGES, N_, translator

FOREVER = "max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
NO_SOONER = 1024  # bytes below which gzip is not worth it
AGAIN = 2  # seconds after which one who asks for an area that begins may ask again
QUICK = 5  # gzip's level for what is packed anew each time
DOCUMENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Of what a device can do, a page of ours may ask for the camera and the place of a report, and may fill the screen of a wall.
ASKED = ("camera", "fullscreen", "geolocation")
NEVER_ASKED = ("accelerometer", "autoplay", "display-capture", "encrypted-media", "gyroscope", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking")  # fmt: skip
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, a browser hides from our own forms' doors who sent them
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join([*(f"{name}=(self)" for name in ASKED), *(f"{name}=()" for name in NEVER_ASKED)]),
}

Endpoint = Callable[[Request], Response]

# What went wrong -> status, heading, advice.
ERRORS: tuple[tuple[type[BattlemapError], HTTPStatus, str, str], ...] = (
    (
        NoAccess,
        HTTPStatus.FORBIDDEN,
        N_("Your role may not see this"),
        N_("Open the console. If you need this for your work, ask the security administrator."),
    ),
    (
        UnknownArea,
        HTTPStatus.NOT_FOUND,
        N_("There is no such area"),
        N_("Check the name in the address, or open the console and choose an area."),
    ),
    (
        FilterError,
        HTTPStatus.BAD_REQUEST,
        N_("The filter in the address cannot be understood"),
        N_("Correct the address, or open the map without a filter."),
    ),
    (
        NetError,
        HTTPStatus.NOT_FOUND,
        N_("There is nothing of that code"),
        N_("Check the code, or search for it by name."),
    ),
    (
        PackError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("The data of this area cannot be read"),
        N_("Run `battlemap check` on the pack; it lists every fault. Other areas are not affected."),
    ),
    (
        RulesError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("A file of rules cannot be used"),
        N_(
            "Correct the file that is named here, in BATTLEMAP_RULES or in the rules folder of the pack, or take it away."
        ),
    ),
    (
        TemplateError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("A template or a font of this street cannot be used"),
        N_("Tell the administrator: correct the file in papers/ of the data directory, or take it away."),
    ),
    (
        TooOften,
        HTTPStatus.TOO_MANY_REQUESTS,
        N_("Too many attempts"),
        N_("Wait a moment, then try again."),
    ),
    (
        Beginning,
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("This area is being prepared for its first use"),
        N_("It usually takes less than a minute. This page opens by itself."),
    ),
    (
        UnknownClass,
        HTTPStatus.NOT_FOUND,
        N_("There is no such class of incidents"),
        N_("Choose one from the class directory."),
    ),
    (
        UnknownIncident,
        HTTPStatus.NOT_FOUND,
        N_("There is no such case"),
        N_("Check the number, or look it up in the table of cases."),
    ),
    (
        UnknownView,
        HTTPStatus.NOT_FOUND,
        N_("There is no such view of the wall"),
        N_("It was removed, or this screen may not show it. Choose another one, or ask the command room."),
    ),
    (
        UnknownWhistle,
        HTTPStatus.NOT_FOUND,
        N_("There is no such whistle"),
        N_("Check the number, or look it up in the list of whistles."),
    ),
    (
        LedgerBroken,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        N_("The records do not fit together"),
        N_("Tell the administrator, who finds here what is wrong."),
    ),
    (
        LedgerError,
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("The records cannot be reached just now"),
        N_("What was saved is kept. Try again in a moment; if it stays so, tell the administrator."),
    ),
)
WENT_WRONG = (N_("Something went wrong here"), N_("Try again; if it stays so, tell the administrator."))
DOORS = {"/": N_("Open the console"), "/log-in": N_("Back to the log-in page")}  # other than somebody's own page
NOT_FOUND = (N_("There is no such page"), N_("Check the address, or open the console."))


def answering(endpoint: Endpoint) -> Endpoint:
    """Make an endpoint answer our own errors with a page or with JSON. Endpoints are plain functions, so that Starlette runs them in its threads."""

    @wraps(endpoint)
    def safe(request: Request) -> Response:
        try:
            return endpoint(request)
        except BattlemapError as error:
            return failure(request, error)

    return safe


def language_of(request: Request, default: str) -> str:
    """Return the language that an address asks for, or the default."""
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else default


def wants_page(request: Request) -> bool:
    """Tell whether a person is asking, who gets a page, or a script, which gets JSON."""
    return "text/html" in request.headers.get("accept", "")


def failure(request: Request, error: BattlemapError) -> Response:
    """Answer with what went wrong, as a page or as ``{"error": text}``; a page about an area that begins asks again by itself."""
    for kind, status, heading, advice in ERRORS:
        if isinstance(error, kind):
            answer = refusal(request, status, heading, advice, str(error))
            if isinstance(error, TooOften):
                answer.headers["Retry-After"] = str(error.wait)
            if isinstance(error, Beginning):
                answer.headers.update({"Retry-After": str(AGAIN), "Refresh": str(AGAIN), "Cache-Control": "no-store"})
            return answer
    return refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR, *WENT_WRONG, str(error))


def refusal(
    request: Request, status: HTTPStatus, heading: str, advice: str, detail: str = "", *, home: str = "/"
) -> Response:
    """Answer with a status and its reason; pages say it in Chinese and in English, and lead home."""
    if wants_page(request):
        return Response(
            _error_page(status, heading, advice, detail, home),
            status,
            {**SAFE, "Content-Security-Policy": DOCUMENT_POLICY},
            "text/html",
        )
    return JSONResponse({"error": detail or heading}, status, SAFE)


def missing(request: Request) -> Response:
    """Answer that there is no such page."""
    return refusal(request, HTTPStatus.NOT_FOUND, *NOT_FOUND)


def page(request: Request, html: bytes, *, tag: str, policy: str = DOCUMENT_POLICY) -> Response:
    """Answer with a document; a browser that has it already is told so."""
    headers = {**SAFE, "Content-Security-Policy": policy, "Cache-Control": ASK_AGAIN}
    return _tagged(request, html, "text/html; charset=utf-8", headers, tag)


def unkept(request: Request, parts: Iterable[bytes], kind: str, *, policy: str = DOCUMENT_POLICY) -> Response:
    """Answer with what belongs to who asks, and no cache keeps: each part is sent as soon as it is there, packed for a request that can take it."""
    headers = {**SAFE, "Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        parts, headers["Content-Encoding"] = _packed(parts), "gzip"
    return StreamingResponse(parts, headers=headers, media_type=kind)


def _packed(parts: Iterable[bytes]) -> Iterator[bytes]:
    packing = zlib.compressobj(QUICK, wbits=16 + zlib.MAX_WBITS)  # 16: with the head of gzip
    for part in parts:
        yield packing.compress(part) + packing.flush(zlib.Z_SYNC_FLUSH)
    yield packing.flush()


def unchanging(request: Request, body: bytes, kind: str, *, shared: bool) -> Response:
    """Answer with a file whose address holds its digest, so that it is asked for once.

    Parameters
    ----------
    shared
        True for what anybody may read; what an area holds stays out of caches that visitors share, such as a proxy's behind a login.
    """
    headers = {**SAFE, "Cache-Control": f"{'public' if shared else 'private'}, {FOREVER}"}
    return _tagged(request, body, kind, headers, hashlib.sha256(body).hexdigest()[:16])


def fresh(body: Any, request: Request | None = None) -> Response:
    """Answer a script with JSON that it must not keep; it is packed for a request that can take it."""
    answer = JSONResponse(body, headers={**SAFE, "Cache-Control": "no-store"})
    if request is None or len(answer.body) <= NO_SOONER or "gzip" not in request.headers.get("accept-encoding", ""):
        return answer
    packed = gzip.compress(bytes(answer.body), compresslevel=QUICK, mtime=0)
    headers = {**SAFE, "Cache-Control": "no-store", "Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    return Response(packed, headers=headers, media_type="application/json")


def _tagged(request: Request, body: bytes, kind: str, headers: dict[str, str], tag: str) -> Response:
    etag = f'W/"{tag}"'
    headers = {**headers, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in {part.strip() for part in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if (
        len(body) > NO_SOONER
        and "gzip" in request.headers.get("accept-encoding", "")
        and not kind.startswith("image/png")
    ):
        body = _zipped(body)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type=kind)


@lru_cache(maxsize=128)
def _zipped(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=6, mtime=0)


def _error_page(status: HTTPStatus, heading: str, advice: str, detail: str, home: str) -> str:
    zh, en = translator("zh"), translator("en")
    door = DOORS.get(home, N_("Open your own page"))
    told = f'<p class="detail" lang="en">{escape(detail)}</p>' if detail else ""
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status.value} · {escape(zh(heading))}</title><style>{css_by_system()}{_ERROR_CSS}</style></head>
<body><main><p class="number">{status.value}</p>
<h1>{escape(zh(heading))}</h1><p>{escape(zh(advice))}</p>
<h2 lang="en">{escape(en(heading))}</h2><p lang="en">{escape(en(advice))}</p>{told}
<p class="way"><a href="{escape(home)}">{escape(zh(door))} · <span lang="en">{escape(en(door))}</span></a></p></main></body></html>"""


_ERROR_CSS = """
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.7 var(--font); }
main { max-width: 40rem; margin: 14vh auto 0; padding: 0 1.5rem; }
.number { color: var(--quiet); font-size: var(--desk-numeral); margin: 0; font-variant-numeric: tabular-nums; }
h1 { font-size: var(--desk-title); margin: .2rem 0; } h2 { font-size: var(--desk-large); margin: 1.4rem 0 .2rem; }
p { margin: .2rem 0 1rem; color: var(--quiet); } a { color: var(--accent); }
.detail { padding: .6rem 1rem; border: 1px solid var(--line); border-radius: var(--space-radius); background: var(--surface); color: var(--text); overflow-wrap: anywhere; }
.way { margin-top: 1.6rem; } .way a { display: inline-flex; align-items: center; gap: .4em; min-height: var(--space-touch); padding: 0 1.1em; border: 1px solid var(--control); border-radius: var(--space-radius); text-decoration: none; }
"""
