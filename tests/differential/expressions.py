"""Random expressions of a wanted type, in the words of the language. Everything compound stands in brackets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.differential.world import CURRENCIES, MEMBERS, ORDERED, TEXTS, ListDecl, Scope, World

NUMBERS = ("integer", "decimal")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
MODES = ("half_up", "half_even", "half_down", "up", "down")


def expression(w: World, type_: str, scope: Scope, depth: int) -> str:
    """An expression of the type, at most so deep."""
    leaf = depth <= 0 or w.chance(w.size.shallow)
    if leaf or (type_ in ("text", "currency") and w.chance(0.6)):
        return atom(w, type_, scope)
    if type_ != "duration" and w.chance(0.1):
        return branch(w, type_, scope, depth)
    maker = MAKERS[type_.partition(":")[0]]
    return maker(w, type_, scope, depth) or atom(w, type_, scope)


def atom(w: World, type_: str, scope: Scope) -> str:
    """A name, or a constant."""
    names = w.visible(type_, scope)
    if names and w.chance(0.8):
        inner = [n for n in names if "." in n.text and n.text.partition(".")[0] in scope.bound]
        return str(w.pick(inner if inner and w.chance(0.5) else names).text)
    if type_ == "date" and w.chance(0.3):
        return "as_of"
    return constant(w, type_)


def name(w: World, type_: str, scope: Scope) -> str | None:
    """The text of a declared name of the type, if there is one: what gives a bare word beside it a meaning."""
    names = w.visible(type_, scope)
    return str(w.pick(names).text) if names else None


def constant(w: World, type_: str) -> str:
    """A literal of the type. Members and currencies are bare words."""
    kind, _, of = type_.partition(":")
    match kind:
        case "boolean":
            return w.one("true", "false")
        case "integer":
            return str(w.integer())
        case "decimal":
            return w.decimal()
        case "money":
            return w.money()
        case "currency":
            return w.one(*CURRENCIES)
        case "date":
            return w.day().isoformat()
        case "duration":
            return duration_literal(w)
        case "text":
            return f'"{w.one(*TEXTS)}"'
        case "set":
            return members_list(w, of)
        case _:
            return w.one(*MEMBERS[of])


def duration_literal(w: World) -> str:
    counted = ("working days", "working days by other") if w.calendars else ()
    unit = w.one("days", "days", "weeks", "months", "year", *counted)
    count = {"days": 30, "weeks": 6, "months": 13, "year": 1}.get(unit, 12)
    return f"{1 if unit == 'year' else int(w.rng.random() * count) + 1} {unit}"


def members_list(w: World, of: str, least: int = 1) -> str:
    members = [m for m in MEMBERS[of] if w.chance(0.5)]
    while len(members) < least:
        members.append(w.one(*MEMBERS[of]))
    return f"[{', '.join(members)}]"


def branch(w: World, type_: str, scope: Scope, depth: int) -> str:
    condition = expression(w, "boolean", scope, depth - 1)
    # Written once more, the same branch: known and equal whatever the condition comes to.
    then = expression(w, type_, scope, depth - 2)
    other = then if w.chance(0.2) else expression(w, type_, scope, depth - 2)
    return f"(if {condition} then {then} else {other})"


# --- booleans ---


def boolean(w: World, _type: str, scope: Scope, depth: int) -> str | None:
    makers: tuple[Callable[[World, Scope, int], str | None], ...] = (
        comparison,
        comparison,
        comparison,
        range_test,
        range_test,
        member,
        container,
        logic,
        logic,
        negation,
        asked,
        quantified,
    )
    maker = makers[int(w.rng.random() * len(makers))]
    return maker(w, scope, depth) or comparison(w, scope, depth)


def comparison(w: World, scope: Scope, depth: int) -> str | None:
    if w.chance(0.7):
        return ordered_comparison(w, scope, depth)
    type_ = w.one("boolean", "currency", "text", "enum:color", "enum:size", "set:color")
    left = name(w, type_, scope)
    if left is None:
        return None
    right = expression(w, type_, scope, 0 if type_ == "set:color" else depth - 1)
    return f"({left} {w.one('=', '!=')} {right})"


def ordered_comparison(w: World, scope: Scope, depth: int) -> str:
    type_ = w.one(*ORDERED)
    op = w.one(*COMPARISONS)
    left = name(w, type_, scope) if w.chance(0.4) else None
    left = left or expression(w, type_, scope, depth - 1)
    if type_ == "money" and w.chance(0.15):
        return f"({left} {op} 0)" if w.chance(0.7) else f"(0 {op} {left})"
    if w.chance(0.12) and (named := name(w, type_, scope)):
        return f"({constant(w, type_)} {op} {named})"
    right = constant(w, type_) if w.chance(0.45) and not is_literal(left) else expression(w, type_, scope, depth - 1)
    return f"({left} {op} {right})"


def is_literal(text: str) -> bool:
    return text[:1].isdigit()


def range_test(w: World, scope: Scope, depth: int) -> str | None:
    type_ = w.one(*ORDERED)
    subject = (name(w, type_, scope) if w.chance(0.5) else None) or f"({expression(w, type_, scope, depth - 1)})"
    if is_literal(subject.strip("(")):
        return None
    low, high = limits(w, type_, scope, depth)
    return f"({subject} in {w.one('[', '(')}{low}..{high}{w.one(']', ')')})"


def limits(w: World, type_: str, scope: Scope, depth: int) -> tuple[str, str]:
    """Two ends of a range: often constants in order, sometimes any expressions."""
    if w.chance(0.7):
        low, high = constant(w, type_), constant(w, type_)
    else:
        low, high = expression(w, type_, scope, depth - 2), expression(w, type_, scope, depth - 2)
    return low, high


def member(w: World, scope: Scope, depth: int) -> str | None:
    if w.chance(0.35):
        subject, container_ = name(w, "enum:color", scope), name(w, "set:color", scope)
        return f"({subject} in {container_})" if subject and container_ else None
    type_ = w.one("enum:color", "enum:size", "text", "integer", "date", "currency")
    subject = name(w, type_, scope)
    if subject is None:
        return None
    items = ", ".join(constant(w, type_) for _ in range(1 + int(w.rng.random() * 3)))
    return f"({subject} in [{items}])" if w.chance(0.6) else f"({subject} in (not({items})))"


def container(w: World, scope: Scope, depth: int) -> str | None:
    subject = name(w, "set:color", scope)
    if subject is None:
        return None
    if w.chance(0.2):
        subject = f"common({subject}, {expression(w, 'set:color', scope, 1)})"
    return f"({subject} {contains(w, scope)})"


def contains(w: World, scope: Scope) -> str:
    if w.chance(0.35):
        named = name(w, "enum:color", scope) if w.chance(0.4) else None
        return f"contains {named or w.one(*MEMBERS['color'])}"
    other = name(w, "set:color", scope) if w.chance(0.4) else None
    return f"contains {w.one('any', 'all')} {other or members_list(w, 'color')}"


def logic(w: World, scope: Scope, depth: int) -> str:
    op = w.one(" and ", " or ")
    parts = [expression(w, "boolean", scope, depth - 1) for _ in range(2 + w.chance(0.3))]
    return f"({op.join(parts)})"


def negation(w: World, scope: Scope, depth: int) -> str:
    return f"not({expression(w, 'boolean', scope, depth - 1)})"


def asked(w: World, scope: Scope, _depth: int) -> str | None:
    """``known`` and ``stated``: of facts, of fields, of lists."""
    facts = [n for n in w.names if n.fact]
    fields = [replace(f, text=f"{v}.{f.text}") for v, of in scope.variables for f in of.fields]
    if w.chance(0.5) and (may_be_empty := [n.text for n in fields or facts if n.type in ("text", "set:color")]):
        return f"stated({w.one(*may_be_empty)})"
    names = [n.text for n in (*facts, *fields)] + [i.name for i in w.lists] * 4
    return f"{w.one('known', 'stated')}({w.one(*names)})" if names else None


# --- lists ---


def candidates(w: World, scope: Scope, depth: int, wanted: str | None = None) -> tuple[str, ListDecl] | None:
    """A list, perhaps filtered; with a field of the wanted type."""
    fitting = [i for i in w.lists if wanted is None or any(f.type == wanted for f in i.fields)]
    if not fitting:
        return None
    of = fitting[int(w.rng.random() * len(fitting))]
    text = of.name
    while depth > 0 and of.each not in scope.bound and w.chance(0.45):
        text += f"[{expression(w, 'boolean', scope.binding(of.each, of), depth - 1)}]"
        depth -= 2
    return text, of


def column(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    found = candidates(w, scope, depth, type_)
    if found is None:
        return None
    text, of = found
    fields = [f.text for f in of.fields if f.type == type_]
    return f"{text}.{w.one(*fields)}"


def quantified(w: World, scope: Scope, depth: int) -> str | None:
    found = candidates(w, scope, depth - 1)
    if found is None or depth < 1:
        return None
    text, of = found
    variable = of.each if of.each not in scope.bound and w.chance(0.5) else w.new("x")
    body = expression(w, "boolean", scope.binding(variable, of), depth - 1)
    return f"({w.one('some', 'every')} {variable} in {text} satisfies {body})"


# --- numbers and money ---


def number(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    forms = ["arith", "arith", "extreme", "column", "negate"]
    forms += ["count", "between"] if type_ == "integer" else ["ratio", "round", "mixed"]
    match w.one(*forms):
        case "arith":
            op = w.one("+", "-", "*")
            return f"({expression(w, type_, scope, depth - 1)} {op} {expression(w, type_, scope, depth - 1)})"
        case "extreme":
            return extreme(w, type_, ("min", "max"), scope, depth)
        case "column":
            return summed(w, type_, scope, depth)
        case "negate":
            return f"(-{expression(w, type_, scope, depth - 1)})"
        case "count":
            return count(w, scope, depth)
        case "between":
            return f"days_between({expression(w, 'date', scope, depth - 1)}, {expression(w, 'date', scope, depth - 1)})"
        case "ratio":
            type_ = w.one("integer", "decimal", "money")
            below = expression(w, type_, scope, depth - 1) if w.faulty else constant(w, type_)
            return f"({expression(w, type_, scope, depth - 1)} / {divisor(below)})"
        case "round":
            step = w.one("0.01", "0.5", "1", "10")
            return f"round({expression(w, w.one(*NUMBERS), scope, depth - 1)}, {step}, {w.one(*MODES)})"
        case _:
            whole, part = (expression(w, t, scope, depth - 1) for t in NUMBERS)
            return f"({whole} {w.one('+', '-', '*')} {part})"


def divisor(text: str) -> str:
    """A zero that anybody can see is refused by the checker."""
    return "7" if text == "0" else text


def money(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    one = expression(w, "money", scope, depth - 1)
    match w.one("sum", "sum", "times", "over", "extreme", "column", "convert", "convert", "round", "negate"):
        case "sum":
            other = expression(w, "money", scope, depth - 1)
            return f"({one} {w.one('+', '-')} {other})"
        case "times":
            factor = expression(w, w.one(*NUMBERS), scope, depth - 1)
            return f"({one} * {factor})" if w.chance(0.5) else f"({factor} * {one})"
        case "over":
            below = expression(w, w.one(*NUMBERS), scope, depth - 1) if w.faulty else w.decimal()
            return f"({one} / {divisor(below)})"
        case "extreme":
            return extreme(w, type_, ("min", "max"), scope, depth)
        case "column":
            return summed(w, type_, scope, depth)
        case "convert":
            currency = name(w, "currency", scope) if w.chance(0.6) else None
            return f"convert({one}, {expression(w, 'decimal', scope, depth - 1)}, {currency or 'USD'})"
        case "round":
            return f"round({one}, {w.one('0.01', '1', '0.5')}, {w.one(*MODES)})"
        case _:
            return f"(-{one})"


def summed(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    found = column(w, type_, scope, depth)
    if found is None:
        return None
    return f"{w.one('sum', 'sum', 'min', 'max')}({found})"


def count(w: World, scope: Scope, depth: int) -> str | None:
    if w.chance(0.3):
        found = name(w, "set:color", scope)
        return f"count({found})" if found else None
    found = column(w, "money", scope, depth) if w.chance(0.15) else None
    if found is None:
        listed = candidates(w, scope, depth)
        found = listed[0] if listed else None
    return f"count({found})" if found else None


def extreme(w: World, type_: str, functions: tuple[str, str], scope: Scope, depth: int) -> str:
    args = [expression(w, type_, scope, depth - 1) for _ in range(1 + int(w.rng.random() * 3))]
    listed = f"[{', '.join(args)}]" if w.chance(0.15) else ", ".join(args)
    return f"{w.one(*functions)}({listed})"


# --- dates ---


def date_(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    day = expression(w, "date", scope, depth - 1)
    rolled = ("roll",) if w.calendars else ()
    match w.one("moved", "moved", "moved", "extreme", "extreme", *rolled, "month", "year", "column"):
        case "moved":
            return f"({day} {w.one('+', '-')} {expression(w, 'duration', scope, depth - 1)})"
        case "extreme":
            return extreme(w, type_, ("earliest", "latest"), scope, depth)
        case "roll":
            return f"roll({day})" if w.chance(0.5) else f"roll({day}, {w.one('bank', 'other')})"
        case "month":
            return f"end_of_month({day})"
        case "year":
            return f"end_of_year({day})"
        case _:
            found = column(w, "date", scope, depth)
            return f"{w.one('earliest', 'latest')}({found})" if found else None


def duration(w: World, _type: str, scope: Scope, depth: int) -> str | None:
    if w.chance(0.3):
        return atom(w, "duration", scope)
    unit = w.one("days", "weeks", "months", "years", *(("working_days",) if w.calendars else ()))
    # Far dates are a fault, and stepping through ten thousand working days takes its time.
    amount = expression(w, "integer", scope, 0 if unit == "working_days" or not w.faulty else depth - 1)
    counted = f"{unit}({amount})"
    return f"(-{counted})" if w.chance(0.15) else counted


# --- sets, words ---


def set_(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    one = name(w, type_, scope)
    return f"common({one}, {expression(w, type_, scope, depth - 1)})" if one else None


def word(w: World, type_: str, scope: Scope, depth: int) -> str | None:
    return branch(w, type_, scope, depth) if w.chance(0.4) else None


MAKERS: dict[str, Callable[[World, str, Scope, int], str | None]] = {
    "boolean": boolean,
    "integer": number,
    "decimal": number,
    "money": money,
    "date": date_,
    "duration": duration,
    "set": set_,
    "enum": word,
    "text": word,
    "currency": word,
}
