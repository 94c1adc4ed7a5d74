"""Coordinate systems: names, EPSG codes, the zones of CGCS2000, GCJ-02 and BD-09."""

import json
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crs import (
    BD09,
    GCJ02,
    WGS84,
    ZONES,
    from_wgs84,
    geometries_from_wgs84,
    geometries_to_wgs84,
    in_china,
    parse,
    prefixed_zone,
    shift_metres,
    to_wgs84,
)
from geo.errors import CrsError, UnknownCrs

DATA = Path(__file__).parent / "data" / "coordinates"
SHIFTED = ["GCJ-02", "BD-09"]


@pytest.fixture(scope="module")
def places():
    records = json.loads((DATA / "gcoord_china-cities.json").read_text(encoding="utf-8"))
    return {key: np.array([record["coords"][key] for record in records]).T for key in ("WGS84", "GCJ02", "BD09")}


@pytest.mark.parametrize("system", ["GCJ02", "BD09"])
def test_664_published_places_agree_both_ways(places, system):
    assert places[system].shape == (2, 664)
    assert np.allclose(from_wgs84(*places["WGS84"], system), places[system], rtol=0, atol=1e-5)
    assert np.allclose(to_wgs84(*places[system], system), places["WGS84"], rtol=0, atol=1e-5)


def test_the_cases_of_eviltransform_agree():
    _, *cases = json.loads((DATA / "eviltransform_cases.json").read_text(encoding="utf-8"))["wgs2gcj"]
    lat, lon, gcj_lat, gcj_lon = np.array(cases).T
    assert np.allclose(from_wgs84(lon, lat, "GCJ-02"), [gcj_lon, gcj_lat], rtol=0, atol=1e-6)


