"""What counts as a change of files, and when it has come to rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from policyengine.packing.finding import bundles_in
from policyengine.web.watching import Watch, look_at


class Watched:
    """A folder of bundles, and how often a reload was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = 0
        self.watch = Watch(lambda: bundles_in(folder), self._changed)

    def _changed(self) -> None:
        self.told += 1

    def after(self, looks: int) -> int:
        for _ in range(looks):
            self.watch.step()
        return self.told


@pytest.fixture
def watched(tmp_path) -> Watched:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.yaml").write_text("kind: bundle\n")
    return Watched(tmp_path)


def test_the_first_look_may_already_be_a_change(watched):
    assert watched.after(1) == 0
    assert watched.after(1) == 1
    assert watched.after(5) == 1


def test_a_change_is_told_once_it_was_the_same_in_two_looks(watched):
    watched.after(2)
    file = watched.folder / "one" / "bundle.yaml"
    for size in range(1, 6):
        file.write_text("x" * size)
        assert watched.after(1) == 1
    assert watched.after(1) == 2
    assert watched.after(5) == 2


def test_what_changes_while_it_is_loaded_is_a_change(watched):
    file = watched.folder / "one" / "bundle.yaml"
    changed = watched._changed

    def meanwhile() -> None:
        changed()
        file.write_text(f"written during reload {watched.told}\n") if watched.told == 1 else None

    watched.watch._changed = meanwhile
    assert watched.after(2) == 1
    assert watched.after(2) == 2
    assert watched.after(5) == 2


def replaced(folder: Path) -> None:
    """Another file of the same size and time in its place, as `cp -p` and `rsync -t` leave it."""
    file = folder / "one" / "bundle.yaml"
    times = file.stat()
    new = folder / "one" / "new"
    new.write_text("kind: bundel\n")
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    new.replace(file)


def linked(folder: Path) -> None:
    """As mounted volumes exchange all files at once: by a hidden link that others lead through."""
    (folder / "one" / "bundle.yaml").unlink()
    for name in ("..v1", "..v2"):
        (folder / "one" / name).mkdir()
        (folder / "one" / name / "bundle.yaml").write_text(f"# {name}\n")
    (folder / "one" / "..data").symlink_to("..v1")
    (folder / "one" / "bundle.yaml").symlink_to("..data/bundle.yaml")


def relinked(folder: Path) -> None:
    new = folder / "one" / "..new"
    new.symlink_to("..v2")
    new.replace(folder / "one" / "..data")


def packed(folder: Path) -> None:
    (folder / "three.bundle").write_bytes(b"packed")


def removed(folder: Path) -> None:
    (folder / "two" / "bundle.yaml").unlink()


def put_in(folder: Path) -> None:
    (folder / "two" / "more.yaml").write_text("kind: facts\n")


@pytest.mark.parametrize("changes", [(replaced,), (linked, relinked), (packed,), (removed,), (put_in,)])
def test_every_way_to_change_a_bundle_is_seen(watched, changes):
    told = watched.after(2)
    for change in changes:
        change(watched.folder)
        assert watched.after(2) == told + 1, change.__name__
        told += 1


@pytest.mark.parametrize(
    "name", ["one/notes.txt", "one/.bundle.yaml.swp", "one/.hidden.yaml", "notes.md", ".new.bundle"]
)
def test_what_is_no_part_of_a_bundle_is_no_change(watched, name):
    watched.after(2)
    (watched.folder / name).write_text("something")
    assert watched.after(3) == 1


def test_what_cannot_be_looked_at_is_a_state_too(tmp_path):
    gone = tmp_path / "gone"
    before = look_at([gone])
    gone.write_text("there")
    assert look_at([gone]) != before
