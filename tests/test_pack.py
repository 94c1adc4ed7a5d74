"""area.toml: every fault of it is named at once, and every key that is read stands in docs/packs.md."""

import inspect
import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from geo.errors import PackError
from geo.scheme import Name
from layers import pack
from layers.pack import read_pack

DOCS = Path(__file__).parent.parent / "docs" / "packs.md"

LEVEL = '[[levels]]\nkey = "micro"\nname = "微网格"\nfile = "micro.geojson"\ncode = "CODE"\n'
POINTS = '[[points]]\nkey = "gas"\nname = "加油站"\nkind = "site"\nfile = "gas.geojson"\n'


def write(folder: Path, text: str) -> Path:
    (folder / "area.toml").write_text(text, "utf-8")
    return folder


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(PackError) as caught:
        read_pack(write(folder, text))
    return list(caught.value.faults)


def test_the_least_pack_has_a_name_and_a_level(tmp_path):
    found = read_pack(write(tmp_path, f'name = "陇南社区"\n{LEVEL}'))
    assert found.name == Name("陇南社区", "陇南社区")
    assert (found.levels[0].key, found.levels[0].code, found.levels[0].label) == ("micro", "CODE", "CODE")
    assert (found.levels[0].crs, found.levels[0].encoding, found.timezone.key, found.calendar, found.edition) == (
        "EPSG:4326",
        "utf-8",
        "Asia/Shanghai",
        "none",
        None,
    )


