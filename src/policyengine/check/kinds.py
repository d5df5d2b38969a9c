"""The kinds of rule: the class of verdict each gives, and its own part of the condition.

One entry a kind in :data:`KINDS`; everything else (steps, verdicts, messages, engines) is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policyengine.check.conditions import condition
from policyengine.check.context import Context, always
from policyengine.check.reading import scalar
from policyengine.check.typist import Scope
from policyengine.frontend.nodes import Mapping as Node
from policyengine.model import expr as x
from policyengine.model.rules import Class, Deadline
from policyengine.values.types import DATE


@dataclass(frozen=True, slots=True)
class Own:
    """A rule's own part, and what an answer needs of it besides."""

    holds: x.Expr
    deadline: Deadline | None = None
    measure: x.Expr | None = None


@dataclass(frozen=True, slots=True)
class RuleKind:
    """``default`` is the class unless the rule is pending ``until``; ``allowed`` the classes it may name."""

    name: str
    default: Class
    allowed: frozenset[Class]
    own: Callable[[Context, Node, Scope], Own | None]


def _plain(_ctx: Context, rule: Node, _scope: Scope) -> Own:
    return Own(always(rule.span))


def _requirement(ctx: Context, rule: Node, scope: Scope) -> Own | None:
    required = condition(ctx, rule.get("require"), scope)
    return Own(x.Not(item=required, span=required.span)) if required else None


def _deadline(ctx: Context, rule: Node, scope: Scope) -> Own | None:
    by = scalar(rule, "by") or scalar(rule, "until")
    day = ctx.expression(by, scope, DATE)
    written = scalar(rule, "act")
    act = ctx.expression(written, scope, DATE) if written else None
    if by is None or day is None or (written and act is None):
        return None
    act = act or x.AsOf(span=by.span)
    late = "by" in rule
    holds = x.Compare(op=">" if late else "<=", left=act, right=day, span=by.span)
    return Own(holds, deadline=Deadline(kind="by" if late else "until", date=day, act=act))


def _threshold(ctx: Context, rule: Node, scope: Scope) -> Own | None:
    measure = ctx.expression(rule.get("measure"), scope, None)
    if measure is None:
        return None
    node = rule.get("allowed")
    passes = ctx.tests(node, measure, scope, node.span if node else rule.span)
    return Own(x.Not(item=passes, span=passes.span), measure=measure) if passes else None


_REFUSING = frozenset({Class.REFUSED, Class.PENDING})

KINDS: Mapping[str, RuleKind] = {
    k.name: k
    for k in (
        RuleKind("coverage", Class.GRANTED, frozenset({Class.GRANTED}), _plain),
        RuleKind("exclusions", Class.REFUSED, _REFUSING, _plain),
        RuleKind("requirements", Class.REFUSED, _REFUSING, _requirement),
        RuleKind("deadlines", Class.REFUSED, _REFUSING, _deadline),
        RuleKind("thresholds", Class.REFUSED, _REFUSING, _threshold),
    )
}
