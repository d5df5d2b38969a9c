"""What can go wrong with a decision log."""

from __future__ import annotations

from policyengine.errors import PolicyEngineError


class LogError(PolicyEngineError):
    """The log cannot be used as asked; the text says why and what to do."""


class LogUnavailable(LogError):  # noqa: N818 - the state, not the mistake
    """The database cannot be reached or written at the moment; later it may work again."""


class KeyReused(LogError):  # noqa: N818 - the caller's mistake, not the log's
    """An idempotency key came with another request than the first time."""


class AnswerChanged(LogError):  # noqa: N818 - what happened, and not by the caller
    """The first answer that is kept for an idempotency key is not the one that was given."""
