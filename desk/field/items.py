"""What a phone says it did (`Item`), read from JSON: strictly in its form, so that whatever is taken is understood, and nothing is taken that its act does not need."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from desk.field import inspections, notices, orders, patrols, visits, warnings
from desk.field.mine import ACTS, HELP
from desk.field.staged import DIGEST
from geo.errors import DraftError
from incidents.lifecycle import Act
from incidents.model import Channel, Urgency
from incidents.orders import Outcome
from incidents.visits import OUTCOMES
from inspections.campaigns import Found
from inspections.inspection import Signed
from inspections.patrols import COUNTS

MOST = 100  # items in one parcel
MOST_PHOTOS = 50  # named by one; how many a case takes is its own rule
LONGEST_NUMBER, LONGEST_POST, LONGEST_TEXT = 60, 200, 4000
REPORT = "report"
RECHECKED = ("pass", "fail")  # 合格、不合格
KINDS = ("help", "material")  # 求助、要物资
MOST_TOPICS = 20
DOES = frozenset(
    {REPORT, *ACTS, *orders.ACTS, *visits.DOES, *notices.DOES, *inspections.DOES, *patrols.DOES, *warnings.DOES}
)
MOST_ANSWERS, DEEPEST, LONGEST_ANSWER = (
    300,
    3,
    500,
)  # of a checklist; an answer holds cylinders by their size, and photos


@dataclass(frozen=True)
class Item:
    """One thing that was done away from the desk.

    Attributes
    ----------
    key
        By which it is done once, however often it is sent.
    at
        When it was done, by the device's clock.
    do
        ``report``, a key of `ACTS`, of `orders.ACTS`: what is done to a service order, of `visits.DOES`: a visit, of `notices.DOES`: a notice, of `patrols.DOES`: a patrol, of `warnings.DOES`: a task
        of a warning, or of `inspections.DOES`: a site or a finding.
    post
        Key of the post as which it was done.
    number, report
        The case, the order, the visit, the task, the site or the finding: its number; or the key of the item that made the case or visit. Both "" for what makes one.
    expected
        Version of the case that the phone showed; None where that does not matter.
    photos
        Digests of what was sent before.
    """

    key: str
    at: datetime
    do: str
    post: str
    number: str = ""
    report: str = ""
    expected: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    photos: tuple[str, ...] = ()

    @property
    def is_order(self) -> bool:
        """Whether it is done to a service order."""
        return self.do in orders.ACTS

    @property
    def is_visit(self) -> bool:
        """Whether it is a visit, or is done to one."""
        return self.do in visits.DOES

    @property
    def is_notice(self) -> bool:
        """Whether it is done to a notice."""
        return self.do in notices.DOES

    @property
    def is_inspection(self) -> bool:
        """Whether it is an inspection of a site, or says that a finding is put right."""
        return self.do in inspections.DOES

    @property
    def is_patrol(self) -> bool:
        """Whether it is a patrol, or is done to one."""
        return self.do in patrols.DOES

    @property
    def is_warning(self) -> bool:
        """Whether it does a task of a warning."""
        return self.do in warnings.DOES

    @property
    def joins(self) -> str:
        """Of a visit, the key of the item that reported a case from it; "" elsewhere."""
        case = self.data.get("case") if self.is_visit else None
        return str(case.get("key", "")) if isinstance(case, dict) else ""

    @property
    def makes(self) -> bool:
        """Whether others may name it by its key: it makes a case, or a visit."""
        return self.is_new or self.do == visits.NEW

    @property
    def is_new(self) -> bool:
        """Whether it makes a case: a report, or what was cleared on the spot without one."""
        return self.do == REPORT or (self.do == Act.SELF_CLEAR.value and not (self.number or self.report))


@dataclass(frozen=True)
class Parcel:
    """What a phone sends at once: its clock, whose it is ("" where it does not say), and the items in order."""

    clock: datetime
    items: tuple[Item, ...]
    account: str = ""


def read(said: Any) -> Parcel:
    """Read a parcel.

    Raises
    ------
    DraftError
        It has another form; the field is ``many`` where it is too long, and else the place of the fault: ``items[3].at``.
    """
    plain = _object(said, "body", {"clock", "items", "account"})
    items = plain.get("items")
    if not isinstance(items, list):
        raise _fault("items", "a list")
    if len(items) > MOST:
        raise DraftError(f"{len(items)} items are too many for one parcel; send at most {MOST} at once.", field="many")
    account = _text(plain.get("account", ""), "account", 40)
    read_ = tuple(_item(one, f"items[{place}]") for place, one in enumerate(items))
    if len({one.key for one in read_}) < len(read_):
        raise DraftError("Two items of one parcel have the same key. Give each its own.", field="items")
    return Parcel(_time(plain.get("clock"), "clock"), read_, account)


def _item(said: Any, where: str) -> Item:
    plain = _object(said, where, {"key", "at", "do", "as", "case", "expected", "data", "photos"})
    do = plain.get("do")
    if not isinstance(do, str) or do not in DOES:
        raise _fault(f"{where}.do", f"one of {', '.join(sorted(DOES))}")
    number, report = _case(plain.get("case"), f"{where}.case")
    makes = do in {REPORT, visits.NEW, patrols.NEW}
    if makes is bool(number or report) and do != Act.SELF_CLEAR.value:
        raise _fault(f"{where}.case", "left out of what is new" if makes else "the case that it is done to")
    data = plain.get("data", {})
    if not isinstance(data, dict):
        raise _fault(f"{where}.data", "an object")
    if do in visits.DOES and isinstance(data.get("case"), dict):
        _case(data["case"], f"{where}.data.case")
    return Item(
        key=_key(plain.get("key"), f"{where}.key"),
        at=_time(plain.get("at"), f"{where}.at"),
        do=do,
        post=_text(plain.get("as"), f"{where}.as", LONGEST_POST),
        number=number,
        report=report,
        expected=_version(plain.get("expected"), f"{where}.expected"),
        data=data,
        photos=_photos(plain.get("photos", []), f"{where}.photos"),
    )


def facts(item: Item) -> dict[str, Any]:
    """Return an item's data as its act takes them.

    Raises
    ------
    DraftError
        A name that the act does not take, or a value of another kind; the field is ``form.`` and the name.
    """
    takes = _REPORTED if item.is_new else _TAKES[item.do]
    strange = sorted(set(item.data) - set(takes))
    if strange:
        raise DraftError(
            f"{item.do} does not take {', '.join(map(repr, strange))[:200]}.", field=f"form.{strange[0][:40]}"
        )
    found = {name: takes[name](value) for name, value in item.data.items() if value is not None}
    wrong = sorted(name for name, value in found.items() if value is None)
    if wrong:
        raise DraftError(f"{item.do} cannot take {wrong[0]}={item.data[wrong[0]]!r:.80}.", field=f"form.{wrong[0]}")
    return found


def names(do: str) -> frozenset[str]:
    """Return the names of what an act takes beside its photos."""
    return frozenset(_TAKES[do])


Take = Callable[[Any], Any]  # a value as it is taken; None for one of another kind


def _words(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else None


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # noqa: PLR2004  no fact of ours is larger
    return float(value) if fits and math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    found = _number(value)
    return int(found) if found is not None and found == int(found) else None


def _topics(value: Any) -> list[str] | None:
    fits = isinstance(value, list) and len(value) <= MOST_TOPICS and all(isinstance(one, str) for one in value)
    return [str(one) for one in value] if fits else None


def _joined(value: Any) -> str | None:
    """Return the number of a case, or the key of the item that reports it."""
    try:
        return "".join(_case(value, ""))
    except DraftError:
        return None


def _one_of(*known: str) -> Take:
    return lambda value: value if isinstance(value, str) and value in known else None


def _is(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _answers(value: Any) -> dict[str, Any] | None:
    """Return answers to a checklist: a table of plain values, as wide and deep as one can be; what each means its checklist says."""
    fits = isinstance(value, dict) and len(value) <= MOST_ANSWERS and all(map(_fits_answer, value.values()))
    return dict(value) if fits else None


def _fits_answer(value: Any, depth: int = DEEPEST) -> bool:
    if isinstance(value, dict | list):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and len(value) <= MOST_PHOTOS and all(_fits_answer(one, depth - 1) for one in parts)
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= LONGEST_ANSWER)  # fmt: skip


def _rechecks(value: Any) -> dict[str, str] | None:
    fits = isinstance(value, dict) and len(value) <= MOST_ANSWERS and all(said in RECHECKED for said in value.values())
    return {str(number): str(said) for number, said in value.items()} if fits else None


def _moment(value: Any) -> datetime | None:
    try:
        return _time(value, "")
    except DraftError:
        return None


def _found(value: Any) -> Found | None:
    return next((one for one in Found if one.value == value), None)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _boxes(value: Any) -> dict[int, list[tuple[float, ...]]] | None:
    """Return the rectangles to make unreadable, by the place of their photo."""
    if not isinstance(value, dict) or len(value) > MOST_PHOTOS:
        return None
    found: dict[int, list[tuple[float, ...]]] = {}
    for place, boxes in value.items():
        if not (
            place.isascii()
            and place.isdecimal()
            and len(place) <= len(str(MOST_PHOTOS))
            and isinstance(boxes, list)
            and len(boxes) <= MOST_PHOTOS
        ):
            return None
        found[int(place)] = [tuple(map(_share, box)) for box in boxes if isinstance(box, list) and len(box) == 4]  # noqa: PLR2004  sides
        if len(found[int(place)]) < len(boxes):
            return None
    return found


def _share(value: Any) -> float:
    found = _number(value)
    return math.nan if found is None else found  # which no rectangle has: `desk.photos` says so


_REPORTED: Mapping[str, Take] = MappingProxyType(
    {
        **dict.fromkeys(("class_", "title", "text", "address", "building", "reporter", "phone"), _words),
        **dict.fromkeys(("lon", "lat", "unit", "floor", "accuracy"), _number),
        "urgency": _one_of(*(one.value for one in Urgency)),
        "channel": _one_of(Channel.PATROL.value, Channel.RESIDENT.value),
        "blur": _boxes,
    }
)
_SAID: Mapping[str, Take] = MappingProxyType({"text": _words})
_BECAUSE: Mapping[str, Take] = MappingProxyType({"reason": _words})
_NOTED: Mapping[str, Take] = MappingProxyType({"text": _words, "case": _joined})
_VISITED: Mapping[str, Take] = MappingProxyType({**_NOTED, "topics": _topics})
_PATROLLED: Mapping[str, Take] = MappingProxyType({"text": _words, **dict.fromkeys(("since", "until"), _moment), **dict.fromkeys(("walkers", "outcomes", "topics"), _topics), **dict.fromkeys(COUNTS, _whole)})  # fmt: skip
_TAKES: Mapping[str, Mapping[str, Take]] = MappingProxyType(
    {
        Act.SELF_CLEAR.value: _SAID,
        Act.ACCEPT.value: MappingProxyType({}),
        Act.FEEDBACK.value: _SAID,
        Act.SEND_BACK.value: _BECAUSE,
        Act.ESCALATE.value: _BECAUSE,
        Act.NOTE.value: _SAID,
        Act.ASK_EXTENSION.value: MappingProxyType({**_BECAUSE, "due": _moment}),
        Act.POST_NOTICE.value: MappingProxyType({**_SAID, "until": _moment}),
        Act.CLEAR.value: _SAID,
        HELP: MappingProxyType({**_SAID, "kind": _one_of(*KINDS)}),
        "order_accept": MappingProxyType({"team": _whole}),
        "order_decline": MappingProxyType({**_BECAUSE, "team": _whole}),
        "order_done": MappingProxyType({**_SAID, "outcome": _one_of(*(one.value for one in Outcome))}),
        "order_give_back": _BECAUSE,
        "order_rate": MappingProxyType({**_SAID, "stars": _whole}),
        "order_note": _SAID,
        visits.NEW: MappingProxyType(
            {
                **_VISITED,
                **dict.fromkeys(("lon", "lat"), _number),
                **dict.fromkeys(("building", "kind"), _words),
                "households": _whole,
                "outcome": _one_of(*(act.value for act in OUTCOMES)),
            }
        ),
        "visit_done": MappingProxyType({**_VISITED, "households": _whole}),
        "visit_nobody": _VISITED,
        "visit_refused": _VISITED,
        "visit_note": _NOTED,
        "visit_again": MappingProxyType({**_SAID, "due": _words}),
        "visit_cancel": _BECAUSE,
        **dict.fromkeys(notices.DOES, MappingProxyType({})),
        patrols.NEW: MappingProxyType({**_PATROLLED, **dict.fromkeys(("level", "code", "kind"), _words)}),
        "patrol_done": _PATROLLED,
        "patrol_note": _SAID,
        "patrol_cancel": _BECAUSE,
        inspections.INSPECT: MappingProxyType(
            {
                **dict.fromkeys(("checklist", "signature", "text"), _words),
                "version": _whole,
                "answers": _answers,
                "rechecks": _rechecks,
                "refused": _is,
                "signed": _one_of(*(one.value for one in Signed)),
            }
        ),
        inspections.CORRECT: _SAID,
        inspections.WATER: MappingProxyType({"way": _words}),
        inspections.TRY: MappingProxyType({"found": _found, "again": _day}),
        warnings.DONE: MappingProxyType({"kept": _is, "meter": _words, **_SAID}),
    }
)


def _object(said: Any, where: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        raise _fault(where, "an object")
    strange = sorted(set(said) - known)
    if strange:
        raise DraftError(f"{where} has {strange[0]!r:.60}, which is not known.", field=where)
    return said


def _key(said: Any, where: str) -> str:
    try:
        found = str(UUID(said)) if isinstance(said, str) else ""
    except ValueError:
        found = ""
    if not found or found != said.lower():
        raise _fault(where, "a UUID")
    return found


def _time(said: Any, where: str) -> datetime:
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _fault(where, "a time with its zone, as 2026-11-22T08:00:00Z")
    return found


def _text(said: Any, where: str, most: int) -> str:
    if not isinstance(said, str) or len(said) > most or "\0" in said:
        raise _fault(where, f"a text of at most {most} characters")
    return said


def _case(said: Any, where: str) -> tuple[str, str]:
    """Return the number of a case, or the key of the item that reports it."""
    if said is None:
        return "", ""
    if isinstance(said, dict):
        return "", _key(_object(said, where, {"key"}).get("key"), f"{where}.key")
    return _text(said, where, LONGEST_NUMBER), ""


def _version(said: Any, where: str) -> int | None:
    if said is not None and (not isinstance(said, int) or isinstance(said, bool) or not 0 <= said < 2**62):
        raise _fault(where, "a version, or null")
    return said


def _photos(said: Any, where: str) -> tuple[str, ...]:
    if not isinstance(said, list) or len(said) > MOST_PHOTOS:
        raise _fault(where, f"a list of at most {MOST_PHOTOS} digests")
    return tuple(_digest(one, f"{where}[{place}]") for place, one in enumerate(said))


def _digest(said: Any, where: str) -> str:
    if not isinstance(said, str) or not DIGEST.fullmatch(said):
        raise _fault(where, "a SHA-256 in hexadecimal")
    return said


def _fault(where: str, wanted: str) -> DraftError:
    return DraftError(f"{where} has to be {wanted}.", field=where)
