"""Scope behind Streamlit's own door: a grid head who writes the websocket's messages by hand reads no word of a neighbour's case, and writes none."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from accounts import quick_rules, signed_in
from console_server import served
from desk_browser import AREA, Console, post, reported, room_in
from lines import chosen, gone, line, pressed, typed

from desk.posts import roster
from incidents.lifecycle import PostKind
from ledger import find
from ledger.views import View, save, views

DISPATCHER = post("dispatcher::")
OWN, SECRET = re.compile(rb"EIGEN(?:TITEL|TEXT|ORT)"), re.compile(rb"GEHEIM(?:TITEL|TEXT|ORT)")
DEPUTY, NOTHING = "副网格长", "LN-20261120-9999"


class Town:
    """A console over a ledger with two cases, one in the grid of the head who asks, one in the next."""

    def __init__(self, folder):
        self.room = room_in(folder)
        codes = self.room.area.net.levels[1].codes
        self.grid, self.beside = f"grid:{codes[0]}", f"grid:{codes[1]}"
        self.own, self.other = (
            reported(self.room, f"{word}TEXT", title=f"{word}TITEL", address=f"{word}ORT", place=self.place(code))
            for word, code in (("EIGEN", codes[0]), ("GEHEIM", codes[1]))
        )
        wish = roster.Wish(PostKind.DEPUTY, DEPUTY, ("grid", codes[0]))
        self.deputy = roster.add(self.room, wish, DISPATCHER, datetime.now(UTC))
        self.head = signed_in(folder, "head", f"{AREA}:{self.grid}")
        self.dispatcher = signed_in(folder, "dispatcher", AREA)

    def place(self, code):
        """Return which micro-grid is the first of a grid."""
        return next(n for n, micro in enumerate(self.room.area.net.leaf.codes) if micro.startswith(code))

    def asked(self, query=""):
        """Return an address, with what it says of the next grid and of its case."""
        return f"area={AREA}&lang=zh&" + query.format(beside=self.beside, number=self.other.number)

    @property
    def version(self):
        with self.room.ledger.reading() as connection:
            return find.version(connection, AREA)

    @property
    def standing(self):
        """Version of the ledger, and all views and posts."""
        with self.room.ledger.reading() as connection:
            kept = views(connection, AREA, self.deputy.key)
        return self.version, kept, sorted(self.room.register.posts(datetime.now(UTC) + timedelta(days=1)))


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return Town(tmp_path_factory.mktemp("ledger"))


@pytest.fixture(scope="module")
def console(town, tmp_path_factory):
    home, folder = tmp_path_factory.mktemp("home"), town.room.ledger.folder
    rules = quick_rules(home)
    limits = (rules / "limits.toml").read_text("utf-8")
    (rules / "limits.toml").write_text(re.sub(r"(\[reports\.account\]\nat_once = )\d+", r"\g<1>2", limits), "utf-8")
    environ = {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_DEMO": "false", "BATTLEMAP_RULES": str(rules)}
    with served(home, "--area", AREA, **environ) as address:
        yield Console(address, folder)


@pytest.fixture
def head(town, console):
    """The websocket of the grid head, after which the ledger is as it was."""
    before = town.standing
    with line(console, town.head) as found:
        yield found
    assert town.standing == before


LISTS = [
    *(("cases", query) for query in ("grid={beside}", "q=GEHEIM", "q={number}", "handler=dispatcher::", "grid={beside}&q=GEHEIM&mark=red,grey&days=365")),
    *(("inbox", f"pile={pile}&post={who}") for pile in ("unsorted", "grid", "new") for who in ("dispatcher::", "head:{beside}")),
    ("", "grid={beside}&days=365"), ("duty", ""), ("posts", "in={beside}&key=head:{beside}"), ("facts", "grid={beside}"),
]  # fmt: skip


def test_no_address_of_a_list_shows_a_case_of_the_next_grid(town, console, head):
    shown = {}
    for who in (town.head, town.dispatcher):
        shown[who] = b""
        for page, query in LISTS:
            with line(console, who) as fresh:
                shown[who] += fresh.run(town.asked(query), page=page)
    assert not SECRET.search(shown[town.head])
    assert {b"EIGENTITEL"} <= set(OWN.findall(shown[town.head]))
    assert {b"GEHEIMTITEL", b"GEHEIMORT"} <= set(SECRET.findall(shown[town.dispatcher]))


def test_the_sheet_of_a_case_of_the_next_grid_reads_as_that_of_one_that_does_not_exist(town, console, head):
    told, words = b"", []
    for number in (town.other.number, NOTHING):
        with line(console, town.head) as fresh:
            told += fresh.run(town.asked(f"case={number}"), page="case")
            words.append(fresh.words.replace(number, "N"))
            told += fresh.run(
                town.asked(), *gone(fresh.widget("address"), "case", case=number, act="note"), page="case"
            )
            words.append(fresh.words.replace(number, "N"))
            assert not fresh.shows("form_")
            assert not fresh.shows("key_act")
    assert not SECRET.search(told)
    assert words[:2] == words[2:]
    assert "N" in words[0]
    with line(console, town.dispatcher) as other:
        assert set(SECRET.findall(other.run(town.asked("case={number}"), page="case"))) == {
            b"GEHEIMTITEL",
            b"GEHEIMTEXT",
            b"GEHEIMORT",
        }
        other.run(town.asked(), *gone(other.widget("address"), "case", case=town.other.number, act="note"), page="case")
        assert other.shows("form_")


def test_a_view_that_asks_for_the_next_grid_shows_nothing_of_it(town, console):
    view = View("全部", "", {"grid": town.beside, "q": "GEHEIM", "post": "dispatcher::", "area": "elsewhere"})
    town.room.ledger.change(lambda writing: save(writing, AREA, view, by="dispatcher::", at=datetime.now(UTC)))
    before, told = town.standing, {}
    for who in (town.head, town.dispatcher):
        with line(console, who) as one:
            one.run(town.asked(), page="cases")
            told[who] = one.run(town.asked(), pressed(one.widget("view_0_show")), page="cases")
    assert not OWN.search(told[town.head])  # the view is on
    assert not SECRET.search(told[town.head])
    assert SECRET.search(told[town.dispatcher])
    assert town.standing == before


def plain(words):
    """Return words without their tags, for the links repeat what the address says, and without minutes: the clock goes on between two runs."""
    return re.sub(r"\d\d:\d\d|\d+ 分钟", "…", re.sub(r"<[^>]+>", " ", words))


@pytest.mark.parametrize("forged", ["dispatcher::", "inspector::", "head:{beside}", "值守中心", "nobody::"])
def test_a_forged_acting_post_is_none(town, head, forged):
    head.run(town.asked("pile=grid"), page="inbox")
    own, choice = plain(head.words), head.widget("post_choice")
    told = head.run(town.asked(), typed(choice, forged.format(beside=town.beside)), page="inbox")
    assert OWN.search(told)
    assert not SECRET.search(told)
    assert plain(head.words) == own
    head.run(town.asked(), typed(choice, DEPUTY), page="inbox")
    assert f"<p>{DEPUTY}</p>" in head.words


def test_another_area_is_not_there(town, console, head):
    head.run(town.asked(), page="inbox")
    head.run(town.asked(), typed(head.widget("area_choice"), "mianfang"), page="inbox")
    chosen_words = head.words
    for page in ("", "inbox", "cases", "posts"):
        with line(console, town.head) as fresh:
            fresh.run("area=mianfang&lang=zh", page=page)
            assert not any(map(fresh.shows, ("map", "table_", "post_search", "sieve_q")))
            assert "bm-trouble" in fresh.words
    assert "bm-piles" not in chosen_words


def test_rows_that_the_table_does_not_have_dispatch_nothing_of_the_next_grid(town, console):
    with line(console, town.head) as head:
        case = reported(town.room, "EIGENTEXT", title="EIGENTITEL", place=town.place(town.grid[5:]) + 2)
        before, told = town.room.get(town.other.number), head.run(town.asked("q={number}"), page="cases")
        assert not head.shows("table_")
        told += head.run(town.asked(), pressed(head.widget("sieve_clear")), page="cases")
        for rows in ([0, 99], [10**9], [-1]):
            forged = chosen(head.widget("table_"), rows=rows)
            told += head.run(town.asked(), forged, page="cases")
            told += head.run(town.asked(), forged, pressed(head.widget("key_dispatch")), page="cases")
        handler = typed(head.widget("bulk_", "handler"), f"head:{town.beside}")
        told += head.run(town.asked(), forged, handler, pressed(head.widget("FormSubmitter", "派遣")), page="cases")
    assert not SECRET.search(told)
    assert town.room.get(town.other.number) == before
    assert f"head:{town.beside}" in {town.room.get(one.number).state.handler for one in (case, town.own)}  # it was sent


# page, what it shows to the dispatcher alone
FORBIDDEN = [("posts", "add_post"), ("posts", "import_posts"), ("duty", "rota_fill"), ("duty", "rota_copy")]


@pytest.mark.parametrize(("page", "button"), FORBIDDEN)
def test_a_button_that_the_role_does_not_have_cannot_be_pressed(town, console, head, page, button):
    with line(console, town.dispatcher) as other:
        other.run(town.asked("key={number}"), page=page)
        press = pressed(other.widget(button))
    head.run(town.asked(), page="inbox")
    head.run(town.asked(), *gone(head.widget("address"), page), page="inbox")
    assert head.shows("post_search" if page == "posts" else "note_open")  # it went there
    for _again in range(2):
        head.run(town.asked(), press, page=page)
        assert not head.shows(button)
        assert not head.shows("new_add")
        assert not head.shows("fill_go")


def test_a_page_that_the_role_does_not_have_is_not_shown(town, console):
    analyst = signed_in(town.room.ledger.folder, "analyst", f"{AREA}:{town.grid}")
    before = town.standing
    with line(console, town.dispatcher) as other, line(console, analyst) as one:
        for page, button in (("report", "save_report"), ("chat", "read_chat")):
            other.run(town.asked(), page=page)
            press = pressed(other.widget(button))
            for asked in ((), (press,)):
                told = one.run(town.asked(), *asked, page=page)
                assert not one.shows(button)
                assert not SECRET.search(told)
            one.run(town.asked(), *gone(one.widget("address"), page), page="")
            assert not one.shows(button)
    assert town.standing == before


def test_a_fragment_of_somebody_else_is_none_of_mine(town, console, head):
    with line(console, town.dispatcher) as other:
        other.run(town.asked("case={number}"), page="case")
        (fragment,) = other.fragments()
        told = other.run(town.asked("case={number}"), page="case", fragment=fragment)
        assert fragment.encode() in told  # it is there
        head.run(town.asked("case={number}"), page="case")
        head.send(town.asked("case={number}"), page="case", fragment=fragment)
        told = head.run(town.asked("case={number}"), page="case")  # whatever the fragment was answered comes before
        assert fragment.encode() not in told
        assert not SECRET.search(told)


def test_who_brings_the_name_of_another_ones_session_neither_reads_nor_acts_in_it(town, console):
    """Streamlit gives a session to whoever names it, and runs what its widgets do before our script sees who it is."""
    with line(console, town.dispatcher) as other:
        other.run(town.asked("case={number}"), page="case")
        other.run(town.asked(), pressed(other.widget("act_note")), page="case")
        written = typed(other.widget("form_", "_note_"), "我来过"), pressed(other.widget("FormSubmitter", "确认"))
        name, before = other.session, town.version
    with line(console, town.head, session=name) as thief:
        told = thief.run(town.asked(), *written, page="case")
        assert thief.session == name
    assert town.version == before
    assert not SECRET.search(told)
    with line(console, town.dispatcher) as other:
        other.run(town.asked("case={number}"), page="case")
        other.run(town.asked(), pressed(other.widget("act_note")), page="case")
        other.run(town.asked(), *written, page="case")
    assert town.version > before  # for its owner it does


MESSAGES = "机修巷12号院2号楼前面院里杂草又长起来了\n\n康桥新城门口垃圾满了\n\n机修巷12号院1号楼的路灯不亮"


def test_cases_out_of_chat_count_as_reports_do(town, console):
    """The console of this file lets two reports be saved at once."""
    with line(console, town.dispatcher) as one:
        one.run(town.asked(), page="chat")
        one.run(town.asked(), typed(one.widget("chat_paste"), MESSAGES), pressed(one.widget("read_chat")), page="chat")
        for number in range(3):
            before = town.version
            one.run(town.asked(), pressed(one.widget(f"save{number}")), page="chat")
            assert (town.version > before) is (number < 2), one.words
            assert ("bm-refused" in one.words) is (number == 2)
