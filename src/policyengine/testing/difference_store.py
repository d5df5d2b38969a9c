"""Differences between engines, kept as files of test cases: the facts, and the reference's answer to be expected."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import yaml

from policyengine.diagnostics import Diagnostics
from policyengine.engine.referee import Difference
from policyengine.frontend.schema_tests import EXPECTATIONS
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.source import SourceFile
from policyengine.testing.cases import cases_in
from policyengine.testing.compare import actual
from policyengine.testing.folders import SUFFIX
from policyengine.testing.model import UNKNOWN, Json

_log = logging.getLogger(__name__)

#: Files that a folder is filled with at most.
MOST_FILES: Final = 100
# What has no form to be taken from an answer, or not always: these are left out or written here.
_OTHERWISE: Final = ("absent_reasons", "deadlines", "parts", "values")


class DifferenceStore:
    """A folder of differences, one file for each, in the format of ``tests/*.test.yaml``.

    The folder is made when the first one comes. It, and the files in it, are for their owner's eyes only: the facts
    may be personal data. Several processes may share it. At :data:`MOST_FILES` no more are written until some have
    been taken away. Nothing that goes wrong here is raised; it is logged once.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._complained = False

    def __call__(self, difference: Difference) -> str | None:
        """Keep a difference, once; the path of its file, or None if it is not kept."""
        try:
            text = case_text(difference)
            path = self.folder / f"{difference.bundle.id}-{difference.decision}-{_digest(difference)}{SUFFIX}"
            if path.exists():
                return str(path)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(1 for _ in self.folder.glob(f"*{SUFFIX}")) >= MOST_FILES:
                self._complain(f"{self.folder} holds {MOST_FILES} differences, and no more are written")
                return None
            _write(path, text)
        except Exception as e:  # noqa: BLE001 - keeping facts must never cost an answer
            reason = e.strerror if isinstance(e, OSError) else None
            self._complain(f"differences cannot be kept in {self.folder}: {reason or type(e).__name__}")
            return None
        return str(path)

    def _complain(self, what: str) -> None:
        if not self._complained:
            self._complained = True
            _log.error(what)


def case_text(difference: Difference) -> str:
    """The difference as a file of one test case, which expects the reference's whole answer.

    What a case cannot say is left out: then only the verdict is expected.
    """
    whole = _file_text(difference, _expectations(difference.expected))
    if _can_be_read(whole, difference.bundle):
        return whole
    return _file_text(difference, {"verdict": difference.expected.verdict})


def _file_text(difference: Difference, expected: Mapping[str, Json]) -> str:
    bundle, found = difference.bundle, difference.found
    case = {
        "name": f"engines differ {_digest(difference)}",
        "review": True,
        "facts": _plain(difference.facts),
        "expect": dict(expected),
    }
    data = {
        "kind": "tests",
        "decision": difference.decision,
        "as_of": difference.as_of.isoformat(),
        "cases": [case],
    }
    version = " ".join(bundle.version.split())  # any text, also one of several lines
    head = f"# {found}.\n# What is expected is the reference's answer, by version {version} of `{bundle.id}`.\n"
    return head + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _expectations(decision: Decision) -> dict[str, Json]:
    """All that a case can expect of an answer, with the reference's."""
    found = {key: actual(decision, key) for key in EXPECTATIONS if key not in _OTHERWISE}
    found["deadlines"] = {_deadline_key(d.rule, d.element): d.day.isoformat() for d in decision.deadlines}
    if decision.split is not None:
        found["parts"] = decision.split.parts
    # A sum whose currency is not known cannot be written; a value that is left out is not looked at.
    found["values"] = {
        name: UNKNOWN if value is None else value
        for name, value in decision.values.items()
        if not (isinstance(value, Mapping) and None in value.values())
    }
    return {key: value for key, value in found.items() if value != {}}


def _deadline_key(rule: str, element: str | None) -> str:
    return rule if element is None else f"{rule}[{element}]"


def _can_be_read(text: str, bundle: CheckedBundle) -> bool:
    sink = Diagnostics()
    return bool(cases_in(bundle, SourceFile("kept", text, f"kept{SUFFIX}"), sink)) and not sink.failed


def _plain(given: object) -> Json:
    """Facts as a case writes them: what is null is left out, and numbers with a fraction are text."""
    match given:
        case Mapping():
            return {str(k): _plain(v) for k, v in given.items() if v is not None}
        case list() | tuple() | set() | frozenset():
            return [_plain(v) for v in given]
        case Decimal():
            return format(given, "f")
        case date():
            return given.isoformat()
        case _:
            return given


def _digest(difference: Difference) -> str:
    """Alike for the same bundle, decision, day and facts."""
    asked = [difference.bundle.digest, difference.decision, difference.as_of.isoformat(), _plain(difference.facts)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all; another thread or process may be writing the same one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class _Dumper(yaml.SafeDumper):
    """Writes all text in quotes, so that nothing is taken for a number, a day or a null, and no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Dumper.add_representer(str, _quoted)
