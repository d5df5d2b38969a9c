"""Which engine decides, and what checks it and stands by: from names to one program."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from policyengine.backends import BACKENDS, Backend, Matches, Program
from policyengine.diagnostics import did_you_mean
from policyengine.engine.crosscheck import CheckedProgram, Checks, fault_place
from policyengine.engine.settings import REFERENCE
from policyengine.errors import EngineFault, UnknownName
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle

_log = logging.getLogger(__name__)

#: Every engine that can be chosen by name.
ENGINES: Final = (*BACKENDS, REFERENCE)


def known_engine(name: str) -> str:
    """``name``, if it is the name of an engine; raises :class:`UnknownName` with the nearest one."""
    if name in ENGINES:
        return name
    raise UnknownName(f"there is no engine `{name}`", did_you_mean(name, ENGINES) or "engines: " + ", ".join(ENGINES))


def selected_program(  # noqa: PLR0913 - what is chosen, and what it is made of
    bundle: CheckedBundle,
    evaluator: Evaluator,
    backend: str | Backend,
    twin: str | Backend | None,
    checks: Mapping[str, Checks],
    *,
    compare: bool,
) -> Program | None:
    """The program that decides, checked by its twin if that is another; None: the reference decides.

    Raises what compiling raises; if there is a twin, only when it happens twice.
    """
    if backend == REFERENCE:
        return None
    decides, checks_it = _backend(backend), None if twin is None else _backend(twin)
    if checks_it is None:
        return decides.compile(bundle, evaluator)
    program = _compiled(decides, bundle, evaluator)
    if checks_it is decides:
        return program
    # Now, not when a fault asks for it: a decision must not wait, and a fault may come from a lack of memory.
    other = _compiled(checks_it, bundle, evaluator)
    return CheckedProgram(bundle, program, other, (decides.name, checks_it.name), checks, compare=compare)


def _compiled(backend: Backend, bundle: CheckedBundle, evaluator: Evaluator) -> Program:
    """The bundle compiled; a fault gets one more try, as it does in a decision."""
    try:
        return backend.compile(bundle, evaluator)
    except Exception as e:  # noqa: BLE001 - whatever it was: if it is no accident, it comes again
        told = "%s failed to compile bundle `%s` (digest %s) (%s), and tries once more"
        _log.error(told, backend.name, bundle.id, bundle.digest, fault_place(e))
    return backend.compile(bundle, evaluator)


def _backend(chosen: str | Backend) -> Backend:
    return BACKENDS[known_engine(chosen)] if isinstance(chosen, str) else chosen


class _Closed:
    """The program of an engine that was closed."""

    def match(self, decision: str, evaluation: Evaluation) -> Matches:  # noqa: ARG002 - the protocol's
        raise EngineFault(f"decision `{decision}` is asked of an engine that was closed")

    def close(self) -> None:
        pass


CLOSED: Final = _Closed()
