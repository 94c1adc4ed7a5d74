"""Scope over the real line: random people of random scopes walk through a served console at random, by addresses, widgets and routes that lie, and hear of nobody else's case.

Every word of every case is a canary (tests/canaries.py); what somebody typed themselves may come back to them, and counts as asked.
"""

import io
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from random import Random
from time import sleep
from urllib.parse import quote, urlencode, urlsplit

import pytest
from accounts import accounts_in, close, quick_rules, signed_in
from canaries import AREA, DEPARTMENT, GRIDS, POSTS, Flock, asker, drawn, words_in
from canary_orders import Orders, running
from chromium import PATIENCE
from console_server import served
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from lines import chosen, gone, line, pressed, typed
from rooms import DISPATCHER
from streamlit.proto.Common_pb2 import StringArray
from websockets.exceptions import InvalidStatus

from api.identity import COOKIE
from desk.outbox import calls
from desk.posts.acting import NOBODY, reads
from desk.reports import Draft, report
from incidents.access import Role, Scope
from ledger import audit
from ledger.views import View, save
from reports import inbox
from reports.figures import CHANNELS, MARKS, STATUSES, Filter
from reports.listing import listing
from reports.order_lists import PILE

# what fails is not made smaller: the same walk once more costs as much as the first time, and the console is another one meanwhile
QUICK = {"deadline": None, "phases": (Phase.explicit, Phase.reuse, Phase.generate), "database": None}
SEEDS = st.integers(0, 10**6)
PAGES = ("", "inbox", "cases", "case", "report", "chat", "orders", "posts", "duty", "messages", "facts")
OFTEN = ("", "inbox", "cases", "cases", "case", "case", *PAGES)  # those that show cases more often
WALKS, STEPS = 8, 5
NOTHING, NO_ORDER = "B-20261120-9999", "单-20261120-9999"
TYPED = ("text_input", "text_area", "selectbox", "multiselect", "button_group", "date_input", "checkbox")
HANDING_ON = {"view_save"}  # hands one's own question to others, who would hear it then
SEARCHES = ("sieve_", "post_search", "post_choice", "area_choice")  # what is typed there is kept by nobody else


class House:
    """A served console over a flock and its orders, and its accounts."""

    def __init__(self, flock, orders, address):
        self.flock, self.orders, self.address = flock, orders, address

    def get(self, path, token):
        """Ask for an address as somebody; return status and body."""
        wire = HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE)
        try:
            wire.request("GET", quote(path, safe="/?&=%:,"), headers={"Cookie": f"{COOKIE}={token}"})
            answer = wire.getresponse()
            return answer.status, answer.read()
        finally:
            wire.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flock")
    flock = Flock(folder, datetime.now(UTC))
    flock.nobody_read()
    orders = Orders(flock)
    environ = {
        "BATTLEMAP_DATA_DIR": str(flock.folder), "BATTLEMAP_DEMO": "false", "BATTLEMAP_RULES": str(quick_rules(folder)), "BATTLEMAP_PACKS": str(folder / "packs"),
    }  # fmt: skip
    with served(folder, "--area", AREA, **environ) as address:
        yield House(flock, orders, address)
    flock.room.ledger.close()


