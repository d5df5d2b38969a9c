"""The cases that speed is measured with: as many as asked for, all different, all as expected."""

from __future__ import annotations

import json

from tests.testing.many_cases import run, write

from policyengine.testing.run import load_suite


def test_the_cases_are_different_and_pass(tmp_path):
    suite = load_suite(write(tmp_path / "many", 120))
    assert suite.diagnostics == ()
    asked = {json.dumps([str(c.as_of), c.facts], sort_keys=True) for c in suite.cases}
    assert len(asked) == len(suite.cases) == 120
    (results,) = run(suite, 1)
    assert results.ok
