"""What the commands print, for people and for programs."""

from __future__ import annotations

import json
import re
import shutil
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from tests.cli.conftest import SEAM

import policyengine
from policyengine import Engine, load_bundle
from policyengine.api_schema.files import api_schema, api_schema_text
from policyengine.cli.main import cli
from policyengine.cli.output.explanation import MOST_ROWS
from policyengine.frontend.schema_words import KINDS
from policyengine.frontend.schemagen import schema_text
from policyengine.shipped import shipped_schemas

DAY = ["--as-of", "2025-06-01"]


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_examples_and_exit_codes(run, name):
    help_ = run(name, "--help").output
    assert f"Examples:\n    policyengine {name}" in help_
    assert "Exit codes:\n    0  " in help_
    assert run(name, "-h").output == help_


def test_help_lists_every_command_and_every_exit_code(run):
    help_ = run("--help").output
    assert all(re.search(rf"^  {name} ", help_, re.MULTILINE) for name in cli.commands)
    assert all(f"\n    {code}  " in help_ for code in range(5))


def test_version(run):
    assert run("--version").output == f"policyengine {policyengine.__version__}\n"


# --- decide


def test_decide_says_the_verdict_first_and_then_all_there_is_to_say(run, umbrella):
    done = run("decide", umbrella, "refund", *DAY, facts={**SEAM, "damage": {"cause": "wind"}})
    digest = load_bundle(umbrella).digest
    assert (
        done.stdout
        == f"""\
refunded (granted)
Is the umbrella paid back, and how much — as of 2025-06-01

Amount
  20.00 EUR
  total: 40.00 EUR → 20.00 EUR (UM-WORN)

Reasons
  UM-WIND coverage.yaml:9
    Wind broke the umbrella.
    source: Umbrella promise, line 3
  UM-WORN payout.yaml:12
    For damage by wind a part is paid.
    source: Umbrella promise, line 4

Deadlines
  2027-03-01 (638 days left) UM-TOO-LATE

Values
  age_limit: 24 months

bundle umbrella 0.1.0, digest {digest}
"""
    )


def test_decide_says_what_is_missing_in_words(run, umbrella):
    done = run("decide", umbrella, "refund", *DAY, facts={**SEAM, "damage": {}})
    assert (
        """
Missing
  damage.cause — What happened to it
    enum: wind, seam, lost, pet, other; decides the verdict, for UM-LOST, UM-WIND, UM-SEAM
"""
        in done.stdout
    )


def test_decide_shows_elements_needs_and_the_plan(run, umbrella):
    assert (
        "\nNeeded\n  receipt\n"
        in run("decide", umbrella, "refund", *DAY, facts={**SEAM, "report": {"has_receipt": False}}).stdout
    )
    line = {"sku": "a", "unit_price": "30000 USD", "quantity": 2}
    order = {"order": {"currency": "USD", "total": "60000 USD", "lines": [line]}}
    plan = run("decide", "trade_assurance", "split", *DAY, facts=order).stdout
    assert "  2 contracts (no plan has fewer)\n  1. 1 of a: 30000.00 USD\n  2. 1 of a: 30000.00 USD\n" in plan
    claims = {"claims": [{"id": "c1", "reason": "customs_delay"}, {"id": "c2"}], "order": {"trade_assurance": False}}
    assert "TA-NOT-TA" in run("decide", "trade_assurance", "coverage", *DAY, facts=claims).stdout


def test_decide_as_json_is_the_decision(run, umbrella):
    first = run("decide", umbrella, "refund", *DAY, "--format", "json", facts=SEAM)
    with Engine(load_bundle(umbrella)) as engine:
        expected = engine.decide("refund", SEAM, as_of="2025-06-01").to_dict()
    assert json.loads(first.stdout) == expected
    Draft202012Validator(api_schema("decision")).validate(expected)
    assert first.stdout == run("decide", umbrella, "refund", *DAY, "--format", "json", facts=SEAM).stdout


def test_facts_come_from_a_file_or_from_standard_input(run, umbrella, tmp_path):
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(SEAM))
    from_file = run("decide", umbrella, "refund", *DAY, "--facts", file)
    assert from_file.stdout == run("decide", umbrella, "refund", *DAY, "--facts", "-", facts=SEAM).stdout
    assert from_file.exit_code == 0


