"""From a folder, or a packed file, to a checked bundle: read, check shapes, resolve and type, or tell every fault."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.check.bundle import check_bundle, several_bundles
from policyengine.check.currencies import check_currencies
from policyengine.check.lints import lint_bundle
from policyengine.check.tables import check_tables
from policyengine.diagnostics import Diagnostics
from policyengine.errors import BundleError
from policyengine.frontend.bundle_files import BundleFiles
from policyengine.frontend.nodes import Mapping
from policyengine.frontend.schema import check_schema, keys_of
from policyengine.frontend.schema_words import KINDS
from policyengine.frontend.yaml_reader import read_bundle_files
from policyengine.model.bundle import CheckedBundle
from policyengine.packing.opening import open_bundle
from policyengine.source import nowhere

if TYPE_CHECKING:
    from policyengine.signatures import PublicKey


def check_folder(
    folder: str | Path, *, lint: bool = False, keys: Sequence[PublicKey] = ()
) -> tuple[CheckedBundle | None, Diagnostics]:
    """The bundle in ``folder``, or packed file, and every diagnostic about it; None when there is any error.

    Warnings are always among the diagnostics, what a linter would say only when ``lint`` asks for it. With ``keys``,
    the bundle must be a packed file that one of them signed.
    """
    sink = Diagnostics()
    files = open_bundle(Path(folder), sink, keys)
    if files is None:
        return None, sink
    return check_files(files, sink, exists=Path(folder).exists(), lint=lint)


def check_files(
    files: BundleFiles, sink: Diagnostics, *, exists: bool = True, lint: bool = False
) -> tuple[CheckedBundle | None, Diagnostics]:
    """The bundle that these files make up, likewise. Diagnostics go into ``sink``."""
    documents = [document for _, document in read_bundle_files(files, sink)]
    only_that = Diagnostics()
    if several_bundles(documents, files.shown, only_that):
        return None, only_that
    for document in documents:
        check_schema(document, sink)
    incomplete = len(documents) < len(files.policy_paths()) or not all(map(_understood, documents))
    digest = files.digest() if exists and not sink.failed else ""
    bundle = check_bundle(documents, files.shown, digest, sink, incomplete=incomplete)
    if bundle is None:
        return None, sink
    check_currencies(bundle, sink)
    check_tables(bundle, sink)
    if files.claim not in (None, (bundle.id, bundle.version)):
        message = "the manifest names another bundle, or another version, than the policies"
        sink.error("packed/altered", message, nowhere(files.shown), "build the file again")
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
    """The bundle in ``folder``, or packed file; raises :class:`~policyengine.errors.BundleError` with every fault."""
    bundle, sink = check_folder(folder)
    if bundle is None or sink.failed:
        raise BundleError(sink.sorted())
    return bundle
