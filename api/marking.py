"""What is printed carries a watermark (水印), and leaves a line in the audit trail before it is handed out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from starlette.requests import Request

from api.identity import address_of
from desk.room import Room
from desk.taken import PRINT, taken
from layers.sheet.board import text_width
from locales import Translator
from reports.watermark import watermark

EM, ROW, GAP = 13, 110, 60  # pixels: size of the letters, between two rows, between two marks of a row
SLANT, LIGHT = -24, 0.1  # degrees; share of black


def printed(
    request: Request, room: Room, now: datetime, _: Translator, language: str, *, what: str, said: Sequence[str], data: Mapping[str, Any]
) -> str:  # fmt: skip
    """Note a print, and return its watermark.

    Parameters
    ----------
    what, said
        What is printed, for the trail and for the watermark: the number of a case, a filter in words.
    data
        Counts and the filter, never contents.

    Raises
    ------
    LedgerError
        The trail cannot be written: nothing may be printed.
    """
    taken(room, PRINT, room.who, now, what=what, data=data, address=address_of(request))
    return watermark(room, room.who, now, said, _, language)


def over_page(mark: str) -> str:
    """Return the watermark as a light pattern over a whole page, which hides nothing and is still there after copying."""
    wide = text_width(mark, EM) + GAP
    words = "".join(
        f'<text x="{x:.0f}" y="{y}" font-size="{EM}" fill="#000" fill-opacity="{LIGHT}">{escape(mark)}</text>'
        for x, y in ((0, EM), (-wide / 2, EM + ROW), (wide / 2, EM + ROW))
    )
    pattern = f'<pattern id="watermark" width="{wide:.0f}" height="{2 * ROW}" patternUnits="userSpaceOnUse" patternTransform="rotate({SLANT})">{words}</pattern>'
    return f'<svg class="watermark" width="100%" height="100%" aria-hidden="true"><defs>{pattern}</defs><rect width="100%" height="100%" fill="url(#watermark)"/></svg>'
