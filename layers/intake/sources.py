"""Reading what a street has - Shapefile, KML, GeoPackage, DXF, GeoJSON and their kin - into layers of one kind of geometry each.

Values stay what they were: codes are never turned into floats, dates become text, and the bytes of a .dbf or a DXF are decoded by what they are, not by what
their header claims (a .dbf without a .cpg is ISO-8859-1 to GDAL, which turns every Chinese one into mojibake).
"""

import codecs
import re
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from geo.errors import PackError
from layers.geojson import read_geojson

SUFFIXES = (
    ".shp",
    ".kml",
    ".kmz",
    ".gpkg",
    ".dxf",
    ".geojson",
    ".json",
    ".gml",
    ".fgb",
    ".tab",
    ".mif",
    ".gdb",
    ".zip",
)
ELSEWHERE = MappingProxyType(
    {
        ".dwg": "AutoCAD's own format: save it as DXF",
        ".mdb": "a personal geodatabase: export Shapefiles or a file geodatabase",
        ".wp": "MapGIS: export Shapefiles",
        ".wl": "MapGIS: export Shapefiles",
        ".wt": "MapGIS: export Shapefiles",
        ".rar": "unpack it first, or pack it as .zip",
        ".7z": "unpack it first, or pack it as .zip",
        **dict.fromkeys(
            (".xlsx", ".xls", ".csv"), "a table, no map: join its points to the net with `battlemap assign`"
        ),
    }
)
KINDS = MappingProxyType({0: "point", 4: "point", 1: "line", 2: "line", 5: "line", 3: "polygon", 6: "polygon"})
PLURAL = MappingProxyType({"point": "points", "line": "lines", "polygon": "polygons"})
TOLERANCE = 1e-6  # of the size of a line: how near its ends must lie for it to be closed
COMMON_HAN = 0.8  # share of characters beyond ASCII that must be everyday ones before bytes are taken for Chinese

# What LIBKML adds to every placemark; worth nothing when it says the same of all.
_KML_EXTRAS = frozenset(
    {
        "id",
        "timestamp",
        "begin",
        "end",
        "altitudemode",
        "tessellate",
        "extrude",
        "visibility",
        "draworder",
        "icon",
        "snippet",
    }
)
_DXF_EXTRAS = ("Layer", "PaperSpace", "SubClasses", "Linetype", "EntityHandle")


@dataclass(frozen=True, eq=False)
class Layer:
    """Features of one kind of geometry, from one layer of one file.

    Attributes
    ----------
    name
        Unique among the layers read; how options name it.
    file
        The file it comes from, relative to the folder read.
    kind
        ``point``, ``line`` or ``polygon``.
    columns
        Property -> values, in order of the file.
    geoms
        Geometries, object (n,), in the system of the file; None where a feature has none.
    crs
        The system that the file declares, None where it declares none.
    encoding
        How its texts were read.
    notes
        What reading it had to decide.
    texts
        Lettering of a drawing, as (words, place); only DXF has it.
    """

    name: str
    file: str
    kind: str
    columns: dict[str, list[Any]]
    geoms: np.ndarray
    crs: str | None
    encoding: str = "UTF-8"
    notes: tuple[str, ...] = ()
    texts: tuple[tuple[str, shapely.Point], ...] = ()

    def __len__(self) -> int:
        return len(self.geoms)

    def take(self, keep: np.ndarray) -> "Layer":
        """Return some of the features, by position."""
        columns = {name: [values[position] for position in keep] for name, values in self.columns.items()}
        return replace(self, columns=columns, geoms=self.geoms[keep])


@dataclass(frozen=True, eq=False)
class Sources:
    """What a folder or file holds, and what of it could not be read."""

    layers: tuple[Layer, ...]
    faults: tuple[str, ...] = ()


def read_sources(path: Path, *, encoding: str | None = None) -> Sources:
    """Read every map file of a folder (or one file) into layers.

    Parameters
    ----------
    path
        A folder, searched with its subfolders, or a file; a .zip is opened.
    encoding
        Encoding of Shapefiles, DXF, MapInfo and GeoJSON; default: detected for each file.

    Raises
    ------
    PackError
        There is no such folder or file, nothing in it can be read, or the encoding is unknown; every file's fault is listed.
    """
    if encoding:
        encoding = _codec(encoding)
    if not path.exists():
        raise PackError(f"{path} does not exist. Name a folder with map files, or one of them.")
    with tempfile.TemporaryDirectory() as scratch:
        layers, faults = _read_all(path, Path(scratch), encoding)
    if not layers:
        readable = ", ".join(SUFFIXES)
        raise PackError(f"{path} holds no map layer that can be read. Files that are read: {readable}.", faults)
    return Sources(_unique(layers), tuple(faults))


