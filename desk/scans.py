"""Scanned papers (扫描件): the pages of a PDF become pictures, in a process of its own that may take so much time and memory and no more; what is kept is a picture, as of any photo.

Typst draws the pages: scripts, forms, links and attached files of a PDF are not followed, and none of them is kept.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typst

from geo.errors import DraftError

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

PDF = b"%PDF-"
MOST_BYTES = 20 * 2**20
SECONDS, MEMORY = 60, 2 * 2**30
DOTS = 150.0  # an inch
PAGE = '#set page(width: 210mm, height: 297mm, margin: 0pt)\n#image("scan.pdf", page: {page}, width: 100%, height: 100%, fit: "contain")\n'
PAST = "does not exist"  # of a page, as Typst says it


def pictures(scans: Sequence[bytes], most: int) -> list[bytes]:
    """Return pictures as they are, and the pages of PDF files as PNG, in order.

    Parameters
    ----------
    most
        Pages in all.

    Raises
    ------
    DraftError
        A PDF is too large, damaged or protected, or has too many pages.
    """
    found: list[bytes] = []
    for scan in scans:
        found += _pages(scan, most) if scan.startswith(PDF) else [scan]
        if len(found) > most:
            raise DraftError(f"The scans have more than {most} pages. Attach the order alone.", field="scan_pages")
    return found


def _pages(data: bytes, most: int) -> list[bytes]:
    if len(data) > MOST_BYTES:
        raise DraftError(f"The PDF has {len(data):,} bytes; {MOST_BYTES:,} are allowed.", field="scan_large")
    with tempfile.TemporaryDirectory(prefix="scan-") as name:
        folder = Path(name)
        (folder / "scan.pdf").write_bytes(data)
        command = [sys.executable, "-m", "desk.scans", str(folder), str(most + 1)]
        try:
            done = subprocess.run(command, cwd=Path(__file__).parents[1], timeout=SECONDS, check=False, capture_output=True)  # noqa: S603  # fmt: skip
        except subprocess.TimeoutExpired:
            done = None
        if done is None or done.returncode:
            raise DraftError("The PDF cannot be read: it is damaged, protected or too large. Attach its pages as pictures.", field="scan_broken")  # fmt: skip
        return [(folder / f"{number}.png").read_bytes() for number in range(1, len(list(folder.glob("*.png"))) + 1)]


def _draw(folder: Path, most: int) -> int:
    """Draw the pages of ``scan.pdf``, at most so many, and return 0; else 1."""
    if resource:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for number in range(1, most + 1):
        (folder / "page.typ").write_text(PAGE.format(page=number), encoding="utf-8")
        try:
            drawn = typst.compile(folder / "page.typ", root=folder, format="png", ppi=DOTS)
        except typst.TypstError as error:
            return int(PAST not in str(error) or number == 1)
        (folder / f"{number}.png").write_bytes(bytes(drawn or b""))
    return 0


if __name__ == "__main__":
    sys.exit(_draw(Path(sys.argv[1]), int(sys.argv[2])))
