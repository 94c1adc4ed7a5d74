"""What an emergency card says whatever it shows."""

from collections.abc import Mapping
from types import MappingProxyType

from incidents.rota import Role
from locales import N_

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "card": N_("Emergency card"),
        "list": N_("Emergencies"),
        "back": N_("Back"),
        "field": N_("Field work"),
        "print": N_("Print"),
        "unconfirmed": N_("General steps, not confirmed by this unit: its own approved plan holds."),
        "confirmed": N_("Plan confirmed by"),
        "running": N_("In progress since"),
        "also": N_("Also in progress in this building:"),
        "call": N_("Call"),
        "unset": N_("not set: the street enters it in emergency.toml"),
        "posts": N_("Tell the posts"),
        "no_phone": N_("no office telephone in the address book"),
        "cut_off": N_("Cut off"),
        "key_with": N_("Key:"),
        "not_written": N_("not written down yet"),
        "households": N_("Households"),
        "storeys": N_("Storeys"),
        "units": N_("Units"),
        "by_unit": N_("Households of each unit"),
        "units_all": N_("All units"),
        "units_hint": N_("Unit and households, as 1:24 2:24 3:20. Counts only."),
        "counts": N_("Who lives here, in numbers"),
        "no_counts": N_("The data of this area count no households here."),
        "only_counts": N_("Counts only, of the data of the area or as written down here; no list of people is kept."),
        "muster": N_("Muster point"),
        "nearest": N_("Nearest, by straight line"),
        "none_near": N_("none in the data of this area"),
        "steps": N_("Steps"),
        "as": N_("I act as"),
        "done": N_("Tick off"),
        "count": N_("How many"),
        "strike": N_("Strike"),
        "strike_hint": N_("A struck line stays readable, with who struck it."),
        "struck": N_("struck"),
        "begin": N_("Begin an emergency"),
        "begin_hint": N_("From now on each step is logged with post and time."),
        "begin_sure": N_("Begin now"),
        "end": N_("End the emergency"),
        "end_hint": N_("The log stays. Only what a phone did before, without a network, still comes in."),
        "end_sure": N_("End now"),
        "log": N_("Log"),
        "begun": N_("Begun"),
        "ended": N_("Ended"),
        "past": N_("Past emergencies of this class"),
        "plan": N_("Write down cut-off points and households"),
        "plan_hint": N_("Words about the place, no names and no numbers; who has the key is a post."),
        "place": N_("Place"),
        "keeper": N_("Post with the key"),
        "nobody": N_("nobody named"),
        "save": N_("Save"),
        "saved": N_("Saved."),
        "kept": N_("No network: this is the copy of {age} ago."),
        "queued": N_("Kept on this phone; it is logged when there is a network."),
        "refused": N_("Not logged: the emergency had ended before, or the step is not in the plan any more."),
        "seen": N_("Seen"),
        "needs": N_(
            "No network: only steps can be ticked off now. Telephones work; begin, strike and end when there is a network."
        ),
        "elsewhere": N_("Steps wait on this phone. Open the card to log them:"),
        "minutes": N_("{n} min"),
        "hours": N_("{n} h"),
        "days": N_("{n} d"),
        "none_running": N_("No emergency is in progress."),
        "none_past": N_("None so far."),
        "now": N_("In progress"),
        "over": N_("Over"),
        "find": N_("Open the card of a building from the map: choose the building, then “Emergency card”."),
        "map": N_("Open the map"),
        "planned": N_("Cut-off points are written down for {n} of {total} buildings."),
        "paper_hint": N_("A4 upright, 100 %"),
        "who_when": N_("Post and time"),
        "steps_paper": N_("Steps, to be ticked by hand"),
    }
)
CUT: Mapping[str, str] = MappingProxyType({"gas": N_("Gas"), "electric": N_("Electricity"), "water": N_("Water supply"), "muster": N_("Muster point")})  # fmt: skip
WHY: Mapping[str, str] = MappingProxyType(
    {
        Role.LEADER.value: N_("Leader in charge"),
        Role.OFFICER.value: N_("Duty officer"),
        Role.HEAD.value: N_("Heads by turns"),
        Role.NIGHT.value: N_("Night shift"),
        "answers": N_("Answers for the place"),
        "duty": N_("Duty telephone"),
    }
)
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "gone": N_("This emergency is not there any more. Look at the card as it is now."),
        "ended": N_("The emergency has ended; nothing was added to its log."),
        "count": N_("Give a whole number from 0, or none."),
        "class": N_("Choose a class of emergency."),
        "post": N_("Choose a post of your own."),
        "access": N_("Your role may not do this. Ask the security administrator."),
        "place": N_(
            "Write the place in at most 120 characters, without people and numbers, and choose a post that there is."
        ),
        "units": N_("Write each unit once with its households, as 1:24 2:24 3:20; at most 24 units."),
        "step": N_("This was not understood. Look at the card as it is now, and try again."),
    }
)
