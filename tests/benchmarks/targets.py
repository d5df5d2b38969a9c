"""What is wanted: the targets, and each measured figure beside its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from tests.benchmarks.ours import SETTINGS

LIMIT = "generated"
ZEN_HTTP = "ZEN decision table on node:http"
#: The units of figures that are ratios: of times (less is better), and of requests (more is better).
_TIMES_LIMIT, _REQUESTS_ZEN = "x the time of generated Python", "x the requests of ZEN on node:http"
#: Memory that may come and go with the allocator's pools, in MB.
_SLACK = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured in a setting, against what is wanted.

    ``value`` and ``target`` are numbers of ``unit``; ``least`` says that the target is the least that is wanted and
    not the most. ``value`` None: not measured, and ``note`` says why.
    """

    what: str
    setting: str
    value: float | None
    target: float
    unit: str
    note: str = ""
    least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None when nothing was measured."""
        if self.value is None:
            return None
        return self.value >= self.target if self.least else self.value <= self.target


#: By row, the targets in the order of the settings.
_MATCH, _DECIDE, _GROWTH = (9.0, 1.4), (20.0, 10.5), (8.0, 8.0)
_LOAD = {24: (10.0, 5.0), 2400: (350.0, 100.0)}
_YAML = {24: (100.0, 100.0), 2400: (3000.0, 3000.0)}
_SINGLE, _BATCH = (1.1, 1.3), (25_000.0, 60_000.0)


def rows(data: dict[str, Any]) -> Iterator[Row]:
    """Every target with its figure."""
    few, many = data["counts"][0], data["counts"][-1]
    for n, setting in enumerate(SETTINGS):
        times = Times(data, setting)
        yield times.row(f"match, {few} rules", "match", few, _MATCH[n])
        yield times.row(f"decide, {few} rules", "decide", few, _DECIDE[n])
        for what in ("match", "decide"):
            yield times.growth(f"{what}, {few} to {many} rules", what, (few, many), _GROWTH[n])
        for count in (few, many):
            yield times.loading(f"checked bundle to ready engine, {count} rules", "load", count, _LOAD[count][n])
        for count in (few, many):
            yield times.loading(f"YAML to checked bundle, {count} rules", "yaml", count, _YAML[count][n])
        yield from _memory(data, setting)
        yield from _http(data, setting, n)


class Times:
    """The times of one engine, by rule count."""

    def __init__(self, data: dict[str, Any], engine: str) -> None:
        self.engine = engine
        self._limit = data["engines"][LIMIT]
        self._own = data["engines"][engine]

    def failed(self, count: int) -> str | None:
        """Why there is nothing to tell, if so."""
        return self._own[str(count)].get("failed")

    def median(self, what: str, count: int) -> float | None:
        """Microseconds: the median of the rounds' medians."""
        return self._over_rounds(what, count, "median")

    def p99(self, what: str, count: int) -> float | None:
        """Microseconds: the median of the rounds' 99th percentiles."""
        return self._over_rounds(what, count, "p99")

    def _over_rounds(self, what: str, count: int, figure: str) -> float | None:
        found = self._own[str(count)].get(what)
        return median(r[figure] for r in found) if found else None

    def ratios(self, what: str, count: int) -> list[float]:
        """Round by round, the time as a multiple of the limit's."""
        return _ratios(self._own[str(count)].get(what, []), self._limit[str(count)].get("decide", []))

    def beside_decide(self, what: str, count: int) -> list[float]:
        """Round by round, the time as a multiple of this engine's own decision in the benchmark."""
        own = self._own[str(count)]
        return _ratios(own.get(what, []), own.get("decide", []))

    def loads(self, what: str, count: int) -> float | None:
        """Milliseconds."""
        told = self._loads(what, count)
        return median(told) if told else None

    def _loads(self, what: str, count: int) -> list[float]:
        return [t[what] * 1000 for t in self._own[str(count)].get("told", []) if what in t]

    def row(self, title: str, what: str, count: int, target: float) -> Row:
        """A time as a ratio to the limit."""
        ratios = self.ratios(what, count)
        if not ratios:
            return Row(title, self.engine, None, target, _TIMES_LIMIT, self.failed(count) or "")
        note = f"{self.median(what, count):.1f} us (99 % within {self.p99(what, count):.1f}); {_span(ratios)}"
        return Row(title, self.engine, median(ratios), target, _TIMES_LIMIT, note)

    def growth(self, title: str, what: str, counts: tuple[int, int], target: float) -> Row:
        """How much longer it takes with many rules."""
        few, many = (self.median(what, count) for count in counts)
        unit = f"x the time at {counts[0]} rules"
        if few is None or many is None:
            return Row(title, self.engine, None, target, unit, self.failed(counts[1]) or "")
        return Row(title, self.engine, many / few, target, unit, f"{few:.1f} to {many:.1f} us")

    def loading(self, title: str, what: str, count: int, target: float) -> Row:
        """A time before the first decision."""
        first, again = self.loads(what, count), self.loads(f"{what}_again", count)
        if first is None or again is None:
            return Row(title, self.engine, None, target, "ms", self.failed(count) or "")
        fastest = min(self._loads(what, count))
        note = f"at best {fastest:.1f} ms; again in the same process: {again:.1f} ms"
        return Row(title, self.engine, first, target, "ms", note)


