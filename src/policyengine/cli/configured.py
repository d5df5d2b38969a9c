"""Options made of the table of settings, and the configuration that comes of them, the environment and the file."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from policyengine.configuration.kinds import Folders, OneOf, Place, Switch, Unfit, Value
from policyengine.configuration.resolve import configure
from policyengine.configuration.settings import SETTINGS, Setting

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
#: The names of all settings.
ALL = tuple(setting.name for setting in SETTINGS)


def configured(*names: str, opposites: bool = True) -> Decorator:
    """Flags for the settings of these names; the command gets ``configuration``, with the values of all settings.

    ``opposites`` False leaves out the flags that say that a file or a folder is not wanted.
    """
    settings = [s for s in SETTINGS if s.name in names]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def collected(**given: Any) -> Any:  # noqa: ANN401 - click's
            flags: dict[str, Value] = {}
            for setting in settings:
                flags |= _given(setting, given)
            return command(configuration=configure(flags, os.environ), **given)

        made: Callable[..., Any] = collected
        for setting in reversed(settings):
            made = _added(setting, made, opposites=opposites)
        return made

    return decorate


def _given(setting: Setting, given: dict[str, Any]) -> dict[str, Value]:
    """What the command line says of a setting, if anything. What click collected for it is taken out of ``given``."""
    if not setting.flags:
        return {}
    value = given.pop(setting.name)
    if isinstance(setting.kind, Place) and setting.kind.without and given.pop(f"no_{setting.name}", False):
        if value is not None:
            told = " and ".join(setting.flags)
            raise click.UsageError(f"{told} contradict each other; leave one of them out")
        return {setting.name: None}
    if value is None or value == ():
        return {}
    return {setting.name: _read(setting, value) if isinstance(value, str) else value}


def _read(setting: Setting, text: str) -> Value:
    """The value of the text that was typed; wrong usage if it is none."""
    try:
        return setting.kind.from_text(text)
    except Unfit as e:
        if isinstance(setting.kind, OneOf):
            # As every command says it of a name that there is not.
            raise click.ClickException(str(e)) from e
        raise click.BadParameter(f"{e}, not `{text}`", param_hint=f"'{setting.flags[0]}'") from e


def _added(setting: Setting, command: Callable[..., Any], *, opposites: bool) -> Callable[..., Any]:
    """The command with the options, or the argument, for this setting."""
    if not setting.flags:
        return command
    if isinstance(setting.kind, Folders):
        return click.argument(setting.name, metavar=setting.kind.metavar, nargs=-1)(command)
    if isinstance(setting.kind, Switch):
        return click.option("/".join(setting.flags), setting.name, default=None, help=_help(setting))(command)
    if isinstance(setting.kind, Place) and setting.kind.without and opposites:
        opposite = setting.flags[1]
        command = click.option(opposite, f"no_{setting.name}", is_flag=True, help=setting.kind.without)(command)
    return click.option(setting.flags[0], setting.name, metavar=setting.kind.metavar, help=_help(setting))(command)


def _help(setting: Setting) -> str:
    return f"{setting.help}  [{setting.variable}; default: {setting.shown_default}]"
