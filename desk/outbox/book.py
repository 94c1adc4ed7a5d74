"""The address book of the outbox (通道): how mail and text messages leave, and under which office address each post is reached.

It is no rule and no part of the ledger: it holds secrets, and the addresses of one place. It lies in ``channels.json`` in the data folder, readable by its owner alone, and is
in no backup: a ledger that is restored elsewhere rings nobody's telephone. It is written whole, beside and then renamed, and read again when it changed.
"""

import contextlib
import json
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from desk.outbox.rules import SMS, SMTP, WEBHOOK
from geo.errors import ChannelError, LedgerError

FILE = "channels.json"
JSON, WECOM, DINGTALK, FEISHU = FORMATS = ("json", "wecom", "dingtalk", "feishu")
STARTTLS, TLS, PLAIN = SECURITY = ("starttls", "tls", "plain")
METHODS = ("POST", "GET", "PUT")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
NUMBER = re.compile(r"\+?[0-9][0-9 -]{2,19}")
MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LONGEST = 2000
MOST_PORT = 65535


@dataclass(frozen=True)
class Webhook:
    """Where a post's robot listens, and with which secret what it gets is signed."""

    url: str = field(repr=False)
    format: str = JSON
    secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Contact:
    """The office addresses of a post; "" and None for those that it has not."""

    sms: str = field(default="", repr=False)
    smtp: str = field(default="", repr=False)
    webhook: Webhook | None = None

    def has(self, channel: str) -> bool:
        """Tell whether a channel reaches it."""
        return bool({SMS: self.sms, SMTP: self.smtp, WEBHOOK: self.webhook}.get(channel))


@dataclass(frozen=True)
class Smtp:
    """The server that takes mail.

    Attributes
    ----------
    authority
        File with the certificate of who signed the server's own; "" for those that the system trusts.
    """

    host: str
    port: int = 587
    security: str = STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    authority: str = ""


@dataclass(frozen=True)
class Sms:
    """The gateway that takes text messages: one request, made of a template in which {number}, {text} and {key} stand.

    Attributes
    ----------
    path, value
        Where the answer, as JSON, says that it was taken, and what stands there then: ``Code`` and ``OK``; "" where the status alone says so.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    path: str = ""
    value: str = ""


@dataclass(frozen=True)
class Book:
    """All addresses.

    Attributes
    ----------
    console
        Address under which browsers find the console, for links; "" leaves them out.
    contacts
        Area -> key of a post, or ``duty`` -> its addresses.
    """

    console: str = ""
    smtp: Smtp | None = None
    sms: Sms | None = None
    contacts: Mapping[str, Mapping[str, Contact]] = field(default_factory=dict)

    def contact(self, area: str, name: str) -> Contact:
        """Return the addresses of a post or of the duty telephone."""
        return self.contacts.get(area, {}).get(name) or Contact()

    def reaches(self, area: str, name: str, channel: str) -> bool:
        """Tell whether a channel is set up and has an address there."""
        ready = {SMS: self.sms is not None, SMTP: self.smtp is not None}.get(channel, True)
        return ready and self.contact(area, name).has(channel)

    def with_contact(self, area: str, name: str, contact: Contact) -> "Book":
        """Return the book with other addresses of a post; without any it is taken out."""
        mine = {**self.contacts.get(area, {}), name: contact}
        kept = {key: one for key, one in mine.items() if one != Contact()}
        return replace(self, contacts={**self.contacts, area: kept})


class Books:
    """The address book of a data folder, as it stands now, whoever wrote it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = Lock()
        self._seen: tuple[tuple[int, int, int] | None, Book] = (None, Book())

    def read(self) -> Book:
        """Return the book; an empty one where there is none.

        Raises
        ------
        LedgerError
            It cannot be read, or others may read it.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return Book()
        if os.name == "posix" and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise LedgerError(f"{self._path} holds secrets and may be read by others. Set its mode to 0600.")
        mark = found.st_mtime_ns, found.st_size, found.st_ino
        with self._lock:
            if self._seen[0] != mark:
                self._seen = mark, _loaded(self._path)
            return self._seen[1]

    def write(self, book: Book) -> None:
        """Write the book, whole or not at all.

        Raises
        ------
        LedgerError
            The folder cannot be written.
        """
        draft = self._path.with_name(f".{FILE}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(asdict(book), file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise LedgerError(f"{self._path} cannot be written: {error.strerror}.") from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()


def checked_url(text: str) -> str:
    """Return an address to which something may be sent: by https, or to this very machine.

    Raises
    ------
    ChannelError
        It is none; the message does not repeat it, for it may hold a secret.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or len(text) > LONGEST or parts.username or parts.fragment or not text.strip().isascii() or re.search(r"\s", text.strip()):  # fmt: skip
        raise ChannelError("Write the whole address, https://…, without a name and a password in it.", "url")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise ChannelError("Give an address by https; http is for this machine alone.", "url")
    if port == 0:
        raise ChannelError("The address names port 0.", "url")
    return text.strip()


