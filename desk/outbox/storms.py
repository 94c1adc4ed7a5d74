"""Storms: what would go out above so many an hour is held back, and one summary says how much; in the console everything stands all the same.

A hundred cases of one burst pipe are a hundred text messages to the same head otherwise, and the one that matters is not read.
"""

from datetime import datetime, timedelta

from desk.outbox.rules import OutboxRules
from desk.room import Room
from ledger import outbox
from ledger.outbox import SUMMARY, Held, Message

HOUR = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)  # what was held back longer ago needs no summary any more


def is_too_many(room: Room, rules: OutboxRules, message: Message, now: datetime) -> bool:
    """Tell whether so much went out in the last hour that a message is held back."""
    storm = rules.storm
    if message.channel not in storm.channels or message.kind == SUMMARY:
        return False
    is_urgent = rules.hours(room, message.at) in storm.urgent.get(message.kind, ())
    more = storm.more if is_urgent else 0
    with room.ledger.reading() as connection:
        return (
            outbox.sent_since(connection, message.line, now - HOUR, most=storm.post + more) >= storm.post + more
            or outbox.sent_in(connection, room.id, message.channel, now - HOUR) >= storm.area + more
        )


def held_back(room: Room, message: Message, now: datetime) -> int:
    """Count what was held back of the line of a summary since the last one."""
    with room.ledger.reading() as connection:
        found = outbox.held(connection, now - FORGOTTEN, line=message.line)
    return sum(one.count for one in found)


def summarise(room: Room, rules: OutboxRules, now: datetime) -> int:
    """Write the summaries that are due, and return how many: of each line no more than one an hour."""
    with room.ledger.reading() as connection:
        found = outbox.held(connection, now - FORGOTTEN, area=room.id)
    made = [_summary(one, now) for one in found if _is_due(one, rules, now)]
    return room.ledger.change(lambda writing: outbox.add(writing, made)) if made else 0


def _is_due(one: Held, rules: OutboxRules, now: datetime) -> bool:
    return now - one.first >= rules.storm.wait and (one.last_summary is None or now - one.last_summary >= HOUR)


def _summary(one: Held, now: datetime) -> Message:
    last = one.message
    return Message(last.area, last.version, last.subject, last.number, SUMMARY, last.post, last.contact, last.channel, now, now, now)  # fmt: skip
