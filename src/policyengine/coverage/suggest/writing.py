"""Suggested cases as YAML, and into files that may hold a person's cases: nothing of these is lost, or nothing done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from policyengine.diagnostics import Diagnostics
from policyengine.errors import PolicyEngineError
from policyengine.model.bundle import CheckedBundle
from policyengine.source import SourceFile
from policyengine.testing.cases import cases_in
from policyengine.testing.model import Case, Json

_HEAD: Final = """\
# Cases that were missing, with the answers of today. Nobody has looked at them yet. Of each that is right, say in
# `cites:` where that is written and take `review: true` away; correct what is wrong; delete what nobody needs.
kind: tests
decision: {decision}
cases:
"""
#: Texts that would be read as something else if they stood without quotes.
_QUOTED: Final = frozenset({"~", "null", "Null", "NULL", "-", ""})


class Suggested(NamedTuple):
    """A case to be written: its name, what is asked, and what the answer is today."""

    name: str
    as_of: date
    facts: Mapping[str, Json]
    expect: Mapping[str, Json]


class CannotAdd(PolicyEngineError):  # noqa: N818 - says what cannot be done
    """A file cannot take more cases without a change of what is in it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}; move that file elsewhere, or let `--suggest-into` name another folder")


def with_cases(path: Path, bundle: CheckedBundle, decision: str, made: Sequence[Suggested]) -> str:
    """The text of the file with the cases at its end; a new file if there is none.

    Both texts are read: what was there must be there as it was, and each new case mean what it says alone. Raises
    CannotAdd where that is not so.
    """
    there = path.exists()
    before = path.read_text(encoding="utf-8") if there else _HEAD.format(decision=decision)
    text = f"{before.rstrip()}\n{''.join(_case(s) for s in made)}"
    faults = Diagnostics()
    kept = _read(bundle, path, before, Diagnostics()) if there else ()
    found = _read(bundle, path, text, faults)
    new = found[len(kept) :]
    if (there and not kept) or len(new) != len(made) or list(map(_said, found[: len(kept)])) != list(map(_said, kept)):
        why = next((f": line {f.span.start.line}: {f.message}" for f in faults.sorted()), "")
        raise CannotAdd(f"cases cannot be added to the end of {path} without a change of what is in it{why}")
    if not all(_is(case, suggested, decision) for case, suggested in zip(new, made, strict=True)):
        raise CannotAdd(f"a case at the end of {path} would mean something else: other facts there hold for all cases")
    return text


def _read(bundle: CheckedBundle, path: Path, text: str, faults: Diagnostics) -> tuple[Case, ...]:
    return cases_in(bundle, SourceFile(str(path), text, path.name), faults)


def _said(case: Case) -> tuple[object, ...]:
    return (case.name, case.decision, case.as_of, case.facts, case.expected, case.cites, case.review)


def _is(case: Case, suggested: Suggested, decision: str) -> bool:
    asked = (case.name, case.decision, case.as_of, case.review, case.facts)
    return asked == (suggested.name, decision, suggested.as_of, True, suggested.facts)


def _case(case: Suggested) -> str:
    """One item of the list of cases; each fact of the top and each expectation on lines of its own."""
    lines = [f"  - name: {_flow(case.name)}", "    review: true", f"    as_of: {case.as_of.isoformat()}"]
    lines += _entries("facts", case.facts) if case.facts else ["    facts: {}"]
    lines += _entries("expect", case.expect)
    return "".join(f"{line}\n" for line in lines)


def _entries(key: str, data: Mapping[str, Json]) -> list[str]:
    return [f"    {key}:", *(f"      {_flow(name)}: {_flow(value)}" for name, value in data.items())]


def _flow(data: Json) -> str:
    """A value on one line."""
    text = yaml.dump(data, Dumper=_Dumper, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


class _Dumper(yaml.SafeDumper):
    """Every scalar stands as the text that the reader of cases takes it for, in quotes only where YAML needs them."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's
        """Each value is written out, however often it comes."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, value, style="'" if value in _QUOTED else None)


def _number(dumper: yaml.SafeDumper, value: int) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, str(value))


def _truth(dumper: yaml.SafeDumper, value: bool) -> yaml.ScalarNode:  # noqa: FBT001 - a value
    return dumper.represent_scalar(_TEXT, str(value).lower())


_TEXT: Final = "tag:yaml.org,2002:str"
_Dumper.add_representer(str, _text)
_Dumper.add_representer(int, _number)
_Dumper.add_representer(bool, _truth)
# Nothing is taken for a number, a date or a truth: there are only texts here.
_Dumper.yaml_implicit_resolvers = {}
