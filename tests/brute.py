"""What a filter wants and what a scope holds, told from the cases one by one: what every door has to agree with."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from busy_room import CLASSES, HANDLERS
from hypothesis import strategies as st
from rooms import NOON

from incidents.model import mark_of
from ledger import find
from ledger.find import Wanted
from reports import figures
from reports.figures import FEWEST, MARKS, Filter

LOCAL = NOON.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
GRIDS = ["", "micro:3-04", "micro:3-04b", "micro:1-02", "third:1", "third:3", "community:C1", "dedicated:专1"]
FILTERS = st.builds(
    lambda grid, **rest: Filter(grid=tuple(grid.split(":", 1)) if grid else None, **rest),
    st.sampled_from(GRIDS),
    classes=st.just(frozenset()) | st.frozensets(st.sampled_from([*CLASSES, "L3", "06"]), max_size=2),
    marks=st.frozensets(st.sampled_from(MARKS), max_size=2),
    days=st.sampled_from([None, 1, 3]),
    statuses=st.just(frozenset()) | st.frozensets(st.sampled_from(figures.STATUSES), max_size=4),
    duty=st.sampled_from(["", "", "head:third:2"]),
    handler=st.sampled_from([*[""] * 9, *HANDLERS]),
    channels=st.just(frozenset())
    | st.just(frozenset())
    | st.just(frozenset())
    | st.frozensets(st.sampled_from(figures.CHANNELS), max_size=5),
    late=st.sampled_from([*[False] * 7, True]),
    demo=st.sampled_from([*[None] * 8, True, False]),
    since=st.sampled_from([*[None] * 6, LOCAL - timedelta(days=4)]),
    until=st.sampled_from([*[None] * 6, LOCAL - timedelta(hours=20)]),
    text=st.sampled_from([*[""] * 9, "中山路", "事件 中山路", "B-2026"]),
)


def cases_of(room):
    """Return every case of an area, whoever looks through the room."""
    with room.ledger.reading() as connection:
        return find.incidents(connection, Wanted(room.id))


OWN = {  # kinds of the posts that are one's own, by role
    "worker": ("worker",),
    "head": ("head", "first_head", "deputy"),
    "community": ("head", "first_head", "deputy", "office"),
}


def sees(asker, case):
    """Tell from a case alone whether it lies in a scope: what the code under test must agree with."""
    return asker.scope.whole or works(asker, case) or (asker.scope.grid is not None and lies_in_scope(asker, case))


def works(asker, case):
    """Tell whether a department, or a post of the grid of who works there, has something to do with a case or had."""
    scope, state = asker.scope, case.state
    named = {state.handler, *state.handlers, state.reporter, case.post, case.informed, case.overdue_post}
    if scope.department:
        return f"department::{scope.department}" in named
    own = [f"{kind}:{':'.join(scope.grid)}:" for kind in OWN.get(asker.role, ())] if scope.grid else []
    return any(f"{post}:".startswith(key) for post in named for key in own)


def lies_in_scope(asker, case):
    """Tell whether a case counts in the grid of a scope; a tower stands for the micro-grids on it."""
    key, code = asker.scope.grid
    carried = {"3-04": {"3-04a", "3-04b", "3-04c"}} if key == "micro" else {}
    return bool(carried.get(code, {code}) & set(case.codes.get(key, "").split(";")))


def as_the_rules_say(room, cases, wanted, now, *, part=False, words=True):
    """Return mark and number of what a filter wants, told from cases one by one; number "" for what has no place.

    ``part``: they lie in a part of the area, as if a filter had named it; ``words``: whether what they say may be looked for.
    """
    clock = figures.minute(room, now)
    found = []
    for case in cases:
        over = case.closed is not None and case.closed < room.shift(clock)
        mark = mark_of(case.status, shift_over=over)
        codes = figures.codes_of(room.area.net, *wanted.grid) if wanted.grid else set()
        since = clock - timedelta(days=wanted.days) if wanted.days else None
        recent = since is None or mark == "red" or case.reported >= since or (case.closed and case.closed >= since)
        if (
            mark
            and recent
            and (not wanted.grid or codes & set(case.codes[wanted.grid[0]].split(";")))
            and (not wanted.classes or {case.class_, case.major} & wanted.classes)
            and (not wanted.duty or case.post == wanted.duty)
            and (not wanted.handler or case.state.handler == wanted.handler)
            and (not wanted.channels or case.channel in wanted.channels)
            and wanted.demo in {None, case.demo}
            and all(local_time(case) >= time for time in (wanted.since,) if time)
            and all(local_time(case) < time for time in (wanted.until,) if time)
            and all(said(case, word, words=words) for word in wanted.text.split())
        ):
            late = mark == "red" and case.state.due is not None and case.state.due < clock
            found.append((mark.value, case.status, late, "" if case.restricted else case.number))
    if (part or wanted.is_placed or wanted.classes) and sum(not number for *_, number in found) < FEWEST:
        found = [row for row in found if row[-1]]
    return [
        (mark, number)
        for mark, status, late, number in found
        if (not wanted.marks or mark in wanted.marks)
        and (not wanted.statuses or status in wanted.statuses)
        and (late or not wanted.late)
    ]


def local_time(case):
    return case.reported.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


def said(case, word, *, words):
    """Tell whether a word is in what may be looked for: of a restricted case its number alone."""
    texts = (case.number,) if case.restricted or not words else (case.number, case.title, case.text, case.address)
    return any(word in text for text in texts)
