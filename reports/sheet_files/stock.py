"""What a street prints with: fonts and a template of its own, in ``papers/`` of the data directory, else those that are shipped.

Fonts of the street (``papers/fonts/*.otf|ttf|ttc``) come after the shipped ones and fill in what those lack; ``papers/fonts/title.otf|ttf`` and ``body.otf|ttf`` take their
place, for offices that own 方正小标宋 and 仿宋_GB2312.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont, TTLibError

from geo.errors import TemplateError

SHIPPED = Path(__file__).parents[2] / "layers/fonts"
TEMPLATE = Path(__file__).parent / "daily.docx"
FAMILY = "Battlemap Song"
ENDINGS = (".otf", ".ttf", ".ttc")


@dataclass(frozen=True)
class Stock:
    """Fonts and template.

    Attributes
    ----------
    folder
        ``papers/`` of the data directory; None for what is shipped alone.
    """

    folder: Path | None = None

    @property
    def fonts(self) -> list[Path]:
        """Folders with fonts."""
        own = self.folder / "fonts" if self.folder else None
        return [SHIPPED, own] if own and own.is_dir() else [SHIPPED]

    @property
    def template(self) -> Path:
        """The template of documents: the street's own where there is one."""
        own = self.folder / "daily.docx" if self.folder else None
        return own if own and own.is_file() else TEMPLATE

    def families(self, use: str) -> tuple[str, ...]:
        """Return the families to set a ``title`` or ``body`` in, the first that has a character is taken.

        Raises
        ------
        TemplateError
            A font of the street's own cannot be read.
        """
        own = [one for folder in self.fonts[1:] for one in _files(folder)]
        named = [name for path in own if path.stem.lower() == use for name in _read(path, path.stat().st_mtime_ns)[0]]
        others = [name for path in own for name in _read(path, path.stat().st_mtime_ns)[0]]
        return tuple(dict.fromkeys([*named, FAMILY, *others]))

    def lacking(self, texts: Iterable[str]) -> str:
        """Return the characters of texts that none of the fonts has, each once, in the order of their code.

        Raises
        ------
        TemplateError
            A font of the street's own cannot be read.
        """
        wanted = {one for text in texts for one in text if not one.isspace()}
        for folder in self.fonts:
            for path in _files(folder):
                wanted -= _read(path, path.stat().st_mtime_ns)[1]
        return "".join(sorted(wanted))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the families of a font file, and the characters that it has."""
    try:
        with ExitStack() as held:
            many = path.suffix.lower() == ".ttc"
            fonts = held.enter_context(TTCollection(path)).fonts if many else [held.enter_context(TTFont(path))]
            names = tuple(str(font["name"].getBestFamilyName()) for font in fonts)
            return names, frozenset(chr(code) for font in fonts for code in font.getBestCmap() or {})
    except (TTLibError, OSError, KeyError, ValueError) as error:
        raise TemplateError(f"{path.name} in papers/fonts is no font that can be read. Take it away, or put a whole one in its place.") from error  # fmt: skip
