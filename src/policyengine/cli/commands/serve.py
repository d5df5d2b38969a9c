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
from policyengine.cli.configured import ALL, configured
from policyengine.cli.log_options import log_settings
from policyengine.cli.options import bundle_folders, format_option, named_paths, refuse_sample
from policyengine.cli.output.faults import diagnostic_text
from policyengine.configuration.resolve import Configuration
from policyengine.configuration.show import shown_for_people, shown_for_programs
from policyengine.diagnostics import Diagnostic, Diagnostics
from policyengine.engine.settings import EngineSettings
from policyengine.errors import BundleError

if TYPE_CHECKING:
    from policyengine.decision_log.log import LogSettings
    from policyengine.decision_log.store import Store
    from policyengine.signatures import PublicKey
    from policyengine.web.server import Listening, Loaded, Reloading


@click.command(
    help=f"""Serve decisions over HTTP until stopped.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. Every bundle is checked first: if
one is invalid, its faults are shown and nothing is started. SIGHUP has the bundles loaded anew, without a break; one
that is invalid by then never replaces one that is fine.

What is not said by a flag may be said by an environment variable, whose name stands beside each flag, or in a file of
settings. On an address that other machines can reach, keys are needed, or --no-keys.

\b
Examples:
  policyengine serve
  policyengine serve policies/returns --port 8080
  policyengine serve policies --host 0.0.0.0 --workers 4 --keys keys.json
  policyengine serve policies --watch
  policyengine serve returns.bundle --require-signature release.public.pem
  policyengine serve policies --engine compiled --differences /var/lib/policyengine/differences
  policyengine serve --config service.yaml --show-config
  policyengine serve --config service.yaml --dry-run

{exits.FOR_BUNDLES}
"""
)
@configured(*ALL)
@click.option("--show-config", is_flag=True, help="Show every setting and where it comes from, and serve nothing.")
@click.option("--dry-run", is_flag=True, help="Check everything as for a start, say what would be served, and end.")
@format_option("text", "json")
def serve(*, configuration: Configuration, show_config: bool, dry_run: bool, format_: str) -> int:
    """Check, start, announce, serve."""
    if show_config:
        click.echo((shown_for_programs if format_ == "json" else shown_for_people)(configuration))
        return exits.FINE
    from policyengine.web.engines import Engines
    from policyengine.web.server import serve as listen

    settings, differences = _engine_settings(configuration), _folder_for(configuration)
    log = log_settings(configuration)
    reloading = _reloading(configuration)
    loaded = _load(bundle_folders(configuration.several("bundles")), reloading.keys)
    listening = _listening(configuration, dry_run=dry_run)
    shown_log = None if log is None else _open_log(log, loaded, dry_run=dry_run)
    address = f"http://{_in_url(configuration.text('host'))}:{listening.port}"
    click.echo(f"policyengine {policyengine.__version__}")
    for _, bundle in loaded:
        click.echo(f"  {bundle.id} {bundle.version}  digest {bundle.digest}")
    if reloading.keys:
        click.echo(f"  only bundles that are signed by {' or '.join(key.id for key in reloading.keys)}")
    if listening.keys is not None:
        click.echo(f"  {told_of_keys(listening.keys)}")
    engines = Engines(settings, differences)
    click.echo(f"  {engines}")
    if shown_log is not None:
        click.echo(f"  decisions logged in {shown_log} (facts may be personal data)")
    if log is not None and log.heads is not None:
        click.echo(f"  heads of the log signed in {log.heads}")
    sys.stdout.flush()
    if dry_run:
        click.echo("all is fine; nothing was started")
        return exits.FINE
    listen(loaded, reloading, listening, engines, log, functools.partial(_announce, address, listening.workers))
    return exits.FINE


def _engine_settings(configuration: Configuration) -> EngineSettings:
    """How decisions are made and checked. Wrong usage for a sample that nobody would take."""
    settings = EngineSettings(
        configuration.text("engine"), configuration.switch("check"), configuration.whole("sample")
    )
    if settings.sample and configuration.is_given("sample"):
        refuse_sample(settings.backend, check=settings.check)
    return settings