def test_faults_of_facts_as_json(run, umbrella):
    done = run("decide", umbrella, "refund", "--format", "json", facts={"umbrella": {"prise": 1}, "damage": 1})
    assert done.exit_code == 1
    assert [e["pointer"] for e in json.loads(done.stdout)["errors"]] == ["/umbrella/prise", "/damage"]


def test_control_characters_never_reach_the_terminal(run):
    claims = [{"id": "\x1b[31mred\x07", "reason": "customs_delay"}]
    facts = {"claims": claims, "order": {"trade_assurance": True}}
    for name in ("decide", "explain"):
        assert not re.search("[\x00-\x08\x0b-\x1f]", run(name, "trade_assurance", "coverage", *DAY, facts=facts).stdout)


def test_colours_only_where_they_are_seen(umbrella):
    from click.testing import CliRunner

    words = ["decide", str(umbrella), "refund", *DAY]
    runner = CliRunner(env={"NO_COLOR": ""})
    assert "\x1b[" not in runner.invoke(cli, words, input=json.dumps(SEAM)).output
    assert "\x1b[" in runner.invoke(cli, words, input=json.dumps(SEAM), color=True).output
    told_not_to = CliRunner(env={"NO_COLOR": "1"})
    assert "\x1b[" not in told_not_to.invoke(cli, words, input=json.dumps(SEAM), color=True).output


# --- explain


def test_explain_shows_every_rule_with_its_conditions_facts_and_places(run, umbrella):
    done = run("explain", umbrella, "refund", *DAY, "--all", facts={**SEAM, "damage": {"cause": "wind"}})
    assert done.stdout.startswith("refunded (granted)\n")
    assert (
        done.stdout[done.stdout.index("Rule by rule") :]
        == """\
Rule by rule
T true, F false, ? not known

UM-LOST → not_refunded: does not hold  exclusions.yaml:9
  when
    F at least one of these  exclusions.yaml:10
      F damage.cause is lost (damage.cause is wind)
      F damage.cause is pet (damage.cause is wind)

UM-TOO-LATE → not_refunded: does not hold (the last day is not past)  deadlines.yaml:9
  day
    F damage.reported_on is after umbrella.bought_on + age_limit  deadlines.yaml:11
      damage.reported_on is 2025-06-01 by default (as_of is 2025-06-01)  deadlines.yaml:10
      umbrella.bought_on + age_limit is 2027-03-01 (umbrella.bought_on is 2025-03-01, age_limit is 24 months)

UM-RECEIPT → send_receipt: does not hold (the requirement is met)  requirements.yaml:10
  required
    T report.has_receipt is yes (report.has_receipt is true)  requirements.yaml:11

UM-WIND → refunded: holds  coverage.yaml:9
  it is among the reasons of the verdict
  when
    T damage.cause is wind (damage.cause is wind)  coverage.yaml:10

UM-SEAM → refunded: does not hold  coverage.yaml:13
  when
    F damage.cause is seam (damage.cause is wind)  coverage.yaml:14

Step by step to the amount
  UM-WORN makes 20.00 EUR of 40.00 EUR (amount * worn_share)  payout.yaml:12
  the payout rounds to 0.01 (half up): 20.00 EUR  payout.yaml:17
"""
    )


def test_explain_shows_in_full_what_matters_and_of_the_others_a_line(run, umbrella):
    done = run("explain", umbrella, "refund", *DAY, facts={**SEAM, "damage": {"cause": "lost"}})
    told = done.stdout[done.stdout.index("Rule by rule") :]
    full, _, rest = told.partition("\nThe other rules\n")
    # The rule that holds comes first, then those that a change listed above would rest on.
    assert [line.split()[0] for line in full.splitlines() if line.startswith("UM-")] == ["UM-LOST", "UM-WIND"]
    assert rest.startswith(
        "  UM-TOO-LATE → not_refunded: does not hold (the last day is not past)\n"
        "  UM-RECEIPT → send_receipt: does not hold (the requirement is met)\n"
        "  UM-SEAM → refunded: does not hold\n"
        "  --all shows every rule in full, --rule ID one\n"
    )
    everything = run("explain", umbrella, "refund", *DAY, "--all", facts={**SEAM, "damage": {"cause": "lost"}}).stdout
    assert "The other rules" not in everything
    assert everything.count("  when\n") == 3


