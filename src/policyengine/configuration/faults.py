"""What is wrong with settings: all of it at once, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyengine.errors import PolicyEngineError


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One thing that is wrong: ``place`` is a variable, or a place in a file, of which ``snippet`` shows the line."""

    place: str
    message: str
    snippet: str = ""

    def __str__(self) -> str:
        """As printed for people."""
        return f"{self.place}: {self.message}" + (f"\n{self.snippet}" if self.snippet else "")


class ConfigurationError(PolicyEngineError):
    """The settings cannot be used. ``faults`` holds everything that is wrong with them."""

    def __init__(self, faults: Sequence[SettingFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))