def checked_contact(sms: str, smtp: str, webhook: Webhook | None) -> Contact:
    """Return the addresses of a post; raises ChannelError."""
    number, mail = sms.strip(), smtp.strip()
    if number and not NUMBER.fullmatch(number):
        raise ChannelError("Write the number in digits, with + and - if need be.", "number")
    if mail and not MAIL.fullmatch(mail):
        raise ChannelError("Write one address of mail, as duty@street.example.", "mail")
    if webhook is not None:
        checked_url(webhook.url)
        if webhook.format not in FORMATS:
            raise ChannelError(f"A robot's format is one of {', '.join(FORMATS)}.", "format")
    return Contact(number, mail, webhook)


def checked_smtp(found: Smtp) -> Smtp:
    """Return the settings of a mail server; raises ChannelError."""
    if not found.host or not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", found.host):
        raise ChannelError("Write the name of the mail server.", "host")
    if not 0 < found.port <= MOST_PORT:
        raise ChannelError("A port lies between 1 and 65535.", "port")
    if found.security not in SECURITY or (found.security == PLAIN and found.host not in LOOPBACK):
        raise ChannelError("Mail leaves by STARTTLS or TLS; without either only to this machine.", "security")
    if not MAIL.fullmatch(found.sender):
        raise ChannelError("Write the address that mail comes from.", "sender")
    if found.authority and not Path(found.authority).is_file():
        raise ChannelError("There is no such file of certificates on this machine.", "authority")
    return found


def checked_sms(found: Sms) -> Sms:
    """Return the settings of a gateway for text messages; raises ChannelError."""
    checked_url(found.url.replace("{number}", "1").replace("{text}", "1").replace("{key}", "1"))
    if "{" in urlsplit(found.url).netloc:
        raise ChannelError("The host of the address is fixed; only its path and query may be filled in.", "url")
    if found.method not in METHODS:
        raise ChannelError(f"The method is one of {', '.join(METHODS)}.", "method")
    for name, value in found.headers.items():
        if not NAME.fullmatch(name) or not value.isprintable() or not value.isascii():
            raise ChannelError("Write one header a line: Name: value.", "headers")
    if not all(name in found.url + found.body for name in ("{number}", "{text}")):
        raise ChannelError("Neither address nor body says where {number} and {text} go.", "body")
    return found


def read_headers(text: str) -> dict[str, str]:
    """Read headers, one a line; raises ChannelError."""
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    if any(not sign for _name, sign, _value in lines):
        raise ChannelError("Write one header a line: Name: value.", "headers")
    return {name.strip(): value.strip() for name, _sign, value in lines}


def shown(address: str) -> str:
    """Return an address of the net as a page may show it: where it goes, not the key that its path or query may be."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/…" if parts.netloc else ""


def _loaded(path: Path) -> Book:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        contacts = {
            area: {name: _contact(one) for name, one in some.items()} for area, some in said.get("contacts", {}).items()
        }
        smtp, sms = said.get("smtp"), said.get("sms")
        return Book(said.get("console", ""), Smtp(**smtp) if smtp else None, Sms(**sms) if sms else None, contacts)
    except (OSError, ValueError, TypeError, AttributeError):
        raise LedgerError(
            f"{path} cannot be read as an address book. Restore it, or delete it and save the channels again."
        ) from None


def _contact(said: Mapping[str, Any]) -> Contact:
    robot = said.get("webhook")
    return Contact(said.get("sms", ""), said.get("smtp", ""), Webhook(**robot) if robot else None)
