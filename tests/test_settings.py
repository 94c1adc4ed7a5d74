"""Settings: what an administrator may set, and what happens when it is wrong."""

import dataclasses
import re
from pathlib import Path

import pytest

from geo.errors import SettingsError
from settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
VARIABLES = {PREFIX + field.name.upper() for field in dataclasses.fields(Settings)}


def test_an_empty_environment_gives_the_defaults():
    assert Settings.from_env({}) == Settings()


def test_a_blank_variable_counts_as_unset():
    assert Settings.from_env({"BATTLEMAP_PORT": " "}).port == 8501


def test_packs_are_several_folders_parted_as_the_system_parts_paths(tmp_path):
    import os

    assert Settings.from_env({"BATTLEMAP_PACKS": f"{tmp_path}{os.pathsep}/srv/packs"}).packs == (
        tmp_path,
        Path("/srv/packs"),
    )


def test_names_are_several_parted_by_commas():
    assert Settings.from_env({"BATTLEMAP_NAMES": "Wangge.gov.cn, b.cn,"}).names == ("wangge.gov.cn", "b.cn")


def test_other_variables_are_left_alone():
    assert Settings.from_env({"HOME": "/nowhere", "STREAMLIT_SERVER_PORT": "1"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("BATTLEMAP_PORT", "eighty", "invalid literal"),
        ("BATTLEMAP_PORT", "70000", "between 1 and 65535"),
        ("BATTLEMAP_LANGUAGE", "fr", "zh or en"),
        ("BATTLEMAP_NAMES", "http://a.cn", "without http://"),
        ("BATTLEMAP_STALE_AFTER", "0", "above 0"),
        ("BATTLEMAP_TILES", "/no/such/file.mbtiles", "no such file"),
        ("BATTLEMAP_RULES", "/no/such/folder", "no such"),
        ("BATTLEMAP_RULES", __file__, "no folder"),
        ("BATTLEMAP_PROT", "8501", "is not a setting"),
    ],
)
def test_a_wrong_value_is_named(variable, value, says):
    with pytest.raises(SettingsError, match=variable) as caught:
        Settings.from_env({variable: value})
    assert says in str(caught.value)


def test_every_wrong_value_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"BATTLEMAP_PORT": "x", "BATTLEMAP_LANGUAGE": "fr"})
    assert "BATTLEMAP_PORT" in str(caught.value)
    assert "BATTLEMAP_LANGUAGE" in str(caught.value)


def test_docs_list_every_setting_and_no_other():
    said = set(
        re.findall(r"^\| `(BATTLEMAP_[A-Z_]+)`", (ROOT / "docs/settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert said == VARIABLES


def test_docs_name_no_variable_that_is_not_a_setting():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]:
        named = set(re.findall(r"BATTLEMAP_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
        assert named <= VARIABLES | {"BATTLEMAP_TEST_CHROMIUM"}, path
