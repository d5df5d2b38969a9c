"""README.md is followed from top to bottom; what it shows is what comes out.

After a change that is meant, ``UPDATE_README=1 .venv/bin/pytest tests/docs/test_readme.py`` writes the new outputs.
"""

from __future__ import annotations

import os

import pytest
from tests.docs.documents import README, Block, blocks
from tests.docs.session import Session, Step, follow

TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)


@pytest.fixture(scope="module")
def steps(tmp_path_factory) -> dict[int, Step]:
    session = Session(tmp_path_factory.mktemp("readme") / "copy")
    try:
        followed = follow(BLOCKS, session)
    finally:
        session.close()
    if os.environ.get("UPDATE_README"):
        _rewrite(followed)
    return {step.block.line: step for step in followed}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"line {b.line} {b.language}")
def test_block(steps, block):
    step = steps[block.line]
    if step.actual is not None:
        assert step.actual == block.text, "run with UPDATE_README=1 if this is meant"
    assert not step.fault, step.fault


def test_every_kind_of_block_is_there():
    assert {"sh", "json", "text", "yaml", "python"} <= {b.language for b in BLOCKS}
    assert len(BLOCKS) > 15


def test_a_block_without_a_rule_is_a_fault(tmp_path):
    session = Session(tmp_path / "copy")
    strange = [Block("toml", "", "a = 1\n", 1), Block("", "", "x\n", 2), Block("json", "", "{}\n", 3)]
    assert all(step.fault for step in follow(strange, session))


def test_wrong_outputs_failing_commands_and_wrong_excerpts_are_faults(tmp_path):
    session = Session(tmp_path / "copy")
    wrong = [
        Block("sh", "", "echo one\n", 1),
        Block("text", "", "two\n", 2),
        Block("sh", "", "false\n", 3),
        Block("sh", "", "policyengine check nowhere\n", 4),
        Block("python", "", "raise SystemExit(3)\n", 5),
        Block("yaml", "", "# policies/trade_assurance/bundle.yaml\nkind: facts\n", 6),
        Block("yaml", "", "kind: facts\n", 7),
        Block("text", "drawing", "nowhere/\n", 8),
        Block("text", "files", "policies/nowhere.yaml  nothing\n", 9),
    ]
    assert [step.block.line for step in follow(wrong, session) if step.fault] == [2, 3, 4, 5, 6, 7, 8, 9]


def _rewrite(followed: list[Step]) -> None:
    lines = TEXT.splitlines(keepends=True)
    for step in reversed(followed):
        if step.actual is not None:
            start = step.block.line
            lines[start : start + step.block.text.count("\n")] = [step.actual]
    README.write_text("".join(lines), encoding="utf-8")
