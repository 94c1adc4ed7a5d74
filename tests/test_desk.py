"""The desk: a report is placed, given its posts and deadline; an act gets what the rules add to it."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import numpy as np
import pytest
import shapely

from desk import steps
from desk.access.rules import identity_of
from desk.acts import Doing, do, do_all, next_above, write
from desk.people.retention import run
from desk.places import place as places
from desk.places.repeats import repeats
from desk.reports import Draft, report
from geo.errors import Conflict, DraftError, LifecycleError, PlaceError, TextError, UnknownClass
from incidents.lifecycle import Act, By, Entry, PostKind
from incidents.model import Channel, Status, Urgency
from ledger import contacts, find
from ledger.verify import verify
from locales import translator
from reports.refusals import refusal
from tests.rooms import DISPATCHER, NOON, room_of, shipped

INSPECTOR = By("inspector::", PostKind.INSPECTOR)
LITTER, ROAD, ABANDONED, DISPUTE = "06010", "06013", "06034", "L3001"


def erase(room, now):
    """How many reporters are erased when the day's erasure runs."""
    return run(room.ledger, {room.id: room.rules.settings}, identity_of(None), now).areas[room.id]["reporters"]


@pytest.fixture
def room(tmp_path):
    room = room_of(shipped("longnan"), tmp_path)
    yield room
    room.ledger.close()


def inside(room, code="41010299900100301"):
    """A point well inside a micro-grid, away from dedicated grids."""
    level = room.area.net.leaf
    shape = level.geoms[level.position(code)]
    for overlay in room.area.net.overlays:
        shape = shapely.difference(shape, shapely.union_all(overlay.geoms))
    spot = shapely.maximum_inscribed_circle(shape).coords[0]
    return spot[0], spot[1]


def filed(room, **more):
    lon, lat = inside(room)
    made = report(
        room,
        Draft(**{"class_": LITTER, "lon": lon, "lat": lat, "text": "西门口垃圾堆了两天", **more}),
        DISPATCHER,
        NOON,
    )
    return do(room, Doing(made.number, Act.FILE), DISPATCHER, NOON)


def dispatched(room, handler="head:grid:410102999001003", **more):
    case = filed(room, **more)
    return do(room, Doing(case.number, Act.DISPATCH, {"handler": handler}), DISPATCHER, NOON)


def find_case(room, number):
    with room.ledger.reading() as connection:
        return find.get(connection, room.id, number)


def by(room, key):
    return room.post(key).by


def in_hand(room, **more):
    case = dispatched(room, **more)
    return do(room, Doing(case.number, Act.ACCEPT), by(room, case.state.handler), NOON)


def test_a_report_gets_number_codes_posts_and_a_deadline_for_sorting(room):
    lon, lat = inside(room)
    made = report(room, Draft(LITTER, lon, lat, text="西门口垃圾堆了两天\n请尽快清运"), DISPATCHER, NOON)
    assert made.number == f"{room.area.pack.prefix}-20261120-0001"
    assert made.title == "西门口垃圾堆了两天"
    assert made.codes["micro"] == "41010299900100301"
    assert made.codes["grid"] == "410102999001003"
    assert made.post == "head:micro:41010299900100301"
    assert made.overdue_post == "head:grid:410102999001003"  # micro-grid heads are volunteers
    assert made.edition.startswith("2026-09-01+")
    assert made.state.due == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # 2 工作时 after noon: 16:00


def test_numbers_count_by_day_of_the_area(room):
    lon, lat = inside(room)
    draft = Draft(LITTER, lon, lat)
    late = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # half past midnight of the 21st in Zhengzhou
    numbers = [report(room, draft, DISPATCHER, at).number[-13:] for at in (NOON, NOON, late)]
    assert numbers == ["20261120-0001", "20261120-0002", "20261121-0001"]


