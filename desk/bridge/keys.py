"""The keys of a bridge: each console signs with its own (Ed25519), and opens what was sealed for it (X25519, ChaCha20-Poly1305); the other one knows both by one line of text."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from geo.errors import BridgeError, LedgerError
from ledger.history import is_shared, key_of

FILE = "bridge.key"
BEGINS = "bridge1-"  # of the text of a public key: the version of what it stands for
SIZE = 32  # bytes of each key
NONCE = 12


@dataclass(frozen=True)
class Public:
    """What the other side may know of a console: the key that its signatures are checked with, and the one that is sealed for."""

    signing: bytes
    opening: bytes

    @property
    def text(self) -> str:
        """The line that people carry over."""
        return BEGINS + base64.urlsafe_b64encode(self.signing + self.opening).decode().rstrip("=")

    @property
    def fingerprint(self) -> str:
        """Eight groups of four, to be compared by telephone."""
        digest = hashlib.sha256(self.signing + self.opening).hexdigest()[:SIZE]
        return "-".join(digest[first : first + 4] for first in range(0, SIZE, 4))

    @classmethod
    def read(cls, text: str) -> "Public":
        """Read the line of `text`.

        Raises
        ------
        BridgeError
            It is none.
        """
        said = text.strip()
        try:
            raw = base64.urlsafe_b64decode(said.removeprefix(BEGINS) + "==")
        except (ValueError, binascii.Error):
            raw = b""
        if not said.startswith(BEGINS) or len(raw) != 2 * SIZE:
            raise BridgeError(
                f"This is no public key of a bridge. Run `battlemap bridge key` on the other side, and give the line that begins with {BEGINS}.",
                "key",
            )
        return cls(raw[:SIZE], raw[SIZE:])

    def signed(self, data: bytes, signature: bytes) -> bool:
        """Tell whether this console signed some data."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, data)
        except InvalidSignature:
            return False
        return True

    def seal(self, data: bytes, head: bytes) -> bytes:
        """Return data that this console alone can open, bound to a head that everybody can read."""
        once = X25519PrivateKey.generate()
        shared = once.exchange(X25519PublicKey.from_public_bytes(self.opening))
        begin = once.public_key().public_bytes_raw()
        nonce = secrets.token_bytes(NONCE)
        return begin + nonce + ChaCha20Poly1305(_derived(shared, begin + self.opening)).encrypt(nonce, data, head)


@dataclass(frozen=True)
class Own:
    """A console's own keys."""

    signing: Ed25519PrivateKey = field(repr=False)
    opening: X25519PrivateKey = field(repr=False)

    @property
    def public(self) -> Public:
        """What the other side may know."""
        return Public(self.signing.public_key().public_bytes_raw(), self.opening.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """Return the signature of some data."""
        return self.signing.sign(data)

    def unseal(self, sealed: bytes, head: bytes) -> bytes | None:
        """Return what was sealed for this console with that head; None where it was changed, cut off, or sealed for another one."""
        begin, nonce, rest = sealed[:SIZE], sealed[SIZE : SIZE + NONCE], sealed[SIZE + NONCE :]
        try:
            shared = self.opening.exchange(X25519PublicKey.from_public_bytes(begin))
            return ChaCha20Poly1305(_derived(shared, begin + self.public.opening)).decrypt(nonce, rest, head)
        except (InvalidTag, ValueError):
            return None


def own(folder: Path) -> Own:
    """Return the keys of a console; they are made at first use, readable by their owner alone.

    Parameters
    ----------
    folder
        Of the ledger.

    Raises
    ------
    LedgerError
        They cannot be read or made, or others may read them.
    """
    path = folder / FILE
    if path.exists() and is_shared(path):
        raise LedgerError(
            f"{path} may be read by others, who could speak for this console with it. Set its mode to 0600."
        )
    secret = key_of(folder, FILE)
    made = (hashlib.sha256(b"battlemap bridge " + what + secret).digest() for what in (b"signing", b"opening"))
    return Own(Ed25519PrivateKey.from_private_bytes(next(made)), X25519PrivateKey.from_private_bytes(next(made)))


def _derived(shared: bytes, context: bytes) -> bytes:
    return HKDF(SHA256(), SIZE, salt=None, info=b"battlemap bridge 1" + context).derive(shared)
