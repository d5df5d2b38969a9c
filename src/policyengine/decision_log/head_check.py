"""Before a service signs heads: they can be written, and the log goes as far as those that it signed before."""

from __future__ import annotations

import os
from pathlib import Path

from policyengine.decision_log.chain import head
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.heads import SignedHead, read_heads
from policyengine.decision_log.keys import Keyring
from policyengine.decision_log.migrate import revision
from policyengine.decision_log.store import Store
from policyengine.signatures import PrivateKey


def check_file(path: Path) -> None:
    """LogError, with the remedy, unless heads can be added to this file."""
    if not path.absolute().parent.is_dir():
        raise LogError(f"heads of the log cannot go to {path}: there is no such folder; make it")
    if not os.access(path if path.exists() else path.absolute().parent, os.W_OK):
        raise LogError(f"heads of the log cannot go to {path}: the service may not write there")


def check_reach(store: Store, path: Path, key: PrivateKey) -> None:
    """LogError unless the log goes as far as the heads in this file that the key signed.

    A volume that is not mounted looks like a new and empty log. Raises LogUnavailable if the log cannot be read.
    """
    keys = Keyring([key.public()])
    heads = read_heads(path).heads if path.exists() else ()
    newest = max((h for h in heads if h.complaint(keys) is None), key=lambda h: h.sequence, default=None)
    end = _end(store)
    if newest is not None and newest.sequence > end:
        raise LogError(_missing(store, end, path, newest))


def _end(store: Store) -> int:
    if not store.exists or revision(store) is None:
        return 0
    with store.reading() as connection:
        return head(connection).sequence


def _missing(store: Store, end: int, path: Path, newest: SignedHead) -> str:
    told = f"records are missing: the log {store.shown} ends at number {end}"
    known = f"{path} has a head of number {newest.sequence}, signed at {newest.time}"
    return f"{told}, and {known}; bring the log back, or name another file of heads for a new log"
