"""``/channels``: the system administrator says how messages leave (mail, text messages, robots) and where each post is reached, tries it out, and looks after what did not arrive.

What is secret (passwords, keys, a robot's address) is taken and never shown again: a field that is left empty keeps what was saved.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.admin.office import Office, chosen, here, when
from api.frame import Said
from api.identity import address_of, who
from desk.outbox import book as books
from desk.outbox import undelivered
from desk.outbox.book import Book, Books, Contact, Sms, Smtp, Webhook
from desk.outbox.deliver import try_out
from desk.outbox.rules import DUTY, SMS, SMTP, WEBHOOK
from desk.outbox.words import KIND
from geo.errors import AccessError, BattlemapError, ChannelError
from incidents.text import mask_phone
from ledger import outbox
from ledger.outbox import State
from locales import N_, translator
from reports.channel_words import why_unsent

PATH = "/channels"
TITLE = N_("Messages and channels")
CHANNEL: Mapping[str, str] = MappingProxyType(
    {
        "app": N_("Console"),
        "text": N_("Text for a group"),
        WEBHOOK: N_("Robot (webhook)"),
        SMTP: N_("Mail"),
        SMS: N_("Text message"),
    }
)
STATE: Mapping[str, str] = MappingProxyType(
    {
        "queued": N_("Waits"),
        "sent": N_("Sent"),
        "delivered": N_("Delivered"),
        "read": N_("Read"),
        "done": N_("Acted on"),
        "failed": N_("Failed, tried again"),
        "dead": N_("Given up"),
        "held": N_("Held back"),
        "cancelled": N_("Cancelled"),
    }
)
FORMAT: Mapping[str, str] = MappingProxyType(
    {
        books.JSON: N_("JSON, signed"),
        books.WECOM: N_("WeCom"),
        books.DINGTALK: N_("DingTalk"),
        books.FEISHU: N_("Feishu"),
    }
)
SECURITY: Mapping[str, str] = MappingProxyType(
    {books.STARTTLS: N_("STARTTLS"), books.TLS: N_("TLS"), books.PLAIN: N_("none, to this machine only")}
)
WORDS: Mapping[str, str] = {
    "states": N_("How far messages got"),
    "channel": N_("Way out"),
    "nothing": N_("No message was made so far."),
    "dead": N_("Not arrived"),
    "dead_hint": N_("What failed is tried again by itself; what was given up may be sent again. No message says here what it is about."),
    "dead_none": N_("Everything arrived."),
    "replay": N_("Send again"),
    "cancel": N_("Do not send"),
    "all": N_("Send all that were given up again"),
    "kind": N_("Message"),
    "post": N_("Post"),
    "attempts": N_("Attempts"),
    "error": N_("Why"),
    "when": N_("Of"),
    "number": N_("Telephone number"),
    "console": N_("Address of the console"),
    "console_hint": N_("Under which browsers find it, as https://map.example; messages carry a link to it. Empty: no link."),
    "mail": N_("Mail server"),
    "mail_address": N_("Mail"),
    "host": N_("Name"),
    "port": N_("Port"),
    "security": N_("Security"),
    "user": N_("User"),
    "password": N_("Password"),
    "sender": N_("Sender"),
    "authority": N_("File with the server's certificate authority, where it is not a public one"),
    "kept": N_("saved; empty keeps it"),
    "stays": N_("What is left empty stays as it was saved."),
    "sms": N_("Gateway for text messages"),
    "sms_hint": N_("{number}, {text} and {key} stand for what is sent. Where the answer has to say something, name its place in the JSON and what stands there."),
    "method": N_("Method"),
    "url": N_("Address"),
    "headers": N_("Headers, one a line"),
    "body": N_("Body"),
    "path": N_("Place in the answer"),
    "value": N_("What stands there"),
    "save": N_("Save"),
    "remove": N_("Remove"),
    "contacts": N_("Where posts are reached"),
    "contacts_hint": N_("Office numbers and addresses only, of posts and not of persons. The duty telephone is that of whoever is on duty."),
    "contacts_none": N_("No post has an address: messages stand in the console alone."),
    "choose": N_("Choose"),
    "robot": N_("Robot"),
    "format": N_("Format"),
    "secret": N_("Secret"),
    "test": N_("Try out"),
}  # fmt: skip
# Kind of a fault -> what is said of it; it stands beside the form that was sent.
FAULTS: Mapping[str, str] = {
    "url": N_("Write the whole address, https://…, without a name and a password in it; http is for this machine alone."),
    "number": N_("Write the number in digits, with + and - if need be."),
    "mail": N_("Write one address of mail, as duty@street.example."),
    "format": N_("Choose a format."),
    "host": N_("Write the name of the mail server."),
    "port": N_("A port lies between 1 and 65535."),
    "security": N_("Mail leaves by STARTTLS or TLS; without either only to this machine."),
    "sender": N_("Write the address that mail comes from."),
    "authority": N_("There is no such file of certificates on this machine."),
    "method": N_("Choose a method."),
    "headers": N_("Write one header a line: Name: value."),
    "body": N_("Address or body have to say where {{number}} and {{text}} go."),
    "post": N_("Choose a post."),
    "address": N_("There is no such address, or the channel is not set up."),
    "unsent": N_("The test did not arrive: {why}"),
    "gone": N_("This message is being sent, or was looked after in the meantime."),
}  # fmt: skip
DONE: Mapping[str, str] = {
    "saved": N_("Saved."),
    "removed": N_("Removed."),
    "tested": N_("The test was handed over. Look whether it arrived."),
    "replayed": N_("{n} messages are sent again."),
    "cancelled": N_("{n} messages are not sent."),
}
TEST_TEXT = N_("[Grid battle map] This is a test of the channel. Nothing has to be done.")
MOST_SHOWN = 100
Act = Callable[[Office, Request, Mapping[str, str]], Response]


def show(office: Office, request: Request) -> Response:
    """Show the page, or the question before something that cannot be taken back."""
    if request.query_params.get("ask") in QUESTIONS:
        return _question(office, request, request.query_params["ask"])
    return _page(office, request)


def take(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    """Do what a form asks for."""
    try:
        return chosen(ACTS, fields)(office, request, fields)
    except (AccessError, ChannelError) as error:
        text = FAULTS.get(error.kind, N_("Choose once more: nothing was done."))
        said = Said(text, why=_why(str(error)))
        return _page(office, request, faults={"": said}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _why(noted: str) -> Said:
    text, what = why_unsent(noted)
    return Said(text, what=what)


def _books(office: Office) -> Books:
    return Books(office.rooms.ledger.folder)


def _noted(office: Office, request: Request, act: str, area: str = "", what: str = "", **data: str) -> None:
    write = office.accounts.trail.write
    write(act, who(request), area=area, what=what, address=address_of(request), data=data, now=datetime.now(UTC))


# What is saved


def _console(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    wanted = fields.get("url", "").strip()
    kept = _books(office)
    kept.write(replace(kept.read(), console=books.checked_url(wanted) if wanted else ""))
    _noted(office, request, "channel_saved", channel="console")
    return office.done(request, PATH, "saved")


def _smtp(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    kept = _books(office)
    book = kept.read()
    before = book.smtp or Smtp("")
    port = fields.get("port", "")
    wanted = Smtp(
        fields.get("host", "").strip(), int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else 0,  # noqa: PLR2004  digits
        fields.get("security", ""), fields.get("user", "").strip(),
        fields.get("password") or (before.password if fields.get("host", "").strip() == before.host else ""),
        fields.get("sender", "").strip(), fields.get("authority", "").strip(),
    )  # fmt: skip
    kept.write(replace(book, smtp=books.checked_smtp(wanted)))
    _noted(office, request, "channel_saved", channel=SMTP)
    return office.done(request, PATH, "saved")


def _sms(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    kept = _books(office)
    book = kept.read()
    before = book.sms or Sms("")
    url = fields.get("url", "").strip()
    is_same = not url or books.shown(url) == books.shown(before.url)  # what was saved goes to no other host
    wanted = Sms(
        url or before.url, fields.get("method", ""),
        books.read_headers(fields["headers"]) if fields.get("headers") else dict(before.headers) if is_same else {},
        fields.get("body") or (before.body if is_same else ""),
        fields.get("path", "").strip(), fields.get("value", "").strip(),
    )  # fmt: skip
    kept.write(replace(book, sms=books.checked_sms(wanted)))
    _noted(office, request, "channel_saved", channel=SMS)
    return office.done(request, PATH, "saved")


def _contact(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    area, name = fields.get("area", ""), fields.get("name", "")
    if name not in dict(_posts(office, area, office.language(request))):
        raise ChannelError("There is no such post.", "post")
    kept = _books(office)
    book = kept.read()
    before = book.contact(area, name)
    hook = before.webhook
    if fields.get("url", "").strip():
        hook = Webhook(fields["url"].strip(), fields.get("format", ""), fields.get("secret", ""))
    elif hook:
        hook = replace(hook, format=fields.get("format", hook.format), secret=fields.get("secret") or hook.secret)
    wanted = books.checked_contact(fields.get("number") or before.sms, fields.get("mail") or before.smtp, hook)
    kept.write(book.with_contact(area, name, wanted))
    _noted(office, request, "channel_saved", area, name, channel=", ".join(_channels(wanted)))
    return office.done(request, PATH, "saved", area=area)


def _remove(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    area, name, kept = fields.get("area", ""), fields.get("name", ""), _books(office)
    book = kept.read()
    if name in {SMTP, SMS} and not area:
        kept.write(replace(book, smtp=None) if name == SMTP else replace(book, sms=None))
    else:
        kept.write(book.with_contact(area, name, Contact()))
    _noted(office, request, "channel_removed", area, name)
    return office.done(request, PATH, "removed", area=area)


def _test(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    area, name, channel = (fields.get(key, "") for key in ("area", "name", "channel"))
    text = translator(office.language(request))(TEST_TEXT)
    _noted(office, request, "channel_tested", area, name, channel=channel)
    try_out(_books(office).read(), area, name, channel, text=text, now=datetime.now(UTC))
    return office.done(request, PATH, "tested", area=area)


# What did not arrive


def _replay(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    ids = None if fields.get("id") == "all" else _ids(fields)
    count = undelivered.replay(office.rooms.ledger, ids, by=who(request), now=datetime.now(UTC))
    return office.done(request, PATH, "replayed", str(count))


def _cancel(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    count = undelivered.cancel(office.rooms.ledger, _ids(fields), by=who(request), now=datetime.now(UTC))
    return office.done(request, PATH, "cancelled", str(count))


def _ids(fields: Mapping[str, str]) -> list[int]:
    asked = fields.get("id", "")
    return [int(asked)] if asked.isascii() and asked.isdecimal() and len(asked) < 16 else []  # noqa: PLR2004  digits


ACTS: Mapping[str, Act] = {
    "console": _console,
    "smtp": _smtp,
    "sms": _sms,
    "contact": _contact,
    "remove": _remove,
    "test": _test,
    "replay": _replay,
    "cancel": _cancel,
}
QUESTIONS: Mapping[str, tuple[str, str, str]] = {
    "replay": (N_("Send again?"), N_("The receiver may have had it already: it gets it once more, with the same key."), WORDS["replay"]),
    "cancel": (N_("Do not send?"), N_("Whoever it was for does not get it. In the console it stands all the same."), WORDS["cancel"]),
    "remove": (N_("Remove the address?"), N_("Nothing is sent there any more, and what was saved is gone."), WORDS["remove"]),
}  # fmt: skip


def _question(office: Office, request: Request, asked: str) -> Response:
    query = request.query_params
    title, line, button = QUESTIONS[asked]
    names = ("area", "name") if asked == "remove" else ("id",)
    return office.page(
        request,
        "confirm",
        Said(title),
        lines=[Said(line)],
        button=Said(button),
        fields={"act": asked, **{name: query.get(name, "")[:200] for name in names}},
        back=here(request, ask="", id="", name=""),
    )


# What is shown


def _page(office: Office, request: Request, **said: Any) -> Response:
    query, language = request.query_params, office.language(request)
    book, areas = _books(office).read(), office.places.areas(language)
    area = query.get("area", "") if query.get("area") in areas else office.settings.area
    with office.rooms.ledger.reading() as connection:
        counts = outbox.counts(connection)
        failing = outbox.listed(connection, states=(State.DEAD, State.FAILED), most=MOST_SHOWN)
    posts, saved = _posts(office, area, language), book.contacts.get(area, {})
    return office.page(
        request,
        "channels",
        Said(TITLE),
        words=WORDS,
        columns=[Said(text) for text in STATE.values()],
        counted=[_counted(name, counts) for name in CHANNEL if any(channel == name for channel, _state in counts)],
        failing=[_row(one, request) for one in failing],
        dead=any(one.state is State.DEAD for one in failing),
        replay_all=here(request, ask="replay", id="all"),
        console=book.console,
        smtp=_smtp_shown(book, request),
        sms=_sms_shown(book, request),
        securities=[(key, Said(text)) for key, text in SECURITY.items()],
        methods=[(name, name) for name in books.METHODS],
        formats=[(key, Said(text)) for key, text in FORMAT.items()],
        areas=list(areas.items()),
        area=area,
        posts=posts,
        contacts=[_contact_row(request, area, name, one, dict(posts)) for name, one in saved.items()],
        **{**_notice(office, request), **said},
    )


def _posts(office: Office, area: str, language: str) -> list[tuple[str, str]]:
    """Return the duty telephone and the posts of an area, by key and title."""
    duty = [(DUTY, translator(language)(N_("Duty telephone")))]
    try:
        room = office.rooms.look(area, datetime.now(UTC))
    except BattlemapError:
        return duty
    return duty + [(post.key, post.title) for post in room.posts.values()]


def _counted(channel: str, counts: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    return {"name": Said(CHANNEL[channel]), "numbers": [counts.get((channel, state), 0) for state in STATE]}


def _row(one: outbox.Message, request: Request) -> dict[str, Any]:
    is_dead = one.state is State.DEAD
    return {
        "id": one.id,
        "state": Said(STATE[one.state.value]),
        "kind": Said(KIND.get(one.kind, one.kind)),
        "channel": Said(CHANNEL[one.channel]),
        "post": f"{one.area} {one.contact}",
        "attempts": one.attempts,
        "error": _why(one.error),
        "at": when(one.at),
        "dead": is_dead,
        "replay": here(request, ask="replay", id=one.id) if is_dead else "",
        "cancel": here(request, ask="cancel", id=one.id),
    }


def _smtp_shown(book: Book, request: Request) -> dict[str, Any]:
    found = book.smtp or Smtp("")
    shown = {name: getattr(found, name) for name in ("host", "port", "security", "user", "sender", "authority")}
    return {**shown, "kept": bool(found.password), "remove": here(request, ask="remove", area="", name=SMTP) if book.smtp else ""}  # fmt: skip


def _sms_shown(book: Book, request: Request) -> dict[str, Any]:
    found = book.sms or Sms("")
    shown = {"url": books.shown(found.url), "method": found.method, "path": found.path, "value": found.value}
    kept = {"headers": bool(found.headers), "body": bool(found.body)}
    return {**shown, "kept": kept, "remove": here(request, ask="remove", area="", name=SMS) if book.sms else ""}


def _contact_row(request: Request, area: str, name: str, one: Contact, posts: Mapping[str, str]) -> dict[str, Any]:
    hook = one.webhook
    return {
        "name": name,
        "title": posts.get(name, name),
        "number": mask_phone(one.sms) if one.sms else "",
        "mail": f"{one.smtp[:1]}…@{one.smtp.rpartition('@')[2]}" if one.smtp else "",
        "robot": f"{books.shown(hook.url)}" if hook else "",
        "format": Said(FORMAT[hook.format]) if hook else "",
        "tests": [(channel, Said(CHANNEL[channel])) for channel in _channels(one)],
        "remove": here(request, ask="remove", area=area, name=name),
    }


def _channels(one: Contact) -> Sequence[str]:
    return [channel for channel in (SMS, SMTP, WEBHOOK) if one.has(channel)]


def _notice(office: Office, request: Request) -> dict[str, Any]:
    match office.noticed(request):
        case [kind, *rest] if kind in DONE:
            return {"notice": Said(DONE[kind], n=rest[0] if rest else "")}
    return {}
