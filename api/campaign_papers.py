"""``/meeting/{area}/{number}``: the record of a meeting (日例会纪要) on A4; ``/theme-day/…``: the roster of a theme day with its result; ``/letter/…``: a letter of responsibility (责任书)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import answering
from api.forms import Forms
from api.frame import templates, to
from api.notices.sheet import Sheets
from api.places import Places
from desk.access.entrance import Entrance
from desk.campaigns import letters, meetings, themes
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import DraftError, NetError
from locales import N_, Translator, translator
from reports import meeting_words
from reports.meeting_words import Paper
from settings import Settings

MEETING, THEME, LETTER = N_("Record of the daily meeting"), N_("Theme day"), N_("Letter of responsibility")
EVER = datetime(1970, 1, 1, tzinfo=UTC)  # a number is given once
T = TypeVar("T")


class Papers(Sheets):
    """The three papers of a campaign."""

    def meeting(self, request: Request) -> Response:
        """Answer with the record of a meeting."""
        room, now, _, language = self._begun(request)
        found, tasks = _seen(lambda: meetings.of(room, request.path_params["number"]))
        paper = meeting_words.meeting_paper(room, found, tasks, _, language)
        return self._paper(request, room, now, MEETING, found.number, "meeting", found.campaign, "meetings", paper)

    def theme(self, request: Request) -> Response:
        """Answer with the roster of a theme day."""
        room, now, _, language = self._begun(request)
        found = _seen(lambda: themes.of(room, request.path_params["number"]))
        paper = meeting_words.theme_paper(room, found, _, language)
        return self._paper(request, room, now, THEME, found.number, "theme", found.campaign, "themes", paper, subject=found.name)  # fmt: skip

    def letter(self, request: Request) -> Response:
        """Answer with a letter of responsibility."""
        room, now, _, _language = self._begun(request)
        found = _seen(lambda: letters.of(room, request.path_params["number"]))
        return self._paper(request, room, now, LETTER, found.number, "letter", found.campaign, "letters", meeting_words.letter_paper(room, found, _))  # fmt: skip

    def _begun(self, request: Request) -> tuple[Room, datetime, Translator, str]:
        now, language = datetime.now(UTC), self.language(request)
        return self.room(request, now), now, translator(language), language

    def _paper(  # noqa: PLR0917
        self, request: Request, room: Room, now: datetime, title: str, number: str, kind: str, campaign: str, tab: str, paper: Paper, *, subject: str = "",
    ) -> Response:  # fmt: skip
        record = f"/campaigns?{urlencode({'area': room.id, 'campaign': campaign, 'tab': tab, kind: number})}"
        back = to(request, "/campaigns", area=room.id, campaign=campaign, tab=tab, **{kind: number})
        return self.paper(
            request, room, now, "campaign_paper", title, number, sheet=kind, since=EVER, words={}, back=back, record=record, paper=paper, subject=subject,
            campaign=meetings.campaign_name(room, campaign),
        )  # fmt: skip


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of these papers."""
    papers = Papers(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)
    return [
        Route("/meeting/{area}/{number}", answering(papers.meeting)),
        Route("/theme-day/{area}/{number}", answering(papers.theme)),
        Route("/letter/{area}/{number}", answering(papers.letter)),
    ]


def _seen(look: Callable[[], T]) -> T:
    """Return what somebody looks for; what is not there, or not theirs to see, is an address that does not exist."""
    try:
        return look()
    except DraftError as error:
        raise NetError(str(error)) from error
