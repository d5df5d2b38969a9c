"""The benchmark's bundle says what the workload says: the same answers as the oracle, on every engine."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from tests.benchmarks import worker
from tests.benchmarks.bundle import EXTRA, write_bundle
from tests.benchmarks.ours import SETTINGS, Asked, ready
from tests.benchmarks.rivals import RIVALS
from tests.benchmarks.workload import BASE, documents, judged, oracle, scaled

from policyengine.backends import BACKENDS
from policyengine.engine.engine import Engine
from policyengine.loading import check_folder

DOCUMENTS = documents(worker.BY_ORACLE)


@pytest.fixture(scope="module")
def bundle_of(tmp_path_factory):
    @cache
    def checked(count):
        folder = write_bundle(tmp_path_factory.mktemp("bundle"), scaled(count))
        bundle, sink = check_folder(folder)
        assert bundle is not None, sink.sorted()
        assert list(sink) == []
        return bundle

    return checked


def test_the_oracle_and_the_rules_say_the_same_and_every_rule_and_outcome_occurs():
    answers = [oracle(facts) for facts in DOCUMENTS]
    assert [(o, sorted(ids)) for o, ids in (judged(BASE, facts) for facts in DOCUMENTS)] == answers
    assert {i for _, ids in answers for i in ids} == {rule.id for rule in BASE}
    assert len(Counter(o for o, _ in answers)) == 6


def test_documents_are_the_same_for_a_seed():
    assert documents(50) == DOCUMENTS[:50]
    assert documents(50, seed=8) != DOCUMENTS[:50]


def test_copied_rules_have_ids_and_constants_of_their_own():
    rules = scaled(2400)
    assert rules[:24] == BASE
    assert len({rule.id for rule in rules}) == 2400
    assert len({rule.when for rule in map(_hashable, rules)}) > 1500  # some compare facts only


def _hashable(rule):
    return rule._replace(when=repr(rule.when))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [24, 240, 2400])
def test_every_answer_is_the_expected_one(bundle_of, backend, count):
    rules = scaled(count)
    facts = DOCUMENTS if count == len(BASE) else DOCUMENTS[: worker.BY_READING]
    with Engine(bundle_of(count), backend=backend) as engine:
        asked = Asked(engine)
        ids = {r.id for step in engine.bundle.decisions["eligibility"].steps for r in step.rules}
        assert ids == {rule.id for rule in rules} | set(EXTRA)
        for document in facts:
            outcome, matched = oracle(document) if count == len(BASE) else judged(rules, document)
            assert asked.answer(document) == (outcome, sorted(matched)), document


# durable-rules' own Host asks for the time in a way that Python 3.12 and later warn of.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")
@pytest.mark.parametrize("name", ["generated", "closures", "durable_host"])
def test_rivals_that_need_no_package_of_their_own_answer_as_the_oracle_does(name):
    decide = RIVALS[name].load(BASE)
    assert worker._compared(decide, BASE) == {"compared": worker.BY_ORACLE, "differing": 0}


def test_a_wrong_answer_is_noticed():
    decide = RIVALS["generated"].load(BASE[1:])
    wrong = sum(BASE[0].id in oracle(facts)[1] for facts in DOCUMENTS)
    assert worker._compared(decide, BASE) == {"compared": worker.BY_ORACLE, "differing": wrong}


def test_the_setting_that_is_called_default_is_the_default(bundle_of):
    with Engine(bundle_of(24)) as usual, ready(bundle_of(24), "default") as measured:
        assert type(usual._program) is type(measured._program)
        assert usual._sample == measured._sample
    assert SETTINGS["default"] == ("durable", True)
