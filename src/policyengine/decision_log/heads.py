"""Signed heads: statements, kept outside of the database, of how far the chain went at a moment.

Whoever can write to the database can also cut the chain's end off, or make a whole new chain. Neither fits a head that
was signed and taken away before. Signatures are Ed25519, over the JSON text of the head without its signature.
"""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from policyengine.decision_log.canonical import Json, canonical, read
from policyengine.decision_log.chain import Head
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.ids import moment_text
from policyengine.errors import RequestError

_KEYS: Final = ("sequence", "hash", "time", "key_id", "signature")


class SignedHead(NamedTuple):
    """A head, when it was signed, by which key, and the signature in base 64."""

    sequence: int
    hash: str
    time: str
    key_id: str
    signature: str

    def to_dict(self) -> dict[str, Json]:
        """The wire form, one line of a file of heads."""
        return dict(self._asdict())


def new_key(path: Path) -> Path:
    """Write a new private key, for its owner's eyes only, and its public key beside it; the path of the latter."""
    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private_pem)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file without a password."""
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as e:
        raise LogError(f"{path} holds no private key in PEM form without a password") from e
    if not isinstance(found, Ed25519PrivateKey):
        raise LogError(f"the key in {path} is none of Ed25519; `policyengine log key` makes one")
    return found


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file."""
    try:
        found = load_pem_public_key(path.read_bytes())
    except ValueError as e:
        raise LogError(f"{path} holds no public key in PEM form; take the file that ends in .pub") from e
    if not isinstance(found, Ed25519PublicKey):
        raise LogError(f"the key in {path} is none of Ed25519; `policyengine log key` makes one")
    return found


def signed(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    """The head, signed now."""
    unsigned = SignedHead(head.sequence, head.hash, moment_text(datetime.now(UTC)), _key_id(key.public_key()), "")
    return unsigned._replace(signature=base64.b64encode(key.sign(_text(unsigned))).decode())


def is_genuine(head: SignedHead, key: Ed25519PublicKey) -> bool:
    """Whether this key signed the head."""
    try:
        key.verify(base64.b64decode(head.signature, validate=True), _text(head))
    except (InvalidSignature, ValueError):
        return False
    return True


def append_head(path: Path, head: SignedHead) -> None:
    """Add a line to a file of heads, on disk when this returns."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        file.write(canonical(head.to_dict()) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_heads(path: Path) -> list[SignedHead]:
    """The heads in a file, one on a line; LogError with the line that is none."""
    lines = path.read_bytes().splitlines()
    return [_head(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def head_of(data: Json) -> SignedHead | None:
    """A head in its wire form; None if it is none."""
    if not isinstance(data, dict) or set(data) != set(_KEYS):
        return None
    sequence, *texts = (data[key] for key in _KEYS)
    if type(sequence) is not int or not all(isinstance(text, str) for text in texts):
        return None
    return SignedHead(sequence, *texts)


class HeadExport:
    """Adds a signed head to a file after so many records, or once so many seconds have passed at a commit."""

    def __init__(self, path: Path, key: Ed25519PrivateKey, records: int, seconds: float) -> None:
        self._path, self._key, self._records, self._seconds = path, key, records, seconds
        self._last = 0
        self._at = float("-inf")

    def __call__(self, head: Head) -> None:
        """The chain has this head now."""
        is_due = head.sequence - self._last >= self._records or time.monotonic() - self._at >= self._seconds
        if head.sequence > self._last and is_due:
            append_head(self._path, signed(head, self._key))
            self._last, self._at = head.sequence, time.monotonic()


def genuine(heads: Iterable[SignedHead], key: Ed25519PublicKey) -> tuple[list[SignedHead], list[SignedHead]]:
    """Those that this key signed, and the others."""
    good: list[SignedHead] = []
    bad: list[SignedHead] = []
    for head in heads:
        (good if is_genuine(head, key) else bad).append(head)
    return good, bad


def _head(line: bytes, where: str) -> SignedHead:
    try:
        found = head_of(read(line))
    except (RequestError, TypeError):
        found = None
    if found is None:
        raise LogError(f"{where}: this is no signed head")
    return found


def _text(head: SignedHead) -> bytes:
    return canonical({key: value for key, value in head.to_dict().items() if key != "signature"})


def _key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
