"""``in_force``: the days between which a rule or policy holds, and when two editions of a rule meet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from policyengine.check.context import Context, conjunction
from policyengine.check.reading import scalar
from policyengine.check.typist import DOCUMENT, Scope
from policyengine.frontend.nodes import Mapping, Node
from policyengine.model import expr as x
from policyengine.model.vocabulary import Parameter
from policyengine.values.types import DATE


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` (included) to ``before`` (left out), on the day that ``on`` gives; None: no end."""

    on: x.Expr | None
    start: date | None
    before: date | None

    def meets(self, other: Period) -> bool:
        """Whether a day may lie in both. Periods on different days always may."""
        if self.on != other.on:
            return True
        first_ends = self.before is not None and other.start is not None and self.before <= other.start
        second_ends = other.before is not None and self.start is not None and other.before <= self.start
        return not (first_ends or second_ends)


ALWAYS = Period(None, None, None)


@dataclass(frozen=True, slots=True)
class InForce:
    """The condition and the period of an ``in_force``."""

    condition: x.Expr
    period: Period


def in_force(
    ctx: Context, node: Node | None, scope: Scope, on: x.Expr | None, parameters: dict[str, Parameter]
) -> InForce | None:
    """The ``in_force`` of a frame; None when at fault (reported). ``node`` is the mapping under the key."""
    if not isinstance(node, Mapping):
        return None
    written = scalar(node, "on")
    day = ctx.expression(written, scope, DATE) if written else on
    if day is None:
        if written is None and ctx.day_is_unsaid:
            ctx.sink.error(
                "rules/dates",
                "it is not said on which day this is in force",
                node.span,
                "add `on:` here, or `in_force_on:` to the bundle file",
            )
        return None
    parts: list[x.Expr] = []
    limits: dict[str, date | None] = {"from": None, "before": None}
    for key in ("from", "before"):
        limit = scalar(node, key)
        if limit is None:
            continue
        e = ctx.expression(limit, DOCUMENT, DATE)
        if e is None:
            return None
        limits[key] = _constant(ctx, e, parameters)
        if limits[key] is None:
            return None
        op: tuple[x.CompareOp, x.Expr, x.Expr] = ("<=", e, day) if key == "from" else ("<", day, e)
        parts.append(x.Compare(op=op[0], left=op[1], right=op[2], span=limit.span))
    start, before = limits["from"], limits["before"]
    if start and before and start >= before:
        help_ = "`before` is the first day on which it is over"
        ctx.sink.error("rules/dates", "`from` is not before `before`", node.span, help_)
        return None
    if not start and not before:
        ctx.sink.error("rules/dates", "this period has neither `from` nor `before`", node.span, "add one of them")
        return None
    return InForce(conjunction(parts, node.span), Period(day, start, before))


def _constant(ctx: Context, e: x.Expr, parameters: dict[str, Parameter]) -> date | None:
    if isinstance(e, x.Literal) and isinstance(e.value, date):
        return e.value
    if isinstance(e, x.ParameterRef):
        parameter = parameters.get(e.name)
        if parameter is None:  # declared with faults, which were reported
            return None
        value = parameter.values[0].value
        if parameter.constant and isinstance(value, date):
            return value
    message = "only a date, or a parameter with one `value`, can bound `in_force`"
    ctx.sink.error("rules/dates", message, e.span, "write the date")
    return None
