"""What came of a run: what was acknowledged, beside what the log has."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.load import Seen

from policyengine.decision_log.canonical import read
from policyengine.decision_log.store import Store


@dataclass
class Outcome:
    """One line of the table. ``wrong`` is empty when all is well."""

    name: str
    events: int = 0
    acknowledged: int = 0
    logged: int = 0
    repeated: int = 0
    unavailable: int = 0
    cut: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    note: str = ""
    wrong: list[str] = field(default_factory=list)


def compare(outcome: Outcome, seen: Seen, log: str) -> None:
    """Enter what was seen, and everything that is not in the log as it was acknowledged."""
    outcome.wrong += seen.wrong
    outcome.acknowledged = len(seen.acknowledged)
    outcome.repeated = seen.repeated
    outcome.unavailable, outcome.cut = seen.statuses[503], seen.cut.total()
    missing, asked = dict(seen.acknowledged), Counter[str]()
    store = Store(log, patient=True)
    with store.reading() as connection:
        for id_, entry in connection.exec_driver_sql("SELECT decision_id, entry FROM records"):
            outcome.logged += 1
            expected = missing.pop(id_, None)
            if expected is not None and b'"result":' + expected not in entry.encode():
                outcome.wrong.append(f"the log has another decision under {id_}")
            asked[str(read(entry)["req_id"])] += 1
    store.close()
    outcome.wrong += [f"{id_} was acknowledged and is not in the log" for id_ in missing]
    for request, items in seen.answered.items():
        if asked[request] != items:
            outcome.wrong.append(f"{request} has {asked[request]} decisions in the log, not {items}")
    command = [sys.executable, "-m", "policyengine", "log", "verify", "--log", log]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    if verified.returncode or "nothing was changed" not in verified.stdout:
        outcome.wrong.append(f"log verify: {verified.stdout}{verified.stderr}")


_COLUMNS = {
    "run": lambda o: o.name,
    "events": lambda o: str(o.events),
    "acknowledged": lambda o: f"{o.acknowledged:,}",
    "in the log": lambda o: f"{o.logged:,}",
    "given again": lambda o: f"{o.repeated:,}",
    "503": lambda o: f"{o.unavailable:,}",
    "cut off": lambda o: f"{o.cut:,}",
    "slowest return": lambda o: f"{o.slowest:.1f} s",
    "took": lambda o: f"{o.seconds:.0f} s",
    "wrong": lambda o: str(len(o.wrong)),
}


def table(outcomes: list[Outcome]) -> str:
    """All runs as a table for people, and what was wrong."""
    rows = [list(_COLUMNS), *([cell(o) for cell in _COLUMNS.values()] for o in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines += [f"{o.name}: {o.note}" for o in outcomes if o.note]
    lines += [f"{o.name}: {fault}" for o in outcomes for fault in o.wrong[:10]]
    return "\n".join(lines)
