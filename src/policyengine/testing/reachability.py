"""What no case expects: rules that could be wrong without any test noticing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.model.bundle import CheckedBundle
from policyengine.testing.known_words import reason_ids
from policyengine.testing.model import Case

_EXPECTING = ("reasons", "warnings")


def all_ids(bundle: CheckedBundle) -> dict[str, tuple[str, ...]]:
    """Every id that an answer can give as a reason or warning, by decision, in order."""
    return {
        name: tuple(dict.fromkeys((*reason_ids(spec), *(r.id for r in spec.warnings))))
        for name, spec in bundle.decisions.items()
    }


def unexpected_ids(bundle: CheckedBundle, cases: Iterable[Case]) -> tuple[tuple[str, str], ...]:
    """(decision, id) of everything that no case expects as a reason or warning of its decision."""
    expected = set(_expected(cases))
    return tuple((d, rule) for d, ids in all_ids(bundle).items() for rule in ids if (d, rule) not in expected)


def expected_ids(cases: Iterable[Case]) -> frozenset[str]:
    """Every id that some case expects as a reason or warning."""
    return frozenset(rule for _, rule in _expected(cases))


def _expected(cases: Iterable[Case]) -> Iterator[tuple[str, str]]:
    # What nobody has looked at yet vouches for nothing.
    for case in (c for c in cases if not c.review):
        for e in case.expected:
            if e.key in _EXPECTING and isinstance(e.value, list):
                yield from ((case.decision, str(rule)) for rule in e.value)


def cited(cases: Iterable[Case]) -> frozenset[str]:
    """Every statement that some case cites."""
    return frozenset(statement for case in cases for statement in case.cites)
