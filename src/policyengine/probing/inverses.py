"""Arithmetic and functions, backwards: what one part would have to be, for the whole to come to a target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Final, cast

from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.operators import ARITHMETIC, IMPOSSIBLE, Calendars, negative
from policyengine.evaluation.values import Candidates, Got, Values, is_known
from policyengine.model.expr import Arith, Call, Expr, Filter, ItemField, ListRef, Negate, Pluck, Value
from policyengine.model.memory import Element
from policyengine.values.dates import Calendar, DateOutOfRange, Duration, Unit, add, add_days, add_months
from policyengine.values.money import Money
from policyengine.values.types import Kind

#: A part of an expression, what it would have to be, and the elements in scope.
Wanted = tuple[Expr, Value, Env]
#: Steps through months and working days are undone by looking at so many days around.
MOST_DAYS: Final = 40


def operate(op: str, a: Got | None, b: Got | None, calendars: Calendars) -> Value | None:
    """``a op b`` of two known values; None where it has no value."""
    if a is None or b is None or not is_known(a) or not is_known(b):
        return None
    try:
        return ARITHMETIC[op](cast("Value", a), cast("Value", b), calendars)
    except (*IMPOSSIBLE, TypeError, AttributeError):
        # A target may be of a type that does not fit here: the `0` that is compared with money.
        return None


def rests(amounts: Sequence[Got | None], calendars: Calendars) -> list[Value | None]:
    """For each amount the sum of all others; None while one of those is not known. The sum of none is 0."""
    out: list[Value | None] = []
    for i in range(len(amounts)):
        total: Value | None = 0
        for other in (*amounts[:i], *amounts[i + 1 :]):
            total = other if total == 0 and is_known(other or 0) else operate("+", total, other, calendars)  # type: ignore[assignment]
        out.append(total)
    return out


class Inverse:
    """Undoes one step of one document's expressions."""

    def __init__(self, ev: Evaluation) -> None:
        self._ev = ev
        self._bundle = ev.evaluator.bundle
        self._calendars: Mapping[str, Calendar] = self._bundle.calendars

    def parts(self, e: Arith | Negate | Call, target: Value, env: Env) -> Iterator[Wanted]:
        """What each part would have to be, the others staying as they are; parts that nothing fits are left out."""
        match e:
            case Negate():
                yield e.item, negative(target), env
            case Arith() if e.left.type.kind is Kind.DATE:
                yield from self._shifted(e, target, env)
            case Arith():
                yield from self._calculated(e, target, env)
            case Call():
                yield from _CALLS.get(e.function, _nothing)(self, e, target, env)

    # --- arithmetic ---

    def _calculated(self, e: Arith, target: Value, env: Env) -> Iterator[Wanted]:
        left, right = self._ev.value(e.left, env), self._ev.value(e.right, env)
        undo_left = {"+": ("-", target, right), "-": ("+", target, right), "*": ("/", target, right)}
        undo_right = {"+": ("-", target, left), "-": ("-", left, target), "*": ("/", target, left)}
        of_left = undo_left.get(e.op, ("*", target, right))
        of_right = undo_right.get(e.op, ("/", left, target))
        for part, (op, a, b) in ((e.left, of_left), (e.right, of_right)):
            wanted = operate(op, a, b, self._calendars)
            if wanted is not None:
                yield part, wanted, env

    def _shifted(self, e: Arith, target: Value, env: Env) -> Iterator[Wanted]:
        """A date plus or minus a duration."""
        if not isinstance(target, date):
            return
        day, span = self._ev.value(e.left, env), self._ev.value(e.right, env)
        if isinstance(span, Duration):
            for wanted in self._days_before(target, span if e.op == "+" else -span):
                yield e.left, wanted, env
        if isinstance(day, date):
            first, last = (day, target) if e.op == "+" else (target, day)
            yield from self._duration(e.right, first, last, env)

    def _days_before(self, target: date, span: Duration) -> list[date]:
        """Days that lead to the target; where none does, the last one that leads to less."""
        try:
            near = add(target, -span, self._calendars)
            if span.unit is Unit.DAYS:
                return [near]
            around = [add_days(near, n) for n in range(-MOST_DAYS, MOST_DAYS + 1)]
            reached = [day for day in around if add(day, span, self._calendars) <= target]
        except DateOutOfRange:
            return []
        return [near, *reached[-1:]]

    def _duration(self, e: Expr, first: date, last: date, env: Env) -> Iterator[Wanted]:
        """The count of a duration that leads from one day to the other."""
        if not isinstance(e, Call) or not e.args:
            return
        days = (last - first).days
        months = (last.year - first.year) * 12 + last.month - first.month
        counts = {"days": days, "weeks": days // 7, "months": months, "years": months // 12}
        if e.function in counts:
            yield e.args[0], counts[e.function], env
        elif e.function == "working_days" and abs(days) <= MOST_DAYS * MOST_DAYS:
            calendar = self._calendars.get(str(self._ev.value(e.args[1], env)))
            if calendar is not None:
                passed = (first + timedelta(days=n) for n in range(1, days + 1))
                yield e.args[0], sum(calendar.is_working(day) for day in passed), env

    # --- functions ---

    def extreme(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """The least or greatest of some values: any of them."""
        for arg in e.args:
            if isinstance(arg, Pluck):
                yield from ((field, target, inner) for field, inner, _ in self._column(arg, env))
            else:
                yield arg, target, env

    def sum(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """One summand, the others staying."""
        for arg in e.args:
            if isinstance(arg, Pluck):
                column = list(self._column(arg, env))
                for (field, inner, _), rest in zip(
                    column, rests([got for *_, got in column], self._calendars), strict=True
                ):
                    wanted = target if rest == 0 else operate("-", target, rest, self._calendars)
                    if wanted is not None:
                        yield field, wanted, inner

    def count(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """A list of so many elements."""
        base = e.args[0].list if isinstance(e.args[0], Pluck) else e.args[0]
        while isinstance(base, Filter):
            base = base.list
        if isinstance(base, ListRef):
            yield base, target, env

    def convert(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """An amount before it was converted, and the rate."""
        amount, rate, _ = e.args
        if not isinstance(target, Money):
            return
        held, factor = self._ev.value(amount, env), self._ev.value(rate, env)
        currency = held.currency if isinstance(held, Money) else self._currency(amount, env)
        if currency in ("", target.currency):
            yield amount, target, env
        elif isinstance(factor, int | Fraction) and factor:
            yield amount, Money(target.amount / factor, currency), env
        if isinstance(held, Money) and held.amount:
            yield rate, target.amount / held.amount, env

    def _currency(self, e: Expr, env: Env) -> str:
        """The currency in which an amount is declared to be given; empty when that is not known."""
        declared = self._bundle.facts[e.name].currency if hasattr(e, "name") and e.name in self._bundle.facts else None
        if isinstance(e, ItemField):
            declared = self._bundle.lists[e.list].fields[e.field].currency
        got = None if declared is None else self._ev.value(declared, env)
        return got if isinstance(got, str) else ""

    def round(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """The target, and where rounding reaches and leaves it."""
        yield e.args[0], target, env
        step = self._ev.value(e.args[1], env)
        if not isinstance(step, int | Fraction):
            return
        half = Fraction(step) / 2
        for off in (-half, half):
            by: Value = Money(off, target.currency) if isinstance(target, Money) else off
            wanted = operate("+", target, by, self._calendars)
            if wanted is not None:
                yield e.args[0], wanted, env

    def roll(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """The target, and the last working day up to it."""
        yield e.args[0], target, env
        calendar = self._calendars.get(str(self._ev.value(e.args[1], env)))
        if calendar is None or not isinstance(target, date):
            return
        for back in range(MOST_DAYS):
            if target.toordinal() > back and calendar.is_working(target - timedelta(days=back)):
                yield e.args[0], target - timedelta(days=back), env
                return

    def end_of(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """The first day of the month or year, and that of the next."""
        if not isinstance(target, date):
            return
        year = e.function == "end_of_year"
        first = target.replace(month=1, day=1) if year else target.replace(day=1)
        yield e.args[0], first, env
        try:
            yield e.args[0], add_months(first, 12 if year else 1), env
        except DateOutOfRange:
            return

    def days_between(self, e: Call, target: Value, env: Env) -> Iterator[Wanted]:
        """Either day, so many days from the other."""
        if not isinstance(target, int | Fraction):
            return
        first, last = (self._ev.value(a, env) for a in e.args)
        try:
            if isinstance(first, date):
                yield e.args[1], add_days(first, int(target)), env
            if isinstance(last, date):
                yield e.args[0], add_days(last, -int(target)), env
        except DateOutOfRange:
            return

    def _column(self, e: Pluck, env: Env) -> Iterator[tuple[Expr, Env, Got]]:
        """The fields of a column, each with its element in scope, and what it comes to."""
        found, values = self._ev.value(e.list, env), self._ev.value(e, env)
        if not isinstance(found, Candidates) or not isinstance(values, Values):
            return
        items = self._bundle.lists[e.list.type.name or ""]
        elements: list[Element] = [element for element, sure in found.items if sure]
        if len(elements) != len(values.items):
            return
        for element, got in zip(elements, values.items, strict=True):
            kind = items.fields[e.field].type
            field = ItemField(variable=items.each, list=items.name, field=e.field, type=kind, span=e.span)
            yield field, Env({items.each: element}), got


Undo = Callable[[Inverse, Call, Value, Env], Iterator[Wanted]]


def _nothing(_inverse: Inverse, _e: Call, _target: Value, _env: Env) -> Iterator[Wanted]:
    return iter(())


_CALLS: Mapping[str, Undo] = {
    "min": Inverse.extreme,
    "max": Inverse.extreme,
    "earliest": Inverse.extreme,
    "latest": Inverse.extreme,
    "sum": Inverse.sum,
    "count": Inverse.count,
    "convert": Inverse.convert,
    "round": Inverse.round,
    "roll": Inverse.roll,
    "end_of_month": Inverse.end_of,
    "end_of_year": Inverse.end_of,
    "days_between": Inverse.days_between,
}