class Liar:
    """Makes up what somebody asks who wants to hear of cases that are not theirs."""

    def __init__(self, random, own, hidden, orders=()):
        self.random, self.own, self.hidden, self.orders = random, own, hidden, orders

    def case(self):
        """Return the number of a case of somebody else, or of one's own: its sheet is full of buttons."""
        some = self.random.choice([self.hidden, self.hidden, self.own]) or self.hidden or self.own
        return self.random.choice(some).number

    def words(self):
        """Return what may be looked for: a word, a place or a number of somebody else's case, or of everybody's."""
        case = self.random.choice(self.hidden or self.own)
        theirs = [case.number, case.number[:-1], *case.title.split(), *case.address.split(), *case.text.split()]
        return self.random.choice([*theirs, "K", "事件", "B-2026"])

    def values(self, name):
        some = {
            "grid": GRIDS, "in": GRIDS, "handler": POSTS, "duty": POSTS, "post": POSTS, "key": POSTS, "case": [self.case()], "q": [self.words()],
            "class": ["06010", "01003", "L3001,L5001", "litter", "L3"], "mark": MARKS, "status": STATUSES, "channel": CHANNELS, "days": ["7", "365"],
            "late": ["0", "1"], "demo": ["0", "1"], "from": ["2026-01-01"], "until": ["2030-01-01"], "pile": [*inbox.PILES, *inbox.DIGEST, "orders", "orders"],
            "tab": [*PILE, "counts", "teams", "new"], "order": [one.number for one in self.orders] or [NO_ORDER], "key_of": [one.state.key for one in self.orders] or ["X"],
            "item": ["errand", "x"], "page": ["1", "2", "x"], "show": ["vacant", "over"], "level": ["third", "micro"], "week": ["2026-11-16"], "act": ["note", "dispatch", "correct"], "lang": ["zh", "en"],
        }  # fmt: skip
        return some[name]

    def asks(self, *names, most=2):
        """Return the parameters of an address, few of those that there are."""
        chosen_names = self.random.sample(names, self.random.randint(0, min(most, len(names))))
        return {name: self.random.choice(self.values(name)) for name in chosen_names}

    def address(self, page):
        """Return what an address of a page asks."""
        table = ("grid", "class", "mark", "days", "status", "channel", "handler", "duty", "late", "demo", "from", "until", "q")  # fmt: skip
        own = {
            "": ("grid", "class", "mark", "days"), "cases": table, "orders": ("tab", "tab", "order", "item", "page"), "inbox": ("pile",), "case": ("case", "act"), "posts": ("key", "in", "level", "show", "q"), "duty": ("week",),
        }  # fmt: skip
        said = self.asks(*own.get(page, ()))
        said |= (
            {"q": self.random.choice(self.values("key_of"))} if page == "orders" and self.random.random() < 0.3 else {}
        )
        return said | ({"case": self.case()} if page == "case" else {}) | self.asks("post", "lang", most=1)


class Walk:
    """Somebody on a line of their own: what they asked, and what they heard."""

    def __init__(self, house, on, token, random, liar):
        self.house, self.on, self.token, self.random, self.liar = house, on, token, random, liar
        self.page, self.asked, self.heard, self.log, self.steps = "", set(), set(), [], Counter()

    def says(self, what, *widgets, page=None, query=""):
        """Have the page run with that; note what was asked and what came."""
        self.page = self.page if page is None else page
        self.log.append(f"{self.page}: {what}")
        self.asked |= words_in(what)
        self.heard |= words_in(self.on.run(query or f"area={AREA}", *widgets, page=self.page))

    def begins(self, page, /, **said):
        """Open a page by an address, as the first thing."""
        query = urlencode({"area": AREA, **said})
        self.says(str(said), page=page, query=query)

    def step(self):
        """Do one thing at random, of those that the page offers."""
        offered = {kind: list(find()) for kind, find in self.offers.items()}
        rare = [kind for kind in ("press", "select", "file") for _ in (0, 1) if offered[kind]]
        kind = self.random.choice(["go", "turn", *(["type"] if offered["type"] else []), *rare])
        getattr(self, kind)(*([self.random.choice(offered[kind])] if kind in offered else []))
        self.steps[kind] += 1

    @property
    def offers(self):
        """What a page may offer: a kind of step, and what finds it."""
        return {
            "type": lambda: (one for one in self.shown() if one[0] in TYPED),
            "press": lambda: (one for one in self.shown() if one[0] == "button" and one[2] not in HANDING_ON),
            "select": lambda: (one for one in self.shown() if one[2].startswith("table_") and one[2][6:].isdecimal()),
            "file": lambda: (one for one in self.on.last if _type(one) == "download_button"),
        }

    def go(self):
        """Follow a link of ours that says something else."""
        page = self.random.choice(OFTEN)
        said = self.liar.address(page)
        self.says(f"to {page} {said}", *gone(self.on.widget("address"), page, **said))

    def turn(self):
        """Ask for another page by its name."""
        self.says("a page", page=self.random.choice(OFTEN))

    def type(self, widget):
        """Set a widget to what it may be, or not."""
        kind, id_, key = widget
        text = self.liar.words() if key.startswith(SEARCHES) else "写了"
        if key.startswith("sieve_") and self.random.random() < 0.6:
            text = self.random.choice([*MARKS, *GRIDS, *POSTS, "小网格", "365 天"])
        self.says(f"{key} = {text}", _set(kind, id_, text))

    def press(self, widget):
        self.says(f"press {widget[2]}", pressed(widget[1]))

    def select(self, widget):
        """Choose rows and cells that the table has, or has not."""
        rows = self.random.sample([0, 1, 2, 5, 99, 10**9, -1], 2)
        cells = [[rows[0], "编号"]] * self.random.randint(0, 1)
        self.says(f"rows {rows} {cells}", chosen(widget[1], rows=rows, cells=cells))

    def file(self, message):
        """Take the table out, as the browser does: the file is made when it is asked for, and has an address then."""
        self.log.append("a file")
        self.heard |= taken(self.house, self.on, message.delta.new_element.download_button.deferred_file_id, self.token)

    def shown(self):
        """Return kind, id and key of the widgets that the last run showed."""
        for message in self.on.last:
            kind = _type(message)
            id_ = getattr(getattr(message.delta.new_element, kind), "id", "") if kind else ""
            if id_:
                yield kind, id_, id_.split("-", 2)[-1]


