"""Policy files, read strictly: from bytes on disk to nodes with places.

Whatever is wrong with a file (not there, not UTF-8, not YAML, or YAML that policies do not use)
becomes a diagnostic with a place; nothing here raises for what is in a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from policyengine.diagnostics import Diagnostic, Diagnostics
from policyengine.frontend.bundle_files import (
    MAX_BYTES,
    TESTS,
    BundleFiles,
    Unread,
    misnamed_paths,
    read_bytes,
    read_files,
)
from policyengine.frontend.nodes import Mapping, Node
from policyengine.frontend.schema_words import KINDS
from policyengine.frontend.yaml_compose import Composer, Text
from policyengine.frontend.yaml_faults import TAB_HELP, TAB_MESSAGE, fault_of, without
from policyengine.source import Position, SourceFile, Span, nowhere

# Entries blanked out to find the next fault; a file with more is better mended a few at a time.
_MOST_RETRIES = 20
_BYTE_ORDER_MARK = "\ufeff"
# The C parser is many times faster and gives the same places; without libyaml PyYAML has only the other.
_FAST_LOADER = getattr(yaml, "CLoader", yaml.Loader)
# What YAML cannot hold, and the line breaks that only YAML knows: they would shift every place after them.
_BAD_CHARACTER = re.compile(
    "[^\\t\\n\\r\\x20-\\x7e\\xa0-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]|[\\u2028\\u2029]|\\r(?!\\n)"
)
# Files of kind `tests` are told when cases are run: they may stand in the wrong place, too.
_OUR_KIND = re.compile(rb"^kind:[ '\"]*(?:" + "|".join(k for k in KINDS if k != TESTS).encode() + rb")\b", re.MULTILINE)
_TABBED = re.compile(r"^ *(\t[ \t]*)(?=\S)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One attempt: the top node and the faults of the reading, or the error that the text is no YAML."""

    top: Node | None
    faults: list[Diagnostic]
    error: yaml.YAMLError | None


def read_document(file: SourceFile, sink: Diagnostics, *, ranges: bool = True) -> Mapping | None:
    """The mapping that ``file`` holds; None, and errors in ``sink``, when it cannot be read as one.

    ``ranges`` is as for :class:`Composer`: whether the file may hold tests.
    """
    text, good = _parsable(file, sink)
    if not good:
        return None
    tried: set[int] = set()
    touched: set[int] = set()
    reading = _attempt(text, ranges=ranges)
    for _ in range(_MOST_RETRIES):
        if reading.error is None:
            break
        fault = fault_of(reading.error, text)
        sink.error(fault.code, fault.message, text.span(fault.start, fault.end), fault.help)
        rest = without(text, fault, tried)
        if rest is None:
            break
        touched.update(rest[1])
        text = Text.of(file, rest[0], text.base)
        reading = _attempt(text, ranges=ranges)
    for item in reading.faults:
        # Where an entry was taken out, what is missing is our own doing.
        if item.span.start.line - 1 not in touched:
            sink.add(item)
    if reading.error or touched:
        return None
    return _mapping(reading, file, sink)


def _mapping(reading: _Reading, file: SourceFile, sink: Diagnostics) -> Mapping | None:
    top = reading.top
    if isinstance(top, Mapping):
        return top
    help_ = "every file begins with `kind:`"
    if top is None or not top.span.underlined.strip():
        if not reading.faults:
            start = Position(1, 1)
            sink.error("schema/missing-key", "the file has no `kind`", Span(file, start, start), help_)
    else:
        sink.error("schema/type", "the file must be a mapping of keys to values", top.span, help_)
    return None


def _attempt(text: Text, *, ranges: bool) -> _Reading:
    """Read with the fast parser; where the two differ, with the one whose reports we put into words.

    They differ in what they say of a text that is no YAML, and in where they let tabs stand.
    """
    fast = _attempt_with(_FAST_LOADER, text, ranges=ranges)
    return _attempt_with(yaml.Loader, text, ranges=ranges) if fast.error or "\t" in text.text else fast


