"""Contacts of reporters in full (联系方式): sealed with a key of their own, bound to their case, and opened by nobody who holds the database or a backup alone.

AES-256-GCM; the key lies in ``contact.key`` beside the ledger's. Whoever loses it loses the contacts, and nothing else.
"""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select

from geo.errors import LedgerError
from incidents.lifecycle import By
from ledger import tables
from ledger.history import is_shared, key_of
from ledger.tables import instant
from ledger.writing import Writing

KEY_FILE = "contact.key"
SUBJECT, SEEN = "contact", "unmask"  # of the entry that says that somebody looked
NONCE = 12  # bytes


@dataclass(frozen=True)
class Contact:
    """Who reported a case."""

    name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True)
class Kept:
    """What the ledger keeps of a reporter: masked, and perhaps sealed in full."""

    masked: Contact
    sealed: str | None = field(default=None, repr=False)


def contact_key(folder: Path) -> bytes:
    """Return the key that seals contacts; it is made at first use, readable by its owner alone.

    Raises
    ------
    LedgerError
        It cannot be read or made, or others may read it.
    """
    path = folder / KEY_FILE
    if path.exists() and is_shared(path):
        raise LedgerError(
            f"{path} may be read by others, who could open reporters' contacts with it. Set its mode to 0600."
        )
    return hashlib.sha256(b"battlemap contact" + key_of(folder, KEY_FILE)).digest()


def seal(key: bytes, area: str, number: str, contact: Contact) -> str:
    """Return a contact encrypted, and bound to its case: put into the row of another one it does not open."""
    nonce = secrets.token_bytes(NONCE)
    said = json.dumps([contact.name, contact.phone], ensure_ascii=False).encode()
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, said, _bound(area, number))).decode()


def unseal(key: bytes, area: str, number: str, sealed: str) -> Contact:
    """Return a contact that was sealed.

    Raises
    ------
    LedgerError
        It was sealed with another key, or was changed.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
        name, phone = json.loads(AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], _bound(area, number)))
    except (InvalidTag, ValueError, binascii.Error):
        raise LedgerError(
            f"The contact of {number} cannot be opened: {KEY_FILE} is another key than the one that sealed it, or the row was changed. Put the key back."
        ) from None
    return Contact(name, phone)


def kept(connection: Connection, area: str, number: str) -> Kept | None:
    """Return what is kept of who reported a case; None where nobody is."""
    table, incident = tables.reporter, tables.incident
    asked = select(table.c.name, table.c.phone, table.c.sealed).join(incident, incident.c.id == table.c.incident)
    row = connection.execute(asked.where(incident.c.area == area, incident.c.number == number)).one_or_none()
    return None if row is None else Kept(Contact(row[0], row[1]), row[2])


def note_look(writing: Writing, area: str, number: str, by: By, at: datetime) -> None:
    """Enter into the history that the contact of a case was looked at in full, as which post and in which account; nothing of the contact."""
    writing.enter(area, SUBJECT, number, SEEN, post=by, at=at)


def looks(connection: Connection, area: str, number: str) -> list[tuple[datetime, str]]:
    """Return when the contact of a case was looked at in full, and as which post, the last look first."""
    c = tables.history.c
    asked = select(c.at, c.post).where(c.area == area, c.subject == SUBJECT, c.key == number)
    return [(instant(at), post) for at, post in connection.execute(asked.order_by(c.version.desc()))]


def _bound(area: str, number: str) -> bytes:
    return f"{area}\0{number}".encode()
