"""A process of its own that tries a bundle out: checks it, makes its engine, and asks it once.

Whatever a bundle does to the checker or to an engine, up to a crash, ends here, and so does the memory it took. Run as
``python -m policyengine.web.trial``: the question as JSON on standard input, the result on standard output.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from policyengine.decision_log.masking import Masks
from policyengine.diagnostics import Diagnostic, Diagnostics, Severity
from policyengine.engine.settings import EngineSettings
from policyengine.frontend.bundle_files import BundleFiles, Unread, read_files
from policyengine.loading import check_files
from policyengine.model.bundle import CheckedBundle
from policyengine.source import nowhere

#: Seconds after which a bundle that is not yet checked is refused.
MOST_SECONDS: Final = 300
# Requests come first: a trial takes the processor that they leave.
_NICER: Final = 5
# What lies in the folder in which the service was started is no part of the program.
_COMMAND: Final = (sys.executable, "-P", "-m", "policyengine.web.trial")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial: the identity of the bundle, None for one that cannot be served, and its diagnostics.

    ``idle_masks`` are the masks of the log that hide nothing in it.
    """

    identity: Mapping[str, str] | None
    diagnostics: tuple[Mapping[str, Any], ...]
    idle_masks: Mapping[str, str] = field(default_factory=dict)


class Trials:
    """Runs trials, one at a time. ``settings`` are those of the engines in service; ``command`` runs this module.

    ``masks`` are those of the log.
    """

    def __init__(self, settings: EngineSettings, command: Sequence[str] = _COMMAND, masks: Masks | None = None) -> None:
        self._settings, self._command, self._masks = settings, list(command), masks or Masks()
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def run(self, files: BundleFiles, copy: Path) -> Tried:
        """Try the bundle of these files, of which ``copy`` is a folder with the same content."""
        question = {
            "copy": str(copy),
            "shown": files.shown,
            "unread": {path: asdict(unread) for path, unread in files.unread.items()},
            "claim": files.claim,
            "settings": asdict(self._settings),
            "masks": asdict(self._masks),
        }
        with self._lock:
            if self._is_closed:
                return _ended(files.shown, "the service is ending")
            self._running = process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        with process:
            try:
                out, _ = process.communicate(json.dumps(question).encode(), timeout=MOST_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return _ended(files.shown, f"it took longer than {MOST_SECONDS} seconds")
        if process.returncode:
            return _ended(files.shown, f"the process that tried it ended with code {process.returncode}")
        answer = json.loads(out)
        return Tried(answer["identity"], tuple(answer["diagnostics"]), answer["idle_masks"])

    def close(self) -> None:
        """End what is running, and run nothing more."""
        with self._lock:
            self._is_closed = True
            if self._running is not None:
                self._running.kill()


def _ended(shown: str, why: str) -> Tried:
    message = f"the bundle could not be tried out: {why}"
    return Tried(None, (Diagnostic("bundle/engine", message, nowhere(shown), _REMEDY).to_dict(),))


_REMEDY: Final = "the log of the service has more; a bundle that was served before is fine again when it is put back"


def tried(files: BundleFiles, settings: EngineSettings, masks: Masks | None = None) -> Tried:
    """Try the bundle of these files here and now; ``masks`` are those of the log."""
    bundle, sink = check_files(files, Diagnostics())
    if bundle is not None:
        _try_engine(bundle, settings, files.shown, sink)
    told = tuple(d.to_dict() for d in sink.sorted())
    if bundle is None or sink.failed:
        return Tried(None, told)
    identity = {"id": bundle.id, "version": bundle.version, "digest": bundle.digest}
    return Tried(identity, told, _idle(masks, bundle) if masks else {})


def _idle(masks: Masks, bundle: CheckedBundle) -> dict[str, str]:
    # Loaded here: schemas take time to load, and most services have no masks.
    from policyengine.decision_log.mask_places import idle_masks

    return idle_masks(masks, bundle)


def _try_engine(bundle: CheckedBundle, settings: EngineSettings, shown: str, sink: Diagnostics) -> None:
    from policyengine.web.engines import Engines, try_out

    try:
        with Engines(settings)(bundle) as engine:
            try_out(engine)
    except Exception as e:  # noqa: BLE001 - whatever it is, this bundle cannot be served
        message = f"the bundle could not be tried out: its engine failed with {type(e).__name__}: {e}"
        sink.error("bundle/engine", message, nowhere(shown), _REMEDY)


def errors_of(found: Tried) -> list[dict[str, Any]]:
    """The diagnostics because of which a bundle cannot be served."""
    return [dict(d) for d in found.diagnostics if d["severity"] == Severity.ERROR]


def main() -> None:
    """Answer one question."""
    # Only the result goes to standard output, whatever the code below it prints.
    result, sys.stdout = sys.stdout, sys.stderr
    with contextlib.suppress(OSError):
        os.nice(_NICER)
    question = json.load(sys.stdin)
    unread = {path: Unread(**why) for path, why in question["unread"].items()}
    claim = tuple(question["claim"]) if question["claim"] else None
    files = BundleFiles(question["shown"], read_files(Path(question["copy"])).contents, unread, claim)
    masks = Masks(**{name: tuple(map(tuple, paths)) for name, paths in question["masks"].items()})
    json.dump(asdict(tried(files, EngineSettings(**question["settings"]), masks)), result)
    result.flush()


if __name__ == "__main__":
    main()
