"""The strict reader: what is defective is never silently accepted, and nothing ends in a traceback."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.validate import SEVERITY
from layers.check import check_file
from layers.geojson import decoded, likely_encoding, read_geojson, wrong_winding

EDGE = Path(__file__).parent / "data" / "geojson_edge"
FILES = sorted(path.relative_to(EDGE).as_posix() for path in EDGE.rglob("*.geojson"))

NOT_BAD = {
    "geojsonhint/test/data/bad/excessive_precision_truncated.geojson": "its own published result is an empty list",
}
NOT_GOOD = {
    "geojsonhint/test/data/good/issue82.geojson": "latitudes of -107 to -141: geojsonhint does not look at ranges",
    "rfc7946/js/example_02_a.geojson": "a fragment that the text of the RFC shortens: the ring is not closed",
    "rfc7946/js/example_appendix_03_c.geojson": "crosses the antimeridian uncut, against section 3.1.9",
}

SQUARE = [[113.0, 34.0], [113.1, 34.0], [113.1, 34.1], [113.0, 34.1], [113.0, 34.0]]


def verdict(name):
    if "/bad/" in name or "/invalid_" in name.removesuffix(Path(name).name):
        return "bad"
    return "any" if "/problematic_" in name else "good"


def write(tmp_path, content, name="grids.geojson"):
    path = tmp_path / name
    path.write_bytes(
        content
        if isinstance(content, bytes)
        else content.encode()
        if isinstance(content, str)
        else json.dumps(content).encode()
    )
    return path


def collection(*geometries, **members):
    features = [
        {"type": "Feature", "properties": {"code": str(n)}, "geometry": geometry}
        for n, geometry in enumerate(geometries, start=1)
    ]
    return {"type": "FeatureCollection", "features": features, **members}


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings or [SQUARE])}


def read(tmp_path, content, **options):
    return read_geojson(write(tmp_path, content), code="code", **options)


def kinds(tmp_path, content, **options):
    return [fault.kind for fault in read(tmp_path, content, **options).faults]


@pytest.mark.parametrize("name", FILES)
def test_every_edge_file_ends_in_the_published_verdict(name):
    faults = check_file(EDGE / name)
    errors = [fault for fault in faults if SEVERITY[fault.kind] == "error"]
    if verdict(name) == "bad":
        assert bool(faults) != (name in NOT_BAD)
    elif verdict(name) == "good":
        assert bool(errors) == (name in NOT_GOOD)


def test_all_edge_files_are_there():
    assert len(FILES) == 224
    assert set(NOT_BAD) | set(NOT_GOOD) <= set(FILES)
    assert {verdict(name) for name in FILES} == {"bad", "good", "any"}


def test_a_clean_collection_has_no_fault(tmp_path):
    found = read(tmp_path, collection(polygon()))
    assert found.faults == []
    assert found.geoms[0].equals(shapely.box(113.0, 34.0, 113.1, 34.1))


def test_a_single_feature_is_one_row(tmp_path):
    found = read(tmp_path, {"type": "Feature", "properties": {"code": "A"}, "geometry": polygon()})
    assert found.faults == []
    assert found.rows == [{"code": "A"}]


def test_a_bare_geometry_is_one_row_without_properties(tmp_path):
    found = read(tmp_path, polygon())
    assert (found.faults, found.rows, len(found.geoms)) == ([], [{}], 1)


def test_a_fault_of_a_feature_names_its_number_and_code(tmp_path):
    fault = read(tmp_path, collection(polygon(), polygon(SQUARE[:-1]))).faults[0]
    assert (fault.kind, fault.features, fault.codes) == ("unclosed_ring", (2,), ("2",))
    assert "feature 2 (2)" in fault.message


def test_an_unclosed_ring_is_read_as_if_closed(tmp_path):
    assert read(tmp_path, collection(polygon(SQUARE[:-1]))).geoms[0].equals(shapely.box(113.0, 34.0, 113.1, 34.1))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "not_geojson"),
        (b"  \n", "not_geojson"),
        (b"null", "not_geojson"),
        (b"[]", "not_geojson"),
        (b'"crs"', "not_geojson"),
        (b'{"type":"FeatureCollection","features":[', "not_geojson"),
        (b'{"type":"Topology","objects":{}}', "not_geojson"),
        (b"[" * 200_000, "not_geojson"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not_geojson"),
        (b'{"type":"Point","coordinates":' + b"[" * 400 + b"]" * 400 + b"}", "bad_coordinates"),
        (b'{"type":"Point","coordinates":[' + b"9" * 5000 + b",1]}", "not_geojson"),
        (b'{"type":"Point","coordinates":[' + b"9" * 400 + b",1]}", "bad_coordinates"),
        (b'{"type":"Point","coordinates":[1e999,1]}', "bad_coordinates"),
        (b'{"type":"Point","coordinates":[NaN,1]}', "not_geojson"),
        (b'{"type":"Point","coordinates":[true,1]}', "bad_coordinates"),
        (b'{"type":"Point","coordinates":["113","34"]}', "bad_coordinates"),
        (b'{"type":"Point","coordinates":[null,34]}', "bad_coordinates"),
        (b'{"type":"Point","coordinates":[113]}', "bad_coordinates"),
        (b'{"type":"Point","coordinates":{"x":1}}', "bad_coordinates"),
        (b'{"type":"Point"}', "bad_coordinates"),
        (b'{"type":"Point","type":"Point","coordinates":[1,2]}', "duplicate_member"),
        (b'{"type":"Polygon","coordinates":[[[1,2],[3,4],[1,2]]]}', "invalid_geometry"),
        (b'{"type":"Feature","properties":{},"geometry":{"type":"GeometryCollection","geometries":{}}}', "not_geojson"),
        ('{"type":"Feature","properties":{"n":"\ufffd"},"geometry":null}'.encode(), "lost_characters"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, kind):
    assert kind in kinds(tmp_path, content)


def test_a_missing_file_is_unreadable(tmp_path):
    assert [fault.kind for fault in read_geojson(tmp_path / "none.geojson").faults] == ["unreadable_file"]
    assert [fault.kind for fault in read_geojson(tmp_path).faults] == ["unreadable_file"]


def test_a_null_geometry_is_not_the_readers_fault(tmp_path):
    found = read(tmp_path, collection(None))
    assert (found.faults, list(found.said)) == ([], [False])


def test_a_polygon_of_empty_rings_is_empty_and_no_fault_of_reading(tmp_path):
    """As Shapely and PostGIS write an empty polygon."""
    found = read(tmp_path, {"type": "Polygon", "coordinates": [[]]})
    assert (found.faults, found.geoms[0].is_empty) == ([], True)
    assert kinds(tmp_path, {"type": "Polygon", "coordinates": [0]}) == ["bad_coordinates"]


def test_a_coordinate_beyond_all_measure_is_out_of_range_without_a_warning(tmp_path):
    ring = [[1e200, 0], [2e200, 0], [2e200, 1e200], [1e200, 0]]
    assert "coordinates_out_of_range" in kinds(tmp_path, collection(polygon(ring)))


def test_heights_are_dropped_and_a_fourth_number_is_said(tmp_path):
    assert kinds(tmp_path, {"type": "Point", "coordinates": [1, 2, 3]}) == []
    assert kinds(tmp_path, {"type": "Point", "coordinates": [1, 2, 3, 4]}) == ["odd_member"]


# --- encodings

CHINESE = json.dumps(collection(polygon()) | {"name": "陇南社区三级网格，微网格与专属网格"}, ensure_ascii=False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "big5"])
def test_a_declared_encoding_is_read(tmp_path, encoding):
    text = CHINESE if encoding != "big5" else CHINESE.replace("陇南社区三级网格，微网格与专属网格", "網格")
    assert kinds(tmp_path, text.encode(encoding), encoding=encoding) == []


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("gbk", "utf-8"),
        ("utf-16", "utf-8"),
        ("utf-16-le", "utf-8"),
        ("utf-8", "gbk"),
        ("utf-8-sig", "gbk"),
        ("utf-8", "klingon"),
        ("gbk", "rot13"),
    ],
)
def test_a_wrong_encoding_is_named_and_guessed(tmp_path, written, declared):
    found = read(tmp_path, CHINESE.encode(written), encoding=declared)
    assert [fault.kind for fault in found.faults] == ["wrong_encoding"]
    assert len(found) == 0


def test_the_advice_names_the_likely_encoding():
    assert "gb18030" in decoded(CHINESE.encode("gbk"), "utf-8")[1]
    assert likely_encoding(CHINESE.encode("utf-16")) == "utf-16"


# --- systems


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4490", "OGC:CRS84"]
)
def test_a_crs_member_that_says_the_same_is_no_fault(tmp_path, name):
    assert kinds(tmp_path, collection(polygon(), crs={"type": "name", "properties": {"name": name}})) == []


def test_systems_that_differ_by_less_than_half_a_metre_do_not_contradict(tmp_path):
    """NAD83 in Washington."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4269"}}
    assert kinds(tmp_path, {"type": "Point", "coordinates": [-77.0, 38.9], "crs": crs}) == []


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::4547", "EPSG:3857", "EPSG:4214", "Mars"])
def test_a_crs_member_that_says_otherwise_contradicts(tmp_path, name):
    assert kinds(tmp_path, collection(polygon(), crs={"type": "name", "properties": {"name": name}})) == [
        "crs_contradiction"
    ]


