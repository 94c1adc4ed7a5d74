"""The register of chat groups: what each covers, undo, gaps, a list from a spreadsheet."""

import csv
from datetime import timedelta

import openpyxl
import pytest
from rooms import DISPATCHER, NOON, room_of, shipped

from desk.chat import groups
from desk.places import search
from geo.errors import DraftError, LifecycleError, TableError, TextError, UnknownPost
from incidents.lifecycle import By, PostKind
from ledger import find
from ledger.groups import Group, GroupKind

COMPOUND = ("compound", "康桥新城")
HEAD = By("head:micro:41010299900100101", PostKind.HEAD)


@pytest.fixture
def room(tmp_path):
    return room_of(shipped("longnan"), tmp_path)


def acts(room, number):
    with room.ledger.reading() as connection:
        return [entry["act"] for entry in find.entries(connection, room.id, str(number), subject="group")]


def sheet(path, rows, head=("群名称", "类型", "人数", "覆盖范围", "责任岗位")):
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def test_a_group_is_added_changed_and_taken_out_and_each_is_an_entry(room):
    made = groups.put(room, Group("康桥业主群", covers=(COMPOUND,), members=180), DISPATCHER, NOON)
    groups.put(room, Group("康桥业主一群", covers=(COMPOUND,), members=200, id=made.id), DISPATCHER, NOON)
    assert [group.name for group in groups.of_room(room)] == ["康桥业主一群"]
    groups.remove(room, made.id, DISPATCHER, NOON)
    assert groups.of_room(room) == []
    assert acts(room, made.id) == ["add", "edit", "delete"]


def test_nothing_changed_is_no_entry(room):
    made = groups.put(room, Group("康桥业主群", covers=(COMPOUND,)), DISPATCHER, NOON)
    groups.put(room, made, DISPATCHER, NOON)
    assert acts(room, made.id) == ["add"]


@pytest.mark.parametrize("change", ["add", "edit", "delete"])
def test_each_change_is_taken_back_within_the_minute_by_who_made_it(room, change):
    before = [] if change == "add" else [groups.put(room, Group("甲", covers=(COMPOUND,)), DISPATCHER, NOON)]
    number = before[0].id if before else groups.put(room, Group("甲"), DISPATCHER, NOON).id
    if change == "edit":
        groups.put(room, Group("乙", id=number), DISPATCHER, NOON)
    elif change == "delete":
        groups.remove(room, number, DISPATCHER, NOON)
    with pytest.raises(LifecycleError, match="only that post"):
        groups.undo(room, number, HEAD, NOON)
    with pytest.raises(LifecycleError, match="minute"):
        groups.undo(room, number, DISPATCHER, NOON + timedelta(minutes=2))
    groups.undo(room, number, DISPATCHER, NOON + timedelta(seconds=30))
    assert groups.of_room(room) == before
    with pytest.raises(LifecycleError, match="nothing to undo"):
        groups.undo(room, number, DISPATCHER, NOON + timedelta(seconds=40))


def test_a_number_that_was_given_away_is_not_given_again(room):
    first = groups.put(room, Group("甲"), DISPATCHER, NOON)
    groups.remove(room, first.id, DISPATCHER, NOON)
    assert groups.put(room, Group("乙"), DISPATCHER, NOON).id > first.id
    assert acts(room, first.id) == ["add", "delete"]


def test_two_groups_have_two_names(room):
    groups.put(room, Group("甲"), DISPATCHER, NOON)
    with pytest.raises(DraftError) as raised:
        groups.put(room, Group("甲"), DISPATCHER, NOON)
    assert raised.value.field == "group"


