"""Part of the sheets of inspections and findings: links in a list of facts, and photos before and after."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import quote, urlencode

from inspections.sites import Site
from pages.parts.going import link
from pages.parts.timeline import pictures
from pages.parts.visit import Visit


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Return labels and values as HTML; the values are HTML already, and rows without one are left out."""
    lines = "".join(f"<div><dt>{escape(label)}</dt><dd>{value}</dd></div>" for label, value in rows if value)
    return f'<dl class="bm-pairs">{lines}</dl>'


def to_finding(visit: Visit, number: str, said: str = "") -> str:
    """Return a link to a finding."""
    return f"{link(visit, 'findings', {'pile': 'all', 'finding': number})}{escape(said or number)}</a>" if number else ""  # fmt: skip


def to_inspection(visit: Visit, number: str, said: str = "") -> str:
    """Return a link to an inspection."""
    return f"{link(visit, 'inspections', {'inspection': number})}{escape(said or number)}</a>" if number else ""


def to_site(visit: Visit, site: Site) -> str:
    """Return links to a site and to where it lies on the battle map."""
    at = urlencode({"area": visit.name, "lang": visit.language, "post": visit.acting, "view": f"{site.lat:.5f},{site.lon:.5f},18"})  # fmt: skip
    name = f"{link(visit, 'sites', {'site': site.number, 'state': 'every'})}{escape(site.name)}</a>"
    return f'{name} <a href="/?{escape(at)}" target="_self">{escape(visit._("On the map"))}</a>'


def shots(visit: Visit, number: str, photos: Mapping[str, str], caption: str) -> str:
    """Return photos as a captioned figure; "" for none.

    Parameters
    ----------
    number
        Of the inspection or finding to which they belong.
    photos
        Digest of each -> of its small picture.
    """
    if not photos:
        return ""
    base = f"/inspected/{quote(visit.name, safe='')}/{quote(number, safe='')}/"
    said = pictures([(small, whole) for whole, small in photos.items()], visit, caption, base)
    return f"<figure><figcaption>{escape(caption)}</figcaption>{said}</figure>"
