"""The watermark (水印) of whatever leaves the console: who took it out, when, of what, and by which filter. domain 7.2.

Files carry it where it changes no row: CSV in the heading of a last, empty column; XLSX on its last sheet, in foot and properties; GeoJSON, GeoPackage and GeoParquet in their
metadata. Paper carries it in its foot, and lightly over the page.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from desk.room import Room
from incidents.access import Who
from locales import Translator
from reports.case_words import local
from reports.figures import Filter
from reports.filter_words import conditions
from reports.words import ROLE

LONGEST = 400  # characters
FOOT = 200  # characters of the foot of a sheet: Excel takes 255, and every & counts twice
AMPERSANDS = 25


def watermark(
    room: Room, who: Who | None, now: datetime, said: Sequence[str], _: Translator, language: str, *, user: str = ""
) -> str:
    """Return the watermark as one line.

    Parameters
    ----------
    who
        None for the command line of the machine.
    said
        What was taken out: a filter in words, the number of a case.
    user
        Of the machine, where there is no account.
    """
    parts = [named(who, _, user=user), local(room, now), room.area.pack.name.in_(language), *said]
    line = " · ".join(part for part in parts if part)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def named(who: Who | None, _: Translator, *, user: str = "") -> str:
    """Return who somebody is: the name of the account, and the role."""
    if who is None:
        return f"{user} ({_('command line')})" if user else _("command line")
    return f"{who.name} ({_(ROLE[who.role])})" if who.name else _(ROLE[who.role])


def filtered(room: Room, wanted: Filter, _: Translator, language: str) -> list[str]:
    """Return a filter in words, its grid included."""
    return [*([":".join(wanted.grid)] if wanted.grid else []), *conditions(room, wanted, language, _)]


def of_sheet(book: Any, page: Any, mark: str) -> None:
    """Write a watermark into the foot of a sheet, and into the properties of its workbook."""
    foot = mark.replace("\n", " ").replace("&", "&&", AMPERSANDS)[:FOOT]
    page.oddFooter.left.text = foot
    page.oddFooter.right.text = "&P / &N"
    book.properties.description = book.properties.title = mark
    book.properties.creator = "battlemap"
