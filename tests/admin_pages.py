"""An administrator at the pages of the real doors, gate and all, without a network: opens pages, fills in their forms, sends them."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import streamlit
from accounts import quick_rules, signed_in
from http_client import ask
from starlette.applications import Starlette

import api
from api.identity import COOKIE
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
HOST = "console.test:8501"
HEADERS = {"accept": "text/html", "host": HOST, "origin": f"http://{HOST}", "sec_fetch_site": "same-origin"}
FORM = re.compile(r"<form\b[^>]*method=\"post\"[^>]*action=\"([^\"]+)\"[^>]*>(.*?)</form>", re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def doors(folder):
    """Every door of the console over a ledger in a folder, Streamlit's aside."""
    settings = Settings(
        data_dir=Path(folder), rules=quick_rules(Path(folder)), names=("console.test",), area="longnan", demo=False
    )
    assets = {path.name: path for path in (Path(api.__file__).parents[1] / "pages" / "assets").iterdir()}
    console = api.Console(index=INDEX, paths=("/",), assets=assets)
    return Starlette(routes=api.routes(settings, console), middleware=api.middleware(settings, console))


class Seat:
    """Somebody who is logged in; nobody with a role of None."""

    def __init__(self, app, folder, role, *, name=None, scope="*"):
        self.app, self.folder, self.name = app, folder, name or role
        self.jar = {COOKIE: signed_in(folder, role, scope, name=self.name)} if role else {}

    def ask(self, address, method="GET", body=b"", **headers):
        said = {**HEADERS, "cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items()), **headers}
        answer = ask(self.app, address, method=method, chunks=[body], **said)
        self.jar |= dict(re.findall(r"(battlemap_\w+)=([^;,]+)", answer.headers.get("set-cookie", "")))
        return answer

    def get(self, address, **query):
        return self.ask(f"{address}?{urlencode(query)}" if query else address)

    def text(self, address, **query):
        """A page that answers with what was asked for."""
        answer = self.get(address, **query)
        assert answer.status == 200, answer.text
        return answer.text

    def forms(self, address, **query):
        """The forms of a page: for each the address that it is sent to, and its hidden fields."""
        return [
            (unescape(action), {name: unescape(value) for name, value in HIDDEN.findall(body)})
            for action, body in FORM.findall(self.get(address, **query).text)
        ]

    def send(self, address, wanted, fields=None, **query):
        """Send the form of a page whose hidden fields hold what is wanted; what was done is followed to its page."""
        found = [one for one in self.forms(address, **query) if wanted.items() <= one[1].items()]
        assert found, f"{address} has no form with {wanted}"
        action, hidden = found[0]
        return self.post(action, {**hidden, **(fields or {})})

    def post(self, action, fields, **headers):
        answer = self.ask(action, "POST", urlencode(fields).encode(), **headers)
        return self.ask(answer.headers["location"]) if answer.status == 303 else answer

    def forged(self, address, page="", **fields):
        """Send what no form of a page offers, with the token of one that is there, or on another page of the same address."""
        return self.post(address, {"form": self.token(page or address), **fields})

    def token(self, address):
        """The token of the forms of a page."""
        page = self.text(address)
        return unescape(re.search(r'name="form" value="([^"]+)"', page)[1])
