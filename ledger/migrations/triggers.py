"""The triggers that keep the history and the audit trail append-only. Of the trail, lines of more than half a year ago may be deleted."""

from sqlalchemy import Connection, inspect

MESSAGE = "history is append-only"
AUDIT_MESSAGE = "audit is append-only"
KEPT_DAYS = 184  # six months: 网络安全法 wants logs kept that long [domain.md 7.1]
DAY_MS = 86_400_000
SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS history_no_{act.lower()} BEFORE {act} ON history BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for act in ("UPDATE", "DELETE")
)
_YOUNG = f"OLD.at > CAST(strftime('%s', 'now') AS INTEGER) * 1000 - {KEPT_DAYS * DAY_MS}"
AUDIT_SQLITE = (
    f"CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{AUDIT_MESSAGE}'); END",
    f"CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit WHEN {_YOUNG} BEGIN SELECT RAISE(ABORT, '{AUDIT_MESSAGE}'); END",
)
POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION history_append_only() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$ LANGUAGE plpgsql",
    "CREATE OR REPLACE TRIGGER history_no_change BEFORE UPDATE OR DELETE ON history FOR EACH ROW EXECUTE FUNCTION history_append_only()",
    "CREATE OR REPLACE TRIGGER history_no_truncate BEFORE TRUNCATE ON history FOR EACH STATEMENT EXECUTE FUNCTION history_append_only()",
)
_AUDIT_FUNCTION = (
    "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN "
    f"IF TG_OP = 'DELETE' AND OLD.at <= extract(epoch FROM now()) * 1000 - {KEPT_DAYS * DAY_MS} THEN RETURN OLD; END IF; "
    f"RAISE EXCEPTION '{AUDIT_MESSAGE}'; END $$ LANGUAGE plpgsql"
)
_AUDIT_EMPTYING = f"CREATE OR REPLACE FUNCTION audit_no_emptying() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{AUDIT_MESSAGE}'; END $$ LANGUAGE plpgsql"
AUDIT_POSTGRESQL = (
    _AUDIT_FUNCTION,
    _AUDIT_EMPTYING,
    "CREATE OR REPLACE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    "CREATE OR REPLACE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_no_emptying()",
)
# Bits of pg_trigger.tgtype: for each row 1, before 2, delete 8, update 16, truncate 32.
KINDS = {"history_no_change": 1 | 2 | 8 | 16, "history_no_truncate": 2 | 32}
AUDIT_KINDS = {"audit_no_change": 1 | 2 | 8 | 16, "audit_no_truncate": 2 | 32}


def create(connection: Connection) -> None:
    """Create the triggers; those that are there stay. Before revision 0002 there is no audit trail to guard."""
    is_postgresql = connection.dialect.name == "postgresql"
    statements = POSTGRESQL if is_postgresql else SQLITE
    if _has_audit(connection):
        statements += AUDIT_POSTGRESQL if is_postgresql else AUDIT_SQLITE
    for statement in statements:
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Take the triggers away, in a transaction that puts them back."""
    is_postgresql = connection.dialect.name == "postgresql"
    names = (*KINDS, *AUDIT_KINDS) if is_postgresql else tuple(sql.split()[5] for sql in (*SQLITE, *AUDIT_SQLITE))
    for name in names:
        suffix = f" ON {name.partition('_')[0]}" if is_postgresql else ""
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{suffix}")


def missing(connection: Connection) -> list[str]:
    """Return the triggers that are not there, are switched off, or say something else."""
    has_audit = _has_audit(connection)
    if connection.dialect.name == "postgresql":
        return _missing_in_postgresql(connection, has_audit=has_audit)
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    there = {name: " ".join(sql.split()) for name, sql in found}
    wanted = (*SQLITE, *AUDIT_SQLITE) if has_audit else SQLITE
    said = {statement.split()[5]: statement.replace(" IF NOT EXISTS", "") for statement in wanted}
    return sorted(name for name, sql in said.items() if there.get(name) != sql)


def _has_audit(connection: Connection) -> bool:
    return inspect(connection).has_table("audit")


def _missing_in_postgresql(connection: Connection, *, has_audit: bool) -> list[str]:
    wanted = {**KINDS, **AUDIT_KINDS} if has_audit else KINDS
    found = connection.exec_driver_sql(
        "SELECT t.tgname, t.tgtype, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE c.relname IN ('history', 'audit') AND pg_table_is_visible(c.oid) AND t.tgenabled IN ('O', 'A') AND NOT t.tgisinternal"
    ).all()
    there = {name for name, kind, source in found if kind == wanted.get(name) and _says(name, source)}
    return sorted(wanted.keys() - there)


def _says(name: str, source: str) -> bool:
    """Tell whether a trigger's function is ours, so that one that was emptied counts as missing."""
    ours = {"history_no_change": POSTGRESQL[0], "history_no_truncate": POSTGRESQL[0]}
    ours |= {"audit_no_change": AUDIT_POSTGRESQL[0], "audit_no_truncate": AUDIT_POSTGRESQL[1]}
    return ours[name].split("$$")[1] == source