def test_a_point_near_an_edge_is_flagged_and_can_be_given_to_the_neighbour_with_a_reason(room):
    leaf = room.area.net.leaf
    position = leaf.position("41010299900100301")
    lon, lat = shapely.boundary(leaf.geoms[position]).interpolate(0.3, normalized=True).coords[0]
    made = report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON)
    assert made.edge_m is not None
    assert made.edge_m < 5
    with pytest.raises(LifecycleError, match="needs reason"):
        do(room, Doing(made.number, Act.REASSIGN, {"codes": "41010299900100302"}), DISPATCHER, NOON)
    moved = do(
        room, Doing(made.number, Act.REASSIGN, {"codes": "41010299900100302", "reason": "门在那一侧"}), DISPATCHER, NOON
    )
    assert (moved.codes["micro"], moved.match, moved.post) == (
        "41010299900100302",
        "hand",
        "head:micro:41010299900100302",
    )
    with room.ledger.reading() as connection:
        last = find.entries(connection, room.id, made.number)[-1]
    assert last["before"]["codes"]["micro"] == made.codes["micro"]
    assert last["data"]["reason"] == "门在那一侧"


def test_a_point_far_from_edges_is_not_flagged(room):
    lon, lat = inside(room)
    assert report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON).edge_m is None


def test_points_that_lie_in_no_grid_are_refused_with_what_they_may_be(room):
    lon, lat = inside(room)
    for draft, said in (
        (Draft(LITTER, lat, lon), "exchanged"),
        (Draft(LITTER, 452000.0, 3848000.0), "projected"),
        (Draft(LITTER, 0.0, 0.0), "in no grid"),
        (Draft(LITTER, float("nan"), lat), "no coordinates"),
    ):
        with pytest.raises(PlaceError, match=said):
            report(room, draft, DISPATCHER, NOON)
    assert room.ledger.version() == 0


def test_a_point_that_is_gcj02_is_recognised(room):
    from geo.crs import from_wgs84

    _, south, east, north = room.area.net.bounds
    x, y = from_wgs84(np.array([east]), np.array([(south + north) / 2]), "GCJ-02")
    with pytest.raises(PlaceError, match="GCJ-02"):
        places.place(room, float(x[0]) - 0.0002, float(y[0]))


def test_bad_drafts_are_refused_and_nothing_is_written(room):
    lon, lat = inside(room)
    for draft, error in (
        (Draft("99999", lon, lat), UnknownClass),
        (Draft(LITTER, lon, lat, text="字" * 10_000), TextError),
        (Draft(LITTER, lon, lat, reported=NOON + timedelta(hours=1)), DraftError),
        (Draft(LITTER, lon, lat, reported=NOON - timedelta(days=4000)), DraftError),
        (Draft("01001", lon, lat, cleared=True), DraftError),
        (Draft(LITTER, lon, lat, cleared=True), LifecycleError),  # no photo
    ):
        with pytest.raises(error):
            report(room, draft, DISPATCHER, NOON)
    assert room.ledger.version() == 0


def test_hidden_characters_are_taken_out_and_emoji_stay(room):
    lon, lat = inside(room)
    made = report(room, Draft(LITTER, lon, lat, text="垃圾\u202e\u200b很多\x00😷"), DISPATCHER, NOON)
    assert made.text == "垃圾很多😷"


