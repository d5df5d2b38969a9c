"""Options by which cases are chosen and run, each group handed over as one thing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli.options import Decorator, check_option, engine_option
from policyengine.cli.targets import Targets

if TYPE_CHECKING:
    from policyengine.testing.model import Results
    from policyengine.testing.run import Running
    from policyengine.testing.selection import Selection


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases were asked for, besides the places among the arguments."""

    text: str | None
    rules: tuple[str, ...]
    decisions: tuple[str, ...]
    last_failed: bool

    def selection(self, targets: Targets) -> Selection:
        """With the places, and what failed last time."""
        from policyengine.testing.last_failed import failed_last_time
        from policyengine.testing.selection import Selection

        failed = {str(f): failed_last_time(f) for f in targets.folders} if self.last_failed else {}
        if self.last_failed and not any(failed.values()):
            click.echo("no case is known to have failed last time: all are run", err=True)
        return Selection(
            text=self.text,
            rules=self.rules,
            decisions=self.decisions,
            places=targets.places,
            ids=failed if any(failed.values()) else None,
        )


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-k --rule --decision --last-failed``, handed over as one :class:`Wanted`."""

    @functools.wraps(command)
    def collected(
        select: str | None,
        rules: tuple[str, ...],
        decisions: tuple[str, ...],
        *,
        last_failed: bool,
        **more: Any,  # noqa: ANN401 - click's
    ) -> Any:  # noqa: ANN401 - click's
        return command(wanted=Wanted(select, rules, decisions, last_failed), **more)

    return _with(
        collected,
        click.option("-k", "select", metavar="TEXT", help="Run only the cases whose name or file contains this text."),
        click.option(
            "--rule",
            "rules",
            metavar="ID",
            multiple=True,
            help="Run only the cases that expect this rule, or whose answer names it. May be given several times.",
        ),
        click.option(
            "--decision",
            "decisions",
            metavar="NAME",
            multiple=True,
            help="Run only the cases of this decision. May be given several times.",
        ),
        click.option("--last-failed", is_flag=True, help="Run only the cases that did not pass when they last ran."),
    )


def running_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--engine --check --jobs --fail-fast``, handed over as one :class:`Running`."""

    @functools.wraps(command)
    def collected(engine: str | None, *, check: bool, jobs: int | None, fail_fast: bool, **more: Any) -> Any:  # noqa: ANN401 - click's
        return command(running=_running(engine, jobs, check=check, fail_fast=fail_fast), **more)

    return _with(
        collected,
        engine_option(
            "Decide by this engine only: durable, compiled or reference.  [default: each of them]", default=None
        ),
        check_option(
            "Also compare each engine's whole answer with the reference's; without it only what the cases expect."
        ),
        click.option(
            "--jobs",
            metavar="N",
            type=click.IntRange(min=1),
            default=None,
            help="Run in so many processes; the output is the same for any number.  "
            "[default: one for each processor, fewer for few cases]",
        ),
        click.option("-x", "--fail-fast", is_flag=True, help="Stop at the first case that does not pass."),
    )


def _running(engine: str | None, jobs: int | None, *, check: bool, fail_fast: bool) -> Running:
    from policyengine.testing.run import ALL_ENGINES, Running

    engines = (engine,) if engine else ALL_ENGINES if check else ALL_ENGINES[:1]
    return Running(engines=engines, check=check, jobs=jobs, fail_fast=fail_fast)


def _with(command: Callable[..., Any], *options: Decorator) -> Callable[..., Any]:
    return functools.reduce(lambda made, add: add(made), reversed(options), command)


def remember_failures(results: Sequence[Results]) -> None:
    """For ``--last-failed`` of the next run."""
    from policyengine.testing.last_failed import remember
    from policyengine.testing.model import Status

    for one in results:
        failed = [o.case.id for o in one.outcomes if o.status is not Status.PASSED]
        remember(one.bundle, [o.case.id for o in one.outcomes], failed)