def test_the_name_of_one_that_was_deleted_and_taken_is_not_restored_over_the_other(room):
    first = groups.put(room, Group("甲"), DISPATCHER, NOON)
    groups.remove(room, first.id, DISPATCHER, NOON)
    groups.put(room, Group("甲"), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        groups.undo(room, first.id, DISPATCHER, NOON)
    assert len(groups.of_room(room)) == 1


@pytest.mark.parametrize(
    ("group", "error"),
    [
        (Group(""), TextError),
        (Group("甲" * 61), TextError),
        (Group("甲", members=-1), DraftError),
        (Group("甲", covers=(("compound", "别处花园"),)), DraftError),
        (Group("甲", covers=(("planet", "x"),)), DraftError),
        (Group("甲", post="nobody"), UnknownPost),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(room, group, error):
    with pytest.raises(error):
        groups.put(room, group, DISPATCHER, NOON)
    assert groups.of_room(room) == []


def test_a_name_of_a_person_does_not_get_into_the_name_of_a_group(room):
    assert groups.put(room, Group("@张小明 的群"), DISPATCHER, NOON).name == "@某某 的群"


def test_what_no_group_covers_is_listed(room):
    before = groups.gaps(room, [])
    assert (before.covered, len(before.buildings)) == (0, before.total)
    assert len(before.grids) == room.area.net.count("micro")
    after = groups.gaps(room, [Group("甲", covers=(COMPOUND,))])
    inside = [spot for spot in before.buildings if spot not in after.buildings]
    assert inside
    assert all(spot.label.startswith("康桥新城") for spot in inside)
    assert after.covered == len(inside)
    whole = groups.gaps(room, [Group("甲", covers=(("area", room.area.net.levels[0].codes[0]),))])
    assert (whole.grids, whole.buildings) == ((), ())


def test_a_grid_is_covered_by_itself_and_by_all_of_its_buildings(room):
    code = str(room.area.net.leaf.codes[0])
    assert code not in groups.gaps(room, [Group("甲", covers=(("grid", code),))]).grids
    spots = [spot for spot in groups.gaps(room, []).buildings if code in place_codes(room, spot)]
    every = Group("甲", covers=tuple(("building", spot.code) for spot in spots))
    assert spots
    assert code not in groups.gaps(room, [every]).grids
    if len(spots) > 1:
        assert code in groups.gaps(room, [Group("乙", covers=every.covers[1:])]).grids


def place_codes(room, spot):
    return set(room.area.net.assign([spot.lon], [spot.lat]).iloc[0]["micro"].split(";"))


def test_a_list_is_planned_by_row_and_taken_whole(room, tmp_path):
    groups.put(room, Group("老群", members=10), DISPATCHER, NOON)
    rows = [
        ["康桥业主群", "业主群", "180", "康桥新城、3-05", ""],
        ["沿街商户群", "商户", "45人", "织云路74号", "城运中心派遣员"],
        ["老群", "", "12", "", ""],
    ]
    lines = groups.plan(room, sheet(tmp_path / "groups.csv", rows))
    assert [(line.row, line.what, line.fault) for line in lines] == [(2, "add", ""), (3, "add", ""), (4, "edit", "")]
    assert groups.take(room, lines, DISPATCHER, NOON) == 3
    found = {group.name: group for group in groups.of_room(room)}
    assert found["康桥业主群"].covers == (COMPOUND, ("grid", search(room.area, "3-05")[0].code))
    assert found["康桥业主群"].post.startswith("head:micro:")
    assert (found["沿街商户群"].kind, found["沿街商户群"].members) == (GroupKind.MERCHANTS, 45)
    assert found["沿街商户群"].post == "dispatcher::"
    again = groups.plan(room, sheet(tmp_path / "groups.csv", rows))
    assert {line.what for line in again} == {"same"}


def test_one_bad_row_keeps_the_whole_list_out_and_each_says_why(room, tmp_path):
    rows = [
        ["好群", "", "", "康桥新城", ""],
        ["", "", "3", "", ""],
        ["好群", "", "", "", ""],
        ["乙", "火星群", "", "", ""],
        ["丙", "", "很多", "", ""],
        ["丁", "", "", "月亮小区", ""],
        ["戊", "", "", "", "没有这个岗位"],
    ]
    lines = groups.plan(room, sheet(tmp_path / "groups.csv", rows))
    assert [line.fault for line in lines] == ["", "name", "twice", "kind", "members", "covers", "post"]
    with pytest.raises(DraftError, match="row 3"):
        groups.take(room, lines, DISPATCHER, NOON)
    assert groups.of_room(room) == []


def test_a_workbook_is_read_too_and_one_without_names_says_so(room, tmp_path):
    book = openpyxl.Workbook()
    for row in (["群名称", "人数", "覆盖"], ["康桥业主群", 180, "康桥新城"]):
        book.active.append(row)
    book.save(tmp_path / "groups.xlsx")
    assert groups.plan(room, tmp_path / "groups.xlsx")[0].group.members == 180
    with pytest.raises(TableError, match="群名称"):
        groups.plan(room, sheet(tmp_path / "other.csv", [["1"]], head=("电话",)))
