"""From expressions to what watches them: each atomic condition, limit and branch becomes items and a probe."""

from __future__ import annotations

from datetime import date, timedelta

from policyengine.coverage.conditions import Condition, Junction, Leaf, Negation, Probe, Watched
from policyengine.coverage.items import Kind as Of
from policyengine.coverage.items import Owner, Register
from policyengine.coverage.limits import DateProbe, LimitProbe, unit_of
from policyengine.coverage.probes import BranchProbe, EachProbe, FreeProbe, TableProbe
from policyengine.coverage.proofs import Proofs
from policyengine.coverage.wording import written
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.rules import Deadline, Split
from policyengine.model.vocabulary import Table
from policyengine.source import Span
from policyengine.values.types import Kind

_REFERENCES = (x.Literal, x.ParameterRef)
_DAYS_OF_DEADLINE = {
    "below": "on the day before the last day",
    "at": "exactly on the last day",
    "above": "on the day after the last day",
}
_SIDES = {
    Kind.DATE: {"below": "on the day before", "at": "exactly on", "above": "on the day after"},
    Kind.DECIMAL: {"below": "below", "at": "exactly at", "above": "above"},
}
_JUST = {"below": "just below", "at": "exactly at", "above": "just above"}
_NEVER = "it is never asked, because its branch is never taken"


