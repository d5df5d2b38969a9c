"""Policies under a name that nobody reads are a mistake, never silence."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from policyengine.cli.main import cli
from policyengine.loading import check_folder


@pytest.fixture
def bundle(tmp_path):
    assert CliRunner().invoke(cli, ["init", str(tmp_path / "b")]).exit_code == 0
    return tmp_path / "b"


@pytest.mark.parametrize("name", ["more.yml", "deep/more.yml", "more.YAML", "more.Yml"])
def test_policies_that_are_not_read_are_told(bundle, name):
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / "coverage.yaml").rename(bundle / name)
    checked, sink = check_folder(bundle)
    assert checked is None
    told = [d for d in sink if d.code == "yaml/not-read"]
    assert [(d.span.file.path, d.help) for d in told] == [
        (str(bundle / name), "call it `more.yaml`, or move it out of the bundle")
    ]


@pytest.mark.parametrize(("name", "text"), [(".hidden.yml", "kind: facts\n"), ("ci.yml", "kind: Deployment\n")])
def test_files_of_others_are_left_alone(bundle, name, text):
    (bundle / name).write_text(text, encoding="utf-8")
    checked, sink = check_folder(bundle)
    assert checked
    assert len(sink) == 0
