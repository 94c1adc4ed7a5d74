"""The document of the field pages: one for everybody, without data, which a phone may keep; its worker; its map."""

import json
import re

import pytest
from accounts import signed_in
from http_client import ask
from test_gate import built

import app as console
from api.field.shell import LATER, SCRIPTS
from api.field.words import WORDS, words
from api.identity import COOKIE
from locales import translator

AREA, OTHER = "longnan", "mianfang"
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def cookie():
    return f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'worker', f'{AREA}:micro:41010299900100101')}"


@pytest.fixture(scope="module")
def document(cookie):
    return ask(built(), f"/field/{AREA}", cookie=cookie, **PAGE)


def test_the_door_leads_to_the_area_of_who_asks(cookie):
    answer = ask(built(), "/field", cookie=cookie, **PAGE)
    assert (answer.status, answer.headers["location"]) == (303, f"/field/{AREA}")


def test_who_is_not_logged_in_is_led_to_the_log_in_page_and_back():
    answer = ask(built(), f"/field/{AREA}", **PAGE, x_forwarded_for="10.0.0.9")  # not at the console's own machine
    assert (answer.status, answer.headers["location"]) == (303, f"/log-in?next=%2Ffield%2F{AREA}")


def test_an_area_beyond_the_scope_is_none(cookie):
    assert ask(built(), f"/field/{OTHER}", cookie=cookie, **PAGE).status == 404


def test_the_document_is_the_same_for_everybody(document):
    head = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'head', f'{AREA}:grid:410102999001001')}"
    assert ask(built(), f"/field/{AREA}", cookie=head, **PAGE).text == document.text


def listed(text):
    found = re.search(
        r'<script type="application/json" id="field-list" data-etag="([^"]+)">(.*?)</script>', text, re.DOTALL
    )
    return found and (found[1].replace("&quot;", '"'), json.loads(found[2]))


@pytest.mark.parametrize(
    "asks",
    [{"sec_fetch_dest": "document"}, {"accept": "text/html,application/xhtml+xml,*/*"}],
    ids=["new", "before 2023"],
)
def test_who_opens_the_document_gets_their_list_within_it_and_no_cache_keeps_it(document, cookie, asks):
    answer = ask(built(), f"/field/{AREA}", cookie=cookie, **{**PAGE, **asks})
    etag, said = listed(answer.text)
    data = ask(built(), f"/field/{AREA}/data", cookie=cookie)
    assert (etag, {**said, "served": ""}) == (data.headers["etag"], {**json.loads(data.text), "served": ""})
    assert (answer.headers["cache-control"], 'rel="preload"' in answer.text) == ("no-store", False)
    assert answer.headers["content-security-policy"] == document.headers["content-security-policy"]


@pytest.mark.parametrize("asks", [{"sec_fetch_dest": "empty", "accept": "text/html,application/xhtml+xml"}, {}])
def test_what_a_worker_asks_for_has_no_list(cookie, asks):
    answer = ask(built(), f"/field/{AREA}", cookie=cookie, **{**PAGE, **asks})
    assert ('id="field-list"' in answer.text, 'rel="preload"' in answer.text) == (False, True)


def test_the_document_has_no_inline_script_and_may_show_what_is_not_sent_yet(document):
    policy = dict(part.strip().split(" ", 1) for part in document.headers["content-security-policy"].split(";"))
    assert (policy["script-src"], policy["img-src"]) == ("'self'", "'self' data: blob:")
    assert (policy["worker-src"], policy["frame-src"], policy["connect-src"]) == ("'self'", "'self'", "'self'")
    scripts = re.findall(r"<script([^>]*)>", document.text)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", document.text)


def test_every_script_and_style_that_the_document_names_is_there(document, cookie):
    named = re.findall(r'(?:src|href)="(/assets/[^"]+)"', document.text)
    assert {name for path in named for name in path.rsplit("/", 1)[1].split("+")} >= {
        *SCRIPTS,
        *LATER,
        "field.webmanifest",
    }
    assert [path for path in named if ask(built(), path, cookie=cookie).status != 200] == []


def test_both_languages_say_every_word(document):
    data = json.loads(re.search(r'id="field-data">(.*?)</script>', document.text, re.DOTALL)[1])
    assert set(data["words"]["zh"]) == set(data["words"]["en"]) >= set(WORDS)
    assert data["words"]["zh"] == words(translator("zh"))


def test_the_words_that_the_scripts_use_are_there():
    known, used = words(translator("en")), set()
    for name in (*SCRIPTS, *LATER):
        used |= set(re.findall(r'\bt\("([a-z_0-9]+)"', console.CONSOLE.assets[name].read_text("utf-8")))
    begun = (
        "act_",
        "status_",
        "fact_",
        "how_",
        "help_",
        "hint_",
        "words_",
        "urgency_",
        "refused_",
        "open_",
        "visit_",
        "choose_",
        "filter_",
        "nothing_",
        "each_",
        "every_",
        "patrol_",
        "warning_",
        "warning_kept_",
    )
    assert sorted(word for word in used if word not in known and word not in begun) == []


def test_the_worker_needs_no_session_and_is_asked_for_each_time():
    answer = ask(built(), "/field/sw.js?assets=/assets/00/", x_forwarded_for="10.0.0.9")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
    assert answer.headers["content-type"].startswith("text/javascript")


def test_the_map_under_the_worker_is_the_map(cookie):
    one, other = (ask(built(), f"/{path}?lang=zh&theme=dark", cookie=cookie, **PAGE) for path in (f"map/{AREA}", f"field/{AREA}/map"))  # fmt: skip
    assert (one.status, one.text) == (other.status, other.text)
