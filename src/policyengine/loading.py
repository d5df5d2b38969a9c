"""From a folder to a checked bundle: read, check shapes, resolve and type, or tell every fault."""

from __future__ import annotations

from pathlib import Path

from policyengine.check.bundle import check_bundle, several_bundles
from policyengine.check.currencies import check_currencies
from policyengine.check.lints import lint_bundle
from policyengine.check.tables import check_tables
from policyengine.diagnostics import Diagnostics
from policyengine.errors import BundleError
from policyengine.frontend.nodes import Mapping
from policyengine.frontend.schema import check_schema, keys_of
from policyengine.frontend.schema_words import KINDS
from policyengine.frontend.yaml_reader import bundle_digest, policy_paths, read_bundle_files, tell_unread
from policyengine.model.bundle import CheckedBundle


def check_folder(folder: str | Path, *, lint: bool = False) -> tuple[CheckedBundle | None, Diagnostics]:
    """The bundle in ``folder`` and every diagnostic about it; the bundle is None when there is any error.

    Warnings are always among the diagnostics, what a linter would say only when ``lint`` asks for it.
    """
    path = Path(folder)
    sink = Diagnostics()
    documents = [document for _, document in read_bundle_files(path, sink)]
    tell_unread(path, sink)
    only_that = Diagnostics()
    if several_bundles(documents, str(folder), only_that):
        return None, only_that
    for document in documents:
        check_schema(document, sink)
    incomplete = len(documents) < len(policy_paths(path)) or not all(map(_understood, documents))
    digest = bundle_digest(path) if path.is_dir() and not sink.failed else ""
    bundle = check_bundle(documents, str(folder), digest, sink, incomplete=incomplete)
    if bundle is None:
        return None, sink
    check_currencies(bundle, sink)
    check_tables(bundle, sink)
    if lint:
        for found in lint_bundle(bundle):
            sink.add(found)
    return (None if sink.failed else bundle), sink


def _understood(document: Mapping) -> bool:
    """Whether all that a document declares can be found in it: its kind is known, and so are its keys."""
    kind = document.get("kind")
    word = getattr(kind, "text", None)
    if word not in KINDS:
        return False
    known = keys_of(word)
    sections = ("types", "facts", "parameters", "calendars", "definitions", "policies", "decisions")
    return all(
        key.text in known and (key.text not in sections or isinstance(value, Mapping)) for key, value in document
    )


def load_bundle(folder: str | Path) -> CheckedBundle:
    """The bundle in ``folder``; raises :class:`~policyengine.errors.BundleError` with every fault."""
    bundle, sink = check_folder(folder)
    if bundle is None or sink.failed:
        raise BundleError(sink.sorted())
    return bundle
