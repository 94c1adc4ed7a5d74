"""The inbox (待办): what waits for the acting post, and what happened since the shift before began."""

from html import escape

import streamlit as st

from desk.room import Room
from incidents.lifecycle import PostKind
from locales import N_
from pages.parts.follow import follow
from pages.parts.going import link, walk
from pages.parts.keys import keys
from pages.parts.order_rows import order_rows
from pages.parts.rows import rows
from pages.parts.visit import Visit
from reports import inbox, order_lists, patrol_lists, visit_lists, whistles
from reports.case_words import local
from reports.figures import FEWEST
from reports.withheld import SHOWN_FEW
from reports.words import post_title

PILE = {
    "unsorted": (N_("To be sorted"), N_("Every report is sorted.")),
    "mine": (N_("Mine"), N_("Nothing waits for you. Well done.")),
    "unchecked": (N_("Unchecked"), N_("Nothing came in from a notice board that nobody has looked at.")),
    "grid": (N_("My grid"), N_("Nothing is open in your grid.")),
    "overdue": (N_("Overdue"), N_("Nothing is overdue.")),
    "verify": (N_("To verify"), N_("Nothing waits to be verified.")),
    "sample": (N_("To sample"), N_("No case is drawn for a check.")),
    "asked": (N_("Requests"), N_("Nobody asks for more time or a suspension.")),
    "help": (N_("Calls for help"), N_("Nobody calls for help.")),
    "review": (N_("Suspensions to review"), N_("No suspension is due for review.")),
    "replies": (N_("Replies due"), N_("Every linked caller has a reply.")),
    "new": (N_("New"), N_("Nothing new came in.")),
    "closed": (N_("Closed"), N_("Nothing was closed.")),
    "late": (N_("Became overdue"), N_("Nothing became overdue.")),
    "escalated": (N_("Escalated"), N_("Nothing was reported up.")),
    "reopened": (N_("Reopened"), N_("Nothing was reopened.")),
    "waiting": (N_("Waiting"), N_("Nothing waits to be sorted or verified.")),
}
WHOLE = N_("Whole area")
ORDERS = "orders"  # the pile of service orders, which are no cases


def render(visit: Visit) -> None:
    """Show the page."""
    room, post = visit.room(), visit.post
    follow(room)
    counts = inbox.counts(room, post, visit.now)
    piles = inbox.piles_of(post)
    asked = st.session_state["own"]["inbox"].get("pile", "")
    pile = ORDERS if asked == ORDERS and visit.may("orders") else asked if asked in counts else piles[0]
    found = [] if pile == ORDERS else inbox.listed(room, post, pile, visit.now)
    walk(case.number for case in found)
    with st.container(key="inbox", gap=None):
        with st.container(key="digest", horizontal=True, vertical_alignment="center", gap=None):
            st.html(_digest(visit, room, counts, pile))
            keys(visit)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, counts, pile), width="content")
            st.html(_orders_list(visit, room) if pile == ORDERS else _list(visit, room, found, counts[pile], pile))


def _digest(visit: Visit, room: Room, counts: dict[str, int], pile: str) -> str:
    _ = visit._
    since = _("Since the last shift, {time}").format(time=local(room, inbox.before(room, visit.now))[5:])
    parts = "".join(
        f"{_pressed(visit, name, pile)}<b>{counts[name]:,}</b> {escape(_(PILE[name][0]))}</a>" for name in inbox.DIGEST
    )
    return f'<p class="bm-digest"><span>{escape(since)}</span>{parts}</p>'


def _piles(visit: Visit, counts: dict[str, int], pile: str) -> str:
    post, _ = visit.post, visit._
    names = {name: _(PILE[name][0]) for name in inbox.piles_of(post)}
    if not post.grid and "grid" in names:
        names["grid"] = _(WHOLE)
    parts = "".join(
        f'{_pressed(visit, name, pile)}<span>{escape(word)}</span><b class="{"bm-late" if name == "overdue" and counts[name] else ""}">{counts[name]:,}</b></a>'
        for name, word in names.items()
    )
    parts += (
        _whistles(visit)
        + _orders(visit, pile)
        + _unplaced(visit)
        + _visits(visit)
        + _patrols(visit)
        + _tasks(visit)
        + _sheets(visit)
    )
    return f'<nav class="bm-piles" aria-label="{escape(_("Inbox"))}"><p>{escape(post_title(post, _))}</p>{parts}</nav>'


def _whistles(visit: Visit) -> str:
    """Return the way to the whistles that wait for the acting post, with how many those are."""
    if not visit.may("whistles"):
        return ""
    return link(visit, "whistles", {}) + _counted(visit, visit._("Whistles"), *whistles.waiting(visit.room(), visit.post, visit.now))  # fmt: skip


