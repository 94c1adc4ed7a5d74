"""Who answers now: the posts of the net, and out of hours the duty rota (值班表) above them."""

from dataclasses import replace
from datetime import datetime

from desk.room import Room
from incidents.case import Incident
from ledger import rota
from ledger.writing import Writing


def responsible(writing: Writing, room: Room, incident: Incident, now: datetime) -> Incident:
    """Return an incident with the post that answers for it now: out of hours the officer on duty, and the net's post is informed."""
    officer = "" if room.in_hours(now) else rota.officer(writing.connection, room.id, now)
    if not officer or officer == incident.post:
        return incident
    return replace(incident, post=officer, informed=incident.post)
