"""A packed bundle: its files, a manifest that names each of them with its hash, and signatures over the manifest.

The bytes of the file follow from the bundle: the same policies and cases give the same file, wherever and whenever they
are packed. So a file is read by unpacking it, packing what was found, and comparing: whatever else was put into it, or
changed in it, shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from policyengine.errors import PolicyEngineError
from policyengine.frontend.bundle_files import MAX_BYTES, BundleFiles, is_of_a_bundle
from policyengine.packing.zipping import MOST_BYTES, MOST_ENTRIES, NotAZip, unzipped, zipped

MANIFEST: Final = "manifest.json"
SIGNATURES: Final = "signatures.json"
_FORMAT: Final = 1
_LONGEST_PATH: Final = 512
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}", re.ASCII)


class CannotPack(PolicyEngineError):  # noqa: N818 - reads as a sentence
    """A bundle cannot be packed; the text says why, and what to do."""


class NotPacked(Exception):  # noqa: N818 - reads as a sentence
    """These bytes are not a packed bundle. ``code`` is that of the diagnostic."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle as one file. ``signatures`` has signatures in hex by the id of the key; ``contents`` files by path."""

    id: str
    version: str
    contents: Mapping[str, bytes]
    signatures: Mapping[str, str]

    def manifest(self) -> bytes:
        """What is signed: the bundle's id, version and digest, and every file with its size and hash."""
        listed = {
            path: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for path, data in sorted(self.contents.items())
        }
        said = {"format": _FORMAT, "bundle": self.id, "version": self.version, "digest": self.digest, "files": listed}
        return _text(said)

    @property
    def digest(self) -> str:
        """The digest of the bundle: the same as of the folder that was packed."""
        return BundleFiles("", self.contents).digest()

    def to_bytes(self) -> bytes:
        """The file."""
        entries = {MANIFEST: self.manifest(), **dict(sorted(self.contents.items()))}
        if self.signatures:
            entries[SIGNATURES] = _text({"signatures": dict(sorted(self.signatures.items()))})
        return zipped(entries)

    def signed(self, key: str, signature: str) -> Packed:
        """The same bundle with this signature, in place of an earlier one of the same key."""
        return replace(self, signatures={**self.signatures, key: signature})


def pack(files: BundleFiles, id_: str, version: str) -> Packed:
    """The packed bundle of files that were checked. Raises CannotPack."""
    for path in files.contents:
        if not _is_good(path):
            shown = path.encode("utf-8", "backslashreplace").decode()
            raise CannotPack(f"`{shown}` cannot be packed under this name; use letters, digits, `.`, `-` and `_`")
    packed = Packed(id_, version, files.contents, {})
    if len(files.contents) + 2 > MOST_ENTRIES or len(packed.to_bytes()) > MOST_BYTES:
        most = f"{MOST_ENTRIES - 2:,} files and {MOST_BYTES // 2**20} MiB"
        raise CannotPack(f"{files.shown} is too large; a packed bundle has {most} at most")
    return packed


def unpack(data: bytes) -> Packed:
    """The packed bundle in these bytes. Raises NotPacked for all that :meth:`Packed.to_bytes` does not write."""
    if len(data) > MOST_BYTES:
        raise NotPacked("packed/too-large", f"the file is larger than {MOST_BYTES // 2**20} MiB")
    try:
        entries = unzipped(data)
        said = _read(entries.pop(MANIFEST, b"null"))
        signatures = _signatures(entries.pop(SIGNATURES)) if SIGNATURES in entries else {}
    except (NotAZip, TypeError, ValueError, RecursionError) as e:
        raise NotPacked("packed/format", "this is not a packed bundle, or it is damaged") from e
    id_, version, format_ = said.get("bundle"), said.get("version"), said.get("format")
    if type(format_) is int and format_ > _FORMAT:
        raise NotPacked("packed/format", f"this bundle has format {format_}; this program reads {_FORMAT} only")
    if not isinstance(id_, str) or not isinstance(version, str):
        raise NotPacked("packed/format", "this is not a packed bundle, or it is damaged")
    packed = Packed(id_, version, entries, signatures)
    if not all(map(_is_good, entries)) or not _is_what_was_packed(packed, data):
        raise NotPacked("packed/altered", "the content was changed after it was packed")
    if any(len(content) > MAX_BYTES for content in entries.values()):
        raise NotPacked("packed/too-large", f"a file in it is larger than {MAX_BYTES // 1_000_000} MB")
    return packed


def _is_what_was_packed(packed: Packed, data: bytes) -> bool:
    try:
        return packed.to_bytes() == data
    except ValueError:  # text that cannot be written, such as half of a character
        return False


def _is_good(path: str) -> bool:
    """Whether a file may have this path: one that leads into the bundle on every system, and that a folder may hold."""
    parts = path.split("/")
    return (
        len(path) <= _LONGEST_PATH
        and path.endswith(".yaml")
        and path.isprintable()
        and not set('\\:*?"<>|') & set(path)
        and all(part and not part.startswith(".") for part in parts)
        and PurePosixPath(path).as_posix() == path
        and is_of_a_bundle(path)
    )


def _signatures(data: bytes) -> dict[str, str]:
    found = _read(data).get("signatures")
    if not isinstance(found, dict) or not found or not all(map(_SIGNATURE.fullmatch, found.values())):
        raise ValueError("signatures")
    return found


def _read(data: bytes) -> dict[str, object]:
    said = json.loads(data)
    if not isinstance(said, dict):
        raise ValueError("not an object")  # noqa: TRY004 - wrong bytes, not a wrong call
    return said


def _text(data: object) -> bytes:
    return (json.dumps(data, indent=2) + "\n").encode()
