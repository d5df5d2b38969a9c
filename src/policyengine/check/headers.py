"""What a rule must know of its decision before the decision itself is checked: its words and its elements."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from policyengine.check.context import Context
from policyengine.check.declarations import SNAKE, good_name, singular
from policyengine.check.reading import entries, mapping, scalar, text
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.model.rules import Class
from policyengine.source import Span
from policyengine.values.types import Type, enum_type


@dataclass(frozen=True, slots=True)
class Header:
    """A decision's name, list and words. ``value`` marks a decision that is the value of a definition."""

    name: str
    title: str
    each: str | None
    verdicts: MappingOf[str, Class]
    element_verdicts: MappingOf[str, Class]
    value: bool
    body: Mapping
    span: Span

    def words(self, *, element: bool) -> MappingOf[str, Class]:
        """The words that a rule of this level may give."""
        return self.element_verdicts if element else self.verdicts

    @property
    def verdict_type(self) -> Type:
        """``verdict`` in warnings, payout and report."""
        return enum_type(tuple(self.verdicts))


def headers(ctx: Context, bundle: Mapping) -> dict[str, Header]:
    """The headers of all decisions of the bundle file."""
    found: dict[str, Header] = {}
    for key, body in entries(bundle, "decisions"):
        if good_name(key, SNAKE, "decision", ctx.sink) and isinstance(body, Mapping):
            found[key.text] = _header(ctx, key, body)
    return found


def _header(ctx: Context, key: Scalar, body: Mapping) -> Header:
    each = scalar(body, "each")
    list_name = singular(each, ctx.symbols, ctx.sink) if each else None
    if list_name is not None and each is not None and not _has_id(ctx, list_name):
        message = f"list `{list_name}` is decided element by element, but names no `id`"
        ctx.sink.error("decisions/no-id", message, each.span, "add `id:` with the field that names an element")
    verdicts = _words(ctx, body, "verdicts", partly=each is not None)
    element = _words(ctx, body, "element_verdicts", partly=False) if mapping(body, "element_verdicts") else None
    if element is None:
        element = {w: c for w, c in verdicts.items() if c is not Class.PARTLY}
    if each and Class.PENDING in element.values() and Class.PENDING not in verdicts.values():
        ctx.sink.error(
            "decisions/no-pending",
            f"elements of decision `{key.text}` may be pending, but the decision has no pending word",
            key.span,
            "add one to `verdicts`",
        )
    return Header(
        name=key.text,
        title=text(body, "title") or key.text,
        each=list_name,
        verdicts=verdicts,
        element_verdicts=element,
        value="is" in body,
        body=body,
        span=key.span,
    )


def _has_id(ctx: Context, list_name: str) -> bool:
    return ctx.symbols.lists[list_name].id_field is not None


def _words(ctx: Context, body: Mapping, which: str, *, partly: bool) -> dict[str, Class]:
    words: dict[str, Class] = {}
    for key, value in entries(body, which):
        if not isinstance(value, Scalar) or value.text not in set(Class):
            continue
        if key.text in ("undetermined", "warning"):
            ctx.sink.error("names/reserved", f"`{key.text}` is a word of the language", key.span, "choose another verdict")
        elif value.text == Class.PARTLY and not partly:
            message = "only the verdict of a decision with `each` can be `partly`"
            ctx.sink.error("decisions/partly", message, value.span, "elements are refused, pending or granted")
        elif good_name(key, SNAKE, "verdict", ctx.sink):
            words[key.text] = Class(value.text)
    return words
