"""Bringing the tables up to date: Alembic's revisions lie in versions/."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from geo.errors import LedgerError

FOLDER = Path(__file__).parent
WRITING = "battlemap_writing"  # a connection with this option writes: no other process does meanwhile


def upgrade(engine: Engine, to: str = "head") -> bool:
    """Bring the tables to the newest revision, all in one transaction; tells whether anything had to be done.

    Raises
    ------
    LedgerError
        The ledger was written by a newer battlemap.
    """
    stands = revision(engine)
    if stands == newest():
        return False
    known(stands)
    config = _config()
    with engine.connect().execution_options(**{WRITING: True}) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return True


def check(engine: Engine) -> None:
    """Raise unless the tables are of the newest revision.

    Raises
    ------
    LedgerError
        They are older, or newer than this battlemap knows.
    """
    stands = revision(engine)
    known(stands)
    if stands != newest():
        raise LedgerError("The ledger's tables are of an older battlemap. Run `battlemap migrate`.")


def revision(engine: Engine) -> str | None:
    """Return the revision of the tables; None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the revision that this battlemap writes."""
    return str(_script().get_current_head())


def known(stands: str | None) -> None:
    """Raise unless we know a revision.

    Raises
    ------
    LedgerError
        It is of a newer battlemap.
    """
    if stands is not None and not is_known(stands):
        raise LedgerError(
            f"The ledger is of revision {stands}, of a newer battlemap. Install that one, or restore a backup."
        )


def is_known(revision: str) -> bool:
    """Tell whether a revision is one of ours."""
    return revision in {script.revision for script in _script().walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
