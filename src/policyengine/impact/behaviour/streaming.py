"""Many documents asked of both bundles, in one process or several, with the same outcome for any number of them.

Documents are taken in pieces of a fixed size, and the tallies of the pieces are added up in their order. So neither
the memory nor what is told depends on how many documents or processes there are.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import Final

from policyengine.errors import EngineFault
from policyengine.impact.behaviour.asking import Asker, Item, Work
from policyengine.impact.behaviour.tally import Tally
from policyengine.processes import work_for_the_parent

#: Documents in one piece.
PIECE: Final = 500
#: So many pieces are worked on in this process before others are started: that takes a second.
ALONE: Final = 6
#: Pieces for each process that are read ahead.
_AHEAD: Final = 3


def processors() -> int:
    """How many processes can run at a time here."""
    return len(os.sched_getaffinity(0))


def tallied(items: Iterable[Item], work: Work, asker: Asker, jobs: int = 1) -> Tally:
    """What came of all documents, asked in ``jobs`` processes; ``asker`` does the ``work`` in this one.

    Raises EngineFault when a process ends unexpectedly.
    """
    pieces = _pieces(iter(items))
    total = Tally()
    for piece in pieces if jobs == 1 else islice(pieces, ALONE):
        total.add(_tally(piece, asker))
    following = None if jobs == 1 else next(pieces, None)
    if following is not None:
        _in_processes(chain([following], pieces), work, jobs, total)
    return total


def _pieces(items: Iterator[Item]) -> Iterator[list[Item]]:
    while piece := list(islice(items, PIECE)):
        yield piece


def _tally(piece: Iterable[Item], asker: Asker) -> Tally:
    found = Tally()
    for item in piece:
        asker.enter(item, found)
    return found


def _in_processes(pieces: Iterable[list[Item]], work: Work, jobs: int, total: Tally) -> None:
    # Spawned, not forked: a fork copies locks that other threads hold.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(work,))
    waiting: deque[Future[Tally]] = deque()
    try:
        for piece in pieces:
            waiting.append(pool.submit(_tally_there, piece))
            if len(waiting) > jobs * _AHEAD:
                total.add(waiting.popleft().result())
        while waiting:
            total.add(waiting.popleft().result())
    except BrokenProcessPool as e:
        raise EngineFault("a process that was deciding ended unexpectedly; `--jobs 1` works without others") from e
    finally:
        pool.shutdown(cancel_futures=True)


_asker: Asker


def _start(work: Work) -> None:
    """Make a process of the pool ready."""
    global _asker  # noqa: PLW0603 - a process of the pool has this one task for all of its life
    work_for_the_parent()
    _asker = Asker(work)


def _tally_there(piece: list[Item]) -> Tally:
    return _tally(piece, _asker)
