"""Posts and holders from spreadsheets as offices have them: headings to guess, merged cells, encodings, wrong rows; the whole file or nothing."""

import json
from datetime import date, datetime

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as some
from rooms import DISPATCHER, NOON, room_of, shipped

from cli import battlemap
from desk.posts import roster, staff
from desk.posts.staff import kind_named
from geo.errors import RosterError, TableError
from incidents.lifecycle import PostKind
from ledger import posts

HEAD = "head:micro:41010299900100101"
THIRD = "head:grid:410102999001003"


@pytest.fixture
def room(tmp_path):
    opened = room_of(shipped("longnan"), tmp_path / "ledger")
    yield opened
    opened.ledger.close()


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """A street of twelve communities, where "1-01" is the name of twelve micro-grids."""
    opened = room_of(shipped("mianfang"), tmp_path_factory.mktemp("ledger"))
    yield opened
    opened.ledger.close()


def csv(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def planned(room, path, **reading):
    return staff.plan(room, staff.read(room, path, **reading), NOON)


def take(room, path):
    return staff.take(room, staff.read(room, path), DISPATCHER, NOON)


def holding(room):
    with room.ledger.reading() as connection:
        zone = room.area.pack.timezone
        return [
            (one.post, one.holder, one.since.astimezone(zone).date(), one.until and roster.last_day(room, one.until), one.stand_in)
            for one in posts.holdings(connection, room.id)
        ]  # fmt: skip


def kinds_of(report):
    return [getattr(step.row.fault, "kind", type(step.row.fault).__name__) for step in report.faults]


LIST = """网格,岗位,姓名,任职日期,截止日期,代理
1-01,微网格长,示例甲,2026-03-01,,
1-01,代理微网格长,示例乙,2026-11-01,2026-12-31,
网格3,三级网格长,示例丙,2026年1月,,否
陇南社区,第一网格长,示例丁,2026/1/5,至今,
专1,网格长,示例戊,,,
"""


def test_a_list_is_taken_with_every_day_and_stand_in(room, tmp_path):
    report = take(room, csv(tmp_path, LIST))
    assert [step.verbs for step in report.steps] == [("hold",), ("hold",), ("hold",), ("add", "hold"), ("hold",)]
    assert sorted(holding(room)) == sorted(
        [
            (HEAD, "示例甲", date(2026, 3, 1), None, False),
            (HEAD, "示例乙", date(2026, 11, 1), date(2026, 12, 31), True),
            (THIRD, "示例丙", date(2026, 1, 1), None, False),
            ("first_head:community:410102999001", "示例丁", date(2026, 1, 5), None, False),
            ("head:dedicated:410102999001601", "示例戊", date(2026, 11, 20), None, False),
        ]
    )


def test_the_same_file_twice_changes_nothing(room, tmp_path):
    path = csv(tmp_path, LIST)
    take(room, path)
    version = room.ledger.version()
    report = take(room, path)
    assert {step.verbs for step in report.steps} == {("same",)}
    assert room.ledger.version() == version


def test_a_corrected_day_corrects_and_does_not_double(room, tmp_path):
    take(room, csv(tmp_path, "网格,姓名,任职日期\n1-01,示例甲,2026-03-01\n"))
    report = take(room, csv(tmp_path, "网格,姓名,任职日期,截止日期\n1-01,示例甲,2026-04-01,2026-11-30\n"))
    assert report.steps[0].verbs == ("correct",)
    assert holding(room) == [(HEAD, "示例甲", date(2026, 4, 1), date(2026, 11, 30), False)]


def test_one_wrong_row_and_nothing_is_written(room, tmp_path):
    path = csv(tmp_path, LIST + "9-99,微网格长,示例己,,,\n")
    report = planned(room, path)
    assert [(step.row.number, step.row.fault.kind) for step in report.faults] == [(7, "no_grid")]
    with pytest.raises(RosterError, match="nothing was written"):
        take(room, path)
    assert room.ledger.version() == 0


def test_a_dry_run_writes_nothing(room, tmp_path):
    assert len(planned(room, csv(tmp_path, LIST)).changes) == 5
    assert room.ledger.version() == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_of_offices_are_read(room, tmp_path, encoding):
    assert len(planned(room, csv(tmp_path, LIST, encoding)).changes) == 5


def test_a_title_above_the_headings_is_passed_over_and_rows_are_counted_as_in_the_file(room, tmp_path):
    path = csv(
        tmp_path, "陇南社区网格长花名册（2026年11月）,,\n网格,姓名,联系电话\n1-01,示例甲,13812345678\n9-99,示例乙,\n"
    )
    report = planned(room, path)
    assert [step.row.number for step in report.faults] == [4]
    assert report.file.contacts == ("联系电话",)
    assert "13812345678" not in str(report)


def test_merged_cells_hold_for_every_row_that_they_cover(street, tmp_path):
    book = openpyxl.Workbook()
    page = book.active
    for line in (
        ["花名册"],
        [],
        ["所属社区", "三级网格", "微网格", "岗位", "姓名"],
        ["印花社区", "网格1", "1-01", "微网格长", "示例甲"],
        [None, None, "1-02", None, "示例乙"],
        [],
        ["织布路社区", "网格1", "1-01", "微网格长", "示例丙"],
    ):
        page.append(line)
    for block in ("A1:E1", "A4:A5", "B4:B5", "D4:D5"):
        page.merge_cells(block)
    book.save(tmp_path / "merged.xlsx")
    report = planned(street, tmp_path / "merged.xlsx")
    assert [(step.row.number, step.post.key) for step in report.steps] == [
        (4, "head:micro:41010299800300101"),
        (5, "head:micro:41010299800300102"),
        (7, "head:micro:41010299800200101"),
    ]


def test_a_label_that_several_grids_have_needs_the_grid_above(street, tmp_path):
    report = planned(street, csv(tmp_path, "网格,姓名\n1-01,示例甲\n"))
    assert kinds_of(report) == ["grid_many"]
    for text in ("印花社区 1-01", "印花社区1-01", "印花社区·01-01", "41010299800300101"):
        found = planned(street, csv(tmp_path, f"网格,姓名\n{text},示例甲\n"))
        assert [step.post.key for step in found.steps] == ["head:micro:41010299800300101"], text


def test_the_kind_tells_the_level_where_a_label_does_not(street, tmp_path):
    report = planned(street, csv(tmp_path, "所属社区,网格,岗位,姓名\n印花社区,网格1,三级网格长,示例甲\n"))
    assert [step.post.key for step in report.steps] == ["head:grid:410102998003001"]


def test_near_grids_are_named(room, tmp_path):
    (step,) = planned(room, csv(tmp_path, "网格,姓名\n网格9,示例甲\n")).faults
    assert "网格" in step.row.fault.said["near"]
    assert staff.unknown_grids(planned(room, csv(tmp_path, "网格,姓名\nX-1,甲\nX-1,乙\n"))) == ("X-1",)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("1-01,微网格长,,示例13812345678,,,", "contact"),
        ("1-01,总司令,,示例甲,,,", "kind_unknown"),
        (",微网格长,,示例甲,,,", "needs_grid"),
        ("1-01,微网格长,,示例甲,昨天,,", "date"),
        ("1-01,微网格长,,示例甲,2026-13-01,,", "date"),
        ("1-01,微网格长,,示例甲,2026-03-01,2026-02-01,", "dates"),
        ("1-01,微网格长,,示例甲,,,是", "stand_in_end"),
        ("1-01,微网格长,,示例甲,,,也许", "yes_no"),
        (",职能部门,,示例甲,,,", "title_empty"),
        ("1-01,微网格长,," + "长" * 50 + ",,,", "TextError"),
    ],
)
def test_a_wrong_row_says_why(room, tmp_path, row, kind):
    report = planned(room, csv(tmp_path, f"网格,岗位,岗位名称,姓名,任职日期,截止日期,代理\n{row}\n"))
    assert kinds_of(report) == [kind]