def test_explain_says_whether_the_verdict_rests_on_a_rule_that_holds(run, umbrella):
    told = run("explain", umbrella, "refund", *DAY, facts={**SEAM, "damage": {"cause": "lost"}}).stdout
    assert "\nUM-LOST → not_refunded: holds  exclusions.yaml:9\n  it is among the reasons of the verdict\n" in told
    told = run("explain", umbrella, "refund", *DAY, facts={**SEAM, "report": {"has_receipt": False}}).stdout
    assert "\nUM-SEAM → refunded: holds  coverage.yaml:13\n  an earlier step settled it: UM-RECEIPT\n" in told


def test_explain_shows_a_few_of_the_rows_that_may_fit(run):
    facts = {"delivery": {"status": "delivered"}, "contract": {"elements": ["inspection_checklist"]}}
    words = ("explain", "trade_assurance", "release", *DAY)
    brief, everything = (run(*words, *more, facts=facts).stdout for more in ((), ("--all",)))
    assert "… and 7 more such rows" in brief
    assert "more such rows" not in everything
    assert brief.count("  sampling_plan.yaml:") == 2 * MOST_ROWS


def test_explain_tells_that_a_change_is_for_staff_also_where_it_only_opens_the_matter(run):
    facts = {"order": {"trade_assurance": False}}
    told = run("explain", "trade_assurance", "coverage", *DAY, facts=facts).stdout
    assert "\nWhat would change it\n  For staff: reckoned by" in told
    assert "leaves the matter open" in " ".join(told.split())


def test_explain_tells_elements_that_came_out_alike_together(run):
    claims = [{"id": name, "reason": "missing_items"} for name in ("a", "b")]
    facts = {"claims": claims, "order": {"placed_on": "2025-01-10"}}
    told = run("explain", "trade_assurance", "coverage", *DAY, facts=facts).stdout
    assert "\n  TA-X-WASHING → excluded: does not hold for a, b\n" in told


def test_explain_tells_of_a_fault_that_the_verdict_does_not_rest_on(run, umbrella, tmp_path):
    folder = tmp_path / "umbrella"
    shutil.copytree(umbrella, folder)
    rules = folder / "exclusions.yaml"
    mixed = "when: {damage.cause: lost, umbrella.price: more than 30 USD}"
    rules.write_text(rules.read_text().replace("when: {damage.cause: [lost, pet]}", mixed))
    facts = {**SEAM, "damage": {"cause": "lost"}}
    done = run("explain", folder, "refund", *DAY, facts=facts)
    assert "\nFaults\n" not in done.stdout  # the verdict does not rest on it
    what = "amounts in EUR and USD meet here without a stated rate"
    assert f"\nFaults in rules\n  in UM-LOST: {what} (exclusions.yaml:10)\n" in done.stdout
    assert "UM-LOST → not_refunded: is not known to hold (a fault in the rule)" in done.stdout
    assert f"        a fault: {what}  exclusions.yaml:10\n" in done.stdout
    why = run("explain", folder, "refund", *DAY, "--why-not", "UM-LOST", facts=facts).stdout
    assert f"      a fault: {what}\n" in why


def test_explain_one_rule_that_is_open(run, umbrella):
    done = run("explain", umbrella, "refund", *DAY, "--rule", "UM-TOO-LATE", facts={"damage": {"cause": "wind"}})
    told = done.stdout[done.stdout.index("UM-TOO-LATE →") :]
    assert told.startswith("UM-TOO-LATE → not_refunded: is not known to hold  deadlines.yaml:9\n")
    assert "  missing: umbrella.bought_on\n" in told
    assert "UM-WIND" not in told


