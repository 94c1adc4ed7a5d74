"""What comes again: many cases of one place or one caller are shown for supervision (督办), as counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.room import Room
from geo.nearby import Nearby
from incidents.case import Incident
from incidents.model import CHECKED
from ledger import find


@dataclass(frozen=True)
class Repeats:
    """How often it came in the last `days`, this case included; what anybody sent in counts when a person has looked at it.

    Attributes
    ----------
    place
        Cases of the same class within ``same_m`` metres.
    caller
        Cases of the same caller, of whatever class; 0 where no number was given.
    many
        Whether one of them reaches the number from which it is shown for supervision.
    """

    place: int
    caller: int
    days: int
    many: bool


def repeats(room: Room, incident: Incident, *, at: datetime) -> Repeats:
    """Count how often the same came, before a time."""
    settings = room.rules.settings
    since = at - timedelta(days=settings.repeat_days)
    checked = frozenset(status.value for status in CHECKED)
    with room.ledger.reading() as connection:
        asked = room.wanted(classes=frozenset({incident.class_}), statuses=checked, reported_since=since)
        recent = find.rows(connection, asked, columns=("number", "lon", "lat"))
        caller = find.same_caller(connection, room.wanted(statuses=checked, reported_since=since), incident.number)
    index = Nearby((row["number"], row["lon"], row["lat"]) for row in recent)
    place = len(index.within(incident.lon, incident.lat, metres=settings.same_m))
    return Repeats(place, caller, settings.repeat_days, many=max(place, caller) >= settings.repeats)
