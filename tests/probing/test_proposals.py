"""Proposals for documents of cases: legal, of use, the same each time, and on both sides of every limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostics
from policyengine.engine.json_reader import read_json
from policyengine.engine.request import CarefulReader, RequestReader
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluator
from policyengine.evaluation.values import is_known
from policyengine.loading import load_bundle
from policyengine.model.expr import Compare, Within
from policyengine.model.memory import WorkingMemory
from policyengine.probing import ABSENT, AS_OF, Document, Prober, Proposal, Use
from policyengine.probing.reading import verdict_roots
from policyengine.probing.tour import Site, Tour
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case

FOLDERS = [
    "policies/trade_assurance",
    "policies/alibaba_terms",
    "tests/programmes/consumer_withdrawal",
    "tests/conformance/working_days",
    "tests/conformance/months_and_years",
    "tests/conformance/dated_tables",
    "tests/conformance/deadlines_chained",
]


class World:
    """A bundle, its cases, and readers and evaluators of the test's own."""

    def __init__(self, folder: str) -> None:
        self.bundle = load_bundle(folder)
        self.cases = read_cases(self.bundle, Path(folder), Diagnostics())
        self.prober = Prober(self.bundle)
        self.evaluator = Evaluator(self.bundle)
        self.reader = CarefulReader(self.bundle, self.evaluator)
        self.quick = RequestReader(self.bundle, self.evaluator)

    def proposals(self, case: Case) -> list[Proposal]:
        return list(self.prober.proposals(case.decision, document(case)))

    def memory(self, asked: Document) -> WorkingMemory:
        return self.reader.read(asked.facts, asked.as_of)


def document(case: Case) -> Document:
    return Document(case.facts, case.as_of)


@cache
def world(folder: str) -> World:
    return World(folder)


@pytest.fixture(params=FOLDERS)
def programme(request) -> World:
    return world(request.param)


def test_every_proposal_can_be_requested_and_changes_its_slot_and_nothing_else(programme):
    count = 0
    for case in programme.cases:
        before = programme.memory(document(case))
        for proposal in programme.proposals(case):
            changed = proposal.applied(document(case))
            # Through JSON and back, as a service would get it; the careful reader says what is wrong.
            facts = read_json(json.dumps(changed.facts).encode(), 2**20)
            after = programme.reader.read(facts, changed.as_of)
            count += 1
            address = proposal.slot.address
            if address == AS_OF:
                assert changed.as_of != case.as_of
                assert (after.facts, after.lists) == (before.facts, before.lists)
                continue
            assert addresses(before, after) == {address} or address in programme.bundle.lists
            assert after != before
            assert proposal.value is not ABSENT or proposal.slot.given is not ABSENT
    assert count > 10 * len(programme.cases)


def addresses(before: WorkingMemory, after: WorkingMemory) -> set[str]:
    """What differs, by address."""
    changed = {n for n in before.facts | after.facts if before.facts.get(n) != after.facts.get(n)}
    for name in before.lists | after.lists:
        left, right = before.lists.get(name, ()), after.lists.get(name, ())
        if len(left) != len(right):
            changed.add(name)
        for a, b in zip(left, right, strict=False):
            changed |= {a.address(f) for f in a.fields | b.fields if a.fields.get(f) != b.fields.get(f)}
    return changed


def test_the_same_document_gives_the_same_proposals(programme):
    again = Prober(programme.bundle)
    for case in programme.cases[:20]:
        assert programme.proposals(case) == list(again.proposals(case.decision, document(case)))


def test_a_document_is_not_touched(programme):
    for case in programme.cases[:20]:
        before = json.dumps(case.facts)
        for proposal in programme.proposals(case):
            proposal.applied(document(case))
        assert json.dumps(case.facts) == before


# --- both sides ---


def ordered_sites(w: World, case: Case, memory: WorkingMemory) -> Iterator[Site]:
    """The comparisons of numbers, money and dates that the verdict rests on, where they are known."""
    ev = w.evaluator.start(memory)
    for site in Tour(ev).sites(verdict_roots(w.bundle.decisions[case.decision])):
        ordered = (isinstance(site.expr, Compare) and site.expr.left.type.ordered) or isinstance(site.expr, Within)
        if ordered and ev.truth(site.expr, site.env) is not None and w.evaluator.reading.of(site.expr).case:
            yield site


