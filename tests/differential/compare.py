"""One request asked of all sides: what every rule is, and the whole decision, must be the same."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.differential.generator import Generated, generate
from tests.differential.requests import Request, Requests
from tests.differential.sides import Answer, Production, Refused, every_truth, expected

from policyengine.backends import BACKENDS
from policyengine.loading import check_folder
from policyengine.model.bundle import CheckedBundle


@dataclass(frozen=True)
class Difference:
    """A request on which the sides differ, or that made one of them raise."""

    seed: int
    decision: str
    request: Request
    lines: tuple[str, ...]

    def __str__(self) -> str:
        facts = json.dumps(self.request.facts, default=_plain, ensure_ascii=False)
        head = f"seed {self.seed}, decision {self.decision}, as_of {self.request.as_of}\nfacts: {facts}"
        return "\n".join([head, *self.lines])


def differences(bundle: CheckedBundle, wanted: Answer, found: Answer, name: str) -> tuple[str, ...]:
    """What differs, line by line: first rules, then the decision's parts. ``name`` is the side's that found it."""
    if wanted == found:
        return ()
    spec = bundle.decisions[wanted.decision.decision]
    truths, heard = every_truth(spec, wanted.matches), every_truth(spec, found.matches)
    asked = {key: (truths.get(key, "absent"), heard.get(key, "absent")) for key in (truths | heard)}
    lines = [f"rule {key}: reference {a}, {name} {b}" for key, (a, b) in asked.items() if a is not b]
    left, right = wanted.decision.to_dict(), found.decision.to_dict()
    for part in left:
        if left[part] != right[part]:
            lines += [f"{part}:", f"  reference {_shown(left[part])}", f"  {name} {_shown(right[part])}"]
    return tuple(lines) or (f"equal as JSON, but not as data: {wanted!r}\n{found!r}",)


def _shown(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal | date) else repr(value)


# --- a bundle and its requests ---


def load(generated: Generated) -> CheckedBundle:
    """The checked bundle; a fault is a bug of the generator or of the checker."""
    with TemporaryDirectory() as folder:
        path = generated.write(Path(folder) / "bundle")
        bundle, sink = check_folder(path)
    if bundle is None or sink.failed:
        told = "\n".join(str(d) for d in sink.sorted())
        raise AssertionError(f"the generated bundle of seed {generated.seed} has faults:\n{told}")
    return bundle


@dataclass
class Bench:
    """One bundle with all sides, and the requests to ask. ``compared`` counts decisions compared in full."""

    seed: int
    generated: Generated
    bundle: CheckedBundle
    sides: tuple[Production, ...]
    compared: int = 0
    refused: int = 0
    found: list[Difference] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> Bench:
        """The bundle of a seed, compiled by every back end."""
        return cls.on(generate(seed))

    @classmethod
    def on(cls, generated: Generated) -> Bench:
        """A generated bundle, compiled by every back end."""
        bundle = load(generated)
        return cls(generated.seed, generated, bundle, tuple(Production(bundle, name) for name in BACKENDS))

    def close(self) -> None:
        """Free the engines."""
        for side in self.sides:
            side.close()

    def requests(self, count: int) -> Iterator[Request]:
        """The first requests of the seed."""
        requests = Requests(self.bundle, self.generated.constants, self.seed)
        for _ in range(count):
            yield requests.next()

    def answers(self, cases: int) -> Iterator[tuple[str, Request, Answer]]:
        """About so many decisions, as the reference answers them; differences are kept in ``found``."""
        for request in self.requests(-(-cases // len(self.bundle.decisions))):
            for decision in self.bundle.decisions:
                answer = self.compare(decision, request)
                if answer is not None:
                    yield decision, request, answer

    def compare(self, decision: str, request: Request) -> Answer | None:
        """Ask all sides; None if the request is refused, or one of them raises."""
        asked, wanted = "the reference", None
        lines: tuple[str, ...] = ()
        try:
            wanted = expected(self.bundle, decision, request)
            for side in self.sides:
                asked = side.name
                lines += differences(self.bundle, wanted, side.ask(decision, request), asked)
        except Refused:
            self.refused += 1
            return None
        except Exception:  # noqa: BLE001 - no side may raise, whatever the facts are
            lines += (f"{asked} raises:", traceback.format_exc(limit=-3))
        self.compared += 1
        if lines:
            self.found.append(Difference(self.seed, decision, request, lines))
        return wanted
