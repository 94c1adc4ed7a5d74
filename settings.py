"""The only reader of the environment.

Every setting is a field of `Settings`; its environment variable is ``BATTLEMAP_`` and the field's name in capitals. docs/settings.md lists them, and a test
compares the two.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from geo.errors import SettingsError

PREFIX = "BATTLEMAP_"
TEST_PREFIX = "BATTLEMAP_TEST_"
SWITCH: Mapping[str, bool] = {"on": True, "1": True, "true": True, "off": False, "0": False, "false": False}


@dataclass(frozen=True)
class Settings:
    """What an administrator may set.

    Attributes
    ----------
    host, port
        Where the console listens. The default is this machine only.
    names
        Names under which browsers may ask for the console, in lower case, beside localhost, numbers, and names without a dot.
    data_dir
        Folder of everything that the console writes.
    database_url
        Address of a PostgreSQL database; "" for SQLite in ``data_dir``.
    packs
        Area packs, or folders of packs, beside the shipped ones.
    rules
        Folder of rules that take the place of shipped ones for every area, file by file. None by default.
    area
        Area that opens first.
    language
        Language of a visitor who has chosen none: ``zh`` or ``en``.
    tiles
        Local raster basemap: an MBTiles file, or a folder of ``z/x/y.png``. None by default.
    tiles_credit
        Credit line of the basemap.
    stale_after
        Seconds after which the map calls its connection lost.
    demo
        Whether a demonstration area that has no incident yet begins with a demonstration.
    demo_access
        Whether demonstrations may be looked at on this machine without an account, while there is none.
    tls
        Whether ``battlemap serve`` speaks https; with the certificate that is given, else with one of the local authority.
    tls_cert, tls_key
        Certificate with its chain, and its key, as PEM files. Both or none.
    proxies
        Addresses and networks of proxies whose word is taken for who asks, and by which scheme.
    oidc_issuer, oidc_client_id
        Address of a provider of OpenID Connect, and what it knows this console by; both or none.
    oidc_client_secret_file
        File with the secret that the provider gave this console.
    metrics_token_file
        File with the token that ``/metrics`` is read with. None: there is no such page.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    names: tuple[str, ...] = ()
    data_dir: Path = Path("var")
    database_url: str = ""
    packs: tuple[Path, ...] = ()
    rules: Path | None = None
    area: str = "longnan"
    language: str = "zh"
    tiles: Path | None = None
    tiles_credit: str = ""
    stale_after: int = 30
    demo: bool = True
    demo_access: bool = True
    tls: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxies: tuple[str, ...] = ()
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
    metrics_token_file: Path | None = None

    @property
    def secure(self) -> bool:
        """Whether the console itself speaks https: it was told to, or was given a certificate."""
        return self.tls or self.certificate is not None

    @property
    def certificate(self) -> tuple[Path, Path] | None:
        """The certificate and its key, where they were given."""
        return (self.tls_cert, self.tls_key) if self.tls_cert and self.tls_key else None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings from an environment.

        Raises
        ------
        SettingsError
            Names every variable that is unknown or cannot be read.
        """
        known = {PREFIX + field.name.upper(): field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        faults = [
            f"{name} is not a setting; see docs/settings.md"
            for name in environ
            if name.startswith(PREFIX) and name not in known and not name.startswith(TEST_PREFIX)
        ]
        for variable, name in known.items():
            text = environ.get(variable, "").strip()
            if not text:
                continue
            try:
                values[name] = _READERS[name](text)
            except ValueError as error:
                faults.append(f"{variable}={text!r}: {error}")
        if not faults and ("tls_cert" in values) != ("tls_key" in values):
            faults.append("BATTLEMAP_TLS_CERT and BATTLEMAP_TLS_KEY: give both files, or none")
        if not faults and ("oidc_issuer" in values) != ("oidc_client_id" in values):
            faults.append("BATTLEMAP_OIDC_ISSUER and BATTLEMAP_OIDC_CLIENT_ID: give both, or none")
        if faults:
            raise SettingsError("Some settings cannot be used:\n  - " + "\n  - ".join(sorted(faults)))
        return cls(**values)


def override(**values: object) -> Settings:
    """Put options of the command line before the environment, for every door of this process; None leaves what is.

    Raises
    ------
    SettingsError
        As `Settings.from_env`.
    """
    os.environ.update({PREFIX + name.upper(): str(value) for name, value in values.items() if value is not None})
    return Settings.from_env()


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:  # noqa: PLR2004
        raise ValueError("a port lies between 1 and 65535")
    return port


def _names(text: str) -> tuple[str, ...]:
    names = tuple(part.strip().lower().rstrip(".") for part in text.split(",") if part.strip())
    if any(not re.fullmatch(r"[a-z0-9._-]+", name) for name in names):
        raise ValueError("give names of machines, parted by commas, without http:// and port")
    return names


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ip_network(part.strip())) for part in text.split(",") if part.strip())


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("give the address of the provider, as its tokens name it")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}):
        raise ValueError("give an address by https")
    return text


def _language(text: str) -> str:
    if text not in {"zh", "en"}:
        raise ValueError("choose zh or en")
    return text


def _seconds(text: str) -> int:
    seconds = int(text)
    if seconds < 1:
        raise ValueError("give a whole number of seconds above 0")
    return seconds


def _switch(text: str) -> bool:
    if text.lower() not in SWITCH:
        raise ValueError("choose on or off")
    return SWITCH[text.lower()]


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(_path(part) for part in text.split(os.pathsep) if part)


def _existing(text: str) -> Path:
    path = _path(text)
    if not path.exists():
        raise ValueError("there is no such file or folder")
    return path


def _folder(text: str) -> Path:
    path = _existing(text)
    if not path.is_dir():
        raise ValueError("this is no folder")
    return path


def _file(text: str) -> Path:
    path = _existing(text)
    if not path.is_file():
        raise ValueError("this is no file")
    return path


_READERS: Mapping[str, Callable[[str], Any]] = {
    "host": str,
    "port": _port,
    "names": _names,
    "data_dir": _path,
    "database_url": str,
    "packs": _paths,
    "rules": _folder,
    "area": str,
    "language": _language,
    "tiles": _existing,
    "tiles_credit": str,
    "stale_after": _seconds,
    "demo": _switch,
    "demo_access": _switch,
    "tls": _switch,
    "tls_cert": _file,
    "tls_key": _file,
    "proxies": _networks,
    "oidc_issuer": _issuer,
    "oidc_client_id": str,
    "oidc_client_secret_file": _file,
    "metrics_token_file": _file,
}
