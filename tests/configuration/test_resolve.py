"""Where values come from: any combination of sources, and everything that is wrong with them."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.configuration.faults import ConfigurationError
from policyengine.configuration.kinds import Folders, OneOf, Place, Switch, Text, Whole
from policyengine.configuration.resolve import Origin, configure
from policyengine.configuration.settings import SETTINGS, Setting
from policyengine.configuration.show import shown_for_people, shown_for_programs, table

SAMPLE = (
    Setting("config", Place("FILE"), None, "File.", in_file=False),
    Setting("where", Text(), "here", "Where."),
    Setting("count", Whole(1, 9), 1, "How many."),
    Setting("loud", Switch(), default=False, help="Whether."),
    Setting("tone", OneOf("tone", lambda: ("low", "high")), "low", "Which."),
    Setting("store", Place("FOLDER", without="None."), "store", "Where to."),
    Setting("parts", Folders(), (), "Which parts."),
    Setting("pass_phrase", Text(), None, "What nobody sees.", secret=True),
)
BY_NAME = {setting.name: setting for setting in SAMPLE}
VALUES = {
    "where": st.text("abc ", min_size=1).filter(lambda t: t.strip() == t),
    "count": st.integers(1, 9),
    "loud": st.booleans(),
    "tone": st.sampled_from(["low", "high"]),
    "store": st.sampled_from(["/a", "/a/b", None]),
    "parts": st.lists(st.sampled_from(["/x", "/y/z"]), min_size=1, max_size=3).map(tuple),
    "pass_phrase": st.sampled_from(["abc", "def"]),
}
SOURCES = st.fixed_dictionaries({}, optional=VALUES)


def faults(flags=None, environment=None, settings=SAMPLE) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        configure(flags or {}, environment or {}, settings)
    return [str(fault) for fault in caught.value.faults]


def in_yaml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "none"
        case tuple():
            return "[" + ", ".join(value) + "]"
        case int():
            return str(value)
        case _:
            return f'"{value}"'


@given(flags=SOURCES, variables=SOURCES, file=SOURCES)
def test_the_first_source_that_says_something_wins(tmp_path_factory, flags, variables, file):
    flags.pop("pass_phrase", None)
    path = tmp_path_factory.mktemp("settings") / "service.yaml"
    path.write_text("".join(f"{name}: {in_yaml(value)}\n" for name, value in file.items()) or "count: 1\n")
    expected_file = file or {"count": 1}
    environment = {BY_NAME[name].variable: BY_NAME[name].kind.shown(value) for name, value in variables.items()}
    found = configure({**flags, "config": str(path)}, {**environment, "PATH": "x"}, SAMPLE)
    for resolved in found.resolved[1:]:
        name = resolved.setting.name
        sources = [(Origin.FLAG, flags), (Origin.ENVIRONMENT, variables), (Origin.FILE, expected_file)]
        origin, values = next(((o, v) for o, v in sources if name in v), (Origin.DEFAULT, {}))
        assert resolved.origin is origin
        assert resolved.value == values.get(name, resolved.setting.default)
        assert found.is_given(name) is (origin is not Origin.DEFAULT)


@given(SOURCES)
def test_what_is_shown_is_read_as_the_same(values):
    for name, value in values.items():
        kind = BY_NAME[name].kind
        assert kind.from_text(kind.shown(value)) == value


def test_a_list_of_one_folder_above_is_no_range(tmp_path):
    path = tmp_path / "service.yaml"
    path.write_text("parts: [../ada/returns]\n", "utf-8")
    assert configure({"config": str(path)}, {}, SAMPLE).several("parts") == (f"{tmp_path.parent}/ada/returns",)


def test_each_value_is_asked_for_as_what_it_is():
    found = configure({"store": None, "parts": ("a",)}, {"POLICYENGINE_LOUD": "true"}, SAMPLE)
    assert (found.text("where"), found.whole("count"), found.switch("loud")) == ("here", 1, True)
    assert (found.place("store"), found.place("config"), found.several("parts")) == (None, None, ("a",))
    for ask, name in [
        (found.text, "count"),
        (found.whole, "where"),
        (found.whole, "loud"),
        (found.switch, "count"),
        (found.several, "where"),
    ]:
        with pytest.raises(TypeError, match=f"setting `{name}` is no"):
            ask(name)


def test_what_kubernetes_says_of_a_service_is_no_setting():
    told = {
        "POLICYENGINE_SERVICE_HOST": "10.0.0.11",
        "POLICYENGINE_SERVICE_PORT": "8000",
        "POLICYENGINE_SERVICE_PORT_HTTP": "8000",
        "POLICYENGINE_PORT": "tcp://10.0.0.11:8000",
        "POLICYENGINE_PORT_8000_TCP": "tcp://10.0.0.11:8000",
        "POLICYENGINE_PORT_8000_TCP_PROTO": "tcp",
        "POLICYENGINE_PORT_8000_TCP_PORT": "8000",
        "POLICYENGINE_PORT_8000_TCP_ADDR": "10.0.0.11",
    }
    assert configure({}, told, SETTINGS).whole("port") == configure({}, {}, SETTINGS).whole("port")
    assert configure({}, {"POLICYENGINE_PORT": "8100"}, SETTINGS).whole("port") == 8100
    assert len(faults(environment={"POLICYENGINE_PORTS": "1", "POLICYENGINE_SERVICE": "1"}, settings=SETTINGS)) == 2


def test_a_variable_that_is_mistyped_is_refused():
    assert faults(environment={"POLICYENGINE_COUTN": "3", "POLICYENGINE_ELSE": "", "policyengine_x": "1"}) == [
        "POLICYENGINE_COUTN: there is no such setting; did you mean `POLICYENGINE_COUNT`?",
        "POLICYENGINE_ELSE: there is no such setting; `policyengine serve --help` names all of them",
    ]


@pytest.mark.parametrize(
    ("variable", "text", "told"),
    [
        ("COUNT", "0", "a whole number from 1 to 9 is needed"),
        ("COUNT", "1.0", "a whole number from 1 to 9 is needed"),
        ("COUNT", " 1", "a whole number from 1 to 9 is needed"),
        ("COUNT", "9" * 9999, "a whole number from 1 to 9 is needed"),
        ("COUNT", "٣", "a whole number from 1 to 9 is needed"),
        ("LOUD", "yes", "it is `true` or `false`"),
        ("LOUD", "1", "it is `true` or `false`"),
        ("TONE", "hihg", "there is no tone `hihg`; did you mean `high`?"),
        ("TONE", "middling", "there is no tone `middling`; tones: low, high"),
    ],
)
def test_a_variable_that_does_not_fit(variable, text, told):
    assert faults(environment={f"POLICYENGINE_{variable}": text}) == [f"POLICYENGINE_{variable}: {told}"]


def test_an_empty_variable_counts_as_not_set():
    found = configure({}, {"POLICYENGINE_COUNT": "", "POLICYENGINE_CONFIG": ""}, SAMPLE)
    assert (found.whole("count"), found.is_given("count")) == (1, False)


def test_everything_that_is_wrong_is_told_at_once_with_its_place(tmp_path):
    path = tmp_path / "service.yaml"
    path.write_text('cuont: 2\nloud: "true"\ncount: "3"\ntone: hgih\nconfig: x\nparts: /x\nwhere: 3\n')
    told = faults({"config": str(path)}, {"POLICYENGINE_COUNT": "none"})
    names = ", ".join(f"`{setting.name}`" for setting in SAMPLE[1:])
    text = "a text is needed; put it in quotes if it looks like something else"
    assert told == [
        "POLICYENGINE_COUNT: a whole number from 1 to 9 is needed",
        f"{path}:1:1: there is no setting `cuont`; did you mean `count`?\n1 | cuont: 2\n  | ^^^^^",
        f'{path}:2:7: `loud`: it is `true` or `false`\n2 | loud: "true"\n  |       ^^^^^^',
        f'{path}:3:8: `count`: a whole number from 1 to 9 is needed\n3 | count: "3"\n  |        ^^^',
        f"{path}:4:7: `tone`: there is no tone `hgih`; did you mean `high`?\n4 | tone: hgih\n  |       ^^^^",
        f"{path}:5:1: there is no setting `config`; settings: {names}\n5 | config: x\n  | ^^^^^^",
        f"{path}:6:8: `parts`: it is a list, as in `[policies]`\n6 | parts: /x\n  |        ^^",
        f"{path}:7:8: `where`: {text}\n7 | where: 3\n  |        ^",
    ]


def test_a_list_of_folders_that_came_out_empty_does_not_mean_the_shipped_ones(tmp_path):
    path = tmp_path / "service.yaml"
    path.write_text("parts: []\n")
    (told,) = faults({"config": str(path)})
    assert "`parts`: it names no folder; leave the key out for the shipped bundles" in told


@pytest.mark.parametrize("text", ["", "# nothing\n", "- count\n", "count\n"])
def test_a_file_without_settings(tmp_path, text):
    path = tmp_path / "service.yaml"
    path.write_text(text)
    (told,) = faults({"config": str(path)})
    assert "the file gives no settings; write one as `port: 8000`" in told
    assert "kind" not in told


def test_a_file_that_is_not_there_or_no_yaml(tmp_path):
    (told,) = faults({"config": str(tmp_path / "none.yaml")})
    assert told == f"{tmp_path}/none.yaml:1:1: the file cannot be read: no such file or directory"
    path = tmp_path / "service.yaml"
    path.write_text("count: 1\ncount: 2\nwhere: &a x\nloud: *a\n")
    assert any(t.startswith(f"{path}:2:1: ") for t in faults({}, {"POLICYENGINE_CONFIG": str(path)}))


def test_paths_in_the_file_start_where_it_is(tmp_path, monkeypatch):
    (tmp_path / "parts").mkdir()
    path = tmp_path / "service.yaml"
    path.write_text("store: ../store\nparts: [parts, shipped, ./other, /abs]\n")
    monkeypatch.chdir("/")
    found = configure({"config": str(path)}, {}, SAMPLE)
    assert found.place("store") == f"{tmp_path.parent}/store"
    assert found.several("parts") == (f"{tmp_path}/parts", f"{tmp_path}/shipped", f"{tmp_path}/other", "/abs")
    found = configure({}, {"POLICYENGINE_STORE": "x", "POLICYENGINE_PARTS": f"a{os.pathsep}b"}, SAMPLE)
    assert (found.place("store"), found.several("parts")) == ("x", ("a", "b"))


def test_a_secret_is_never_shown(tmp_path):
    for given_, environment in (
        ({}, {"POLICYENGINE_PASS_PHRASE": "hunter2"}),
        ({"config": str(tmp_path / "s.yaml")}, {}),
    ):
        (tmp_path / "s.yaml").write_text("pass_phrase: hunter2\n")
        found = configure(given_, environment, SAMPLE)
        assert found.text("pass_phrase") == "hunter2"
        for shown in (shown_for_people(found), shown_for_programs(found), table(SAMPLE)):
            assert "hunter2" not in shown
        assert "(secret)" in shown_for_people(found)
    (tmp_path / "s.yaml").write_text("pass_phrase: 12345\n")
    assert "12345" not in str(faults({"config": str(tmp_path / "s.yaml")}))


def test_a_secret_has_no_flag_and_the_table_says_so():
    assert BY_NAME["pass_phrase"].flags == ()
    assert "| `pass_phrase` | none: it is secret | `POLICYENGINE_PASS_PHRASE` |" in table(SAMPLE)


def test_the_names_of_settings_make_flags_variables_and_keys():
    assert [(s.name, s.flags, s.variable) for s in SAMPLE[2:7]] == [
        ("count", ("--count",), "POLICYENGINE_COUNT"),
        ("loud", ("--loud", "--no-loud"), "POLICYENGINE_LOUD"),
        ("tone", ("--tone",), "POLICYENGINE_TONE"),
        ("store", ("--store", "--no-store"), "POLICYENGINE_STORE"),
        ("parts", ("FOLDER...",), "POLICYENGINE_PARTS"),
    ]


def test_every_setting_of_the_service_is_told_well():
    assert len({s.name for s in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting.name.isidentifier()
        assert setting.help.endswith(".")
        assert setting.shown_default
        assert "|" not in setting.help
        if setting.default is not None:
            assert setting.kind.from_text(setting.kind.shown(setting.default)) == setting.default
