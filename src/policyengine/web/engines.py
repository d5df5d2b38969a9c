"""How a worker makes the engine of a bundle: as the one who started the service chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from policyengine.engine.settings import EngineSettings
from policyengine.model.bundle import CheckedBundle

if TYPE_CHECKING:
    from policyengine.engine.engine import Engine
    from policyengine.engine.referee import Difference

_ANY_DAY: Final = date(2000, 1, 1)
#: Makes the engine of a bundle, in the process that is to use it.
MakeEngine = Callable[[CheckedBundle], "Engine"]


@dataclass(frozen=True, slots=True)
class Engines:
    """Makes engines. ``differences`` is the folder for facts on which engines differ; None: they are not kept."""

    settings: EngineSettings = field(default_factory=EngineSettings)
    differences: str | None = None

    def __str__(self) -> str:
        """How decisions are made and checked, and where facts are kept; for who starts the service."""
        done = self.settings.in_effect()
        if not (done.check or done.sample):
            return str(self.settings)
        if self.differences is None:
            return f"{self.settings}; facts on which engines differ are not kept"
        return f"{self.settings}; differences in {Path(self.differences).resolve()} (facts may be personal data)"

    def __call__(self, bundle: CheckedBundle) -> Engine:
        """An engine for this bundle, in the process that is to use it."""
        # Workers need all this; the process that only starts them does not.
        from policyengine.engine.engine import Engine
        from policyengine.testing.difference_store import DifferenceStore

        keep = _forget if self.differences is None else DifferenceStore(self.differences)
        settings = self.settings
        return Engine(bundle, settings.backend, check=settings.check, sample=settings.sample, differences=keep)


def try_out(engine: Engine) -> None:
    """Ask for every decision once, with no facts; whatever it raises shows that the engine does not work."""
    for decision in engine.bundle.decisions:
        engine.decide(decision, {}, as_of=_ANY_DAY)


def _forget(_: Difference) -> None:
    """Facts that may be personal data are not even held in memory."""