@pytest.mark.parametrize(
    "cell",
    [
        46082,
        "46082",
        "2026-03-01",
        "2026.3.1",
        "20260301",
        "2026年3月1日",
        datetime(2026, 3, 1, 9),  # noqa: DTZ001  as a workbook has it
        date(2026, 3, 1),
        "2026-03-01 00:00:00",
    ],
)
def test_days_are_read_in_every_form(room, tmp_path, cell):
    book = openpyxl.Workbook()
    book.active.append(["网格", "姓名", "任职日期"])
    book.active.append(["1-01", "示例甲", cell])
    book.save(tmp_path / "days.xlsx")
    take(room, tmp_path / "days.xlsx")
    assert holding(room)[0][2] == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("第一网格长", PostKind.FIRST_HEAD),
        ("二级网格第一网格长", PostKind.FIRST_HEAD),
        ("常务网格长", PostKind.DEPUTY),
        ("副网格长", PostKind.DEPUTY),
        ("总网格长", PostKind.HEAD),
        ("3-05微网格长", PostKind.HEAD),
        ("微网格员", PostKind.WORKER),
        ("社区网格专干", PostKind.WORKER),
        ("党建办（包挂）", PostKind.OFFICE),
        ("督导员", PostKind.INSPECTOR),
        ("派遣员", PostKind.DISPATCHER),
        ("Grid head", PostKind.HEAD),
        ("书记", None),
        ("", None),
    ],
)
def test_kinds_are_known_by_what_people_call_them(text, kind):
    assert kind_named(text) is kind


