"""Pasted chat: taken apart, rid of names, and proposed, never filed, as incidents."""

import datetime as dt
import time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import rules
from geo.errors import TextError
from incidents.chat import MOST_PASTED, Message, is_report, propose, read_messages, urgency
from incidents.classes import Directory
from incidents.places import Because, Kind, PlaceRef, Places
from incidents.text import Personal, find_personal

FRIDAY = dt.date(2026, 11, 20)
PEOPLE = ("张三", "李四", "王小红", "幸福一生")


class Match(NamedTuple):
    key: str
    score: float
    word: str


class Words:
    """A class directory of three words."""

    WORDS = (("杂草", "greenery"), ("灯", "light"), ("停车", "parking"))

    def match(self, text, most=5):
        return [Match(key, float(len(word)), word) for word, key in self.WORDS if word in text][:most]


PLACES = Places(
    [
        PlaceRef("康桥新城", Kind.COMPOUND, "C1"),
        PlaceRef("康宁", Kind.COMPOUND, "C2"),
        *(
            PlaceRef(f"{n}号楼", Kind.BUILDING, f"C1-{n}", of="康桥新城", within=frozenset({"C1", "M305"}))
            for n in (1, 5)
        ),
        *(PlaceRef(f"{n}号楼", Kind.BUILDING, f"C3-{n}", of="电缆厂家属院", within=frozenset({"C3"})) for n in (3, 5)),
        PlaceRef("3-05", Kind.GRID, "M305", within=frozenset({"A1"})),
        PlaceRef("3-05", Kind.GRID, "N305", within=frozenset({"A2"})),
        PlaceRef("3-06", Kind.GRID, "M306"),
    ]
)


def read(text, **options):
    return [(message.text, message.speaker) for message in read_messages(text, **options)]


def proposed(text, **options):
    messages = read_messages(text)
    assert len(messages) == 1
    return propose(messages[0], directory=Words(), places=PLACES, **options)


# reading


def test_the_example_of_the_seed_is_one_message_to_a_post():
    assert read_messages("@微网格长 院里杂草又长起来了") == (Message("院里杂草又长起来了", mentions=("微网格长",)),)


@pytest.mark.parametrize("after", ["\u2005", " ", ""])
def test_a_mention_ends_however_it_was_written(after):
    (message,) = read_messages(f"@微网格长{after}院里杂草又长起来了")
    assert (message.text, message.mentions) == ("院里杂草又长起来了", ("微网格长",))


@pytest.mark.parametrize(
    "text",
    [
        "张三:\n院里杂草又长起来了\n\n李四:\n收到",
        "张三：\n院里杂草又长起来了\n李四：\n收到",
        "张三 2026/11/20 09:12\n院里杂草又长起来了\n李四 2026/11/20 9:13\n收到",
        "张三 2026-11-20 09:12:05\n院里杂草又长起来了\n\n李四 2026-11-20 09:13:00\n收到",
        "张三 2026年11月20日 上午9:12\n院里杂草又长起来了\n李四 2026年11月20日 上午9:13\n收到",
        "张三 (09:12)\n院里杂草又长起来了\n李四 (09:13)\n收到",
        "—————  2026-11-20  —————\n\n\n张三  09:12\n\n院里杂草又长起来了\n\n李四  09:13\n\n收到",
        "2026-11-20 09:12:33 张三(10001)\n院里杂草又长起来了\n\n2026-11-20 09:13:00 李四(10002)\n收到",
        "张三\n09:12\n院里杂草又长起来了\n\n李四\n09:13\n收到",
        "张三: 院里杂草又长起来了\n李四: 收到",
        "[09:12] 张三: 院里杂草又长起来了\n[09:13] 李四: 收到",
        "09:12 张三：院里杂草又长起来了\n09:13 李四：收到",
        "2026-11-20 09:12 张三 院里杂草又长起来了\n2026-11-20 09:13 李四 收到",
        "微信聊天记录如下，请查收。\n\n张三 09:12\n院里杂草又长起来了\n李四 09:13\n收到",
        "张三：院里杂草又长起来了\r\n李四：收到\r\n",
    ],
)
def test_every_form_of_copied_chat_is_understood(text):
    assert read(text) == [("院里杂草又长起来了", 1), ("收到", 2)]


