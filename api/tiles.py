"""``/tiles/{z}/{x}/{y}``: the local raster basemap, from a folder ``z/x/y.png`` or an MBTiles file. Off unless set."""

import logging
import sqlite3
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import SAFE, missing
from geo.errors import SettingsError
from settings import Settings

LOG = logging.getLogger(__name__)
DEEPEST = 24
SUFFIXES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
BEGINNINGS = ((b"\x89PNG", "image/png"), (b"\xff\xd8", "image/jpeg"), (b"RIFF", "image/webp"))
A_DAY = "public, max-age=86400"


def routes(settings: Settings) -> list[Route]:
    """Return the route of the tiles; without a basemap every tile is missing.

    Raises
    ------
    SettingsError
        The basemap is a file and no MBTiles.
    """
    basemap = settings.tiles
    if basemap is not None and not basemap.is_dir():
        try:
            _tile(basemap, 0, 0, 0)
        except sqlite3.Error as error:
            raise SettingsError(
                f"BATTLEMAP_TILES={basemap} is no MBTiles file ({error}). Name one, or a folder of z/x/y.png."
            ) from error

    def tile(request: Request) -> Response:
        z, x, y = (request.path_params[name] for name in ("z", "x", "y"))
        if basemap is None or z > DEEPEST or not (x < 2**z and y < 2**z):
            return missing(request)
        found = from_folder(basemap, z, x, y) if basemap.is_dir() else from_mbtiles(basemap, z, x, y)
        if found is None:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={**SAFE, "Cache-Control": A_DAY})
        body, kind = found
        return Response(body, headers={**SAFE, "Cache-Control": A_DAY}, media_type=kind)

    return [Route("/tiles/{z:int}/{x:int}/{y:int}", tile)]


def from_folder(folder: Path, z: int, x: int, y: int) -> tuple[bytes, str] | None:
    """Read a tile of a folder, rows counted from the north (XYZ), and its media type; None when there is none."""
    for suffix, kind in SUFFIXES.items():
        path = folder / str(z) / str(x) / f"{y}{suffix}"
        if path.is_file():
            return path.read_bytes(), kind
    return None


def from_mbtiles(file: Path, z: int, x: int, y: int) -> tuple[bytes, str] | None:
    """Read a tile of an MBTiles file, whose rows count from the south (TMS; MBTiles 1.3), and its media type; None when there is none."""
    try:
        body = _tile(file, z, x, 2**z - 1 - y)
    except sqlite3.Error:
        LOG.exception("%s cannot be read.", file)
        return None
    if body is None:
        return None
    return body, next((kind for start, kind in BEGINNINGS if body.startswith(start)), "application/octet-stream")


def _tile(file: Path, z: int, x: int, row: int) -> bytes | None:
    asked = "SELECT CAST(tile_data AS BLOB) FROM tiles WHERE zoom_level=? AND tile_column=? AND tile_row=?"
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as tiles:
        found = tiles.execute(asked, (z, x, row)).fetchone()
    return None if found is None else found[0]
