"""What an edit changes in words: a pair of bundles for every kind of change."""

from __future__ import annotations

import pytest
from tests.impact.library import EDITS, FILES, Edit, write

from policyengine import load_bundle
from policyengine.impact.structure.bundles import compare_bundles
from policyengine.impact.structure.change import Weight


@pytest.fixture
def told(library, tmp_path):
    """All that is told of some edits."""

    def tell(*edits: Edit) -> list[str]:
        changes = compare_bundles(library, load_bundle(write(tmp_path / "new", *edits)))
        return [f"{c.weight}: {c.sentence} ({c.old_at} → {c.new_at})" for c in changes]

    return tell


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_told_in_full(told, name):
    edits, expected = EDITS[name]
    assert told(*edits) == expected


@pytest.mark.parametrize("name", EDITS)
def test_the_way_back_is_a_change_too(library, tmp_path, name):
    new = load_bundle(write(tmp_path, *EDITS[name][0]))
    there, back = compare_bundles(library, new), compare_bundles(new, library)
    assert {c.weight for c in there} == {c.weight for c in back}


@pytest.mark.parametrize(
    "edit",
    [
        ("payout.yaml", "steps: [{limits", "steps:   [{limits"),
        ("exclusions.yaml", "more than 10", "'> 10'"),
        ("exclusions.yaml", "{book.state: wet, ", "{all: [{book.state: wet}], "),
        ("exclusions.yaml", "[late, torn]", "[torn, late]"),
        ("cover.yaml", "kind: coverage", "# A comment.\n\nkind: coverage"),
        ("cover.yaml", "id: LI-TORN, when: {where: is_torn}", "when: {where: is_torn}, id: LI-TORN"),
        ("parameters.yaml", "value: 40 days", "value: '40 days'"),
        ("definitions.yaml", "sum(books.deposit)", "sum( books . deposit )"),
        ("bundle.yaml", "  boxes:\n", "\n  # boxes\n  boxes:\n"),
        ("facts.yaml", "max: 100", "max: 100.0"),
    ],
    ids=lambda edit: edit[1].strip()[:30],
)  # fmt: skip
def test_layout_and_order_mean_nothing(told, edit):
    assert told(edit) == []


def test_the_order_of_conditions_means_nothing(told):
    when, turned = "book.state: wet, member.weight: more than 10", "member.weight: more than 10, book.state: wet"
    assert told(("exclusions.yaml", when, turned)) == []


def test_files_may_be_moved_and_joined(library, tmp_path):
    folder = write(tmp_path / "new")
    (folder / "cover.yaml").rename(folder / "aaa.yaml")
    (folder / "more").mkdir()
    (folder / "window.yaml").rename(folder / "more" / "window.yaml")
    assert compare_bundles(library, load_bundle(folder)) == ()


def test_a_moved_rule_names_both_steps(told):
    rule = "      - {id: LI-TORN, when: {where: is_torn}, because: It is torn.}\n"
    moved = ("cover.yaml", rule, f"  more:\n    each: book\n    rules:\n{rule}")
    steps = ("bundle.yaml", "papers, cover]", "more, papers, cover]")
    assert told(moved, steps) == [
        (
            "meaning: rule LI-TORN of refund: moved from step 4 of 4 (policy cover) to step 3 of 5 (policy more)"
            " (cover.yaml:8 → cover.yaml:11)"
        )
    ]


def test_a_policy_that_only_has_another_name_means_the_same(told):
    named = ("cover.yaml", "  cover:\n", "  covered:\n"), ("bundle.yaml", "papers, cover]", "papers, covered]")
    assert told(*named) == ["wording: policy covered of refund: is the new name of `cover` (None → None)"]


def test_a_policy_split_inside_its_step_means_the_same(told):
    rule = "      - {id: LI-TORN, when: {where: is_torn}, because: It is torn.}\n"
    moved = ("cover.yaml", rule, f"  more:\n    each: book\n    rules:\n{rule}")
    found = told(moved, ("bundle.yaml", "papers, cover]", "papers, [cover, more]]"))
    assert [line.partition(":")[0] for line in found] == ["wording"]


def test_editions_of_a_rule_are_matched_by_what_they_say(tmp_path):
    first = "      - {id: LI-ED, when: {book.state: wet}, in_force: {before: 2024-01-01}, because: Wet.}\n"
    second = "      - {id: LI-ED, when: {book.state: torn}, in_force: {from: 2024-01-01}, because: Torn.}\n"
    both = load_bundle(write(tmp_path / "both", ("cover.yaml", "    rules:\n", f"    rules:\n{first}{second}")))
    one = load_bundle(write(tmp_path / "one", ("cover.yaml", "    rules:\n", f"    rules:\n{second}")))
    (change,) = compare_bundles(both, one)
    assert (change.aspect, change.old_at, change.new_at) == ("removed", "cover.yaml:7", None)


def test_wording_is_told_apart_from_meaning(library, tmp_path):
    folder = write(
        tmp_path,
        ("window.yaml", "was the last day", "was the very last day"),
        ("window.yaml", "title: In time", "title: Back in time"),
        ("window.yaml", "source: rules 1", "source: rules 1b"),
        ("bundle.yaml", "title: Lending library", "title: The lending library"),
        ("facts.yaml", "unit: kg", "unit: kilogram"),
    )
    changes = compare_bundles(library, load_bundle(folder))
    assert {c.weight for c in changes} == {Weight.WORDING}
    assert [c.aspect for c in changes] == ["title", "unit", "message", "title", "source"]


def test_one_text_about_several_things_is_in_the_plural(library, tmp_path):
    new = "facts:\n  loan.note: {type: text}\n  loan.mark: {type: text}\n  loan.day"
    more = load_bundle(write(tmp_path, ("facts.yaml", "facts:\n  loan.day", new)))
    assert [c.sentence for c in compare_bundles(library, more)] == ["facts loan.note, loan.mark: are new: text"]
    assert [c.sentence for c in compare_bundles(more, library)] == [
        "facts loan.note, loan.mark: are gone; they were text"
    ]


def test_every_file_of_the_library_is_edited():
    assert {edit[0] for edits, _ in EDITS.values() for edit in edits} == {f for f in FILES if not f.startswith("tests")}
