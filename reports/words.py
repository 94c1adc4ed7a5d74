"""How states, marks, times and lengths of time are said in the two languages."""

from types import MappingProxyType

import pandas as pd

from incidents.model import Mark, Status
from locales import N_, Translator

STATUS = MappingProxyType(
    {
        Status.REPORTED.value: N_("Reported"),
        Status.FILED.value: N_("Filed"),
        Status.REFUSED.value: N_("Refused"),
        Status.DISPATCHED.value: N_("Dispatched"),
        Status.IN_HAND.value: N_("In hand"),
        Status.FEEDBACK.value: N_("Reported done, to be checked"),
        Status.RETURNED.value: N_("Returned for rework"),
        Status.SUSPENDED.value: N_("Suspended"),
        Status.CLOSED.value: N_("Closed"),
        Status.SELF_CLEARED.value: N_("Cleared by the grid worker"),
        Status.SELF_VERIFIED.value: N_("Cleared by the grid worker, checked"),
        Status.CANCELLED.value: N_("Cancelled"),
        Status.LINKED.value: N_("Linked to another"),
    }
)
MARK = MappingProxyType(
    {Mark.RED.value: N_("Reported up"), Mark.YELLOW.value: N_("Cleared on the spot"), Mark.GREEN.value: N_("Done")}
)
HOURS_A_DAY = 24
TWO_DAYS = 2 * HOURS_A_DAY


def status_name(status: str, _: Translator) -> str:
    """Return the name of a state; one that we do not know is shown as the pack writes it."""
    return _(STATUS[status]) if status in STATUS else status


def mark_name(mark: str, _: Translator) -> str:
    """Return the name of a mark."""
    return _(MARK[mark])


def period(days: int | None, _: Translator) -> str:
    """Return the period of a filter: so many days, None for everything."""
    if days is None:
        return _("all the data")
    return _("the last day") if days == 1 else _("the last {n} days").format(n=days)


def moment(time: pd.Timestamp) -> str:
    """Return a time to the minute, in its own timezone, as ``2026-11-22 14:31``; "" for NaT."""
    return "" if pd.isna(time) else str(time.strftime("%Y-%m-%d %H:%M"))


def day_and_time(time: pd.Timestamp, as_of: pd.Timestamp | None) -> str:
    """Return a time as short as its distance to ``as_of`` allows: the hour today, else the day, else with the year."""
    if pd.isna(time):
        return ""
    if as_of is not None and time.date() == as_of.date():
        return str(time.strftime("%H:%M"))
    return str(time.strftime("%m-%d" if as_of is not None and time.year == as_of.year else "%Y-%m-%d"))


def length_of_time(span: pd.Timedelta, _: Translator) -> str:
    """Return a length of time in its largest fitting unit: minutes, hours below two days, days."""
    hours = span.total_seconds() / 3600
    if hours < 1:
        return _("{n} min").format(n=max(1, int(span.total_seconds() // 60)))
    if hours < TWO_DAYS:
        return _("{n} h").format(n=int(hours))
    return _("{n} d").format(n=int(hours // HOURS_A_DAY))
