"""Photos as people send them, made safe to keep: checked by what they are, re-encoded, without anything but the picture.

What goes in is hostile until shown otherwise: the kind is read from the content, size and pixels are checked before a decoder sees them, and what is kept is a new JPEG of the
pixels alone: no EXIF, position, XMP, comment, profile, second picture or trailing file. The same bytes give the same photo, so that its digest names it.

Nothing looks for faces or plates (domain 7.1): a person marks what to make unreadable, and that happens before anything is kept; the original is kept nowhere.
"""

import io
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, floor, isfinite
from types import MappingProxyType

from PIL import Image, ImageCms, ImageFilter
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from geo.errors import PhotoError
from layers.words import N_

MOST_BYTES = 20 * 2**20
MOST_PIXELS = 65_000_000  # a phone of 64 megapixels
LONGEST, THUMBNAIL = 2048, 320  # pixels
QUALITY = 85
CELLS = 4  # a blurred rectangle keeps so many cells on its longer side: too few for a face or the signs of a plate
MOST_SCANS = 100  # a progressive JPEG has about ten; thousands keep a decoder busy for minutes
MOST_PROFILE = 2**21
COST: Mapping[str, int] = MappingProxyType({"JPEG": 1, "PNG": 2, "WebP": 4, "HEIC": 4})
"""Memory that a decoder needs for a pixel, beside JPEG, which is decoded at a fraction of its size: the others may have so many fewer."""

TROUBLE: Mapping[str, str] = MappingProxyType(
    {
        "empty": N_("The file is empty. Choose the photo again."),
        "large": N_("The photo has {found}; {most} are allowed. Send it smaller, as chats do by themselves."),
        "pixels": N_(
            "The picture has {found} pixels; {most} million are allowed. Send it smaller, as chats do by themselves."
        ),
        "heic": N_(
            "This is a {found} photo, which cannot be read here. Set the phone's camera to the most compatible format (JPEG), or take a screenshot of the photo and attach that."
        ),
        "foreign": N_("This is a {found} file and no photo. Attach a JPEG, PNG or WebP picture."),
        "unknown": N_("This is no photo that can be read here. Attach a JPEG, PNG or WebP picture."),
        "broken": N_("This {found} photo is damaged or incomplete. Take it again, or attach it once more."),
        "box": N_("The rectangle to blur lies outside the photo. Mark it again."),
    }
)
"""What a page says of each kind of trouble, with ``found`` and ``most`` of the error filled in."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom of a rectangle as shares (0 to 1) of the picture's width and height as a person sees it."""


@dataclass(frozen=True)
class Photo:
    """A photo that is safe to keep.

    Attributes
    ----------
    data, sha256
        JPEG, and the digest of these bytes.
    width, height
        Size in pixels.
    thumbnail
        JPEG of at most 320 pixels.
    """

    data: bytes
    sha256: str
    width: int
    height: int
    thumbnail: bytes


def take(
    data: bytes,
    *,
    most_bytes: int = MOST_BYTES,
    most_pixels: int = MOST_PIXELS,
    longest: int = LONGEST,
    blur: Sequence[Box] = (),
) -> Photo:
    """Return a photo as it is kept: upright, sRGB, at most ``longest`` pixels, nothing in it but the picture.

    Parameters
    ----------
    data
        JPEG, PNG or WebP, and HEIC where Pillow has a reader for it; of an animation the first frame.
    most_bytes
        Size allowed, checked before anything is read.
    most_pixels
        Pixels allowed in a JPEG, half as many in a PNG, a quarter in a WebP; checked before anything is decoded. Memory stays under 450 MB, 100 MB for most phones.
    longest
        Pixels of the longer side kept.
    blur
        Rectangles to make unreadable for good.

    Raises
    ------
    PhotoError
        Says what it is instead, and what to do.
    """
    if len(data) > most_bytes:
        raise _trouble("large", found=_megabytes(len(data)), most=_megabytes(most_bytes))
    boxes = [_checked(box) for box in blur]
    kind = kind_of(data)
    picture = _read(data, kind, most_pixels=most_pixels, longest=longest)
    for box in boxes:
        _blur(picture, box)
    return _photo(picture)


