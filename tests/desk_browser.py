"""A console with an invented area and no demonstration, for browser tests of what people do at a desk."""

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from io import BytesIO

from accounts import signed_in
from chromium import COMPLETE, another, expect, holds, pick, reads, says, until
from console_server import served
from PIL import Image
from rooms import room_of, shipped

from api.identity import COOKIE
from desk.reports import Draft, report
from incidents.lifecycle import By
from incidents.posts import kind_of

AREA = "longnan"


def post(key):
    """Return who acts, by the key of a post."""
    return By(key, kind_of(key))


def jpeg(colour="#888888", size=(640, 480)):
    """Return a photo."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def room_in(folder):
    """Return the room of the area over a ledger in a folder."""
    return room_of(shipped(AREA), folder)


def reported(room, text="楼道堆放杂物", *, place=0, by="dispatcher::", now=None, **fields):
    """Report a case in the middle of a micro-grid; ``place`` says in which, so that cases are no neighbours."""
    geoms = room.area.net.leaf.geoms
    point = geoms[place % len(geoms)].representative_point()
    draft = Draft(
        **{"class_": room.rules.directory.favourites[0], "lon": point.x, "lat": point.y, "text": text, **fields}
    )
    return report(room, draft, post(by), now or datetime.now(UTC))


@contextmanager
def consoles(folder, home, *, many=1):
    """Serve the ledger in a folder, by one process or by several; yields their addresses."""
    environ = {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_DEMO": "false"}
    with ExitStack() as running:
        yield [Console(running.enter_context(served(home, "--area", AREA, **environ)), folder) for _ in range(many)]


class Console(str):
    """The address of a console, which knows the folder of its ledger."""

    __slots__ = ("folder",)

    def __new__(cls, address, folder):
        made = super().__new__(cls, address)
        made.folder = folder
        return made


ROLES = {"head": "head", "worker": "worker", "office": "community", "dispatcher": "dispatcher", "inspector": "inspector", "department": "department"}  # fmt: skip


def account_of(key):
    """Return role and scope of an account that may act as a post."""
    kind, level, code = key.split(":", 2)
    scope = f"{AREA}:{level or kind}:{code}" if code else AREA
    return ROLES[kind.removeprefix("first_").replace("deputy", "head")], scope


def signed(context, console, key):
    """Return a window in which somebody is logged in who may act as a post: this one, or another like it where somebody else is in it already."""
    people = context.__dict__.setdefault("people", {})
    if key not in people:
        found = another(context) if people else context
        token = signed_in(console.folder, *account_of(key))
        found.add_cookies([{"name": COOKIE, "value": token, "url": str(console), "httpOnly": True, "sameSite": "Lax"}])
        people[key] = found
    return people[key]


class Desk:
    """Somebody at a desk: one page of a browser, logged in with an account that may act as a post."""

    def __init__(self, context, console, key="dispatcher::", language="zh"):
        self.address, self.key, self.language = console, key, language
        self.page = signed(context, console, key).new_page()
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def start(self):
        """Begin somewhere, where a kind of page has a beginning."""
        return self

    def open(self, path, wait, **query):
        """Open a page, and wait until something is on it and its script has come to its end."""
        said = {"area": AREA, "post": self.key, "lang": self.language, **query}
        self.page.goto(f"{self.address}{path}?" + "&".join(f"{name}={value}" for name, value in said.items()))
        self.page.wait_for_selector(wait)
        self.page.wait_for_selector("html[data-console=ready]", state="attached")
        self.page.wait_for_selector(COMPLETE, state="attached")
        return self

    def until(self, read, wanted=True):
        """Wait until what is read, of the page or of the ledger, is what is wanted."""
        until(self.page, read, wanted)
        return self

    def says(self, selector, *texts):
        """Wait until a part of the page says each of the texts, among others."""
        says(self.page, selector, *texts)
        return self

    def reads(self, selector, text):
        """Wait until a part of the page reads so, from its beginning to its end."""
        reads(self.page, selector, text)
        return self

    def holds(self, selector, value):
        """Wait until a field holds a value."""
        holds(self.page, selector, value)
        return self

    def case(self, number):
        return self.open("/case", ".bm-head", case=number).says(".bm-number", number)

    def press(self, act):
        """Open the form of an act, behind "more" where it is not among the first."""
        button = (
            f".st-key-act_{act} button, .st-key-key_act_{act} button"
            if act != "dispatch"
            else ".st-key-key_dispatch button"
        )
        self.page.wait_for_selector(f"{button}, .st-key-more button")
        self.page.wait_for_selector(COMPLETE, state="attached")
        if not self.page.query_selector(button):
            self.page.click(".st-key-more button")
        self.page.click(button)
        self.page.wait_for_selector(".st-key-act_form .stFormSubmitButton button")
        self.page.wait_for_selector(COMPLETE, state="attached")
        return self

    def choose(self, field, text):
        pick(self.page, f".st-key-act_form [class*=_{field}]", text)
        return self

    def write(self, field, text):
        self.page.fill(f".st-key-act_form [class*=_{field}] textarea", text)
        return self

    def confirm(self):
        self.page.click(".st-key-act_form .stFormSubmitButton button >> nth=0")
        return self

    def until_state(self, text):
        return self.says(".bm-head dd", text)

    def until_acts(self, *acts):
        """Wait until these are the acts of the history, the newest first."""
        items = self.page.locator(".bm-timeline > li")
        expect(items).to_have_count(len(acts))
        return self.until(lambda: [item.get_attribute("data-act") for item in items.all()], list(acts))


@contextmanager
def seats(kind, context, *addresses):
    """Yield what sits people down, each before a page of a kind, ``at`` one of the consoles, and the list of them; they leave at the end."""
    people = []

    def sit(key="dispatcher::", language="zh", *, at=0):
        people.append(kind(context, addresses[at], key, language))
        return people[-1].start()

    try:
        yield sit, people
    finally:
        for one in people:
            one.page.close()
