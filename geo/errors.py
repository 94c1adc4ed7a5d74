"""Every error that the house raises on purpose.

BattlemapError
├── SettingsError          an environment variable that cannot be used
├── PackError              an area pack that cannot be read at all
├── UnknownArea            no pack of that name
├── CrsError
│   ├── UnknownCrs         a coordinate system nobody knows
│   └── MissingCrs         a file that declares none
├── NetError
│   ├── UnknownLevel       no level or overlay of that key
│   └── UnknownGrid        no grid of that code
├── GeometryError          arrays or geometries a function cannot take
├── TableError             a table that cannot be read or written
└── FilterError            a filter in an address that cannot be understood

A message says what, which, and what to do next. Messages are English, for the log; doors translate them.
"""

from collections.abc import Sequence

__all__ = [
    "BattlemapError",
    "CrsError",
    "FilterError",
    "GeometryError",
    "MissingCrs",
    "NetError",
    "PackError",
    "SettingsError",
    "TableError",
    "UnknownArea",
    "UnknownCrs",
    "UnknownGrid",
    "UnknownLevel",
]


class BattlemapError(Exception):
    """Base of every error that is ours."""


class SettingsError(BattlemapError):
    """An environment variable holds something that cannot be used."""


class PackError(BattlemapError):
    """An area pack cannot be read at all.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    faults
        Every fault found, one line each; shown beneath the message.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__("\n  - ".join([message, *faults]))
        self.faults = tuple(faults)


class UnknownArea(BattlemapError):
    """No area pack has that name."""


class CrsError(BattlemapError):
    """A coordinate system cannot be used."""


class UnknownCrs(CrsError):
    """A coordinate system that nobody knows."""


class MissingCrs(CrsError):
    """A file or table declares no coordinate system."""


class NetError(BattlemapError):
    """A question that the net cannot answer."""


class UnknownLevel(NetError):
    """The net has no level or overlay of that key."""


class UnknownGrid(NetError):
    """The net has no grid of that code."""


class GeometryError(BattlemapError):
    """Arrays or geometries that a function cannot take."""


class TableError(BattlemapError):
    """A table cannot be read or written."""


class FilterError(BattlemapError):
    """A filter in an address cannot be understood."""
