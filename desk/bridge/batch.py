"""One file of the bridge: a line that everybody can read (which area, from whom, for whom), then a ZIP that the other side alone can open, with a signed manifest that names every member by size and SHA-256.

What comes in is hostile until shown otherwise: nothing of it is unpacked onto a disk, names are those that we write or none, and nothing is read beyond the size that was announced and allowed.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from desk.bridge.keys import Own, Public
from geo.errors import BridgeError

FORMAT = 1
MAGIC = b"battlemap-bridge "
SUFFIX = ".bridge"
LONGEST_HEAD = 1000
MANIFEST, SIGNATURE, BODY = "manifest.json", "manifest.sig", "body.json"
NAME = re.compile(r"manifest\.json|manifest\.sig|body\.json|photos/[0-9a-f]{64}\.jpg")
MOST_MEMBERS = 5000
MOST_FILE = 512 * 2**20  # bytes of a file, and of all that is in it
MOST_JSON, MOST_PHOTO = 64 * 2**20, 20 * 2**20
MOST_OF = {MANIFEST: 4 * 2**20, SIGNATURE: 64, BODY: MOST_JSON}
DAMAGED = (
    "Have the other side write it again (`battlemap bridge export`): the next file holds everything that this one does."
)


@dataclass(frozen=True)
class Manifest:
    """What a batch says of itself.

    Attributes
    ----------
    side
        Where its sender stands.
    sender, recipient
        Fingerprints.
    line, sequence
        When the sender joined the bridge, and the place of the batch since then.
    previous
        SHA-256 of the file before.
    since, upto, hash
        It holds what the sender's history says after one version and up to another; the hash of that last entry.
    read_line, read, read_hash
        What the sender has of the other side: up to which version, counted since when that one joined.
    edition
        Of the sender's net.
    """

    area: str
    side: str
    sender: str
    recipient: str
    line: int
    sequence: int
    previous: str
    made: datetime
    since: int
    upto: int
    hash: str
    read_line: int
    read: int
    read_hash: str
    edition: str = ""

    @property
    def file(self) -> str:
        """Name of the file; names sort as the batches were written."""
        area = re.sub(r"[^\w.-]", "_", self.area)
        return f"{area}-{self.side}-{self.line:013d}-{self.sequence:06d}{SUFFIX}"


@dataclass(frozen=True)
class Batch:
    """What a file holds: its manifest, plain values, and photos by SHA-256."""

    manifest: Manifest
    body: Mapping[str, Any]
    photos: Mapping[str, bytes] = field(repr=False)
    digest: str = ""


def written(manifest: Manifest, body: Mapping[str, Any], photos: Mapping[str, bytes], own: Own, peer: Public) -> bytes:
    """Return the bytes of a file."""
    members = {BODY: _json(body), **{f"photos/{digest}.jpg": data for digest, data in photos.items()}}
    listed = [{"name": name, "size": len(data), "sha256": digest_of(data)} for name, data in members.items()]
    said = {**vars(manifest), "format": FORMAT, "made": manifest.made.isoformat(), "members": listed}
    signed = _json(said)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in {MANIFEST: signed, SIGNATURE: own.sign(signed), **members}.items():
            kind = zipfile.ZIP_STORED if name.startswith("photos/") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    head = MAGIC + _json({name: said[name] for name in _HEAD}) + b"\n"
    return head + peer.seal(out.getvalue(), head)


def opened(data: bytes, own: Own, peer_of: Callable[[str, str, str, str], Public]) -> Batch:
    """Read a file, all of it, and prove it.

    Parameters
    ----------
    peer_of
        Is told area, side, sender and recipient as the first line says them, and returns the console that has to have signed; raises BridgeError where there is no such bridge.

    Raises
    ------
    BridgeError
        What is wrong with which part of it.
    """
    head, said = head_of(data)
    peer = peer_of(*(said[name] for name in ("area", "side", "sender", "recipient")))
    inner = own.unseal(data[len(head) :], head)
    if inner is None:
        raise _wrong("The file was changed or cut off on its way")
    members = _members(inner)
    signed = members.pop(MANIFEST)
    if not peer.signed(signed, members.pop(SIGNATURE)):
        raise _wrong("The manifest is not signed by the console that this bridge leads to", MANIFEST, "sender")
    manifest, listed = _manifest(signed)
    if any(said[name] != getattr(manifest, name) for name in _HEAD if name != "format"):
        raise _wrong("The first line does not say what the manifest says", MANIFEST)
    _require_listed(members, listed)
    photos = {name[len("photos/") : -len(".jpg")]: found for name, found in members.items() if name != BODY}
    return Batch(manifest, _object(members[BODY], BODY), photos, digest_of(data))


_HEAD = ("format", "area", "side", "sender", "recipient", "line", "sequence")


def head_of(data: bytes) -> tuple[bytes, Mapping[str, Any]]:
    """Return the first line of a file, and what it says; raises BridgeError where it is none of ours."""
    head, end, _ = data[:LONGEST_HEAD].partition(b"\n")
    if not head.startswith(MAGIC) or not end:
        raise _wrong("This is no file of a bridge")
    said = _object(head[len(MAGIC) :], "the first line")
    if said.get("format") != FORMAT:
        raise _wrong(
            f"The file has format {said.get('format')!r:.20}; this battlemap reads {FORMAT}. Bring both sides up to date",
            kind="format",
        )
    wrong = [
        name for name in _HEAD if not isinstance(said.get(name), int if name in {"format", "line", "sequence"} else str)
    ]
    if wrong:
        raise _wrong(f"The first line lacks {', '.join(wrong)}")
    return head + end, said


def _members(inner: bytes) -> dict[str, bytes]:
    """Return the members of the ZIP, none of them larger than it may be."""
    try:
        with zipfile.ZipFile(io.BytesIO(inner)) as archive:
            listed = archive.infolist()
            _require_sound(listed)
            return {one.filename: _member(archive, one) for one in listed}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _wrong(f"Its ZIP cannot be read ({error})") from error


def _require_sound(listed: list[zipfile.ZipInfo]) -> None:
    names = [one.filename for one in listed]
    strange = next((name for name in names if not NAME.fullmatch(name)), None)
    if strange is not None:
        raise _wrong(f"It holds {strange!r:.80}, which no batch holds", strange[:80])
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice:
        raise _wrong(f"It holds {twice} twice", twice)
    absent = [name for name in (MANIFEST, SIGNATURE, BODY) if name not in names]
    if absent:
        raise _wrong(f"It lacks {', '.join(absent)}", absent[0])
    if len(names) > MOST_MEMBERS or sum(one.file_size for one in listed) > MOST_FILE:
        raise _wrong(f"It holds more than {MOST_MEMBERS} members, or more than {MOST_FILE >> 20} MB")


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    most = MOST_OF.get(one.filename, MOST_PHOTO)
    with archive.open(one) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise _wrong(f"{one.filename} is larger than {most:,} bytes", one.filename)
    return data


def _require_listed(members: Mapping[str, bytes], listed: Mapping[str, tuple[int, str]]) -> None:
    """Raise unless the members are those of the manifest, to the byte."""
    for name in sorted(members.keys() ^ listed.keys()):
        raise _wrong(f"{name} {'is not in the manifest' if name in members else 'is missing'}", name)
    for name, data in members.items():
        if (len(data), digest_of(data)) != listed[name]:
            raise _wrong(f"{name} is not what the manifest says", name)
        if name.startswith("photos/") and not name.endswith(f"/{digest_of(data)}.jpg"):
            raise _wrong(f"{name} does not bear the name of its content", name)


def _manifest(signed: bytes) -> tuple[Manifest, dict[str, tuple[int, str]]]:
    said = dict(_object(signed, MANIFEST))
    try:
        listed = {str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in said.pop("members")}
        said.pop("format")
        made = Manifest(**{**said, "made": datetime.fromisoformat(said["made"])})
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise _wrong(f"The manifest cannot be read ({error})", MANIFEST) from error
    numbers = (made.line, made.sequence, made.since, made.upto, made.read_line, made.read)
    if made.made.tzinfo is None or any(not isinstance(number, int) or number < 0 for number in numbers):
        raise _wrong("The manifest holds numbers that cannot be so", MANIFEST)
    return made, listed


def _object(data: bytes, member: str) -> Mapping[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"{member} is no JSON", member) from error
    if not isinstance(said, dict):
        raise _wrong(f"{member} is no object", member)
    return said


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of a file or a member."""
    return hashlib.sha256(data).hexdigest()


def _wrong(what: str, member: str = "", kind: str = "form") -> BridgeError:
    return BridgeError(f"{what}. Nothing of it was taken. {DAMAGED}", kind, member)
