"""How the YAML is laid out changes nothing: flow style, other line breaks, the order of keys, other files and names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.coverage.small import measured
from tests.testing.parcels import FILES, HEAD

from policyengine.coverage.report import Coverage
from policyengine.shipped import shipped_policies

#: Mappings whose order is their meaning: verdicts rank as they are declared.
ORDERED = ("verdicts", "element_verdicts", "outputs", "by", "values")
CASES = """cases:
  - {name: paid, expect: {verdict: paid}}
  - {name: wet, facts: {items: [{id: a, loss: wet}]}, expect: {verdict: declined}}
  - {name: many, facts: {parcel.count: 4, report.papers: []}, expect: {verdict: wait}}
"""


@dataclass(frozen=True)
class Layout:
    flow: bool
    width: int
    turn: bool
    split: bool


def parcels(folder: Path) -> Path:
    (folder / "tests").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "tests" / "a.test.yaml").write_text(HEAD + CASES)
    return folder


def turned(data: object, key: str = "") -> object:
    """The same with the keys of its mappings in the opposite order, where that means nothing."""
    if isinstance(data, dict):
        entries = list(data.items())
        return {k: turned(v, k) for k, v in (entries if key in ORDERED else entries[::-1])}
    return [turned(item) for item in data] if isinstance(data, list) else data


def documents(folder: Path) -> list[tuple[Path, dict]]:
    # Every scalar stays the text that it is.
    return [(p, yaml.load(p.read_text(), yaml.BaseLoader)) for p in sorted(folder.glob("*.yaml"))]  # noqa: S506


def dumped(data: object, layout: Layout) -> str:
    dumper = yaml.SafeDumper if layout.flow else _Indented
    return yaml.dump(
        data, Dumper=dumper, default_flow_style=layout.flow, width=layout.width, sort_keys=False, allow_unicode=True
    )


class _Indented(yaml.SafeDumper):
    """Block style, as deep as it goes."""

    def increase_indent(self, flow=False, indentless=False):  # noqa: ARG002 - the library's
        return super().increase_indent(flow, False)


def unquoted(text: str) -> str:
    """Switches are typed, so they stand without quotes."""
    return text.replace("'true'", "true").replace("'false'", "false")


def rewritten(folder: Path, to: Path, layout: Layout) -> Path:
    for path, data in documents(folder):
        whole = turned(data) if layout.turn else data
        parts = pieces(whole) if layout.split else [whole]
        for n, part in enumerate(parts):
            name = f"z{path.stem[::-1]}_{n}.yaml" if layout.split else path.name
            (to / name).write_text(unquoted(dumped(part, layout)))
    (to / "tests").mkdir()
    for test in (folder / "tests").glob("*.test.yaml"):
        (to / "tests" / test.name).write_text(test.read_text())
    return to


def pieces(data: dict) -> list[dict]:
    """A file of rules cut up, one policy in each; its definitions in a file of their own kind."""
    if "policies" not in data:
        return [data]
    head = {k: v for k, v in data.items() if k not in ("policies", "definitions")}
    cut = [{**head, "policies": {name: policy}} for name, policy in data["policies"].items()]
    return cut + ([{"kind": "definitions", "definitions": data["definitions"]}] if "definitions" in data else [])


def figures(found: Coverage) -> dict[str, object]:
    """All that coverage says, but for lines and files."""
    return {
        c.item.id: (c.item.kind, c.item.decision, c.item.about, c.item.lacks, c.item.proof, c.count)
        for c in found.items
    }


@pytest.mark.parametrize(
    "layout",
    [
        Layout(flow=True, width=10**6, turn=False, split=False),
        Layout(flow=False, width=40, turn=False, split=False),
        Layout(flow=False, width=80, turn=True, split=False),
        Layout(flow=False, width=80, turn=False, split=True),
        Layout(flow=True, width=60, turn=True, split=True),
    ],
    ids=["one line each", "narrow", "keys turned round", "a file for each policy", "all of it"],
)
@pytest.mark.parametrize("name", ["parcels", "trade_assurance", "alibaba_terms"])
def test_the_layout_of_the_yaml_changes_no_item_and_no_figure(tmp_path, name, layout):
    folder = parcels(tmp_path / "before") if name == "parcels" else shipped_policies() / name
    (tmp_path / "after").mkdir()
    before = measured(folder)
    after = measured(rewritten(folder, tmp_path / "after", layout))
    assert figures(after) == figures(before)
    assert after.all == before.all
    assert {c.item.span.start.line for c in after.items} != {c.item.span.start.line for c in before.items}
