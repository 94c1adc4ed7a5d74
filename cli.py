"""The door for terminals: ``battlemap …``. Exit codes: 0 = done, 1 = an error that is named, 2 = usage."""

import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.errors import BattlemapError, LedgerError, MissingColumns, RosterError

if TYPE_CHECKING:
    from desk.room import Room
    from desk.tls import Tls
    from layers.load import Area


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="battlemap")
def battlemap() -> None:
    """网格作战图: a command-room console for grid governance."""


def _reads_a_table(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how a table is read."""
    return _with(
        command,
        click.option("--encoding", help="Encoding of a CSV or GeoJSON file.  [default: found]"),
        click.option("--sheet", help="Sheet of a workbook.  [default: the first]"),
        click.option("--layer", help="Layer of a GeoPackage.  [default: the first]"),
        click.option(
            "--header-row", type=click.IntRange(min=1), metavar="ROW", help="Row with the names of columns, from 1."
        ),
    )


def _reads_an_import(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how a table of cases or sites is read, and how it is reported."""
    reported = _with(
        command,
        click.option(
            "--language", type=click.Choice(["zh", "en"]), help="Language of the report.  [default: BATTLEMAP_LANGUAGE]"
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, with every row."),
    )
    crs = 'System of the coordinates: "EPSG:4547", "GCJ-02", …  [default: as the mapping or the file says, else WGS84]'
    return click.option("--crs", help=crs)(_reads_a_table(reported))


def _with(command: Callable[..., Any], *options: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):  # as if they stood above it
        command = option(command)
    return command


@battlemap.command()
@click.argument("points", type=click.Path(path_type=Path))
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="File to write; .csv .xlsx .geojson .gpkg .parquet"
)
@click.option("--lon", help="Column of longitude or easting. Default: the geometry, else guessed by name.")
@click.option("--lat", help="Column of latitude or northing.")
@click.option(
    "--crs", help='System of the coordinates: "EPSG:4547", "GCJ-02", "BD-09", …  [default: declared, else WGS84]'
)
@click.option(
    "--nearest",
    type=click.FloatRange(min=0),
    metavar="METRES",
    help="Give a point in no grid the nearest one within so many metres.",
)
@click.option("--unit", help="Column of the unit (单元), to tell stacked micro-grids apart.")
@click.option("--floor", help="Column of the floor (楼层), to tell stacked micro-grids apart.")
@_reads_a_table
@click.option("--force", is_flag=True, help="Replace the output where it exists.")
@click.option("--strict", is_flag=True, help="Exit with 3 when a row has an error; the output is written all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def assign(area: str, *, strict: bool, as_json: bool, **request: Any) -> None:
    """Write POINTS again with the codes of the grids that they lie in.

    Exit codes: 0 = written, 1 = an error, nothing was written, 2 = usage, 3 = written, --strict, and some rows have errors.
    """
    from layers.assign import Request
    from layers.assign import assign as join

    loaded = _area(area)
    with _terminable(), _progress("assign") as progress:
        summary = join(loaded, Request(**request), progress=progress)
    click.echo(json.dumps(summary.as_dict(), ensure_ascii=False, indent=2) if as_json else "\n".join(summary.lines()))
    if strict and summary.errors:
        sys.exit(3)


def _area(name: str) -> "Area":
    """Load an area by the folder of its pack, or by its name."""
    import data
    from layers.load import load
    from settings import Settings

    folder = Path(name)
    return load(folder if (folder / data.MANIFEST).is_file() else data.path(name, Settings.from_env().packs))


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that what was begun is cleared away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what draws a progress bar, on stderr, and only on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, done)
            bar.update(done - bar.pos)

        yield show


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Yield what says on stderr, on one line and only on a terminal, what is being done."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    try:
        yield lambda text: click.echo(f"\r\033[K{text} …", nl=False, err=True)
    finally:
        click.echo("\r\033[K", nl=False, err=True)


@battlemap.command()
@click.option("--host", help="Address to listen on; 0.0.0.0 for every network of this machine.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: 8501]")
@click.option("--area", help="Area that opens first: its name, or the folder of its pack.")
@click.option("--tls/--no-tls", default=None, help="Speak https (docs/tls.md).  [default: BATTLEMAP_TLS]")
def serve(host: str | None, port: int | None, area: str | None, *, tls: bool | None) -> None:
    """Serve the console until Ctrl-C. Options go before BATTLEMAP_HOST, BATTLEMAP_PORT, BATTLEMAP_AREA, BATTLEMAP_TLS."""
    import data
    from data import rules
    from settings import Settings, override

    packs = None
    if area is not None and (Path(area) / data.MANIFEST).is_file():
        folder = Path(area).resolve()
        area, packs = folder.name, os.pathsep.join(str(pack) for pack in (*Settings.from_env().packs, folder))
    settings = override(host=host, port=port, area=area, packs=packs, tls=tls)
    data.path(settings.area, settings.packs)  # a wrong name is said here, not by a page
    for folder in settings.packs:
        if not data.packs_of(folder):
            click.echo(
                f"battlemap: {folder} of BATTLEMAP_PACKS holds no area pack, a folder with an area.toml.", err=True
            )
    for path in rules.unread(settings.rules) if settings.rules else ():
        click.echo(
            f"battlemap: {path} of BATTLEMAP_RULES is read by nobody. Name it as one of {', '.join(rules.shipped())}.",
            err=True,
        )

    if not settings.host.startswith(("127.", "localhost", "::1")) and not settings.secure:
        click.echo(
            f"battlemap: {settings.host}:{settings.port} is open to the network over http, and passwords can be read on their way. Use --tls (docs/tls.md), or a proxy that speaks https.",
            err=True,
        )

    import app  # reads the settings

    app.serve(settings, lambda address: click.echo(f"网格作战图 battlemap: {address}    (Ctrl-C stops)"))


@battlemap.command()
@click.argument("pack")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON (docs/check.md).")
@click.option("--fix", "out", type=click.Path(path_type=Path), help="Write a repaired copy into this new folder.")
def check(pack: str, *, as_json: bool, out: Path | None) -> None:
    """List every fault of PACK, a folder or the name of an area, with its place and size.

    Exit codes: 0 = no error (warnings may be), 1 = an error, 2 = usage. With --fix both count for the copy.
    """
    from incidents.model import Status
    from layers.check import check as check_pack
    from layers.repair import repair

    folder = _pack_folder(pack)
    statuses = frozenset(status.value for status in Status)
    if out is not None and out.exists():
        raise click.BadParameter(f"{out} exists already; name a new folder.", param_hint="--fix")
    with _telling() as tell:
        tell(f"repairing a copy of {folder.name}" if out else f"checking {folder.name}")
        repairs = repair(folder, out) if out is not None else []
        report = check_pack(out or folder, statuses=statuses, tell=tell)
    click.echo(report.json(repairs if out else None) if as_json else report.text(repairs if out else None))
    sys.exit(1 if report.errors else 0)


@battlemap.group()
def pack() -> None:
    """Make an area pack, or look at one. docs/packs.md describes the format."""


def _pairs(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read options of the form NAME=VALUE."""
    wrong = [value for value in values if not all(part.strip() for part in value.rpartition("="))]
    if wrong:
        raise click.BadParameter(f"{', '.join(wrong)}: write NAME=VALUE, with the name of a file or layer.")
    return {name.strip(): found.strip() for name, _, found in (value.rpartition("=") for value in values)}


def _wish(name: str, value: str, text: str) -> Callable[[Any], Any]:
    return click.option(name, multiple=True, callback=_pairs, metavar=f"FILE={value}", help=text)


@pack.command("init")
@click.argument("source", type=click.Path(path_type=Path), metavar="FOLDER_OR_FILE")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the pack to write.  [needed without --dry-run]")
@click.option("--name", help="Name of the area.  [default: the name of the source]")
@click.option("--name-en", help="Its English name.")
@click.option("--edition", type=click.DateTime(["%Y-%m-%d"]), help="The net is valid from this day.  [default: today]")
@click.option("--timezone", help="Timezone of the area.  [default: by place]")
@click.option("--attribution", default="", help="Whom to credit for the data.")
@click.option(
    "--crs",
    multiple=True,
    metavar="[FILE=]CRS",
    help="System of the files that declare none, or of one file whatever it declares.",
)
@click.option("--encoding", help="Encoding of Shapefiles, DXF and GeoJSON.  [default: found for each]")
@_wish("--level", "KEY", "This layer is a level; give all levels, the widest first.")
@_wish("--overlay", "KEY", "This layer is an overlay.")
@_wish("--points", "KIND", "These points are building, site, incident or service.")
@_wish("--ground", "KIND", "This lies under the net: water, green, street, railway, block or footprint.")
@_wish("--code", "COLUMN", "The column with the codes of a level or overlay.")
@_wish("--label", "COLUMN", "The column to write on the map.")
@_wish("--parent", "COLUMN", "The column with the codes of the level above.")
@click.option(
    "--dissolve",
    multiple=True,
    callback=_pairs,
    metavar="FILE:COLUMN=KEY",
    help="Make a level by joining the grids with one value in a column.",
)
@click.option("--skip", multiple=True, metavar="FILE", help="Leave a layer out.")
@click.option("--dry-run", is_flag=True, help="Propose, and write nothing.")
@click.option("--force", is_flag=True, help="Replace the pack where it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the proposal, and check's report, as JSON.")
def pack_init(*, out: Path | None, dry_run: bool, force: bool, as_json: bool, **asked: Any) -> None:
    """Propose an area pack from Shapefiles, KML, GeoPackage, DXF or GeoJSON, write it, and check it.

    Exit codes: 0 = written (check's report follows, whatever it says) or --dry-run, 1 = an error, nothing was written, 2 = usage.
    """
    from incidents.model import Status
    from layers.check import check as check_pack
    from layers.intake.first_day import first_day

    if out is None and not dry_run:
        raise click.UsageError("Name the folder to write with --out, or add --dry-run.")
    request, report = _request(asked), None
    with _telling() as tell:
        tell(f"looking through {request.source}")
        day = first_day(request)
        if out is not None and not dry_run:
            day.write(out, force=force)
            report = check_pack(out, statuses=frozenset(status.value for status in Status), tell=tell)
    if as_json:
        checked = {"out": str(out), "check": report.table()} if report else {}
        click.echo(json.dumps({**day.as_dict(), **checked}, ensure_ascii=False, indent=2))
        return
    click.echo(day.text())
    if out and report:
        click.echo(
            f"\nWritten to {out}; correct {out / 'area.toml'} where a guess is wrong, then run `battlemap check {out}`.\n\n{report.text()}"
        )


def _request(asked: dict[str, Any]) -> Any:
    """Sort the options of `pack init` into a request."""
    from layers.intake.first_day import Request
    from layers.intake.propose import Wishes

    crs, skip, edition = asked.pop("crs"), asked.pop("skip"), asked.pop("edition")
    dissolve: dict[str, dict[str, str]] = {}
    for name, key in asked.pop("dissolve").items():
        file, _, column = name.rpartition(":")
        if not file:
            raise click.BadParameter(f"{name}={key}: write FILE:COLUMN=KEY.", param_hint="--dissolve")
        dissolve.setdefault(file, {})[column] = key
    singles = {
        "level": "levels",
        "overlay": "overlays",
        "points": "points",
        "ground": "ground",
        "code": "codes",
        "label": "labels",
        "parent": "parents",
    }
    wishes = Wishes(**{ours: asked.pop(option) for option, ours in singles.items()}, dissolve=dissolve, skip=skip)
    plain = [value for value in crs if "=" not in value or value.lstrip().startswith("+")]
    if len(plain) > 1:
        raise click.BadParameter("name each file: --crs FILE=CRS", param_hint="--crs")
    named = {file: system for file, _, system in (value.partition("=") for value in crs if value not in plain)}
    return Request(
        today=datetime.now().astimezone().date(),
        edition=edition.date() if edition else None,
        crs=plain[0] if plain else None,
        crs_of=named,
        wishes=wishes,
        **asked,
    )


@pack.command("show")
@click.argument("folder", metavar="PACK")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def pack_show(folder: str, *, as_json: bool) -> None:
    """Tell what PACK, a folder or the name of an area, holds.

    Exit codes: 0 = shown, 1 = the pack cannot be read, 2 = usage.
    """
    from layers.show import describe, text

    found = describe(_pack_folder(folder))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else text(found))


def _pack_folder(pack: str) -> Path:
    """Return the folder of a pack that is named by its folder, its area.toml, or the name of an area."""
    import data
    from geo.errors import UnknownArea
    from settings import Settings

    path = Path(pack)
    if path.name == data.MANIFEST and path.is_file():
        return path.parent
    if path.is_dir():
        return path
    try:
        return data.path(pack, Settings.from_env().packs)
    except UnknownArea as error:
        raise click.BadParameter(f"{pack!r} is no folder. {error}", param_hint="PACK") from error


@contextmanager
def _ledger(*, migrate: bool = False) -> Iterator[Any]:
    """Open the ledger that the settings name."""
    from ledger.store import open_ledger
    from settings import Settings

    settings = Settings.from_env()
    opened = open_ledger(settings.data_dir, settings.database_url, migrate=migrate)
    try:
        yield opened
    finally:
        opened.close()


def _now() -> datetime:
    return datetime.now(UTC)


@battlemap.group()
def ledger() -> None:
    """Look after the ledger (台账). docs/ledger.md describes it."""


@ledger.command("verify")
@click.option("--head", "known", multiple=True, metavar="VERSION:HASH", help="A head that was written elsewhere.")
@click.option(
    "--discard-orphans", is_flag=True, help="Delete the photos that no case names and that are older than an hour."
)
@click.option("--new-key", is_flag=True, help="The key was lost: make another, and sign with it if all else holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def ledger_verify(*, known: tuple[str, ...], discard_orphans: bool, new_key: bool, as_json: bool) -> None:
    """Look whether the history was changed, and whether every case, photo and count follows from it.

    Exit codes: 0 = all holds, 1 = something does not, or an error, 2 = usage.
    """
    from ledger import files, heads
    from ledger.history import renew_key
    from ledger.verify import verify
    from settings import Settings

    if new_key:
        renew_key(Settings.from_env().data_dir)
    with _ledger() as opened, _terminable(), _progress("verify") as progress:
        wanted = [heads.given(text) for text in known]
        report = verify(opened, now=_now(), known=wanted, progress=progress)
        if new_key and all("is not signed by" in found.what for found in report.breaks):
            opened.sign_anew()
            report = verify(opened, now=_now(), known=wanted, progress=progress)
        discarded = [path for path in report.orphans if discard_orphans and files.discard(path, now=_now())]
        if not report.breaks:
            with suppress(LedgerError):  # a read-only disk
                heads.note(opened.folder, report.head, "verify", now=_now())
    if as_json:
        click.echo(json.dumps({**report.as_dict(), "discarded": len(discarded)}, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join([*map(str, report.breaks), report.text(discarded=len(discarded))]))
    sys.exit(1 if report.breaks else 0)


@ledger.command("erase")
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER…")
@click.option("--area", required=True, help="Name of the area.")
@click.confirmation_option(
    prompt="What people wrote about these cases, and who reported them, is erased for good. Go on?"
)
def ledger_erase(numbers: tuple[str, ...], area: str) -> None:
    """Erase what people wrote about cases (title, description, address, reasons), and who reported them; the history goes on to hold.

    Exit codes: 0 = erased, all or none, 1 = an error, 2 = usage.
    """
    from desk.steps import DESK
    from incidents.lifecycle import Act, Entry

    entry = Entry(Act.ERASE, DESK, _now())
    with _ledger() as opened:
        erased = opened.change(lambda writing: sum(writing.erase_words(area, number, entry) for number in numbers))
    click.echo(f"{erased} texts of {len(numbers)} cases erased. Older backups still hold them.")


@battlemap.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def backup(file: Path, *, force: bool, as_json: bool) -> None:
    """Write the whole ledger, photos included, into FILE; the console may go on. The key is not in it: keep it elsewhere.

    Exit codes: 0 = written and checked, 1 = an error, nothing was written, 2 = usage, 3 = written, and some photos were missing or damaged.
    """
    from ledger import heads
    from ledger.backup import backup as write

    with _ledger() as opened, _terminable(), _progress("backup") as progress:
        made = write(opened, file, now=_now(), force=force, progress=progress)
        with suppress(LedgerError):  # a full disk, from which the backup saves
            heads.note(opened.folder, made.head, "backup", now=_now())
    click.echo(json.dumps(made.as_dict(), ensure_ascii=False, indent=2) if as_json else made.text())
    sys.exit(3 if made.missing else 0)


@battlemap.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a ledger that holds something; a backup of it is kept beside it.")
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="ledger.key of the backed-up ledger, to check its signature.",
)
@click.option("--head", "known", multiple=True, metavar="VERSION:HASH", help="A head that was written elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def restore(file: Path, *, force: bool, key: Path | None, known: tuple[str, ...], as_json: bool) -> None:
    """Put a backup into the ledger that the settings name, of either database, and verify it before it counts.

    Exit codes: 0 = restored, 1 = an error, nothing was changed, 2 = usage.
    """
    from ledger import heads
    from ledger.backup import restore as put
    from ledger.history import read_key

    wanted = [heads.given(text) for text in known]
    with _ledger(migrate=True) as opened, _terminable(), _progress("restore") as progress:
        signer = read_key(key) if key else b""
        done = put(opened, file, now=_now(), force=force, key=signer, known=wanted, progress=progress)
    click.echo(json.dumps(done.as_dict(), ensure_ascii=False, indent=2) if as_json else done.text())


@battlemap.group()
def bridge() -> None:
    """Join two consoles of one area by files: the command room inside, the phones outside (网闸). docs/bridge.md describes it."""


_bridged = click.option("--area", help="Name of an area pack, or its folder.  [default: BATTLEMAP_AREA]")
_language = click.option(
    "--language", type=click.Choice(["zh", "en"]), help="Language of the report.  [default: BATTLEMAP_LANGUAGE]"
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")


def _bridge_room(area: str | None) -> "Room":
    from settings import Settings

    return _room(area or Settings.from_env().area)


def _translate(language: str | None) -> Any:
    from locales import translator
    from settings import Settings

    return translator(language or Settings.from_env().language)


@bridge.command("key")
def bridge_key() -> None:
    """Print this console's public key, for the other side to join, and its fingerprint, to be compared by telephone.

    Exit codes: 0 = printed, 1 = an error, 2 = usage.
    """
    from desk.bridge.keys import own

    with _ledger(migrate=True) as opened:
        public = own(opened.folder).public
    click.echo(f"{public.text}\n{public.fingerprint}")


@bridge.command("join")
@click.argument("key")
@_bridged
@click.option("--side", required=True, type=click.Choice(["inside", "outside"]), help="Where this console stands.")
@click.option("--replace", "instead", is_flag=True, help="Give up the console that was joined before, or change sides.")
def bridge_join(key: str, *, area: str | None, side: str, instead: bool) -> None:
    """Join the console whose public key is KEY; again, with the same key, after one of both was restored from a backup.

    Exit codes: 0 = joined, 1 = an error, nothing was written, 2 = usage.
    """
    from desk.bridge.crossing import join
    from desk.bridge.keys import Public
    from ledger.bridge import Side

    peer, room = Public.read(key), _bridge_room(area)
    join(room, peer, Side(side), _now(), instead=instead)
    click.echo(f"{room.id}: {side}; {peer.fingerprint}")


@bridge.command("schedule")
@_bridged
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder that batches are written into.")
@click.option("--in", "into", type=click.Path(file_okay=False, path_type=Path), help="Folder that they are taken from.")
@click.option("--every", type=click.IntRange(min=0), metavar="MINUTES", help="How often; 0 for by hand.")
def bridge_schedule(*, area: str | None, out: Path | None, into: Path | None, every: int | None) -> None:
    """Say where batches go and come from, and how often; `battlemap serve` follows it within a minute. Without options: print it.

    Exit codes: 0 = kept or printed, 1 = an error, 2 = usage.
    """
    from desk.bridge.schedule import Plan, keep, plan_of

    room = _bridge_room(area)
    folder, plan = room.ledger.folder, plan_of(room.ledger.folder, room.id)
    if (out, into, every) != (None, None, None):
        plan = Plan(out or plan.out, into or plan.into, plan.every if every is None else every)
        keep(folder, room.id, plan)
    click.echo(
        f"{room.id}: out {plan.out}, in {plan.into}, " + (f"every {plan.every} min" if plan.every else "by hand")
    )


@bridge.command("export")
@_bridged
@click.option("--to", "out", type=click.Path(file_okay=False, path_type=Path), help="Folder.  [default: as scheduled]")
@_language
@_as_json
def bridge_export(*, area: str | None, out: Path | None, language: str | None, as_json: bool) -> None:
    """Write a batch of everything that the other side has not acknowledged; writing it again does no harm.

    Exit codes: 0 = written, or there is nothing to say, 1 = an error, 2 = usage.
    """
    from desk.bridge.crossing import write
    from desk.bridge.schedule import plan_of
    from reports.bridge_words import written_lines

    room = _bridge_room(area)
    with _terminable(), _progress("export") as progress:
        made = write(room, out or plan_of(room.ledger.folder, room.id).out, _now(), progress=progress)
    said = {**vars(made), "file": str(made.file)} if made else None
    lines = written_lines(made, _translate(language))
    click.echo(json.dumps(said, ensure_ascii=False, indent=2) if as_json else "\n".join(lines))


@bridge.command("import")
@click.argument("place", required=False, type=click.Path(path_type=Path), metavar="[FILE_OR_FOLDER]")
@_bridged
@_language
@_as_json
def bridge_import(place: Path | None, *, area: str | None, language: str | None, as_json: bool) -> None:
    """Take in a batch, or all of a folder: each whole or not at all. In a folder, what was looked at moves into taken/ or refused/. Again does nothing.

    Exit codes: 0 = taken, 1 = a file was refused, or an error, 2 = usage, 3 = taken, and something done outside was not possible any more: it stands as a note.
    """
    from desk.bridge.crossing import take_all
    from desk.bridge.schedule import plan_of
    from reports.bridge_words import taken_lines, taken_table

    room = _bridge_room(area)
    into = place or plan_of(room.ledger.folder, room.id).into
    with _terminable(), _progress("import") as progress:
        taken = take_all(room, into, _now(), progress=progress)
    lines = taken_lines(taken, _translate(language))
    click.echo(json.dumps(taken_table(taken), ensure_ascii=False, indent=2) if as_json else "\n".join(lines))
    if any(one.error for one in taken):
        sys.exit(1)
    if any(one.refused for one in taken):
        sys.exit(3)


@bridge.command("status")
@_bridged
@_language
@_as_json
def bridge_status(*, area: str | None, language: str | None, as_json: bool) -> None:
    """Say how the bridge stands: last batch out and in, what waits, what was refused, and whether the clocks agree.

    Exit codes: 0 = said, 1 = there is no bridge, or an error, 2 = usage.
    """
    from desk.bridge.standing import standing
    from reports.bridge_words import standing_rows

    room = _bridge_room(area)
    found = standing(room, _now())
    if as_json:
        click.echo(json.dumps(vars(found), ensure_ascii=False, indent=2, default=str))
        return
    _ = _translate(language)
    said = standing_rows(room, found, _)
    click.echo("\n".join(_("{label}: {change}").format(label=name, change=value) for name, value in said))


@battlemap.command()
def migrate() -> None:
    """Bring the tables of the ledger up to date; an SQLite ledger is copied first.

    Exit codes: 0 = up to date, 1 = an error, the tables are as they were, 2 = usage.
    """
    from ledger.store import migrate as bring_up
    from settings import Settings

    settings = Settings.from_env()
    with _telling() as tell:
        tell("bringing the ledger up to date")
        done = bring_up(settings.data_dir, settings.database_url)
    click.echo(done.text())


@battlemap.group()
def user() -> None:
    """Who may come in: accounts, their roles and sessions. docs/accounts.md describes them."""


@contextmanager
def _accounts(*, migrate: bool = False) -> Iterator[Any]:
    """Yield the accounts of the ledger that the settings name."""
    from desk.access.accounts import Accounts
    from desk.access.rules import identity_of
    from ledger.sessions import session_key
    from settings import Settings

    settings = Settings.from_env()
    rules = identity_of(settings.rules)
    with _ledger(migrate=migrate) as opened:
        yield Accounts(opened, rules, session_key(settings.data_dir))


def _granted(role: str, scope: str) -> tuple[Any, Any]:
    """Read a role and a scope, and look whether the area has what the scope names."""
    from desk.access.grants import fitted
    from desk.rooms import rooms_of
    from incidents.access import Role, Scope
    from settings import Settings

    settings, found = Settings.from_env(), Scope.read(scope)
    rooms = rooms_of(
        settings.packs, settings.area, settings.data_dir, settings.database_url, settings.rules, settings.demo
    )
    found = fitted(rooms, Role(role), found, _now())
    return Role(role), found


ROLES = [
    "worker",
    "head",
    "community",
    "dispatcher",
    "department",
    "inspector",
    "analyst",
    "system",
    "security",
    "audit",
]
_role = click.option("--role", required=True, type=click.Choice(ROLES), help="What they are to the console.")
_scope = click.option(
    "--scope",
    required=True,
    metavar="AREA[:GRID]",
    help='How far they see: AREA, AREA:LEVEL:CODE, AREA:department:NAME, or "*" for every area.',
)


@user.command("add")
@click.argument("name")
@_role
@_scope
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.  [default: one is made]")
def user_add(name: str, *, role: str, scope: str, password_stdin: bool) -> None:
    """Make the account NAME. Without --password-stdin a password is made and printed, which holds once.

    Exit codes: 0 = made, 1 = an error, nothing was written, 2 = usage.
    """
    password = sys.stdin.read().rstrip("\r\n") if password_stdin else None
    given = _granted(role, scope)
    with _accounts(migrate=True) as accounts:
        made = accounts.add(name, *given, password, by=None, now=_now(), must_change=password is None)
    click.echo(f"{made.name}: {made.role.value} of {made.scope}.")
    _say_once(made.once)


def _say_once(once: str) -> None:
    if once:
        click.echo(f"Password, to be changed at the first log-in: {once}")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def user_list(*, as_json: bool) -> None:
    """List the accounts.

    Exit codes: 0 = listed, 1 = an error, 2 = usage.
    """
    with _accounts() as accounts:
        locked = accounts.attempts.locked(_now())
        found = [
            {
                "name": one.name,
                "key": one.key,
                "role": one.role.value if one.role else "",
                "scope": str(one.scope or ""),
                "state": "disabled" if not one.enabled else "locked" if one.key in locked else "",
                "provider": one.issuer,
            }
            for one in accounts.every()
        ]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo("  ".join(value for name, value in one.items() if value and name != "key"))


@user.command("grant")
@click.argument("name")
@_role
@_scope
def user_grant(name: str, *, role: str, scope: str) -> None:
    """Give NAME a role and a scope; it counts from their next request on.

    Exit codes: 0 = granted, 1 = an error, nothing was written, 2 = usage.
    """
    given = _granted(role, scope)
    with _accounts() as accounts:
        accounts.grant(accounts.named(name).key, *given, by=None, now=_now())
    click.echo(f"{name}: {role} of {scope}.")


@user.command("reset")
@click.argument("name")
def user_reset(name: str) -> None:
    """Give NAME a password that holds once, and print it; their sessions end, and the name is unlocked.

    Exit codes: 0 = reset, 1 = an error, nothing was written, 2 = usage.
    """
    with _accounts() as accounts:
        once = accounts.reset(accounts.named(name).key, by=None, now=_now())
    _say_once(once)


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """Let NAME in no more; their sessions end within a second.

    Exit codes: 0 = done, 1 = an error, nothing was written, 2 = usage.
    """
    with _accounts() as accounts:
        accounts.disable(accounts.named(name).key, by=None, now=_now())
    click.echo(f"{name} is disabled.")


@user.command("enable")
@click.argument("name")
def user_enable(name: str) -> None:
    """Let NAME in again, whether the account was disabled or locked.

    Exit codes: 0 = done, 1 = an error, nothing was written, 2 = usage.
    """
    with _accounts() as accounts:
        key = accounts.named(name).key
        accounts.enable(key, by=None, now=_now())
        accounts.attempts.unlock(key, by=None, now=_now())
    click.echo(f"{name} may log in.")


@user.command("sessions")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def user_sessions(name: str, *, as_json: bool) -> None:
    """List the sessions of NAME that are not over.

    Exit codes: 0 = listed, 1 = an error, 2 = usage.
    """
    with _accounts() as accounts:
        found = accounts.sessions.current(accounts.named(name).key, _now())
    rows = [
        {"session": one.key, "since": f"{one.begun:%Y-%m-%d %H:%M}Z", "seen": f"{one.seen:%Y-%m-%d %H:%M}Z"}
        | {"address": one.address, "agent": one.agent}
        for one in found
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("  ".join(row.values()))


@user.command("end")
@click.argument("name")
@click.argument("session", required=False)
def user_end(name: str, session: str | None) -> None:
    """End SESSION of NAME, or all of their sessions.

    Exit codes: 0 = ended, 1 = an error, 2 = usage.
    """
    with _accounts() as accounts:
        key, now = accounts.named(name).key, _now()
        mine = {one.key for one in accounts.sessions.current(key, now)}
        if session is not None and session not in mine:
            raise click.BadParameter(f"{name} has no session {session}; list them.", param_hint="SESSION")
        if session is None:
            accounts.sessions.end_all(key, by=None, now=now)
        else:
            accounts.sessions.end(session, by=None, now=now)
    click.echo(f"{1 if session else len(mine)} sessions ended.")


@battlemap.group()
def posts() -> None:
    """Who holds which post. docs/posts.md describes the spreadsheet."""


@posts.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--area", required=True, help="Name of an area pack.")
@click.option("--dry-run", is_flag=True, help="Report by row, and write nothing.")
@click.option("--encoding", help="Encoding of a CSV file.  [default: found]")
@click.option("--sheet", help="Sheet of a workbook.  [default: the first]")
@click.option("--header-row", type=click.IntRange(min=1), metavar="ROW", help="Row with the headings, from 1.")
@click.option(
    "--language", type=click.Choice(["zh", "en"]), help="Language of the report.  [default: BATTLEMAP_LANGUAGE]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def posts_import(file: Path, *, area: str, dry_run: bool, language: str | None, as_json: bool, **reading: Any) -> None:
    """Take posts and their holders from FILE (CSV or XLSX): the whole file, or nothing of it.

    Exit codes: 0 = taken, or --dry-run without a fault, 1 = a row cannot be taken or an error, nothing was written, 2 = usage.
    """
    from desk.posts import staff
    from desk.room import DISPATCHER
    from desk.rooms import rooms_of
    from incidents.lifecycle import By, PostKind
    from locales import translator
    from reports.roster import import_lines, import_table, trouble
    from settings import Settings

    settings, now = Settings.from_env(), _now()
    translate = translator(language or settings.language)
    rooms = rooms_of(
        settings.packs, settings.area, settings.data_dir, settings.database_url, settings.rules, settings.demo
    )
    room = rooms.get(area, now)
    try:
        read = staff.read(room, file, **reading)
    except RosterError as error:
        raise BattlemapError(trouble(error, translate)) from error
    report = staff.plan(room, read, now)
    written = not dry_run and not report.faults
    if written:
        report = staff.take(room, read, By(DISPATCHER, PostKind.DISPATCHER), now)
    table = import_table(report, written=written)
    said = "\n".join(import_lines(report, translate, written=written))
    click.echo(json.dumps(table, ensure_ascii=False, indent=2) if as_json else said)
    if report.faults:
        sys.exit(1)


@battlemap.group()
def incidents() -> None:
    """Take cases of other systems into the ledger, and give the ledger's cases out. docs/import.md describes both."""


@incidents.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Which column says what, as TOML.  [default: guessed]",
)
@click.option(
    "--propose", type=click.Path(dir_okay=False, path_type=Path), help="Write the mapping that was guessed into a file."
)
@click.option(
    "--write", "writes", is_flag=True, help="Write the cases: the whole file or none. Without it nothing is written."
)
@click.option("--update", is_flag=True, help="Bring cases up to date of which the other system says something new.")
@click.option(
    "--reopen", is_flag=True, help="With --update: take over also what goes back, as a closed case that is open again."
)
@click.option(
    "--skip-bad-rows", is_flag=True, help="Leave refused rows aside, in a file FILE-refused beside the input."
)
@click.option("--source", help="Name of the other system.  [default: as the mapping says, or guessed]")
@_reads_an_import
def incidents_import(
    file: Path,
    *,
    area: str,
    mapping: Path | None,
    propose: Path | None,
    writes: bool,
    update: bool,
    reopen: bool,
    skip_bad_rows: bool,
    language: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what importing FILE would do, row by row; with --write do it.

    Exit codes: 0 = done, 1 = an error, nothing was written, 2 = usage, 3 = rows are refused: nothing was written, or with --skip-bad-rows all others were; or the places of the whole file are in doubt: nothing was written.
    """
    from desk import imports
    from desk.imports import report as import_report
    from desk.imports.findings import N_REFUSED
    from desk.imports.mapping import ColumnMapping
    from locales import translator
    from reports.words import STATUS
    from settings import Settings

    language = language or Settings.from_env().language
    translate = translator(language)
    room, now = _room(area), _now()
    given = ColumnMapping.read(mapping) if mapping else None
    with _terminable(), _progress("import") as progress:
        try:
            planned = imports.plan(room, file, given, now, options=options, reopen=reopen, progress=progress)
        except MissingColumns as error:
            raise BattlemapError(import_report.absent(error, translate)) from error
    refused, outcome, aside = planned.counts["refused"], None, None
    if propose:
        _propose(propose, planned.mapping.toml())
    if writes and not planned.doubts and (not refused or skip_bad_rows):
        aside = _aside(file) if refused else None
        if aside:
            imports.write_refused(
                planned, aside, lambda row: import_report.reasons(row, translate), translate(N_REFUSED)
            )
        with _terminable(), _telling() as tell:
            tell(f"writing {planned.counts['new']} cases")
            outcome = imports.write(room, planned, now, update=update, skip_refused=skip_bad_rows)
    report = import_report.table(planned, translate, outcome=outcome) if as_json else None
    states = {key: translate(name) for key, name in STATUS.items()}
    said = import_report.text(
        planned, room, translate, language, outcome=outcome, asked=writes, aside=aside, states=states
    )
    click.echo(json.dumps(report, ensure_ascii=False, indent=2) if report else said)
    sys.exit(3 if refused or (writes and planned.doubts) else 0)


@incidents.command("export")
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; .xlsx .csv .geojson .gpkg .parquet",
)
@click.option("--grid", default="", metavar="KEY:CODE", help="Only what lies in a grid, by code or label: micro:3-05")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="KEY",
    help="Only this class or major class, by key or name; may be repeated.",
)
@click.option(
    "--mark",
    "marks",
    multiple=True,
    type=click.Choice(["red", "yellow", "green"]),
    help="Only this mark; may be repeated.",
)
@click.option("--status", "statuses", multiple=True, help="Only this state, by key or name; may be repeated.")
@click.option(
    "--days", type=click.IntRange(min=1), help="Only what was reported or ended, or is still open, in so many days."
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"]),
    help="Only what was reported since then, in the area's time.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"]),
    help="Only what was reported before then; a day counts whole.",
)
@click.option("--text", default="", help="Only what holds these words.")
@click.option(
    "--language", type=click.Choice(["zh", "en"]), help="Language of headings and names.  [default: BATTLEMAP_LANGUAGE]"
)
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
@click.option("--no-limit", is_flag=True, help="Write more cases than export_rows of desk.toml allows.")
def incidents_export(*, area: str, out: Path, language: str | None, force: bool, no_limit: bool, **asked: Any) -> None:
    """Write cases of the ledger into a file, with a watermark and a line in the audit trail.

    Exit codes: 0 = written, 1 = an error, nothing was written, 2 = usage.
    """
    from desk.taken import EXPORT, taken
    from locales import translator
    from reports import export_files, exports, figures
    from reports.watermark import filtered, watermark
    from reports.withheld import withheld
    from settings import Settings

    language = language or Settings.from_env().language
    room, now, user = _room(area), _now(), _user()
    until = asked.pop("until")
    if until is not None and not (until.hour or until.minute):
        until += timedelta(days=1)
    wanted = exports.named(room, until=until, **asked)
    question = figures.asked(room, wanted, now, rows=True)
    translate = translator(language)
    notes = withheld(room, wanted, now).said(translate)
    mark = watermark(room, None, now, filtered(room, wanted, translate, language), translate, language, user=user)
    most = None if no_limit else room.rules.settings.export_rows

    def trace(rows: int) -> None:
        data = {"rows": rows, "filter": wanted.to_query(period=None), "user": user}
        taken(room, EXPORT, None, now, what=out.name, data=data, local=True)

    with _terminable(), _progress("export") as progress:
        n = export_files.export(room, question, out, now, language, force=force, progress=progress, notes=notes, mark=mark, most=most, trace=trace)  # fmt: skip
    click.echo("\n".join((f"{n} cases written to {out}.", *notes)))


@battlemap.group()
def sites() -> None:
    """Take tables of sites (场所、污染源) into their register, give it out, and bind it anew when the net was redrawn. docs/sites.md describes it."""


@sites.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Which column says what, as TOML.  [default: guessed]",
)
@click.option(
    "--propose", type=click.Path(dir_okay=False, path_type=Path), help="Write the mapping that was guessed into a file."
)
@click.option("--kind", default="", help="Kind of every row that names none, by key.")
@click.option(
    "--write", "writes", is_flag=True, help="Write the sites: the whole file or none. Without it nothing is written."
)
@click.option("--update", is_flag=True, help="Change the sites of which the table says something else.")
@click.option("--alike", "alike_too", is_flag=True, help="Take rows that may be there already as new ones.")
@click.option(
    "--skip-bad-rows", "skip", is_flag=True, help="Leave refused rows aside, and those that may be there already."
)
@click.option("--source", help="Name of the other system.  [default: as the mapping says]")
@_reads_an_import
def sites_import(
    file: Path,
    *,
    area: str,
    mapping: Path | None,
    propose: Path | None,
    kind: str,
    writes: bool,
    update: bool,
    alike_too: bool,
    skip: bool,
    language: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what importing FILE would do, row by row; with --write do it.

    Exit codes: 0 = done, 1 = an error, nothing was written, 2 = usage, 3 = rows are refused, may be there already, or the places of the whole file are in doubt.
    """
    from desk.imports.mapping import ColumnMapping
    from desk.sites import imports, register, report
    from locales import translator
    from settings import Settings

    room, now = _room(area), _now()
    given = ColumnMapping.read(mapping, imports.fields_of(room.rules.sites)) if mapping else None
    with _terminable(), _progress("import") as progress:
        planned = imports.plan(room, file, given, options=options, kind=kind, progress=progress)
    if propose:
        _propose(propose, planned.mapping.toml())
    stops = bool(planned.counts["refused"] or (planned.counts["alike"] and not alike_too))
    outcome = None
    if writes and not planned.doubts and (skip or not stops):
        with _terminable():
            outcome = imports.write(
                room, planned, register.hand(room, now), now, update=update, alike_too=alike_too, skip=skip
            )
    translate = translator(language or Settings.from_env().language)
    said = (
        json.dumps(report.table(planned, translate, outcome), ensure_ascii=False, indent=2)
        if as_json
        else report.text(planned, translate, outcome)
    )
    click.echo(said)
    sys.exit(3 if stops or planned.doubts else 0)


@sites.command("list")
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind, by key; may be repeated.")
@click.option("--grid", default="", metavar="KEY:CODE", help="Only what lies in a grid.")
@click.option("--text", default="", help="Only what has these words in number, name or address.")
@click.option("--most", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def sites_list(*, area: str, kinds: tuple[str, ...], grid: str, text: str, most: int, as_json: bool) -> None:
    """List sites: number, kind, state, responsible post, name.

    Exit codes: 0 = done, 1 = an error, 2 = usage.
    """
    from desk.sites import register

    room = _room(area)
    asked = _sites_asked(room, kinds, grid, text)
    found = register.listed(room, asked, most=most)
    if as_json:
        click.echo(
            json.dumps(
                [{"number": one.number, **one.to_json(), "mobile": ""} for one in found], ensure_ascii=False, indent=2
            )
        )
        return
    click.echo(
        "\n".join(
            [
                f"{register.count(room, asked)} sites",
                *(f"{one.number}\t{one.kind}\t{one.state.value}\t{one.post}\t{one.name}" for one in found),
            ]
        )
    )


@sites.command("export")
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; .xlsx .csv .geojson .gpkg .parquet",
)
@click.option("--kind", "kinds", multiple=True, help="Only this kind, by key; may be repeated.")
@click.option("--grid", default="", metavar="KEY:CODE", help="Only what lies in a grid.")
@click.option("--text", default="", help="Only what has these words in number, name or address.")
@click.option(
    "--language", type=click.Choice(["zh", "en"]), help="Language of headings and names.  [default: BATTLEMAP_LANGUAGE]"
)
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
@click.option("--no-limit", is_flag=True, help="Write more sites than export_rows of desk.toml allows.")
def sites_export(
    *,
    area: str,
    out: Path,
    kinds: tuple[str, ...],
    grid: str,
    text: str,
    language: str | None,
    force: bool,
    no_limit: bool,
) -> None:
    """Write sites into a file, with a watermark and a line in the audit trail.

    Exit codes: 0 = written, 1 = an error, nothing was written, 2 = usage.
    """
    from desk.taken import EXPORT, taken
    from locales import translator
    from reports import site_exports
    from reports.watermark import watermark
    from settings import Settings

    language = language or Settings.from_env().language
    room, now, user = _room(area), _now(), _user()
    asked = _sites_asked(room, kinds, grid, text)
    mark = watermark(room, None, now, [*kinds, *filter(None, (grid, text))], translator(language), language, user=user)

    def trace(rows: int) -> None:
        taken(
            room,
            EXPORT,
            None,
            now,
            what=out.name,
            data={"rows": rows, "sites": [*kinds, grid, text], "user": user},
            local=True,
        )

    most = None if no_limit else room.rules.settings.export_rows
    with _terminable():
        n = site_exports.export(room, asked, out, language, force=force, mark=mark, most=most, trace=trace)
    click.echo(f"{n} sites written to {out}.")


@sites.command("rebind")
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--sign", default="", metavar="CODE", help="Write what the list of this code says, all of it in one change."
)
@click.option(
    "--most", type=click.IntRange(min=0), default=50, show_default=True, help="List at most so many differences."
)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, whole.")
def sites_rebind(*, area: str, sign: str, most: int, as_json: bool) -> None:
    """Find all sites again in the net as it is now, and list what differs; with --sign write it.

    Exit codes: 0 = done, 1 = an error, nothing was written, 2 = usage.
    """
    from desk.sites import rebind, register

    room, now = _room(area), _now()
    with _terminable():
        planned = rebind.plan(room)
        signed = rebind.sign(room, planned, sign, register.hand(room, now), now) if sign else None
    if as_json:
        rows = [
            {"number": one.number, "codes": [dict(side) for side in one.codes], "match": one.match, "post": one.post}
            for one in planned.differences()
        ]
        said = {
            "total": planned.total,
            "code": planned.code,
            "counts": planned.counts,
            "signed": signed is not None,
            "differences": rows,
        }
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    n = len(planned.differing)
    lines = [
        f"{planned.total} sites, {n} differ ({', '.join(f'{key} {count}' for key, count in planned.counts.items() if count) or 'nothing'})"
    ]
    for one in planned.differences(most):
        codes = ", ".join(
            f"{key} {one.codes[0].get(key, '') or '-'} → {one.codes[1].get(key, '') or '-'}" for key in one.keys
        )
        post = f"post {one.post[0] or '-'} → {one.post[1] or '-'}" if one.post[0] != one.post[1] else ""
        lines.append("  " + "\t".join(filter(None, (one.number, codes, post))))
    end = (
        f"Signed: {signed} sites count elsewhere now."
        if signed is not None
        else f"Nothing was written. Sign this list with --sign {planned.code}"
        if planned.moved
        else "Nothing is to be signed."
    )
    click.echo("\n".join([*lines, end]))


def _sites_asked(room: "Room", kinds: tuple[str, ...], grid: str, text: str) -> Any:
    """Return the question of some options; a kind or grid that there is not is a mistake of whoever types."""
    from ledger.sites import Asked

    if strange := [kind for kind in kinds if kind not in room.rules.sites.kinds]:
        raise click.BadParameter(f"{strange[0]!r} is none of {', '.join(room.rules.sites.kinds)}.", param_hint="--kind")
    key, _, code = grid.partition(":")
    if grid and not (key in room.area.net.keys and code):
        raise click.BadParameter(
            f"{grid!r} is no KEY:CODE; keys are {', '.join(room.area.net.keys)}.", param_hint="--grid"
        )
    return Asked(room.id, kinds=frozenset(kinds), grid=(key, code) if grid else None, text=text)


def _user() -> str:
    """Return who commands the machine, as the system calls them; "" where it does not say."""
    import getpass

    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return ""


def _aside(file: Path) -> Path:
    """Return a new file for the refused rows of a table: one that is there may hold corrections."""
    ending = ".xlsx" if file.suffix.lower() in {".xlsx", ".xlsm"} else ".csv"
    tails = itertools.chain([""], (f"-{n}" for n in itertools.count(2)))
    return next(path for tail in tails if not (path := file.with_name(f"{file.stem}-refused{tail}{ending}")).exists())


def _propose(path: Path, text: str) -> None:
    """Write a mapping that was guessed; one that is there already stays."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise click.BadParameter(f"{path} exists already; name a new file.", param_hint="--propose") from error
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be written: {error.strerror}.", param_hint="--propose") from error


def _room(area: str) -> "Room":
    """Return the room of an area, by the folder of its pack or by its name; what its pack brings along is in it."""
    import data
    from desk.rooms import rooms_of
    from settings import Settings

    settings = Settings.from_env()
    packs = settings.packs
    if (Path(area) / data.MANIFEST).is_file():
        folder = Path(area).resolve()
        area, packs = folder.name, (*packs, folder)
    data.path(area, packs)  # a wrong name is said here
    rooms = rooms_of(packs, area, settings.data_dir, settings.database_url, settings.rules, settings.demo)
    return rooms.get(area, _now())


@battlemap.command()
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--days",
    type=click.IntRange(0, 366),
    help="Days up to now.  [default: a month for a community, ten days for a street; none with --live where there is a demonstration]",
)
@click.option(
    "--per-day", type=click.IntRange(1, 5000), help="Reports of an average day.  [default: by the size of the area]"
)
@click.option("--seed", type=int, help="Another number, other incidents.  [default: 1, or one that is not used yet]")
@click.option("--live", is_flag=True, help="Go on as time goes by, until Ctrl-C.")
@click.option(
    "--speed", type=click.FloatRange(0.01, 10_000), default=1.0, help="With --live: so many times as much happens."
)
@click.option("--force", is_flag=True, help="Write into a real area, or beside real incidents, too.")
def demo(
    area: str, *, days: int | None, per_day: int | None, seed: int | None, live: bool, speed: float, force: bool
) -> None:
    """Write a believable stream of incidents through the rules, marked as demonstration (演示). docs/demo.md describes it.

    Exit codes: 0 = written, 1 = an error, 2 = usage.
    """
    import time

    from desk import demo as stream
    from desk.room import Room
    from desk.rules import rules_of
    from settings import Settings

    loaded = _area(area)
    with _ledger(migrate=True) as opened:
        room = Room(loaded, rules_of(loaded.pack, Settings.from_env().rules), opened)
        stream.check(room, force=force)
        plan = stream.plan(room, days=days, per_day=per_day, seed=seed, live=live)
        with _terminable():
            with _progress("demo") as progress:
                written = stream.fill(room, plan, _now(), progress=progress)
            click.echo(f"{room.id}: {written.incidents} incidents, {written.entries} entries, marked as demonstration")
            if live:
                try:
                    stream.live(room, plan, _now, time.sleep, speed=speed, tell=click.echo)
                except KeyboardInterrupt:
                    click.echo(f"{room.id}: stopped")


@battlemap.command("plan")
@click.option("--area", required=True, help="Name of an area pack, or its folder.")
@click.option(
    "--post",
    "posts",
    multiple=True,
    required=True,
    metavar="KEY",
    help="Who walks: the key of a post with a grid, two with + between them for a pair; may be repeated.",
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="The day; default: today.")
@click.option("--from", "begins", default="08:30", show_default=True, metavar="HH:MM", help="When everybody starts.")
@click.option("--to", "ends", default="17:30", show_default=True, metavar="HH:MM", help="When everybody is back.")
@click.option("--grid", default="", metavar="KEY:CODE", help="Only sites that lie in a grid.")
@click.option(
    "--site", "sites", multiple=True, metavar="NUMBER", help="A site that comes first, due or not; may be repeated."
)
@click.option("--night", multiple=True, metavar="NUMBER", help="A site whose re-check has to be by night; may be repeated.")  # fmt: skip
@click.option("--share", is_flag=True, help="Share the sites out; else each visits those in the own grid.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed plans the same.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the walks: a file .geojson, .gpx, .ics or .xlsx.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(*, area: str, out: Path | None, seed: int, as_json: bool, **asked: Any) -> None:
    """Plan who inspects which sites on a day, in which order; nothing is written to the ledger. docs/planning.md describes it.

    Exit codes: 0 = planned, 1 = an error, 2 = usage.
    """
    from desk.planning import day as desk
    from desk.planning import told
    from desk.planning.keep import drawn
    from desk.sites import register
    from geo.errors import BattlemapError
    from reports.plan_files import written

    room, now = _room(area), _now()
    asking = told.asking(room, now, **asked)
    with _terminable():
        found = desk.planned(room, asking, now, seed=seed)
    if out:
        kept = drawn(room, found, asking, register.hand(room, now))
        data = written(room, kept, out.suffix.lower().lstrip("."), "zh", now)
        try:
            out.write_bytes(data)
        except OSError as error:
            raise BattlemapError(f"{out} cannot be written: {error.strerror}. Name another file.") from None
    click.echo(json.dumps(told.plain(found), ensure_ascii=False, indent=2) if as_json else "\n".join(told.lines(found)))


@battlemap.group()
def outbox() -> None:
    """Messages: what is told to whom, and what did not arrive. docs/outbox.md describes them."""


@outbox.command("list")
@click.option("--state", type=click.Choice(["queued", "failed", "dead", "sent", "delivered", "cancelled", "read", "done"]), multiple=True, help="Only messages of this state.  [default: failed and dead]")  # fmt: skip
@click.option("--area", default="", help="Only messages of this area.")
@click.option("--most", type=click.IntRange(1, 100_000), default=200, show_default=True, help="No more than so many.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def outbox_list(*, state: tuple[str, ...], area: str, most: int, as_json: bool) -> None:
    """List messages, the newest first: by default those that did not arrive.

    Exit codes: 0 = listed, 1 = an error, 2 = usage.
    """
    from ledger import outbox as messages

    states = tuple(messages.State(one) for one in state) or (messages.State.FAILED, messages.State.DEAD)
    with _ledger() as opened, opened.reading() as connection:
        found = messages.listed(connection, states=states, area=area, most=most)
    rows = [
        {
            "id": one.id,
            "area": one.area,
            "at": one.at.isoformat(timespec="seconds"),
            "kind": one.kind,
            "number": one.number,
            "post": one.post,
            "channel": one.channel,
            "state": one.state.value,
            "attempts": one.attempts,
            "error": one.error,
        }
        for one in found
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("  ".join(str(value) for value in row.values()).rstrip())
    if not rows:
        click.echo("No such message.")


@outbox.command("replay")
@click.argument("ids", nargs=-1, type=int, metavar="[ID…]")
@click.option("--all", "every", is_flag=True, help="Every message that was given up.")
def outbox_replay(ids: tuple[int, ...], *, every: bool) -> None:
    """Let messages that were given up, or cancelled, be sent again, by the console that serves.

    Exit codes: 0 = done, 1 = an error, or none of them waits for it, 2 = usage.
    """
    from desk.outbox import undelivered

    if bool(ids) == every:
        raise click.UsageError("Name messages, or give --all.")
    with _ledger() as opened:
        count = undelivered.replay(opened, ids or None, by=None, now=_now())
    click.echo(f"{count} message(s) are sent again.")


@outbox.command("cancel")
@click.argument("ids", nargs=-1, type=int, required=True, metavar="ID…")
def outbox_cancel(ids: tuple[int, ...]) -> None:
    """Let messages not be sent; in the console they stand all the same.

    Exit codes: 0 = done, 1 = an error, or none of them waits, 2 = usage.
    """
    from desk.outbox import undelivered

    with _ledger() as opened:
        count = undelivered.cancel(opened, ids, by=None, now=_now())
    click.echo(f"{count} message(s) are not sent.")


@outbox.command("test")
@click.argument("name", metavar="POST")
@click.option("--area", required=True, help="Name of the area.")
@click.option("--channel", required=True, type=click.Choice(["webhook", "smtp", "sms"]), help="By which channel.")
def outbox_test(name: str, *, area: str, channel: str) -> None:
    """Send a test to the address of POST, the key of a post or "duty" for the duty telephone.

    Exit codes: 0 = handed over, 1 = it did not go, and why, 2 = usage.
    """
    from desk.outbox.book import Books
    from desk.outbox.deliver import try_out
    from settings import Settings

    text = "【网格作战图】通道测试，无需处理。 This is a test of the channel."
    done = try_out(Books(Settings.from_env().data_dir).read(), area, name, channel, text=text, now=_now())
    click.echo("Delivered." if done.delivered else "Handed over. Look whether it arrived.")


@battlemap.group()
def retention() -> None:
    """Erase what is personal when its time is over; the console does so by itself once a day. docs/retention.md describes it."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Count only what would be erased.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def retention_run(*, dry_run: bool, as_json: bool) -> None:
    """Erase what is past its time in every area, now.

    Exit codes: 0 = done, 1 = an error, or the rules of an area cannot be read: nothing was erased there, 2 = usage.
    """
    from desk.access.rules import identity_of
    from desk.people import retention
    from desk.rooms import rooms_of
    from settings import Settings

    said = Settings.from_env()
    rooms = rooms_of(said.packs, said.area, said.data_dir, said.database_url, said.rules, said.demo)
    report = retention.run(rooms.ledger, rooms.settings(), identity_of(said.rules), _now(), local=True, dry=dry_run)
    table = {"dry_run": dry_run, "areas": report.areas, "console": report.console, "failed": report.failed}
    click.echo(json.dumps(table, ensure_ascii=False, indent=2) if as_json else "\n".join(report.lines()))
    if report.failed:
        sys.exit(1)


@battlemap.group()
def tls() -> None:
    """Look at the certificate that https is spoken with. docs/tls.md describes it."""


@tls.command("authority")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.crt")
@click.option("--der", is_flag=True, help="Write it as DER, which some phones want, in place of PEM.")
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
def tls_authority(out: Path, *, der: bool, force: bool) -> None:
    """Write the certificate of the local authority into OUT.crt, for devices to install; its key stays where it is.

    Exit codes: 0 = written, 1 = an error, nothing was written, 2 = usage.
    """
    if out.exists() and not force:
        raise click.BadParameter(f"{out} exists already; name another file, or add --force.", param_hint="OUT.crt")
    content = _tls().authority_file(_now(), der=der)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise click.BadParameter(f"{out} cannot be written: {error.strerror}.", param_hint="OUT.crt") from error
    click.echo(f"{out}: install it on every device that opens the console (docs/tls.md).")


@tls.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def tls_show(*, as_json: bool) -> None:
    """Tell which certificate the console shows: its names, its fingerprint, and until when it holds.

    Exit codes: 0 = shown, 1 = an error, 2 = usage.
    """
    from desk.tls import text

    found = _tls().describe(_now())
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else text(found))


def _tls() -> "Tls":
    from desk.tls import Tls
    from settings import Settings

    settings = Settings.from_env()
    return Tls(settings.data_dir, settings.host, settings.names, settings.certificate)


def main() -> None:
    """Run the command line; our own errors become one clear line and exit code 1."""
    try:
        battlemap()
    except BattlemapError as error:
        click.echo(f"battlemap: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
