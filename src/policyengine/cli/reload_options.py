"""How ``serve`` loads bundles anew: its options, handed over as one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from policyengine.web.server import Reloading


@dataclass(frozen=True, slots=True)
class ReloadChoices:
    """The options as they were given; ``keys`` are files."""

    keys: tuple[str, ...]
    watches: bool
    requires_current: bool

    def of(self, named: tuple[Path, ...]) -> Reloading:
        """What they mean for the bundles at these paths. Raises BadKey."""
        from policyengine.web.server import Reloading

        if not self.keys:
            return Reloading(named, (), self.watches, self.requires_current)
        from policyengine.packing.signing import read_public_key

        keys = tuple(map(read_public_key, self.keys))
        return Reloading(named, keys, self.watches, self.requires_current)


def reload_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--watch --require-signature --ready-requires-current``, handed over as :class:`ReloadChoices`."""

    @functools.wraps(command)
    def collected(
        *,
        require_signature: tuple[str, ...],
        watch: bool,
        ready_requires_current: bool,
        **more: Any,  # noqa: ANN401 - click's
    ) -> Any:  # noqa: ANN401 - click's
        return command(reload_choices=ReloadChoices(require_signature, watch, ready_requires_current), **more)

    options = (
        click.option(
            "--ready-requires-current",
            is_flag=True,
            help="Let /readyz answer 503 while an update is refused; without it, it stays at 200 and says so.",
        ),
        click.option(
            "--require-signature",
            metavar="KEY",
            multiple=True,
            help="Serve only packed bundles that the public key in this file verifies; may be given several times.",
        ),
        click.option(
            "--watch/--no-watch", default=False, show_default=True, help="Load bundles anew when their files change."
        ),
    )
    return functools.reduce(lambda made, add: add(made), options, collected)
