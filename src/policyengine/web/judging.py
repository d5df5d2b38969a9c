"""Which of the bundles, as they are on disk now, go into service, and which are refused, and why.

Each bundle is judged by itself: a fault in one keeps the others from nothing. What goes into service is a copy, made
from the very bytes that were checked: what becomes of the files afterwards touches nobody.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyengine.diagnostics import Diagnostic, Diagnostics
from policyengine.errors import PolicyEngineError
from policyengine.frontend.bundle_files import BundleFiles, read_files
from policyengine.packing.finding import bundles_in, is_bundle
from policyengine.packing.opening import open_bundle
from policyengine.source import nowhere
from policyengine.web.generations import MOST_TOLD, Refused, Released, now_text
from policyengine.web.mask_watch import MaskWatch
from policyengine.web.trial import Tried, errors_of

if TYPE_CHECKING:
    from policyengine.signatures import PublicKey

#: Tries the bundle of these files, of which the folder holds a copy.
Try = Callable[[BundleFiles, Path], Tried]
#: Keeps the policies of these files, of a bundle with this identity, for good. Raises PolicyEngineError.
Keep = Callable[[BundleFiles, Mapping[str, str]], object]


@dataclass(frozen=True, slots=True)
class Judged:
    """What goes into service, by id, and what was refused."""

    bundles: Mapping[str, Released]
    refused: tuple[Refused, ...]


class Judge:
    """Judges the bundles that ``named`` paths stand for: bundles, or folders of bundles.

    Copies go into ``copies``. With ``keys``, a bundle must be a packed file that one of them signed. With ``keep``,
    what goes into service is handed over to it first; what it cannot keep is refused. With ``masks``, what would leave
    a mask of the log with nothing to hide is refused.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - all that judges a bundle
        self,
        named: Sequence[Path],
        keys: Sequence[PublicKey],
        copies: Path,
        try_out: Try,
        keep: Keep | None = None,
        masks: MaskWatch | None = None,
    ) -> None:
        self.named = tuple(named)
        self._keys, self._copies, self._try, self._keep, self._masks = keys, copies, try_out, keep, masks
        self._numbers = itertools.count(1)
        copies.mkdir()

    def found(self) -> list[Path]:
        """The bundles that there are now; a path that is named and gone is among them."""
        paths = (inside for path in self.named for inside in _inside(path))
        return list(dict.fromkeys(paths))

    def copies(self) -> list[Path]:
        """The folders of all copies."""
        return list(self._copies.iterdir())

    def released(self, files: BundleFiles, identity: Mapping[str, str]) -> Released:
        """A bundle that was found fine, with a copy of its files."""
        return Released(**identity, source=files.shown, files=str(self._copy(files)), since=now_text())

    def judge(self, serving: Mapping[str, Released], *, removes: bool) -> Judged:
        """Judge every bundle anew; ``serving`` is what is in service.

        With ``removes``, a bundle that is no longer there goes out of service; without, it stays, and that is refused.
        """
        round_ = _Round(serving, self.found())
        for path in round_.found:
            self._judge_one(path, round_)
        for released in serving.values():
            if released.source not in round_.judged and released.id not in round_.bundles:
                self._gone(released, round_, removes=removes)
        self._check_masks(round_)
        if not round_.bundles:
            # A service of nothing helps nobody: whatever happened to the folder, the bundles stay.
            round_.bundles = dict(serving)
            for released in serving.values():
                if all(refused.bundle != released.id for refused in round_.refused):
                    round_.refuse(released.id, released.source, [_gone_fault(released, _LAST, _OR_END)])
        return Judged(dict(sorted(round_.bundles.items())), tuple(round_.refused))

    def _judge_one(self, path: Path, round_: _Round) -> None:
        source = path.as_posix()
        before = round_.served_from(source)
        round_.judged.add(source)
        if not path.exists():
            # Named, and not there: only who started the service can mean that.
            name = before.id if before else path.name
            round_.refuse(name, source, [_fault("bundle/gone", "there is no such folder or file", source, _PUT_BACK)])
            return
        sink = Diagnostics()
        files = open_bundle(path, sink, self._keys)
        if files is None:
            round_.refuse(before.id if before else path.stem, source, [d.to_dict() for d in sink])
        elif before and not files.unread and files.digest() == before.digest:
            round_.bundles[before.id] = self._with_copy(before, files)
        else:
            self._judge_files(files, path, before, round_)

    def _judge_files(self, files: BundleFiles, path: Path, before: Released | None, round_: _Round) -> None:
        copy = self._copy(files)
        tried = self._try(files, copy)
        if tried.identity is None:
            round_.refuse(before.id if before else path.stem, files.shown, errors_of(tried))
            return
        released = Released(**tried.identity, source=files.shown, files=str(copy), since=now_text())
        rival = round_.rival(released)
        if rival is not None:
            told = _fault(
                "bundle/same-id", f"the bundle in {rival} has the id `{released.id}` too", files.shown, _ONE_ID
            )
            round_.refuse(released.id, files.shown, [told])
            return
        if not self._is_kept(files, tried.identity, round_):
            return
        if self._masks is not None:
            self._masks.note(released.digest, tried.idle_masks)
        old = round_.serving.get(released.id)
        # The same policies in another place are the same edition.
        is_moved = old is not None and old.digest == released.digest
        round_.bundles[released.id] = replace(old, source=files.shown) if old and is_moved else released

    def _check_masks(self, round_: _Round) -> None:
        # What was refused stays as it was before, and that may take from a mask what another bundle gave it.
        while self._masks is not None and (lost := self._masks.lost(round_.serving, round_.bundles)):
            for id_, faults in lost.items():
                round_.take_back(id_, faults)

    def _is_kept(self, files: BundleFiles, identity: Mapping[str, str], round_: _Round) -> bool:
        if self._keep is None:
            return True
        try:
            self._keep(files, identity)
        except PolicyEngineError as e:
            told = _fault("bundle/not-kept", f"the log cannot keep these policies: {e}", files.shown, _MEND_LOG)
            round_.refuse(identity["id"], files.shown, [told])
            return False
        return True

    def _gone(self, released: Released, round_: _Round, *, removes: bool) -> None:
        if removes:
            return
        round_.bundles[released.id] = released
        told = "a bundle that only vanishes stays in service"
        round_.refuse(released.id, released.source, [_gone_fault(released, told, _REMOVE)])

    def _with_copy(self, released: Released, files: BundleFiles) -> Released:
        """The same; its copy is made again if somebody cleared it away, since a worker that starts loads it."""
        if read_files(Path(released.files)).digest() == released.digest:
            return released
        return replace(released, files=str(self._copy(files)))

    def _copy(self, files: BundleFiles) -> Path:
        folder = self._copies / f"{next(self._numbers):06d}"
        folder.mkdir(parents=True)
        for name in files.policy_paths():
            if name in files.contents:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(files.contents[name])
        return folder


