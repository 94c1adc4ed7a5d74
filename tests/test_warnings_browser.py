"""The page of heavy-pollution warnings: an order is entered, and a source's measure is done with its evidence."""

from inspected import shop

from desk.warnings import acts, lists
from inspections.warnings import State


def attach(one, name, data):
    one.page.set_input_files(
        ".st-key-warning_form input[type=file]", {"name": name, "mimeType": "application/pdf", "buffer": data}
    )
    one.says(".st-key-warning_form [data-testid=stFileUploader]", name)


def test_an_order_opens_tasks_and_a_measure_is_done_with_its_reading(desk, room):
    shop(room, "炭火烧烤", "fumes")
    one = desk("dispatcher::").open("/warnings", ".st-key-air .bm-empty")
    one.page.click(".st-key-warning_new button")
    one.page.click(".st-key-warning_save button")
    one.says(".bm-refused", "请填写发布单位和文号")
    one.page.fill(".st-key-warning_form input[type=text] >> nth=0", "市污染防治攻坚办")
    one.page.keyboard.press("Enter")
    one.page.fill(".st-key-warning_form input[type=text] >> nth=1", "〔2026〕1号")
    one.page.keyboard.press("Enter")
    attach(one, "通知.pdf", b"no PDF")
    one.page.click(".st-key-warning_save button")
    one.says(".bm-refused", "PDF无法读取")
    one.page.click(".st-key-warning_form [data-testid=stFileUploader] button[aria-label^=Remove]")
    one.page.click(".st-key-warning_save button")
    one.says(".bm-alert", "黄色预警", "市污染防治攻坚办", "〔2026〕1号")
    one.says(".bm-air tbody", "炭火烧烤")
    one.page.click(".bm-air tbody a")
    one.says(".st-key-air_sheet", "餐饮：未装油烟净化器的停业", "未完成")
    one.page.click(".st-key-warned_save button")
    one.says(".st-key-air_sheet .bm-refused", "电表读数")
    one.page.fill(".st-key-air_sheet input[aria-label=电表读数]", "0421")
    one.page.keyboard.press("Enter")
    one.page.click(".st-key-warned_save button")
    one.says(".st-key-air_sheet .bm-walk", "已完成", "0421")
    one.page.click(".st-key-warning_new button")
    one.page.click(".st-key-warning_save button")
    one.says(".bm-refused", "请填写发布单位和文号")
    assert one.page.locator(".bm-refused").count() == 1, "in the form, and not below the warning that holds too"
    (warning,) = acts.listed(room)
    assert [(task.state, task.meter) for task in acts.tasks(room, warning.number)] == [(State.DONE, "0421")]


def test_a_list_whose_name_is_only_like_one_is_taken_in_once_somebody_chose(desk, room, tmp_path):
    plant = shop(room, "示例印刷公司", "enterprise")
    path = tmp_path / "清单.csv"
    path.write_bytes("企业名称,绩效等级,红色预警\n示例印刷,B,停产\n".encode("gb18030"))
    one = desk("dispatcher::").open("/warnings", ".st-key-air .bm-empty", tab="list")
    one.page.click(".st-key-emergency_take button")
    one.page.set_input_files("[role=dialog] input[type=file]", path)
    one.says("[role=dialog] .bm-import", "示例印刷", plant.number)
    one.page.click("[role=dialog] [data-testid=stSelectbox] input")
    one.page.keyboard.press("ArrowDown")
    one.page.keyboard.press("Enter")
    one.page.click(".st-key-emergency_put button")
    one.says("[role=dialog] .bm-saved", "清单已启用")
    one.page.click(".st-key-emergency_done button")
    one.says(".bm-air tbody", "示例印刷", "停产")
    (made,) = lists.listed(room)
    assert [(line.site, line.grade) for line in made.lines] == [(plant.number, "B")]
