"""The AsyncAPI document has every public type, and is the one that the repository carries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none

from stenolog.feed.asyncapi import CLOUD_EVENT, asyncapi
from stenolog.feed.catalogue import example_of
from stenolog.feed.types import PUBLIC_TYPES
from tests.asyncapi_yaml import TARGET, as_yaml


def references(value: Any) -> Iterator[str]:
    """Every reference within the document, but those within the schemas of events."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "$ref":
                yield one
            elif name != "schema":
                yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_repository_carries_the_document() -> None:
    assert TARGET.read_text() == as_yaml(), "run: python -m tests.asyncapi_yaml"


def test_every_type_is_a_message_of_every_channel() -> None:
    document = asyncapi()
    assert set(document["components"]["messages"]) == set(PUBLIC_TYPES)
    for channel in document["channels"].values():
        assert set(channel["messages"]) == set(PUBLIC_TYPES)
    found = list(references(document))
    assert len(found) > len(PUBLIC_TYPES)
    for one in found:
        place: Any = document
        for name in one.removeprefix("#/").split("/"):
            place = place[name]


@pytest.mark.parametrize("name", PUBLIC_TYPES)
def test_an_event_of_each_type_is_allowed_by_its_message(name: str) -> None:
    schema = asyncapi()["components"]["messages"][name]["payload"]["schema"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example_of(name))
    wrong = {**example_of(name), "sequence": "1"}
    assert not Draft202012Validator(schema).is_valid(wrong)


@pytest.mark.parametrize("public_url", ["https://stenolog.example", "http://127.0.0.1:8080/base"])
def test_a_gateways_own_document_names_its_place(public_url: str) -> None:
    server = asyncapi(public_url)["servers"]["gateway"]
    assert public_url == f"{server['protocol']}://{server['host']}{server.get('pathname', '')}"


@pytest.mark.parametrize("name", PUBLIC_TYPES)
def test_the_official_sdk_reads_an_event_of_each_type(name: str) -> None:
    told = example_of(name)
    body = orjson.dumps(told)
    event = from_structured_event(HTTPMessage({"content-type": CLOUD_EVENT}, body), JSONFormat())
    assert (event.get_id(), event.get_type(), event.get_source()) == (
        told["id"],
        name,
        told["source"],
    )
    assert event.get_data() == told["data"]
    assert event.get_time() == datetime.fromisoformat(told["time"])
    for extension in ("sequence", "previous", "position", "partitionkey", "correlationid"):
        assert event.get_extension(extension) == told[extension]
