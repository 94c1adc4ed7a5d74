"""The door: one ASGI app. ``streamlit run app.py`` and ``battlemap serve`` start it.

The script is ``pages/shell.py``, not this file: a ``pages/`` folder beside an app.py that is itself the script puts Streamlit into its legacy multipage mode, where a
bookmarked page runs without its frame. ``streamlit run`` looks for ``app = st.App(…)`` in the source, in just that form; without it, it takes this file for the script.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit import config

import api
from api.serving import run
from settings import Settings

HOUSE = Path(__file__).parent
SETTINGS = Settings.from_env()
CONSOLE = api.Console(
    index=Path(st.__file__).with_name("static") / "index.html",
    paths=(
        "/",
        "/inbox",
        "/cases",
        "/case",
        "/report",
        "/chat",
        "/orders",
        "/visits",
        "/patrols",
        "/plan",
        "/campaigns",
        "/sheet",
        "/posts",
        "/duty",
        "/messages",
        "/walls",
        "/sites",
        "/rounds",
        "/binding",
        "/checklists",
        "/air",
        "/warnings",
        "/inspections",
        "/findings",
        "/whistles",
        "/facts",
    ),
    assets={path.name: path for path in (HOUSE / "pages" / "assets").iterdir() if path.is_file()},
)


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve the app until it is told to stop; ``say`` is handed the address."""
    run(app, settings.host, settings.port, say, tls=api.tls(settings), proxies=settings.proxies, ending=api.ending(settings))  # fmt: skip


for option, value in api.streamlit_options().items():
    config.set_option(option, value, "app.py")

app = st.App(
    HOUSE / "pages" / "shell.py",
    routes=api.routes(SETTINGS, CONSOLE),
    middleware=api.middleware(SETTINGS, CONSOLE),
    lifespan=api.lifespan(SETTINGS),
)
