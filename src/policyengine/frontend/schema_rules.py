"""The schemas of policies: rules of the five kinds, and payouts."""

from __future__ import annotations

from policyengine.frontend import schema_words as words
from policyengine.frontend.schema_parts import (
    Schema,
    conditions,
    either,
    explained,
    listing,
    named,
    record,
    ref,
    scalar,
    word,
)


def policies_of(kind: str) -> Schema:
    """The key ``policies`` of a file of rules."""
    properties = {
        "title": scalar("What the policy is about; shown to people."),
        "each": ref("name", "Singular of a list: the rules are asked for each of its elements."),
        "verdict": ref("name", "The word that the rules give; `warning` for rules that only warn."),
        **conditions(),
        "in_force": ref("in_force", "The period in which the rules hold."),
        "rules": listing(_rule(kind), "Rules that are weighed together.", least=1),
    }
    return named(record("Policy", ("rules",), properties), "Policies by name; the steps of the decision name them.")


def _rule(kind: str) -> Schema:
    properties = {
        "id": ref("rule_id", "The id that reasons are given by."),
        "title": scalar("What the rule is about; shown to people."),
        **conditions(),
        "in_force": ref("in_force", "The period in which the rule holds."),
        "verdict": ref("name", "The word that the rule gives, if not the policy's."),
        **explained(),
        "needs": listing(
            ref("member", "A kind of evidence."), "What can still be supplied while the rule gives a pending word."
        ),
    }
    own = _OWN.get(kind, {})
    required = tuple(own.get("required", ()))
    more = {k: v for k, v in own.items() if k not in ("required", "properties")}
    return record("Rule", ("id", "because", *required), {**properties, **own.get("properties", {})}, **more)


def _split() -> Schema:
    properties = {
        "each": ref("name", "Singular of the list that is split up; it needs an `id`."),
        "called": ref("name", "What the parts are called in the answer."),
        "quantity": scalar("How many units the element has: an integer."),
        "weight": scalar("What one unit counts: a number or money."),
        "whole": scalar("Whether all units must go to one part; false if left out."),
        "part": scalar("The test that each part must pass: `<` or `<=` and a limit."),
    }
    required = ("each", "called", "quantity", "weight", "part")
    return {**record("Split", required, properties), "description": "Asks for the fewest parts that each pass a test."}


def _split_verdicts() -> Schema:
    properties = {
        "one": ref("name", "The word when one part is enough."),
        "several": ref("name", "The word when several parts are needed."),
        "none": ref("name", "The word when a single unit fails the test."),
    }
    return {
        **record("Verdicts of a split", tuple(properties), properties),
        "description": "The words that a split gives.",
    }


def _too_large() -> Schema:
    properties = {"id": ref("rule_id", "The id of the reason."), **explained()}
    return {
        **record("Too large", ("id", "because"), properties),
        "description": "The reason when a single unit fails the test.",
    }


_OWN: dict[str, Schema] = {
    "requirements": {
        "required": ["require"],
        "properties": {"require": ref("condition", "What must hold; the rule is broken when it does not.")},
    },
    "deadlines": {
        "properties": {
            "by": scalar("The last day: a date; the rule is broken when the act comes later."),
            "until": scalar("A date up to which the answer is to wait, that day included."),
            "act": scalar("The day of the act: a date; the day of evaluation if left out."),
        },
        **either("a deadline", "by", "until"),
    },
    "thresholds": {
        "properties": {
            "measure": scalar("The expression that is measured."),
            "allowed": ref("tests", "The test that the measure must pass, or a list of which one must."),
            "split": _split(),
            "verdicts": _split_verdicts(),
            "too_large": _too_large(),
        },
        "dependentRequired": {
            "measure": ["allowed"],
            "split": ["verdicts", "too_large"],
            "verdicts": ["split"],
            "too_large": ["split"],
        },
        **either("a threshold", "measure", "split"),
    },
}


def payout_properties() -> dict[str, Schema]:
    """The keys of a file of kind ``payout``, but for its definitions."""
    steps = listing(_step(), "What is done to the amount, in this order.")
    element = {
        "each": ref("name", "Singular of the list whose elements are paid."),
        "start": scalar("The amount to begin with, for one element."),
        "steps": steps,
    }
    group = {
        "by": named(
            scalar("An expression over the element."),
            "Names and expressions: elements with equal values form a group.",
            least=1,
        ),
        "steps": steps,
    }
    total = {"start": scalar("The amount to begin with; only when there is no `element`."), "steps": steps}
    properties = {
        "title": scalar("What is paid; shown to people."),
        "currency": scalar("The currency: an expression."),
        "element": {
            **record("Amount of an element", ("each", "start"), element),
            "description": "The amount of each element.",
        },
        "group": {
            **record("Amount of a group", ("by", "steps"), group),
            "description": "Amounts of elements added by group.",
        },
        "total": {**record("Total", (), total), "description": "The whole amount."},
    }
    policies = named(record("Payout", ("currency",), properties), "The payout of the decision, by name.", least=1)
    return {"decision": ref("name", "The decision that this pays for."), "policies": policies}


def _step() -> Schema:
    limit = {
        "id": ref("rule_id", "The id that is reported when this limit cuts."),
        "title": scalar("What the limit is; shown to people."),
        "to": scalar("The most that is paid: an expression."),
        **conditions(),
        **explained(),
    }
    properties = {
        "id": ref("rule_id", "The id that is reported when the step's condition holds."),
        "title": scalar("What the step does; shown to people."),
        "set": scalar("The amount becomes this; `amount` is what it was."),
        "limits": listing(
            record("Limit", ("id", "to", "because"), limit),
            "The amount becomes the smallest of these and itself.",
            least=1,
        ),
        "round": scalar("The amount is rounded to a multiple of this."),
        "mode": word(words.ROUNDING_MODES, "How halves, or all, are rounded."),
        "note": {"const": True, "description": "Nothing is changed; the id is reported when the condition holds."},
        **conditions(),
        **explained(),
    }
    demands = {"id": ["because"], "round": ["mode"], "mode": ["round"], "note": ["id", "because"]}
    return record(
        "Step", (), properties, dependentRequired=demands, **either("a step", "set", "limits", "round", "note")
    )
