"""Our engine as it is measured: in which settings, and what a match and a decision are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.benchmarks.bundle import DECISION, EXTRA
from tests.benchmarks.workload import Document

from policyengine.backends import BACKENDS
from policyengine.engine.engine import Engine
from policyengine.model.bundle import CheckedBundle

#: By setting, the engine that decides and whether it is checked. `default` is what a caller gets who chooses nothing:
#: durable-rules decides, the compiled twin checks every decision, the reference a sample. `compiled`: the twin alone.
SETTINGS: dict[str, tuple[str, bool]] = {"default": ("durable", True), "compiled": ("compiled", False)}
#: The rules do not look at the day, and a measurement should not ask for it.
DAY = date(2025, 1, 1)


def has_setting(setting: str) -> bool:
    """Whether this version knows the setting's engine."""
    return SETTINGS[setting][0] in BACKENDS


def ready(bundle: CheckedBundle, setting: str) -> Engine:
    """An engine that can be asked at once."""
    backend, check = SETTINGS[setting]
    return Engine(bundle, backend, check=check)


def options(setting: str) -> list[str]:
    """The same choice on the command line."""
    backend, check = SETTINGS[setting]
    return ["--engine", backend, "--check" if check else "--no-check"]


class Asked:
    """An engine over the workload's bundle, asked in the two ways that are timed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        rules = [r for step in engine.bundle.decisions[DECISION].steps for r in step.rules]
        self._ids = {r.index: r.id for r in rules}

    def decide(self, facts: Document) -> object:
        """Plain data in, the whole decision out."""
        return self.engine.decide(DECISION, facts, as_of=DAY)

    def bound(self, facts: Document) -> object:
        """What a match starts from: the typed facts."""
        return self.engine._reader.read(facts, DAY)

    def matcher(self) -> Callable[[object], list[str]]:
        """From bound facts to the ids of the rules that hold; all that a match needs happens in the call."""
        start, match, ids = self.engine._evaluator.start, self.engine._program.match, self._ids

        def matched(memory: object) -> list[str]:
            return [ids[i] for i in match(DECISION, start(memory)).document.true]

        return matched

    def answer(self, facts: Document) -> tuple[str, list[str]]:
        """The verdict, and the ids of the workload's rules that hold, in alphabetical order."""
        verdict = self.engine.decide(DECISION, facts, as_of=DAY).verdict
        return verdict, sorted(i for i in self.matcher()(self.bound(facts)) if i not in EXTRA)
