"""The rivals: each gets the workload's rules in its own language and answers a document with the outcome and the ids.

Every rival starts from plain data. Where its interface takes JSON text, writing that text is part of its time. None of
them weighs steps, so that the outcome is worked out from the ids by :func:`~tests.benchmarks.workload.outcome`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.workload import PATHS, Condition, Decide, Document, Path, Rule, documents, outcome

Rules = Sequence[Rule]
_SIGNS = {"eq": "==", "lt": "<", "gt": ">", "ge": ">="}


@dataclass(frozen=True, slots=True)
class Rival:
    """``title`` as in the tables, the ``package`` whose version is told and the ``module`` in it (None: Python itself).

    ``load`` goes from rules to an answerer. ``at_home`` runs in the project's own environment.
    """

    title: str
    package: str | None
    module: str | None
    load: Callable[[Rules], Decide]
    at_home: bool = False


@dataclass(frozen=True, slots=True)
class Infix:
    """How a language with infix operators spells things."""

    both: str = "&&"
    either: str = "||"
    literal: Callable[[Any], str] = json.dumps
    path: Callable[[str], str] = str
    one_of: Callable[[str, list[str]], str] = lambda a, constants: f"{a} in [{', '.join(constants)}]"
    has: Callable[[str, str], str] = lambda a, member: f"{member} in {a}"

    def text(self, when: Condition) -> str:
        """The condition in that language."""
        head, *rest = when
        if head in ("and", "or"):
            word = self.both if head == "and" else self.either
            return "(" + f" {word} ".join(self.text(part) for part in rest) + ")"
        path, other = self.path(rest[0]), rest[1]
        if head == "in":
            return self.one_of(path, [self.literal(c) for c in other])
        if head == "has":
            return self.has(path, self.literal(other))
        return f"{path} {_SIGNS[head]} {self.path(other) if isinstance(other, Path) else self.literal(other)}"

    def listed(self, rules: Rules) -> str:
        """All conditions as one list of truths."""
        return "[" + ", ".join(self.text(rule.when) for rule in rules) + "]"


_PYTHON = Infix(
    "and", "or", repr, lambda p: p.replace(".", "_"), lambda a, constants: f"{a} in ({', '.join(constants)},)"
)
_ZEN = Infix("and", "or")
_CEL = Infix()
_CEDAR = Infix(
    path=lambda p: f"context.{p}",
    one_of=lambda a, constants: f"[{', '.join(constants)}].contains({a})",
    has=lambda a, member: f"{a}.contains({member})",
)
_REGO = Infix(path=lambda p: f"input.{p}", one_of=lambda a, constants: f"{a} in {{{', '.join(constants)}}}")


def _picking(rules: Rules, truths: Callable[[Document], Any]) -> Decide:
    """An answerer from one that gives a truth for each rule, in order."""
    names = [rule.id for rule in rules]

    def decide(facts: Document) -> tuple[str, list[str]]:
        ids = list(itertools.compress(names, truths(facts)))
        return outcome(ids), ids

    return decide


# --- Python -----------------------------------------------------------------------------------------------------------


def _generated_python(rules: Rules) -> Decide:
    """One function: facts into variables, then each rule tested in turn."""
    lines = ["def decide(facts):"]
    lines += [f" {group} = facts[{group!r}]" for group in ("order", "claim", "supplier")]
    lines += [" {} = {}[{!r}]".format(p.replace(".", "_"), *p.split(".")) for p in PATHS]
    lines += [" ids = []"]
    lines += [f" if {_PYTHON.text(rule.when)}: ids.append({rule.id!r})" for rule in rules]
    lines += [" return outcome(ids), ids"]
    scope: dict[str, Any] = {"outcome": outcome}
    exec("\n".join(lines), scope)  # noqa: S102 - generated from the workload
    return scope["decide"]


def _closures(rules: Rules) -> Decide:
    """Each condition a closure over those of its parts: how interpreters of YAML rules usually work."""
    made = [(rule.id, _closure(rule.when)) for rule in rules]

    def decide(facts: Document) -> tuple[str, list[str]]:
        ids = [id_ for id_, test in made if test(facts)]
        return outcome(ids), ids

    return decide


def _closure(when: Condition) -> Callable[[Document], bool]:
    head, *rest = when
    if head in ("and", "or"):
        parts = [_closure(part) for part in rest]
        stop = head == "or"

        def combined(facts: Document) -> bool:
            for part in parts:
                if part(facts) is stop:
                    return stop
            return not stop

        return combined
    group, key = rest[0].split(".")
    other = rest[1]
    if isinstance(other, Path):
        their_group, their_key = other.split(".")
        compare = getattr(operator, head)
        return lambda facts: compare(facts[group][key], facts[their_group][their_key])
    if head == "in":
        members = frozenset(other)
        return lambda facts: facts[group][key] in members
    if head == "has":
        return lambda facts: other in facts[group][key]
    compare = getattr(operator, head)
    return lambda facts: compare(facts[group][key], other)


# --- JsonLogic --------------------------------------------------------------------------------------------------------


def _json_logic(when: Condition) -> dict[str, Any]:
    head, *rest = when
    if head in ("and", "or"):
        return {head: [_json_logic(part) for part in rest]}
    fact, other = {"var": rest[0]}, rest[1]
    if head == "in":
        return {"in": [fact, list(other)]}
    if head == "has":
        return {"in": [other, fact]}
    return {_SIGNS[head]: [fact, {"var": str(other)} if isinstance(other, Path) else other]}


def _datalogic(rules: Rules) -> Decide:
    import datalogic_py

    compiled = datalogic_py.Engine().compile([_json_logic(rule.when) for rule in rules])
    return _picking(rules, compiled.evaluate)


# --- GoRules ZEN ------------------------------------------------------------------------------------------------------


def zen_table_json(rules: Rules) -> str:
    """The rules as a decision table that collects the ids of all rows that fit."""
    rows = [{"_id": rule.id, "when": _ZEN.text(rule.when), "id": json.dumps(rule.id)} for rule in rules]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "when", "name": "when"}],
        "outputs": [{"id": "id", "name": "id", "field": "id"}],
        "rules": rows,
    }
    return json.dumps(_zen_graph("decisionTableNode", table))


def _zen_graph(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    at = {"x": 0, "y": 0}
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", "position": at},
            {"id": "rules", "name": "rules", "type": kind, "position": at, "content": content},
            {"id": "out", "name": "out", "type": "outputNode", "position": at},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "rules"},
            {"id": "b", "type": "edge", "sourceId": "rules", "targetId": "out"},
        ],
    }


def _zen_static(graph: dict[str, Any]) -> Callable[[Document], Any]:
    """Behind the loader that compiles once; the first call does it."""
    import zen

    evaluate = zen.ZenEngine({"loader": {"type": "static", "content": {"workload": graph}}}).evaluate
    evaluate("workload", documents(1, seed=99)[0])
    return lambda facts: evaluate("workload", facts)["result"]


def _zen_table(rules: Rules) -> Decide:
    evaluate = _zen_static(json.loads(zen_table_json(rules)))

    def decide(facts: Document) -> tuple[str, list[str]]:
        ids = [row["id"] for row in evaluate(facts)]
        return outcome(ids), ids

    return decide


def _zen_expressions(rules: Rules) -> Decide:
    import zen

    return _picking(rules, zen.compile_expression(_ZEN.listed(rules)).evaluate)


# --- CEL --------------------------------------------------------------------------------------------------------------


def _cel_rust(rules: Rules) -> Decide:
    import cel

    return _picking(rules, cel.compile(_CEL.listed(rules)).execute)


def _cel_google(rules: Rules) -> Decide:
    from cel_expr_python import cel

    kinds = dict.fromkeys(("order", "claim", "supplier"), cel.Type.DYN)
    compiled = cel.NewEnv(variables=kinds).compile(_CEL.listed(rules))
    return _picking(rules, lambda facts: [truth.value() for truth in compiled.eval(data=facts).value()])


# --- Cedar ------------------------------------------------------------------------------------------------------------


def _cedar(rules: Rules) -> Decide:
    """One permission for each rule: the policies that speak for the answer are the rules that hold."""
    import cedarpy
    import orjson

    permits = (f"permit(principal, action, resource) when {{ {_CEDAR.text(rule.when)} }};" for rule in rules)
    policies = cedarpy.PolicySet.from_str("\n".join(permits))
    entities = cedarpy.Entities.from_json_str("[]")
    names = {f"policy{n}": rule.id for n, rule in enumerate(rules)}
    asked = {"principal": 'User::"a"', "action": 'Action::"b"', "resource": 'Dispute::"c"'}

    def decide(facts: Document) -> tuple[str, list[str]]:
        request = {**asked, "context": orjson.dumps(facts).decode()}
        answer = cedarpy.is_authorized(request, policies, entities)
        ids = [names[policy] for policy in answer.diagnostics.reasons]
        return outcome(ids), ids

    return decide


# --- Rego -------------------------------------------------------------------------------------------------------------


def _rego_bodies(when: Condition) -> list[list[str]]:
    """The condition as alternatives, each a list of tests: the shape of a Rego rule."""
    head, *rest = when
    if head == "or":
        return [body for part in rest for body in _rego_bodies(part)]
    if head == "and":
        combined = itertools.product(*(_rego_bodies(part) for part in rest))
        return [[test for body in bodies for test in body] for bodies in combined]
    return [[_REGO.text(when)]]


def _regorus(rules: Rules) -> Decide:
    import orjson
    import regorus

    lines = ["package workload", "import rego.v1"]
    lines += [
        f"matched contains {json.dumps(rule.id)} if {{ {'; '.join(body)} }}"
        for rule in rules
        for body in _rego_bodies(rule.when)
    ]
    source = [("workload.rego", "\n".join(lines))]
    machine = regorus.Rvm()
    machine.load_program(regorus.Program.compile_from_modules("{}", source, ["data.workload.matched"]))

    def decide(facts: Document) -> tuple[str, list[str]]:
        machine.set_input_json(orjson.dumps(facts).decode())
        ids = orjson.loads(machine.execute())
        return outcome(ids), ids

    return decide


# --- durable-rules ----------------------------------------------------------------------------------------------------


def _durable(when: Condition) -> dict[str, Any]:
    head, *rest = when
    if head in ("and", "or"):
        return {f"${head}": [_durable(part) for part in rest]}
    path, other = str(rest[0]), rest[1]
    if head == "in":
        return {"$or": [{path: constant} for constant in other]}
    if head == "has":
        return {"$iany": {path: {"$i": other}}}
    test = {path: {"$m": str(other)} if isinstance(other, Path) else other}
    return test if head == "eq" else {{"lt": "$lt", "gt": "$gt", "ge": "$gte"}[head]: test}


def _durable_host(rules: Rules) -> Decide:
    """The interface that its manual shows: a host, one action for each rule, a session for each document."""
    from durable.engine import Host, MessageNotHandledException

    fired: list[str] = []

    def action(id_: str) -> Callable[[object], None]:
        return lambda _context: fired.append(id_)

    rule_set = {r.id: {"all": [{"m": _durable(r.when)}], "run": action(r.id)} for r in rules}
    host = Host({"workload": rule_set})
    sessions = itertools.count()

    def decide(facts: Document) -> tuple[str, list[str]]:
        fired.clear()
        session = str(next(sessions))
        fact = {"sid": session, "id": "1", **facts}
        with contextlib.suppress(MessageNotHandledException):  # no rule holds
            host.assert_fact("workload", fact)
        host.retract_fact("workload", fact)
        host.delete_state("workload", session)
        ids = list(fired)
        return outcome(ids), ids

    return decide


#: In the order of the tables. The first is the yardstick of all ratios.
RIVALS: dict[str, Rival] = {
    "generated": Rival("generated Python, rule after rule", None, None, _generated_python),
    "datalogic": Rival("datalogic-py (JsonLogic, Rust)", "datalogic-py", "datalogic_py", _datalogic),
    "closures": Rival("nested Python closures", None, None, _closures),
    "zen_expressions": Rival("ZEN expressions (GoRules, Rust)", "zen-engine", "zen", _zen_expressions),
    "zen_table": Rival("ZEN decision table (GoRules, Rust)", "zen-engine", "zen", _zen_table),
    "regorus": Rival("regorus (Rego, Rust)", "gordon-to-regorus", "regorus", _regorus),
    "cel_google": Rival("CEL of Google (C++)", "cel-expr-python", "cel_expr_python.cel", _cel_google),
    "cel_rust": Rival("CEL (Rust)", "common-expression-language", "cel", _cel_rust),
    "cedar": Rival("Cedar (Rust)", "cedarpy", "cedarpy", _cedar),
    "durable_host": Rival(
        "durable-rules through its Host", "durable-rules", "durable.engine", _durable_host, at_home=True
    ),
}
#: Rivals that are known and not measured, and why.
NOT_MEASURED = {
    "OPA": "no package for Python 3.11 to 3.13 carries it; regorus runs the same language",
}
