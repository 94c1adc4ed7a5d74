"""The case page."""

from pages.parts.visit import Visit


def render(visit: Visit) -> None:
    """Show the page."""
