"""The triggers that keep the history append-only."""

from sqlalchemy import Connection

MESSAGE = "history is append-only"
SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS history_no_{act.lower()} BEFORE {act} ON history BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for act in ("UPDATE", "DELETE")
)
POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION history_append_only() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$ LANGUAGE plpgsql",
    "CREATE OR REPLACE TRIGGER history_no_change BEFORE UPDATE OR DELETE ON history FOR EACH ROW EXECUTE FUNCTION history_append_only()",
    "CREATE OR REPLACE TRIGGER history_no_truncate BEFORE TRUNCATE ON history FOR EACH STATEMENT EXECUTE FUNCTION history_append_only()",
)
# Bits of pg_trigger.tgtype: for each row 1, before 2, delete 8, update 16, truncate 32.
KINDS = {"history_no_change": 1 | 2 | 8 | 16, "history_no_truncate": 2 | 32}


def create(connection: Connection) -> None:
    """Create the triggers; those that are there stay."""
    for statement in POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE:
        connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Take the triggers away, in a transaction that puts them back."""
    names = (*KINDS,) if connection.dialect.name == "postgresql" else tuple(sql.split()[5] for sql in SQLITE)
    suffix = " ON history" if connection.dialect.name == "postgresql" else ""
    for name in names:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{suffix}")


def missing(connection: Connection) -> list[str]:
    """Return the triggers that are not there, are switched off, or say something else."""
    if connection.dialect.name == "postgresql":
        return _missing_in_postgresql(connection)
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    there = {name: " ".join(sql.split()) for name, sql in found}
    wanted = {statement.split()[5]: statement.replace(" IF NOT EXISTS", "") for statement in SQLITE}
    return sorted(name for name, sql in wanted.items() if there.get(name) != sql)


def _missing_in_postgresql(connection: Connection) -> list[str]:
    found = connection.exec_driver_sql(
        "SELECT t.tgname, t.tgtype, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE t.tgrelid = 'history'::regclass AND t.tgenabled IN ('O', 'A') AND NOT t.tgisinternal"
    ).all()
    there = {
        name for name, kind, source in found if kind == KINDS.get(name) and f"RAISE EXCEPTION '{MESSAGE}'" in source
    }
    return sorted(KINDS.keys() - there)