def test_the_same_key_makes_one_incident_whoever_is_first(room):
    lon, lat = inside(room)
    draft, gate, made = Draft(LITTER, lon, lat, key="form-7"), Barrier(8), []

    def press():
        gate.wait()
        made.append(report(room, draft, DISPATCHER, NOON).number)

    threads = [Thread(target=press) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(set(made)) == 1
    with room.ledger.reading() as connection:
        assert find.count(connection, room.wanted()) == 1


def test_a_reporter_is_kept_masked_and_never_enters_the_history(room):
    lon, lat = inside(room)
    report(room, Draft(LITTER, lon, lat, reporter="张小明", phone="13812345678"), DISPATCHER, NOON)
    with room.ledger.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT name, phone FROM reporter").one()
        history = connection.exec_driver_sql("SELECT data || before || after FROM history").scalars().all()
    assert tuple(kept) == ("张*明", "138****5678")
    assert not any("张" in text or "1381" in text or "5678" in text for text in history)


def test_what_people_write_stands_in_the_history_by_reference_only(room):
    case = filed(room)
    do(room, Doing(case.number, Act.NOTE, {"text": "与物业联系过"}), DISPATCHER, NOON)
    with room.ledger.engine.connect() as connection:
        history = " ".join(connection.exec_driver_sql("SELECT data || before || after FROM history").scalars())
    assert "物业" not in history
    assert "垃圾" not in history
    with room.ledger.reading() as connection:
        assert find.entries(connection, room.id, case.number)[-1]["data"]["text"] == "与物业联系过"


def test_dispatch_starts_the_limit_of_the_class(room):
    case = dispatched(room)
    assert case.state.limit == "4 work_hour"
    assert case.state.due == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # 14:00 to 18:00
    assert case.state.promised == case.state.due


def test_an_urgent_case_gets_a_shorter_limit(room):
    usual, urgent = dispatched(room), dispatched(room, urgency=Urgency.EMERGENCY)
    assert urgent.state.due < usual.state.due


def test_the_deadline_of_a_hotline_order_is_kept_as_given(room):
    due = NOON + timedelta(days=3)
    case = in_hand(room, channel=Channel.HOTLINE, source="12345", external_id="ZZ2026-1", due=due)
    assert (case.state.rule, case.state.due) == ("external", due)
    case = do(room, Doing(case.number, Act.FEEDBACK, {"text": "已清"}), by(room, case.state.handler), NOON)
    assert case.state.due == due


@pytest.mark.parametrize("way", ["suspended", "closed", "sampled"])
def test_the_deadline_of_a_hotline_order_runs_again_after_its_clock_stood(room, way):
    """The hotline's own clock went on meanwhile, so that the day that it gave stands."""
    due = NOON + timedelta(days=3)
    order = {"channel": Channel.HOTLINE, "source": "12345", "external_id": "ZZ2026-1", "due": due}

    def act(case, what, who=DISPATCHER, **data):
        photos = {"assume_photo": True}
        doing = Doing(case.number, what, data)
        return room.ledger.change(lambda writing: write(writing, room, doing, who, NOON, **photos))

    if way == "sampled":
        lon, lat = inside(room)
        case = report(room, Draft(LITTER, lon, lat, **order), DISPATCHER, NOON)
        case = act(case, Act.SELF_CLEAR, By("head:micro:41010299900100301", PostKind.HEAD))
        stopped, case = case.state.due, act(case, Act.SAMPLE_FAIL, INSPECTOR, reason="没清干净")
    else:
        case = in_hand(room, **order)
        if way == "suspended":
            case = act(case, Act.SUSPEND, reason="等配件", until=NOON + timedelta(days=1))
            stopped, case = case.state.due, act(case, Act.RESUME)
        else:
            case = act(case, Act.FEEDBACK, by(room, case.state.handler), text="已清")
            case = act(case, Act.CLOSE, INSPECTOR)
            stopped, case = case.state.due, act(case, Act.REOPEN, reason="又堆上了")
    assert (stopped, case.state.due, case.state.promised) == (None, due, due)


def test_a_handler_that_is_no_post_is_refused(room):
    case = filed(room)
    from geo.errors import UnknownPost

    with pytest.raises(UnknownPost):
        do(room, Doing(case.number, Act.DISPATCH, {"handler": "nobody"}), DISPATCHER, NOON)


def test_an_escalation_goes_to_the_next_level_and_ends_at_the_top(room):
    case = in_hand(room, handler="head:micro:41010299900100301")
    seen = []
    while next_above(room, case):
        case = do(room, Doing(case.number, Act.ESCALATE), by(room, case.state.handler), NOON)
        seen.append((case.state.level, case.state.handler))
        case = do(room, Doing(case.number, Act.ACCEPT), by(room, case.state.handler), NOON)
    assert seen == [("grid", "head:grid:410102999001003"), ("community", "head:community:410102999001")]
    with pytest.raises(LifecycleError, match="top already"):
        do(room, Doing(case.number, Act.ESCALATE), by(room, case.state.handler), NOON)


def test_whoever_handled_a_case_at_any_level_cannot_verify_it(room):
    case = in_hand(room, handler="head:micro:41010299900100301")
    first = by(room, case.state.handler)
    case = do(room, Doing(case.number, Act.ESCALATE), first, NOON)
    second = by(room, case.state.handler)
    do(room, Doing(case.number, Act.ACCEPT), second, NOON)
    do(room, Doing(case.number, Act.FEEDBACK, {"text": "已清运"}), second, NOON)
    for handler in (first, second):
        with pytest.raises(LifecycleError, match="never verifies"):
            do(room, Doing(case.number, Act.CLOSE), handler, NOON)
    closed = do(room, Doing(case.number, Act.CLOSE), INSPECTOR, NOON)
    assert (closed.status, closed.state.verifier, closed.state.in_time) == (Status.CLOSED, "inspector::", True)


def test_feedback_stops_the_clock_and_rework_lets_what_was_left_go_on(room):
    case = in_hand(room)
    handler = by(room, case.state.handler)
    later = NOON + timedelta(hours=3)  # 15:00: one of four working hours is gone
    case = do(room, Doing(case.number, Act.FEEDBACK, {"text": "已清"}), handler, later)
    assert case.state.left == pytest.approx(3.0)
    monday = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00
    case = do(room, Doing(case.number, Act.RETURN, {"reason": "没清干净"}), INSPECTOR, monday)
    assert case.state.returns == 1
    assert case.state.due == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # three hours: 12:00


def test_a_suspension_stops_the_clock_and_gives_back_what_was_left(room):
    case = in_hand(room)
    until = NOON + timedelta(days=20)
    asked = {"reason": "等管线单位", "until": until}
    case = do(
        room, Doing(case.number, Act.ASK_SUSPENSION, asked), by(room, case.state.handler), NOON + timedelta(hours=3)
    )
    case = do(room, Doing(case.number, Act.SUSPEND), DISPATCHER, NOON + timedelta(hours=4))
    assert (case.status, case.state.due, case.state.until) == (Status.SUSPENDED, None, until)
    case = do(room, Doing(case.number, Act.RESUME), DISPATCHER, datetime(2026, 11, 25, 1, 0, tzinfo=UTC))
    assert case.status is Status.IN_HAND
    assert case.state.due == datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # two hours were left


def test_an_extension_is_granted_once_and_no_longer_than_the_rules_allow(room):
    case = in_hand(room)
    handler = by(room, case.state.handler)
    far = case.state.due + timedelta(days=30)
    case = do(room, Doing(case.number, Act.ASK_EXTENSION, {"reason": "下雨", "due": far}), handler, NOON)
    with pytest.raises(LifecycleError, match="at most"):
        do(room, Doing(case.number, Act.EXTEND), DISPATCHER, NOON)
    soon = case.state.due + timedelta(hours=63)  # Monday 09:00
    case = do(room, Doing(case.number, Act.EXTEND, {"due": soon}), DISPATCHER, NOON)
    assert (case.state.due, case.state.extensions, case.state.asked) == (soon, 1, {})
    with pytest.raises(LifecycleError, match="had 1"):
        do(room, Doing(case.number, Act.EXTEND, {"due": soon + timedelta(hours=1)}), DISPATCHER, NOON)


def test_a_notice_gives_its_waiting_period_before_the_thing_is_cleared(room, jpeg):
    case = in_hand(room, class_=ABANDONED)
    handler = by(room, case.state.handler)
    case = do(room, Doing(case.number, Act.POST_NOTICE, photos=[jpeg]), handler, NOON)
    wait = room.rules.directory.get(ABANDONED).notice_days
    assert case.state.until == NOON + timedelta(days=wait)
    with pytest.raises(LifecycleError, match="has to wait") as refused:
        do(
            room,
            Doing(case.number, Act.CLEAR, photos=[jpeg]),
            handler,
            NOON + timedelta(days=wait) - timedelta(minutes=1),
        )
    zone = room.area.pack.timezone
    until = (NOON + timedelta(days=wait)).astimezone(zone)
    assert refusal(refused.value, translator("zh"), zone) == f"告示期至 {until:%Y-%m-%d %H:%M}，期满前不能清理。"
    case = do(room, Doing(case.number, Act.CLEAR, photos=[jpeg]), handler, NOON + timedelta(days=wait))
    assert case.status is Status.FEEDBACK


def test_cleared_on_the_spot_needs_a_photo_and_is_verified_by_sampling_by_somebody_else(room, jpeg):
    lon, lat = inside(room)
    worker = by(room, "head:micro:41010299900100301")
    made = report(room, Draft(LITTER, lon, lat, cleared=True, photos=[jpeg]), worker, NOON)
    assert made.status is Status.SELF_CLEARED
    with pytest.raises(LifecycleError, match="never verifies"):
        do(room, Doing(made.number, Act.SAMPLE_PASS), worker, NOON)
    assert do(room, Doing(made.number, Act.SAMPLE_PASS), INSPECTOR, NOON).status is Status.SELF_VERIFIED
    with room.ledger.reading() as connection:
        assert len(find.photos(connection, room.id, made.number)) == 1


def test_neighbours_are_the_same_class_within_fifty_metres_and_three_days(room):
    lon, lat = inside(room)
    first = report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON)
    near = report(room, Draft(LITTER, lon + 0.0003, lat), DISPATCHER, NOON + timedelta(hours=1))  # 27 m
    report(room, Draft(LITTER, lon + 0.0008, lat), DISPATCHER, NOON)  # 73 m
    report(room, Draft(ROAD, lon, lat), DISPATCHER, NOON)
    report(room, Draft(LITTER, lon, lat, reported=NOON - timedelta(hours=73)), DISPATCHER, NOON)
    found = places.neighbours(room, first, at=NOON + timedelta(hours=2))
    assert [(other.number, round(metres)) for other, metres in found] == [(near.number, 27)]


