"""The cases of both folders as questions: each once, where both have it with the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policyengine.impact.behaviour.document import Document
from policyengine.testing.model import Case


def case_documents(old: Sequence[Case], new: Sequence[Case], shown: tuple[str, str]) -> Iterator[Document]:
    """The new cases, then those that only the old folder has, or has with other facts.

    ``shown`` are the folders as people see them.
    """
    before = {case.id: case for case in old}
    after = {case.id: case for case in new}
    for case in new:
        was = before.get(case.id)
        yield _document(case, was if was and _asks_the_same(case, was) else None, shown[1])
    for case in old:
        is_now = after.get(case.id)
        if is_now is None or not _asks_the_same(case, is_now):
            yield _document(case, case, shown[0])


def _asks_the_same(a: Case, b: Case) -> bool:
    return (a.decision, a.as_of, a.facts) == (b.decision, b.as_of, b.facts)


def _document(case: Case, was: Case | None, folder: str) -> Document:
    facts: Mapping[str, object] = case.facts
    return Document(
        case.decision,
        facts,
        case.as_of,
        case.id,
        f"{folder}{'' if folder.endswith(':') else '/'}{case.span.at}",
        case,
        was,
    )
