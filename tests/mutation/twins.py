"""Tiny bundles that hold everything twice: once under cases (side a), and once under none (side b).

In what a twin writes, ``§`` stands for ``a`` or ``b``, and ``¶`` for ``A`` or ``B``. A slip in side a is noticed by the
cases, the same slip in side b by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.mutation.run import Run
from policyengine.testing.cases import read_cases

_HEAD = """kind: bundle
bundle: twins
title: Twins
version: 1.0.0
time_zone: UTC
in_force_on: a.day
calendar: cal_a
decisions:
"""
_DECISION = """  d§:
    title: Decision ¶
    verdicts: {no: refused, never: refused, wait: pending, yes: granted}
    steps: [p§]
    otherwise: {document: {verdict: yes}}
"""
_TYPES = "kind: facts\ntypes: {mark: {enum: [m, n, o]}}\nfacts:\n"
_FACTS = """  §.count: {type: integer}
  §.flag: {type: boolean}
  §.sure: {type: boolean, default: false}
  §.day: {type: date}
  §.until: {type: date, not_before: §.day}
  §.kind: {type: enum, values: [x, y, z]}
  §.marks: {type: set, of: mark}
  §.total: {type: money}
  §.note: {type: text}
  §.rows:
    type: list
    each: row§
    fields:
      size: {type: integer}
      worth: {type: money}
"""
_CALENDAR = "  cal_§: {weekend: [sunday], holidays: {2025: [01-01]}}\n"
_CASES = "kind: tests\ndecision: da\nas_of: 2025-06-01\ncases:\n"
_RULES = """kind: {kind}
decision: d§
policies:
  p§:
    title: Policy ¶
{rules}
"""


@dataclass(frozen=True)
class Twin:
    """``rule`` is what stands in rule ``R-¶`` of kind ``kind``; ``files`` are further files, or others of its name.

    ``cases`` are those of decision ``da``, about side a only. ``sentence`` is what a survivor is told by.
    """

    sentence: str
    cases: str
    rule: str = ""
    kind: str = "exclusions"
    decision: str = _DECISION
    files: Mapping[str, str] = field(default_factory=dict)

    def written(self, folder: Path) -> Path:
        """The bundle in a folder."""
        whole = {
            "bundle.yaml": _HEAD + _both(self.decision),
            "facts.yaml": _TYPES + _both(_FACTS),
            "calendars.yaml": "kind: calendars\ncalendars:\n" + _both(self.files.get("calendars", _CALENDAR)),
            "tests/cases.test.yaml": _CASES + indent(self.cases, "  ") + "\n",
        }
        for name in ("parameters", "definitions"):
            if name in self.files:
                whole[f"{name}.yaml"] = f"kind: {name}\n{name}:\n" + _both(self.files[name])
        rules = self.files.get("rules") or _rules(self)
        whole |= {f"rules_{side}.yaml": _side(rules, side) for side in "ab"}
        if "payout" in self.files:
            whole |= {f"payout_{side}.yaml": _side(self.files["payout"], side) for side in "ab"}
        for name, text in whole.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return folder

    def told(self, side: str) -> str:
        """The sentence about one side."""
        return f"no test notices if {_side(self.sentence, side)}"


def run_of(folder: Path, *, jobs: int = 1, every: bool = False) -> Run:
    """A run over the bundle in a folder."""
    sink = Diagnostics()
    bundle = load_bundle(folder)
    cases = read_cases(bundle, folder, sink)
    assert [d.render() for d in sink] == []
    return Run(bundle, cases, str(folder), jobs, every)


def _rules(twin: Twin) -> str:
    verdict = "    verdict: no\n" if twin.kind != "coverage" else ""
    rule = f"{verdict}    rules:\n      - id: R-¶\n        because: x\n{indent(twin.rule.strip(), ' ' * 8)}"
    return _RULES.format(kind=twin.kind, rules=rule)


def _both(text: str) -> str:
    return _side(text, "a") + _side(text, "b")


def _side(text: str, side: str) -> str:
    return text.replace("§", side).replace("¶", side.upper())
