"""A filter in words."""

from desk.room import Room
from layers.words import WORDS
from locales import N_, Translator
from reports.figures import MARKS, STATUSES, Filter, title_of
from reports.words import CHANNEL, period, status_name

DEMO = {True: N_("Demonstrations"), False: N_("Without demonstrations"), None: ""}


def conditions(room: Room, wanted: Filter, language: str, _: Translator) -> list[str]:
    """Say a filter in words, but for its grid, which stands in titles."""
    return [
        *(room.class_name(key).in_(language) for key in sorted(wanted.classes)),
        *(_(WORDS[mark]) for mark in MARKS if mark in wanted.marks),
        *(status_name(status, _) for status in STATUSES if status in wanted.statuses),
        *(_(said) for channel, said in CHANNEL.items() if channel.value in wanted.channels),
        *(title_of(room, key) for key in (wanted.handler, wanted.duty) if key),
        *([_("Only overdue")] if wanted.late else []),
        *([_(DEMO[wanted.demo])] if DEMO[wanted.demo] else []),
        *([_("from {time}").format(time=f"{wanted.since:%Y-%m-%d %H:%M}")] if wanted.since else []),
        *([_("before {time}").format(time=f"{wanted.until:%Y-%m-%d %H:%M}")] if wanted.until else []),
        *([wanted.text] if wanted.text else []),
        period(wanted.days, _),
    ]
