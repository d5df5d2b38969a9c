"""Random policies of every kind, payouts and splits, for decisions of the document and of elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tests.differential.alike import alike_rules
from tests.differential.conditions import condition, unary_tests
from tests.differential.expressions import expression, name
from tests.differential.world import DOCUMENT, KINDS, MEMBERS, ORDERED, ListDecl, Named, Scope, World
from tests.differential.yaml_text import Data

Entry = dict[str, Data]

#: Words of each class, of a document and of an element; more than one of a class, so that rank matters.
DOCUMENT_WORDS: Mapping[str, str] = {
    "barred": "refused", "denied": "refused", "waiting": "pending", "asked": "pending",
    "basic": "granted", "full": "granted",
}  # fmt: skip
ELEMENT_WORDS: Mapping[str, str] = {
    "excluded": "refused", "denied": "refused", "waiting": "pending", "lacking": "pending",
    "basic": "granted", "full": "granted",
}  # fmt: skip
KINDS_OF_RULE = ("coverage", "exclusions", "requirements", "deadlines", "thresholds")


@dataclass
class Plan:
    """A decision being written. ``steps`` are policy names; ``files`` rule policies by kind."""

    key: str
    each: ListDecl | None
    verdicts: dict[str, str]
    element_verdicts: dict[str, str] | None
    steps: list[Data] = field(default_factory=list)
    files: dict[str, Entry] = field(default_factory=dict)

    def words(self, *, element: bool) -> dict[str, str]:
        """The words that rules of this level may give."""
        if not element:
            return self.verdicts
        return self.element_verdicts or {w: c for w, c in self.verdicts.items() if c != "partly"}


def declare_policies(w: World, plan: Plan) -> None:
    """Policies in steps, one scope a step, and a warning policy beside them."""
    for _ in range(1 + (w.size.policies > 1) + int(w.rng.random() * w.size.policies)):
        element = plan.each is not None and w.chance(0.75)
        names = [_policy(w, plan, element=element) for _ in range(1 + w.chance(0.4))]
        plan.steps.append(names if len(names) > 1 or w.chance(0.3) else names[0])
    if w.chance(0.15):
        _alike(w, plan, element=plan.each is not None and w.chance(0.75))
    if w.chance(0.7):
        _warnings(w, plan, element=plan.each is not None and w.chance(0.5))


def _alike(w: World, plan: Plan, *, element: bool) -> None:
    """A step of its own with many rules that are alike."""
    of = plan.each if element else None
    scope = DOCUMENT.binding(of.each, of) if of else DOCUMENT
    words = {k: c for k, c in plan.words(element=element).items() if c in ("refused", "pending")}
    rules = alike_rules(w, words, scope)
    if rules:
        key = w.new("policy_")
        plan.files.setdefault("exclusions", {})[key] = {**({"each": of.each} if of else {}), "rules": rules}
        plan.steps.append(key)


def _policy(w: World, plan: Plan, *, element: bool) -> str:
    kinds = [k for k in KINDS_OF_RULE if k != "coverage" or element or plan.each is None]
    kind = w.one(*kinds, "coverage" if "coverage" in kinds else "exclusions")
    of = plan.each if element else None
    scope = DOCUMENT.binding(of.each, of) if of else DOCUMENT
    key = w.new("policy_")
    policy: Entry = {"each": of.each} if of else {}
    if w.chance(0.3):
        policy["when"] = condition(w, scope, 1)
    if w.chance(0.15):
        policy["unless"] = condition(w, scope, 1)
    if w.chance(0.15):
        policy["in_force"] = in_force(w, scope)
    rules: list[Data] = []
    for _ in range(1 + int(w.rng.random() * w.size.rules)):
        rules += _rules(w, plan, kind, scope, element=element)
    plan.files.setdefault(kind, {})[key] = {**policy, "rules": rules}
    return key


def _rules(w: World, plan: Plan, kind: str, scope: Scope, *, element: bool) -> list[Data]:
    """A rule, or two editions of one that go by the same day."""
    rule_id = w.new("R-")
    words = plan.words(element=element)
    made = [_rule(w, rule_id, kind, words, scope)]
    if w.chance(0.12):
        first, turn = w.day(), w.day()
        first, turn = min(first, turn), max(first, turn) + timedelta(days=1)
        other = _rule(w, rule_id, kind, words, scope)
        on: Entry = {"on": name(w, "date", scope) or "as_of"} if w.chance(0.6) else {}
        made[0]["in_force"] = {"from": first.isoformat(), "before": turn.isoformat(), **on}
        other["in_force"] = {"from": turn.isoformat(), **on}
        made.append(other)
    elif w.chance(0.12):
        made[0]["in_force"] = in_force(w, scope)
    return list(made)


def in_force(w: World, scope: Scope) -> Entry:
    one, other = sorted((w.day(), w.day()))
    period: Entry = {"from": one.isoformat(), "before": (other + timedelta(days=1)).isoformat()}
    if w.chance(0.5):
        del period[w.one("from", "before")]
    if w.chance(0.6):
        period["on"] = expression(w, "date", scope, 1)
    return period


def _rule(w: World, rule_id: str, kind: str, words: Mapping[str, str], scope: Scope) -> Entry:
    """A rule; one that only warns when there are no words."""
    rule: Entry = {"id": rule_id}
    if w.chance(0.75):
        rule["when"] = condition(w, scope, 2)
    if w.chance(0.3):
        rule["unless"] = condition(w, scope, 2)
    classes = _own(w, rule, kind, scope)
    if words:
        fitting = [k for k, c in words.items() if c in classes]
        usual = [k for k in fitting if words[k] == classes[0]]
        if len(usual) != 1 or w.chance(0.3):
            rule["verdict"] = w.one(*(usual if usual and w.chance(0.7) else fitting))
    rule["because"] = because(w, scope, rule)
    if w.chance(0.3):
        rule["source"] = f"clause {rule_id}"
    if w.chance(0.2):
        rule["needs"] = ["photos", w.one("invoice", "report")]
    return rule


def _own(w: World, rule: Entry, kind: str, scope: Scope) -> tuple[str, ...]:
    """The kind's own part; gives the classes of word that the rule may give, its usual one first."""
    match kind:
        case "coverage":
            return ("granted",)
        case "requirements":
            rule["require"] = condition(w, scope, 2)
        case "deadlines":
            word = w.one("by", "until")
            if w.chance(0.6):
                rule["act"] = name(w, "date", scope) or "as_of"
            rule[word] = expression(w, "date", scope, 3)
            return ("refused",) if word == "by" else ("pending",)
        case "thresholds":
            type_ = w.one(*ORDERED, "enum:color")
            subject = name(w, type_, scope)
            if type_ in ORDERED and (subject is None or w.chance(0.4)):
                subject = f"({expression(w, type_, scope, 2)})"
            elif subject is None:
                type_, subject = "integer", expression(w, "integer", scope, 2)
            rule["measure"] = subject
            rule["allowed"] = unary_tests(w, type_, scope)
    return ("refused", "pending")


