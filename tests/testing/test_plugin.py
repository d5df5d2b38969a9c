"""The cases as pytest items: run by pytest itself."""

from __future__ import annotations

import pytest
from tests.testing.parcels import HEAD, write_bundle

pytest_plugins = ["pytester"]

GOOD = HEAD + "cases:\n  - {name: first case, expect: {verdict: paid}}\n"
BAD = HEAD + "cases:\n  - {name: second case, expect: {verdict: declined}}\n"


@pytest.fixture
def bundle(pytester):
    def make(**tests: str):
        return write_bundle(pytester.path / "policies" / "parcels", **tests)

    return make


def test_cases_are_items_with_ids_of_file_and_name(pytester, bundle):
    bundle(one=GOOD)
    result = pytester.runpytest_inprocess("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["policies/parcels/tests/one.test.yaml::first case PASSED*"])


def test_one_case_can_be_chosen(pytester, bundle):
    bundle(one=GOOD, two=BAD)
    pytester.runpytest_inprocess("-k", "first").assert_outcomes(passed=1, deselected=1)
    pytester.runpytest_inprocess("policies/parcels/tests/one.test.yaml::first case").assert_outcomes(passed=1)


def test_a_failure_is_told_in_words_without_a_traceback(pytester, bundle):
    bundle(two=BAD)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*policies/parcels/tests/two.test.yaml:9: failed: two::second case",
            "*expected: declined",
            "*actual:   paid",
            "*why:",
            "*rule PI-BROKEN for `a` is true (policies/parcels/cover.yaml:13)",
        ]
    )
    told = result.stdout.str()
    assert "Traceback" not in told
    assert "plugin.py" not in told


def test_facts_that_would_be_refused_fail(pytester, bundle):
    bundle(one=GOOD.replace("expect:", "facts: {items: [{id: a}, {id: a}]}, expect:"))
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*request/duplicate-id*"])


def test_a_file_with_a_fault_fails_the_collection_with_the_diagnostic(pytester, bundle):
    bundle(one=GOOD.replace("paid", "payd"), two=GOOD)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "policies/parcels/tests/one.test.yaml:9:42: error[[]names/unknown[]]: unknown verdict of `damage` `payd`",
            "*^^^^",
            "*= help: did you mean `paid`[?]",
        ]
    )
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize("text", ["", "# nothing\n", "kind: tests\ndecision: damage\n", HEAD + "cases: []\n"])
def test_a_file_without_a_case_fails(pytester, bundle, text):
    bundle(one=text)
    assert pytester.runpytest_inprocess().ret == pytest.ExitCode.INTERRUPTED


def test_a_broken_bundle_fails_the_collection_with_its_faults(pytester, bundle):
    folder = bundle(one=GOOD)
    (folder / "cover.yaml").write_text("kind: covrage\n", encoding="utf-8")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["policies/parcels/cover.yaml:1:7: error[[]schema/kind[]]*"])


def test_cases_without_a_bundle_fail(pytester):
    folder = pytester.mkdir("tests")
    (folder / "lost.test.yaml").write_text(GOOD, encoding="utf-8")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*bundle/none*"])


def test_a_file_of_cases_that_is_never_run_fails_the_collection(pytester, bundle):
    folder = bundle(one=GOOD)
    (folder / "tests" / "late.yaml").write_text(GOOD, encoding="utf-8")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["policies/parcels/tests/late.yaml:1:1: error[[]tests/not-run[]]*"])


def test_cases_are_run_once_each_by_several_workers(pytester, bundle):
    bundle(one=GOOD, two=BAD)
    result = pytester.runpytest_subprocess("-n", "2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*two.test.yaml:9: failed: two::second case"])


def test_files_of_others_are_left_alone(pytester):
    folder = pytester.mkdir("tests")
    (folder / "other.test.yaml").write_text("suite: mine\n", encoding="utf-8")
    (pytester.path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    pytester.makepyfile("def test_mine(): pass")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_a_bundle_is_loaded_once_for_all_its_files(pytester, bundle, monkeypatch):
    from policyengine import loading

    seen = []
    load = loading.load_bundle
    monkeypatch.setattr(loading, "load_bundle", lambda folder: seen.append(folder) or load(folder))
    bundle(one=GOOD, two=GOOD, three=GOOD)
    pytester.runpytest_inprocess().assert_outcomes(passed=3)
    assert len(seen) == 1


def test_a_run_without_policies_imports_nothing_of_the_engine(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_light():
            assert "policyengine.testing.plugin" in sys.modules
            light = ("policyengine.testing", "policyengine.packing.finding")
            heavy = [m for m in sys.modules if m.startswith("policyengine.") and not m.startswith(light)]
            heavy = [m for m in heavy if m != "policyengine.packing"]
            assert heavy == []
        """
    )
    result = pytester.runpython_c("import pytest, sys; sys.exit(pytest.main(['-q']))")
    assert result.ret == 0, result.stdout.str()


def test_every_item_tells_its_line(pytester, bundle):
    bundle(one=GOOD)
    (item,), _ = pytester.inline_genitems()
    path, line, name = item.reportinfo()
    assert (path.name, line, name) == ("one.test.yaml", 8, "first case")
