"""What commands take about the decision log: where it is, which of its records, and how a service keeps it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli.configured import configured
from policyengine.cli.options import Decorator
from policyengine.configuration.resolve import Configuration, Origin

if TYPE_CHECKING:
    from policyengine.decision_log.log import LogSettings
    from policyengine.decision_log.store import Store


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--log``, for commands that read or change a log; handed over as a :class:`Store` that is closed at the end."""

    @functools.wraps(command)
    def opened(*, configuration: Configuration, **more: Any) -> Any:  # noqa: ANN401, ARG001 - click's
        return command(**more)

    return database_and_settings(opened)


def database_and_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with the ``configuration`` too: for commands about what a service signs."""

    @functools.wraps(command)
    def opened(*, configuration: Configuration, **more: Any) -> Any:  # noqa: ANN401 - click's
        from policyengine.decision_log.store import Store

        database = configuration.place("log")
        if database is None:
            raise click.UsageError("no log is named; give one with --log")
        store = Store(database, patient=True)
        try:
            return command(store=store, configuration=configuration, **more)
        finally:
            store.close()

    return configured("config", "log", opposites=False)(opened)


def chosen_file(given: Path | None, configuration: Configuration, name: str) -> Path | None:
    """The file that an option names, or else the setting of this name. Wrong usage if the latter is not there."""
    configured_file = configuration.place(name)
    if given is not None or configured_file is None:
        return given
    path = Path(configured_file)
    if not path.is_file():
        raise click.UsageError(f"the setting `{name}` names {path}, and there is no such file")
    return path


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


def log_settings(configuration: Configuration) -> LogSettings | None:
    """How a service logs; None: it does not. Wrong usage for flags that contradict each other. Raises LogError."""
    from policyengine.decision_log.log import LogSettings
    from policyengine.decision_log.masking import masks

    database = configuration.place("log")
    if database is None:
        _refuse_without_log(configuration)
        return None
    heads, key = configuration.place("log_heads"), configuration.place("log_key")
    if (heads is None) != (key is None):
        raise click.UsageError("--log-heads and --log-key go together: the file for heads, and the key to sign with")
    return LogSettings(
        database=database,
        masks=masks(_listed(configuration.text("log_mask")), _listed(configuration.text("log_erase"))),
        heads=heads,
        head_key=key,
        answers_without=configuration.switch("answers_without_log"),
        readable=configuration.switch("read_log"),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _refuse_without_log(configuration: Configuration) -> None:
    """Whoever says on the command line how to log believes that there is a log."""
    about = {"log_mask", "log_erase", "log_heads", "log_key", "answers_without_log", "read_log"}
    for resolved in configuration.resolved:
        if resolved.setting.name in about and resolved.origin is Origin.FLAG:
            told = f"{resolved.place} has no effect where nothing is logged; leave it out, or name a log"
            raise click.UsageError(told)


def _moment(_: click.Context, __: click.Parameter, given: str | None) -> datetime | None:
    from policyengine.decision_log.errors import LogError
    from policyengine.decision_log.search import moment

    try:
        return None if given is None else moment(given)
    except LogError as e:
        raise click.BadParameter(str(e)) from e


def existing_file(help_: str, *names: str, required: bool = False, multiple: bool = False) -> Decorator:
    """An option that names a file which is there; with ``multiple`` it may be given several times."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option(*names, type=kind, metavar="FILE", required=required, multiple=multiple, help=help_)