def test_what_a_person_linked_or_kept_apart_is_proposed_no_more(room):
    lon, lat = inside(room)
    first, second, third = (report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON) for _ in range(3))
    linked = do(room, Doing(second.number, Act.LINK, {"to": first.number}), DISPATCHER, NOON)
    do(room, Doing(third.number, Act.KEEP_APART, {"to": first.number}), DISPATCHER, NOON)
    assert (linked.status, linked.state.linked_to, linked.state.due) == (Status.LINKED, first.number, second.state.due)
    assert places.neighbours(room, first, at=NOON) == []
    do(room, Doing(second.number, Act.UNLINK), DISPATCHER, NOON)
    assert [other.number for other, _ in places.neighbours(room, first, at=NOON)] == [second.number]


def test_a_case_is_linked_neither_to_itself_nor_to_a_linked_one(room):
    lon, lat = inside(room)
    first, second, third = (report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON) for _ in range(3))
    do(room, Doing(second.number, Act.LINK, {"to": first.number}), DISPATCHER, NOON)
    for number, to in ((first.number, first.number), (third.number, second.number)):
        with pytest.raises(LifecycleError):
            do(room, Doing(number, Act.LINK, {"to": to}), DISPATCHER, NOON)


def test_a_stale_version_is_a_conflict_and_changes_nothing(room):
    case = filed(room)
    do(room, Doing(case.number, Act.DISPATCH, {"handler": "inspector::"}, expected=case.version), DISPATCHER, NOON)
    stands = room.ledger.version()
    with pytest.raises(Conflict) as caught:
        do(room, Doing(case.number, Act.REFUSE, {"reason": "重复"}, expected=case.version), DISPATCHER, NOON)
    assert (caught.value.expected, caught.value.found) == (case.version, stands)
    assert room.ledger.version() == stands


