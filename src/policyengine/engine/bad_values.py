"""What a reader of values raises: one or more faults of one given fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from policyengine.engine.pointers import kind_of
from policyengine.errors import FactProblem

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


class BadValue(Exception):  # noqa: N818 - becomes part of a RequestError, is never seen itself
    """A given value cannot be used."""

    def __init__(self, problems: Iterable[FactProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)


def bad(pointer: str, code: str, detail: str, help: str | None = None) -> BadValue:  # noqa: A002 - the word users see
    """One fault, to be raised."""
    return BadValue([FactProblem(pointer, code, detail, help)])


def wrong_type(pointer: str, raw: object, needed: str, help: str | None = None) -> BadValue:  # noqa: A002 - the word users see
    """A value of another type than ``needed``, a noun phrase such as ``a date``; to be raised."""
    if isinstance(raw, float):
        detail = "this is a binary floating-point number, which cannot hold a decimal exactly"
        return bad(pointer, "request/type", detail, "give a `decimal.Decimal`, a whole number or text")
    given = kind_of(raw)
    detail = f"this cannot be read as {needed}" if given == needed else f"{needed} is needed here, but this is {given}"
    return bad(pointer, "request/type", detail, help)


def gather(attempts: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all attempts; raises one :class:`BadValue` with the faults of all that failed."""
    done: list[T] = []
    problems: list[FactProblem] = []
    for attempt in attempts:
        try:
            done.append(attempt())
        except BadValue as e:
            problems += e.problems
    if problems:
        raise BadValue(problems)
    return done


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """The results of two attempts, with the faults of both if they fail."""
    attempts: list[Callable[[], object]] = [first, second]
    return cast("tuple[A, B]", tuple(gather(attempts)))
