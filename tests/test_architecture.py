"""The house's rules, held by reading the imports."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("geo", "data", "incidents", "inspections", "layers", "ledger", "desk", "locales", "reports", "api", "pages")
EVERY_ROOM = {"geo", "settings", "data", "incidents", "inspections", "layers", "ledger", "desk", "locales", "reports"}
MAY_IMPORT = {
    "geo": set(),
    "settings": {"geo"},  # its errors only
    "data": {"geo"},
    "incidents": {"geo"},
    "inspections": {"geo", "incidents"},
    "layers": {"geo", "data"},
    "ledger": {"geo", "incidents", "inspections"},
    "desk": {"geo", "locales", "data", "layers", "incidents", "inspections", "ledger"},
    "locales": set(),
    "reports": {"geo", "locales", "data", "layers", "incidents", "inspections", "ledger", "desk"},
    "api": EVERY_ROOM,
    "pages": EVERY_ROOM,
    "cli": EVERY_ROOM | {"app"},
    "app": {"api", "settings", "geo"},
}
OURS = set(MAY_IMPORT)
IMPORTERS = {
    "folium": {"layers"},
    "branca": {"layers"},
    "streamlit": {"pages", "app"},
    "rtree": {"geo"},
    "sqlalchemy": {"ledger"},
    "alembic": {"ledger"},
    "psycopg": set(),
    "click": {"cli"},
    "chinese_calendar": {"incidents"},
    "authlib": {"desk"},
}
PURE = ("geo", "incidents", "inspections")
IMPURE = {"io", "pathlib", "socket", "sqlite3", "time", "urllib", "requests", "http", "subprocess", "tempfile"}


def modules():
    for room in (*ROOMS, "settings.py", "app.py", "cli.py"):
        path = ROOT / room
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            yield file.relative_to(ROOT).parts[0].removesuffix(".py"), file


def imports(file):
    """The names that a file imports, whole: geo.errors, folium, …"""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


MODULES = list(modules())


def test_there_are_modules_to_look_at():
    assert {room for room, _ in MODULES} >= {
        "geo",
        "data",
        "layers",
        "incidents",
        "inspections",
        "ledger",
        "reports",
        "api",
        "pages",
        "settings",
        "app",
        "cli",
    }


@pytest.mark.parametrize(
    ("room", "file"), MODULES, ids=lambda value: str(value.relative_to(ROOT)) if isinstance(value, Path) else None
)
def test_a_room_imports_only_what_it_may(room, file):
    foreign = {name.split(".")[0] for name in imports(file)} & OURS - MAY_IMPORT[room] - {room}
    assert not foreign, (
        f"{file.relative_to(ROOT)} imports {sorted(foreign)}; {room} may import {sorted(MAY_IMPORT[room])}"
    )


@pytest.mark.parametrize("package", IMPORTERS)
def test_a_package_is_imported_where_it_belongs_and_nowhere_else(package):
    importers = {room for room, file in MODULES if package in {name.split(".")[0] for name in imports(file)}}
    assert importers == IMPORTERS[package]


@pytest.mark.parametrize(
    ("room", "file"),
    [(room, file) for room, file in MODULES if room in PURE],
    ids=lambda value: str(value.relative_to(ROOT)) if isinstance(value, Path) else None,
)
def test_a_pure_room_knows_no_files_network_or_clock(room, file):
    assert not {name.split(".")[0] for name in imports(file)} & IMPURE
    assert not re.search(r"\b(?:date|datetime)\.(?:now|today|utcnow)\(", file.read_text(encoding="utf-8"))


def test_only_settings_reads_the_environment():
    readers = [
        file.relative_to(ROOT).as_posix()
        for _, file in MODULES
        if re.search(r"\bos\.(?:environ|getenv)\b|from os import.*\benviron", file.read_text(encoding="utf-8"))
    ]
    assert readers == ["settings.py"]


def test_pages_import_no_page_but_parts():
    for room, file in MODULES:
        if room == "pages":
            others = {
                name for name in imports(file) if name.startswith("pages.") and not name.startswith("pages.parts")
            }
            assert not others or file.name == "shell.py", f"{file.name} imports {sorted(others)}"


def test_no_room_is_called_utils():
    assert not {part for _, file in MODULES for part in file.relative_to(ROOT).with_suffix("").parts} & {
        "utils",
        "core",
        "services",
        "helpers",
        "common",
        "misc",
    }


def test_library_code_does_not_print():
    printing = [
        file.relative_to(ROOT).as_posix()
        for room, file in MODULES
        if room != "cli" and re.search(r"^\s*print\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not [name for name in printing if not name.endswith("__main__.py")]
