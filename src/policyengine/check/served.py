"""Which policies serve which decision."""

from __future__ import annotations

from dataclasses import dataclass, field

from policyengine.check.context import Context
from policyengine.check.headers import Header
from policyengine.check.kinds import KINDS
from policyengine.check.reading import entries, scalar, text
from policyengine.check.spelling import SNAKE, good_name
from policyengine.check.verdicts import Policy
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Mapping, Scalar

PAYOUT = "payout"


@dataclass(slots=True)
class Served:
    """Collects policies and payouts by decision. ``astray`` are those that could not be put to one.

    ``written`` are the names of all decisions of the bundle file, also of those that are at fault.
    """

    ctx: Context
    headers: dict[str, Header]
    written: frozenset[str]
    policies: dict[str, list[Policy]] = field(init=False)
    payouts: dict[str, list[tuple[Scalar, Mapping]]] = field(init=False)
    astray: set[str] = field(default_factory=set)
    _taken: dict[tuple[str, str], Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policies = {n: [] for n in self.headers}
        self.payouts = {n: [] for n in self.headers}

    def read(self, doc: Mapping) -> None:
        """Collect the policies of one document."""
        kind = text(doc, "kind") or ""
        header = self._header(doc, kind)
        for key, body in entries(doc, "policies"):
            good = isinstance(body, Mapping) and good_name(key, SNAKE, "policy", self.ctx.sink)
            if header is None or not good or not isinstance(body, Mapping):
                self.astray.add(key.text)
            elif self._free(header, key):
                self._put(header, kind, key, body)

    def _put(self, header: Header, kind: str, key: Scalar, body: Mapping) -> None:
        if kind == PAYOUT:
            self.payouts[header.name].append((key, body))
        else:
            self.policies[header.name].append(Policy(key, kind, header, body))

    def _free(self, header: Header, key: Scalar) -> bool:
        first = self._taken.setdefault((header.name, key.text), key)
        if first is not key:
            words = f"`{key.text}` is already the name of a policy"
            self.ctx.sink.error("names/taken", words, key.span, f"declared at {first.span.place}")
        return first is key

    def _header(self, doc: Mapping, kind: str) -> Header | None:
        """The decision that a rule or payout file serves."""
        word = scalar(doc, "decision")
        if word is None or (kind != PAYOUT and kind not in KINDS):
            return None
        if word.text not in self.headers and word.text not in self.written and not self.ctx.symbols.incomplete:
            help_ = did_you_mean(word.text, self.headers) or "decisions: " + ", ".join(self.headers)
            self.ctx.sink.error("names/unknown", f"unknown decision `{word.text}`", word.span, help_)
        return self.headers.get(word.text)