def test_explain_every_decision_of_the_shipped_bundles(run):
    facts = {"claims": [{"id": "a"}, {"id": "b", "reason": "quality_mismatch"}], "order": {"placed_on": "2025-01-10"}}
    for decision in ("coverage", "readiness", "split", "release", "next_step"):
        assert run("explain", "trade_assurance", decision, *DAY, facts=facts).exit_code in (0, 2, 4)
    for decision in ("coverage", "process"):
        assert run("explain", "alibaba_terms", decision, *DAY, facts={}).exit_code in (0, 2, 4)


def test_explain_as_json_holds_the_decision_and_the_trace(run, umbrella):
    data = json.loads(run("explain", umbrella, "refund", *DAY, "--format", "json", facts=SEAM).stdout)
    assert data["decision"]["verdict"] == "refunded"
    assert {r["rule"]: r["truth"] for r in data["explanation"]["rules"]}["UM-SEAM"] is True
    one = json.loads(
        run("explain", umbrella, "refund", *DAY, "--format", "json", "--rule", "UM-SEAM", facts=SEAM).stdout
    )
    assert [r["rule"] for r in one["explanation"]["rules"]] == ["UM-SEAM"]


def test_explain_begins_with_sentences_and_what_would_change_it(run, umbrella):
    done = run("explain", umbrella, "refund", *DAY, facts=SEAM)
    head, _, rest = done.stdout.partition("\nWhat would change it\n")
    assert head.startswith("refunded (granted)\n")
    assert "refunded, as of 2025-06-01." in head
    assert "→ not refunded" in rest[: rest.index("\n\n")]
    assert "facts tried)." in rest[: rest.index("\n\n")]
    assert rest.startswith("  For staff: reckoned by changing one fact at a time. This is no advice")
    assert "would be" not in head


def test_explain_a_step_of_the_payout(run, umbrella):
    why = run("explain", umbrella, "refund", *DAY, "--why-not", "UM-WORN", facts=SEAM).stdout
    assert "UM-WORN is a step of the payout and gives no verdict" in why
    assert "was not taken, as this does not hold: damage.cause is wind" in " ".join(why.split())
    one = run("explain", umbrella, "refund", *DAY, "--rule", "UM-WORN", facts=SEAM).stdout
    told = one[one.index("Step by step to the amount") :]
    assert told.count("\n") == 2
    assert "UM-WORN was not taken" in told


def test_explain_why_not(run, umbrella):
    done = run("explain", umbrella, "refund", *DAY, "--why-not", "UM-LOST", facts=SEAM)
    assert done.exit_code == 0
    assert done.stdout.endswith(
        "\nUM-LOST gives not refunded, but does not hold, because:\n"
        "  F damage.cause is lost (damage.cause is a seam that came apart)  exclusions.yaml:10\n"
        "  F damage.cause is pet (damage.cause is a seam that came apart)  exclusions.yaml:10\n"
    )
    words = ("explain", umbrella, "refund", *DAY, "--format", "json", "--why-not", "UM-LOST")
    (told,) = json.loads(run(*words, facts=SEAM).stdout)["explanation"]["why_not"]
    assert (told["rule"], told["truth"], len(told["stops"])) == ("UM-LOST", False, 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--why-not", "UM-LOOST"), "has no rule `UM-LOOST`; did you mean `UM-LOST`?"),
        (("--rule", "NOTHING"), "has no rule `NOTHING`; rules: "),
        (("--towards", "refundet"), "has no verdict `refundet`; did you mean `refunded`?"),
        (("--rule", "UM-LOST", "--why-not", "UM-LOST"), "leave one of them out"),
        (("--why-not", "UM-LOST", "--towards", "refunded"), "leave one of them out"),
        (("--rule", "UM-LOST", "--all"), "leave one of them out"),
        (("--why-not", "UM-TOOO"), "has no rule `UM-TOOO`; did you mean `UM-TOO-LATE`?"),
        (("--why-not", "UM-WORM"), "has no rule `UM-WORM`; did you mean `UM-WORN`?"),
    ],
)
def test_explain_refuses_what_it_cannot_explain(run, umbrella, words, told):
    done = run("explain", umbrella, "refund", *DAY, *words, facts=SEAM)
    assert done.exit_code == 1
    assert told in " ".join(done.stderr.split())


