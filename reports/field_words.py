"""Why something that a phone sent was not done, in both languages: what happened, and what to do next. Nothing of it is lost: it stays on the phone."""

from collections.abc import Mapping
from types import MappingProxyType

from desk.field.sending import Kind, Outcome, State
from desk.room import Room
from geo.errors import TooOften
from incidents.case import Incident
from incidents.model import Status
from locales import N_, Translator, translator
from reports.case_words import local, post_name
from reports.refusals import refusal
from reports.words import status_name

BY_ITSELF = N_("It is sent again by itself; nothing is lost.")
CORRECT = N_("Correct it and send it again; until then it stays on the phone.")
TELL = N_("Tell the command room if it matters still. What you wrote stays on the phone.")
LOOK = N_("Look at the case. If it still holds, send it again; until then it stays on the phone.")
# Kind -> what happened and what to do, where the desk has no words of its own for it.
WORDS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.BEFORE: (
            N_("Something earlier about the same case has not been taken."),
            N_("Look at that one first; this one goes after it."),
        ),
        Kind.PHOTO: (N_("Not all of its photos have arrived."), BY_ITSELF),
        Kind.FORM: (N_("Something in it cannot be read."), N_("Write it anew, and delete this one.")),
        Kind.POST: (
            N_("You do not hold the post any more as which this was written."),
            N_(
                "Write it anew as one of your present posts. If the post should be yours, ask the security administrator."
            ),
        ),
        Kind.UNKNOWN: (
            N_("This case is not among yours any more: it was given elsewhere, or its number is wrong."),
            N_("Ask the command room by its number. What you wrote stays on the phone."),
        ),
        Kind.CLOSED: (
            N_("The case is over: {status}, since {time}."),
            N_("If it is there still, report it anew. What you wrote stays on the phone."),
        ),
        Kind.HANDED_ON: (
            N_("The case was handed on: {post} has it now."),
            N_("Tell {post}, or write a note in the case. What you wrote stays on the phone."),
        ),
        Kind.SITE: (
            N_("The site is closed or has moved away, or it is not among those that you see."),
            N_(
                "Ask whoever keeps the register of sites. If it is open still, they open it again; then send this once more."
            ),
        ),
        Kind.CHECKLIST: (
            N_("The console does not know this version of the checklist, or it is not for this kind of site."),
            N_("Correct it: begin with the checklist as it is now. What you wrote stays on the phone."),
        ),
        Kind.ANSWERS: (N_("One of the answers cannot be taken, or its photo is missing."), CORRECT),
        Kind.FINDING: (
            N_("Another person did something to one of the findings meanwhile, or it is not among yours any more."),
            N_(
                "Load the list again, look at the findings of the site, and send it once more; until then it stays on the phone."
            ),
        ),
        Kind.CHANGED: (N_('The case was changed meanwhile. It is "{status}" now, with {post}.'), LOOK),
    }
)
NOBODY = (
    N_("The case was taken back: nobody has it now, and it waits to be dispatched."),
    N_("Write a note in the case, or ask the command room. What you wrote stays on the phone."),
)


def said_of(room: Room, outcome: Outcome) -> dict[str, str]:
    """Return what happened (``zh``, ``en``) and what to do (``what``, ``what_en``)."""
    zh, en = (_said(room, outcome, translator(language)) for language in ("zh", "en"))
    return {"zh": zh[0], "en": en[0], "what": zh[1], "what_en": en[1]}


def _said(room: Room, outcome: Outcome, _: Translator) -> tuple[str, str]:
    kind, case = outcome.kind, outcome.case
    if case is not None and kind is Kind.HANDED_ON and not case.state.handler:
        return _(NOBODY[0]), _(NOBODY[1])
    is_late = kind is Kind.PHOTO and outcome.state is State.REFUSED  # it came, and is none that can be kept
    if kind is not None and kind in WORDS and not is_late:
        happened, following = WORDS[kind]
        names = _names(room, case, _) if case else {}
        return _(happened).format(**names), _(following).format(**names)
    said = refusal(outcome.error, _, room.area.pack.timezone) if outcome.error else ""
    if isinstance(outcome.error, TooOften) or outcome.state is State.WAIT:
        return said, _(BY_ITSELF)
    return said, _({Kind.RULES: LOOK, Kind.TASK: TELL}.get(kind, CORRECT) if kind else CORRECT)


def _names(room: Room, case: Incident, _: Translator) -> dict[str, str]:
    ended = max(case.state.times.values(), default=case.reported)
    post = case.state.handler or case.post
    return {
        "status": status_name(Status(case.status).value, _),
        "time": local(room, case.closed or ended),
        "post": post_name(room, post, _) or _("nobody"),
    }
