"""The schema of errors: RFC 9457 problem details with a list of places in the request."""

from __future__ import annotations

from policyengine.api_schema.parts import Schema, count, listing, record, ref, text


def problem_schemas() -> dict[str, Schema]:
    """The problem (``Problem``) and its pieces, by name."""
    return {
        "Problem": record(
            "Problem",
            {
                "type": text("What kind of problem it is; the same for every problem of the kind.", format="uri"),
                "title": text("The kind of problem, in a few words."),
                "status": count("The HTTP status."),
                "detail": text("This problem, in a sentence."),
                "help": text("What to do about it."),
                "errors": listing(ref("ProblemPlace"), "Everything that is wrong with the request."),
            },
            optional=("help", "errors"),
        ),
        "ProblemPlace": record(
            "Place of a problem",
            {
                "pointer": text("JSON Pointer (RFC 6901) into the body of the request.", format="json-pointer"),
                "code": text("What kind of fault it is."),
                "detail": text("The fault, in a sentence."),
                "help": text("What to do about it."),
            },
            optional=("help",),
        ),
    }