def test_senders_become_numbers_in_the_order_in_which_they_speak():
    messages = read_messages("张三: 灯坏了\n李四: 收到\n张三: 谢谢")
    assert [message.speaker for message in messages] == [1, 2, 1]
    assert all(message.sender_struck for message in messages)


@pytest.mark.parametrize(
    ("text", "day", "clock"),
    [
        ("张三 2026/11/20 09:12\n灯坏了", FRIDAY, dt.time(9, 12)),
        ("张三 2026-11-20 21:05:59\n灯坏了", FRIDAY, dt.time(21, 5)),
        ("张三 下午3:05\n灯坏了", None, dt.time(15, 5)),
        ("张三 中午12:30\n灯坏了", None, dt.time(12, 30)),
        ("张三 中午1:30\n灯坏了", None, dt.time(13, 30)),
        ("张三 凌晨12:30\n灯坏了", None, dt.time(0, 30)),
        ("张三 晚上12:00\n灯坏了", None, dt.time(0, 0)),
        ("张三 3:05 PM\n灯坏了", None, dt.time(15, 5)),
        ("昨天 21:30\n张三：灯坏了", dt.date(2026, 11, 19), dt.time(21, 30)),
        ("张三 星期三 09:12\n灯坏了", dt.date(2026, 11, 18), dt.time(9, 12)),
        ("张三 11月20日 09:12\n灯坏了", FRIDAY, dt.time(9, 12)),
        ("张三 12月31日 09:12\n灯坏了", dt.date(2025, 12, 31), dt.time(9, 12)),
        ("11月19日\n张三 09:12\n灯坏了", dt.date(2026, 11, 19), dt.time(9, 12)),
        ("张三 2月30日 09:12\n灯坏了", None, dt.time(9, 12)),
    ],
)
def test_day_and_time_are_read(text, day, clock):
    message = read_messages(text, today=FRIDAY)[-1]
    assert message.text == "灯坏了"
    assert message.date == day
    assert message.time == clock


def test_without_today_a_relative_day_stays_unknown():
    (message,) = read_messages("张三 昨天 09:12\n灯坏了")
    assert (message.date, message.time) == (None, dt.time(9, 12))


def test_a_message_may_have_several_lines_and_paragraphs():
    assert read("张三 09:12\n灯坏了\n\n三天了\n李四 09:13\n收到") == [("灯坏了\n\n三天了", 1), ("收到", 2)]


def test_plain_lines_are_messages_and_so_are_paragraphs():
    assert read("院里杂草\n灯坏了") == [("院里杂草", None), ("灯坏了", None)]
    assert read("院里杂草\n很高\n\n\n灯坏了") == [("院里杂草\n很高", None), ("灯坏了", None)]


def test_a_filled_in_form_stays_one_message():
    assert read("地点：康桥新城5号楼\n问题：灯坏了\n电话：13800138000") == [
        ("地点：康桥新城5号楼\n问题：灯坏了\n电话：＊＊", None)
    ]


@pytest.mark.parametrize(
    "line",
    ["楼道灯: 坏了", "地点：康桥新城", "停水到 12:00", "明天停水，从 9:00", "https://example.com/a", "时间：9:12"],
)
def test_what_has_a_colon_or_a_time_is_not_always_a_sender(line):
    assert read(line) == [(line, None)]


def test_a_nickname_is_known_by_coming_back():
    assert read("幸福一生: 灯坏了\n幸福一生: 快来人") == [("灯坏了", 1), ("快来人", 1)]


MIXED = """张三 11:20
@微网格长 院里杂草又长起来了
李四: 汇景雅苑3号楼2单元路灯不亮了
王大妈 13812345678：金桂雅苑2号楼门口有人乱扔垃圾
今天天气真好
[图片]
物业小赵：翠庭华府1号楼飞线充电，太危险了"""


def test_residents_who_speak_on_lines_with_their_names_stay_apart():
    messages = read_messages(MIXED)
    assert [(message.text, message.speaker) for message in messages] == [
        ("院里杂草又长起来了", 1),
        ("汇景雅苑3号楼2单元路灯不亮了", 2),
        ("金桂雅苑2号楼门口有人乱扔垃圾\n今天天气真好", 3),
        ("翠庭华府1号楼飞线充电，太危险了", 4),
    ]
    assert [message.attachments for message in messages] == [(), (), ("图片",), ()]
    assert not [part for part in ("张三", "李四", "大妈", "138", "＊＊", "小赵") if part in everything(messages)]


