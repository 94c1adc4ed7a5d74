"""An outbox for tests: a room in which things happen, receivers that can fail, and a clock that is turned by hand."""

import json
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from desk.acts import Doing, do
from desk.outbox.book import Book, Books, Contact, Smtp, Webhook
from desk.outbox.deliver import Sender
from desk.outbox.derive import derive
from desk.outbox.rules import outbox_rules
from desk.posts.acting import change
from desk.reports import Draft, report
from incidents.lifecycle import Act, By, PostKind
from incidents.posts import post_key
from incidents.rota import Role, Shift
from ledger import outbox, rota

DISPATCHER = By("dispatcher::", PostKind.DISPATCHER)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECRET = "Ahorn-im-Nebel-4711"
RULES = outbox_rules(None)


class House:
    """What `Rooms` is to a sender: one room."""

    rules = None

    def __init__(self, room):
        self.room, self.ledger = room, room.ledger

    def get(self, _name, _now):
        return self.room

    def names(self):
        return [self.room.id]

    def opened(self):
        return [self.room]


def sender(room, **said):
    """A sender over a room, with its address book; chance is even."""
    return Sender(House(room), Books(room.ledger.folder), "zh", chance=lambda: 0.5, **said)


def book_of(room, **contacts):
    """Write an address book: key of a post, its colons as double underscores -> what it is reached by."""
    book = Book("https://map.example", None, None, {room.id: {name.replace("__", ":"): one for name, one in contacts.items()}})  # fmt: skip
    Books(room.ledger.folder).write(book)
    return book


def leaf(room, place=0):
    """A point in a micro-grid, and the post of its head."""
    level = room.area.net.leaf
    code = str(level.codes[place])
    return level.geoms[place].representative_point(), post_key(PostKind.HEAD, level.key, code)


def case_in(room, now, *, place=0, by=DISPATCHER, class_=None, **fields):
    """Report a case in a micro-grid."""
    point, _post = leaf(room, place)
    class_ = class_ or room.rules.directory.favourites[0]
    return report(room, Draft(class_, point.x, point.y, **{"text": "楼道堆放杂物", **fields}), by, now)


def sent_to(room, number, handler, now):
    """Dispatch a case."""
    if room.get(number).status.value == "reported":
        do(room, Doing(number, Act.FILE), DISPATCHER, now)
    return do(room, Doing(number, Act.DISPATCH, {"handler": handler}), DISPATCHER, now)


def on_duty(room, post, since, hours=24):
    """Put a post on duty as officer."""
    shift = Shift(since, since + hours * HOUR, Role.OFFICER, post, "")
    change(room, "rota", DISPATCHER, since, lambda writing: rota.replace(writing, room.id, f"{since:%Y-%m-%d}", [], [shift], DISPATCHER, since))  # fmt: skip


def derived(room, now, *, rules=RULES, most=outbox.MOST):
    """Derive all there is."""
    book, looked = Books(room.ledger.folder).read(), 0
    while done := derive(room, rules, book, now, most=most):
        looked += done
    return looked


def messages(room, **asked):
    """All messages, oldest first."""
    with room.ledger.reading() as connection:
        return outbox.listed(connection, area=room.id, most=10_000, **asked)[::-1]


def said(room):
    """All messages as what makes them: who is told what of which entry by which channel."""
    return {(one.version, one.kind, one.post, one.channel, one.state.value) for one in messages(room)}


class Clock:
    """A clock that is turned by hand."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


class Receiver:
    """A receiver of webhooks: what came, and how it answers."""

    def __init__(self):
        self.came, self.answer, self.reply, self.lock = [], 200, {}, Lock()
        self.wait = None  # an event for which it waits before it answers
        self.trickle = None

    def bodies(self):
        return [json.loads(body) for _path, _headers, body in self.came]

    def ids(self):
        return [headers["Idempotency-Key"] for _path, headers, _body in self.came]


@contextmanager
def receiving():
    """A real HTTP server; yields its address and what it received."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if receiver.wait:
                receiver.wait.wait(30)
            with receiver.lock:
                if 200 <= receiver.answer < 300:
                    receiver.came.append((self.path, dict(self.headers), body))
            said = json.dumps(receiver.reply).encode()
            self.send_response(receiver.answer)
            if receiver.answer in {301, 302, 307}:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            if receiver.trickle:
                receiver.trickle(self.wfile)
            self.wfile.write(said)

        do_GET = do_PUT = do_POST  # noqa: N815  the names that the server calls

        def log_message(self, *_said):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_said: None  # a client that hangs up
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def robot(url, form="json", secret=SECRET):
    """A contact that is reached by a webhook."""
    return Contact(webhook=Webhook(url, form, secret))


def mail_server(port, **said):
    """Settings of a mail server on this machine."""
    return Smtp(**{"host": "localhost", "port": port, "sender": "map@street.example", **said})
