"""Why something was not done, in the page's language: every kind of error that the desk raises, with what to do next."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType

import pandas as pd

from desk.photos import TROUBLE as PHOTO
from geo.errors import (
    AnswersError,
    BattlemapError,
    Conflict,
    DraftError,
    FilterError,
    LedgerError,
    LifecycleError,
    PhotoError,
    PlaceError,
    TextError,
    TooOften,
    UnknownClass,
    UnknownIncident,
    UnknownOrder,
    UnknownPost,
    UnknownSites,
    UnknownView,
    UnknownVisit,
    UnknownWhistle,
)
from locales import N_, Translator
from reports import (
    alerts,
    campaign_words,
    emergency_words,
    inspection_words,
    meeting_words,
    order_words,
    patrol_words,
    plan_words,
    rounds,
    sheet_frozen,
    site_words,
    upwind_words,
    visit_words,
    wall_views,
    warning_words,
)
from reports.words import STATUS, moment

TEXT = MappingProxyType(
    {
        "reason": N_("The reason"),
        "text": N_("The text"),
        "rating": N_("The rating"),
        "title": N_("The title"),
        "description": N_("The description"),
        "address": N_("The address"),
        "source": N_("The source"),
        "external_id": N_("The order number"),
        "pasted chat": N_("The pasted text"),
        "name": N_("The name"),
        "place": N_("The place"),
        "matter": N_("The task"),
        "reporter": N_("The name"),
        "phone": N_("The telephone number"),
    }
)
DRAFT = MappingProxyType(
    {
        "reported": N_("The time of the report cannot be taken. Look whether it lies in the future or too far back."),
        "photos": N_("Too many photos. Leave some out."),
        "cleared": N_("This class is reported, not cleared on the spot. Report it."),
        "class": N_("The class is missing. Search for it in a word, or choose one of the usual ones."),
        "due": N_("The order's deadline lies before the time of the report. Correct one of the two."),
        "order": N_("A hotline order has a number. Type it as it stands on the order."),
        "photo": N_("What was cleared on the spot needs a photo that shows it. Attach one."),
        "parties": N_("A mediation has two to six parties."),
        "agreed": N_(
            "An agreement has a day, which has come, and only an agreement has one. Make outcome and day fit."
        ),
        "group": N_("A group of that name is there already. Give this one another name."),
        "covers": N_("This area does not have what the group shall cover. Choose buildings, compounds or grids of it."),
        "members": N_("The number of members is a whole number from 0."),
        "nothing": N_("Nothing is chosen to be saved. Tick the messages that shall become cases."),
        "place": N_("One of the chosen messages has no place yet. Choose it."),
        "whistle": N_("There is no such kind of whistle any more. Choose another one."),
        "where": N_("A whistle needs a case or a place. Choose the place."),
        "lead": N_("A whistle calls somebody, one of whom leads. Choose the department that leads."),
        "parties_called": N_("So many departments are too many. Leave some out."),
        "notice": N_("There is no such notice any more, or it is over. Choose one of the list."),
        "notice_to": N_("Choose whom the notice is for, among the posts of your own grid."),
        "notice_title": N_("Give the notice a title."),
        "notice_reason": N_("Say why the notice is taken back."),
        "notice_personal": N_("A notice holds no telephone, identity or card number. Leave it out, or name the post."),
        "past": N_("That time has passed already. Choose a later one."),
    }
)
PLACE = MappingProxyType(
    {
        "missing": N_("The place has no coordinates. Choose it on the map, or name a building."),
        "unreadable": N_("The coordinates cannot be read. Write longitude and latitude as numbers."),
        "swapped": N_("Longitude and latitude seem to be exchanged. Exchange them."),
        "projected": N_("These are no longitude and latitude. Say which system they are in."),
        "shifted": N_("The place seems to be in GCJ-02. Say so, and it is converted."),
        "outside": N_("The place lies in no grid of this area. Look at it on the map."),
    }
)
# What the lifecycle says, and how a page says it; the groups of the pattern are filled in, states by their names.
RULES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (
            r" cannot be done to a case that is (?P<status>\w+)",
            N_('The case is "{status}" now, and this cannot be done to it.'),
        ),
        (
            r"is decided in the command room, on the inner side",
            N_("This is decided in the command room, on the other side of the bridge."),
        ),
        (r"is not for a post of the kind", N_("This is not a matter of the acting post.")),
        (r"is for the handler, and there is none", N_("Nobody handles the case yet. Dispatch it first.")),
        (r"is for the handler,", N_("Only the post that handles the case can do this.")),
        (
            r"who handled the case",
            N_("Whoever handled the case neither verifies it nor ends it nor grants time for it. Another post has to."),
        ),
        (r"who has it already", N_("That post has the case already. Choose another one.")),
        (r" needs (?P<needs>.+)\.$", N_("Something is missing. Fill in every field that is marked.")),
        (
            r"clear has to wait until (?P<time>\S+): ",
            N_("The waiting period of the notice runs until {time}; before that nothing is cleared."),
        ),
        (r"extend has to name a time after", N_("The new deadline must lie after the present one.")),
        (r"nothing to deny", N_("Nobody asks for anything any more.")),
        (r"cannot be undone", N_("This cannot be taken back. Do what sets it right; both stay on record.")),
        (r"only that post can undo", N_("Only the post that did it can take it back.")),
        (r"more than a minute ago", N_("The minute is over: what was done stands.")),
        (r"nothing to undo|was undone already", N_("It was taken back already.")),
        (
            r"stands at the top already",
            N_("The case stands at the highest level already. Dispatch it to a department."),
        ),
        (
            r"The rules allow .+ extension",
            N_("The rules do not grant so much time. Name an earlier time, or suspend the case."),
        ),
        (
            r"Take that link back first",
            N_("Other cases are linked to this one. Take their links back first, or link the other case to this one."),
        ),
        (
            r"in relation to itself|is linked to \S+ itself",
            N_("The two cannot be linked: choose the case that the other one is linked to."),
        ),
        (r"^Nobody has looked at", N_("Nobody has looked at the other report yet: file it first, or link it to this case.")),
    )
)  # fmt: skip
# Of whistles, likewise.
WHISTLES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"approve is not for who asked", N_("Who asked does not approve: another person has to.")),
        (r"a community asks\.", N_("A community or a street whistles. Report the case upward.")),
        (r"Nobody may approve", N_("Nobody may approve it. Add the post of the leader in the register of posts.")),
        (r" has to wait: .+ disputes the call", N_("Your unit disputes the call. Wait until the centre has decided.")),
        (r"dispute comes too late", N_("It is too late for that: who reported on site took the call.")),
        (r"is not what .+ has to do; next is", N_("Another step comes first. Load the page again.")),
        (r"finish has to wait for task", N_("A task is still open. It has to be done or dropped first.")),
        (r"finish has to wait for", N_("A department is still on its way, or disputes the call.")),
        (r"leads\. Call another party", N_("That department leads. Name who shall lead in its place.")),
        (r"is no party of this whistle|disputes nothing", N_("That department is not in this whistle, or disputes nothing any more.")),
        (r"names a party twice|who asked for it, or who decides", N_("These departments cannot be called. Choose each once, and nobody who asked or approves.")),
        (r"needs one party that leads", N_("One department has to lead. Choose it.")),
        (r"can own none of its tasks", N_("A task goes to a department that was called, or to the community.")),
        (r"lies before one that is done already", N_("A later step is done already. Put the task into that step or a later one.")),
        (r"has to wait for others|is done or dropped already", N_("That task is done already, or an earlier step comes first.")),
        (r"^Task \d+ is for", N_("That task is another unit's.")),
        (r"rated \S+ already", N_("That was rated already.")),
        (r"to a whistle that is", N_("The whistle has moved on, and this cannot be done to it any more.")),
        (r" is not for .+ in this whistle", N_("This is not a matter of the acting post.")),
    )
)  # fmt: skip
# What a filter in an address says, likewise.
FILTERS = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (
            r"^grid=(?P<value>.*): write it as level:code",
            N_("grid={value}: write level, colon and code, for example grid=micro:0305; or choose the grid on the page."),
        ),
        (r"^grid=(?P<value>.*): there is no such grid", N_("grid={value}: this area has no such grid. Choose it on the page.")),
        (r"^grid=(?P<value>.*): there is no level", N_("grid={value}: this area has no such level. Choose the grid on the page.")),
        (r"^(?P<name>\w+)=(?P<value>.*): choose among (?P<known>.+)\.$", N_("{name}={value}: choose among {known}.")),
        (r"^days=(?P<value>.*): give a whole number", N_("days={value}: write a whole number of days, or all.")),
        (r"^(?P<name>\w+)=(?P<value>.*): choose 1 for yes", N_("{name}={value}: write 1 for yes, 0 for no.")),
        (
            r"^(?P<name>\w+)=(?P<value>.*): write a day",
            N_("{name}={value}: write a day or a minute, for example 2026-11-20 or 2026-11-20T08:30."),
        ),
        (r"^(?P<name>\w+)=(?P<value>.*): there is no such class", N_("{name}={value}: there is no such class here. Choose it on the page.")),
    )
)  # fmt: skip
MOST_NUMBERS = 20  # that a refusal names
FOUND = N_("text")  # the one kind of file that has no name of its own
OTHERWISE = N_("The rules do not allow this now.")
LEDGER = N_("The ledger cannot be written now; nothing was changed. Try again in a moment; if it stays so, tell the administrator.")  # fmt: skip


def refusal(error: BattlemapError, _: Translator, zone: tzinfo = UTC) -> str:
    """Return why something was not done, and what to do, in one or two sentences; a moment in it in the zone of the area."""
    if isinstance(error, LifecycleError) and not isinstance(error, Conflict):
        return _rule(error, _, zone)
    for kind, speak in _SPEAKERS.items():
        if isinstance(error, kind):
            return speak(error, _)
    return _("Something went wrong here: {detail}").format(detail=str(error))


def filter_refusal(error: FilterError, _: Translator) -> str:
    """Return what is wrong with a filter in an address; "" where it has no words in this language."""
    for pattern, words in FILTERS:
        found = pattern.search(str(error))
        if found:
            return _(words).format(**found.groupdict())
    return ""


def _text(error: TextError, _: Translator) -> str:
    what = _(TEXT.get(error.what, N_("The text")))
    if not error.length:
        return _("{what} is empty. Fill it in.").format(what=what)
    if error.length > error.most:
        return _("{what} has {length} characters; {most} are allowed. Shorten it.").format(
            what=what, length=error.length, most=error.most
        )
    return _("{what} holds characters that cannot be taken. Type it anew.").format(what=what)


def _photo(error: PhotoError, _: Translator) -> str:
    found = _(FOUND) if error.found == FOUND else error.found
    return _(PHOTO.get(error.kind, PHOTO["unknown"])).format(found=found, most=error.most)


def _rule(error: LifecycleError, _: Translator, zone: tzinfo) -> str:
    for pattern, words in (
        *order_words.RULES,
        *visit_words.RULES,
        *patrol_words.RULES,
        *inspection_words.RULES,
        *meeting_words.RULES,
        *warning_words.RULES,
        *upwind_words.RULES,
        *sheet_frozen.RULES,
        *WHISTLES,
        *RULES,
    ):
        found = pattern.search(str(error))
        if found:
            groups = found.groupdict()
            status = _(STATUS[groups["status"]]) if groups.get("status") in STATUS else groups.get("status", "")
            time = moment(pd.Timestamp(groups["time"]).tz_convert(zone)) if "time" in groups else ""
            return _(words).format(status=status, time=time)
    return _(OTHERWISE)


_SPEAKERS: Mapping[type[BattlemapError], Callable[..., str]] = MappingProxyType(
    {
        Conflict: lambda error, _: _("{number} was changed by somebody else in between.").format(number=error.number),
        TextError: _text,
        PhotoError: _photo,
        UnknownSites: lambda error, _: _(
            "No sites in use here, or not in the grid that was chosen: {numbers}. Look them up in the register."
        ).format(numbers=", ".join(error.numbers[:MOST_NUMBERS])),
        DraftError: lambda error, _: _(
            {
                **DRAFT,
                **order_words.DRAFT,
                **visit_words.DRAFT,
                **warning_words.DRAFT,
                **emergency_words.DRAFT,
                **upwind_words.DRAFT,
                **patrol_words.DRAFT,
                **wall_views.DRAFT,
                **alerts.DRAFT,
                **site_words.DRAFT,
                **inspection_words.DRAFT,
                **meeting_words.DRAFT,
                **campaign_words.DRAFT,
                **sheet_frozen.DRAFT,
                **plan_words.DRAFT,
                **rounds.DRAFT,
            }.get(error.field, N_("Something in the report cannot be so."))
        ),
        AnswersError: inspection_words.answers_refused,
        PlaceError: lambda error, _: _(PLACE.get(error.kind, PLACE["outside"])),
        UnknownIncident: lambda _error, _: _("There is no case of that number here. Look it up in the table."),
        UnknownWhistle: lambda _error, _: _("There is no whistle of that number here. Look it up in the list."),
        UnknownOrder: lambda _error, _: _(
            "There is no order of that number here, or it is another team's. Look it up in the list."
        ),
        UnknownVisit: lambda _error, _: _("There is no visit of that number here. Look it up in the list."),
        UnknownView: lambda _error, _: _("There is no such view of the wall here. Choose one of the list."),
        UnknownClass: lambda _error, _: _("There is no such class of incidents"),
        UnknownPost: lambda _error, _: _("There is no such post. Choose one from the list."),
        TooOften: lambda error, _: _("Too many in a short time. Try again in {n} seconds; nothing is lost.").format(
            n=error.wait
        ),
        LedgerError: lambda _error, _: _(LEDGER),
    }
)
