"""How far a campaign is, over many inspections: the answer of the console beside plain pandas on tables that are in memory already.

The campaign began with the first inspection, so that every one of them counts. Reading the tables out of the database is not counted against pandas.

    python benchmarks/bench_campaigns.py [--inspections 1000000] [--sites 20000] [--findings 100000]
"""

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pandas as pd
from bench_inspections import BACK_DAYS, FIRST, TODAY, filled, milliseconds
from rooms import DISPATCHER
from sqlalchemy import insert, select, text

from inspections.campaigns import Campaign, Phase, Rule, Source, begun, total
from ledger import campaigns
from ledger.campaigns import Asked
from ledger.tables import campaign_target, finding, inspection, site_attempt

NOW = datetime.combine(TODAY, clock(12), UTC)
BEGAN = TODAY - timedelta(days=BACK_DAYS)
ATTEMPTS = 50  # one of so many sites was visited in vain


def campaign_of(room, places):
    """Write a campaign of all sites, and return the question of its phase."""
    made = Campaign(
        "瓶装燃气", Source.SITES, ("dispatcher",), (Phase("全部", Rule(("gas_shop",)), BEGAN, TODAY),), BEGAN
    )
    written = room.ledger.change(lambda writing: campaigns.make(writing, room.id, made, by=DISPATCHER, at=NOW))
    room.ledger.change(
        lambda writing: campaigns.put(
            writing, room.id, begun(written, 1, BEGAN), campaigns.Act.BEGIN, by=DISPATCHER, at=NOW, phase=1, day=BEGAN
        )
    )
    same = {
        "area": room.id,
        "campaign": written.number,
        "phase": 1,
        "since": BEGAN.isoformat(),
        "until": "",
        "reason": "",
        "weight": 1,
    }
    with room.ledger.engine.begin() as connection:
        connection.execute(insert(campaign_target), [{**same, "target": f"场-{n:07d}"} for n in range(places)])
        tried = {
            "area": room.id,
            "at": 0,
            "day": TODAY.isoformat(),
            "found": "absent",
            "again": "",
            "post": "p",
            "struck": None,
        }
        connection.execute(
            insert(site_attempt),
            [{**tried, "id": FIRST + n, "site": f"场-{n:07d}"} for n in range(0, places, ATTEMPTS)],
        )
        connection.execute(text("ANALYZE"))
    return Asked(room.id, written.number, 1, BEGAN, TODAY, TODAY)


def peer(tables, level):
    """Return the same figures by pandas: targets, inspected, tried in vain, findings by state, of each grid."""
    targets, made, tried, found, grids = tables
    codes = grids[grids["key"] == level].groupby("number")["code"].min()
    window = made[(made["day"] >= BEGAN.isoformat()) & (made["day"] <= TODAY.isoformat()) & (made["way"] != "self")]
    first = window.groupby("site")["day"].min()
    frame = pd.DataFrame(
        {
            "code": targets["target"].map(codes),
            "first": targets["target"].map(first),
            "tried": targets["target"].isin(tried["site"]),
        }
    )
    sums = (
        frame.assign(seen=frame["first"].notna())
        .groupby("code")
        .agg(
            targets=("code", "size"),
            visited=("seen", "sum"),
            new=("first", lambda days: (days == TODAY.isoformat()).sum()),
        )
    )
    states = found[(found["found"] >= BEGAN.isoformat()) & found["site"].isin(targets["target"])]
    return sums, states.assign(code=states["site"].map(codes)).groupby(["code", "state"]).size()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inspections", type=int, default=1_000_000)
    parser.add_argument("--sites", type=int, default=20_000)
    parser.add_argument("--findings", type=int, default=100_000)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        room = filled(folder, said.inspections, said.sites, said.findings)
        asked, level = campaign_of(room, said.sites), room.area.net.leaf.key
        with room.ledger.reading() as connection:
            read = lambda query: pd.DataFrame(connection.execute(query).mappings().all())  # noqa: E731
            grids = read(text("select s.number, g.key, g.code from site_grid g join site s on s.id = g.site"))
            tables = (
                read(select(campaign_target.c.target)),
                read(select(inspection.c.site, inspection.c.day, inspection.c.way)),
                read(select(site_attempt.c.site)),
                read(select(finding.c.site, finding.c.found, finding.c.state)),
                grids,
            )
            rows = campaigns.rows(connection, asked, level)
            sums, _states = peer(tables, level)
            assert total(rows).targets == int(sums["targets"].sum())
            assert total(rows).visited == int(sums["visited"].sum())
            ours = milliseconds(connection, lambda c: campaigns.rows(c, asked, level))
            post = milliseconds(connection, lambda c: campaigns.rows(c, asked, "post"))
            theirs = milliseconds(connection, lambda _c: peer(tables, level))
        print(
            f"{said.inspections:,} inspections, {said.sites:,} sites, {said.findings:,} findings: by micro-grid {ours:.0f} ms, by post {post:.0f} ms; pandas in memory {theirs:.0f} ms; {theirs / ours:.1f} times"
        )
        room.ledger.close()


if __name__ == "__main__":
    main()
