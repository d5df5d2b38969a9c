"""The two editions that are compared, wherever they are: each bundle with its cases, shown as people know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Diagnostics, Severity
from policyengine.errors import BundleError
from policyengine.impact.behaviour.document import Unreadable
from policyengine.loading import check_folder
from policyengine.model.bundle import CheckedBundle
from policyengine.source import SourceFile, Span
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case

Json = object


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a bundle. ``shown`` is its folder as people know it, such as ``HEAD~1:policies/returns``.

    ``unread`` are the faults of its test files; those files give no cases.
    """

    shown: str
    bundle: CheckedBundle
    cases: tuple[Case, ...]
    unread: tuple[Unreadable, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """Which edition it is."""
        bundle = self.bundle
        return {"folder": self.shown, "id": bundle.id, "version": bundle.version, "digest": bundle.digest}


@dataclass(frozen=True, slots=True)
class Side:
    """A folder on disk (None: it was not there), and how it is shown."""

    folder: Path | None
    shown: str


def editions(side: Side) -> dict[str, Edition]:
    """The bundles of a side by their ids: of the folder itself, or of the folders in it.

    Raises BundleError with every fault of every bundle.
    """
    faults: list[Diagnostic] = []
    found: dict[str, Edition] = {}
    for folder, shown in _folders(side):
        bundle, sink = check_folder(folder)
        if bundle is None or sink.failed:
            faults += [_as_shown(d, folder, shown) for d in sink.sorted()]
            continue
        unreadable = Diagnostics()
        cases = read_cases(bundle, folder, unreadable)
        unread = tuple(_unread(_as_shown(d, folder, shown)) for d in unreadable if d.severity is Severity.ERROR)
        found[bundle.id] = Edition(shown, bundle, cases, unread)
    if faults:
        raise BundleError(faults)
    return found


def _folders(side: Side) -> Iterator[tuple[Path, str]]:
    if side.folder is None:
        return
    inside = [] if any(side.folder.glob("*.yaml")) else sorted(f for f in side.folder.iterdir() if f.is_dir())
    bundles = [f for f in inside if not f.name.startswith(".") and any(f.glob("*.yaml"))]
    if bundles:
        yield from ((f, within(side.shown, f.name)) for f in bundles)
    else:
        yield side.folder, side.shown.rstrip("/")


def within(shown: str, path: str) -> str:
    """What is inside of a folder, as people know that: at the top of a revision (``HEAD:``) there is no slash."""
    folder = shown.rstrip("/")
    return f"{folder}{path}" if folder.endswith(":") else f"{folder}/{path}"


def _unread(diagnostic: Diagnostic) -> Unreadable:
    help_ = f" ({diagnostic.help})" if diagnostic.help else ""
    return Unreadable(diagnostic.span.place, f"{diagnostic.message}{help_}")


def _as_shown(diagnostic: Diagnostic, folder: Path, shown: str) -> Diagnostic:
    """The diagnostic with the folder as people know it: a revision is read from a folder that nobody has seen."""
    if folder.as_posix() == shown:
        return diagnostic

    def told(text: str | None) -> str:
        return (text or "").replace(folder.as_posix(), shown)

    file = diagnostic.span.file
    span = Span(SourceFile(told(file.path), file.text, file.relative), diagnostic.span.start, diagnostic.span.end)
    return replace(diagnostic, span=span, message=told(diagnostic.message), help=told(diagnostic.help) or None)
