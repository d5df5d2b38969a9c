"""Every bundle written anew, in another layout, order and set of files, is the same bundle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from policyengine.impact.report import Asked, report
from policyengine.impact.sides import Side, editions

TESTS = Path(__file__).resolve().parents[1]
BUNDLES = sorted(
    head.parent
    for place in (TESTS.parent / "policies", TESTS / "conformance", TESTS / "programmes")
    for head in place.glob("*/bundle.yaml")
)
# Mappings whose order says something: precedence, the columns of a table, the members of an enum, the keys of groups.
IN_ORDER = {"enum", "verdicts", "element_verdicts", "outputs", "values", "by", "deadlines", "groups", "elements"}


def reformatted(folder: Path, target: Path, chance: random.Random) -> Path:
    """The bundle with its keys shuffled, its layout thrown away, and its files renamed."""
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder)
        if "tests" not in name.parts:
            name = Path(chance.choice([".", "moved"])) / f"{chance.randrange(1000):03}_{name.name}"
        node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
        for inner in _nodes(node, shuffled=True):
            if isinstance(inner, yaml.MappingNode):
                chance.shuffle(inner.value)
                inner.flow_style = False
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        text = yaml.serialize(node, width=chance.choice([60, 200]), indent=chance.choice([2, 4]), allow_unicode=True)
        (target / name).write_text(f"# Written anew.\n{text}", encoding="utf-8")
    return target


def _nodes(node: yaml.Node, *, shuffled: bool) -> Iterator[yaml.Node]:
    """Every node below, but for mappings whose order has a meaning."""
    if shuffled:
        yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in list(node.value):
            yield from _nodes(value, shuffled=key.value not in IN_ORDER)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item, shuffled=True)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_bundle_written_anew_is_the_same(tmp_path, folder, seed):
    anew = reformatted(folder, tmp_path / folder.name, random.Random(f"{folder.name} {seed}"))
    found = report(editions(Side(folder, "old")), editions(Side(anew, "new")), Asked())
    (impact,) = found.impacts
    assert impact.old.bundle.digest != impact.new.bundle.digest
    assert [c.sentence for c in impact.changes] == []
    assert impact.behaviour.tally.changed == 0
    assert not found.has_changed_decisions
    assert found.is_whole


def test_there_are_bundles_to_write_anew():
    assert {"trade_assurance", "alibaba_terms", "working_days"} <= {folder.name for folder in BUNDLES}