def test_several_workers_of_a_grid_by_title_and_a_head_is_renamed(room, tmp_path):
    text = "网格,岗位,岗位名称,姓名\n1-01,网格员,1-01 甲岗,示例甲\n1-01,网格员,1-01 乙岗,示例乙\n1-01,微网格长,1-01 楼院网格长,示例丙\n"
    path = csv(tmp_path, text)
    report = take(room, path)
    assert [step.verbs for step in report.steps] == [("add", "hold"), ("add", "hold"), ("rename", "hold")]
    assert [step.post.key for step in report.steps] == [
        "worker:micro:41010299900100101",
        "worker:micro:41010299900100101:2",
        HEAD,
    ]
    assert room.post(HEAD).title == "1-01 楼院网格长"
    assert not planned(room, path).changes


def test_a_row_without_a_name_keeps_the_post_vacant(room, tmp_path):
    assert [step.verbs for step in planned(room, csv(tmp_path, "网格,姓名\n1-01,\n")).steps] == [("same",)]


def test_who_is_not_in_the_file_stays(room, tmp_path):
    roster.hold(room, THIRD, "示例", date(2026, 1, 1), DISPATCHER, NOON)
    take(room, csv(tmp_path, LIST.replace("示例丙", "别人")))
    assert [one.holder for one in roster.holders(room, NOON)[THIRD]] == ["示例", "别人"]


@pytest.mark.parametrize("name", ["longnan", "mianfang", "dc"])
def test_the_template_comes_back_without_a_change(tmp_path, name):
    room = room_of(shipped(name), tmp_path / "ledger")
    if HEAD in room.posts:
        roster.hold(room, HEAD, "示例甲", date(2026, 3, 1), DISPATCHER, NOON)
        roster.hold(room, HEAD, "示例乙", date(2026, 11, 1), DISPATCHER, NOON, until=date(2026, 12, 1), stand_in=True)
    (tmp_path / "template.xlsx").write_bytes(staff.template(room, NOON))
    report = planned(room, tmp_path / "template.xlsx")
    assert (report.changes, report.faults) == ([], [])
    assert len(report.steps) >= len(room.posts)
    room.ledger.close()


@pytest.mark.parametrize(
    ("text", "error"),
    [("甲,乙\n1,2\n", RosterError), ("", TableError), ("\n\n\n", TableError)],
)
def test_a_file_without_headings_is_refused(room, tmp_path, text, error):
    with pytest.raises(error):
        planned(room, csv(tmp_path, text))


def test_what_is_no_table_is_refused(room, tmp_path):
    for name, data in (("a.xlsx", b"PK\x03\x04 broken"), ("a.xls", b"\xd0\xcf\x11\xe0"), ("a.docx", b"x")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(TableError):
            planned(room, tmp_path / name)
    with pytest.raises(TableError):
        planned(room, tmp_path / "missing.csv")


CELL = some.text(max_size=12).filter(lambda text: "\x00" not in text)


@given(some.lists(some.lists(CELL, min_size=4, max_size=4), max_size=6))
def test_whatever_stands_in_the_cells_a_row_is_taken_or_says_why(street, tmp_path_factory, cells):
    book = openpyxl.Workbook()
    book.active.append(["网格", "岗位", "姓名", "任职日期"])
    for line in cells:
        book.active.append([openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", text) for text in line])
    path = tmp_path_factory.mktemp("any") / "any.xlsx"
    book.save(path)
    report = planned(street, path)
    assert all(step.row.fault or step.post for step in report.steps)


ENGLISH = ["--language", "en"]


def run(folder, *words):
    environ = {"BATTLEMAP_DATA_DIR": str(folder / "var"), "BATTLEMAP_DEMO": "off"}
    return CliRunner().invoke(battlemap, ["posts", "import", *words, "--area", "longnan"], env=environ)


def test_the_command_reports_by_row_and_writes_once(tmp_path):
    path = csv(tmp_path, LIST)
    first, second, third = (run(tmp_path, str(path), *more) for more in (["--dry-run", *ENGLISH], ENGLISH, ["--json"]))
    assert (first.exit_code, second.exit_code, third.exit_code) == (0, 0, 0)
    assert "row 5: new post, new holder" in first.output
    assert "Nothing was written." in first.output
    assert "Written." in second.output
    table = json.loads(third.output)
    assert (table["rows"], table["changes"], table["faults"]) == (5, 0, 0)


def test_the_command_refuses_a_file_with_a_wrong_row(tmp_path):
    answer = run(tmp_path, str(csv(tmp_path, LIST + "9-99,微网格长,示例己,,,\n")))
    assert answer.exit_code == 1
    assert "第 7 行: 没有网格“9-99”" in answer.output
    assert "没有写入。" in answer.output


def test_the_command_speaks_chinese_of_a_file_without_the_columns(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("颜色,大小\n红,3\n", encoding="utf-8")
    answer = run(tmp_path, str(path))
    assert answer.exit_code == 1
    assert "文件中没有网格或岗位一列" in str(answer.exception)
