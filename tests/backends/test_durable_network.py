"""The bounds that keep the engine alive, and what the engine fires within them."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends.random_networks import conjunctions, holds, values

from policyengine.backends.durable.network import (
    MOST_STACKED,
    NAMES,
    Path,
    definition,
    in_networks,
    network_bounds,
)
from policyengine.backends.durable.session import Session


def fnv(name: str) -> int:
    """The hash by which the engine tells properties apart."""
    code = 0x811C9DC5
    for byte in name.encode("ascii"):
        code = ((code ^ byte) * 16777619) & 0xFFFFFFFF
    return code


def session_of(paths: list[Path]) -> tuple[Session, list[int]]:
    used = sorted({slot for path in paths for slot, _, _ in path})
    names = dict(zip(used, NAMES, strict=False))
    return Session(definition(paths, names), len(paths), [names[s] for s in used]), used


def test_names_of_properties_do_not_clash_in_the_engines_hash():
    taken = {fnv(n) for n in (*NAMES, "id", "sid", "W")}
    assert len(taken) == len(NAMES) + 3


def test_a_rule_is_one_all_of_one_and_of_literals():
    text = definition([((0, "eq", 1), (1, "lte", -3))], {0: "a", 1: "b"})
    assert json.loads(text) == {
        "0": {"all": [{"m": {"$and": [{"a": 1}, {"$lte": {"b": -3}}]}}]},
        "w": {"all": [{"m": {"$and": [{"W": 1}]}}]},
    }


def test_bounds_count_what_can_match_at_once():
    exclusive = [((0, "eq", n),) for n in range(30)]
    assert network_bounds(exclusive).stacked == 2  # one of them, and the warm-up rule
    together = [((n, "eq", 1),) for n in range(30)]
    assert network_bounds(together).stacked == 31
    assert network_bounds([((0, "lt", 5),), ((0, "gte", 5),)]).stacked == 2
    assert network_bounds([((0, "neq", 1),), ((0, "neq", 2),), ((0, "neq", 3),)]).stacked == 4


def test_bounds_add_up_along_a_path():
    paths = [((n, "eq", 1), (n + 50, "eq", 1)) for n in range(10)]
    assert network_bounds(paths).stacked == 11
    assert network_bounds([*paths, *(((0, "eq", 1), (n, "eq", 1)) for n in range(60, 70))]).stacked == 10 + 11


@given(st.integers(0, 10**9), st.sampled_from([2, 6, 30]), st.sampled_from([1, 3, 6]))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_splitting_loses_nothing_and_keeps_every_bound(seed, slots, longest):
    wanted = conjunctions(Random(seed), 120, slots, longest)
    networks = in_networks(wanted)
    assert sorted(map(sorted, (p for n in networks for p in n))) == sorted(map(sorted, set(wanted)))
    assert all(network_bounds(n).kept for n in networks)


@given(st.integers(0, 10**9), st.sampled_from([3, 12, 40]), st.sampled_from([1, 2, 5]))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_the_engine_fires_exactly_what_holds(seed, slots, longest):
    random = Random(seed)
    for paths in in_networks(conjunctions(random, 100, slots, longest)):
        session, used = session_of(paths)
        engine = session._holder.engine
        for _ in range(20):
            case = values(random, slots)
            fired = session.fire([case[s] for s in used])
            assert sorted(fired) == [i for i, path in enumerate(paths) if holds(path, case)]
        assert session._holder.engine is engine, "the engine was rebuilt on the way"
        session.close()


def test_a_network_at_the_bound_survives_a_fact_that_matches_all_of_it():
    paths = [((n, "eq", 1),) for n in range(MOST_STACKED - 1)]
    assert network_bounds(paths).stacked == MOST_STACKED
    session, used = session_of(paths)
    engine = session._holder.engine
    assert sorted(session.fire([1] * len(used))) == list(range(len(paths)))
    assert session._holder.engine is engine


@pytest.mark.parametrize("value", [True, 1.0, "1", 2**53 + 1])
def test_nothing_but_small_integers_reaches_the_engine(value):
    session, _ = session_of([((0, "eq", 1),)])
    with pytest.raises(Exception, match="not a small integer"):
        session.fire([value])