def test_explain_towards_a_verdict(run, umbrella):
    done = run("explain", umbrella, "refund", *DAY, "--towards", "send_receipt", "--format", "json", facts=SEAM)
    changes = json.loads(done.stdout)["explanation"]["changes"]
    assert changes["towards"] == "send_receipt"
    assert {change["verdict"] for change in changes["found"]} == {"send_receipt"}


# --- check


def test_check_says_what_it_found_fine(run, umbrella):
    done = run("check", umbrella)
    assert done.stdout == f"{umbrella}: fine (umbrella 0.1.0, decisions: refund; 6 facts, 5 rules)\n"


def test_check_takes_the_shipped_bundles_or_a_folder_of_bundles(run, umbrella):
    assert run("check").stdout.count(": fine (") == 2
    assert run("check", umbrella.parent).stdout == run("check", umbrella).stdout


def test_check_shows_every_fault(run, bad):
    done = run("check", bad)
    assert done.exit_code == 3
    assert done.stdout.endswith(f"\n\n{bad}: 2 faults\n")
    assert "        when: {damage.cause: winds}\n" in done.stdout
    assert "^^^^^" in done.stdout


@pytest.mark.parametrize("command", ["check", "lint"])
def test_check_reads_the_files_of_cases_too(run, umbrella, tmp_path, command):
    copy = tmp_path / "copy"
    shutil.copytree(umbrella, copy)
    cases = copy / "tests" / "refund.test.yaml"
    cases.write_text(cases.read_text("utf-8").replace("expect.verdict", "expect.verdct"), "utf-8")
    (copy / "tests" / "more.yaml").write_text("kind: tests\n", "utf-8")
    done = run(command, copy)
    assert done.exit_code == 3
    assert f"{cases}:31:42: error[names/unknown]: unknown column `expect.verdct`" in done.stdout
    assert "error[tests/not-run]" in done.stdout or command == "lint"
    assert "fault" in done.stdout.splitlines()[-1]


