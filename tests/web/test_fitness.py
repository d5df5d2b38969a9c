"""What everybody may ask costs little: what was tried out is told again for a moment, and no longer."""

from __future__ import annotations

import threading

import pytest

from policyengine.web.fitness import KEPT_SECONDS, Fitness, Found, LogState
from policyengine.web.logbook import unavailable


class Asked:
    """An engine room and a log, which count how often they are tried, and a clock."""

    def __init__(self) -> None:
        self.now, self.times = 50.0, 0
        self.faulty: list[str] = []
        self.log: bool | Exception = True
        self.keys = True
        self.fitness = Fitness(self.engines, self.writes, lambda: self.keys, lambda: self.now)

    def engines(self) -> list[str]:
        self.times += 1
        return self.faulty

    def writes(self) -> bool:
        if isinstance(self.log, Exception):
            raise self.log
        return self.log


def test_asked_often_it_is_tried_once_until_a_moment_has_passed():
    asked = Asked()
    for _ in range(1_000):
        assert asked.fitness.lately() == Found([], LogState.WRITTEN)
    assert asked.times == 1
    asked.faulty = ["umbrella"]
    asked.now += KEPT_SECONDS
    assert asked.fitness.lately() == Found(["umbrella"], LogState.WRITTEN)
    assert asked.times == 2


def test_while_it_is_tried_others_are_told_what_came_of_it_before():
    begun, may_end = threading.Event(), threading.Event()
    times = iter((0.0, KEPT_SECONDS, KEPT_SECONDS, KEPT_SECONDS))

    def writes_log() -> bool:
        if fitness._found is None:
            return True
        begun.set()
        assert may_end.wait(60)
        raise unavailable()

    fitness = Fitness(list, writes_log, lambda: True, lambda: next(times))
    before = fitness.lately()
    found = []
    first = threading.Thread(target=lambda: found.append(fitness.lately()))
    first.start()
    assert begun.wait(60)
    assert fitness.lately() is before
    may_end.set()
    first.join()
    assert [f.log for f in (before, *found)] == [LogState.WRITTEN, LogState.NEEDED]


def test_whether_keys_can_be_read():
    asked = Asked()
    asked.keys = False
    assert not asked.fitness.lately().reads_keys


@pytest.mark.parametrize(
    ("log", "state"), [(True, LogState.WRITTEN), (False, LogState.MISSED), (unavailable(), LogState.NEEDED)]
)
def test_how_it_is_with_the_log(log, state):
    asked = Asked()
    asked.log = log
    assert asked.fitness.lately().log is state
