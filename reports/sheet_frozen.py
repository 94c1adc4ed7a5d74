"""The daily sheet (日通报) as it is drawn up, frozen, and read again: what was signed says for ever what it said, in both languages."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Any

from desk.room import Room
from desk.sheets import photos
from desk.sheets.acts import came_late, figures, signed_before
from incidents.sheet_life import KEPT, Act, Sheet, State
from incidents.sheets import span
from inspections.campaigns import Source
from layers.grid_names import full_names
from ledger import campaigns, find
from locales import LANGUAGES, N_, Translator, translator
from reports.case_words import class_name, post_name
from reports.coverage import looked_late
from reports.daily import draft, phase_of
from reports.figures import INSTANT, day_lines, level_of
from reports.sheet_files.paper import Column, Pair, Paper, Row, Section, clean

STATE: Mapping[State, str] = {
    State.DRAFT: N_("Draft, not checked"),
    State.CHECKED: N_("Checked, not signed"),
    State.SIGNED: N_("Signed, to be sent out"),
    State.SENT: N_("Sent out"),
    State.WITHDRAWN: N_("Withdrawn"),
}
ACROSS: Mapping[State, str] = {State.DRAFT: N_("Not signed"), State.CHECKED: N_("Not signed"), State.WITHDRAWN: N_("Withdrawn")}  # fmt: skip
SECTIONS: Mapping[str, str] = {"problems": N_("Main problems"), "praise": N_("Commended and named"), "tomorrow": N_("Work of tomorrow")}  # fmt: skip
DRAFT: Mapping[str, str] = {
    "sheet_gone": N_("There is no such daily sheet, or none that you see. Look it up in the list."),
    "sheet_day": N_("That day is not there yet. Draw up the sheet of the day that runs."),
    "sheet_photos": N_(
        "Choose at most six cases, each closed in the day with a photo before and after. Load the page again."
    ),
    "sheet_reason": N_("Say why the sheet is returned or withdrawn."),
}
RULES = (
    (
        re.compile(r"^Who drew a daily sheet up does not"),
        N_(
            "Who drew the sheet up neither checks nor signs it, and who checked it does not sign it. Another person does."
        ),
    ),
    (re.compile(r"is not for a daily sheet that is"), N_("The sheet does not stand so any more. Load the page again.")),
)
# Of a campaign -> what stands below the table about what came late (补报).
LATE: Mapping[bool, str] = {
    False: N_("Came late: {n} cases of {day} were entered after that day's sheet was drawn up; they are in no line of this table."),
    True: N_("Came late: {n} places inspected by the cut-off of {day} were entered after that day's sheet was drawn up; they are among those inspected, and not new of this day."),
}  # fmt: skip
WORDS = ("comment", *SECTIONS, "circulation", "signer")
PLAIN = ("title", "organ", "number", "period", "unit", "first", "comment", "map", "map_caption", "circulation", "signer", "prepared", "checked", "state", "digest", "synthetic", "foot", "language")  # fmt: skip


def drawn_up(room: Room, day: date, campaign: str, words: Mapping[str, str], now: datetime, *, shots: Collection[str] = ()) -> tuple[dict[str, Any], int]:  # fmt: skip
    """Return a sheet with the figures of now as plain values in every language, and the version of the ledger that it saw.

    Parameters
    ----------
    words
        `WORDS` that somebody wrote; empty ones leave what the figures say.
    shots
        Numbers of the cases whose photos before and after it shows.

    Raises
    ------
    FilterError, DraftError
        As `reports.daily.draft` and `desk.sheets.photos.chosen`.
    """
    with room.ledger.reading() as connection:
        seen = find.version_at(connection, room.id, now)
    late = _late_targets(room, day, campaign) if campaign else _late_cases(room, day)
    chosen = photos.chosen(room, day, shots, now)
    papers = {}
    for language in LANGUAGES:
        paper, _ = draft(room, now, language, day=day, campaign=campaign), translator(language)
        said = tuple(Section(_(heading), _lines(words.get(key, ""))) for key, heading in SECTIONS.items() if words.get(key, "").strip())  # fmt: skip
        notes = [*paper.notes, *([_(LATE[bool(campaign)]).format(n=late[1], day=late[0])] if late and late[1] else [])]
        papers[language] = to_json(
            replace(
                paper,
                comment=clean(words.get("comment", "").strip()) or paper.comment,
                circulation=clean(words.get("circulation", "").strip()) or paper.circulation,
                signer=clean(words.get("signer", "").strip()) or paper.signer,
                sections=said,
                notes=tuple(notes),
                pairs=tuple(
                    Pair(caption(room, one, language), photos.read(room, one.before), photos.read(room, one.after))
                    for one in chosen
                ),
            )
        )
    said_of = (
        {} if campaign else {"counted": day_lines(room, day, now)}
    )  # so that each figure leads to its cases for ever
    return {"papers": papers, "words": {key: words.get(key, "") for key in WORDS}, "shots": [*shots], **said_of}, seen


def _late_cases(room: Room, day: date) -> tuple[date, int] | None:
    """Return the day of the signed sheet before one, and how many of its cases came late; None where none was signed."""
    found = came_late(room, day)
    return (found[0].day, len(found[1])) if found else None


def _late_targets(room: Room, day: date, campaign: str) -> tuple[date, int] | None:
    """Return the day of the signed sheet of a campaign before one, and how many sites of its phase were looked at before its cut-off, as was entered after it was drawn up; None where none was signed, or another phase runs."""
    before = signed_before(room, day, campaign)
    with room.ledger.reading() as connection:
        found = campaigns.get(connection, room.id, campaign)
    number = phase_of(found, before.day) if before else 0
    if before is None or not number or found.source is not Source.SITES or number != phase_of(found, day):
        return None
    _begins, ends = span(before.day, room.rules.sheets.cutoff, room.area.pack.timezone)
    return before.day, looked_late(room, found, number, ends - INSTANT, before.seen)


def caption(room: Room, shots: photos.Shots, language: str) -> str:
    """Return what stands above a pair of photos: what it was and where, by community; no address and no person."""
    case, level = shots.case, level_of(room).key
    code = case.codes.get(level, "").split(";")[0]
    place = full_names(room.area.net).get(level, {}).get(code, "")
    return " · ".join(part for part in (class_name(room, case.class_, language), place, case.number) if part)


def printable(room: Room, sheet: Sheet, language: str) -> Paper:
    """Return a sheet as it was frozen, with how it stands now."""
    _, frozen = translator(language), figures(room, sheet)
    paper = from_json(frozen["papers"][language], partial(photos.read, room))
    number = _("[{year}] No. {n}").format(year=sheet.day.year, n=sheet.issue) if sheet.issue else ""
    hands = dict(sheet.hands)
    named = {act: post_name(room, hand.post, _) for act, hand in hands.items()}
    return replace(
        paper,
        number=number,
        prepared=named.get(Act.DRAFT, ""),
        checked=named.get(Act.CHECK, ""),
        signer=named.get(Act.SIGN) or paper.signer,
        state=_(ACROSS[sheet.state]) if sheet.state in ACROSS else "",
        digest=sheet.digest if sheet.state in KEPT else "",
    )


def shown(room: Room, now: datetime, language: str, sheet: Sheet | None, *, day: date | None, campaign: str) -> Paper:
    """Return a sheet as it was drawn up, or with the figures of now where nobody drew it up; raises as `reports.daily.draft`."""
    return printable(room, sheet, language) if sheet else draft(room, now, language, day=day, campaign=campaign)


def to_json(paper: Paper) -> dict[str, Any]:
    """Return a sheet as plain values; of photos their captions and digests, for who prints it reads the files."""
    plain = {name: getattr(paper, name) for name in PLAIN}
    return {
        **plain,
        "columns": [[one.key, one.heading, one.kind] for one in paper.columns],
        "rows": [[one.name, dict(one.values), one.code] for one in paper.rows],
        "total": [paper.total.name, dict(paper.total.values)],
        "notes": list(paper.notes),
        "sections": [[one.heading, list(one.sentences)] for one in paper.sections],
        "pairs": [[one.caption, _digest(one.before), _digest(one.after)] for one in paper.pairs],
        "words": dict(paper.words),
        "at": paper.at.isoformat(),
        "day": paper.day.isoformat() if paper.day else None,
    }


def from_json(said: Mapping[str, Any], photo: Callable[[str], bytes]) -> Paper:
    """Read what `to_json` wrote; ``photo`` returns a photo by its digest, b"" for none."""
    return Paper(
        **{name: said[name] for name in PLAIN},
        columns=tuple(Column(*one) for one in said["columns"]),
        rows=tuple(Row(*one) for one in said["rows"]),
        total=Row(*said["total"]),
        notes=tuple(said["notes"]),
        sections=tuple(Section(heading, tuple(lines)) for heading, lines in said["sections"]),
        words=said["words"],
        at=datetime.fromisoformat(said["at"]),
        day=date.fromisoformat(said["day"]) if said["day"] else None,
        pairs=tuple(Pair(text, photo(before), photo(after)) for text, before, after in said.get("pairs", ())),
    )


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest() if data else ""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(clean(line.strip()) for line in text.splitlines() if line.strip())


def state_words(sheet: Sheet, _: Translator) -> str:
    """Return how a sheet stands."""
    return _(STATE[sheet.state])
