"""Rules and amounts: what every kind of policy is lowered to.

Every kind lowers to one core rule: a condition that, when it holds, gives a verdict word of a
class. The condition is kept in three parts, because what is asked of a caller follows them in
order: the guard (of the policy, and the period in force), what the rule applies to
(``when`` and not ``unless``), and the kind's own part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal as OneOf

from policyengine.model.expr import Expr
from policyengine.source import Span


class Class(StrEnum):
    """What a verdict word means for the matter."""

    REFUSED = "refused"
    PENDING = "pending"
    PARTLY = "partly"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Insert:
    """A ``{name}`` in a message.

    ``expr`` is None for the names that only an answer knows: ``deadline from_day days_left measured amount
    limit parts offending``.
    """

    name: str
    expr: Expr | None


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence by language (key ``""`` when no language is named), as text and inserts in order."""

    texts: Mapping[str, tuple[str | Insert, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """``by``: the rule holds when the act is after the date. ``until``: while it is on or before the date."""

    kind: OneOf["by", "until"]
    date: Expr
    act: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The fewest parts such that each part's sum of weights is ``op limit``.

    ``quantity`` (integer), ``weight`` (money or number, of one unit) and ``whole`` (boolean) are about
    the element that ``variable`` stands for; ``limit`` is about the document.
    """

    id: str
    list: str
    variable: str
    called: str
    quantity: Expr
    weight: Expr
    whole: Expr
    op: OneOf["<", "<="]
    limit: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A core rule. It holds when ``guard`` and ``applies`` and ``own`` hold.

    ``index`` is unique inside the decision: rules in step order, inside a step in the order of
    ``steps`` and then of writing, warnings last. ``each`` is the list whose elements it is asked
    for, None: the document. A warning has neither step, class nor word. ``silent``: it gives its
    word without being a reason. ``measure`` is the measured expression of a threshold.
    """

    index: int
    id: str
    kind: str
    policy: str
    each: str | None
    step: int | None
    rule_class: Class | None
    word: str | None
    guard: Expr
    applies: Expr
    own: Expr
    because: Message
    title: str | None = None
    source: str | None = None
    needs: tuple[str, ...] = ()
    deadline: Deadline | None = None
    measure: Expr | None = None
    split: Split | None = None
    silent: bool = False
    span: Span = field(compare=False, repr=False)

    @property
    def warning(self) -> bool:
        """Whether the rule only warns."""
        return self.step is None

    @property
    def parts(self) -> tuple[Expr, Expr, Expr]:
        """Guard, applies, own: the order in which unknowns are asked for."""
        return (self.guard, self.applies, self.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Rules weighed together. ``each`` is None for the document, else the decision's list."""

    index: int
    each: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What holds otherwise; with ``id`` it is reported like a rule."""

    word: str
    id: str | None
    because: Message | None
    source: str | None = None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutStep:
    """Base of the payout steps. ``when`` is the constant true if the step has no condition."""

    when: Expr
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(PayoutStep):
    """``amount`` becomes ``to``; with ``id`` it is reported when its condition holds."""

    to: Expr
    id: str | None = None
    because: Message | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit of a limits step."""

    id: str
    to: Expr
    when: Expr
    because: Message
    source: str | None = None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsStep(PayoutStep):
    """The smallest of the amount and the limits; the one that binds is reported if it cuts."""

    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStep(PayoutStep):
    """Rounds to a multiple of ``to``; ``mode`` is a rounding mode of the language."""

    to: Fraction
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep(PayoutStep):
    """Changes nothing; reported when its condition holds."""

    id: str
    because: Message
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """How much is paid. Without ``each`` there is only ``start`` and the total's steps.

    ``start`` and ``element_steps`` are about the element of ``each`` (variable: the list's singular); ``by`` are
    the group keys, each usable as :class:`~policyengine.model.expr.Special` in ``group_steps``;
    ``start`` is about the document when there is no ``each``.
    """

    name: str
    title: str | None
    currency: Expr
    each: str | None
    start: Expr
    element_steps: tuple[PayoutStep, ...]
    by: tuple[tuple[str, Expr], ...]
    group_steps: tuple[PayoutStep, ...]
    total_steps: tuple[PayoutStep, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A value put into the answer under its name."""

    name: str
    expr: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSpec:
    """A declared decision. ``verdicts`` and ``element_verdicts`` map word → class, in order of precedence.

    ``value`` is set for a decision that is simply the value of an enum; it has no rules then.
    ``otherwise`` is the document's outcome, or the elements' when ``each`` is set.
    """

    name: str
    title: str
    each: str | None
    verdicts: Mapping[str, Class]
    element_verdicts: Mapping[str, Class]
    steps: tuple[Step, ...]
    warnings: tuple[Rule, ...]
    otherwise: Outcome | None
    report: tuple[Report, ...]
    payout: Payout | None
    value: Expr | None
    span: Span = field(compare=False, repr=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules by index, warnings last."""
        return tuple(r for s in self.steps for r in s.rules) + self.warnings
