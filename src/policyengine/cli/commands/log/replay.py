"""``policyengine log replay``: logged decisions made again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import click

import policyengine
from policyengine.cli import exits
from policyengine.cli.log_options import checked, database_option, query_options

if TYPE_CHECKING:
    from policyengine.decision_log.replay import Outcome, Replayed
    from policyengine.decision_log.search import Query
    from policyengine.decision_log.store import Store

# More would not be read; the last line says how many there are.
_MOST_SHOWN: Final = 20


@click.command(
    help=f"""Make logged decisions again, by the policies of then, and compare every byte.

The log keeps the policies by which it decided, so it does not matter what has become of the files. Decisions of which
facts were left out of the log cannot be made again.

\b
Examples:
  policyengine log replay
  policyengine log replay --logged-bundle returns --since 2025-04-01

{exits.FOR_OTHERS}
"""
)
@query_options("--logged-bundle")
@database_option
def replay(store: Store, query: Query) -> int:
    """Replay all, and show what is not the same."""
    from policyengine.decision_log.replay import Outcome
    from policyengine.decision_log.replay import replay as again
    from policyengine.engine.engine import Engine
    from policyengine.web.answers import json_bytes

    counts: Counter[Outcome] = Counter()
    for done in again(checked(store), query, Engine, lambda decision: json_bytes(decision.to_dict())):
        counts[done.outcome] += 1
        if done.outcome in (Outcome.DIFFERENT, Outcome.IMPOSSIBLE):
            shown = counts[Outcome.DIFFERENT] + counts[Outcome.IMPOSSIBLE]
            if shown <= _MOST_SHOWN:
                click.echo(_line(done))
    click.echo(_summary(counts))
    return exits.FAILED if counts[Outcome.DIFFERENT] or counts[Outcome.IMPOSSIBLE] else exits.FINE


def _line(done: Replayed) -> str:
    release = f", logged by release {done.release}" if done.release != policyengine.__version__ else ""
    return f"{done.decision_id} {done.path} {done.outcome}: {done.told}{release}"


def _summary(counts: Counter[Outcome]) -> str:
    from policyengine.decision_log.replay import Outcome

    total = counts.total()
    if not total:
        return "no decision found; nothing was replayed"
    parts = [f"{total:,} decision{'s' * (total != 1)} replayed: {counts[Outcome.SAME]:,} the same to the byte"]
    if counts[Outcome.DIFFERENT]:
        parts.append(f"{counts[Outcome.DIFFERENT]:,} different")
    if counts[Outcome.MASKED]:
        parts.append(f"{counts[Outcome.MASKED]:,} not to be compared, because the log leaves parts of them out")
    if counts[Outcome.IMPOSSIBLE]:
        parts.append(f"{counts[Outcome.IMPOSSIBLE]:,} impossible")
    return ", ".join(parts)
