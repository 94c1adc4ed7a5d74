"""How states, marks, times and lengths of time are said in the two languages."""

from types import MappingProxyType

import pandas as pd

from desk.room import TITLES
from incidents.access import Role
from incidents.lifecycle import Act, PostKind
from incidents.model import Channel, Mark, Status, Urgency
from incidents.posts import Post, post_key
from locales import N_, Translator
from reports.address import THIS_SHIFT

STATUS = MappingProxyType(
    {
        Status.UNCHECKED.value: N_("Received, unchecked"),
        Status.REPORTED.value: N_("Reported"),
        Status.FILED.value: N_("Filed"),
        Status.REFUSED.value: N_("Refused"),
        Status.DISPATCHED.value: N_("Dispatched"),
        Status.IN_HAND.value: N_("In hand"),
        Status.NOTICED.value: N_("Notice posted"),
        Status.FEEDBACK.value: N_("Reported done, to be checked"),
        Status.RETURNED.value: N_("Returned for rework"),
        Status.SUSPENDED.value: N_("Suspended"),
        Status.CLOSED.value: N_("Closed"),
        Status.EVALUATED.value: N_("Evaluated"),
        Status.SELF_CLEARED.value: N_("Cleared by the grid worker"),
        Status.SELF_VERIFIED.value: N_("Cleared by the grid worker, checked"),
        Status.CANCELLED.value: N_("Cancelled"),
        Status.LINKED.value: N_("Linked to another"),
    }
)
MARK = MappingProxyType(
    {Mark.RED.value: N_("Reported up"), Mark.YELLOW.value: N_("Cleared on the spot"), Mark.GREEN.value: N_("Done")}
)
CHANNEL = MappingProxyType(
    {
        Channel.PATROL: N_("Patrol"),
        Channel.RESIDENT: N_("Resident"),
        Channel.HOTLINE: N_("12345 hotline"),
        Channel.CHAT: N_("Chat group"),
        Channel.DEPARTMENT: N_("Department's own report"),
        Channel.SENSOR: N_("Sensor"),
        Channel.IMPORT: N_("Other system"),
        Channel.BOARD: N_("Notice board"),
    }
)
URGENCY = MappingProxyType(
    {Urgency.NORMAL: N_("Normal"), Urgency.URGENT: N_("Urgent"), Urgency.EMERGENCY: N_("Emergency")}
)
ACT = MappingProxyType(
    {
        Act.REPORT: N_("Report it"),
        Act.RECEIVE: N_("Came in from a notice board"),
        Act.SELF_CLEAR: N_("Clear on the spot"),
        Act.FILE: N_("File the case"),
        Act.REFUSE: N_("Refuse to file"),
        Act.DISPATCH: N_("Dispatch"),
        Act.ACCEPT: N_("Accept"),
        Act.SEND_BACK: N_("Send back"),
        Act.ESCALATE: N_("Report up"),
        Act.POST_NOTICE: N_("Post a notice"),
        Act.CLEAR: N_("Clear after the notice"),
        Act.FEEDBACK: N_("Report done"),
        Act.CLOSE: N_("Verify and close"),
        Act.RETURN: N_("Return for rework"),
        Act.EVALUATE: N_("Evaluate"),
        Act.ASK_EXTENSION: N_("Ask for more time"),
        Act.EXTEND: N_("Grant more time"),
        Act.ASK_SUSPENSION: N_("Ask to suspend"),
        Act.SUSPEND: N_("Suspend"),
        Act.DENY: N_("Deny the request"),
        Act.REVIEW: N_("Review the suspension"),
        Act.RESUME: N_("Resume"),
        Act.LINK: N_("Link to another"),
        Act.UNLINK: N_("Take the link back"),
        Act.KEEP_APART: N_("Keep apart"),
        Act.REOPEN: N_("Reopen"),
        Act.CANCEL: N_("Cancel the case"),
        Act.SAMPLE_PASS: N_("Pass the sample check"),
        Act.SAMPLE_FAIL: N_("Fail the sample check"),
        Act.CORRECT: N_("Correct"),
        Act.REASSIGN: N_("Give to another grid"),
        Act.SUPERVISE: N_("Supervise"),
        Act.STEP: N_("Step of the deadline"),
        Act.HAND_OVER: N_("Handed over"),
        Act.ERASE: N_("Words erased"),
        Act.REPLY: N_("Reply or call back"),
        Act.NOTE: N_("Note"),
        Act.IMPORT: N_("Imported"),
        Act.ADOPT: N_("Taken over from the command room"),
        Act.UNDO: N_("Undo"),
    }
)
POST_KIND = MappingProxyType(
    {
        PostKind.WORKER: N_("Grid worker"),
        PostKind.HEAD: N_("Grid head"),
        PostKind.FIRST_HEAD: N_("First grid head"),
        PostKind.DEPUTY: N_("Deputy grid head"),
        PostKind.OFFICE: N_("Office in charge"),
        PostKind.INSPECTOR: N_("Inspector"),
        PostKind.DISPATCHER: N_("Dispatcher"),
        PostKind.DEPARTMENT: N_("Department"),
    }
)
ROLE = MappingProxyType(
    {
        Role.WALL: N_("Wall screen"),
        Role.WORKER: N_("Grid worker"),
        Role.HEAD: N_("Grid head"),
        Role.COMMUNITY: N_("Community"),
        Role.DISPATCHER: N_("Dispatcher"),
        Role.DEPARTMENT: N_("Department"),
        Role.INSPECTOR: N_("Inspector"),
        Role.ANALYST: N_("Analyst"),
        Role.SYSTEM: N_("System administrator"),
        Role.SECURITY: N_("Security administrator"),
        Role.AUDIT: N_("Auditor"),
        Role.DEMO: N_("Demonstration (read-only)"),
    }
)
HOURS_A_DAY = 24
TWO_DAYS = 2 * HOURS_A_DAY


def status_name(status: str, _: Translator) -> str:
    """Return the name of a state; one that we do not know is shown as the pack writes it."""
    return _(STATUS[status]) if status in STATUS else status


def post_title(post: Post, _: Translator) -> str:
    """Return a post as people call it: its own title, or for the posts of the room the name of their kind."""
    is_own = post.key == post_key(post.kind) and post.title == TITLES.get(post.kind)
    return _(POST_KIND[post.kind]) if is_own else post.title


def mark_name(mark: str, _: Translator) -> str:
    """Return the name of a mark."""
    return _(MARK[mark])


def period(days: int | None, _: Translator) -> str:
    """Return the period of a filter: so many days, None for everything, `THIS_SHIFT` for the present shift."""
    if days is None or days == THIS_SHIFT:
        return _("all the data") if days is None else _("this shift")
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
