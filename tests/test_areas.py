"""Areas: found, loaded once, each keeping its faults to itself."""

import threading

import pytest

import data
from geo.errors import PackError, UnknownArea
from layers.areas import Areas, areas_of

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
