"""The schema of a decision: what :meth:`policyengine.model.decision.Decision.to_dict` gives."""

from __future__ import annotations

from policyengine.api_schema.parts import Schema, count, listing, or_null, record, ref, text, text_or_null
from policyengine.model.rules import Class

VALUE_CLASS = "value"
UNDETERMINED = "undetermined"
CLASSES = (*(str(c) for c in Class), UNDETERMINED)
_DAY = {"format": "date"}
_REASONS = (
    "The rules that gave the verdict, and those that only limit the amount, each once; empty when the class is "
    "`undetermined` or `value`."
)
_SHORT_RULES = (
    "The ids of the full answer's reasons, each once, also of those that only limit the amount; empty when the class "
    "is `undetermined` or `value`. What is missing, the amount and the elements are only in the full answer: ask again "
    "with the same `as_of`."
)


def decision_schemas() -> dict[str, Schema]:
    """The decision (``Decision``) and its pieces, by name, in the order in which one would read them."""
    return {
        "Decision": _decision(),
        "Reason": record("Reason", _reason(), optional=("elements",)),
        "MissingFact": _missing(),
        "ElementDecision": _element(),
        "Deadline": _deadline(),
        "Amount": _amount(),
        "AmountDetail": _amount_detail(),
        "AmountStep": record("Amount step", _amount_step()),
        "Remark": _remark(),
        "Fault": _fault(),
        "SplitPlan": _split(),
        "SplitPart": _split_part(),
        "BundleIdentity": _bundle(),
        "AnyValue": _any_value(),
    }


def short_decision_schemas() -> dict[str, Schema]:
    """The short form (``ShortDecision``): what :meth:`policyengine.model.decision.Decision.to_short_dict` gives."""
    rules = listing({"type": "string"}, _SHORT_RULES)
    return {"ShortDecision": record("Decision in short", {**_outcome(), "rules": rules, **_basis()})}


def _outcome() -> dict[str, Schema]:
    return {
        "verdict": text("The verdict, in a word that the bundle chose, or `undetermined`."),
        "class": {
            "enum": [*CLASSES, VALUE_CLASS],
            "description": "What the verdict means for the matter, whatever the word: callers branch on this. "
            "`value`: the decision is simply a value.",
        },
    }


def _decision() -> Schema:
    return record(
        "Decision",
        {
            "decision": text("The decision that was asked for."),
            **_outcome(),
            "reasons": listing(ref("Reason"), _REASONS),
            "missing": listing(ref("MissingFact"), "The facts that could still change the verdict or the amount."),
            "elements": listing(ref("ElementDecision"), "The verdict on each element, where elements were decided."),
            "deadlines": listing(ref("Deadline"), "The last days that count in this matter."),
            "amount": or_null(ref("Amount"), "What is paid; null while it is open, or if no policy is about amounts."),
            "amounts": listing(ref("AmountDetail"), "How the amounts came about."),
            "needs": listing({"type": "string"}, "What the pending rules wait for."),
            "warnings": listing(ref("Reason"), "Rules that only warn."),
            "remarks": listing(ref("Remark"), "Worth knowing, but decides nothing."),
            "faults": listing(ref("Fault"), "What could not be reckoned, and so left the matter open."),
            "values": {
                "type": "object",
                "additionalProperties": ref("AnyValue"),
                "description": "The values that the decision reports, by name; null: unknown.",
            },
            "split": or_null(ref("SplitPlan"), "The plan of a split, if the decision makes one."),
            **_basis(),
        },
    )


def _basis() -> dict[str, Schema]:
    return {
        "bundle": ref("BundleIdentity", "The policies that decided."),
        "as_of": text("The day for which the decision was made.", **_DAY),
    }


def _reason() -> dict[str, Schema]:
    return {
        "rule": text("Id of the rule."),
        "message": text("Why, in a sentence."),
        "source": text_or_null("The paper that the rule comes from."),
        "at": text("Where the rule is written: file and line inside the bundle."),
        "elements": listing({"type": "string"}, "The elements it holds for; left out when it is about the whole."),
    }


