"""What several commands take: bundles, facts, a day."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from policyengine.engine.json_reader import read_json
from policyengine.engine.settings import DEFAULT, REFERENCE, SAMPLE, EngineSettings
from policyengine.errors import RequestError
from policyengine.shipped import shipped_policies
from policyengine.testing.folders import is_bundle

if TYPE_CHECKING:
    from policyengine.engine.engine import Engine

#: The largest file of facts, in bytes.
MOST_BYTES: Final = 2**24
#: Where the format that was asked for is kept while a command runs.
FORMAT: Final = "policyengine.format"

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def format_option(*formats: str) -> Decorator:
    """``--format``; the first is for people and is what is printed when nothing is said."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        callback=_remember_format,
        help=f"What to print: text for people, {'the others' if len(formats) > 2 else formats[-1]} for programs.",  # noqa: PLR2004 - text and another
    )


def _remember_format(context: click.Context, _: click.Parameter, value: str) -> str:
    """Errors are told in the same format, wherever they come from."""
    context.meta[FORMAT] = value
    return value


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked on the command line: all still as it was typed."""

    folder: str
    decision: str
    facts: str
    as_of: str | None


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``FOLDER DECISION --facts --as-of``, handed over as one :class:`Question`."""

    @functools.wraps(command)
    def collected(folder: str, decision: str, facts: str, as_of: str | None, **more: Any) -> Any:  # noqa: ANN401 - click's
        return command(question=Question(folder, decision, facts, as_of), **more)

    options = (
        click.option("--as-of", metavar="DAY", help="Decide for this day, such as 2025-04-01. Default: today."),
        click.option(
            "--facts",
            metavar="FILE",
            default="-",
            show_default="standard input",
            help="JSON file with the facts as nested objects; - for standard input.",
        ),
        click.argument("decision"),
        click.argument("folder"),
    )
    return functools.reduce(lambda made, add: add(made), options, collected)


def _known_engine(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """A name that no engine has is wrong usage; the nearest one is told."""
    if name is None or name == DEFAULT:
        return name
    from policyengine.engine.selection import known_engine

    return known_engine(name)


def engine_option(help_: str, default: str | None = DEFAULT) -> Decorator:
    """``--engine``."""
    return click.option(
        "--engine", metavar="NAME", default=default, show_default=True, callback=_known_engine, help=help_
    )


def check_option(help_: str) -> Decorator:
    """``--check/--no-check``."""
    return click.option("--check/--no-check", default=True, show_default=True, help=help_)


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--engine --check --sample``, handed over as :class:`EngineSettings`."""

    @functools.wraps(command)
    def collected(*, engine: str, check: bool, sample: int, **more: Any) -> Any:  # noqa: ANN401 - click's
        if sample and is_given("sample"):
            refuse_sample(engine, check=check)
        return command(settings=EngineSettings(engine, check, sample), **more)

    options: tuple[Decorator, ...] = (
        click.option(
            "--sample",
            metavar="N",
            type=click.IntRange(min=0),
            default=SAMPLE,
            show_default=True,
            help="With checks: compare the first and then every N-th answer of each decision with the reference's; "
            "0 for none.",
        ),
        check_option("Compare every match with the twin's, and sampled answers with the reference's."),
        engine_option("Engine that decides: durable, compiled or reference."),
    )
    made: Callable[..., Any] = collected
    for add in options:
        made = add(made)
    return made


def is_given(parameter: str) -> bool:
    """Whether the running command was told this parameter, rather than left to its default."""
    return click.get_current_context().get_parameter_source(parameter) is not ParameterSource.DEFAULT


def refuse_sample(engine: str, *, check: bool) -> None:
    """A sample that nobody would take is wrong usage: who asks for it believes to be checked."""
    if not check:
        raise click.UsageError("--sample has no effect with --no-check; leave one of them out")
    if engine == REFERENCE:
        raise click.UsageError("--sample has no effect with --engine reference, which would be compared with itself")


def day_of(question: Question, engine: Engine) -> date:
    """The day to decide for; wrong usage if it is none."""
    try:
        return engine.day(question.as_of)
    except RequestError as e:
        told = "; ".join(p.detail + (f": {p.help}" if p.help else "") for p in e.problems)
        raise click.BadParameter(told, param_hint="--as-of") from e


def bundle_folder(named: str) -> Path:
    """The folder of a bundle, by its path or, for a shipped bundle, by its folder's name."""
    path, shipped = Path(named), _shipped() / named
    if not path.exists() and _is_plain(named) and shipped.is_dir():
        return shipped
    if not path.is_dir():
        known = ", ".join(f.name for f in _bundles_in(_shipped()))
        raise click.UsageError(f"there is no folder `{named}`; shipped bundles: {known}")
    return path


def bundle_folders(named: tuple[str, ...]) -> list[Path]:
    """The folders of bundles; a folder that holds bundles stands for each of them, none for the shipped ones."""
    if not named:
        return _bundles_in(_shipped())
    found: list[Path] = []
    for name in named:
        folder = bundle_folder(name)
        inside = [] if _has_policies(folder) else _bundles_in(folder)
        found += [f for f in inside or [folder] if f not in found]
    return found


def read_facts(file: str) -> Mapping[str, object]:
    """The facts in a JSON file, read strictly; raises RequestError."""
    if file == "-":
        if sys.stdin.isatty():
            click.echo("reading facts as JSON from the keyboard; end with Ctrl-D", err=True)
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        with Path(file).open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    # Whether this is an object is for the reader of facts to say: it explains what was expected.
    return read_json(data, MOST_BYTES)  # type: ignore[return-value]


def _shipped() -> Path:
    """The folder of the shipped bundles, shown as a person in the current folder would write it."""
    folder, here = shipped_policies(), Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _is_plain(name: str) -> bool:
    return Path(name).name == name and name not in (".", "..")


def _has_policies(folder: Path) -> bool:
    return any(folder.glob("*.yaml"))


def _bundles_in(folder: Path) -> list[Path]:
    """The bundles in a folder: folders with policies, and further down those with a bundle file. None may be missed."""
    found: list[Path] = []
    for inside in sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith(".")):
        found += [inside] if _has_policies(inside) else _deeper(inside)
    return found


def _deeper(folder: Path) -> list[Path]:
    """Every bundle below a folder that is none; a bundle is not entered, and neither is a linked folder."""
    found: list[Path] = []
    for parent, folders, _ in os.walk(folder):
        here = Path(parent)
        if here != folder and is_bundle(here):
            found.append(here)
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
    return found