def test_cases_that_could_not_be_read_are_counted(run, umbrella, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(umbrella, copy)
    cases = copy / "tests" / "refund.test.yaml"
    text = cases.read_text("utf-8")
    (copy / "tests" / "good.test.yaml").write_text(text, "utf-8")
    (copy / "tests" / "no.test.yaml").write_text("kind: [tests\n", "utf-8")
    cases.write_text(text.replace("UM-SEAM", "UM-SEEM"), "utf-8")
    done = run("test", copy, "--no-check")
    assert done.exit_code == 3
    assert done.stdout.endswith("10 passed, 2 faults in bundle or test files, 10 cases of 2 files not run\n")


@pytest.mark.parametrize(
    ("expected", "code"), [("2 years", 0), ("24 months", 0), ("1 year", 1), ("2 yeras", 3), ("730 days", 1)]
)
def test_durations_are_expected_as_policies_write_them(run, umbrella, tmp_path, expected, code):
    copy = tmp_path / "copy"
    shutil.copytree(umbrella, copy)
    cases = copy / "tests" / "refund.test.yaml"
    text = cases.read_text("utf-8")
    cases.write_text(text.replace("amount: 40 EUR}", f"amount: 40 EUR, values: {{age_limit: {expected}}}}}"), "utf-8")
    assert run("test", copy, "--no-check").exit_code == code


def test_check_as_json(run, bad, umbrella):
    first, second = json.loads(run("check", bad, umbrella, "--format", "json").stdout)["bundles"]
    assert (first["valid"], first["bundle"]) == (False, None)
    assert [(d["code"], d["line"]) for d in first["diagnostics"]] == [("type/member", 10), ("names/unknown", 14)]
    assert second["valid"]
    assert second["bundle"] == {"id": "umbrella", "version": "0.1.0", "digest": load_bundle(umbrella).digest}


def test_check_for_github(run, bad):
    first, second = run("check", bad, "--format", "github").stdout.splitlines()
    assert first.startswith(f"::error file={bad}/coverage.yaml,line=10,col=30,title=type/member::`winds` is not")
    assert "%0A" in first
    assert "title=names/unknown::" in second


def test_a_folder_of_bundles_is_no_bundle(run, umbrella, tmp_path):
    for name in ("one", "two"):
        assert run("init", tmp_path / "all" / name).exit_code == 0
    done = run("decide", tmp_path / "all", "refund", facts=SEAM)
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == (
        f"{tmp_path}/all:1:1: error[bundle/several]: this folder holds several bundles\n"
        f"  = help: name one of `{tmp_path}/all/one`, `{tmp_path}/all/two`\n"
    )


def test_a_folder_without_policies_is_no_bundle(run, tmp_path):
    done = run("check", tmp_path)
    assert done.exit_code == 3
    assert "bundle/none" in done.stdout


# --- test


def test_test_runs_the_cases(run, umbrella):
    done = run("test", umbrella)
    assert (done.exit_code, done.stdout) == (0, f"{umbrella}: 10 passed\n")
    assert run("test", umbrella, "-k", "LAST day").stdout == f"{umbrella}: 4 passed, 4 of 10 cases selected\n"


def test_test_shows_what_differs_and_why(run, tmp_path):
    assert run("init", tmp_path / "other").exit_code == 0
    cases = tmp_path / "other" / "tests" / "refund.test.yaml"
    cases.write_text(cases.read_text().replace("amount: 20 EUR", "amount: 21 EUR"))
    done = run("test", tmp_path / "other")
    assert done.exit_code == 1
    assert "wind is paid in part" in done.stdout
    assert "20.00 EUR" in done.stdout
    assert run("test", tmp_path / "other", "--format", "github").stdout.startswith(f"::error file={cases},line=")


def test_test_explains_the_first_failures_and_lists_all(run, tmp_path):
    assert run("init", tmp_path / "other").exit_code == 0
    cases = tmp_path / "other" / "tests" / "refund.test.yaml"
    cases.write_text(re.sub(r"\brefunded\b", "send_receipt", cases.read_text()))
    explained = {}
    for words in ((), ("--why", "all"), ("--why", "none")):
        done = run("test", tmp_path / "other", *words)
        explained[words] = done.stdout.count("\n  why:\n")
        *_, listed, counted = done.stdout.split("\n\n")
        failed = listed.splitlines()[1:]
        assert len(failed) > 3
        assert all(f"\n{line.strip()}\n" in f"\n{done.stdout}" for line in failed)
        assert counted.endswith(f"{len(failed)} failed\n")
    assert explained == {(): 3, ("--why", "all"): len(failed), ("--why", "none"): 0}


def test_no_case_is_a_failure(run, umbrella):
    done = run("test", umbrella, "-k", "no such case")
    assert done.exit_code == 1
    assert done.stdout.startswith("none of 10 cases is one whose name or file contains `no such case`\n")
    assert done.stdout.endswith(": 0 of 10 cases selected\n")


def test_test_reports_several_bundles_in_one(run, umbrella):
    data = json.loads(run("test", umbrella, umbrella / ".." / "umbrella", "--format", "json").stdout)
    assert [(b["ok"], b["passed"]) for b in data["bundles"]] == [(True, 10), (True, 10)]
    done = run("test", umbrella, umbrella / ".." / "umbrella", "--format", "junit")
    root = ET.fromstring(done.stdout)  # noqa: S314 - our own output
    assert (root.tag, root.get("tests"), root.get("failures"), len(root)) == ("testsuites", "20", "0", 2)


# --- schema, init


def test_schema_prints_lists_and_writes(run, tmp_path):
    names = run("schema").stdout.split()
    assert names == [*KINDS, "request", "decision", "explanation", "problem", "results"]
    assert run("schema", "coverage").stdout == schema_text("coverage")
    assert run("schema", "decision").stdout == api_schema_text("decision")
    assert run("schema", "--write", tmp_path / "s").exit_code == 0
    written = {f.name: f.read_text() for f in (tmp_path / "s").iterdir()}
    assert written == {f.name: f.read_text() for f in shipped_schemas().iterdir()}
    assert written.keys() == {f"{name}.schema.json" for name in names}


def test_init_overwrites_nothing(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bundle.yaml").write_text("mine")
    done = run("init", tmp_path / "mine")
    assert done.exit_code == 1
    assert "nothing was written" in done.output
    assert [f.read_text() for f in (tmp_path / "mine").iterdir()] == ["mine"]


def test_what_init_writes_has_no_fault_no_warning_and_names_its_schemas(run, umbrella):
    data = json.loads(run("check", umbrella, "--format", "json").stdout)["bundles"]
    assert data[0]["diagnostics"] == []
    assert data[0]["bundle"]["id"] == "umbrella"
    files = sorted(umbrella.rglob("*.yaml"))
    assert len(files) == 9
    for file in files:
        schema = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text())[1]
        assert (file.parent / schema).is_file()
        assert "@" not in file.read_text()


def test_init_beside_the_shipped_bundles_uses_their_schemas(run, monkeypatch):
    from policyengine.cli.commands.init import _schemas_for

    checkout = shipped_schemas().parent
    assert _schemas_for(checkout / "policies" / "not_written") == "../../schemas"


# --- engines


@pytest.mark.parametrize("engine", ["durable", "compiled", "reference"])
@pytest.mark.parametrize("more", [(), ("--no-check",), ("--sample", "1"), ("--check", "--sample", "0")])
def test_every_engine_gives_the_same_bytes(run, umbrella, engine, more):
    if (engine, more) == ("reference", ("--sample", "1")):
        more = ()
    for command in ("decide", "explain"):
        words = (command, umbrella, "refund", *DAY, "--format", "json")
        done = run(*words, "--engine", engine, *more, facts=SEAM)
        assert (done.stdout, done.stderr, done.exit_code) == (run(*words, facts=SEAM).stdout, "", 0)


@pytest.mark.parametrize("command", [("decide", "x"), ("explain", "x"), ("test",), ("serve",)])
def test_an_engine_that_does_not_exist_is_wrong_usage(run, umbrella, command):
    name, *rest = command
    done = run(name, umbrella, *rest, "--engine", "compield")
    assert done.exit_code == 1
    assert done.stderr == "Error: there is no engine `compield`; did you mean `compiled`?\n"
    assert "engines: durable, compiled, reference" in run(name, umbrella, *rest, "--engine", "drools").stderr


def test_a_sample_is_a_whole_number(run, umbrella):
    for wrong in ("-1", "often"):
        done = run("decide", umbrella, "refund", "--sample", wrong, facts=SEAM)
        assert done.exit_code == 1
        assert "'--sample'" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--no-check", "--sample", "1"), "--sample has no effect with --no-check; leave one of them out"),
        (("--engine", "reference", "--sample", "1000"), "--sample has no effect with --engine reference"),
    ],
)
def test_a_sample_that_nobody_would_take_is_wrong_usage(run, umbrella, words, why):
    for command in (("decide", umbrella, "refund"), ("explain", umbrella, "refund"), ("serve", umbrella)):
        done = run(*command, *words, facts=SEAM)
        assert (done.exit_code, done.stdout) == (1, "")
        assert why in done.stderr
    assert run("decide", umbrella, "refund", *DAY, *words[:-1], "0", facts=SEAM).exit_code == 0


def test_the_body_of_a_request_is_not_the_facts(run, umbrella):
    done = run("decide", umbrella, "refund", "--format", "json", facts={"facts": SEAM, "as_of": "2025-06-01"})
    assert done.exit_code == 1
    assert {e["pointer"]: e["help"] for e in json.loads(done.stdout)["errors"]} == {
        "/facts": "give only what stands under `facts`; the day is given apart",
        "/as_of": "the day is given apart from the facts",
    }


def test_the_help_of_format_says_what_there_is(run):
    assert "text for people, json for programs." in " ".join(run("decide", "--help").output.split())
    assert "text for people, the others for programs." in " ".join(run("test", "--help").output.split())


def test_cases_run_on_all_engines_or_on_one(run, umbrella):
    for more in ((), ("--engine", "compiled"), ("--engine", "reference"), ("--no-check",)):
        done = run("test", umbrella, *more)
        assert (done.exit_code, done.stdout) == (0, f"{umbrella}: 10 passed\n")
