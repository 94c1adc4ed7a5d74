"""Making an inspection: the answers judged by the checklist that was used, its findings opened, those of before looked at again, all in one change and once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from desk import evidence
from desk.intake import struck
from desk.posts.acting import change
from desk.room import Room
from desk.sites import register
from geo.errors import DraftError
from incidents.lifecycle import By
from incidents.moments import to_text
from incidents.text import clean
from inspections.answers import Result, Verdict, evaluate, read
from inspections.checklists import Checklist
from inspections.findings import Act, Done, Finding, State, why_not
from inspections.grades import Degree
from inspections.inspection import Inspection, Signed, Way
from inspections.sites import Site
from inspections.sites import State as Stands
from ledger import findings, inspections
from ledger.findings import Filed
from ledger.inspections import Photo
from ledger.writing import Attached, Writing

NEEDS = "inspect"
LONGEST_NOTE = 200
MOST_PHOTOS = 50  # of one inspection: of several items, and the signature
PASSED, FAILED = "pass", "fail"
NOT_THERE = frozenset({Stands.MOVED, Stands.CLOSED})


@dataclass(frozen=True)
class Made:
    """An inspection as somebody made it.

    Attributes
    ----------
    site
        Its number.
    checklist, version
        By what it was judged; "" and 0 where only findings were looked at again.
    said
        Item -> answer, as `inspections.answers.read` takes it; photos in it are named as in ``photos``.
    refused
        Whoever is in charge refuses to put right what was found.
    signature
        Name of the picture among ``photos``, "" for none.
    photos
        Name -> bytes of the file.
    rechecks
        Number of a finding -> ``pass`` or ``fail``.
    done_at
        When it was done; None for now.
    item
        Account and key by which a phone sent it, once.
    """

    site: str
    checklist: str = ""
    version: int = 0
    said: Mapping[str, Any] = field(default_factory=dict)
    way: Way = Way.INSPECT
    refused: bool = False
    signed: Signed = Signed.ABSENT
    signature: str = ""
    photos: Mapping[str, bytes] = field(default_factory=dict)
    rechecks: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    done_at: datetime | None = None
    item: str = ""


@dataclass(frozen=True)
class Report:
    """What an inspection came to: the record, the findings that it opened, and the verdict; None where only findings were looked at again, or a phone sent it before."""

    inspection: Inspection
    findings: tuple[Filed, ...]
    verdict: Verdict | None


def preview(room: Room, made: Made, now: datetime) -> Verdict:
    """Return what answers would come to; nothing is written.

    Raises
    ------
    DraftError, AnswersError, RulesError
        Why they cannot be judged.
    """
    return _judged(room, made, register.get(room, made.site), _day(room, made.done_at or now))


def inspect(room: Room, made: Made, by: By, now: datetime) -> Report:
    """Write an inspection, and return what it came to; what a phone sent before is not written again.

    Raises
    ------
    DraftError, AnswersError, RulesError, TextError, PhotoError, LifecycleError, NoAccess
        Why it cannot be; nothing was written.
    """
    if there := _there(room, made):
        return there
    prepared = ready(room, register.get(room, made.site), made, by, now)

    def work(writing: Writing) -> Report:
        return _there(room, made, writing) or write(room, writing, prepared, by, now)

    return change(room, NEEDS, by, now, work)


@dataclass(frozen=True)
class Ready:
    """An inspection that can be written: judged, its words apart, its photos kept."""

    record: Inspection
    verdict: Verdict | None
    notes: Mapping[str, str]
    photos: tuple[Photo, ...]
    rechecks: Mapping[str, str]


def ready(room: Room, site: Site, made: Made, by: By, now: datetime, *, assume_photos: bool = False) -> Ready:
    """Return an inspection of a site as it is written, with its photos kept; raises as `inspect`.

    Parameters
    ----------
    assume_photos
        Do not ask for those that its faults need: of a demonstration.
    """
    at = made.done_at or now
    day = _day(room, at)
    if day > _day(room, now):
        raise DraftError(f"{day} has not come yet. Give the day on which it was made.", field="inspection_day")
    demand_there(site, day)
    verdict = _judged(room, made, site, day) if made.said else None
    if verdict is None and not made.rechecks:
        raise DraftError("Nothing was looked at. Answer at least one item.", field="inspection_empty")
    if verdict and verdict.lacking and not assume_photos:
        raise DraftError(f"A photo is missing of {', '.join(verdict.lacking)}. Take one of each, or correct the answer.", field="inspection_photos")  # fmt: skip
    if (made.signed is Signed.SIGNED) != bool(made.signature):
        raise DraftError("A signature has its picture. Sign, or say that nobody did.", field="inspection_signature")
    if made.signature and made.signature not in made.photos:
        raise DraftError("The picture of the signature did not come. Send it again.", field="photos")
    answers, notes = _parted(room, made)
    photos = evidence.keep(room, list(made.photos.values()), kind="other", most=MOST_PHOTOS)
    kept = dict(zip(made.photos, photos, strict=True))
    record = _record(made, site, verdict, by, at.astimezone(UTC), day)
    record = replace(record, answers=_named(answers, kept), signature=kept[made.signature].sha256 if made.signature else "")  # fmt: skip
    return Ready(record, verdict, notes, tuple(shown(photos)), made.rechecks)


def write(room: Room, writing: Writing, prepared: Ready, by: By, now: datetime) -> Report:
    """Write an inspection in a change that goes on already, with what it opens and looks at again."""
    verdict = prepared.verdict
    filed = inspections.numbered(writing, room.id, prepared.record, room.rules.findings.inspection_prefix)
    again = _still(room, writing, prepared, by)
    opened = _open(room, writing, filed, verdict, by, now) if verdict else []
    looked = [_again(room, writing, filed, number, said, by, now) for number, said in again.items()]
    whole = replace(filed, findings=tuple(one.number for one in opened), rechecked=tuple(one.number for one in looked))
    done = inspections.make(writing, room.id, whole, by=by, at=now.astimezone(UTC), notes=prepared.notes, photos=prepared.photos)  # fmt: skip
    return Report(done, tuple(opened), verdict)


def shown(kept: Iterable[Attached]) -> list[Photo]:
    """Return photos as an inspection or a finding notes them, each once."""
    return list({one.sha256: Photo(one.sha256, one.thumbnail, one.width, one.height) for one in kept}.values())


def _judged(room: Room, made: Made, site: Site, day: date) -> Verdict:
    checklist = _checklist(room, made, site)
    return evaluate(checklist, read(checklist, made.said, day), day, grades=room.rules.checklists.grades, refused=made.refused)  # fmt: skip


def _there(room: Room, made: Made, writing: Writing | None = None) -> Report | None:
    """Return what a phone sent before under the same key."""
    if not made.item:
        return None
    if writing is None:
        with room.ledger.reading() as connection:
            return _sent(room, made, connection)
    return _sent(room, made, writing.connection)


def _sent(room: Room, made: Made, connection: Any) -> Report | None:
    there = inspections.sent(connection, room.id, [made.item])
    if not there:
        return None
    found = inspections.get(connection, room.id, there[made.item][0])
    return Report(found, tuple(findings.named(connection, room.id, found.findings).values()), None)


def _day(room: Room, at: datetime) -> date:
    return at.astimezone(room.area.pack.timezone).date()


def demand_there(site: Site, day: date) -> None:
    """Raise where the site was not there any more on a day."""
    if site.state in NOT_THERE and not (site.state_since and day < site.state_since):
        raise DraftError(f"{site.number} is {site.state} since {site.state_since}. Reopen it in the register first.", field="inspection_site")  # fmt: skip


def _checklist(room: Room, made: Made, site: Site) -> Checklist:
    """Return the checklist that was used, in the version that was used: it is for the kind of the site."""
    found = room.rules.checklists.get(made.checklist, made.version)
    kind = room.rules.sites.kinds.get(site.kind)
    if site.kind not in found.kinds and (kind is None or kind.group not in found.groups):
        raise DraftError(f"The checklist {found.id} is not for {site.kind}. Choose one that is.", field="inspection_checklist")  # fmt: skip
    return found


def _parted(room: Room, made: Made) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return the answers without their notes, and the notes by item, of which the inspection's own has the key ""; nobody's name or number is in them."""
    answers = {key: dict(said) if isinstance(said, Mapping) and "value" in said else {"value": said} for key, said in made.said.items()}  # fmt: skip
    notes = {key: str(said.pop("note", "") or "") for key, said in answers.items()} | {"": made.note}
    told = {key: struck(room, clean(text, most=LONGEST_NOTE, what="note", lines=False)) for key, text in notes.items()}
    return {key: said for key, said in answers.items() if said["value"] not in (None, "", {})}, {key: text for key, text in told.items() if text}  # fmt: skip


