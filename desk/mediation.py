"""Mediation (调解): parties by code, outcome, date of agreement. Nobody is named: a party is 甲方, 乙方, … and what it is to the matter.

It stands in the history with the report, and with later notes; the last word holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self

from geo.errors import DraftError
from incidents.classes import IncidentClass

FEWEST, MOST = 2, 6
DISPUTES = "L3"
KEY = "mediation"  # its name in the data of an act


class Party(StrEnum):
    """What a party is to the matter."""

    HOUSEHOLD = "household"
    MERCHANT = "merchant"
    PROPERTY = "property"
    EMPLOYER = "employer"
    WORKER = "worker"
    LANDLORD = "landlord"
    TENANT = "tenant"
    RELATIVE = "relative"
    OTHER = "other"


class Outcome(StrEnum):
    """How a mediation stands or ended."""

    RUNNING = "running"
    AGREED = "agreed"
    FAILED = "failed"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Mediation:
    """A mediation without names.

    Attributes
    ----------
    parties
        What each party is, in the order of their codes: the first is 甲方.
    agreed
        Day of the agreement, where there is one.
    """

    parties: tuple[Party, ...]
    outcome: Outcome = Outcome.RUNNING
    agreed: date | None = None

    def checked(self, today: date) -> Self:
        """Return it if it can be.

        Raises
        ------
        DraftError
            Too few or too many parties, an agreement without a day, a day without an agreement, or one that has not come.
        """
        if not FEWEST <= len(self.parties) <= MOST:
            raise DraftError(f"A mediation has {FEWEST} to {MOST} parties, not {len(self.parties)}.", field="parties")
        if (self.outcome is Outcome.AGREED) != (self.agreed is not None):
            raise DraftError(
                "An agreement has a day, and only an agreement has one. Give both, or neither.", field="agreed"
            )
        if self.agreed and self.agreed > today:
            raise DraftError(f"The agreement of {self.agreed} lies in the future. Correct the day.", field="agreed")
        return self

    def to_json(self) -> dict[str, Any]:
        """Return it as the history keeps it."""
        return {
            "parties": [party.value for party in self.parties],
            "outcome": self.outcome.value,
            **({"agreed": self.agreed.isoformat()} if self.agreed else {}),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        agreed = plain.get("agreed")
        return cls(
            tuple(Party(party) for party in plain["parties"]),
            Outcome(plain["outcome"]),
            date.fromisoformat(agreed) if agreed else None,
        )


def is_dispute(class_: IncidentClass) -> bool:
    """Tell whether a class is of the disputes (矛盾纠纷) of the shipped directory, where a mediation is usual."""
    return class_.restricted and class_.major == DISPUTES


def mediation_of(entries: Iterable[Mapping[str, Any]]) -> Mediation | None:
    """Return the mediation that a history (`ledger.find.entries`) tells of as it stands now, or None."""
    told = [entry["data"][KEY] for entry in entries if entry["data"].get(KEY)]
    return Mediation.from_json(told[-1]) if told else None
