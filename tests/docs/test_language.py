"""policies/README.md: its blocks are a bundle that works, and it tells of every word of the language, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.documents import LANGUAGE, Block, blocks, codes, prose, section, table
from tests.docs.registries import all_codes, diagnostic_codes, grammar_words, lint_codes

from policyengine.check.functions import FUNCTIONS
from policyengine.check.kinds import KINDS as RULE_KINDS
from policyengine.check.symbols import RESERVED_WORDS
from policyengine.engine.engine import Engine
from policyengine.frontend import schema_words as words
from policyengine.frontend.schema_tests import EXPECTATIONS
from policyengine.frontend.schemagen import schema_for
from policyengine.loading import check_folder
from policyengine.model.rules import Class
from policyengine.reference import decide as reference_decide
from policyengine.testing.formats import as_text
from policyengine.testing.known_words import FAULTS, REMARKS
from policyengine.testing.run import run_cases

TEXT = LANGUAGE.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
NAME = "parcel_cover"
IN_CODE = " ".join([*codes(TEXT), *(b.text for b in BLOCKS)])


def first_cells(rows: list[list[str]]) -> list[str]:
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row[0])]


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]+", text))


@pytest.fixture
def bundle(tmp_path, monkeypatch) -> Path:
    """The bundle that the page itself holds, as a reader would write it down."""
    for block in BLOCKS:
        if block.language == "yaml":
            path = tmp_path / block.first_line.removeprefix("# ")
            assert path.is_relative_to(tmp_path / NAME), f"line {block.line}: the first line does not name the file"
            assert not path.exists(), f"line {block.line}: {path.name} is there twice"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Path(NAME)


def test_the_bundle_of_the_page_has_no_mistake(bundle):
    _, sink = check_folder(bundle)
    assert [d.render() for d in sink] == []


def test_advice_on_the_bundle_of_the_page_is_about_sources_alone(bundle):
    _, sink = check_folder(bundle, lint=True)
    assert {d.code for d in sink} <= {"lint/no-source"}


def test_the_cases_of_the_page_pass(bundle):
    results = run_cases(bundle)
    assert results.ok, as_text(results)
    assert len(results.outcomes) >= 6


def test_the_page_says_what_both_engines_do_with_nothing(bundle):
    checked, _ = check_folder(bundle)
    with Engine(checked) as engine:
        for name in checked.decisions:
            made = engine.decide(name, {}, as_of="2025-03-14")
            assert made == reference_decide(checked, name, {}, made.as_of)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: f"line {b.line} {b.language}")
def test_every_block_is_a_file_or_a_message(block: Block):
    assert (block.language, block.note) in {("yaml", ""), ("text", "")}
    assert block.first_line.startswith("# " + NAME) or re.match(NAME + r"/\S+:\d+:\d+: ", block.first_line)


def test_every_message_shown_is_what_comes_out(bundle):
    shown = [b for b in BLOCKS if b.language == "text"]
    assert shown
    for block in shown:
        file, line = re.match(r"(\S+?):(\d+):", block.first_line).groups()
        wrong = re.search(rf"^{line} \| (.*)$", block.text, re.MULTILINE)[1]
        path = Path(file)
        before = path.read_text(encoding="utf-8")
        lines = before.splitlines()
        lines[int(line) - 1] = wrong
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        _, sink = check_folder(bundle)
        path.write_text(before, encoding="utf-8")
        assert [d.render() + "\n" for d in sink] == [block.text]


# --- every word, and no other ---


def test_every_kind_of_file():
    assert first_cells(table(section(TEXT, "A bundle"), "kind", "holds")) == list(words.KINDS)


def test_every_type():
    types = first_cells(table(TEXT, "type", "in requests"))
    assert set(types) == {*words.FACT_TYPES, *words.VALUE_TYPES}
    assert len(types) == len(set(types))


def test_every_kind_of_rule_and_what_it_may_give():
    rows = table(TEXT, "kind", "a rule adds")
    assert first_cells(rows) == list(RULE_KINDS)
    for row in rows:
        kind = RULE_KINDS[first_cells([row])[0]]
        classes = {str(c) for c in Class}
        assert words_in(row[3]) & classes == {str(c) for c in kind.allowed}, row


def test_every_function():
    named = [re.match(r"\w+", f)[0] for f in first_cells(table(TEXT, "function", "gives"))]
    assert set(named) == set(FUNCTIONS)


def test_every_word_and_sign_of_expressions_and_tests():
    written = "".join(IN_CODE.split())
    assert [w for w in sorted(grammar_words()) if "".join(w.split()) not in written] == []


def test_every_operator_stands_in_the_tables():
    shown = " ".join(" ".join(row) for heading in ("form", "test") for row in table(TEXT, heading))
    missing = [w for w in grammar_words() - {"true", "false", "null", "(", ")", ","} if w not in shown]
    assert missing == []


@pytest.mark.parametrize(
    ("what", "known"),
    [
        ("class", [str(c) for c in Class]),
        ("hit policy", words.HIT_POLICIES),
        ("rounding mode", words.ROUNDING_MODES),
        ("expectation", EXPECTATIONS),
        ("reserved word", RESERVED_WORDS - {"where", "when", "unless"}),
    ],
)
def test_every_fixed_word(what, known):
    written = words_in(IN_CODE) | words_in(" ".join(re.findall(r"\*\*(\w+)\*\*", TEXT)))
    assert sorted(set(known) - written) == [], what


def keys_of(schema: object) -> set[str]:
    found: set[str] = set()
    if isinstance(schema, dict):
        properties = schema.get("properties")
        found |= set(properties) if isinstance(properties, dict) else set()
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return found.union(*map(keys_of, parts))


@pytest.mark.parametrize("kind", words.KINDS)
def test_every_key_of_every_file(kind):
    assert sorted(keys_of(schema_for(kind)) - words_in(IN_CODE)) == []


# --- every code, and no other ---


def test_every_message():
    documented = first_cells(table(section(TEXT, "Messages about mistakes"), "code"))
    told = [code for code in documented if "/" in code]
    assert len(told) == len(set(told))
    assert set(told) == diagnostic_codes()


def test_every_message_says_what_to_do():
    for heading in ("Messages about mistakes", "Advice"):
        rows = table(section(TEXT, heading), "code", "what it means", "what to do")
        assert [row for row in rows if len(row) != 3 or not all(row)] == []


def test_every_piece_of_advice():
    assert set(first_cells(table(section(TEXT, "Advice"), "code"))) == lint_codes()


def test_every_remark_and_fault_of_an_answer():
    told = section(TEXT, "Remarks and faults")
    assert set(first_cells(table(told, "under `remarks`"))) == set(REMARKS)
    assert set(first_cells(table(told, "under `faults`"))) == set(FAULTS)


def test_no_code_is_named_that_does_not_exist():
    groups = {code.partition("/")[0] for code in all_codes()}
    named = set(re.findall(rf"(?<![\w/.])(?:{'|'.join(groups)})/[a-z]+(?:-[a-z]+)*\b", prose(TEXT) + IN_CODE))
    assert named - all_codes() == set()
