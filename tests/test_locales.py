"""Every text has its Chinese, and no translation is left over."""

import ast
import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest

from locales import LANGUAGES, LOCALES, build, translator

HAN = re.compile("[一-鿿]")
PAGES = Path(__file__).parent.parent / "pages"
FIELD = re.compile(r"{[^}]*}")
SAME = {
    "{name} {code}",
    " ({span})",
    "{file}: {why}",
    "{label}: {change}",
    "; ",
    "{name}: {said}",
    "{state} ({reason})",
}  # what needs no word


@pytest.fixture(scope="module")
def zh():
    return {message.id: message.string for message in build.read("zh_CN") if message.id}


def test_the_code_and_the_catalogue_have_the_same_msgids(zh):
    assert set(build.found()) == set(zh), "run `python -m locales.build` and translate what it lists"


def test_every_msgid_is_translated(zh):
    assert [msgid for msgid, text in zh.items() if not text] == []


def test_chinese_is_chinese_and_english_is_english(zh):
    assert [text for msgid, text in zh.items() if msgid not in SAME and not HAN.search(text)] == []
    assert [msgid for msgid in zh if HAN.search(msgid)] == []


def test_fields_are_the_same(zh):
    assert [msgid for msgid, text in zh.items() if sorted(FIELD.findall(msgid)) != sorted(FIELD.findall(text))] == []


def test_the_compiled_catalogue_is_that_of_its_source(zh):
    compiled = gettext.GNUTranslations(BytesIO(build.source("zh_CN").with_suffix(".mo").read_bytes()))
    assert [msgid for msgid, text in zh.items() if compiled.gettext(msgid) != text] == [], (
        "run `python -m locales.build`"
    )


def test_two_languages_and_chinese_for_any_other():
    assert LANGUAGES == ("zh", "en")
    assert set(LOCALES) == set(LANGUAGES)
    assert translator("zh")("Print") == translator("fr")("Print") == "打印"
    assert translator("en")("Print") == "Print"
    assert translator("zh")("not a msgid") == "not a msgid"


def test_msgids_are_found_wherever_they_stand():
    code = (
        'a = _("one")\nb = f"{_(\'two\')} {speech._("three")}"\nc = N_("four")\n_(variable)\nother("five")\n'.replace(
            '{speech._("three")}', "{speech._('three')}"
        )
    )
    assert list(build.texts_of(code)) == ["one", "four", "two", "three"]


def test_no_choice_offers_to_take_all_in_words_of_streamlits():
    """It says "Select 52 matches" in every language, and is what Enter takes: a word that was typed for one post chose 52."""
    trees = [ast.parse(path.read_text("utf-8")) for path in PAGES.rglob("*.py")]
    calls = [one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) == "st.multiselect"]  # fmt: skip
    assert calls
    assert [ast.unparse(one) for one in calls if "select_all=False" not in ast.unparse(one)] == []
