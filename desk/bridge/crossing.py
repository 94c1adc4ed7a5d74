"""Joining a bridge, writing a batch for the other side, and taking one in: each in one transaction, or not at all."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from desk.bridge import batch as batches
from desk.bridge import cases, keys, things
from desk.bridge.batch import Batch, Manifest
from desk.bridge.keys import Public
from desk.room import Room
from geo.errors import BattlemapError, BridgeError, LedgerError
from incidents.access import Who
from ledger import audit, bridge, files, lease
from ledger.bridge import Line, Side
from ledger.store import read_head
from ledger.tables import instant, milliseconds
from ledger.writing import Writing

Progress = Callable[[int, int], None]
MANY = 1000  # entries of a batch that takes seconds
READING = (
    "seen_line",
    "seen",
    "read",
    "read_hash",
    "imported_at",
    "made",
)  # what joining the same console again leaves
REFUSED = "refused"  # folder of files that cannot be taken
TAKEN = "taken"  # folder of files that were
REFUSE = "bridge_refuse"  # in the audit trail
WEEK = timedelta(days=7)  # for which who did something outside is told that it could not be done


@dataclass(frozen=True)
class Written:
    """A batch that was written.

    Attributes
    ----------
    counts
        What is in it: things, cases, posts, answers, photos.
    held
        How many entries wait for the next one: they may still be taken back, or there was no room.
    missing
        Photos whose files are gone; `battlemap ledger verify` names their cases.
    """

    file: Path
    sequence: int
    counts: Mapping[str, int]
    held: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """What became of one file.

    Attributes
    ----------
    state
        ``taken``, ``again`` (there was nothing new in it), or ``refused``.
    refused
        What the inner side could not do, of this file.
    waiting
        Cases that wait until the inner side has read what was done to them here.
    skew
        Seconds by which the other side's clock is ahead, where that is more than it may be.
    other_map
        Whether the other side has another edition of the area's pack.
    """

    file: str
    state: str
    sequence: int = 0
    counts: Mapping[str, int] | None = None
    refused: tuple[things.Answer, ...] = ()
    waiting: tuple[str, ...] = ()
    skew: int = 0
    other_map: bool = False
    error: BridgeError | None = None


Work = Callable[[Writing], tuple[Taken, int | None, dict[str, Any]]]


def join(room: Room, peer: Public, side: Side, now: datetime, *, who: Who | None = None, instead: bool = False) -> Line:
    """Join the bridge to another console, or begin anew after one of both was restored from a backup.

    Parameters
    ----------
    instead
        The console that was joined before may be given up for another one, or this one may change sides.

    Raises
    ------
    BridgeError
        The key is this console's own (``key``), or another console is joined, or the same one from the other side (``joined``).
    """
    own = keys.own(room.ledger.folder).public
    if peer == own:
        raise BridgeError(
            "This is the key of this console itself. Give the one that `battlemap bridge key` prints on the other side.",
            "key",
        )

    def work(writing: Writing) -> Line:
        before = bridge.line_of(writing.connection, room.id)
        if before and not instead:
            _require_same(room, before, peer, side)
        head = writing.flush()
        # Outside, what stands here already is not told: people on phones begin now. Inside, all that is open is.
        known = before if before and (before.peer, before.side) == (peer.text, side.value) else None
        acked = 0 if side is Side.INSIDE else known.acked if known else head.version
        read = {name: getattr(known, name) for name in READING} if known else {}
        line = Line(room.id, side.value, peer.text, milliseconds(now), acked=acked, exported=acked, **read)
        bridge.put(writing, line, bridge.JOIN, now.astimezone(UTC))
        _trail(writing, room, "bridge_join", who, now, peer.fingerprint, {"side": side.value})
        return line

    return room.ledger.change(work)


def _require_same(room: Room, before: Line, peer: Public, side: Side) -> None:
    """Raise where a console is joined already that is another one, or from the other side."""
    if (before.peer, before.side) != (peer.text, side.value):
        raise BridgeError(
            f"{room.id} is joined already: this console {before.side}, to {Public.read(before.peer).fingerprint}. "
            f"Now it would be {side.value}, to {peer.fingerprint}, and files of the console before would be refused. "
            "Compare the fingerprint by telephone, and add --replace.",
            "joined",
        )


def line_of(room: Room) -> Line:
    """Return the bridge of a room.

    Raises
    ------
    BridgeError
        It has none.
    """
    with room.ledger.reading() as connection:
        found = bridge.line_of(connection, room.id)
    if found is None:
        raise BridgeError(
            f"{room.id} has no bridge here. Run `battlemap bridge key` on the other side, and `battlemap bridge join KEY --area {room.id} --side inside` (or outside) here.",
            "none",
        )
    return found


# --- out ------------------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Told:
    """What a batch is to say; ``newest`` is the version of the latest entry in it that the other side wants to know of, 0 where there is none."""

    upto: int
    hash: str
    newest: int
    body: Mapping[str, Any]
    photos: tuple[str, ...]
    held: int

    @property
    def counts(self) -> dict[str, int]:
        return {**{name: len(some) for name, some in self.body.items()}, "photos": len(self.photos)}


def write(
    room: Room,
    folder: Path,
    now: datetime,
    *,
    who: Who | None = None,
    anew: bool = True,
    progress: Progress | None = None,
) -> Written | None:
    """Write what the other side has not said it has into a file; None where there is nothing to say.

    Parameters
    ----------
    folder
        Where the file goes; it appears there whole.
    anew
        Write also what was written before and may be on its way; else only after `again_minutes` of the rules.

    Raises
    ------
    BridgeError
        The room has no bridge.
    LedgerError
        The file cannot be written.
    """
    line, own = line_of(room), keys.own(room.ledger.folder)
    peer = Public.read(line.peer)
    with room.ledger.reading() as connection:
        told = _told(room, connection, line, own.public.fingerprint, now)
    pause = timedelta(minutes=room.rules.bridge.again_minutes)
    again = anew or line.exported_at is None or now - instant(line.exported_at) >= pause
    if not (line.owed or told.newest > line.exported or (told.newest and again)):
        return None
    manifest = Manifest(
        area=room.id, side=line.side, sender=own.public.fingerprint, recipient=peer.fingerprint, line=line.line,
        sequence=line.sequence + 1, previous=line.previous, made=now, since=line.acked, upto=told.upto, hash=told.hash,
        read_line=line.seen_line, read=line.read, read_hash=line.read_hash, edition=room.area.digest,
    )  # fmt: skip
    photos, missing = _photos(room, told.photos, progress)
    data = batches.written(manifest, _without(told.body, missing), photos, own, peer)
    digest = batches.digest_of(data)
    _numbered(room, line, manifest, digest, told, now, who)
    _put(folder, manifest.file, data)
    return Written(folder / manifest.file, manifest.sequence, told.counts, told.held, missing)


def untold(room: Room, now: datetime) -> dict[str, int]:
    """Count what the other side has not said it has: things, or cases, posts and answers, and photos; raises BridgeError where the room has no bridge."""
    line = line_of(room)
    with room.ledger.reading() as connection:
        return _told(room, connection, line, "", now).counts


def _told(room: Room, connection: Any, line: Line, sender: str, now: datetime) -> _Told:
    """Return what the next batch says: the first entries that fit of which the other side wants to know any; a long history that stays here must not hold up what follows it."""
    head = read_head(connection).version
    rows = bridge.entries(connection, room.id, line.acked, head)
    while True:
        fitting = _fitting(room, rows)
        some = rows[: fitting if line.side == Side.INSIDE else things.held_back(rows[:fitting], now)]
        body, newest = _body(room, connection, line, some, sender)
        if newest or len(some) < fitting or len(some) == len(rows):
            break
        rows = rows[len(some) :]
    upto = head if len(some) == len(rows) else rows[len(some)]["version"] - 1
    said = [line for case in body["cases"] for line in case["lines"]] if "cases" in body else body["things"]
    photos = tuple(dict.fromkeys(digest for one in said for digest in one["photos"]))
    return _Told(upto, bridge.hash_at(connection, upto), newest, body, photos, len(rows) - len(some))


def _body(
    room: Room, connection: Any, line: Line, some: Sequence[Mapping[str, Any]], sender: str
) -> tuple[dict[str, Any], int]:
    """Return what a batch says of some entries, and the version of the latest of them that the other side wants to know of; 0 for none."""
    if line.side == Side.OUTSIDE:
        body: dict[str, Any] = {"things": things.told(room, connection, some, sender)}
        return body, max((thing["version"] for thing in body["things"]), default=0)
    body = cases.told(room, connection, some)
    lines = [one for case in body["cases"] for one in case["lines"]]
    return body, max((one["version"] for one in (*lines, *cases.beside(some))), default=0)


def _fitting(room: Room, rows: Sequence[Mapping[str, Any]]) -> int:
    """Return how many entries fit into one batch; the first one always does."""
    size, most = 0, room.rules.bridge.photos_mb * 2**20
    for place, row in enumerate(rows[: room.rules.bridge.entries]):
        for photo in row["data"].get("photos", ()):
            path = files.path(room.ledger.folder, photo["sha256"])
            size += path.stat().st_size if path.exists() else 0
        if size > most and place:
            return place
    return min(len(rows), room.rules.bridge.entries)


def _without(body: Mapping[str, Any], missing: Collection[str]) -> dict[str, Any]:
    """Return what a batch says without photos that are not there: one file that was lost must not hold up all that follows."""

    def there(one: Mapping[str, Any]) -> dict[str, Any]:
        return {**one, "photos": [digest for digest in one["photos"] if digest not in missing]}

    if "things" in body:
        return {"things": [there(one) for one in body["things"]]}
    return {**body, "cases": [{**case, "lines": [there(one) for one in case["lines"]]} for case in body["cases"]]}


def _photos(room: Room, named: Sequence[str], progress: Progress | None) -> tuple[dict[str, bytes], tuple[str, ...]]:
    found: dict[str, bytes] = {}
    for done, digest in enumerate(named, 1):
        try:
            files.verify(room.ledger.folder, digest)
            found[digest] = files.path(room.ledger.folder, digest).read_bytes()
        except (LedgerError, OSError):
            pass
        if progress:
            progress(done, len(named))
    return found, tuple(digest for digest in named if digest not in found)


def _numbered(  # noqa: PLR0917
    room: Room, line: Line, manifest: Manifest, digest: str, told: _Told, now: datetime, who: Who | None
) -> None:
    """Note that a batch goes, before it does: a file that is lost is made good, a number that is given twice is not."""

    def work(writing: Writing) -> None:
        if bridge.line_of(writing.connection, room.id) != line:
            raise BridgeError(
                "Something else writes or takes batches of this bridge just now. Do it again in a moment.", "busy"
            )
        made = bridge.moved(
            line, sequence=manifest.sequence, previous=digest, exported=manifest.upto, exported_at=now, owed=False
        )
        bridge.put(writing, made, bridge.EXPORT, now.astimezone(UTC), {"file": digest, "sequence": manifest.sequence})
        _trail(writing, room, "bridge_export", who, now, manifest.file, told.counts)

    room.ledger.change(work)


def _put(folder: Path, name: str, data: bytes) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(folder / name, data)
    except OSError as error:
        raise LedgerError(
            f"{folder / name} cannot be written: {error.strerror}. Free some space or choose another folder; the next export holds the same."
        ) from error


# --- in -------------------------------------------------------------------------------------------------------------------------------------------------


def take_all(
    room: Room, place: Path, now: datetime, *, who: Who | None = None, progress: Progress | None = None
) -> list[Taken]:
    """Take in a file, or all files of a folder in their order; one that cannot be taken is put aside and does not stop the others.

    Raises
    ------
    BridgeError
        There is no such file or folder, or the room has no bridge.
    """
    line = line_of(room)
    found = [place] if place.is_file() else sorted(place.glob(f"*{batches.SUFFIX}")) if place.is_dir() else None
    if found is None:
        raise BridgeError(f"There is no file or folder {place}.", "form")
    taken = []
    for number, path in enumerate(found):
        if place.is_dir() and not _is_for(path, room, Side(line.side)):
            continue
        taken.append(_taken(room, path, now, who, aside=place.is_dir()))
        if progress:
            progress(number + 1, len(found))
    return taken


def _is_for(path: Path, room: Room, side: Side) -> bool:
    """Tell whether a file of a folder is meant for this room: a folder may carry those of other areas, and our own."""
    try:
        with path.open("rb") as file:
            _, said = batches.head_of(file.read(batches.LONGEST_HEAD))
    except (OSError, BridgeError):
        return True  # and what is wrong with it is said when it is read
    return said["area"] == room.id and said["side"] != side


def _taken(room: Room, path: Path, now: datetime, who: Who | None, *, aside: bool) -> Taken:
    try:
        done = replace(take(room, _read(path), now, who=who), file=path.name)
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}.") from error
    except BridgeError as error:
        what = {"kind": error.kind, "member": error.member}
        room.ledger.change(lambda writing: _trail(writing, room, REFUSE, who, now, path.name, what))
        done = Taken(path.name, "refused", error=error)
    if aside and not (done.error and done.error.kind == "busy"):
        _aside(path, REFUSED if done.error else TAKEN)
    return done


def _read(path: Path) -> bytes:
    if path.stat().st_size > batches.MOST_FILE:
        raise BridgeError(f"{path.name} is larger than {batches.MOST_FILE >> 20} MB. Nothing of it was taken.", "form")
    return path.read_bytes()


def _aside(path: Path, name: str) -> None:
    """Put a file that was looked at into a folder beside the others."""
    folder = path.parent / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        path.replace(folder / path.name)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be moved into {folder}: {error.strerror}. Let the console write there."
        ) from error


def take(room: Room, data: bytes, now: datetime, *, who: Who | None = None) -> Taken:
    """Take in the bytes of a file: all of it, or nothing.

    Raises
    ------
    BridgeError
        Why it cannot be taken; nothing was written.
    """
    line, own = line_of(room), keys.own(room.ledger.folder)
    found = batches.opened(data, own, lambda *said: _peer(room, line, own.public, *said))
    manifest = found.manifest
    if _is_old(manifest, line):
        return Taken("", "again", manifest.sequence)
    _require_next(room, manifest, line)
    try:
        work = (_outside_work if line.side == Side.OUTSIDE else _inside_work)(room, found, line, now)
        with _announced(room, found):
            return room.ledger.change(lambda writing: _done(writing, room, found, line, work, now, who))
    except (BridgeError, LedgerError):
        raise
    except (BattlemapError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BridgeError(
            f"What the batch says cannot be taken over ({error}). Nothing of it was taken. Bring both sides up to date, and have it written again.",
            "form",
            batches.BODY,
        ) from error


def _announced(room: Room, found: Batch) -> AbstractContextManager[None]:
    """Tell who waits for the ledger meanwhile that a long batch is taken in; a short one is over before anybody asks."""
    count = sum(map(len, found.body.values()))
    what = f"a batch of the bridge, {count:,} entries"
    return lease.announced(room.ledger.folder, what) if count > MANY else nullcontext()


def _done(  # noqa: PLR0917
    writing: Writing, room: Room, found: Batch, line: Line, work: Work, now: datetime, who: Who | None
) -> Taken:
    """Take a batch over, and note that."""
    manifest = found.manifest
    stands = bridge.line_of(writing.connection, room.id)
    if stands != line:
        raise BridgeError(
            "Something else writes or takes batches of this bridge just now. Do it again in a moment.", "busy"
        )
    taken, read, said = work(writing)
    moved = _moved(line, manifest, read, now, says=any(found.body.values()))
    bridge.put(
        writing,
        moved,
        bridge.IMPORT,
        now.astimezone(UTC),
        {"file": found.digest, "sequence": manifest.sequence, **said},
    )
    _trail(writing, room, "bridge_import", who, now, manifest.file, taken.counts or {})
    return replace(taken, skew=_skew(room, manifest, now), other_map=manifest.edition != room.area.digest)


def _peer(room: Room, line: Line, own: Public, area: str, side: str, sender: str, recipient: str) -> Public:  # noqa: PLR0917
    """Return the console that has to have signed; raises BridgeError where a file comes from or is meant for another one."""
    peer = Public.read(line.peer)
    if area != room.id:
        raise BridgeError(
            f"The file is of {area[:80]!r}, and this is {room.id}. Take it in with --area {area[:80]} where that has a bridge.",
            "area",
        )
    if side != Side(line.side).other:
        raise BridgeError(
            f"The file was written {side[:20]}, and this console stands {line.side} too. Take in files of the other side alone.",
            "side",
        )
    if recipient != own.fingerprint:
        raise BridgeError(
            f"The file is sealed for {recipient[:40]}, and this console is {own.fingerprint}. Give the other side this console's key (`battlemap bridge key`), and let it join again with --replace.",
            "key",
        )
    if sender != peer.fingerprint:
        raise BridgeError(
            f"The file is from {sender[:40]}, and this bridge leads to {peer.fingerprint}. If the other side has a new key, compare it by telephone, and join again with --replace.",
            "sender",
        )
    return peer


def _is_old(manifest: Manifest, line: Line) -> bool:
    return (manifest.line, manifest.sequence) <= (line.seen_line, line.seen)


def _require_next(room: Room, manifest: Manifest, line: Line) -> None:
    """Raise where a file begins after what was taken in, or knows more of this console's history than there is."""
    if manifest.line == line.seen_line and manifest.since > line.read:
        raise BridgeError(
            f"The file begins after version {manifest.since} of the other side, and this console has it up to {line.read}: it was restored from a backup. Run `battlemap bridge join` again here, with the same key and side, and export.",
            "gap",
        )
    if manifest.read_line != line.line:
        return
    with room.ledger.reading() as connection:
        known, head = bridge.hash_at(connection, manifest.read), read_head(connection).version
    if manifest.read > head or (manifest.read_hash and known != manifest.read_hash):
        raise BridgeError(
            f"The other side has version {manifest.read} of this console's history, which is not in it: it was restored from a backup. Run `battlemap bridge join` again here, with the same key and side, and export.",
            "restored",
        )


