"""The front page: Streamlit's own page with our name, language, theme, styles and icon, so that nothing jumps and nothing is asked of another machine."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import language_of, page
from layers.style import MARKS, css, mark_svg, style, tables
from locales import N_, translator
from settings import Settings

OLDEST = 120  # Chromium that can run the console
ANYWAY = ("browser", "any")  # parameter with which someone opens it all the same
ENGINE = re.compile(r"Chrom(?:e|ium)/(\d+)")
# blob: is how Streamlit's own script runs that of an element; no page may name an address of that kind.
POLICY = (
    "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}
# What we leave out of Streamlit's page: its title and icon, a font that we do not use, pointers to its agent API, a script in the page.
UNWANTED = (
    re.compile(r"<title>.*?</title>", re.DOTALL),
    re.compile(r"<link\b[^>]*rel=\"(?:shortcut icon|service-desc)\"[^>]*>", re.DOTALL),
    re.compile(r"<link\b[^>]*as=\"font\"[^>]*>", re.DOTALL),
    re.compile(r"<script>.*?</script>", re.DOTALL),
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<noscript>.*?</noscript>", re.DOTALL),
)


def routes(settings: Settings, paths: Iterable[str], index: Path, assets: str) -> list[Route]:
    """Return the routes of the console's pages.

    Parameters
    ----------
    paths
        Addresses of the pages.
    index
        Streamlit's own page.
    assets
        Address under which our scripts and styles lie, with a slash at its end.
    """
    source = index.read_text(encoding="utf-8")

    @lru_cache(maxsize=4)
    def made(language: str) -> bytes:
        return front_page(source, language, assets).encode()

    def front(request: Request) -> Response:
        language = language_of(request, settings.language)
        if is_too_old(request.headers.get("user-agent", "")) and request.query_params.get(ANYWAY[0]) != ANYWAY[1]:
            body = old_browser_page(settings.area).encode()
            return page(request, body, tag="old-browser")
        body = made(language)
        return page(request, body, tag=hashlib.sha256(body).hexdigest()[:20], policy=POLICY)

    return [Route(path, front) for path in paths]


def front_page(source: str, language: str, assets: str) -> str:
    """Return Streamlit's page with what is ours in it."""
    _ = translator(language)
    html = source
    for pattern in UNWANTED:
        html = pattern.sub("", html)
    ours = f"""<title>{escape(_("Grid battle map"))}</title>
    <link rel="icon" type="image/svg+xml" href="{assets}favicon.svg">
    <style>{css("light")}{css("dark", selector=":root[data-theme=dark]")}{_pictures("light", ":root")}{_pictures("dark", ":root[data-theme=dark]")}
    :root {{ --brand: url("{assets}favicon.svg"); }}</style>
    <link rel="stylesheet" href="{assets}console.css">
    <script src="{assets}boot.js"></script>
"""
    html = html.replace('<html lang="en">', f'<html lang="{LANGUAGE_TAGS[language]}">')
    html = html.replace(
        "<body>", f"<body><noscript>{escape(_('The console needs JavaScript.'))}</noscript>{_opening()}", 1
    )
    return html.replace("<head>", "<head>" + ours, 1)


def _opening() -> str:
    """Return what stands on the page until its script has written something; console.css takes it away then."""
    zh, en = (escape(translator(language)(N_("Opening the battle map …"))) for language in ("zh", "en"))
    return f'<p class="bm-opening" role="status">{zh}<span lang="en">{en}</span></p>'


def _pictures(theme: str, selector: str) -> str:
    """Return the shapes of the marks as CSS pictures: ``--shape-red`` …"""
    shapes = "".join(
        f'--shape-{mark}: url("data:image/svg+xml,{quote(mark_svg(mark, theme=theme))}"); ' for mark in MARKS
    )
    return f"{selector} {{ {shapes}}}\n"


def streamlit_options() -> Mapping[str, object]:
    """Return Streamlit's options: nothing leaves the machine, nothing of its workings shows, colours and type from the theme file."""
    light, dark = style("light").colours, style("dark").colours
    return {
        "browser.gatherUsageStats": False,
        "client.allowedOrigins": [],
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "server.enableAgentApi": False,
        "server.enableStaticServing": False,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "server.maxUploadSize": 25,  # megabytes, as api/guard.py lets in
        "runner.magicEnabled": False,
        "theme.font": tables()["type"]["family"],
        "theme.headingFont": tables()["type"]["family"],
        "theme.baseRadius": f"{tables()['space']['radius']}px",
        **{
            f"theme.{name}.{option}": colours[colour]
            for name, colours in (("light", light), ("dark", dark))
            for option, colour in _COLOURS.items()
        },
    }


_COLOURS = {
    "primaryColor": "accent",
    "backgroundColor": "surface",
    "secondaryBackgroundColor": "sunken",
    "textColor": "text",
    "borderColor": "line",
    "linkColor": "accent",
}


def is_too_old(agent: str) -> bool:
    """Tell whether a browser names a Chromium older than the console needs."""
    found = ENGINE.search(agent)
    return found is not None and int(found[1]) < OLDEST


def old_browser_page(area: str) -> str:
    """Return the page for browsers that are too old; the map itself also runs on those."""
    zh, en = translator("zh"), translator("en")
    texts = {
        "heading": N_("This browser is too old for the console"),
        "advice": N_(
            "The console needs Chromium 120 or newer: Chrome, Edge, or a current domestic browser. The map and every printed page also run on older ones."
        ),
        "map": N_("Open the map"),
        "anyway": N_("Open the console anyway"),
    }
    said: Mapping[str, str] = {key: escape(zh(text)) for key, text in texts.items()}
    also: Mapping[str, str] = {key: escape(en(text)) for key, text in texts.items()}
    query = "=".join(ANYWAY)
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{said["heading"]}</title>
<style>{css("light")}body {{ margin: 0; background: var(--ground, #f4f5f2); color: var(--text, #17212b); font: 16px/1.7 sans-serif; font-family: var(--font, sans-serif); }} main {{ max-width: 40em; margin: 12vh auto; padding: 0 24px; }} h1 {{ font-size: 26px; }} h2 {{ margin-top: 32px; font-size: 20px; }} a {{ display: inline-block; padding: 8px 0; color: var(--accent, #1b65ab); }}</style></head>
<body><main><h1>{said["heading"]}</h1><p>{said["advice"]}</p><h2 lang="en">{also["heading"]}</h2><p lang="en">{also["advice"]}</p>
<p><a href="/map/{escape(area)}">{said["map"]} · {also["map"]}</a></p><p><a href="/?{query}">{said["anyway"]} · {also["anyway"]}</a></p></main></body></html>"""