@pytest.mark.parametrize(
    "nick",
    [
        "王大妈 13812345678",
        "王大妈13812345678",
        "王大妈（138****5678）",
        "13812345678",
        "物业小赵",
        "物业-小赵",
        "开心每一天",
        "不忘初心",
        "3号楼2单元李姐",
        "3-2-501 王小红",
        "王小红 3-2-501",
        "Lisa Wang",
    ],
)
@pytest.mark.parametrize("colon", [":", "："])
def test_any_short_nickname_begins_a_message_where_somebody_else_does(nick, colon):
    assert read(f"李四: 灯坏了\n{nick}{colon} 漏水\n李四: 收到") == [("灯坏了", 1), ("漏水", 2), ("收到", 1)]
    assert read(f"{nick}{colon}漏水\n李四: 收到") == [("漏水", 1), ("收到", 2)]


@pytest.mark.parametrize(
    "line",
    [
        "地址：康桥新城",
        "电话：12345",
        "时间：9:12",
        "问题：灯坏了",
        "范围：全小区",
        "补充：还漏水",
        "3号楼2单元：也坏了",
        "小区门口：也坏了",
        "康桥新城：也坏了",
        "师傅说：明天来",
        "明天上午：停水",
        "停水到 12:00",
        "从9:00",
        "我家楼上邻居半夜总是吵：睡不着",
    ],
)
def test_labels_places_times_and_sentences_begin_no_message(line):
    assert read(f"李四: 灯坏了\n{line}", keep=PLACES.names) == [(f"灯坏了\n{line}", 1)]


def test_a_sender_with_and_without_a_number_is_the_same():
    assert [one for _, one in read("王大妈 13812345678：灯坏了\n李四：收到\n王大妈：谢谢")] == [1, 2, 1]


def test_who_speaks_for_a_post_is_struck_from_what_others_say():
    assert read("物业小赵：马上到\n李四：谢谢小赵") == [("马上到", 1), ("谢谢某某", 2)]


def test_a_line_of_pictures_ends_a_message_and_a_picture_above_words_belongs_to_them():
    messages = read_messages("张三: 灯坏了\n[图片]\n[视频] \n门口有垃圾\n李四:\n[图片]\n漏水")
    assert [(message.text, message.speaker, message.attachments) for message in messages] == [
        ("灯坏了", 1, ("图片", "视频")),
        ("门口有垃圾", 1, ()),
        ("漏水", 2, ("图片",)),
    ]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("[图片]", ("图片",)),
        ("[图片][视频]", ("图片", "视频")),
        ("[文件] 通知.pdf", ("文件",)),
        ("[Photo]", ("Photo",)),
    ],
)
def test_what_was_sent_along_is_noted(text, kinds):
    (message,) = read_messages(f"张三:\n看这里 {text}")
    assert message.attachments == kinds
    assert message.text.startswith("看这里")
    assert read_messages(f"张三:\n{text}")[0].attachments == kinds


def test_a_card_is_struck_with_its_name():
    (message,) = read_messages("李四:\n[个人名片]王小红")
    assert (message.text, message.attachments) == ("", ("个人名片",))


@pytest.mark.parametrize(
    "text",
    [
        "「张三：院里杂草又长起来了」\n- - - - - - - - - - - - - - -\n马上处理",
        "李四:\n「张三：院里杂草又长起来了」\n- - - - - - - - - - - - - - -\n马上处理",
        "李四 09:12\n> 张三: 院里杂草又长起来了\n马上处理",
        "李四 09:12\n引用 张三：院里杂草又长起来了\n马上处理",
    ],
)
def test_a_quoted_message_stands_apart_without_its_name(text):
    (message,) = read_messages(text)
    assert (message.text, message.quote) == ("马上处理", "院里杂草又长起来了")


@pytest.mark.parametrize(
    "notice",
    [
        "张三撤回了一条消息",
        "张三邀请李四加入了群聊",
        '"张三"拍了拍"李四"',
        "以下为新消息",
        "群聊的聊天记录",
        "—— 2026-11-20 ——",
        "张三通过扫描二维码加入群聊",
    ],
)
def test_notices_of_the_chat_are_no_messages(notice):
    assert read(f"{notice}\n灯坏了") == [("灯坏了", None)]
    assert read(f"王小红: 灯坏了\n{notice}") == [("灯坏了", 1)]


