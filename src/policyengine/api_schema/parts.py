"""The small words in which the schemas of requests and answers are written."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]
"""A JSON Schema: data as JSON has it."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_LOCAL: Final = "#/$defs/"


def ref(name: str, description: str | None = None) -> Schema:
    """A use of a shared piece, with what it means in this place."""
    out: Schema = {"$ref": _LOCAL + name}
    return {**out, "description": description} if description else out


def text(description: str, **more: object) -> Schema:
    """Text."""
    return {"type": "string", "description": description, **more}


def text_or_null(description: str) -> Schema:
    """Text or null."""
    return {"type": ["string", "null"], "description": description}


def count(description: str, *, least: int | None = None) -> Schema:
    """A whole number."""
    out: Schema = {"type": "integer", "description": description}
    return out if least is None else {**out, "minimum": least}


def listing(items: Schema, description: str) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, "description": description}


def or_null(schema: Schema, description: str) -> Schema:
    """Such a value, or null."""
    return {"anyOf": [schema, {"type": "null"}], "description": description}


def record(title: str, properties: dict[str, Schema], *, optional: tuple[str, ...] = (), **more: object) -> Schema:
    """An object with these keys and no others, all of them given but the ``optional`` ones."""
    required = [key for key in properties if key not in optional]
    head: Schema = {"title": title, "type": "object", "additionalProperties": False}
    return {**head, **({"required": required} if required else {}), "properties": properties, **more}


def moved(schema: object, place: str) -> Any:  # noqa: ANN401 - JSON data in, the same shape of JSON data out
    """A copy whose references to shared pieces point below ``place``, such as ``#/components/schemas/``.

    References to anything else stay as they are.
    """
    if isinstance(schema, dict):
        return {
            key: _moved_ref(value, place) if key == "$ref" else moved(value, place) for key, value in schema.items()
        }
    return [moved(item, place) for item in schema] if isinstance(schema, list) else schema


def _moved_ref(target: str, place: str) -> str:
    return place + target.removeprefix(_LOCAL) if target.startswith(_LOCAL) else target


def document(title: str, body: Schema, shared: dict[str, Schema]) -> Schema:
    """A schema that stands alone in a file: its dialect first, the shared pieces last."""
    return {"$schema": DIALECT, "title": title, **body, "$defs": shared}
