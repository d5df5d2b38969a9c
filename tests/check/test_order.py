"""The order of files, of mapping keys and of rules only orders lists; what a bundle says stays the same."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping

import pytest
import yaml
from tests.damage import BUNDLES

from policyengine.loading import load_bundle
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import And, Or
from policyengine.model.rules import Rule, Step

# Mappings and lists whose order is meant, or that hold no declarations: precedence of words, columns of tables.
KEPT = {"verdicts", "element_verdicts", "outputs", "enum", "values", "because", "by"}


class _AsWritten(yaml.SafeLoader):
    """Every scalar stays text, as policies are read."""


class _Plainly(yaml.SafeDumper):
    """Text is quoted only where it must be."""


_AsWritten.yaml_implicit_resolvers = {}
_Plainly.yaml_implicit_resolvers = {}


def shuffled(node: object, r: random.Random, key: str = "") -> object:
    if isinstance(node, dict):
        items = [(k, shuffled(v, r, k)) for k, v in node.items()]
        if key not in KEPT:
            r.shuffle(items)
        return dict(items)
    if isinstance(node, list):
        items = [shuffled(v, r) for v in node]
        if key in ("rules", "any", "all"):
            r.shuffle(items)
        return items
    return node


def said(value: object) -> object:
    """A part of a bundle without places, with what has no order in the order of its text."""
    match value:
        case And() | Or():
            return (type(value).__name__, *sorted(map(repr, map(said, value.items))))
        case Rule() | Step():
            return _fields(value, "index")
        case CheckedBundle():
            return _fields(value, "digest")
        case Mapping():
            return sorted((repr(k), repr(said(v))) for k, v in value.items())
        case tuple() if value and all(isinstance(v, Rule) for v in value):
            return sorted(map(repr, map(said, value)))
        case tuple():
            return tuple(map(said, value))
        case _ if dataclasses.is_dataclass(value):
            return _fields(value)
        case _:
            return value


def _fields(value: object, *but: str) -> object:
    names = (f.name for f in dataclasses.fields(value) if f.compare and f.name not in but)
    return (type(value).__name__, *((n, said(getattr(value, n))) for n in names))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("folder", BUNDLES, ids=lambda p: p.name)
def test_order_does_not_matter(folder, seed, tmp_path):
    r = random.Random(seed)
    files = sorted(folder.glob("*.yaml"))
    for path, number in zip(files, r.sample(range(100, 1000), len(files)), strict=True):
        document = shuffled(yaml.load(path.read_text("utf-8"), _AsWritten), r)  # noqa: S506 - it makes text only
        text = yaml.dump(document, Dumper=_Plainly, sort_keys=False, allow_unicode=True, width=10_000)
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")
    assert said(load_bundle(tmp_path)) == said(load_bundle(folder))
