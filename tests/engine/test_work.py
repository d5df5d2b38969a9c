"""The work that a request asks for: reckoned from the lengths of its lists, refused when it is too much."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine import Engine, RequestError, load_bundle
from policyengine.engine.selection import ENGINES
from policyengine.engine.work import MOST_FOR_REFERENCE, MOST_WORK, Workload

BUNDLE = """kind: bundle
bundle: pairs
title: Pairs
version: 1.0.0
decisions:
  d:
    title: D
    each: parcel
    verdicts: {refused: refused, partly: partly, granted: granted}
    element_verdicts: {refused: refused, granted: granted}
    steps: [p]
    otherwise: {element: {verdict: granted}}
  short:
    title: Without lists
    verdicts: {refused: refused, granted: granted}
    steps: [q]
    otherwise: {document: {verdict: granted}}
"""
FACTS = """kind: facts
facts:
  order.is_paid: {type: boolean}
  parcels:
    type: list
    each: parcel
    id: id
    fields:
      weight: {type: integer, default: order_weight}
  depot.trays:
    type: list
    each: tray
    fields:
      size: {type: integer}
definitions_placeholder: {}
""".replace("definitions_placeholder: {}\n", "")
DEFINITIONS = """kind: definitions
definitions:
  order_weight: {type: integer, is: sum(depot.trays.size)}
  has_twin: {type: boolean, each: parcel, is: some other in parcels satisfies other.weight = parcel.weight}
"""
RULES = """kind: exclusions
decision: d
policies:
  p:
    each: parcel
    rules:
      - {id: R-TWIN, when: {has_twin: true, parcel.weight: more than 5}, because: It has a twin.}
"""
QUICK = """kind: exclusions
decision: short
policies:
  q: {rules: [{id: R-PAID, when: {order.is_paid: false}, because: It is not paid.}]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("pairs")
    texts = {"bundle": BUNDLE, "facts": FACTS, "definitions": DEFINITIONS, "rules": RULES, "quick": QUICK}
    for name, text in texts.items():
        (made / f"{name}.yaml").write_text(text, "utf-8")
    return made


def facts(parcels: int, trays: int = 0) -> dict:
    heavy = [{"id": f"p{n}", "weight": 6} for n in range(parcels)]
    return {"parcels": heavy, "depot": {"trays": [{"size": 1}] * trays}}


def lists(engine: Engine, given: dict) -> dict:
    return engine._reader.read(given, engine.day("2025-01-01")).lists


def test_pairs_count_as_pairs(folder):
    with Engine(load_bundle(folder), "compiled") as engine:
        load = Workload(engine.bundle, engine.bundle.decisions["d"])
        hundred, thousand = (load.of(lists(engine, facts(n))) for n in (200, 2_000))
    # Each parcel is held against each: ten times as many are a hundred times the work.
    assert 95 < thousand / hundred <= 100


def test_short_lists_are_not_reckoned(folder):
    with Engine(load_bundle(folder), "compiled") as engine:
        load = Workload(engine.bundle, engine.bundle.decisions["d"])
        assert load.of(lists(engine, facts(20, 20))) == 0
        assert load.of(lists(engine, facts(0, 60_000))) > 0


@pytest.mark.parametrize("name", ENGINES)
def test_too_much_work_is_refused_at_its_list_and_says_what_is_not(folder, name):
    with Engine(load_bundle(folder), name, most_work=2_000_000) as engine:
        with pytest.raises(RequestError) as caught:
            engine.decide("d", facts(4_000), as_of="2025-01-01")
        (problem,) = caught.value.problems
        assert (problem.pointer, problem.code) == ("/parcels", "request/too-much-work")
        most = int(problem.help.split()[1].replace(",", ""))
        load = Workload(engine.bundle, engine.bundle.decisions["d"])
        assert load.of(lists(engine, facts(most))) <= 2_000_000 < load.of(lists(engine, facts(most + 1)))


def test_a_list_inside_another_name_is_pointed_at(folder):
    with Engine(load_bundle(folder), "compiled", most_work=50_000) as engine:
        with pytest.raises(RequestError) as caught:
            engine.decide("d", facts(1, 60_000), as_of="2025-01-01")
        assert caught.value.problems[0].pointer == "/depot/trays"


def test_a_decision_that_does_not_look_at_a_list_does_not_mind_its_length(folder):
    with Engine(load_bundle(folder), "compiled", most_work=1_000) as engine:
        assert engine.decide("short", facts(5_000), as_of="2025-01-01").verdict == "undetermined"


def test_the_sample_passes_over_what_is_too_much_for_the_reference_and_takes_the_next(folder):
    long = facts(1_000)
    with Engine(load_bundle(folder), "compiled", sample=5) as engine:
        assert MOST_FOR_REFERENCE < engine._prepared["d"].workload.of(lists(engine, long)) < MOST_WORK
        sampled = []
        for given in (long, long, facts(2), facts(2), long, long, facts(2), facts(2)):
            engine.decide("d", given, as_of="2025-01-01")
            sampled.append(engine.checks["d"].sampled)
    # The first and the sixth were due; the third and the seventh were the first ones after them that were short.
    assert sampled == [0, 0, 1, 1, 1, 1, 2, 2]
