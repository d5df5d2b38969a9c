"""Where the time of one decision and of one request over HTTP goes.

The functions that make up a decision are wrapped with a stopwatch, each counting only the time that no other wrapped
function within it counts. The wrapping itself costs about a third of a microsecond a call, so small figures are a
little too large.
"""

from __future__ import annotations

import importlib
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from tests.benchmarks.bundle import BUNDLE, DECISION, write_bundle
from tests.benchmarks.ours import DAY, Asked, has_setting, ready
from tests.benchmarks.workload import documents, scaled

from policyengine.loading import load_bundle
from policyengine.model.bundle import CheckedBundle

#: What is wrapped: the words of the table, the module, and the function or method in it.
_OF_DECIDING = (
    ("binding the facts", "policyengine.engine.request", "RequestReader.read"),
    ("matching: durable-rules", "policyengine.backends.durable.program", "DurableProgram.match"),
    ("matching: compiled", "policyengine.backends.compiled.program", "CompiledProgram.match"),
    ("matching: cross-check", "policyengine.engine.crosscheck", "CheckedProgram.match"),
    ("resolving", "policyengine.engine.deciding", "resolve"),
    ("building the answer", "policyengine.engine.deciding", "answer"),
    ("the sampled reference", "policyengine.engine.referee", "Referee.look_over"),
    ("the rest of Engine.decide", "policyengine.engine.engine", "Engine.decide"),
)
_OF_SERVING = (
    ("reading JSON", "policyengine.web.body", "read_json"),
    ("reading the question", "policyengine.web.service", "QuestionReader.question"),
    ("decision to plain data", "policyengine.model.decision", "Decision.to_dict"),
    ("encoding", "policyengine.web.answers", "json_bytes"),
    ("metrics", "policyengine.web.metrics", "Metrics.answered"),
    ("metrics", "policyengine.web.metrics", "Metrics.decided"),
)
_REST = "Flask and the rest"


class Stopwatch:
    """Adds up, by name, the time spent in wrapped functions but not in those wrapped within."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self._within = [0]

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""
        spent, within, clock = self.spent, self._within, time.perf_counter_ns

        def timed(*args: Any, **kwargs: Any) -> Any:
            within.append(0)
            start = clock()
            try:
                return function(*args, **kwargs)
            finally:
                took = clock() - start
                spent[name] = spent.get(name, 0) + took - within.pop()
                within[-1] += took

        return timed

    def lap(self) -> dict[str, int]:
        """What was spent since the last lap, in nanoseconds."""
        spent = dict(self.spent)
        self.spent.clear()
        return spent


@contextmanager
def _wrapped(watch: Stopwatch, places: Sequence[tuple[str, str, str]]) -> Iterator[list[str]]:
    """Wraps what is there; gives the places that are not."""
    absent = []
    with ExitStack() as stack:
        for name, module, address in places:
            try:
                owner: Any = importlib.import_module(module)
                *outer, last = address.split(".")
                for part in outer:
                    owner = getattr(owner, part)
                function = getattr(owner, last)
            except (ImportError, AttributeError):
                absent.append(f"{name} ({module}.{address})")
                continue
            stack.enter_context(patch.object(owner, last, watch.wrap(name, function)))
        yield absent


def _laps(watch: Stopwatch, whole: str, calls: Sequence[Callable[[], object]], seconds: float) -> dict[str, float]:
    """The median time of each part, in microseconds, over calls made again and again for ``seconds``."""
    laps: list[dict[str, int]] = []
    for call in calls[:20]:
        call()
    watch.lap()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for call in calls:
            watch.wrap(whole, call)()
            laps.append(watch.lap())
    names = dict.fromkeys(name for lap in laps for name in lap)
    return {name: median(lap.get(name, 0) for lap in laps) / 1000 for name in names}


def deciding(bundle: CheckedBundle, setting: str, seconds: float) -> tuple[dict[str, float], list[str]]:
    """The parts of one decision from plain data to the whole answer, and what could not be found."""
    watch = Stopwatch()
    with _wrapped(watch, _OF_DECIDING) as absent, ready(bundle, setting) as engine:
        asked = Asked(engine)
        calls = [lambda facts=facts: asked.decide(facts) for facts in documents(100)]
        return _laps(watch, "outside", calls, seconds), absent


def serving(bundle: CheckedBundle, setting: str, seconds: float) -> tuple[dict[str, float], list[str]]:
    """The parts of one request from the server's call to the body, without the server."""
    watch = Stopwatch()
    with _wrapped(watch, (*_OF_SERVING, *_OF_DECIDING)) as absent:
        app = application(bundle, setting)
        calls = [lambda body=body: _call(app, body) for body in _bodies()]
        return _laps(watch, _REST, calls, seconds), absent


def application(bundle: CheckedBundle, setting: str) -> Any:
    """The service over this bundle alone, with the engine of the setting."""
    from policyengine.web.app import create_app

    return create_app({bundle.id: bundle}, lambda bundle: ready(bundle, setting))


def _bodies() -> list[bytes]:
    return [json.dumps({"as_of": DAY.isoformat(), "facts": facts}).encode() for facts in documents(100)]


def _call(app: Callable[..., Any], body: bytes) -> bytes:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/v1/bundles/{BUNDLE}/decisions/{DECISION}",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    status: list[str] = []
    answer = app(environ, lambda told, _headers, _error=None: status.append(told))
    body = b"".join(answer)
    if not status[0].startswith("200"):
        raise RuntimeError(f"{status[0]}: {body[:300]!r}")
    return body


def table(counts: Sequence[int], settings: Sequence[str], seconds: float) -> str:
    """The whole profile as text."""
    lines, absent = [], []
    for setting in settings:
        if not has_setting(setting):
            lines += [f"{setting}: this version has no such engine", ""]
            continue
        columns: dict[str, dict[str, float]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for count in counts:
                bundle = load_bundle(write_bundle(Path(folder) / str(count), scaled(count)))
                for what, measure in (("decide", deciding), ("HTTP", serving)):
                    columns[f"{what} {count}"], missing = measure(bundle, setting, seconds)
                    absent += missing
        lines += [*_rows(setting, columns), ""]
    lines += [f"not found, so counted elsewhere: {place}" for place in dict.fromkeys(absent)]
    return "\n".join(lines)


def _rows(setting: str, columns: dict[str, dict[str, float]]) -> Iterator[str]:
    order = [name for name, _, _ in (*_OF_SERVING[:2], *_OF_DECIDING, *_OF_SERVING[2:])]
    names = dict.fromkeys((*order, _REST, "outside"))
    yield f"{setting}: median microseconds, share of the sum"
    yield f"{'':28}" + "".join(f"{title:>18}" for title in columns)
    for name in names:
        if any(column.get(name, 0.0) >= 0.05 for column in columns.values()):
            cells = (_cell(column.get(name, 0.0), sum(column.values())) for column in columns.values())
            yield f"{name:28}" + "".join(cells)
    yield f"{'sum':28}" + "".join(f"{sum(column.values()):11.1f}       " for column in columns.values())


def _cell(value: float, whole: float) -> str:
    return f"{value:11.1f} {value / whole:5.0%} " if value else f"{'':18}"