def _type(message):
    if message.WhichOneof("type") != "delta" or not message.delta.HasField("new_element"):
        return ""
    return message.delta.new_element.WhichOneof("type")


def _set(kind, id_, said):
    if kind in {"multiselect", "button_group", "date_input"}:
        return {"id": id_, "string_array_value": StringArray(data=[said])}
    return {"id": id_, "bool_value": True} if kind == "checkbox" else typed(id_, said)


def taken(house, on, file_id, token):
    """Have a file made, fetch it, and return its canaries."""
    status, body = house.get(on.file(file_id), token)
    assert status == 200
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    return words_in(body)


class Heard:
    """What all walks together were told."""

    def __init__(self):
        self.own, self.wide, self.steps = 0, 0, Counter()


def test_whoever_walks_through_the_console_hears_of_their_own_cases_alone(house):
    heard = Heard()

    @given(seed=SEEDS)
    @settings(max_examples=WALKS, **QUICK)
    def walks(seed):
        walked(house, Random(seed), heard)

    walks()
    assert heard.own > 5 * WALKS  # words of cases that nobody typed; some see none
    assert heard.wide > 20 * WALKS
    assert {"go", "type"} <= set(heard.steps)


def walked(house, random, heard):
    """Let somebody walk, and hold what they heard against a look at all cases one by one, before and after."""
    (role, part), flock = drawn(random), house.flock
    who, token = asker(role, part), flock.token(role, part)
    own, hidden = flock.parted(who)
    served, unseen = house.orders.parted(who)
    liar = Liar(random, own, hidden, unseen)
    with line(house.address, token) as on:
        plain = Walk(house, on, token, random, liar)
        plain.begins("cases")
        if who.can("orders"):
            plain.says("all orders", *gone(on.widget("address"), "orders", tab="running"), page="orders")
            assert running(served) <= plain.heard
    with line(house.address, token) as on:
        walk = Walk(house, on, token, random, liar)
        page = random.choice(OFTEN)
        said = liar.address(page)
        walk.begins(page, **said)
        for _ in range(STEPS):
            walk.step()
    still = {case.number for case in flock.parted(who)[1]}  # what they did may have moved a case
    still |= {one.number for one in house.orders.parted(who)[1]}
    theirs = flock.words([case for case in hidden if case.number in still])
    theirs |= house.orders.words([one for one in unseen if one.number in still])
    for one in (plain, walk):
        assert not (one.heard & theirs) - one.asked, (role, part, one.log)
    assert {case.number for case in own if not case.restricted} <= plain.heard
    heard.own += len((plain.heard | walk.heard) & flock.words(own))
    heard.steps += walk.steps
    with line(house.address, flock.token(Role.DISPATCHER)) as on:  # who sees everything is asked the same
        wide = Walk(house, on, "", random, liar)
        wide.begins("cases")
        assert {case.number for case in hidden if not case.restricted} <= wide.heard
        wide.says(str(said), *gone(on.widget("address"), page, **said), page="cases")
        heard.wide += len((wide.heard & theirs) - wide.asked)


