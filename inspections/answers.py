"""What the answers to a checklist mean: which items fail, how badly, until when, and what the inspection comes to.

Nothing here reads a clock: the day of the inspection is an argument. An answer that cannot be one is refused with its item and the reason; what is
not answered is no fault, and is listed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geo.errors import AnswersError
from inspections.checklists import Action, Applies, Checklist, Item, Kind, Means
from inspections.dates import day_of, months_after, months_between
from inspections.grades import Article, Degree, Grades

NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
LARGEST = 1_000_000_000
LONGEST_NOTE = 200
NEVER = "never"  # of a service: there was none yet
PARTS = ("value", "corrected", "grade", "note", "photos")


class Mark(StrEnum):
    """The result of an item: 合格, 不合格, 不适用, 未查, and how it is where an item judges nothing."""

    PASS = "pass"  # noqa: S105 -- no password
    FAIL = "fail"
    NA = "na"
    UNANSWERED = "unanswered"
    NOTED = "noted"


class Outcome(StrEnum):
    """What an inspection comes to, from the least: 合格, 当场整改, 限期整改并复查, 移交, 停用并通知供气企业和主管部门."""

    PASS = "pass"  # noqa: S105 -- no password
    CORRECTED = "corrected"
    DEADLINE = "deadline"
    HAND_OVER = "hand_over"
    STOP = "stop"


@dataclass(frozen=True)
class Fault:
    """Why an answer is refused: ``kind`` is a key of the words that a page has for it, ``said`` what was answered."""

    item: str
    kind: str
    said: str
    message: str


@dataclass(frozen=True)
class Answer:
    """An answer to one item.

    Attributes
    ----------
    value
        As its kind is kept: a word (pass, fail, na, an option), a number, a date, NEVER, or size -> count of cylinders.
    corrected
        Put right while the inspector was there (当场整改).
    grade
        Another one of those that the item names; None for the item's own.
    photos
        Their digests.
    """

    value: Any
    corrected: bool = False
    grade: Degree | None = None
    note: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What an item comes to.

    Attributes
    ----------
    why
        A key of the words that a page has for the reason: ``above``, ``below``, ``expired``, ``soon``, ``seen``, …; "" where there is none to give.
    facts
        What those words name: the value and its limit, days, months.
    expires
        The last day on which it holds, of a date.
    grade, article, action, due
        Only of one that fails; ``due`` is None where it was put right.
    lacks_photo
        It fails, and the photo that it asks for is missing.
    """

    item: Item
    mark: Mark
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    value: Any = None
    expires: date | None = None
    grade: Degree | None = None
    article: Article | None = None
    action: Action | None = None
    due: date | None = None
    corrected: bool = False
    lacks_photo: bool = False

    @property
    def is_soon(self) -> bool:
        """Tell whether it holds still, and will not for long."""
        return self.why == "soon"


@dataclass(frozen=True)
class Verdict:
    """What an inspection comes to, by rule: a suggestion to the inspector, who signs.

    Attributes
    ----------
    checklist, version, digest
        Under which the answers were given.
    results
        Of every item, in the order of the checklist.
    steps
        Every outcome that some item asks for, the gravest first; ``outcome`` is the first of them, None where nothing fails and something is not answered yet.
    grade, due
        The worst of what was found at this place and is not put right, and the first day by which something has to be.
    others
        What was found and is somebody else's fault: the gas operator's. It counts neither for the grade nor for the outcome of this place.
    """

    checklist: str
    version: int
    digest: str
    day: date
    results: tuple[Result, ...]
    steps: tuple[Outcome, ...]
    grade: Degree | None
    due: date | None
    others: tuple[Result, ...]

    @property
    def outcome(self) -> Outcome | None:
        """Return the gravest of its steps."""
        return self.steps[0] if self.steps else None

    @property
    def failed(self) -> tuple[Result, ...]:
        """Return what fails at this place, put right or not."""
        return tuple(one for one in self.results if one.mark is Mark.FAIL and one not in self.others)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Return the keys of what is not answered."""
        return tuple(one.item.key for one in self.results if one.mark is Mark.UNANSWERED)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Return the keys of what fails without the photo that it asks for."""
        return tuple(one.item.key for one in self.results if one.lacks_photo)

    @property
    def is_complete(self) -> bool:
        """Tell whether every item is answered and every photo is there."""
        return not self.unanswered and not self.lacking

    @property
    def expiring(self) -> tuple[Result, ...]:
        """Return what holds today and has a last day, the next first."""
        return tuple(sorted((one for one in self.results if one.expires and one.mark is not Mark.FAIL), key=lambda one: one.expires or self.day))  # fmt: skip


