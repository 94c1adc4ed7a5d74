"""Passwords as argon2id hashes: making them, proving them, and whether they may be taken."""

import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from types import MappingProxyType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from desk.access.rules import Identity
from geo.errors import LoginError, PasswordError
from incidents import passwords

PATIENCE = 5.0  # seconds that a log-in waits for its turn
# Letters and digits that nobody takes for one another.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
GROUP, MADE = 4, 16  # characters of a made password, in groups that can be read out
SAID: Mapping[str, str] = MappingProxyType(
    {
        "short": "it is too short",
        "long": "it is too long",
        "control": "it holds a character that no keyboard types",
        "kinds": "it needs more kinds of characters: small letters, capitals, digits, others",
        "common": "it is a common one, or made of a common word",
        "simple": "it is a row of keys, or one part over and over",
        "name": "it is made of the account's name",
        "past": "it was used before",
    }
)


class Passwords:
    """Hashes of one cost, under one policy.

    Attributes
    ----------
    nobody
        A hash of nothing that anybody knows, with which the password for a name that nobody has is compared: it costs the same.
    """

    def __init__(self, rules: Identity) -> None:
        cost = rules.cost
        self._policy = rules.policy
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._turns = BoundedSemaphore(cost.at_once)
        self.nobody = self._hasher.hash(secrets.token_urlsafe())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn to hash, so that a storm of log-ins takes bounded memory.

        Raises
        ------
        LoginError
            ``often``: too many wait.
        """
        if not self._turns.acquire(timeout=PATIENCE):
            raise LoginError(
                "Too many people log in at this moment. Try again in a few seconds.", "often", round(PATIENCE)
            )
        try:
            yield
        finally:
            self._turns.release()

    def hashed(self, password: str) -> str:
        """Return the hash of a password; in a `turn`."""
        return self._hasher.hash(passwords.normal(password))

    def taken(self, password: str, *, name: str, past: Collection[str] = ()) -> str:
        """Return the hash of a new password, made and compared in a turn of its own.

        Parameters
        ----------
        past
            Hashes of those that may not come again.

        Raises
        ------
        PasswordError
            It may not be taken.
        LoginError
            ``often``: too many wait.
        """
        with self.turn():
            self.require_good(password, name=name, past=past)
            return self.hashed(password)

    def proves(self, hashed: str, password: str) -> bool:
        """Tell whether a hash is that of a password; one that is far too long costs no more than others."""
        most = 4 * self._policy.longest  # NFKC may shorten a text
        try:
            return self._hasher.verify(hashed, passwords.normal(password[:most])) and len(password) <= most
        except (VerificationError, InvalidHashError, UnicodeError):
            return False

    def is_stale(self, hashed: str) -> bool:
        """Tell whether a hash was made at another cost than now."""
        return self._hasher.check_needs_rehash(hashed)

    def made(self, name: str) -> str:
        """Return a random password that the policy takes."""
        size = max(MADE, self._policy.least)
        while True:
            signs = "".join(secrets.choice(ALPHABET) for _ in range(size))
            made = "-".join(signs[at : at + GROUP] for at in range(0, size, GROUP))
            if not passwords.faults(self._policy, made, name=name):
                return made

    def require_good(self, password: str, *, name: str, past: Collection[str] = ()) -> None:
        """Raise unless a password may be taken.

        Parameters
        ----------
        past
            Hashes of those that may not come again.

        Raises
        ------
        PasswordError
            Names everything that is wrong with it.
        """
        found = passwords.faults(self._policy, password, name=name)
        if not found and any(self.proves(hashed, password) for hashed in past):
            found = ("past",)
        if found:
            raise PasswordError(f"This password cannot be taken: {'; '.join(SAID[fault] for fault in found)}.", found)
