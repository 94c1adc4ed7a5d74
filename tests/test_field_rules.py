"""What a phone reckons without a network is what the console reckons: the same answers come to the same results, grades, days and outcome, by both rule engines."""

import json
import math
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from chromium import chromium

import app as console
from desk.sites.checklists import checklists_of
from geo.errors import AnswersError
from inspections.answers import Mark, evaluate, read
from inspections.checklists import Kind, Means
from inspections.dates import day_of
from reports.field_checklists import said_of_checklists

pytestmark = pytest.mark.browser

ALL = checklists_of()
SAID = said_of_checklists(ALL)
DAYS = {key: grade["days"] for key, grade in SAID["grades"].items()}
WRONG = ("", None, "-1", "1,5", "1.5", "２", "2026-02-30", "2026-13", "45123", "maybe", " na ", 3, 0.1234567, {"15": "x"}, {"7": 1}, {"15": ""}, {})  # fmt: skip
CASES = 60  # of each checklist


def near(chance, limit):
    """A number at, just below or just above a limit."""
    return max(0, round(limit + chance.choice((-1, -0.1, -0.000001, 0, 0.000001, 0.1, 1)), 6))


def some_day(chance, item, day):
    if item.means is Means.SERVICED and chance.random() < 0.3:
        return "never"
    months = [0, *(item.life.each.values() if item.life else ()), *((item.life.months,) if item.life else ())]
    back = chance.choice(months) * 30.4375 + chance.choice((-40, -1, 0, 1, 40, chance.randrange(4000)))
    found = day - timedelta(days=int(back)) if item.means is not Means.EXPIRES else day + timedelta(days=chance.randrange(-90, 90))  # fmt: skip
    return found.strftime(chance.choice(("%Y-%m-%d", "%Y/%m/%d", "%Y-%m")))


def answer(chance, item, day):
    """An answer to an item, mostly one that can be one, with what may stand beside it."""
    if chance.random() < 0.04:
        return chance.choice(WRONG)
    if chance.random() < 0.06:
        return "na"
    if item.kind is Kind.YES_NO:
        value = chance.choice(("pass", "pass", "fail"))
    elif item.kind is Kind.CHOICE:
        value = chance.choice(item.options).key
    elif item.kind is Kind.DATE:
        value = some_day(chance, item, day)
    elif item.kind is Kind.CYLINDERS:
        value = {f"{size:g}": chance.choice((0, 1, 2, 3, "4", 9)) for size in item.sizes if chance.random() < 0.7}
    else:
        limits = [one for one in (item.least, item.most) if one is not None] or [chance.randrange(5)]
        value = near(chance, chance.choice(limits))
        value = int(value) if item.kind is Kind.COUNT else value
    return value


def told(chance, item, day):
    value = answer(chance, item, day)
    if chance.random() < 0.3:
        return {
            "value": value,
            "photos": ["a"] if chance.random() < 0.5 else [],
            "grade": chance.choice((None, item.grade.value, *item.worse)),
        }
    return {
        "value": value,
        "corrected": item.action in {"on_spot", "deadline"} and item.grade != "stop" and chance.random() < 0.3,
    }


def cases():
    chance = Random(1119)
    for checklist in ALL.found.values():
        for _ in range(CASES):
            day = date(2026, 11, 23) + timedelta(days=chance.randrange(800))
            answered = chance.choice((0.5, 0.9, 1))
            answers = {
                key: told(chance, item, day)
                for key, item in checklist.items.items()
                if item.kind is not Kind.SUM and chance.random() < answered
            }
            yield checklist, answers, day, chance.random() < 0.2


def plain(value):
    return value.isoformat() if isinstance(value, date) else value


def of_python(checklist, answers, day, refused):
    faults, found = {}, {}
    for key, said in answers.items():  # one that cannot be an answer counts as none, as on the phone
        try:
            found |= read(checklist, {key: said}, day)
        except AnswersError as error:
            faults[key] = error.faults[0].kind
    verdict = evaluate(checklist, found, day, grades=ALL.grades, refused=refused)
    results = {
        one.item.key: {
            "mark": one.mark.value,
            "why": one.why,
            "grade": one.grade.value if one.grade else None,
            "due": plain(one.due),
            "last": plain(one.expires),
            "corrected": one.corrected,
            "lacks": one.lacks_photo,
            "facts": {name: plain(value) for name, value in one.facts.items() if name in {"months", "last", "days", "limit", "value"}},
            "needs": one.facts["needs"].text.zh if one.facts.get("needs") else None,
        }
        for one in verdict.results
    }  # fmt: skip
    return {
        "results": results,
        "faults": faults,
        "steps": [one.value for one in verdict.steps],
        "grade": verdict.grade.value if verdict.grade else None,
        "due": plain(verdict.due),
        "failed": [one.item.key for one in verdict.failed],
        "unanswered": list(verdict.unanswered),
        "lacking": list(verdict.lacking),
    }


