"""The schema of an explanation: what :meth:`policyengine.explaining.explainer.Explanation.to_dict` gives."""

from __future__ import annotations

from policyengine.api_schema.decision import CLASSES, VALUE_CLASS
from policyengine.api_schema.parts import Schema, count, listing, or_null, record, ref, text, text_or_null

_TRUTH: Schema = {"type": ["boolean", "null"], "description": "Whether it holds; null: that is not known."}
_FOUND = (
    "The nearest changes, nearest first, at most one for each fact. Without `towards` each leads to another verdict; a "
    "change that only leaves the matter open is not among them."
)


def explanation_schemas() -> dict[str, Schema]:
    """The explanation (``Explanation``) and its pieces, by name, in the order in which one would read them."""
    return {
        "Explanation": _explanation(),
        "Changes": _changes(),
        "Change": _change(),
        "ExplainedRule": _rule(),
        "Condition": _condition(),
        "WhyNot": _why_not(),
        "Stop": _stop(),
    }


def _explanation() -> Schema:
    return record(
        "Explanation",
        {
            "summary": text("The decision in a few sentences, for people."),
            "changes": ref("Changes", "What would lead to another verdict."),
            "decision": text("The decision that is explained."),
            "as_of": text("The day for which it was made.", format="date"),
            "rules": listing(
                ref("ExplainedRule"),
                "Every rule in its order, warnings last; a rule of elements once for each of the first 20.",
            ),
            "value": or_null(ref("Condition"), "Where the decision is simply a value: how it came about."),
            "why_not": listing(ref("WhyNot"), "What kept the rule that was asked about from giving the verdict."),
        },
        optional=("why_not",),
    )


def _changes() -> Schema:
    return record(
        "Changes",
        {
            "towards": text_or_null("The verdict that was looked for; null: any other than the one given."),
            "found": listing(ref("Change"), _FOUND),
            "opens": or_null(
                ref("Change"), "Where nothing was found: the nearest change that at least leaves the matter open."
            ),
            "tried": count("How many changes were decided.", least=0),
            "facts": count("Of how many facts.", least=0),
            "complete": {"type": "boolean", "description": "Whether there were no others to try."},
        },
    )


def _change() -> Schema:
    return record(
        "Change of one fact",
        {
            "fact": text("Address of the fact, such as `order.total` or `claims[c1].amount`; `as_of`: the day."),
            "title": text_or_null("What the fact is, in words."),
            "from": {"description": "What is given now, as in a request; null: nothing."},
            "to": {"description": "What would be given instead; null: nothing."},
            "onwards": {
                "enum": ["more", "less", None],
                "description": "Whether all greater (later), or all smaller (earlier), values that were tried lead to "
                "the same verdict.",
            },
            "verdict": text("The verdict that it leads to, as decided."),
            "class": {"enum": [*CLASSES, VALUE_CLASS], "description": "Its class."},
        },
    )


def _rule() -> Schema:
    return record(
        "Rule, explained",
        {
            **_came_out(),
            "guard": ref("Condition", "What must hold for the rule to be asked at all."),
            "applies": ref("Condition", "What it is about."),
            "own": ref("Condition", "What it says itself, as a condition under which it holds."),
        },
    )


def _condition() -> Schema:
    return record(
        "Condition or value",
        {
            "text": text("The expression as it is written."),
            "at": text("Where it is written: file and line inside the bundle."),
            "value": text("What it came to: `true`, `false`, a value in words, or what is known of it."),
            "blame": listing({"type": "string"}, "Addresses of the facts that it lacks."),
            "element": text("The element that it is about, where that is not the rule's."),
            "children": listing(ref("Condition"), "What it was made of."),
        },
        optional=("element",),
    )


def _why_not() -> Schema:
    return record(
        "Why a rule did not give the verdict",
        _came_out(),
    )


def _came_out() -> dict[str, Schema]:
    return {
        "rule": text("Id of the rule."),
        "element": text_or_null("The element that it was asked of; null: the whole."),
        "truth": _TRUTH,
        "sentence": text("How it came out, for people."),
        "stops": listing(ref("Stop"), "The conditions that it came down to: why it does not hold, or is not known to."),
        "missing": listing({"type": "string"}, "The facts to ask for, in words, with their addresses."),
    }


def _stop() -> Schema:
    fact = record("Value read", {"name": text("What was read."), "value": text("What it came to, in words.")})
    return record(
        "Condition that a rule came down to",
        {
            "condition": text("The condition in words."),
            "truth": _TRUTH,
            "at": text("Where it is written: file and line inside the bundle."),
            "facts": listing(fact, "What it read."),
        },
    )
