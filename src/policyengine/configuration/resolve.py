"""The one value of each setting, and where it comes from: flag before environment before file before default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from policyengine.configuration.environment import from_environment
from policyengine.configuration.faults import ConfigurationError, SettingFault
from policyengine.configuration.kinds import Value
from policyengine.configuration.settings import SETTINGS, Setting

if TYPE_CHECKING:
    from policyengine.configuration.file import Given


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The value of a setting. ``place`` is the flag, the variable or the line of the file; empty for a default."""

    setting: Setting
    value: Value
    origin: Origin
    place: str


class Configuration:
    """The values of all settings, each asked for as what it is."""

    def __init__(self, resolved: Sequence[Resolved]) -> None:
        self.resolved = tuple(resolved)
        self._by_name = {r.setting.name: r for r in resolved}

    def is_given(self, name: str) -> bool:
        """Whether anybody said something about this setting."""
        return self._by_name[name].origin is not Origin.DEFAULT

    def text(self, name: str) -> str:
        """The value of a setting that is a text or a word."""
        value = self._by_name[name].value
        if not isinstance(value, str):
            raise TypeError(f"setting `{name}` is no text")
        return value

    def whole(self, name: str) -> int:
        """The value of a setting that is a whole number."""
        value = self._by_name[name].value
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"setting `{name}` is no whole number")
        return value

    def switch(self, name: str) -> bool:
        """The value of a setting that is yes or no."""
        value = self._by_name[name].value
        if not isinstance(value, bool):
            raise TypeError(f"setting `{name}` is not yes or no")
        return value

    def place(self, name: str) -> str | None:
        """The value of a setting that is a file or a folder, or none."""
        return None if self._by_name[name].value is None else self.text(name)

    def folders(self, name: str) -> tuple[str, ...]:
        """The value of a setting that is a list of folders."""
        value = self._by_name[name].value
        if not isinstance(value, tuple):
            raise TypeError(f"setting `{name}` is no list")
        return value


def configure(
    flags: Mapping[str, Value], environment: Mapping[str, str], settings: Sequence[Setting] = SETTINGS
) -> Configuration:
    """The values, of which ``flags`` are those given on the command line. Raises :class:`ConfigurationError`."""
    faults: list[SettingFault] = []
    variables = from_environment(environment, settings, faults)
    path = flags.get("config", variables.get("config"))
    file = {} if path is None else _read_file(str(path), settings, faults)
    if faults:
        raise ConfigurationError(faults)
    return Configuration([_resolved(s, flags, variables, file) for s in settings])


def _read_file(path: str, settings: Sequence[Setting], faults: list[SettingFault]) -> dict[str, Given]:
    # The reader of YAML is loaded by who has a file only.
    from policyengine.configuration.file import from_file

    return from_file(path, settings, faults)


def _resolved(
    setting: Setting, flags: Mapping[str, Value], variables: Mapping[str, Value], file: Mapping[str, Given]
) -> Resolved:
    name = setting.name
    if name in flags:
        return Resolved(setting, flags[name], Origin.FLAG, setting.flag_of(flags[name]))
    if name in variables:
        return Resolved(setting, variables[name], Origin.ENVIRONMENT, setting.variable)
    if name in file:
        return Resolved(setting, file[name].value, Origin.FILE, file[name].place)
    return Resolved(setting, setting.default, Origin.DEFAULT, "")
