"""From a bundle's test files to typed cases, or to every fault of them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.bundle_files import TESTS
from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.frontend.schema import check_schema
from policyengine.frontend.yaml_reader import read_document, read_source, read_test_files
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact
from policyengine.packing.opening import open_bundle
from policyengine.source import SourceFile, Span
from policyengine.testing.case_facts import Entry, Facts, FactsReader, ids_of, nested
from policyengine.testing.expectations import ExpectationReader, elements_named
from policyengine.testing.folders import SUFFIX
from policyengine.testing.known_words import KnownWords, unknown
from policyengine.testing.model import Case, Expected, Unread
from policyengine.testing.tables import TableReader
from policyengine.values.types import DATE


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """What the test files of a bundle give, and what the faulty ones among them keep back."""

    cases: tuple[Case, ...]
    unread: Unread


def read_cases(bundle: CheckedBundle, folder: str | Path, sink: Diagnostics) -> tuple[Case, ...]:
    """Every case below ``tests/`` of the bundle in ``folder``, or packed file.

    A file with a fault, told in ``sink``, gives none.
    """
    return read_case_files(bundle, folder, sink).cases


def read_case_files(bundle: CheckedBundle, folder: str | Path, sink: Diagnostics) -> CaseFiles:
    """The same, with how many cases the files with a fault hold."""
    cases: list[Case] = []
    unreadable = Diagnostics()
    files = open_bundle(Path(folder), unreadable)
    documents = read_test_files(files, unreadable) if files else []
    _pass_on(unreadable, sink)
    # A file that is no YAML has no document, so nobody can count its cases.
    broken = dict.fromkeys((fault.span.file.path for fault in unreadable), 0)
    for file, document in documents:
        faults = Diagnostics()
        found = _cases_of(bundle, document, faults)
        _pass_on(faults, sink)
        if file.path in broken or faults.failed:
            broken[file.path] = _written(document)
        else:
            cases += found
    return CaseFiles(tuple(cases), Unread(len(broken), sum(broken.values())))


def _written(document: Mapping) -> int:
    """How many cases stand in a file, whatever is wrong with it: its cases, and each row of its tables."""
    cases, tables = document.get("cases"), _items(document.get("tables"))
    rows = [table.get("rows") for table in tables]
    return sum(len(found.items) for found in (cases, *rows) if isinstance(found, Sequence))


def read_file(bundle: CheckedBundle, path: Path, shown: str, relative: str, sink: Diagnostics) -> tuple[Case, ...]:
    """The cases of one file, shown to people as ``shown``; ``relative`` is its path inside the bundle."""
    file = read_source(path, shown, relative, sink)
    return cases_in(bundle, file, sink) if file else ()


def cases_in(bundle: CheckedBundle, file: SourceFile, sink: Diagnostics) -> tuple[Case, ...]:
    """The cases of one test file; none when it has a fault, each of which goes into ``sink``."""
    unreadable = Diagnostics()
    document = read_document(file, unreadable)
    _pass_on(unreadable, sink)
    cases = _cases_of(bundle, document, sink) if document else ()
    return () if unreadable.failed else cases


def _cases_of(bundle: CheckedBundle, document: Mapping, sink: Diagnostics) -> tuple[Case, ...]:
    faults = Diagnostics()
    kind = check_schema(document, faults)
    cases: tuple[Case, ...] = ()
    if kind == TESTS:
        cases = _FileReader(bundle, document, faults).read()
    elif kind is not None:
        message = f"a file of kind `{kind}` cannot stand among the tests"
        faults.error("schema/kind", message, document.span, "test files are of kind `tests`")
    _pass_on(faults, sink)
    return () if faults.failed else cases


def _pass_on(faults: Diagnostics, sink: Diagnostics) -> None:
    for fault in faults:
        sink.add(fault)


def stem_of(path: str) -> str:
    """What the ids of a file's cases begin with: ``tests/more/late.test.yaml`` gives ``more/late``."""
    parts = PurePosixPath(path).parts
    inside = parts[len(parts) - parts[::-1].index(TESTS) :] if TESTS in parts[:-1] else parts[-1:]
    return "/".join(inside).removesuffix(SUFFIX)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a case, a table or a file says besides its name: laid over what stands below it."""

    facts: Facts
    as_of: date | None
    cites: tuple[str, ...] = ()


class _FileReader:
    """Reads one file of kind ``tests`` whose shape has been checked."""

    def __init__(self, bundle: CheckedBundle, document: Mapping, sink: Diagnostics) -> None:
        self.bundle, self.document, self.sink = bundle, document, sink
        self.facts = FactsReader(bundle, sink)
        self.stem = stem_of(document.span.file.relative or document.span.file.path)
        self._names: dict[str, Span] = {}

    def read(self) -> tuple[Case, ...]:
        """The cases in the order of writing; single ones first."""
        decision = self.document.get("decision")
        spec = self.bundle.decisions.get(_text(decision))
        if spec is None:
            if decision:
                unknown(self.sink, "decision", _text(decision), decision.span, self.bundle.decisions)
            return ()
        self.decision = spec.name
        self.expectations = ExpectationReader(KnownWords(self.bundle, spec), self.facts)
        self.bases = {key.text: self.facts.read(node) for key, node in _entries(self.document.get("bases"))}
        file = _Frame(self.facts.read(self.document.get("facts")), self._day(self.document.get("as_of")))
        return (*self._cases(file), *self._tables(file))

    def _cases(self, file: _Frame) -> Iterator[Case]:
        for node in _items(self.document.get("cases")):
            name = node.get("name")
            if isinstance(name, Scalar):
                expected = self.expectations.read(node.get("expect"))
                review = _text(node.get("review")) == "true"
                yield from self._case(name.text, name.span, self._frame(node, file), expected, review=review)

    def _tables(self, file: _Frame) -> Iterator[Case]:
        reader = TableReader(self.expectations)
        for node in _items(self.document.get("tables")):
            frame = self._frame(node, file)
            for number, row in enumerate(reader.rows(node), 1):
                name = f"{_text(node.get('name'))} [{row.name.text if row.name else number}]"
                day = self._day(row.as_of) if row.as_of else frame.as_of
                own = _Frame(row.facts.over(frame.facts), day, frame.cites)
                yield from self._case(name, row.name.span if row.name else row.span, own, row.expected)

    def _case(
        self, name: str, span: Span, frame: _Frame, expected: tuple[Expected, ...], *, review: bool = False
    ) -> Iterator[Case]:
        if name in self._names:
            help_ = f"first used at line {self._names[name].start.line}"
            self.sink.error("tests/duplicate-name", f"two cases are called `{name}`", span, help_)
        self._names.setdefault(name, span)
        if frame.as_of is None:
            help_ = "add it to the case or, for all cases, to the file"
            self.sink.error("schema/missing-key", f"case `{name}` has no `as_of`", span, help_)
            return
        if not name.strip():
            self.sink.error("tests/expectation", "this case has no name to be known by", span, "say what it shows")
        given = frame.facts.given()
        self._elements_are_there(given, expected)
        yield Case(
            id=f"{self.stem}::{name}",
            name=name,
            decision=self.decision,
            as_of=frame.as_of,
            facts=nested(given.values()),
            expected=expected,
            cites=frame.cites,
            review=review,
            span=span,
            places={place: at for name_, e in given.items() for place, at in ((name_, e.span), *e.within.items())},
        )

    def _elements_are_there(self, given: Mapping_[str, Entry], expected: tuple[Expected, ...]) -> None:
        """Complain of expectations about elements that the case does not have: ``none`` would always be met."""
        items = self.bundle.lists.get(self.bundle.decisions[self.decision].each or "")
        if items is None or not any(e.key in ("elements", "deadlines") for e in expected):
            return
        known = ids_of(given[items.name].value if items.name in given else None, items)
        for one in expected:
            for named in elements_named(one):
                if known is not None and named not in known:
                    help_ = did_you_mean(named, known) or f"`{items.name}` of this case: {', '.join(known) or 'none'}"
                    self.sink.error("names/unknown", f"unknown element `{named}`", one.span, help_)

    def _frame(self, node: Mapping, file: _Frame) -> _Frame:
        """What a case or a table says: its facts over its base over the file's."""
        facts = self.facts.read(node.get("facts")).over(self._base(node.get("base")).over(file.facts))
        cites = node.get("cites")
        statements = tuple(_text(c) for c in cites.items) if isinstance(cites, Sequence) else ()
        day = node.get("as_of")
        return _Frame(facts, self._day(day) if day else file.as_of, statements)

    def _base(self, node: Node | None) -> Facts:
        if node is None:
            return Facts()
        if _text(node) not in self.bases:
            unknown(self.sink, "base", _text(node), node.span, self.bases)
        return self.bases.get(_text(node), Facts())

    def _day(self, node: Node | None) -> date | None:
        if node is None:
            return None
        day = self.facts.typed(node, Fact(name="as_of", type=DATE, span=node.span))
        # A day that cannot be read has been complained about; any other keeps the case from a second complaint.
        return day if isinstance(day, date) else date.max


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _items(node: Node | None) -> Iterator[Mapping]:
    yield from (item for item in (node.items if isinstance(node, Sequence) else ()) if isinstance(item, Mapping))


def _entries(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    return node.entries if isinstance(node, Mapping) else ()
