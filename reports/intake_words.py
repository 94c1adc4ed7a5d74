"""Words of the report form and of what comes in from chat groups."""

from collections.abc import Iterable
from types import MappingProxyType

from desk.mediation import Mediation, Outcome, Party
from geo.net import Stack
from incidents.places import Because, Kind
from incidents.text import Personal
from ledger.groups import GroupKind
from locales import N_, Translator

PERSONAL = MappingProxyType(
    {
        Personal.NAME: N_("a name"),
        Personal.PHONE: N_("a telephone number"),
        Personal.IDENTITY: N_("an identity number"),
        Personal.PLATE: N_("a number plate"),
        Personal.ACCOUNT: N_("an account"),
        Personal.CARD: N_("a bank card"),
    }
)
PLACE_KIND = MappingProxyType(
    {
        Kind.BUILDING: N_("Building"),
        Kind.SITE: N_("Site"),
        Kind.COMPOUND: N_("Compound"),
        Kind.GRID: N_("Grid"),
        Kind.STREET: N_("Street"),
        Kind.AREA: N_("Area"),
    }
)
BECAUSE = MappingProxyType(
    {
        Because.NAMED: N_("named: “{word}”"),
        Because.NUMBER_IN_COMPOUND: N_("compound and number: “{word}”"),
        Because.ONLY_IN_GROUP: N_("the only {word} that the group covers"),
        Because.ONLY_ONE: N_("the only {word} of the area"),
        Because.ONE_OF_SEVERAL: N_("one of several called {word}: choose"),
        Because.PARTLY_NAMED: N_("named in part: “{word}”"),
        Because.NO_SUCH_NUMBER: N_("“{word}”; it has no building of that number"),
        Because.OUTSIDE_GROUP: N_("“{word}”, which the group does not cover"),
        Because.GROUP: N_("all that the group covers"),
        Because.MENTIONED_POST: N_("the post that was addressed"),
    }
)
PARTY = MappingProxyType(
    {
        Party.HOUSEHOLD: N_("Household"),
        Party.MERCHANT: N_("Merchant"),
        Party.PROPERTY: N_("Property manager"),
        Party.EMPLOYER: N_("Employer"),
        Party.WORKER: N_("Employee"),
        Party.LANDLORD: N_("Landlord"),
        Party.TENANT: N_("Tenant"),
        Party.RELATIVE: N_("Relative"),
        Party.OTHER: N_("Other party"),
    }
)
CODES = (N_("Party A"), N_("Party B"), N_("Party C"), N_("Party D"), N_("Party E"), N_("Party F"))
OUTCOME = MappingProxyType(
    {
        Outcome.RUNNING: N_("Mediation goes on"),
        Outcome.AGREED: N_("Agreement reached"),
        Outcome.FAILED: N_("No agreement"),
        Outcome.REFERRED: N_("Referred to a mediation committee or court"),
        Outcome.WITHDRAWN: N_("Withdrawn"),
    }
)
MATCH = MappingProxyType(
    {
        "boundary": N_("It lies exactly on an edge."),
        "nearest": N_("It lies in no grid; the nearest one was taken."),
    }
)
GROUP_KIND = MappingProxyType(
    {
        GroupKind.RESIDENTS: N_("Residents"),
        GroupKind.MERCHANTS: N_("Merchants"),
        GroupKind.OTHER: N_("Other"),
    }
)
GROUP_VERB = MappingProxyType({"add": N_("new"), "edit": N_("changed"), "same": N_("as before"), "fault": N_("fault")})
GROUP_FAULT = MappingProxyType(
    {
        "name": N_("The name is missing or too long."),
        "twice": N_("“{said}” stands in the list twice."),
        "kind": N_("“{said}” is no kind: residents, merchants, other."),
        "members": N_("“{said}” is no number of members."),
        "covers": N_("“{said}” is no place here, or several are called so."),
        "post": N_("“{said}” is no post here, or several are called so."),
    }
)


def mediation_rows(found: Mediation | None, _: Translator) -> list[tuple[str, str]]:
    """Say a mediation by code: its parties, outcome, and the day of an agreement; nothing where there is none."""
    if found is None:
        return []
    parties = "、".join(f"{_(code)}：{_(PARTY[party])}" for code, party in zip(CODES, found.parties, strict=False))
    return [
        (_("Parties by code"), parties),
        (_("Outcome"), _(OUTCOME[found.outcome])),
        (_("Day of the agreement"), found.agreed.isoformat() if found.agreed else ""),
    ]


def stack_spans(stacks: Iterable[Stack], _: Translator) -> str:
    """Say which units and floors of a tower each of its micro-grids has."""
    return "; ".join(
        f"{stack.label}: " + _("units {units}, floors {floors}").format(
            units=_span(stack.unit_from, stack.unit_to), floors=_span(stack.floor_from, stack.floor_to)
        )
        for stack in stacks
    )  # fmt: skip


def _span(low: int | None, high: int | None) -> str:
    return "–" if low is None and high is None else f"{'' if low is None else low}–{'' if high is None else high}"
