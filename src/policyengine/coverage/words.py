"""The words a decision can end in, and the sentences it can tell, as items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policyengine.coverage.builder import Builder
from policyengine.coverage.items import Kind, Owner, Register
from policyengine.coverage.reach import steps_of
from policyengine.engine.prepared import UNDETERMINED
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.rules import Class, DecisionSpec, LimitsStep, Message, NoteStep, SetStep
from policyengine.model.vocabulary import Table
from policyengine.source import Span

_NO_RULE = "no rule gives this word, and nothing else leads to it"


@dataclass(frozen=True, slots=True)
class DecisionWords:
    """Items by the word of the whole and by the words of elements."""

    whole: Mapping[str, int]
    elements: Mapping[str, int]

    @classmethod
    def of(cls, bundle: CheckedBundle, spec: DecisionSpec, builder: Builder, *, settled: bool) -> DecisionWords:
        """The items of a decision. ``settled``: it is proved that no rule is ever unknown."""
        owner = Owner(spec.name, spec.name, f"decision `{spec.name}`")

        def item(what: str, lacks: str, proof: str) -> int:
            return builder.register.add(Kind.VERDICT, owner, what, owner.name, lacks, spec.span, proof)

        if spec.value is not None:
            possible = _values(bundle, spec.value)
            words = {
                w: item(
                    f"verdict {w}",
                    f"that ends in `{w}`",
                    "" if possible is None or w in possible else "no row gives it",
                )
                for w in spec.value.type.members
            }
            proof = "" if builder.proofs.may_be_unknown(spec.value) else "nothing that it reads can be unknown"
            words[UNDETERMINED] = item(f"verdict {UNDETERMINED}", f"that ends in `{UNDETERMINED}`", proof)
            return cls(words, {})
        never = "no rule can be unknown" if settled and spec.each is None else ""
        given = _given(spec)
        whole = {w: item(f"verdict {w}", f"that ends in `{w}`", "" if w in given else _NO_RULE) for w in spec.verdicts}
        whole[UNDETERMINED] = item(f"verdict {UNDETERMINED}", f"that ends in `{UNDETERMINED}`", never)
        told = _given_to_elements(spec)
        elements = {
            w: item(f"element {w}", f"with an element that is `{w}`", "" if w in told else _NO_RULE)
            for w in spec.element_verdicts
        }
        if spec.each:
            lacks = f"with an element that is `{UNDETERMINED}`"
            elements[UNDETERMINED] = item(f"element {UNDETERMINED}", lacks, "no rule can be unknown" if settled else "")
        return cls(whole, elements)


def _given_to_elements(spec: DecisionSpec) -> set[str]:
    found = {r.word for s in spec.steps if s.each is not None for r in s.rules if r.word}
    return found | ({spec.otherwise.word} if spec.each and spec.otherwise else set())


def _given(spec: DecisionSpec) -> set[str]:
    """The words of the whole that some rule gives, or that elements lead to."""
    found = {r.word for s in spec.steps if s.each is None for r in s.rules if r.word}
    if spec.each is None:
        return found | ({spec.otherwise.word} if spec.otherwise else set())
    first: dict[Class, str] = {}
    for word, class_ in spec.verdicts.items():
        first.setdefault(class_, word)
    found |= {first[c] for c in (Class.REFUSED, Class.PARTLY, Class.GRANTED) if c in first}
    pending = {w for w in _given_to_elements(spec) if spec.element_verdicts.get(w) is Class.PENDING}
    return found | {w if w in spec.verdicts else first.get(Class.PENDING, w) for w in pending}


def _values(bundle: CheckedBundle, value: Expr) -> frozenset[str] | None:
    """The words that a value can be, if all of them are written out; None if that is not so."""
    parts: tuple[frozenset[str] | None, ...]
    match value:
        case x.Literal():
            return frozenset({str(value.value)})
        case x.If():
            parts = (_values(bundle, value.then), _values(bundle, value.otherwise))
        case x.DefinitionRef():
            body = bundle.definitions[value.name].body
            if not isinstance(body, Table):
                return _values(bundle, body)
            column = 0 if value.output is None else [n for n, _ in body.outputs].index(value.output)
            rows = [row.outputs for row in body.rows] + ([body.otherwise] if body.otherwise else [])
            parts = tuple(_values(bundle, outputs[column]) for outputs in rows)
        case _:
            return None
    return None if None in parts else frozenset().union(*(p for p in parts if p is not None))


@dataclass(frozen=True, slots=True)
class MessageWords:
    """Items of sentences: by rule index, by the id of a payout step, and of what holds otherwise."""

    rules: Mapping[int, tuple[int, ...]]
    steps: Mapping[str, tuple[int, ...]]
    otherwise: tuple[int, ...]

    @classmethod
    def of(cls, spec: DecisionSpec, labels: Mapping[int, str], register: Register) -> MessageWords:
        """One for each language of each sentence. A rule that gives its word silently has none."""

        def items(label: str, message: Message, span: Span) -> tuple[int, ...]:
            owner = Owner(spec.name, f"{spec.name}/{label}", label)
            return tuple(
                register.add(
                    Kind.MESSAGE,
                    owner,
                    f"message {language}".rstrip(),
                    f"message of {label}" + (f" in `{language}`" if language else ""),
                    "that tells it",
                    span,
                )
                for language in sorted(message.texts)
            )

        rest = spec.otherwise
        told = {r.index: items(labels[r.index], r.because, r.span) for r in spec.rules if not r.silent}
        steps = {id_: items(id_, message, span) for id_, message, span in _sentences(spec)}
        other = items(rest.id, rest.because, rest.span) if rest and rest.id and rest.because else ()
        return cls(told, steps, other)


def _sentences(spec: DecisionSpec) -> Iterator[tuple[str, Message, Span]]:
    for step in steps_of(spec.payout) if spec.payout else ():
        match step:
            case SetStep(id=str() as id_, because=Message() as because) | NoteStep(id=id_, because=because):
                yield id_, because, step.span
            case LimitsStep():
                yield from ((limit.id, limit.because, limit.span) for limit in step.limits)
            case _:
                pass
