"""Signatures of packed bundles: made with one key, verified with the other, and worth nothing on other content."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from policyengine.cli.main import cli
from policyengine.diagnostics import Diagnostics
from policyengine.packing.opening import open_bundle
from policyengine.packing.packed import Packed, unpack
from policyengine.packing.signing import new_pair, read_public_key, read_signing_key, with_signature
from policyengine.signatures import BadKey, PrivateKey, PublicKey


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    return done.exit_code, done.stdout, done.stderr


class Release:
    """A bundle, two pairs of keys, and the bundle packed and signed with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder / "returns", folder / "returns.bundle"
        run("init", self.folder)
        self.ours, self.theirs = (new_pair(str(folder / name))[1] for name in ("ours", "theirs"))
        self.our_key, self.their_key = (Path(str(p).replace("public", "private")) for p in (self.ours, self.theirs))
        assert run("build", self.folder, "-o", self.file, "--sign", self.our_key)[0] == 0

    def packed(self) -> Packed:
        return unpack(self.file.read_bytes())

    def put(self, packed: Packed) -> None:
        self.file.write_bytes(packed.to_bytes())

    def code(self, key: Path | None = None) -> str:
        """The code for which the file is refused to who trusts this key, or nothing."""
        code, _, errors = run("verify", self.file, "--key", key or self.ours)
        assert code == (3 if errors else 0)
        return errors.partition("[")[2].partition("]")[0]


@pytest.fixture
def release(tmp_path) -> Release:
    return Release(tmp_path)


def test_a_pair_of_keys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, told, _ = run("signing-key", "release")
    private, public = Path("release.private.pem"), Path("release.public.pem")
    assert code == 0
    assert read_public_key(public).id in told
    assert read_signing_key(private).public().id == read_public_key(public).id
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert "PRIVATE" not in public.read_text()
    before = private.read_bytes()
    code, _, errors = run("signing-key", "release")
    assert (code, private.read_bytes()) == (1, before)
    assert "`release.private.pem` exists already; nothing was written" in errors


def test_who_signed_is_told(release):
    assert release.code() == ""
    ours, theirs = read_public_key(release.ours).id, read_public_key(release.theirs).id
    assert f"signed with key {ours}\n" in run("verify", release.file, "--key", release.ours)[1]
    assert f"{ours}, not verified: its public key was not given" in run("verify", release.file)[1]
    assert run("sign", release.file, "--key", release.their_key)[0] == 0
    assert release.code(release.theirs) == release.code(release.ours) == ""
    assert f"signed with key {theirs}, not verified" in run("verify", release.file, "--key", release.ours)[1]


def test_signing_gives_the_same_bytes_however_and_how_often_it_is_done(release, tmp_path):
    first = release.file.read_bytes()
    run("sign", release.file, "--key", release.our_key)
    assert release.file.read_bytes() == first
    run("build", release.folder, "-o", release.file)
    assert "not signed" in run("verify", release.file)[1]
    run("sign", release.file, "--key", release.our_key)
    assert release.file.read_bytes() == first


def test_what_is_not_signed_or_by_somebody_else(release):
    assert release.code(release.theirs) == "signature/unknown-key"
    release.put(replace(release.packed(), signatures={}))
    assert release.code() == "signature/missing"
    code, _, errors = run("verify", release.folder)
    assert (code, "yaml/unreadable" in errors) == (3, True)


def test_a_signature_is_worth_nothing_on_other_content(release):
    packed = release.packed()
    facts = packed.contents["facts.yaml"].replace(b"Price paid", b"Price laid")
    assert facts != packed.contents["facts.yaml"]
    others = {
        "a policy": replace(packed, contents={**packed.contents, "facts.yaml": facts}),
        "a file less": replace(
            packed, contents={k: v for k, v in packed.contents.items() if not k.startswith("tests")}
        ),
        "a file more": replace(packed, contents={**packed.contents, "more.yaml": b"kind: facts\nfacts: {}\n"}),
        "the version": replace(packed, version="0.2.0"),
        "the id": replace(packed, id="another"),
    }
    for what, other in others.items():
        release.put(other)
        assert release.code() == "signature/wrong", what


def test_a_signature_of_another_key_under_our_name(release):
    packed = replace(release.packed(), signatures={})
    theirs = with_signature(packed, read_signing_key(release.their_key)).signatures
    (signature,) = theirs.values()
    release.put(replace(packed, signatures={read_public_key(release.ours).id: signature}))
    assert release.code() == "signature/wrong"
    # One that is wrong is not made good by one that is right.
    release.put(with_signature(release.packed(), read_signing_key(release.their_key)))
    code, _, errors = run("verify", release.file, "--key", release.ours, "--key", release.theirs)
    assert (code, "signature/wrong" in errors) == (3, True)


def test_a_bare_signature_over_the_manifest_is_not_one_for_a_bundle(release):
    key = read_signing_key(release.our_key)
    packed = replace(release.packed(), signatures={})
    release.put(packed.signed(key.public().id, key.key.sign(packed.manifest()).hex()))
    assert release.code() == "signature/wrong"


def test_files_that_hold_no_such_key(release, tmp_path):
    rsa = generate_private_key(65537, 2048)
    other, password = tmp_path / "rsa.pem", tmp_path / "password.pem"
    other.write_bytes(rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    password.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    for path in (other, password, release.ours, release.file):
        with pytest.raises(BadKey, match="holds no private Ed25519 key"):
            read_signing_key(path)
    other.write_bytes(rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for path in (other, release.our_key, release.file):
        with pytest.raises(BadKey, match="holds no public Ed25519 key"):
            read_public_key(path)
    code, _, errors = run("sign", release.file, "--key", tmp_path / "none.pem")
    assert (code, errors.strip()) == (1, f"Error: `{tmp_path}/none.pem` cannot be read: no such file or directory")


def test_the_key_of_rfc_8032_gives_the_signature_that_it_must():
    """Test 1 of the RFC's Ed25519 vectors, through the library that is used here."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = PrivateKey(Ed25519PrivateKey.from_private_bytes(secret))
    assert isinstance(key.public(), PublicKey)
    assert key.key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


def serve(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "policyengine", "serve", "--port", "0", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_where_signatures_are_required_nothing_but_a_file_is_ever_read(release, tmp_path, monkeypatch):
    """Also not what is a file at one look and a folder at the next: whoever may write there could make it so."""
    keys = [read_public_key(release.ours)]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (release.folder, pipe, tmp_path / "nowhere"):
        sink = Diagnostics()
        assert open_bundle(path, sink, keys) is None
        assert [d.code for d in sink] == ["signature/missing"]
    monkeypatch.setattr(Path, "is_dir", lambda _: False)
    assert open_bundle(release.folder, Diagnostics(), keys) is None
    assert open_bundle(release.file, Diagnostics(), keys) is not None


def test_a_service_that_requires_signatures_does_not_start_without(release):
    for source, key, code in (
        (release.folder, release.ours, "signature/missing"),
        (release.file, release.theirs, "signature/unknown-key"),
    ):
        done = serve(source, "--require-signature", key)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith(f"{source}:1:1: error[{code}]")
        assert "  = help: " in done.stderr
    data = bytearray(release.file.read_bytes())
    data[len(data) // 2] ^= 1
    release.file.write_bytes(data)
    done = serve(release.file, "--require-signature", release.ours)
    assert (done.returncode, "error[packed/" in done.stderr) == (3, True)
    assert serve(release.file, "--require-signature", release.folder / "facts.yaml").returncode == 1
