"""The folder of a service: who lives keeps it, and what the killed left is cleared away."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from multiprocessing.connection import Listener
from pathlib import Path

import pytest

from policyengine.web.folder import _LONGEST, PREFIX, FolderTooLong, service_folder
from policyengine.web.generations import control_path

LONG_AGO = 1_000_000_000


@pytest.fixture
def place(short_folder, monkeypatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    return short_folder


def test_a_path_that_is_too_long_for_a_socket_is_told_with_the_remedy(tmp_path, monkeypatch):
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(FolderTooLong, match="put `TMPDIR=/tmp` in front of the command"), service_folder():
        pass
    assert list(folder.iterdir()) == []


def test_the_longest_path_that_is_taken_has_room_for_a_socket(short_folder, monkeypatch):
    folder = short_folder / ("x" * (_LONGEST - len(str(short_folder / "x")) - len(PREFIX)))
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with service_folder() as made:
        Listener(control_path(made), "AF_UNIX").close()


def test_it_is_its_owners_alone_and_gone_at_the_end(place):
    with service_folder() as folder:
        assert Path(folder).parent == place
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


def test_what_a_killed_service_left_is_cleared_by_the_next(place):
    left = place / f"{PREFIX}left"
    (left / "bundles").mkdir(parents=True)
    os.utime(left, (LONG_AGO, LONG_AGO))
    with service_folder():
        assert not left.exists()


def test_what_is_younger_or_not_its_own_or_a_link_stays(place):
    young, other, aim = place / f"{PREFIX}young", place / "other", place / "aim"
    for folder in (young, other, aim):
        folder.mkdir()
    link = place / f"{PREFIX}link"
    link.symlink_to(aim)
    for folder in (other, aim):
        os.utime(folder, (LONG_AGO, LONG_AGO))
    with service_folder():
        assert young.is_dir()
        assert other.is_dir()
        assert link.is_symlink()
        assert aim.is_dir()


def test_the_folder_of_a_service_that_lives_stays_however_old_it_is(place):
    program = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from policyengine.web.folder import service_folder\n"
        "with service_folder() as folder: print(folder, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        folder = Path(other.stdout.readline().strip())
        os.utime(folder, (LONG_AGO, LONG_AGO))
        with service_folder():
            assert folder.is_dir()
        # Killed, it cannot clear up after itself, and no longer holds the lock.
        other.kill()
        other.wait()
        os.utime(folder, (LONG_AGO, LONG_AGO))
        with service_folder():
            assert not folder.exists()


def test_programs_that_clear_old_files_see_that_it_is_in_use(place):
    with service_folder() as folder:
        opened = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(opened)