def read(checklist: Checklist, said: Mapping[str, Any], day: date) -> dict[str, Answer]:
    """Read answers as a form or a phone sends them.

    Parameters
    ----------
    said
        Key of an item -> its value alone, or ``{"value": …, "corrected": true, "grade": "serious", "note": "…", "photos": ["…"]}``. None and "" are no
        answer. A value is a word (``pass``, ``fail``, ``na``; of a choice its option), a number or its text, a date as text, or of cylinders ``{"15": 3}``.
    day
        Of the inspection; nothing was made, issued or serviced after it.

    Raises
    ------
    AnswersError
        Names every answer that cannot be one, with its item and the reason.
    """
    if not isinstance(said, Mapping):
        fault = Fault("", "form", _short(said), "answers have to be a table: item -> answer")
        raise AnswersError("The answers cannot be read.", (fault,))
    found, faults = {}, []
    for key, one in said.items():
        try:
            if (answer := _answer(checklist, key, one, day)) is not None:
                found[key] = answer
        except _Refused as refused:
            faults.append(Fault(_short(key), refused.kind, _short(refused.said), str(refused)))
    if faults:
        raise AnswersError(f"{len(faults)} answer(s) to {checklist.id} cannot be taken:", faults)
    return found


def evaluate(
    checklist: Checklist, answers: Mapping[str, Answer], day: date, *, grades: Grades, refused: bool = False
) -> Verdict:
    """Return what answers come to on a day.

    Parameters
    ----------
    answers
        As `read` returns them.
    refused
        Whoever is in charge refuses to put right what was found (拒不整改): it is handed over.
    """
    results: dict[str, Result] = {}
    for item in checklist.items.values():
        results[item.key] = _graded(_result(item, answers, results, day), answers.get(item.key), day, grades)
    own = [one for one in results.values() if one.item.party == checklist.party]
    others = tuple(one for one in results.values() if one.mark is Mark.FAIL and one.item.party != checklist.party)
    open_ = [one for one in own if one.mark is Mark.FAIL and not one.corrected]
    return Verdict(
        checklist.key,
        checklist.version,
        checklist.digest,
        day,
        tuple(results.values()),
        _steps(own, open_, refused=refused),
        max((one.grade for one in open_ if one.grade), key=lambda grade: grade.rank, default=None),
        min((one.due for one in open_ if one.due), default=None),
        others,
    )


def _steps(own: Iterable[Result], open_: Iterable[Result], *, refused: bool) -> tuple[Outcome, ...]:
    """Return every outcome that some item asks for, the gravest first; none where nothing fails and something is not answered."""
    found = {BY_ACTION[one.action] for one in open_ if one.action}
    if refused and found:
        found.add(Outcome.HAND_OVER)
    if any(one.corrected for one in own):
        found.add(Outcome.CORRECTED)
    if not found and not any(one.mark is Mark.UNANSWERED for one in own):
        found.add(Outcome.PASS)
    return tuple(outcome for outcome in reversed(Outcome) if outcome in found)


BY_ACTION = MappingProxyType(
    {
        Action.ON_SPOT: Outcome.DEADLINE,  # it was not put right on the spot, else it would not be open
        Action.DEADLINE: Outcome.DEADLINE,
        Action.STOP: Outcome.STOP,
        Action.HAND_OVER: Outcome.HAND_OVER,
    }
)


