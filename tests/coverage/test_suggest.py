"""``policyengine test --suggest``: what is found covers what was missing, is small, passes, and harms no file."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

import pytest
from click.testing import CliRunner
from tests.coverage.small import FACTS, folder_of, measured, rules

from policyengine.cli.main import cli
from policyengine.coverage.meter import Meter
from policyengine.coverage.suggest.suggestions import suggest
from policyengine.coverage.suggest.writing import CannotAdd, Suggested, with_cases
from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.testing.cases import read_cases
from policyengine.testing.run import run_cases

RULES = """
- {id: R, when: {order.total: more than 5 USD, order.size: large}, because: Large.}
- {id: S, when: {order.count: from 2 to 4}, unless: {order.sure: true}, because: Few.}
- {id: T, when: {order.paid: true}, in_force: {from: 2024-01-01}, because: Paid.}
"""
ONE = """
- name: one
  facts: {order: {placed_on: 2025-01-01, total: 5 USD, count: 9, paid: false, size: small}}
  expect: {verdict: grant}
"""
FILE = "suggested_d.test.yaml"


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "small", rules(RULES), ONE)


def run(*arguments):
    return CliRunner().invoke(cli, ["test", "--engine", "compiled", *map(str, arguments)], catch_exceptions=False)


def test_once_people_take_the_mark_away_nothing_is_missing(folder):
    before = measured(folder)
    assert before.missing()
    done = run(folder, "--suggest")
    assert done.exit_code == 0
    assert f"{folder}/tests/{FILE}: " in done.stdout
    assert measured(folder).all == before.all
    path = folder / "tests" / FILE
    path.write_text(path.read_text().replace("    review: true\n", ""))
    after = measured(folder)
    assert after.failed == after.review == 0
    assert after.missing() == ()


def test_suggested_cases_pass_and_fail_when_the_answer_changes(folder):
    run(folder, "--suggest")
    results = run_cases(folder)
    assert results.ok
    assert sum(o.case.review for o in results.outcomes) == len(results.outcomes) - 1
    text = (folder / "rules.yaml").read_text()
    (folder / "rules.yaml").write_text(text.replace("from 2 to 4", "from 2 to 3"))
    done = run(folder)
    assert done.exit_code == 1
    (line, *_) = [line for line in done.stdout.splitlines() if ": failed" in line]
    assert "(under review)" in line


def test_each_case_names_what_it_is_for_and_needs_all_of_its_facts(folder):
    bundle = load_bundle(folder)
    found = suggest(bundle, run_cases(folder, engines=("compiled",), check=False).outcomes)
    assert found.not_found == ()
    made = found.made["d"]
    assert len({case.name for case in made}) == len(made) > 5
    with Meter(bundle) as meter:
        covered = set(meter.covered(case_of(folder, "one")))
        for case in made:
            hits, answer = meter.measured("d", case.facts, case.as_of)
            new = hits - covered
            assert new
            covered |= hits
            for smaller in without_one(case.facts):
                fewer, other = meter.measured("d", smaller, case.as_of)
                # Something of what it was made for is lost, or the answer is another one.
                assert not (hits <= fewer and other == answer)


def case_of(folder, name):
    return next(c for c in read_cases(load_bundle(folder), folder, Diagnostics()) if c.name == name)


def without_one(facts):
    for group, fields in facts.items():
        for field in fields:
            copy = deepcopy(facts)
            del copy[group][field]
            yield copy


def test_the_same_suggestions_come_each_time(tmp_path):
    texts = []
    for name in ("a", "b"):
        folder = folder_of(tmp_path / name / "small", rules(RULES), ONE)
        run(folder, "--suggest")
        texts.append((folder / "tests" / FILE).read_bytes())
    assert texts[0] == texts[1]


def test_what_is_under_review_is_not_suggested_again(folder):
    run(folder, "--suggest")
    text = (folder / "tests" / FILE).read_bytes()
    done = run(folder, "--suggest")
    assert "nothing to suggest" in done.stdout
    assert (folder / "tests" / FILE).read_bytes() == text


def test_what_a_person_wrote_into_the_file_stays_as_it_is(folder):
    run(folder, "--suggest")
    path = folder / "tests" / FILE
    start = path.read_text().index("  - name")
    end = path.read_text().index("  - name", start + 1)
    mine = path.read_text()[:end].replace("    review: true\n", "    cites: [P7]   # mine\n")
    path.write_text(mine)
    run(folder, "--suggest")
    assert path.read_text().startswith(mine)
    assert len(path.read_text()) > len(mine)


@pytest.mark.parametrize(
    "edited",
    [
        (
            "kind: tests\ndecision: d\nas_of: 2025-01-10\nfacts: {order: {paid: true}}\n"
            "cases:\n  - {name: a, expect: {missing: []}}\n"
        ),
        "kind: tests\ncases:\n  - {name: a, as_of: 2025-01-10, expect: {missing: []}}\ndecision: d\n",
        "kind: tests\ndecision: d\ncases: [{name: a, as_of: 2025-01-10, expect: {missing: []}}]\n",
    ],
    ids=["facts for all", "something after the cases", "cases on one line"],
)
def test_a_file_that_cannot_take_them_is_left_as_it_is_and_told(folder, edited):
    path = folder / "tests" / FILE
    path.write_text(edited)
    done = run(folder, "--suggest")
    assert done.exit_code == 1
    assert f"{path}" in done.stderr
    assert "--suggest-into" in done.stderr
    assert path.read_text() == edited
    assert not list(path.parent.glob("*.new"))


def test_another_folder_can_be_named(folder, tmp_path):
    done = run(folder, "--suggest-into", tmp_path / "else" / "where")
    assert done.exit_code == 0
    assert (tmp_path / "else" / "where" / FILE).exists()
    assert not (folder / "tests" / FILE).exists()


def test_what_cannot_be_found_is_told(tmp_path):
    # No number is above 5 and below 3; that is not proved, so it is missing.
    text = "- {id: R, when: {where: [order.count > 5, order.count < 3]}, because: Never.}"
    folder = folder_of(
        tmp_path / "small", rules(text), "- {name: one, facts: {order.count: 1}, expect: {verdict: grant}}"
    )
    done = run(folder, "--suggest")
    assert done.exit_code == 0
    assert f"{folder}/rules.yaml:6: rule R: no case in which it is true" in done.stdout
    assert "no facts were found, with up to 3,000 tried for each" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "~",
        "null",
        "",
        "-",
        "a: b",
        "# no",
        'it\'s "so"',
        "caf\u00e9 \u2713",
        "true",
        "007",
        "2025-01-01",
        "[x]",
        " blank ",
        "*a",
        "!t",
        "x\ny",
    ],
)
def test_every_text_is_read_back_as_it_was(tmp_path, text):
    facts = FACTS + "  order.note: {type: text}\n"
    folder = folder_of(
        tmp_path,
        rules("- {id: R, when: {order.note: '\"x\"'}, because: X.}") | {"facts.yaml": facts},
        "- {name: one, facts: {order.paid: true}, expect: {missing: [order.note]}}",
    )
    bundle = load_bundle(folder)
    case = Suggested("n: 1", date(2025, 1, 1), {"order": {"note": text}}, {"missing": []})
    path = folder / "tests" / FILE
    path.write_text(with_cases(path, bundle, "d", [case]))
    (found,) = [c for c in read_cases(bundle, folder, Diagnostics()) if c.review]
    assert found.facts == {"order": {"note": text}}
    assert found.name == "n: 1"


def test_a_file_that_cannot_be_read_takes_nothing(folder):
    path = folder / "tests" / FILE
    path.write_text("kind: tests\n  bad")
    case = Suggested("n", date(2025, 1, 1), {}, {"missing": []})
    with pytest.raises(CannotAdd, match=FILE):
        with_cases(path, load_bundle(folder), "d", [case])


def test_a_case_for_an_exception_is_one_in_which_it_decides(tmp_path):
    text = """
- {id: A, when: {order.size: large}, because: Large.}
- {id: B, when: {order.count: more than 4}, unless: {order.sure: true}, because: Many.}
"""
    one = ONE.replace("size: small", "size: large").replace("count: 9", "count: 1").replace("grant}", "refuse}")
    folder = folder_of(tmp_path / "small", rules(text), one)
    bundle = load_bundle(folder)
    found = suggest(bundle, run_cases(folder, engines=("compiled",), check=False).outcomes)
    about = [c for c in found.made["d"] if c.name.startswith("condition order.sure = true of B")]
    assert about
    with Meter(bundle) as meter:
        for case in about:
            # Were the large one refused anyway, nobody could see that the exception works.
            assert meter.sway("d/B", "d", case.facts, case.as_of) == 2, case
            _, answer = meter.measured("d", case.facts, case.as_of)
            assert "A" not in {r.rule for r in answer.reasons}
