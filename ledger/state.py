"""What a question asks of the state that a case stores as a text: looked into by the database, so that list and count agree."""

from typing import Any

from sqlalchemy import ColumnElement, String, func, not_, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ledger.tables import incident

KNUTH = 40_503  # the golden ratio of 2**16: multiples of it spread evenly over the remainders
BUCKETS = 2**16


class _OfState(FunctionElement[str]):
    """One entry of the stored state, as text; NULL where it says nothing."""

    inherit_cache = True
    type = String()


@compiles(_OfState, "sqlite")
def _sqlite(element: _OfState, compiler: Any, **options: Any) -> str:
    column, name = element.clauses
    return f"json_extract({compiler.process(column, **options)}, '$.' || {compiler.process(name, **options)})"


@compiles(_OfState, "postgresql")
def _postgresql(element: _OfState, compiler: Any, **options: Any) -> str:
    column, name = element.clauses
    return f"(CAST({compiler.process(column, **options)} AS jsonb) ->> {compiler.process(name, **options)})"


def of_state(name: str) -> ColumnElement[str]:
    """Return an entry of the state (`CaseState.to_json`) as text, "" where it says nothing."""
    return func.coalesce(_OfState(incident.c.state, type_coerce(name, String)), "")


def handled_by(post: str) -> ColumnElement[bool]:
    """Return the condition that a post ever handled a case, and so may not verify it."""
    return of_state("handlers").contains(f'"{post}"', autoescape=True)


def asking() -> ColumnElement[bool]:
    """Return the condition that an extension or a suspension waits for approval."""
    return of_state("asked") != ""


def unreplied() -> ColumnElement[bool]:
    """Return the condition that nobody replied or called back yet."""
    return not_(of_state("times").contains('"reply"'))


def drawn(share: float) -> ColumnElement[bool]:
    """Return the condition that a case is drawn for a check: always the same ones, spread evenly, and nobody chooses them.

    Parameters
    ----------
    share
        Of all cases, 0 to 1.
    """
    return (incident.c.id * KNUTH) % BUCKETS < round(share * BUCKETS)
