"""Service orders in a list: what, when, where, who, state, clock; each a link to its sheet."""

from collections.abc import Iterable
from html import escape

from pages.parts.going import link
from pages.parts.rows import light
from pages.parts.visit import Visit
from reports.order_lists import Row


def order_rows(visit: Visit, rows: Iterable[Row], own: dict[str, str]) -> str:
    """Return orders as HTML.

    Parameters
    ----------
    own
        What the address of the page of orders holds beside the order.
    """
    return f'<ol class="bm-rows bm-orders">{"".join(_row(visit, row, own) for row in rows)}</ol>'


def _row(visit: Visit, row: Row, own: dict[str, str]) -> str:
    number, _ = row.filed.number, visit._
    here = ' aria-current="true"' if own.get("order") == number else ""
    home = f"<em>{escape(_('at home'))}</em>" if row.filed.state.home else ""
    clock = row.clock
    return (
        f'<li data-phase="{row.filed.state.phase.value}">{link(visit, "orders", {**own, "order": number}, attributes=here)}'
        f'<i class="bm-sort" aria-hidden="true">{escape(row.sort)}</i><b class="bm-title">{escape(row.title)}{home}</b>'
        f'<span class="bm-about">{escape(row.about)}</span>'
        f'<span class="bm-where">{escape(row.where)}<small>{escape(row.team)}</small></span>'
        f'<span class="bm-state">{escape(row.phase)}</span>{light(clock.light.value if clock.light else "none", clock.left, clock.due)}</a></li>'
    )
