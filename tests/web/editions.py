"""A bundle in numbered editions, which say their number in several places: an answer from a mixture would show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx

BUNDLE = "editions"
DECIDE = f"/v1/bundles/{BUNDLE}/decisions/number"
#: What breaks a bundle, each in another stage: YAML, shape, names.
BREAKS = ("kind: parameters\nparameters: [", "kind: parametres\n", "kind: parameters\nparameters: {}\n")


def write(folder: Path, number: int) -> None:
    """The files of an edition. Its number is in the version, a parameter, a message, a rule's id and the verdict."""
    verdict = "even" if number % 2 == 0 else "odd"
    files = {
        "bundle.yaml": f"""\
kind: bundle
bundle: {BUNDLE}
title: Editions of a bundle
version: 0.0.{number}
decisions:
  number:
    title: Which edition answers
    verdicts: {{refused_{verdict}: refused, granted_{verdict}: granted}}
    steps: [promised]
    otherwise:
      document: {{verdict: refused_{verdict}, id: NONE, because: Nothing applies., source: 'Line 1'}}
    report: [edition]
""",
        "facts.yaml": "kind: facts\nfacts:\n  case.size: {type: integer, title: How large it is}\n",
        "parameters.yaml": f"""\
kind: parameters
parameters:
  edition: {{type: integer, title: Edition, value: {number}}}
""",
        "rules.yaml": f"""\
kind: coverage
decision: number
policies:
  promised:
    title: What is promised
    rules:
      - id: E-{number}
        verdict: granted_{verdict}
        when: {{case.size: '>= {number}'}}
        because: Edition {number} grants it.
        source: 'Line {number}'
""",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        replace(folder / name, text)


def damage(folder: Path, how: int) -> None:
    """Break the bundle in the folder."""
    replace(folder / "parameters.yaml", BREAKS[how % len(BREAKS)])


def replace(path: Path, text: str) -> None:
    """Write a file in one step."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    os.replace(new, path)  # noqa: PTH105 - as a deployment does it


def number_of(decision: dict[str, Any]) -> int:
    """The edition that made this full decision. Fails when parts of it come from different editions."""
    number = decision["values"]["edition"]
    verdict = "granted" if decision["class"] == "granted" else "refused"
    (reason,) = decision["reasons"]
    assert decision["bundle"]["version"] == f"0.0.{number}", decision
    assert decision["verdict"] == f"{verdict}_{'even' if number % 2 == 0 else 'odd'}", decision
    assert verdict == "refused" or reason["rule"] == f"E-{number}", decision
    assert verdict == "refused" or reason["message"] == f"Edition {number} grants it.", decision
    return number


def ask(client: httpx.Client, size: int = 10**6) -> tuple[int, str]:
    """Ask once: the edition that answered, and its digest. Fails for an answer that is no answer, or a mixture."""
    answer = client.post(DECIDE, json={"facts": {"case": {"size": size}}, "as_of": "2025-06-01"})
    assert answer.status_code == 200, answer.text
    decision = answer.json()["decision"]
    assert decision["bundle"]["digest"] == answer.headers["Policy-Bundle-Digest"]
    assert decision["class"] == ("granted" if size >= decision["values"]["edition"] else "refused"), decision
    return number_of(decision), decision["bundle"]["digest"]


def ask_batch(client: httpx.Client, count: int = 5) -> tuple[int, str]:
    """Ask many at once; all of them are answered by one edition."""
    items = [{"facts": {"case": {"size": size}}} for size in [0, 10**6] * count]
    answer = client.post(f"{DECIDE}/batch", json={"items": items})
    assert answer.status_code == 200, answer.text
    decisions = [item["decision"] for item in answer.json()["items"]]
    (found,) = {(number_of(d), d["bundle"]["digest"]) for d in decisions}
    assert found[1] == answer.headers["Policy-Bundle-Digest"]
    return found


def ask_short(client: httpx.Client) -> tuple[int, str]:
    """Ask for the outcome only: its rule names the edition, its header the digest."""
    body = {"facts": {"case": {"size": 10**6}}, "answer": "short"}
    answer = client.post(DECIDE, json=body)
    assert answer.status_code == 200, answer.text
    decision = answer.json()["decision"]
    number = int(decision["rules"][0].removeprefix("E-"))
    assert decision["verdict"] == f"granted_{'even' if number % 2 == 0 else 'odd'}", decision
    return number, answer.headers["Policy-Bundle-Digest"]
