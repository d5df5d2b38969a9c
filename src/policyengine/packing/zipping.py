"""Zip files whose bytes follow from their entries: no times, no compression, one order, one way to write each field.

Written here by hand, because the standard library's headers may change from one release of Python to the next, and a
signed file must be the same for ever. Compressed data is not: it depends on the library that compresses.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

#: The largest packed bundle, in bytes, and the most files in it.
MOST_BYTES: Final = 64 * 2**20
MOST_ENTRIES: Final = 5_000

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
# Version 2.0 of the format, names in UTF-8, stored as it is, 1 January 1980 (the earliest day that zip knows).
_FIELDS: Final = (20, 0x0800, 0, 0, 0x21)
_MADE_ON_UNIX: Final = 3 << 8 | 20
# A regular file that everybody may read.
_MODE: Final = 0o100644 << 16


class NotAZip(Exception):  # noqa: N818 - reads as a sentence
    """The bytes are not a zip file as it is written here."""


def zipped(entries: Mapping[str, bytes]) -> bytes:
    """The zip file with these entries, in their order."""
    out = io.BytesIO()
    directory = b""
    for name, data in entries.items():
        path = name.encode()
        sizes = (zlib.crc32(data), len(data), len(data), len(path))
        directory += _CENTRAL.pack(b"PK\1\2", _MADE_ON_UNIX, *_FIELDS, *sizes, 0, 0, 0, 0, _MODE, out.tell()) + path
        out.write(_LOCAL.pack(b"PK\3\4", *_FIELDS, *sizes, 0) + path + data)
    end = _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), out.tell(), 0)
    return out.getvalue() + directory + end


def unzipped(data: bytes) -> dict[str, bytes]:
    """The entries of a zip file, in their order. Raises NotAZip for anything that :func:`zipped` does not write."""
    try:
        entries = _entries(data)
    except NotAZip:
        raise
    except Exception as e:  # whatever the library makes of bytes that somebody made up
        raise NotAZip("it cannot be read as a zip file") from e
    if zipped(entries) != data:
        raise NotAZip("its bytes are not those that belong to its content")
    return entries


def _entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = archive.infolist()
        if len(found) > MOST_ENTRIES:
            raise NotAZip(f"it holds more than {MOST_ENTRIES:,} files")
        # Nothing is unpacked that is larger inside than outside: all entries together fit into the file.
        if any(e.compress_type != zipfile.ZIP_STORED for e in found) or sum(e.file_size for e in found) > len(data):
            raise NotAZip("its content is compressed")
        return {entry.filename: archive.read(entry) for entry in found}
