"""The schemas of the decision log: the envelope of an answer, a record, and looking for records."""

from __future__ import annotations

from typing import Any, Final

from policyengine.api_schema.parts import Schema, count, listing, record, ref, text

_ID: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
#: Records of one page, at most and unless something is said.
MOST_ON_PAGE: Final = 1_000
USUAL_ON_PAGE: Final = 100
#: Bytes of records on one page; a record that has more stands alone.
MOST_PAGE_BYTES: Final = 8 * 1024 * 1024
#: Characters of a name that is looked for, at most.
LONGEST_NAME: Final = 200
_MOMENT: Final[Schema] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
# What is not to be printed is in no name, and no database takes all of it as text.
_NAME: Final[Schema] = {"type": "string", "maxLength": LONGEST_NAME, "pattern": r"^[^\x00-\x1f\x7f]*$"}
_PAGE: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MOST_ON_PAGE, "default": USUAL_ON_PAGE}
#: What may be asked of the log after a `?`: what each means, and what it may be.
FILTERS: Final[dict[str, tuple[str, Schema]]] = {
    "since": ("Only decisions from then on: a day (in UTC), or a time with its offset.", _MOMENT),
    "until": ("Only decisions before this.", _MOMENT),
    "bundle": ("Only decisions of this bundle.", _NAME),
    "decision": ("Only this decision.", _NAME),
    "verdict": ("Only decisions with this verdict.", _NAME),
    "rule": ("Only decisions that this rule gave a reason for.", _NAME),
    "limit": (f"How many records at most. A page ends early after {MOST_PAGE_BYTES // 1024**2} MiB of them.", _PAGE),
    "cursor": ("The `cursor` of the page before.", {"type": "string", "pattern": _ID}),
}


def log_schemas() -> dict[str, Schema]:
    """The pieces by name."""
    return {
        "Envelope": record("Envelope", _identity()),
        "LogRecord": _log_record(),
        "LogPage": record(
            "Records",
            {
                "records": listing(ref("LogRecord"), "The records, newest first."),
                "cursor": {"type": ["string", "null"], "description": "For the next page; null: there is none."},
            },
        ),
    }


def envelope_piece() -> Schema:
    """A use of the envelope beside a decision."""
    return ref("Envelope", "Its place in the log; left out where nothing is logged.")


def idempotency_header(name: str) -> Schema:
    """The header by which a request may be repeated safely."""
    return {
        "name": name,
        "in": "header",
        "description": "A key of the caller's own for this request: sent again with it, the request gets the first "
        "answer again. It is kept for a day.",
        # Servers cut blanks off the ends of headers, and quotes around a key are not a part of it.
        "schema": {"type": "string", "pattern": "^[!#-~]([ -~]{0,253}[!#-~])?$", "maxLength": 255},
    }


def log_parameters() -> list[Schema]:
    """What may stand after the `?`."""
    return [
        {"name": name, "in": "query", "description": told, "schema": schema} for name, (told, schema) in FILTERS.items()
    ]


def record_parameter() -> Schema:
    """The part of the address that names a record."""
    return {
        "name": "decision_id",
        "in": "path",
        "required": True,
        "description": "Id of the decision.",
        "schema": {"type": "string"},
    }


def _identity() -> dict[str, Schema]:
    return {
        "decision_id": text("Id of the decision in the log, a UUID of version 7.", pattern=_ID),
        "timestamp": text("When the request came, in UTC.", format="date-time"),
    }


def _log_record() -> Schema:
    pointers = {"type": "string", "format": "json-pointer"}
    chain = record("Place in the chain", {"sequence": count("Number.", least=1), "hash": text("Hash.")})
    anything: dict[str, Any] = {"type": "object"}
    optional = {
        "requested_by": text("Who asked."),
        "key_id": text("Id of the API key by which it was asked."),
        "req_id": text("The caller's name for the request."),
        "item": {"type": ["string", "integer"], "description": "Id of the item of a batch."},
        "answer_sha256": text("SHA-256 of the whole answer that was sent; with an `Idempotency-Key` only."),
        "erased": listing(pointers, "What was left out of the log."),
        "masked": listing(pointers, "What was replaced in the log."),
    }
    fixed = {
        **_identity(),
        "path": text("Bundle and decision."),
        "bundles": {**anything, "description": "The bundle with its `revision` and `digest`."},
        "labels": {**anything, "description": "`version` of the program, `engine`, and what its `check` came to."},
        "as_of": text("The day decided for."),
        "verdict": text("The verdict."),
        "class": text("Its class."),
        "rules": listing({"type": "string"}, "The rules that gave a reason or a warning."),
        "answer": text("The form of the answer that was asked for."),
        "metrics": {**anything, "description": "Times in nanoseconds."},
        "input": {"description": "The facts."},
        "result": {"description": "The decision."},
        "chain": chain,
    }
    return record("Record of a decision", {**fixed, **optional}, optional=tuple(optional))