def _graded(result: Result, answer: Answer | None, day: date, grades: Grades) -> Result:
    """Return a result with its grade, article, action and due day, where it fails."""
    item = result.item
    if result.mark is not Mark.FAIL:
        return result
    corrected = answer is not None and answer.corrected
    grade = (answer.grade if answer else None) or item.grade
    days = grades.grades[grade].days if item.days is None else item.days
    article = grades.articles.get(item.article)
    return replace(
        result,
        grade=grade,
        article=article if article and article.judges == item.party else None,
        action=Action.STOP if grade is Degree.STOP else item.action,
        due=None if corrected else day + timedelta(days=days),
        corrected=corrected,
        lacks_photo=item.photo and not (answer and answer.photos),
    )


def _result(item: Item, answers: Mapping[str, Answer], results: Mapping[str, Result], day: date) -> Result:
    """Return what one item comes to, not yet graded."""
    if item.applies and (missing := _missing(item.applies, results)) is not None:
        return Result(item, missing, "applies" if missing is Mark.NA else "")
    if item.kind is Kind.SUM:
        return _sum(item, results)
    answer = answers.get(item.key)
    if answer is None:
        return Result(item, Mark.UNANSWERED)
    if answer.value == Mark.NA.value:
        return Result(item, Mark.NA, value=answer.value)
    return JUDGES[item.kind](item, answer, results, day)


def _missing(applies: Applies, results: Mapping[str, Result]) -> Mark | None:
    """Return what an item is without being asked: not applicable, unanswered where that cannot be told yet; None where it applies."""
    if applies.failed:
        asked = [results[key].mark for key in applies.failed]
        if Mark.FAIL in asked:
            return None
        return Mark.UNANSWERED if Mark.UNANSWERED in asked else Mark.NA
    on = results[applies.item]
    if on.mark is Mark.UNANSWERED:
        return Mark.UNANSWERED
    if applies.chosen:
        return None if on.value in applies.chosen else Mark.NA
    return None if on.mark is not Mark.NA and on.facts["value"] > applies.above else Mark.NA


def _sum(item: Item, results: Mapping[str, Result]) -> Result:
    """Return a sum of kg: as soon as one of its items is answered, of those that are; the others may add to it."""
    asked = [results[key] for key in item.of]
    if all(one.mark is Mark.UNANSWERED for one in asked):
        return Result(item, Mark.UNANSWERED)
    total = round(sum(one.facts["value"] for one in asked if "value" in one.facts), 3)
    needs = [step for step in item.steps if total > step.above]
    found = _limits(item, total)
    return replace(found, facts=MappingProxyType({**found.facts, "needs": needs[-1] if needs else None}))


def _limits(item: Item, value: float) -> Result:
    """Return how a number stands to its limits; at the limit it passes."""
    facts = MappingProxyType({"value": value, "unit": item.unit})
    if item.most is not None and value > item.most:
        return Result(item, Mark.FAIL, "above", MappingProxyType({**facts, "limit": item.most}), value)
    if item.least is not None and value < item.least:
        return Result(item, Mark.FAIL, "below", MappingProxyType({**facts, "limit": item.least}), value)
    return Result(item, Mark.PASS if item.judges else Mark.NOTED, "", facts, value)


def _judge_word(item: Item, answer: Answer, _results: Mapping[str, Result], _day: date) -> Result:
    return Result(item, Mark(answer.value), value=answer.value)


def _judge_choice(item: Item, answer: Answer, _results: Mapping[str, Result], _day: date) -> Result:
    option = item.option(answer.value)
    mark = Mark(option.result) if option and option.result else Mark.NOTED
    return Result(item, mark, "chosen", MappingProxyType({"chosen": option}), answer.value)


def _judge_number(item: Item, answer: Answer, _results: Mapping[str, Result], _day: date) -> Result:
    return _limits(item, answer.value)


