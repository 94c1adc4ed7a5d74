"""The ways through a list of many pages."""

from collections.abc import Mapping
from html import escape

from pages.parts.going import link
from pages.parts.visit import Visit

MOST_DIGITS = 9  # of the number of a page


def page_of(own: Mapping[str, str], many: int, *, each: int) -> int:
    """Return which page an address asks for, from 1; one that is not there is the last, what is no number the first."""
    asked = own.get("page", "")
    return max(1, min(int(asked) if asked.isdecimal() and len(asked) < MOST_DIGITS else 1, -(-many // each)))


def pager(visit: Visit, path: str, own: Mapping[str, str], page: int, many: int, *, each: int) -> str:
    """Return which rows are shown, of how many, and the ways to the others.

    Parameters
    ----------
    path, own
        The page of the console, and what its address holds of its own.
    each
        Rows of one page.
    """
    _, first = visit._, (page - 1) * each
    said = _("{first}–{last} of {all}").format(first=f"{first + 1:,}", last=f"{min(first + each, many):,}", all=f"{many:,}")  # fmt: skip
    ways = [(page - 1, "‹", _("Previous page"), page > 1), (page + 1, "›", _("Next page"), first + each < many)]
    parts = "".join(
        f'{link(visit, path, {**own, "page": str(to)}, attributes=f""" aria-label="{escape(name)}" """)}{sign}</a>'
        for to, sign, name, there in ways
        if there
    )
    return f'<p class="bm-pager" role="status"><span>{escape(said)}</span>{parts}</p>'
