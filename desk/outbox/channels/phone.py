"""Text messages by a gateway: one request made of a template, so that any provider's interface can be written down without a program."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape as in_xml

from desk.outbox.book import Book, Sms
from desk.outbox.channels import web
from desk.outbox.channels.outcome import Letter, Outcome, Unsent

PLACE = re.compile(r"\{(number|text|key)\}")
Escape = Callable[[str], str]


def send(book: Book, letter: Letter, _now: datetime) -> Outcome:
    """Ask the gateway to send a letter to the number of its contact; raises Unsent."""
    gateway = book.sms
    if gateway is None or not letter.contact.sms:
        raise Unsent("There is no gateway for text messages, or the post has no number.", for_good=True)
    url = filled(gateway.url, letter, lambda text: quote(text, safe=""))
    body = filled(gateway.body, letter, _escape(gateway)).encode() if gateway.body else None
    answer = web.request(gateway.method, url, body, {**gateway.headers, "Idempotency-Key": letter.key})
    if gateway.path and _at(answer.json(), gateway.path) != gateway.value:
        raise Unsent("The gateway did not say that it took the message.")
    return Outcome(delivered=bool(gateway.path))


def filled(template: str, letter: Letter, escape: Escape) -> str:
    """Put number, text and key where a template says, escaped as its form wants; what stands in a text is no template."""
    found = {"number": letter.contact.sms, "text": letter.text, "key": letter.key}
    return PLACE.sub(lambda place: escape(found[place[1]]), template)


def _escape(gateway: Sms) -> Escape:
    """Return how texts stand in the body, by the type that its headers name; a body that begins as JSON is JSON."""
    named = {name.lower(): value.lower() for name, value in gateway.headers.items()}.get("content-type", "")
    if "json" in named or (not named and gateway.body.lstrip().startswith(("{", "["))):
        return lambda text: json.dumps(text, ensure_ascii=False)[1:-1]
    if "xml" in named:
        return lambda text: in_xml(text, {'"': "&quot;"})
    return quote_plus


def _at(said: Any, path: str) -> str:
    for name in path.split("."):
        said = said.get(name) if isinstance(said, dict) else None
    return "" if said is None else str(said)
