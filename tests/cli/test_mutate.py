"""``mutate``: survivors with the test that would notice, exit codes, selection, formats, progress."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal

import pytest

ONE_RULE = ("--rule", "UM-LOST", "--jobs", 1)


def test_survivors_are_told_with_their_place_and_fail_nothing(run, umbrella):
    done = run("mutate", umbrella, *ONE_RULE)
    assert done.exit_code == 0
    assert (
        f"{umbrella}/exclusions.yaml:10: survived: no test notices if `pet` in rule UM-LOST is left out\n"
        in done.stdout
    )
    assert "  would notice: `refund::a lost umbrella is not paid` with `damage.cause` = pet has reasons" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"{umbrella}: ")
    assert done.stderr == ""


@pytest.mark.parametrize(("least", "code"), [("0", 0), ("10.5", 0), ("99.9", 1), ("100", 1)])
def test_a_score_under_what_is_asked_for_fails(run, umbrella, least, code):
    assert run("mutate", umbrella, *ONE_RULE, "--fail-under", least).exit_code == code


def test_a_score_is_held_to_exactly_what_was_typed(run, umbrella):
    score = json.loads(run("mutate", umbrella, *ONE_RULE, "--format", "json").stdout)["bundles"][0]
    counted = score["killed"] + score["survived"]
    below, above = (
        f"{Decimal(score['killed'] * 100) / counted + by:.9f}" for by in (-Decimal("1e-8"), Decimal("1e-8"))
    )
    assert run("mutate", umbrella, *ONE_RULE, "--fail-under", below).exit_code == 0
    assert run("mutate", umbrella, *ONE_RULE, "--fail-under", above).exit_code == 1


def test_slips_are_listed_and_not_tried(run, umbrella):
    done = run("mutate", umbrella, "--operator", "boundary", "--list")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines
    assert all(": boundary: no test notices if " in line for line in lines)
    assert "score" not in done.stdout


def test_nothing_that_fits_is_wrong_usage(run, umbrella):
    done = run("mutate", umbrella, "-k", "no such words")
    assert (done.exit_code, "no slip fits what was asked for" in done.stderr) == (1, True)


def test_an_unknown_operator_is_told_with_the_nearest(run, umbrella):
    done = run("mutate", umbrella, "--operator", "boundry")
    assert done.exit_code == 1
    assert "there is no operator `boundry`; did you mean `boundary`?" in done.stderr


def test_cases_that_fail_stop_the_run(run, umbrella, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(umbrella, copy)
    rules = copy / "exclusions.yaml"
    rules.write_text(rules.read_text("utf-8").replace("[lost, pet]", "[pet]"), "utf-8")
    done = run("mutate", copy)
    assert done.exit_code == 1
    assert "cases fail without any mutant: `refund::a lost umbrella is not paid`; run `policyengine test" in done.stderr


def test_an_invalid_bundle_has_a_code_of_its_own(run, bad):
    done = run("mutate", bad)
    assert done.exit_code == 3
    assert "error[" in done.stderr


def test_annotations_stand_at_the_survivors(run, umbrella):
    done = run("mutate", umbrella, *ONE_RULE, "--format", "github")
    assert done.exit_code == 0
    assert f"::warning file={umbrella}/exclusions.yaml,line=10,col=" in done.stdout
    assert "title=mutate/condition-dropped::no test notices if `pet`" in done.stdout


def test_as_a_command_on_two_processes_it_prints_the_same_as_on_one(command, umbrella):
    one, two = (command("mutate", umbrella, "--rule", "UM-LOST", "--jobs", n, "--format", "json") for n in (1, 2))
    assert (one.returncode, one.stderr) == (two.returncode, two.stderr) == (0, "")
    assert one.stdout == two.stdout
    assert json.loads(one.stdout)["bundles"][0]["mutants"] > 5
