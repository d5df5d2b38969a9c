"""The workload as a bundle: a folder of YAML, read and checked like any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any

import yaml
from tests.benchmarks.workload import (
    BASE,
    BOOLEANS,
    INTEGERS,
    MEMBERS,
    SET_PATH,
    WORDS,
    Condition,
    Path,
    Rule,
)

BUNDLE = "dispute_benchmark"
DECISION = "eligibility"
#: Rules that the bundle has beside those of the workload: they turn what no rule covers into a refusal.
EXTRA = ("N1-CAUSE", "N2-PAYMENT")
#: The step, the kind of its file and the verdict of the rules whose ids start with these letters.
_STEPS = {
    "X": ("exclusions", "exclusions", "excluded"),
    "D": ("time_limits", "exclusions", "too_late"),
    "T": ("size", "exclusions", "needs_split"),
    "E": ("evidence", "exclusions", "needs_evidence"),
    "CPI": ("grounds", "coverage", "eligible"),
}
_TESTS = {"lt": "less than", "gt": "more than", "ge": "at least"}
# How far the copied rules' numbers may reach, so that the vocabulary admits them.
_SPARE = 1000


def write_bundle(folder: FilePath, rules: tuple[Rule, ...] = BASE) -> FilePath:
    """Write the bundle of these rules into ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in _files(rules):
        text = yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def _files(rules: tuple[Rule, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "bundle", _header()
    yield "facts", {"kind": "facts", "facts": dict(_facts(rules))}
    yield "definitions", {"kind": "definitions", "definitions": dict(_cover(rules))}
    yield "cover", _requirements()
    for letters, (name, kind, verdict) in _STEPS.items():
        chosen = [_rule(r) for r in rules if r.id[0] in letters]
        policy = {"title": f"Rules of the step {name}", "verdict": verdict, "rules": chosen}
        yield name, {"kind": kind, "decision": DECISION, "policies": {name: policy}}


def _header() -> dict[str, Any]:
    return {
        "kind": "bundle",
        "bundle": BUNDLE,
        "title": "Whether a dispute is eligible",
        "version": "1.0.0",
        "decisions": {
            DECISION: {
                "title": "Is the dispute eligible",
                "verdicts": {
                    "excluded": "refused",
                    "too_late": "refused",
                    "not_covered": "refused",
                    "needs_split": "pending",
                    "needs_evidence": "pending",
                    "eligible": "granted",
                },
                "steps": ["exclusions", "time_limits", "cover", "size", "evidence", "grounds"],
                "otherwise": {
                    "document": {"verdict": "not_covered", "id": "N0-NOTHING", "because": "Nothing speaks for it."}
                },
            }
        },
    }


def _facts(rules: tuple[Rule, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    words: dict[str, list[str]] = {path: list(dict.fromkeys(given)) for path, given in WORDS.items()}
    words[SET_PATH] = list(MEMBERS)
    for path, constant in (pair for rule in rules for pair in _constants(rule.when)):
        if constant not in words[path]:
            words[path].append(constant)
    for path, (least, most) in INTEGERS.items():
        yield path, {"type": "integer", "title": _title(path), "min": least - _SPARE, "max": most + _SPARE}
    for path, values in words.items():
        yield path, {"type": "set" if path == SET_PATH else "enum", "title": _title(path), "values": values}
    for path in BOOLEANS:
        yield path, {"type": "boolean", "title": _title(path)}


def _title(path: str) -> str:
    group, key = path.split(".")
    return f"{key.replace('_', ' ').capitalize()} of the {group}"


def _constants(when: Condition) -> Iterator[tuple[str, str]]:
    """The words that a condition compares with, each with the path of its fact."""
    match when:
        case ("and" | "or", *parts):
            for part in parts:
                yield from _constants(part)
        case (_, path, list() as words):
            yield from ((path, word) for word in words)
        case (_, path, str() as word) if not isinstance(word, Path):
            yield path, word


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "when": _condition(rule.when),
        "because": f"Rule {rule.id} applies.",
        "source": "the benchmark's rules",
    }


def _condition(when: Condition) -> dict[str, Any]:
    match when:
        case ("and", *parts):
            return _both([_condition(p) for p in parts])
        case ("or", *parts):
            return {"any": [_condition(p) for p in parts]}
        case (operator, path, Path() as other):
            return {"where": f"{path} { {'lt': '<', 'gt': '>', 'ge': '>='}[operator] } {other}"}
        case ("eq", path, constant):
            return {path: constant}
        case ("in", path, words):
            return {path: list(words)}
        case ("has", path, member):
            return {path: f"contains {member}"}
        case (operator, path, number):
            return {path: f"{_TESTS[operator]} {number}"}
    raise ValueError(when)


def _both(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One mapping where no key is wanted twice."""
    keys = [key for part in parts for key in part]
    if len(keys) == len(set(keys)):
        return {key: test for part in parts for key, test in part.items()}
    return {"all": parts}


def _cover(rules: Iterable[Rule]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, letter, title in (
        ("cause_covered", "C", "Whether the cause is covered"),
        ("payment_covered", "P", "Whether the payment is covered"),
    ):
        chosen = [_condition(r.when) for r in rules if r.id[0] == letter]
        yield name, {"type": "boolean", "title": title, "when": {"any": chosen}}


def _requirements() -> dict[str, Any]:
    told = {"source": "the benchmark's rules"}
    required = [
        {
            "id": "N1-CAUSE",
            "require": {"cause_covered": True},
            "because": "No cause that is covered is made out.",
            **told,
        },
        {"id": "N2-PAYMENT", "require": {"payment_covered": True}, "because": "The payment is not covered.", **told},
    ]
    policy = {"title": "Cause and payment are covered", "verdict": "not_covered", "rules": required}
    return {"kind": "requirements", "decision": DECISION, "policies": {"cover": policy}}
