"""Patrol lists of sources upwind, and the causes that were confirmed."""

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the tables; nothing was written before."""
