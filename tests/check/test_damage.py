"""Real bundles damaged at random: never an exception, and every fault is told at a place, in words for people."""

from __future__ import annotations

import pytest
from tests.damage import try_one


@pytest.mark.parametrize("first", range(0, 100, 10))
def test_damage_is_told_with_a_place(first):
    found = [(o.seed, o.damage, o.faults) for o in map(try_one, range(first, first + 10)) if o.faults]
    assert found == []