def test_whoever_is_on_duty_calls_everybody_and_hears_of_their_own_cases_alone(house):
    flock, told = house.flock, {}
    called = len({call.post.key for call in calls.waiting(flock.room, datetime.now(UTC))})  # walks may have called some
    for person in ((Role.DISPATCHER, ""), (Role.HEAD, "third:1"), (Role.WORKER, "micro:3-04")):
        with line(house.address, flock.token(*person)) as on:
            said = on.run(f"area={AREA}", page="messages")
            buttons = [m.delta.new_element.button.id for m in on.last if _type(m) == "button"]
            assert sum("called_" in id_ for id_ in buttons) == called > 0, person
            own, hidden = flock.parted(asker(*person))
            told[person] = len(words_in(said) & flock.words(own))
            assert not words_in(said) & flock.words(hidden), person
    assert min(told.values()) > 0
    assert told[Role.DISPATCHER, ""] >= called


KNOCKS = 12  # addresses that one person asks for
DOORS = (
    "live", "live", "print", "map", "search", "search", "card", "card/incident", "dispatch", "spot", "photo", "rota", "field", "field/case",
)  # fmt: skip


def test_whoever_asks_the_routes_hears_of_their_own_cases_alone(house):
    heard = Heard()

    @given(seed=SEEDS)
    @settings(max_examples=WALKS, **QUICK)
    def knocks(seed):
        knocked(house, Random(seed), heard)

    knocks()
    assert min(heard.own, heard.wide) > 2 * WALKS


def knocked(house, random, heard):
    """Let somebody ask for addresses that lie; the dispatcher asks for the same."""
    flock, (role, part) = house.flock, random.choice([drawn(random), drawn(random), (Role.WALL, random.choice(GRIDS))])
    who, token = asker(role, part), flock.token(role, part)
    own, hidden = flock.parted(who)
    theirs, mine, liar = flock.words(hidden), flock.words(own), Liar(random, own, hidden)
    theirs |= house.orders.words(house.orders.parted(who)[1])
    for _ in range(KNOCKS):
        path = door(flock, random, liar, own, hidden)
        asked, (status, body) = words_in(path), house.get(path, token)
        told = words_in(body)
        assert status in {200, 400, 403, 404}, (path, body)
        assert not (told & theirs) - asked, (role, part, path)
        if status == 200 and asked & theirs and "?" not in path:
            raise AssertionError(f"{role} {part} was let in at {path}")  # it names a case beyond the scope
        if role is Role.WALL:
            assert not {word for word in told - asked if word.startswith("K")}, path
        heard.own += len((told & mine) - asked)
        heard.wide += len((words_in(house.get(path, flock.token(Role.DISPATCHER))[1]) & theirs) - asked)


def door(flock, random, liar, own, hidden):
    """Return an address of a route that may ask for what lies beyond."""
    name, case = random.choice(DOORS), random.choice([*hidden, *random.choices(own, k=5)] if own else hidden or own)
    asked = {"days": random.choice(["1", "all"]), **liar.asks("grid", "class", "mark", "handler", "duty", "q", "post")}
    if name == "live" and random.random() < 0.5:
        asked |= {
            "since": random.choice([0, flock.version]),
            "at": datetime.now(UTC).isoformat(),
            "scope": random.choice(["", "x"]),
        }
    if name in {"dispatch", "spot"}:
        return f"/{name}/{AREA}/{case.number}"
    if "/" in name:
        return f"/{name.replace('/', f'/{AREA}/')}/{case.number}"
    if name == "field":
        return f"/field/{AREA}/data"
    if name == "photo":
        return f"/photo/{AREA}/{random.choice(sorted(flock.digests(case)))}"
    if name == "search":
        return f"/search/{AREA}?{urlencode({'q': liar.words()})}"
    grid = f"/{random.choice(GRIDS).replace(':', '/')}" if name == "card" else ""
    return f"/{name}/{AREA}{grid}?{urlencode(asked)}"