def _judge_cylinders(item: Item, answer: Answer, _results: Mapping[str, Result], _day: date) -> Result:
    kg = round(sum(size * count for size, count in answer.value.items()), 3)
    return replace(_limits(item, kg), value=dict(answer.value))


def _judge_date(item: Item, answer: Answer, results: Mapping[str, Result], day: date) -> Result:
    """Return whether a thing still holds: its last day is a day on which it does."""
    last, why = _last(item, answer, results)
    made = answer.value if isinstance(answer.value, date) else None
    facts: dict[str, Any] = {"months": months_between(made, day)} if made and item.means is not Means.EXPIRES else {}
    if last is None:
        return Result(item, Mark.UNANSWERED if why else Mark.NOTED, why, MappingProxyType(facts), answer.value)
    facts |= {"last": last, "days": abs((last - day).days)}
    if last < day:
        return Result(item, Mark.FAIL, "expired", MappingProxyType(facts), answer.value, last)
    soon = (last - day).days <= item.warn_days
    return Result(item, Mark.PASS, "soon" if soon else "holds", MappingProxyType(facts), answer.value, last)


def _last(item: Item, answer: Answer, results: Mapping[str, Result]) -> tuple[date | None, str]:
    """Return the last day on which a thing holds; without one the reason why it cannot be told, "" where it has none."""
    life = item.life
    if item.means is Means.EXPIRES:
        return answer.value, ""
    if life is None:
        return None, ""
    if life.by and results[life.by].mark is Mark.UNANSWERED:
        return None, "by"
    chosen = results[life.by].value if life.by else ""
    months, since = life.each.get(chosen, 0) if life.by else life.months, answer.value
    if since == NEVER:
        months, since = life.first.get(chosen, 0), results[life.since].value
        if not isinstance(since, date):
            return None, "since"
    return (months_after(since, months), "") if months else (None, "")


JUDGES: Mapping[Kind, Callable[[Item, Answer, Mapping[str, Result], date], Result]] = MappingProxyType(
    {
        Kind.YES_NO: _judge_word,
        Kind.CHOICE: _judge_choice,
        Kind.NUMBER: _judge_number,
        Kind.COUNT: _judge_number,
        Kind.CYLINDERS: _judge_cylinders,
        Kind.DATE: _judge_date,
    }
)


class _Refused(Exception):
    """An answer that cannot be one."""

    def __init__(self, kind: str, said: object, message: str) -> None:
        super().__init__(message)
        self.kind, self.said = kind, said


def _answer(checklist: Checklist, key: str, said: Any, day: date) -> Answer | None:
    item = checklist.items.get(key) if isinstance(key, str) else None
    if item is None:
        raise _Refused("unknown", key, f"{checklist.id} has no such item")
    parts = said if isinstance(said, Mapping) and "value" in said else {"value": said}
    if strange := [name for name in parts if name not in PARTS]:
        raise _Refused("form", strange[0], f"an answer has no {strange[0]!r}; it has {', '.join(PARTS)}")
    if parts["value"] in (None, "", {}):
        return None
    if item.kind is Kind.SUM:
        raise _Refused("computed", parts["value"], "it is worked out from other items, and nobody answers it")
    grade = _grade(item, parts.get("grade"))
    return Answer(
        _value(item, parts["value"], day),
        corrected=_corrected(item, parts.get("corrected", False), grade or item.grade),
        grade=grade,
        note=_note(parts.get("note")),
        photos=_photos(parts.get("photos")),
    )


def _value(item: Item, said: Any, day: date) -> Any:
    if isinstance(said, str) and said.strip() == Mark.NA.value:
        return Mark.NA.value
    return VALUES[item.kind](item, said.strip() if isinstance(said, str) else said, day)


def _word(_item: Item, said: Any, _day: date) -> str:
    if said in ("pass", "fail"):
        return str(said)
    raise _Refused("word", said, "answer pass, fail or na")