def _attempt_with(loader: object, text: Text, *, ranges: bool) -> _Reading:
    composer = Composer(text, loader, ranges)
    try:
        return _Reading(composer.compose(), composer.faults, None)
    except yaml.YAMLError as error:
        return _Reading(None, composer.faults, error)


def _parsable(file: SourceFile, sink: Diagnostics) -> tuple[Text, bool]:
    """The text for the parser, and whether it is fit for one. Faults found here are reported."""
    base = 1 if file.text.startswith(_BYTE_ORDER_MARK) else 0
    text = Text.of(file, file.text[base:], base)
    bad = [m.start() for m in _BAD_CHARACTER.finditer(text.text)]
    for at in bad[:_MOST_RETRIES]:
        what = f"characters such as U+{ord(text.text[at]):04X}"
        sink.error(
            "yaml/forbidden", f"{what} are not used in policies", text.span(at, at + 1), "take the character out"
        )
    last = -2
    for tab in _TABBED.finditer(text.text):
        line = text.line_of(tab.start())
        if line != last + 1:
            sink.error("yaml/forbidden", TAB_MESSAGE, text.span(*tab.span(1)), TAB_HELP)
        last = line
    return text, not bad and last < 0


def read_source(path: Path, shown: str, relative: str, sink: Diagnostics) -> SourceFile | None:
    """The file at ``path``, shown to people as ``shown``; None, and an error in ``sink``, if it cannot be read."""
    return _source(read_bytes(path), shown, relative, sink)


def _source(data: bytes | Unread, shown: str, relative: str, sink: Diagnostics) -> SourceFile | None:
    if isinstance(data, Unread):
        sink.error(data.code, data.message, nowhere(shown))
        return None
    try:
        return SourceFile(shown, data.decode("utf-8-sig"), relative)
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", errors="replace")
        before = data[: error.start].decode("utf-8")
        at = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        span = Span(SourceFile(shown, text, relative), at, Position(at.line, at.column + 1))
        sink.error("yaml/encoding", "this is not UTF-8 text", span, "save the file as UTF-8")
        return None


def read_bundle_files(bundle: Path | BundleFiles, sink: Diagnostics) -> list[tuple[SourceFile, Mapping]]:
    """Every ``*.yaml`` file of a bundle but its tests, by relative path; unreadable ones are reported and left out."""
    files = _files_of(bundle)
    return _read_all(files, files.policy_paths(), sink)


def read_test_files(bundle: Path | BundleFiles, sink: Diagnostics) -> list[tuple[SourceFile, Mapping]]:
    """Every ``*.test.yaml`` file below ``tests/`` of a bundle, by relative path."""
    files = _files_of(bundle)
    return _read_all(files, files.test_paths(), sink)


def tell_unread(folder: Path, sink: Diagnostics) -> None:
    """Report policies that nobody reads, because their names do not end in ``.yaml``."""
    for relative in misnamed_paths(folder):
        path = folder / relative
        if not relative.startswith(f"{TESTS}/") and _says_its_kind(path):
            help_ = f"call it `{Path(relative).stem}.yaml`, or move it out of the bundle"
            message = "this file is not read, because its name does not end in `.yaml`"
            sink.error("yaml/not-read", message, nowhere(path.as_posix()), help_)


def _says_its_kind(path: Path) -> bool:
    try:
        return bool(_OUR_KIND.search(path.read_bytes()[:MAX_BYTES]))
    except OSError:
        return False


def bundle_digest(folder: Path) -> str:
    """The digest of the bundle in ``folder``: see :meth:`BundleFiles.digest`."""
    return read_files(folder).digest()


def _files_of(bundle: Path | BundleFiles) -> BundleFiles:
    return bundle if isinstance(bundle, BundleFiles) else read_files(bundle)


def _read_all(files: BundleFiles, paths: list[str], sink: Diagnostics) -> list[tuple[SourceFile, Mapping]]:
    read = []
    for relative in paths:
        data = files.unread.get(relative) or files.contents[relative]
        file = _source(data, (Path(files.shown) / relative).as_posix(), relative, sink)
        document = read_document(file, sink) if file else None
        if file and document:
            read.append((file, document))
    return read
