"""The back end that compiles rules to Python: the independent twin of the rules engine.

It reads the checked model and, for a case, its working memory; neither the evaluator nor the other back end lends it
anything but the value types. Each decision becomes a module of two functions for the document, and two for the element
of its list. Read it in this order:

* ``patterns``: a condition becomes a pattern, what it tests without its constants
* ``plans``: rules are told apart by the fact that most of them compare with constants
* ``matching``: those groups become code: ``if`` and ``elif`` where values are few, a look-up where they are many, one
  loop (or a search, ``packing``) for rules that differ in their constants only
* ``truths`` and ``values``: patterns and expressions become text; ``frames`` reads facts once; ``units`` are the
  functions beside: definitions, tables, quantifiers, comparisons that are tried with several dated values
* ``runtime``: what the generated code calls

Three rules, R-0 `a.kind = wet and a.count > 3`, R-1 `a.kind in [dry, wet]` and R-2 `not a.paid`, become::

    def document_exact(s):
        f = s.facts
        t = []
        if not f['a.paid']: t.append(2)  # R-2
        k0 = f['a.kind']
        if k0 == 'wet':
            if f['a.count'] > 3: t.append(0)  # R-0
            t.append(1)  # R-1
        elif k0 == 'dry':
            t.append(1)  # R-1
        if len(t) > 1: t.sort()
        return new(Truths, (tuple(t), ()))

    def document_general(s):
        f = s.facts
        x0 = f.get('a.paid')
        x1 = f.get('a.kind')
        t = []
        u = []
        if x0 is not True: (t if x0 is False else u).append(2)  # R-2
        k0 = x1
        if k0 is None:
            o_0(s, u)
        elif k0 == 'wet':
            x2 = f.get('a.count')
            if (x2 is None or x2 > 3): (t if (x2 is not None and x2 > 3) else u).append(0)  # R-0
            t.append(1)  # R-1
        elif k0 == 'dry':
            t.append(1)  # R-1
        if len(t) > 1: t.sort()
        if len(u) > 1: u.sort()
        return new(Truths, (tuple(t), tuple(u)))

    def o_0(s, u):
        f = s.facts
        x0 = f.get('a.count')
        if (x0 is None or x0 > 3): u.append(0)  # R-0
        u.append(1)  # R-1
        return

The exact function is tried first. It is two-valued: a fact that is missing where it is read raises KeyError, and
whatever else is not exactly known raises Inexact; then the general one answers, in Kleene's logic: each condition is
asked first whether it is not false, and then whether it is true. `o_0` is for the case that `a.kind` is unknown: what
may hold besides is unknown.
"""

from __future__ import annotations

from policyengine.backends.compiled.program import CompiledBackend, CompiledProgram

__all__ = ["CompiledBackend", "CompiledProgram"]
