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
        "PaidStep": _paid_step(),
        "FaultMet": _fault(),
    }


def _explanation() -> Schema:
    return record(
        "Explanation",
        {
            "summary": text("The decision in the few sentences of a reply, without what would change it."),
            "changes": ref("Changes", "What would lead to another verdict: for staff, and no advice on what to claim."),
            "decision": text("The decision that is explained."),
            "as_of": text("The day for which it was made.", format="date"),
            "rules": listing(
                ref("ExplainedRule"),
                "Every rule in its order, warnings last; a rule of elements once for each of the first 20.",
            ),
            "value": or_null(ref("Condition"), "Where the decision is simply a value: how it came about."),
            "payout": listing(
                ref("PaidStep"), "What each step and limit of the payout did to the amounts that are known."
            ),
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
            "rules": listing({"type": "string"}, "Ids of the rules that it would rest on."),
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
            "value": text(
                "What it came to, always as text: `true`, `false`, a value in words, or what is known of it."
            ),
            "blame": listing({"type": "string"}, "Addresses of the facts that it lacks."),
            "element": text("The element that it is about, where that is not the rule's."),
            "negated": {
                "const": True,
                "description": "The value is that of the opposite of the text, as of a requirement, which holds as a "
                "rule where it is not met. Left out otherwise.",
            },
            "faults": listing(ref("FaultMet"), "Why it cannot be known; left out where there are none."),
            "children": listing(ref("Condition"), "What it was made of."),
        },
        optional=("element", "negated", "faults"),
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
        "faults": listing(ref("FaultMet"), "Why it cannot be worked out, whatever the verdict rests on."),
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
            "fault": text_or_null("What cannot be reckoned in it; null: nothing."),
        },
    )


def _fault() -> Schema:
    return record(
        "Fault met",
        {
            "code": text("What kind of fault it is."),
            "message": text("What cannot be reckoned, for people."),
            "at": text("Where it is written: file and line inside the bundle."),
        },
    )


def _paid_step() -> Schema:
    return record(
        "Step or limit of the payout",
        {
            "rule": text_or_null("Its id; null: it has none."),
            "element": text_or_null("The element whose amount it is."),
            "group": text_or_null("The group whose amount it is; null, as the element: the total."),
            "before": text("The amount before it."),
            "after": text("The amount after it."),
            "did": {"type": "boolean", "description": "Whether it changed the amount, or is told as it holds."},
            "sentence": text("What it did and why; goes on after the id."),
            "at": text("Where it is written: file and line inside the bundle."),
        },
    )
