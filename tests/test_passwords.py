"""What a password must be: NIST SP 800-63B-4, and 等级保护二级."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import NOW

from data import rules
from desk.access.rules import Identity
from geo.errors import RulesError
from incidents.passwords import faults, is_old

SAID = rules.read("identity")
NIST = Identity.from_table({**SAID, "policy": "nist"}).policy
LEVEL2 = Identity.from_table({**SAID, "policy": "level2"}).policy


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("wind auf dem kirschbaum", ()),
        ("春眠不觉晓处处闻啼鸟夜来风雨声", ()),  # 15 characters: a character is one, however many bytes it has
        ("春眠不觉晓处处闻啼鸟夜来风雨", ("short",)),
        ("Kiefer-im-Wind", ("short",)),
        ("", ("short", "kinds")),
        ("x" * 129, ("long", "simple")),
        ("passwordpassword", ("simple",)),
        ("1234567890123456", ("simple",)),
        ("abcdefghijklmnop", ("simple",)),
        ("111111111111111111", ("simple",)),
        ("2026!!wanggeyuan!!2026", ("common",)),
        ("wind auf dem\0 kirschbaum", ("control",)),
    ],
)
def test_nist_wants_length_and_no_common_word(password, found):
    assert faults(NIST, password) == found


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("Kiefer-47", ()),
        ("Kiefer47", ()),
        ("kiefer-47", ()),
        ("kiefer47", ("kinds",)),
        ("kieferundwind", ("kinds",)),
        ("Ki-47", ("short",)),
        ("Password1!", ("common",)),
        ("P@ssw0rd123", ("common",)),
        ("Longnan@2026", ("common",)),
        ("郑州@2026abC", ()),
        ("密码Aa1", ("short",)),
    ],
)
def test_level2_wants_three_kinds_of_four(password, found):
    assert faults(LEVEL2, password) == found


@pytest.mark.parametrize("password", ["li.na@mianfang", "1li.na@mianfang!", "Li.Na@Mianfang2026", "gnafnaim@an.il"])
def test_a_password_is_not_made_of_the_name(password):
    assert "name" in faults(LEVEL2, password, name="li.na@mianfang")


def test_a_password_is_the_same_whatever_keyboard_typed_it():
    assert faults(LEVEL2, "Ｐａｓｓｗｏｒｄ１！") == ("common",)


def test_level2_wants_a_new_one_after_90_days_and_nist_never():
    assert not is_old(LEVEL2, NOW, NOW + timedelta(days=89, hours=23))
    assert is_old(LEVEL2, NOW, NOW + timedelta(days=90))
    assert not is_old(NIST, NOW, NOW + timedelta(days=9000))


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(password):
    for policy in (NIST, LEVEL2):
        found = faults(policy, password, name="li")
        assert set(found) <= {"short", "long", "control", "kinds", "common", "simple", "name"}
        assert found == faults(policy, password, name="li")


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12), st.text("0123456789!@#", max_size=8))
def test_signs_around_a_common_word_do_not_help(word, signs):
    policy = Identity.from_table({**SAID, "blocklist": {"words": [word]}}).policy
    assert "common" in faults(policy, signs + word.capitalize() + signs)


def test_every_fault_of_the_file_is_named_at_once():
    broken = {**SAID, "policy": "none", "argon2": {"passes": 0, "memory_kib": 8, "lanes": 4, "at_once": True}}
    with pytest.raises(RulesError) as caught:
        Identity.from_table({**broken, "audit": {"keep_days": 183}})
    said = str(caught.value)
    for name in (
        "policy is 'none'",
        "argon2.passes",
        "argon2.at_once",
        "8 for each of 4 lanes",
        "audit.keep_days is 183",
    ):
        assert name in said
    assert len(caught.value.faults) == 5
