"""``lint``: advice on bundles that are fine, faults on those that are not."""

from __future__ import annotations

import json


def test_the_shipped_bundles_need_no_advice(run):
    done = run("lint")
    assert done.exit_code == 0
    assert "lint[" not in done.stdout
    assert done.stdout.count(": fine (") == 2


def test_advice_names_its_place_and_never_fails(run, umbrella):
    rules = umbrella / "coverage.yaml"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace("        source: 'Umbrella promise, line 3'\n", ""), "utf-8")
    try:
        done = run("lint", umbrella)
    finally:
        rules.write_text(text, "utf-8")
    assert done.exit_code == 0
    assert "coverage.yaml:9:13: lint[lint/no-source]: rule `UM-WIND` names no source" in done.stdout
    assert f"\n\n{umbrella}: 2 pieces of advice (umbrella 0.1.0, decisions: refund;" in done.stdout


def test_a_rule_without_a_case_is_named(run, umbrella, tmp_path):
    copy = tmp_path / "untested"
    copy.mkdir()
    for file in umbrella.glob("*.yaml"):
        (copy / file.name).write_text(file.read_text("utf-8"), "utf-8")
    assert f"{copy}: 7 pieces of advice (" in run("lint", copy).stdout
    found = json.loads(run("lint", copy, "--format", "json").stdout)["bundles"][0]["diagnostics"]
    assert {"lint/untested-rule"} == {d["code"] for d in found}
    assert "no case expects rule `UM-WIND`" in {d["message"] for d in found}


def test_a_faulty_bundle_shows_its_faults(run, bad):
    done = run("lint", bad)
    assert done.exit_code == 3
    assert "error[" in done.stdout