def test_the_words_pictures_and_papers_of_a_case_are_there_for_whom_it_is_and_for_nobody_else(house):
    flock = house.flock
    for role, part in (
        (Role.HEAD, "third:1"),
        (Role.WORKER, "micro:3-04"),
        (Role.DEPARTMENT, f"department:{DEPARTMENT}"),
    ):
        who, token = asker(role, part), flock.token(role, part)
        room, (own, hidden) = flock.room.seen_by(who), flock.parted(who)
        for case in (*random_few(own), *random_few(hidden)):
            open_ = case in own and reads(room, case, datetime.now(UTC))
            paths = [f"/photo/{AREA}/{digest}" for digest in flock.digests(case)]
            paths += [f"/{name}/{AREA}/{case.number}" for name in ("dispatch", "spot")]
            assert {house.get(path, token)[0] for path in paths} == {200 if open_ else 404}, (part, case.number)
        nothing = house.get(f"/dispatch/{AREA}/{NOTHING}", token)
        status, body = house.get(f"/dispatch/{AREA}/{hidden[0].number}", token)
        assert (status, body.replace(hidden[0].number.encode(), NOTHING.encode())) == nothing


def test_a_wall_hears_no_word_of_any_case_at_any_door(house):
    flock = house.flock
    for part in ("", "third:1", "micro:3-04"):
        token, (own, _hidden) = flock.token(Role.WALL, part), flock.parted(asker(Role.WALL, part))
        case, shown = next(case for case in own if not case.restricted), set()
        paths = [f"/{door}/{AREA}?days=365" for door in ("live", "print", "map")]
        paths += [f"/card/{AREA}/third/1?days=365", f"/card/{AREA}/community/C1?days=365", f"/search/{AREA}?q=K"]
        paths += [f"/search/{AREA}?q={case.address}", f"/live/{AREA}?days=365&q=中山路"]
        paths += [f"/{door}/{AREA}/{case.number}" for door in ("card/incident", "dispatch", "spot")]
        for path in paths:
            heard = words_in(house.get(path, token)[1])
            assert not {word for word in heard - words_in(path) if word.startswith("K")}, (part, path)
            shown |= heard & flock.words(own)
        assert shown, part  # it shows marks


def random_few(cases):
    return Random(len(cases)).sample(cases, min(4, len(cases)))


SAVED = (
    {"q": "{title}"}, {"q": "{number}"}, {"grid": "{grid}"}, {"handler": "dispatcher::", "grid": "{grid}"}, {"duty": "head:third:2", "q": "K"},
    {"q": "{place}", "grid": "{grid}"}, {"handler": "{handler}", "days": "365"}, {"grid": "micro:3-04", "mark": "red,yellow,green"}, {"post": "dispatcher::", "area": "elsewhere", "q": "Kt"},
)  # fmt: skip
PEOPLE = (
    (Role.HEAD, "third:1"), (Role.WORKER, "micro:3-04"), (Role.COMMUNITY, "micro:2-01"), (Role.DEPARTMENT, f"department:{DEPARTMENT}"), (Role.ANALYST, "dedicated:专1"),
)  # fmt: skip


@pytest.fixture
def kept(house):
    """Views that the dispatcher saved for everybody, each about a case that not everybody sees, and one of their own; by the name that stands on the button."""
    flock, random, made = house.flock, Random(7), {}
    for n, query in enumerate(SAVED):
        case = random.choice([case for case in flock.cases if not case.restricted])
        grid = random.choice([f"third:{case.codes['third']}", f"micro:{case.codes['micro']}"])
        said = {"title": case.title, "number": case.number, "place": case.address, "grid": grid, "handler": case.state.handler or "head:third:3"}  # fmt: skip
        made[f"视图{n}"] = {name: value.format(**said) for name, value in query.items()}
    views = [*(View(name, "", query) for name, query in made.items()), View("只给派遣员", "dispatcher::", {"q": "K"})]
    flock.room.ledger.change(
        lambda writing: [save(writing, AREA, view, by="dispatcher::", at=datetime.now(UTC)) for view in views]
    )
    return made


