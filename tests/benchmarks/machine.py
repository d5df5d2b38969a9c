"""When, on what machine and with which versions a run was made."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


def described() -> dict[str, Any]:
    """The date, the machine and the versions of what is not a rival."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "load": round(os.getloadavg()[0], 1),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "versions": {
            "policyengine": version("yaml-policyengine"),
            "durable-rules": version("durable-rules"),
            "granian": version("granian"),
            "flask": version("flask"),
            "node": _told("node", "--version"),
            "wrk": "found" if shutil.which("wrk") else None,
        },
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _told(*command: str) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().removeprefix("v")
