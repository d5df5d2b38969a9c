"""The C module, held to the calls and the order of calls that are known to be safe.

* One ruleset, one state of the default sid, one fact `{… ,"id":"0"}` of small integers at a time.
* After creation a fact fires a rule once: a state that never started an action must not be deleted.
* A decision is: assert; take the activations one by one; retract. Every answer is checked. Rules fire in the order of
  their names, and every fact fires the last of them: an activation that is repeated or made up, or a list that breaks
  off, shows. Anything unexpected means that the engine's state is no longer known: it is abandoned (not deleted, for
  that may crash), a new one is built and the decision is made again, once.
* An abandoned engine keeps its memory, so a process abandons only so many; then its sessions fail at once.
* Threads share an engine and take turns: the module holds the interpreter's lock during every call anyway, so an engine
  for each thread would cost memory and gain nothing.
* A forked child never touches its parent's engines, which another thread may have been using: it builds its own.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Container, Mapping
from typing import Final

from policyengine.backends.durable.network import LAST_PROPERTY
from policyengine.errors import EngineFault

try:
    import durable_rules_engine as c_engine
except ImportError as e:
    # Compiled for Python 3.13 without this definition it looks whole until it is loaded.
    _REMEDY: Final = (
        "compile it anew: CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject "
        "pip install --force-reinstall --no-deps --no-cache-dir durable-rules"
    )
    raise EngineFault(f"durable-rules cannot be loaded ({e}); {_REMEDY}") from e

_log = logging.getLogger(__name__)

#: What every fact ends with.
TAIL: Final = f'"{LAST_PROPERTY}":1,"id":"0"}}'
#: So many engines a process abandons: each keeps up to about a megabyte.
MOST_ABANDONED: Final = 100

#: The state of the default sid is the first of a ruleset; nothing else is ever handed to the C module as a state.
_STATE: Final = 1
_DONE: Final = (0, _STATE)
_RETRACTED: Final = '{"id":"0"}'
_EMPTY: Final = "{" + TAIL

#: What rules say when they fire, by their names.
Says = Mapping[str, tuple[int, ...]]


class Surprise(Exception):  # noqa: N818 - told apart from errors: it is answered by a new engine
    """The C module did what it should not."""


class _Process:
    """This process: forking begins a new generation, with a lock of its own for what is done once after it."""

    generation = 0
    abandoned = 0
    lock = threading.Lock()


def _after_fork() -> None:
    _Process.generation += 1
    _Process.lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


class Engine:
    """One ruleset inside the C module. Not safe under threads; :class:`Session` is.

    ``says`` has the names of its rules in ascending order, but for the last, which says nothing.
    """

    def __init__(self, definition: str, says: Says, last: str) -> None:
        # An activation is a JSON object whose key is the rule's name: all begin alike and are as long.
        self._says = {f'{{"{name}":': said for name, said in says.items()}
        self._last = f'{{"{last}":'
        self._length = len(self._last)
        self.generation = _Process.generation
        self.ok = False
        try:
            self._handle = c_engine.create_ruleset("p", definition)
            found = self._fire(_EMPTY)
        except Surprise:
            raise
        except Exception as e:
            raise Surprise(f"the engine refused a network: {e}") from e
        if found:
            raise Surprise("a fact of nothing fired a rule")
        self.ok = True

    def fire(self, fact: str) -> list[int]:
        """What the rules say that a fact fires. After a :class:`Surprise` the engine must not be used again."""
        self.ok = False
        try:
            found = self._fire(fact)
        except Surprise:
            raise
        except Exception as e:
            raise Surprise(f"the engine failed: {e}") from e
        self.ok = True
        return found

    def _fire(self, fact: str) -> list[int]:
        handle, says, length, more = self._handle, self._says, self._length, c_engine.complete_and_start_action
        if c_engine.assert_fact(handle, fact) != _DONE:
            raise Surprise("a fact did not fire the last rule")
        name = c_engine.start_action_for_state(handle, _STATE)[1][:length]
        found: list[int] = []
        before = ""
        while name in says:
            if name <= before:
                raise Surprise("rules fired twice, or in another order than theirs")
            found += says[name]
            before, name = name, more(handle, _STATE)[:length]
        if name != self._last:
            raise Surprise("a rule fired that does not exist")
        if more(handle, _STATE) is not None:
            raise Surprise("something fired after the last rule")
        if c_engine.retract_fact(handle, _RETRACTED) != _DONE:
            raise Surprise("a fact could not be retracted")
        return found

    def close(self) -> None:
        """Give the ruleset back. An engine in an unknown state, or of the process before a fork, is left alone."""
        if self.ok and self.generation == _Process.generation:
            self.ok = False
            try:
                c_engine.delete_state(self._handle, "0")
                c_engine.delete_ruleset(self._handle)
            except Exception as e:  # noqa: BLE001 - whatever it is, the ruleset is of no more use
                _log.warning("a network was not given back by the rules engine: %s", e)


class _Holder:
    """What a session's finaliser needs: the engine in use, if any, without the session itself."""

    engine: Engine | None = None

    def release(self) -> None:
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.close()


class Session:
    """A network that threads may share: its definition, and what its rules say; ``last`` names the last of them.

    The engine is built now, or, if the network is asked rarely (``later``), when it is asked.
    """

    def __init__(self, definition: str, says: Says, last: str, *, later: bool = False) -> None:
        self._network = (definition, says, last)
        self._holder = _Holder()
        self._turn = (_Process.generation, threading.Lock())
        self._closed = False
        # Not at exit: the process gives everything back, and the module may be half gone by then.
        weakref.finalize(self, self._holder.release).atexit = False
        if not later:
            with self._lock():
                self._renew()

    def fire(self, fact: str, allowed: Container[int] | None = None) -> list[int]:
        """What the rules say that fire on a fact, which ends with :data:`TAIL`, rule by rule in no promised order.

        If there are ``allowed`` sayings and others come, the engine is to blame. Raises :class:`EngineFault`.
        """
        generation, lock = self._turn
        with lock if generation == _Process.generation else self._lock():
            if self._closed:
                raise EngineFault("a bundle that was closed is used for a decision")
            try:
                return _fired(self._engine(), fact, allowed)
            except Surprise as e:
                _log.warning("the rules engine left its contract and is built anew: %s", e)
                return self._once_more(fact, allowed)

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
        if engine is not None and engine.ok and engine.generation == _Process.generation:
            return engine
        return self._renew()

    def _renew(self) -> Engine:
        self._holder.engine = None
        try:
            engine = Engine(*self._network)
        except Surprise as e:
            _Process.abandoned += 1
            raise EngineFault(str(e)) from e
        self._holder.engine = engine
        return engine

    def _once_more(self, fact: str, allowed: Container[int] | None) -> list[int]:
        _Process.abandoned += 1
        try:
            return _fired(self._renew(), fact, allowed)
        except Surprise as e:
            _Process.abandoned += 1
            raise EngineFault(f"the rules engine left its contract twice: {e}") from e


def _fired(engine: Engine, fact: str, allowed: Container[int] | None) -> list[int]:
    if _Process.abandoned >= MOST_ABANDONED:
        raise EngineFault(f"the rules engine left its contract {MOST_ABANDONED} times in this process")
    found = engine.fire(fact)
    if allowed is not None and not all(said in allowed for said in found):
        engine.ok = False
        raise Surprise("a rule fired that was not asked")
    return found
