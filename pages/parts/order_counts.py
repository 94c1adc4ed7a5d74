"""Part of the page of service orders: how they ended and what residents said, as counts of teams and of services."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from desk.room import Room
from pages.parts.files import files
from pages.parts.going import link
from pages.parts.tables import table
from pages.parts.visit import Visit
from reports.order_lists import satisfaction

PERIODS = ("30", "90", "365")  # days
COUNTS = "counts"


def order_counts(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the counts of a period."""
    _ = visit._
    period = own.get("period") if own.get("period") in PERIODS else PERIODS[0]
    found = satisfaction(room, int(period), visit.now, _, visit.language)
    with st.container(key="order_bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<p class="bm-digest">{"".join(_period(visit, days, days == period) for days in PERIODS)}</p>')
        named = f"{_('Satisfaction')} · {_('{n} days').format(n=period)}"
        files(visit, room, "orders", _("Orders"), sum(map(len, found)), named, {"tab": COUNTS, "period": period}, lambda now: _both(visit, now, int(period)))  # fmt: skip
    if all(frame.empty for frame in found):
        st.html(f'<p class="bm-empty">{escape(_("No order ended in this time."))}</p>')
        return
    for heading, frame in zip((_("By team"), _("By service")), found, strict=True):
        said = [[str(value) if value != 0 else "0" for value in line] for line in frame.itertuples(index=False)]
        st.html(f'<h2>{escape(heading)}</h2><div class="bm-wide bm-counted">{table(list(frame.columns), said)}</div>')
    st.html(f'<p class="bm-note">{escape(_("Counts of orders that ended in this time and that you see; no resident is counted apart."))}</p>')  # fmt: skip


def _period(visit: Visit, days: str, here: bool) -> str:  # noqa: FBT001
    attributes = ' aria-current="true"' if here else ""
    return f"{link(visit, 'orders', {'tab': COUNTS, 'period': days}, attributes=attributes)}{escape(visit._('{n} days').format(n=days))}</a>"


def _both(visit: Visit, room: Room, days: int) -> pd.DataFrame:
    """Return both tables as one, for a file."""
    _ = visit._
    by_team, by_item = satisfaction(room, days, visit.now, _, visit.language)
    name = _("Team or service")
    return pd.concat([by_team.rename(columns={_("Team"): name}), by_item.rename(columns={_("Service"): name})])
