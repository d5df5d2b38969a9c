"""From a path to the files of a bundle: a folder is read, a packed file is unpacked and its signature verified."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.bundle_files import BundleFiles, read_files
from policyengine.frontend.yaml_reader import tell_unread
from policyengine.packing.finding import SUFFIX
from policyengine.packing.packed import NotPacked, Packed, unpack
from policyengine.packing.zipping import MOST_BYTES
from policyengine.source import nowhere

if TYPE_CHECKING:
    from policyengine.signatures import PublicKey


def open_bundle(path: Path, sink: Diagnostics, keys: Sequence[PublicKey] = ()) -> BundleFiles | None:
    """The files of the bundle in a folder or a packed file; None, and errors in ``sink``, if they cannot be used.

    With ``keys``, only a packed file that one of them signed is used.
    """
    shown = path.as_posix()
    if not path.is_file():
        # Whatever else it is, and whatever it becomes in the next moment: nobody signed it.
        if keys:
            message = "only a packed file can be signed, and signatures are required"
            help_ = "pack and sign the folder: `policyengine build FOLDER --output FILE --sign KEY`"
            sink.error("signature/missing", message, nowhere(shown), help_)
            return None
        tell_unread(path, sink)
        return read_files(path)
    packed = open_packed(path, sink)
    if packed is None or (keys and not _is_signed(packed, keys, shown, sink)):
        return None
    return BundleFiles(shown, packed.contents, claim=(packed.id, packed.version))


def open_packed(path: Path, sink: Diagnostics) -> Packed | None:
    """The packed bundle in a file, its signatures not yet verified; None, and an error in ``sink``, if it is none."""
    shown = path.as_posix()
    try:
        with path.open("rb") as stream:
            return unpack(stream.read(MOST_BYTES + 1))
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        sink.error("yaml/unreadable", f"the file cannot be read: {reason}", nowhere(shown))
    except NotPacked as error:
        if path.name.endswith(SUFFIX):
            help_ = "build it again, or fetch it again from where it was built"
        else:
            help_ = "name the folder of a bundle, or a file that `policyengine build` wrote"
        sink.error(error.code, str(error), nowhere(shown), help_)
    return None


def _is_signed(packed: Packed, keys: Sequence[PublicKey], shown: str, sink: Diagnostics) -> bool:
    # Loaded here: most bundles are folders, and the library takes time to load.
    from policyengine.packing.signing import BadSignature, signers

    try:
        signers(packed, keys)
    except BadSignature as error:
        sink.error(error.code, str(error), nowhere(shown), error.help)
        return False
    return True
