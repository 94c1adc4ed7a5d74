"""Parts of the report form: how it came to us, how urgent it is, when it was seen, who reported it; and the parties of a mediation."""

from datetime import datetime, timedelta
from html import escape

import streamlit as st

from desk.mediation import FEWEST, MOST, Mediation, Outcome, Party, is_dispute
from desk.room import Room
from incidents.classes import IncidentClass
from incidents.model import Channel, Urgency
from pages.parts.element import pixels
from pages.parts.form import Form, steady
from pages.parts.visit import Visit
from reports.intake_words import CODES, OUTCOME, PARTY
from reports.words import CHANNEL, URGENCY

CHANNELS = tuple(channel for channel in Channel if channel not in {Channel.IMPORT, Channel.BOARD})
HOTLINE = "12345"
MASKED = "王*明, 138****5678"
MINUTE = timedelta(minutes=1)


def choose_source(visit: Visit, form: Form) -> None:
    """Show channel, the order of a hotline, urgency, and the time when it was seen."""
    _ = visit._
    st.pills(
        _("Channel"),
        CHANNELS,
        format_func=lambda channel: _(CHANNEL[channel]),
        required=True,
        **form.bind("channel", Channel.PATROL),
    )
    with steady():
        if form.get("channel", Channel.PATROL) is Channel.HOTLINE:
            with st.container(horizontal=True, gap="small"):
                st.text_input(_("Order number"), **form.bind("order"))
                st.text_input(_("Source"), width=pixels(110), **form.bind("source", HOTLINE))
                _moment(_("Deadline of the order"), form, "due")
    with st.container(horizontal=True, gap="medium"):
        st.pills(
            _("Urgency"),
            tuple(Urgency),
            format_func=lambda urgency: _(URGENCY[urgency]),
            required=True,
            **form.bind("urgency", Urgency.NORMAL),
        )
        _moment(_("Seen at (empty: now)"), form, "reported")


def _moment(label: str, form: Form, field: str) -> None:
    """Show an input for a time of the area; any is taken, so that a wrong one can be answered."""
    early, late = datetime(2000, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001  local time of the area
    st.datetime_input(
        label, value=None, min_value=early, max_value=late, step=MINUTE, width=pixels(220), **form.bind(field, None)
    )


def moment_of(room: Room, form: Form, field: str) -> datetime | None:
    """Return a time as it was typed, in the area's zone."""
    typed = form.get(field, None)
    return typed.replace(tzinfo=room.area.pack.timezone) if typed else None


def choose_reporter(visit: Visit, form: Form) -> None:
    """Show the reporter's name and number, which are optional."""
    _ = visit._
    with st.expander(_("Reporter (optional)")):
        told = _(
            "Shown masked ({example}), kept encrypted and apart from the case where an account takes it, else masked only; erased after the case."
        )
        st.html(f'<p class="bm-note">{escape(told.format(example=MASKED))}</p>')
        with st.container(horizontal=True, gap="small"):
            st.text_input(_("Form of address"), **form.bind("reporter"))
            st.text_input(_("Telephone"), type="phone", placeholder="", icon="", **form.bind("phone"))


def choose_mediation(visit: Visit, form: Form, class_: IncidentClass) -> None:
    """Show the parties of a mediation by code, its outcome, and the day of an agreement."""
    _ = visit._
    with st.container(key="mediation", gap="small"):
        if not st.checkbox(_("It is a mediation"), **form.bind("mediation", is_dispute(class_))):
            return
        st.html(f'<p class="bm-warn">{escape(_("Name nobody: a party is its code and what it is to the matter."))}</p>')
        with st.container(horizontal=True, gap="small"):
            many = st.number_input(
                _("Parties"),
                min_value=FEWEST,
                max_value=MOST,
                step=1,
                width=pixels(110),
                **form.bind("parties", FEWEST),
            )
            for place in range(int(many)):
                st.selectbox(
                    _(CODES[place]),
                    tuple(Party),
                    format_func=lambda party: _(PARTY[party]),
                    width=pixels(150),
                    **form.bind(f"party{place}", Party.HOUSEHOLD),
                )
        with st.container(horizontal=True, gap="small"):
            outcome = st.selectbox(
                _("Outcome"),
                tuple(Outcome),
                format_func=lambda outcome: _(OUTCOME[outcome]),
                **form.bind("outcome", Outcome.RUNNING),
            )
            if outcome is Outcome.AGREED:
                st.date_input(_("Day of the agreement"), value=None, width=pixels(180), **form.bind("agreed", None))


def mediation_of(form: Form, class_: IncidentClass) -> Mediation | None:
    """Return the mediation as it was chosen, None where it is none."""
    if not class_.restricted or not form.get("mediation", is_dispute(class_)):
        return None
    outcome = form.get("outcome", Outcome.RUNNING)
    parties = tuple(form.get(f"party{place}", Party.HOUSEHOLD) for place in range(int(form.get("parties", FEWEST))))
    return Mediation(parties, outcome, form.get("agreed", None) if outcome is Outcome.AGREED else None)
