"""What the supervising process and its workers tell each other about bundles in service: plain data, as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

#: Seconds within which all workers take a new generation over, from the first to the last.
ALLOWED_SKEW: Final = 5.0
#: So many of the faults of a bundle that was refused are told.
MOST_TOLD: Final = 5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Released:
    """A bundle in service. ``source`` is the folder or file it came from; ``files`` the copy that workers load.

    ``since`` is when this edition came into service.
    """

    id: str
    version: str
    digest: str
    source: str
    files: str
    since: str

    def identity(self) -> Json:
        """What tells it from other editions."""
        return {"version": self.version, "digest": self.digest}


@dataclass(frozen=True, slots=True)
class Refused:
    """What could not be put in service, and why. ``bundle`` is its id or, if that is not known, its folder's name.

    ``serving`` is what stays in service of this bundle, if there is anything. ``faults`` is how many there are,
    ``first`` the first of them; ``since`` is when it was first refused, ``times`` how often since then.
    """

    bundle: str
    source: str
    faults: int
    first: tuple[Json, ...]
    since: str
    times: int = 1
    serving: Json | None = None

    def __str__(self) -> str:
        """Why, in a line: the first fault, with its place."""
        if not self.first:
            return "the fault is not known"
        told = self.first[0]
        more = f" (and {self.faults - 1} more)" if self.faults > 1 else ""
        place = f"{told['file']}:{told['line']}:{told['column']}"
        help_ = f"; {told['help']}" if told["help"] else ""
        return f"{place}: {told['severity']}[{told['code']}]: {told['message']}{help_}{more}"


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand: the generation in service, and since when (seconds of the epoch); what was refused.

    ``workers`` has, by process id, the generation that each worker serves; None while it starts. ``starts`` counts the
    workers that ever began, ``reloads`` the reloads by result. ``skew`` is the time in seconds from the first to the
    last worker that took the generation over. ``failed`` says why the last reload came to no end, if it did not.
    """

    generation: int
    published: float
    bundles: tuple[Released, ...]
    refused: tuple[Refused, ...] = ()
    workers: Mapping[int, int | None] = field(default_factory=dict)
    reloads: Mapping[str, int] = field(default_factory=dict)
    starts: int = 0
    skew: float | None = None
    failed: str = ""

    def is_current(self) -> bool:
        """Whether what is in service is what the last reload found."""
        return not self.refused and not self.failed

    def late(self, now: float) -> list[int]:
        """The workers that serve another generation for longer than is allowed."""
        if now - self.published <= ALLOWED_SKEW:
            return []
        return sorted(pid for pid, number in self.workers.items() if number not in (None, self.generation))

    def write(self, path: Path) -> None:
        """Put it into a file, in one step."""
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def read(cls, path: Path) -> Status:
        """What the file says."""
        data = json.loads(path.read_bytes())
        data["bundles"] = tuple(Released(**released) for released in data["bundles"])
        data["refused"] = tuple(Refused(**{**r, "first": tuple(r["first"])}) for r in data["refused"])
        data["workers"] = {int(pid): number for pid, number in data["workers"].items()}
        return cls(**data)


def now_text() -> str:
    """This moment, as it is told to people and programs."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def message(**said: object) -> bytes:
    """A message to the other side."""
    return json.dumps(said).encode()


def said(data: bytes) -> Json:
    """What the other side says."""
    told: Json = json.loads(data)
    return told


def control_path(folder: str | os.PathLike[str]) -> str:
    """Where the supervising process listens to its workers."""
    return str(Path(folder, "control"))


def status_path(folder: str | os.PathLike[str]) -> Path:
    """Where it writes how things stand."""
    return Path(folder, "status.json")
