"""Times as a history keeps them: ISO 8601 in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime


def to_text(time: datetime | None) -> str | None:
    """Return an aware time as text; None for none."""
    return None if time is None else time.astimezone(UTC).isoformat()


def to_time(text: str | None) -> datetime | None:
    """Return the time that a text says, in UTC; None for none."""
    return None if not text else datetime.fromisoformat(text).astimezone(UTC)


def to_texts(times: Mapping[str, datetime]) -> dict[str, str]:
    """Return times by name as texts."""
    return {name: time.astimezone(UTC).isoformat() for name, time in times.items()}


def to_times(texts: Mapping[str, str]) -> dict[str, datetime]:
    """Return the times that texts by name say, in UTC."""
    return {name: datetime.fromisoformat(text).astimezone(UTC) for name, text in texts.items()}