@pytest.mark.parametrize("member", [None, "EPSG:4326", {"type": "link", "properties": {"href": "x"}}, {"type": "name"}])
def test_a_crs_member_that_names_nothing_is_said(tmp_path, member):
    assert kinds(tmp_path, collection(polygon(), crs=member)) == ["odd_member"]


def test_a_file_in_gcj02_that_says_crs84_is_a_doubt(tmp_path):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert kinds(tmp_path, collection(polygon(), crs=crs), crs="GCJ-02") == ["crs_doubt"]


def test_latitudes_beyond_90_that_fit_when_swapped_are_swapped_axes(tmp_path):
    found = read(tmp_path, collection(polygon([[y, x] for x, y in SQUARE][::-1])))
    assert [fault.kind for fault in found.faults] == ["swapped_axes"]
    assert found.geoms[0] is None


def test_metres_declared_as_degrees_are_out_of_range(tmp_path):
    fault = read(tmp_path, {"type": "Point", "coordinates": [38464289.6, 3845000.0]}).faults[0]
    assert fault.kind == "coordinates_out_of_range"
    assert "EPSG:4526" in fault.message


def test_degrees_declared_as_metres_are_out_of_range(tmp_path):
    fault = read(tmp_path, collection(polygon()), crs="EPSG:4547").faults[0]
    assert fault.kind == "coordinates_out_of_range"
    assert "degrees" in fault.message


