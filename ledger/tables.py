"""The tables of the ledger. Times are milliseconds since 1970 in UTC, so that both databases sort and compare them alike.

``history`` is the truth: append-only, held by triggers, each entry chained to the one before by its hash. The other tables say where things stand now and can be
proved from it. What is personal (who reported, who holds a post) stands in tables of its own, to which the history only refers, so that it can be erased.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=CONVENTION)
# SQLite counts only a column of the type INTEGER as its row number.
Number = BigInteger().with_variant(Integer, "sqlite")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(time: datetime) -> int:
    """Return an aware time as milliseconds since 1970 in UTC.

    Raises
    ------
    ValueError
        It is naive.
    """
    if time.tzinfo is None:
        raise ValueError(f"{time} has no timezone.")
    return (time - EPOCH) // timedelta(milliseconds=1)


def instant(number: int) -> datetime:
    """Return milliseconds since 1970 as an aware time in UTC."""
    return EPOCH + timedelta(milliseconds=number)


head = Table(
    "head",
    METADATA,
    Column("id", Integer, primary_key=True),  # one row: 1
    Column("version", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("signature", String(64), nullable=False),
)

history = Table(
    "history",
    METADATA,
    Column("version", Number, primary_key=True, autoincrement=False),
    Column("area", String(80), nullable=False),
    Column(
        "subject", String(20), nullable=False
    ),  # incident, whistle, visit, site, inspection, finding, post, rota, group, view, area
    Column("key", String(120), nullable=False),  # number of the incident, key of the post, …
    Column("act", String(30), nullable=False),
    Column("post", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_history_subject", "area", "subject", "key", "version"),
    Index("ix_history_at", "area", "at"),
)

area = Table(
    "area",
    METADATA,
    Column("id", String(80), primary_key=True),
    Column("edition", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("begun", BigInteger),  # when its first incidents were written: the pack's, or a demonstration
    Column("how", String(20)),  # pack, demo, empty
)

serial = Table(
    "serial",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("day", String(8), primary_key=True),
    Column("last", Integer, nullable=False),
)

incident = Table(
    "incident",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("channel", String(20), nullable=False),
    Column("class", String(40), nullable=False),
    Column("major", String(20), nullable=False),
    Column("urgency", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("address", Text, nullable=False),
    Column("building", String(80), nullable=False),
    Column("unit", Float(53)),
    Column("floor", Float(53)),
    Column("edition", String(40), nullable=False),
    Column("codes", Text, nullable=False),  # {level or overlay: code}
    Column("match", String(20), nullable=False),  # inside, boundary, nearest, outside
    Column("edge_m", Float(53)),  # metres to the nearest boundary, where it is near enough to matter
    Column("post", String(200), nullable=False),  # responsible
    Column("informed", String(200), nullable=False),
    Column("overdue_post", String(200), nullable=False),  # answers for what is overdue
    Column("restricted", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    # what the lifecycle decides; `state` holds all of it
    Column("state", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("mark", String(10), nullable=False),  # "" for none
    Column("handler", String(200), nullable=False),
    Column("level", String(40), nullable=False),
    Column("due", BigInteger),
    Column("reported", BigInteger, nullable=False),
    Column("closed", BigInteger),  # when it turned green, or was cleared on the spot
    Column("source", String(40), nullable=False),  # system that an external id comes from
    Column("external_id", String(120), nullable=False),
    UniqueConstraint("area", "number"),
    # one index for each saved view; tests/test_find.py reads the plans
    Index("ix_incident_reported", "area", "reported"),
    Index("ix_incident_class", "area", "class", "reported"),
    Index("ix_incident_major", "area", "major", "reported"),
    Index("ix_incident_mark", "area", "mark", "reported"),
    Index("ix_incident_mark_class", "area", "mark", "class", "reported"),
    Index("ix_incident_status", "area", "status", "reported"),
    Index("ix_incident_handler", "area", "handler", "mark", "reported"),
    Index("ix_incident_post", "area", "post", "mark", "reported"),
    Index("ix_incident_due", "area", "mark", "due"),
    Index("ix_incident_closed", "area", "closed"),
    Index("ix_incident_version", "area", "version"),
)

incident_grid = Table(
    "incident_grid",
    METADATA,
    Column("incident", Number, ForeignKey("incident.id"), primary_key=True),
    Column("key", String(40), primary_key=True),
    Column("code", String(80), primary_key=True),
    Column("area", String(80), nullable=False),
    Column("reported", BigInteger, nullable=False),
    Index("ix_incident_grid_code", "area", "key", "code", "reported", "incident"),
)

# Every post that has something to do with a case (`incidents.within.workers`): what leads to the cases of who has to work on them.
incident_post = Table(
    "incident_post",
    METADATA,
    Column("incident", Number, ForeignKey("incident.id"), primary_key=True),
    Column("post", String(200), primary_key=True),
    Column("area", String(80), nullable=False),
    Column("reported", BigInteger, nullable=False),
    Index("ix_incident_post_post", "area", "post", "reported", "incident"),
)

# What a creation came from: an idempotency key (source "key") or the id of another system. The same twice makes one incident.
origin = Table(
    "origin",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("incident", Number, ForeignKey("incident.id"), nullable=False),
    Index("ix_origin_incident", "incident"),
)

# What an account sent from a phone, by the key that the phone gave it, and the entry of the history that it became: the same sent again is answered from here.
sent = Table(
    "sent",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("account", String(20), primary_key=True),
    Column("key", String(36), primary_key=True),
    Column("incident", Number, ForeignKey("incident.id"), nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_sent_incident", "incident"),
)

reporter = Table(
    "reporter",
    METADATA,
    Column("incident", Number, ForeignKey("incident.id"), primary_key=True),
    Column("name", String(60), nullable=False),  # masked
    Column("phone", String(40), nullable=False),  # masked
    Column(
        "caller", String(64), nullable=False
    ),  # keyed digest of the number: tells that one caller comes again, never who; "" without a number
    Column("sealed", Text),  # name and number in full, encrypted (ledger/contacts.py); NULL where no account took them
    Index("ix_reporter_caller", "caller"),
)

attachment = Table(
    "attachment",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("incident", Number, ForeignKey("incident.id"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("thumbnail", String(64), nullable=False),
    Column("kind", String(20), nullable=False),  # before, after, notice, other
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_attachment_incident", "incident"),
    Index("ix_attachment_sha256", "sha256"),
    Index("ix_attachment_thumbnail", "thumbnail"),
)

# What people wrote: the history refers to it by key and by a salted digest, so that it can be erased and what was not erased can be proved.
wording = Table(
    "wording",
    METADATA,
    Column("key", String(40), primary_key=True),  # version.field
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("salt", String(32), nullable=False),
    Column("text", Text),  # NULL once erased
    Index("ix_wording_number", "area", "number"),
)

# Two incidents that a person linked ("linked"), or found to be different ("apart").
relation = Table(
    "relation",
    METADATA,
    Column("one", Number, ForeignKey("incident.id"), primary_key=True),
    Column("other", Number, ForeignKey("incident.id"), primary_key=True),
    Column("kind", String(10), nullable=False),
    Index("ix_relation_other", "other"),
)

post = Table(
    "post",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("title", String(120), nullable=False),
    Column("level", String(40), nullable=False),
    Column("code", String(80), nullable=False),
    Column("volunteer", Boolean, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
)

holding = Table(
    "holding",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("post", String(200), nullable=False),
    Column("holder", String(120), nullable=False),  # a name, erased by rule; never in the history
    Column("stand_in", Boolean, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Index("ix_holding_post", "area", "post", "since"),
    sqlite_autoincrement=True,  # a number that was taken back is not given again: the history names it
)

shift = Table(
    "shift",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("role", String(30), nullable=False),  # leader, officer, head, night
    Column("post", String(200), nullable=False),
    Column("holder", String(120), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("ix_shift_since", "area", "since", "until"),
    sqlite_autoincrement=True,  # a number that was taken back is not given again: the history names it
)

handover = Table(
    "handover",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("from_post", String(200), nullable=False),
    Column("to_post", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("cases", Text, nullable=False),  # numbers of the open cases that it carries
    Column("taken", BigInteger),
    Index("ix_handover_at", "area", "at"),
    sqlite_autoincrement=True,  # a number that was taken back is not given again: the history names it
)

chat_group = Table(
    "chat_group",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("name", String(120), nullable=False),
    Column("kind", String(20), nullable=False),  # residents, merchants, other
    Column("members", Integer),
    Column("covers", Text, nullable=False),  # [[level or "building", code], …]
    Column("post", String(200), nullable=False),
    UniqueConstraint("area", "name"),
)

saved_view = Table(
    "saved_view",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("post", String(200), nullable=False),  # "" for everybody
    Column("name", String(80), nullable=False),
    Column("query", Text, nullable=False),
    UniqueConstraint("area", "post", "name"),
)

# Sites (场所、污染源, ledger/sites.py): what there is to inspect, where it stands now, and which post answers for it.
site = Table(
    "site",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(30), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("kind", String(30), nullable=False),  # of site_kinds.toml
    Column("name", String(120), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("address", String(300), nullable=False),
    Column("building", String(100), nullable=False),
    Column("codes", Text, nullable=False),  # {level or overlay: code}
    Column("match", String(20), nullable=False),  # inside, boundary, nearest, outside
    Column("edge_m", Float(53)),  # metres to the nearest boundary, where it is near enough to matter
    Column("post", String(200), nullable=False),  # answers for it
    Column("bound", String(10), nullable=False),  # rule, hand
    Column("bound_reason", String(200), nullable=False),
    Column("bound_since", String(10)),
    Column("mobile", String(60), nullable=False),  # mark of a vehicle
    Column("spots", Text, nullable=False),  # [[lon, lat, label], …]
    Column("households", Integer),
    Column("state", String(12), nullable=False),  # active, suspended, moved, closed
    Column("state_reason", String(200), nullable=False),
    Column("state_since", String(10)),
    Column("documents", Text, nullable=False),  # [[key, issued, expires, note], …]
    Column("expires", String(10)),  # the first day on which one of them runs out
    Column("fields", Text, nullable=False),
    Column("note", String(300), nullable=False),
    Column("contact", String(40), nullable=False),  # the office's telephone; never in the history
    Column("source", String(40), nullable=False),  # system that an external id comes from
    Column("external_id", String(120), nullable=False),
    UniqueConstraint("area", "number"),
    Index("ix_site_order", "area", "id"),
    Index("ix_site_kind", "area", "state", "kind"),
    Index("ix_site_post", "area", "post", "state"),
    Index("ix_site_expires", "area", "expires"),
    Index("ix_site_version", "area", "version"),
    Index("ix_site_source", "area", "source", "external_id"),
)

# The grids in which a site counts: of every level and overlay. Kind and state stand here as well, so that sites are counted by grid in one index.
site_grid = Table(
    "site_grid",
    METADATA,
    Column("site", Number, ForeignKey("site.id"), primary_key=True),
    Column("key", String(40), primary_key=True),
    Column("code", String(60), primary_key=True),
    Column("area", String(80), nullable=False),
    Column("state", String(12), nullable=False),
    Column("kind", String(30), nullable=False),
    Index("ix_site_grid_code", "area", "key", "code", "state", "kind", "site"),
)

# An inspection (检查, ledger/inspections.py): what was looked at on one day at one site, by which version of a checklist, and what it came to. Written once.
inspection = Table(
    "inspection",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("site", String(30), nullable=False),  # its number
    Column("kind", String(30), nullable=False),  # of the site
    Column("way", String(10), nullable=False),  # inspect, recheck, self
    Column("checklist", String(60), nullable=False),
    Column("checklist_version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # of the checklist's file
    Column(
        "answers", Text, nullable=False
    ),  # {item: {value, corrected, grade, photos}}; what people wrote stands in wording
    Column("outcome", String(12)),
    Column("grade", String(10)),
    Column("due", String(10)),  # the first day by which something is put right
    Column("failed", Integer, nullable=False),
    Column("corrected", Integer, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("signed", String(10), nullable=False),
    Column("signature", String(64), nullable=False),  # digest of a picture
    Column("findings", Text, nullable=False),  # [number, …] that it opened
    Column("rechecked", Text, nullable=False),  # [number, …] that it looked at again
    Column("day", String(10), nullable=False),
    Column("done_at", String(40), nullable=False),  # ISO 8601, UTC
    Column("post", String(200), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("codes", Text, nullable=False),
    Column("item", String(70), nullable=False),  # account and key by which a phone made it; "" elsewhere
    UniqueConstraint("area", "number"),
    Index("ix_inspection_day", "area", "day", "id"),
    Index("ix_inspection_site", "area", "site", "day", "way"),
    Index("ix_inspection_item", "area", "item"),
    Index("ix_inspection_version", "area", "version"),
)

# A finding (隐患, ledger/findings.py): one item that failed, and what becomes of it. `standing` holds all that its lifecycle decides.
finding = Table(
    "finding",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("site", String(30), nullable=False),
    Column("kind", String(30), nullable=False),  # of the site
    Column("inspection", String(60), nullable=False),
    Column("checklist", String(60), nullable=False),
    Column("checklist_version", Integer, nullable=False),
    Column("item", String(40), nullable=False),  # of the checklist
    Column("party", String(30), nullable=False),  # whose fault it is, as the checklist names them
    Column("article", String(60), nullable=False),  # of a standard of major hazards, "" for none
    Column("found", String(10), nullable=False),
    Column("repeats", String(60), nullable=False),  # number of the finding before it at the same place, "" for none
    Column("standing", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("grade", String(10), nullable=False),
    Column("due", String(10)),
    Column("late", Boolean, nullable=False),  # whether it was told that its day is over
    Column("closed", String(10)),  # the day on which it was closed or withdrawn
    Column("incident", String(60), nullable=False),
    UniqueConstraint("area", "number"),
    Index("ix_finding_state", "area", "state", "due"),
    Index("ix_finding_site", "area", "site", "item", "found"),
    Index("ix_finding_reach", "area", "site", "found", "state", "due"),
    Index("ix_finding_found", "area", "found", "id"),
    Index("ix_finding_inspection", "area", "inspection"),
    Index("ix_finding_incident", "area", "incident"),
    Index("ix_finding_version", "area", "version"),
)

# Photos of inspections and findings: what the items showed, the signature, and what it looks like put right.
inspection_photo = Table(
    "inspection_photo",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("number", String(60), primary_key=True),  # of an inspection or a finding
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", String(64), primary_key=True),
    Column("thumbnail", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
)

# Links by which places check themselves (自查, ledger/self_checks.py), and what came in by them. The token of a link stands nowhere, only its digest.
check_link = Table(
    "check_link",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its entry
    Column("area", String(80), nullable=False),
    Column("site", String(30), nullable=False),  # its number
    Column("checklist", String(60), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("post", String(200), nullable=False),  # that made it
    Column("made", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
    Index("ix_check_link_site", "area", "site"),
)
self_check = Table(
    "self_check",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("number", String(60), primary_key=True),  # of its inspection
    Column("link", BigInteger, nullable=False),
    Column("seen_by", String(200), nullable=False),  # post that looked at it, "" while nobody did
    Column("seen", BigInteger),
    Index("ix_self_check_link", "area", "link"),
)

# Orders of an authority (责令整改通知书, ledger/authority_orders.py): written once; the names of its officers stand in wording.
authority_order = Table(
    "authority_order",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("site", String(30), nullable=False),
    Column("inspection", String(60), nullable=False),
    Column("authority", String(120), nullable=False),
    Column("items", Text, nullable=False),  # [key, …] of the checklist
    Column("articles", Text, nullable=False),  # [text, …] on which it rests
    Column("day", String(10), nullable=False),
    Column("due", String(10), nullable=False),
    Column("post", String(200), nullable=False),
    UniqueConstraint("area", "number"),
    Index("ix_authority_order_inspection", "area", "inspection"),
    Index("ix_authority_order_site", "area", "site"),
)

# A warning (预警, ledger/alerts.py) that the street received.
alert = Table(
    "alert",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("level", String(10), nullable=False),
    Column("issuer", String(60), nullable=False),
    Column("number", String(60), nullable=False),  # of the order, "" for none
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger),  # as it is expected
    Column("lifted", BigInteger),
    Index("ix_alert_area", "area", "lifted"),
    sqlite_autoincrement=True,
)

# A view of a wall (大屏视图, ledger/wall_views.py): what one screen shows.
wall_view = Table(
    "wall_view",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("key", String(40), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("grid", String(130), nullable=False),  # level:code; "" for the whole area
    Column("layers", Text, nullable=False),  # [key, …]
    Column("panels", Text, nullable=False),  # [panel, …]
    Column("every", Integer, nullable=False),  # seconds of a stop; 0 where it stands still
    Column("over", String(40), nullable=False),
    Column("theme", String(10), nullable=False),
    Column("chime", Boolean, nullable=False),
)

# A whistle (吹哨报到, ledger/whistles.py): where it stands. `state` holds all that its lifecycle decides.
whistle = Table(
    "whistle",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("kind", String(30), nullable=False),
    Column("incident", String(60), nullable=False),  # number of the case that it is about, "" for none
    Column("asker", String(200), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("codes", Text, nullable=False),  # of the place: {level or overlay: code}
    Column("line", Text, nullable=False),  # of who asked: {level: code}, its own grid and those above
    Column("state", Text, nullable=False),
    Column("phase", String(12), nullable=False),
    Column("due", BigInteger),
    UniqueConstraint("area", "number"),
    Index("ix_whistle_phase", "area", "phase", "due"),
    Index("ix_whistle_incident", "area", "incident"),
)

# Who sees a whistle: each post that has to do with it, and the asker's grids ("grid:level:code"); nobody else hears of it.
whistle_seen = Table(
    "whistle_seen",
    METADATA,
    Column("whistle", Number, ForeignKey("whistle.id"), primary_key=True),
    Column("by", String(200), primary_key=True),
    Column("area", String(80), nullable=False),
    Index("ix_whistle_seen_by", "area", "by", "whistle"),
)

whistle_photo = Table(
    "whistle_photo",
    METADATA,
    Column("whistle", Number, ForeignKey("whistle.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", String(64), primary_key=True),
    Column("thumbnail", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
)

# A service team (服务队, ledger/teams.py). Who belongs to it is not kept.
team = Table(
    "team",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("name", String(120), nullable=False),
    Column("post", String(200), nullable=False),
    Column("skills", Text, nullable=False),  # [item of the catalogue, …]
    Column("areas", Text, nullable=False),  # [[level, code], …]; [] for all of the area
    Column("days", String(10), nullable=False),  # every, workdays
    Column("opens", String(5), nullable=False),
    Column("closes", String(5), nullable=False),
    Column("ended", Boolean, nullable=False),
    Index("ix_team_area", "area", "name"),
)

# A service order (居民点单, ledger/orders.py): where it stands. It knows no resident. `state` holds all that its lifecycle decides.
service_order = Table(
    "service_order",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("item", String(30), nullable=False),
    Column("key", String(20), nullable=False),  # opaque
    Column("asker", String(200), nullable=False),
    Column("building", String(80), nullable=False),
    Column("unit", Float(53)),
    Column("floor", Float(53)),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("codes", Text, nullable=False),  # of the place: {level or overlay: code}
    Column("state", Text, nullable=False),
    Column("phase", String(12), nullable=False),
    Column("team", Number, nullable=False),  # 0 for none
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("next", Boolean, nullable=False),  # whether another one comes after it, which was not made yet
    Column("ended", BigInteger),  # when it was done, cancelled or missed
    UniqueConstraint("area", "number"),
    Index("ix_service_order_phase", "area", "phase", "since"),
    Index("ix_service_order_next", "area", "next"),
    Index("ix_service_order_ended", "area", "ended"),
    Index("ix_service_order_version", "area", "version"),
    Index("ix_service_order_key", "key", "area"),  # not by the area first: SQLite would take it for lists of an area
)

# Who sees an order: each post that has to do with it now, and the grids of its place ("grid:level:code"); nobody else hears of it.
order_seen = Table(
    "order_seen",
    METADATA,
    Column("order", Number, ForeignKey("service_order.id"), primary_key=True),
    Column("by", String(200), primary_key=True),
    Column("area", String(80), nullable=False),
    Index("ix_order_seen_by", "area", "by", "order"),
)

# A visit (走访, ledger/visits.py): a walk to a place. It knows no resident. `standing` holds all that its lifecycle decides.
visit = Table(
    "visit",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("kind", String(20), nullable=False),
    Column("visitor", String(200), nullable=False),
    Column("building", String(100), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("codes", Text, nullable=False),  # of the place: {level or overlay: code}
    Column("leaf", String(300), nullable=False),  # of the micro-grid; ";"-joined where some lie one above another
    Column("standing", Text, nullable=False),
    Column("phase", String(12), nullable=False),
    Column("late", Boolean, nullable=False),  # whether the head was told that its day is over
    Column("due", String(10), nullable=False),  # 2026-11-22; "" where nobody has to go
    Column("topics", String(300), nullable=False),  # ;publicity;hazard;
    Column("households", Integer),
    Column("tries", Integer, nullable=False),
    Column("walked", BigInteger),  # when somebody went there last
    Column("ended", BigInteger),  # when it was done, refused or cancelled
    Column("item", String(70), nullable=False),  # account and key by which a phone made it; "" elsewhere
    UniqueConstraint("area", "number"),
    Index("ix_visit_due", "area", "phase", "due"),
    Index("ix_visit_walked", "area", "phase", "walked"),
    Index("ix_visit_visitor", "area", "visitor", "phase"),
    Index("ix_visit_ended", "area", "ended"),
    Index("ix_visit_item", "area", "item"),
    Index("ix_visit_version", "area", "version"),
)

# Who sees a visit: the posts that planned it and that go there, and the grids of its place ("grid:level:code"); nobody else hears of it.
visit_seen = Table(
    "visit_seen",
    METADATA,
    Column("visit", Number, ForeignKey("visit.id"), primary_key=True),
    Column("by", String(200), primary_key=True),
    Column("area", String(80), nullable=False),
    Index("ix_visit_seen_by", "area", "by", "visit"),
)

# A plan of a day's walks that was kept (排线, ledger/plans.py): who visits which sites, in which order. `body` does not change once it is kept.
day_plan = Table(
    "day_plan",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("state", String(10), nullable=False),  # kept, replaced, withdrawn
    Column("day", String(10), nullable=False),
    Column("post", String(200), nullable=False),  # that kept it
    Column("walkers", Text, nullable=False),  # posts: ;post;post;
    Column("body", Text, nullable=False),
    Column("replaced_by", String(60), nullable=False),  # number; "" for none
    UniqueConstraint("area", "number"),
    Index("ix_day_plan_day", "area", "day", "state"),
    Index("ix_day_plan_version", "area", "version"),
)

# A plan of patrols (夜间巡查计划, ledger/patrols.py): the nights on which the clock opens one for each of its grids.
patrol_plan = Table(
    "patrol_plan",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("name", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("level", String(40), nullable=False),  # level or overlay of its grids
    Column("places", Text, nullable=False),  # their codes
    Column("every", Integer, nullable=False),  # a night each so many days
    Column("begins", String(5), nullable=False),  # 22:00, in the area's zone
    Column("ends", String(5), nullable=False),
    Column("posts", Text, nullable=False),  # that walk; none: of each grid its own
    Column("post", String(200), nullable=False),  # that planned it
    Column("first", String(10), nullable=False),  # night
    Column("last", String(10), nullable=False),  # night; "" for no end
    Index("ix_patrol_plan_area", "area", "last"),
)

# Heavy-pollution warnings (重污染天气预警, ledger/warnings.py), and their tasks at sources.
warning = Table(
    "warning",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(40), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("issuer", String(60), nullable=False),
    Column("decree", String(60), nullable=False),  # number of the last order
    Column("level", String(10), nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),  # as expected, until it was stood down
    Column("closed", Boolean, nullable=False),
    UniqueConstraint("area", "number"),
    Index("ix_warning_closed", "area", "closed"),
)

warning_task = Table(
    "warning_task",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("warning", String(40), primary_key=True),  # number
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("site", String(30), nullable=False),  # its number
    Column("kind", String(10), nullable=False),  # stop, check, night
    Column("measure", String(20), nullable=False),
    Column("level", String(10), nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),
    Column("done", BigInteger),
    Column("post", String(200), nullable=False),  # that did it
    Column("item", String(70), nullable=False),
    Column("standing", Text, nullable=False),  # what was seen, or why it was closed
    Index("ix_warning_task_site", "area", "site", "state"),
    Index("ix_warning_task_item", "area", "item"),
)

# The emergency list (应急减排清单) of each year, whole (ledger/emergency_lists.py).
emergency_list = Table(
    "emergency_list",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("standing", Text, nullable=False),  # its file and lines
)

# Patrol lists of sources upwind (溯源巡查单, ledger/upwinds.py), and what was found at each source.
upwind = Table(
    "upwind",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its entry
    Column("area", String(80), nullable=False),
    Column("number", String(40), nullable=False),
    Column("station", Text, nullable=False),  # its code
    Column("hour", BigInteger, nullable=False),  # that stood out
    Column("post", String(200), nullable=False),  # that made it
    Column("made", BigInteger, nullable=False),
    Column("standing", Text, nullable=False),  # name of the station, wind, how many were left out
    UniqueConstraint("area", "number"),
    Index("ix_upwind_station", "area", "station", "hour"),
)

upwind_line = Table(
    "upwind_line",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("walk", String(40), primary_key=True),  # number of the list
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("site", String(30), nullable=False),  # its number
    Column("kind", String(40), nullable=False),
    Column("post", String(200), nullable=False),  # that answered for the site when the list was made; "" for none
    Column("found", String(10), nullable=False),  # confirmed, nothing, unreached; "" while it is open
    Column("standing", Text, nullable=False),  # why it was proposed, and what was found
    Index("ix_upwind_line_site", "area", "site"),
)

# A patrol (巡查): a walk through a grid. `standing` holds all that its lifecycle decides.
patrol = Table(
    "patrol",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),  # of its last change
    Column("kind", String(20), nullable=False),
    Column("level", String(40), nullable=False),
    Column("code", String(100), nullable=False),
    Column("codes", Text, nullable=False),  # of the grid and those above it: {level: code}
    Column("standing", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("night", String(10), nullable=False),  # the day on which it began, in the area's zone
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("plan", Number),  # that opened it, NULL for none
    Column("walkers", Text, nullable=False),  # ;post;post;
    Column("outcomes", String(300), nullable=False),  # ;publicity;hazard;
    Column("found", Integer, nullable=False),
    Column("cleared", Integer, nullable=False),
    Column("reported", Integer, nullable=False),
    Column("item", String(70), nullable=False),  # account and key by which a phone made it; "" elsewhere
    UniqueConstraint("area", "number"),
    UniqueConstraint("area", "plan", "night", "level", "code"),
    Index("ix_patrol_night", "area", "night"),
    Index("ix_patrol_state", "area", "state", "until"),
    Index("ix_patrol_item", "area", "item"),
    Index("ix_patrol_version", "area", "version"),
)

# Who sees a patrol: the posts that walk and keep it, and its grid with those above it ("grid:level:code"); nobody else hears of it.
patrol_seen = Table(
    "patrol_seen",
    METADATA,
    Column("patrol", Number, ForeignKey("patrol.id"), primary_key=True),
    Column("by", String(200), primary_key=True),
    Column("area", String(80), nullable=False),
    Index("ix_patrol_seen_by", "area", "by", "patrol"),
)

# A line of the watering log of a site (洒水台账, ledger/watering.py): struck, never deleted.
watering = Table(
    "watering",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("site", String(30), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("way", String(20), nullable=False),
    Column("post", String(200), nullable=False),
    Column("item", String(70), nullable=False),  # account and key by which a phone made it; "" elsewhere
    Column("struck", BigInteger),
    Index("ix_watering_site", "area", "site", "at"),
    Index("ix_watering_item", "area", "item"),
)

# A day on which nobody has to water (rain, frost).
wet_day = Table(
    "wet_day",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("reason", String(20), nullable=False),
    Column("post", String(200), nullable=False),
)

# Campaigns (专项行动, ledger/campaigns.py): `standing` is all of one, with its phases.
campaign = Table(
    "campaign",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("name", String(200), nullable=False),
    Column("source", String(12), nullable=False),  # sites, households, cases
    Column("state", String(12), nullable=False),
    Column("standing", Text, nullable=False),
    UniqueConstraint("area", "number"),
    Index("ix_campaign_version", "area", "version"),
)

# What a phase has to reach, from the day on which it was drawn to the one on which it left the list.
campaign_target = Table(
    "campaign_target",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("campaign", String(60), primary_key=True),  # number
    Column("phase", Integer, primary_key=True, autoincrement=False),
    Column("target", String(120), primary_key=True),  # number of a site, id of a building
    Column("since", String(10), primary_key=True),
    Column("until", String(10), nullable=False),  # "" while it is one
    Column("reason", String(12), nullable=False),  # why it left, as the state of the site says
    Column("weight", Integer, nullable=False),  # 1, or households
)

# Somebody stood before a site and could not look (上门未果).
site_attempt = Table(
    "site_attempt",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("site", String(30), nullable=False),  # its number
    Column("at", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("found", String(10), nullable=False),  # refused, absent
    Column("again", String(10), nullable=False),  # the day of the next time, "" for none
    Column("post", String(200), nullable=False),
    Column("struck", BigInteger),
    Column("item", String(70), nullable=False, server_default=""),  # account and key under which a phone sent it
    Index("ix_site_attempt_item", "area", "item"),
    Index("ix_site_attempt_site", "area", "site", "day", "at"),
)

# Daily sheets (日通报, ledger/sheets.py): `frozen` is what `digest` is the SHA-256 of.
sheet = Table(
    "sheet",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("campaign", String(60), nullable=False),  # number, "" for the cases of the day
    Column("state", String(10), nullable=False),
    Column("issue", Integer, nullable=False),  # of its year, 0 before it was signed
    Column("digest", String(64), nullable=False),
    Column("standing", Text, nullable=False),
    Column("frozen", Text, nullable=False),
    UniqueConstraint("area", "number"),
    Index("ix_sheet_day", "area", "day", "campaign"),
    Index("ix_sheet_version", "area", "version"),
)

# Daily meetings of a campaign (日例会, ledger/meetings.py), and below them their tasks, theme days and letters. `said`: the entry with the words.
meeting = Table(
    "meeting",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("campaign", String(60), nullable=False),
    Column("state", String(10), nullable=False),
    Column("said", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("begins", String(5), nullable=False),  # 17:30, in the area's zone
    Column("place", String(120), nullable=False),
    Column("chair", String(200), nullable=False),
    Column("roster", Text, nullable=False),  # present: ;post;post;
    UniqueConstraint("area", "number"),
    Index("ix_meeting_campaign", "area", "campaign", "day"),
    Index("ix_meeting_version", "area", "version"),
)

meeting_task = Table(
    "meeting_task",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("campaign", String(60), nullable=False),
    Column("state", String(10), nullable=False),
    Column("said", BigInteger, nullable=False),
    Column("meeting", String(60), nullable=False),  # number
    Column("post", String(200), nullable=False),
    Column("due", String(10), nullable=False),
    Column("ended", String(10), nullable=False),  # the day on which it was done; "" while it is open
    UniqueConstraint("area", "number"),
    Index("ix_meeting_task_campaign", "area", "campaign", "state"),
    Index("ix_meeting_task_meeting", "area", "meeting"),
    Index("ix_meeting_task_post", "area", "state", "post"),
    Index("ix_meeting_task_version", "area", "version"),
)

theme_day = Table(
    "theme_day",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("campaign", String(60), nullable=False),
    Column("state", String(10), nullable=False),
    Column("said", BigInteger, nullable=False),
    Column("name", String(120), nullable=False),
    Column("day", String(10), nullable=False),
    Column("begins", String(5), nullable=False),
    Column("ends", String(5), nullable=False),
    Column("place", String(120), nullable=False),  # where they gather
    Column("level", String(40), nullable=False),  # of its grid: a level or an overlay; "" for the whole area
    Column("code", String(100), nullable=False),
    Column("checklist", String(60), nullable=False),  # "" for any
    Column("roster", Text, nullable=False),  # ;post;post;
    UniqueConstraint("area", "number"),
    Index("ix_theme_day_campaign", "area", "campaign", "day"),
    Index("ix_theme_day_version", "area", "version"),
)

letter = Table(
    "letter",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("area", String(80), nullable=False),
    Column("number", String(60), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("campaign", String(60), nullable=False),
    Column("state", String(10), nullable=False),
    Column("said", BigInteger, nullable=False),
    Column("party", String(10), nullable=False),  # site, post
    Column("key", String(200), nullable=False),  # number of the site, key of the post
    Column("issued", String(10), nullable=False),
    Column("until", String(10), nullable=False),  # "" for no end
    Column("signed", String(10), nullable=False),  # "" while it is not
    UniqueConstraint("area", "number"),
    Index("ix_letter_campaign", "area", "campaign", "state"),
    Index("ix_letter_party", "area", "party", "key"),
    Index("ix_letter_version", "area", "version"),
)

# Where a building's gas, power and water are cut off, who has the key, and where its people gather (ledger/emergencies.py): words of the street about a place, none about people.
cutoff = Table(
    "cutoff",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("building", String(100), primary_key=True),
    Column("kind", String(10), primary_key=True),  # gas, electric, water, muster, units (households by unit)
    Column("place", String(200), nullable=False),
    Column("keeper", String(200), nullable=False),  # the post that has the key, "" for none
)

# An emergency in a building (应急事件), and what was done: a line is struck, never deleted.
emergency = Table(
    "emergency",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its first entry
    Column("area", String(80), nullable=False),
    Column("building", String(100), nullable=False),
    Column("kind", String(30), nullable=False),  # class of emergency.toml
    Column("begun", BigInteger, nullable=False),
    Column("post", String(200), nullable=False),
    Column("ended", BigInteger),
    Column("ended_by", String(200), nullable=False),
    Index("ix_emergency_building", "area", "building", "ended"),
)

emergency_step = Table(
    "emergency_step",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=False),  # the version of its entry
    Column("emergency", Number, ForeignKey("emergency.id"), nullable=False),
    Column("area", String(80), nullable=False),
    Column("step", String(30), nullable=False),
    Column("key", String(36), nullable=False),  # under which a page sent it: the same sent again is one line
    Column("at", BigInteger, nullable=False),
    Column("post", String(200), nullable=False),
    Column("count", Integer),
    Column("struck", BigInteger),
    Column("struck_by", String(200), nullable=False),
    UniqueConstraint("emergency", "key"),
)

# Notice boards (公示牌, ledger/boards.py): where each stands, who answers, and the token of its page.
board = Table(
    "board",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("name", String(60), nullable=False),  # the number on it
    Column("place", String(200), nullable=False),
    Column("kind", String(20), nullable=False),  # of the place that it belongs to: building, grid …
    Column("code", String(80), nullable=False),
    Column("lon", Float(53), nullable=False),
    Column("lat", Float(53), nullable=False),
    Column("post", String(200), nullable=False),
    Column(
        "contact", String(40), nullable=False
    ),  # the office's telephone as it is printed on it; never in the history
    Column("put_up", String(10), nullable=False),  # the day, "" for unknown
    Column("state", String(12), nullable=False),  # standing, damaged, missing, removed
    Column("checked", BigInteger),
    Column("token", String(40), nullable=False),  # of its page, as it stands on the board; never in the history
    Column("digest", String(64), nullable=False),  # SHA-256 of it, by which it is found
    UniqueConstraint("area", "name"),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,  # a number that was taken back is not given again: the history names it
)

# What is told to whom, derived from the history (ledger/outbox.py): its words are made when it is sent, so that nothing anybody wrote stands here.
UNCALLED = text("read_by IS NOT NULL AND called IS NULL")  # the call list asks for those alone
message = Table(
    "message",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("area", String(80), nullable=False),
    Column("version", BigInteger, nullable=False),  # of the entry that it comes from
    Column("subject", String(20), nullable=False),
    Column("number", String(120), nullable=False),  # key of that entry: the number of a case
    Column("kind", String(30), nullable=False),  # assignment, reminder, night_red, …
    Column("post", String(200), nullable=False),
    Column("contact", String(200), nullable=False),  # by whose address it goes: a post, or "duty"
    Column("channel", String(20), nullable=False),  # app, text, webhook, smtp, sms
    Column("key", String(40), nullable=False),  # the same whenever it is sent again
    Column("at", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("since", BigInteger, nullable=False),  # from when on it is tried
    Column("due", BigInteger, nullable=False),  # next try
    Column("attempts", Integer, nullable=False),
    Column("error", String(300), nullable=False),
    Column("receipt", String(120), nullable=False),  # what the receiver calls it
    Column("sent", BigInteger),
    Column("claim", String(32), nullable=False),  # of the process that sends it now
    Column("claimed", BigInteger, nullable=False),  # until when that holds
    Column("read_by", BigInteger),  # when it is to be read at the latest; NULL for whenever
    Column("read", BigInteger),
    Column("called", BigInteger),
    UniqueConstraint("area", "version", "post", "channel", "kind"),
    Index("ix_message_line", "area", "contact", "channel", "state", "id"),
    Index("ix_message_state", "state", "due"),
    Index("ix_message_post", "area", "channel", "post", "state"),
    Index("ix_message_number", "area", "number"),
    Index("ix_message_call", "area", "state", "id", "read_by", sqlite_where=UNCALLED, postgresql_where=UNCALLED),
    sqlite_autoincrement=True,  # a number that was taken back is not given again: the history names it
)

# Up to which version the messages of an area were derived.
outbox_cursor = Table(
    "outbox_cursor",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("version", BigInteger, nullable=False),
)

# A bridge (网闸, ledger/bridge.py): this console and the one on the other side of a gate, which know of each other by files alone. One row for each area that has one.
bridge = Table(
    "bridge",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("side", String(10), nullable=False),  # inside, outside: where this console stands
    Column("peer", String(120), nullable=False),  # public key of the other one
    Column("line", BigInteger, nullable=False),  # when it was joined: what was numbered before does not count any more
    Column("sequence", BigInteger, nullable=False),  # of the last batch that was written
    Column("previous", String(64), nullable=False),  # SHA-256 of its file
    Column("exported", BigInteger, nullable=False),  # version up to which it went
    Column("exported_at", BigInteger),
    Column("acked", BigInteger, nullable=False),  # our version up to which the other side has everything
    Column("owed", Boolean, nullable=False),  # whether it does not know yet what we took in
    Column("seen_line", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),  # sequence of the last batch that was taken in
    Column("read", BigInteger, nullable=False),  # version of the other side up to which we have everything
    Column("read_hash", String(64), nullable=False),  # hash of that entry there
    Column("imported_at", BigInteger),
    Column("made", BigInteger),  # when the last one was written, by the other side's clock
)

# What somebody did outside and the inside could not do: the account reads why on its phone.
bridge_refusal = Table(
    "bridge_refusal",
    METADATA,
    Column("area", String(80), primary_key=True),
    Column("account", String(20), primary_key=True),
    Column("key", String(36), primary_key=True),
    Column("number", String(60), nullable=False),
    Column("did", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Who may come in. The history names an account by its key alone; what else is known of it stands here and in the audit trail.
account = Table(
    "account",
    METADATA,
    Column("key", String(20), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(20), nullable=False),  # "" until the security administrator gave one
    Column("scope", String(300), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("password", String(200), nullable=False),  # argon2id; "" for one who comes by a provider
    Column("changed", BigInteger, nullable=False),  # when the password was set
    Column("must_change", Boolean, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("issuer", String(300)),  # of OpenID Connect, with the subject there
    Column("subject", String(300)),
    UniqueConstraint("name"),
    UniqueConstraint("issuer", "subject"),
)

past_password = Table(
    "past_password",
    METADATA,
    Column("id", Number, primary_key=True),
    Column("account", String(20), ForeignKey("account.key"), nullable=False),
    Column("password", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_past_password_account", "account"),
)

# Failed log-ins by a digest of the name, whether or not there is an account of that name, so that a lock-out tells nobody which names there are.
attempt = Table(
    "attempt",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("locked", BigInteger, nullable=False),  # until then; 0 for not
    Index("ix_attempt_last", "last"),
)

# A browser in which somebody is logged in, or (without an account) a wall. Neither is part of a backup: nobody is logged in after a restore.
session = Table(
    "session",
    METADATA,
    Column("key", String(24), primary_key=True),
    Column("token", String(64), nullable=False),  # SHA-256 of it
    Column("account", String(20), ForeignKey("account.key"), nullable=False),
    Column("address", String(60), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("begun", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("why", String(20), nullable=False),  # out, again, password, disabled, revoked, clock
    UniqueConstraint("token"),
    Index("ix_session_account", "account", "ended"),
    Index("ix_session_until", "until"),
)

device = Table(
    "device",
    METADATA,
    Column("key", String(24), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("scope", String(300), nullable=False),
    Column("view", String(40), nullable=False, server_default=""),  # the only view that it shows; "" for any
    Column("made", BigInteger, nullable=False),
    Column("code", String(64)),  # keyed digest of the code by which it is let in, once
    Column("code_until", BigInteger, nullable=False),
    Column("token", String(64)),  # SHA-256 of it; NULL before it came in
    Column("address", String(60), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("begun", BigInteger),
    Column("seen", BigInteger),
    Column("until", BigInteger, nullable=False),
    Column("ended", BigInteger),
    UniqueConstraint("code"),
    UniqueConstraint("token"),
)

# Who came in, looked, took out and changed what: append-only by triggers, chained as the history is. What is older than the rule says may go, from the oldest on.
audit = Table(
    "audit",
    METADATA,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("act", String(40), nullable=False),
    Column("account", String(24), nullable=False),
    Column("name", String(80), nullable=False),
    Column("role", String(20), nullable=False),
    Column("area", String(80), nullable=False),
    Column("what", String(300), nullable=False),
    Column("address", String(60), nullable=False),
    Column("data", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_act", "act", "at"),
    Index("ix_audit_account", "account", "at"),
)

audit_head = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True),  # one row: 1
    Column("first", BigInteger, nullable=False),  # number of the oldest line that is kept
    Column("number", BigInteger, nullable=False),  # of the newest
    Column("hash", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("signature", String(64), nullable=False),
)
