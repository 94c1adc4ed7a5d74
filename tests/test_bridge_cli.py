"""The bridge at the command line: two consoles, joined by keys and a folder; what carries a report is done by processes of their own."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from bridges import LEAF
from click.testing import CliRunner
from phones import Phone
from rooms import room_of, shipped

from cli import battlemap
from ledger import find
from ledger.find import Wanted


class Console:
    """A console that is commanded from a terminal."""

    def __init__(self, folder):
        self.folder = folder
        self.environ = {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_DEMO": "off"}

    def run(self, *words, code=0):
        """Run a command here, which is quick."""
        done = CliRunner(env=self.environ).invoke(battlemap, ["bridge", *words])
        said = done.output + (str(done.exception) if done.exception and code else "")
        assert done.exit_code == code, (said, done.exception)
        return said

    def process(self, *words):
        """Run a command in a process of its own, as a timer does."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BATTLEMAP_")}
        command = [sys.executable, "-m", "cli", "bridge", *words]
        done = subprocess.run(command, env=clean | self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def consoles(tmp_path):
    return tuple(Console(tmp_path / side) for side in ("inside", "outside"))


def report(console, text):
    """Report something on a phone of a console that serves."""
    room = room_of(shipped("longnan"), console.folder)
    try:
        phone = Phone(room, part=f"micro:{LEAF}", at=datetime.now(UTC))
        phone.send(phone.report(text, grid=LEAF))
    finally:
        room.ledger.close()


def texts(console):
    room = room_of(shipped("longnan"), console.folder)
    try:
        with room.ledger.reading() as connection:
            return [case.text for case in find.incidents(connection, Wanted(room.id))]
    finally:
        room.ledger.close()


def test_two_consoles_are_joined_and_carry_batches_by_one_command_each(consoles, tmp_path):
    inside, outside = consoles
    keys = {console: console.run("key").splitlines() for console in consoles}
    assert all((console.folder / "bridge.key").stat().st_mode & 0o777 == 0o600 for console in consoles)
    assert "has no bridge" in inside.run("status", code=1)
    assert "no public key" in inside.run("join", "abc", "--side", "inside", code=1)
    assert keys[outside][1] in inside.run("join", keys[outside][0], "--side", "inside")
    outside.run("join", keys[inside][0], "--side", "outside")
    assert "every 5 min" in outside.run("schedule", "--out", str(tmp_path / "way"), "--every", "5")

    report(outside, "三楼楼道堆放纸箱")
    written = json.loads(outside.process("export", "--json"))
    assert (written["sequence"], written["counts"]["things"]) == (1, 1)
    assert "第 1 批已导入：外网操作 1；已执行 1" in inside.process("import", str(tmp_path / "way"), "--language", "zh")
    assert texts(inside) == ["三楼楼道堆放纸箱"]
    assert [path.parent.name for path in (tmp_path / "way").rglob("*.bridge")] == ["taken"]

    status = inside.run("status", "--language", "en")
    assert keys[outside][1] in status
    assert "inside (command room)" in status
    assert (inside.folder / "bridge.key").read_text().strip() not in status
    (tmp_path / "way" / "x.bridge").write_bytes(b"no batch")
    assert "x.bridge refused (damaged" in inside.run("import", str(tmp_path / "way"), "--language", "en", code=1)
    assert "x.bridge" in inside.run("status", "--language", "en")
    (tmp_path / "way" / "y.bridge").write_bytes(b"no batch")
    refused = inside.run("import", str(tmp_path / "way"), "--language", "zh", code=1)
    assert "请让对侧重新导出" in refused
    assert "Nothing" not in refused


def test_another_key_takes_the_place_of_the_one_before_only_when_that_is_said(consoles, tmp_path):
    inside, outside = consoles
    (key, _), (other, fingerprint) = (
        console.run("key").splitlines() for console in (outside, Console(tmp_path / "stranger"))
    )
    inside.run("join", key, "--side", "inside")
    inside.run("join", key, "--side", "inside")  # again, as after a backup
    assert "add --replace" in inside.run("join", other, "--side", "inside", code=1)
    assert "add --replace" in inside.run("join", key, "--side", "outside", code=1)
    assert fingerprint not in inside.run("status")
    inside.run("join", other, "--side", "inside", "--replace")
    assert fingerprint in inside.run("status")
