"""From a folder to a checked bundle: read, check shapes, resolve and type, or tell every fault."""

from __future__ import annotations

from pathlib import Path

from policyengine.check.bundle import check_bundle
from policyengine.diagnostics import Diagnostics
from policyengine.errors import BundleError
from policyengine.frontend.schema import check_schema
from policyengine.frontend.yaml_reader import bundle_digest, read_bundle_files
from policyengine.model.bundle import CheckedBundle


def check_folder(folder: str | Path) -> tuple[CheckedBundle | None, Diagnostics]:
    """The bundle in ``folder`` and every diagnostic about it; the bundle is None when there is any error."""
    path = Path(folder)
    sink = Diagnostics()
    documents = [document for _, document in read_bundle_files(path, sink)]
    for document in documents:
        check_schema(document, sink)
    digest = bundle_digest(path) if path.is_dir() else ""
    return check_bundle(documents, str(folder), digest, sink), sink


def load_bundle(folder: str | Path) -> CheckedBundle:
    """The bundle in ``folder``; raises :class:`~policyengine.errors.BundleError` with every fault."""
    bundle, sink = check_folder(folder)
    if bundle is None or sink.failed:
        raise BundleError(sink.sorted())
    return bundle
