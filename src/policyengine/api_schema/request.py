"""The schemas of requests, whatever the bundle: one question, and many at once."""

from __future__ import annotations

from typing import Final

from policyengine.api_schema.log import envelope_piece
from policyengine.api_schema.parts import Schema, listing, record, ref
from policyengine.api_schema.patterns import MOMENT

#: How many questions one batch may hold.
MOST_ITEMS: Final = 1000
#: How many of them it may hold when each is explained.
MOST_EXPLAINED: Final = 10
#: How long the id of an item may be, in characters.
LONGEST_ID: Final = 200
#: The forms of an answer: with everything there is to say, or with the verdict, its class and the ids of the reasons.
FULL: Final = "full"
SHORT: Final = "short"
ANSWERS: Final = (FULL, SHORT)
_AS_OF: Final = "The day to decide for: a day, or a moment with its offset. Left out: today, in the bundle's time zone."


def request_schemas() -> dict[str, Schema]:
    """A question to any bundle (``Request``) and its pieces, by name."""
    return {"Request": question("Request", "Facts"), "AsOf": _as_of(), "Facts": _any_facts()}


def question(title: str, facts: str) -> Schema:
    """One question; ``facts`` names the piece that says which facts may be given."""
    form = {"answer": _answer(), "explain": _explain()}
    return record(title, {**_question(facts), **form}, optional=("as_of", "answer", "explain"))


def batch(title: str, facts: str) -> Schema:
    """Many questions; ``facts`` as for one."""
    id_: Schema = {
        "type": ["string", "integer", "null"],
        "maxLength": LONGEST_ID,
        "description": "The caller's name for the item, given back with its answer; no two items have the same.",
    }
    item = record("Item", {"id": id_, **_question(facts)}, optional=("id", "as_of"))
    items = {**listing(item, "The questions; the answers come in the same order."), "maxItems": MOST_ITEMS}
    form = {"answer": _answer(), "explain": _explain()}
    return record(title, {"items": items, **form}, optional=("answer", "explain"))


def batch_answer(decision: Schema) -> Schema:
    """The answer to many questions: for each its ``decision``, or what was wrong with it."""
    id_: Schema = {"type": ["string", "integer", "null"], "description": "The id that the item was sent with."}
    more = {"explanation": explanation_piece(), "envelope": envelope_piece()}
    decided = record("Decided item", {"id": id_, "decision": decision, **more}, optional=tuple(more))
    refused = record("Item with a problem", {"id": id_, "problem": ref("Problem", "Why it could not be decided.")})
    answers = listing({"oneOf": [decided, refused]}, "One answer for each item, in the order of the request.")
    return record("Answers", {"items": answers})


def explanation_piece() -> Schema:
    """What stands beside a decision that was asked for with its explanation."""
    return ref("Explanation", "Given when `explain` is true.")


def as_of_piece() -> dict[str, Schema]:
    """The piece that every question refers to."""
    return {"AsOf": _as_of()}


def _question(facts: str) -> dict[str, Schema]:
    return {"facts": ref(facts, "What is known, as nested objects."), "as_of": ref("AsOf", _AS_OF)}


def _answer() -> Schema:
    """What is asked for; the same for all items of a batch."""
    meaning = (
        "How much is told. `full`: everything. `short`: only the verdict, its class, the ids of the reasons, the "
        "bundle and the day. Left out: `full`."
    )
    return {"enum": [*ANSWERS, None], "description": meaning}


def _explain() -> Schema:
    meaning = (
        "Whether each decision comes with its explanation. It takes up to a thousand decisions more, so a batch that "
        f"asks for it holds {MOST_EXPLAINED} items at most. Left out: no."
    )
    return {"type": ["boolean", "null"], "description": meaning}


def _as_of() -> Schema:
    day: Schema = {"type": ["string", "null"], "pattern": f"^{MOMENT}$", "examples": ["2025-04-01"]}
    return {"title": "Evaluation day", **day, "description": _AS_OF}


def _any_facts() -> Schema:
    return {
        "title": "Facts",
        "type": "object",
        "description": "What is known, as nested objects: the fact `order.total` is given as "
        '`{"order": {"total": …}}`. A fact that is left out, or null, is unknown. Which facts there are is said by '
        "the bundle.",
        "additionalProperties": True,
    }
