"""Heavy-pollution warnings (重污染天气预警) in words: their acts, the states of tasks, and what is refused."""

import re
from types import MappingProxyType

from inspections.warnings import END, LAPSED, LEVEL, LIST, Act, Kind, State
from locales import N_

ACT = MappingProxyType(
    {
        Act.ISSUE: N_("Entered"),
        Act.UPGRADE: N_("Raised"),
        Act.DOWNGRADE: N_("Lowered"),
        Act.EXTEND: N_("Another expected end"),
        Act.STAND_DOWN: N_("Stood down"),
    }
)
KIND = MappingProxyType(
    {Kind.STOP: N_("Reduction measure"), Kind.CHECK: N_("Check while it holds"), Kind.NIGHT: N_("Night re-check")}
)
STATE = MappingProxyType(
    {State.OPEN: N_("To be done"), State.DONE: N_("Done, with evidence"), State.CLOSED: N_("Of no use any more")}
)
REASON = MappingProxyType(
    {
        LEVEL: N_("the level asks for something else"),
        LIST: N_("the emergency list asks for something else"),
        END: N_("the warning was over"),
        LAPSED: N_("it was overdue when the warning was stood down"),
    }
)
DRAFT = MappingProxyType(
    {
        "warning_twice": N_("A warning of this issuer holds. Change its level or its end, or stand it down first."),
        "warning_same": N_("The order changes neither level nor end. Change one of them."),
        "warning_level": N_("A warning is yellow, orange or red. Choose one of them."),
        "warning_order": N_("Write who gave the order, and its number."),
        "warning_ends": N_("It ends before it starts, or is over already. Correct one of the two times."),
        "warning_far": N_("A warning lasts 60 days at most, and starts within as many. Look at the two times."),
        "warning_early": N_("It is too early for this check. Come back nearer to its hour."),
        "warning_kept": N_("Say whether what is asked for is kept."),
        "warning_evidence": N_("That it stopped is shown by a meter reading or a photo. Add one."),
        "warning_note": N_("Say in a few words what is not kept."),
        "scan_pages": N_("The scans have more pages than an order may have. Attach the order alone."),
        "scan_large": N_("The PDF is larger than 20 MB. Scan it more coarsely, or attach its pages as pictures."),
        "scan_broken": N_(
            "The PDF cannot be read: it is damaged, protected or too large. Attach its pages as pictures."
        ),
        "warning_gone": N_("There is no such warning or task here. Look it up in the list."),
    }
)
RULES = (
    (
        re.compile(r"^The warning was stood down"),
        N_("The warning was stood down. Enter a new order as a warning of its own."),
    ),
    (
        re.compile(rf"^The task was closed: (?:{END}|{LAPSED})\."),
        N_("The task was closed meanwhile: the warning was over."),
    ),
    (
        re.compile(rf"^The task was closed: {LIST}\."),
        N_("The task was closed meanwhile: the emergency list asks for something else now."),
    ),
    (
        re.compile(r"^The task was closed"),
        N_("The task was closed meanwhile: the level of the warning asks for something else now."),
    ),
    (re.compile(r"^The task was done already"), N_("Somebody did the task already. Look at the list again.")),
)
