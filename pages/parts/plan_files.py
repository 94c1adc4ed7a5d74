"""Part of the page of plans: a kept one on paper and as files."""

from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.planning import keep
from inspections.plans import DayPlan
from locales import N_
from pages.parts.visit import Visit

KINDS = (
    ("xlsx", N_("Field list (XLSX)")),
    ("ics", N_("Calendar (ICS)")),
    ("gpx", N_("Navigator (GPX)")),
    ("geojson", N_("Map points (GeoJSON)")),
)


def downloads(visit: Visit, plan: DayPlan) -> None:
    """Show the ways to the sheets of a plan and to its files."""
    _, area, number = visit._, quote(plan.area, safe=""), quote(plan.number, safe="")
    asked = urlencode({"lang": visit.language})
    parts = [f'<a class="bm-button" href="/plan-sheet/{area}/{number}?{asked}" target="_blank" rel="noopener">{escape(_("Sheets of the walks"))}</a>']  # fmt: skip
    if visit.may(keep.NEEDS):
        parts += [f'<a class="bm-on-map" href="/plan-file/{area}/{number}/{kind}?{asked}" download>{escape(_(name))}</a>' for kind, name in KINDS]  # fmt: skip
    st.html(f'<p class="bm-plan-files">{" ".join(parts)}</p>')
