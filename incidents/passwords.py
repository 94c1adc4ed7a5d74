"""What a password must be: policies as pure functions, NIST SP 800-63B-4 and 等级保护二级 among them (``data/rules/identity.toml``)."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True)
class Policy:
    """What a password must be.

    Attributes
    ----------
    least, longest
        Characters (code points, after NFKC).
    kinds
        How many of four kinds it must hold: lower case, upper case, digits, others. Letters without case (汉字) count as others.
    max_age
        After which it must be changed; None for never.
    past
        How many earlier ones may not come again.
    words
        Common passwords and what they are made of, in lower case.
    """

    least: int
    longest: int
    kinds: int = 1
    max_age: timedelta | None = None
    past: int = 0
    words: frozenset[str] = frozenset()


def normal(password: str) -> str:
    """Return a password as it is compared, whatever keyboard typed it (NFKC; NIST SP 800-63B-4 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def faults(policy: Policy, password: str, *, name: str = "") -> tuple[str, ...]:
    """Return everything that is wrong with a password; empty when it may be taken.

    Parameters
    ----------
    name
        Of the account: a password may not be made of it.

    Returns
    -------
    ``short``, ``long``, ``control`` (a character that no keyboard types), ``kinds``, ``common``, ``simple`` (one row of keys, one part repeated), ``name``.
    """
    text = normal(password)
    bare, own = _bare(text), normal(name).casefold()
    checks = {
        "short": len(text) < policy.least,
        "long": len(text) > policy.longest,
        "control": any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in text),
        "kinds": len(_kinds(text)) < policy.kinds,
        "common": text.casefold() in policy.words or bare in policy.words,
        "simple": _is_simple(text.casefold()),
        "name": bool(own) and (bare == own or own == text.casefold() or own[::-1] == bare),
    }
    return tuple(fault for fault, found in checks.items() if found)


def is_old(policy: Policy, changed: datetime, now: datetime) -> bool:
    """Tell whether a password must be changed because of its age."""
    return policy.max_age is not None and now - changed >= policy.max_age


def _kinds(text: str) -> set[str]:
    return {
        "lower" if sign.islower() else "upper" if sign.isupper() else "digit" if sign.isdigit() else "other"
        for sign in text
    }


def _bare(text: str) -> str:
    """Return a text without the digits and signs around it: ``Longnan@2026!`` is made of longnan."""
    letters = [at for at, sign in enumerate(text) if sign.isalpha()]
    return text[letters[0] : letters[-1] + 1].casefold() if letters else ""


def _is_simple(text: str) -> bool:
    """Tell whether a text is one character, one row up or down (0 follows 9), or a part that comes again."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    repeats = any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))
    return repeats or (bool(steps) and (steps <= {1, -9} or steps <= {-1, 9}))
