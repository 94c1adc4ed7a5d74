"""The rules of one area, read from files: class directory, deadlines, working calendar, whistles, services, visits, emergencies, notice boards, warnings, the bridge, sites, findings, patrols, the air, settings of the desk."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from data import rules
from desk.sites.checklists import checklists_of
from geo.errors import RulesError
from incidents.alerts import AlertRules
from incidents.board_rules import BoardRules
from incidents.bridge_rules import BridgeRules
from incidents.calendar import Calendar, Days
from incidents.classes import Directory
from incidents.emergency_rules import EmergencyRules
from incidents.indicators import Indicators
from incidents.limits import DeadlineRules
from incidents.service_rules import ServiceRules
from incidents.sheets import SheetRules
from incidents.visit_rules import VisitRules
from incidents.whistle_rules import WhistleRules
from inspections.air_rules import AirRules
from inspections.checklists import Checklists
from inspections.finding_rules import FindingRules
from inspections.paper_rules import PaperRules
from inspections.patrol_rules import PatrolRules
from inspections.planning import PlanRules
from inspections.reading import lines_of, with_lines
from inspections.rounds import RoundRules
from inspections.site_rules import SiteRules
from inspections.warnings import WarningRules
from inspections.watering import WateringRules
from layers.pack import CALENDARS, Pack


@dataclass(frozen=True)
class Norms:
    """What one post should carry."""

    leaf_households: tuple[int, int]
    above_households: tuple[int, int]
    open_incidents: int
    sites: int


@dataclass(frozen=True)
class Settings:
    """The settings of ``desk.toml``, which says what each means."""

    edge_m: float
    outside_m: float
    same_m: float
    same_hours: float
    repeats: int
    repeat_days: int
    shifts: tuple[time, ...]
    sample_share: float
    review_days: int
    erase_days: int
    holder_days: int
    duty_days: int
    message_days: int
    order_days: int
    visit_days: int
    patrol_days: int
    inspection_days: int
    site_days: int
    whistle_days: int
    export_rows: int
    back_days: int
    ahead_minutes: int
    field_back_days: int
    staged_mb: int
    staged_all_mb: int
    longest_title: int
    longest_text: int
    most_photos: int
    norms: Norms

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "Settings":
        """Read the table of ``desk.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        plain = {field.name: field.type for field in fields(cls) if field.name not in {"shifts", "norms"}}
        found: dict[str, Any] = {name: _number(table, name, kind is float, faults) for name, kind in plain.items()}
        found["shifts"] = _shifts(table.get("shifts"), faults)
        found["norms"] = _norms(table.get("norms"), faults)
        faults += [f"{name!r} is not known" for name in table if name not in {field.name for field in fields(cls)}]
        if faults:
            raise RulesError(f"desk.toml has {len(faults)} fault(s):", faults)
        return cls(**found)

    def shift(self, now: datetime) -> datetime:
        """Return when the present shift began, in the zone of ``now``."""
        today = [now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0) for at in self.shifts]
        begun = [at for at in today if at <= now]
        return begun[-1] if begun else today[-1] - timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Rules:
    """All rules of one area."""

    directory: Directory
    deadlines: DeadlineRules
    calendar: Calendar
    settings: Settings
    whistles: WhistleRules
    services: ServiceRules
    visits: VisitRules
    emergencies: EmergencyRules
    boards: BoardRules
    alerts: AlertRules
    bridge: BridgeRules
    sites: SiteRules
    checklists: Checklists
    findings: FindingRules
    air: AirRules
    papers: PaperRules
    patrols: PatrolRules
    rounds: RoundRules
    watering: WateringRules
    warnings: WarningRules
    planning: PlanRules
    sheets: SheetRules
    indicators: Indicators


