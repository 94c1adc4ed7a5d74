"""Photos: what they are is told by content, what is kept is the picture alone, and what is no photo is refused by name."""

import io
import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from desk.photos import MOST_BYTES, TROUBLE, Photo, kind_of, take
from geo.errors import PhotoError

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F
SECRET = b"138-SECRET-5678"


def scene(width=400, height=300, mode="RGB"):
    """A picture whose four corners differ: red, green, blue, white."""
    picture = Image.new("RGB", (width, height), "gray")
    draw = ImageDraw.Draw(picture)
    across, down = width // 2, height // 2
    for corner, colour in zip(
        ((0, 0), (across, 0), (0, down), (across, down)), ("red", "lime", "blue", "white"), strict=True
    ):
        draw.rectangle((*corner, corner[0] + across - 1, corner[1] + down - 1), fill=colour)
    return picture.convert(mode)


def encoded(picture, kind="JPEG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def exif(orientation=1):
    data = Image.Exif()
    data[ORIENTATION], data[MAKER] = orientation, SECRET.decode()
    data[GPS] = {1: "N", 2: (34.0, 45.0, 12.0), 3: "E", 4: (113.0, 36.0, 0.0)}
    return data


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def forget_peak():
    """Let the kernel count the peak of this process's memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak():
    """Return the peak of this process's memory, KiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def grown(function, *arguments):
    """Return what a call gives, and by how many KiB it made the peak of memory grow."""
    forget_peak()
    before = peak()
    return function(*arguments), peak() - before


def corners(data):
    """Names of the colours in the four corners of a picture, clockwise from the top left."""
    seen = pixels(data)
    height, width, _ = seen.shape
    names = {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white"}
    places = ((1, 1), (1, 3), (3, 3), (3, 1))
    return [names.get(tuple((seen[height * y // 4, width * x // 4] > 128).astype(int))) for y, x in places]


def refused(data, **options):
    with pytest.raises(PhotoError) as caught:
        take(data, **options)
    error = caught.value
    assert str(error) == TROUBLE[error.kind].format(found=error.found, most=error.most)
    return error


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width, height, body=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


# what is taken


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("PNG", "P", {}),
        ("PNG", "1", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("MPO", "RGB", {"save_all": True, "append_images": [scene(20, 20)]}),
    ],
)
def test_a_photo_of_each_kind_becomes_a_plain_jpeg(kind, mode, options):
    photo = take(encoded(scene(mode=mode), kind, **options))
    kept = Image.open(io.BytesIO(photo.data))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (400, 300))
    assert (photo.width, photo.height) == (400, 300)
    assert photo.sha256 == sha256(photo.data).hexdigest()
    if mode in {"RGB", "RGBA", "P", "CMYK"}:
        assert corners(photo.data) == corners(photo.thumbnail) == ["red", "lime", "white", "blue"]


def test_sixteen_bits_become_eight():
    grey = np.full((20, 20), 40_000, dtype=np.uint16)
    assert abs(pixels(take(encoded(Image.fromarray(grey), "PNG")).data).mean() - 40_000 / 256) < 2


def test_what_is_transparent_becomes_white():
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert pixels(take(encoded(clear, "PNG")).data).min() > 250
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([255, 0, 0] * 256)
    assert pixels(take(encoded(palette, "PNG", transparency=0)).data).min() > 250


def test_a_large_photo_is_made_smaller_and_a_small_one_stays():
    photo = take(encoded(scene(3000, 1500)))
    assert (photo.width, photo.height) == (2048, 1024)
    assert Image.open(io.BytesIO(photo.thumbnail)).size == (320, 160)
    assert take(encoded(scene(3000, 1500)), longest=100).width == 100
    assert take(encoded(Image.new("RGB", (1, 1)))).width == 1
    assert take(encoded(Image.new("RGB", (5000, 3)))).height == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_an_animation_gives_its_first_frame(kind):
    frames = [Image.new("RGB", (60, 60), "blue")] * 3
    data = encoded(scene(60, 60), kind, save_all=True, append_images=frames, duration=50)
    if kind == "GIF":
        assert refused(data).found == "GIF"
    else:
        assert corners(take(data).data) == ["red", "lime", "white", "blue"]


# what is not kept


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_picture_is_kept(kind):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + SECRET + b"</x:xmpmeta>"
    options = {"exif": exif(), "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    options |= {"JPEG": {"comment": SECRET, "xmp": xmp}, "WEBP": {"xmp": xmp}}.get(kind, {})
    data = encoded(scene(), kind, **options)
    assert SECRET in data
    photo = take(data)
    for kept in (photo.data, photo.thumbnail):
        assert SECRET not in kept
        assert b"Exif" not in kept
        assert b"ICC_PROFILE" not in kept
        assert not {marker for marker in segments(kept) if 0xE1 <= marker <= 0xEF or marker == 0xFE}
        picture = Image.open(io.BytesIO(kept))
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def segments(data):
    """Markers of a JPEG before its scan."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        found.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "clockwise"),
    [
        (1, ["red", "lime", "white", "blue"]),
        (2, ["lime", "red", "blue", "white"]),
        (3, ["white", "blue", "red", "lime"]),
        (4, ["blue", "white", "lime", "red"]),
        (5, ["red", "blue", "white", "lime"]),
        (6, ["blue", "red", "lime", "white"]),
        (7, ["white", "lime", "red", "blue"]),
        (8, ["lime", "white", "blue", "red"]),
        (9, ["red", "lime", "white", "blue"]),
    ],
)
def test_a_photo_stands_upright(kind, orientation, clockwise):
    photo = take(encoded(scene(), kind, exif=exif(orientation)))
    assert corners(photo.data) == clockwise
    assert (photo.width, photo.height) == ((300, 400) if orientation in {5, 6, 7, 8} else (400, 300))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_that_cannot_be_read_costs_nothing_but_the_orientation():
    data = encoded(scene(), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)
    assert corners(take(data).data) == ["red", "lime", "white", "blue"]


def test_colours_of_another_profile_become_srgb():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    assert corners(take(encoded(scene(), icc_profile=swapped)).data) == ["lime", "red", "white", "blue"]
    assert corners(take(encoded(scene(), icc_profile=srgb)).data) == ["red", "lime", "white", "blue"]
    for broken in (b"no profile", srgb[:200], b"\0" * 3_000_000):
        assert corners(take(encoded(scene(), icc_profile=broken)).data) == ["red", "lime", "white", "blue"]


def test_a_file_behind_the_picture_is_left_behind():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("page.html", b"<script>alert(1)</script>" + SECRET)
    for data in (encoded(scene()), encoded(scene(), "PNG"), encoded(scene(), "WEBP")):
        polyglot = data + archive.getvalue()
        assert zipfile.is_zipfile(io.BytesIO(polyglot))
        photo = take(polyglot)
        assert not zipfile.is_zipfile(io.BytesIO(photo.data))
        assert SECRET not in photo.data
        assert b"PK" not in photo.data[-200:]
        assert photo == take(data)


def test_script_inside_a_picture_is_left_behind():
    data = encoded(scene(), comment=b"<script>alert(1)</script>")
    assert b"<script" in data
    assert b"<script" not in take(data).data


def test_the_same_bytes_give_the_same_photo():
    data = encoded(scene(3000, 2000), exif=exif(6))
    assert take(data) == take(bytes(bytearray(data)))
    other = [
        sys.executable,
        "-c",
        "import sys; from desk.photos import take; print(take(sys.stdin.buffer.read()).sha256)",
    ]
    again = subprocess.run(other, input=data, capture_output=True, check=True, cwd=Path(__file__).parent.parent)
    assert again.stdout.decode().strip() == take(data).sha256


def test_taking_a_kept_photo_again_keeps_its_size_and_looks():
    first = take(encoded(scene()))
    second = take(first.data)
    assert (second.width, second.height) == (first.width, first.height)
    assert abs(pixels(second.data) - pixels(first.data)).mean() < 3


# blur


def stripes(width, height, step):
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for at in range(0, width, 2 * step):
        draw.rectangle((at, 0, at + step - 1, height), fill="black")
    return picture


def test_nothing_is_readable_in_a_blurred_rectangle_and_the_rest_stays():
    picture = stripes(600, 400, 10)
    box = (0.25, 0.25, 0.75, 0.5)
    plain, hidden = pixels(take(encoded(picture, "PNG")).data), pixels(take(encoded(picture, "PNG"), blur=[box]).data)
    inside = hidden[100:200, 150:450]
    assert plain[100:200, 150:450].std() > 100
    assert inside.std() < 15
    assert abs(np.diff(inside[16:-16, 16:-16].mean(axis=2), axis=1)).max() < 6, "no edge of a stripe or cell"
    away = np.ones(hidden.shape[:2], dtype=bool)
    away[92:208, 142:458] = False  # JPEG blocks at the rim
    assert (plain[away] == hidden[away]).all()


def test_two_plates_look_alike_once_blurred():
    def plate(signs):
        picture = Image.new("RGB", (400, 300), "navy")
        draw = ImageDraw.Draw(picture)
        draw.text((110, 130), signs, fill="white", font_size=40)
        return take(encoded(picture, "PNG"), blur=[(0.2, 0.4, 0.8, 0.65)])

    one, other = pixels(plate("A·12345").data), pixels(plate("A·67890").data)
    assert abs(one - other).max() < 40
    assert abs(one - other).mean() < 3


def test_a_rectangle_is_meant_as_a_person_sees_the_photo():
    data = encoded(scene(400, 300), exif=exif(6))  # turned: blue, red, lime, white
    hidden = pixels(take(data, blur=[(0, 0, 1, 0.5)]).data)
    assert corners(take(data, blur=[(0.5, 1.0, 0, 0.5)]).data)[:2] == ["blue", "red"]
    assert hidden[100, 148].max() < 200, "blue and red have run into each other"


def test_the_thumbnail_hides_what_the_photo_hides():
    picture = stripes(600, 400, 20)
    assert pixels(take(encoded(picture, "PNG"), blur=[(0, 0, 1, 1)]).thumbnail).std() < 25
    assert pixels(take(encoded(picture, "PNG")).thumbnail).std() > 80


@pytest.mark.parametrize(
    "box",
    [(2, 2, 3, 3), (0.5, 0, 0.5, 1), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1), (0, 0, 1)],
)
def test_a_rectangle_that_hides_nothing_is_refused(box):
    assert refused(encoded(scene()), blur=[box]).kind == "box"


@pytest.mark.parametrize("box", [(-1, -1, 2, 2), (0.999, 0.999, 1, 1), (0, 0, 0.0001, 1), (1, 1, 0, 0)])
def test_a_rectangle_over_the_rim_or_a_tiny_one_is_blurred(box):
    assert take(encoded(stripes(200, 100, 5), "PNG"), blur=[box]).width == 200


# what is refused


def heic(brand=b"heic"):
    return struct.pack(">I", 24) + b"ftyp" + brand + b"\0\0\0\0mif1" + brand + b"\0" * 100


@pytest.mark.parametrize(
    ("data", "kind", "found"),
    [
        (b"", "empty", ""),
        (heic(), "heic", "HEIC"),
        (heic(b"mif1"), "heic", "HEIC"),
        (heic(b"avif"), "foreign", "AVIF"),
        (heic(b"isom"), "heic", "HEIC"),
        (b"\0\0\0\x14ftypisom\0\0\0\0isom" + b"\0" * 50, "foreign", "MP4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 50, "foreign", "MOV"),
        (encoded(scene(), "GIF"), "foreign", "GIF"),
        (encoded(scene(), "BMP"), "foreign", "BMP"),
        (encoded(scene(), "TIFF"), "foreign", "TIFF"),
        (b"%PDF-1.7\n" + b"x" * 90, "foreign", "PDF"),
        (b"PK\3\4" + b"\0" * 90, "foreign", "ZIP"),
        (b"MZ\x90\0" + b"\0" * 90, "foreign", "EXE"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "foreign", "SVG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg width="1"/>', "foreign", "SVG"),
        (b"  <!DOCTYPE html><html><body>x</body></html>", "foreign", "HTML"),
        ("<html>".encode("utf-16"), "foreign", "HTML"),
        ("院里杂草又长起来了".encode(), "foreign", "text"),
        (b"just words", "foreign", "text"),
        (bytes(range(1, 200)), "unknown", ""),
        (b"\0" * 1000, "unknown", ""),
        (b"\xff\xd8\xff\xe0", "broken", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "broken", "PNG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "broken", "WebP"),
        (b"RIFF\0\0\0\0WAVEfmt ", "foreign", "WAV"),
        (b"\xff\xd8\xff\xe0<html><script>alert(1)</script>" + b"x" * 900, "broken", "JPEG"),
    ],
)
def test_what_is_no_photo_is_refused_and_named(data, kind, found):
    error = refused(data)
    assert (error.kind, error.found) == (kind, found)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_half_a_photo_is_refused(kind, part):
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    assert refused(data[: int(len(data) * part)]).kind == "broken"


def test_the_extension_and_the_sender_are_not_asked():
    assert kind_of(encoded(scene(), "PNG")) == "PNG"
    assert "name" not in take.__annotations__


def test_heic_is_taken_where_pillow_has_a_reader(monkeypatch):
    def open_heif(file, _name):
        return Image.open(io.BytesIO(encoded(scene(), "PNG")))

    monkeypatch.setitem(Image.OPEN, "HEIF", (open_heif, lambda head: b"ftyp" in head))
    monkeypatch.setattr(Image, "ID", [*Image.ID, "HEIF"])
    assert corners(take(heic()).data) == ["red", "lime", "white", "blue"]
    assert refused(heic(), most_pixels=1000).kind == "pixels"


def test_too_large_a_file_is_refused_before_it_is_read():
    before = time.thread_time()
    error = refused(b"\xff\xd8\xff" * 35_000_000)
    assert (error.kind, error.found, error.most) == ("large", "100.1 MB", "20 MB")
    assert time.thread_time() - before < 3
    assert refused(b"x" * 11, most_bytes=10).kind == "large"
    assert MOST_BYTES == 20 * 1024 * 1024


def bombs():
    vp8x = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (16_382).to_bytes(3, "little") * 2
    yield "PNG", png_of(70_000, 70_000)
    yield "PNG", png_of(2**31 - 1, 2**31 - 1)
    yield "WebP", b"RIFF" + struct.pack("<I", 22) + b"WEBP" + vp8x
    yield "WebP", b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8L" + struct.pack("<IB", 10, 0x2F) + b"\xff" * 9
    yield (
        "WebP",
        b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8 " + struct.pack("<I", 20) + b"\0\0\0\x9d\x01\x2a" + b"\xff\x3f" * 2,
    )
    jpeg = bytearray(encoded(scene(16, 16)))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    yield "JPEG", bytes(jpeg)


@pytest.mark.parametrize(("kind", "data"), list(bombs()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_bomb_is_refused_by_its_header(kind, data):
    error, memory = grown(refused, data)
    assert error.kind == "pixels", error
    assert "×" in error.found
    assert memory < 20_000


def test_as_many_pixels_as_allowed_are_taken():
    data = encoded(Image.new("RGB", (100, 50)))
    assert take(data, most_pixels=5000).width == 100
    assert refused(data, most_pixels=4999).most == "0.004999"
    assert refused(encoded(Image.new("RGB", (100, 50)), "PNG"), most_pixels=9999).kind == "pixels"


def test_a_bomb_in_a_text_or_profile_chunk_is_harmless():
    zeros = zlib.compress(b"\0" * 300_000_000, 9)
    data = encoded(scene(), "PNG")
    for name in (b"zTXt", b"iCCP"):
        bomb = data[:33] + chunk(name, b"k\0\0" + zeros) + data[33:]
        result, memory = grown(outcome, bomb)
        assert result in {"photo", "broken"}
        assert memory < 150_000


def test_a_photo_of_a_thousand_scans_is_refused():
    data = encoded(scene(), progressive=True)
    at = data.rindex(b"\xff\xda")
    assert refused(data[:at] + data[at:-2] * 1000 + b"\xff\xd9").kind == "broken"


def test_a_second_frame_header_cannot_smuggle_pixels_in():
    data = encoded(scene(16, 16))
    at = data.index(b"\xff\xc0")
    header = bytearray(data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")])
    header[5:9] = struct.pack(">HH", 65_500, 65_500)
    assert refused(data[:at] + data[at : at + len(header)] + bytes(header) + data[at + len(header) :]).kind in {
        "pixels",
        "broken",
    }


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.builds(
            bytes.__add__,
            st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"<", b"\0\0\0\x18ftyp"]),
            st.binary(max_size=200),
        ),
    )
)
def test_bytes_give_a_photo_or_an_answer(data):
    assert outcome(data, most_pixels=1_000_000) in {"photo", *TROUBLE}


SOUND = [encoded(scene(24, 16), kind, exif=exif(6)) for kind in ("JPEG", "PNG", "WEBP")] + [
    encoded(scene(24, 16), progressive=True)
]


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0.1, 1),
)
def test_a_photo_with_wrong_bytes_gives_a_photo_or_an_answer(data, changes, part):
    spoilt = bytearray(data)
    for place, value in changes:
        spoilt[int(place * len(spoilt))] = value
    assert outcome(bytes(spoilt[: int(len(spoilt) * part)]), most_pixels=1_000_000) in {"photo", *TROUBLE}


def outcome(data, **options):
    """What comes of a file: "photo", or the kind of trouble."""
    try:
        photo = take(data, **options)
    except PhotoError as error:
        return error.kind
    assert isinstance(photo, Photo)
    assert not Image.open(io.BytesIO(photo.data)).getexif()
    return "photo"


def test_memory_stays_bounded_for_the_largest_photo():
    """A 64-megapixel JPEG is decoded at a fraction of its size: far under the 260 MB of its pixels."""
    data = encoded(Image.new("RGB", (9248, 6944), "gray"))
    photo, memory = grown(take, data)
    assert photo.width == 2048
    assert memory < 150_000
