"""A patrol list of sources upwind through a browser: made with one press, answered with a kind of cause, and taken back."""

from inspected import shop
from test_air_browser import table

from desk.air import walks
from desk.air.readings import folder_of, take
from inspections.proposed import Tally


def test_a_list_is_made_with_one_press_answered_and_taken_back(desk, room):
    fumes = shop(room, "炭火烧烤", "fumes")
    take(folder_of(room.ledger.folder, room.id), "微站.csv", table(room, fumes, 151), room.area.pack.timezone)
    one = desk("dispatcher::").open("/air", ".st-key-upwind_make", station="W1")
    one.page.click(".st-key-upwind_make button")
    one.says(".st-key-air_sheet .bm-walk", "炭火烧烤", "尚未填写结果")
    one.says(".st-key-air_sheet", "微站只看趋势")
    one.page.click(".st-key-air_sheet label:has-text('已查实原因')")
    one.says(".st-key-air_sheet", "原因类别")
    one.page.click(".st-key-upwind_save button")
    one.says(".st-key-air_sheet .bm-refused", "请选择原因类别")
    one.page.click(".st-key-air_sheet [data-testid=stSelectbox]:has-text('原因类别') input")
    one.page.click("[role=option]:has-text('未装油烟净化器')")
    one.page.click(".st-key-upwind_save button")
    one.says(".st-key-air_sheet .bm-walk", "已查实原因", "未装油烟净化器")
    one.says("#upwind-figures", "文化宫微站", "100%")
    one.page.click(".st-key-upwind_undo button")
    one.says(".st-key-air_sheet .bm-walk", "尚未填写结果")
    ((_, count),) = walks.listed(room)
    assert count == Tally(open=1)
