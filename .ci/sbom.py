"""What a release is made of, in CycloneDX: locked packages with hashes and licences, what needs what, and what is shipped of others. `make sbom` writes it.

cyclonedx-py reads the lock and checks the result; licences and needs come from the metadata of the installed packages. No address of an index is in it: who installs
from a mirror has another one, and the hashes say what is meant.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import ExpressionError, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).parent.parent
SYSTEMS = (("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows"))
PYTHONS = ("3.11", "3.12", "3.13")
ELSEWHERE = {"colorama": "BSD-3-Clause", "watchdog": "Apache-2.0"}  # locked for another system than this
LONGEST_NAME = 60  # a licence field beyond that is the whole text
SPDX = get_spdx_licensing()
# What older packages call their licence -> its SPDX identifier, as their licence file has it.
CALLED = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def bom() -> dict[str, Any]:
    """Return the bill of materials of this source tree."""
    found = _locked()
    packages = found["components"]
    for package in packages:
        _complete(package)
    root = found["metadata"]["component"]["bom-ref"]
    _strip_addresses(found["metadata"])
    ours = [_leaflet(), _fonts(), *_packs()]
    found["components"] = sorted([*packages, *ours], key=lambda one: str(one["bom-ref"]))
    found["dependencies"] = [
        {"ref": root, "dependsOn": sorted({*_refs(packages, _asked()), *(one["bom-ref"] for one in ours)})},
        *({"ref": one["bom-ref"], "dependsOn": sorted(_refs(packages, _needs(one["name"])))} for one in packages),
        *({"ref": one["bom-ref"]} for one in ours),
    ]
    return found


def written(found: dict[str, Any]) -> str:
    """Return a bill of materials as it is written; raises ValueError where it is none."""
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"This is no CycloneDX: {fault}")
    return text


def _locked() -> dict[str, Any]:
    command = ["-W", "ignore", "-m", "cyclonedx_py", "requirements", "requirements/run.txt", "--spec-version", "1.6"]
    options = ["--pyproject", "pyproject.toml", "--output-reproducible"]
    done = subprocess.run([sys.executable, *command, *options], cwd=HOUSE, check=True, capture_output=True)  # noqa: S603  ours
    return json.loads(done.stdout)


def _complete(package: dict[str, Any]) -> None:
    """Give a locked package its hashes in place of an address, its licence, and a name that others can point at."""
    package["hashes"] = [one for place in package.pop("externalReferences") for one in place["hashes"]]
    package["bom-ref"] = package["purl"]
    package["licenses"] = [{"expression": licence_of(package["name"])}]
    package.pop("description")


def licence_of(name: str) -> str:
    """Return the licence of an installed package as an SPDX expression; raises LookupError where its metadata does not say."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE[name]
    fields = [said.get("License-Expression", ""), said.get("License", "")]
    classified = [one.rsplit(" :: ", 1)[-1] for one in said.get_all("Classifier", []) if one.startswith("License ::")]
    for text in filter(None, [*fields, *classified]):
        expression = CALLED.get(text, text)
        if len(expression) <= LONGEST_NAME and _is_known(expression):
            return expression
    raise LookupError(f"{name} says no licence that SPDX knows: {[*fields, *classified]}. Add it to CALLED.")


def _is_known(expression: str) -> bool:
    try:
        return not SPDX.unknown_license_keys(expression)
    except ExpressionError:
        return False


def _asked() -> list[Requirement]:
    """Return what the project itself asks for, to run and to be built."""
    said = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    return [Requirement(one) for one in [*said["project"]["dependencies"], *said["dependency-groups"]["build"]]]


def _needs(name: str) -> Iterator[Requirement]:
    """Yield what a package asks for on any system and Python that we run on, extras that nobody asked for left out."""
    try:
        said = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    extras = {"", *(extra for one in _asked() if canonicalize_name(one.name) == name for extra in one.extras)}
    for one in map(Requirement, said):
        if one.marker is None or any(one.marker.evaluate(there) for there in _environments(extras)):
            yield one


def _environments(extras: set[str]) -> Iterator[dict[str, str]]:
    for (platform, os_name, system), python, extra in product(SYSTEMS, PYTHONS, sorted(extras)):
        yield {
            "sys_platform": platform,
            "os_name": os_name,
            "platform_system": system,
            "python_version": python,
            "python_full_version": f"{python}.0",
            "extra": extra,
        }


def _refs(packages: list[dict[str, Any]], wanted: Iterator[Requirement] | list[Requirement]) -> set[str]:
    names = {canonicalize_name(one.name) for one in wanted}
    return {one["bom-ref"] for one in packages if one["name"] in names}


def _leaflet() -> dict[str, Any]:
    folder = HOUSE / "layers/assets/leaflet"
    version = (folder / "leaflet.js").read_text(encoding="utf-8").split("Leaflet ", 1)[1].split(",", 1)[0]
    named = {"name": "leaflet", "version": version, "purl": f"pkg:npm/leaflet@{version}"}
    return {"type": "library", "bom-ref": named["purl"], **named, **_shipped(folder, "BSD-2-Clause")}


def _fonts() -> dict[str, Any]:
    """Return the fonts of papers, subsets of Noto Serif CJK SC."""
    shipped = _shipped(HOUSE / "layers/fonts", "OFL-1.1")
    return {"type": "data", "bom-ref": "fonts:battlemap-song", "name": "fonts:battlemap-song", **shipped}


def _packs() -> Iterator[dict[str, Any]]:
    """Yield the area packs that are shipped: ours, and open data under the licence that they name."""
    for file in sorted(HOUSE.glob("data/*/area.toml")):
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        theirs = "CC BY 4.0" in said.get("attribution", "")
        credit = {"copyright": said["attribution"]} if theirs else {}
        licence = "CC-BY-4.0" if theirs else "Apache-2.0"
        ref = f"pack:{file.parent.name}"
        yield {"type": "data", "bom-ref": ref, "name": ref, **credit, **_shipped(file.parent, licence)}


def _shipped(folder: Path, licence: str) -> dict[str, Any]:
    """Return the licence of what lies in a folder, and its files with their hashes."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {"licenses": [{"expression": licence}], "components": [_file(file) for file in files]}


def _file(file: Path) -> dict[str, Any]:
    name, digest = file.relative_to(HOUSE).as_posix(), hashlib.sha256(file.read_bytes()).hexdigest()
    return {"type": "file", "bom-ref": name, "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}


def _strip_addresses(said: Any) -> None:
    for one in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        _strip_addresses(one)
    if isinstance(said, dict):
        said.pop("externalReferences", None)


if __name__ == "__main__":
    out = HOUSE / "dist/battlemap.cdx.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(written(bom()), encoding="utf-8")
