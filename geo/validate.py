"""Every fault of a net, collected, each with its severity."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    """How bad a fault is: an error makes the net wrong, a warning makes it doubtful."""

    ERROR = "error"
    WARNING = "warning"


_ERRORS = (
    "unreadable_file",
    "wrong_encoding",
    "not_geojson",
    "level_without_grid",
    "missing_geometry",
    "empty_geometry",
    "invalid_geometry",
    "unclosed_ring",
    "wrong_geometry_type",
    "missing_code",
    "duplicate_code",
    "missing_property",
    "unknown_parent",
    "overlap",
    "swapped_axes",
    "coordinates_out_of_range",
    "crs_contradiction",
    "bad_stack",
)
_WARNINGS = (
    "gap",
    "enclave",
    "sliver",
    "nesting",
    "point_outside",
    "repeated_id",
    "looks_like_gcj02",
    "right_hand_rule",
    "unknown_status",
    "unreadable_time",
)
SEVERITY = MappingProxyType({**dict.fromkeys(_ERRORS, Severity.ERROR), **dict.fromkeys(_WARNINGS, Severity.WARNING)})


@dataclass(frozen=True)
class Fault:
    """One fault of a pack or net.

    Attributes
    ----------
    kind
        A key of `SEVERITY`.
    message
        What, which, and what to do next.
    file
        File in the pack, "" for the whole pack.
    codes
        Codes of the grids, or ids of the points, concerned.
    lon, lat
        A place on or near it, degrees; None where it has none.
    area_m2
        Size in square metres, where it has one.
    """

    kind: str
    message: str
    file: str = ""
    codes: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    area_m2: float | None = None

    @property
    def severity(self) -> Severity:
        """Severity by the table."""
        return SEVERITY[self.kind]