def test_several_acts_are_done_all_or_none(room):
    one, other = filed(room), filed(room)
    do(room, Doing(other.number, Act.CANCEL, {"reason": "误报"}), DISPATCHER, NOON)
    stands = room.ledger.version()
    with pytest.raises(LifecycleError):
        do_all(
            room,
            [Doing(case.number, Act.DISPATCH, {"handler": "inspector::"}) for case in (one, other)],
            DISPATCHER,
            NOON,
        )
    assert room.ledger.version() == stands


def test_an_act_is_undone_within_a_minute_by_the_same_post_only(room):
    case = filed(room)
    given = do(room, Doing(case.number, Act.DISPATCH, {"handler": "inspector::"}), DISPATCHER, NOON)
    with pytest.raises(LifecycleError, match="only that post"):
        do(room, Doing(case.number, Act.UNDO), INSPECTOR, NOON)
    with pytest.raises(LifecycleError, match="more than a minute"):
        do(room, Doing(case.number, Act.UNDO), DISPATCHER, NOON + timedelta(seconds=61))
    back = do(room, Doing(case.number, Act.UNDO), DISPATCHER, NOON + timedelta(seconds=59))
    assert (back.status, back.state.handler, back.state.due) == (Status.FILED, "", case.state.due)
    assert back.version == given.version + 1
    with pytest.raises(LifecycleError, match="undone already"):
        do(room, Doing(case.number, Act.UNDO), DISPATCHER, NOON + timedelta(seconds=59))


def test_an_undone_link_is_proposed_again(room):
    lon, lat = inside(room)
    first, second = (report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON) for _ in range(2))
    do(room, Doing(second.number, Act.LINK, {"to": first.number}), DISPATCHER, NOON)
    do(room, Doing(second.number, Act.UNDO), DISPATCHER, NOON)
    assert [other.number for other, _ in places.neighbours(room, first, at=NOON)] == [second.number]