def test_a_view_of_the_dispatcher_shows_to_each_what_lies_in_their_scope(house, kept):
    heard = Heard()

    @given(seed=SEEDS)
    @settings(max_examples=3, **QUICK)
    def presses(seed):
        pressed_views(house, kept, Random(seed), heard)

    presses()
    assert min(heard.own, heard.wide) > 10


def pressed_views(house, kept, random, heard):
    """Let somebody press some views, and the dispatcher the same."""
    role, part = random.choice(PEOPLE)
    flock, who, names = house.flock, asker(role, part), random.sample(sorted(kept), 3)
    own, hidden = flock.parted(who)
    told = views_pressed(house, (role, part), names)
    wide = views_pressed(house, (Role.DISPATCHER, ""), names[:1])
    for name in names:
        asked = words_in(kept[name])
        assert not (told[name] & flock.words(hidden)) - asked, (part, kept[name])
        mine = {case.number for case in own if not case.restricted}
        assert told[name] & mine == mine & numbers_of(flock, who, kept[name]), (part, kept[name])
        heard.own += len((told[name] & flock.words(own)) - asked)
        heard.wide += len((wide.get(name, set()) & flock.words(hidden)) - asked)


def views_pressed(house, person, names):
    """Return the canaries that come when somebody presses some views of everybody's, whatever post they say they have."""
    told = {}
    with line(house.address, house.flock.token(*person)) as on:
        on.run(urlencode({"area": AREA, "post": "dispatcher::"}), page="cases")
        assert any(one.startswith("只给派遣员") for one in views_shown(on)) == (person[0] is Role.DISPATCHER)
        for name in names:
            told[name] = words_in(on.run(f"area={AREA}", pressed(views_shown(on)[f"{name}（全体）"]), page="cases"))
    return told


def views_shown(on):
    """Return the buttons of the views that are offered, by what stands on them."""
    found = [m.delta.new_element.button for m in on.last if _type(m) == "button"]
    return {one.label: one.id for one in found if "view_" in one.id}


def numbers_of(flock, who, query):
    """Return the numbers of what a question of the table holds for somebody."""
    wanted = Filter.from_query(query, period=None)
    return set(listing(flock.room.seen_by(who), wanted, datetime.now(UTC), str, "zh", NOBODY).numbers)


def test_a_view_that_somebody_narrow_saves_for_everybody_tells_others_no_case_of_theirs(house):
    flock, person, other = house.flock, (Role.HEAD, "third:1"), (Role.WORKER, "micro:2-01")
    elsewhere = flock.parted(asker(*other))[1]
    case = next(case for case in flock.parted(asker(*person))[0] if case in elsewhere and not case.restricted)
    with line(house.address, flock.token(*person)) as on:
        on.run(urlencode({"area": AREA, "q": case.title}), page="cases")
        for_all = {"id": on.widget("view_all_"), "bool_value": True}
        name, save_it = typed(on.widget("view_name_"), "我的"), pressed(on.widget("view_save"))
        assert case.number in words_in(on.run(f"area={AREA}", name, for_all, save_it, page="cases"))
    with line(house.address, flock.token(*other)) as on:
        on.run(f"area={AREA}", page="cases")
        told = words_in(on.run(f"area={AREA}", pressed(views_shown(on)["我的（全体）"]), page="cases"))
    assert not (told & flock.of(case)) - words_in(case.title)