def _named(answers: Mapping[str, dict[str, Any]], kept: Mapping[str, Attached]) -> dict[str, Any]:
    """Return answers whose photos are named as they are kept.

    Raises
    ------
    DraftError
        An answer names a photo that did not come.
    """
    missing = {name for said in answers.values() for name in said.get("photos") or () if name not in kept}
    if missing:
        raise DraftError(f"{len(missing)} photo(s) did not come with the answers. Send them again.", field="photos")
    return {key: {**said, **({"photos": [kept[name].sha256 for name in said["photos"]]} if said.get("photos") else {})} for key, said in answers.items()}  # fmt: skip


def _record(made: Made, site: Site, verdict: Verdict | None, by: By, at: datetime, day: date) -> Inspection:  # noqa: PLR0917
    judged: dict[str, Any] = {}
    if verdict:
        failed = verdict.failed
        judged = {
            "outcome": verdict.outcome,
            "grade": verdict.grade,
            "due": verdict.due,
            "failed": len(failed),
            "corrected": sum(one.corrected for one in failed),
        }
    return Inspection(
        site.number,
        site.kind,
        made.way if made.said else Way.RECHECK,
        verdict.checklist if verdict else "",
        verdict.version if verdict else 0,
        verdict.digest if verdict else "",
        at,
        day,
        by.post,
        site.lon,
        site.lat,
        site.codes,
        refused=made.refused,
        signed=made.signed,
        item=made.item,
        **judged,
    )


