"""Describe the event feed as AsyncAPI 3.1 does, from the same catalogue as the types of events.

Source: https://www.asyncapi.com/docs/reference/specification/v3.1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from stenolog.feed.catalogue import EXAMPLE_URL, described, example_of
from stenolog.feed.envelopes import event_schema

VERSION = "3.1.0"
CLOUD_EVENT = "application/cloudevents+json"  # CloudEvents 1.0, JSON format, 3
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
SERVER = "gateway"
CHANNELS: Mapping[str, tuple[str, str]] = {
    "feed": (
        "/api/v1/events",
        "Every public event of a tenant, in order: pages, long polls, and Server-Sent Events.",
    ),
    "consumer": (
        "/api/v1/consumers/{consumer}/events",
        "What a named consumer has not acknowledged; its workers take batches with `claim`.",
    ),
}


def asyncapi(public_url: str = EXAMPLE_URL) -> Mapping[str, Any]:
    """Return the document of a gateway that is reached at `public_url`."""
    types = [str(one["type"]) for one in described(public_url)]
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Stenolog's events",
            "version": "1",
            "description": "Public events of transcriptions, as CloudEvents 1.0.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CLOUD_EVENT,
        "servers": {SERVER: _server(public_url)},
        "channels": {name: _channel(name, types) for name in CHANNELS},
        "operations": {f"send-{name}": _operation(name) for name in CHANNELS},
        "components": {
            "messages": {
                str(one["type"]): _message(one, public_url) for one in described(public_url)
            },
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key with the scope events:read.",
                }
            },
        },
    }


def _server(public_url: str) -> Mapping[str, Any]:
    parts = urlsplit(public_url)
    server = {
        "host": parts.netloc,
        "protocol": parts.scheme,
        "security": [{"$ref": "#/components/securitySchemes/apiKey"}],
    }
    return {**server, "pathname": parts.path} if parts.path else server


def _channel(name: str, types: list[str]) -> Mapping[str, Any]:
    address, description = CHANNELS[name]
    channel: dict[str, Any] = {
        "address": address,
        "description": description,
        "servers": [{"$ref": f"#/servers/{SERVER}"}],
        "messages": {one: {"$ref": f"#/components/messages/{one}"} for one in types},
    }
    if "{consumer}" in address:
        channel["parameters"] = {"consumer": {"description": "The consumer's name."}}
    return channel


def _operation(name: str) -> Mapping[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"http": {"method": "GET", "bindingVersion": "0.3.0"}},
    }


def _message(one: Mapping[str, Any], public_url: str) -> Mapping[str, Any]:
    name = str(one["type"])
    return {
        "name": name,
        "title": name,
        "summary": one["description"],
        "contentType": CLOUD_EVENT,
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": event_schema(name)},
        "examples": [{"payload": example_of(name, public_url)}],
    }
