"""What would change a verdict: true as decided by the reference, none overlooked among those proposed, bounded."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from policyengine import Engine, load_bundle
from policyengine.diagnostics import Diagnostics
from policyengine.errors import UnknownName
from policyengine.explaining.changes import MOST_TOLD, MOST_TRIED
from policyengine.explaining.explainer import MOST_ELEMENTS, Explainer, Explanation
from policyengine.model.decision import Decision
from policyengine.probing import Document, Prober, Use
from policyengine.reference import decide
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case

FOLDERS = ["policies/trade_assurance", "policies/alibaba_terms", "tests/programmes/consumer_withdrawal"]
#: Every so many-th case of a bundle, so that all decisions are among them.
STEP = 11


class World:
    def __init__(self, folder: str) -> None:
        self.bundle = load_bundle(folder)
        self.cases = read_cases(self.bundle, Path(folder), Diagnostics())[::STEP]
        self.explainer = Explainer(self.bundle)
        self.engine = Engine(self.bundle, "compiled", check=False, sample=0)
        self.prober = Prober(self.bundle)

    def explained(self, case: Case, **more: str) -> tuple[Decision, Explanation]:
        made = self.engine.decide(case.decision, case.facts, as_of=case.as_of)
        return made, self.explainer.explain(made, case.facts, **more)


@cache
def world(folder: str) -> World:
    return World(folder)


@pytest.fixture(params=FOLDERS)
def programme(request) -> World:
    return world(request.param)


def changed(case: Case, change: dict) -> tuple[dict, date]:
    """The facts and the day with one change made, by its address: without any of the code that found it."""
    facts, address = copy.deepcopy(dict(case.facts)), change["fact"]
    if address == "as_of":
        return facts, date.fromisoformat(change["to"])
    place, key = facts, address
    if "[" in address:
        items, rest = address.split("[", 1)
        wanted, key = rest.rsplit("].", 1)
        *folders, last = items.split(".")
        for folder in folders:
            place = place[folder]
        place = next(
            e
            for n, e in enumerate(place[last], 1)
            if wanted in (f"#{n}", *(str(e[k]) for k in ("id", "sku") if k in e))
        )
    *folders, last = key.split(".")
    for folder in folders:
        place = place.setdefault(folder, {})
    if change["to"] is None:
        del place[last]
    else:
        place[last] = change["to"]
    return facts, case.as_of


def test_each_change_leads_where_it_says_by_the_reference(programme):
    seen = 0
    for case in programme.cases:
        made, explained = programme.explained(case)
        told = json.loads(json.dumps(explained.changes.to_dict()))
        for change in [*told["found"], *([told["opens"]] if told["opens"] else [])]:
            facts, day = changed(case, change)
            again = decide(programme.bundle, case.decision, facts, day)
            assert (again.verdict, again.verdict_class) == (change["verdict"], change["class"]), (case.id, change)
            assert again.verdict != made.verdict
            seen += 1
    assert seen > len(programme.cases)


def flips(w: World, case: Case, made: Decision) -> Iterator[tuple[str, str]]:
    """The addresses and verdicts of all proposals that lead to another, settled verdict."""
    asked = Document(case.facts, case.as_of)
    for proposal in w.prober.proposals(case.decision, asked):
        if proposal.slot.use is Use.VERDICT:
            other = proposal.applied(asked)
            decided = w.engine.decide(case.decision, other.facts, as_of=other.as_of)
            if decided.verdict != made.verdict and decided.verdict_class != "undetermined":
                yield proposal.slot.address, decided.verdict


def test_no_fact_that_would_change_the_verdict_is_overlooked(programme):
    for case in programme.cases:
        made, explained = programme.explained(case)
        changes = explained.changes
        assert changes.complete
        found = set(flips(programme, case, made))
        addresses = {address for address, _ in found}
        told = [c.fact for c in changes.found]
        assert len(told) == len(set(told))
        assert {(c.fact, c.verdict) for c in changes.found} <= found
        if len(addresses) <= MOST_TOLD:
            assert set(told) == addresses, case.id
        else:
            assert len(told) in (MOST_TOLD, MOST_TOLD + 1)


def test_the_same_question_has_the_same_explanation(programme):
    with Explainer(programme.bundle) as other:
        for case in programme.cases[:10]:
            made, explained = programme.explained(case)
            assert json.dumps(explained.to_dict()) == json.dumps(other.explain(made, case.facts).to_dict())


# --- nearest first ---


def dispute(**more: object) -> dict:
    """A dispute that was opened three days late."""
    facts: dict = {
        "order": {"trade_assurance": True, "placed_on": "2025-01-10", "currency": "USD"},
        "payments": [{"amount": "1500 USD", "channel": "escrow"}],
        "contract": {"eta": "2025-03-25", "elements": ["color", "material"]},
        "delivery": {"delivered_on": "2025-03-20"},
        "evidence": {"kinds": ["photos", "spec_comparison"]},
        "claims": [{"id": "shade", "reason": "spec_mismatch", "attribute": "color", "amount": "2500 USD"}],
    }
    return facts | more


def ask(decision: str, facts: dict, day: str, **more: str) -> tuple[Decision, Explanation]:
    w = world("policies/trade_assurance")
    made = w.engine.decide(decision, facts, as_of=day)
    return made, w.explainer.explain(made, facts, **more)


def found(explained: Explanation) -> list[tuple[object, ...]]:
    return [(c.fact, c.after, c.onwards, c.verdict) for c in explained.changes.found]


def test_days_are_counted():
    _, explained = ask("coverage", dispute(), "2025-05-02")
    assert found(explained) == [
        ("delivery.delivered_on", "2025-03-23", "more", "covered"),
        ("dispute.opened_on", "2025-04-29", "less", "covered"),
        ("as_of", "2025-04-29", "less", "covered"),
        ("contract.eta", "2025-04-02", "more", "covered"),
    ]


def test_an_amount_is_told_to_the_cent_where_the_verdict_turns():
    order = {"total": "49999 USD", "currency": "USD"}
    facts = json.loads(Path("tests/explaining/ready.json").read_text()) | {"order": order}
    made, explained = ask("readiness", facts, "2025-01-05")
    assert made.verdict == "ready"
    assert found(explained)[0] == ("order.total", "50000.00 USD", "more", "not_ready")
    # A dollar is as near as a member: the others follow in the order of writing.
    assert found(explained)[1] == ("supplier.ta_badge", False, None, "not_ready")


def test_what_is_asked_for_comes_first_while_the_matter_is_open():
    facts = dispute(evidence={})
    made, explained = ask("coverage", facts, "2025-04-25")
    assert [m.fact for m in made.missing] == ["evidence.kinds"]
    assert explained.changes.found[0].fact == "evidence.kinds"
    _, towards = ask("coverage", facts, "2025-04-25", towards="covered")
    # No single kind of evidence is enough: a proof and the comparison are needed.
    assert found(towards)[0][3] == "covered"
    assert "spec_comparison" in found(towards)[0][1]


def test_of_an_amount_that_was_not_told_the_edge_is_told():
    facts = {"order": {"currency": "USD"}}
    _, explained = ask("split", facts, "2025-01-05")
    assert ("order.total", "49999.99 USD", "less", "single") in found(explained)


# --- none, towards, bounded ---


def test_two_reasons_cannot_be_cured_by_one_change():
    claim = {"id": "a", "reason": "customs_delay", "cause": "washing", "amount": "5 USD"}
    made, explained = ask("coverage", dispute(claims=[claim]), "2025-04-25")
    assert made.verdict == "not_covered"
    assert explained.changes.found == ()
    assert explained.changes.tried > 100
    told = explained.changes.told()
    assert told.startswith(
        f"No single change of a fact leads to another verdict ({explained.changes.tried} changes of "
    )


def test_a_change_that_only_opens_the_matter_is_told_as_such():
    made, explained = ask("coverage", {"order": {"trade_assurance": False}}, "2025-04-25")
    assert made.verdict == "not_covered"
    assert explained.changes.found == ()
    assert explained.changes.opens is not None
    assert (explained.changes.opens.fact, explained.changes.opens.verdict) == ("order.trade_assurance", "undetermined")
    assert "The nearest that leaves the matter open: Placed as a Trade" in explained.changes.told()
    assert "leaves the matter open" not in " ".join(explained.sentences)


def test_towards_a_verdict_and_towards_the_one_there_is():
    _, explained = ask("coverage", dispute(), "2025-04-25", towards="needs_evidence")
    assert {verdict for *_, verdict in found(explained)} == {"needs_evidence"}
    _, explained = ask("coverage", dispute(), "2025-04-25", towards="covered")
    assert (explained.changes.tried, explained.changes.told()) == (0, "The verdict is covered already.")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"towards": "coverd"}, "no verdict `coverd`"),
        ({"rule": "TA-LATE-CLAM"}, "no rule `TA-LATE-CLAM`"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(more, words):
    with pytest.raises(UnknownName, match=words) as caught:
        ask("coverage", dispute(), "2025-04-25", **more)
    assert caught.value.help.startswith("did you mean `")


def test_a_large_document_is_tried_less_and_says_so():
    claims = [{"id": str(n), "reason": "spec_mismatch", "attribute": "color"} for n in range(300)]
    _, explained = ask("coverage", dispute(claims=claims), "2025-04-25")
    assert not explained.changes.complete
    assert 0 < explained.changes.tried <= MOST_TRIED // 30
    assert "others were farther, and not tried" in explained.changes.told()
    rules = [r for r in explained.trace.rules if r.rule == "TA-SPEC"]
    assert len(rules) == MOST_ELEMENTS
