"""What the documents of the server have in common, of log-in and of administration: two languages, signed forms, safe headers, no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.answers import SAFE, language_of
from api.forms import Forms, browser, remember
from api.places import Places, clock, zone_name
from locales import N_, Translator, sentences, translator
from settings import Settings

POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# same-origin, not no-referrer: without any referrer a browser would say "Origin: null" of our own forms
HEADERS = {
    **SAFE,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
}
TAGS = {"zh": "zh-CN", "en": "en"}
OTHER = {"zh": ("en", "English"), "en": ("zh", "中文")}  # the other language, and what it calls itself
ZONE = N_("All times: {zone}")
NOT_SO = N_("This cannot be done as it was typed.")


@dataclass(frozen=True)
class Said:
    """Sentences, and what stands in them; a value that is a `Said` is said in the same language, and a time in the zone of the page."""

    texts: Sequence[str]
    names: Mapping[str, object]

    def __init__(self, *texts: str, **names: object) -> None:
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "names", names)

    def spoken(self, _: Translator, zone: tzinfo) -> str:
        """Return them in a language, on a clock."""
        names = {key: spoken(value, _, zone) for key, value in self.names.items()}
        return sentences(_(text).format(**names) for text in self.texts)


def spoken(value: Any, _: Translator, zone: tzinfo) -> Any:
    """Return what a page says in its language, whatever it stands in."""
    if isinstance(value, Said):
        return value.spoken(_, zone)
    if isinstance(value, datetime):
        return clock(value, zone)
    if isinstance(value, Mapping):
        return {key: spoken(one, _, zone) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [spoken(one, _, zone) for one in value]
    return value


@dataclass(frozen=True)
class Frame:
    """What every one of these documents needs.

    Attributes
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """

    settings: Settings
    places: Places
    forms: Forms
    assets: str
    pages: Environment

    def language(self, request: Request) -> str:
        """Return the language of the page."""
        return language_of(request, self.settings.language)

    def answer(
        self,
        request: Request,
        template: str,
        title: Said,
        /,
        *,
        words: Mapping[str, str],
        status: int = HTTPStatus.OK,
        **said: Any,
    ) -> Response:
        """Answer with a document; its forms are signed for this browser and for this address.

        Parameters
        ----------
        words
            What the template says whatever it shows, as msgids.
        """
        language, mine = self.language(request), browser(request)
        _, zone = translator(language), self.places.zone()
        other, own_name = OTHER[language]
        html = self.pages.get_template(f"{template}.html").render(
            tag=TAGS[language],
            other_tag=TAGS[other],
            title=title.spoken(_, zone),
            assets=self.assets,
            words={**{key: _(text) for key, text in words.items()}, "other": own_name},
            action=to(request, request.url.path),
            token=self.forms.token(request, mine),
            zone=_(ZONE).format(zone=zone_name(datetime.now(UTC), zone)),
            **{key: spoken(value, _, zone) for key, value in said.items()},
        )
        answer = Response(html, status, HEADERS, "text/html; charset=utf-8")
        remember(request, answer, mine)
        return answer


def templates() -> Environment:
    """Return what renders the templates; a name that is not given is an error."""
    folder = Path(__file__).with_name("templates")
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)


def go(address: str) -> Response:
    """Answer a form that was taken."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, HEADERS)


def to(request: Request, path: str, **query: str | int) -> str:
    """Return an address in the language that was asked for; parameters that are empty are left out."""
    language = request.query_params.get("lang", "")
    said = {"lang": language if language in TAGS else "", **query}
    kept = {name: value for name, value in said.items() if value != ""}
    return f"{path}?{urlencode(kept)}" if kept else path


def onward_in(request: Request, address: str) -> str:
    """Return an address of ours in the language that was asked for, unless it names one itself."""
    parts = urlsplit(address)
    if "lang" in parse_qs(parts.query):
        return address
    return to(request, parts.path, **dict(parse_qsl(parts.query)))
