"""Packed bundles: the same bytes everywhere, and nothing but what was packed is ever read from one."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from policyengine import Engine, load_bundle
from policyengine.cli.main import cli
from policyengine.frontend.bundle_files import MAX_BYTES, BundleFiles, read_files
from policyengine.packing.packed import MANIFEST, CannotPack, NotPacked, Packed, pack, unpack
from policyengine.packing.zipping import MOST_BYTES, MOST_ENTRIES, zipped
from policyengine.shipped import shipped_policies

FILES = {
    "bundle.yaml": b"kind: bundle\nbundle: small\n",
    "facts.yaml": b"kind: facts\n",
    "more/règles.yaml": b"kind: coverage\n",
    "tests/a.test.yaml": b"kind: tests\n",
}
SMALL = Packed("small", "1.0.0", FILES, {})


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    return done.exit_code, done.stdout, done.stderr


def copy_of(source: Path, target: Path, *, order: int, mask: int) -> Path:
    """The files of a bundle written anew: in another order, with other rights and other times, beside other files."""
    paths = [p for p in sorted(source.rglob("*")) if p.is_file()]
    random.Random(order).shuffle(paths)
    before = os.umask(mask)
    try:
        for number, path in enumerate(paths):
            new = target / path.relative_to(source)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(path.read_bytes())
            os.utime(new, (order * 10**8 + number, order * 10**8 + number))
        (target / f"notes-{order}.txt").write_text("not a part of the bundle")
        (target / f".hidden-{order}.yaml").write_text("nor is this")
    finally:
        os.umask(before)
    return target


def test_two_builds_are_equal_to_the_byte(tmp_path):
    built = []
    for order, mask in ((1, 0o022), (7, 0o077)):
        folder = copy_of(
            shipped_policies() / "trade_assurance", tmp_path / f"in-{order}" / "ta", order=order, mask=mask
        )
        out = tmp_path / f"{order}.bundle"
        assert run("build", folder, "--output", out)[0] == 0
        built.append(out.read_bytes())
    assert built[0] == built[1]
    assert unpack(built[0]).digest == load_bundle(shipped_policies() / "trade_assurance").digest


def test_the_bytes_are_the_same_for_ever():
    """Signed files of years ago must still be read: a change of this figure is a new format."""
    assert (
        hashlib.sha256(SMALL.to_bytes()).hexdigest()
        == "57cc0fa00ff7f5924b369a5599e2623f93b45edec31e8485ce319b0a519a6568"
    )


@given(st.permutations(list(FILES)))
def test_no_order_of_files_shows(order):
    assert replace(SMALL, contents={name: FILES[name] for name in order}).to_bytes() == SMALL.to_bytes()


def test_what_was_packed_is_read_and_any_tool_for_zip_files_can_look_inside():
    data = SMALL.to_bytes()
    assert unpack(data) == SMALL
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [MANIFEST, *sorted(FILES)]
        told = json.loads(archive.read(MANIFEST))
    assert (told["bundle"], told["version"], told["digest"]) == ("small", "1.0.0", SMALL.digest)
    assert told["files"]["facts.yaml"] == {"bytes": 12, "sha256": hashlib.sha256(FILES["facts.yaml"]).hexdigest()}


def test_a_packed_bundle_is_taken_wherever_a_folder_is(tmp_path):
    folder, file = tmp_path / "returns", tmp_path / "returns.bundle"
    assert run("init", folder)[0] == 0
    code, told, _ = run("build", folder, "-o", file)
    digest = load_bundle(folder).digest
    assert (code, told) == (0, f"{file}: returns 0.1.0  digest {digest}\n")
    assert load_bundle(file).digest == digest
    facts = tmp_path / "facts.json"
    facts.write_text('{"damage": {"cause": "lost"}}')
    for arguments in (
        ("decide", "refund", "--facts", facts, "--as-of", "2025-06-01", "--format", "json"),
        ("explain", "refund", "--facts", facts, "--as-of", "2025-06-01"),
    ):
        command, *rest = arguments
        assert run(command, folder, *rest) == run(command, file, *rest)
    for command in ("check", "test"):
        code, told, _ = run(command, file)
        assert (code, told.replace(str(file), "X")) == (0, run(command, folder)[1].replace(str(folder), "X"))
    assert run("lint", file)[1].count("untested-rule") == run("lint", folder)[1].count("untested-rule") == 1
    with Engine(load_bundle(file)) as packed, Engine(load_bundle(folder)) as plain:
        answers = [e.decide("refund", {"damage": {"cause": "pet"}}, as_of="2025-06-01") for e in (packed, plain)]
    assert answers[0].to_dict() == answers[1].to_dict()


def test_a_folder_of_packed_bundles(tmp_path):
    for name in ("one", "two"):
        run("init", tmp_path / name)
        run("build", tmp_path / name, "-o", tmp_path / "packed.bundle")
        (tmp_path / "all").mkdir(exist_ok=True)
        (tmp_path / "packed.bundle").replace(tmp_path / "all" / f"{name}.bundle")
    (tmp_path / "all" / ".new.bundle").write_text("not whole yet")
    code, told, _ = run("check", tmp_path / "all")
    assert (code, told.count("fine")) == (0, 2)


def test_a_bundle_with_a_fault_is_not_packed(tmp_path):
    folder, file = tmp_path / "returns", tmp_path / "returns.bundle"
    run("init", folder)
    (folder / "facts.yaml").write_text("kind: fact\n")
    code, _, errors = run("build", folder, "-o", file)
    assert (code, file.exists()) == (3, False)
    assert "facts.yaml:1:7: error[schema/kind]" in errors


@pytest.mark.parametrize("name", ["a\\b.yaml", "a\nb.yaml", "c:d.yaml", os.fsdecode(b"\xff.yaml")])
def test_names_that_mean_something_else_elsewhere_are_not_packed(tmp_path, name):
    (tmp_path / name).write_text("kind: facts\n")
    with pytest.raises(CannotPack, match="cannot be packed under this name"):
        pack(read_files(tmp_path), "x", "1.0.0")


def test_a_bundle_that_is_too_large_is_not_packed():
    many = BundleFiles("many", {f"{n}.yaml": b"" for n in range(MOST_ENTRIES)})
    large = BundleFiles("large", {f"{n}.yaml": bytes(MAX_BYTES) for n in range(MOST_BYTES // MAX_BYTES + 1)})
    for files in (many, large):
        with pytest.raises(CannotPack, match="is too large"):
            pack(files, "x", "1.0.0")


# --- what others made of a file ---


def refused(data: bytes) -> str:
    with pytest.raises(NotPacked) as told:
        unpack(data)
    return told.value.code


def rezipped(change=lambda _: None, *, compress=zipfile.ZIP_STORED, **entries: bytes) -> bytes:
    """The small bundle as somebody else would zip it, with other content under some names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive, zipfile.ZipFile(io.BytesIO(SMALL.to_bytes())) as packed:
        contents = {name: packed.read(name) for name in packed.namelist()} | entries
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress)
        change(archive)
    return out.getvalue()


