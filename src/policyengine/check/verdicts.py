"""The word that a rule gives, and its class."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from policyengine.check.context import Context
from policyengine.check.headers import Header
from policyengine.check.kinds import KINDS
from policyengine.check.reading import scalar
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.model.rules import Class

WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as written, with the decision that it serves."""

    name: Scalar
    kind: str
    header: Header
    body: Mapping


Verdict = tuple[str, Class]


def verdict_of(ctx: Context, p: Policy, rule: Mapping, word: Scalar | None, *, element: bool) -> Verdict | None:
    """The word and class of a rule that names ``word``, or none; None when at fault (reported)."""
    words = p.header.words(element=element)
    if "by" in rule and "until" in rule:  # one too many, which was reported
        return None
    if word is None:
        return _only_word(ctx, p, rule, words)
    if word.text not in words:
        own = "elements have words of their own" if element and word.text in p.header.verdicts else None
        p.header.refuse_word(ctx.sink, word, words, own)
        return None
    class_, allowed = words[word.text], _allowed(p, rule)
    if class_ not in allowed:
        fitting = ", ".join(w for w, c in words.items() if c in allowed) or "none"
        message = f"{p.kind} rules cannot give `{word.text}`, which is {class_}"
        ctx.sink.error("rules/class", message, word.span, f"words that fit: {fitting}")
        return None
    return _per_element(ctx, p, rule, (word.text, class_), element=element)


def _allowed(p: Policy, rule: Mapping) -> frozenset[Class]:
    if "until" in rule:
        return frozenset({Class.PENDING})
    return frozenset({Class.REFUSED}) if "by" in rule else KINDS[p.kind].allowed


def _only_word(ctx: Context, p: Policy, rule: Mapping, words: MappingOf[str, Class]) -> Verdict | None:
    """The only word of the class that the kind gives, for a rule that names none."""
    class_ = Class.PENDING if "until" in rule else KINDS[p.kind].default
    fitting = [w for w, c in words.items() if c is class_]
    id_ = scalar(rule, "id")
    if len(fitting) == 1:
        return _per_element(ctx, p, rule, (fitting[0], class_), element=words is p.header.element_verdicts)
    if id_ is not None and not p.header.broken:
        message = f"decision `{p.header.name}` has {len(fitting) or 'no'} words of class {class_}"
        help_ = f"add `verdict:` to the rule or the policy, one of: {', '.join(fitting)}"
        none = f"add a word that is {class_} to the decision, or `verdict:` to the rule"
        ctx.sink.error("rules/which-word", message, id_.span, help_ if fitting else none)
    return None


def _per_element(ctx: Context, p: Policy, rule: Mapping, verdict: Verdict, *, element: bool) -> Verdict | None:
    """The verdict, unless it grants for the whole what is decided element by element."""
    id_ = scalar(rule, "id")
    if not p.header.each or element or verdict[1] is not Class.GRANTED or id_ is None:
        return verdict
    each = ctx.symbols.lists[p.header.each].each
    message = f"decision `{p.header.name}` is decided per {each}, so `{p.name.text}` cannot grant for the whole"
    ctx.sink.error("decisions/grant-per-document", message, id_.span, f"add `each: {each}` to the policy")
    return None