def _read_all(path: Path, scratch: Path, encoding: str | None) -> tuple[list[Layer], list[str]]:
    layers: list[Layer] = []
    faults: list[str] = []
    for found, shown in _files(path, scratch, faults):
        try:
            read = [replace(layer, file=shown) for layer in _read(found, encoding)]
            faults += [] if read else [f"{shown}: no feature has a usable geometry."]
            layers += read
        except (DataSourceError, OSError, ValueError, PackError) as error:
            faults.append(f"{shown}: {_advice(found, str(error))}")
    return layers, faults


def _advice(path: Path, message: str) -> str:
    if path.suffix.lower() == ".shp" and not _sibling(path, ".shx"):
        return "its .shx is missing. Copy the .shp, .shx and .dbf together."
    return f"cannot be read: {' '.join(message.split())[:300]}"


def _files(path: Path, scratch: Path, faults: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield every file to read with the name to show for it; zips are unpacked into the scratch folder."""
    base = path if path.is_dir() and path.suffix.lower() != ".gdb" else path.parent
    found = [path] if base != path else [child for child in sorted(path.rglob("*")) if not _hidden(child, path)]
    for number, file in enumerate(found):
        shown = file.relative_to(base).as_posix()
        if any(parent.suffix.lower() == ".gdb" for parent in file.relative_to(base).parents):
            continue
        if file.suffix.lower() == ".zip":
            inner = scratch / str(number)
            try:
                _unzip(file, inner)
            except (OSError, zipfile.BadZipFile, RuntimeError) as error:
                faults.append(f"{shown}: cannot be unpacked: {error}")
                continue
            yield from (
                (child, f"{shown}/{child.relative_to(inner).as_posix()}")
                for child in sorted(inner.rglob("*"))
                if _is_map(child)
            )
        elif _is_map(file):
            yield file, shown
        elif file.is_file() and file.suffix.lower() in ELSEWHERE:
            faults.append(f"{shown}: {ELSEWHERE[file.suffix.lower()]}.")


def _hidden(child: Path, base: Path) -> bool:
    return any(part.startswith((".", "__MACOSX", "~$")) for part in child.relative_to(base).parts)


def _is_map(file: Path) -> bool:
    return (
        file.suffix.lower() in SUFFIXES
        and (file.is_file() or file.suffix.lower() == ".gdb")
        and "__MACOSX" not in file.parts
    )


def _unzip(file: Path, folder: Path) -> None:
    """Unpack a zip; names that do not say they are UTF-8 are GBK on a Chinese Windows."""
    with zipfile.ZipFile(file, metadata_encoding="gbk") as archive:
        archive.extractall(folder)  # zipfile strips absolute paths and ".."


def _read(path: Path, encoding: str | None) -> list[Layer]:
    suffix = path.suffix.lower()
    if suffix in {".geojson", ".json"}:
        return _read_json(path, encoding)
    if suffix == ".dxf":
        return _read_dxf(path, encoding)
    if suffix == ".shp":
        return _read_shapefile(path, encoding)
    if suffix == ".kml":
        return _read_kml(path)
    return _read_any(path, encoding if suffix in {".tab", ".mif"} else None)


def _read_any(path: Path, encoding: str | None) -> list[Layer]:
    names = [str(name) for name, geometry in pyogrio.list_layers(path) if geometry is not None]
    layers: list[Layer] = []
    for name in names:
        columns, geoms, crs, notes = _arrow(path, name, encoding)
        if path.suffix.lower() in {".kml", ".kmz"}:
            columns = _kml_columns(columns)
        base = path.stem if len(names) == 1 else f"{path.stem}/{name}"
        layers += _by_kind(Layer(base, path.name, "", columns, geoms, crs, encoding or "UTF-8", notes))
    return layers


def _arrow(
    path: Path, name: str | None, encoding: str | None
) -> tuple[dict[str, list[Any]], np.ndarray, str | None, tuple[str, ...]]:
    """Read one layer by Arrow, which keeps integers with gaps whole; what GDAL warns of becomes a note."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        meta, table = pyogrio.raw.read_arrow(path, layer=name, encoding=encoding)
        geometry = meta["geometry_name"] or "wkb_geometry"
        geoms = shapely.force_2d(shapely.from_wkb(table[geometry].to_pylist(), on_invalid="ignore"))
    columns = {
        field: [_plain(value) for value in table[field].to_pylist()]
        for field in table.column_names
        if field != geometry
    }
    notes = tuple(dict.fromkeys(str(warning.message).splitlines()[0][:200] for warning in caught))
    return columns, np.asarray(geoms, dtype=object), meta["crs"], notes


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: dates as text, bytes and what has no plain form as None."""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat() if value.tzinfo is None else value.isoformat()
    if isinstance(value, date | time | datetime):
        return value.isoformat()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool | list | dict):
        return value
    return None if isinstance(value, bytes) else str(value)


# ---- Shapefile ----------------------------------------------------------------------------------------------------------------------------------------


def _sibling(path: Path, suffix: str) -> Path | None:
    """Find a file beside another, whatever the case of its ending."""
    return next(
        (file for file in path.parent.iterdir() if file.stem == path.stem and file.suffix.lower() == suffix), None
    )


def _read_shapefile(path: Path, encoding: str | None) -> list[Layer]:
    dbf = _sibling(path, ".dbf")
    texts = list(_dbf_texts(dbf)) if dbf else []
    declared = _declared(path)
    chosen, note = choose_encoding(texts, given=encoding, declared=declared)
    columns, geoms, crs, notes = _arrow(path, None, "ISO-8859-1")
    columns = {
        decode(name.encode("latin-1"), chosen): [_decoded(value, chosen) for value in values]
        for name, values in columns.items()
    }
    return _by_kind(
        Layer(path.stem, path.name, "", columns, geoms, crs, _shown(chosen), (*([note] if note else []), *notes))
    )


def _decoded(value: Any, encoding: str) -> Any:
    if not isinstance(value, str):
        return value
    return decode(value.encode("latin-1", errors="replace"), encoding).strip(" \0")


def _declared(path: Path) -> str | None:
    cpg = _sibling(path, ".cpg")
    text = cpg.read_text("ascii", errors="replace").strip() if cpg else ""
    try:
        return _codec(text) if text else None
    except PackError:
        return None


def _dbf_texts(path: Path) -> Iterator[bytes]:
    """Yield the names of the fields and the values of the text fields of a .dbf, as bytes (dBASE III, level 5)."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:  # noqa: PLR2004
            return
        records, start, width = (
            int.from_bytes(head[4:8], "little"),
            int.from_bytes(head[8:10], "little"),
            int.from_bytes(head[10:12], "little"),
        )
        spans, at = [], 1
        while (field := file.read(32)) and len(field) == 32 and field[0] != 0x0D:  # noqa: PLR2004
            yield field[:11].split(b"\0")[0]
            spans += [(at, at + field[16])] if field[11:12] == b"C" else []
            at += field[16]
        file.seek(start)
        for _ in range(records):
            record = file.read(width)
            yield from (record[low:high].strip(b" \0") for low, high in spans)


_CODEPAGES = MappingProxyType(
    {
        "ansi936": "gb18030",
        "936": "gb18030",
        "gbk": "gb18030",
        "gb2312": "gb18030",
        "65001": "utf-8",
        "950": "big5",
        "1252": "cp1252",
        "88591": "latin-1",
        "utf8bom": "utf-8-sig",
    }
)


def _codec(name: str) -> str:
    """Return Python's name of an encoding, GBK and GB2312 widened to GB18030.

    Raises
    ------
    PackError
        Nobody knows that encoding.
    """
    folded = re.sub(r"[^a-z0-9]", "", name.lower())
    folded = folded.removeprefix("cp") if folded.removeprefix("cp") in _CODEPAGES else folded
    try:
        return _CODEPAGES.get(folded) or codecs.lookup(name.strip()).name
    except LookupError:
        raise PackError(
            f"Encoding {name!r} is unknown. Use UTF-8, GBK, GB18030, Big5 or another name that Python knows."
        ) from None


def _shown(encoding: str) -> str:
    return {"utf-8": "UTF-8", "gb18030": "GB18030", "big5": "Big5"}.get(encoding, encoding)


def decode(raw: bytes, encoding: str) -> str:
    """Decode bytes; a character cut in two at the end of a field is dropped, others that cannot be read become U+FFFD."""
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(raw)


def choose_encoding(
    texts: Sequence[bytes], *, given: str | None = None, declared: str | None = None
) -> tuple[str, str]:
    """Choose how to decode texts: as told, else as declared if that can be, else by trial.

    Returns
    -------
    tuple of str
        Python's name of the encoding, and a note for people ("" when there is nothing to say).
    """
    if given:
        return given, ""
    high = [text for text in texts if not text.isascii()]
    if not high:
        return declared or "utf-8", ""
    if (
        declared
        and _reads(high, declared)
        and (declared not in {"latin-1", "iso8859-1", "cp1252"} or guess_encoding(high) == "cp1252")
    ):
        return declared, ""
    guess = guess_encoding(high)
    why = f"its .cpg says {_shown(declared)}, which its bytes are not" if declared else "it declares no encoding"
    return guess, f"{why}; read as {_shown(guess)} by trial (--encoding to overrule)"


def guess_encoding(texts: Sequence[bytes]) -> str:
    """Guess an encoding by trial: UTF-8, then GB18030 and Big5 where the characters are everyday ones, else Windows-1252.

    Nearly all bytes are *valid* GBK, also French ones; but é before a letter makes a rare Chinese character, outside of GB 2312, and Chinese text is almost
    wholly within it. Big5's everyday characters are those of its level 1 (lead bytes A4 to C6).
    """
    high = [text for text in texts if not text.isascii()]
    if _reads(high, "utf-8"):
        return "utf-8"
    if _reads(high, "gb18030") and _share(high, "gb18030", lambda char: _encodes(char, "gb2312")) >= COMMON_HAN:
        return "gb18030"
    if _reads(high, "big5") and _share(high, "big5", lambda char: 0xA1 <= char.encode("big5")[0] <= 0xC6) >= COMMON_HAN:  # noqa: PLR2004
        return "big5"
    return "cp1252"


def _reads(texts: Iterable[bytes], encoding: str) -> bool:
    """Whether all texts can be decoded, but for a character cut in two at the end."""
    try:
        for text in texts:
            codecs.getincrementaldecoder(encoding)().decode(text)
    except UnicodeDecodeError:
        return False
    return True


def _share(texts: Iterable[bytes], encoding: str, everyday: Any) -> float:
    chars = [char for text in texts for char in decode(text, encoding) if not char.isascii()]
    return sum(map(everyday, chars)) / len(chars) if chars else 0.0


def _encodes(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


# ---- GeoJSON ------------------------------------------------------------------------------------------------------------------------------------------


def _read_json(path: Path, encoding: str | None) -> list[Layer]:
    raw = path.read_bytes()
    chosen = encoding or ("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else guess_encoding([raw]))
    note = (
        ()
        if chosen == "utf-8" or encoding
        else (f"is not UTF-8; read as {_shown(chosen)} by trial (--encoding to overrule)",)
    )
    found = read_geojson(path, encoding=chosen)
    if not found.rows:
        return _read_other_json(path, [fault.message for fault in found.faults])
    if shapely.is_missing(found.source).all():
        why = next((f"; {fault.message}" for fault in found.faults), "")
        raise PackError(f"no feature has a usable geometry{why}")
    names = dict.fromkeys(name for row in found.rows for name in row)
    columns = {name: [_plain(row.get(name)) for row in found.rows] for name in names}
    return _by_kind(Layer(path.stem, path.name, "", columns, found.source, _crs_member(raw), _shown(chosen), note))


def _read_other_json(path: Path, faults: list[str]) -> list[Layer]:
    """Read TopoJSON, ESRI JSON, lines of features or a bare geometry; a JSON file that is no map is no layer."""
    try:
        return _read_any(path, None)
    except (DataSourceError, ValueError):
        raise PackError("; ".join(faults) or "has no features") from None


_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*\{.{0,200}?"name"\s*:\s*"([^"]{1,200})"', re.DOTALL)


def _crs_member(raw: bytes) -> str | None:
    """Return the name in the `crs` member of GeoJSON 2008, which stands before or after the features; RFC 7946 has none."""
    match = _CRS_MEMBER.search(raw[:20_000]) or _CRS_MEMBER.search(raw[-2_000:])
    return match[1].decode("utf-8", errors="replace") if match else None


# ---- KML ----------------------------------------------------------------------------------------------------------------------------------------------


_XML_ENCODING = re.compile(rb"""^(\s*<\?xml[^>]{0,80}encoding=["'])([\w-]+)""")


def _read_kml(path: Path) -> list[Layer]:
    """Read a KML; one that declares GBK, which GDAL's XML reader does not know, by way of a copy in UTF-8."""
    raw = path.read_bytes()
    declared = _XML_ENCODING.match(raw)
    encoding = _codec(declared[2].decode()) if declared else "utf-8"
    if encoding not in {"gb18030", "big5"}:
        return _read_any(path, None)
    text = decode(_XML_ENCODING.sub(rb"\g<1>UTF-8", raw), encoding)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_text(text, encoding="utf-8")
        return [replace(layer, encoding=_shown(encoding)) for layer in _read_any(copy, None)]


def _kml_columns(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Drop what LIBKML adds, and unfold the table of attributes that ArcGIS writes into descriptions as HTML."""
    kept = {
        name: values
        for name, values in columns.items()
        if name.lower() not in _KML_EXTRAS and any(value not in (None, "") for value in values)
    }
    described = next((name for name in kept if name.lower() == "description"), None)
    rows = [_cells(value) for value in kept[described]] if described else []
    if not rows or sum(bool(row) for row in rows) < len(rows) / 2:
        return kept
    del kept[described or ""]
    for name in dict.fromkeys(name for row in rows for name in row):
        kept.setdefault(name, [row.get(name) for row in rows])
    return kept


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
        self._inside = tag in {"td", "th"} or (self._inside and tag != "tr")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def _cells(html: Any) -> dict[str, str]:
    """Read an HTML table of two columns as names and values."""
    if not isinstance(html, str) or "<td" not in html.lower():
        return {}
    parser = _Cells()
    parser.feed(html)
    return {row[0]: row[1] for row in parser.rows if len(row) == 2 and row[0]}  # noqa: PLR2004


# ---- DXF ----------------------------------------------------------------------------------------------------------------------------------------------

_DXF_PAGE = re.compile(rb"(\$DWGCODEPAGE\s+3\s+)(\S+)")


def _read_dxf(path: Path, encoding: str | None) -> list[Layer]:
    """Read a drawing: a layer each, closed lines as polygons, lettering kept with the polygons that it names."""
    raw = path.read_bytes()
    chosen, note = choose_encoding(raw.splitlines(), given=encoding)
    columns, geoms, crs, notes = _dxf_bytes(raw)
    columns = {name: [_undo(value, chosen) for value in values] for name, values in columns.items()}
    notes = (*([note] if note else []), *notes)
    whole = Layer(path.stem, path.name, "", columns, geoms, crs, _shown(chosen), notes)
    return [part for name in dict.fromkeys(columns["Layer"]) for part in _dxf_layer(whole, name)]


def _dxf_bytes(raw: bytes) -> tuple[dict[str, list[Any]], np.ndarray, str | None, tuple[str, ...]]:
    """Read a DXF as Latin-1, whatever code page it claims (since AutoCAD 2007 it is UTF-8 and still claims one), so that its bytes come back whole."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "drawing.dxf"
        copy.write_bytes(_DXF_PAGE.sub(rb"\g<1>ANSI_1252", raw, count=1))
        return _arrow(copy, None, None)


def _undo(value: Any, encoding: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return decode(value.encode("latin-1"), encoding)
    except UnicodeEncodeError:  # \U+4E00 escapes are Unicode already
        return value


def _dxf_layer(whole: Layer, name: str) -> list[Layer]:
    layer = whole.take(np.array([position for position, value in enumerate(whole.columns["Layer"]) if value == name]))
    words = layer.columns.get("Text", [None] * len(layer))
    lettering = np.array(
        [shapely.get_type_id(geom) == 0 and bool(text) for text, geom in zip(words, layer.geoms, strict=True)]
    )
    texts = tuple(
        (" ".join(str(words[position]).split()), layer.geoms[position]) for position in np.flatnonzero(lettering)
    )
    columns = {
        key: values for key, values in layer.columns.items() if key not in {*_DXF_EXTRAS, "Text"} and any(values)
    }
    outlines = np.array(
        [_ring(geom) if shapely.get_type_id(geom) in {1, 5} else None for geom in layer.geoms], dtype=object
    )
    shapes = np.where(shapely.is_missing(outlines), layer.geoms, outlines)
    drawn = replace(layer, name=f"{whole.name}/{name}", columns=columns, geoms=shapes).take(np.flatnonzero(~lettering))
    parts = _by_kind(drawn) or [replace(drawn, kind="point")]
    return [replace(part, texts=texts) for part in parts if len(part) or texts]


# ---- kinds of geometry --------------------------------------------------------------------------------------------------------------------------------


def _by_kind(layer: Layer) -> list[Layer]:
    """Split a layer into points, lines and polygons; features without a geometry stay with the most frequent kind."""
    geoms = np.array([_simple(geom) for geom in layer.geoms], dtype=object)
    kinds = np.array([KINDS.get(int(shapely.get_type_id(geom)), "") for geom in geoms], dtype=object)
    present = [kind for kind in PLURAL if (kinds == kind).any()]
    if not present:
        return []
    main = max(present, key=lambda kind: int((kinds == kind).sum()))
    kinds[kinds == ""] = main
    parts = []
    for kind in present:
        part = replace(layer, geoms=geoms, kind=kind).take(np.flatnonzero(kinds == kind))
        named = layer.name if len(present) == 1 or kind == main else f"{layer.name}:{PLURAL[kind]}"
        parts.append(_closed(_single_points(replace(part, name=named))))
    return parts


def _simple(geom: shapely.Geometry | None) -> shapely.Geometry | None:
    """Return the parts of highest dimension of a collection as one geometry; others as they are."""
    if geom is None or geom.geom_type != "GeometryCollection" or geom.is_empty:
        return geom
    parts = np.array([part for part in shapely.get_parts(geom) if part.geom_type != "GeometryCollection"], dtype=object)
    parts = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(parts).max()] if len(parts) else parts
    if not len(parts):
        return geom
    singles = shapely.get_parts(parts)
    if len(singles) == 1:
        return singles[0]
    makers = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}
    return makers[int(shapely.get_dimensions(singles[0]))](singles)


def _single_points(layer: Layer) -> Layer:
    if layer.kind != "point":
        return layer
    geoms, rows = shapely.get_parts(layer.geoms, return_index=True)
    if len(geoms) <= (~shapely.is_missing(layer.geoms)).sum():
        geoms = np.array(
            [shapely.get_parts(geom)[0] if shapely.get_num_geometries(geom) else geom for geom in layer.geoms],
            dtype=object,
        )
        return replace(layer, geoms=geoms)
    many = layer.take(rows)
    return replace(many, geoms=geoms, notes=(*layer.notes, "features of several points became one feature a point"))


def _closed(layer: Layer) -> Layer:
    """Read lines as polygons where every one is closed: drawn with the wrong tool, they are outlines."""
    if layer.kind != "line":
        return layer
    rings = np.array([_ring(geom) for geom in layer.geoms], dtype=object)
    closed = ~shapely.is_missing(rings)
    if not closed.all():
        return layer
    return replace(
        layer, kind="polygon", geoms=rings, notes=(*layer.notes, "its lines are all closed; read as polygons")
    )


def _ring(geom: shapely.Geometry | None) -> shapely.Polygon | None:
    if geom is None or shapely.get_num_geometries(geom) != 1:
        return None
    line = shapely.get_parts(geom)[0] if geom.geom_type == "MultiLineString" else geom
    points = shapely.get_coordinates(line)
    size = float(np.ptp(points, axis=0).max()) if len(points) >= 4 else 0.0  # noqa: PLR2004
    if not size or np.abs(points[0] - points[-1]).max() > size * TOLERANCE:
        return None
    return shapely.Polygon(points)


def _unique(layers: list[Layer]) -> tuple[Layer, ...]:
    """Make names unique: two files of one name get their folder before it, and their ending behind it where that does not help."""
    names = [layer.name for layer in layers]
    out: list[Layer] = []
    for layer in layers:
        name = layer.name
        if names.count(name) > 1:
            name = f"{Path(layer.file).with_suffix('').as_posix()}{name.removeprefix(Path(layer.file).stem)}"
        if name in {other.name for other in out}:
            name = f"{layer.file}{layer.name.removeprefix(Path(layer.file).stem)}"
        while name in {other.name for other in out}:
            name += "'"
        out.append(replace(layer, name=name))
    return tuple(out)
