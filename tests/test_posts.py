"""Posts and who holds them: on both databases, in a room, beside the norms, and as the page lists them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rooms import DISPATCHER, NOON, room_of, shipped

from desk import reports
from desk.posts import load, roster
from desk.room import Room
from geo.errors import RosterError, TextError, UnknownPost
from incidents.lifecycle import By, PostKind
from incidents.posts import Post, duty_of, line_of, post_key
from ledger import find, posts
from ledger.posts import Holding, Kept
from ledger.store import open_ledger
from ledger.verify import verify
from locales import translator
from reports.post_list import MOST, Asked, listing
from reports.roster import against, span, trouble
from reports.words import post_title

AREA = "longnan"
COMMUNITY = ("community", "410102999001")
MICRO = ("micro", "41010299900100101")
HEAD = "head:micro:41010299900100101"
THIRD = "head:grid:410102999001001"
FIRST_HEAD = Post("first_head:community:410102999001", PostKind.FIRST_HEAD, "陇南社区第一网格长", COMMUNITY)
DAY = date(2026, 11, 20)
BY = "dispatcher::"
ZH, EN = translator("zh"), translator("en")


def day(number):
    return datetime(2026, 11, number, tzinfo=UTC)


def put(ledger, kept, act="add", at=NOON, by=BY):
    return ledger.change(lambda writing: posts.put(writing, AREA, kept, act=act, by=by, at=at))


def hold(ledger, holder="张三", since=1, until=None, at=NOON, *, stand_in=False, ended=None):
    held = Holding(0, HEAD, holder, stand_in, day(since), day(until) if until else None)
    return ledger.change(lambda writing: posts.hold(writing, AREA, held, BY, at, ended=ended))


def held(ledger, at=None):
    with ledger.reading() as connection:
        return [one.holder for one in posts.holdings(connection, AREA, key=HEAD, at=at)]


# The ledger


def test_a_post_is_kept_as_it_was_written(ledger):
    kept = Kept(FIRST_HEAD, day(1), day(30))
    put(ledger, kept)
    with ledger.reading() as connection:
        assert posts.kept(connection, AREA) == [kept]
        assert posts.kept(connection, "mianfang") == []
        assert posts.version(connection, AREA) == 1
        assert posts.version(connection, "mianfang") == 0


def test_no_name_enters_the_history_and_the_chain_holds(ledger):
    one = hold(ledger)
    ledger.change(
        lambda writing: posts.correct(
            writing, AREA, Holding(one.id, HEAD, "李四", stand_in=False, since=day(2)), act="correct", by=BY, at=NOON
        )
    )
    with ledger.reading() as connection:
        entries = find.entries(connection, AREA, HEAD, subject="post")
    assert [entry["act"] for entry in entries] == ["hold", "correct"]
    assert "张三" not in str(entries)
    assert "李四" not in str(entries)
    assert list(entries[1]["after"]["holdings"]) == [str(one.id)]
    assert verify(ledger, now=NOON).breaks == ()


def test_a_post_has_several_holders_and_a_time_chooses_among_them(ledger):
    hold(ledger, "甲", 1, 10)
    hold(ledger, "乙", 5)
    hold(ledger, "丙", 6, 8, stand_in=True)
    assert held(ledger) == ["甲", "乙", "丙"]
    assert held(ledger, day(7)) == ["甲", "乙", "丙"]
    assert held(ledger, day(10)) == ["乙"]  # the end is the first moment of the next
    assert held(ledger, datetime(2026, 10, 31, tzinfo=UTC)) == []


def test_a_hand_over_is_one_entry_that_is_taken_back_as_one(ledger):
    one = hold(ledger, "甲", 1)
    hold(ledger, "乙", 20, ended={one.id: day(20)})
    assert held(ledger, day(21)) == ["乙"]
    ledger.change(lambda writing: posts.undo(writing, AREA, HEAD, by=BY, at=NOON + timedelta(seconds=59)))
    assert held(ledger, day(21)) == ["甲"]
    assert ledger.version() == 3


@pytest.mark.parametrize(
    ("seconds", "by", "kind"), [(61, BY, "undo_late"), (-1, BY, "undo_late"), (5, "inspector::", "undo_none")]
)
def test_a_change_stands_after_a_minute_and_for_other_posts(ledger, seconds, by, kind):
    hold(ledger)
    with pytest.raises(RosterError) as refused:
        ledger.change(lambda writing: posts.undo(writing, AREA, HEAD, by=by, at=NOON + timedelta(seconds=seconds)))
    assert refused.value.kind == kind
    assert held(ledger) == ["张三"]


def test_what_was_taken_back_is_not_taken_back_again_and_what_never_was_neither(ledger):
    put(ledger, Kept(FIRST_HEAD))
    for key, kind in ((FIRST_HEAD.key, None), (FIRST_HEAD.key, "undo_none"), (HEAD, "undo_none")):
        if kind is None:
            ledger.change(lambda writing: posts.undo(writing, AREA, FIRST_HEAD.key, by=BY, at=NOON))
            continue
        with pytest.raises(RosterError, match="take back"):
            ledger.change(lambda writing, key=key: posts.undo(writing, AREA, key, by=BY, at=NOON))
    with ledger.reading() as connection:
        assert posts.kept(connection, AREA) == []


def test_a_number_that_was_taken_back_is_not_given_again(ledger):
    one = hold(ledger)
    ledger.change(lambda writing: posts.undo(writing, AREA, HEAD, by=BY, at=NOON))
    assert hold(ledger, "李四").id > one.id


def test_a_holding_that_is_not_there_is_said(ledger):
    with pytest.raises(RosterError, match="There is no holding 7"):
        ledger.change(
            lambda writing: posts.correct(
                writing, AREA, Holding(7, HEAD, "x", stand_in=False, since=day(1)), act="end", by=BY, at=NOON
            )
        )
    assert ledger.version() == 0


# The room


@pytest.fixture
def room(tmp_path):
    opened = room_of(shipped("longnan"), tmp_path)
    yield opened
    opened.ledger.close()


def add(room, kind=PostKind.FIRST_HEAD, title="陇南社区第一网格长", grid=COMMUNITY, **more):
    return roster.add(room, roster.Wish(kind, title, grid, **more), DISPATCHER, NOON)


def test_the_rooms_posts_follow_the_ledger(room):
    before = room.posts
    post = add(room)
    assert room.posts[post.key] == FIRST_HEAD
    assert set(room.posts) - set(before) == {post.key}
    assert room.posts is room.posts  # nothing is read again while nothing changes


def test_another_process_sees_a_new_post_at_once(room, tmp_path):
    other = Room(room.area, room.rules, open_ledger(tmp_path))
    assert FIRST_HEAD.key not in other.posts
    add(room)
    assert FIRST_HEAD.key in other.posts
    other.ledger.close()


def test_a_change_of_another_area_reads_no_posts_again(room):
    add(room)
    seen = room.posts
    room.ledger.change(lambda writing: posts.put(writing, "mianfang", Kept(FIRST_HEAD), act="add", by=BY, at=NOON))
    assert room.posts is seen


def test_a_head_of_the_net_is_renamed_and_keeps_its_key(room):
    roster.rename(room, HEAD, "1-01 楼院网格长", DISPATCHER, NOON)
    assert room.post(HEAD).title == "1-01 楼院网格长"
    assert duty_of(room.area.net, room.codes_of(MICRO[1]), room.posts).post.title == "1-01 楼院网格长"


def test_an_abolished_head_passes_to_the_next_above_and_its_title_is_still_known(room):
    roster.abolish(room, HEAD, date(2026, 11, 19), DISPATCHER, NOON)
    codes = room.codes_of(MICRO[1])
    assert HEAD not in room.posts
    assert room.post(HEAD).title == "1-01 微网格长"
    assert duty_of(room.area.net, codes, room.posts).post.key == THIRD
    assert [post.key for post in line_of(room.area.net, codes, room.posts)] == [THIRD, "head:community:410102999001"]
    roster.restore(room, HEAD, DISPATCHER, NOON)
    assert HEAD in room.posts


def test_a_report_after_the_last_day_goes_to_the_next_above(room):
    roster.abolish(room, HEAD, date(2026, 11, 25), DISPATCHER, NOON)
    row = room.area.points["buildings"]
    spot = row[(row["micro"] == MICRO[1]) & (row["dedicated"] == "")].iloc[0].geometry
    now, later = NOON - timedelta(hours=2), NOON + timedelta(days=6, hours=-2)
    cases = [reports.report(room, reports.Draft("06010", spot.x, spot.y), DISPATCHER, at) for at in (now, later)]
    assert [case.post for case in cases] == [HEAD, THIRD]
    assert {case.overdue_post for case in cases} == {
        THIRD
    }  # the nearest paid post, for heads of micro-grids are volunteers


def test_a_post_that_another_console_abolished_since_answers_no_more(tmp_path, database):
    room, other = (room_of(shipped("longnan"), tmp_path, database) for _ in range(2))
    row = room.area.points["buildings"]
    spot = row[(row["micro"] == MICRO[1]) & (row["dedicated"] == "")].iloc[0].geometry
    draft, now = reports.Draft("06010", spot.x, spot.y), NOON - timedelta(hours=2)
    assert reports.report(room, draft, DISPATCHER, now).post == HEAD
    roster.abolish(other, HEAD, date(2026, 11, 19), DISPATCHER, NOON)
    assert reports.report(room, draft, DISPATCHER, now).post == THIRD
    roster.restore(other, HEAD, DISPATCHER, NOON)
    assert reports.report(room, draft, DISPATCHER, now).post == HEAD
    for one in (room, other):
        one.ledger.close()


def test_an_abolition_ahead_holds_from_its_day_on(room):
    roster.abolish(room, HEAD, DAY, DISPATCHER, NOON)
    assert HEAD in room.register.posts(NOON)
    assert HEAD not in room.register.posts(NOON + timedelta(days=1))


def test_a_post_that_begins_later_is_not_there_yet(room):
    post = add(room, since=date(2026, 12, 1))
    assert post.key not in room.register.posts(NOON)
    assert post.key in room.register.posts(NOON + timedelta(days=14))


def test_what_belongs_to_the_room_stays(room):
    with pytest.raises(RosterError, match="stays"):
        roster.abolish(room, "dispatcher::", DAY, DISPATCHER, NOON)


def test_several_posts_of_one_kind_in_a_grid_are_numbered_and_heads_are_not(room):
    keys = [add(room, PostKind.WORKER, f"1-01 网格员{number}", MICRO).key for number in (1, 2)]
    seats = [add(room, PostKind.DISPATCHER, f"{number}号席", None).key for number in (2, 3)]
    assert keys == [f"worker:micro:{MICRO[1]}", f"worker:micro:{MICRO[1]}:2"]
    assert seats == ["dispatcher::2", "dispatcher::3"]
    with pytest.raises(RosterError, match="already"):
        add(room, PostKind.HEAD, "又一个", MICRO)


@pytest.mark.parametrize(
    ("kind", "title", "grid", "trouble_kind"),
    [
        (PostKind.WORKER, "网格员", None, "needs_grid"),
        (PostKind.WORKER, "网格员", ("micro", "0000"), "no_grid"),
        (PostKind.WORKER, "网格员", ("planet", "3"), "no_grid"),
        (PostKind.WORKER, " \u200b", MICRO, "title_empty"),
        (PostKind.WORKER, "网格员13812345678", MICRO, "contact"),
    ],
)
def test_a_post_that_cannot_be_is_refused(room, kind, title, grid, trouble_kind):
    with pytest.raises(RosterError) as refused:
        add(room, kind, title, grid)
    assert refused.value.kind == trouble_kind
    assert room.ledger.version() == 0


def test_a_dispatcher_seat_is_called_by_its_title_and_the_rooms_own_by_its_kind(room):
    add(room, PostKind.DISPATCHER, "2号派遣席", None)
    assert post_title(room.post("dispatcher::2"), EN) == "2号派遣席"
    assert post_title(room.post("dispatcher::"), EN) == "Dispatcher"


# Holders


def test_a_post_is_handed_over_and_its_stand_in_ends_with_it(room):
    roster.hold(room, HEAD, "甲", date(2026, 1, 1), DISPATCHER, NOON)
    roster.hold(room, HEAD, "乙", DAY, DISPATCHER, NOON, until=date(2026, 12, 31), stand_in=True)
    roster.hand_over(room, HEAD, "丙", date(2026, 12, 1), DISPATCHER, NOON)
    on = [[one.holder for one in roster.holders(room, NOON + timedelta(days=days))[HEAD]] for days in (0, 12)]
    assert on == [["甲", "乙"], ["丙"]]


def test_an_early_hand_over_is_refused_and_nothing_changes(room):
    roster.hold(room, HEAD, "甲", date(2026, 11, 10), DISPATCHER, NOON)
    with pytest.raises(RosterError) as refused:
        roster.hand_over(room, HEAD, "乙", date(2026, 11, 10), DISPATCHER, NOON)
    assert refused.value.kind == "handover_early"
    assert room.ledger.version() == 1


def test_days_are_those_of_the_area_both_included(room):
    one = roster.hold(room, HEAD, "甲", DAY, DISPATCHER, NOON, until=DAY)
    assert one.since == datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert span(room, one.since, one.until, EN) == "2026-11-20 to 2026-11-20"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("张三13812345678", "contact"),
        ("张三 １３８ １２３４ ５６７８", "contact"),
        ("张三 0371-67181234", "contact"),
        ("张三（短号66123）", "contact"),
        ("zhangsan@example.com", "contact"),
        ("微信 wxid_ab12cd34", "contact"),
        ("410102198001011234", "contact"),
        ("   ", "name_empty"),
        ("\u200b\u202e", "name_empty"),
        ("🙂", "name_empty"),
    ],
)
def test_a_contact_or_nothing_is_no_name(room, name, kind):
    with pytest.raises(RosterError) as refused:
        roster.hold(room, HEAD, name, DAY, DISPATCHER, NOON)
    assert refused.value.kind == kind
    assert room.ledger.version() == 0


@pytest.mark.parametrize("name", ["张三", "王阿姨", "欧阳娜娜", "阿依古丽·买买提", "O'Neill", "示例人员2", "𠮷田"])
def test_names_of_all_sorts_are_taken(name):
    assert roster.checked_name(f"  {name}\u200b ") == name


def test_a_name_of_a_thousand_characters_is_refused():
    with pytest.raises(TextError):
        roster.checked_name("张" * 1000)


@given(some.text(max_size=60))
def test_what_is_taken_as_a_name_holds_no_long_number(text):
    try:
        name = roster.checked_name(text)
    except (RosterError, TextError):
        return
    assert name == name.strip() != ""
    assert sum(letter.isdigit() for letter in name) <= roster.MOST_DIGITS


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"until": date(2026, 11, 19)}, "dates"),
        ({"stand_in": True}, "stand_in_end"),
        ({"holder": "甲", "since": date(2026, 10, 1)}, "held_twice"),
    ],
)
def test_a_holding_that_cannot_be_is_refused(room, changed, kind):
    roster.hold(room, HEAD, "甲", date(2026, 1, 1), DISPATCHER, NOON)
    given_ = {"holder": "乙", "since": DAY, "until": None, "stand_in": False, **changed}
    with pytest.raises(RosterError) as refused:
        roster.hold(
            room, HEAD, given_["holder"], given_["since"], DISPATCHER, NOON,
            until=given_["until"], stand_in=given_["stand_in"],
        )  # fmt: skip
    assert refused.value.kind == kind
    assert room.ledger.version() == 1


def test_the_same_person_may_hold_a_post_again_and_another_post_at_once(room):
    roster.hold(room, HEAD, "甲", date(2026, 1, 1), DISPATCHER, NOON, until=date(2026, 3, 31))
    roster.hold(room, HEAD, "甲", date(2026, 4, 1), DISPATCHER, NOON)
    roster.hold(room, THIRD, "甲", date(2026, 4, 1), DISPATCHER, NOON)
    assert set(roster.holders(room, NOON)) == {HEAD, THIRD}


def test_a_holding_ends_is_corrected_and_its_name_is_erased(room):
    one = roster.hold(room, HEAD, "甲", date(2026, 1, 1), DISPATCHER, NOON)
    roster.correct(room, one.id, "甲一", date(2026, 2, 1), None, DISPATCHER, NOON)
    roster.end(room, one.id, date(2026, 11, 19), DISPATCHER, NOON)
    assert HEAD not in roster.holders(room, NOON)
    roster.erase(room, one.id, DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        (left,) = posts.holdings(connection, AREA, key=HEAD)
    assert (left.holder, left.since) == ("", datetime(2026, 1, 31, 16, tzinfo=UTC))
    with pytest.raises(RosterError, match="take back"):
        roster.undo(room, HEAD, DISPATCHER, NOON)


def test_nobody_holds_a_post_that_there_is_not(room):
    with pytest.raises(UnknownPost):
        roster.hold(room, "head:", "甲", DAY, DISPATCHER, NOON)


def test_a_post_with_nobody_or_only_a_stand_in_is_vacant(room):
    roster.hold(room, HEAD, "甲", DAY, DISPATCHER, NOON)
    roster.hold(room, THIRD, "乙", DAY, DISPATCHER, NOON, until=DAY, stand_in=True)
    vacant = [post.key for post in roster.vacant(room, NOON, roster.holders(room, NOON))]
    assert HEAD not in vacant
    assert THIRD in vacant
    assert not [key for key in vacant if key.startswith(("dispatcher", "department"))]


# Load


def test_the_load_of_a_post_stands_beside_its_norm(room):
    found = load.loads(room, NOON)[HEAD]
    buildings, sites = room.area.points["buildings"], room.area.points["sites"]
    assert found.households == int(buildings.loc[buildings["micro"] == MICRO[1], "households"].sum())
    assert found.sites == int((sites["micro"] == MICRO[1]).sum())
    assert (found.households_norm, found.open_norm, found.sites_norm) == ((50, 70), (0, 10), (0, 20))
    assert load.loads(room, NOON)[THIRD].households_norm == (300, 500)
    assert load.loads(room, NOON)["head:community:410102999001"].households_norm is None


def test_a_stacked_micro_grid_has_the_households_of_its_table(room):
    assert load.loads(room, NOON)["head:micro:41010299900100406"].households == 63


def test_households_of_the_leaves_add_up_to_those_of_the_grid_above(room):
    found = load.loads(room, NOON)
    leaves = [own.households for key, own in found.items() if key.startswith("head:micro:410102999001001")]
    assert sum(leaves) == found[THIRD].households


def test_an_open_case_counts_for_the_post_that_answers_and_for_every_grid_above(room):
    row = room.area.points["buildings"]
    spot = row[(row["micro"] == MICRO[1]) & (row["dedicated"] == "")].iloc[0].geometry
    reports.report(room, reports.Draft("06010", spot.x, spot.y), DISPATCHER, NOON - timedelta(hours=2))
    found = load.loads(room, NOON)
    assert (found[HEAD].open, found[THIRD].open, found[THIRD].in_grid) == (1, 0, 1)


@pytest.mark.parametrize(
    ("number", "norm", "said"),
    [(49, (50, 70), "under"), (50, (50, 70), ""), (70, (50, 70), ""), (71, (50, 70), "over"), (5, None, ""), (None, (0, 1), "")],
)  # fmt: skip
def test_over_and_under_are_said_in_words(number, norm, said):
    assert against(number, norm, EN) == said


# The list


def lines(room, **own):
    return listing(room, Asked.of(own), NOON, "zh", ZH)


def test_the_list_opens_with_the_room_and_the_widest_grids(room):
    found = lines(room)
    assert [line.title for line in found.lines[:3]] == ["督导员", "城运中心派遣员", "陇南社区二级网格长"]
    assert {line.depth for line in found.lines} == {0, 1}
    assert len(found.lines) == 3 + 7


def test_one_walks_down_the_tree(room):
    found = lines(room, **{"in": "grid:410102999001001"})
    assert found.lines[0].key == THIRD
    assert found.lines[0].below == len(found.lines) - 1
    assert [name for _, name in found.trail] == ["陇南社区", "网格1"]


@pytest.mark.parametrize(
    ("own", "number"),
    [
        ({"level": "micro"}, 79),
        ({"level": "dedicated"}, 13),
        ({"q": "1-01"}, 1),
        ({"q": "没有这个"}, 0),
        ({"q": "网格长 专1"}, 5),
        ({"show": "vacant"}, 100),
        ({"show": "vacant", "level": "grid"}, 7),
        ({"show": "stand_in"}, 0),
        ({"show": "nonsense", "level": "grid"}, 7),
        ({"in": "nonsense"}, 10),
        ({"in": "planet:3"}, 0),
    ],
)
def test_a_filter_makes_the_list_flat(room, own, number):
    assert lines(room, **own).total == number


def test_a_name_is_found(room):
    roster.hold(room, HEAD, "示例人员甲", DAY, DISPATCHER, NOON)
    found = lines(room, q="人员甲")
    assert [(line.key, line.holders, line.is_vacant) for line in found.lines] == [(HEAD, "示例人员甲", False)]


def test_of_eight_hundred_posts_the_first_are_shown_and_all_are_counted(tmp_path):
    room = room_of(shipped("mianfang"), tmp_path)
    found = lines(room, level="micro")
    assert (len(found.lines), found.total) == (MOST, 676)
    assert found.levels["micro"] == ("微网格", 676, 676)
    assert lines(room).total < 20
    room.ledger.close()


def test_an_area_without_posts_lists_the_room_alone(tmp_path):
    room = room_of(shipped("dc"), tmp_path)
    assert [line.key for line in lines(room).lines] == ["inspector::", "dispatcher::"]
    added = roster.add(
        room, roster.Wish(PostKind.HEAD, "ANC 1A chair", ("anc", "1A")), By(BY, PostKind.DISPATCHER), NOON
    )
    smd = next(str(code) for code in room.area.net.level("smd").codes if str(code).startswith("1A"))
    assert duty_of(room.area.net, {"anc": "1A", "smd": smd}, room.posts).post == added
    room.ledger.close()


def test_every_trouble_is_said_in_both_languages():
    from reports.roster import TROUBLE

    said = {"grid": "3-05", "near": "3-06", "text": "x", "n": 1, "most": 2}
    for kind in TROUBLE:
        error = RosterError("log", kind=kind, **said)
        assert trouble(error, ZH) != trouble(error, EN) != "log", kind


def test_every_kind_of_trouble_that_is_raised_has_words():
    import re
    from pathlib import Path

    from reports.roster import TROUBLE

    root = Path(__file__).parent.parent
    raised = {
        kind
        for path in (*(root / "desk").rglob("*.py"), *(root / "ledger").rglob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
        if "RosterError" in text
        for call in re.findall(r"RosterError\((.*?)\)\s*(?:from|#|$)", text, re.DOTALL | re.MULTILINE)
        for kind in re.findall(r'kind="(\w+)"', call)
    }
    assert raised == set(TROUBLE)


def test_a_post_that_stands_in_no_register_is_called_by_its_grid_and_not_by_a_code(room):
    leaf = room.area.net.leaf
    code, label = str(leaf.codes[0]), str(leaf.labels[0])
    assert room.post(post_key(PostKind.WORKER, leaf.key, code)).title.endswith(f"{label} 网格员")
