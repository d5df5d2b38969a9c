"""Policies by their digest: the bytes of their files, stored once, and loaded again through the usual loader."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from policyengine.decision_log.chain import locked_head
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.ids import moment_text
from policyengine.decision_log.schema import BUNDLE_FILES, BUNDLES
from policyengine.decision_log.store import Store
from policyengine.frontend.yaml_reader import bundle_digest, policy_paths
from policyengine.loading import load_bundle

if TYPE_CHECKING:
    from policyengine.model.bundle import CheckedBundle


def keep_bundle(store: Store, bundle: CheckedBundle, folder: str | Path) -> bool:
    """Store the files of a bundle that was loaded from the folder, unless they are there; whether they were not.

    Raises LogError if the files are no longer those that were loaded.
    """
    with store.reading() as connection:
        if _is_kept(connection, bundle.digest):
            return False
    files = {path: (Path(folder) / path).read_bytes() for path in policy_paths(Path(folder))}
    if _digest(files) != bundle.digest:
        raise LogError(f"the files in {folder} were changed while they were loaded; start again")
    with store.writing() as connection:
        # Whoever else keeps the same bundle at this moment waits here, and then finds it kept.
        locked_head(connection)
        if _is_kept(connection, bundle.digest):
            return False
        kept = {"digest": bundle.digest, "bundle": bundle.id, "version": bundle.version}
        connection.execute(insert(BUNDLES), [kept | {"kept_at": moment_text(datetime.now(UTC))}])
        rows = [{"digest": bundle.digest, "path": path, "content": content} for path, content in files.items()]
        connection.execute(insert(BUNDLE_FILES), rows)
    return True


def kept_bundle(store: Store, digest: str) -> CheckedBundle:
    """The bundle of this digest, loaded from the files in the log.

    Raises LogError if it is not there or its files were changed, and BundleError if this release refuses them.
    """
    with store.reading() as connection:
        rows = connection.execute(
            select(BUNDLE_FILES.c.path, BUNDLE_FILES.c.content).where(BUNDLE_FILES.c.digest == digest)
        ).all()
    if not rows:
        raise LogError(f"the policies with digest {digest} are not in the log")
    with tempfile.TemporaryDirectory(prefix="policyengine-bundle-") as temporary:
        folder = Path(temporary)
        for path, content in rows:
            target = folder / path
            if not target.resolve().is_relative_to(folder.resolve()):
                raise LogError(f"the policies with digest {digest} were changed in the log: a file leads outside")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        if bundle_digest(folder) != digest:
            raise LogError(f"the policies with digest {digest} were changed in the log: they have another digest now")
        return load_bundle(folder)


def _is_kept(connection: Connection, digest: str) -> bool:
    return connection.execute(select(BUNDLES.c.digest).where(BUNDLES.c.digest == digest)).first() is not None


def _digest(files: dict[str, bytes]) -> str:
    """As :func:`bundle_digest` makes it."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode("utf-8", "surrogateescape"), files[path]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()