def _reloading(configuration: Configuration) -> Reloading:
    """Which paths are served, and how bundles there are loaded anew. Raises BadKey."""
    from policyengine.web.server import Reloading

    keys: tuple[PublicKey, ...] = ()
    if configuration.several("require_signature"):
        # Loaded here: the library takes time to load, and most services require no signature.
        from policyengine.packing.signing import read_public_key

        keys = tuple(map(read_public_key, configuration.several("require_signature")))
    return Reloading(
        named_paths(configuration.several("bundles")),
        keys,
        configuration.switch("watch"),
        configuration.switch("ready_requires_current"),
    )


def _folder_for(configuration: Configuration) -> str | None:
    """The folder for differences; None: they are not kept. Wrong usage if it could never be written."""
    differences = configuration.place("differences")
    if differences is None:
        return None
    path = Path(differences)
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not there.is_dir():
        told = f"`{there}` is a file; name a folder, or one that can be made"
        raise click.BadParameter(told, param_hint="--differences")
    return differences


def _listening(configuration: Configuration, *, dry_run: bool) -> Listening:
    """Where to listen, and by which keys. Refused: an address that cannot be used, or is open to other machines.

    In a dry run the port may be taken: by the very service that is to be started anew.
    """
    from policyengine.access.addresses import is_loopback, is_own_name
    from policyengine.web.server import CannotListen, Listening, free_address

    host, keys = configuration.text("host"), configuration.place("keys")
    try:
        address, port = free_address(host, 0 if dry_run else configuration.whole("port"))
    except CannotListen as e:
        raise click.ClickException(str(e)) from e
    chosen = configuration.is_given("keys")
    if not chosen and not is_loopback(address):
        raise click.ClickException(_open_to_others(host))
    if keys is not None:
        from policyengine.access.key_file import KeyFile

        KeyFile(keys).keys()  # What cannot be read is told now, not when the first caller comes.
    return Listening(
        address,
        port,
        configuration.whole("workers"),
        configuration.switch("access_log"),
        configuration.text("log_format"),
        keys,
        # Who gives the machine another name and listens on that wants to be asked by it.
        own_names_only=not chosen and is_own_name(host),
        concurrency=configuration.whole("concurrency"),
        proxies=configuration.whole("proxies"),
    )


def _open_to_others(host: str) -> str:
    return (
        f"on `{host}` other machines could ask, and no keys are set up; make one with "
        "`policyengine key create --keys FILE` and start with `--keys FILE`, or say `--no-keys` if only those who may "
        "ask can reach this address"
    )


def told_of_keys(path: str) -> str:
    """One line about the keys; for who starts the service."""
    from policyengine.access.key_file import KeyFile

    good = KeyFile(path).good_keys()
    if not good:
        return f"keys in {path}, but none that is good: nobody may ask; `policyengine key create` makes one"
    return f"keys in {path}, {good} of them good"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _announce(address: str, workers: int) -> None:
    count = f"{workers} worker{'s' * (workers != 1)}"
    click.echo(f"listening on {address} ({count}); stop with Ctrl-C")
    sys.stdout.flush()


def _open_log(settings: LogSettings, loaded: Sequence[Loaded], *, dry_run: bool) -> str:
    """Make sure that decisions can be logged, and keep the policies in the log; where that is, for people.

    With answers that need no log, a database that is away is no hindrance. A dry run writes nothing. Raises LogError.
    """
    from policyengine.decision_log.errors import LogUnavailable
    from policyengine.decision_log.mask_places import check_masks
    from policyengine.decision_log.migrate import check
    from policyengine.decision_log.opening import open_log
    from policyengine.decision_log.store import Store

    check_masks(settings.masks, {bundle.id: bundle for _, bundle in loaded})
    store = Store(settings.database)
    shown = str(Path(store.shown).resolve()) if store.is_sqlite else store.shown
    try:
        _check_heads(store, settings)
        if not dry_run:
            open_log(store, loaded)
        elif store.exists:
            check(store)
    except LogUnavailable as e:
        if not settings.answers_without:
            raise
        return f"{shown} once it can be: {e}"
    finally:
        store.close()
    return shown


def _check_heads(store: Store, settings: LogSettings) -> None:
    """Make sure that heads can be signed, and that the log is the one of which there are heads. Raises LogError."""
    if settings.heads is None or settings.head_key is None:
        return
    # Cryptography takes long to load, and few sign heads.
    from policyengine.decision_log.head_check import check_file, check_reach
    from policyengine.decision_log.keys import private_key

    key, path = private_key(Path(settings.head_key)), Path(settings.heads)
    check_file(path)
    check_reach(store, path, key)


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
