"""Today's whole answer, in the form in which a case expects it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.testing.compare import actual
from policyengine.testing.model import UNKNOWN, Json
from policyengine.values.types import Kind

#: What is expected even when it is nothing, because nothing is an answer too.
_ALWAYS: Final = ("verdict", "reasons", "missing")
#: What is left out when there is none.
_IF_ANY: Final = ("warnings", "needs", "remarks", "faults")


def expecting(bundle: CheckedBundle, decision: Decision) -> dict[str, Json]:
    """The expectations, in the order in which they are written."""
    spec = bundle.decisions[decision.decision]
    found: dict[str, Json] = {key: actual(decision, key) for key in _ALWAYS}
    if spec.value is not None:
        del found["reasons"]
    if spec.each:
        found["elements"] = actual(decision, "elements")
    if any(rule.deadline and not rule.warning for rule in spec.rules):
        found["deadlines"] = _deadlines(decision)
    if spec.payout:
        # Nothing of no currency, as of an order whose currency is unknown, is written `0`.
        found["amount"] = "0" if decision.amount and not decision.amount.currency else actual(decision, "amount")
        if spec.payout.by:
            found["groups"] = actual(decision, "groups")
    if spec.report:
        found["values"] = {
            name: _value(value) for name, value in decision.values.items() if _comparable(bundle, decision, name)
        }
    if decision.split:
        found["parts"] = decision.split.parts
    found |= {key: value for key in _IF_ANY if (value := actual(decision, key))}
    return {key: value for key, value in found.items() if value != {} or key in ("elements", "deadlines", "groups")}


def _deadlines(decision: Decision) -> dict[str, Json]:
    """Days by rule; by element where a rule has one for each."""
    several = {d.rule for d in decision.deadlines if sum(o.rule == d.rule for o in decision.deadlines) > 1}
    return {f"{d.rule}[{d.element}]" if d.rule in several else d.rule: d.day.isoformat() for d in decision.deadlines}


def _value(value: Json) -> Json:
    if isinstance(value, Mapping):
        return f"{value['amount']} {value['currency'] or ''}".rstrip()
    return UNKNOWN if value is None else value


def _comparable(bundle: CheckedBundle, decision: Decision, name: str) -> bool:
    """Whether a case can expect this value: a list or column has no form in which it could."""
    reports = {r.name: r.expr.type for r in bundle.decisions[decision.decision].report}
    return reports[name].kind not in (Kind.LIST, Kind.VALUES)
