"""What stands on a sheet, in words and numbers that are ready for paper. Nothing is counted here: figures come from the sheet as it was frozen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from locales import Translator

MISSING = "—"
"""What a rate without a denominator says (domain 1.8), and a place without a neighbour to compare with."""

UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
COUNT, RATE, RANK, CHANGE = "count", "rate", "rank", "change"

Value = int | str | None
"""A number; a rate as it is said (``93.72 %``); None for what cannot be said."""


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    kind
        ``count``, ``rate`` (a text, rounded where the figure was made), ``rank`` or ``change`` (an integer, signed on paper).
    """

    key: str
    heading: str
    kind: str = COUNT


@dataclass(frozen=True)
class Row:
    """A line of the table: what it is of (a community), its values by column, and the code of its grid, by which its figures lead to what they count."""

    name: str
    values: Mapping[str, Value]
    code: str = ""


@dataclass(frozen=True)
class Pair:
    """A case before and after (整改前后): JPEG or PNG as it is stored, b"" where there is none."""

    caption: str
    before: bytes = b""
    after: bytes = b""


@dataclass(frozen=True)
class Section:
    """Sentences under a heading: 突出问题, 表扬/点名, 明日工作."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Paper:
    """A sheet, ready for paper.

    Attributes
    ----------
    title, organ, number
        日通报 with its day; who issues it; 〔2026〕第N期.
    period
        From when to when it counts, in words, with the cut-off (统计截止时间).
    unit
        The unit line above the table.
    first
        Heading of the column of names.
    total
        Its values stand in the last line of the table.
    notes
        Below the table: what came late (补报), what was left out.
    comment
        The sentence that the table comes to.
    map
        SVG of the day's map; "" for none.
    circulation
        Whom it is sent to (报送范围).
    signer, prepared, checked
        Posts; "" leaves room for handwriting.
    at
        When it was drawn up, in the area's time.
    state
        In words, where it is not sent out yet or was withdrawn; stands across each page.
    digest
        SHA-256 of the frozen figures; "" for a draft.
    synthetic
        Whether its area is made up, in words; "" for a real one.
    foot
        Who takes it and when; "" for nobody.
    day
        Of the sheet, from cut-off to cut-off.
    words
        Fixed words by their key (`FIXED`).
    """

    title: str
    organ: str
    number: str
    period: str
    unit: str
    first: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row
    at: datetime
    notes: tuple[str, ...] = ()
    comment: str = ""
    sections: tuple[Section, ...] = ()
    pairs: tuple[Pair, ...] = ()
    map: str = ""
    map_caption: str = ""
    circulation: str = ""
    signer: str = ""
    prepared: str = ""
    checked: str = ""
    state: str = ""
    digest: str = ""
    synthetic: str = ""
    foot: str = ""
    day: date | None = None
    language: str = "zh"
    words: Mapping[str, str] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """List all that it says, to look for characters that a font lacks."""
        lines = (*self.rows, self.total)
        said = [self.title, self.organ, self.number, self.period, self.unit, self.first, self.comment, self.map_caption, self.circulation, self.signer, self.prepared, self.checked, self.state, self.synthetic, self.foot]  # fmt: skip
        said += [*self.notes, *(column.heading for column in self.columns), *(pair.caption for pair in self.pairs)]
        said += [line.name for line in lines] + [str(value) for line in lines for value in line.values.values()]
        said += [text for part in self.sections for text in (part.heading, *part.sentences)]
        return [*said, *self.words.values()]


def fixed(_: Translator) -> dict[str, str]:
    """Return the fixed words of a sheet in a language."""
    return {
        "circulation": _("Sent to:"),
        "signer": _("Signed by:"),
        "prepared": _("Prepared by:"),
        "checked": _("Checked by:"),
        "at": _("Drawn up at:"),
        "before": _("Before"),
        "after": _("After"),
        "no_photo": _("No photo"),
        "pairs": _("Before and after"),
        "page": _("Page {n} of {total}"),
        "digest": _("Digest of the figures:"),
        "lacking": _("Characters that the fonts lack: {characters}"),
        "sheet": _("Daily sheet"),
    }


def said(column: Column, value: Value) -> str:
    """Return a value as it stands on paper: changes signed, what cannot be said as a dash."""
    if value is None:
        return MISSING
    if column.kind == CHANGE and isinstance(value, int):
        return f"{value:+d}" if value else "0"
    return str(value)


def clean(text: str) -> str:
    """Return a text without characters that no paper can show: controls, marks that turn the direction, halves of pairs."""
    return UNPRINTABLE.sub("", text)
