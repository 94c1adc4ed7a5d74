"""What is personal is erased when its time is over (到期删除; PIPL art. 47), once a day, and reported: counts in the audit trail, the log and on the facts page.

How long what is kept stands in ``desk.toml`` by area, and in ``identity.toml`` for accounts. A dry run does all of it and takes it back.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from desk.access.rules import Identity
from desk.field import staged
from desk.rules import Settings
from geo.errors import BattlemapError
from incidents.access import Who
from ledger import (
    accounts,
    audit,
    authority_orders,
    findings,
    meetings,
    notices,
    orders,
    outbox,
    patrols,
    retention,
    sessions,
    sites,
    visits,
    whistles,
)
from ledger.audit import Line
from ledger.store import Ledger
from ledger.writing import Writing

LOG = logging.getLogger(__name__)
ACT = "retention"  # in the audit trail
DAILY = timedelta(days=1)
Counts = Mapping[str, int]
# What an area keeps -> the setting that says for how many days after its end.
DAYS: Mapping[str, Callable[[Settings], int]] = MappingProxyType(
    {
        "reporters": lambda said: said.erase_days,
        "holders": lambda said: said.holder_days,
        "duty": lambda said: said.duty_days,
        "handovers": lambda said: said.duty_days,
        "messages": lambda said: said.message_days,
        "orders": lambda said: said.order_days,
        "visits": lambda said: said.visit_days,
        "patrols": lambda said: said.patrol_days,
        "meetings": lambda said: said.duty_days,
        "inspections": lambda said: said.inspection_days,
        "sites": lambda said: said.site_days,
        "whistles": lambda said: said.whistle_days,
        "authority_orders": lambda said: said.holder_days,
    }
)


@dataclass(frozen=True)
class Report:
    """What was erased, or would be.

    Attributes
    ----------
    areas
        Area -> what -> how many.
    console
        The same of what belongs to no area: lines of the audit trail, sessions, failed log-ins, photos that phones sent and nothing named.
    failed
        Area -> why nothing was erased there.
    """

    areas: Mapping[str, Counts]
    console: Counts
    failed: Mapping[str, str] = field(default_factory=dict)
    dry: bool = False

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(sum(counts.values()) for counts in (*self.areas.values(), self.console))

    def lines(self) -> list[str]:
        """Say it in lines of text."""
        verb = "would be erased" if self.dry else "erased"
        counted = [*self.areas.items(), ("console", self.console)]
        told = [f"{name}: {verb}: {_said(counts)}" for name, counts in counted]
        return [*told, *(f"{name}: nothing was looked at: {why}" for name, why in self.failed.items())]


def run(
    ledger: Ledger,
    settings: Mapping[str, Settings | BattlemapError],
    identity: Identity,
    now: datetime,
    *,
    by: Who | None = None,
    local: bool = False,
    dry: bool = False,
) -> Report:
    """Erase what is past its time in every area, then what belongs to the console, and write down how many.

    Parameters
    ----------
    settings
        Of each area; an error where its rules cannot be read: nothing is erased by a rule that nobody knows.
    local
        Whether somebody asked at the command line; False where the clock did.
    dry
        Count only: everything is taken back.

    Raises
    ------
    LedgerError
        The ledger cannot be written.
    """
    areas: dict[str, Counts] = {}
    failed: dict[str, str] = {}
    for area, said in settings.items():
        if isinstance(said, BattlemapError):
            failed[area] = str(said)
            continue
        work = _of_area(ledger, area, said, now, by=by, local=local)
        areas[area] = _done(ledger, work, dry=dry)
    console = _done(ledger, _of_console(ledger, identity, now, by=by, local=local), dry=dry)
    report = Report(areas, console, failed, dry)
    if not dry:
        staged.forget(ledger.folder, before=now - staged.LONGEST)
        for line in report.lines():
            LOG.info("%s", line)
    return report


def daily(
    ledger: Ledger, settings: Callable[[], Mapping[str, Settings | BattlemapError]], identity: Identity, now: datetime
) -> Report | None:
    """Do it when a day has gone by since it was last done, by whichever process; None where it has not. A clock that was set back by a day or more counts too."""
    found = last(ledger)
    if found and abs(now - found.at) < DAILY:
        return None
    return run(ledger, settings(), identity, now)


def last(ledger: Ledger, area: str = "") -> Line | None:
    """Return the line of the audit trail that says what was erased last, in an area or at all; None before the first time."""
    with ledger.reading() as connection:
        found = audit.read(connection, act=ACT, area=area, limit=1)
    return found[0] if found else None


def _of_area(
    ledger: Ledger, area: str, settings: Settings, now: datetime, *, by: Who | None, local: bool
) -> Callable[[Writing], Counts]:
    before = {what: now - timedelta(days=days(settings)) for what, days in DAYS.items()}

    def work(writing: Writing) -> Counts:
        counts = {"reporters": writing.erase_reporters(area, ended_before=before["reporters"], at=now)}
        counts |= {
            what: retention.erase(writing, what, area, before=before[what], at=now) for what in retention.PERSONAL
        }
        counts["messages"] = outbox.forget(writing, area, before=before["messages"], at=now)
        counts["messages"] += notices.forget(writing, area, before=before["messages"], at=now)
        counts["orders"] = orders.forget(writing, area, before=before["orders"], at=now)
        counts["visits"] = visits.forget(writing, area, before=before["visits"], at=now)
        counts["patrols"] = patrols.forget(writing, area, before=before["patrols"], at=now)
        counts["meetings"] = meetings.forget(writing, area, before=before["meetings"].date(), at=now)
        counts["inspections"] = findings.forget(writing, area, before=before["inspections"].date(), at=now)
        counts["sites"] = sites.forget(writing, area, before=before["sites"].date(), at=now)
        counts["authority_orders"] = authority_orders.erase(
            writing, area, before=before["authority_orders"].date(), at=now
        )
        counts["whistles"] = whistles.forget(writing, area, before=before["whistles"], at=now)
        audit.append(writing.connection, ledger.key, ACT, by, now=now, area=area, data=counts, local=local)
        return counts

    return work


def _of_console(
    ledger: Ledger, identity: Identity, now: datetime, *, by: Who | None, local: bool
) -> Callable[[Writing], Counts]:
    def work(writing: Writing) -> Counts:
        connection, key = writing.connection, ledger.key
        counts = {
            "audit": audit.forget(connection, key, before=now - identity.keep),
            "sessions": sessions.forget(connection, before=now - identity.keep),
            "staged": staged.forget(ledger.folder, before=now - staged.LONGEST, dry=True),
            "attempts": accounts.forget_attempts(connection, before=now - identity.steps.forget),
        }
        audit.append(connection, key, ACT, by, now=now, data=counts, local=local)
        return counts

    return work


class _TakenBack(Exception):
    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self.counts = counts


def _done(ledger: Ledger, work: Callable[[Writing], Counts], *, dry: bool) -> Counts:
    """Do some work and return its counts; dry, take it back."""

    def tried(writing: Writing) -> Counts:
        counts = work(writing)
        if dry:
            raise _TakenBack(counts)
        return counts

    try:
        return ledger.change(tried)
    except _TakenBack as taken:
        return taken.counts


def _said(counts: Counts) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in counts.items() if number) or "nothing"