def test_the_cases_of_coordtransform_agree():
    case = json.loads((DATA / "coordtransform_cases.json").read_text(encoding="utf-8"))
    assert np.allclose(from_wgs84(116.404, 39.915, "GCJ-02"), case["wgs84togcj02"], rtol=0, atol=1e-9)
    bd = from_wgs84(*to_wgs84(116.404, 39.915, "GCJ-02"), "BD-09")
    assert np.allclose(bd, case["gcj02tobd09"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("system", SHIFTED)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
@settings(max_examples=200, deadline=None)
def test_the_inverse_is_exact_everywhere(system, lon, lat):
    assert np.allclose(to_wgs84(*from_wgs84(lon, lat, system), system), [lon, lat], rtol=0, atol=1e-9)


@pytest.mark.parametrize("system", SHIFTED)
def test_the_inverse_is_exact_across_the_rim_of_the_outline(system):
    rng = np.random.default_rng(20)
    lon, lat = rng.uniform(70, 138, 200_000), rng.uniform(1, 56, 200_000)
    assert 0.2 < in_china(lon, lat).mean() < 0.5
    assert np.abs(np.array(to_wgs84(*from_wgs84(lon, lat, system), system)) - [lon, lat]).max() < 1e-10


OUTSIDE = {
    "New York": (-74.0, 40.7), "Brisbane": (153.0251, -27.4698), "Tokyo": (139.69, 35.69), "Seoul": (126.98, 37.57), "Pyongyang": (125.75, 39.03),
    "Vladivostok": (131.89, 43.12), "Hanoi": (105.85, 21.03), "Manila": (120.98, 14.6), "Ulaanbaatar": (106.9, 47.92), "Almaty": (76.9, 43.25),
    "Delhi": (77.2, 28.6), "Kathmandu": (85.32, 27.7), "Bangkok": (100.5, 13.75), "Singapore": (103.8, 1.35), "Naha": (127.7, 26.2), "Thimphu": (89.64, 27.47),
}  # fmt: skip
INSIDE = {
    "北京": (116.4, 39.9), "陇南社区": (113.6, 34.75), "漠河": (122.5, 53.5), "抚远": (134.3, 48.4), "珲春": (130.37, 42.86), "乌恰": (74.0, 39.5),
    "霍尔果斯": (80.42, 44.2), "亚东": (88.9, 27.48), "樟木": (85.98, 27.99), "瑞丽": (97.85, 24.0), "河口": (103.96, 22.5), "东兴": (107.97, 21.54), "丹东": (124.38, 40.12),
    "香港": (114.17, 22.3), "澳门": (113.54, 22.19), "台北": (121.56, 25.03), "三沙": (112.33, 16.83), "永暑": (112.9, 9.55), "阿克赛钦": (79.5, 35.2),
}  # fmt: skip


@pytest.mark.parametrize("city", OUTSIDE)
@pytest.mark.parametrize("system", SHIFTED)
def test_outside_of_china_nothing_moves_to_the_last_bit(city, system):
    lon, lat = OUTSIDE[city]
    assert from_wgs84(lon, lat, system) == (lon, lat)
    assert to_wgs84(lon, lat, system) == (lon, lat)


@pytest.mark.parametrize("city", INSIDE)
def test_in_china_gcj02_lies_90_to_700_metres_away(city):
    east, north = shift_metres(*INSIDE[city])
    assert 90 < float(np.hypot(east, north)) < 700


def test_the_shift_of_zhengzhou_in_metres():
    east, north = shift_metres(113.6, 34.75)
    gcj = from_wgs84(113.6, 34.75, GCJ02)
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(113.6, 34.75, *gcj)
    assert float(np.hypot(east, north)) == pytest.approx(metres, rel=3e-3)


@pytest.mark.parametrize(
    "name", ["EPSG:4326", "OGC:CRS84", "CRS84", "EPSG:4490", "CGCS2000", "urn:ogc:def:crs:EPSG::4326"]
)
def test_longitude_comes_first_whatever_the_register_says(name):
    assert to_wgs84(113.6, 34.75, name) == (113.6, 34.75)
    assert from_wgs84(113.6, 34.75, name) == (113.6, 34.75)


def test_other_lat_first_systems_are_lon_first_too():
    lon, lat = to_wgs84(113.6, 34.75, "EPSG:4258")
    assert (float(lon), float(lat)) == pytest.approx((113.6, 34.75), abs=1e-5)


CHECKED = [
    (113.61, 34.75, 464289.6, 3846927.6, 38), (103.92, 30.58, 396403.1, 3384907.4, 35), (98.51, 39.74, 457998.7, 4400775.5, 33),
    (94.66, 40.14, 385804.5, 4445935.0, 32),
]  # fmt: skip


@pytest.mark.parametrize(("lon", "lat", "easting", "northing", "zone"), CHECKED)
def test_zones_of_cgcs2000_with_and_without_the_number_of_the_zone(lon, lat, easting, northing, zone):
    for code, x in [(4509 + zone, easting), (4488 + zone, easting + zone * 1e6)]:
        assert from_wgs84(lon, lat, code) == pytest.approx((x, northing), abs=0.1)
        assert to_wgs84(x, northing, f"EPSG:{code}") == pytest.approx((lon, lat), abs=1e-5)


def test_there_are_21_zones_of_each_kind_and_pyproj_agrees_with_their_titles():
    assert len(ZONES) == 42
    for code, title in ZONES.items():
        official = pyproj.CRS.from_user_input(code).name
        number = official.split()[-1].removesuffix("E")
        assert number in title
        assert ("带带号" in title and "不带" not in title) == ("zone" in official)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EPSG:4547", "EPSG:4547"),
        ("epsg 4547", "EPSG:4547"),
        ("4547", "EPSG:4547"),
        (4547, "EPSG:4547"),
        ("EPSG：４５４７", "EPSG:4547"),
        ("urn:ogc:def:crs:EPSG::4547", "EPSG:4547"),
        ("http://www.opengis.net/def/crs/EPSG/0/4547", "EPSG:4547"),
        ("CGCS2000 / 3-degree Gauss-Kruger CM 114E", "EPSG:4547"),
        ("CGCS2000 3度带 中央经线114", "EPSG:4547"),
        ("国家2000 三度带 中央子午线114°E", "EPSG:4547"),
        ("CGCS2000 / 3-degree Gauss-Kruger zone 38", "EPSG:4526"),
        ("CGCS2000 3度带 38带", "EPSG:4526"),
        ("CGCS2000_3_Degree_GK_Zone_38", "EPSG:4526"),
        ("CGCS2000_3_Degree_GK_CM_114E", "EPSG:4547"),
        ("2000国家大地坐标系", "EPSG:4490"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("OGC:CRS84", "EPSG:4326"),
        ("WGS-84", "EPSG:4326"),
        ("+proj=longlat +datum=WGS84", "EPSG:4326"),
        ("gcj02", "GCJ-02"),
        ("高德", "GCJ-02"),
        ("火星坐标", "GCJ-02"),
        ("bd09ll", "BD-09"),
        ("百度坐标", "BD-09"),
        (pyproj.CRS.from_epsg(4547), "EPSG:4547"),
        (GCJ02, "GCJ-02"),
    ],
)
def test_many_spellings_of_one_system(name, code):
    assert parse(name).name == code


def test_wkt_of_esri_is_recognised():
    wkt = pyproj.CRS.from_epsg(4547).to_wkt("WKT1_ESRI")
    assert parse(wkt).name == "EPSG:4547"


def test_a_system_without_a_code_still_works():
    crs = parse("+proj=tmerc +lat_0=0 +lon_0=113.65 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m")
    assert not crs.geographic
    lon, lat = to_wgs84(*from_wgs84(113.6, 34.75, crs), crs)
    assert (float(lon), float(lat)) == pytest.approx((113.6, 34.75), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("WSG84", "Did you mean EPSG:4326"),
        ("EPSG:99999", "EPSG has no such code"),
        ("BD09MC", "export longitude and latitude"),
        ("郑州城建坐标", "not public"),
        ("CGCS2000 3度带 99带", "EPSG:4547"),
        ("", "EPSG:4326"),
        ("nowhere at all", "EPSG:4326"),
    ],
)
def test_an_unknown_name_is_answered_with_advice(name, advice):
    with pytest.raises(UnknownCrs, match=advice):
        parse(name)


