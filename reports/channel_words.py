"""Why a message did not arrive, in the page's language: the courier notes it in English, as it stands in the log and at the command line."""

import re

from locales import N_

WHY = (
    N_("The receiver answered {what}."),
    N_("The receiver did not answer in time."),
    N_("The receiver's certificate or TLS does not hold ({what})."),
    N_("The receiver's name is not known to the network."),
    N_("The receiver does not listen."),
    N_("The connection broke ({what})."),
    N_("The robot did not take it: {what}."),
    N_("The post has no robot."),
    N_("There is no mail server, or the post has no address of mail."),
    N_("The mail server refused the address ({what})."),
    N_("The mail server answered {what}."),
    N_("The mail server's certificate or TLS does not hold ({what})."),
    N_("The mail server cannot be reached ({what})."),
    N_("There is no gateway for text messages, or the post has no number."),
    N_("The gateway did not say that it took the message."),
)
KNOWN = tuple((re.compile(re.escape(one).replace(r"\{what\}", "(.+)")), one) for one in WHY)


def why_unsent(noted: str) -> tuple[str, str]:
    """Return why a message did not arrive, as a text to be translated and what stands in it for ``{what}``; what is not known stays as it was noted."""
    for pattern, text in KNOWN:
        if found := pattern.fullmatch(noted):
            return text, next(iter(found.groups()), "")
    return "{what}", noted