RUN = """
([lists, days, cases]) => cases.map(([id, answers, day, refused]) => {
  const found = fieldRules.evaluate(lists[id], answers, day, days, refused);
  const results = {};
  Object.keys(found.results).forEach((key) => {
    const one = found.results[key];
    const facts = {};
    ["months", "last", "days", "limit", "value"].forEach((name) => { if (name in one.facts) facts[name] = one.facts[name]; });
    results[key] = { mark: one.mark, why: one.why, grade: one.grade || null, due: one.due || null, last: one.last, corrected: Boolean(one.corrected), lacks: Boolean(one.lacks), facts, needs: one.facts.needs ? one.facts.needs.name : null };
  });
  return { results, faults: found.faults, steps: found.steps, grade: found.grade, due: found.due, failed: found.failed, unanswered: found.unanswered, lacking: found.lacking };
})
"""


@pytest.fixture(scope="module")
def page():
    with chromium() as browser:
        found = browser.new_page()
        for name in ("field-rules.js", "field-walk.js"):
            found.add_script_tag(content=console.CONSOLE.assets[name].read_text("utf-8"))
        yield found


def test_phone_and_console_judge_alike(page):
    drawn = list(cases())
    lists = {f"{one['key']}-{one['version']}": one for one in SAID["checklists"]}
    asked = [(one.id, answers, day.isoformat(), refused) for one, answers, day, refused in drawn]
    found = page.evaluate(RUN, [json.loads(json.dumps(lists)), DAYS, asked])
    for case, theirs in zip(drawn, found, strict=True):
        ours = of_python(*case)
        assert theirs == ours, (case[0].id, case[2], {key: (case[1].get(key), theirs["results"][key], one) for key, one in ours["results"].items() if theirs["results"][key] != one})  # fmt: skip
    marks = {one["mark"] for case in found for one in case["results"].values()}
    outcomes = {case["steps"][0] if case["steps"] else None for case in found}
    assert marks == {mark.value for mark in Mark}
    assert outcomes >= {"corrected", "deadline", "hand_over", "stop", None}
    assert {fault for case in found for fault in case["faults"].values()} >= {
        "word",
        "option",
        "number",
        "date",
        "size",
        "count",
    }


def length(places, way, start):
    metre = math.cos(math.radians(start[1]))
    points = [start, *(places[at] for at in way)]
    return sum(math.hypot((b[0] - a[0]) * metre, b[1] - a[1]) for a, b in pairwise(points))


def nearest(places, start):
    left, way, here = set(range(len(places))), [], start
    while left:
        at = min(left, key=lambda one: length(places, [one], here))
        left.remove(at)
        way.append(at)
        here = places[at]
    return way


def test_a_walk_passes_every_place_once_and_is_no_longer_than_the_nearest_next(page):
    chance = Random(7)
    for many in (0, 1, 2, 7, 60, 200):
        places = [(113.6 + chance.random() / 50, 34.7 + chance.random() / 50) for _ in range(many)]
        start = (113.61, 34.71)
        said = [{"lon": lon, "lat": lat} for lon, lat in places]
        way = page.evaluate("([places, start]) => fieldWalk(places, start)", [said, {"lon": start[0], "lat": start[1]}])
        assert sorted(way) == list(range(many))
        assert length(places, way, start) <= length(places, nearest(places, start), start) + 1e-9


def test_days_of_plates_are_read_alike(page):
    said = [
        "2026-11",
        "2026/2/28",
        "2026-02-29",
        "2028.02",
        "２０２６-1１-0９",
        "1949-12-31",
        "2026-11-23 ",
        "26-11-23",
    ]
    found = page.evaluate(
        "(all) => all.map((one) => (fieldRules.read({ kind: 'date', means: 'expires' }, one, '2026-11-23') || {}).value || null)",
        said,
    )
    assert found == [plain(day_of(one)) for one in said]