def _orders(visit: Visit, pile: str) -> str:
    """Return the pile of the service orders that wait for the acting post."""
    if not visit.may("orders"):
        return ""
    many = order_lists.waiting(visit.room(), visit.post, visit.now)
    return _pressed(visit, ORDERS, pile) + _counted(visit, visit._("Service orders"), *many)


def _unplaced(visit: Visit) -> str:
    """Return the way to the orders that no team takes, which the command room looks for."""
    if visit.post.kind is not PostKind.DISPATCHER or not visit.may("orders"):
        return ""
    many = order_lists.unplaced(visit.room(), visit.post, visit.now)
    return link(visit, "orders", {"tab": "unplaced"}) + _counted(visit, visit._("Orders without a team"), *many)


def _visits(visit: Visit) -> str:
    """Return the way to the visits whose day is over."""
    if not visit.may("visits"):
        return ""
    late = visit_lists.overdue(visit.room(), visit.now)
    return link(visit, "visits", {"tab": "overdue"}) + _counted(visit, visit._("Overdue visits"), late, late)


def _patrols(visit: Visit) -> str:
    """Return the way to the patrols of the last nights that nobody walked; "" where there is none."""
    late = patrol_lists.missed(visit.room(), visit.now) if visit.may("visits") else 0
    return link(visit, "patrols", {"tab": "missed", "period": "year"}) + _counted(visit, visit._("Patrols not walked"), late, late) if late else ""  # fmt: skip


def _tasks(visit: Visit) -> str:
    """Return the way to the tasks that meetings of campaigns gave the acting post; "" where there is none."""
    many, late, campaign = inbox.tasks(visit.room(), visit.post, visit.now) if visit.may("campaigns") else (0, 0, "")
    return link(visit, "campaigns", {"campaign": campaign, "tab": "meetings"}) + _counted(visit, visit._("Tasks of meetings"), many, late) if many else ""  # fmt: skip


def _sheets(visit: Visit) -> str:
    """Return the way to the daily sheets that wait to be checked or signed; "" where there is none."""
    many, number = inbox.sheets(visit.room(), visit.post) if visit.may("sheets") else (0, "")
    return link(visit, "sheet", {"number": number}) + _counted(visit, visit._("Daily sheets to check or sign"), many, 0) if many else ""  # fmt: skip


def _counted(visit: Visit, name: str, waiting: int, late: int) -> str:
    """Return what stands on a way to things that are no cases: how many wait; red where the time of some is over."""
    title = visit._("{n} overdue").format(n=late) if late else ""
    return (
        f'<span>{escape(name)}</span><b class="{"bm-late" if late else ""}" title="{escape(title)}">{waiting:,}</b></a>'
    )


def _orders_list(visit: Visit, room: Room) -> str:
    _ = visit._
    found = order_lists.listed(room, visit.post, "mine", visit.now, {})
    if not found:
        return f'<p class="bm-empty">{escape(_(order_lists.PILE["mine"][1]))}</p>'
    shown = order_lists.rows(room, found, visit.now, _, visit.language)
    way = f"{link(visit, 'orders', {'tab': 'mine'})}{escape(_('All of them, with filter and file'))}</a>"
    return f'{order_rows(visit, shown, {"tab": "mine"})}<p class="bm-note">{way}</p>'


def _pressed(visit: Visit, name: str, pile: str) -> str:
    return link(visit, "inbox", {"pile": name}, attributes=' aria-current="true"' if name == pile else "")


def _empty(visit: Visit, room: Room, pile: str) -> str:
    """Say that a pile is empty; nobody is told that nothing waits while a whistle or an order does."""
    waits = whistles.waiting(room, visit.post, visit.now)[0] if pile == "mine" else 0
    if pile == "mine" and not waits and visit.may("orders"):
        waits = order_lists.waiting(room, visit.post, visit.now)[0]
    return visit._(N_("No case waits for you; whistles and orders do.") if waits else PILE[pile][1])


def _list(visit: Visit, room: Room, found: list, many: int, pile: str) -> str:
    _ = visit._
    if not found:
        return f'<p class="bm-empty">{escape(_empty(visit, room, pile))}</p>'
    more = _("The first {n} of {all} are shown; the table shows all.").format(n=len(found), all=f"{many:,}")
    note = f'<p class="bm-note">{escape(more)}</p>' if many > len(found) else ""
    left = inbox.apart(room, visit.post, pile, visit.now)
    said = _(SHOWN_FEW).format(n=f"{left:,}", few=FEWEST)
    return rows(visit, room, found) + note + (f'<p class="bm-note">{escape(said)}</p>' if left else "")
