"""GitHub workflow commands: annotations that are shown beside the line they are about."""

from __future__ import annotations

from policyengine.diagnostics import Diagnostic, Severity
from policyengine.source import Span

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.LINT: "notice"}


def annotation(diagnostic: Diagnostic) -> str:
    """A diagnostic as a workflow command, its help on a line of its own."""
    text = diagnostic.message + (f"\n{diagnostic.help}" if diagnostic.help else "")
    return command(_LEVELS[diagnostic.severity], diagnostic.span, diagnostic.code, text)


def command(level: str, span: Span, title: str, text: str) -> str:
    """``::error file=…,line=…::text``, with what has a meaning there escaped."""
    properties = {"file": span.file.path, "line": str(span.start.line), "col": str(span.start.column), "title": title}
    told = ",".join(f"{k}={escaped_property(v)}" for k, v in properties.items())
    return f"::{level} {told}::{escaped(text)}"


def escaped(text: str) -> str:
    """The text of a command: line ends and the sign that escapes them, escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """The value of a property of a command, likewise."""
    return escaped(text).replace(":", "%3A").replace(",", "%2C")
