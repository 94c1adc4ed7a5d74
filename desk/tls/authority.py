"""The local authority: one certificate of our own that devices install once, and that signs nothing but this console.

Both files lie in ``<data_dir>/tls/``, each with its key, readable by their owner alone. docs/tls.md tells how devices learn to trust the authority.
"""

import os
import secrets
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from geo.errors import SettingsError

FOLDER, AUTHORITY, SERVER = "tls", "authority.pem", "server.pem"
ORGANISATION = "battlemap"
LASTS_AUTHORITY = timedelta(days=3650)
LASTS = timedelta(days=397)  # what browsers take of any authority
RENEWED_BEFORE = timedelta(days=30)
SKEW = timedelta(days=1)  # by so much the clock of a phone may be behind
# An authority that is stolen must not be able to pose as a bank: it may sign private addresses, names without a public
# end, and what the administrator named when it was made.
PRIVATE_ENDS = ("localhost", "local", "lan", "internal", "intranet", "home.arpa")
PRIVATE_NETWORKS = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10")  # fmt: skip
Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Signed:
    """A certificate with its key, and who signed it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names and addresses that the certificate is for, in its order."""
        return names_of(self.certificate)

    def pem(self) -> bytes:
        """Return key, certificate, and those above it, as one file."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.above))


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the names and addresses that a certificate is for, in its order."""
    try:
        said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in said if isinstance(name, x509.DNSName | x509.IPAddress))


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate as devices show it: ``AB:CD:…``."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def authority(folder: Path, names: Iterable[str], now: datetime) -> Signed:
    """Return the authority of a data folder; make it where there is none.

    Parameters
    ----------
    folder
        ``<data_dir>``.
    names
        Names and addresses that it must be able to sign when it is made: those of the machine and those that are set.

    Raises
    ------
    SettingsError
        The file cannot be written, or holds something else.
    """
    path = folder / FOLDER / AUTHORITY
    if not path.exists():
        _write(path, _new_authority(tuple(names), now).pem(), replace=False)
    return _read(path)


def server(folder: Path, names: Iterable[str], now: datetime) -> Path:
    """Return the file with key, certificate and chain of the console; make it where there is none, or it is about to end, or is for other names.

    Names that the authority may not sign are left out: see `unsigned`.

    Raises
    ------
    SettingsError
        As `authority`, or the authority itself has ended.
    """
    wanted = tuple(names)
    signer, path = authority(folder, wanted, now), folder / FOLDER / SERVER
    if now >= signer.certificate.not_valid_after_utc:
        raise SettingsError(
            f"The local authority ended on {signer.certificate.not_valid_after_utc:%Y-%m-%d}. Move {path.parent} away; the next start makes another, which every device has to install (docs/tls.md)."
        )
    wanted = tuple(name for name in wanted if may_sign(signer.certificate, name))
    if not path.exists() or not _serves(_read(path), signer, wanted, now):
        _write(path, _new_server(signer, wanted, now).pem(), replace=True)
    return path


