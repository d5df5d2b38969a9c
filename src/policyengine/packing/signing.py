"""Ed25519 keys for packed bundles, as PEM files; what they sign, and whether a signature holds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
from policyengine.packing.packed import Packed

# A signature for a bundle can never be one for anything else that the same key signs.
_PURPOSE = b"policyengine packed bundle, format 1\n"
# The id of a key: so many hex digits of its SHA-256. It only finds the key; what counts is that the signature holds.
_ID_DIGITS = 16


class BadKey(PolicyEngineError):  # noqa: N818 - reads as a sentence
    """A file holds no key that can be used here; the text says why, and what to do."""


class BadSignature(Exception):  # noqa: N818 - reads as a sentence
    """A packed bundle is not signed as it must be. ``code`` and ``help`` are those of the diagnostic."""

    def __init__(self, code: str, message: str, help_: str) -> None:
        self.code, self.help = code, help_
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key: who has it can release bundles."""

    key: Ed25519PrivateKey

    def sign(self, packed: Packed) -> Packed:
        """The bundle with a signature over its manifest: over its id, its version and every byte of its files."""
        signature = self.key.sign(_PURPOSE + packed.manifest())
        return packed.signed(self.public().id, signature.hex())

    def public(self) -> PublicKey:
        """The key with which the signatures are verified."""
        return PublicKey(self.key.public_key())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: it verifies signatures and makes none."""

    key: Ed25519PublicKey

    @property
    def id(self) -> str:
        """What the key is called in packed bundles."""
        raw = self.key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:_ID_DIGITS]

    def holds(self, packed: Packed) -> bool:
        """Whether the signature of this key, which the bundle has, is one over its manifest."""
        try:
            self.key.verify(bytes.fromhex(packed.signatures[self.id]), _PURPOSE + packed.manifest())
        except (InvalidSignature, ValueError):
            return False
        return True


def signers(packed: Packed, keys: Sequence[PublicKey]) -> list[str]:
    """The ids of those of the ``keys`` that signed the bundle, at least one. Raises BadSignature."""
    remedy = "take the file from the one who released it, or have it signed again: `policyengine sign`"
    if not packed.signatures:
        raise BadSignature("signature/missing", "the packed bundle is not signed", remedy)
    known = [key for key in keys if key.id in packed.signatures]
    if not known:
        by, wanted = ", ".join(sorted(packed.signatures)), ", ".join(key.id for key in keys)
        message = f"the packed bundle is signed by none of the required keys, but by {by}"
        raise BadSignature("signature/unknown-key", message, f"required: {wanted}; {remedy}")
    if not all(key.holds(packed) for key in known):
        message = "the signature does not belong to this content: it was changed, or the signature was"
        raise BadSignature("signature/wrong", message, remedy)
    return [key.id for key in known]


def new_pair(name: str) -> tuple[Path, Path, PublicKey]:
    """Make a key, and write it as ``NAME.private.pem``, for its owner only, and ``NAME.public.pem``."""
    made = SigningKey(Ed25519PrivateKey.generate())
    private, public = Path(f"{name}.private.pem"), Path(f"{name}.public.pem")
    for path in (private, public):
        if path.exists():
            raise BadKey(f"`{path}` exists already; nothing was written. Choose another name")
    # Made for the owner alone from the first byte on, and never over a file that somebody put there meanwhile.
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with public.open("xb") as file:
        file.write(made.public().key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public, made.public()


def read_signing_key(path: str | Path) -> SigningKey:
    """The private key in a PEM file. Raises BadKey."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise _not_a_key(path, "private") from e
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_a_key(path, "private")
    return SigningKey(key)


def read_public_key(path: str | Path) -> PublicKey:
    """The public key in a PEM file. Raises BadKey."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as e:
        raise _not_a_key(path, "public") from e
    if not isinstance(key, Ed25519PublicKey):
        raise _not_a_key(path, "public")
    return PublicKey(key)


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as e:
        raise BadKey(f"`{path}` cannot be read: {(e.strerror or 'unknown reason').lower()}") from e


def _not_a_key(path: str | Path, kind: str) -> BadKey:
    written = "`policyengine signing-key NAME` writes one as `NAME." + kind + ".pem`"
    return BadKey(f"`{path}` holds no {kind} Ed25519 key without a password, as PEM; {written}")
