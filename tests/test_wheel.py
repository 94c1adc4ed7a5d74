"""The wheel builds, installs into a clean environment, and its command answers."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_room_and_the_shipped_packs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "app.py",
        "cli.py",
        "settings.py",
        "geo/net.py",
        "data/longnan/area.toml",
        "data/mianfang/area.toml",
        "data/dc/area.toml",
        "pages/shell.py",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/", ".ci"))]
    assert any(name.startswith("layers/assets/") and name.endswith(".js") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_command_answers_from_a_clean_environment(wheel, tmp_path):
    """The dependencies are lent from this environment by a path file, so that the test needs no network; our own code comes from the wheel alone."""
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True, capture_output=True
    )
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    lent = next(path for path in sys.path if path.endswith("site-packages"))
    (Path(packages) / "lent.pth").write_text(lent + "\n", encoding="utf-8")
    found = subprocess.run(
        [python.parent / "battlemap", "--help"], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    for command in ("serve", "check", "assign", "pack"):
        assert command in found
    shown = subprocess.run(
        [python, "-c", "import cli; print(cli.__file__)"], check=True, capture_output=True, text=True, cwd=tmp_path
    ).stdout
    assert shown.startswith(packages)
