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
    Column("subject", String(20), nullable=False),  # incident, post, rota, group, view, area
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
