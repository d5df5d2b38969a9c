"""What a rule must know of its decision before the decision itself is checked: its words and its elements."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from policyengine.check.context import Context
from policyengine.check.declarations import singular
from policyengine.check.reading import entries, mapping, scalar, text
from policyengine.check.spelling import SNAKE, good_name
from policyengine.diagnostics import Diagnostics, advice, did_you_mean
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
    broken: bool
    """Whether the words were declared with faults: a rule's word is then not a second fault."""

    def words(self, *, element: bool) -> MappingOf[str, Class]:
        """The words that a rule of this level may give."""
        return self.element_verdicts if element else self.verdicts

    @property
    def verdict_type(self) -> Type:
        """``verdict`` in warnings, payout and report."""
        return enum_type(tuple(self.verdicts))

    def refuse_word(
        self, sink: Diagnostics, word: Scalar, known: MappingOf[str, Class], more: str | None = None
    ) -> None:
        """Report a word that is none of the ``known`` verdicts."""
        if self.broken:
            return
        near = did_you_mean(word.text, [*known, "warning"])
        help_ = advice(near, "words: " + ", ".join(known), more)
        sink.error("rules/word", f"`{word.text}` is not a verdict of decision `{self.name}`", word.span, help_)


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
    element: dict[str, Class] = {w: c for w, c in verdicts.items() if c is not Class.PARTLY}
    written = body.key_span("element_verdicts")
    if written is not None and each is None:
        message = f"decision `{key.text}` is not decided element by element, so it has no `element_verdicts`"
        ctx.sink.error("schema/unknown-key", message, written, "add `each:`, or take them out")
    elif written is not None:
        element = _words(ctx, body, "element_verdicts", partly=False)
    broken = _short(body, "verdicts", verdicts) or (each is not None and _short(body, "element_verdicts", element))
    if each is not None and not broken:
        _answerable(ctx, key, verdicts, element)
    return Header(
        name=key.text,
        title=text(body, "title") or key.text,
        each=list_name,
        verdicts=verdicts,
        element_verdicts=element,
        value="is" in body,
        body=body,
        span=key.span,
        broken=broken or (not verdicts and "is" not in body) or (each is not None and list_name is None),
    )


def _answerable(ctx: Context, key: Scalar, verdicts: MappingOf[str, Class], element: MappingOf[str, Class]) -> None:
    """What the elements come to must have a word for the whole; no element at all counts as refused."""
    for class_ in (Class.REFUSED, Class.PENDING, Class.GRANTED):
        if class_ in verdicts.values() or (class_ not in element.values() and class_ is not Class.REFUSED):
            continue
        words = f"elements of decision `{key.text}` may be {class_}, but the decision has no word that is {class_}"
        ctx.sink.error("decisions/no-word", words, key.span, "add one to `verdicts`")


def _short(body: Mapping, which: str, words: MappingOf[str, Class]) -> bool:
    """Whether some word that is written there was not understood."""
    return which in body and (mapping(body, which) is None or len(words) < len(list(entries(body, which))))


def _has_id(ctx: Context, list_name: str) -> bool:
    return ctx.symbols.lists[list_name].id_field is not None


def _words(ctx: Context, body: Mapping, which: str, *, partly: bool) -> dict[str, Class]:
    words: dict[str, Class] = {}
    for key, value in entries(body, which):
        if not isinstance(value, Scalar) or value.text not in set(Class):
            continue
        if key.text in ("undetermined", "warning"):
            message = f"`{key.text}` is a word of the language"
            ctx.sink.error("names/reserved", message, key.span, "choose another verdict")
        elif value.text == Class.PARTLY and not partly:
            message = "only the verdict of a decision with `each` can be `partly`"
            ctx.sink.error("decisions/partly", message, value.span, "elements are refused, pending or granted")
        elif good_name(key, SNAKE, "verdict", ctx.sink):
            words[key.text] = Class(value.text)
    return words