def because(w: World, scope: Scope, rule: Mapping[str, Data]) -> Data:
    """A sentence with inserts: what is declared, and what only the answer knows."""
    inserts = [str(w.pick(names).text) for t in KINDS if w.chance(0.2) and (names := w.visible(t, scope))]
    if "by" in rule or "until" in rule:
        inserts += ["deadline", "from_day", "days_left"]
    if "measure" in rule:
        inserts.append("measured")
    if w.chance(0.1):
        inserts.append("parts")
    sentence = "Because " + ", ".join(f"{{{i}}}" for i in inserts) + "." if inserts else "Because."
    return {"en": sentence, "de": "Weil."} if w.chance(0.1) else sentence


def _warnings(w: World, plan: Plan, *, element: bool) -> None:
    kind = w.one("coverage", "requirements", "exclusions", "deadlines")
    of = plan.each if element else None
    scope = (DOCUMENT.binding(of.each, of) if of else DOCUMENT).telling(Named("parts", "integer"))
    rules: list[Data] = []
    for _ in range(1 + w.chance(0.5)):
        rule = _rule(w, w.new("W-"), kind, {}, scope)
        if w.chance(0.5):
            rule["when"] = {"where": verdict_test(w, plan.verdicts)}
        rules.append(rule)
    policy: Entry = {"each": of.each} if of else {}
    plan.files.setdefault(kind, {})[w.new("advice_")] = {**policy, "verdict": "warning", "rules": rules}


def verdict_test(w: World, words: Mapping[str, str]) -> str:
    return f"verdict {w.one('=', '!=')} {w.one(*words)}"


# --- payout ---