def test_northings_first_are_swapped_axes(tmp_path):
    assert kinds(tmp_path, {"type": "Point", "coordinates": [3845000.0, 464289.6]}, crs="EPSG:4547") == ["swapped_axes"]


def test_winding_is_said_once_a_file(tmp_path):
    found = read(tmp_path, collection(polygon(SQUARE[::-1]), polygon(), polygon(SQUARE[::-1])))
    assert [(fault.kind, fault.features, fault.count) for fault in found.faults] == [("right_hand_rule", (1, 3), 2)]


def test_winding_of_none_and_of_empty_ones_is_right():
    assert len(wrong_winding(np.array([None, shapely.Polygon(), shapely.Point(1, 2)], dtype=object))) == 0


def test_a_polygon_around_the_globe_is_said(tmp_path):
    assert "antimeridian" in kinds(
        tmp_path, collection(polygon([[-179, 10], [179, 10], [179, 11], [-179, 11], [-179, 10]]))
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["Point", "Polygon", "Feature"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "coordinates", "geometry", "properties", "features", "bbox", "id", "crs", "geometries", "name"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from(["", "features", "geometry", "coordinates", "properties", "crs", "bbox"]))
def test_no_json_ends_in_a_traceback(value, where):
    import tempfile

    document = collection(polygon())
    if where in {"features", "crs", "bbox"}:
        document[where] = value
    elif where == "coordinates":
        document["features"][0]["geometry"]["coordinates"] = value
    elif where:
        document["features"][0][where] = value
    else:
        document = value
    with tempfile.TemporaryDirectory() as folder:
        found = read_geojson(write(Path(folder), json.dumps(document)), code="code")
    assert len(found.rows) == len(found.geoms) == len(found.said)
