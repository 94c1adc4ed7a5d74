"""What every channel takes and returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from desk.outbox.book import Book, Contact


@dataclass(frozen=True)
class Letter:
    """What is sent.

    Attributes
    ----------
    key
        Known to the receiver whenever it is sent again.
    """

    key: str
    kind: str
    area: str
    number: str
    post: str
    at: datetime
    subject: str
    text: str
    link: str
    contact: Contact = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """That it went.

    Attributes
    ----------
    delivered
        Whether the receiver said that it has it; False where it was only handed on.
    receipt
        What the receiver calls it.
    """

    delivered: bool
    receipt: str = ""


class Unsent(Exception):
    """It did not go.

    Parameters
    ----------
    message
        Why, without any address.
    for_good
        Whether the message itself was refused, so that trying again is no use.
    """

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


Way = Callable[[Book, Letter, datetime], Outcome]
