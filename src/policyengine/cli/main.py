"""The command ``policyengine``: its commands, and what becomes of errors in any of them."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

import click

import policyengine
from policyengine.cli import exits
from policyengine.cli.commands.check import check
from policyengine.cli.commands.decide import decide
from policyengine.cli.commands.diff import diff
from policyengine.cli.commands.example import example
from policyengine.cli.commands.explain import explain
from policyengine.cli.commands.init import init
from policyengine.cli.commands.key import key
from policyengine.cli.commands.lint import lint
from policyengine.cli.commands.log import log
from policyengine.cli.commands.schema import schema
from policyengine.cli.commands.serve import serve
from policyengine.cli.commands.test import test
from policyengine.cli.options import FORMAT
from policyengine.cli.output.faults import show_bundle_faults, show_request_faults
from policyengine.errors import BundleError, PolicyEngineError, RequestError, UnknownName

ABOUT = f"""Decide from policies written in YAML, and explain every decision.

A bundle is a folder of policy files. Where a command takes bundles and none is named, it takes the ones that are
shipped with this program.

\b
Examples:
  policyengine check policies/returns
  policyengine decide policies/returns refund --facts facts.json
  policyengine serve policies/returns

{exits.FOR_DECISIONS}
"""


class Commands(click.Group):
    """A group whose exit codes are the published ones: click's own code for wrong usage means "refused" here."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:  # noqa: ANN401 - click's signature
        """Run the command and leave the process (or the test) with its exit code."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
            sys.stdout.flush()
        except click.ClickException as e:
            e.show()
            code = exits.FAILED
        except click.Abort:
            click.echo("stopped", err=True)
            code = exits.FAILED
        except BrokenPipeError:
            _forget_output()
            code = exits.FAILED
        sys.exit(code if isinstance(code, int) else exits.FINE)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; errors that can be foreseen end in a sentence, not in a traceback."""
        try:
            return super().invoke(ctx)
        except BundleError as e:
            show_bundle_faults(e, ctx.meta.get(FORMAT, "text"))
            return exits.INVALID
        except RequestError as e:
            show_request_faults(e, ctx.meta.get(FORMAT, "text"))
            return exits.FAILED
        except UnknownName as e:
            raise click.ClickException(f"{e}" + (f"; {e.help}" if e.help else "")) from e
        except PolicyEngineError as e:
            raise click.ClickException(str(e)) from e
        except BrokenPipeError:
            raise
        except OSError as e:
            raise click.ClickException(f"{e.filename or 'the system'}: {e.strerror or e}") from e


def _forget_output() -> None:
    """Whoever read our output has gone: what is still buffered goes nowhere, without complaint at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


@click.group(
    cls=Commands, help=ABOUT, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(policyengine.__version__, prog_name="policyengine", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Every command."""
    if os.environ.get("NO_COLOR"):
        context.color = False


for command in (check, lint, decide, explain, test, diff, schema, serve, key, log, init, example):
    cli.add_command(command)


def main() -> NoReturn:
    """The command, as installed."""
    cli.main(prog_name="policyengine")
