"""Words of the demonstrations (`battlemap demo`): what happens, and what is said about it. Places are named, posts, never people."""

import tomllib
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent


def read(name: str) -> dict[str, Any]:
    """Read the words of one name: ``matters`` or ``words``."""
    return tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))