class Builder:
    """Builds the probes of one bundle. A node that several rules share is built once.

    ``deadlines`` are those of deadline rules, by the identity of the comparison that they were made into;
    ``periods`` the comparisons of days by which rules are in force.
    ``shared`` tells of nodes, by identity, whose items belong to more than one rule.
    """

    def __init__(self, bundle: CheckedBundle, evaluator: Evaluator) -> None:
        self.bundle = bundle
        self.register = Register()
        self.proofs = Proofs(bundle, evaluator)
        self.deadlines: dict[int, Deadline] = {}
        self.shared: dict[int, Owner] = {}
        self.periods: set[int] = set()
        self._run = evaluator.compiler.run
        self._leaves: dict[int, Leaf] = {}
        self._masked: dict[int, str] = {}
        # Nodes whose identity is remembered must live as long as this does.
        self._kept: list[Expr] = []

    # --- conditions ---

    def condition(self, e: Expr, owner: Owner) -> Condition:
        """What watches a condition."""
        return Condition(self._watched(e, owner, masked=""))

    def _watched(self, e: Expr, owner: Owner, *, masked: str) -> Watched:
        """A part of a condition. ``masked`` says why turning it round never matters; empty: it may."""
        match e:
            case x.And() | x.Or():
                decisive = isinstance(e, x.Or)
                fixed = [i for i in e.items if self.proofs.constant(i) is decisive]
                parts = []
                # In one order, however a mapping's keys are ordered, so that twins are counted alike.
                for item in sorted(e.items, key=written):
                    beside = next((f for f in fixed if f is not item), None)
                    why = f"`{written(beside)}` beside it settles that already" if beside is not None else masked
                    parts.append(self._watched(item, owner, masked=why))
                return Junction(decisive, tuple(parts))
            case x.Not():
                return Negation(self._watched(e.item, owner, masked=masked))
            case _:
                return self._leaf(e, owner, masked)

    def _leaf(self, e: Expr, owner: Owner, masked: str) -> Leaf:
        known = self._leaves.get(id(e))
        if known is None:
            self._kept.append(e)
            known = self._leaves[id(e)] = self._new_leaf(e, self.shared.get(id(e), owner))
            self._masked[id(e)] = masked
        elif not masked:
            # In one of the rules that share it, it may matter.
            self._masked[id(e)] = ""
        return known

    def finish(self) -> None:
        """Note what is proved only once everything is built: of conditions that rules share, every rule counts."""
        for key, why in self._masked.items():
            if why:
                leaf = self._leaves[key]
                for number in (leaf.decides_true, leaf.decides_false):
                    self.register.prove(number, why)

    def _new_leaf(self, e: Expr, owner: Owner) -> Leaf:
        text, add = written(e), self.register.add
        about = f"condition `{text}` of {owner.name}"
        why = {t: self.proofs.never(e, t) for t in (True, False)}
        true, false = (
            add(Of.CONDITION, owner, f"{text} is {w}", about, f"in which it is {w}", e.span, why[w == "true"])
            for w in ("true", "false")
        )
        decides_true, decides_false = (
            add(
                Of.DECIDING,
                owner,
                f"{text} decides, being {w}",
                about,
                f"in which it alone decides, being {w}",
                e.span,
                why[w == "true"],
            )
            for w in ("true", "false")
        )
        return Leaf(
            self._run(e), true, false, decides_true, decides_false, (*self._limits(e, owner), *self.inside(e, owner))
        )

    # --- limits and dates ---

    def _limits(self, e: Expr, owner: Owner) -> tuple[Probe, ...]:
        match e:
            case x.Compare() if id(e) in self.deadlines:
                return (self._deadline(e, owner),)
            case x.Compare(op="<" | "<=" | ">" | ">=" as op, left=left, right=right):
                turned = isinstance(left, _REFERENCES) and not isinstance(right, _REFERENCES)
                value, limit = (right, left) if turned else (left, right)
                first = self.proofs.constant(limit) if id(e) in self.periods else None
                if isinstance(first, date):
                    shift = op in (("<", ">=") if turned else ("<=", ">"))
                    return (self.date(value, first, owner, e.span, shift=shift),)
                return (self._limit(value, limit, owner, e.span),)
            case x.Within(subject=subject, low=low, high=high):
                return (self._limit(subject, low, owner, e.span), self._limit(subject, high, owner, e.span))
            case _:
                return ()

    def _limit(self, value: Expr, limit: Expr, owner: Owner, span: Span) -> LimitProbe:
        unit = unit_of(self.bundle, value, limit)
        text, of = written(value), written(limit)
        side, fixed = self.proofs.side(value, limit), self.proofs.fixed_side(value, limit, unit)
        numbers = []
        for where in ("below", "at", "above"):
            said = _SIDES.get(value.type.kind, _JUST)[where]
            proof = f"`{text}` is never {where} `{of}`" if where == side else ""
            if fixed is not None and where != fixed:
                proof = "both sides are always the same"
            lacks = f"with `{text}` {said} `{of}`"
            about = f"limit `{of}` of {owner.name}"
            numbers.append(self.register.add(Of.LIMIT, owner, f"{text} {where} {of}", about, lacks, span, proof))
        return LimitProbe(self._run(value), self._run(limit), unit, *numbers)

    def _deadline(self, e: x.Compare, owner: Owner) -> LimitProbe:
        deadline = self.deadlines[id(e)]
        about = f"deadline of {owner.name}"
        act, day = written(deadline.act), written(deadline.date)
        numbers = [
            self.register.add(
                Of.LIMIT, owner, f"{act} {side} {day}", about, f"that is {words}", e.span
            )
            for side, words in _DAYS_OF_DEADLINE.items()
        ]  # fmt: skip
        return LimitProbe(
            self._run(deadline.act), self._run(deadline.date), unit_of(self.bundle, e.left, e.right), *numbers
        )

    def date(self, day: Expr, first: date, owner: Owner, span: Span, *, shift: bool = False) -> DateProbe:
        """Watches the day on which something changes; ``shift``: it changes on the day after ``first``."""
        if shift and first < date.max:
            first += timedelta(days=1)
        text = written(day)
        about = f"date {first.isoformat()} of {owner.name}"
        fixed = self.proofs.constant(day)
        proof = "" if fixed is None else f"`{text}` is always the same day"
        before = "" if first > date.min else "no day comes before it"
        last = (first - timedelta(days=1)).isoformat() if first > date.min else "the day before"
        numbers = (
            self.register.add(
                Of.DATE, owner, f"{text} before {first}", about, f"with `{text}` on {last}, the last day before",
                span, proof or before,
            ),
            self.register.add(
                Of.DATE, owner, f"{text} from {first}", about, f"with `{text}` on {first}, the first day", span, proof
            ),
        )  # fmt: skip
        return DateProbe(self._run(day), first, *numbers)

    # --- what is inside of expressions ---

    def inside(self, e: Expr, owner: Owner) -> tuple[Probe, ...]:
        """Probes for the branches and the conditions below a node that is not itself a condition of its own."""
        match e:
            case x.If():
                return (self._branch(e, owner),)
            case x.Quantifier():
                body = self._each(e.list, e.variable, self._boolean(e.body, owner))
                return (*self.inside(e.list, owner), *body)
            case x.Filter():
                body = self._each(e.list, e.variable, self._boolean(e.predicate, owner))
                return (*self.inside(e.list, owner), *body)
            case x.SplitIs():
                return self._split(e.split, owner)
            case _:
                return tuple(p for child in x.children(e) for p in self.value(child, owner))

    def value(self, e: Expr, owner: Owner) -> tuple[Probe, ...]:
        """Probes for an expression that is a value, or a condition if it is written as one."""
        return self._boolean(e, owner) if _is_condition(e) else self.inside(e, owner)

    def _boolean(self, e: Expr, owner: Owner) -> tuple[Probe, ...]:
        return (self.condition(e, owner),)

    def _each(self, elements: Expr, variable: str, body: tuple[Probe, ...]) -> tuple[Probe, ...]:
        return (EachProbe(self._run(elements), variable, body),)

    def _split(self, split: Split, owner: Owner) -> tuple[Probe, ...]:
        parts = tuple(p for e in (split.quantity, split.weight, split.whole) for p in self.value(e, owner))
        elements = x.ListRef(name=split.list, type=split.quantity.type, span=split.quantity.span)
        each = self._each(elements, split.variable, parts) if parts else ()
        return (*each, *self.value(split.limit, owner))

    def _branch(self, e: x.If, owner: Owner) -> BranchProbe:
        text, possible = written(e.condition), self.proofs.possible(e.condition)
        about = f"branches of `if {text}` of {owner.name}"
        numbers = []
        for branch, taken in (("then", True), ("else", False)):
            proof = "" if taken in possible else f"its condition is never {str(taken).lower()}"
            what, lacks = f"if {text} takes {branch}", f"that takes `{branch}`"
            numbers.append(self.register.add(Of.BRANCH, owner, what, about, lacks, e.span, proof))
        condition = self.condition(e.condition, owner)
        then = self._possible(e.then, owner, possible=True in possible)
        otherwise = self._possible(e.otherwise, owner, possible=False in possible)
        return BranchProbe(condition, numbers[0], numbers[1], then, otherwise)

    def _possible(self, e: Expr, owner: Owner, *, possible: bool) -> tuple[Probe, ...]:
        """What is inside of a branch; all of it is out of reach if the branch is."""
        before = self.register.count
        probes = self.value(e, owner)
        if not possible:
            for number in range(before, self.register.count):
                self.register.prove(number, _NEVER)
        return probes

    def free(self, limit: Expr, item: int) -> FreeProbe:
        """Watches a payout limit for not binding."""
        return FreeProbe(self._run(limit), item)

    # --- tables ---

    def table(self, table: Table, owner: Owner) -> TableProbe:
        """What watches a table: each row is a condition of its cells, and the row that decides is an item."""
        rows, deciding, values, outputs = [], [], [], []
        # Rows are told apart by what they say, for theirs is the one order that has a meaning.
        for number, row in enumerate(table.rows, 1):
            own = Owner(owner.decision, f"{owner.path} row {number}", f"row {number} of {owner.name}")
            joined = x.And(items=row.tests, span=row.span)
            rows.append(self.condition(joined, own))
            proof = "its cells never all fit" if self.proofs.never(joined, truth=True) else ""
            deciding.append(self.register.add(Of.ROW, own, "decides", own.name, "that it decides", row.span, proof))
            values.append(tuple(self._run(o) for o in row.outputs))
            outputs.append(tuple(p for o in row.outputs for p in self.value(o, own)))
        if table.otherwise is not None:
            own = Owner(owner.decision, f"{owner.path} otherwise", f"`otherwise` of {owner.name}")
            span = table.otherwise[0].span
            deciding.append(self.register.add(Of.ROW, own, "decides", own.name, "that it decides", span))
            values.append(tuple(self._run(o) for o in table.otherwise))
            outputs.append(tuple(p for o in table.otherwise for p in self.value(o, own)))
        return TableProbe(table.hit, tuple(rows), tuple(deciding), tuple(values), tuple(outputs))


def _is_condition(e: Expr) -> bool:
    """Whether a part is a condition of its own, rather than the mere value of something."""
    named = isinstance(e, x.FactRef | x.ItemField | x.ParameterRef | x.DefinitionRef | x.Special | x.Literal | x.If)
    return e.type.kind.value == "boolean" and not named
