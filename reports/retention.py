"""What was erased because its time is over, in words: when it was last done, how much it was, and by which rules. Counts, and never whose."""

from types import MappingProxyType

from desk.people import retention
from desk.people.retention import DAYS
from desk.room import Room
from locales import N_, translator
from reports.case_words import local

WHAT = MappingProxyType(
    {
        "reporters": N_("Reporters' contacts"),
        "holders": N_("Names of former holders of posts"),
        "duty": N_("Names of people who were on duty"),
        "handovers": N_("Words of hand-overs"),
        "messages": N_("Messages to posts"),
        "orders": N_("Words of service orders"),
        "visits": N_("Notes of visits"),
        "patrols": N_("Notes of patrols"),
        "meetings": N_("Words of meetings, tasks and letters"),
        "inspections": N_("Words of inspections and findings"),
        "sites": N_("Telephones and vehicle marks of sites"),
        "authority_orders": N_("Officers named in orders to put right"),
        "whistles": N_("Words of whistles about places"),
    }
)


def retained(room: Room, language: str) -> tuple[str, list[tuple[str, str, str]]]:
    """Return when what is past its time was last erased in an area, "" for never, and a row for each kind: its name, its days, how many went."""
    _ = translator(language)
    line = retention.last(room.ledger, room.id)
    counts = line.data if line else {}
    days = {what: str(of(room.rules.settings)) for what, of in DAYS.items()}
    rows = [(_(name), days[what], f"{counts[what]:,}" if what in counts else "—") for what, name in WHAT.items()]
    return local(room, line.at) if line else "", rows