class _Round:
    """One judging, as far as it got."""

    def __init__(self, serving: Mapping[str, Released], found: Sequence[Path]) -> None:
        self.serving, self.found = serving, found
        self.bundles: dict[str, Released] = {}
        self.refused: list[Refused] = []
        self.judged: set[str] = set()
        self._sources = {path.as_posix() for path in found}

    def served_from(self, source: str) -> Released | None:
        """What is in service from this folder or file."""
        return next((r for r in self.serving.values() if r.source == source), None)

    def rival(self, released: Released) -> str | None:
        """Another folder or file that has the same id, and has it rightly."""
        taken = self.bundles.get(released.id)
        old = self.serving.get(released.id)
        if taken is not None:
            return taken.source
        is_elsewhere = old is not None and old.source != released.source and old.source in self._sources
        return old.source if old and is_elsewhere else None

    def take_back(self, bundle: str, faults: Sequence[Mapping[str, Any]]) -> None:
        """Refuse what was to go into service; what is in service of it stays."""
        refused, old = self.bundles.pop(bundle), self.serving.get(bundle)
        if old is not None:
            self.bundles[bundle] = old
        self.refuse(bundle, refused.source, faults)

    def refuse(self, bundle: str, source: str, faults: Sequence[Mapping[str, Any]]) -> None:
        """Refuse what is in this folder or file; what is in service of it stays."""
        stays = self.served_from(source)
        if stays is not None:
            self.bundles.setdefault(stays.id, stays)
        old = self.serving.get(bundle)
        first = tuple(dict(fault) for fault in faults[:MOST_TOLD])
        serving = None if old is None else old.identity()
        self.refused.append(Refused(bundle, source, len(faults), first, now_text(), serving=serving))


def _inside(path: Path) -> list[Path]:
    try:
        return [path] if not path.is_dir() or is_bundle(path) else bundles_in(path)
    except OSError:  # a folder that may not be looked into: what is wrong with it is told when it is judged
        return [path]


def _fault(code: str, message: str, source: str, help_: str) -> dict[str, Any]:
    return Diagnostic(code, message, nowhere(source), help_).to_dict()


def _gone_fault(released: Released, why: str, help_: str) -> dict[str, Any]:
    return _fault("bundle/gone", f"bundle `{released.id}` is no longer there: {why}", released.source, help_)


_PUT_BACK = "put it back, or start the service without it"
_REMOVE = "put it back; to take it out of service, send SIGHUP or call `POST /v1/admin/reload`"
_LAST = "it stays, because a service without any bundle helps nobody"
_OR_END = "put it back, or another bundle in its place, and reload; or end the service"
_MEND_LOG = "mend the log, and reload; decisions by policies that nobody kept could not be made again"
_ONE_ID = "give each bundle an id of its own, and keep one copy of it"
