"""What leaves the console of a session: its token, signed with ``session.key``."""

import hashlib
import hmac

from itsdangerous import BadSignature, Signer


class Cookies:
    """Signs tokens, and digests codes, with one key.

    A cookie that we did not sign costs no look into the ledger.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._signer = Signer(key, salt=b"battlemap session", digest_method=hashlib.sha256, key_derivation="hmac")

    def signed(self, token: str) -> str:
        """Return the cookie of a token."""
        return self._signer.sign(token).decode()

    def token(self, cookie: str) -> str | None:
        """Return the token of a cookie that we signed; None for any other."""
        try:
            token = self._signer.unsign(cookie).decode("ascii")
        except (BadSignature, UnicodeError):
            return None
        return token if self.signed(token) == cookie else None  # in one spelling only

    def digest(self, code: str) -> str:
        """Return what is stored of a wall's code: eight characters would be guessed from a plain hash."""
        return hmac.new(self._key, f"code {code}".encode(), hashlib.sha256).hexdigest()
