"""Lists and columns: quantifiers, filters and columns over candidates. Each takes None for an unknown list."""

from __future__ import annotations

from collections.abc import Callable

from policyengine.backends.compiled.runtime.comparing import Truth
from policyengine.backends.compiled.runtime.values import Candidates, Column
from policyengine.model.memory import Element

Test = Callable[[Element], Truth]


def some(candidates: Candidates | None, test: Test) -> Truth:
    """Kleene's or over the elements; one that may not be in the list never makes it true."""
    if candidates is None:
        return None
    unknown = False
    for element, sure in candidates.items:
        truth = test(element)
        if truth and sure:
            return True
        unknown = unknown or truth is not False
    return None if unknown else False


def every(candidates: Candidates | None, test: Test) -> Truth:
    """Kleene's and over the elements; one that may not be in the list never makes it false."""
    if candidates is None:
        return None
    unknown = False
    for element, sure in candidates.items:
        truth = test(element)
        if truth is False and sure:
            return False
        unknown = unknown or truth is not True
    return None if unknown else True


def filtered(candidates: Candidates | None, test: Test) -> Candidates | None:
    """The candidates without those that are certainly out."""
    if candidates is None:
        return None
    tested = ((element, sure, test(element)) for element, sure in candidates.items)
    return Candidates(tuple((e, sure and truth is True) for e, sure, truth in tested if truth is not False))


def column(candidates: Candidates | None, value: Callable[[Element], object]) -> Column | None:
    """The values of a field of those that are certainly in the list."""
    if candidates is None:
        return None
    values = tuple(value(element) for element, sure in candidates.items if sure)
    return Column(values, len(candidates.items) - len(values))
