"""Which cases are run: those that are named by place, text, rule or decision. A choice that finds nothing says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from policyengine.diagnostics import did_you_mean
from policyengine.testing.involved import involving
from policyengine.testing.model import Case, Suite
from policyengine.testing.reachability import all_ids


@dataclass(frozen=True, slots=True)
class Place:
    """A file of cases as it was named: whole, or with a line of it, or with the name of a case or table in it."""

    said: str
    path: Path
    line: int | None = None
    name: str | None = None

    def chosen(self, cases: Sequence[Case]) -> list[Case]:
        """The cases of this place."""
        here = [c for c in cases if _same(c.span.file.path, self.path)]
        if self.name is not None:
            return [c for c in here if c.name == self.name or c.name.startswith(f"{self.name} [")]
        if self.line is None:
            return here
        if here and self.line > _last_line(here[0]):
            return []
        above = [c for c in here if c.span.start.line <= self.line]
        last = max((c.span.start.line for c in above), default=None)
        return [c for c in above if c.span.start.line == last]

    def lacking(self, cases: Sequence[Case]) -> str:
        """The sentence that there is no case here, and what there is."""
        here = [c for c in cases if _same(c.span.file.path, self.path)]
        if not here:
            return f"`{self.said}` holds no case"
        first = min(here, key=lambda c: c.span.start.line)
        if self.line is not None and self.line > _last_line(first):
            return f"no case stands at `{self.said}`; the file ends at line {_last_line(first)}"
        if self.line is not None:
            return f"no case stands at `{self.said}`; the first one is at line {first.span.start.line}"
        return f"no case is called `{self.name}` in `{self.path}`" + _near(str(self.name), [c.name for c in here])


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was asked for. Of one kind, any will do (any of two rules, any of two places); all kinds must be met.

    ``places`` are those of each bundle, by its folder; a bundle with none is taken whole. ``ids`` are the cases that
    failed last time, by the bundle's folder; None when they were not asked for.
    """

    text: str | None = None
    rules: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    ids: dict[str, frozenset[str]] | None = None

    @property
    def asked(self) -> bool:
        """Whether anything was asked for that could leave a case out."""
        return bool(self.text is not None or self.rules or self.decisions or self.places or self.ids is not None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cases chosen of each suite, in the order of the suites; none of any where there are ``complaints``."""

    cases: tuple[tuple[Case, ...], ...]
    complaints: tuple[str, ...] = ()


def choose(suites: Sequence[Suite], selection: Selection) -> Chosen:
    """The chosen cases. What names nothing that there is is complained about, and so is a choice without a case."""
    everything = tuple(s.cases for s in suites)
    if not selection.asked:
        return Chosen(everything)
    complaints = tuple(_complaints(suites, selection))
    if complaints:
        return Chosen(tuple(() for _ in suites), complaints)
    found = tuple(tuple(_chosen(s, selection)) for s in suites)
    if any(everything) and not any(found):
        complaints = (_nothing(suites, selection),)
    return Chosen(found, complaints)


def _chosen(suite: Suite, selection: Selection) -> Iterator[Case]:
    cases: list[Case] = list(suite.cases)
    places = selection.places.get(suite.folder, ())
    if places:
        at = {c.id for p in places for c in p.chosen(cases)}
        cases = [c for c in cases if c.id in at]
    if selection.ids is not None:
        cases = [c for c in cases if c.id in selection.ids.get(suite.folder, ())]
    if selection.text is not None:
        cases = [c for c in cases if selection.text.lower() in c.id.lower()]
    if selection.decisions:
        cases = [c for c in cases if c.decision in selection.decisions]
    if selection.rules and suite.bundle is not None:
        cases = involving(suite.bundle, cases, selection.rules)
    yield from cases


def _complaints(suites: Sequence[Suite], selection: Selection) -> Iterator[str]:
    """One sentence for each thing that was named and that there is not."""
    usable = [s for s in suites if s.bundle is not None]
    if not usable:
        return
    for suite in usable:
        for place in selection.places.get(suite.folder, ()):
            # A file with a fault has no cases here: the fault is told, and enough.
            broken = any(_same(d.span.file.path, place.path) for d in suite.diagnostics)
            if not broken and not place.chosen(suite.cases):
                yield place.lacking(suite.cases)
    bundles = [s.bundle for s in usable if s.bundle is not None]
    rules = {i for b in bundles for ids in all_ids(b).values() for i in ids}
    rules |= {r.id for b in bundles for d in b.decisions.values() for r in d.rules}
    yield from _unknown("rule", selection.rules, rules)
    yield from _unknown("decision", selection.decisions, {d for b in bundles for d in b.decisions})


def _unknown(what: str, named: Sequence[str], known: Collection[str]) -> Iterator[str]:
    for name in named:
        if name not in known:
            yield f"there is no {what} `{name}`" + _near(name, known)


def _nothing(suites: Sequence[Suite], selection: Selection) -> str:
    """Why the choice as a whole found no case."""
    named: list[tuple[object, Callable[[], str]]] = [
        (selection.text, lambda: f"whose name or file contains `{selection.text}`"),
        (selection.rules, lambda: f"that expects or meets {_either(selection.rules)}"),
        (selection.decisions, lambda: f"of decision {_either(selection.decisions)}"),
        (selection.places, lambda: "at the places named"),
        (selection.ids is not None, lambda: "that failed last time"),
    ]
    told = " and ".join(tell() for given, tell in named if given)
    cases = [c for s in suites for c in s.cases]
    near = _near_text(selection.text.lower(), cases) if selection.text else ""
    return f"none of {len(cases)} {'case' if len(cases) == 1 else 'cases'} is one {told}{near}"


def _near_text(text: str, cases: Sequence[Case]) -> str:
    """A word or name that was probably meant; nothing when the text itself is in some."""
    if any(text in c.id.lower() for c in cases):
        return ""
    # Whole names and their words: a word misspelt is nearer to a word than to a name.
    words = {w for c in cases for w in (c.name.lower(), *c.id.lower().replace("::", " ").replace("_", " ").split())}
    return _near(text, words)


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"`{n}`" for n in names)


def _near(word: str, known: Collection[str]) -> str:
    found = did_you_mean(word, known) or _begun(word, known)
    return f"; {found}" if found else ""


def _begun(word: str, known: Collection[str]) -> str | None:
    """The one known word that begins with ``word``: it was written short."""
    longer = [k for k in known if k.startswith(word)] if word else []
    return f"did you mean `{longer[0]}`?" if len(longer) == 1 else None


def _last_line(case: Case) -> int:
    """The number of the last line of the file that a case stands in; one that is empty is no line."""
    return len(case.span.file.text.splitlines())


def _same(shown: str, path: Path) -> bool:
    return _resolved(Path(shown).absolute()) == _resolved(path.absolute())


@lru_cache(4096)  # asked for every case, of few files
def _resolved(path: Path) -> Path:
    return path.resolve()