def rules_of(pack: Pack, extra: Path | None = None) -> Rules:
    """Read the rules of an area: the shipped ones, replaced by those of ``extra`` (BATTLEMAP_RULES), and by the pack's own.

    Raises
    ------
    RulesError
        A file cannot be read or holds faults; names them.
    """
    folders = rules.folders_of(pack.folder, extra)
    deadlines = DeadlineRules.from_table(rules.read("deadlines", folders))
    days = Days.from_table(rules.read("holidays", folders)) | _own_days(pack)
    made = Rules(
        directory=Directory.from_table(rules.read("classes", folders)),
        deadlines=deadlines,
        calendar=Calendar.of_days(days, deadlines.hours),
        settings=Settings.from_table(rules.read("desk", folders)),
        whistles=WhistleRules.from_table(rules.read("whistles", folders)),
        services=ServiceRules.from_table(rules.read("services", folders)),
        visits=VisitRules.from_table(rules.read("visits", folders)),
        emergencies=EmergencyRules.from_table(rules.read("emergency", folders)),
        boards=BoardRules.from_table(rules.read("boards", folders)),
        alerts=AlertRules.from_table(rules.read("alerts", folders)),
        bridge=BridgeRules.from_table(rules.read("bridge", folders)),
        sites=_sites(folders),
        checklists=checklists_of(folders),
        findings=FindingRules.from_table(rules.read("findings", folders)),
        air=AirRules.from_table(rules.read("air", folders)),
        papers=PaperRules.from_table(rules.read("papers", folders)),
        patrols=PatrolRules.from_table(rules.read("patrols", folders)),
        rounds=RoundRules.from_table(rules.read("rounds", folders)),
        watering=WateringRules.from_table(rules.read("watering", folders)),
        warnings=WarningRules.from_table(rules.read("warnings", folders)),
        planning=PlanRules.from_table(rules.read("planning", folders)),
        sheets=SheetRules.from_table(rules.read("sheets", folders)),
        indicators=Indicators.from_table(rules.read("indicators", folders)),
    )
    _look_for_kinds(made, folders)
    return made


def settings_of(pack_folder: Path | None, extra: Path | None = None) -> Settings:
    """Read the settings of the desk alone, for an area whose pack need not be opened, or is gone (None).

    Raises
    ------
    RulesError
        The file cannot be read or holds faults; names them.
    """
    return Settings.from_table(rules.read("desk", rules.folders_of(pack_folder, extra)))


def _sites(folders: Sequence[Path]) -> SiteRules:
    """Read the kinds of sites; each fault of a file is said with its line."""
    table = rules.read("site_kinds", folders)
    try:
        return SiteRules.from_table(table)
    except RulesError as error:
        path = rules.find("site_kinds", folders)
        lines = lines_of(path.read_text(encoding="utf-8-sig"))
        raise RulesError(f"{path} has {len(error.faults)} fault(s):", with_lines(error.faults, lines)) from error


def _look_for_kinds(made: Rules, folders: Sequence[Path]) -> None:
    """Refuse a city's own file that names a kind of site which there is not: a slip of the pen would leave its sources without tasks, in silence. Shipped files may name kinds that a city's register has not."""
    named: dict[str, Iterable[str]] = {
        "air": [*made.air.coarse_kinds, *made.air.fine_kinds, *(kind for cause in made.air.causes.values() for kind in cause.kinds)],
        "planning": list(made.planning.kinds)[1:],  # the first one holds for all others, by any name
        "warnings": [kind for measure in made.warnings.measures.values() for kind in measure.kinds],
    }  # fmt: skip
    faults = [
        f"{name}.toml: {kind!r} is no kind of site; write one of site_kinds.toml: {', '.join(made.sites.kinds)}"
        for name, kinds in named.items()
        if rules.find(name, folders).parent != rules.SHIPPED
        for kind in dict.fromkeys(kinds)
        if kind not in made.sites.kinds
    ]
    if faults:
        raise RulesError(f"Rules have {len(faults)} fault(s):", faults)


def _own_days(pack: Pack) -> Days:
    """Return the pack's calendar: a name of ours, or a table by file."""
    if pack.calendar in CALENDARS:
        return Days(base=pack.calendar)
    path = pack.folder / pack.calendar
    try:
        return Days.from_table(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError) as error:
        raise RulesError(
            f"{path} cannot be read as a calendar: {error}. data/rules/holidays.toml shows one."
        ) from error


def _number(table: Mapping[str, Any], name: str, fraction: bool, faults: list[str]) -> Any:  # noqa: FBT001
    value = table.get(name)
    kinds = (int, float) if fraction else (int,)
    if isinstance(value, bool) or not isinstance(value, kinds) or value < 0:
        faults.append(f"{name!r} is {value!r}; give a number from 0")
    return value


def _shifts(value: Any, faults: list[str]) -> tuple[time, ...]:
    try:
        found = tuple(time.fromisoformat(text) for text in value)
    except (TypeError, ValueError):
        found = ()
    if not found or not all(first < second for first, second in pairwise(found)):
        faults.append(f'\'shifts\' is {value!r}; give the times at which shifts begin, in order: ["08:00", "20:00"]')
    return found


def _norms(value: Any, faults: list[str]) -> Norms | None:
    try:
        low, high = (int(number) for number in value["leaf_households"])
        above = (int(value["above_households"][0]), int(value["above_households"][1]))
        return Norms((low, high), above, int(value["open_incidents"]), int(value["sites"]))
    except (TypeError, ValueError, KeyError, IndexError):
        faults.append(
            f"'norms' is {value!r}; it needs leaf_households and above_households, each [from, to], open_incidents and sites"
        )
        return None
