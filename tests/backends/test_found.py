"""Differences between the engine and the reference that were found once, each as a bundle of its own."""

from __future__ import annotations

from datetime import date

from policyengine import Engine, load_bundle, reference

DAY = date(2025, 1, 1)


def both(folder, facts):
    """The verdicts of the engine and of the reference, and whether they agree on everything else."""
    bundle = load_bundle(folder)
    with Engine(bundle) as engine:
        ours, theirs = engine.decide("d", facts, as_of=DAY), reference.decide(bundle, "d", facts, DAY)
    assert ours.to_dict() == theirs.to_dict()
    return ours.verdict


def bundle(folder, **files):
    head = """\
        kind: bundle
        bundle: found
        title: Found
        version: 1.0.0
        decisions:
          d:
            title: D
            verdicts: {refused: refused, granted: granted}
            steps: [p]
            otherwise: {document: {verdict: granted}}
    """
    for name, text in {"bundle": head, **files}.items():
        lines = text.splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        (folder / f"{name}.yaml").write_text("\n".join(line[indent:] for line in lines) + "\n", "utf-8")
    return folder


def test_whether_an_unknown_value_is_in_an_empty_set_is_unknown(tmp_path):
    folder = bundle(
        tmp_path,
        facts="""\
            kind: facts
            types: {colour: {enum: [red, blue]}}
            facts: {order.colour: {type: enum, of: colour}}
        """,
        values="""\
            kind: parameters
            parameters:
              warm: {type: set, of: colour, value: [red]}
              cold: {type: set, of: colour, value: [blue]}
        """,
        rules="""\
            kind: exclusions
            decision: d
            definitions: {both: {type: set, of: colour, is: 'common(warm, cold)'}}
            policies: {p: {rules: [{id: R-1, when: {order.colour: in both}, because: In both.}]}}
        """,
    )
    assert both(folder, {}) == "undetermined"
    assert both(folder, {"order": {"colour": "red"}}) == "granted"
