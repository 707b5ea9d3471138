"""Describe every public type for those who are told of it: a JSON Schema, and an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel

from stenolog.feed.cloud_events import EVENT_TYPES, SHAPE, cloud_event, named
from stenolog.feed.types import PUBLIC_TYPES
from stenolog.log.event import Event
from stenolog.log.event_data import EventData
from stenolog.log.events.endpoints import ENDPOINT
from stenolog.log.events.transcriptions import TRANSCRIPTION

JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
EXAMPLE_URL = "https://stenolog.example"
UUID = "0198a3f0-7d5e-7c3a-9b1f-2f6d1c0e4a5b"
TENANT = "3f1d6c1e-55f0-4c1c-9a61-0f5e7a1d2b3c"
TIME = "2026-11-30T20:26:10.344522Z"
DIGEST = "9c1185a5c5e9fc54612808977ee8f548b2258d31a5b7c5f3ad1e8d5a2b0e4f10"


def described(public_url: str) -> Sequence[Mapping[str, Any]]:
    """Return each type: name, description, schema of its `data`, and a whole event."""
    return [_described(name, data, public_url) for name, data in PUBLIC_TYPES.items()]


def schema_of(name: str) -> Mapping[str, Any] | None:
    """Return the JSON Schema of the data of a type; None: there is no such public type."""
    data = PUBLIC_TYPES.get(name)
    return None if data is None else _schema(name, data)


def example_of(name: str, public_url: str = EXAMPLE_URL) -> Mapping[str, Any]:
    """Return an event of a public type as it is told."""
    return cloud_event(_example(PUBLIC_TYPES[name]), previous=41, public_url=public_url)


def _described(name: str, data: type[EventData], public_url: str) -> Mapping[str, Any]:
    return {
        "type": name,
        "description": (data.__doc__ or "").partition("\n")[0],
        "dataschema": f"{public_url}{EVENT_TYPES}{name}/{SHAPE}",
        "schema": _schema(name, data),
        "example": example_of(name, public_url),
    }


@cache
def _schema(name: str, data: type[EventData]) -> Mapping[str, Any]:
    own = data.model_json_schema()
    text, link = {"type": "string"}, {"type": "string", "format": "uri"}
    subject, kind, _ = named(data.type)
    links = {"type": "object", "properties": {kind: link}, "required": [kind]}
    properties: dict[str, Any] = {
        subject: {"type": "string", "format": "uuid"},
        **own.get("properties", {}),
        "digest": {"anyOf": [text, {"type": "null"}]},
        "links": links,
    }
    included = {
        "payload": {"type": ["object", "null"]},
        "payload_reason": {"type": ["string", "null"]},
    }
    return {
        "$schema": JSON_SCHEMA,
        "title": f"The data of {name}",
        "type": "object",
        "properties": {**properties, **included},
        "required": list(properties),
        **({"$defs": own["$defs"]} if "$defs" in own else {}),
    }


def _example(data: type[EventData]) -> Event:
    return Event(
        position=107,
        id=UUID,
        stream=f"{ENDPOINT if data.type.startswith('endpoint.') else TRANSCRIPTION}{UUID}",
        version=4,
        previous=103,
        sequence=42,
        type=data.type,
        time=TIME,
        tenant=TENANT,
        actor=UUID,
        correlation_id=UUID,
        causation_id=UUID,
        data=cast("Mapping[str, Any]", _value(data)),
        commitment=DIGEST if data.payload else None,
    )


def _value(annotation: Any) -> object:
    """Return a value that a field may have."""
    if annotation is bool:
        return True
    if annotation is int:
        return 1
    if annotation is str:
        return UUID
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is list:
        return [_value(get_args(annotation)[0])]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: _value(one.annotation) for name, one in annotation.model_fields.items()}
    return _value(get_args(annotation)[0])
