"""What a run has seen: every form of the language, in every outcome it can have; and which quotas that leaves unmet.

The reference is watched while it works: each node that it evaluates and each table row that it chooses is
counted by form and outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.differential.sides import Answer, every_truth

from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.model.vocabulary import Table
from policyengine.reference import evaluate as meaning
from policyengine.reference.results import Result
from policyengine.values.types import BOOLEAN

#: (subject, form, outcome): ``("form", "< money", "true")``, ``("rule", "deadlines by element", "unknown")`` …
Seen = Counter[tuple[str, str, str]]

TRUTHS: Mapping[object, str] = {True: "true", False: "false", None: "unknown"}
THREE = ("true", "false", "unknown")


# --- counting ---


@contextmanager
def watching(seen: Seen) -> Iterator[None]:
    """Count what the reference evaluates."""
    evaluate, choose = meaning._evaluate, meaning.tables.choose

    def counted(e: x.Expr, env: meaning.Env) -> Result:
        found = evaluate(e, env)
        seen["form", form(e), outcome(e, found)] += 1
        return found

    def chosen(name: str, table: Table, *parts: Sequence[Result] | Result | None) -> Result:
        found: Result = choose(name, table, *parts)
        columns = "several" if len(table.outputs) > 1 else "one"
        rest = "with otherwise" if table.otherwise else "without otherwise"
        seen["table", f"{table.hit} {rest}", value_outcome(found)] += 1
        seen["table", f"{columns} outputs", value_outcome(found)] += 1
        return found

    meaning._evaluate, meaning.tables.choose = counted, chosen
    try:
        yield
    finally:
        meaning._evaluate, meaning.tables.choose = evaluate, choose


def form(e: x.Expr) -> str:
    """The name under which a node is counted."""
    match e:
        case x.Compare():
            return f"{e.op} {e.left.type.kind}"
        case x.Within():
            return f"in {'(' if e.low_open else '['}..{')' if e.high_open else ']'} {e.subject.type.kind}"
        case x.Contains():
            return f"contains {e.mode}"
        case x.Arith():
            return f"{e.left.type.kind} {e.op} {e.right.type.kind}"
        case x.Call():
            return f"{e.function}()"
        case x.Quantifier():
            return e.kind
        case x.SplitIs():
            return f"split is {e.outcome}"
        case x.Known() | x.Stated():
            return f"{type(e).__name__.lower()}({type(e.target).__name__})"
        case _:
            return type(e).__name__


def outcome(e: x.Expr, found: Result) -> str:
    """The truth of a condition; whether a value is known, known in part, or unknown."""
    if e.type == BOOLEAN:
        return TRUTHS[found.value] if isinstance(found.value, bool) or not found.known else "known"
    return value_outcome(found)


def value_outcome(found: Result) -> str:
    """Known, bounded, a fault, or unknown."""
    if found.known:
        return "known"
    if found.lo is not None or found.hi is not None:
        return "bounded"
    return "fault" if found.faults and not found.blame else "unknown"


def count_answer(seen: Seen, bundle: CheckedBundle, answer: Answer) -> None:
    """Count the rules and the parts of one answer."""
    decision = answer.decision
    spec = bundle.decisions[decision.decision]
    kinds = {r.index: _kind(r) for r in spec.rules}
    for (index, _), truth in every_truth(spec, answer.matches).items():
        seen["rule", kinds[index], TRUTHS[truth]] += 1
    shape = _shape(spec)
    seen["verdict", shape, decision.verdict_class] += 1
    for element in decision.elements:
        seen["verdict", "an element", element.element_class] += 1
    for fault in decision.faults:
        seen["fault", fault.code, "told"] += 1
    for remark in decision.remarks:
        seen["remark", remark.code, "told"] += 1
    for part in _parts(spec, decision):
        seen["answer", part, "told"] += 1


def _kind(rule: Rule) -> str:
    deadline = f" {rule.deadline.kind}" if rule.deadline else ""
    return f"{rule.kind}{deadline} of {'the document' if rule.each is None else 'an element'}"


def _shape(spec: DecisionSpec) -> str:
    if spec.value:
        return "a value"
    return "by elements" if spec.each else "of the document"


def _parts(spec: DecisionSpec, decision: Decision) -> Iterator[str]:
    """The parts of an answer that are there."""
    if decision.split:
        yield f"split into {'one' if decision.split.parts == 1 else 'several'}"
    if spec.payout and decision.verdict_class in ("granted", "partly"):
        yield "amount known" if decision.amount else "amount unknown"
        yield from (f"amount of {d.scope}" for d in decision.amounts)
        yield from ("limit that cuts" for d in decision.amounts if d.limit)
    yield from (f"missing {m.type} for {m.purpose}" for m in decision.missing)
    yield from ("missing of an element" for m in decision.missing if "[" in m.fact)
    yield from (f"deadline {'until' if d.from_day else 'by'}" for d in decision.deadlines)
    for part in ("reasons", "warnings", "needs"):
        if getattr(decision, part):
            yield part


# --- quotas ---

_ORDERED = ("integer", "decimal", "money", "date")
_OTHERS = ("boolean", "currency", "text", "enum", "set")
_FAULTS = (
    "fault/currency", "fault/division-by-zero", "fault/date-range", "fault/empty-list", "fault/empty-date",
    "fault/not-in-force", "table/overlap", "table/no-row", "fault/split",
)  # fmt: skip
_ARITHMETIC = (
    "integer + integer", "integer - integer", "integer * integer", "decimal / decimal", "money + money",
    "money - money", "money * decimal", "decimal * money", "money / decimal", "money / money",
    "date + duration", "date - duration",
)  # fmt: skip
_FUNCTIONS = (
    "min", "max", "earliest", "latest", "sum", "count", "common", "days", "weeks", "months", "years", "working_days",
    "days_between", "roll", "end_of_month", "end_of_year", "convert", "round",
)  # fmt: skip
_BOUNDED = ("min()", "max()", "earliest()", "latest()", "count()", "roll()", "end_of_month()", "end_of_year()",
            "date + duration", "date - duration", "If", "DefinitionRef")  # fmt: skip
_CONDITIONS = (
    "MemberOf", "contains any", "contains all", "And", "Or", "Not", "some", "every",
    "stated(FactRef)", "stated(ItemField)", "stated(ListRef)", "split is one", "split is several", "split is none",
)  # fmt: skip
_KINDS = ("coverage", "exclusions", "requirements", "deadlines by", "deadlines until", "thresholds")
_MISSING = ("boolean", "integer", "decimal", "money", "currency", "date", "text", "enum", "set", "list")


def quotas() -> Iterator[tuple[str, str, str]]:
    """Everything that a run must have seen."""
    ops = ("=", "!=", "<", "<=", ">", ">=")
    forms = [f"{op} {t}" for op in ops for t in _ORDERED] + [f"{op} {t}" for op in ops[:2] for t in _OTHERS]
    forms += [f"in {low}..{high} {t}" for low in "[(" for high in "])" for t in _ORDERED]
    yield from (("form", f, o) for f in (*forms, *_CONDITIONS) for o in THREE)
    yield from (("form", f"known({t})", o) for t in ("FactRef", "ItemField", "ListRef") for o in THREE[:2])
    values = [*_ARITHMETIC, *(f"{f}()" for f in _FUNCTIONS), "Negate", "If", "ParameterRef", "FactRef", "ItemField"]
    yield from (
        ("form", f, o) for f in (*values, "DefinitionRef", "ListRef", "Filter", "Pluck") for o in ("known", "unknown")
    )
    yield from (("form", f, "bounded") for f in _BOUNDED)
    hits = [f"{hit} {rest} otherwise" for hit in ("unique", "any", "first") for rest in ("with", "without")]
    yield from (
        ("table", h, o) for h in hits for o in ("known", "unknown", "fault") if o != "fault" or "with " not in h
    )
    yield from (("table", f"{n} outputs", o) for n in ("one", "several") for o in ("known", "unknown"))
    yield from (("rule", f"{k} of {of}", o) for k in _KINDS for of in ("the document", "an element") for o in THREE)
    classes = ("refused", "pending", "granted", "undetermined")
    yield from (("verdict", of, c) for of in ("of the document", "by elements", "an element") for c in classes)
    yield from (
        ("verdict", *rest) for rest in (("by elements", "partly"), ("a value", "value"), ("a value", "undetermined"))
    )
    yield from (("fault", code, "told") for code in _FAULTS)
    yield from (("remark", code, "told") for code in ("facts/order", "calendar/no-year", "decision/empty-list"))
    yield from (("answer", part, "told") for part in _answer_parts())


def _answer_parts() -> list[str]:
    parts = ["split into one", "split into several", "amount known", "amount unknown", "limit that cuts"]
    parts += [f"amount of {scope}" for scope in ("element", "group", "total")]
    parts += [f"missing {t} for verdict" for t in _MISSING] + ["missing money for amount", "missing of an element"]
    return [*parts, "deadline by", "deadline until", "reasons", "warnings", "needs"]


def unmet(seen: Seen, least: int = 1) -> list[str]:
    """The quotas of which less than ``least`` was seen."""
    return [" ".join(q) + f" ({seen[q]})" for q in quotas() if seen[q] < least]


def report(seen: Seen) -> str:
    """A table: each form with how often each outcome was seen."""
    rows: dict[tuple[str, str], list[str]] = {}
    for (subject, name, found), count in sorted(seen.items()):
        rows.setdefault((subject, name), []).append(f"{found} {count:,}")
    width = max((len(f"{s}: {n}") for s, n in rows), default=0)
    return "\n".join(f"{f'{s}: {n}':{width}}  {', '.join(outcomes)}" for (s, n), outcomes in rows.items())
