"""The words that only a wall has (大屏). Msgids are English; the door hands in who translates them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from layers.words import N_

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "grids": N_("Grids by state · {name}"),
        "late": N_("Overdue and due soon"),
        "sources": N_("Pollution sources with a post"),
        "whistles": N_("Whistles"),
        "duty": N_("On duty"),
        "campaign": N_("Campaign: how far"),
        "sheet": N_("Daily sheet, as signed"),
        "plan": N_("Walks of the day"),
        "air": N_("Air and warning"),
        "phone": N_("Duty telephone"),
        "nobody": N_("Not on the rota"),
        "no_phone": N_("Not registered"),
        "more": N_("{n} more"),
        "more_lines": N_("{n} more lines"),
        "left": N_("{span} left"),
        "quiet_new": N_("No incident in this shift"),
        "quiet_late": N_("Nothing is overdue or due soon"),
        "quiet_whistles": N_("No whistle is running"),
        "quiet_campaign": N_("No campaign is running"),
        "quiet_sheet": N_("No daily sheet is signed yet"),
        "quiet_plan": N_("No walk is planned for this day"),
        "quiet_air": N_("There is no reading of any station"),
        "pinned": N_("Held by hand · back to the plan"),
        "outage": N_("Connection lost"),
        "outage_from": N_("What you see is from {time}. It goes on by itself."),
        "revoked": N_("This screen is not admitted any more"),
        "revoked_next": N_("It is a wall screen of the grid battle map. Ask the security administrator for a new code."),
        "removed": N_("This view of the wall is not there any more"),
        "removed_next": N_("It is a wall screen of the grid battle map. Ask the command room which view it shall show."),
        "code": N_("Enter a code"),
    }
)  # fmt: skip


def wall_words(translate: Callable[[str], str]) -> dict[str, str]:
    """Return them in one language."""
    return {key: translate(text) for key, text in WORDS.items()}