def _missing() -> Schema:
    return record(
        "Missing fact",
        {
            "fact": text("Address of the fact, such as `order.total` or `claims[c1].amount`."),
            "for": {"enum": ["verdict", "amount"], "description": "What it is asked for."},
            "title": text_or_null("What the fact is, in words."),
            "type": text("Type of the fact."),
            "members": listing({"type": "string"}, "The answers to choose from, for an enum or a set."),
            "rules": listing({"type": "string"}, "The rules that wait for it."),
        },
        optional=("members",),
    )


def _element() -> Schema:
    return record(
        "Verdict on an element",
        {
            "id": text("Id of the element, or `#` and its position."),
            "verdict": text("The verdict, in a word that the bundle chose, or `undetermined`."),
            "class": {"enum": list(CLASSES), "description": "What the verdict means for the element."},
            "reasons": listing(ref("Reason"), "The rules that gave it."),
        },
    )


def _deadline() -> Schema:
    return record(
        "Deadline",
        {
            "rule": text("Id of the rule that sets it."),
            "date": text("The last day.", **_DAY),
            "days_left": count("Days from the evaluation day to the last day; negative when it has passed."),
            "from_day": text("The first day after it, where something may only happen then.", **_DAY),
            "element": text("The element it is about; left out when it is about the whole."),
        },
        optional=("from_day", "element"),
    )


def _amount() -> Schema:
    return record(
        "Amount of money",
        {
            "amount": text("Exact decimal number.", pattern=r"^-?[0-9]+(\.[0-9]+)?$"),
            "currency": text_or_null("ISO 4217 code; null for a zero whose currency is not known."),
        },
    )


def _amount_step() -> dict[str, Schema]:
    return {
        "rule": text_or_null("Id of the payout step, if it has one."),
        "amount": ref("Amount", "The amount after the step."),
    }


def _amount_detail() -> Schema:
    return record(
        "How an amount came about",
        {
            "scope": {"enum": ["element", "group", "total"], "description": "What the amount is for."},
            "element": text("The element."),
            "group": {
                "type": "object",
                "additionalProperties": ref("AnyValue"),
                "description": "What the elements of the group have in common.",
            },
            "start": ref("Amount", "The amount before any step."),
            "steps": listing(ref("AmountStep"), "The steps that changed it."),
            "result": ref("Amount", "The amount after all steps."),
            "limit": text_or_null("Id of the last limit that cut it."),
        },
        optional=("element", "group"),
    )


def _remark() -> Schema:
    properties = {
        "code": text("What kind of remark it is."),
        "message": text("The remark, in a sentence."),
        "fact": text("The fact it is about."),
    }
    return record("Remark", properties, optional=("fact",))


def _fault() -> Schema:
    return record(
        "Fault",
        {
            "code": text("What kind of fault it is."),
            "message": text("The fault, in a sentence."),
            "at": text("Where the expression is written: file and line inside the bundle."),
        },
    )


def _split() -> Schema:
    properties = {
        "parts": count("How many parts there are.", least=0),
        "proved": {"type": "boolean", "description": "Whether it is proved that there is no plan with fewer."},
        "lower_bound": count("No plan can have fewer parts than this.", least=0),
    }
    parts = listing(ref("SplitPart"), "The parts, under the word that the policy calls them.")
    return record("Plan of a split", properties) | {"additionalProperties": parts}


def _split_part() -> Schema:
    share = record(
        "Share of a line",
        {
            "line": text("Id of the line."),
            "quantity": count("How many units of it.", least=0),
            "amount": ref("AnyValue", "What they come to."),
        },
    )
    return record(
        "Part of a split",
        {"lines": listing(share, "What is in it."), "total": ref("AnyValue", "What it comes to in all.")},
    )


def _bundle() -> Schema:
    return record(
        "Bundle identity",
        {
            "id": text("Id of the bundle."),
            "version": text("Its version, as its author gave it."),
            "digest": text("SHA-256 over its files.", pattern="^[0-9a-f]{64}$"),
        },
    )


def _any_value() -> Schema:
    texts: Schema = {"type": "array", "items": {"type": "string"}}
    return {
        "title": "Value",
        "description": "A value of any type: dates, decimals and members are text, sets are lists, null is unknown.",
        "anyOf": [{"type": ["boolean", "integer", "string", "null"]}, texts, ref("Amount")],
    }