def unsigned(folder: Path, names: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Return the names that the authority of a folder may not sign."""
    wanted = tuple(names)
    signer = authority(folder, wanted, now)
    return tuple(name for name in wanted if not may_sign(signer.certificate, name))


def may_sign(signer: x509.Certificate, name: str) -> bool:
    """Tell whether the bounds of an authority allow a name or an address."""
    bounds = signer.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    address = _address(name)
    if address is not None:
        return any(address in bound.value for bound in bounds if isinstance(bound, x509.IPAddress))  # type: ignore[operator]
    ends = [bound.value for bound in bounds if isinstance(bound, x509.DNSName)]
    return any(name == end or name.endswith(f".{end}") for end in ends)


def machine_names(host: str = "") -> tuple[str, ...]:
    """Return the names and addresses under which this machine is reached: its own, and the address that it listens on.

    Parameters
    ----------
    host
        What the console listens on; everywhere (0.0.0.0) is no address.
    """
    own = socket.gethostname().lower().rstrip(".")
    local = f"{own.partition('.')[0]}.local"
    found = ["localhost", own, local, *map(str, sorted(set(_addresses(own)), key=lambda one: (one.version, one)))]
    with suppress(ValueError):
        if not ip_address(host).is_unspecified:
            found.append(host)
    return tuple(dict.fromkeys(name for name in found if _can_be_named(name)))


def _addresses(own: str) -> Iterator[Address]:
    """Yield the addresses of this machine's interfaces, without asking another machine."""
    yield from (IPv4Address("127.0.0.1"), IPv6Address("::1"))
    yield from _interfaces(own)
    # The address towards elsewhere: a datagram socket that is connected sends nothing.
    for family, elsewhere in ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError, ValueError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            yield ip_address(probe.getsockname()[0])


def _interfaces(own: str) -> Iterator[Address]:
    """Yield the IPv4 address of every interface; on Windows, what the machine's own name resolves to, which is all of them."""
    try:
        import fcntl  # noqa: PLC0415  there is none on Windows
    except ImportError:
        with suppress(OSError):
            yield from (IPv4Address(said[4][0]) for said in socket.getaddrinfo(own, None, socket.AF_INET))
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # it has no address
                said = fcntl.ioctl(probe.fileno(), 0x8915, name.encode()[:15].ljust(256, b"\0"))  # SIOCGIFADDR
                yield IPv4Address(said[20:24])


def _can_be_named(name: str) -> bool:
    address = _address(name)
    if address is not None:
        return not address.is_unspecified and not address.is_link_local
    return name.isascii() and 0 < len(name) <= 253  # noqa: PLR2004  what a name may have


def _address(name: str) -> Address | None:
    with suppress(ValueError):
        return ip_address(name)
    return None


def _new_authority(names: tuple[str, ...], now: datetime) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    title = f"{ORGANISATION} {socket.gethostname()} {now:%Y-%m-%d}"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, title[:64]),
        ]
    )
    certificate = (
        _begun(subject, subject, key, now - SKEW, now + LASTS_AUTHORITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(_bounds(names), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Signed(certificate, key)


def _bounds(names: tuple[str, ...]) -> x509.NameConstraints:
    ends = [*PRIVATE_ENDS, *(name for name in names if _address(name) is None)]
    private = [ip_network(network) for network in PRIVATE_NETWORKS]
    addresses = [address for name in names if (address := _address(name)) is not None]
    public = [ip_network(one) for one in addresses if not any(one in network for network in private)]
    permitted: list[x509.GeneralName] = [x509.DNSName(end) for end in dict.fromkeys(ends)]
    permitted += [x509.IPAddress(network) for network in (*private, *dict.fromkeys(public))]
    return x509.NameConstraints(permitted, None)


def _new_server(signer: Signed, names: tuple[str, ...], now: datetime) -> Signed:
    key, above = ec.generate_private_key(ec.SECP256R1()), signer.certificate
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION)])
    begins = max(now - SKEW, above.not_valid_before_utc)
    certificate = (
        _begun(subject, above.subject, key, begins, min(begins + LASTS, above.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        .sign(signer.key, hashes.SHA256())
    )
    return Signed(certificate, key, (above,))


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _serves(held: Signed, signer: Signed, names: tuple[str, ...], now: datetime) -> bool:
    """Tell whether a certificate is of this authority, for these names, and neither to come nor about to end."""
    certificate = held.certificate
    about_to_end = min(certificate.not_valid_after_utc - RENEWED_BEFORE, signer.certificate.not_valid_after_utc)
    return (
        held.above == (signer.certificate,)
        and set(held.names) == {str(_general(name).value) for name in names}
        and certificate.not_valid_before_utc <= now < about_to_end
    )


def _read(path: Path) -> Signed:
    try:
        said = path.read_bytes()
        key = load_pem_private_key(said, password=None)
        certificate, *above = x509.load_pem_x509_certificates(said)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"{path} cannot be read as a certificate with its key: {error}. Move {path.parent} away; the next start makes another authority, which every device has to install (docs/tls.md)."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise SettingsError(f"{path} holds a key that is not of its certificate. Move {path.parent} away.")
    return Signed(certificate, key, tuple(above))


def _write(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file whole or not at all, for its owner alone; what another process wrote meanwhile stays, unless it is to be replaced.

    Raises
    ------
    SettingsError
        It cannot be written.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        _folder(path.parent)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(draft, path)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}. BATTLEMAP_DATA_DIR must be a folder of ours."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _folder(folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
