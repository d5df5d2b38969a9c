"""Reading files: limits, encodings, folders, digests; and that both YAML parsers give the same places."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import yaml

from policyengine.diagnostics import Diagnostics
from policyengine.frontend import yaml_reader
from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.frontend.yaml_reader import (
    bundle_digest,
    read_bundle_files,
    read_document,
    read_source,
    read_test_files,
)
from policyengine.source import SourceFile, Span

SAMPLE = Path(__file__).with_name("sample")
STYLES = """a: 'é𐍈x'
b: [𐍈𐍈, y, {c: [-, any, 1 - 2]}]
c: |
  foo
  𐍈 bar
d: >-
   xx yy

   zz

# end
e:
  - a
  -   b # c
𐍈k: "multi\r
  line" \r
f: &x 'multi
  line' # c
g: {a, b: , c: *x, 'd e': "f", }
i: plain
   more  # c
l: |-
  x

  # no
 # yes
m: &y
  q: 1
n:
- - p
  - q: *y
o: (1..4]
p: a[b = c].d
"""


def said(sink: Diagnostics) -> list[tuple[str, str, str]]:
    return [(d.code, d.message, d.span.underlined) for d in sink]


def read(text: str) -> tuple[Mapping | None, list[tuple[str, str, str]]]:
    sink = Diagnostics()
    return read_document(SourceFile("f.yaml", text), sink), said(sink)


def places(node: Node) -> object:
    def at(span: Span) -> tuple[int, int, int, int]:
        return (span.start.line, span.start.column, span.end.line, span.end.column)

    match node:
        case Scalar():
            return (node.text, node.plain, at(node.span))
        case Sequence():
            return (at(node.span), [places(i) for i in node.items])
        case Mapping():
            return (at(node.span), [(places(k), places(v)) for k, v in node.entries])


SAMPLE_TEXTS = [f.read_text(encoding="utf-8") for f in sorted(SAMPLE.rglob("*.yaml"))]


@pytest.mark.parametrize(
    "text", [STYLES, "\ufeff" + STYLES, STYLES.replace("\n", "\r\n").replace("\r\r", "\r"), *SAMPLE_TEXTS]
)
def test_both_parsers_give_the_same_nodes_at_the_same_places(text, monkeypatch):
    # Both are the same where PyYAML was built without libyaml; then there is only one to use.
    file, results = SourceFile("f.yaml", text), []
    for loader in (getattr(yaml, "CLoader", yaml.Loader), yaml.Loader):
        monkeypatch.setattr(yaml_reader, "_FAST_LOADER", loader)
        top = read_document(file, Diagnostics())
        assert top is not None
        results.append(places(top))
    assert results[0] == results[1]


def test_a_byte_order_mark_moves_no_place(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfkind: facts\nfacts: !!map {}\n")
    file = read_source(path, "a.yaml", "a.yaml", Diagnostics())
    sink = Diagnostics()
    document = read_document(file, sink)
    assert document.key_span("kind").start.column == 1
    assert said(sink) == [("yaml/forbidden", "tags such as `!!map` are not used in policies", "!!map")]


def test_depth_of_fifty_is_read_and_more_is_not():
    assert read("a: " + "[" * 49 + "]" * 49)[1] == []
    assert [s[1] for s in read("a: " + "[" * 50 + "]" * 50)[1]] == [
        "values nested more than 50 deep are not used in policies"
    ]


def test_depth_through_aliases_counts():
    text = "a: &a " + "[" * 30 + "x" + "]" * 30 + "\nb: " + "[" * 30 + "*a" + "]" * 30
    assert [s[0] for s in read(text)[1]] == ["yaml/forbidden"]


def test_a_hundred_aliases_are_read_and_more_are_not():
    def aliases(n: int) -> str:
        return "a: &a x\nb: [" + ", ".join(["*a"] * n) + "]"

    assert read(aliases(100))[1] == []
    assert read(aliases(101))[1] == [("yaml/forbidden", "more than 100 aliases are not used in policies", "*a")]


def test_aliases_of_aliases_cannot_grow_without_bounds():
    lines = ["a0: &a0 [xxxxxxxxxxxxxxxxxxxx]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 11)]
    found = read("\n".join(lines))[1]
    assert [(s[0], s[1]) for s in found] == [
        ("yaml/forbidden", "aliases that make the document grow past 10 MB are not used in policies")
    ]


def test_an_alias_is_the_node_it_names():
    document, faults = read("a: &x {type: date}\nb: *x\n")
    assert faults == []
    assert document.get("a") is document.get("b")


def test_tilde_says_unknown_in_tests_alone():
    assert read("kind: tests\na: {b: ~}\n")[1] == []
    assert read("a: {b: ~}\nkind: tests\n")[1] == []
    assert [s[0] for s in read("kind: facts\na: {b: ~}\n")[1]] == ["yaml/null"]
    document, _ = read("kind: tests\na: ~\n")
    node = document.get("a")
    assert isinstance(node, Scalar)
    assert (node.text, node.plain) == ("~", True)


def test_text_that_is_not_utf_8(tmp_path):
    (tmp_path / "a.yaml").write_bytes("kind: facts\n# für".encode("latin-1"))
    sink = Diagnostics()
    assert read_bundle_files(tmp_path, sink) == []
    (fault,) = sink
    assert (fault.code, fault.span.start.line, fault.span.start.column) == ("yaml/encoding", 2, 4)
    assert "2 | # f" in fault.render()


def test_a_file_that_is_too_large(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"#" * 5_000_001)
    sink = Diagnostics()
    assert read_bundle_files(tmp_path, sink) == []
    assert [d.code for d in sink] == ["yaml/too-large"]


def test_links_to_nowhere_pipes_and_folders(tmp_path):
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    sink = Diagnostics()
    assert read_bundle_files(tmp_path, sink) == []
    assert said(sink) == [
        ("yaml/unreadable", "the file cannot be read: no such file or directory", ""),
        ("yaml/unreadable", "this is not a file", ""),
    ]


def test_files_come_in_order_of_path_and_tests_apart(tmp_path):
    for name in (
        "b.yaml",
        "a/z.yaml",
        "a.yaml",
        "tests/x.yaml",
        "tests/one.test.yaml",
        "tests/more/two.test.yaml",
        ".hidden.yaml",
    ):
        path = tmp_path / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"kind: '{name}'\n")
    folder, sink = tmp_path / "bundle", Diagnostics()
    (folder / "notes.txt").write_text("x")
    files = [f for f, _ in read_bundle_files(folder, sink)]
    assert [f.relative for f in files] == ["a.yaml", "a/z.yaml", "b.yaml"]
    assert files[1].path == f"{folder.as_posix()}/a/z.yaml"
    assert [f.relative for f, _ in read_test_files(folder, sink)] == ["tests/more/two.test.yaml", "tests/one.test.yaml"]
    assert len(sink) == 0


def test_a_file_is_shown_as_the_user_gave_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("policies/p").mkdir(parents=True)
    Path("policies/p/facts.yaml").write_text("kind: facts\nkind: facts\n")
    sink = Diagnostics()
    read_bundle_files(Path("policies/p"), sink)
    assert [d.span.place for d in sink] == ["policies/p/facts.yaml:2:1"]


def test_one_bad_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "b.yaml").write_text("b: 1")
    (tmp_path / "c.yaml").write_text("c: 'x")
    sink = Diagnostics()
    assert [f.relative for f, _ in read_bundle_files(tmp_path, sink)] == ["b.yaml"]
    assert [d.span.file.relative for d in sink] == ["a.yaml", "c.yaml"]


def test_digest_is_over_paths_and_bytes_of_the_policies(tmp_path):
    def bundle(name: str, files: dict[str, str]) -> str:
        for relative, text in files.items():
            path = tmp_path / name / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return bundle_digest(tmp_path / name)

    first = bundle("one", {"a.yaml": "x", "b/c.yaml": "yy"})
    framed = b"".join(len(p).to_bytes(8, "big") + p for p in (b"a.yaml", b"x", b"b/c.yaml", b"yy"))
    assert first == hashlib.sha256(framed).hexdigest()
    assert bundle("two", {"b/c.yaml": "yy", "a.yaml": "x", "tests/t.test.yaml": "z", "notes.md": "n"}) == first
    assert bundle("three", {"a.yaml": "xy", "b/c.yaml": "y"}) != first
    assert bundle("four", {"a.yaml": "x", "c.yaml": "yy"}) != first
