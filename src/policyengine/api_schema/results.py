"""The schema of what ``policyengine test --format json`` prints: how the cases of bundles came out."""

from __future__ import annotations

from policyengine.api_schema.parts import Schema, count, listing, record, ref, text, text_or_null


def results_schemas() -> dict[str, Schema]:
    """The results (``Results``) and their pieces, by name."""
    return {
        "Results": record(
            "Results of cases", {"bundles": listing(ref("BundleResults"), "The bundles, as they were named.")}
        ),
        "BundleResults": record(
            "Results of a bundle",
            {
                "bundle": text("The folder of the bundle."),
                "ok": {"type": "boolean", "description": "Whether all is well: cases were run, and every one passed."},
                "cases_found": count("Cases that the bundle has.", least=0),
                "selected": count("Cases that were chosen to be run.", least=0),
                "passed": count("Cases that came out as expected.", least=0),
                "failed": count("Cases that came out otherwise.", least=0),
                "error": count("Cases that could not be decided.", least=0),
                "unread": record(
                    "Files with a fault",
                    {
                        "files": count("Files of cases that have a fault, so that no case of them was run.", least=0),
                        "cases": count("Cases that are seen to stand in them.", least=0),
                    },
                ),
                "not_run": count("Chosen cases that were not run, because an earlier one failed.", least=0),
                "under_review": count("Cases that were run and that nobody has looked at yet.", least=0),
                "complaints": listing(text("A sentence."), "What is wrong with the choice of cases."),
                "diagnostics": listing(ref("Diagnostic"), "Faults of the policies and of the files of cases."),
                "cases": listing(ref("CaseResult"), "The cases that were run, in their order."),
            },
        ),
        "CaseResult": _case(),
        "Difference": record(
            "Difference",
            {
                "key": text("What it is about, such as `verdict` or `elements.a`."),
                "expected": {"description": "What was expected, or the reference's."},
                "actual": {"description": "What came out."},
                "line": count("The line of the expectation in the file of the case.", least=1),
                "engine": text("The engine that differs from the reference; empty where an expectation is not met."),
            },
        ),
        "Diagnostic": _diagnostic(),
    }


def _case() -> Schema:
    lines = listing(text("A line; indented below what it explains."), "Why the answer is as it is.")
    return record(
        "Result of a case",
        {
            "id": text("The file, without its folder and ending, and the name of the case."),
            "name": text("The name of the case."),
            "decision": text("The decision that is asked for."),
            "status": {"enum": ["passed", "failed", "error"], "description": "`error`: it could not be decided."},
            "file": text("The file of the case."),
            "line": count("The line of the case.", least=1),
            "cites": listing(text("A statement."), "The statements that the case tests."),
            "review": {"type": "boolean", "description": "Whether nobody has looked at the case yet."},
            "differences": listing(ref("Difference"), "What is not as it ought to be; only if it did not pass."),
            "explanation": {**lines, "description": "Why the answer is as it is; only if it did not pass."},
            "error": text("Why the case could not be decided."),
        },
        optional=("differences", "explanation", "error"),
    )


def _diagnostic() -> Schema:
    return record(
        "Diagnostic",
        {
            "code": text("What kind of fault it is."),
            "severity": {"enum": ["error", "warning", "lint"], "description": "How bad it is."},
            "message": text("The fault, in a sentence."),
            "help": text_or_null("What to do about it."),
            "file": text("The file."),
            "line": count("The first line, from 1.", least=1),
            "column": count("The first character, from 1.", least=1),
            "end_line": count("The line of the end.", least=1),
            "end_column": count("The character after the last.", least=1),
        },
    )
