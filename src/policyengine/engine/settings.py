"""What a user may choose about the engines: which one decides, and how it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The engine that decides unless another is chosen, and the one that checks it.
DEFAULT: Final = "durable"
TWIN: Final = "compiled"
#: The engine that is the definition of the language. It makes whole answers, so it is no back end.
REFERENCE: Final = "reference"
#: Of so many answers to a decision on which engines agree, one is compared with the reference's.
SAMPLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The choices as :class:`~policyengine.engine.engine.Engine` takes them: see there."""

    backend: str = DEFAULT
    check: bool = True
    sample: int = SAMPLE

    def in_effect(self, twin: str | None = TWIN) -> EngineSettings:
        """What comes of the choices: no engine is its own twin, and the reference is compared with nothing."""
        is_compared = self.check and self.backend != REFERENCE
        return EngineSettings(
            self.backend,
            check=is_compared and twin not in (None, self.backend),
            sample=self.sample if is_compared else 0,
        )

    def __str__(self) -> str:
        """``engine durable, checked, every 1,000th answer by the reference``."""
        done = self.in_effect()
        said = ["checked"] * done.check
        if done.sample:
            said.append(f"every {_ordinal(done.sample)}answer by the reference")
        return f"engine {self.backend}, {', '.join(said) or 'not checked'}"


def refuse_unusable(check: object, sample: object, differences: object) -> None:
    """Raise TypeError or ValueError, with the remedy, for choices that an engine cannot follow."""
    if not isinstance(check, bool):
        raise TypeError(f"`check` is True or False, not {check!r}")
    if not isinstance(sample, int) or isinstance(sample, bool):
        raise TypeError(f"`sample` is a whole number from 0, such as {SAMPLE} or 0 for no sample, not {sample!r}")
    if sample < 0:
        raise ValueError(f"`sample` is a whole number from 0, such as {SAMPLE} or 0 for no sample, not {sample}")
    if differences is not None and not callable(differences):
        remedy = 'to keep them in a folder, give `DifferenceStore("folder")`'
        raise TypeError(f"`differences` is a function that takes a difference, not {differences!r}; {remedy}")


def _ordinal(number: int) -> str:
    """``1,000th`` with a blank; nothing for 1, because it is every one."""
    if number == 1:
        return ""
    is_teen = number % 100 in (11, 12, 13)
    return f"{number:,}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')} "
