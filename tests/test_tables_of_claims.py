"""The line after a run says which demands of a table were held, and which were not."""

from __future__ import annotations

import pytest
from tables_of_claims import TABLES, lines

NAMES = TABLES["politeness"][1]


def report(*names: str) -> object:
    made = pytest.TestReport("t", ("t", 0, "t"), {}, "passed", None, "call")
    made.user_properties = [("politeness", name) for name in names]
    return made


def test_all_that_passed_is_said_shortly():
    assert list(lines({"passed": [report(*NAMES)]}, whole=False)) == ["politeness 28 of 28"]


def test_a_demand_of_which_one_test_failed_is_not_met():
    reports = {"passed": [report(*NAMES)], "failed": [report("H2")], "skipped": [report("H3")]}
    assert list(lines(reports, whole=True)) == ["politeness 26 of 28; failed: H2; not run: H3"]


def test_a_run_without_marked_tests_says_nothing():
    assert list(lines({"passed": [report()]}, whole=True)) == []


def test_a_run_of_some_tests_does_not_list_the_demands_of_the_others():
    reports = {"passed": [report("H2")]}
    assert list(lines(reports, whole=False)) == []
    assert next(lines(reports, whole=True)).startswith("politeness 1 of 28; not run: H1 H3 ")
