"""The cases that failed last time, remembered outside of every bundle: in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path


def cache_folder() -> Path:
    """Where caches of this user belong: ``$XDG_CACHE_HOME``, or ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "policyengine" / "last-failed"


def failed_last_time(folder: str | Path) -> frozenset[str]:
    """The ids of cases of the bundle in ``folder`` that did not pass when they were last run; none if none is known."""
    try:
        data = json.loads(_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    failed = data.get("failed") if isinstance(data, dict) else None
    return frozenset(str(f) for f in failed) if isinstance(failed, list) else frozenset()


def remember(folder: str | Path, run: Iterable[str], failed: Iterable[str]) -> None:
    """Of the cases just ``run``, these ``failed``; what is known of others stays.

    A cache that cannot be written is no fault of the run: nothing is then remembered.
    """
    before = failed_last_time(folder)
    now = (before - frozenset(run)) | frozenset(failed)
    if now == before:
        return
    path = _file(folder)
    text = json.dumps({"bundle": str(Path(folder).resolve()), "failed": sorted(now)}, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError:
        return


def _file(folder: str | Path) -> Path:
    return cache_folder() / f"{hashlib.sha256(str(Path(folder).resolve()).encode()).hexdigest()[:32]}.json"
