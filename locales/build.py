"""Find the msgids of the code, merge them into the catalogues, and compile these: ``python -m locales.build``.

Needs Babel, a development dependency; the console itself reads the compiled files with the standard library.
"""

import ast
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from locales import DOMAIN, FOLDER, LOCALES

HOUSE = FOLDER.parent
ROOMS = ("api", "desk", "layers", "pages", "reports")
KEYWORDS = frozenset({"_", "N_"})
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same texts make the same file


def found() -> dict[str, set[str]]:
    """Return every msgid of the code with the files where it stands."""
    places: dict[str, set[str]] = {}
    for path in sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py")):
        for text in texts_of(path.read_text(encoding="utf-8")):
            places.setdefault(text, set()).add(path.relative_to(HOUSE).as_posix())
    return places


def texts_of(code: str) -> Iterator[str]:
    """Walk through the msgids of a Python source, those inside f-strings included, which Babel's own extractor misses before Python 3.12."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call) or not node.args or _called(node.func) not in KEYWORDS:
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def source(locale: str) -> Path:
    """Return the path of a catalogue's source."""
    return FOLDER / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(locale: str) -> Catalog:
    """Read the source of a catalogue."""
    with source(locale).open("rb") as file:
        return read_po(file, locale=locale, domain=DOMAIN)


def compiled(catalogue: Catalog) -> bytes:
    """Return the compiled form of a catalogue."""
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def merged(locale: str) -> Catalog:
    """Return a catalogue that has exactly the msgids of the code, with the translations it had."""
    old = read(locale) if source(locale).exists() else Catalog(locale=locale, domain=DOMAIN)
    new = Catalog(
        locale=locale,
        domain=DOMAIN,
        project=DOMAIN,
        charset="utf-8",
        fuzzy=False,
        creation_date=EPOCH,
        revision_date=EPOCH,
    )
    new.header_comment = f"# {locale} translations for {DOMAIN}; made by `python -m locales.build`, translated by hand."
    for text, places in sorted(found().items()):
        known = old.get(text)
        new.add(text, known.string if known else "", locations=[(path, 0) for path in sorted(places)])
    return new


def main() -> int:
    """Bring the catalogues up to date; exit 1 when a translation is missing."""
    missing = []
    for locale in LOCALES.values():
        if locale == "en":
            continue
        catalogue = merged(locale)
        source(locale).parent.mkdir(parents=True, exist_ok=True)
        with source(locale).open("wb") as file:
            write_po(file, catalogue, width=0, omit_header=False, include_lineno=False)
        source(locale).with_suffix(".mo").write_bytes(compiled(catalogue))
        missing += [f"{locale}: {message.id}" for message in catalogue if message.id and not message.string]
    sys.stdout.write("".join(f"{line}\n" for line in missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
