"""Payout policies: starts, steps, limits, rounding."""

from __future__ import annotations

from dataclasses import replace

from policyengine.check.conditions import when_unless
from policyengine.check.context import Context
from policyengine.check.declarations import singular
from policyengine.check.headers import Header
from policyengine.check.literals import number
from policyengine.check.messages import LIMIT, STEP, message
from policyengine.check.reading import entries, flag, items, mapping, scalar, text
from policyengine.check.spelling import SNAKE, good_name
from policyengine.check.typist import Scope
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.frontend.schema_words import ROUNDING_MODES
from policyengine.model import expr as x
from policyengine.model.rules import Limit, LimitsStep, NoteStep, Payout, PayoutStep, RoundStep, SetStep
from policyengine.values.types import CURRENCY, INTEGER, MONEY, Kind, Type


def payout(ctx: Context, key: Scalar, body: Mapping, header: Header) -> Payout | None:
    """A payout policy; None when at fault (reported)."""
    return _Reader(ctx, key, body, header).read()


class _Reader:
    def __init__(self, ctx: Context, key: Scalar, body: Mapping, header: Header) -> None:
        self.ctx, self.key, self.body = ctx, key, body
        self.base = Scope(specials={"verdict": header.verdict_type, "parts": INTEGER})
        self.with_amount = replace(self.base, specials={**self.base.specials, "amount": MONEY})

    def read(self) -> Payout | None:
        element, total = mapping(self.body, "element"), mapping(self.body, "total")
        each = None
        scope = self.base
        if element is not None:
            word = scalar(element, "each")
            each = singular(word, self.ctx.symbols, self.ctx.sink) if word else None
            if each is None or word is None:
                return None
            scope = self.base.with_variable(word.text, each)
        start_node = scalar(element or total, "start")
        if element is not None and scalar(total, "start") is not None:
            self._error("payout/start", "the total of elements starts from their sum", "leave `start` out of `total`")
        if start_node is None:
            self._error("payout/start", f"payout `{self.key.text}` does not say where it starts", "add `start:`")
            return None
        if element is None and "group" in self.body:
            self._error("payout/start", "a group is made of elements, but there is no `element`", "add `element:`")
            return None
        currency = self.ctx.expression(self.body.get("currency"), self.base, CURRENCY)
        start = self.ctx.expression(start_node, scope, MONEY)
        group = mapping(self.body, "group")
        by = self._keys(group, scope)
        steps = (
            self._steps(element, self._amount(scope)),
            # Steps may speak of the keys, so they cannot be read without them.
            self._steps(group, self._group_scope(by)) if by is not None else (),
            self._steps(total, self.with_amount),
        )
        self._must_round()
        if currency is None or start is None or by is None:
            return None
        return Payout(
            name=self.key.text,
            title=text(self.body, "title"),
            currency=currency,
            each=each,
            start=start,
            element_steps=steps[0],
            by=by,
            group_steps=steps[1],
            total_steps=steps[2],
            span=self.key.span,
        )

    def _error(self, code: str, words: str, help_: str | None = None) -> None:
        self.ctx.sink.error(code, words, self.key.span, help_)

    def _must_round(self) -> None:
        written = [self.body.get(k) for k in ("element", "group", "total")]
        words = [s for w in written for s in items(w, "steps") if isinstance(s, Mapping)]
        if not any("round" in s for s in words):
            self._error("payout/no-round", "this payout is never rounded", "end with `{round: 0.01, mode: half_up}`")

    def _amount(self, scope: Scope) -> Scope:
        return replace(scope, specials={**scope.specials, "amount": MONEY})

    # -- groups ------------------------------------------------------------------------------

    def _keys(self, group: Mapping | None, scope: Scope) -> tuple[tuple[str, x.Expr], ...] | None:
        keys: list[tuple[str, x.Expr]] = []
        for name, written in entries(group, "by"):
            if not good_name(name, SNAKE, "group key", self.ctx.sink):
                return None
            if not self._free(name):
                return None
            e = self.ctx.expression(written, scope, None)
            if e is None:
                return None
            if e.type.kind in (Kind.LIST, Kind.VALUES):
                words = f"a group key is one value, but `{e.span.underlined}` is {e.type}"
                self.ctx.sink.error("type/mismatch", words, e.span, "name a field of the element")
                return None
            keys.append((name.text, e))
        return tuple(keys)

    def _free(self, name: Scalar) -> bool:
        """Whether nothing else has the name of a group key; reported when not."""
        symbols, sink = self.ctx.symbols, self.ctx.sink
        kind = "member" if name.text in symbols.members else symbols.kind_of(name.text)
        if symbols.reserved(name.text):
            sink.error("names/reserved", f"`{name.text}` is a word of the language", name.span, "choose another name")
        elif kind:
            place = symbols.place_of(name.text)
            help_ = f"declared at {place.place}" if place else "choose another name"
            sink.error("names/taken", f"`{name.text}` is already the name of a {kind}", name.span, help_)
        else:
            return True
        return False

    def _group_scope(self, by: tuple[tuple[str, x.Expr], ...]) -> Scope:
        keys: dict[str, Type] = {name: e.type for name, e in by}
        return replace(self.with_amount, specials={**self.with_amount.specials, **keys})

    # -- steps -------------------------------------------------------------------------------

    def _steps(self, part: Mapping | None, scope: Scope) -> tuple[PayoutStep, ...]:
        found = [self._step(s, scope) for s in items(part, "steps") if isinstance(s, Mapping)]
        return tuple(s for s in found if s is not None)

    def _step(self, node: Mapping, scope: Scope) -> PayoutStep | None:
        when = when_unless(self.ctx, node, scope, node.span)
        if when is None:
            return None
        if "limits" in node:
            limits = [self._limit(n, scope) for n in items(node, "limits") if isinstance(n, Mapping)]
            return LimitsStep(when=when, limits=tuple(i for i in limits if i is not None), span=node.span)
        if "round" in node:
            return self._round(node, when)
        return self._set_or_note(node, scope, when)

    def _limit(self, node: Mapping, scope: Scope) -> Limit | None:
        id_ = scalar(node, "id")
        when = when_unless(self.ctx, node, scope, node.span)
        to = self.ctx.expression(node.get("to"), scope, MONEY)
        because = message(self.ctx, node.get("because"), scope, LIMIT)
        if id_ is None or when is None or to is None or because is None:
            return None
        return Limit(id=id_.text, to=to, when=when, because=because, source=text(node, "source"), span=id_.span)

    def _round(self, node: Mapping, when: x.Expr) -> PayoutStep | None:
        step, mode = number(self.ctx, scalar(node, "round")), scalar(node, "mode")
        if step is None or mode is None:
            return None
        if step <= 0:
            span = (scalar(node, "round") or mode).span
            self.ctx.sink.error("type/mismatch", "a rounding step must be above 0", span, "such as `0.01`")
            return None
        if mode.text not in ROUNDING_MODES:  # reported as a fault of shape
            return None
        return RoundStep(when=when, to=step, mode=mode.text, span=node.span)

    def _set_or_note(self, node: Mapping, scope: Scope, when: x.Expr) -> PayoutStep | None:
        id_ = scalar(node, "id")
        because = message(self.ctx, node.get("because"), scope, STEP)
        span = id_.span if id_ else node.span
        if "set" in node:
            to = self.ctx.expression(node.get("set"), scope, MONEY)
            if to is None or (id_ is not None and because is None):
                return None
            id_text = id_.text if id_ else None
            return SetStep(when=when, to=to, id=id_text, because=because, source=text(node, "source"), span=span)
        if id_ is None or because is None or not flag(node, "note"):
            return None
        return NoteStep(when=when, id=id_.text, because=because, source=text(node, "source"), span=span)
