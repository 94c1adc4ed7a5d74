"""Chat groups in a real browser: pasted messages become cases only when a person says so; the register of groups."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from chromium import COMPLETE, pick
from desk_browser import Desk, seats

from desk.chat import groups
from incidents.model import Channel, Urgency
from ledger import find

pytestmark = pytest.mark.browser

PASTE = """张小明 {time}
@微网格长 院里杂草又长起来了，机修巷12号院2号楼前面
王阿姨 {time}
收到，谢谢书记
李四 {time}
康桥新城楼道着火了！电话13812345678
赵六 {time}
2号楼的路灯不亮"""


class Chat(Desk):
    """The chat page, before somebody."""

    def start(self):
        return self.open("/chat", ".st-key-read_chat")

    def paste(self, text):
        self.page.fill("[class*='st-key-chat_paste_'] textarea", text)
        self.page.click(".st-key-read_chat button")
        return self

    def proposes(self, number, text=None, class_=None, place=None):
        """Wait until this is proposed for a message."""
        for field, tag, value in (("text", "textarea", text), ("class", "input", class_), ("spot", "input", place)):
            if value is not None:
                self.holds(f"[class*='st-key-chat_{field}{number}_'] {tag}", value)
        return self

    def register(self):
        self.page.click(".stButtonGroup button:has-text('群台账')")
        self.page.wait_for_selector(".st-key-save_group")
        return self

    def type(self, field, text):
        self.page.fill(f"[class*='st-key-group_{field}_'] input", text)
        return self

    def refused(self, says):
        self.page.wait_for_selector(f".bm-refused:has-text('{says}')")
        return self


# The group that is chosen.
CHOSEN = """(name) => {
  const box = document.querySelector("[class*='st-key-chat_group_']");
  return (box ? box.innerText + [...box.querySelectorAll("input")].map((input) => input.value).join("") : "").includes(name);
}"""


@pytest.fixture
def desk(context, console):
    with seats(Chat, context, console) as (sit, _people):
        yield sit


def cases(room):
    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(), order="oldest")


def test_a_paste_becomes_proposals_and_nothing_is_saved_until_a_person_says_so(desk, room):
    time = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%H:%M")
    one = desk().paste(PASTE.format(time=time))
    one.proposes(0, "院里杂草又长起来了，机修巷12号院2号楼前面", "院落杂草", "机修巷12号院 2号楼")
    one.proposes(2, "康桥新城楼道着火了！电话＊＊").proposes(3, place="")
    one.holds("[class*='st-key-chat_paste_'] textarea", "")
    one.page.wait_for_selector(COMPLETE)
    for name in ("张小明", "李四", "13812345678"):
        assert name not in one.page.inner_text(".stApp")
    assert cases(room) == []
    one.page.fill("[class*='st-key-chat_text0_'] textarea", "院里杂草半人高")
    one.page.keyboard.press("Tab")
    one.page.click(".st-key-save0 button")
    one.page.wait_for_selector(".bm-saved")
    one.page.click(".st-key-save_all button")
    one.page.wait_for_selector(".bm-saved >> nth=1")
    weeds, fire = cases(room)
    assert (weeds.text, weeds.channel, weeds.address) == ("院里杂草半人高", Channel.CHAT, "机修巷12号院2号楼")
    assert fire.urgency is Urgency.URGENT
    one.page.click(".st-key-save3 button")
    one.refused("还没有位置")
    one.page.fill("[class*='st-key-chat_query3_'] input", "机修巷12号院2号楼")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("[class*='st-key-where3'] .bm-note:has-text('楼栋')")
    one.page.click(".st-key-save3 button")
    one.page.wait_for_selector(".bm-saved >> nth=2")
    assert len(cases(room)) == 3
    again = desk().paste(PASTE.format(time=time))
    again.page.wait_for_selector(".bm-saved >> nth=2")
    again.says(".st-key-chat_top", "待确认 0 条，已保存 3 条")
    assert one.complaints == again.complaints == []


def test_a_paste_that_is_too_long_stays_where_it_was_typed(desk):
    long = "垃圾满了" * 30_000
    one = desk().paste(long)
    one.refused("100000").holds("[class*='st-key-chat_paste_'] textarea", long)


def test_signs_that_cannot_be_seen_and_nothing_at_all(desk):
    one = desk().paste("康桥新城\u200b门口\u202e垃圾😀满了\x07")
    one.proposes(0, "康桥新城门口垃圾😀满了")
    one.page.click(".st-key-away button")
    one.page.wait_for_selector(".st-key-proposals", state="detached")
    one.paste("   ").page.wait_for_selector("text=没有识别到消息")


def test_in_english_too(desk):
    one = desk(language="en").paste("康桥新城门口垃圾满了")
    one.proposes(0, "康桥新城门口垃圾满了").says(".st-key-chat_top", "1 to confirm")


def test_a_group_is_registered_changed_deleted_and_each_is_taken_back(desk, room):
    one = desk().register()
    one.page.click(".st-key-save_group button")
    one.refused("名称")
    one.type("name", "机修巷12号院业主群").type("members", "很多")
    one.page.keyboard.press("Tab")
    one.page.click(".st-key-save_group button")
    one.refused("人数")
    one.type("members", "86").type("query", "机修巷12号院")
    one.page.click(".st-key-cover0 button")
    one.page.wait_for_selector(".st-key-uncover0")
    one.page.wait_for_selector(COMPLETE)  # the post comes with it
    one.page.click(".st-key-save_group button")
    one.page.wait_for_selector(".bm-table:has-text('机修巷12号院业主群')")
    made = groups.of_room(room)[0]
    assert (made.members, made.covers) == (86, (("compound", "机修巷12号院"),))
    assert made.post
    one.page.click(".st-key-delete_group button")
    one.page.wait_for_selector(".bm-table", state="detached")
    assert groups.of_room(room) == []
    one.page.click(".st-key-undo_group button")
    one.page.wait_for_selector(".bm-table:has-text('机修巷12号院业主群')")
    assert groups.of_room(room) == [made]
    one.page.click(".stButtonGroup button:has-text('群消息')")
    one.page.wait_for_selector("[class*='st-key-chat_group_'] input")
    one.page.wait_for_selector(COMPLETE)
    pick(one.page, "[class*='st-key-chat_group_']", "机修巷")
    one.page.wait_for_function(CHOSEN, arg="机修巷12号院业主群")
    one.page.wait_for_selector(COMPLETE)
    one.paste("2号楼的路灯又不亮了").proposes(0, place="机修巷12号院 2号楼")
    one.page.wait_for_selector("[class*='st-key-where0']:has-text('该群覆盖范围内唯一')")


def test_a_list_of_groups_is_looked_at_by_row_and_taken_whole(desk, room):
    head = "群名称,类型,人数,覆盖范围\n"
    one = desk().register()
    one.page.click("text=导入群清单")
    bad = f"{head}甲群,业主群,12,康桥新城\n乙群,火星,,\n".encode("utf-8-sig")
    one.page.set_input_files(".stExpander input[type=file]", {"name": "g.csv", "mimeType": "text/csv", "buffer": bad})
    one.page.wait_for_selector("text=“火星”不是群类型")
    one.page.wait_for_selector(COMPLETE)
    assert not one.page.query_selector(".st-key-take_groups")
    one.page.click("[data-testid=stFileChip] button")
    good = f"{head}甲群,业主群,12,康桥新城\n".encode("utf-8-sig")
    one.page.set_input_files(".stExpander input[type=file]", {"name": "g.csv", "mimeType": "text/csv", "buffer": good})
    one.page.click(".st-key-take_groups button")
    one.page.wait_for_selector(".st-key-take_groups", state="detached")
    assert "甲群" in [group.name for group in groups.of_room(room)]
