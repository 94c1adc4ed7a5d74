"""The page of the air: readings are handed in whole or not at all, and a station shows the sources upwind of it."""

from datetime import UTC, datetime

from desk_browser import AREA
from inspected import shop

from desk.air.readings import folder_of


def table(room, site, value):
    """Return one hour of a station 90 m west of a site."""
    now = datetime.now(UTC).astimezone(room.area.pack.timezone)
    return f"站点编号,站点名称,时间,PM2.5,PM10,经度,纬度\nW1,文化宫微站,{now:%Y-%m-%d %H}:00,{value},300,{site.lon - 0.001},{site.lat}\n".encode()


def hand_in(one, name, data):
    one.page.set_input_files("[role=dialog] input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": data})


def test_readings_are_handed_in_and_a_station_leads_to_the_sources_upwind(desk, room):
    fumes = shop(room, "炭火烧烤", "fumes")
    one = desk("dispatcher::").open("/air", ".bm-empty")
    one.says(".bm-empty", "暂无监测数据")
    one.page.click(".st-key-air_take button")
    hand_in(one, "坏.csv", table(room, fumes, "很高"))
    one.says("[role=dialog] .bm-refused", "坏.csv有1个单元格无法识别")
    one.says("[role=dialog] li", "坏.csv第2行")
    assert not list(folder_of(room.ledger.folder, AREA).glob("*.csv"))
    hand_in(one, "微站.csv", table(room, fumes, 151))
    one.says("[role=dialog] .bm-saved", "1个站点", "1条")
    one.page.keyboard.press("Escape")
    one.says(".bm-air tbody", "文化宫微站", "201 重度污染", "PM2.5")
    one.page.click(".bm-air tbody a")
    one.says(".st-key-air_sheet", "文化宫微站上风向污染源", "未填风向风速")
    one.page.fill(".st-key-air_wind input >> nth=0", "90")
    one.page.keyboard.press("Enter")
    one.page.fill(".st-key-air_wind input >> nth=1", "3")
    one.page.keyboard.press("Enter")
    one.says(".st-key-air_sheet", "东风", "炭火烧烤", "正上风向")
    one.page.fill(".st-key-air_wind input >> nth=0", "270")
    one.page.keyboard.press("Enter")
    one.says(".st-key-air_sheet", "西风", "该范围内台账中没有污染源")
