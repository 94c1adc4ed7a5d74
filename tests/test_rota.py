"""The duty rota: turns, gaps, double bookings, hand-overs; pure first, then in the ledger on both databases."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ledgers import report
from rooms import DISPATCHER, NOON, room_of, shipped

from desk import acts, reports, steps
from desk.posts import duty
from geo.errors import Conflict, RosterError, UnknownPost
from incidents.lifecycle import Act, By, PostKind
from incidents.model import Status
from incidents.rota import (
    COVER,
    Cover,
    Role,
    Shift,
    Slot,
    boundaries,
    copied,
    day_of,
    doubles,
    fill,
    gaps,
    night_of,
    on_duty,
    slots,
)
from ledger import find, rota
from ledger.store import open_ledger
from ledger.verify import verify

SHANGHAI, WASHINGTON, SYDNEY = (ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Australia/Sydney"))
TWO = (time(8), time(20))
MONDAY = date(2026, 11, 16)
A, B = "dispatcher::", "dispatcher::2"
SECONDS = some.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))
TIMES = some.lists(SECONDS, min_size=1, max_size=5, unique=True).map(sorted)
ZONES = some.sampled_from(
    [
        SHANGHAI,
        WASHINGTON,
        SYDNEY,
        *map(ZoneInfo, ("Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu")),
    ]
)
DAYS = some.dates(date(2008, 1, 1), date(2030, 1, 1))


def at(text, zone=SHANGHAI):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def shift(since, until, role=Role.OFFICER, post=A, holder=""):
    return Shift(at(since), at(until), role, post, holder)


# Slots


def test_a_day_has_a_day_shift_and_a_night_shift_that_ends_on_the_next():
    day, night = slots(MONDAY, MONDAY, TWO, SHANGHAI)
    assert (day.since, day.until, day.night) == (at("2026-11-16 08:00"), at("2026-11-16 20:00"), False)
    assert (night.since, night.until, night.night) == (at("2026-11-16 20:00"), at("2026-11-17 08:00"), True)
    assert night.day == MONDAY


@pytest.mark.parametrize(
    ("cover", "hours"),
    [(Cover.EVERY_SHIFT, [12, 12]), (Cover.WHOLE_DAY, [24]), (Cover.DAY_SHIFTS, [12]), (Cover.NIGHT_SHIFT, [12])],
)
def test_a_role_covers_its_part_of_a_day(cover, hours):
    found = slots(MONDAY, MONDAY, TWO, SHANGHAI, cover)
    assert [(slot.until - slot.since) / timedelta(hours=1) for slot in found] == hours


@pytest.mark.parametrize(
    ("times", "night"), [(TWO, 1), ((time(0), time(8), time(16)), 0), ((time(9),), 0), ((time(2), time(14)), 0)]
)
def test_the_night_shift_holds_three_in_the_morning(times, night):
    assert night_of(times) == night


def test_one_shift_a_day_is_day_and_night():
    assert len(slots(MONDAY, MONDAY, (time(9),), SHANGHAI, Cover.DAY_SHIFTS)) == 1
    assert len(slots(MONDAY, MONDAY, (time(9),), SHANGHAI, Cover.NIGHT_SHIFT)) == 1


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter():
    _, night = slots(date(2026, 3, 7), date(2026, 3, 7), TWO, WASHINGTON)
    assert night.until - night.since == timedelta(hours=11)


def test_the_night_in_which_clocks_go_back_is_an_hour_longer():
    _, night = slots(date(2026, 10, 31), date(2026, 10, 31), TWO, WASHINGTON)
    assert night.until - night.since == timedelta(hours=13)


def test_a_shift_that_would_begin_in_the_hour_left_out_begins_all_the_same_and_none_is_negative():
    ends = boundaries(date(2026, 3, 8), date(2026, 3, 8), (time(2, 30), time(3), time(12)), WASHINGTON)
    assert ends == sorted(ends)
    found = slots(date(2026, 3, 7), date(2026, 3, 9), (time(2, 30), time(3), time(12)), WASHINGTON)
    assert all(one.until == other.since for one, other in pairwise(found))


@given(DAYS, some.integers(0, 9), TIMES, ZONES)
def test_shifts_leave_no_gap_and_no_overlap_whatever_the_clocks_do(first, more, times, zone):
    found = slots(first, first + timedelta(days=more), times, zone)
    assert all(slot.since < slot.until for slot in found)
    assert all(one.until == other.since for one, other in pairwise(found))
    ends = boundaries(first, first + timedelta(days=more), times, zone)
    assert (found[0].since, found[-1].until) == (ends[0], ends[-1])


@given(DAYS, TIMES, ZONES, some.integers(0, 47))
def test_the_day_of_duty_is_the_one_whose_shifts_hold_the_time(first, times, zone, hours):
    moment = datetime.combine(first, time(), zone).astimezone(UTC) + timedelta(hours=hours)
    day = day_of(moment, times, zone)
    ends = boundaries(day, day, times, zone)
    assert ends[0] <= moment
    assert moment < ends[-1]


# Turns


@given(
    DAYS, some.integers(0, 30), TIMES, ZONES, some.lists(some.sampled_from("abcdefgh"), min_size=1, unique=True),
    some.sampled_from(list(Role)),
)  # fmt: skip
def test_a_fill_covers_every_slot_once_and_is_fair(  # noqa: PLR0917
    first, more, times, zone, posts, role
):
    wanted = slots(first, first + timedelta(days=more), times, zone, COVER[role])
    made = fill(wanted, posts, role)
    assert [(one.since, one.until) for one in made] == [(slot.since, slot.until) for slot in wanted]
    assert gaps(wanted, made, role) == []
    assert doubles(made) == []
    served = Counter(dict.fromkeys(posts, 0))
    served.update(one.post for one in made)
    assert max(served.values()) - min(served.values()) <= 1
    if len(posts) > 1:
        assert all(one.post != other.post for one, other in pairwise(made))


def test_nights_and_days_are_shared_where_the_turn_leaves_a_choice():
    made = fill(slots(MONDAY, MONDAY + timedelta(days=27), TWO, SHANGHAI), ["a", "b", "c", "d"], Role.OFFICER)
    nights = Counter(one.post for one in made if one.since.hour == 12)
    assert max(nights.values()) - min(nights.values()) <= 2


def test_the_turn_goes_on_after_the_week_before():
    week = slots(MONDAY, MONDAY + timedelta(days=6), TWO, SHANGHAI, Cover.WHOLE_DAY)
    made = fill(week, ["a", "b", "c"], Role.LEADER)
    after = slots(MONDAY + timedelta(days=7), MONDAY + timedelta(days=7), TWO, SHANGHAI, Cover.WHOLE_DAY)
    assert made[-1].post == "a"
    assert fill(after, ["a", "b", "c"], Role.LEADER, before=made)[0].post == "b"


def test_nobody_to_serve_fills_nothing():
    assert fill(slots(MONDAY, MONDAY, TWO, SHANGHAI), [], Role.OFFICER) == []


# Copies, gaps, doubles


def test_a_copy_keeps_the_time_of_the_clock_over_a_change_of_clocks():
    before = [Shift(at("2026-03-05 08:00", WASHINGTON), at("2026-03-05 20:00", WASHINGTON), Role.OFFICER, A, "甲", 7)]
    assert copied(before, WASHINGTON) == [
        Shift(at("2026-03-12 08:00", WASHINGTON), at("2026-03-12 20:00", WASHINGTON), Role.OFFICER, A)
    ]


def test_a_gap_is_the_part_that_nobody_covers():
    wanted = [Slot(at("2026-11-16 08:00"), at("2026-11-16 20:00"), MONDAY)]
    some_shift = [shift("2026-11-16 10:00", "2026-11-16 18:00")]
    assert [(gap.since, gap.until) for gap in gaps(wanted, some_shift, Role.OFFICER)] == [
        (at("2026-11-16 08:00"), at("2026-11-16 10:00")),
        (at("2026-11-16 18:00"), at("2026-11-16 20:00")),
    ]
    assert gaps(wanted, some_shift, Role.LEADER) == wanted


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (shift("2026-11-16 12:00", "2026-11-16 20:00", post=B), "role"),
        (shift("2026-11-16 12:00", "2026-11-16 20:00", Role.HEAD), "post"),
        (shift("2026-11-16 12:00", "2026-11-16 20:00", Role.HEAD, B, "甲"), "holder"),
        (shift("2026-11-16 12:00", "2026-11-16 20:00", Role.HEAD, B, "乙"), ""),
        (shift("2026-11-16 08:00", "2026-11-17 08:00", Role.LEADER, A, "甲"), ""),
        (shift("2026-11-16 20:00", "2026-11-17 08:00", post=B), ""),
    ],
)
def test_two_duties_at_once_are_found(other, why):
    first = shift("2026-11-16 08:00", "2026-11-16 20:00", holder="甲" if why in {"holder", ""} else "")
    assert [double.why for double in doubles([first, other])] == ([why] if why else [])


def test_who_is_on_duty_begins_with_the_shift_and_ends_before_the_next():
    one = shift("2026-11-16 08:00", "2026-11-16 20:00")
    assert on_duty([one], at("2026-11-16 08:00")) == [one]
    assert on_duty([one], at("2026-11-16 20:00")) == []
    assert on_duty([], at("2026-11-16 12:00")) == []


# In the ledger


def replaced(  # noqa: PLR0917
    ledger, remove, add, now=NOON, by=A, act="change"
):
    return ledger.change(lambda writing: rota.replace(writing, "longnan", "2026-11-20", remove, add, by, now, act=act))


def test_a_change_of_the_rota_is_one_entry_without_names(ledger):
    made = replaced(
        ledger,
        [],
        [
            shift("2026-11-20 08:00", "2026-11-20 20:00", holder="张三"),
            shift("2026-11-20 20:00", "2026-11-21 08:00", post=B),
        ],
    )
    assert made.version == ledger.version() == 1
    with ledger.reading() as connection:
        assert [one.holder for one in rota.on_duty(connection, "longnan", NOON)] == ["张三"]
        assert rota.officer(connection, "longnan", NOON + timedelta(hours=12)) == B
        (entry,) = find.entries(connection, "longnan", "2026-11-20", subject="rota")
    assert "张三" not in str(entry)
    assert len(entry["after"]["shifts"]) == 2
    assert verify(ledger, now=NOON).breaks == ()


def test_who_answers_is_the_officer_else_the_night_shift_else_the_leader(ledger):
    leader = shift("2026-11-20 08:00", "2026-11-21 08:00", Role.LEADER, "first_head:community:1")
    night = shift("2026-11-20 20:00", "2026-11-21 08:00", Role.NIGHT, "head:micro:1")
    officer = shift("2026-11-21 00:00", "2026-11-21 08:00", Role.OFFICER, B)
    replaced(ledger, [], [leader, night, officer])
    with ledger.reading() as connection:
        answers = [
            rota.answering(connection, "longnan", at(text))
            for text in ("2026-11-20 12:00", "2026-11-20 21:00", "2026-11-21 01:00", "2026-11-21 09:00")
        ]
    assert answers == ["first_head:community:1", "head:micro:1", B, ""]


def test_a_change_is_taken_back_within_a_minute_with_its_names_and_not_twice(ledger):
    made = replaced(ledger, [], [shift("2026-11-20 08:00", "2026-11-20 20:00", holder="张三")])
    gone = replaced(ledger, [made.added[0].id], [])
    ledger.change(lambda writing: rota.undo(writing, "longnan", gone, by=A, at=NOON + timedelta(seconds=50)))
    with ledger.reading() as connection:
        assert [one.holder for one in rota.on_duty(connection, "longnan", NOON)] == ["张三"]
    late = replaced(ledger, [], [shift("2026-11-21 08:00", "2026-11-21 20:00")])
    with pytest.raises(RosterError, match="more than a minute"):
        ledger.change(lambda writing: rota.undo(writing, "longnan", late, by=A, at=NOON + timedelta(seconds=61)))
    with pytest.raises(RosterError, match="no change of the rota"):
        ledger.change(lambda writing: rota.undo(writing, "longnan", late, by=B, at=NOON))


def test_two_people_on_one_shift_the_second_is_told(ledger):
    made = replaced(ledger, [], [shift("2026-11-20 08:00", "2026-11-20 20:00")])
    replaced(ledger, [made.added[0].id], [shift("2026-11-20 08:00", "2026-11-20 20:00", post=B)])
    version = ledger.version()
    with pytest.raises(RosterError, match="Somebody else changed the rota"):
        replaced(ledger, [made.added[0].id], [])
    assert ledger.version() == version


def test_a_hand_over_is_signed_for_once(ledger):
    note = rota.Handover(0, NOON, A, B, "灭火器已过期，明早送检", ("LN-1",))
    made = ledger.change(lambda writing: rota.write_handover(writing, "longnan", note, by=A))
    taken = ledger.change(lambda writing: rota.take(writing, "longnan", made.id, by=B, at=NOON + timedelta(hours=1)))
    assert (taken.to_post, taken.taken) == (B, NOON + timedelta(hours=1))
    with pytest.raises(RosterError, match="taken by dispatcher::2 already"):
        ledger.change(lambda writing: rota.take(writing, "longnan", made.id, by=A, at=NOON))
    with ledger.reading() as connection:
        entries = find.entries(connection, "longnan", str(made.id), subject="handover")
    assert [entry["act"] for entry in entries] == ["write", "take"]
    assert "灭火器" not in str(entries)


def test_a_hand_over_is_taken_back_within_a_minute_by_its_writer(ledger):
    made = ledger.change(
        lambda writing: rota.write_handover(writing, "longnan", rota.Handover(0, NOON, A, "", "x", ()), by=A)
    )
    with pytest.raises(RosterError):
        ledger.change(lambda writing: rota.withdraw(writing, "longnan", made.id, by=B, at=NOON))
    with pytest.raises(RosterError):
        ledger.change(lambda writing: rota.withdraw(writing, "longnan", made.id, by=A, at=NOON + timedelta(minutes=2)))
    ledger.change(lambda writing: rota.withdraw(writing, "longnan", made.id, by=A, at=NOON))
    with ledger.reading() as connection:
        assert rota.handovers(connection, "longnan") == []


# At the desk


@pytest.fixture
def room(tmp_path):
    opened = room_of(shipped("longnan"), tmp_path)
    yield opened
    opened.ledger.close()


@pytest.fixture
def duty_room(room):
    room.ledger.change(lambda writing: duty.demo(room, writing, NOON))
    return room


NIGHT = NOON + timedelta(hours=11)  # 23:00, out of hours


def seat(room, key):
    return By(key, room.post(key).kind)


def reported(room, now):
    b = room.area.points["buildings"].iloc[5]
    return reports.report(room, reports.Draft("06010", b.geometry.x, b.geometry.y, text="垃圾堆放"), DISPATCHER, now)


def test_a_demonstration_names_posts_and_nobody(duty_room):
    now = duty.on_duty(duty_room, NOON)
    assert [one.role for one in now] == [Role.LEADER, Role.OFFICER, Role.HEAD]
    assert {one.holder for one in now} == {""}
    week = duty.week(duty_room, MONDAY)
    assert (week.doubles, [slot for missing in week.gaps.values() for slot in missing]) == ([], [])
    assert all(one.post in duty_room.posts for one in week.shifts)


def test_out_of_hours_the_officer_answers_and_the_head_is_informed(duty_room):
    by_day, by_night = reported(duty_room, NOON - timedelta(hours=2)), reported(duty_room, NIGHT)
    officer = next(one.post for one in duty.on_duty(duty_room, NIGHT) if one.role is Role.OFFICER)
    assert by_day.post.startswith("head:")
    assert (by_night.post, by_night.informed) == (officer, by_day.post)
    assert by_night.overdue_post == by_day.overdue_post


def test_without_a_rota_the_head_answers_at_night_too(room):
    assert reported(room, NIGHT).post.startswith("head:")


def entries_of(room, case):
    with room.ledger.reading() as connection:
        return find.get(connection, room.id, case.number), find.entries(connection, room.id, case.number)


def holds(room):
    return [str(one) for one in verify(room.ledger, now=NOON).breaks] == []


def test_what_came_in_at_night_goes_to_its_grid_when_working_hours_begin(duty_room):
    case, morning = reported(duty_room, NIGHT), NOON + timedelta(days=3, hours=-3)  # Monday 09:00
    assert steps.take(duty_room, NIGHT + timedelta(minutes=1)) == 0
    assert entries_of(duty_room, case)[0].post == case.post
    by_day = reported(duty_room, morning)
    steps.take(duty_room, morning)
    now, entries = entries_of(duty_room, case)
    assert (now.post, now.informed, now.state.duty) == (by_day.post, by_day.informed, "")
    over = [entry for entry in entries if entry["act"] == "hand_over"]
    assert [(entry["data"]["why"], entry["data"]["to"], entry["at"]) for entry in over] == [
        ("hours", case.informed, morning)
    ]
    assert holds(duty_room)
    steps.take(duty_room, morning + timedelta(minutes=1))
    assert entries_of(duty_room, case)[1] == entries


def test_what_is_dispatched_at_night_goes_to_its_grid_at_once_and_the_dispatch_can_be_taken_back(duty_room):
    case = reported(duty_room, NIGHT)
    filed, sent = acts.do_all(
        duty_room,
        [
            acts.Doing(case.number, Act.FILE, expected=case.version),
            acts.Doing(case.number, Act.DISPATCH, {"handler": "department::城管执法中队"}),
        ],
        DISPATCHER,
        NIGHT,
    )
    assert (filed.post, sent.post, sent.state.duty) == (case.post, case.informed, "")
    assert [entry["act"] for entry in entries_of(duty_room, case)[1]] == ["report", "file", "hand_over", "dispatch"]
    back = acts.do(duty_room, acts.Doing(case.number, Act.UNDO), DISPATCHER, NIGHT)
    assert (back.status, back.post) == (Status.FILED, case.informed)
    assert holds(duty_room)


def test_a_dispatch_by_one_who_saw_an_older_version_is_a_conflict_and_hands_nothing_over(duty_room):
    case = reported(duty_room, NIGHT)
    acts.do(duty_room, acts.Doing(case.number, Act.FILE), DISPATCHER, NIGHT)
    with pytest.raises(Conflict):
        acts.do(
            duty_room,
            acts.Doing(case.number, Act.DISPATCH, {"handler": "department::城管执法中队"}, expected=case.version),
            DISPATCHER,
            NIGHT,
        )
    assert entries_of(duty_room, case)[0].post == case.post


def test_a_place_that_is_corrected_at_night_leaves_the_officer_answering(duty_room):
    case = reported(duty_room, NIGHT)
    b = duty_room.area.points["buildings"].iloc[-1]
    spot = {"lon": b.geometry.x, "lat": b.geometry.y, "reason": "位置有误"}
    moved = acts.do(duty_room, acts.Doing(case.number, Act.CORRECT, spot), DISPATCHER, NIGHT)
    assert moved.codes != case.codes
    assert (moved.post, moved.informed.startswith("head:"), moved.informed != case.informed) == (case.post, True, True)


def test_what_was_cleared_on_the_spot_at_night_is_the_grids_own(duty_room, jpeg):
    b = duty_room.area.points["buildings"].iloc[5]
    draft = reports.Draft("06010", b.geometry.x, b.geometry.y, text="垃圾已清", cleared=True, photos=[jpeg])
    case = reports.report(duty_room, draft, seat(duty_room, "head:micro:41010299900100101"), NIGHT)
    assert (case.post.startswith("head:"), case.state.duty) == (True, "")


def test_what_is_not_sorted_goes_back_to_its_grid_when_the_day_shift_signs(duty_room):
    case = reported(duty_room, NIGHT)
    officer, morning = seat(duty_room, case.post), NOON + timedelta(days=3, hours=-3)  # Monday 09:00
    note = duty.write(duty_room, "", [case.number], "", officer, morning)
    following = next(one.post for one in duty.on_duty(duty_room, morning) if one.role is Role.OFFICER)
    taker = seat(duty_room, following if following != officer.post else "first_head:community:410102999001")
    duty.take(duty_room, note.id, taker, morning)
    with duty_room.ledger.reading() as connection:
        now = find.get(connection, duty_room.id, case.number)
        entries = find.entries(connection, duty_room.id, case.number)
    assert now.post == case.informed
    assert (entries[-1]["act"], entries[-1]["data"]["why"]) == ("hand_over", "signed")
    assert entries[-1]["before"]["post"] == case.post


def test_what_is_not_sorted_goes_to_who_signs_outside_of_hours(duty_room):
    case = reported(duty_room, NIGHT)
    note = duty.write(duty_room, "接着看", [case.number], "", seat(duty_room, case.post), NIGHT)
    other = seat(duty_room, next(key for key in ("dispatcher::", "dispatcher::2") if key != case.post))
    duty.take(duty_room, note.id, other, NIGHT)
    with duty_room.ledger.reading() as connection:
        now = find.get(connection, duty_room.id, case.number)
    assert (now.post, now.informed, now.state.duty) == (other.post, case.informed, other.post)
    assert holds(duty_room)


def test_what_was_sorted_stays_with_its_handler(duty_room):
    case = reported(duty_room, NIGHT)
    officer = seat(duty_room, case.post)
    handler = {"handler": "department::城管执法中队", "due": (NIGHT + timedelta(days=1)).isoformat()}
    for act, data in ((Act.FILE, {}), (Act.DISPATCH, handler)):
        acts.do(duty_room, acts.Doing(case.number, act, data), officer, NIGHT)
    note = duty.write(duty_room, "", [case.number], "", officer, NIGHT)
    duty.take(
        duty_room, note.id, seat(duty_room, "dispatcher::4" if case.post != "dispatcher::4" else "dispatcher::2"), NIGHT
    )
    with duty_room.ledger.reading() as connection:
        now = find.get(connection, duty_room.id, case.number)
    assert (now.post, now.state.handler) == (case.informed, handler["handler"])


def test_the_post_that_hands_over_does_not_sign_for_itself(duty_room):
    stranger = seat(duty_room, "head:grid:410102999001001")
    note = duty.write(duty_room, "钥匙在抽屉里", [], "", stranger, NIGHT)
    with pytest.raises(RosterError, match="does not sign for itself"):
        duty.take(duty_room, note.id, stranger, NIGHT)


def test_who_is_still_on_the_shift_that_it_hands_over_does_not_sign_either_and_on_the_next_one_it_does(duty_room):
    officer = next(one for one in duty.on_duty(duty_room, NIGHT) if one.role is Role.OFFICER)
    note = duty.write(duty_room, "钥匙在抽屉里", [], "", seat(duty_room, officer.post), NIGHT)
    with pytest.raises(RosterError, match="does not sign for itself"):
        duty.take(duty_room, note.id, seat(duty_room, officer.post), NIGHT + timedelta(minutes=1))
    own = Shift(officer.until, officer.until + timedelta(hours=8), Role.OFFICER, officer.post, "")
    assert duty.may_sign(note, officer.post, [own])
    assert not duty.may_sign(note, officer.post, [officer])


def test_a_hand_over_carries_what_is_unsorted_overdue_to_be_reviewed_and_of_this_shift(duty_room):
    old, new = reported(duty_room, NOON - timedelta(days=2)), reported(duty_room, NIGHT)
    found = {
        one.case.number: one.why for one in duty.carried(duty_room, duty_room.post(A), NIGHT + timedelta(minutes=5))
    }
    assert found == {old.number: "unsorted", new.number: "unsorted"}


def test_a_restricted_case_is_carried_and_read_only_by_posts_that_may(duty_room):
    b = duty_room.area.points["buildings"].iloc[5]
    case = reports.report(duty_room, reports.Draft("L3001", b.geometry.x, b.geometry.y), DISPATCHER, NIGHT)
    stranger = duty_room.post("head:grid:410102999001007")
    assert case.restricted
    assert [one.case.number for one in duty.carried(duty_room, duty_room.post(A), NIGHT)] == [case.number]
    assert duty.carried(duty_room, stranger, NIGHT) == []
    note = duty.write(duty_room, "", [case.number], "", DISPATCHER, NIGHT)
    assert [found.number for found in duty.cases_of(duty_room, note, duty_room.post(A))] == [case.number]
    assert duty.cases_of(duty_room, note, stranger) == []


def test_names_and_numbers_are_struck_out_of_a_note_and_an_empty_one_is_refused(duty_room):
    note = duty.write(duty_room, "王阿姨打来电话13812345678", [], "", DISPATCHER, NIGHT)
    assert "13812345678" not in note.text
    assert "王阿姨" not in note.text
    with pytest.raises(RosterError, match="needs words"):
        duty.write(duty_room, "  ", [], "", DISPATCHER, NIGHT)


def test_a_fill_leaves_what_is_there_and_replaces_it_when_told(room):
    first, last = MONDAY, MONDAY + timedelta(days=1)
    leader = By("head:community:410102999001", PostKind.HEAD)
    slot = slots(first, first, TWO, SHANGHAI)[0]
    duty.put(room, slot, Role.OFFICER, "inspector::", leader, NOON, holder="示例")
    done = duty.fill_span(room, Role.OFFICER, ["dispatcher::"], first, last, leader, NOON)
    assert len(done.added) == 3
    with pytest.raises(RosterError, match="taken already"):
        duty.fill_span(room, Role.OFFICER, ["dispatcher::"], first, last, leader, NOON)
    again = duty.fill_span(room, Role.OFFICER, ["dispatcher::"], first, last, leader, NOON, overwrite=True)
    assert (len(again.removed), len(again.added)) == (4, 4)


def test_a_copied_week_fills_the_free_shifts_alone(duty_room):
    following = MONDAY + timedelta(days=14)
    duty.take_off(duty_room, following, [one.id for one in duty.week(duty_room, following).shifts], DISPATCHER, NOON)
    slot = slots(following, following, TWO, SHANGHAI)[0]
    duty.put(duty_room, slot, Role.OFFICER, "inspector::", DISPATCHER, NOON)
    duty.copy_week(duty_room, following, DISPATCHER, NOON)
    week = duty.week(duty_room, following)
    assert [one.post for one in week.of(Role.OFFICER, slot)] == ["inspector::"]
    assert week.doubles == []
    with pytest.raises(RosterError, match="taken already"):
        duty.copy_week(duty_room, following, DISPATCHER, NOON)


def test_an_empty_week_cannot_be_copied(room):
    with pytest.raises(RosterError, match="week before is empty"):
        duty.copy_week(room, MONDAY, DISPATCHER, NOON)


@pytest.mark.parametrize(
    ("keys", "first", "last", "kind"),
    [([], MONDAY, MONDAY, "no_posts"), (["dispatcher::"], MONDAY, MONDAY - timedelta(days=1), "dates"), (["dispatcher::"], MONDAY, MONDAY + timedelta(days=92), "span"), (["dispatcher::77"], MONDAY, MONDAY, "post_gone")],
)  # fmt: skip
def test_a_fill_that_makes_no_sense_is_refused(room, keys, first, last, kind):
    with pytest.raises(RosterError) as refused:
        duty.fill_span(room, Role.OFFICER, keys, first, last, DISPATCHER, NOON)
    assert refused.value.kind == kind
    assert room.ledger.version() == 0


def test_gaps_of_leader_and_officer_are_shown_and_of_other_roles_only_where_they_are_used(room):
    week = duty.week(room, MONDAY)
    assert set(week.gaps) == {Role.LEADER, Role.OFFICER}
    duty.fill_span(room, Role.NIGHT, ["inspector::"], MONDAY, MONDAY, DISPATCHER, NOON)
    assert len(duty.week(room, MONDAY).gaps[Role.NIGHT]) == 6


def test_a_note_to_a_post_that_nobody_knows_is_refused(room):
    with pytest.raises(UnknownPost):
        duty.write(room, "x", [], "wizard::", DISPATCHER, NOON)


def test_two_areas_share_a_ledger_and_not_a_rota(tmp_path):
    ledger = open_ledger(tmp_path)
    report(ledger)
    replaced(ledger, [], [shift("2026-11-20 08:00", "2026-11-20 20:00")])
    with ledger.reading() as connection:
        assert rota.on_duty(connection, "mianfang", NOON) == []
    ledger.close()