@pytest.mark.parametrize("name", ["EPSG:4978", "EPSG:5773"])
def test_systems_without_plane_coordinates_are_refused(name):
    with pytest.raises(CrsError, match="no plane coordinates"):
        parse(name)


def test_what_is_not_finite_or_not_on_earth_becomes_nan():
    x, y = to_wgs84([np.nan, np.inf, 1e12, 464289.6], [1.0, 1.0, 1e12, 3846927.6], "EPSG:4547")
    assert np.isnan(x).tolist() == np.isnan(y).tolist() == [True, True, True, False]
    for name in ("EPSG:4326", *SHIFTED):
        assert np.isnan(to_wgs84([np.nan, 1.0], [1.0, -np.inf], name)).all()


@pytest.mark.parametrize("name", ["EPSG:4326", "EPSG:4547", *SHIFTED])
def test_nothing_in_nothing_out_and_the_callers_arrays_stay(name):
    assert [part.shape for part in to_wgs84([], [], name)] == [(0,), (0,)]
    x, y = np.array([113.6, 113.7]), np.array([34.7, 34.8])
    from_wgs84(x, y, name)
    assert x.tolist() == [113.6, 113.7]
    assert y.tolist() == [34.7, 34.8]


@pytest.mark.parametrize("name", ["EPSG:4547", "EPSG:4526", *SHIFTED])
def test_geometries_go_there_and_back_with_missing_and_empty_ones(name):
    geoms = np.array(
        [
            shapely.box(113.6, 34.7, 113.7, 34.8),
            None,
            shapely.Polygon(),
            shapely.MultiPoint([(113.6, 34.7), (113.61, 34.71)]),
        ]
    )
    back = geometries_to_wgs84(geometries_from_wgs84(geoms, name), name)
    assert back[1] is None
    assert back[2].is_empty
    assert shapely.equals_exact(back[0], geoms[0], tolerance=1e-9)
    assert shapely.equals_exact(back[3], geoms[3], tolerance=1e-9)


def test_the_number_of_the_zone_is_read_off_the_easting():
    assert prefixed_zone([38464289.6, 464289.6, 113.6, 12e6, 46e6, np.nan, np.inf, -38e6]).tolist() == [
        38,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ]


def test_names_print_as_we_write_them():
    assert [str(crs) for crs in (WGS84, GCJ02, BD09)] == ["EPSG:4326", "GCJ-02", "BD-09"]