def test_faces_are_left_out_and_emoji_stay():
    assert read("灯坏了[流泪][抱拳]😭") == [("灯坏了😭", None)]


@pytest.mark.parametrize("empty", ["", " \n\n ", "\u200b", "张三 09:12", "@"])
def test_nothing_gives_nothing(empty):
    assert [text for text, _ in read(empty) if text not in {"@", "张三 09:12"}] == []


def test_too_much_at_once_is_refused():
    with pytest.raises(TextError, match=r"pasted chat has 100,001 characters, 100,000 are allowed"):
        read_messages("水" * (MOST_PASTED + 1))


# names


def everything(messages):
    return " ".join(str(value) for message in messages for value in vars(message).values())


@pytest.mark.parametrize(
    "text",
    [
        "张三 09:12\n我是张三，@李四 帮看看，张三家没电\n李四 09:13\n收到，张三放心",
        "@李四\u2005@微网格长\u2005张三说灯坏了\n\n张三: 对\n李四: 好",
        "王小红\n09:12\n找王小红，13800138000\n李四\n09:13\n好的小红？不，王小红",
        "幸福一生 2026/11/20 09:12\n[图片]\n李四 2026/11/20 09:13\n@幸福一生\u2005收到，幸福一生",
        "「张三：灯坏了」\n------\n李四：张三说得对\n张三：谢谢李四",
        "3-2-501 王小红 09:12\n漏水\n李四 09:13\n王小红家漏水",
        "[09:12] 张三: 灯坏了\n[09:13] 李四: 张三你好",
    ],
)
def test_names_never_leave(text):
    seen = everything(read_messages(text))
    assert not [name for name in PEOPLE if name in seen]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PEOPLE),
            st.sampled_from(PEOPLE),
            st.sampled_from(["@{}\u2005灯坏了", "{}家灯坏了", "灯坏了", "@{} 来看", "[图片]"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(
        [
            "{name} 2026/11/20 09:12\n{said}",
            "{name}:\n{said}\n",
            "2026-11-20 09:12:33 {name}(10001)\n{said}\n",
            "{name} 下午3:12\n{said}",
        ]
    ),
)
def test_no_sender_is_named_whatever_is_said(talk, form):
    talk = [*talk, *((name, name, "好") for name in PEOPLE)]
    text = "\n".join(form.format(name=who, said=said.format(whom)) for who, whom, said in talk)
    messages = read_messages(text)
    assert len(messages) == len(talk)
    assert not [name for name in PEOPLE if name in everything(messages)]
    assert not any(Personal.NAME in find_personal(message.text) for message in messages)


def test_a_place_that_is_called_like_a_sender_stays():
    assert read("康宁张阿姨家漏水", keep=PLACES.names) == [("康宁某某阿姨家漏水", None)]


@given(
    st.text(st.sampled_from("张三李四:：@「」>[]图片\n -—2026/11209点上午微网格长灯坏了\u2005\u200b😀"), max_size=80)
)
def test_whatever_is_pasted_is_answered(text):
    for message in read_messages(text, today=FRIDAY):
        assert message.text or message.attachments
        propose(message, directory=Words(), places=PLACES)


@pytest.mark.parametrize(
    "piece",
    ["张三: 灯坏了\n", "张三 09:12\n", "@张三 ", "「张三：", "[图片]", "09:12\n", "—", "1-2-301", "5号楼", "\n"],
)
def test_a_long_paste_is_read_in_no_time(piece):
    before = time.thread_time()
    read_messages((piece * MOST_PASTED)[:MOST_PASTED])
    assert time.thread_time() - before < 30


# what is a report


@pytest.mark.parametrize(
    "text",
    [
        "收到",
        "好的，谢谢",
        "谢谢网格长，辛苦了！",
        "收到，马上处理",
        "已经修好了",
        "大家好",
        "早上好☀️",
        "在吗",
        "👍",
        "1",
        "+1",
        "OK",
        "嗯嗯",
        "#接龙\n1. 3号楼",
        "https://example.com/x",
        "",
        "。。。",
        "某某 收到",
    ],
)
def test_greetings_thanks_and_receipts_are_no_reports(text):
    assert not is_report(text)


@pytest.mark.parametrize(
    "text",
    [
        "灯坏了",
        "你好，3号楼灯坏了",
        "垃圾清理了又有人倒",
        "行人道坏了",
        "对面工地太吵",
        "好多垃圾",
        "谢谢，另外5号楼漏水",
        "可以申请代办吗",
        "收到的快递丢了",
    ],
)
def test_what_says_that_something_is_the_matter_is_a_report(text):
    assert is_report(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5号楼着火了！", ("着火",)),
        ("楼道冒黑烟", ("冒黑烟",)),
        ("闻到煤气味，可能漏气", ("煤气味", "漏气")),
        ("有人触电，快来人救命", ("触电", "救命")),
        ("围墙坍塌", ("坍塌",)),
        ("老人被困电梯", ("被困",)),
        ("高压线掉地上", ("高压线掉",)),
        ("没人管，着火了", ("着火",)),
        ("灯坏了", ()),
        ("防止着火", ()),
        ("没有着火", ()),
        ("飞线充电容易着火", ()),
        ("万一漏气怎么办", ()),
        ("明天消防演练，模拟着火", ()),
        ("燃气安全知识：闻到煤气味怎么办", ()),
        ("", ()),
    ],
)
def test_haste_is_told_by_its_words(text, words):
    assert urgency(text) == words