def truth(w: World, site: Site, memory: WorkingMemory) -> bool | None:
    """The comparison again, for the elements at the same places of another document."""
    elements = {}
    for variable, element in site.env.elements.items():
        there = memory.lists.get(element.list, ())
        if len(there) < element.position:
            return None
        elements[variable] = there[element.position - 1]
    return w.evaluator.start(memory).truth(site.expr, Env(elements))


def exact(w: World, site: Site, memory: WorkingMemory) -> bool:
    """Whether both sides are values; else one of them is only known to be at least or at most something."""
    e, ev = site.expr, w.evaluator.start(memory)
    sides = (e.subject, e.low, e.high) if isinstance(e, Within) else (e.left, e.right)
    return all(is_known(ev.value(side, site.env)) for side in sides)


def test_there_are_proposals_on_both_sides_of_every_comparison(programme):
    missed: list[str] = []
    for case in programme.cases:
        memory = programme.memory(document(case))
        changed = [p.applied(document(case)) for p in programme.proposals(case) if p.slot.use is Use.VERDICT]
        others = [programme.quick.read(other.facts, other.as_of) for other in changed]
        for site in ordered_sites(programme, case, memory):
            here = truth(programme, site, memory)
            wanted = {not here} if exact(programme, site, memory) else {not here, None}
            if not any(truth(programme, site, other) in wanted for other in others):
                missed.append(f"{case.id}: nothing proposed makes `{site.expr.span.underlined}` {not here}")
    assert not missed


# --- what a reader of the shipped policies would try ---


@pytest.fixture
def late() -> Document:
    facts = {
        "order": {"trade_assurance": True, "placed_on": "2025-01-10", "currency": "USD", "total": "30000 USD"},
        "contract": {"eta": "2025-03-25", "elements": ["color"]},
        "delivery": {"delivered_on": "2025-03-20"},
        "claims": [{"id": "a", "reason": "missing_items", "ordered_qty": 100, "received_qty": 90}],
    }
    return Document(facts, date(2025, 5, 2))


def values(decision: str, asked: Document, address: str) -> list[object]:
    prober = world("policies/trade_assurance").prober
    return [p.value for p in prober.proposals(decision, asked) if p.slot.address == address]


def test_limits_are_worked_out_from_the_other_facts(late):
    # 20 March and 40 days, 25 March and 30 days: the later is 29 April.
    assert {"2025-04-29", "2025-04-30"} <= set(values("coverage", late, "dispute.opened_on"))
    assert {"2025-04-29", "2025-04-30"} <= set(values("coverage", late, AS_OF))
    # A dispute opened on 2 May: 40 days before, 30 days before.
    assert {"2025-03-22", "2025-03-23"} <= set(values("coverage", late, "delivery.delivered_on"))
    assert {"2025-04-01", "2025-04-02"} <= set(values("coverage", late, "contract.eta"))


def test_numbers_are_compared_with_those_beside_them(late):
    assert {99, 100, 101} <= set(values("coverage", late, "claims[a].received_qty"))
    assert {89, 90, 91} <= set(values("coverage", late, "claims[a].ordered_qty"))


def test_amounts_stand_a_cent_from_the_limit(late):
    assert {"49999.99 USD", "50000.00 USD", "50000.01 USD"} <= set(values("readiness", late, "order.total"))


def test_limits_in_another_currency_are_converted(late):
    order = {"currency": "EUR", "total": "30000 EUR", "fx_to_usd": "1.25"}
    asked = Document({"order": order}, late.as_of)
    assert {"39999.99 EUR", "40000.00 EUR"} <= set(values("readiness", asked, "order.total"))
    assert {"1.66", "1.67"} <= set(values("readiness", asked, "order.fx_to_usd"))


def test_members_of_an_open_enum_have_a_stranger_beside_them(late):
    found = values("coverage", late, "claims[a].reason")
    assert "something else" in found
    assert "late_shipment" in found
    assert "missing_items" not in found
    assert found[-1] is ABSENT


def test_lists_lose_and_gain_an_element(late):
    found = values("coverage", late, "claims")
    claim = late.facts["claims"][0]
    assert found == [[], [claim, {**claim, "id": "new 1"}], ABSENT]


def test_slots_say_what_they_are_read_for(late):
    slots = {s.address: s.use for s in world("policies/trade_assurance").prober.slots("coverage", late)}
    assert slots["contract.eta"] is Use.VERDICT
    assert slots["claims[a].amount"] is Use.ANSWER
    assert slots["supplier.ta_badge"] is Use.NONE
    assert list(slots)[-1] == AS_OF