def entries(**changed: bytes | None) -> bytes:
    """The small bundle zipped exactly as it is done here, but with other entries."""
    with zipfile.ZipFile(io.BytesIO(SMALL.to_bytes())) as packed:
        contents = {name: packed.read(name) for name in packed.namelist()} | changed
    return zipped({name: data for name, data in contents.items() if data is not None})


def test_no_byte_can_be_changed():
    data = SMALL.to_bytes()
    for at in range(len(data)):
        for bit in (1, 128):
            changed = bytearray(data)
            changed[at] ^= bit
            assert refused(bytes(changed)).startswith("packed/"), at


def test_no_byte_can_be_left_out_or_put_in():
    data = SMALL.to_bytes()
    for at in range(len(data)):
        assert refused(data[:at] + data[at + 1 :]).startswith("packed/"), at
        assert refused(data[:at] + b"\0" + data[at:]).startswith("packed/"), at
    for at in range(0, len(data), 97):
        assert refused(data[:at]).startswith("packed/"), at


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"facts.yaml": b"kind: facts \n"}, id="a file with other content"),
        pytest.param({"facts.yaml": None}, id="a file left out"),
        pytest.param({"zz.yaml": b"kind: facts\n"}, id="a file too many"),
        pytest.param({"zz.txt": b"notes"}, id="a file that is no policy"),
        pytest.param({"tests/zz.yaml": b"x"}, id="a file that a folder would not count"),
        pytest.param({"../zz.yaml": b"kind: facts\n"}, id="a path out of the bundle"),
        pytest.param({"/etc/zz.yaml": b"kind: facts\n"}, id="a path from the root"),
        pytest.param({"a/../zz.yaml": b"kind: facts\n"}, id="a path with a detour"),
        pytest.param({"a//zz.yaml": b"kind: facts\n"}, id="a path with an empty part"),
        pytest.param({".zz.yaml": b"kind: facts\n"}, id="a hidden file"),
        pytest.param(
            {MANIFEST: SMALL.manifest().replace(b"1.0.0", b"1.0.1")[:-1]}, id="another version, less a newline"
        ),
        pytest.param(
            {MANIFEST: SMALL.manifest().replace(b'"digest"', b'"more": 1, "digest"')}, id="more in the manifest"
        ),
        pytest.param({MANIFEST: replace(SMALL, contents={}).manifest()}, id="a manifest of nothing"),
    ],
)
def test_content_that_was_not_packed_like_this(changed):
    assert refused(entries(**changed)) == "packed/altered"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"kind: bundle\n", id="a policy file"),
        pytest.param(rezipped(), id="zipped by somebody else"),
        pytest.param(rezipped(compress=zipfile.ZIP_DEFLATED), id="compressed"),
        pytest.param(rezipped(bomb=bytes(50_000_000), compress=zipfile.ZIP_DEFLATED), id="a bomb"),
        pytest.param(b"#!/bin/sh\n" + SMALL.to_bytes(), id="something in front"),
        pytest.param(SMALL.to_bytes() + b"\0", id="something behind"),
        pytest.param(SMALL.to_bytes() * 2, id="twice"),
        pytest.param(SMALL.to_bytes()[:-2] + b"\x04\0note", id="a comment"),
        pytest.param(entries(**{MANIFEST: None}), id="no manifest"),
        pytest.param(entries(**{MANIFEST: b"[]"}), id="a manifest that is a list"),
        pytest.param(entries(**{MANIFEST: b"[" * 100_000}), id="a manifest that is deep"),
        pytest.param(entries(**{MANIFEST: b'{"bundle": 1, "version": "1"}'}), id="a manifest without a name"),
        pytest.param(entries(**{"signatures.json": b"{}"}), id="signatures that are none"),
        pytest.param(entries(**{"signatures.json": b'{"signatures": {"a": 1}}'}), id="a signature that is a number"),
        pytest.param(zipped({f"{n}.yaml": b"" for n in range(MOST_ENTRIES + 1)}), id="too many files"),
    ],
)
def test_bytes_that_are_no_packed_bundle(data):
    assert refused(data) == "packed/format"


def test_a_name_that_stands_there_twice():
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = rezipped(lambda archive: archive.writestr("facts.yaml", b"kind: facts\n# the second\n"))
    assert refused(data) == "packed/format"


def test_a_format_that_is_newer():
    data = entries(**{MANIFEST: SMALL.manifest().replace(b'"format": 1', b'"format": 2')})
    with pytest.raises(NotPacked, match="this bundle has format 2; this program reads 1 only"):
        unpack(data)


def test_files_that_are_too_large():
    assert refused(bytes(MOST_BYTES + 1)) == "packed/too-large"
    large = replace(SMALL, contents={"a.yaml": bytes(MAX_BYTES + 1)})
    assert refused(large.to_bytes()) == "packed/too-large"


def test_a_manifest_that_names_another_version_than_the_policies(tmp_path):
    folder, file = tmp_path / "returns", tmp_path / "returns.bundle"
    run("init", folder)
    file.write_bytes(pack(read_files(folder), "returns", "9.9.9").to_bytes())
    code, told, _ = run("check", file)
    assert code == 3
    assert f"{file}:1:1: error[packed/altered]: the manifest names another bundle, or another version" in told


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(data):
    assert refused(data) == "packed/format"
