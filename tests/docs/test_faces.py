"""README.md names every command, option, exit code, route, problem and limit, and none that does not exist."""

from __future__ import annotations

import re

import click
import pytest
from prometheus_client import CollectorRegistry, Counter
from tests.differential.test_differential import LEAST
from tests.docs.documents import README, ROOT, codes, section, table
from tests.docs.registries import PACKAGE, all_codes, request_codes

import policyengine
from policyengine.api_schema.openapi import DIGEST_HEADER
from policyengine.api_schema.request import MOST_ITEMS
from policyengine.cli import exits
from policyengine.cli.main import cli
from policyengine.cli.options import MOST_BYTES as MOST_BYTES_OF_FACTS
from policyengine.frontend.bundle_files import MAX_BYTES
from policyengine.impact.behaviour.tally import MOST_GROUPS, MOST_TOLD
from policyengine.loading import load_bundle
from policyengine.model.rules import Class
from policyengine.mutation.operators import OPERATORS
from policyengine.packing.zipping import MOST_BYTES as PACKED_BYTES
from policyengine.packing.zipping import MOST_ENTRIES
from policyengine.shipped import shipped_policies
from policyengine.web import problems
from policyengine.web.app import create_app
from policyengine.web.body import MOST_BATCH_BYTES, MOST_BYTES
from policyengine.web.bundle_metrics import RESULTS, BundleMetrics
from policyengine.web.check_metrics import CheckMetrics
from policyengine.web.generations import ALLOWED_SKEW, Status
from policyengine.web.metrics import Metrics
from policyengine.web.readiness import readiness_json

TEXT = README.read_text(encoding="utf-8")


def coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def options(command: click.Command) -> set[str]:
    """The options of a command: each by its long name, or by the only one it has."""
    found: set[str] = set()
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            names = [*parameter.opts, *parameter.secondary_opts]
            found |= {n for n in names if n.startswith("--")} or set(names)
    return found


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    """Every command that does something, by all its words."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        within = isinstance(command, click.Group)
        found |= commands(command, f"{before}{name} ") if within else {before + name: command}
    return found


def test_every_command_with_its_options():
    documented = {coded(row[0])[0]: set(coded(row[2])) for row in table(TEXT, "command", "does", "options")}
    assert documented == {name: options(command) for name, command in commands(cli).items()}


def test_every_operator_of_mutation():
    documented = {coded(row[0])[0]: row[1] for row in table(TEXT, "operator", "the slip")}
    assert documented == {o.id: o.title for o in OPERATORS.values()}


def test_options_of_the_command_itself():
    assert {o for o in options(cli) if o != "--help"} == {"--version"}
    assert {"policyengine --version", "policyengine --help"} <= set(codes(TEXT))


def test_commands_and_options_named_anywhere_exist():
    of_git = {"--quiet", "--create", "--unified", "--unidiff-zero", "--all", "--message", "--set-upstream"}
    of_pip = {"--no-index", "--find-links", "--upgrade"}
    of_other_programs = {"--indent", "--json-lines", "--data-binary", "--no-isolation", *of_git, *of_pip}
    every = commands(cli)
    known = {o for command in (cli, *every.values()) for o in options(command)} | {"--help"} | of_other_programs
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) <= known
    assert set(re.findall(r"^ *policyengine ([a-z][a-z-]*)", TEXT, re.MULTILINE)) <= set(cli.commands)


def test_every_exit_code():
    known = {getattr(exits, name) for name in ("FINE", "FAILED", "REFUSED", "INVALID", "OPEN", "CHANGED")}
    documented = {int(row[0]): row[1] for row in table(TEXT, "exit code", "means")}
    assert set(documented) == known
    for class_ in (*map(str, Class), "undetermined", "value"):
        assert class_ in documented[exits.of_class(class_)], class_


def test_every_route():
    app = create_app({"trade_assurance": load_bundle(shipped_policies() / "trade_assurance")})
    served = {
        f"{method} {str(rule).replace('<', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {coded(row[0])[0] for row in table(TEXT, "method and path", "gives")} == served


def test_every_metric_of_the_service_and_its_labels():
    made = Metrics()._registry._collector_to_names
    told = {f"{m._name}_total" if isinstance(m, Counter) else m._name: list(m._labelnames) for m in made}
    rows = {coded(row[0])[0]: coded(row[1]) for row in table(TEXT, "metric", "labels", "counts")}
    checks = {coded(row[0])[0] for row in table(TEXT, "metric, with the labels `bundle` and `decision`", "counts")}
    assert rows == {name: labels for name, labels in told.items() if name not in checks}


def test_every_metric_of_the_cross_check_and_of_the_engine():
    registry = CollectorRegistry()
    CheckMetrics(registry)
    told = {f"{family.name}_total" if family.type == "counter" else family.name for family in registry.collect()}
    rows = table(TEXT, "metric, with the labels `bundle` and `decision`", "counts")
    assert {coded(row[0])[0] for row in rows} == told


def test_every_metric_of_bundles():
    status = Status(1, 0.0, (), skew=0.0)
    told = {f"{m.name}_total" if m.type == "counter" else m.name for m in BundleMetrics(lambda: status).collect()}
    assert {coded(row[0])[0] for row in table(TEXT, "metric of bundles", "says")} == told
    (reloads,) = [row for row in table(TEXT, "metric of bundles", "says") if "reloads" in row[0]]
    assert {"result", *RESULTS} == set(coded(reloads[1]))


def test_all_that_readyz_says():
    told = {name for row in table(TEXT, "in `/readyz`", "says") for name in coded(row[0])}
    assert told == set(readiness_json(Status(1, 0.0, (), failed="why")))


def test_every_problem_with_its_status():
    documented = {(int(row[0]), coded(row[1])[0]) for row in table(TEXT, "status", "problem", "when")}
    assert documented == {(kind.status, kind.name) for kind in problems.KINDS}


def test_every_code_of_a_request_error():
    assert {coded(row[0])[0] for row in table(TEXT, "code in `errors`", "what it means")} == request_codes()


def test_no_code_is_named_that_does_not_exist():
    groups = {code.partition("/")[0] for code in all_codes()} - {"tests", "policies", "schema", "bundle", "application"}
    named = set(re.findall(rf"(?<![\w/.])(?:{'|'.join(groups)})/[a-z]+(?:-[a-z]+)*\b", TEXT))
    assert named - all_codes() == set()


def test_every_class_and_the_digest_header():
    assert {*map(str, Class), "undetermined", "value", DIGEST_HEADER} <= set(codes(section(TEXT, "HTTP")))


def test_every_python_name():
    used = set(re.findall(r"\w+", TEXT))
    public = {name for name in policyengine.__all__ if name not in ("__version__", "Decision")}
    assert public <= used


@pytest.mark.parametrize(
    ("said", "is_"),
    [
        (f"{PACKED_BYTES // 2**20} MiB and {MOST_ENTRIES - 2:,} files", PACKED_BYTES % 2**20 == 0),
        (f"may take {ALLOWED_SKEW:g} seconds", True),
        (f"{MAX_BYTES // 1_000_000} MB", MAX_BYTES % 1_000_000 == 0),
        (f"{MOST_BYTES // 2**20} MiB", MOST_BYTES % 2**20 == 0),
        (f"{MOST_BATCH_BYTES // 2**20} MiB", MOST_BATCH_BYTES % 2**20 == 0 and MOST_BYTES_OF_FACTS >= MOST_BYTES),
        (f"{MOST_ITEMS:,} items", True),
        (f"at least {LEAST:,} decisions", True),
        (f"{MOST_GROUPS} groups and {MOST_TOLD} lines of each kind", True),
        (f"**{policyengine.__version__}**", True),
    ],
)
def test_every_figure(said, is_):
    assert is_
    assert said in " ".join(TEXT.split())


def test_every_module_with_its_job():
    rows = table(TEXT, "module", "its job")
    modules = {p.stem if p.suffix == ".py" else p.name for p in PACKAGE.iterdir() if _is_module(p.name)}
    assert {coded(row[0])[0] for row in rows} == modules
    assert all(row[1] for row in rows)


def test_the_modules_stand_in_the_order_of_imports():
    """The layers of import-linter, read from below, are the table read from above."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    rank = {
        name: level
        for level, line in enumerate(reversed(layers.splitlines()))
        for name in re.findall(r"[a-z_]+", re.sub(r"#.*", "", line))
    }
    order = [rank[coded(row[0])[0]] for row in table(TEXT, "module", "its job")]
    assert order == sorted(order)


def _is_module(name: str) -> bool:
    return not name.startswith(("_", ".")) and name != "py.typed"