def _moved(line: Line, manifest: Manifest, read: int | None, now: datetime, *, says: bool) -> Line:
    """Return how far the bridge has come with a batch; ``read`` is less than the whole of it where some cases wait."""
    is_new = manifest.line != line.seen_line
    before = 0 if is_new else line.read
    upto = manifest.upto if read is None else max(before, min(read, manifest.upto))
    known = manifest.read_line == line.line
    return bridge.moved(
        line,
        seen_line=manifest.line,
        seen=manifest.sequence,
        read=upto,
        read_hash=manifest.hash if upto == manifest.upto else "",
        acked=manifest.read if known else line.acked,
        owed=line.owed or says,
        imported_at=now,
        made=manifest.made,
    )


def _skew(room: Room, manifest: Manifest, now: datetime) -> int:
    ahead = round((manifest.made - now).total_seconds())
    return ahead if ahead > room.rules.bridge.clock_minutes * 60 else 0


def _inside_work(room: Room, found: Batch, line: Line, now: datetime) -> Work:
    manifest, whole = found.manifest, room.whole
    since = (
        line.read if manifest.line == line.seen_line else 0
    )  # what is answered already is told until the other side has the answer
    some = [one for one in things.read(found.body.get("things")) if one.version > since]
    shots = [things.shots_of(whole, one, found.photos) for one in some]

    def work(writing: Writing) -> tuple[Taken, int | None, dict[str, Any]]:
        answers = [things.take(writing, whole, one, kept, now) for one, kept in zip(some, shots, strict=True)]
        refused = tuple(one for one in answers if one.state == things.REFUSED)
        counts = {
            "things": len(answers),
            "done": len(answers) - len(refused),
            "refused": len(refused),
            "photos": len(found.photos),
        }
        taken = Taken("", "taken", manifest.sequence, counts, refused)
        return taken, None, {"answers": [vars(one) for one in answers]}

    return work


