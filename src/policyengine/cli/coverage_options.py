"""``--cov``, ``--suggest`` and what belongs to them: what the cases cover, and cases for what they do not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli import exits

if TYPE_CHECKING:
    from policyengine.coverage.report import Coverage
    from policyengine.testing.model import Results


class _Percent(click.ParamType[Fraction]):
    """A share from 0 to 100, kept exactly."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:  # noqa: ANN401 - click's
        """The share; wrong usage if it is none."""
        try:
            share = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fail(f"`{value}` is not a number", param, ctx)
        if not 0 <= share <= 100:  # noqa: PLR2004 - per cent
            self.fail(f"`{value}` is not between 0 and 100", param, ctx)
        return share


@dataclass(frozen=True, slots=True)
class CoverageWanted:
    """What is to be done about coverage, and whether missing cases are to be written, and into which folder."""

    text: bool
    least: Fraction | None
    html: Path | None
    json: Path | None
    suggest: bool
    into: Path | None

    @property
    def measure(self) -> bool:
        """Whether coverage is to be told in any form."""
        return self.text or self.least is not None or self.html is not None or self.json is not None


def coverage_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--cov…`` and ``--suggest…``, handed over as one :class:`CoverageWanted`."""

    @functools.wraps(command)
    def collected(**given: Any) -> Any:  # noqa: ANN401 - click's
        names = {
            "cov": "text",
            "cov_fail_under": "least",
            "cov_html": "html",
            "cov_json": "json",
            "suggest": "suggest",
            "suggest_into": "into",
        }
        wanted = CoverageWanted(**{names[name]: given.pop(name) for name in names})
        return command(coverage=wanted, **given)

    options = (
        click.option(
            "--suggest-into",
            metavar="FOLDER",
            type=click.Path(file_okay=False, path_type=Path),
            help="Write suggested cases into this folder.  [default: the bundle's tests]",
        ),
        click.option(
            "--suggest",
            is_flag=True,
            help="Search for facts that would cover what no case does, and write them as cases under review.",
        ),
        click.option(
            "--cov-json",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the coverage of all bundles to this file, for programs.",
        ),
        click.option(
            "--cov-html",
            metavar="FOLDER",
            type=click.Path(file_okay=False, path_type=Path),
            help="Write pages into this folder that show the lines of the policies, coloured by coverage.",
        ),
        click.option(
            "--cov-fail-under",
            metavar="PERCENT",
            type=_Percent(),
            help="It is a failure too when less than this share of a bundle is covered.",
        ),
        click.option(
            "--cov", is_flag=True, help="Tell what of the policies the cases that passed cover, and what not."
        ),
    )
    return functools.reduce(lambda made, add: add(made), options, collected)


def follow_coverage(wanted: CoverageWanted, results: Sequence[Results], *, to_people: bool) -> int:
    """Measure, and tell as wanted; ``to_people``: nothing else than text is on standard output. Gives the exit code."""
    if wanted.suggest or wanted.into:
        _suggest(wanted, results, to_people=to_people)
    return _tell(wanted, results, to_people=to_people) if wanted.measure else exits.FINE


def _tell(wanted: CoverageWanted, results: Sequence[Results], *, to_people: bool) -> int:
    from policyengine.coverage.data import as_json
    from policyengine.coverage.page import pages
    from policyengine.coverage.text import as_text

    found = _measured(results)
    short = [f for f in found if wanted.least is not None and f.all.percent < wanted.least]
    if wanted.html:
        _write_pages(wanted.html, pages(found))
    if wanted.json:
        wanted.json.parent.mkdir(parents=True, exist_ok=True)
        wanted.json.write_text(as_json(found), encoding="utf-8")
    for one in found if wanted.text else short:
        click.echo(as_text(one), nl=False, err=not to_people)
    for one in short:
        click.echo(_too_little(one, wanted.least or Fraction(0)), err=True)
    return exits.FAILED if short else exits.FINE


def _measured(results: Sequence[Results]) -> list[Coverage]:
    """The coverage of every bundle that could be tested."""
    from policyengine.coverage.report import measure
    from policyengine.loading import load_bundle

    return [measure(load_bundle(r.bundle), r.bundle, r.outcomes) for r in results if not r.faults]


def _suggest(wanted: CoverageWanted, results: Sequence[Results], *, to_people: bool) -> None:
    from policyengine.coverage.suggest.suggestions import suggest
    from policyengine.coverage.suggest.telling import as_text
    from policyengine.loading import load_bundle

    tested = [r for r in results if not r.faults]
    for one in tested:
        bundle = load_bundle(one.bundle)
        into = wanted.into or Path(one.bundle) / "tests"
        # Bundles may have decisions of the same name, so with several each gets a folder of its own.
        folder = into / bundle.id if wanted.into and len(tested) > 1 else into
        found = suggest(bundle, one.outcomes)
        written = found.write(bundle, folder)
        click.echo(as_text(one.bundle, found, written), nl=False, err=not to_people)


def _write_pages(folder: Path, made: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def _too_little(found: Coverage, least: Fraction) -> str:
    from policyengine.coverage.text import headline, percent_text

    return f"{headline(found)}: that is less than {percent_text(least)}%"
