"""The door: one ASGI app. ``streamlit run app.py`` and ``battlemap serve`` start it.

The script is ``pages/shell.py``, not this file: a ``pages/`` folder beside an app.py that is itself the script puts Streamlit into its legacy multipage mode, where a
bookmarked page runs without its frame.
"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit import config

import api
from layers.style import style, tables
from settings import Settings

HOUSE = Path(__file__).parent
ASSETS = HOUSE / "pages" / "assets"
PATHS = ("/", "/facts")


def options() -> Mapping[str, object]:
    """Return Streamlit's options: nothing leaves the machine, nothing of its workings shows, colours and type from the theme file."""
    light, dark = style("light").colours, style("dark").colours
    return {
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "server.enableAgentApi": False,
        "server.enableStaticServing": False,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "runner.magicEnabled": False,
        "theme.font": tables()["type"]["family"],
        "theme.headingFont": tables()["type"]["family"],
        "theme.baseRadius": f"{tables()['space']['radius']}px",
        **{f"theme.{name}.{option}": colours[colour] for name, colours in (("light", light), ("dark", dark)) for option, colour in _COLOURS.items()},
    }


_COLOURS = {
    "primaryColor": "accent",
    "backgroundColor": "surface",
    "secondaryBackgroundColor": "sunken",
    "textColor": "text",
    "borderColor": "line",
    "linkColor": "accent",
}


def build(settings: Settings) -> st.App:
    """Return the app with the doors that these settings open."""
    for option, value in options().items():
        config.set_option(option, value, "app.py")
    console = api.Console(
        index=Path(st.__file__).with_name("static") / "index.html",
        paths=PATHS,
        assets={path.name: path for path in ASSETS.iterdir() if path.is_file()},
    )
    return st.App(HOUSE / "pages" / "shell.py", routes=api.routes(settings, console), middleware=api.middleware(console))


app = build(Settings.from_env())