def _ratios(found: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[float]:
    return [one["median"] / other["median"] for one, other in zip(found, others, strict=False)]


def _span(ratios: list[float]) -> str:
    return f"{min(ratios):.1f} to {max(ratios):.1f} over the rounds"


def _memory(data: dict[str, Any], setting: str) -> Iterator[Row]:
    for what, title in (("soak", "decisions"), ("reload", "reloads")):
        found = data["memory"].get(setting, {}).get(what)
        if found is None:
            continue
        if "failed" in found:
            yield Row(f"memory over {title}", setting, None, _SLACK, "MB more", found["failed"])
            continue
        first, *_, last = found["rss"]
        note = f"{first:.1f} to {last:.1f} MB from the first tenth to the end, {found['seconds']:.0f} s"
        yield Row(f"memory over {found['count']:,} {title}", setting, last - first, _SLACK, "MB more", note)


def _http(data: dict[str, Any], setting: str, n: int) -> Iterator[Row]:
    http = data["http"]
    if "failed" in http:
        yield Row("HTTP", setting, None, _SINGLE[n], _REQUESTS_ZEN, http["failed"], least=True)
        return
    ours, zen = http.get(f"policyengine, {setting}", {}), http.get(ZEN_HTTP, {})
    for form in ("full", "short"):
        empty = Row(f"HTTP, one decision, {form} answer", setting, None, _SINGLE[n], _REQUESTS_ZEN, least=True)
        yield _single(
            empty, ours.get(f"single, {form}", []), zen.get("single", []), ours.get("failed") or zen.get("failed")
        )
    for form in ("full", "short"):
        found = ours.get(f"batch, {form}", [])
        value = median(r["decisions"] for r in found) if found else None
        note = _latency(found) or ours.get("failed", "not started")
        yield Row(
            f"HTTP, batch of 100, {form} answer", setting, value, _BATCH[n], "decisions a second", note, least=True
        )


def _single(empty: Row, found: list[dict[str, Any]], theirs: list[dict[str, Any]], failed: str | None) -> Row:
    ratios = [ours["requests"] / zen["requests"] for ours, zen in zip(found, theirs, strict=False)]
    note = _latency(found)
    if ratios:
        return replace(empty, value=median(ratios), note=note)
    return replace(empty, note=failed or f"one of the two is not here; {note}")


def _latency(found: list[dict[str, Any]]) -> str:
    if not found:
        return ""
    rate, half, most = (median(r[k] for r in found) for k in ("requests", "p50", "p99"))
    return f"{rate:,.0f} requests/s; half within {half:.1f} ms, 99 % within {most:.1f} ms"
