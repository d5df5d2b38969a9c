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
from tests.differential.sizes import LARGE, size_of
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
#: The lists that decisions are about.
NEEDS = {"each_item": "items", "cut": "lines"}


@dataclass(frozen=True)
class Generated:
    """A bundle's files by stem, and the constants that facts should lie beside."""

    seed: int
    files: Mapping[str, Mapping[str, Data]]
    constants: Mapping[str, tuple[object, ...]]

    def write(self, folder: Path) -> Path:
        """Write the files into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in self.files.items():
            (folder / f"{file}.yaml").write_text(yaml_text(data), "utf-8")
        return folder


def generate(seed: int) -> Generated:
    """The bundle of a seed."""
    rng = random.Random(seed)
    size = size_of(seed)
    w = World(rng, faulty=rng.random() < 0.4, calendars=rng.random() < size.calendars, size=size)
    files: dict[str, dict[str, Data]] = {}
    wanted = _wanted(w)
    _vocabulary(w, files, {NEEDS[d] for d in wanted if d in NEEDS})
    decisions = _decisions(w, files, wanted)
    head: Entry = {"kind": "bundle", "bundle": f"seed_{seed}", "title": "Generated", "version": "1.0.0"}
    head["time_zone"] = w.one("UTC", "Asia/Shanghai", "America/New_York")
    head["in_force_on"] = w.in_force_on
    if w.calendars:
        head["calendar"] = "bank"
    head["decisions"] = decisions
    return Generated(seed, {"bundle": head, **files}, {k: tuple(v) for k, v in w.constants.items()})


# --- vocabulary ---


def _vocabulary(w: World, files: dict[str, dict[str, Data]], needed: set[str]) -> None:
    """Facts, lists, parameters and definitions in a random order: each may read those before it.

    ``needed`` names the lists that the decisions are about; others are there or not.
    """
    facts: Entry = {}
    parameters: Entry = {}
    definitions: Entry = {}
    names = _names_of_facts(w)
    first = (len(names) + 1) // 3
    facts |= declare_facts(w, names[:first])
    rest = names[first:]
    lists = [i for i in LISTS if i.name in needed or w.chance(w.size.lists)]
    jobs = ["fact"] * 4 + ["parameter"] * _about(w, w.size.parameters) + ["definition"] * _about(w, w.size.definitions)
    jobs += ["list"] * len(lists)
    w.rng.shuffle(jobs)
    if w.size is LARGE or w.chance(0.3):
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
    if parameters:
        files["parameters"] = {"kind": "parameters", "parameters": parameters}
    if w.calendars:
        files["calendars"] = {"kind": "calendars", "calendars": calendars(w)}
    files["definitions"] = {"kind": "definitions", "definitions": definitions}


def _names_of_facts(w: World) -> list[str]:
    """The facts to declare, in a random order; what everything goes by comes first: it may not read what does."""
    w.in_force_on = w.one("as_of", "as_of", "day.placed", "day.sent")
    names = list(FACTS)
    w.rng.shuffle(names)
    needed = {"order.paint", w.in_force_on} & set(FACTS)
    others = [n for n in names if n not in needed]
    kept = {*needed, *others[: w.size.facts]}
    return sorted((n for n in names if n in kept), key=lambda n: n != w.in_force_on)


def _about(w: World, most: int) -> int:
    return (most + 1) // 2 + int(w.rng.random() * (most // 2 + 1))


# --- decisions ---


def _wanted(w: World) -> list[str]:
    """Which decisions there are, in their order; the value of a definition seldom stands alone."""
    keys = list(DECISIONS)
    w.rng.shuffle(keys)
    keys.sort(key=lambda k: k == "next_step" and w.chance(0.8))
    return [d for d in DECISIONS if d in keys[: w.size.decisions]]


def _decisions(w: World, files: dict[str, dict[str, Data]], wanted: list[str]) -> Entry:
    found: Entry = {}
    if wanted != ["next_step"]:
        _late(w, files)
    for plan in (PLANS[key](w) for key in wanted if key in PLANS):
        declare_policies(w, plan)
        if plan.key == "cut":
            _cut(w, plan)
        for kind, policies in plan.files.items():
            files[f"{plan.key}_{kind}"] = {"kind": kind, "decision": plan.key, "policies": policies}
        if plan.key != "cut" and w.chance(0.85):
            files[f"{plan.key}_payout"] = {"kind": "payout", "decision": plan.key, "policies": payout(w, plan, w.lists)}
        found[plan.key] = _decision(w, plan)
    if "next_step" in wanted:
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


def _whole(w: World) -> Plan:
    return Plan("whole", None, _words(w, DOCUMENT_WORDS), None)


def _splitting(_w: World) -> Plan:
    words = {"impossible": "refused", "waiting": "pending", "split": "granted", "single": "granted"}
    return Plan("cut", None, words, None)


PLANS = {"whole": _whole, "each_item": _by_element, "cut": _splitting}


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
