"""README.md has every scope with what it opens, and the table of settings as the program has it.

``UPDATE_README=1 .venv/bin/pytest tests/docs/test_access.py`` writes the table of settings anew.
"""

from __future__ import annotations

import os
import re

from tests.docs.documents import README, codes, section, table

from policyengine.access.rates import PERIODS, read_rate
from policyengine.access.scopes import NEEDS, Other, Scope
from policyengine.cli.commands.example import EXAMPLES
from policyengine.configuration.settings import SETTINGS
from policyengine.configuration.show import table as settings_table

TEXT = README.read_text(encoding="utf-8")
_NAMES = {"any": Other.ANY_KEY, "without a key": Other.NOTHING}
_SETTINGS = re.compile(r"(<!-- settings: [^\n]*-->\n).*?(<!-- end of the settings -->)", re.DOTALL)


def test_every_scope_with_its_addresses():
    documented = {}
    for name, cell in table(TEXT, "scope", "allows"):
        need = _NAMES.get(name) or Scope(name.strip("`"))
        documented[need] = set(re.findall(r"`([A-Z]+ /[^`]*)`", cell))
    # The whole of this one is for another scope than the address itself, which the row has to say.
    assert "GET /readyz" in documented[Scope.MONITOR]
    documented[Scope.MONITOR].remove("GET /readyz")
    expected = {need: {a for a, needed in NEEDS.items() if needed is need} for need in (*Scope, *Other)}
    assert documented == expected


def test_the_table_of_settings():
    updated = _SETTINGS.sub(lambda found: found[1] + settings_table() + found[2], TEXT)
    if os.environ.get("UPDATE_README"):
        README.write_text(updated, encoding="utf-8")
    assert _SETTINGS.search(TEXT)
    assert updated == TEXT, "run with UPDATE_README=1"
    rows = table(TEXT, "setting", "flag", "environment", "default", "what it is")
    assert len(rows) == len(SETTINGS)


def test_the_rates_that_are_named_are_rates():
    named = [code for code in codes(section(TEXT, "Keys")) if re.fullmatch(r"[0-9]+/[a-z]+", code)]
    assert {read_rate(code).period for code in named} == set(PERIODS)


def test_every_example_is_named():
    assert [name for name in EXAMPLES if f"`policyengine example {name}`" not in TEXT] == []
