"""Air of a demonstration: an hour a station of the last two days, invented and named so, in the folder where readings lie; and one patrol list upwind, answered in part.

The readings go on with the clock. Where a real table lies in the folder nothing is invented.
"""

import csv
import io
import math
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from data.synthetic.plane import Chance
from desk.air import walks
from desk.air.board import Standing, board, readings, sources_upwind
from desk.air.readings import folder_of
from desk.orders.people import CENTRE
from desk.room import Room
from geo.errors import DraftError
from geo.measure import centre_of
from inspections.proposed import Found
from inspections.upwind import Wind
from layers.tables import whole_or_nothing
from ledger import find

FILE = "示意数据.csv"
HEADINGS = ("站点编号", "站点名称", "经度", "纬度", "监测时间", "PM2.5", "PM10", "SO2", "NO2", "CO", "O3")
STATIONS, HOURS, SEED = 5, 48, 1
HIGH = 3  # the station that stands out in the last hours
HOUR = timedelta(hours=1)
WIND = Wind(45.0, 2.4)
ANSWERS = (Found.CONFIRMED, Found.NOTHING)


def take(room: Room, now: datetime) -> int:
    """Write the hours up to now of a room that began with a demonstration, and once a list upwind; return 1 where the hour was new."""
    folder = folder_of(room.ledger.folder, room.id)
    path, hour = folder / FILE, now.astimezone(room.area.pack.timezone).replace(minute=0, second=0, microsecond=0)
    if not room.area.pack.synthetic or (path.exists() and path.stat().st_mtime >= hour.timestamp()):
        return 0
    with room.ledger.reading() as connection:
        if find.begun(connection, room.id) != "demo":
            return 0
    if not path.exists() and folder.is_dir() and any(folder.iterdir()):
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    _write(room, path, hour)
    _walk(room, now)
    return 1


def _write(room: Room, path: Path, hour: datetime) -> None:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(HEADINGS)
    lines.writerows(_rows(room, hour))
    with whole_or_nothing(path) as waiting:
        waiting.write_text(text.getvalue(), encoding="utf-8-sig")
        os.utime(waiting, (hour.timestamp(), hour.timestamp()))


def _rows(room: Room, last: datetime) -> Iterator[tuple[object, ...]]:
    levels = room.area.net.levels
    layer = levels[min(1, len(levels) - 1)]
    every = range(0, len(layer.codes), max(1, len(layer.codes) // STATIONS))
    for place, at in enumerate(list(every)[:STATIONS], 1):
        lon, lat = centre_of(layer.geoms[at : at + 1])
        for back in range(HOURS - 1, -1, -1):
            hour = last - back * HOUR
            chance = Chance(room.id, SEED, f"{place}/{hour:%Y%m%d%H}")
            fine = (48 + 14 * math.cos((hour.hour - 8) * math.pi / 12)) * chance.between(0.92, 1.08)
            fine *= 2.1 if place == HIGH and back < 2 else 1  # noqa: PLR2004  the last two hours
            values = (fine, 1.6 * fine, 9, 38, 0.8, 55)
            said = [round(one * chance.between(0.97, 1.03), 1) for one in values]
            yield f"示意{place}", f"示意站{place}", round(lon, 6), round(lat, 6), f"{hour:%Y-%m-%d %H:%M}", *said


def _walk(room: Room, now: datetime) -> None:
    """Make one list of the sources upwind of the station that stands out, with answers to the first lines; where there is a list already, none."""
    if walks.listed(room):
        return
    standing = board(room, readings(room), now)
    chosen = next((one for one in standing if one.alarms), None)
    if chosen is None:
        return
    try:
        made = walks.make(room, chosen, _wind(room, chosen), CENTRE, now)
        causes = list(room.rules.air.causes)
        for place, found in enumerate(ANSWERS, 1):
            walks.answer(room, made.number, place, found, CENTRE, now, cause=causes[0] if found is Found.CONFIRMED else "", text="示意：已现场查看")  # fmt: skip
    except DraftError:  # no source lies upwind, or fewer than there are answers
        return


def _wind(room: Room, chosen: Standing) -> Wind:
    """Return the wind from where most sources lie, so that the list shows something."""
    winds = [Wind(float(degrees), WIND.speed) for degrees in range(0, 360, 45)]
    return max(winds, key=lambda wind: len(sources_upwind(room, chosen.station, chosen.measured, wind)))
