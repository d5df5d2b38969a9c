"""Results as text for people, as JSON, as JUnit XML and as GitHub annotations. Pure functions that give strings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from policyengine.diagnostics import Diagnostic
from policyengine.testing.annotations import annotation, command, escaped
from policyengine.testing.model import NONE, Difference, Json, Outcome, Results, Status

# Everything that XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CASE = "no case was found, so nothing has been tested"


#: Failures of a bundle that are explained, unless all are asked for.
FIRST: Final = 3


def as_text(results: Results, explained: int | None = FIRST) -> str:
    """For people: faults, failures, the list of all cases that failed, and one line that counts.

    The first ``explained`` failures tell why; all of them for None.
    """
    failed = [o for o in results.outcomes if o.status is not Status.PASSED]
    most = len(failed) if explained is None else explained
    parts = [d.render() for d in results.diagnostics]
    parts += [outcome_text(o, why=n < most) for n, o in enumerate(failed)]
    if failed:
        parts.append("\n".join(["not passed:", *(f"  {_head(o)}" for o in failed)]))
    return "\n\n".join([*parts, summary(results)]) + "\n"


def summary(results: Results) -> str:
    """One line: how many cases passed, failed, and could not be decided."""
    counts = [f"{results.count(s)} {w}" for s, w in _COUNTED if results.count(s)]
    if results.faults:
        number = len(results.faults)
        counts.append(f"{number} {'fault' if number == 1 else 'faults'} in bundle or test files")
    review = sum(o.case.review for o in results.outcomes)
    # They are run like any other, but nobody has said yet that what they expect is right.
    told = f" ({review} under review)" if review else ""
    return f"{results.bundle}: {', '.join(counts) or _NO_CASE}{told}"


_COUNTED = ((Status.PASSED, "passed"), (Status.FAILED, "failed"), (Status.ERROR, "could not be decided"))


def _head(outcome: Outcome) -> str:
    case = outcome.case
    review = " (under review)" if case.review else ""
    return f"{case.span.file.path}:{case.span.start.line}: {outcome.status}{review}: {case.id}"


def outcome_text(outcome: Outcome, *, why: bool = True) -> str:
    """A case that did not pass: where it is, what differs first, then ``why`` the answer is as it is."""
    case = outcome.case
    lines = [_head(outcome)]
    if case.cites:
        lines.append(f"  tests {', '.join(case.cites)}")
    lines += [f"  {line}" for line in outcome.error.splitlines()]
    lines += [f"  {line}" for d in outcome.differences for line in difference_lines(d)]
    if why and outcome.explanation:
        lines += ["  why:", *(f"    {line}" for line in outcome.explanation)]
    return "\n".join(lines)


def difference_lines(difference: Difference) -> Iterator[str]:
    """What was expected and what came out, and of lists what is lacking and what is too much."""
    want, got = difference.expected, difference.actual
    at = f"line {difference.span.start.line}"
    if difference.engine:
        yield f"{difference.key}: {difference.engine} and the reference do not agree"
        yield f"  {'reference:':<10} {_said(want)}"
        yield f"  {difference.engine + ':':<10} {_said(got)}"
    elif difference.key == "absent_reasons":
        yield f"absent_reasons: {_said(got)} must not be there ({at})"
    else:
        yield f"{difference.key}: ({at})"
        yield f"  expected: {_said(want)}"
        yield f"  actual:   {_said(got)}"
        if isinstance(want, list) and isinstance(got, list):
            yield from _unmatched("lacking: ", [w for w in want if w not in got])
            yield from _unmatched("too much:", [g for g in got if g not in want])


def as_json(results: Results) -> str:
    """For programs: an object with ``ok``, counts, diagnostics and every case."""
    data: dict[str, Json] = {
        "bundle": results.bundle,
        "ok": results.ok,
        **{str(s): results.count(s) for s in Status},
        "diagnostics": [d.to_dict() for d in results.diagnostics],
        "cases": [o.to_dict() for o in results.outcomes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def as_junit(results: Results) -> str:
    """JUnit XML: one suite for each test file, and one for what kept files from being read."""
    root = ET.Element("testsuites", name=_xml(results.bundle))
    for path, outcomes in groupby(results.outcomes, lambda o: o.case.span.file.path):
        suite = _suite(root, path)
        for outcome in outcomes:
            _junit_case(suite, outcome)
        _count(suite)
    faults = results.faults or (() if results.outcomes else (None,))
    if faults:
        suite = _suite(root, results.bundle)
        for fault in faults:
            _junit_fault(suite, fault)
        _count(suite)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(s.get(key, "0")) for s in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def as_github(results: Results) -> str:
    """GitHub workflow commands: an annotation at the place of each fault and failure; empty when all is well."""
    lines = [annotation(d) for d in results.diagnostics]
    failed = (o for o in results.outcomes if o.status is not Status.PASSED)
    lines += [command("error", o.case.span, o.case.id, outcome_text(o)) for o in failed]
    if not results.outcomes and not results.faults:
        lines.append(f"::error::{escaped(summary(results))}")
    return "".join(f"{line}\n" for line in lines)


def _said(value: Json) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_said(v) for v in value)}]"
    if isinstance(value, str):
        return value
    return NONE if value is None else json.dumps(value, ensure_ascii=False)


def _unmatched(what: str, values: list[Json]) -> Iterator[str]:
    if values:
        yield f"  {what} {', '.join(_said(v) for v in values)}"


def _suite(root: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=_xml(name), tests="0", failures="0", errors="0", skipped="0")


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))


def _junit_case(suite: ET.Element, outcome: Outcome) -> None:
    case, place = outcome.case, outcome.case.span
    classname = case.id.removesuffix(f"::{case.name}")
    test = ET.SubElement(suite, "testcase", classname=_xml(classname), name=_xml(case.name))
    test.set("file", _xml(place.file.path))
    test.set("line", str(place.start.line))
    if outcome.status is not Status.PASSED:
        tag = "failure" if outcome.status is Status.FAILED else "error"
        first = ", ".join(d.key for d in outcome.differences) or outcome.error.splitlines()[0]
        ET.SubElement(test, tag, message=_xml(first), type=str(outcome.status)).text = _xml(outcome_text(outcome))


def _junit_fault(suite: ET.Element, fault: Diagnostic | None) -> None:
    name, text = (fault.span.place, fault.render()) if fault else ("cases", _NO_CASE)
    test = ET.SubElement(suite, "testcase", classname="bundle", name=_xml(name))
    ET.SubElement(test, "error", message=_xml(fault.message if fault else _NO_CASE), type="fault").text = _xml(text)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