def _chosen(item: Item, said: Any, _day: date) -> str:
    if isinstance(said, str) and item.option(said):
        return said
    raise _Refused("option", said, f"answer one of {', '.join(option.key for option in item.options)}")


def _number(_item: Item, said: Any, _day: date) -> float:
    return _digits(said, "number", "answer a number from 0, in digits")


def _count(_item: Item, said: Any, _day: date) -> int:
    found = _digits(said, "count", "answer a whole number from 0, in digits")
    if not found.is_integer():
        raise _Refused("count", said, "answer a whole number from 0, in digits")
    return int(found)


def _digits(said: Any, kind: str, message: str) -> float:
    text = unicodedata.normalize("NFKC", said) if isinstance(said, str) else ""
    if text.startswith("-") or (isinstance(said, int | float) and said < 0):
        raise _Refused("negative", said, "there is nothing below 0 here")
    if isinstance(said, bool) or not (NUMBER.fullmatch(text) or (isinstance(said, int | float) and said <= LARGEST)):
        raise _Refused(kind, said, message)
    return round(float(text or said), 6)


def _date(item: Item, said: Any, day: date) -> date | str:
    if said == NEVER and item.means is Means.SERVICED:
        return NEVER
    found = day_of(said)
    if found is None:
        raise _Refused("date", said, "there is no such day; answer 2026-11-23, or 2026-11 as the plate says it")
    of_month = isinstance(said, str) and len(re.findall(r"[-/.]", unicodedata.normalize("NFKC", said))) == 1
    if item.means is not Means.EXPIRES and found > day and not (of_month and (found.year, found.month) == (day.year, day.month)):  # fmt: skip
        raise _Refused("future", said, f"it lies after the day of the inspection, {day}")
    return found


def _cylinders(item: Item, said: Any, day: date) -> dict[float, int]:
    if not isinstance(said, Mapping):
        raise _Refused("cylinders", said, 'answer how many of each size: {"15": 3}')
    sizes = {f"{size:g}": size for size in item.sizes}
    if strange := [size for size in said if not isinstance(size, str) or size not in sizes]:
        raise _Refused("size", strange[0], f"there are cylinders of {', '.join(sizes)} kg")
    return {sizes[size]: _count(item, count, day) for size, count in said.items() if count not in (None, "")}


VALUES: Mapping[Kind, Callable[[Item, Any, date], Any]] = MappingProxyType(
    {
        Kind.YES_NO: _word,
        Kind.CHOICE: _chosen,
        Kind.NUMBER: _number,
        Kind.COUNT: _count,
        Kind.DATE: _date,
        Kind.CYLINDERS: _cylinders,
    }
)


def _corrected(item: Item, said: Any, grade: Degree) -> bool:
    if not isinstance(said, bool):
        raise _Refused("corrected", said, "corrected is true or false")
    if said and (item.action in {Action.STOP, Action.HAND_OVER} or grade is Degree.STOP):
        raise _Refused("not_on_spot", said, "it cannot be put right on the spot: it is out of use, or handed over")
    return said


def _grade(item: Item, said: Any) -> Degree | None:
    if said in (None, ""):
        return None
    if isinstance(said, str) and said in (item.grade, *item.worse):
        return Degree(said)
    raise _Refused("grade", said, f"it can be {', '.join((item.grade, *item.worse))}")


def _note(said: Any) -> str:
    if said is None or (isinstance(said, str) and len(said) <= LONGEST_NOTE):
        return (said or "").strip()
    raise _Refused("note", said, f"a note is a text of at most {LONGEST_NOTE} characters")


def _photos(said: Any) -> tuple[str, ...]:
    if said is None or (isinstance(said, list | tuple) and all(isinstance(one, str) and one for one in said)):
        return tuple(said or ())
    raise _Refused("photos", said, "photos are a list of their digests")


def _short(said: object) -> str:
    return (said if isinstance(said, str) else repr(said))[:40]
