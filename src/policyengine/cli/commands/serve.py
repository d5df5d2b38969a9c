"""``policyengine serve``: the HTTP service."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import policyengine
from policyengine.cli import exits
from policyengine.cli.log_options import service_log_options
from policyengine.cli.options import bundle_folders, is_given, settings_options
from policyengine.cli.output.faults import diagnostic_text
from policyengine.diagnostics import Diagnostic
from policyengine.engine.settings import EngineSettings
from policyengine.errors import BundleError
from policyengine.model.bundle import CheckedBundle

if TYPE_CHECKING:
    from policyengine.decision_log.log import LogSettings

#: The folder for differences, in the one in which the service is started. It is made when there is the first.
DIFFERENCES = "policyengine-differences"


@click.command(
    help=f"""Serve decisions over HTTP until stopped.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. Every bundle is checked first: if
one is invalid, its faults are shown and nothing is started.

\b
Examples:
  policyengine serve
  policyengine serve policies/returns --port 8080
  policyengine serve policies --host 0.0.0.0 --workers 4
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
@click.option(
    "--differences",
    metavar="FOLDER",
    default=DIFFERENCES,
    show_default=True,
    help="Where facts are kept, as cases, on which engines differ. They may be personal data.",
)
@click.option("--no-differences", is_flag=True, help="Keep no facts.")
@service_log_options
def serve(  # noqa: PLR0913 - one for each option
    *,
    folders: tuple[str, ...],
    host: str,
    port: int,
    workers: int,
    access_log: bool,
    settings: EngineSettings,
    differences: str,
    no_differences: bool,
    log: LogSettings | None,
) -> int:
    """Check, start, announce, serve."""
    from policyengine.web.engines import Engines
    from policyengine.web.server import CannotListen, Listening, free_address
    from policyengine.web.server import serve as listen

    kept_in = _folder_for(differences, no_differences=no_differences)
    found = _load(bundle_folders(folders))
    bundles = {id_: bundle for id_, (bundle, _) in found.items()}
    try:
        listening = Listening(*free_address(host, port), workers, access_log)
    except CannotListen as e:
        raise click.ClickException(str(e)) from e
    shown_log = None if log is None else _open_log(log, found)
    shown_host = f"[{host}]" if ":" in host else host
    address = f"http://{shown_host}:{listening.port}"
    click.echo(f"policyengine {policyengine.__version__}")
    for bundle in bundles.values():
        click.echo(f"  {bundle.id} {bundle.version}  digest {bundle.digest}")
    engines = Engines(settings, kept_in)
    click.echo(f"  {engines}")
    if shown_log is not None:
        click.echo(f"  decisions logged in {shown_log} (facts may be personal data)")
    sys.stdout.flush()
    listen(bundles, listening, engines, log, functools.partial(_announce, address, workers))
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


def _open_log(settings: LogSettings, found: Mapping[str, tuple[CheckedBundle, Path]]) -> str:
    """Make sure that decisions can be logged, and keep the policies in the log; where that is, for people.

    A log in SQLite that is not there is made. Raises LogError.
    """
    from policyengine.decision_log.archive import keep_bundle
    from policyengine.decision_log.heads import private_key
    from policyengine.decision_log.masking import check_masks
    from policyengine.decision_log.migrate import check, migrate, revision
    from policyengine.decision_log.store import Store

    check_masks(settings.masks, {id_: bundle for id_, (bundle, _) in found.items()})
    if settings.head_key is not None:
        private_key(Path(settings.head_key))
    store = Store(settings.database)
    if store.is_sqlite and (not store.exists or revision(store) is None):
        migrate(store)
    check(store)
    for bundle, folder in found.values():
        keep_bundle(store, bundle, folder)
    store.close()
    return str(Path(store.shown).resolve()) if store.is_sqlite else store.shown


def _load(folders: Sequence[Path]) -> dict[str, tuple[CheckedBundle, Path]]:
    """Every bundle by its id, with its folder; all faults of all of them if there is any."""
    from policyengine.loading import check_folder

    bundles: dict[str, tuple[CheckedBundle, Path]] = {}
    faults: list[Diagnostic] = []
    for folder in folders:
        bundle, sink = check_folder(folder)
        if bundle is None or sink.failed:
            faults += sink
            continue
        for warning in sink:
            click.echo(diagnostic_text(warning), err=True)
        if bundle.id in bundles:
            raise click.UsageError(f"two bundles have the id `{bundle.id}`; the second is in {folder}")
        bundles[bundle.id] = (bundle, folder)
    if faults:
        raise BundleError(faults)
    return bundles
