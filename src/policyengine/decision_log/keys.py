"""The keys of a log: the private one signs its heads and deletions, and whoever has the public one verifies them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from policyengine import signatures
from policyengine.signatures import PrivateKey, PublicKey

_WRITTEN: Final = "`policyengine log key FILE` writes "


class Signature(NamedTuple):
    """What a statement of the log says of who signed it: the id of the key, and the signature in base 64."""

    key_id: str
    text: str


def new_key(path: Path) -> Path:
    """Write a new private key, and its public key beside it; the path of the latter. Raises BadKey."""
    public = path.with_name(f"{path.name}.pub")
    signatures.write_pair(PrivateKey.new(), path, public)
    return public


def private_key(path: Path) -> PrivateKey:
    """The private key in a PEM file. Raises BadKey."""
    return signatures.read_private_key(path, f"{_WRITTEN}one as `FILE`")


def public_key(path: Path) -> PublicKey:
    """The public key in a PEM file. Raises BadKey."""
    return signatures.read_public_key(path, f"{_WRITTEN}one as `FILE.pub`")


def signature(key: PrivateKey, purpose: bytes, text: bytes) -> str:
    """A signature of the text, in base 64."""
    return base64.b64encode(key.sign(purpose, text)).decode()


class Keyring:
    """Public keys, each found by its id: a log outlives the keys that signed it."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self._keys = {key.id: key for key in keys}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def knows(self, key_id: str) -> bool:
        """Whether there is a key of this id."""
        return key_id in self._keys

    def complaint(self, purpose: bytes, text: bytes, by: Signature) -> str | None:
        """What is wrong with a signature, in words that follow the name of the statement; None: it is genuine."""
        key = self._keys.get(by.key_id)
        if key is None:
            return f"is signed by a key with id {by.key_id[:40]!r}: give it with --public-key"
        try:
            holds = key.holds(purpose, text, base64.b64decode(by.text, validate=True))
        except ValueError:
            holds = False
        return None if holds else "has a wrong signature: it was changed, or somebody else signed it"
