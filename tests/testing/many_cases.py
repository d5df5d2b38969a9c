"""How fast many cases are read and run: ``python -m tests.testing.many_cases 10000 FOLDER``.

Writes a copy of a shipped bundle with so many different cases into FOLDER, and measures reading them and running them
(by every engine, whole answers compared) apart, in one process and in as many as are worth it. Where the machine does
other work as well, the processor's time tells more than the clock.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from policyengine.shipped import shipped_policies
from policyengine.testing.model import Results, Suite
from policyengine.testing.parallel import worthwhile_jobs
from policyengine.testing.run import Running, load_suite, run_suites

T = TypeVar("T")

A_FILE = 1000
REASONS = (
    "late_shipment",
    "quality_mismatch",
    "spec_mismatch",
    "missing_items",
    "customs_delay",
    "consumer_use_damage",
)
HEAD = """kind: tests
decision: coverage
facts:
  order: {trade_assurance: true, placed_on: 2025-01-10, currency: USD}
  payments: [{amount: 20000 USD, channel: escrow}]
  contract: {eta: 2025-03-25, elements: [color, material]}
  delivery: {delivered_on: 2025-03-20}
  evidence: {kinds: [photos, spec_comparison]}
cases:
"""


def write(folder: Path, count: int) -> Path:
    """A copy of the bundle in ``folder``, which is made anew, with ``count`` cases of disputes and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shipped_policies() / "trade_assurance", folder, ignore=shutil.ignore_patterns("tests"))
    (folder / "tests").mkdir()
    for first in range(0, count, A_FILE):
        cases = "".join(_case(n) for n in range(first, min(first + A_FILE, count)))
        (folder / "tests" / f"from_{first:06}.test.yaml").write_text(HEAD + cases, encoding="utf-8")
    return folder


def _case(n: int) -> str:
    opened = date(2025, 3, 21) + timedelta(days=n % 80)
    reasons = [REASONS[(n + k) % len(REASONS)] for k in range(1 + n % 3)]
    claims = ", ".join(f"{{id: c{k}, reason: {r}, amount: {100 + n % 997} USD}}" for k, r in enumerate(reasons))
    # Every answer of this bundle has this value: how these disputes are decided is not what is measured.
    return (
        f"  - name: dispute {n}\n"
        f"    as_of: {opened}\n"
        f"    facts: {{dispute: {{opened_on: {opened}}}, claims: [{claims}]}}\n"
        f"    expect: {{values: {{escrow_paid: 20000 USD}}, warnings: [], remarks: []}}\n"
    )


def measured(what: str, count: int, work: Callable[[], T]) -> T:
    """Do the work, and print how long it took by the clock and of the processors."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    done = work()
    took, spent = time.perf_counter() - start, sum(os.times()[:4]) - before
    print(f"{what}: {count / took:,.0f} cases a second, {took:.1f} s by the clock, {spent:.1f} s of processors")
    return done


def main() -> None:
    """Write, read, run, and print how long each took."""
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    write(folder, count)
    suite = measured("read", count, lambda: load_suite(folder))
    for jobs in sorted({1, worthwhile_jobs(count)}):
        (results,) = measured(f"run in {jobs}", count, lambda jobs=jobs: run(suite, jobs))
        assert results.ok


def run(suite: Suite, jobs: int) -> list[Results]:
    """All cases, in so many processes."""
    return run_suites([suite], running=Running(jobs=jobs))


if __name__ == "__main__":
    main()