def smaller(data: bytes, longest: int) -> bytes:
    """Return a kept photo with at most ``longest`` pixels on its longer side; as it is where it is no larger, or cannot be read."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as photo:
            fits = max(photo.size) <= longest
        return data if fits else take(data, longest=longest).data
    except (OSError, PhotoError):
        return data


def _photo(picture: Image.Image) -> Photo:
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    kept = _jpeg(picture)
    return Photo(kept, sha256(kept).hexdigest(), picture.width, picture.height, _jpeg(small))


def _jpeg(picture: Image.Image) -> bytes:
    bare = Image.new("RGB", picture.size)  # carries nothing over from the file
    bare.paste(picture)
    file = io.BytesIO()
    bare.save(file, "JPEG", quality=QUALITY, optimize=True, subsampling="4:2:0")
    return file.getvalue()


def _trouble(kind: str, *, found: str = "", most: str = "") -> PhotoError:
    return PhotoError(TROUBLE[kind].format(found=found, most=most), kind=kind, found=found, most=most)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.1f} MB".replace(".0 MB", " MB")


# What it is

_PREFIXES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "Photoshop"),
    (b"%PDF", "PDF"),
    (b"PK\3\4", "ZIP"),
    (b"PK\5\6", "ZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"\xd0\xcf\x11\xe0", "Office"),
    (b"ID3", "MP3"),
    (b"#!AMR", "AMR"),
    (b"OggS", "Ogg"),
    (b"\x1aE\xdf\xa3", "WebM"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\1\0", "ICO"),
    (b"FLIF", "FLIF"),
    (b"qoif", "QOI"),
)
_CONTAINERS = {b"WEBP": "WebP", b"AVI ": "AVI", b"WAVE": "WAV"}
_BRANDS = (
    (rb"avi[fs]", "AVIF"),
    (rb"he[iv][cxms]|mif1|msf1", "HEIC"),
    (rb"qt  ", "MOV"),
)
_MARKUP = (
    (r"<svg[\s>]", "SVG"),
    (r"<!doctype html|<html[\s>]|<script|<body[\s>]", "HTML"),
    (r"^<\?xml|^<[a-z]+[\s>]", "XML"),
)


def kind_of(data: bytes) -> str:
    """Return what a file is by its content: "JPEG", "PNG", "WebP", "HEIC".

    Raises
    ------
    PhotoError
        It is something else, named where it is known.
    """
    if not data:
        raise _trouble("empty")
    found = _by_signature(data) or _by_text(data[:4096])
    if found == "HEIC" and "HEIF" not in Image.OPEN:
        raise _trouble("heic", found="HEIC")
    if found not in COST:
        raise _trouble("foreign", found=found) if found else _trouble("unknown")
    return found


def _by_signature(data: bytes) -> str:
    if data[:4] == b"RIFF":
        return _CONTAINERS.get(data[8:12], "RIFF")
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 256)
        brands = [data[at : at + 4] for at in (8, *range(16, length, 4))]
        return next((name for pattern, name in _BRANDS if any(re.fullmatch(pattern, brand) for brand in brands)), "MP4")
    return next((name for prefix, name in _PREFIXES if data.startswith(prefix)), "")


def _by_text(head: bytes) -> str:
    try:
        text = (
            head.decode("utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", "ignore").strip().lower()
        )
    except UnicodeError:
        return ""
    if found := next((name for pattern, name in _MARKUP if re.search(pattern, text[:1024])), ""):
        return found
    odd = sum(letter < " " and letter not in "\t\r\n\f" for letter in text)
    return "text" if text and not odd and len(text) > len(head) // 4 else ""


# Its size, before a decoder sees it


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the frame header; marker segments are walked, none is decoded."""
    if data.count(b"\xff\xda") > MOST_SCANS:
        raise ValueError("too many scans")
    at = 2
    while data[at] == 0xFF:  # noqa: PLR2004  a marker begins
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004  a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004  a frame header
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise ValueError("no frame")


