"""Service teams (服务队): what they do, where, and when; and which of them an order fits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from incidents.calendar import Calendar

EVERY, WORKDAYS = "every", "workdays"
DAYS = (EVERY, WORKDAYS)


@dataclass(frozen=True)
class Team:
    """A service team.

    Attributes
    ----------
    skills
        Keys of what it does, of the catalogue.
    areas
        Level and code of the grids in which it works; none for all of the area.
    post
        Key of the post by which it is reached, and which acts for it. Who belongs to it is not kept.
    days
        ``every`` day, or ``workdays`` of the calendar.
    opens, closes
        Local time.
    ended
        Whether it was abolished.
    id
        Its number; 0 before it is written.
    """

    name: str
    skills: tuple[str, ...]
    post: str
    areas: tuple[tuple[str, str], ...] = ()
    days: str = WORKDAYS
    opens: time = time(8)
    closes: time = time(18)
    ended: bool = False
    id: int = 0

    def does(self, item: str) -> bool:
        """Tell whether it does what is wanted."""
        return item in self.skills

    def reaches(self, codes: Mapping[str, str]) -> bool:
        """Tell whether it works at a place, given its codes by level and overlay (several are ";"-joined)."""
        return not self.areas or any(code in codes.get(key, "").split(";") for key, code in self.areas)

    def works(self, since: datetime, until: datetime, calendar: Calendar) -> bool:
        """Tell whether it works at any moment between two times in the zone of the area."""
        day = since.date()
        while day <= until.date():
            worked = self.days == EVERY or calendar.is_workday(day)
            opens, closes = (datetime.combine(day, at, since.tzinfo) for at in (self.opens, self.closes))
            if worked and max(opens, since) < min(closes, until):
                return True
            day += timedelta(days=1)
        return False

    def fits(self, item: str, codes: Mapping[str, str], since: datetime, until: datetime, calendar: Calendar) -> bool:
        """Tell whether it may be offered an order."""
        return not self.ended and self.does(item) and self.reaches(codes) and self.works(since, until, calendar)
