"""Weeks before a wall, in nine seconds: the benchmark's own code, so that what grows is seen before anybody runs the half hour."""

from argparse import Namespace

import pytest

from benchmarks.soak_wall import run

pytestmark = pytest.mark.browser
SHORT = Namespace(minutes=0.15, hours=0, changes=60, cuts=8, restarts=1, walls=1)
# In so short a time a node or a script that comes late counts; a leak of one listener or row a change would be more by far.
MOST = {"heap": 0.1, "nodes": 0.15, "listeners": 0.05}


def test_nothing_grows_before_a_screen_while_cases_come_and_go_and_it_is_the_ledger(tmp_path, browser):
    found, _is_flat = run(tmp_path, browser, SHORT)
    assert found["screens are the ledger"], found
    assert found["shown at the end"] > 0
    assert {name: grown for name, grown in found["grown"].items() if grown > MOST[name]} == {}
