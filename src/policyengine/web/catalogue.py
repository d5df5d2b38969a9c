"""The bundles that a worker serves: each with its engine, all exchanged at once, none closed while somebody uses it.

A request takes its bundle once, when it begins, and has it until its answer is made. So one request, or one batch, is
decided wholly by one edition, and an edition that was replaced is closed when the last request that took it has ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

import policyengine
from policyengine.api_schema.openapi import openapi
from policyengine.engine.engine import Engine
from policyengine.model.bundle import CheckedBundle
from policyengine.web.answers import json_bytes

if TYPE_CHECKING:
    from policyengine.web.service import Desk

_log = logging.getLogger(__name__)


class Edition:
    """A bundle with its engine, as it is in service for a while. Use one that was taken in a ``with``.

    ``desks`` has, by name, where its decisions are asked for.
    """

    def __init__(self, bundle: CheckedBundle, engine: Engine, desks: Mapping[str, Desk]) -> None:
        self.bundle, self.engine, self.desks = bundle, engine, desks
        self._lock = threading.Lock()
        self._users = 0
        self._is_retired = False

    def taken(self) -> bool:
        """Whether it could be taken for a request: it was not retired. Give it back by leaving the ``with``."""
        with self._lock:
            self._users += not self._is_retired
            return not self._is_retired

    def retire(self) -> None:
        """Close it as soon as nobody uses it; nobody can take it any more."""
        with self._lock:
            self._is_retired, closes = True, not self._users and not self._is_retired
        if closes:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._users -= 1
            closes = self._is_retired and not self._users
        if closes:
            self._close()

    def _close(self) -> None:
        try:
            self.engine.close()
        except Exception:  # noqa: BLE001 - it is of no more use; whoever ended with it last gets an answer
            _log.exception("the engine of bundle %s %s could not be closed", self.bundle.id, self.bundle.version)


class Generation:
    """The editions, by id of their bundles, that are in service together. Never changed."""

    def __init__(self, number: int, editions: Mapping[str, Edition]) -> None:
        self.number = number
        self.editions = MappingProxyType(dict(sorted(editions.items())))
        self.bundles = MappingProxyType({name: edition.bundle for name, edition in self.editions.items()})
        self._document: bytes | None = None

    def document(self, *, keyed: bool) -> bytes:
        """The OpenAPI document of a service with these bundles, made when it is first asked for."""
        if self._document is None:
            self._document = json_bytes(openapi(self.bundles, policyengine.__version__, keyed=keyed))
        return self._document


class Catalogue:
    """The generation in service now."""

    def __init__(self, generation: Generation) -> None:
        self.current = generation

    def take(self, bundle: str) -> Edition | None:
        """The edition of this bundle that is in service now, for a ``with``; None: there is none."""
        while True:
            edition = self.current.editions.get(bundle)
            # One that was retired between the two steps has a successor, or is gone, by now.
            if edition is None or edition.taken():
                return edition

    def swap(self, generation: Generation) -> None:
        """Put another generation in service, in one step. Editions that it does not have are retired."""
        before, self.current = self.current, generation
        kept = set(generation.editions.values())
        for edition in before.editions.values():
            if edition not in kept:
                edition.retire()