def _outside_work(room: Room, found: Batch, line: Line, now: datetime) -> Work:
    manifest, whole = found.manifest, room.whole
    read = manifest.read if manifest.read_line == line.line else line.acked
    told, posts, answers = (found.body[name] for name in ("cases", "posts", "answers"))
    shots = {case["number"]: cases.shots_of(whole, case, found.photos) for case in told}

    def work(writing: Writing) -> tuple[Taken, int | None, dict[str, Any]]:
        changed = cases.take_posts(writing, whole, posts, now)
        refused = cases.take_answers(writing, whole, answers, now)
        adopted = cases.adopt(writing, whole, told, shots, read, manifest.recipient, now)
        counts = {
            "cases": adopted.cases,
            "posts": changed,
            "answers": len(answers),
            "refused": refused,
            "photos": len(found.photos),
        }
        taken = Taken("", "taken", manifest.sequence, counts, waiting=adopted.waiting)
        return taken, adopted.upto, {}

    return work


def _trail(  # noqa: PLR0917
    writing: Writing, room: Room, act: str, who: Who | None, now: datetime, what: str, data: Mapping[str, Any]
) -> None:
    audit.append(
        writing.connection, room.ledger.key, act, who, now=now, area=room.id, what=what, data=data, local=who is None
    )
