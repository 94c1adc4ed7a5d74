"""Office files that are the same bytes for the same paper: what a library writes carries the clock of the machine in it."""

import re
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

FIRST = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
CORE = "docProps/core.xml"
MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def stable(data: bytes, at: datetime) -> bytes:
    """Return an office file whose parts carry one time, and whose properties carry that of the paper.

    Parameters
    ----------
    at
        With a zone.
    """
    said = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(out, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name == CORE:
                part = MODIFIED.sub(rb"\g<1>" + said + rb"\g<3>", part)
            info = ZipInfo(name, FIRST)
            info.compress_type = ZIP_DEFLATED
            target.writestr(info, part)
    return out.getvalue()
