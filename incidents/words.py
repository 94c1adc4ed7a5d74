"""Everyday words in free text: which terms stand in a message, the longest first.

No statistics and no model: the same text always gives the same answer, and each answer can name the word that it comes from.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

GAP = "…"
SENTENCE = re.compile(r"[。！？!?；;\n\r]+")
IGNORED = {"Cf", "Cc"}  # zero-width and control characters, which chats carry along unseen

Span = tuple[int, int]


class Found(NamedTuple):
    """A key whose terms stand in a text, with the sum of the squared lengths of those terms and the longest of them."""

    key: str
    score: float
    word: str


def plain(text: str) -> str:
    """Return a text as it is compared: NFKC, lower case, single spaces, and none beside a Chinese character."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in IGNORED)
    text = re.sub(r"[^\S\n]+", " ", text).strip()
    return re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", text)


class Term:
    """A word to look for; ``楼道…电动车`` asks for both parts in one sentence, in either order. An English word stands for itself and its plural."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.parts = tuple(filter(None, map(plain, word.split(GAP))))
        self.length = sum(map(len, self.parts))
        self._patterns = tuple(re.compile(_pattern(part)) for part in self.parts)

    def spans(self, sentence: str) -> list[Span]:
        """Return where the parts stand in a sentence, or nothing unless all of them do."""
        found = [[match.span() for match in pattern.finditer(sentence)] for pattern in self._patterns]
        return [span for spans in found for span in spans] if all(found) else []


def _pattern(part: str) -> str:
    return rf"(?<![a-z0-9]){re.escape(part)}(?:e?s)?(?![a-z0-9])" if part.isascii() else re.escape(part)


class Words:
    """Terms and the keys that they speak for.

    Parameters
    ----------
    terms
        Pairs of word and key, in the order in which equal scores shall stand.
    """

    def __init__(self, terms: Iterable[tuple[str, str]]) -> None:
        self._keys: dict[str, list[str]] = {}
        self._order: dict[str, int] = {}
        for word, key in terms:
            self._order.setdefault(key, len(self._order))
            if key not in self._keys.setdefault(word, []):
                self._keys[word].append(key)

    @cached_property
    def _terms(self) -> list[Term]:
        terms = [Term(word) for word in self._keys]
        return sorted((term for term in terms if term.parts), key=lambda term: (-term.length, term.word))

    def found(self, text: str) -> list[Found]:
        """Return the keys whose terms stand in a text, best first.

        A term that stands only inside longer ones counts for nothing: in 楼道杂物 nobody speaks of 杂物. Each term counts once, however often it stands there.
        """
        scores: dict[str, Found] = {}
        for term in self._standing(text):
            for key in self._keys[term.word]:
                before = scores.get(key, Found(key, 0.0, term.word))
                scores[key] = before._replace(score=before.score + term.length**2)
        return sorted(scores.values(), key=lambda found: (-found.score, self._order[found.key]))

    def _standing(self, text: str) -> Iterator[Term]:
        """Yield the terms of a text, the longest first, but those inside longer ones."""
        text = plain(text)
        sentences = [(sentence, set[int]()) for sentence in SENTENCE.split(text) if sentence]
        for term in self._terms:
            if not all(part in text for part in term.parts):
                continue
            places = [_places(term.spans(sentence)) - taken for sentence, taken in sentences]
            for (_, taken), fresh in zip(sentences, places, strict=True):
                taken.update(fresh)
            if any(places):
                yield term


def _places(spans: list[Span]) -> set[int]:
    return {place for span in spans for place in range(*span)}
