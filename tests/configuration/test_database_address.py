"""Passwords of databases: shown nowhere, whatever the address looks like."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from policyengine.cli.main import cli
from policyengine.configuration.database_address import HIDDEN, shown_address
from policyengine.configuration.resolve import Configuration, configure
from policyengine.configuration.show import shown_for_people, shown_for_programs
from policyengine.decision_log.store import Store
from policyengine.errors import PolicyEngineError

SECRET = "hunter2"  # noqa: S105 - nobody's
# What stands around it may be anything, but for letters: they could make up a name of what may be shown.
SIGNS = st.text("/@:?#&;=%+*'\" 019_-.~$!()[]{}<>|\\^`,é漢", max_size=6)
PASSWORDS = st.builds("{}{}{}".format, SIGNS, st.just(SECRET), SIGNS)
SHAPES = [
    "postgresql://u:{}@db/x",
    "postgresql://u:{}@db:5432/x?sslmode=require",
    "postgresql://u:{}@db/x?application_name=a@b",
    "postgresql://u:{}@[::1]:5432/x",
    "postgresql://u:{}@a:1,b:2/x",
    "postgresql://:{}@db/x",
    "postgresql://u@company:{}@db/x",
    "postgresql+psycopg://u:{}@db/x",
    "postgres://u:{}@/x?host=/run/postgresql",
    "postgresql://db/x?user=u&password={}",
    "postgresql://db:5432/x?user=u&password={}&sslmode=require",
    "postgresql://u@db/x?sslpassword={}",
    "postgresql://u@db/x?PassWord={}",
    "postgresql://u@db/x?pass%77ord={}",
    "postgresql://u@db/x?passfile={}",
    "postgresql://u@db/x?oauth_client_secret={}",
    "postgresql://u:{0}@db/x?password={0}",
    "postgresql:/u:{}@db/x",
    "postgresql:u:{}@db/x",
    "//u:{}@db/x",
    "host=db user=u password={}",
    "host=db user=u PASSWORD = '{}'",
    "host=db password={} user=u",
    "mysql://u:{}@db/x",
]


@given(st.sampled_from(SHAPES), PASSWORDS)
@example(SHAPES[0], "hun/hunter2").via("a slash, which ends a host")
@example(SHAPES[0], "p@hunter2").via("an at, which ends a password")
def test_a_password_is_in_nothing_that_is_shown(shape, password):
    address = shape.format(password)
    assert SECRET not in shown_address(address)
    found = configure({"log": address}, {})
    assert SECRET not in shown_for_people(found)
    assert SECRET not in shown_for_programs(found)


def told(make: Callable[[], Configuration | Store]) -> str:
    """Whatever a person is told: the settings, the address of the log, or what is wrong with them."""
    try:
        made = make()
    except PolicyEngineError as e:
        return str(e)
    return made.shown if isinstance(made, Store) else shown_for_people(made) + shown_for_programs(made)


@given(st.sampled_from(SHAPES), PASSWORDS)
def test_a_password_is_in_no_fault_of_a_file_of_settings(tmp_path_factory, shape, password):
    """The key is mistyped, the value is of another kind, the line is no YAML, or all is well."""
    address = shape.format(password)
    path = tmp_path_factory.getbasetemp() / "settings.yaml"
    quoted = json.dumps(address, ensure_ascii=False)
    for text in (
        f"log: {quoted}", f"logs: {quoted}", f"port: {quoted}", f"{quoted}: x", f"log: [{quoted}]", f"log: {{{quoted}",
        f"log: {address}", address,
    ):  # fmt: skip
        path.write_text(text + "\n", encoding="utf-8")
        assert SECRET not in told(lambda: configure({"config": str(path)}, {})), text


@given(st.sampled_from(SHAPES), PASSWORDS)
def test_a_password_is_in_no_address_that_a_store_tells(shape, password):
    assert SECRET not in told(lambda: Store(shape.format(password)))


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{SECRET}@127.0.0.1:1/x",
        f"postgresql://u:a/{SECRET}@127.0.0.1:1/x",
        f"postgresql://u:a@{SECRET}@127.0.0.1:1/x",
        f"postgresql://127.0.0.1:1/x?user=u&password={SECRET}",
        f"postgresql://u@127.0.0.1:{SECRET}/x",
        f"postgresql://u:{SECRET}/x",
        f"postgresql://u:p@127.0.0.1:1/x?sslpassword={SECRET}",
        f"postgresql:u:{SECRET}@127.0.0.1:1/x",
        f"mysql://u:{SECRET}@127.0.0.1:1/x",
    ],
)
@pytest.mark.parametrize("words", [("log", "search"), ("log", "migrate"), ("serve", "--show-config")], ids=" ".join)
def test_a_password_is_in_nothing_that_is_printed(monkeypatch, tmp_path, address, words):
    """No database is there. What is shown of the settings is shown; everything else fails, and says why."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, words, env={"POLICYENGINE_LOG": address})
    assert done.exit_code == (0 if words[0] == "serve" else 1)
    assert done.output
    assert SECRET not in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://u:p@db.example:5432/x?sslmode=require", "postgresql://u:***@db.example:5432/x?sslmode=require"),
        ("postgresql://u:p/q?r@db/x", "postgresql://u:***"),
        ("postgresql://u@db/x?host=a&password=p&port=1", "postgresql://u@db/x?host=a&password=***&port=1"),
        ("u:p/q@db/x", "u:***@db/x"),
        ("postgresql://u:p/q", "postgresql://u:***"),
        ("postgresql://u:p", "postgresql://u:***"),
        ("postgresql://u@db:p/x", "postgresql://u@db:***"),
        ("postgresql://u@db:5432/x", "postgresql://u@db:5432/x"),
        ("postgresql://db:5432/x", "postgresql://db:5432/x"),
        ("postgresql://a:1,b:2/x?port=1", "postgresql://a:1,b:2/x?port=1"),
        ("postgresql://db:", "postgresql://db:"),
        ("postgresql://u@[::1]:5432/x", "postgresql://u@[::1]:5432/x"),
        ("postgresql:///x?host=/run/postgresql", "postgresql:///x?host=/run/postgresql"),
        ("sqlite:///log/decisions.sqlite", "sqlite:///log/decisions.sqlite"),
        ("log/decisions.sqlite", "log/decisions.sqlite"),
        ("/data/2025:06/a?b#c%20d.sqlite", "/data/2025:06/a?b#c%20d.sqlite"),
        ("none", "none"),
    ],
)
def test_what_is_no_secret_is_shown(address, expected):
    assert shown_address(address) == expected


@given(st.text())
def test_any_text_can_be_shown_and_shown_again(text):
    once = shown_address(text)
    assert HIDDEN in once or once == text
    assert shown_address(once) == once