def _open(room: Room, writing: Writing, filed: Inspection, verdict: Verdict, by: By, now: datetime) -> list[Filed]:  # noqa: PLR0917
    """Open a finding for every item that failed and has none that stands, with the one before it of the same item."""
    there = {one.item for one in findings.open_of(writing.connection, room.id, [filed.site]).get(filed.site, ())}
    failed: list[Result] = [one for one in (*verdict.failed, *verdict.others) if one.item.key not in there]
    keys = [one.item.key for one in failed]
    since = filed.day - timedelta(days=room.rules.findings.repeat_days)
    before = findings.before(writing.connection, room.id, filed.site, keys, since) if keys else {}
    blanks = [
        Filed(room.id, filed.site, filed.kind, filed.number, filed.checklist, filed.checklist_version, one.item.key, one.item.party,
              one.article.key if one.article else "", filed.day, _BLANK, before.get(one.item.key, ""))
        for one in failed
    ]  # fmt: skip
    entries = [Done(Act.FIND, by, now.astimezone(UTC), _why(one, filed)) for one in failed]
    return findings.make(writing, blanks, entries, prefix=room.rules.findings.finding_prefix)


def _still(room: Room, writing: Writing, prepared: Ready, by: By) -> dict[str, str]:
    """Return which findings that stand were looked at again: those that were named, and those whose item failed once more or was put right at once. An item that fails never passes its finding."""
    found = dict(prepared.rechecks)
    if prepared.verdict is None:
        return found
    site = prepared.record.site
    standing = {one.item: one for one in findings.open_of(writing.connection, room.id, [site]).get(site, ())}
    for one in prepared.verdict.failed:
        there = standing.get(one.item.key)
        if there is None:
            continue
        if there.state.state is State.HANDED_OVER:  # it stays with whom it was handed over to
            if not one.corrected:
                found.pop(there.number, None)
        elif not one.corrected:
            found[there.number] = FAILED
        elif there.state.state is State.OPEN or not why_not(there.state, Act.PASS, by):
            found.setdefault(there.number, PASSED)  # what waits for another person goes on waiting
    return found


_BLANK = Finding(State.OPEN, Degree.MINOR, "")  # what it is, its first entry says


def _why(result: Result, filed: Inspection) -> dict[str, Any]:
    if result.grade is None:
        raise ValueError(f"{result.item.key} fails without a grade")
    due = {"spot": True} if result.due is None else {"due": result.due.isoformat()}
    return {"grade": result.grade.value, "inspection": filed.number, "done_at": to_text(filed.done_at), **due}


def _again(room: Room, writing: Writing, filed: Inspection, number: str, said: str, by: By, now: datetime) -> Filed:  # noqa: PLR0917
    """Look at a finding again: what is put right is closed, or where who looked may not close it, waits for another person."""
    found = findings.get(writing.connection, room.id, number)
    if found.site != filed.site:
        raise DraftError(f"{number} is a finding of {found.site}. Look at it there.", field="inspection_recheck")
    if said not in (PASSED, FAILED):
        raise DraftError(f"{said!r} is no result of looking again. Say pass or fail.", field="inspection_recheck")
    data: dict[str, Any] = {"inspection": filed.number, "done_at": to_text(filed.done_at)}
    if said == FAILED:
        act, data = Act.FAIL, {**data, "due": again_due(room, found.state, filed.day).isoformat()}
    else:
        waits = found.state.state is State.OPEN and why_not(found.state, Act.PASS, by)
        act = Act.CORRECT if waits else Act.PASS
    return findings.act(writing, room.id, number, Done(act, by, now.astimezone(UTC), data), day=filed.day)


def again_due(room: Room, state: Finding, day: date) -> date:
    """Return the day until which a finding is put right that failed again: the days of its grade."""
    return day + timedelta(days=room.rules.checklists.grades.grades[state.grade].days)
