"""Names of accounts, and what a wall screen is called: which there can be, and as what they are kept."""

import unicodedata

from geo.errors import AccessError

LENGTH = range(2, 65)
SIGNS = frozenset("._-@")


def normal(name: str) -> str:
    """Return a name as it is compared: full-width letters and capitals are the same as others."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def is_name(name: str) -> bool:
    """Tell whether there can be an account of a name, which is normal."""
    return len(name) in LENGTH and all(sign.isalnum() or sign in SIGNS for sign in name)


def checked(name: str) -> str:
    """Return a name as it is kept.

    Raises
    ------
    AccessError
        ``name``: it is none.
    """
    made = normal(name)
    if not is_name(made):
        raise AccessError(
            f"{name[:80]!r} is no name for an account: 2 to 64 letters, digits, dots, hyphens, underscores or @.",
            "name",
        )
    return made


def called(name: str) -> str:
    """Return what a screen is called, as it is kept: nobody types it to come in, so it may be any words of one line.

    Raises
    ------
    AccessError
        ``screen``: it is nothing, longer than 64 signs, or holds what cannot be printed.
    """
    made = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(made) < LENGTH.stop or not made.isprintable():
        raise AccessError(f"{name[:80]!r} names no screen: write 1 to 64 signs on one line.", "screen")
    return made
