"""An inspection (检查): what was looked at on one day at one site by one version of a checklist, and what it came to. Written once, and never changed.

Source: domain.md 3.2, 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from incidents.moments import to_text, to_time
from inspections.answers import Outcome
from inspections.grades import Degree


class Way(StrEnum):
    """How somebody came to look: 检查, 复查, 自查."""

    INSPECT = "inspect"
    RECHECK = "recheck"
    SELF = "self"


class Signed(StrEnum):
    """Whether who is in charge of the site signed: 签名, 拒签, 不在场."""

    SIGNED = "signed"
    REFUSED = "refused"
    ABSENT = "absent"


@dataclass(frozen=True)
class Inspection:
    """An inspection as it was made.

    Attributes
    ----------
    site, kind
        Number and kind of the site, as it was.
    checklist, checklist_version, digest
        By what it was judged.
    answers
        As they were said: key of an item -> ``{"value": …, "corrected": …, "grade": …, "note": …, "photos": […]}``; empty where only findings were looked at again.
    outcome, grade, due
        What it came to by rule; None for an open one, or where nothing is left to put right.
    failed, corrected
        How many items failed, and how many of them were put right at once.
    refused
        Whoever is in charge refuses to put right what was found (拒不整改).
    signature
        Digest of the picture of a signature, "" for none.
    findings, rechecked
        Numbers of the findings that it opened, and of those that it looked at again.
    done_at, day
        When it was done, UTC, and on which day in the area's zone.
    lon, lat, codes
        Of the site at that time.
    item
        Account and key by which a phone sent it; "" elsewhere.
    """

    site: str
    kind: str
    way: Way
    checklist: str
    checklist_version: int
    digest: str
    done_at: datetime
    day: date
    post: str
    lon: float
    lat: float
    codes: Mapping[str, str]
    answers: Mapping[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    grade: Degree | None = None
    due: date | None = None
    failed: int = 0
    corrected: int = 0
    refused: bool = False
    signed: Signed = Signed.ABSENT
    signature: str = ""
    findings: tuple[str, ...] = ()
    rechecked: tuple[str, ...] = ()
    item: str = ""
    number: str = ""
    version: int = 0

    @property
    def photos(self) -> tuple[str, ...]:
        """Return the digests of the photos of its items, and of the signature."""
        named = [digest for said in self.answers.values() if isinstance(said, Mapping) for digest in said.get("photos", ())]  # fmt: skip
        return tuple(dict.fromkeys([*named, *((self.signature,) if self.signature else ())]))

    def to_json(self) -> dict[str, Any]:
        """Return all of it but number and version, as plain values."""
        return {
            **{name: getattr(self, name) for name in PLAIN},
            **{name: getattr(self, name).value for name in ("way", "signed")},
            **{name: value.value if (value := getattr(self, name)) else None for name in ("outcome", "grade")},
            **{name: dict(getattr(self, name)) for name in ("codes", "answers")},
            **{name: list(getattr(self, name)) for name in ("findings", "rechecked")},
            "due": self.due.isoformat() if self.due else None,
            "day": self.day.isoformat(),
            "done_at": to_text(self.done_at),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any], *, number: str = "", version: int = 0) -> "Inspection":
        """Return an inspection as `to_json` said it."""
        done_at = to_time(said["done_at"])
        if done_at is None:
            raise ValueError("an inspection has a time")
        return cls(
            **{name: said[name] for name in (*PLAIN, "codes", "answers")},
            way=Way(said["way"]),
            signed=Signed(said["signed"]),
            outcome=Outcome(said["outcome"]) if said["outcome"] else None,
            grade=Degree(said["grade"]) if said["grade"] else None,
            due=date.fromisoformat(said["due"]) if said["due"] else None,
            day=date.fromisoformat(said["day"]),
            done_at=done_at,
            findings=tuple(said["findings"]),
            rechecked=tuple(said["rechecked"]),
            number=number,
            version=version,
        )


PLAIN = ("site", "kind", "checklist", "checklist_version", "digest", "post", "lon", "lat", "failed", "corrected", "refused", "signature", "item")  # fmt: skip
