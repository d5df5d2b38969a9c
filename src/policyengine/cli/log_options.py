"""What commands take about the decision log: where it is, which of its records, and how a service keeps it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from policyengine.cli.options import Decorator, is_given

if TYPE_CHECKING:
    from policyengine.decision_log.store import Store

#: The log of a service that is told nothing else, in the folder in which it is started. It is made when it is missing.
DATABASE: Final = "policyengine-log/decisions.sqlite"


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--log``, for commands that read or change a log; handed over as a :class:`Store` that is closed at the end."""

    @functools.wraps(command)
    def opened(*, log: str, **more: Any) -> Any:  # noqa: ANN401 - click's
        from policyengine.decision_log.store import Store

        store = Store(log, patient=True)
        try:
            return command(store=store, **more)
        finally:
            store.close()

    return _database()(opened)


def checked(store: Store) -> Store:
    """The store, once it is sure that there is a log of this release in it."""
    from policyengine.decision_log.migrate import check

    check(store)
    return store


def query_options(bundle: str) -> Decorator:
    """Which records; ``bundle`` is the name of the option for a bundle's id. Handed over as a :class:`Query`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def collected(**more: Any) -> Any:  # noqa: ANN401 - click's
            from policyengine.decision_log.search import Query

            asked = {key: more.pop(f"of_{key}") for key in ("bundle", "decision", "verdict", "rule", "since", "until")}
            return command(query=Query(**asked), **more)

        made: Callable[..., Any] = collected
        for add in (
            click.option("--rule", "of_rule", metavar="ID", help="Only decisions that this rule gave a reason for."),
            click.option("--verdict", "of_verdict", metavar="WORD", help="Only decisions with this verdict."),
            click.option("--decision", "of_decision", metavar="NAME", help="Only this decision."),
            click.option(bundle, "of_bundle", metavar="ID", help="Only decisions of this bundle."),
            click.option("--until", "of_until", metavar="TIME", callback=_moment, help="Only decisions before this."),
            click.option(
                "--since",
                "of_since",
                metavar="TIME",
                callback=_moment,
                help="Only decisions from then on: a day (in UTC), or a time with its offset.",
            ),
        ):
            made = add(made)
        return made

    return decorate


def service_log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a service logs, handed over as :class:`LogSettings`; None: it logs nothing."""

    @functools.wraps(command)
    def collected(  # noqa: PLR0913 - one for each option
        *,
        log: str,
        no_log: bool,
        log_mask: tuple[str, ...],
        log_erase: tuple[str, ...],
        log_heads: str | None,
        log_key: str | None,
        answers_without_log: bool,
        read_log: bool,
        **more: Any,  # noqa: ANN401 - click's
    ) -> Any:  # noqa: ANN401 - click's
        from policyengine.decision_log.log import LogSettings
        from policyengine.decision_log.masking import masks

        if no_log:
            _refuse_with_no_log()
            return command(log=None, **more)
        if (log_heads is None) != (log_key is None):
            raise click.UsageError(
                "--log-heads and --log-key go together: the file for heads, and the key to sign with"
            )
        settings = LogSettings(
            database=log,
            masks=masks(log_mask, log_erase),
            heads=log_heads,
            head_key=log_key,
            answers_without=answers_without_log,
            readable=read_log,
        )
        return command(log=settings, **more)

    made: Callable[..., Any] = collected
    for add in _SERVICE_OPTIONS:
        made = add(made)
    return made


def _database() -> Decorator:
    return click.option(
        "--log",
        metavar="DATABASE",
        default=DATABASE,
        show_default=True,
        help="The decision log: a file of SQLite, or postgresql://USER@HOST/DATABASE.",
    )


_SERVICE_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--read-log", is_flag=True, help="Let whoever may ask for decisions read the log at /v1/log, facts and all."
    ),
    click.option(
        "--answers-without-log", is_flag=True, help="Answer even when the log cannot be written, rather than with 503."
    ),
    click.option("--log-key", metavar="FILE", help="Private key that signs heads; `policyengine log key` makes one."),
    click.option(
        "--log-heads", metavar="FILE", help="Where signed heads of the log go, about every minute. Keep it elsewhere."
    ),
    click.option(
        "--log-erase", metavar="POINTER", multiple=True, help="Leave this out of the log, such as /input/buyer/name."
    ),
    click.option(
        "--log-mask", metavar="POINTER", multiple=True, help="Put *** in its place, such as /input/payments/*/amount."
    ),
    click.option("--no-log", is_flag=True, help="Log no decisions."),
    _database(),
)


def _refuse_with_no_log() -> None:
    """Whoever says how to log believes that there is a log."""
    for name in ("log", "log_mask", "log_erase", "log_heads", "log_key", "answers_without_log", "read_log"):
        if is_given(name):
            told = f"--{name.replace('_', '-')} and --no-log contradict each other; leave one of them out"
            raise click.UsageError(told)


def _moment(_: click.Context, __: click.Parameter, given: str | None) -> datetime | None:
    from policyengine.decision_log.errors import LogError
    from policyengine.decision_log.search import moment

    try:
        return None if given is None else moment(given)
    except LogError as e:
        raise click.BadParameter(str(e)) from e


def existing_file(help_: str, *names: str, required: bool = False) -> Decorator:
    """An option that names a file which is there."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option(*names, type=kind, metavar="FILE", required=required, help=help_)
