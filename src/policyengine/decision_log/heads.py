"""Signed heads: statements, kept outside of the database, of how far the chain went at a moment.

Whoever can write to the database can also cut the chain's end off, or make a whole new chain. Neither fits a head that
was signed and taken away before. Signatures are Ed25519, over the JSON text of the head without its signature.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from policyengine.decision_log.canonical import Json, canonical, read
from policyengine.decision_log.chain import Head
from policyengine.decision_log.ids import moment_text
from policyengine.decision_log.keys import Keyring, Signature, signature
from policyengine.errors import RequestError
from policyengine.signatures import PrivateKey

# A signed head says how far the chain went. It permits nothing: a deletion is signed for a purpose of its own.
_PURPOSE: Final = b"policyengine decision log, head, format 1\n"
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

    def complaint(self, keys: Keyring) -> str | None:
        """What is wrong with the signature; None: it is genuine."""
        return keys.complaint(_PURPOSE, _text(self), Signature(self.key_id, self.signature))


class HeadFile(NamedTuple):
    """What a file of heads holds, and what is wrong with its other lines."""

    heads: tuple[SignedHead, ...]
    bad: tuple[str, ...]


def signed(head: Head, key: PrivateKey) -> SignedHead:
    """The head, signed now."""
    unsigned = SignedHead(head.sequence, head.hash, moment_text(datetime.now(UTC)), key.public().id, "")
    return unsigned._replace(signature=signature(key, _PURPOSE, _text(unsigned)))


def append_head(path: Path, head: SignedHead) -> None:
    """Add a line to a file of heads, on disk when this returns."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab+") as file:
        # A line that a full disk cut short must not swallow this one.
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        is_torn = file.read(1) not in {b"", b"\n"}
        file.write(b"\n" * is_torn + canonical(head.to_dict()) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_heads(path: Path) -> HeadFile:
    """The heads in a file, one on a line."""
    heads: list[SignedHead] = []
    bad: list[str] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        found = _head(line) if line.strip() else None
        if found is not None:
            heads.append(found)
        elif line.strip():
            bad.append(f"{path}, line {number}: this is no signed head; if a full disk cut it short, take the line out")
    return HeadFile(tuple(heads), tuple(bad))


def _head(line: bytes) -> SignedHead | None:
    try:
        data = read(line)
    except (RequestError, TypeError):
        return None
    if set(data) != set(_KEYS):
        return None
    sequence, *texts = (data[key] for key in _KEYS)
    if type(sequence) is not int or not all(isinstance(text, str) for text in texts):
        return None
    return SignedHead(sequence, *map(str, texts))


def _text(head: SignedHead) -> bytes:
    return canonical({key: value for key, value in head.to_dict().items() if key != "signature"})
