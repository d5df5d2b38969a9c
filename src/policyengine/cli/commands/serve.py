"""``policyengine serve``: the HTTP service."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import policyengine
from policyengine.cli import exits
from policyengine.cli.options import bundle_folders, is_given, named_paths, settings_options
from policyengine.cli.output.faults import diagnostic_text
from policyengine.cli.reload_options import ReloadChoices, reload_options
from policyengine.diagnostics import Diagnostic, Diagnostics
from policyengine.engine.settings import EngineSettings
from policyengine.errors import BundleError

if TYPE_CHECKING:
    from policyengine.packing.signing import PublicKey
    from policyengine.web.server import Loaded

#: The folder for differences, in the one in which the service is started. It is made when there is the first.
DIFFERENCES = "policyengine-differences"


@click.command(
    help=f"""Serve decisions over HTTP until stopped.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. Every bundle is checked first: if
one is invalid, its faults are shown and nothing is started. SIGHUP has the bundles loaded anew, without a break; one
that is invalid by then never replaces one that is fine.

\b
Examples:
  policyengine serve
  policyengine serve policies/returns --port 8080
  policyengine serve policies --host 0.0.0.0 --workers 4
  policyengine serve policies --watch
  policyengine serve returns.bundle --require-signature release.public.pem
  policyengine serve policies --engine compiled --differences /var/lib/policyengine/differences

{exits.FOR_BUNDLES}
"""
)
@click.argument("folders", metavar="[FOLDER]...", nargs=-1)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 chooses a free one.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer; each uses at most one processor.",
)
@click.option("--access-log/--no-access-log", default=False, show_default=True, help="Log every request.")
@settings_options
@reload_options
@click.option(
    "--differences",
    metavar="FOLDER",
    default=DIFFERENCES,
    show_default=True,
    help="Where facts are kept, as cases, on which engines differ. They may be personal data.",
)
@click.option("--no-differences", is_flag=True, help="Keep no facts.")
def serve(  # noqa: PLR0913 - one for each option
    *,
    folders: tuple[str, ...],
    host: str,
    port: int,
    workers: int,
    access_log: bool,
    settings: EngineSettings,
    reload_choices: ReloadChoices,
    differences: str,
    no_differences: bool,
) -> int:
    """Check, start, announce, serve."""
    from policyengine.web.engines import Engines
    from policyengine.web.server import CannotListen, Listening, free_address
    from policyengine.web.server import serve as listen

    kept_in = _folder_for(differences, no_differences=no_differences)
    reloading = reload_choices.of(named_paths(folders))
    loaded = _load(bundle_folders(folders), reloading.keys)
    try:
        listening = Listening(*free_address(host, port), workers, access_log)
    except CannotListen as e:
        raise click.ClickException(str(e)) from e
    shown_host = f"[{host}]" if ":" in host else host
    address = f"http://{shown_host}:{listening.port}"
    click.echo(f"policyengine {policyengine.__version__}")
    for _, bundle in loaded:
        click.echo(f"  {bundle.id} {bundle.version}  digest {bundle.digest}")
    engines = Engines(settings, kept_in)
    click.echo(f"  {engines}")
    sys.stdout.flush()
    listen(loaded, reloading, listening, engines, functools.partial(_announce, address, workers))
    return exits.FINE


def _folder_for(differences: str, *, no_differences: bool) -> str | None:
    """The folder for differences; None: they are not kept. Wrong usage if it could never be written."""
    if no_differences:
        if is_given("differences"):
            raise click.UsageError("--differences and --no-differences contradict each other; leave one of them out")
        return None
    path = Path(differences)
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not there.is_dir():
        told = f"`{there}` is a file; name a folder, or one that can be made"
        raise click.BadParameter(told, param_hint="--differences")
    return differences


def _announce(address: str, workers: int) -> None:
    count = f"{workers} worker{'s' * (workers != 1)}"
    click.echo(f"listening on {address} ({count}); stop with Ctrl-C")
    sys.stdout.flush()


def _load(folders: Sequence[Path], keys: Sequence[PublicKey]) -> list[Loaded]:
    """Every bundle with its files; all faults of all of them if there is any."""
    from policyengine.loading import check_files
    from policyengine.packing.opening import open_bundle

    loaded: dict[str, Loaded] = {}
    faults: list[Diagnostic] = []
    for folder in folders:
        sink = Diagnostics()
        files = open_bundle(folder, sink, keys)
        bundle, sink = check_files(files, sink) if files else (None, sink)
        if files is None or bundle is None:
            faults += sink
            continue
        for warning in sink:
            click.echo(diagnostic_text(warning), err=True)
        if bundle.id in loaded:
            raise click.UsageError(f"two bundles have the id `{bundle.id}`; the second is in {folder}")
        loaded[bundle.id] = files, bundle
    if faults:
        raise BundleError(faults)
    return list(loaded.values())
