"""What a user may choose about the engines: which one decides, and how it is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: The engine that decides unless another is chosen, and the one that checks it.
DEFAULT: Final = "durable"
TWIN: Final = "compiled"
#: The engine that is the definition of the language. It makes whole answers, so it is no back end.
REFERENCE: Final = "reference"
#: Of so many answers on which engines agree, one is compared with the reference's.
SAMPLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The choices as :class:`~policyengine.engine.engine.Engine` takes them: see there."""

    backend: str = DEFAULT
    check: bool = True
    sample: int = SAMPLE
