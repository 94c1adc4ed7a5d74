"""A hundred thousand rows in one file."""

from rooms import NOON, room_of
from small_pack import COLUMN, ROW, SOUTH, WEST, write_small_pack

from desk import imports
from layers.load import load
from ledger import find

HEAD = "工单编号,来电时间,诉求内容,地址,小类,经度,纬度\n"
PLACE = f"{WEST + 1.5 * COLUMN},{SOUTH + 1.5 * ROW}"


def rows_of(path, n):
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines(
            f"2026{i:08},2026-11-{1 + i % 18:02} 09:{i % 60:02},井盖破损{i % 500},中山路{i % 300}号,06010,{PLACE}\n"
            for i in range(n)
        )
    return path


def test_a_hundred_thousand_rows_are_planned_with_progress(tmp_path):
    room = room_of(load(write_small_pack(tmp_path / "small")), tmp_path / "ledger")
    n, seen = 100_000, []
    plan = imports.plan(
        room, rows_of(tmp_path / "a.csv", n), None, NOON, progress=lambda done, total: seen.append((done, total))
    )
    assert plan.counts["new"] == n
    assert seen == [(50_000, n), (n, n)]


def test_thousands_of_rows_are_one_change_and_then_known(tmp_path):
    room = room_of(load(write_small_pack(tmp_path / "small")), tmp_path / "ledger")
    path = rows_of(tmp_path / "a.csv", 5_000)
    imports.write(room, imports.plan(room, path, None, NOON), NOON)
    with room.ledger.reading() as connection:
        assert find.count(connection, room.wanted()) == 5_000
    assert imports.plan(room, path, None, NOON).counts["known"] == 5_000