def test_what_is_undone_leaves_the_other_relations_of_a_case_as_they_were(room):
    lon, lat = inside(room)
    first, second, third = (report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON) for _ in range(3))

    def related():
        with room.ledger.reading() as connection:
            return find.related(connection, room.id, second.number)

    def act(what, **data):
        return do(room, Doing(second.number, what, data), DISPATCHER, NOON)

    act(Act.LINK, to=first.number)
    act(Act.KEEP_APART, to=third.number)
    act(Act.UNDO)
    assert related() == {first.number: "linked"}
    act(Act.UNLINK)
    assert related() == {}
    assert act(Act.UNDO).state.linked_to == first.number
    assert related() == {first.number: "linked"}
    assert verify(room.ledger, now=NOON).breaks == ()


def test_taking_one_link_back_leaves_those_of_the_other_cases(room):
    lon, lat = inside(room)
    first, second, third = (report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON) for _ in range(3))
    for case in (second, third):
        do(room, Doing(case.number, Act.LINK, {"to": first.number}), DISPATCHER, NOON)
    do(room, Doing(second.number, Act.UNLINK), DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        assert find.related(connection, room.id, first.number) == {third.number: "linked"}


def test_a_case_that_others_are_linked_to_is_not_linked_itself(room):
    lon, lat = inside(room)
    first, second, third = (report(room, Draft(LITTER, lon, lat), DISPATCHER, NOON) for _ in range(3))
    do(room, Doing(second.number, Act.LINK, {"to": first.number}), DISPATCHER, NOON)
    with pytest.raises(LifecycleError, match="Take that link back first"):
        do(room, Doing(first.number, Act.LINK, {"to": third.number}), DISPATCHER, NOON)
    assert find_case(room, first.number).status is Status.REPORTED


def test_a_correction_looks_its_place_up_again(room):
    case = filed(room)
    lon, lat = inside(room, "41010299900100302")
    moved = do(
        room,
        Doing(
            case.number,
            Act.CORRECT,
            {"reason": "地址报错", "lon": lon, "lat": lat, "class_": ROAD, "title": "路面破损"},
        ),
        DISPATCHER,
        NOON,
    )
    assert (moved.codes["micro"], moved.class_, moved.title, moved.post) == (
        "41010299900100302",
        ROAD,
        "路面破损",
        "head:micro:41010299900100302",
    )


def test_who_handled_a_case_is_not_reminded_to_verify_it(room):
    case = in_hand(room, handler="head:micro:41010299900100301")
    case = do(room, Doing(case.number, Act.FEEDBACK, {"text": "已清"}), by(room, case.state.handler), NOON)
    assert case.post == case.state.handler
    assert steps.take(room, NOON + timedelta(days=5)) > 0
    watchers = find_case(room, case.number).state.watchers
    assert watchers
    assert case.state.handler not in watchers


def test_a_deadline_takes_each_of_its_steps_once(room):
    case = dispatched(room, handler="head:micro:41010299900100301")
    assert steps.take(room, NOON) == 0
    assert steps.take(room, NOON + timedelta(hours=5, minutes=1)) == 1  # an hour before 18:00
    assert steps.take(room, NOON + timedelta(hours=5, minutes=2)) == 0
    assert steps.take(room, NOON + timedelta(days=10)) == 3
    with room.ledger.reading() as connection:
        state = find.get(connection, room.id, case.number).state
    assert state.steps == ("reminder:1", "next_head:1", "supervise:1", "supervise:2")
    assert state.watchers == ("head:micro:41010299900100301", "head:grid:410102999001003")
    assert state.due == case.state.due


def test_a_new_deadline_begins_its_steps_anew(room):
    case = in_hand(room)
    steps.take(room, NOON + timedelta(hours=5, minutes=30))
    due = case.state.due + timedelta(hours=63)
    case = do(room, Doing(case.number, Act.EXTEND, {"due": due}), DISPATCHER, NOON + timedelta(hours=5, minutes=40))
    assert case.state.steps == ()


def test_repeats_of_a_place_and_of_a_caller_are_counted_for_supervision(room):
    lon, lat = inside(room)
    other = inside(room, "41010299900100302")
    report(room, Draft(LITTER, lon, lat, phone="138 1234 5678"), DISPATCHER, NOON)
    report(room, Draft(ROAD, *other, phone="１３８１２３４５６７８"), DISPATCHER, NOON)
    last = report(room, Draft(LITTER, lon, lat, phone="13812345678"), DISPATCHER, NOON)
    found = repeats(room, last, at=NOON)
    assert (found.place, found.caller, found.many) == (2, 3, True)
    unnamed = report(room, Draft(ROAD, lon, lat), DISPATCHER, NOON)
    assert (repeats(room, unnamed, at=NOON).caller, repeats(room, unnamed, at=NOON).many) == (0, False)


def test_who_reported_is_erased_when_the_case_has_ended_for_long(room):
    case = filed(room, reporter="李四", phone="13900000000")
    do(room, Doing(case.number, Act.REFUSE, {"reason": "不属于本辖区"}), DISPATCHER, NOON)
    assert erase(room, NOON + timedelta(days=29)) == 0
    with room.ledger.reading() as connection:
        assert contacts.kept(connection, room.id, case.number).masked == contacts.Contact("李*", "139****0000")
    assert erase(room, NOON + timedelta(days=31)) == 1
    with room.ledger.reading() as connection:
        assert contacts.kept(connection, room.id, case.number) is None
    assert verify(room.ledger, now=NOON).breaks == ()


def test_who_reported_an_open_case_is_kept(room):
    filed(room, reporter="李四", phone="13900000000")
    assert erase(room, NOON + timedelta(days=400)) == 0


def test_what_people_wrote_is_erased_and_the_history_holds(room):
    case = filed(room, reporter="李四", phone="13900000000", address="西门口3号")
    other = filed(room)
    do(room, Doing(case.number, Act.NOTE, {"text": "住户要求保密"}), DISPATCHER, NOON)
    entry = Entry(Act.ERASE, DISPATCHER, NOON)
    erased = room.ledger.change(lambda writing: writing.erase_words(room.id, case.number, entry))
    assert erased == 2  # the report's words and the note's
    with room.ledger.reading() as connection:
        found = find.get(connection, room.id, case.number)
        assert (found.title, found.text, found.address) == ("", "", "")
        assert find.entries(connection, room.id, case.number)[-2]["data"]["text"] is None
        assert contacts.kept(connection, room.id, case.number) is None
        assert find.get(connection, room.id, other.number).title == other.title
    assert verify(room.ledger, now=NOON).breaks == ()
    done = do(room, Doing(case.number, Act.DISPATCH, {"handler": "inspector::"}), DISPATCHER, NOON)
    assert done.status is Status.DISPATCHED
    assert verify(room.ledger, now=NOON).breaks == ()


def test_what_the_desk_does_by_itself_no_person_does(room):
    case = filed(room)
    for act, data in ((Act.IMPORT, {"status": "closed"}), (Act.STEP, {"step": "reminder:1"})):
        with pytest.raises(LifecycleError, match="by no person"):
            do(room, Doing(case.number, act, data), DISPATCHER, NOON)


def test_feedback_before_a_notice_has_run_out_needs_a_photo(room, jpeg):
    case = in_hand(room, class_=ABANDONED)
    handler = by(room, case.state.handler)
    do(room, Doing(case.number, Act.POST_NOTICE, photos=[jpeg]), handler, NOON)
    with pytest.raises(LifecycleError, match="needs a photo"):
        do(room, Doing(case.number, Act.FEEDBACK, {"text": "车主已挪走"}), handler, NOON)
    done = do(room, Doing(case.number, Act.FEEDBACK, {"text": "车主已挪走"}, photos=[jpeg]), handler, NOON)
    assert done.status is Status.FEEDBACK


def test_a_search_does_not_tell_what_a_restricted_case_says(room):
    lon, lat = inside(room)
    hidden = report(room, Draft(DISPUTE, lon, lat, text="甲方与乙方因漏水争执"), DISPATCHER, NOON)
    shown = report(room, Draft(LITTER, lon, lat, text="漏水处堆了垃圾"), DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        for word, numbers in (("漏水", [shown.number]), ("争执", []), (hidden.number, [hidden.number])):
            found = find.incidents(connection, room.wanted(text=word))
            assert [case.number for case in found] == numbers, word


def test_a_mediation_is_restricted(room):
    lon, lat = inside(room)
    assert report(room, Draft(DISPUTE, lon, lat), DISPATCHER, NOON).restricted
