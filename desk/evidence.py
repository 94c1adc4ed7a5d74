"""Photos: taken in, made safe, and kept as files beside the ledger before any row names them."""

from collections.abc import Mapping, Sequence

from desk.photos import take
from desk.room import Room
from geo.errors import DraftError
from ledger import files
from ledger.writing import Attached

Box = tuple[float, float, float, float]


def keep(
    room: Room,
    photos: Sequence[bytes],
    *,
    kind: str = "before",
    blur: Mapping[int, Sequence[Box]] | None = None,
    most: int | None = None,
) -> list[Attached]:
    """Check photos, store them, and return what a change notes of them.

    Parameters
    ----------
    most
        So many are taken; None for as many as a case takes.

    Raises
    ------
    PhotoError, DraftError
        One is no photo, or there are too many; none is noted then.
    """
    most = room.rules.settings.most_photos if most is None else most
    if len(photos) > most:
        raise DraftError(f"{len(photos)} photos are too many; attach at most {most}.", field="photos")
    taken = [take(data, blur=(blur or {}).get(number, ())) for number, data in enumerate(photos)]
    folder = room.ledger.folder
    return [
        Attached(files.put(folder, photo.data), files.put(folder, photo.thumbnail), photo.width, photo.height, kind)
        for photo in taken
    ]
