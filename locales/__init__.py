"""Gettext catalogues: msgids are English, zh_CN is complete and the default.

The sources are ``<locale>/LC_MESSAGES/battlemap.po``; ``python -m locales.build`` finds new msgids and compiles the ``.mo`` files that are read here.
"""

import gettext
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
DOMAIN = "battlemap"
LOCALES = MappingProxyType({"zh": "zh_CN", "en": "en"})
LANGUAGES = tuple(LOCALES)

Translator = Callable[[str], str]


@lru_cache(maxsize=len(LOCALES))
def translator(language: str) -> Translator:
    """Return a function from a msgid to the text in ``zh`` or ``en``; any other language gets Chinese."""
    locale = LOCALES.get(language, LOCALES["zh"])
    if locale == "en":
        return str
    return gettext.translation(DOMAIN, FOLDER, [locale]).gettext


def sentences(texts: Iterable[str]) -> str:
    """Return sentences one after the other; behind a Chinese full stop there is no space."""
    return re.sub(r"(?<=[。！？；：，]) ", "", " ".join(texts))


def listed(texts: Iterable[str], language: str) -> str:
    """Return a list of names: with 、 in Chinese, with commas in English."""
    return ("、" if language == "zh" else ", ").join(texts)


def N_(text: str) -> str:  # noqa: N802  the name that every extraction of msgids knows
    """Return a msgid as it is: in a table, for texts that are translated when they are shown."""
    return text
