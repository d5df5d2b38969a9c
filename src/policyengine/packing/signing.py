"""Signatures of packed bundles: who may release policies, and whether a bundle is signed as it must be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from policyengine import signatures
from policyengine.packing.packed import Packed
from policyengine.signatures import PrivateKey, PublicKey

_PURPOSE: Final = b"policyengine packed bundle, format 1\n"


class BadSignature(Exception):  # noqa: N818 - reads as a sentence
    """A packed bundle is not signed as it must be. ``code`` and ``help`` are those of the diagnostic."""

    def __init__(self, code: str, message: str, help_: str) -> None:
        self.code, self.help = code, help_
        super().__init__(message)


def with_signature(packed: Packed, key: PrivateKey) -> Packed:
    """The bundle with a signature over its manifest: over its id, its version and every byte of its files."""
    return packed.signed(key.public().id, key.sign(_PURPOSE, packed.manifest()).hex())


def is_signed_by(packed: Packed, key: PublicKey) -> bool:
    """Whether the signature of this key, which the bundle has, is one over its manifest."""
    try:
        signature = bytes.fromhex(packed.signatures[key.id])
    except ValueError:
        return False
    return key.holds(_PURPOSE, packed.manifest(), signature)


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
    if not all(is_signed_by(packed, key) for key in known):
        message = "the signature does not belong to this content: it was changed, or the signature was"
        raise BadSignature("signature/wrong", message, remedy)
    return [key.id for key in known]


def new_pair(name: str) -> tuple[Path, Path, PublicKey]:
    """Make a key, and write it as ``NAME.private.pem``, for its owner only, and ``NAME.public.pem``. Raises BadKey."""
    key = PrivateKey.new()
    private, public = Path(f"{name}.private.pem"), Path(f"{name}.public.pem")
    signatures.write_pair(key, private, public)
    return private, public, key.public()


def read_signing_key(path: str | Path) -> PrivateKey:
    """The private key in a PEM file: who has it can release bundles. Raises BadKey."""
    return signatures.read_private_key(path, _written("private"))


def read_public_key(path: str | Path) -> PublicKey:
    """The public key in a PEM file. Raises BadKey."""
    return signatures.read_public_key(path, _written("public"))


def _written(kind: str) -> str:
    return f"`policyengine signing-key NAME` writes one as `NAME.{kind}.pem`"
