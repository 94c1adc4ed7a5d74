"""What a page says when it cannot show what was asked for: what, which, and what to do next."""

from html import escape
from itertools import count
from urllib.parse import quote

import streamlit as st

from geo.errors import BattlemapError, FilterError, LedgerError, PackError, RulesError, UnknownArea
from locales import Translator
from pages.parts.visit import Visit
from reports.refusals import filter_refusal

AGAIN = 5  # seconds


def trouble(visit: Visit, error: BattlemapError) -> None:
    """Say what is wrong with the area, and show the ways back."""
    _ = visit._
    if isinstance(error, UnknownArea):
        heading, advice = (
            _("There is no area {name}").format(name=visit.name),
            _("Choose one of these, or add its folder to BATTLEMAP_PACKS."),
        )
    elif isinstance(error, RulesError):
        heading, advice = (
            _("A file of rules cannot be used"),
            _(
                "Correct the file that is named here, in BATTLEMAP_RULES or in the rules folder of the pack, or take it away."
            ),
        )
    else:
        heading = _("The data of {name} cannot be read").format(name=visit.names().get(visit.name, visit.name))
        advice = _("Other areas are not affected. This command lists every fault:")
    faults = (
        "".join(f"<li>{escape(fault)}</li>" for fault in error.faults)
        if isinstance(error, PackError | RulesError)
        else ""
    )
    command = (
        ""
        if isinstance(error, UnknownArea | RulesError | LedgerError)
        else f"<pre>battlemap check {escape(visit.name)}</pre>"
    )
    detail = "" if isinstance(error, UnknownArea) else f'<p lang="en">{escape(str(error).splitlines()[0])}</p>'
    st.html(
        f'<section class="bm-trouble" role="alert"><h1>{escape(heading)}</h1>{detail}<ul>{faults}</ul><p>{escape(advice)}</p>{command}{_ways_back(visit)}</section>'
    )


def unreachable(_: Translator, error: LedgerError) -> None:
    """Say that the ledger cannot be reached just now, which says itself who looks; the page tries again by itself."""
    runs = count()

    @st.fragment(run_every=AGAIN)
    def again() -> None:
        if next(runs):
            st.rerun()
        heading = escape(_("The records cannot be reached just now"))
        advice = escape(_("What was saved is kept. This page tries again by itself; if it stays so, tell the administrator."))  # fmt: skip
        detail = escape(str(error).splitlines()[0])
        st.html(f'<section class="bm-trouble" role="alert"><h1>{heading}</h1><p>{advice}</p><p lang="en">{detail}</p></section>')  # fmt: skip

    again()


def log_in(visit: Visit) -> None:
    """Say that the session is over, or that the role may not use the console any more."""
    _ = visit._
    heading, advice = escape(_("Please log in")), escape(_("Your session is over, or you have not logged in yet."))
    way = f'<p class="bm-back"><a href="/log-in?lang={visit.language}" target="_self">{escape(_("Log in"))}</a></p>'
    st.html(f'<section class="bm-trouble" role="alert"><h1>{heading}</h1><p>{advice}</p>{way}</section>')


def bad_filter(visit: Visit, error: BattlemapError) -> None:
    """Say what is wrong with the filter in the address, and show the way back."""
    _ = visit._
    heading = escape(_("The filter in the address cannot be understood"))
    asked = "".join(f"<li><code>{escape(f'{name}={value}')}</code></li>" for name, value in visit.asked.items())
    advice = escape(_("It is: grid=level:code, class=…, mark=red,yellow,green, days=a number."))
    said = filter_refusal(error, _) if isinstance(error, FilterError) else ""
    detail = f"<p>{escape(said)}</p>" if said else f'<p lang="en">{escape(str(error))}</p>'
    st.html(
        f'<section class="bm-trouble" role="alert"><h1>{heading}</h1><ul>{asked}</ul>{detail}<p>{advice}</p></section>'
    )
    st.button(_("Clear the filter"), type="primary", key="everything", on_click=clear)


def clear() -> None:
    """Take the filter away."""
    st.session_state["asked"] = {}


def _ways_back(visit: Visit) -> str:
    links = [
        f'<a href="/?area={quote(name, safe="")}&amp;lang={visit.language}" target="_self">{escape(shown)}</a>'
        for name, shown in visit.names().items()
        if name != visit.name
    ]
    return f'<p class="bm-back">{" ".join(links)}</p>'
