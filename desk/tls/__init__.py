"""TLS: which certificate the console shows, and a context that takes up a newer one while the console runs."""

import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from desk.tls import authority
from geo.errors import SettingsError

LOOKED_AGAIN = 3600  # seconds after which a handshake looks whether the certificate is still the one to show


@dataclass(frozen=True)
class Shown:
    """The files that a browser is shown the console by.

    Attributes
    ----------
    certificate, key
        PEM files; one and the same where the local authority signed it.
    """

    certificate: Path
    key: Path

    def read(self) -> x509.Certificate:
        """Read the certificate; raises SettingsError where it is none."""
        try:
            return x509.load_pem_x509_certificates(self.certificate.read_bytes())[0]
        except (OSError, ValueError, IndexError) as error:
            raise SettingsError(f"{self.certificate} cannot be read as a certificate (PEM): {error}") from error


@dataclass(frozen=True)
class Tls:
    """What the settings say of https.

    Attributes
    ----------
    data_dir
        Folder of everything that the console writes; the local authority lies in it.
    host
        Where the console listens.
    names
        The names of BATTLEMAP_NAMES.
    given
        Certificate and key that were given; None for the local authority's.
    """

    data_dir: Path
    host: str
    names: tuple[str, ...]
    given: tuple[Path, Path] | None = None

    def every_name(self) -> tuple[str, ...]:
        """Return the names and addresses that a certificate of ours is for: those of this machine, and those that are set."""
        return tuple(dict.fromkeys((*authority.machine_names(self.host), *self.names)))

    def shown(self, now: datetime) -> Shown:
        """Return the certificate that was given, or one of the local authority, made or renewed where that is due.

        Raises
        ------
        SettingsError
            It cannot be made, read or written; or the authority may not sign a name that is set.
        """
        if self.given is not None:
            return Shown(*self.given)
        refused = sorted(set(authority.unsigned(self.data_dir, self.every_name(), now)) & set(self.names))
        if refused:
            raise SettingsError(
                f"The local authority may not sign {', '.join(refused)}, which BATTLEMAP_NAMES names since it was made. Take the name away, or move {self.data_dir / authority.FOLDER} away: the next start makes another authority, which every device has to install (docs/tls.md)."
            )
        file = authority.server(self.data_dir, self.every_name(), now)
        return Shown(file, file)

    def context(self, clock: Callable[[], datetime]) -> ssl.SSLContext:
        """Return a context for TLS 1.2 and above that shows the certificate of the settings, and the newer one when it was renewed.

        Raises
        ------
        SettingsError
            As `shown`; or the key is not of the certificate, or wants a password.
        """
        looked = clock()
        made = _loaded(self.shown(looked))

        def look(_socket: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
            nonlocal looked
            if abs((clock() - looked).total_seconds()) < LOOKED_AGAIN:
                return
            looked = clock()
            with suppress(SettingsError):  # what is shown goes on to be shown; the next start names the fault
                _load(made, self.shown(looked))

        made.sni_callback = look
        return made

    def authority_file(self, now: datetime, *, der: bool) -> bytes:
        """Return the certificate of the local authority, for devices to install.

        Raises
        ------
        SettingsError
            A certificate was given, whose authority is its signer's; or the local one cannot be made or read.
        """
        if self.given is not None:
            raise SettingsError(
                f"BATTLEMAP_TLS_CERT gives {self.given[0]}: devices trust it by whoever signed it, there is nothing of ours to install."
            )
        signer = authority.authority(self.data_dir, self.every_name(), now)
        return signer.certificate.public_bytes(Encoding.DER if der else Encoding.PEM)

    def describe(self, now: datetime) -> dict[str, Any]:
        """Tell what the console shows: ``server``, and ``authority`` where it is the local one.

        Raises
        ------
        SettingsError
            As `shown`.
        """
        told: dict[str, Any] = {"server": _told(self.shown(now).read())}
        if self.given is None:
            told["authority"] = _told(authority.authority(self.data_dir, self.every_name(), now).certificate)
            told["left_out"] = list(authority.unsigned(self.data_dir, self.every_name(), now))
        return told


def text(told: Mapping[str, Any]) -> str:
    """Return what `describe` told, for a terminal."""
    titles = {"server": "certificate of the console", "authority": "local authority"}
    lines = [line for part, title in titles.items() if part in told for line in _lines(title, told[part])]
    if told.get("left_out"):
        lines.append(f"  left out    {', '.join(told['left_out'])}: beyond the bounds of the authority")
    return "\n".join(lines)


def _told(certificate: x509.Certificate) -> dict[str, Any]:
    return {
        "names": list(authority.names_of(certificate)),
        "issuer": certificate.issuer.rfc4514_string(),
        "sha256": authority.fingerprint(certificate),
        "from": certificate.not_valid_before_utc.isoformat(),
        "until": certificate.not_valid_after_utc.isoformat(),
    }


def _lines(title: str, part: Mapping[str, Any]) -> list[str]:
    named = [f"  names       {', '.join(part['names'])}"] if part["names"] else []
    return [
        title,
        *named,
        f"  issued by   {part['issuer']}",
        f"  SHA-256     {part['sha256']}",
        f"  holds       {part['from'][:10]} to {part['until'][:10]}",
    ]


def _loaded(files: Shown) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    made.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # of TLS 1.2; those of 1.3 are all sound
    _load(made, files)
    return made


def _load(made: ssl.SSLContext, files: Shown) -> None:
    files.read()
    try:
        made.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{files.certificate} and {files.key} cannot be used for TLS: {error}. Give a certificate and the key that is its own, both as PEM, the key without a password."
        ) from error


def _no_password() -> str:
    raise ValueError("the key wants a password")
