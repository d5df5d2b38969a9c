"""Opening the log of a service: its tables are there, and the policies that are to be served are kept in it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from policyengine.decision_log.archive import keep_bundle
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.migrate import check, migrate, revision
from policyengine.decision_log.store import Store

if TYPE_CHECKING:
    from policyengine.frontend.bundle_files import BundleFiles
    from policyengine.model.bundle import CheckedBundle

#: Bundles, each with the files that it was made of.
Loaded = Sequence[tuple["BundleFiles", "CheckedBundle"]]
#: Seconds between two tries to open a log that could not be opened.
RETRY_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


def open_log(store: Store, loaded: Loaded) -> None:
    """Make sure that decisions by these bundles can be logged. A log in SQLite that is not there is made.

    Raises LogUnavailable if the database is away, and LogError, with the remedy, if it cannot be used as it is.
    """
    if store.is_sqlite and (not store.exists or revision(store) is None):
        migrate(store)
    check(store)
    for files, bundle in loaded:
        keep_bundle(store, files, bundle)


class Opening:
    """Opens a log as soon as that can be done, from a thread of its own: for a service that answers meanwhile."""

    def __init__(self, database: str, loaded: Loaded, pause: float = RETRY_SECONDS) -> None:
        self._database, self._loaded, self._pause = database, loaded, pause
        self._end = threading.Event()
        self._told = ""

    def start(self) -> None:
        """Begin to try."""
        threading.Thread(target=self._run, name="log-opening", daemon=True).start()

    def close(self) -> None:
        """Try no more."""
        self._end.set()

    def step(self) -> bool:
        """Try once; whether the log is open. What stands in the way is told when it is another than the last time."""
        store = Store(self._database)
        try:
            open_log(store, self._loaded)
        except LogError as e:
            if str(e) != self._told:
                self._told = str(e)
                _log.error("the decision log cannot be opened, and is tried again: %s", e)
            return False
        finally:
            store.close()
        if self._told:
            _log.warning("the decision log is open, and has the policies that are served")
        return True

    def _run(self) -> None:
        while not self.step() and not self._end.wait(self._pause):
            pass
