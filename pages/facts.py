"""The facts page (底数与检查): what the area holds, where it comes from, and what is wrong with it."""

from html import escape

import streamlit as st

from pages.parts.tables import pairs, table
from pages.parts.visit import Visit
from reports.facts import facts_of, faults_of
from reports.retention import retained


def render(visit: Visit) -> None:
    """Show the page."""
    _, area = visit._, visit.area()
    facts = facts_of(visit.room(), visit.now, visit.language)
    with st.container(key="facts", gap=None):
        st.html(
            f"<h1>{escape(area.pack.name.in_(visit.language))}<small>{escape(_('Facts and checks'))}</small></h1>{pairs(facts.about)}"
        )
        left, right = st.columns(2, gap="large")
        left.html(f"<h2>{escape(_('Net'))}</h2>" + table((_("Name"), _("Kind"), _("Grids")), facts.net))
        left.html(f"<h2>{escape(_('Points'))}</h2>" + table((_("Kind"), _("Class"), _("Count")), facts.points))
        right.html(f"<h2>{escape(_('Incidents'))}</h2>" + table((_("Class"), _("Count")), facts.incidents))
        when, kinds = retained(visit.room(), visit.language)
        last = _("Last erased {time}; counts only.").format(time=when) if when else _("Nothing was erased yet.")
        rows = table((_("What"), _("Days kept after its end"), _("Erased the last time")), kinds)
        st.html(f"<h2>{escape(_('Erased when its time is over'))}</h2><p>{escape(last)}</p>{rows}")
        st.html(f"<h2>{escape(_('Checks'))}</h2>")
        with st.spinner(_("Checking …")):
            faults, total = faults_of(area, visit.language)
        if total:
            count = _("{n} faults").format(n=total)
            st.html(
                f"<p>{escape(count)}</p>"
                + table((_("Severity"), _("Fault"), _("File"), _("Codes"), _("What is wrong"), _("What to do")), faults)
            )
        else:
            st.html(f"<p>{escape(_('The check found no fault.'))}</p>")
        st.html(
            f"<p>{escape(_('The same in a terminal, with places and areas:'))}</p><pre>battlemap check {escape(area.id)}</pre>"
        )
