"""Steps of a decision: which policies are weighed together, and the numbering of their rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from policyengine.check.context import Context
from policyengine.check.headers import Header
from policyengine.check.reading import items, scalar, scalars, text
from policyengine.check.rules import Draft
from policyengine.check.verdicts import Policy
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Node, Scalar, Sequence
from policyengine.model.rules import Step


@dataclass(slots=True)
class Steps:
    """Reads the steps of one decision. ``astray`` are policies that could not be put to any decision."""

    ctx: Context
    header: Header
    policies: list[Policy]
    drafts: dict[str, tuple[Draft, ...]]
    astray: frozenset[str]
    _placed: dict[str, Scalar] = field(default_factory=dict)

    def read(self) -> tuple[Step, ...]:
        """The steps with their rules; faults are reported."""
        steps: list[Step] = []
        count = 0
        for written in items(self.header.body, "steps"):
            step = self._step(written, len(steps), count)
            count += len(step.rules)
            steps.append(step)
        # Where the steps could not be read, no policy is missing from them.
        if isinstance(self.header.body.get("steps"), Sequence):
            self._none_is_missing()
        return tuple(steps)

    def _step(self, written: Node, index: int, count: int) -> Step:
        names = [n for n in scalars(written) if self._placeable(n)]
        known = {p.name.text: p for p in self.policies}
        scopes = list(dict.fromkeys(self._each(known[n.text]) for n in names))
        if len(scopes) > 1:
            each = self.ctx.symbols.lists[self.header.each].each if self.header.each else "element"
            words = f"step {index + 1} mixes the document and each {each}"
            self.ctx.sink.error("decisions/step-scope", words, written.span, "put them in steps of their own")
        rules = [d.rule for n in names for d in self.drafts[n.text] if not d.rule.warning]
        numbered = tuple(replace(r, index=count + i, step=index) for i, r in enumerate(rules))
        return Step(index=index, each=scopes[0] if scopes else None, rules=numbered)

    def _each(self, p: Policy) -> str | None:
        word = scalar(p.body, "each")
        return self.ctx.symbols.singulars.get(word.text, word.text) if word else None

    def _placeable(self, name: Scalar) -> bool:
        policy = next((p for p in self.policies if p.name.text == name.text), None)
        if policy is None:
            self._unknown(name)
            return False
        if name.text in self._placed:
            place = self._placed[name.text].span.place
            words = f"policy `{name.text}` is in two steps"
            self.ctx.sink.error("decisions/step-twice", words, name.span, f"first at {place}")
            return False
        self._placed[name.text] = name
        if _only_warns(policy):
            words = f"policy `{name.text}` only warns, so it is in no step"
            self.ctx.sink.error("decisions/step-warning", words, name.span, "take it out of `steps`")
            return False
        return True

    def _unknown(self, name: Scalar) -> None:
        if name.text in self.astray or self.ctx.symbols.incomplete:
            return
        known = [p.name.text for p in self.policies]
        help_ = did_you_mean(name.text, known) or "policies: " + (", ".join(known) or "none")
        words = f"no policy `{name.text}` serves decision `{self.header.name}`"
        self.ctx.sink.error("decisions/step-unknown", words, name.span, help_)

    def _none_is_missing(self) -> None:
        written = [n.text for w in items(self.header.body, "steps") for n in scalars(w)]
        unknown = [n for n in written if n not in self.drafts]
        for p in self.policies:
            # A misspelt step was reported; the policy it meant is not missing besides.
            if p.name.text in self._placed or _only_warns(p) or did_you_mean(p.name.text, unknown):
                continue
            words = f"policy `{p.name.text}` is in no step of decision `{self.header.name}`"
            help_ = f"add it to `steps` in {self.header.span.file.path}"
            self.ctx.sink.error("decisions/step-missing", words, p.name.span, help_)


def _only_warns(p: Policy) -> bool:
    """Whether no rule of the policy can decide."""
    if text(p.body, "verdict") == "warning":
        return all(text(r, "verdict") in (None, "warning") for r in items(p.body, "rules"))
    rules = items(p.body, "rules")
    return bool(rules) and all(text(r, "verdict") == "warning" for r in rules)
