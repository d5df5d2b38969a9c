"""Random vocabularies: facts with their defaults, lists, dated parameters, calendars, definitions and tables.

What is declared may read what was declared before it and nothing else, so nothing is defined by itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from tests.differential.conditions import cell, condition
from tests.differential.expressions import constant, expression, members_list, name
from tests.differential.world import DOCUMENT, KINDS, MEMBERS, ORDERED, ListDecl, Named, Scope, World
from tests.differential.yaml_text import Data

Entry = dict[str, Data]

#: Facts of the document, by name: at least so many of each type that every operator has something to work on.
FACTS = {
    "order.paid": "boolean", "order.insured": "boolean", "order.rush": "boolean",
    "order.count": "integer", "order.boxes": "integer",
    "order.rate": "decimal", "order.share": "decimal",
    "order.total": "money", "order.fee": "money", "order.deposit": "money",
    "order.currency": "currency", "order.tongue": "text", "order.agent": "text",
    "order.paint": "enum:color", "order.trim": "enum:color", "order.size": "enum:size",
    "order.marks": "set:color", "order.proofs": "set:color",
    "day.placed": "date", "day.sent": "date", "day.arrived": "date", "day.claimed": "date",
}  # fmt: skip
FIELDS = {
    "kind": "enum:color", "amount": "money", "price": "money", "units": "integer", "share": "decimal",
    "bad": "boolean", "whole": "boolean", "seen": "date", "ends": "date",
    "grade": "enum:size", "tags": "set:color", "note": "text",
}  # fmt: skip
#: What payouts and splits read of an element.
PAID_BY = ("kind", "amount", "price", "units", "share")
WEEKDAYS = ("friday", "saturday", "sunday")


def type_keys(type_: str) -> Entry:
    """The keys of a declaration that say the type."""
    kind, _, of = type_.partition(":")
    return {"type": kind, "of": of} if of else {"type": kind}


def types() -> Entry:
    """The shared enums; one with words for messages, one open."""
    return {
        "color": {"enum": {m: f"the {m} one" for m in MEMBERS["color"]}},
        "size": {"enum": list(MEMBERS["size"]), "open": "true"},
        "outcome": {"enum": list(MEMBERS["outcome"])},
    }


# --- facts ---


def fact(w: World, fact_name: str, type_: str, scope: Scope) -> Entry:
    """The declaration of a fact, with a default now and then."""
    entry: Entry = {**type_keys(type_)}
    if w.chance(0.3):
        entry["title"] = f"What {fact_name} says"
    if w.chance(0.4):
        entry["default"] = default(w, type_, scope)
    if type_ == "date":
        if w.chance(0.3):
            entry["may_be_empty"] = "true"
        if w.chance(0.4) and (earlier := name(w, "date", DOCUMENT)) and earlier in FACTS:
            entry["not_before"] = earlier
    if type_ == "money" and w.chance(0.25) and (currency := name(w, "currency", DOCUMENT)) and currency in FACTS:
        entry["currency"] = currency
    if type_ in ("integer", "decimal", "money") and w.chance(0.15):
        entry["min"] = w.one("0", "-5")
    return entry


def default(w: World, type_: str, scope: Scope) -> Data:
    """A constant, the evaluation day, another fact, something derived; ``null`` in a branch of it."""
    kind, _, of = type_.partition(":")
    if kind == "set":
        return [m for m in MEMBERS[of] if w.chance(0.4)]
    if w.chance(0.3):
        return "as_of" if type_ == "date" else constant(w, type_)
    if w.chance(0.4):
        return f"if {expression(w, 'boolean', scope, 2)} then {expression(w, type_, scope, 1)} else null"
    return expression(w, type_, scope, 2)


def declare_facts(w: World, names: list[str]) -> Entry:
    declared: Entry = {}
    for fact_name in names:
        declared[fact_name] = fact(w, fact_name, FACTS[fact_name], DOCUMENT)
        w.names.append(Named(fact_name, FACTS[fact_name], fact=True))
    return declared


def declare_list(w: World, of: ListDecl) -> Entry:
    """A list; each field's default may read the element's earlier fields."""
    fields: Entry = {}
    known = of
    for field_name, type_ in FIELDS.items():
        if field_name not in PAID_BY and not w.chance(w.size.fields):
            continue
        fields[field_name] = fact(w, field_name, type_, DOCUMENT.binding(of.each, known))
        known = replace(known, fields=(*known.fields, Named(field_name, type_, fact=True)))
    w.lists.append(known)
    entry: Entry = {"type": "list", "each": of.each}
    if of.id:
        entry["id"] = of.id
    entry["fields"] = fields
    if w.chance(0.25):
        entry["default"] = []
    return entry


# --- parameters and calendars ---


def declare_parameter(w: World, constant_of: str | None = None) -> Entry:
    """A parameter, constant or dated; dated ones go by different days. ``constant_of`` asks for a constant one."""
    type_ = constant_of or w.one(*KINDS, "duration", *ORDERED)
    made: Entry = {**type_keys(type_)}
    if constant_of or w.chance(0.3):
        made["value"] = literal(w, type_)
    else:
        made |= dated(w, type_)
    key = w.new("limit_")
    w.names.append(Named(key, type_, parameter=True))
    return {key: made}


def dated(w: World, type_: str) -> Entry:
    day = w.day()
    rows: list[Data] = []
    for n in range(2 + w.chance(0.4)):
        row: Entry = {} if n == 0 and w.chance(0.5) else {"from": day.isoformat()}
        # The only amounts in another currency that a policy speaks of: that they meet others, a checker cannot tell.
        value = w.money("EUR") if type_ == "money" and n and w.chance(0.2) else literal(w, type_)
        rows.append(row | {"value": value})
        day = day + timedelta(days=1 + int(w.rng.random() * 300))
        w.constants["date"].append(day)
    keyed: Entry = {}
    if w.chance(0.8):
        keyed["keyed_on"] = name(w, "date", DOCUMENT) or "as_of"
        if w.chance(0.2):
            keyed["keyed_on"] = expression(w, "date", DOCUMENT, 2)
    return {**keyed, "values": rows}


def literal(w: World, type_: str) -> Data:
    kind, _, of = type_.partition(":")
    if kind == "set":
        return members_list(w, of)[1:-1].split(", ")
    return constant(w, type_)


def calendars(w: World) -> Entry:
    """Two calendars; years beyond those listed have weekends only."""
    found: Entry = {}
    for key in ("bank", "other"):
        weekend = [d for d in WEEKDAYS if w.chance(0.6)]
        years = {year: [w.day().strftime("%m-%d") for _ in range(3)] for year in ("2024", "2025") if w.chance(0.8)}
        found[key] = {
            "weekend": weekend or ["sunday"],
            "holidays": {y: [d for d in days if d != "02-29" or y == "2024"] for y, days in years.items()},
        }
    return found


# --- definitions ---


def declare_definition(w: World, of: ListDecl | None = None) -> Entry:
    """A definition, of the document or of an element: an expression, a condition or a table."""
    scope = DOCUMENT.binding(of.each, of) if of else DOCUMENT
    each: Entry = {"each": of.each} if of else {}
    shape = int(w.rng.random() * 10)
    if shape < 4:
        type_ = w.one(*KINDS, "duration")
        key = w.new("def_")
        made = {**type_keys(type_), **each, "is": expression(w, type_, scope, 3)}
        _take(w, of, Named(key, type_))
    elif shape < 6:
        key = w.new("cond_")
        made = {"type": "boolean", **each, "when": condition(w, scope, 2)}
        if w.chance(0.4):
            made["unless"] = condition(w, scope, 2)
        _take(w, of, Named(key, "boolean"))
    else:
        key = w.new("plan_")
        made = {**each, **table(w, key, scope, of)}
    return {key: made}


def _take(w: World, of: ListDecl | None, named: Named) -> None:
    if of is None:
        w.names.append(named)
    else:
        w.of_elements.append((of.name, named))


def table(w: World, key: str, scope: Scope, of: ListDecl | None) -> Entry:
    """A table of any hit policy, with one output or several."""
    inputs = table_inputs(w, scope)
    several = w.chance(0.35)
    # A table with several outputs names their types by a word, which a set has not.
    kinds = [k for k in (*KINDS, *ORDERED, "duration") if not several or not k.startswith("set")]
    outputs = [w.one(*kinds) for _ in range(2 if several else 1)]
    hit = w.one("unique", "any", "first")
    # Rows under `any` often agree; others rarely do.
    agreed = [output(w, t, scope) for t in outputs] if w.chance(0.6 if hit == "any" else 0.3) else None
    rows: list[Data] = []
    count = 2 + int(w.rng.random() * 3)
    firsts = apart(w, *inputs[0], count, scope) if hit == "unique" else []
    for n in range(len(firsts) or count):
        cells = [cell(w, t, exact=w.chance(0.3)) for _, t in inputs]
        cells[0] = firsts[n] if firsts else cells[0]
        gives = agreed if agreed and w.chance(0.7) else [output(w, t, scope) for t in outputs]
        rows.append([*cells, *gives])
    made: Entry = {"hit": hit} if hit != "unique" or w.chance(0.5) else {}
    made["inputs"] = [text for text, _ in inputs]
    named = dict(zip(("size", "accept"), outputs, strict=False))
    if several:
        made["outputs"] = {n: _output_type(t) for n, t in named.items()}
    made["rows"] = rows
    if w.chance(0.6):
        made["otherwise"] = agreed if agreed and w.chance(0.5) else [output(w, t, scope) for t in outputs]
    for n, t in named.items():
        _take(w, of, Named(f"{key}.{n}" if several else key, t))
    return {"table": made} if several else {**type_keys(outputs[0]), "table": made}


def apart(w: World, subject: str, type_: str, count: int, scope: Scope) -> list[str]:
    """Cells for the first input of a ``unique`` table: constants that part the cases, or tests against other facts.

    The latter may overlap when the table is used, and a checker cannot tell.
    """
    others = [n.text for n in w.visible(type_, scope) if n.fact and n.text != subject]
    if others and w.chance(0.45):
        tests = ("at least {}", "less than {}", "{}") if type_ in ORDERED else ("{}", "!= {}")
        if type_.startswith("set"):
            tests = ("contains any {}", "contains all {}")
        # No test twice: that two rows with the same one overlap is plain to see.
        cells = [test.format(other) for test in tests for other in others]
        w.rng.shuffle(cells)
        return cells[:count]
    if type_ in ORDERED:
        return _ranges(w, type_, count)
    if type_ == "boolean":
        return ["true", "false"]
    if type_.startswith("set"):
        return ["contains red", "not(contains red)"]
    members = list(MEMBERS[type_.partition(":")[2]])
    w.rng.shuffle(members)
    return members[:count]


def _ranges(w: World, type_: str, count: int) -> list[str]:
    """Ranges side by side, with a hole now and then."""
    texts = {constant(w, type_) for _ in range(count)}
    limits = sorted(
        texts, key=lambda t: date.fromisoformat(t).toordinal() if type_ == "date" else Decimal(t.split()[0])
    )
    middle = [f"from {a} to below {b}" if w.chance(0.8) else a for a, b in pairwise(limits)]
    return [f"less than {limits[0]}", *middle, f"at least {limits[-1]}"]


def _output_type(type_: str) -> str:
    kind, _, of = type_.partition(":")
    return of or kind


def output(w: World, type_: str, scope: Scope) -> str:
    return constant(w, type_) if w.chance(0.7) else expression(w, type_, scope, 1)


def table_inputs(w: World, scope: Scope) -> list[tuple[str, str]]:
    found = []
    for _ in range(1 + w.chance(0.5)):
        type_ = w.one("enum:color", "enum:color", "boolean", "integer", "money", "date", "enum:size", "set:color")
        subject = name(w, type_, scope)
        if subject is None or (w.chance(0.1) and type_ in ORDERED):
            type_ = w.one("integer", "date")
            subject = expression(w, type_, scope, 2)
        if not subject[:1].isdigit():
            found.append((subject, type_))
    return found or [("as_of", "date")]