def payout(w: World, plan: Plan, lists: list[ListDecl]) -> Entry:
    """A payout: by elements and perhaps groups, or of the document alone."""
    of = plan.each or (lists[int(w.rng.random() * len(lists))] if lists and w.chance(0.5) else None)
    if of is not None and w.chance(0.1):
        of = lists[int(w.rng.random() * len(lists))]
    specials = (Named("parts", "integer"),)
    base = DOCUMENT.telling(*specials)
    amounts = base.telling(Named("amount", "money"))
    inner = amounts.binding(of.each, of) if of else amounts
    currency = name(w, "currency", DOCUMENT) if w.chance(0.4) else None
    made: Entry = {"currency": currency or "USD"}
    start = expression(w, "money", base.binding(of.each, of) if of else base, 2)
    if of is None:
        made["total"] = {"start": start, "steps": [*_steps(w, amounts, plan), _round(w)]}
        return {w.new("refund_"): made}
    made["element"] = {"each": of.each, "start": f"{of.each}.amount" if w.chance(0.6) else start}
    if w.chance(0.6):
        made["element"]["steps"] = _steps(w, inner, plan)
    if w.chance(0.5):
        type_ = w.one("enum:color", "enum:size", "boolean", "text")
        key = w.new("group_")
        by = expression(w, type_, DOCUMENT.binding(of.each, of), 1)
        by = by if not _bare(by, type_) else f"{of.each}.kind"
        type_ = type_ if by != f"{of.each}.kind" else "enum:color"
        made["group"] = {"by": {key: by}, "steps": [*_steps(w, amounts.telling(Named(key, type_)), plan)]}
    made["total"] = {"steps": [*_steps(w, amounts, plan), _round(w)]}
    return {w.new("refund_"): made}


def _bare(text: str, type_: str) -> bool:
    """Whether the text has no name that would tell the type of a bare word."""
    return type_.startswith("enum") and (text in MEMBERS[type_.partition(":")[2]] or text.startswith("(if"))


def _steps(w: World, scope: Scope, plan: Plan) -> list[Data]:
    return [_step(w, scope, plan) for _ in range(int(w.rng.random() * 3))]


def _step(w: World, scope: Scope, plan: Plan) -> Entry:
    step: Entry = {}
    match w.one("set", "set", "limits", "limits", "limits", "note", "round"):
        case "set":
            named: Entry = {"id": w.new("P-"), "because": _amount_because(w)} if w.chance(0.6) else {}
            to = f"(amount * {w.decimal()})" if w.chance(0.6) else expression(w, "money", scope, 2)
            step = {**named, "set": to}
        case "limits":
            step = {"limits": [_limit(w, scope) for _ in range(1 + w.chance(0.5))]}
        case "note":
            step = {"id": w.new("P-"), "note": "true", "because": _amount_because(w)}
        case _:
            step = _round(w)
    if w.chance(0.35):
        step["when"] = condition(w, scope, 1) if w.chance(0.8) else {"where": verdict_test(w, plan.verdicts)}
    return step


def _amount_because(w: World) -> str:
    return w.one("Now {amount}.", "So it is.", "Changed to {amount} for {order.paint}.")


def _limit(w: World, scope: Scope) -> Entry:
    limit: Entry = {"id": w.new("L-"), "to": expression(w, "money", scope, 1), "because": "At most {limit}."}
    if w.chance(0.25):
        limit["when"] = condition(w, scope, 1)
    return limit


def _round(w: World) -> Entry:
    return {
        "round": w.one("0.01", "0.01", "1", "0.5"),
        "mode": w.one("half_up", "half_even", "half_down", "up", "down"),
    }


# --- split ---


def split_rule(w: World, of: ListDecl, words: Mapping[str, str], scope: Scope = DOCUMENT) -> Entry:
    """A threshold that asks for the fewest parts."""
    inner = scope.binding(of.each, of)
    granted = [k for k, c in words.items() if c == "granted"]
    refused = [k for k, c in words.items() if c == "refused"]
    in_money = w.chance(0.6)
    weight = f"{of.each}.{'price' if in_money else 'share'}"
    if w.chance(0.2):
        weight = f"({weight} * 2)"
    if in_money and w.chance(0.3):
        weight = f"convert({weight}, {name(w, 'decimal', scope) or '1.25'}, USD)"
    limit = w.one("100 USD", "500 USD") if in_money else w.one("10", "3.75")
    if w.chance(0.3):
        limit = expression(w, "money" if in_money else "decimal", scope, 1)
    split: Entry = {
        "each": of.each,
        "called": w.one("contracts", "loads"),
        "quantity": f"{of.each}.units",
        "weight": weight,
    }
    if w.chance(0.5):
        split["whole"] = expression(w, "boolean", inner, 1)
    split["part"] = f"{w.one('less than', 'at most', '<', '<=')} {limit}"
    rule: Entry = {"id": w.new("S-")}
    if w.chance(0.3):
        rule["when"] = condition(w, scope, 1)
    rule |= {
        "split": split,
        "verdicts": {"one": w.one(*granted), "several": w.one(*granted), "none": w.one(*refused)},
        "too_large": {"id": w.new("T-"), "because": "{offending} alone is too much."},
        "because": "{parts} parts are needed.",
    }
    return rule
