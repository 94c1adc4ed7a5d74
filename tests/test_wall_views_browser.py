"""The page of wall views through a browser: one is made beside its picture, found in the list, copied, removed and put back."""

from dataclasses import replace
from datetime import UTC, datetime

from chromium import expect, pick
from rooms import DISPATCHER

from desk.walls import views
from incidents.wall_views import USUAL, WallView
from ledger.verify import verify


def picture(seat):
    return seat.page.locator(".bm-wall iframe").get_attribute("data-source")


def test_a_view_is_made_beside_its_picture_listed_copied_removed_and_put_back(desk, room):
    seat = desk().open("/walls", ".bm-walls")
    seat.says(".bm-walls", "默认视图", "整个区域")
    seat.until(lambda: picture(seat), "/wall/longnan?lang=zh")
    seat.page.click(".st-key-walls_top a.bm-button")
    seat.page.wait_for_selector("[class*=st-key-wall_name] input")
    seat.page.fill("[class*=st-key-wall_name] input", "指挥大厅")
    seat.page.press("[class*=st-key-wall_name] input", "Tab")
    pick(seat.page, "[class*=st-key-wall_over]", "三级网格")
    seat.page.wait_for_selector("[class*=st-key-wall_every] input")
    seat.page.click("[class*=st-key-wall_panel_overdue] label")
    seat.page.click(".st-key-down_counts button")
    seat.says(".st-key-wall_shown", "尚未保存")
    seat.until(lambda: "every=30&over=grid" in picture(seat))
    seat.page.click(".st-key-wall_save button")
    seat.says(".st-key-wall_shown", "已保存", "/wall/longnan/wall-1", "安全管理员")
    seat.says(".bm-walls", "指挥大厅", "按三级网格轮播，每屏 30 秒")
    seat.until(lambda: picture(seat), "/wall/longnan/wall-1?lang=zh")
    made = views.view(room, "wall-1")
    assert (made.name, made.over, made.every) == ("指挥大厅", "grid", 30)
    assert made.panels == ("counts", "newest", "whistles", "duty")

    seat.page.click(".st-key-wall_copy button")
    seat.says(".st-key-wall_shown", "尚未保存")
    seat.page.click(".st-key-wall_save button")
    seat.says(".bm-walls", "指挥大厅（副本）")
    seat.says(".st-key-wall_shown", "/wall/longnan/wall-2")
    seat.page.click(".st-key-wall_ask button")
    seat.says(".st-key-wall_form", "删除“指挥大厅（副本）”")
    seat.page.click(".st-key-wall_remove button")
    seat.says(".st-key-wall_shown", "已删除")
    expect(seat.page.locator(".bm-walls a")).to_have_count(2)
    seat.page.click(".st-key-wall_back button")
    seat.says(".bm-walls", "指挥大厅（副本）")
    assert {one.key for one in views.views(room)} == {"wall-1", "wall-2"}
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()


def test_who_changes_what_somebody_else_changed_is_told_and_looks_at_it_as_it_is_now(desk, room):
    now = datetime.now(UTC)
    east = views.save(room, WallView("east", "东苑"), DISPATCHER, now)
    seat = desk().open("/walls", ".st-key-wall_form", wall="east")
    seat.page.click("[class*=st-key-wall_panel_duty] label")
    seat.says(".st-key-wall_shown", "尚未保存")
    views.save(room, replace(east, name="西苑"), DISPATCHER, now, was=east)
    seat.page.click(".st-key-wall_save button")
    seat.says(".st-key-wall_form .bm-refused", "已被他人修改")
    seat.page.click(".st-key-wall_discard button")
    seat.holds("[class*=st-key-wall_name] input", "西苑")
    assert views.view(room, "east").panels == USUAL


def test_what_cannot_be_kept_is_said_beside_the_form(desk, room):
    before = views.views(room)
    seat = desk(language="en").open("/walls", ".st-key-wall_form", wall="%2B")
    seat.page.click(".st-key-wall_save button")
    seat.says(".st-key-wall_form .bm-refused", "The name is empty")
    assert views.views(room) == before
