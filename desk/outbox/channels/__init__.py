"""The ways out: each takes an address and words, and says how that went. None keeps anything, and none says an address or a secret in what it raises."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from desk.outbox.book import Book
from desk.outbox.channels import mail, phone, robot
from desk.outbox.channels.outcome import Letter, Outcome, Unsent, Way
from desk.outbox.rules import SMS, SMTP, WEBHOOK

__all__ = ["WAYS", "Letter", "Outcome", "Unsent", "send"]

WAYS: Mapping[str, Way] = MappingProxyType({WEBHOOK: robot.send, SMTP: mail.send, SMS: phone.send})


def send(channel: str, book: Book, letter: Letter, now: datetime) -> Outcome:
    """Send a letter by a channel.

    Raises
    ------
    Unsent
        It did not go; whether it is worth trying again stands in it.
    """
    return WAYS[channel](book, letter, now)
