"""The workload: rules about trade disputes in a small neutral form, seeded facts, and an oracle written by hand.

It stands on the standard library alone, for every engine that is measured reads it, each in its own environment.

A condition is a tuple: ``("and" | "or", condition, ...)``, ``("eq" | "lt" | "ge" | "gt", path, constant or Path)``,
``("in", path, [constants])`` or ``("has", path of a set, member)``. The letter that a rule's id starts with tells what
the rule is for: X excludes, D is about time, C covers a cause, P covers a payment, T is about size, E asks for
evidence, I only informs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Condition = tuple[Any, ...]
Document = dict[str, dict[str, Any]]
Decide = Callable[[Document], tuple[str, list[str]]]


class Path(str):
    """The path of a fact that another is compared with."""

    __slots__ = ()


class Rule(NamedTuple):
    """A rule: its id, and when it holds."""

    id: str
    when: Condition


REASON = "claim.reason"
BASE: tuple[Rule, ...] = tuple(
    Rule(id_, when)
    for id_, when in (
        (
            "C1-LATE-SHIPMENT",
            ("and", ("eq", REASON, "late_shipment"), ("gt", "order.shipped_on", Path("order.agreed_ship_by"))),
        ),
        ("C2-QUALITY", ("and", ("eq", REASON, "quality_mismatch"), ("has", "order.contract_terms", "spec"))),
        (
            "C3-MISSING",
            ("and", ("eq", REASON, "missing_goods"), ("lt", "claim.received_qty", Path("order.ordered_qty"))),
        ),
        ("C4-TRANSIT", ("and", ("eq", REASON, "damaged"), ("eq", "claim.damage_cause", "transit"))),
        (
            "C5-NOT-RECEIVED",
            (
                "and",
                ("eq", REASON, "not_received"),
                ("eq", "order.delivered", False),
                ("gt", "claim.days_since_eta", 0),
            ),
        ),
        ("P1-ESCROW", ("and", ("eq", "order.payment_channel", "escrow"), ("eq", "order.paid", True))),
        ("P2-BADGE", ("and", ("eq", "order.trade_assurance", True), ("in", "supplier.badge", ["gold", "verified"]))),
        ("X1-CONSUMER-USE", ("eq", "claim.damage_cause", "consumer_use")),
        (
            "X2-WASH",
            ("and", ("eq", "claim.colour_change_after_wash", True), ("in", REASON, ["quality_mismatch", "damaged"])),
        ),
        ("X3-DUTIES", ("eq", "claim.involves_duties", True)),
        ("X4-CUSTOMS-DELAY", ("and", ("eq", REASON, "late_shipment"), ("gt", "order.customs_delay_days", 5))),
        ("X5-OFF-PLATFORM", ("eq", "order.payment_channel", "off_platform")),
        ("X6-SUSPENDED", ("and", ("eq", "supplier.suspended", True), ("eq", "order.trade_assurance", False))),
        (
            "D1-WINDOW",
            (
                "and",
                ("eq", "order.delivered", True),
                ("gt", "claim.days_since_delivery", 40),
                ("gt", "claim.days_since_eta", 30),
            ),
        ),
        ("D2-UNDELIVERED", ("and", ("eq", "order.delivered", False), ("gt", "claim.days_since_eta", 90))),
        ("D3-TOO-EARLY", ("or", ("lt", "claim.days_since_delivery", 0), ("lt", "claim.days_since_eta", -60))),
        ("T1-CAP", ("and", ("ge", "order.amount_cents", 5_000_000), ("lt", "order.split_parts", 2))),
        ("T2-OVERCLAIM", ("gt", "claim.amount_cents", Path("order.amount_cents"))),
        ("E1-PHOTOS", ("and", ("in", REASON, ["quality_mismatch", "damaged"]), ("lt", "claim.photos", 1))),
        ("E2-INSPECTION", ("and", ("eq", REASON, "quality_mismatch"), ("eq", "claim.inspection_report", False))),
        ("E3-SPEC-COMPARISON", ("and", ("eq", REASON, "quality_mismatch"), ("eq", "claim.spec_comparison", False))),
        ("E4-SHIPPING-PROOF", ("and", ("eq", REASON, "late_shipment"), ("eq", "claim.shipping_proof", False))),
        (
            "E5-COUNT-PROOF",
            (
                "and",
                ("eq", REASON, "missing_goods"),
                ("lt", "claim.photos", 1),
                ("eq", "claim.inspection_report", False),
            ),
        ),
        (
            "I1-VETERAN",
            (
                "and",
                ("ge", "supplier.years", 3),
                ("or", ("eq", "supplier.country", "CN"), ("eq", "supplier.country", "VN")),
            ),
        ),
    )
)

#: Whole numbers: the smallest and the largest that a document has.
INTEGERS: dict[str, tuple[int, int]] = {
    "order.amount_cents": (1_000, 9_000_000),
    "order.agreed_ship_by": (0, 30),
    "order.shipped_on": (0, 45),
    "order.ordered_qty": (1, 50),
    "order.split_parts": (1, 3),
    "order.customs_delay_days": (0, 8),
    "claim.days_since_delivery": (-1, 60),
    "claim.days_since_eta": (-10, 105),
    "claim.photos": (0, 4),
    "claim.received_qty": (0, 50),
    "claim.amount_cents": (100, 6_000_000),
    "supplier.years": (0, 12),
}
#: Words: each as often as it is drawn.
WORDS: dict[str, tuple[str, ...]] = {
    "order.currency": ("USD", "EUR", "CNY"),
    "order.payment_channel": (*["escrow"] * 5, *["card"] * 3, "bank_transfer", "off_platform"),
    "claim.reason": ("late_shipment", "quality_mismatch", "missing_goods", "damaged", "not_received"),
    "claim.damage_cause": (*["none"] * 6, *["transit"] * 5, "consumer_use"),
    "supplier.badge": ("gold", "verified", "none"),
    "supplier.country": ("CN", "VN", "IN", "DE", "TR"),
}
#: Truths: how likely each is.
BOOLEANS: dict[str, float] = {
    "order.paid": 0.95,
    "order.trade_assurance": 0.7,
    "order.delivered": 0.6,
    "claim.colour_change_after_wash": 0.06,
    "claim.inspection_report": 0.7,
    "claim.spec_comparison": 0.7,
    "claim.involves_duties": 0.05,
    "claim.shipping_proof": 0.8,
    "supplier.suspended": 0.08,
}
SET_PATH = "order.contract_terms"
MEMBERS = ("spec", "price", "packaging", "incoterm")
PATHS = (*INTEGERS, *WORDS, *BOOLEANS, SET_PATH)


def documents(count: int, seed: int = 7) -> list[Document]:
    """So many fact documents, always the same ones for a seed."""
    draw = random.Random(seed)
    return [_document(draw) for _ in range(count)]


def _document(draw: random.Random) -> Document:
    made: Document = {"order": {}, "claim": {}, "supplier": {}}

    def put(path: str, value: object) -> None:
        group, key = path.split(".")
        made[group][key] = value

    for path, (least, most) in INTEGERS.items():
        put(path, draw.randint(least, most))
    for path, words in WORDS.items():
        put(path, draw.choice(words))
    for path, chance in BOOLEANS.items():
        put(path, draw.random() < chance)
    put(SET_PATH, [m for m in MEMBERS if draw.random() < 0.7])
    return made


def scaled(count: int) -> tuple[Rule, ...]:
    """So many rules: the 24, then copies of them with other constants (numbers are shifted, words get a suffix)."""
    made = list(BASE)
    copy = 0
    while len(made) < count:
        copy += 1
        made += [Rule(f"{rule.id}-{copy}", _shifted(rule.when, copy)) for rule in BASE]
    return tuple(made[:count])


def _shifted(when: Condition, by: int) -> Condition:
    match when:
        case ("and" | "or" as word, *parts):
            return (word, *(_shifted(p, by) for p in parts))
        case ("in", path, list() as words):
            return ("in", path, [f"{w}_{by}" for w in words])
        case (_, _, bool() | Path()):
            return when
        case (operator, path, int() as number):
            return (operator, path, number + by)
        case (operator, path, word):
            return (operator, path, f"{word}_{by}")
    raise ValueError(when)


def outcome(ids: Iterable[str]) -> str:
    """What the matched rules come to: exclusions, then time, cover, size, evidence."""
    kinds = {i[0] for i in ids}
    if "X" in kinds:
        return "excluded"
    if "D" in kinds:
        return "too_late"
    if not {"C", "P"} <= kinds:
        return "not_covered"
    if "T" in kinds:
        return "needs_split"
    return "needs_evidence" if "E" in kinds else "eligible"


def holds(when: Condition, facts: Document) -> bool:
    """The neutral form, read plainly: the judge of rule sets for which there is no oracle by hand."""
    if when[0] == "and":
        return all(holds(part, facts) for part in when[1:])
    if when[0] == "or":
        return any(holds(part, facts) for part in when[1:])
    operator, path, other = when
    value = _value(facts, path)
    if isinstance(other, Path):
        other = _value(facts, other)
    match operator:
        case "eq":
            return bool(value == other)
        case "lt":
            return bool(value < other)
        case "gt":
            return bool(value > other)
        case "ge":
            return bool(value >= other)
        case "in":
            return value in other
        case "has":
            return other in value
    raise ValueError(operator)


def _value(facts: Document, path: str) -> Any:
    group, key = path.split(".")
    return facts[group][key]


def judged(rules: Iterable[Rule], facts: Document) -> tuple[str, list[str]]:
    """The answer by :func:`holds`: outcome, and the ids of the rules that hold."""
    ids = [rule.id for rule in rules if holds(rule.when, facts)]
    return outcome(ids), ids


def oracle(facts: Document) -> tuple[str, list[str]]:
    """The answer of the 24 rules, by a hand that did not look at them: outcome, and the ids in alphabetical order."""
    order, claim, supplier = facts["order"], facts["claim"], facts["supplier"]
    ids = [*_by_reason(order, claim), *_by_parties(order, supplier), *_by_figures(order, claim)]
    return outcome(ids), sorted(ids)


def _by_reason(order: dict[str, Any], claim: dict[str, Any]) -> Iterable[str]:
    reason = claim["reason"]
    if reason == "late_shipment":
        yield from ["C1-LATE-SHIPMENT"] * (order["shipped_on"] > order["agreed_ship_by"])
        yield from ["X4-CUSTOMS-DELAY"] * (order["customs_delay_days"] > 5)
        yield from ["E4-SHIPPING-PROOF"] * (not claim["shipping_proof"])
    if reason == "quality_mismatch":
        yield from ["C2-QUALITY"] * ("spec" in order["contract_terms"])
        yield from ["E2-INSPECTION"] * (not claim["inspection_report"])
        yield from ["E3-SPEC-COMPARISON"] * (not claim["spec_comparison"])
    if reason in ("quality_mismatch", "damaged"):
        yield from ["X2-WASH"] * claim["colour_change_after_wash"]
        yield from ["E1-PHOTOS"] * (claim["photos"] == 0)
    if reason == "missing_goods":
        yield from ["C3-MISSING"] * (claim["received_qty"] < order["ordered_qty"])
        yield from ["E5-COUNT-PROOF"] * (claim["photos"] == 0 and not claim["inspection_report"])
    if reason == "damaged" and claim["damage_cause"] == "transit":
        yield "C4-TRANSIT"
    if reason == "not_received" and not order["delivered"] and claim["days_since_eta"] > 0:
        yield "C5-NOT-RECEIVED"


def _by_parties(order: dict[str, Any], supplier: dict[str, Any]) -> Iterable[str]:
    channel, insured = order["payment_channel"], order["trade_assurance"]
    if channel == "escrow" and order["paid"]:
        yield "P1-ESCROW"
    if channel == "off_platform":
        yield "X5-OFF-PLATFORM"
    if insured and supplier["badge"] != "none":
        yield "P2-BADGE"
    if supplier["suspended"] and not insured:
        yield "X6-SUSPENDED"
    if supplier["years"] > 2 and supplier["country"] in ("CN", "VN"):
        yield "I1-VETERAN"


def _by_figures(order: dict[str, Any], claim: dict[str, Any]) -> Iterable[str]:
    since_delivery, since_eta = claim["days_since_delivery"], claim["days_since_eta"]
    if claim["damage_cause"] == "consumer_use":
        yield "X1-CONSUMER-USE"
    if claim["involves_duties"]:
        yield "X3-DUTIES"
    if order["delivered"] and since_delivery > 40 and since_eta > 30:
        yield "D1-WINDOW"
    if not order["delivered"] and since_eta > 90:
        yield "D2-UNDELIVERED"
    if since_delivery < 0 or since_eta < -60:
        yield "D3-TOO-EARLY"
    if order["amount_cents"] >= 5_000_000 and order["split_parts"] == 1:
        yield "T1-CAP"
    if claim["amount_cents"] > order["amount_cents"]:
        yield "T2-OVERCLAIM"
