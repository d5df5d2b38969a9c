"""The exceptions a caller may meet.

::

    PolicyEngineError
    ├── BundleError     the policies are at fault; carries diagnostics with places
    ├── RequestError    the caller's facts are at fault; carries problems with JSON Pointers
    ├── UnknownName     no such bundle or decision
    └── EngineFault     a matching engine did something outside its contract
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyengine.diagnostics import Diagnostic


class PolicyEngineError(Exception):
    """Base of every error that this package raises on purpose."""


class BundleError(PolicyEngineError):
    """A bundle cannot be used. ``diagnostics`` holds every fault, sorted by place."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n\n".join(d.render() for d in self.diagnostics))


@dataclass(frozen=True, slots=True)
class FactProblem:
    """One thing wrong with a request. ``pointer`` is an RFC 6901 JSON Pointer into the request."""

    pointer: str
    code: str
    detail: str
    help: str | None = None

    def to_dict(self) -> dict[str, str]:
        """The problem as plain data; ``help`` only when there is some."""
        out = {"pointer": self.pointer, "code": self.code, "detail": self.detail}
        if self.help:
            out["help"] = self.help
        return out


class RequestError(PolicyEngineError):
    """The facts of a request cannot be used. ``problems`` holds every bad fact, in request order."""

    def __init__(self, problems: Sequence[FactProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer}: {p.detail}" for p in self.problems))


class UnknownName(PolicyEngineError):  # noqa: N818 - reads as the field's "unknown name"
    """A bundle or decision was asked for that does not exist. ``help`` names the nearest one."""

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
        self.help = help
        super().__init__(message)


class EngineFault(PolicyEngineError):  # noqa: N818 - a fault of the engine, not of the caller
    """A matching engine left its contract. Callers meet it only when no engine could decide."""
