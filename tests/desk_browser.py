"""A console with an invented area and no demonstration, for browser tests of what people do at a desk."""

from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO

from PIL import Image
from rooms import room_of, shipped
from test_console_browser import started

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
    running = []
    try:
        environ = {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_DEMO": "false"}
        running.extend(started(home, "--area", AREA, **environ) for _ in range(many))
        yield [address for _, address in running]
    finally:
        for process, _ in running:
            process.terminate()
        for process, _ in running:
            process.communicate(timeout=10)


class Desk:
    """Somebody at a desk: one page of a browser, and the post that acts."""

    def __init__(self, context, address, key="dispatcher::", language="zh"):
        self.address, self.key, self.language = address, key, language
        self.page = context.new_page()
        self.page.set_default_timeout(40_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path, wait, **query):
        said = {"area": AREA, "post": self.key, "lang": self.language, **query}
        self.page.goto(f"{self.address}{path}?" + "&".join(f"{name}={value}" for name, value in said.items()))
        self.page.wait_for_selector(wait)
        self.page.wait_for_selector("html[data-console=ready]", state="attached")
        return self

    def case(self, number):
        return self.open("/case", ".bm-head", case=number)

    def press(self, act):
        """Open the form of an act, behind "more" where it is not among the first."""
        button = (
            f".st-key-act_{act} button, .st-key-key_act_{act} button"
            if act != "dispatch"
            else ".st-key-key_dispatch button"
        )
        if not self.page.query_selector(button):
            self.page.click(".st-key-more button")
        self.page.click(button)
        self.page.wait_for_selector(".st-key-act_form form, .st-key-act_form .stForm")
        return self

    def choose(self, field, text):
        self.page.click(f".st-key-act_form [class*=_{field}] input")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        return self

    def write(self, field, text):
        self.page.fill(f".st-key-act_form [class*=_{field}] textarea", text)
        return self

    def confirm(self):
        self.page.click(".st-key-act_form .stFormSubmitButton button >> nth=0")
        return self

    def until_state(self, text):
        self.page.wait_for_function(
            "text => { const found = document.querySelector('.bm-head dd'); return found && found.innerText.includes(text); }",
            arg=text,
        )
        return self

    def acts(self):
        """Return the acts of the history, the newest first."""
        return [item.get_attribute("data-act") for item in self.page.query_selector_all(".bm-timeline > li")]
