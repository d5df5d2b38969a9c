"""The bounds that keep the engine alive, and what the engine fires within them."""

from __future__ import annotations

import json
from itertools import islice
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends import bounds
from tests.backends.networks import Networked
from tests.backends.random_networks import conjunctions, holds, values

from policyengine.backends.durable.network import (
    MOST_STACKED,
    Path,
    Trie,
    definition,
    hash_of,
    in_networks,
    in_order,
    property_names,
    rule_names,
)
from policyengine.backends.durable.packing import FEW, packed


def trie(paths: list[Path]) -> Trie:
    made = Trie()
    for path in paths:
        made.add(path)
    return made


def test_names_of_properties_do_not_clash_in_the_engines_hash():
    names = list(islice(property_names(), 3000))
    assert names[:3] == ["a", "b", "c"]
    assert "id" not in names
    assert len({hash_of(n) for n in (*names, "id", "sid", "$s", "W")}) == len(names) + 4
    assert hash_of("order.field_955600615") == hash_of(
        "order.field_579951702"
    )  # so two properties become one in the engine


def test_names_of_rules_ascend_and_are_as_long():
    for number in (0, 1, 9, 10, 11, 100, 4000):
        names = rule_names(number)
        assert len(names) == number + 1
        assert names == sorted(set(names))
        assert len({len(n) for n in names}) == 1


def test_a_rule_is_one_all_of_one_and_of_literals():
    text = definition([((0, "eq", 1), (1, "lte", -3))], {0: "a", 1: "b"})
    assert json.loads(text) == {
        "0": {"all": [{"m": {"$and": [{"a": 1}, {"$lte": {"b": -3}}]}}]},
        "z": {"all": [{"m": {"$and": [{"W": 1}]}}]},
    }
    assert list(json.loads(text)) == ["0", "z"]


def test_bounds_count_what_can_match_at_once():
    exclusive = [((0, "eq", n),) for n in range(30)]
    assert trie(exclusive).stacked == 2  # one of them, and the last rule
    together = [((n, "eq", 1),) for n in range(30)]
    assert trie(together).stacked == 31
    assert trie([((0, "lt", 5),), ((0, "gte", 5),)]).stacked == 2
    assert trie([((0, "neq", 1),), ((0, "neq", 2),), ((0, "neq", 3),)]).stacked == 4


def test_bounds_add_up_along_a_path():
    paths = [((n, "eq", 1), (n + 50, "eq", 1)) for n in range(10)]
    assert trie(paths).stacked == 11
    assert trie([*paths, *(((0, "eq", 1), (n, "eq", 1)) for n in range(60, 70))]).stacked == 10 + 11


@given(st.integers(0, 10**9), st.sampled_from([1, 2, 6, 30]), st.sampled_from([1, 3, 6]))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_bounds_kept_up_to_date_are_those_computed_anew(seed, slots, longest):
    made, paths = Trie(), []
    for path in in_order(list(dict.fromkeys(conjunctions(Random(seed), 40, slots, longest)))):
        made.add(path)
        paths.append(path)
        assert made.stacked == bounds.stacked(bounds.trie(paths))
        assert made.kept == bounds.kept(paths)


@given(st.integers(0, 10**9), st.sampled_from([2, 6, 30]), st.sampled_from([1, 3, 6]), st.sampled_from([32, 4000]))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_splitting_loses_nothing_and_keeps_every_bound(seed, slots, longest, most):
    wanted = list(dict.fromkeys(conjunctions(Random(seed), 120, slots, longest)))
    networks = in_networks(in_order(wanted), most)
    assert sorted(map(sorted, (p for n in networks for p in n))) == sorted(map(sorted, wanted))
    assert all(bounds.kept(n) and len(n) <= most for n in networks)


@given(st.integers(0, 10**9), st.sampled_from([3, 12, 40]), st.sampled_from([1, 2, 5]))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_the_engine_fires_exactly_what_holds_in_order(seed, slots, longest):
    random = Random(seed)
    for paths in in_networks(in_order(list(dict.fromkeys(conjunctions(random, 100, slots, longest))))):
        network = Networked(paths)
        engine = network.session._holder.engine
        for _ in range(20):
            case = values(random, slots)
            assert network.fire(case) == [i for i, path in enumerate(paths) if holds(path, case)]
        assert network.session._holder.engine is engine, "the engine was rebuilt on the way"
        network.session.close()


@given(st.integers(0, 10**9), st.sampled_from([2, 5, 12]), st.sampled_from([1, 3]), st.sampled_from([20, 400]))
@settings(deadline=None, max_examples=60, derandomize=True)
def test_networks_that_are_not_asked_would_not_have_fired(seed, slots, longest, number):
    random = Random(seed)
    wanted = list(dict.fromkeys(conjunctions(random, number, slots, longest, spread=60)))
    ordered = [s for s in range(slots) if s % 3]
    networks = packed(wanted, ordered)
    assert sorted(sorted(p) for n in networks for p in n.paths) == sorted(map(sorted, wanted))
    assert all(bounds.kept(n.paths) for n in networks)
    if len(wanted) <= FEW:
        assert all(n.slot is None for n in networks)
    for _ in range(40):
        case = values(random, slots, spread=60)
        for n in networks:
            if any(holds(path, case) for path in n.paths):
                assert asked(n, case)
            if n.least is not None or n.most is not None:
                assert n.slot in ordered


def asked(network, case) -> bool:
    if network.slot is None:
        return True
    value = case[network.slot]
    if network.values:
        return value in network.values
    least, most = network.least, network.most
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def test_many_conjunctions_about_one_value_each_are_divided():
    by_value = [frozenset({(0, "eq", n % 50), (1, "gt", n)}) for n in range(400)]
    networks = packed(by_value, [1])
    assert {n.slot for n in networks} == {0}
    assert all(len(n.paths) <= 32 for n in networks)
    above = packed([frozenset({(1, "gt", n)}) for n in range(100)], [1])
    assert [n.least for n in above] == [1, 33, 65, 97]
    below = packed([frozenset({(1, "lte", n)}) for n in range(100)], [1])
    assert [n.most for n in below] == [31, 63, 95, 99]
    assert [n.slot for n in packed([frozenset({(1, "lte", n)}) for n in range(100)], [])] == [None, None]


def test_a_network_at_the_bound_survives_a_fact_that_matches_all_of_it():
    paths = [((n, "eq", 1),) for n in range(MOST_STACKED - 1)]
    assert trie(paths).stacked == MOST_STACKED
    network = Networked(paths)
    engine = network.session._holder.engine
    assert network.fire([1] * len(paths)) == list(range(len(paths)))
    assert network.session._holder.engine is engine