def test_a_page_that_stands_open_opens_no_contact_beyond_the_scope_that_its_reader_has_now(house):
    flock, point = house.flock, house.flock.room.area.net.leaf.geoms[0].representative_point()
    draft = Draft("06010", point.x, point.y, title="楼道堆物", reporter="张小明", phone="13812345678")
    case = report(flock.room, draft, replace(DISPATCHER, account="a1"), datetime.now(UTC))
    with line(house.address, signed_in(flock.folder, "dispatcher", AREA, name="narrowed")) as on:
        shown = on.run(urlencode({"area": AREA, "case": case.number}), page="case").decode("utf-8", "replace")
        assert "138****5678" in shown
        reason, button = typed(on.widget("unmask_reason"), "回访核实"), pressed(on.widget("unmask_now"))
        (part,) = {m.delta.fragment_id for m in on.last if _type(m) == "text_input" and "unmask" in str(m)}
        narrowed(flock, "narrowed", f"{AREA}:third:{'2' if case.codes['third'] == '1' else '1'}")
        on.run(f"area={AREA}", reason, button, page="case", fragment=part)
    with flock.room.ledger.reading() as connection:
        assert audit.read(connection, name="narrowed", act="unmask") == []
    assert [entry["act"] for entry in flock.room.history(case.number)] == ["report"]


def narrowed(flock, name, scope):
    """Give the account of a dispatcher another scope, and wait until every process knows."""
    accounts = accounts_in(flock.folder)
    accounts.grant(accounts.named(name).key, Role.DISPATCHER, Scope.read(scope), by=None, now=datetime.now(UTC))
    close(accounts)
    sleep(1.1)  # what was read counts for a second


TRAIL = ("/audit", f"/audit?area={AREA}", "/audit?act=export", "/audit/export?format=csv", "/audit/export?format=xlsx", "//audit", "/audit/")  # fmt: skip


def test_the_trail_says_what_somebody_narrow_took_out_and_the_auditor_alone_reads_it(house):
    flock, person = house.flock, (Role.HEAD, "third:2")
    (own, hidden), token = flock.parted(asker(*person)), flock.token(*person)
    mine = next(case for case in own if not case.restricted)
    with line(house.address, token) as on:
        on.run(urlencode({"area": AREA, "q": "Ktitle", "handler": "", "post": "dispatcher::"}), page="cases")
        (file_id, *_) = (m.delta.new_element.download_button.deferred_file_id for m in on.last if _type(m) == "download_button")  # fmt: skip
        told = taken(house, on, file_id, token)
    assert house.get(f"/dispatch/{AREA}/{mine.number}", token)[0] == 200
    assert house.get(f"/dispatch/{AREA}/{hidden[0].number}", token)[0] == 404
    with flock.room.ledger.reading() as connection:
        paper, export, *_ = audit.read(connection, name=flock.name(*person))
    assert (paper.act, paper.role, paper.area, paper.what) == (
        "print",
        "head",
        AREA,
        mine.number,
    )  # what was refused left no line
    assert (export.act, export.role, export.area, export.data["filter"]) == ("export", "head", AREA, {"q": "Ktitle"})
    assert export.data["rows"] == len({word for word in told if word.startswith("B-")})
    auditor = flock.token(Role.AUDIT, "*")
    for path in TRAIL[:5]:
        status, body = house.get(path, auditor)
        assert status == 200
        assert "xlsx" in path or flock.name(*person).encode() in body
    for one in (person, *PEOPLE, (Role.DISPATCHER, ""), (Role.WALL, "third:1"), (Role.INSPECTOR, ""), (Role.SYSTEM, "*"), (Role.SECURITY, "*")):  # fmt: skip
        assert {house.get(path, flock.token(*one))[0] for path in TRAIL} <= {303, 403, 404}, one


def test_the_auditor_reads_no_case_by_any_door(house):
    flock, auditor = house.flock, house.flock.token(Role.AUDIT, "*")
    case = next(case for case in flock.cases if not case.restricted)
    paths = [f"/{name}/{AREA}" for name in ("live", "print", "map", "rota")] + [f"/search/{AREA}?q={case.number}"]
    paths += [f"/{name}/{AREA}/{case.number}" for name in ("dispatch", "spot", "card/incident")]
    paths += [f"/photo/{AREA}/{digest}" for digest in flock.digests(case)] + [
        f"/{page}?case={case.number}" for page in PAGES
    ]
    for path in paths:
        status, body = house.get(path, auditor)
        assert status in {303, 403, 404}, path
        assert not words_in(body) - words_in(path), path
    with pytest.raises(InvalidStatus), line(house.address, auditor):
        pass
