"""The session file's JSON schema, made of the dataclasses that read and write it.

    python -m nnviz.ui.session_schema > docs/session.schema.json

Source: JSON Schema 2020-12, https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from nnviz.ui.session import LONGEST, MOST_CONTROLS, VERSION, Session

TEXT = {"type": "string", "maxLength": LONGEST}
PLAIN = [TEXT, {"type": "number", "exclusiveMinimum": -1e18, "exclusiveMaximum": 1e18}, {"type": "boolean"}]


def schema() -> dict[str, Any]:
    """The schema of a whole file of this version."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"nnviz session file, version {VERSION}",
        **_of(Session),
    }


def _of(kind: Any) -> dict[str, Any]:
    """The schema of a type that stands in the dataclasses of `session.py`."""
    if is_dataclass(kind):
        return _object(kind)
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _of(arguments[0])}
    if get_origin(kind) is UnionType:
        return {"anyOf": [_of(argument) for argument in arguments]}
    if get_origin(kind) is Mapping:
        return {"type": "object", "maxProperties": MOST_CONTROLS, "additionalProperties": _of(arguments[1])}
    plain: dict[Any, dict[str, Any]] = {
        str: TEXT,
        int: {"type": "integer", "minimum": 1},
        NoneType: {"type": "null"},
        Any: {"anyOf": [*PLAIN, {"type": "array", "maxItems": MOST_CONTROLS, "items": {"anyOf": PLAIN}}]},
    }
    return plain[kind]


def _object(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    properties = {f.name: _field(f, hints[f.name]) for f in fields(kind)}
    needed = [f.name for f in fields(kind) if f.name in ("format", "version") or f.default is f.default_factory is MISSING]
    return {
        "description": (kind.__doc__ or "").splitlines()[0],
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def _field(f: Field[Any], kind: Any) -> dict[str, Any]:
    told = dict(f.metadata)
    if told.pop("base64", False):
        return told | {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]*={0,2}$"}
    if "const" in told:
        return told
    return _of(kind) | told


if __name__ == "__main__":
    print(json.dumps(schema(), ensure_ascii=False, indent=1))
