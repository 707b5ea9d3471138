"""Describe a whole public event as a JSON Schema: the CloudEvent around the data of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stenolog.feed.catalogue import schema_of
from stenolog.feed.cloud_events import SEQUENCE_DIGITS

TEXT = {"type": "string"}
UUID = {"type": "string", "format": "uuid"}
URI = {"type": "string", "format": "uri"}
TIME = {"type": "string", "format": "date-time"}
SEQUENCE = {"type": "string", "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$"}
ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "specversion": {"const": "1.0"},
    "id": UUID,
    "source": URI,
    "type": TEXT,
    "subject": TEXT,
    "time": TIME,
    "timestamp": TIME,
    "datacontenttype": {"const": "application/json"},
    "dataschema": URI,
    "sequence": SEQUENCE,
    "previous": SEQUENCE,
    "position": {"type": "string", "pattern": "^[0-9]{1,16}$"},
    "partitionkey": TEXT,
    "correlationid": TEXT,
}
OPTIONAL: Mapping[str, Mapping[str, Any]] = {
    "causationid": TEXT,
    "attempt": {"type": "integer", "minimum": 1},
}


def event_schema(name: str) -> Mapping[str, Any]:
    """Return the JSON Schema of an event of this public type; the data's own stands in it."""
    data = dict(schema_of(name) or {})
    definitions = data.pop("$defs", None)
    schema: dict[str, Any] = {
        "$schema": data.pop("$schema"),
        "title": name,
        "type": "object",
        "properties": {**ATTRIBUTES, "type": {"const": name}, **OPTIONAL, "data": data},
        "required": [*ATTRIBUTES, "data"],
    }
    return schema if definitions is None else {**schema, "$defs": definitions}
