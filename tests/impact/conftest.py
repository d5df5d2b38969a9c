"""The library, and what two editions of it answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from tests.impact.library import Edit, write

from policyengine import load_bundle
from policyengine.impact.behaviour.asking import Item, Work
from policyengine.impact.behaviour.comparing import compare_behaviour
from policyengine.impact.behaviour.findings import Behaviour
from policyengine.impact.behaviour.records import RecordReader


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return load_bundle(write(tmp_path_factory.mktemp("old") / "library"))


@pytest.fixture
def edited(tmp_path):
    """The library with some edits."""
    return lambda *edits: load_bundle(write(tmp_path / "new", *edits))


@pytest.fixture
def compared(library, edited) -> Callable[..., Behaviour]:
    """What the library and an edited one answer."""

    def compare(items: Iterable[Item], *edits: Edit, engine: str = "compiled", jobs: int = 1, **reading) -> Behaviour:
        reader = RecordReader(frozenset({"library"}), **reading)
        return compare_behaviour(Work(library, edited(*edits), engine, reader), (), items, jobs=jobs)

    return compare
