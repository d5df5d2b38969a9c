"""Settings from environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from policyengine.configuration.faults import SettingFault
from policyengine.configuration.kinds import Unfit, Value
from policyengine.configuration.settings import PREFIX, Setting
from policyengine.diagnostics import nearest

# Kubernetes tells every program of a namespace where its services are. Of one by our name it says so in these, and
# nobody meant a setting.
_OF_KUBERNETES = re.compile(
    rf"{PREFIX}(?:SERVICE_(?:HOST|PORT\w*)=.*|PORT(?:_\d+_(?:TCP|UDP|SCTP)\w*)?=(?:tcp|udp|sctp)://.*"
    r"|PORT_\d+_(?:TCP|UDP|SCTP)_(?:PORT|PROTO|ADDR)=.*)"
)


def from_environment(
    environment: Mapping[str, str], settings: Sequence[Setting], faults: list[SettingFault]
) -> dict[str, Value]:
    """The values by name; what is wrong is added to ``faults``. An empty variable counts as one that is not there."""
    known = {setting.variable: setting for setting in settings}
    found: dict[str, Value] = {}
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or _OF_KUBERNETES.fullmatch(f"{variable}={text}"):
            continue
        setting = known.get(variable)
        if setting is None:
            # A mistyped variable would otherwise be left out in silence.
            faults.append(SettingFault(variable, f"there is no such setting; {_help(variable, known)}"))
        elif text:
            try:
                found[setting.name] = setting.kind.from_text(text)
            except Unfit as e:
                faults.append(SettingFault(variable, str(e)))
    return found


def _help(variable: str, known: Iterable[str]) -> str:
    # The beginning that all of them share would make any two look alike.
    near = nearest(variable.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known])
    return f"did you mean `{PREFIX}{near}`?" if near else "`policyengine serve --help` names all of them"
