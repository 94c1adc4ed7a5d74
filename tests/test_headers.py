"""The headers of every answer: what may run, who may frame it, what a device may be asked for."""

import http.client
import http.server
import re
import threading
from urllib.parse import urlsplit

import pytest
from chromium import chromium, window
from console_server import served
from http_client import ask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from api.headers import SafeHeaders
from data import rules

PERSON = {"accept": "text/html"}
LINES = sorted(rules.read("permissions")["routes"])
# What stands in an address for its parts, so that it is answered by who should answer it.
PARTS = {
    "area": "longnan",
    "kind": "grid",
    "file_id": "nothing.png",
    "session_id": "77660fd1-2dc7-4f6a-b8e9-3d2d18b8589c",
}
METHODS = {"*": "POST", "WEBSOCKET": "GET"}


def policy(answer):
    """The content security policy as a table."""
    parts = [part.split() for part in answer["content-security-policy"].split(";") if part.strip()]
    return {name: set(values) for name, *values in parts}


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")
    with served(folder, "--area", "longnan", BATTLEMAP_DATA_DIR=str(folder), BATTLEMAP_DEMO="off") as address:
        yield address


def answer_of(address, method, path, **headers):
    """Ask a running console; returns status and headers."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        if answer.headers.get_content_type() == "text/event-stream":
            answer.close()  # it has no end
        else:
            answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def asked(line):
    """Return method and address of a line of the table of permissions."""
    method, path = line.split(" ", 1)
    filled = re.sub(r"{(\w+)(?::(\w+))?}", lambda part: PARTS.get(part[1], "1" if part[2] == "int" else "x"), path)
    return METHODS.get(method, method), filled


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("line", LINES)
def test_every_address_answers_with_every_header(console, line, accept):
    method, path = asked(line)
    _, headers = answer_of(console, method, path, Accept=accept, Origin="http://evil.example")
    said = policy(headers)
    assert said["default-src"] == {"'none'"}
    assert said["frame-ancestors"] in ({"'none'"}, {"'self'"})
    assert said["base-uri"] == {"'none'"}
    assert said["form-action"] in ({"'none'"}, {"'self'"})
    assert said.get("script-src", set()) <= {"'self'", "blob:"}
    words = set.union(*said.values())
    assert words <= {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}, "no remote host"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] in {"DENY", "SAMEORIGIN"}
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=(self)" in headers["permissions-policy"]
    assert "microphone=()" in headers["permissions-policy"]
    assert "cache-control" in headers
    assert not [name for name in headers if name.startswith("access-control-")]
    assert "server" not in headers
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("path", ["/map/longnan", "/print/longnan", "/log-in", "/map/nowhere", "/nothing"])
def test_our_own_documents_run_no_script_but_files_of_ours(console, path):
    said = policy(answer_of(console, "GET", path, Accept="text/html")[1])
    assert said.get("script-src", said["default-src"]) in ({"'self'"}, {"'none'"})


def through(app, **settings):
    return Starlette(routes=[Route("/", app)], middleware=[Middleware(SafeHeaders, **settings)])


def test_an_error_that_nobody_foresaw_is_a_page_of_ours_and_tells_nothing(caplog):
    def failing(_request):
        raise RuntimeError("the secret of /srv/battlemap")

    answer = ask(through(failing), "/", **PERSON)
    assert answer.status == 500
    assert "Something went wrong here" in answer.text
    assert "secret" not in answer.text
    assert policy(answer.headers)["script-src"] == {"'self'"}
    assert "the secret of /srv/battlemap" in caplog.text
    assert ask(through(failing), "/").json == {"error": "Something went wrong here"}


def test_what_an_answer_says_itself_is_left():
    def own(_request):
        return Response(headers={"Content-Security-Policy": "default-src 'none'", "Cache-Control": "private"})

    answer = ask(through(own), "/")
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert answer.headers["cache-control"] == "private"


def test_no_other_origin_is_let_in_whatever_an_answer_says():
    def open_to_all(_request):
        return Response(headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"})

    assert not [name for name in ask(through(open_to_all), "/").headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("strict", "scheme", "sent"), [(True, "https", True), (True, "http", False), (False, "https", False)]
)
def test_hsts_is_sent_with_a_certificate_that_was_given_and_never_by_http(strict, scheme, sent):
    answer = ask(through(lambda _request: Response(), strict_transport=strict), "/", scheme=scheme)
    assert ("strict-transport-security" in answer.headers) is sent


@pytest.mark.parametrize(("scheme", "cookie"), [("https", "a=b; Path=/; Secure"), ("http", "a=b; Path=/")])
def test_every_cookie_is_secure_where_https_is_spoken(scheme, cookie):
    answer = ask(through(lambda _request: Response(headers={"Set-Cookie": "a=b; Path=/"})), "/", scheme=scheme)
    assert answer.headers["set-cookie"] == cookie


@pytest.mark.browser
def test_a_page_from_elsewhere_can_neither_frame_nor_read_ours(console):
    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f'<iframe id="a" src="{console}/map/longnan"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said):
            pass

    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    reading = "url => fetch(url).then(() => 'read', () => 'refused')"
    try:
        with chromium() as browser:
            page = window(browser).new_page()
            refused = []
            page.on("console", lambda message: refused.append(message.text))
            page.goto(f"http://127.0.0.1:{other.server_port}/")
            while not any("frame-ancestors" in text for text in refused):
                page.wait_for_event("console")
            assert page.evaluate(reading, f"{console}/live/longnan") == "refused"
            assert page.evaluate(reading, f"{console}/healthz") == "refused"
    finally:
        other.shutdown()
        other.server_close()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/facts", "/map/longnan", "/print/longnan"])
def test_no_page_of_ours_meets_its_own_policy(console, path):
    # Streamlit's numbers of 64 bits try WebAssembly first, and do without it.
    watch = """document.addEventListener("securitypolicyviolation", met =>
        met.blockedURI === "wasm-eval" || (window.met ??= []).push([met.violatedDirective, met.blockedURI]))"""
    with chromium() as browser:
        context = window(browser)
        context.add_init_script(watch)
        page = context.new_page()
        page.goto(console + path)
        page.wait_for_selector("html[data-console=ready], html[data-ready='1'], .sheet, svg", state="attached")
        page.wait_for_load_state("load")  # not for silence: a map listens for ever
        met = [frame.evaluate("() => window.met ?? []") for frame in page.frames]
        assert met == [[]] * len(met)
