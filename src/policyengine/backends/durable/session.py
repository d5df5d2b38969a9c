"""The C module, held to the calls and the order of calls that are known to be safe.

* One ruleset, one state of the default sid, one fact `{"id":"0", …}` of small integers at a time.
* After creation a warm-up fact fires a rule once: a state that never started an action must not be deleted.
* A decision is: assert; take the activations one by one; retract. Every answer is checked. Anything unexpected means
  that the engine's state is no longer known: it is abandoned (not deleted, for that may crash), a new one is built and
  the decision is made again, once.
* Threads share an engine and take turns: the module holds the interpreter's lock during every call anyway, so an engine
  for each thread would cost memory and gain nothing.
* A forked child never touches its parent's engines, which another thread may have been using: it builds its own.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Sequence
from typing import Final

import durable_rules_engine as c_engine

from policyengine.backends.durable.codecs import LIMIT
from policyengine.backends.durable.network import WARM_PROPERTY, WARM_RULE
from policyengine.errors import EngineFault

_log = logging.getLogger(__name__)

_MATCHED: Final = 0
_NOT_MATCHED: Final = 1
_FACT: Final = '{"id":"0"}'
_WARM_FACT: Final = f'{{"id":"0","{WARM_PROPERTY}":1}}'


class Surprise(Exception):  # noqa: N818 - told apart from errors: it is answered by a new engine
    """The C module did what it should not."""


class _Process:
    """This process: forking begins a new generation, with a lock of its own for what is done once after it."""

    generation = 0
    lock = threading.Lock()


def _after_fork() -> None:
    _Process.generation += 1
    _Process.lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


class Engine:
    """One ruleset inside the C module. Not safe under threads; :class:`Session` is."""

    def __init__(self, definition: str, rules: int) -> None:
        self._rules = rules
        self.generation = _Process.generation
        self.ok = False
        try:
            self._handle = c_engine.create_ruleset("p", definition)
            self._warm_up()
        except Surprise:
            raise
        except Exception as e:
            raise Surprise(f"the engine refused a network: {e}") from e
        self.ok = True

    def _warm_up(self) -> None:
        result, self._state = c_engine.assert_fact(self._handle, _WARM_FACT)
        activation = c_engine.start_action_for_state(self._handle, self._state)
        if result != _MATCHED or activation is None or not activation[1].startswith(f'{{"{WARM_RULE}":'):
            raise Surprise("the warm-up fact did not fire its rule")
        if c_engine.complete_and_start_action(self._handle, self._state) is not None:
            raise Surprise("the warm-up fact fired more than its rule")
        self._retract()

    def _retract(self) -> None:
        if c_engine.retract_fact(self._handle, _FACT) != (_MATCHED, self._state):
            raise Surprise("a fact could not be retracted")

    def fire(self, fact: str) -> list[int]:
        """The numbers of the rules that a fact fires. After a :class:`Surprise` the engine must not be used again."""
        self.ok = False
        try:
            fired = self._fire(fact)
        except Surprise:
            raise
        except Exception as e:
            raise Surprise(f"the engine failed: {e}") from e
        self.ok = True
        return fired

    def _fire(self, fact: str) -> list[int]:
        result, state = c_engine.assert_fact(self._handle, fact)
        if state != self._state or result not in (_MATCHED, _NOT_MATCHED):
            raise Surprise(f"asserting a fact gave {result}")
        if result == _NOT_MATCHED:
            return []
        started = c_engine.start_action_for_state(self._handle, state)
        if started is None:
            raise Surprise("a fact matched, but nothing was activated")
        fired = self._activated(started[1])
        self._retract()
        return fired

    def _activated(self, activation: str | None) -> list[int]:
        """The rules activated, one by one; each exists and comes once, so this ends."""
        fired: dict[int, None] = {}
        while activation is not None:
            number = int(activation[2 : activation.index('"', 2)])
            if number in fired or not 0 <= number < self._rules:
                raise Surprise("a rule fired that does not exist, or fired twice")
            fired[number] = None
            activation = c_engine.complete_and_start_action(self._handle, self._state)
        return list(fired)

    def close(self) -> None:
        """Give the ruleset back. An engine in an unknown state, or of the process before a fork, is left alone."""
        if self.ok and self.generation == _Process.generation:
            self.ok = False
            c_engine.delete_state(self._handle, "0")
            c_engine.delete_ruleset(self._handle)


class _Holder:
    """What a session's finaliser needs: the engine in use, if any, without the session itself."""

    engine: Engine | None = None

    def release(self) -> None:
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.close()


class Session:
    """A network that threads may share. ``names`` are its properties, in the order in which values are given."""

    def __init__(self, definition: str, rules: int, names: Sequence[str]) -> None:
        self._definition = definition
        self._rules = rules
        self._prefixes = tuple(f'"{name}":' for name in names)
        self._holder = _Holder()
        self._turn = (_Process.generation, threading.Lock())
        self._closed = False
        # Not at exit: the process gives everything back, and the module may be half gone by then.
        weakref.finalize(self, self._holder.release).atexit = False
        with self._lock():
            self._renew()

    def fire(self, values: Sequence[int | None]) -> list[int]:
        """The numbers of the rules that fire on these values (None: no value), in no promised order."""
        fact = self._fact(values)
        with self._lock():
            if self._closed:
                raise EngineFault("a bundle that was closed is used for a decision")
            try:
                return self._engine().fire(fact)
            except Surprise as e:
                _log.warning("the rules engine left its contract and is built anew: %s", e)
                return self._once_more(fact)

    def renew(self) -> None:
        """Abandon the engine and build a new one; for results that cannot be."""
        with self._lock():
            if not self._closed:
                self._renew()

    def close(self) -> None:
        """Give the engine back, once it is idle."""
        with self._lock():
            self._closed = True
            self._holder.release()

    def _lock(self) -> threading.Lock:
        """Whose turn it is. In a forked child a lock of the parent may never be released, so it gets its own."""
        generation, lock = self._turn
        if generation != _Process.generation:
            with _Process.lock:
                if self._turn[0] != _Process.generation:
                    self._turn = (_Process.generation, threading.Lock())
                lock = self._turn[1]
        return lock

    def _engine(self) -> Engine:
        engine = self._holder.engine
        if engine is None or not engine.ok or engine.generation != _Process.generation:
            return self._renew()
        return engine

    def _renew(self) -> Engine:
        self._holder.engine = None
        try:
            engine = Engine(self._definition, self._rules)
        except Surprise as e:
            raise EngineFault(str(e)) from e
        self._holder.engine = engine
        return engine

    def _once_more(self, fact: str) -> list[int]:
        try:
            return self._renew().fire(fact)
        except Surprise as e:
            raise EngineFault(f"the rules engine left its contract twice: {e}") from e

    def _fact(self, values: Sequence[int | None]) -> str:
        """The fact as the engine's JSON; nothing but small integers ever gets there."""
        parts = []
        for prefix, value in zip(self._prefixes, values, strict=True):
            if value is not None:
                if type(value) is not int or not -LIMIT <= value <= LIMIT:
                    raise EngineFault(f"a fact was bound to {value!r}, which is not a small integer")
                parts.append(f"{prefix}{value}")
        parts.append('"id":"0"')
        return "{" + ",".join(parts) + "}"
