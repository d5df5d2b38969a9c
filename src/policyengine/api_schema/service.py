"""The schemas of what a service tells of itself: which bundles it serves, and what a reload came to."""

from __future__ import annotations

from policyengine.api_schema.parts import Schema, count, listing, or_null, record, ref, text, text_or_null


def service_schemas() -> dict[str, Schema]:
    """The state of a service (``Readiness``), the outcome of a reload (``Reload``) and their pieces, by name."""
    return {
        "Readiness": _readiness(),
        "Ready": record("Ready", {"status": text("Told to who has no key that may know more.", const="ready")}),
        "ReadinessProblem": _problem(
            "Not ready", {"service": ref("Readiness", "How it stands; not told to everybody.")}
        ),
        "Reload": record("Reload", _outcome()),
        # It has, beside its own members, the outcome as far as there is one.
        "ReloadProblem": _problem("Problem of a reload", _outcome()),
        "Edition": record(
            "Edition of a bundle",
            {"version": text("Its version, as its author gave it."), "digest": text("SHA-256 over its files.")},
        ),
        "Refusal": _refusal(),
    }


def _readiness() -> Schema:
    served = {
        "version": text("Its version, as its author gave it."),
        "digest": text("SHA-256 over its files."),
        "since": text("When this edition came into service.", format="date-time"),
        "source": text("The folder or file that it came from; empty if it is not known."),
    }
    worker = {
        "pid": count("Its process id."),
        "generation": {"type": ["integer", "null"], "description": "What it has."},
    }
    seconds: Schema = {
        "type": ["number", "null"],
        "description": "From the first to the last worker, at the last swap.",
    }
    skew = {
        "allowed_seconds": {"type": "number", "description": "How long workers may differ."},
        "last_seconds": seconds,
        "exceeded": {"type": "boolean", "description": "Whether they differ for longer; then the status is 503."},
    }
    bundles: Schema = {"type": "object", "additionalProperties": record("Bundle in service", served)}
    return record(
        "Readiness",
        {
            "status": text("Whether all that the last reload found is in service.", enum=["ready", "outdated"]),
            "generation": count("Counts up with each swap."),
            "bundles": {**bundles, "description": "The bundles in service, by id."},
            "refused": listing(ref("Refusal"), "What the last reload refused."),
            "reloads": _counts(),
            "workers": listing(record("Worker", worker), "The processes that answer."),
            "skew": record("Skew", skew, description="How far the workers are apart in time."),
            "failed": text("Why the last reload came to no end."),
            "set_aside": listing({"type": "string"}, "Decisions for which an engine is left out after faults."),
            "log": text("The log cannot be written, and answers are given without it.", const="unavailable"),
        },
        optional=("failed", "set_aside", "log"),
    )


def _counts() -> Schema:
    return {"type": "object", "additionalProperties": {"type": "integer"}, "description": "How many, by result."}


def _outcome() -> dict[str, Schema]:
    edition = ref("Edition")
    change = {
        "bundle": text("Id of the bundle."),
        "from": or_null(edition, "What was in service; null: it is new."),
        "to": or_null(edition, "What is in service now; null: nothing."),
    }
    return {
        "result": text("What came of it.", enum=["changed", "unchanged", "partly", "refused", "late"]),
        "generation": count("The generation in service."),
        "bundles": listing(record("Change", change), "The bundles that were exchanged."),
        "refused": listing(ref("Refusal"), "The bundles that were refused."),
        "workers": count("How many processes answer."),
        "skew_seconds": {"type": ["number", "null"], "description": "From the first to the last, at the last swap."},
        "late": listing({"type": "integer"}, "Process ids of workers that have not swapped in time."),
    }


def _problem(title: str, more: dict[str, Schema]) -> Schema:
    """A problem that may have other members beside its own."""
    return {
        "title": title,
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text("What kind of problem it is.", format="uri"),
            "title": text("The kind of problem, in a few words."),
            "status": count("The HTTP status."),
            "detail": text("This problem, in a sentence."),
            "help": text("What to do about it."),
            **more,
        },
        "additionalProperties": False,
    }


def _refusal() -> Schema:
    fault = {
        "code": text("What kind of fault it is."),
        "at": text("File, line and column."),
        "message": text("The fault, in a sentence."),
        "help": text_or_null("What to do about it."),
    }
    return record(
        "Refusal",
        {
            "bundle": text("Id of the bundle; the name of its folder if the id is not known."),
            "source": text("The folder or file that was refused."),
            "serving": or_null(ref("Edition"), "What stays in service of it; null: nothing is."),
            "since": text("When it was first refused.", format="date-time"),
            "times": count("How often since then."),
            "faults": count("How many faults it has."),
            "first": listing(record("Fault", fault), "The first of them."),
        },
    )