# proposing


def test_a_message_becomes_a_proposal():
    proposal = proposed("@微网格长 康桥新城五号楼2单元3楼灯坏了，张阿姨摔伤了")
    assert proposal.text == "康桥新城五号楼2单元3楼灯坏了，某某阿姨摔伤了"
    assert proposal.is_report
    assert proposal.urgent == ("摔伤",)
    assert proposal.class_keys == ("light",)
    assert proposal.classes[0].word == "灯"
    assert (proposal.place.ref.code, proposal.place.unit, proposal.place.floor) == ("C1-5", "2", "3")
    assert proposal.others == ()


def test_a_receipt_proposes_nothing():
    proposal = proposed("收到")
    assert not proposal.is_report
    assert (proposal.class_keys, proposal.place, proposal.urgent, proposal.grid) == ((), None, (), "")


def test_a_place_that_may_be_several_is_left_to_a_person():
    proposal = proposed("5号楼灯坏了")
    assert proposal.place is None
    assert {other.ref.code for other in proposal.others} == {"C1-5", "C3-5"}


def test_the_group_narrows_the_place():
    groups = {"电缆厂业主群": {"C3"}, "empty": set()}
    assert proposed("5号楼灯坏了", groups=groups, group="电缆厂业主群").place.ref.code == "C3-5"
    assert proposed("5号楼灯坏了", groups=groups, group="empty").place is None
    assert proposed("5号楼灯坏了", groups=groups, group="unknown").place is None
    assert proposed("康桥新城5号楼灯坏了", groups=groups, group="电缆厂业主群").place.because is Because.OUTSIDE_GROUP


def test_a_grid_is_hinted_by_its_label_or_its_post():
    assert proposed("3-06路灯不亮").grid == "M306"
    by_post = proposed("@3-06微网格长 路灯不亮")
    assert (by_post.place.ref.code, by_post.place.because, by_post.grid) == ("M306", Because.MENTIONED_POST, "M306")
    both = proposed("@3-06微网格长 康桥新城5号楼灯坏了")
    assert (both.place.ref.code, both.grid) == ("C1-5", "M306")


def test_a_label_of_two_grids_is_told_apart_by_the_group_only():
    assert proposed("@3-05微网格长 路灯不亮").place is None
    assert proposed("@3-05微网格长 路灯不亮", groups={"g": {"A2"}}, group="g").place.ref.code == "N305"


def test_a_reply_takes_the_place_of_what_it_quotes():
    (message,) = read_messages("「张三：康桥新城5号楼灯坏了」\n-----\n[图片]")
    assert message.quote == "康桥新城5号楼灯坏了"
    assert propose(message, directory=Words(), places=PLACES).place.ref.code == "C1-5"


def test_a_message_made_by_hand_is_struck_as_well():
    assert propose(Message("我是张三，灯坏了"), directory=Words(), places=Places([])).text == "我是某某，灯坏了"


def test_the_shipped_directory_fits_messages_of_the_seeds():
    directory = Directory.from_table(rules.read("classes"))
    said = {"院里杂草又长起来了": "L9009", "楼道灯坏了": "L9003", "有人乱停车": "09009", "电动车进楼充电": "L2002"}
    for text, key in said.items():
        proposal = propose(Message(text), directory=directory, places=PLACES)
        assert proposal.class_keys[0] == key
        assert directory.get(key)
