"""Who reported a case: masked; in full for a minute where the role may, with a reason that is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

import streamlit as st

from desk.people import contacts
from desk.people.contacts import CAPABILITY, LONGEST_REASON, Shown
from desk.room import Room
from geo.errors import BattlemapError
from incidents.case import Incident
from ledger.contacts import Contact
from pages.parts.downloads import visitor_address
from pages.parts.visit import Visit
from reports.case_words import local, post_name
from reports.refusals import refusal

LASTS = timedelta(minutes=1)
EVERY = 2  # seconds between two looks whether the minute is over


@dataclass(frozen=True)
class Open:
    """The one contact that is shown in full."""

    number: str
    contact: Contact
    until: datetime


def contact(visit: Visit, room: Room, case: Incident) -> None:
    """Show who reported a case; nothing where nobody is kept."""
    found, state = contacts.shown(room, case.number), st.session_state
    if found is None:
        return
    if "open_contact" in state and state["open_contact"].number != case.number:
        del state["open_contact"]  # one case at a time
    is_open = "open_contact" in state

    @st.fragment(run_every=EVERY if is_open else None)
    def shown() -> None:
        now, opened = datetime.now(UTC), state.get("open_contact")
        if opened and now >= opened.until:
            del state["open_contact"]
            st.rerun()
        with st.container(key="contact", gap="small"):
            st.html(_rows(visit, room, found, opened))
            if not opened and found.has_more and room.who is not None and room.who.can(CAPABILITY):
                _ask(visit, case)

    shown()


def _rows(visit: Visit, room: Room, found: Shown, opened: Open | None) -> str:
    _ = visit._
    said = opened.contact if opened else Contact(found.name, found.phone)
    words = " ".join(filter(None, (said.name, said.phone)))
    rows = [(_("Reporter"), words)]
    if found.looks:
        at, post = found.looks[0]
        last = _("{n} times, last {time}, {post}")
        rows.append((_("Seen in full"), last.format(n=len(found.looks), time=local(room, at), post=post_name(room, post, _))))  # fmt: skip
    cells = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in rows)
    until = f' data-until="{opened.until.timestamp() * 1000:.0f}"' if opened else ""
    note = f'<p class="bm-warn" role="status">{escape(_("In full for a minute. The audit trail holds your reason."))}</p>' if opened else ""  # fmt: skip
    return f'<dl class="bm-facts bm-contact"{until}>{cells}</dl>{note}'


def _ask(visit: Visit, case: Incident) -> None:
    """Ask for a reason, and open the contact with it."""
    _ = visit._
    with st.expander(_("Show in full")), st.form("unmask", border=False):
        reason = st.text_input(_("Reason: it is kept in the audit trail"), max_chars=LONGEST_REASON, key="unmask_reason")  # fmt: skip
        if not st.form_submit_button(_("Show in full"), key="unmask_now"):
            return
        now = datetime.now(UTC)
        try:
            by, here, who = (
                visit.by("unmask"),
                visit.room(),
                visit.who,
            )  # the room of the run before is as they saw it then
            said = contacts.unmask(here, who, case.number, reason, by, now, address=visitor_address())
        except BattlemapError as error:
            st.html(f'<p class="bm-refused" role="alert">{escape(refusal(error, _))}</p>')
            return
        st.session_state["open_contact"] = Open(case.number, said, now + LASTS)
        st.rerun()