def test_a_whole_pack_is_read_as_declared(tmp_path):
    text = f"""
name = "陇南社区"
name_en = "Longnan"
crs = "EPSG:4547"
edition = 2026-03-01
synthetic = true
attribution = "某局"
timezone = "Asia/Urumqi"
calendar = "cn"
{LEVEL}label = "SHORT"
parent = "UP"
stacks = "stacks.csv"
post = "POST"
volunteer = true
crs = "GCJ-02"
encoding = "gbk"
[[overlays]]
key = "dedicated"
name = "专属网格"
file = "d.geojson"
code = "NO"
title = "UNIT"
responsible = true
{POINTS}id = "ID"
class_property = "TYPE"
[points.fields]
name = "NAME"
[points.classes.lpg]
name = "瓶装气"
name_en = "Bottled gas"
[[points]]
key = "cases"
name = "事件"
kind = "incident"
class = "case"
file = "cases.geojson"
as_of = 2026-03-01T08:00:00Z
[points.status]
"已办结" = "closed"
[[ground]]
key = "water"
name = "水系"
kind = "water"
file = "water.geojson"
title = "NAME"
class = "KIND"
"""
    found = read_pack(write(tmp_path, text))
    level, overlay, (gas, cases), ground = found.levels[0], found.overlays[0], found.points, found.ground[0]
    assert (found.edition, found.synthetic, found.calendar) == (date(2026, 3, 1), True, "cn")
    assert (level.label, level.parent, level.stacks, level.post, level.volunteer, level.crs, level.encoding) == (
        "SHORT",
        "UP",
        "stacks.csv",
        "POST",
        True,
        "GCJ-02",
        "gbk",
    )
    assert (overlay.title, overlay.responsible, overlay.crs) == ("UNIT", True, "EPSG:4547")
    assert (gas.id, gas.class_property, dict(gas.fields), gas.classes["lpg"]) == (
        "ID",
        "TYPE",
        {"name": "NAME"},
        Name("瓶装气", "Bottled gas"),
    )
    assert (dict(cases.status), cases.as_of) == ({"已办结": "closed"}, datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert (ground.title, ground.class_) == ("NAME", "KIND")


def test_every_fault_is_named_at_once(tmp_path):
    text = """
name = 3
crs = "EPSG:99999999"
edition = "last year"
timezone = "Mars/Olympus"
colour = "red"
[[levels]]
key = "Micro Grid"
name = "微网格"
file = "../secrets.geojson"
volunteer = "yes"
[[points]]
key = "gas"
name = "加油站"
kind = "tree"
file = "gas.geojson"
[[overlays]]
key = "gas"
name = "x"
file = "x.geojson"
code = "C"
"""
    told = "\n".join(faults(tmp_path, text))
    for part in (
        "'name' must be text",
        "EPSG:99999999",
        "'edition' must be a date",
        "Mars/Olympus",
        "'colour' is not a key of ours",
        "'Micro Grid' must be",
        "outside the pack's folder",
        "'volunteer' must be true or false",
        "'code' is missing",
        "'kind' is 'tree'",
        "'gas' stands more than once",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('name = "x"\n', "declare at least one [[levels]]"),
        (f"{LEVEL}", "'name' is missing"),
        (f'name = " "\n{LEVEL}', "'name' is empty"),
        (
            f'name = "x"\n{LEVEL}stacks = "s.csv"\n{LEVEL.replace("micro", "leaf")}',
            "only the last (leaf) level can have 'stacks'",
        ),
        (f'name = "x"\n{LEVEL}{POINTS}class = "a"\nclass_property = "B"\n', "'class' or 'class_property', not both"),
        (f'name = "x"\n{LEVEL}{POINTS}fields = {{ name = 3 }}\n', "fields.name must be text"),
        ('name = "x"\nlevels = ["a"]\n', "[[levels]] number 1 is not a table"),
        (f'name = "x"\n{LEVEL.replace("micro", "grid_match", 1)}', "is a word of ours"),
    ],
)
def test_a_fault_says_what_is_wrong(tmp_path, text, fault):
    assert any(fault in told for told in faults(tmp_path, text))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "cannot be read"),
        (b"name = ", "not valid TOML"),
        ('name = "陇南"'.encode("gbk"), "not UTF-8"),
        (b"", "fault"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(tmp_path, raw, said):
    if raw is not None:
        (tmp_path / "area.toml").write_bytes(raw)
    with pytest.raises(PackError, match=said):
        read_pack(tmp_path)


def test_a_byte_order_mark_is_read_over(tmp_path):
    (tmp_path / "area.toml").write_bytes(b"\xef\xbb\xbf" + f'name = "陇南"\n{LEVEL}'.encode())
    assert read_pack(tmp_path).name.zh == "陇南"


# ---- the documentation ----------------------------------------------------------------------------------------------------------------------------------


def read_keys() -> set[str]:
    """The keys that layers/pack.py reads, from its code: what it takes from a table by a literal name."""
    return set(
        re.findall(r"\.(?:take|text|choice|file|texts|tables|crs)\(\s*\"([a-z_]+)\"", inspect.getsource(pack))
    ) | {"crs"}


def documented_keys() -> set[str]:
    """The keys in the first column of the tables of docs/packs.md."""
    return set(re.findall(r"^\| `([a-z_]+)` \|", DOCS.read_text("utf-8"), re.MULTILINE))


def test_the_documentation_has_every_key_and_no_other():
    assert documented_keys() == read_keys()


def test_the_example_in_the_documentation_is_a_pack(tmp_path):
    example = next(
        block for block in re.findall(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL) if "[[levels]]" in block
    )
    found = read_pack(write(tmp_path, example))
    assert [level.key for level in found.levels] == ["community", "grid3", "micro"]
    assert tomllib.loads(example)["crs"] == "EPSG:4490"


def test_the_kinds_are_documented():
    text = DOCS.read_text("utf-8")
    assert all(f"`{kind}`" in text for kind in (*pack.POINT_KINDS, *pack.GROUND_KINDS))


def test_the_options_of_pack_init_are_documented():
    from cli import battlemap

    command = battlemap.commands["pack"].commands["init"]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", DOCS.read_text("utf-8"), re.MULTILINE))


def test_two_layers_of_the_ground_with_one_key_are_named(tmp_path):
    ground = '[[ground]]\nkey = "water"\nname = "水"\nkind = "water"\nfile = "{}"\n'
    text = f'name = "陇南社区"\n{LEVEL}{ground.format("a.geojson")}{ground.format("b.geojson")}'
    assert faults(tmp_path, text) == ["area.toml: key 'water' stands more than once"]


@pytest.mark.parametrize("line", ['calendar = "cnn"', "edition = 2026-01-31T10:00:00", 'calendar = "../cn.csv"'])
def test_a_calendar_or_edition_that_nobody_can_use_is_named(tmp_path, line):
    assert any(line.split()[0] in fault for fault in faults(tmp_path, f'name = "陇南社区"\n{line}\n{LEVEL}'))
