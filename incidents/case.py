"""One incident as the rooms hand it to one another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from incidents.lifecycle import Act, CaseState
from incidents.model import MARK, Channel, Mark, Status, Urgency


@dataclass(frozen=True)
class Incident:
    """An incident (事件): what was reported, where it lies, and where it stands. Times are aware, in UTC.

    Attributes
    ----------
    number
        Readable, unique in the area: ``LN-20261122-0007``.
    class_, major
        Keys of the class directory.
    title, text
        One line for lists and maps, and the description.
    codes
        Code of every level and overlay at its place; several are ";"-joined, "" for none.
    edition
        Edition of the net that gave the codes.
    match, edge_m
        How the place was found (``inside``, ``boundary``, ``nearest``, ``outside``), and metres to a boundary that is too near to trust; None elsewhere.
    post, informed, overdue_post
        Keys of the posts that are responsible, informed, and answer for what is overdue; "" for none.
    source, external_id
        The other system that it came from, and its number there; "" for our own.
    version
        Version of its last change; 0 before it is written.
    """

    area: str
    class_: str
    reported: datetime
    lon: float
    lat: float
    state: CaseState
    number: str = ""
    major: str = ""
    channel: Channel = Channel.PATROL
    urgency: Urgency = Urgency.NORMAL
    title: str = ""
    text: str = ""
    address: str = ""
    building: str = ""
    unit: float | None = None
    floor: float | None = None
    edition: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    match: str = "inside"
    edge_m: float | None = None
    post: str = ""
    informed: str = ""
    overdue_post: str = ""
    restricted: bool = False
    demo: bool = False
    source: str = ""
    external_id: str = ""
    version: int = 0

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.state.status

    @property
    def mark(self) -> Mark | None:
        """Its mark while the shift runs in which it was cleared."""
        return MARK[self.state.status]

    @property
    def closed(self) -> datetime | None:
        """When it was closed or cleared on the spot; None while it is open."""
        if self.mark is None or self.mark is Mark.RED:
            return None
        times = self.state.times
        return next(
            (times[act.value] for act in (Act.CLOSE, Act.SELF_CLEAR, Act.SAMPLE_PASS) if act.value in times), None
        )
