"""Sources and their posts through a browser: a pile is settled, put back, and the figure at the top says so."""

from datetime import UTC, datetime

from chromium import COMPLETE, expect
from desk_browser import AREA

from desk.sites import binding, register
from desk.sites.binding import Pile
from desk.sites.register import Wish
from ledger.sites import Asked


def test_a_pile_is_settled_and_put_back(desk, room):
    now = datetime.now(UTC)
    points = [geom.boundary.interpolate(0.37, normalized=True) for geom in room.area.net.leaf.geoms[:12]]
    made = [register.put(room, Wish("fumes", f"{at}号烧烤店", point.x, point.y), register.hand(room, now), now) for at, point in enumerate(points)]  # fmt: skip
    many = register.count(room, binding.asked_of(room, Pile.EDGE))
    one = desk("dispatcher::").open("/binding", ".stDataFrame canvas", pile="edge")
    one.says(".bm-figure", f"{len(made)} / {len(made)}")
    one.says(".bm-binding", "0号烧烤店", "距边界")
    page = one.page
    expect(page.frame_locator(".bm-pick iframe").locator(".beside")).to_have_count(min(many, 50))
    page.wait_for_selector(".stDataFrame #glide-cell-2-2", state="attached")
    box = page.query_selector(".stDataFrame canvas").bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 35 * 3.5)
    one.says(".bm-binding", "2号烧烤店").says(".st-key-binding_bind", "将 1 个绑定到该岗位")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-binding_settle .stCheckbox label")
    one.says(".st-key-binding_confirm", f"按规则确认 {many} 个")
    page.click(".st-key-binding_confirm button")
    one.says(".st-key-binding_settle .bm-refused", "理由")
    page.fill("[class*=_reason_] input", "现场核实")
    page.keyboard.press("Enter")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-binding_confirm button")
    one.says(".st-key-binding_undo", f"已按规则确认 {many} 个场所").says(".bm-empty", "没有待处理")
    assert register.count(room, binding.asked_of(room, Pile.EDGE)) == 0
    page.click(".st-key-binding_back button")
    one.says(".bm-piles", str(many))
    one.until(lambda: register.count(room, binding.asked_of(room, Pile.EDGE)), many)
    one.open("/binding", ".bm-counted", pile="load").says(".st-key-binding_load", "标准", "20")
    one.open("/binding", ".st-key-binding_view h2", pile="net").says(".st-key-binding_view", "全部场所与台账一致")


def test_a_table_is_looked_at_on_the_page_and_written_whole(desk, room, tmp_path):
    point = room.area.net.leaf.geoms[3].representative_point()
    file = tmp_path / "shops.csv"
    head, good = "编号,场所类型,场所名称,经度,纬度", f"G-1,沿街瓶装燃气门店,页面导入店,{point.x},{point.y}"
    file.write_text(f"{head}\n{good}\nG-2,沿街瓶装燃气门店,没有坐标店,,\n", "utf-8")
    one = desk("dispatcher::").open("/sites", ".st-key-sites_top", kind="gas_shop")
    one.page.click(".st-key-site_import button")
    one.page.set_input_files("[role=dialog] input[type=file]", str(file))
    one.says("[role=dialog]", "共 2 行", "不予导入", "要么整体导入")
    assert one.page.locator(".st-key-site_import_write").count() == 0
    one.page.click(".st-key-site_import_skip label")
    one.says("[role=dialog] .st-key-site_import_write", "写入 1 个场所")
    assert not register.listed(room, Asked(AREA, text="页面导入店"))
    one.page.click(".st-key-site_import_write button")
    one.says("[role=dialog]", "1")
    one.until(lambda: len(register.listed(room, Asked(AREA, text="页面导入店"))), 1)
    one.page.click(".st-key-site_import_done button")
    one.says(".bm-sites", "页面导入店")
