"""Checks for schemathesis, which loads this file: its own two on what is taken and refused, with what no schema says.

JSON Schema cannot say everything that the service asks of a request. :data:`UNSAID` lists what that is, and nothing
else is forgiven. The items of a batch are judged one by one: a bad one is answered with 200 and a problem of its own.
"""

from __future__ import annotations

import re

import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

#: What a problem says of requests that fit the schema, by its code: why the schema cannot say it.
UNSAID = {
    "request/duplicate-id": r"is given twice",  # of two elements, one field alone must differ
    "request/currency": r"this amount is in [A-Z]{3}, but",  # which one a fact of the same request names
    "request/range": r"decimal places|is (less|more) than|more than 100 digits",  # exact limits of decimals
    "request/json": r"exponent of this number is too large|too many digits",  # the same, of how a number is written
    # Which years have a 29 February; and that 1.0 is not how a whole number is written.
    "request/type": r"day|date|a whole number is needed here, but this is a number",
    "request/timestamp": r"",  # which moments a time zone leaves out, or are before the first day
}
#: The end of the kind and a part of the detail of problems with the header `Idempotency-Key`: what came before with the
#: same key, or which media type stands beside it, no schema of a header can say.
OF_THE_KEY = [(":idempotency-key-reused", "came with another request"), (":bad-request", "is not taken with a stream")]
_TOO_MANY_ITEMS = re.compile(r"holds [0-9]+ items at most")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Without keys of requests: schemathesis sends the same few again and again, and others have them by then."""
    if case.headers:
        case.headers.pop("Idempotency-Key", None)


@schemathesis.check
def what_fits_is_taken(ctx, response, case):
    # What is not even HTTP is refused by the server, without a problem.
    refused = response.json() if response.status_code in (400, 409, 422) and response.content else {}
    if any(refused.get("type", "").endswith(kind) and said in refused["detail"] for kind, said in OF_THE_KEY):
        return None
    if all(_is_unsaid(error) for error in refused.get("errors", [{}])):
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def what_does_not_fit_is_refused(ctx, response, case):
    if case.operation.path.endswith("/batch") and case.method == "POST":
        if response.status_code == 413 and _TOO_MANY_ITEMS.search(response.json()["detail"]):
            return None  # a status for requests that are too large, of which the check does not think
        if response.status_code == 200 and response.headers["content-type"][0] != "application/json":
            return None  # every text is a stream: its bad lines are told one by one
        # The body as a whole is refused as a whole: what was bad must have stood in an item, and been told of it.
        told = response.json()["items"] if response.status_code == 200 else []
        if any("problem" in item for item in told) and not _is_whole_bad(case):
            return None
    return negative_data_rejection(ctx, response, case)


def _is_unsaid(error) -> bool:
    return error.get("code") in UNSAID and bool(re.search(UNSAID[error["code"]], error["detail"]))


def _is_whole_bad(case) -> bool:
    """Whether a batch is bad beside its items."""
    body = case.body
    return (
        not isinstance(body, dict)
        or not isinstance(body.get("items"), list)
        or bool({*body} - {"items", "answer", "explain"})
    )