def _png_size(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise ValueError("no header")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the first chunk: extended, lossless or lossy (RFC 9649)."""
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


_READERS: Mapping[str, tuple[Callable[[bytes], tuple[int, int]], Callable[[io.BytesIO], Image.Image]]] = (
    MappingProxyType(
        {
            "JPEG": (_jpeg_size, JpegImageFile),
            "PNG": (_png_size, PngImageFile),
            "WebP": (_webp_size, WebPImageFile),
        }
    )
)


# The picture


def _read(data: bytes, kind: str, *, most_pixels: int, longest: int) -> Image.Image:
    """Decode a photo into RGB, upright and at most ``longest`` pixels."""
    try:
        with _opened(data, kind, most_pixels) as photo:
            photo.draft(None, (longest, longest))  # of a JPEG a half, a quarter or an eighth is decoded where that does
            photo.load()
            profile, turn = photo.info.get("icc_profile"), _turn(photo)
            picture = _flat(photo)
            picture.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
            picture = _srgb(picture, profile)
            return picture if turn is None else picture.transpose(turn)
    except PhotoError:
        raise
    except Exception as error:
        raise _trouble("broken", found=kind) from error


def _opened(data: bytes, kind: str, most_pixels: int) -> Image.Image:
    """Open a photo, its pixels counted from its header first and from what the decoder says next."""
    if kind in _READERS:
        size_of, reader = _READERS[kind]
        _allow(size_of(data), kind, most_pixels)
        photo = reader(io.BytesIO(data))
    else:
        photo = Image.open(io.BytesIO(data), formats=("HEIF",))
    _allow(photo.size, kind, most_pixels)
    return photo


def _allow(size: tuple[int, int], kind: str, most_pixels: int) -> None:
    width, height = size
    if width * height > most_pixels // COST[kind]:
        most = f"{most_pixels / COST[kind] / 1e6:g}"
        raise _trouble("pixels", found=f"{width:,} × {height:,}", most=most)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112


def _turn(photo: Image.Image) -> Image.Transpose | None:
    """Return how to turn a photo upright; one whose EXIF cannot be read stays as it is."""
    try:
        return _TURNS.get(photo.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  as above
        return None


def _flat(photo: Image.Image) -> Image.Image:
    """Return a photo without transparency (on white), of eight bits, in grey, RGB or CMYK."""
    if photo.mode.startswith("I"):
        return photo.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if photo.mode in {"LA", "PA", "RGBA"} or "transparency" in photo.info:
        clear = photo.convert("RGBA")
        ground = Image.new("RGB", photo.size, "white")
        ground.paste(clear, mask=clear.getchannel("A"))
        return ground
    return photo if photo.mode in {"L", "RGB", "CMYK"} else photo.convert("RGB")


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in sRGB; a profile that is broken or of another kind of picture is left aside."""
    if profile and len(profile) <= MOST_PROFILE:
        try:
            turned = ImageCms.profileToProfile(
                picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            turned = None
        if turned is not None:
            return turned
    return picture.convert("RGB")


# What to make unreadable


def _checked(box: Box) -> Box:
    """Return a box with its sides in order, cut to the picture."""
    if len(box) != 4 or not all(isfinite(side) for side in box):  # noqa: PLR2004  sides
        raise _trouble("box")
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    box = (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))
    if box[0] >= box[2] or box[1] >= box[3]:
        raise _trouble("box")
    return box


def _blur(picture: Image.Image, box: Box) -> None:
    """Make a rectangle unreadable: averaged into a few cells, then blurred, so that no cell edge shows and nothing can be computed back."""
    width, height = picture.size
    area = floor(box[0] * width), floor(box[1] * height), ceil(box[2] * width), ceil(box[3] * height)
    piece = picture.crop(area)
    share = CELLS / max(piece.size)
    cells = max(1, min(CELLS, round(piece.width * share))), max(1, min(CELLS, round(piece.height * share)))
    coarse = piece.resize(cells, Image.Resampling.BOX).resize(piece.size, Image.Resampling.NEAREST)
    picture.paste(coarse.filter(ImageFilter.GaussianBlur(max(piece.size) / CELLS / 2)), area)
