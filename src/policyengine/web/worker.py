"""A worker's side of the talk with the process that started it: it loads what it is told, and swaps when it is told."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, Final

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.bundle_files import read_files
from policyengine.loading import check_files
from policyengine.model.bundle import CheckedBundle
from policyengine.web.catalogue import Catalogue, Edition, Generation
from policyengine.web.generations import Released, Status, control_path, message, said, status_path

_log: Final = logging.getLogger(__name__)

#: Seconds after which a call for a reload is given up; the reload itself may still come to its end.
LONGEST: Final = 600

Json = dict[str, Any]
MakeEdition = Callable[[CheckedBundle], Edition]


class Link:
    """The connection of a worker to the process that started it, which keeps ``folder`` for its workers.

    ``known`` are bundles that need not be loaded. ``is_local`` says that the service listens on the loopback interface
    alone; ``requires_current`` that it is not ready while an update is refused.
    """

    def __init__(
        self, folder: str, known: Iterable[CheckedBundle], *, is_local: bool = False, requires_current: bool = False
    ) -> None:
        self.is_local, self.requires_current = is_local, requires_current
        self._folder = folder
        self._known = {bundle.digest: bundle for bundle in known}
        self._connection: Connection = Client(control_path(folder), "AF_UNIX")
        self._connection.send_bytes(message(hello=os.getpid()))
        self._first = said(self._connection.recv_bytes())

    def status(self) -> Status:
        """How things stand in the whole service."""
        return Status.read(status_path(self._folder))

    def reload(self, why: str) -> Json:
        """Have the bundles loaded anew, and wait for what came of it. Raises OSError and EOFError."""
        with Client(control_path(self._folder), "AF_UNIX") as connection:
            connection.send_bytes(message(reload=why))
            if not connection.poll(LONGEST):
                raise TimeoutError("the other side is silent")
            return said(connection.recv_bytes())

    def bundles(self) -> dict[str, CheckedBundle]:
        """The bundles that the worker begins with."""
        return {released.id: self._load(released) for released in _released(self._first)}

    def follow(self, catalogue: Catalogue, make: MakeEdition) -> None:
        """From now on keep the catalogue as this side is told. The bundles of the beginning are in service."""
        number = self._first["serve"]
        catalogue.current = Generation(number, catalogue.current.editions)
        self._known.clear()
        self._say(serving=number)
        threading.Thread(target=self._listen, args=(catalogue, make), name="generations", daemon=True).start()

    def _listen(self, catalogue: Catalogue, make: MakeEdition) -> None:
        prepared: Generation | None = None
        while True:
            try:
                told = said(self._connection.recv_bytes())
            except (EOFError, OSError):  # the service ends
                return
            if "prepare" in told:
                prepared = self._prepare(told, catalogue, make)
            elif "drop" in told:
                _give_up(prepared, catalogue)
                prepared = None
            elif prepared is not None and prepared.number == told["commit"]:
                catalogue.swap(prepared)
                self._say(serving=prepared.number)
                prepared = None

    def _prepare(self, told: Json, catalogue: Catalogue, make: MakeEdition) -> Generation | None:
        number, editions = told["prepare"], dict[str, Edition]()
        try:
            for released in _released(told):
                old = catalogue.current.editions.get(released.id)
                is_same = old is not None and old.bundle.digest == released.digest
                editions[released.id] = old if old and is_same else make(self._load(released))
        except Exception as e:  # noqa: BLE001 - whatever it is, the old generation stays, and the other side is told
            _log.exception("generation %d could not be loaded", number)
            _give_up(Generation(number, editions), catalogue)
            self._say(failed=number, why=f"{type(e).__name__}: {e}")
            return None
        self._say(prepared=number)
        return Generation(number, editions)

    def _load(self, released: Released) -> CheckedBundle:
        known = self._known.get(released.digest)
        if known is not None:
            return known
        sink = Diagnostics()
        bundle, sink = check_files(read_files(Path(released.files)), sink)
        if bundle is None or bundle.digest != released.digest:
            raise RuntimeError(f"the copy of bundle {released.id} is not what was checked")
        return bundle

    def _say(self, **told: object) -> None:
        self._connection.send_bytes(message(**told))


def _released(told: Json) -> list[Released]:
    return [Released(**released) for released in told["bundles"]]


def _give_up(prepared: Generation | None, catalogue: Catalogue) -> None:
    """Close the editions of a generation that will not be in service, but for those that are."""
    if prepared is not None:
        in_service = set(catalogue.current.editions.values())
        for edition in prepared.editions.values():
            if edition not in in_service:
                edition.retire()
