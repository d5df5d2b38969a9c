"""Callers that ask without end, check every answer by what an engine decides, and remember what was acknowledged."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from tests.chaos.service import PATIENCE, Service
from tests.decision_log.build import DAY, facts_of

from policyengine import Engine, load_bundle
from policyengine.web.answers import json_bytes

REFUND = "/v1/bundles/umbrella/decisions/refund"
_CALLERS = 4
_BATCH = 3
#: One in so many requests of a caller has a key, and is repeated until it is answered; one in so many is a batch.
_KEYED, _BATCHED = 3, 4
#: Seconds that a caller waits after each answer: the service is to be busy, and not to fill the disk.
_PAUSE = 0.004


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, under an id that the log keeps, and the bytes of each decision that must come of it."""

    id: str
    path: str
    body: object
    expected: tuple[bytes, ...]
    key: str | None


@dataclass
class Seen:
    """What the callers saw. ``cut`` counts connections that ended without an answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    keyed: dict[str, bytes] = field(default_factory=dict)
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)


class Cases:
    """Requests in turn, with what an engine in this process decides on them."""

    def __init__(self, bundle: Path) -> None:
        self._facts = [facts_of(n) for n in range(20)]
        with Engine(load_bundle(bundle), "reference") as engine:
            decided = [engine.decide("refund", facts, as_of=DAY) for facts in self._facts]
        self._expected = [json_bytes(decision.to_dict()) for decision in decided]

    def request(self, caller: int, turn: int) -> Request:
        id_ = f"chaos-{caller}-{turn}"
        key = id_ if turn % _KEYED == 0 else None
        if turn % _BATCHED:
            n = (caller + turn) % len(self._facts)
            return Request(id_, REFUND, {"as_of": DAY, "facts": self._facts[n]}, (self._expected[n],), key)
        numbers = [(caller + turn + k) % len(self._facts) for k in range(_BATCH)]
        items = [{"id": n, "as_of": DAY, "facts": self._facts[n]} for n in numbers]
        return Request(id_, f"{REFUND}/batch", {"items": items}, tuple(self._expected[n] for n in numbers), key)


class Load:
    """The callers. With ``may_cut`` connections may end without an answer, because processes are killed."""

    def __init__(self, service: Service, *, may_cut: bool) -> None:
        self._service, self._may_cut = service, may_cut
        self._cases = Cases(service.bundle)
        self._changed = threading.Condition()
        self._end = threading.Event()
        self._patience = 3 * PATIENCE
        self.seen = Seen()
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(_CALLERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # What has a key is asked for until it is answered, unless the run has failed already.
        self._patience = 0.0 if kind else self._patience
        self._end.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, status: int, more: int) -> float:
        """Until so many more answers with this status came; the seconds until the first of them."""
        started, first = time.monotonic(), 0.0
        with self._changed:
            before = self.seen.statuses[status]
            for count in range(1, more + 1):
                came = self._changed.wait_for(lambda n=count: self.seen.statuses[status] >= before + n, PATIENCE)
                assert came, f"no answer {status} in {PATIENCE} seconds: {self.seen.statuses}, {self._service.said()}"
                first = first or time.monotonic() - started
        return first

    def _call(self, caller: int) -> None:
        turn = 0
        while not self._end.is_set():
            # A new connection now and then: any worker may take it.
            with self._service.client() as client:
                for _ in range(20):
                    turn += 1
                    self._settle(client, self._cases.request(caller, turn))
                    if self._end.wait(_PAUSE):
                        break

    def _settle(self, client: httpx.Client, request: Request) -> None:
        """Ask; and where the request has a key ask until there is an answer, and then once more."""
        started = time.monotonic()
        answered = self._ask(client, request)
        while request.key and not answered:
            if time.monotonic() - started > self._patience:
                self.seen.wrong.append(f"{request.id} got no answer in {self._patience} seconds")
                return
            time.sleep(0.05)  # as a caller does that tries again
            answered = self._ask(client, request)
        if request.key:
            self._ask(client, request)

    def _ask(self, client: httpx.Client, request: Request) -> bool:
        headers = {"X-Request-ID": request.id} | ({"Idempotency-Key": request.key} if request.key else {})
        try:
            answer = client.post(request.path, json=request.body, headers=headers)
        except httpx.TransportError as e:
            with self._changed:
                self.seen.cut[type(e).__name__] += 1
                if not self._may_cut:
                    self.seen.wrong.append(f"{request.id} got no answer: {type(e).__name__}")
            return False
        with self._changed:
            try:
                self._note(request, answer)
            except Exception as e:  # noqa: BLE001 - told in the end; the load goes on
                self.seen.wrong.append(f"{request.id}: {type(e).__name__}: {e}: {answer.text[:200]}")
            self.seen.statuses[answer.status_code] += 1
            self._changed.notify_all()
        return answer.status_code == 200

    def _note(self, request: Request, answer: httpx.Response) -> None:
        if answer.status_code != 200:
            assert answer.status_code == 503, answer.status_code
            return
        told = answer.json()
        items = told.get("items", [told])
        assert len(items) == len(request.expected)
        for item, expected in zip(items, request.expected, strict=True):
            assert json_bytes(item["decision"]) == expected, "another decision than the engine's"
            self.seen.acknowledged[item["envelope"]["decision_id"]] = expected
        self.seen.answered[request.id] = len(items)
        if request.key:
            first = self.seen.keyed.setdefault(request.key, answer.content)
            assert first == answer.content, "another answer to the same key"
            self.seen.repeated += answer.headers.get("Idempotent-Replayed") == "true"
