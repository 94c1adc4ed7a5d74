"""Pasted chat at the desk: proposals, the group that narrows places, the same paste twice, nothing of anybody kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from rooms import DISPATCHER, NOON, room_of, shipped

from desk import chat
from desk.chat import Chosen, groups
from geo.errors import DraftError, TextError
from incidents.model import Channel, Urgency
from incidents.places import Because
from ledger import find
from ledger.groups import Group

PASTE = """张小明 11:20
@微网格长 院里杂草又长起来了，机修巷12号院2号楼前面
王阿姨 11:25
收到，谢谢书记
李四 11:30
康桥新城楼道着火了！电话13812345678"""


@pytest.fixture
def room(tmp_path):
    return room_of(shipped("longnan"), tmp_path)


def chosen(items):
    return [
        Chosen(item, item.text, item.classes[0], item.places[0].spot, bool(item.urgent))
        for item in items
        if item.is_report
    ]


def test_each_message_is_proposed_with_class_place_and_haste(room):
    weeds, thanks, fire = chat.read(room, PASTE, None, NOON)
    assert "院里杂草又长起来了" in weeds.text
    assert room.rules.directory.name(weeds.classes[0]).zh == "院落杂草"
    assert (weeds.places[0].spot.label, weeds.sure) == ("机修巷12号院 2号楼", True)
    assert weeds.at.strftime("%H:%M") == "11:20"
    assert not thanks.is_report
    assert fire.urgent == ("着火",)
    assert chat.where(room, weeds.places[0].spot).codes["micro"]


def test_a_message_is_shown_what_may_be_the_same_thing(room):
    weeds = chosen(chat.read(room, PASTE, None, NOON))[0]
    assert chat.same(room, weeds, NOON) == ()
    (taken,) = chat.save(room, [weeds], DISPATCHER, NOON)
    again = chosen(chat.read(room, "机修巷12号院2号楼前面杂草一人高了", None, NOON))[0]
    ((found, metres),) = chat.same(room, again, NOON)
    assert (found.number, metres) == (taken.incident.number, 0)
    assert chat.same(room, replace(again, class_=""), NOON) == ()
    assert chat.same(room, replace(again, spot=None), NOON) == ()


def test_the_group_narrows_a_bare_number_to_its_own_house(room):
    alone = chat.read(room, "2号楼的路灯不亮", None, NOON)[0]
    assert not alone.sure
    assert len(alone.places) > 1
    group = groups.put(room, Group("机修巷群", covers=(("compound", "机修巷12号院"),)), DISPATCHER, NOON)
    inside = chat.read(room, "2号楼的路灯不亮", group, NOON)[0]
    assert inside.sure
    assert inside.places[0].because is Because.ONLY_IN_GROUP
    assert inside.places[0].spot.address == "机修巷12号院2号楼"


def test_what_a_person_confirms_is_saved_with_channel_haste_and_time_and_nobody_in_it(room):
    items = chat.read(room, PASTE, None, NOON)
    taken = chat.save(room, chosen(items), DISPATCHER, NOON)
    cases = [one.incident for one in taken]
    assert [case.channel for case in cases] == [Channel.CHAT] * 2
    assert [case.urgency for case in cases] == [Urgency.NORMAL, Urgency.URGENT]
    assert cases[0].reported.strftime("%H:%M") == "03:20"
    kept = dump(room)
    for name in ("张小明", "李四", "王阿姨", "13812345678", "谢谢书记"):
        assert name not in kept


def test_nothing_of_the_paste_lies_in_the_ledgers_folder_before_or_after(room):
    marker = "这句话只在粘贴里"
    items = chat.read(room, f"{PASTE}\n赵六 11:40\n谢谢大家{marker}", None, NOON)
    chat.save(room, chosen([item for item in items if marker not in item.text]), DISPATCHER, NOON)
    files = [path.read_bytes() for path in room.ledger.folder.rglob("*") if path.is_file()]
    assert files
    assert not [1 for data in files if marker.encode() in data or "张小明".encode() in data]


def test_the_same_paste_twice_is_recognised_and_saved_once(room):
    first = chat.read(room, PASTE, None, NOON)
    assert chat.known(room, first) == {}
    numbers = [one.incident.number for one in chat.save(room, chosen(first), DISPATCHER, NOON)]
    later = NOON + timedelta(hours=2)
    second = chat.read(room, PASTE, None, later)
    assert [case.number for case in chat.known(room, second).values()] == numbers
    again = chat.save(room, chosen(second), DISPATCHER, later)
    assert [(one.fresh, one.incident.number) for one in again] == [(False, number) for number in numbers]


def test_the_same_words_of_another_day_or_group_are_another_matter(room):
    words = "康桥新城门口垃圾满了"
    group = groups.put(room, Group("甲"), DISPATCHER, NOON)
    keys = {
        chat.read(room, words, None, NOON)[0].key,
        chat.read(room, words, None, NOON + timedelta(days=1))[0].key,
        chat.read(room, words, group, NOON)[0].key,
    }
    assert len(keys) == 3
    assert chat.read(room, f" {words}  ", None, NOON)[0].key in keys


def test_names_that_a_person_types_in_again_are_struck_again(room):
    item = chat.read(room, "康桥新城门口垃圾满了", None, NOON)[0]
    one = Chosen(item, "王阿姨说垃圾满了", item.classes[0], item.places[0].spot, urgent=False)
    assert chat.save(room, [one], DISPATCHER, NOON)[0].incident.text == "某某阿姨说垃圾满了"


def test_all_or_none_are_saved_and_what_lacks_is_named(room):
    item = chat.read(room, "康桥新城门口垃圾满了", None, NOON)[0]
    spot = item.places[0].spot
    good = Chosen(item, item.text, item.classes[0], spot, urgent=False)
    for bad, field in (
        ([], "nothing"),
        ([good, Chosen(item, item.text, "", spot, urgent=False)], "class"),
        ([good, Chosen(item, item.text, item.classes[0], None, urgent=False)], "place"),
    ):
        with pytest.raises(DraftError) as raised:
            chat.save(room, bad, DISPATCHER, NOON)
        assert raised.value.field == field
    with room.ledger.reading() as connection:
        assert find.count(connection, room.wanted()) == 0


def test_a_time_that_has_not_come_or_is_long_past_is_left_out(room):
    assert chat.read(room, "张三 23:59\n垃圾满了没人管", None, NOON)[0].at is None
    assert chat.read(room, "2024年1月1日 09:00 张三\n垃圾满了没人管", None, NOON)[0].at is None


def test_a_paste_that_is_too_long_is_refused(room):
    with pytest.raises(TextError):
        chat.read(room, "垃圾" * 200_000, None, NOON)
    assert chat.read(room, "", None, NOON) == []


def dump(room):
    with room.ledger.reading() as connection:
        return "\n".join(connection.connection.driver_connection.iterdump())
