"""The prose is held to the code: commands, options, targets, links."""

import re
import shlex
from pathlib import Path

import click
import pytest

from cli import battlemap

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), ROOT / "benchmarks/README.md"]
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
COMMAND = re.compile(r"(?:^|`|\s{4,})(?:\.venv/bin/)?battlemap ([a-z][^`\n]*)", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def command_of(words):
    """The click command that the words of a command line name, and the words that are left."""
    command = battlemap
    while isinstance(command, click.Group):
        assert words, f"{command.name} needs a command"
        assert words[0] in command.commands, f"there is no `battlemap … {words[0]}`"
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_in_the_prose_exists_with_its_options(page):
    for line in COMMAND.findall(page.read_text(encoding="utf-8")):
        words = shlex.split(line.split(" #")[0].replace("…", ""), posix=False)
        command, rest = command_of(words)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
            "--help",
            "-h",
        }
        options = {re.split("[=\\]]", word)[0].strip("[],.") for word in rest if word.lstrip("[").startswith("--")}
        assert options <= known, f"{page.name}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_make_target_in_the_prose_exists(page):
    named = set(re.findall(r"(?:^|`|\s{4})make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_to_a_file_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_is_documented():
    prose = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name, command in battlemap.commands.items():
        for full in [f"{name} {sub}" for sub in command.commands] if isinstance(command, click.Group) else [name]:
            assert f"battlemap {full}" in prose, full


def test_the_tour_names_files_that_are_there():
    tour = (ROOT / "docs/tour.md").read_text(encoding="utf-8")
    for path in re.findall(r"`([a-z_/]+\.(?:py|toml|md)|[a-z_]+/[a-z_/]*)`", tour):
        assert (ROOT / path).exists(), path


def test_every_decision_is_listed():
    listed = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs/decisions").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in listed, page.name


def test_every_threat_names_a_test_and_every_test_in_the_prose_exists():
    there = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    for path in (ROOT / "tests").glob("test_*.py"):
        there |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
        assert named <= there, page.name
    threats = (ROOT / "docs/security.md").read_text(encoding="utf-8").split("## Threats")[1].split("##")[0]
    rows = [
        line for line in threats.splitlines() if line.startswith("| ") and not line.startswith(("| **", "| threat"))
    ]
    assert len(rows) > 30
    assert [row for row in rows if "`test_" not in row.rsplit(" | ", 1)[1]] == []
