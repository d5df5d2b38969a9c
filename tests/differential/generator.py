"""Whole bundles from a seed: every kind of file, four decisions, as YAML text."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.differential.expressions import expression, name
from tests.differential.policies import (
    DOCUMENT_WORDS,
    ELEMENT_WORDS,
    Entry,
    Plan,
    declare_policies,
    payout,
    split_rule,
)
from tests.differential.vocabulary import (
    FACTS,
    calendars,
    declare_definition,
    declare_facts,
    declare_list,
    declare_parameter,
    types,
)
from tests.differential.world import DOCUMENT, ListDecl, Named, World
from tests.differential.yaml_text import Data, yaml_text

LISTS = (ListDecl("items", "item", "key"), ListDecl("lines", "line", "key"), ListDecl("notes", "remark", None))
DECISIONS = ("whole", "each_item", "cut", "next_step")


@dataclass(frozen=True)
class Generated:
    """A bundle's files by name, and the constants that facts should lie beside."""

    seed: int
    files: Mapping[str, str]
    constants: Mapping[str, tuple[object, ...]]

    def write(self, folder: Path) -> Path:
        """Write the files into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in self.files.items():
            (folder / file).write_text(text, "utf-8")
        return folder


def generate(seed: int) -> Generated:
    """The bundle of a seed."""
    rng = random.Random(seed)
    w = World(rng, faulty=rng.random() < 0.3)
    files: dict[str, dict[str, Data]] = {}
    _vocabulary(w, files)
    decisions = _decisions(w, files)
    head: Entry = {"kind": "bundle", "bundle": f"seed_{seed}", "title": "Generated", "version": "1.0.0"}
    head["time_zone"] = w.one("UTC", "Asia/Shanghai", "America/New_York")
    head["in_force_on"] = w.in_force_on
    head["calendar"] = "bank"
    head["decisions"] = decisions
    texts = {f"{n}.yaml": yaml_text(d) for n, d in {"bundle": head, **files}.items()}
    return Generated(seed, texts, {k: tuple(v) for k, v in w.constants.items()})


# --- vocabulary ---


def _vocabulary(w: World, files: dict[str, dict[str, Data]]) -> None:
    """Facts, lists, parameters and definitions in a random order: each may read those before it."""
    facts: Entry = {}
    parameters: Entry = {}
    definitions: Entry = {}
    names = list(FACTS)
    w.rng.shuffle(names)
    w.in_force_on = w.one("as_of", "as_of", "day.placed", "day.sent")
    names.sort(key=lambda n: n != w.in_force_on)  # nothing that it reads may go by it
    facts |= declare_facts(w, names[:8])
    rest = names[8:]
    jobs = ["fact"] * 4 + ["parameter"] * (4 + int(w.rng.random() * 4)) + ["definition"] * (4 + int(w.rng.random() * 5))
    jobs += ["list"] * len(LISTS)
    w.rng.shuffle(jobs)
    lists = list(LISTS)
    parameters |= declare_parameter(w, "set:color")
    for job in jobs:
        match job:
            case "fact":
                taken, rest = rest[:4], rest[4:]
                facts |= declare_facts(w, taken)
            case "list":
                of = lists.pop(0)
                facts[of.name] = declare_list(w, of)
            case "parameter":
                parameters |= declare_parameter(w)
            case _:
                definitions |= declare_definition(w)
    facts |= declare_facts(w, rest)
    for of in w.lists:
        for _ in range(int(w.rng.random() * 3)):
            definitions |= declare_definition(w, of)
    files["facts"] = {"kind": "facts", "types": types(), "facts": facts}
    files["parameters"] = {"kind": "parameters", "parameters": parameters}
    files["calendars"] = {"kind": "calendars", "calendars": calendars(w)}
    files["definitions"] = {"kind": "definitions", "definitions": definitions}


# --- decisions ---


def _decisions(w: World, files: dict[str, dict[str, Data]]) -> Entry:
    whole = Plan("whole", None, _words(w, DOCUMENT_WORDS), None)
    each = _by_element(w)
    cut = Plan(
        "cut", None, {"impossible": "refused", "waiting": "pending", "split": "granted", "single": "granted"}, None
    )
    found: Entry = {}
    _late(w, files)
    for plan in (whole, each, cut):
        declare_policies(w, plan)
        if plan is cut:
            _cut(w, plan)
        for kind, policies in plan.files.items():
            files[f"{plan.key}_{kind}"] = {"kind": kind, "decision": plan.key, "policies": policies}
        if plan is not cut and w.chance(0.85):
            files[f"{plan.key}_payout"] = {"kind": "payout", "decision": plan.key, "policies": payout(w, plan, w.lists)}
        found[plan.key] = _decision(w, plan)
    found["next_step"] = _value(w)
    return found


def _late(w: World, files: dict[str, dict[str, Data]]) -> None:
    """A definition that only an answer can tell."""
    definitions = files["definitions"]["definitions"]
    assert isinstance(definitions, dict)
    definitions["told"] = {"type": "text", "is": 'if parts > 1 then "several" else "one"'}
    definitions["said"] = {"type": "boolean", "is": "verdict = waiting"}
    w.late += [Named("told", "text"), Named("said", "boolean")]


def _words(w: World, words: Mapping[str, str]) -> dict[str, str]:
    """The words in a random order, some of them left out, one of each class at least."""
    keys = list(words)
    w.rng.shuffle(keys)
    kept: list[str] = []
    for k in keys:
        if w.chance(0.7) or words[k] not in {words[o] for o in kept} or k == "waiting":
            kept.append(k)
    return {k: words[k] for k in kept}


def _by_element(w: World) -> Plan:
    of = next(i for i in w.lists if i.name == "items")
    verdicts = _words(w, DOCUMENT_WORDS)
    if w.chance(0.75):
        verdicts["partial"] = "partly"
    return Plan("each_item", of, verdicts, _words(w, ELEMENT_WORDS) if w.chance(0.7) else None)


def _cut(w: World, plan: Plan) -> None:
    of = next(i for i in w.lists if i.name == "lines")
    policies = plan.files.setdefault("thresholds", {})
    for _ in range(1 + w.chance(0.15)):
        key = w.new("plan_of_")
        policies[key] = {"rules": [split_rule(w, of, plan.verdicts)]}
        plan.steps.insert(int(w.rng.random() * (len(plan.steps) + 1)), key)


def _decision(w: World, plan: Plan) -> Entry:
    made: Entry = {"title": f"Decision {plan.key}"}
    if plan.each:
        made["each"] = plan.each.each
    made["verdicts"] = plan.verdicts
    if plan.element_verdicts:
        made["element_verdicts"] = plan.element_verdicts
    made["steps"] = plan.steps
    words = plan.words(element=plan.each is not None)
    outcome: Entry = {"verdict": w.one(*words)}
    if w.chance(0.5):
        subject = name(w, "integer", DOCUMENT)
        outcome |= {"id": w.new("O-"), "because": f"Otherwise {{{subject}}}." if subject else "Otherwise."}
    made["otherwise"] = {"element" if plan.each else "document": outcome}
    made["report"] = _report(w)
    return made


def _report(w: World) -> list[Data]:
    names = [n.text for n in w.names if n.type != "list" and w.chance(0.15)]
    return [*dict.fromkeys([*names, *(n.text for n in w.late)]), "parts"]


def _value(w: World) -> Entry:
    type_ = w.one("enum:color", "enum:color", "enum:size")
    value = expression(w, type_, DOCUMENT, 3)
    named = name(w, type_, DOCUMENT)
    return {"title": "What to do next", "is": value if not _bare(value) else named or "order.paint"}


def _bare(text: str) -> bool:
    return text.startswith("(if") or text[:1].isupper() or text in ("red", "green", "blue", "black")
