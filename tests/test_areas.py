"""Areas: found, loaded once, each keeping its faults to itself."""

import os
import threading
from pathlib import Path

import pytest

import data
from geo.errors import PackError, UnknownArea
from layers.areas import Areas, areas_of
from layers.load import load

PACK = """
name = "试"
edition = 2026-01-01
[[levels]]
key = "micro"
name = "微网格"
file = "micro.geojson"
code = "CODE"
"""
SQUARE = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"CODE":"%s"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}}]}'


def pack(folder, name, toml=PACK, code="1"):
    path = folder / name
    path.mkdir(parents=True)
    (path / "area.toml").write_text(toml, encoding="utf-8")
    (path / "micro.geojson").write_text(SQUARE % code, encoding="utf-8")
    return path


def test_the_shipped_areas_are_there():
    assert set(data.available()) >= {"dc", "longnan", "mianfang"}


def test_a_folder_may_be_a_pack_or_hold_packs(tmp_path):
    one, other = pack(tmp_path / "many", "a"), pack(tmp_path, "b")
    found = data.available([tmp_path / "many", other])
    assert (found["a"], found["b"]) == (one, other)


def test_a_pack_of_ones_own_replaces_a_shipped_one(tmp_path):
    own = pack(tmp_path, "dc")
    assert data.path("dc", [tmp_path]) == own


def test_a_folder_that_is_not_there_holds_no_pack(tmp_path):
    assert data.available([tmp_path / "none"]) == data.available()


def test_an_unknown_area_is_named_with_the_known_ones(tmp_path):
    with pytest.raises(UnknownArea, match=r"'atlantis'.*dc"):
        Areas((tmp_path,), "dc").get("atlantis")


def test_the_first_area_comes_first(tmp_path):
    assert Areas((tmp_path,), "dc").names()[0] == "dc"


def test_a_broken_area_keeps_its_fault_to_itself(tmp_path):
    pack(tmp_path, "broken", toml="name = ")
    pack(tmp_path, "sound")
    areas = Areas((tmp_path,), "sound")
    for _ in range(2):
        with pytest.raises(PackError, match="not valid TOML"):
            areas.get("broken")
    assert areas.get("sound").net.count("micro") == 1


def test_a_broken_area_is_read_again_when_its_files_change(tmp_path):
    path = pack(tmp_path, "mended", toml="name = ")
    areas = Areas((tmp_path,), "mended")
    with pytest.raises(PackError):
        areas.get("mended")
    (path / "area.toml").write_text(PACK, encoding="utf-8")
    assert areas.get("mended").net.count("micro") == 1


def test_a_broken_area_raises_a_new_error_each_time(tmp_path):
    """An exception that is raised again keeps every frame that it ever passed: a wall that polls a broken area would fill the memory."""
    pack(tmp_path, "broken", toml="name = ")
    areas = Areas((tmp_path,), "broken")
    found = []
    for _ in range(2):
        with pytest.raises(PackError) as caught:
            areas.get("broken")
        found.append(caught.value)
    assert found[0] is not found[1]
    assert str(found[0]) == str(found[1])


def test_what_visitors_read_names_no_path_of_this_machine(tmp_path):
    path = pack(tmp_path, "broken", toml=PACK.replace("micro.geojson", "../x.geojson"))
    with pytest.raises(PackError, match=r"^broken.*1 fault") as caught:
        Areas((tmp_path,), "broken").get("broken")
    assert str(path) not in str(caught.value)
    assert len(caught.value.faults) == 1
    assert str(caught.value).count("outside the pack's folder") == 1


def test_an_error_of_our_own_making_is_kept_to_its_area_too(tmp_path, monkeypatch):
    def fails(_path):
        raise MemoryError

    monkeypatch.setattr("layers.areas.load", fails)
    pack(tmp_path, "odd")
    with pytest.raises(PackError, match=r"MemoryError.*log"):
        Areas((tmp_path,), "odd").get("odd")


def test_nobody_waits_for_ever_for_one_who_loads(tmp_path, monkeypatch):
    started, go = threading.Event(), threading.Event()

    def slow(path):
        started.set()
        go.wait(10)
        return load(path)

    monkeypatch.setattr("layers.areas.load", slow)
    pack(tmp_path, "slow")
    areas = Areas((tmp_path,), "slow", patience=0.01)
    loader = threading.Thread(target=areas.get, args=("slow",))
    loader.start()
    started.wait(10)
    with pytest.raises(PackError, match="still being read"):
        areas.get("slow")
    go.set()
    loader.join()
    assert areas.get("slow").net.count("micro") == 1


def test_a_folder_that_may_not_be_looked_into_is_an_area_that_says_so(tmp_path, monkeypatch):
    """An unreadable folder among the packs kept the console from starting."""
    closed = pack(tmp_path, "closed")
    real = Path.is_file

    def is_file(path):
        if closed in path.parents:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    assert data.available([tmp_path])["closed"] == closed


def test_a_file_that_is_not_of_the_pack_changes_nothing(tmp_path):
    path = pack(tmp_path, "a")
    before = load(path).digest
    (path / "notes.docx").write_bytes(b"x")
    assert load(path).digest == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    path = pack(tmp_path, "pipe")
    (path / "micro.geojson").unlink()
    os.mkfifo(path / "micro.geojson")
    with pytest.raises(PackError, match="no regular file"):
        load(path)


def test_a_pack_without_a_readable_grid_says_so(tmp_path):
    path = pack(tmp_path, "empty")
    (path / "micro.geojson").write_text('{"type":"FeatureCollection","features":[]}', encoding="utf-8")
    with pytest.raises(PackError, match=r"no readable grid.*battlemap check"):
        Areas((tmp_path,), "empty").get("empty")


def test_an_area_is_loaded_once_whoever_asks(tmp_path):
    pack(tmp_path, "sound")
    areas = Areas((tmp_path,), "sound")
    found = []
    threads = [threading.Thread(target=lambda: found.append(areas.get("sound"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(area) for area in found}) == 1


def test_the_same_folders_give_the_same_areas(tmp_path):
    assert areas_of((tmp_path,), "x") is areas_of((tmp_path,), "x")


def test_the_digest_follows_the_files(tmp_path):
    before = Areas((pack(tmp_path / "1", "a"),), "a").get("a").digest
    same = Areas((pack(tmp_path / "2", "a"),), "a").get("a").digest
    other = Areas((pack(tmp_path / "3", "a", code="2"),), "a").get("a").digest
    assert before == same != other


def test_the_real_pack_of_washington_is_whole():
    area = Areas((), "dc").get("dc")
    assert (area.net.count("anc"), area.net.count("smd")) == (40, 296)
    assert len(area.net.overlays[0]) == 8
    assert sum(len(frame) for frame in area.of_kind("incident").values()) == 4494
    assert {key: len(frame) for key, frame in area.of_kind("site").items()} == {
        "gas_stations": 108,
        "leaking_tanks": 1505,
        "above_ground_tanks": 57,
    }
    assert area.faults == ()


def test_our_wards_agree_with_the_official_ones_where_they_should():
    """The official ward of every illegal dumping, abandoned vehicle and gas station (NOTE.txt: 558/558, 398/398, 108/108)."""
    import json

    area = Areas((), "dc").get("dc")
    for key in ("illegal_dumping", "abandoned_vehicle", "gas_stations"):
        features = json.loads((data.path("dc") / f"{key}.geojson").read_text(encoding="utf-8"))["features"]
        official = [feature["properties"]["WARD"].removeprefix("Ward ") for feature in features]
        assert area.points[key]["ward"].tolist() == official
