"""Words for sites: what their states and acts are called."""

from types import MappingProxyType

from inspections.site_rules import Group
from inspections.sites import Act, Bound, State
from locales import N_

STATE = MappingProxyType(
    {
        State.ACTIVE: N_("in use"),
        State.SUSPENDED: N_("suspended for a time"),
        State.MOVED: N_("moved away"),
        State.CLOSED: N_("closed for good"),
    }
)
ACT = MappingProxyType(
    {
        Act.ADD: N_("entered"),
        Act.EDIT: N_("changed"),
        Act.SUSPEND: N_("suspended for a time"),
        Act.MOVE: N_("moved away"),
        Act.CLOSE: N_("closed for good"),
        Act.REOPEN: N_("opened again"),
        Act.BIND: N_("bound by hand"),
        Act.UNBIND: N_("bound by the rule again"),
        Act.REBIND: N_("bound anew, the net was redrawn"),
        Act.CONFIRM: N_("the post of the rule was confirmed"),
        Act.RESTORE: N_("put back as it was bound"),
    }
)
BOUND = MappingProxyType({Bound.RULE: N_("by the rule"), Bound.HAND: N_("by hand")})
GROUP = MappingProxyType(
    {
        Group.POLLUTION: N_("Sources of pollution"),
        Group.GAS: N_("Gas safety"),
        Group.VENUE: N_("Small places"),
        Group.FIRE: N_("Fire safety"),
        Group.OTHER: N_("Other sites"),
    }
)
MATCH = MappingProxyType(
    {
        "inside": N_("in its grid"),
        "boundary": N_("on an edge"),
        "nearest": N_("beside the net"),
        "outside": N_("in no grid"),
    }
)
DRAFT = MappingProxyType(
    {
        "site_kind": N_("Choose a kind of site."),
        "watering_gone": N_("There is no such line, or it was struck already. Look at the log again."),
        "watering_kind": N_("This kind of site keeps no watering log."),
        "watering_way": N_("There is no such way of watering. Choose one of the list."),
        "watering_time": N_("The time does not fit: not in the future, and within the days that the rules allow."),
        "watering_reason": N_("There is no such reason. Choose one of the list."),
        "watering_day": N_("Choose a day within the days that the rules allow."),
        "watering_area": N_("That holds for the whole area. Ask the command room."),
        "site_place": N_("A site needs a place in your own grids. Look it up, or press on the map."),
        "site_spots": N_("The usual spots cannot be taken: at most twelve, each with a place, and only where the kind moves about."),
        "site_households": N_("The number of households is a whole number from 0."),
        "site_field": N_("One of the facts of the site cannot be taken. Numbers are digits from 0."),
        "site_document": N_("There is no such kind of document. Choose one of the list."),
        "site_document_days": N_("The document runs out before it was issued. Correct one of the two days."),
        "site_state": N_("The site does not stand so any more. Look at it again."),
        "site_day": N_("That day cannot be: it lies ahead, or before the last change of how the site stands."),
        "site_post": N_("There is no such post. Choose one of the list."),
        "site_gone": N_("There is no such site, or none that you see. Look it up in the register."),
        "site_id": N_("Another site has that number of the other system already. Change that one."),
        "site_undo": N_("That was put back already, or more than an hour ago. Bind the sites anew."),
        "site_many": N_("So many sites cannot be settled at once. Choose 1 to 500."),
        "site_list": N_("The list changed since you looked at it. Look at it again."),
        "contact": N_("That is no telephone. Write digits, or nothing."),
    }
)  # fmt: skip
