"""The emergency list (应急减排清单) in words, and as a table that can be handed out and taken in again."""

from collections.abc import Iterable
from types import MappingProxyType

import pandas as pd

from desk.warnings.list_tables import EXEMPT, GRADE, NAME, PLAN, SITE
from incidents.alerts import Level
from inspections.emergency_list import LEVELS, Line
from locales import N_, Translator

HEADS = MappingProxyType(
    {
        SITE: N_("Number of the site"),
        NAME: N_("Enterprise"),
        GRADE: N_("Performance grade"),
        Level.YELLOW: N_("Measures at yellow"),
        Level.ORANGE: N_("Measures at orange"),
        Level.RED: N_("Measures at red"),
        EXEMPT: N_("Exempt because"),
        PLAN: N_("Plan of the plant"),
    }
)
DRAFT = MappingProxyType(
    {
        "list_year": N_("That is no year of a list. Look at the year."),
        "list_many": N_("A list has 1 to 2,000 enterprises. Look whether it is the right file."),
        "list_twice": N_("An enterprise stands in the list twice. Keep one line of each."),
        "list_site": N_("The register has no such site any more. Read the file again."),
        "list_same": N_("The list says what the one before said; nothing was changed."),
    }
)


def table(lines: Iterable[Line], _: Translator) -> pd.DataFrame:
    """Return the lines of a list, with the headings that are read again."""
    rows = [(one.site, one.name, one.grade, *(one.says.get(level, "") for level in LEVELS), one.exempt, one.plan) for one in lines]  # fmt: skip
    return pd.DataFrame(rows, columns=[_(name) for name in HEADS.values()])
