"""Decisions made again, by the policies of then."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select, text, update
from tests.decision_log.build import Decisions, log

from policyengine import Engine, load_bundle
from policyengine.decision_log.archive import keep_bundle, kept_bundle
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.masking import masks
from policyengine.decision_log.replay import MOST_ENGINES, Outcome, logged, replay
from policyengine.decision_log.schema import BUNDLE_FILES, RECORDS
from policyengine.decision_log.search import Query, found
from policyengine.frontend.bundle_files import read_files
from policyengine.web.answers import json_bytes

COUNT = 15


def replayed(store, query: Query | None = None):
    return list(replay(store, query or Query(), Engine, lambda decision: json_bytes(decision.to_dict())))


@pytest.fixture
def own(tmp_path, folder):
    """A copy of the bundle, to be changed."""
    return shutil.copytree(folder, tmp_path / "umbrella")


def test_every_byte_is_the_same(kept, decisions):
    log(kept, decisions.entries(COUNT))
    done = replayed(kept)
    assert Counter(r.outcome for r in done) == {Outcome.SAME: COUNT}
    assert {r.path for r in done} == {"umbrella/refund"}


def test_whatever_has_become_of_the_files(sqlite_store, own):
    bundle = load_bundle(own)
    assert keep_bundle(sqlite_store, read_files(own), bundle)
    assert not keep_bundle(sqlite_store, read_files(own), bundle)
    with Decisions(bundle) as decisions:
        log(sqlite_store, decisions.entries(5))
    exclusions = own / "exclusions.yaml"
    exclusions.write_text(exclusions.read_text().replace("[lost, pet]", "[lost, wind]"))
    changed = load_bundle(own)
    assert changed.digest != bundle.digest
    keep_bundle(sqlite_store, read_files(own), changed)
    with Decisions(changed) as decisions:
        log(sqlite_store, decisions.entries(5))
    shutil.rmtree(own)
    assert kept_bundle(sqlite_store, bundle.digest).digest == bundle.digest
    assert [r.outcome for r in replayed(sqlite_store)] == [Outcome.SAME] * 10


def test_a_logged_answer_that_is_not_what_comes_out_differs(kept, decisions):
    log(kept, decisions.entries(3))
    with kept.writing() as connection:
        connection.execute(
            text("UPDATE records SET entry = replace(entry, '\"missing\":[]', '\"missing\":[1]') WHERE sequence = 2")
        )
    first, second, third = replayed(kept)
    assert (first.outcome, third.outcome) == (Outcome.SAME, Outcome.SAME)
    assert (second.outcome, second.told) == (Outcome.DIFFERENT, "differs in missing")


def test_another_verdict_is_told_with_both(kept, decisions):
    log(kept, [decisions.entry(0)])
    with kept.writing() as connection:
        entry = connection.execute(select(RECORDS.c.entry)).scalar_one()
        swapped = entry.replace(
            '"result":{"decision":"refund","verdict":"refunded"', '"result":{"decision":"refund","verdict":"lost"'
        )
        assert swapped != entry
        connection.execute(update(RECORDS).values(entry=swapped))
    assert [r.told for r in replayed(kept)] == ["verdict `lost` became `refunded`"]


def test_what_is_masked_is_not_compared_and_not_called_the_same(kept, decisions):
    log(kept, [
        decisions.entry(0, masks=masks(erased=["/input/damage"])),
        decisions.entry(0, masks=masks(hidden=["/result/reasons/*/message"])),
        decisions.entry(0, masks=masks(hidden=["/input/customer"])),
    ])  # fmt: skip
    assert [r.outcome for r in replayed(kept)] == [Outcome.MASKED, Outcome.MASKED, Outcome.SAME]
    assert len(list(logged(found(kept, Query())))) == 2


def test_policies_that_the_log_does_not_have(sqlite_store, decisions):
    log(sqlite_store, decisions.entries(2))
    assert {r.outcome for r in replayed(sqlite_store)} == {Outcome.IMPOSSIBLE}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"content": b"kind: facts\n"}, "they have another digest now"),
        ({"path": "../outside.yaml"}, "a file leads outside"),
    ],
)
def test_policies_that_were_changed_in_the_log(kept, decisions, change, told):
    with kept.writing() as connection:
        path = connection.execute(select(BUNDLE_FILES.c.path).limit(1)).scalar_one()
        connection.execute(update(BUNDLE_FILES).where(BUNDLE_FILES.c.path == path).values(**change))
    with pytest.raises(LogError, match=told):
        kept_bundle(kept, decisions.bundle.digest)


def test_policies_that_change_while_they_are_kept(sqlite_store, own):
    bundle = load_bundle(own)
    (own / "more.yaml").write_text("kind: facts\nfacts: {}\n")
    with pytest.raises(LogError, match="are not those of the bundle"):
        keep_bundle(sqlite_store, read_files(own), bundle)


def test_more_bundles_than_engines_are_held(sqlite_store, own):
    for number in range(MOST_ENGINES + 2):
        (own / "note.yaml").write_text(f"# edition {number}\nkind: facts\nfacts:\n  note.n{number}: {{type: text}}\n")
        bundle = load_bundle(own)
        keep_bundle(sqlite_store, read_files(own), bundle)
        with Decisions(bundle) as decisions:
            log(sqlite_store, [decisions.entry(number)])
    assert [r.outcome for r in replayed(sqlite_store)] == [Outcome.SAME] * (MOST_ENGINES + 2)


def test_facts_that_this_release_refuses_differ(kept, decisions):
    entry = decisions.entry(0)
    log(kept, [replace(entry, text=entry.text.replace(b'"cause":"seam"', b'"cause":"moths"'))])
    (done,) = replayed(kept)
    assert (done.outcome, "refuses its facts" in done.told) == (Outcome.DIFFERENT, True)
