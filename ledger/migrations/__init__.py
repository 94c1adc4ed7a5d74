"""Bringing the tables up to date: Alembic's revisions lie in versions/."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from geo.errors import LedgerError

FOLDER = Path(__file__).parent


def upgrade(engine: Engine) -> bool:
    """Bring the tables to the newest revision; tells whether anything had to be done.

    Raises
    ------
    LedgerError
        The ledger was written by a newer battlemap.
    """
    stands, newest = revision(engine), _script().get_current_head()
    if stands == newest:
        return False
    _known(stands)
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def check(engine: Engine) -> None:
    """Raise unless the tables are of the newest revision.

    Raises
    ------
    LedgerError
        They are older, or newer than this battlemap knows.
    """
    stands = revision(engine)
    _known(stands)
    if stands != _script().get_current_head():
        raise LedgerError("The ledger's tables are of an older battlemap. Run `battlemap migrate`.")


def revision(engine: Engine) -> str | None:
    """Return the revision of the tables; None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _known(stands: str | None) -> None:
    if stands is not None and stands not in {script.revision for script in _script().walk_revisions()}:
        raise LedgerError(
            f"The ledger is of revision {stands}, of a newer battlemap. Install that one, or restore a backup."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
