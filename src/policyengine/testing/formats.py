"""Results as text for people, as JSON, as JUnit XML and as GitHub annotations. Pure functions that give strings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from policyengine.testing.annotations import annotation, command, escaped
from policyengine.testing.model import NONE, Difference, Json, Outcome, Results, Status

# Everything that XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CASE = "no case was found, so nothing has been tested"

#: Failures of a bundle that are explained, unless all are asked for.
FIRST: Final = 3


def written(results: Sequence[Results], format_: str, explained: int | None = FIRST) -> str:
    """The results of several bundles in one of the formats ``text``, ``json``, ``junit`` and ``github``."""
    match format_:
        case "json":
            return _json_text({"bundles": [_bundle_json(r) for r in results]})
        case "junit":
            return as_junit(*results)
        case "github":
            return "".join(map(as_github, results))
        case _:
            return "".join(as_text(r, explained) for r in results)


def as_text(results: Results, explained: int | None = FIRST) -> str:
    """For people: faults, failures, the list of all cases that failed, and one line that counts.

    The first ``explained`` failures tell why; all of them for None.
    """
    failed = [o for o in results.outcomes if o.status is not Status.PASSED]
    most = len(failed) if explained is None else explained
    parts = [d.render() for d in results.diagnostics]
    parts += results.complaints
    parts += [outcome_text(o, why=n < most) for n, o in enumerate(failed)]
    if failed:
        parts.append("\n".join(["not passed:", *(f"  {_head(o)}" for o in failed)]))
    return "\n\n".join([*parts, summary(results)]) + "\n"


def summary(results: Results) -> str:
    """One line: how many cases passed, failed, could not be decided or read, are under review, were chosen or run."""
    counts = [f"{results.count(s)} {w}" for s, w in _COUNTED if results.count(s)]
    if results.faults:
        number = len(results.faults)
        counts.append(f"{number} {'fault' if number == 1 else 'faults'} in bundle or test files")
    if results.unread.told:
        counts.append(results.unread.told)
    if results.not_run:
        counts.append(f"{results.not_run} not run after the first failure")
    if results.under_review:
        counts.append(f"{results.under_review} under review")
    if results.selected < results.total:
        counts.append(f"{results.selected} of {results.total} cases selected")
    return f"{results.bundle}: {', '.join(counts) or _NO_CASE}"


_COUNTED = ((Status.PASSED, "passed"), (Status.FAILED, "failed"), (Status.ERROR, "could not be decided"))


def _head(outcome: Outcome) -> str:
    case = outcome.case
    review = " (under review)" if case.review else ""
    return f"{case.span.file.path}:{case.span.start.line}: {outcome.status}: {case.id}{review}"


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
    """For programs: an object with ``ok``, counts, diagnostics and every case that was run."""
    return _json_text(_bundle_json(results))


def _json_text(data: Json) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _bundle_json(results: Results) -> dict[str, Json]:
    return {
        "bundle": results.bundle,
        "ok": results.ok,
        "cases_found": results.total,
        "selected": results.selected,
        **{str(s): results.count(s) for s in Status},
        "not_run": results.not_run,
        "unread": {"files": results.unread.files, "cases": results.unread.cases},
        "under_review": results.under_review,
        "complaints": list(results.complaints),
        "diagnostics": [d.to_dict() for d in results.diagnostics],
        "cases": [o.to_dict() for o in results.outcomes],
    }


def as_junit(*results: Results) -> str:
    """JUnit XML: one suite for each test file, and one for what kept a bundle from being tested whole."""
    root = ET.Element("testsuites")
    for one in results:
        for path, outcomes in groupby(one.outcomes, lambda o: o.case.span.file.path):
            suite = _suite(root, path)
            for outcome in outcomes:
                _junit_case(suite, outcome)
            _count(suite)
        faults = list(_junit_faults(one))
        if faults:
            suite = _suite(root, one.bundle)
            for name, message, text in faults:
                test = ET.SubElement(suite, "testcase", classname="bundle", name=_xml(name))
                ET.SubElement(test, "error", message=_xml(message), type="fault").text = _xml(text)
            _count(suite)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(s.get(key, "0")) for s in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _junit_faults(results: Results) -> Iterator[tuple[str, str, str]]:
    """What is wrong besides cases that did not pass: a name, a sentence and the whole text for each."""
    yield from ((f.span.place, f.message, f.render()) for f in results.faults)
    yield from (("selection", c, c) for c in results.complaints)
    if not (results.ok or results.outcomes or results.faults or results.complaints):
        yield "cases", _NO_CASE, _NO_CASE
    if results.not_run:
        told = f"{results.not_run} not run after the first failure"
        yield "cases that were not run", told, told


def as_github(results: Results) -> str:
    """GitHub workflow commands: an annotation at the place of each fault and failure; then the line that counts."""
    lines = [annotation(d) for d in results.diagnostics]
    lines += [f"::error::{escaped(c)}" for c in results.complaints]
    failed = (o for o in results.outcomes if o.status is not Status.PASSED)
    lines += [command("error", o.case.span, o.case.id, outcome_text(o)) for o in failed]
    if not (results.ok or results.outcomes or results.faults or results.complaints):
        lines.append(f"::error::{escaped(summary(results))}")
    # A folder's name must not make a command of it.
    lines.append(escaped(summary(results)).replace("::", ": :"))
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


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
