"""What anybody reports who stands before a notice board: taken in, marked, and left for a person to look at. Nothing is told back but a receipt that opens nothing."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from desk import reports
from desk.access.limits import Limits
from desk.reports import Draft
from desk.room import Room
from geo.errors import TextError
from incidents.classes import IncidentClass
from incidents.lifecycle import By, PostKind
from incidents.model import Channel
from incidents.posts import post_key
from incidents.text import clean
from ledger import boards
from ledger.boards import Board, State
from ledger.store import Ledger

SOURCE = "board"
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is read for another
LONGEST_TOKEN = 40
LIMITS = ("board.phone", "board.address", "board.board", "board.all")


@dataclass(frozen=True)
class Said:
    """What somebody wrote on a board's page.

    Attributes
    ----------
    once
        What makes it the only one of its kind, given by the page: the same page sent twice is one report.
    """

    class_: str
    text: str
    contact: str = field(default="", repr=False)
    photos: Sequence[bytes] = field(default=(), repr=False)
    once: str = ""


def find_board(ledger: Ledger, token: str) -> tuple[str, Board] | None:
    """Return the area and the board of a token; None for one that opens nothing, and for a board that was taken down."""
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    with ledger.reading() as connection:
        found = boards.by_token(connection, token)
    return found if found and found[1].state is not State.REMOVED else None


def classes(room: Room) -> list[IncidentClass]:
    """Return the classes that a page offers: those of ``boards.toml`` that the directory knows and that are not restricted."""
    known = room.rules.directory.classes
    return [known[key] for key in room.rules.boards.classes if key in known and not known[key].restricted]


def ask(limits: Limits, phone: str, address: str, board: Board, now: datetime) -> None:
    """Count one more report of a board: by the phone, by the address that it comes from, by the board, and of all boards.

    Neighbours behind one mobile address are told apart by their phones, so that one who floods shuts nobody else out.

    Parameters
    ----------
    phone
        What its page gave it; "" for one that brings nothing: all of an address that bring nothing count as one.

    Raises
    ------
    TooOften
        There were too many.
    """
    here = f"{board.id} {address}"
    for name, key in zip(LIMITS, (phone or here, here, str(board.id), ""), strict=True):
        limits.ask(name, key, now)


def take(room: Room, board: Board, said: Said, now: datetime) -> str:
    """Take a report in, and return its receipt number, which opens nothing.

    Raises
    ------
    UnknownClass, TextError, PhotoError, DraftError
        Why it cannot be taken; nothing was written.
    """
    rules = room.rules.boards
    if said.class_ not in {class_.key for class_ in classes(room)}:
        room.rules.directory.get("")  # raises: there is no such class here
    text = clean(said.text, most=rules.longest_text, what="text")
    if not text and not said.photos:
        raise TextError("Write what it is, or send a photo.", what="text", length=0, most=rules.longest_text)
    receipt = receipt_of(room, board, said.once)
    draft = Draft(
        said.class_, board.lon, board.lat, text=text, address=board.place, building=board.code.partition(":")[2] if board.kind == "building" else "",
        channel=Channel.BOARD, source=SOURCE, external_id=receipt, phone=said.contact, photos=said.photos, more={"board": board.id},
    )  # fmt: skip
    reports.report(room.whole, draft, by_of(board), now)
    return receipt


def by_of(board: Board) -> By:
    """Return as whom a report of a board is written: the board itself, and nobody's account."""
    return By(post_key(PostKind.OFFICE, "", f"公示牌 {board.name}"), PostKind.OFFICE)


def receipt_of(room: Room, board: Board, once: str) -> str:
    """Return the receipt number of one sending of a page: the same each time, and like no number of a case."""
    digest = hmac.new(room.ledger.key, f"board {room.id} {board.id} {once}".encode(), hashlib.sha256).digest()
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:10])
    return f"{letters[:5]}-{letters[5:]}"
