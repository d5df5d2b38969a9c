"""Settings from a file, read by the same strict reader as policies: it knows the place of every key.

YAML, because who runs the service reads YAML anyway, and because readers of TOML give values without their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policyengine.configuration.database_address import shown_address
from policyengine.configuration.faults import SettingFault
from policyengine.configuration.kinds import Unfit, Value
from policyengine.configuration.settings import Setting
from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar, plain
from policyengine.frontend.yaml_reader import read_document, read_source
from policyengine.source import Span


@dataclass(frozen=True, slots=True)
class Given:
    """A value, and its place as ``file:line``."""

    value: Value
    place: str


def from_file(path: str, settings: Sequence[Setting], faults: list[SettingFault]) -> dict[str, Given]:
    """The values in the file, by name; what is wrong is added to ``faults``."""
    sink = Diagnostics()
    source = read_source(Path(path), path, path, sink)
    document = read_document(source, sink, ranges=False) if source else None
    for fault in sink:
        # The reader speaks of policies where a file is empty or not a mapping.
        is_form = fault.code.startswith("schema/")
        message = "the file gives no settings; write one as `port: 8000`" if is_form else _sentence(fault.message)
        faults.append(_fault(fault.span, message, None if is_form else fault.help))
    if document is None or sink.failed:
        return {}
    return _values(document, Path(path).parent, {s.name: s for s in settings if s.in_file}, faults)


def _values(document: Mapping, folder: Path, known: dict[str, Setting], faults: list[SettingFault]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for key, node in document:
        setting = known.get(key.text)
        if setting is None:
            help_ = did_you_mean(key.text, known) or "settings: " + ", ".join(f"`{name}`" for name in known)
            faults.append(_fault(key.span, f"there is no setting `{key.text}`", help_))
            continue
        try:
            found[key.text] = Given(setting.kind.from_file(plain(node), folder), node.span.at)
        except Unfit as e:
            faults.append(_unfit(setting, node, str(e)))
    return found


def _unfit(setting: Setting, node: Node, told: str) -> SettingFault:
    """A value that does not fit; one that is secret is not shown."""
    if setting.secret and isinstance(node, Scalar):
        return SettingFault(node.span.place, f"`{setting.name}`: {told}")
    return _fault(node.span, f"`{setting.name}`: {told}", None)


def _fault(span: Span, message: str, help_: str | None) -> SettingFault:
    snippet = "" if not span.file.text or _may_hold_password(span.file.line(span.start.line)) else span.snippet()
    if _may_hold_password(message):
        message = shown_address(message)
    return SettingFault(span.place, message + (f"; {help_}" if help_ else ""), snippet)


def _may_hold_password(line: str) -> bool:
    """Whether there is a part of an address in it. Faults are printed, and logged, and sent to others."""
    return "://" in line or "@" in line or shown_address(line) != line


def _sentence(message: str) -> str:
    return message.replace(" in policies", " in files of settings")
