"""Readings of monitors as tables: encodings, headings, gaps, doubles, stopped stations; whole files or none."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from desk.air import readings
from desk.air.readings import Readings, folder_of, gather, read, take
from geo.errors import TableError
from inspections.air import Pollutant

ZONE = ZoneInfo("Asia/Shanghai")
HOUR = datetime(2026, 11, 20, 0, tzinfo=UTC)  # 08:00 in Zhengzhou
HEAD = "站点编号,站点名称,时间,PM2.5(μg/m3),PM10,SO2,NO2,CO,O3,经度,纬度"
ROW = "S1,建设路微站,2026-11-20 08:00,75,120,10,40,1.2,90,113.63,34.74"


def written(folder, *rows, head=HEAD, name="a.csv", encoding="utf-8-sig"):
    path = folder / name
    path.write_bytes("\n".join((head, *rows)).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_table_is_read_in_every_encoding_that_is_usual(tmp_path, encoding):
    found = read(written(tmp_path, ROW, encoding=encoding), ZONE)
    assert found.hours["S1"][HOUR] == {Pollutant.PM25: 75, Pollutant.PM10: 120, Pollutant.SO2: 10, Pollutant.NO2: 40, Pollutant.CO: 1.2, Pollutant.O3: 90}  # fmt: skip
    station = found.stations["S1"]
    assert (station.name, station.lon, station.lat) == ("建设路微站", 113.63, 34.74)
    assert found.faults == ()


def test_a_workbook_with_its_own_times_is_read(tmp_path):
    book = Workbook()
    book.active.append(["站点", "监测时间", "细颗粒物"])
    book.active.append(["微站一", datetime(2026, 11, 20, 8), 75])  # noqa: DTZ001  as a spreadsheet has it
    book.active.append(["微站一", 46346.375, "76"])
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx", ZONE)
    assert [values[Pollutant.PM25] for values in found.hours["微站一"].values()] == [75, 76]
    assert found.latest("微站一") == HOUR + timedelta(hours=1)


def test_titles_above_the_headings_and_numbers_as_codes_are_read(tmp_path):
    book = Workbook()
    for row in (["2026年11月监测数据表"], ["站点编号", "监测时间", "PM2.5"], [1006.0, "2026-11-23 10:00", 35]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    found = read(tmp_path / "x.xlsx", ZONE)
    assert list(found.stations) == ["1006"]
    assert list(found.hours["1006"].values()) == [{Pollutant.PM25: 35}]


@pytest.mark.parametrize("gap", ["-", "—", "", "/", "NA".lower(), "无", "null"])
def test_what_is_missing_is_no_zero_and_no_fault(tmp_path, gap):
    if gap == "na":
        gap = "N/A"
    found = read(written(tmp_path, f"S1,一,2026-11-20 08:00,{gap},120,,,,,,"), ZONE)
    assert found.hours["S1"][HOUR] == {Pollutant.PM10: 120}
    assert found.faults == ()


def test_a_station_that_stopped_has_its_hours_without_values(tmp_path):
    found = read(written(tmp_path, ROW, "S1,建设路微站,2026-11-20 09:00,-,-,-,-,-,-,,"), ZONE)
    assert found.hours["S1"][HOUR + timedelta(hours=1)] == {}
    assert found.latest("S1") == HOUR
    assert found.stations["S1"].lon == 113.63


def test_what_cannot_be_is_named_with_row_and_column(tmp_path):
    rows = ("S1,一,2026-11-20 08:00,很高,120,,,,,,", "S1,一,2026-02-30 08:00,75,,,,,,,", ",,2026-11-20 08:00,75,,,,,,,", "S1,一,2026-11-20 10:00,-5,99999,,,,,,")  # fmt: skip
    found = read(written(tmp_path, *rows), ZONE)
    assert [(one.row, one.column, one.kind) for one in found.faults] == [
        (2, "PM2.5(μg/m3)", "number"), (3, "时间", "time"), (4, "站点编号", "no_station"), (5, "PM10", "number"), (5, "PM2.5(μg/m3)", "number"),
    ]  # fmt: skip
    assert found.hours["S1"][HOUR] == {Pollutant.PM10: 120}


def test_all_that_was_left_out_is_counted_and_the_first_are_named(tmp_path):
    found = read(written(tmp_path, *(f"S1,一,2026-11-20 08:00,很高,{at},,,,,," for at in range(70))), ZONE)
    assert (len(found.faults), found.left_out) == (50, 70)
    assert gather(tmp_path, ZONE).left_out == 70


@pytest.mark.parametrize(("lon", "lat"), [("113.6", "-120"), ("190", "34.7")])
def test_a_place_that_is_none_is_a_fault(tmp_path, lon, lat):
    found = read(written(tmp_path, f"S1,一,2026-11-20 08:00,75,,,,,,{lon},{lat}"), ZONE)
    assert [one.kind for one in found.faults] == ["number"]
    assert found.stations["S1"].lon is None


def test_a_time_at_the_end_of_all_years_is_a_fault_and_no_crash(tmp_path):
    found = read(written(tmp_path, "S1,一,9999-12-31 23:59:59,75,,,,,,,"), ZoneInfo("America/New_York"))
    assert [one.kind for one in found.faults] == ["time"]


def test_a_link_to_nothing_hides_no_other_file(tmp_path):
    written(tmp_path, ROW)
    (tmp_path / "b.csv").symlink_to(tmp_path / "gone.csv")
    assert HOUR in gather(tmp_path, ZONE).hours["S1"]


@pytest.mark.parametrize("name", ["a\0.csv", "a.c\0sv", "\ud800.csv", "x" * 300 + ".csv", "a." + "x" * 300])
def test_a_name_of_any_kind_is_taken_or_refused(tmp_path, name):
    try:
        take(tmp_path, name, f"{HEAD}\n{ROW}".encode(), ZONE)
    except TableError:
        assert list(tmp_path.iterdir()) == []
    else:
        assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("head", "said"), [("时间,PM2.5", "a station"), ("站点,PM2.5", "a time"), ("站点,时间,温度", "a pollutant")])  # fmt: skip
def test_a_table_without_what_it_needs_is_refused(tmp_path, head, said):
    with pytest.raises(TableError, match=said):
        read(written(tmp_path, "1,2,3", head=head), ZONE)


def test_of_two_values_for_an_hour_the_later_file_counts_and_that_is_said(tmp_path):
    written(tmp_path, ROW, name="a.csv")
    later = written(tmp_path, ROW.replace(",75,", ",80,"), name="b.csv")
    os.utime(tmp_path / "a.csv", ns=(1, 1))
    found = gather(tmp_path, ZONE)
    assert (found.hours["S1"][HOUR][Pollutant.PM25], found.twice) == (80, 1)
    later.unlink()
    assert gather(tmp_path, ZONE).hours["S1"][HOUR][Pollutant.PM25] == 75


def test_a_file_that_cannot_be_used_takes_no_other_with_it(tmp_path):
    written(tmp_path, ROW)
    (tmp_path / "b.csv").write_text("nothing,of,this\n1,2,3\n", encoding="utf-8")
    (tmp_path / ".half.csv").write_text("x", encoding="utf-8")
    found = gather(tmp_path, ZONE)
    assert list(found.refused) == ["b.csv"]
    assert HOUR in found.hours["S1"]


def test_of_more_files_than_are_read_the_newest_count(tmp_path, monkeypatch):
    monkeypatch.setattr(readings, "MOST_FILES", 2)
    for place in range(3):
        path = written(tmp_path, ROW.replace("08:00", f"0{place}:00"), name=f"{place}.csv")
        os.utime(path, ns=(place, place))
    hours = gather(tmp_path, ZONE).hours["S1"]
    assert {hour.astimezone(ZONE).hour for hour in hours} == {1, 2}


def test_no_folder_has_no_readings(tmp_path):
    assert gather(folder_of(tmp_path, "longnan"), ZONE) == Readings()


def test_a_table_that_is_handed_in_lies_there_whole_or_not_at_all(tmp_path):
    folder = folder_of(tmp_path, "longnan")
    with pytest.raises(TableError, match=r"has 1 cell.*row 2, PM2.5"):
        take(folder, "微站.csv", f"{HEAD}\nS1,一,2026-11-20 08:00,很高,,,,,,,".encode(), ZONE)
    assert list(folder.iterdir()) == []
    assert take(folder, "../../微站 .csv", f"{HEAD}\n{ROW}".encode("gbk"), ZONE).stations.keys() == {"S1"}
    assert [path.name for path in folder.iterdir()] == ["微站.csv"]
    with pytest.raises(TableError, match="tables end in"):
        take(folder, "a.exe", b"x", ZONE)
    assert [path.name for path in folder.iterdir()] == ["微站.csv"]


def test_a_table_of_a_name_that_is_there_takes_no_hours_away(tmp_path):
    folder = folder_of(tmp_path, "longnan")
    first, second = (f"{HEAD}\n{ROW.replace('08:00', hour)}".encode() for hour in ("08:00", "09:00"))
    for data in (first, second, second):
        take(folder, "微站.csv", data, ZONE)
    assert sorted(path.name for path in folder.iterdir()) == ["微站-2.csv", "微站.csv"]
    found = gather(folder, ZONE)
    assert (len(found.hours["S1"]), found.twice) == (2, 0)


@given(st.lists(st.floats(0, 500).map(lambda value: round(value, 1)), min_size=1, max_size=24))
def test_what_was_written_is_read(tmp_path_factory, values):
    rows = [f"S1,一,{HOUR.astimezone(ZONE) + timedelta(hours=at):%Y-%m-%d %H}:00,{value},,,,,,," for at, value in enumerate(values)]  # fmt: skip
    found = read(written(tmp_path_factory.mktemp("air"), *rows), ZONE)
    assert [found.hours["S1"][HOUR + timedelta(hours=at)][Pollutant.PM25] for at in range(len(values))] == values
