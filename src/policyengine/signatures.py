"""Ed25519 keys in PEM files, what they sign, and whether a signature holds: of bundles, and of what the log states."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from policyengine.errors import PolicyEngineError

# The id of a key: so many hex digits of its SHA-256. It only finds the key; what counts is that the signature holds.
_ID_DIGITS: Final = 16


class BadKey(PolicyEngineError):  # noqa: N818 - reads as a sentence
    """A file holds no key that can be used here, or none may be written there; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key: it signs."""

    key: Ed25519PrivateKey

    @classmethod
    def new(cls) -> PrivateKey:
        """A key that nobody else has."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, purpose: bytes, text: bytes) -> bytes:
        """The signature. One for this ``purpose``, a line, can never be one for anything else that the key signs."""
        return self.key.sign(_signed(purpose, text))

    def public(self) -> PublicKey:
        """The key with which its signatures are verified."""
        return PublicKey(self.key.public_key())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: it verifies signatures and makes none."""

    key: Ed25519PublicKey

    @property
    def id(self) -> str:
        """What the key is called beside its signatures."""
        raw = self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:_ID_DIGITS]

    def holds(self, purpose: bytes, text: bytes, signature: bytes) -> bool:
        """Whether the private key made this signature of the text, for this purpose."""
        try:
            self.key.verify(signature, _signed(purpose, text))
        except InvalidSignature:
            return False
        return True


def _signed(purpose: bytes, text: bytes) -> bytes:
    if not purpose.endswith(b"\n") or b"\n" in purpose[:-1]:
        raise ValueError("a purpose is one line: then no text can go on where another purpose ends")
    return purpose + text


def write_pair(key: PrivateKey, private: Path, public: Path) -> None:
    """Write a key into two new files, the private one for its owner only. Raises BadKey if there is either."""
    for path in (private, public):
        if path.exists():
            raise BadKey(f"`{path}` exists already; nothing was written. Choose another name")
    # Made for the owner alone from the first byte on, and never over a file that somebody put there meanwhile.
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with public.open("xb") as file:
        file.write(key.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def read_private_key(path: str | Path, remedy: str) -> PrivateKey:
    """The private key in a PEM file. Raises BadKey; ``remedy`` says where such a file comes from."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise _not_a_key(path, "private", remedy) from e
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_a_key(path, "private", remedy)
    return PrivateKey(key)


def read_public_key(path: str | Path, remedy: str) -> PublicKey:
    """The public key in a PEM file. Raises BadKey likewise."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as e:
        raise _not_a_key(path, "public", remedy) from e
    if not isinstance(key, Ed25519PublicKey):
        raise _not_a_key(path, "public", remedy)
    return PublicKey(key)


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as e:
        raise BadKey(f"`{path}` cannot be read: {(e.strerror or 'unknown reason').lower()}") from e


def _not_a_key(path: str | Path, kind: str, remedy: str) -> BadKey:
    return BadKey(f"`{path}` holds no {kind} Ed25519 key without a password, as PEM; {remedy}")
