"""Files damaged at random: never an exception; either they read well, or every fault has a place in the file."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.schema import check_schema
from policyengine.frontend.yaml_reader import read_document
from policyengine.source import SourceFile

TEXTS = [f.read_text(encoding="utf-8") for f in sorted(Path(__file__).with_name("sample").rglob("*.yaml"))]
SNIPPETS = st.sampled_from(
    [
        "\t",
        "\n",
        "\r",
        "\0",
        "\u2028",
        "𐍈",
        "'",
        '"',
        "[",
        "]",
        "{",
        "}",
        ":",
        ": ",
        "- ",
        ">",
        "> 5",
        "|",
        "#",
        " #",
        "&a ",
        "*a",
        "!",
        "!!x ",
        "<<: ",
        "? ",
        "~",
        "null",
        "[1..4)",
        "%",
        "@",
        "`",
        "\\",
        ",",
        "---\n",
        "...\n",
        "  ",
        "\ufeff",
        "{a: b",
        "x: y: z",
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        match draw(st.sampled_from(["insert", "cut", "swap", "repeat", "drop line"])):
            case "insert":
                text = text[:at] + draw(SNIPPETS) + text[at:]
            case "cut":
                text = text[:at] + text[at + length :]
            case "swap":
                text = text[:at] + text[at : at + length][::-1] + text[at + length :]
            case "repeat":
                text = text[:at] + text[max(0, at - length) : at] * 2 + text[at:]
            case _:
                lines = text.split("\n")
                del lines[draw(st.integers(0, len(lines) - 1))]
                text = "\n".join(lines)
    return text


@given(damaged())
@settings(deadline=None, max_examples=1000, derandomize=True)
def test_damage_is_told_with_a_place(text):
    file, sink = SourceFile("f.yaml", text, "f.yaml"), Diagnostics()
    document = read_document(file, sink)
    kind = check_schema(document, sink) if document else None
    assert kind or sink.failed
    for fault in sink:
        start, end = fault.span.start, fault.span.end
        assert fault.span.file is file
        assert 1 <= start.line <= len(file.lines)
        assert 1 <= start.column <= len(file.lines[start.line - 1]) + 1
        assert (start.line, start.column) <= (end.line, end.column)
        assert fault.message
        assert "\n" not in fault.message
        assert fault.render()
