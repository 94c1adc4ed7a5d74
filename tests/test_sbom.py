"""The bill of materials: everything that is locked or shipped is in it, with licence and hashes, and it is CycloneDX."""

import hashlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements/run.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sbom():
    spec = importlib.util.spec_from_file_location("sbom", ROOT / ".ci/sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(sbom):
    return json.loads(sbom.written(sbom.bom()))  # valid, or it raises


def named(found, name):
    return next(one for one in found["components"] if one["name"] == name)


def needs(found, ref):
    return next(one.get("dependsOn", []) for one in found["dependencies"] if one["ref"] == ref)


def test_every_locked_package_is_in_it_with_the_hashes_of_the_lock_and_a_licence(found):
    packages = {f"{one['name']}=={one['version']}": one for one in found["components"] if "pypi" in one["bom-ref"]}
    lines = re.split(r"^(?=[a-z])", LOCK, flags=re.MULTILINE)[1:]
    locked = {line.split()[0]: set(re.findall("sha256:([0-9a-f]{64})", line)) for line in lines}
    assert len(locked) > 60
    assert {name: {one["content"] for one in package["hashes"]} for name, package in packages.items()} == locked
    assert all(package["licenses"][0]["expression"] for package in packages.values())


def test_licences_are_those_of_the_metadata(found):
    said = {one["name"]: one["licenses"][0]["expression"] for one in found["components"]}
    wanted = {
        "argon2-cffi": "MIT",
        "authlib": "BSD-3-Clause",
        "cryptography": "Apache-2.0 OR BSD-3-Clause",
        "itsdangerous": "BSD-3-Clause",
        "psycopg": "LGPL-3.0-only",
        "streamlit": "Apache-2.0",
    }
    assert {name: said[name] for name in wanted} == wanted


def test_what_needs_what_is_in_it_for_every_system(found):
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    roots = {re.split("[@?]", ref.removeprefix("pkg:pypi/"))[0] for ref in needs(found, "root-component")}
    assert {re.split(r"[\[<>=]", one)[0] for one in asked} <= roots
    assert any("psycopg-binary" in ref for ref in needs(found, named(found, "psycopg")["bom-ref"]))
    assert any("colorama" in ref for ref in needs(found, named(found, "build")["bom-ref"]))
    assert any("cffi" in ref for ref in needs(found, named(found, "cryptography")["bom-ref"]))


@pytest.mark.parametrize(
    ("name", "licence", "file"),
    [
        ("leaflet", "BSD-2-Clause", "layers/assets/leaflet/leaflet.js"),
        ("fonts:battlemap-song", "OFL-1.1", "layers/fonts/battlemap-song-regular.otf"),
        ("pack:dc", "CC-BY-4.0", "data/dc/smd.geojson"),
        ("pack:longnan", "Apache-2.0", "data/longnan/area.toml"),
    ],
)
def test_what_is_shipped_of_others_and_of_ours_is_in_it_file_by_file(found, name, licence, file):
    part = named(found, name)
    assert part["licenses"] == [{"expression": licence}]
    digest = next(one["hashes"][0]["content"] for one in part["components"] if one["name"] == file)
    assert digest == hashlib.sha256((ROOT / file).read_bytes()).hexdigest()


def test_no_address_of_an_index_is_in_it_and_it_is_the_same_each_time(sbom, found):
    text = sbom.written(sbom.bom())
    assert set(re.findall(r"https?://[^/\"]+", text)) == {"http://cyclonedx.org"}
    assert json.loads(text) == found


def test_what_is_no_bill_of_materials_is_not_written(sbom):
    with pytest.raises(ValueError, match="no CycloneDX"):
        sbom.written({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "nothing"}]})


def test_a_package_that_says_no_licence_is_named(sbom, monkeypatch):
    monkeypatch.setattr(sbom, "CALLED", {})
    with pytest.raises(LookupError, match=r"segno.*CALLED"):
        sbom.licence_of("segno")


def test_the_notice_names_every_package_that_the_project_asks_for():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8").lower()
    assert [one for one in asked if re.split(r"[\[<>=]", one)[0] not in notice] == []
