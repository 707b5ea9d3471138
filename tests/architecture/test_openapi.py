"""`openapi.yaml` and the route table say the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none
from openapi_spec_validator import validate
from starlette.routing import Route

from stenolog.commands.api_keys import SCOPES
from stenolog.edge.app import Edge, build_app
from stenolog.edge.callbacks.receiving import Callbacks
from stenolog.edge.http.resource import Guarded, Resource
from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai.parameters import KNOWN
from stenolog.wire.assemblyai.transcript import queued_transcript
from stenolog.wire.assemblyai.transcript_request import parse_request
from tests.openapi_json import CARRIED, as_json

DOCUMENT = Path(__file__).parents[2] / "openapi.yaml"
METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}


class Anything:
    """Stands for every port: building an application calls none of them."""

    def __getattr__(self, name: str) -> Any:
        plain = {
            "rate_limit_per_minute": 0,
            "tenant_rate_limit_per_minute": 0,
            "cors_origins": (),
            "side_work": (Anything(), Anything()),
        }
        return plain.get(name) if name in plain else Anything()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded = yaml.safe_load(DOCUMENT.read_text())
    assert isinstance(loaded, dict)
    return loaded


def routed() -> Iterator[tuple[str, str, str | None]]:
    """Path, method and scope of everything that is routed."""
    for route in build_app(cast(Edge, Anything())).routes:
        assert isinstance(route, Route)
        path = route.path.replace(":anything}", "}")
        if isinstance(route.endpoint, Callbacks):
            yield path, "post", None
            continue
        assert isinstance(route.endpoint, Resource)
        for method, operation in route.endpoint.operations.items():
            scope = operation.scope if isinstance(operation, Guarded) else None
            yield path, method.lower(), scope


def documented(document: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                named = {
                    scope for one in operation["security"] for scope in next(iter(one.values()))
                }
                assert len(named) <= 1
                yield path, method, next(iter(named), None)


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_route_is_documented_with_its_scope_and_nothing_else_is(
    document: dict[str, Any],
) -> None:
    assert sorted(routed(), key=str) == sorted(documented(document), key=str)


def test_every_query_parameter_of_the_native_api_is_documented_and_no_other_is_taken(
    document: dict[str, Any],
) -> None:
    taken = {}
    for route in build_app(cast(Edge, Anything())).routes:
        assert isinstance(route, Route)
        if route.path.startswith("/api/v1/"):
            assert isinstance(route.endpoint, Resource)
            for method, operation in route.endpoint.operations.items():
                assert isinstance(operation, Guarded)
                assert operation.query is not None, route.path
                taken[route.path, method.lower()] = sorted(operation.query)
    parameters = document["components"]["parameters"]
    named = {
        (path, method): sorted(
            one["name"]
            for given in operation.get("parameters", ())
            for one in [parameters[given["$ref"].rsplit("/", 1)[1]] if "$ref" in given else given]
            if one["in"] == "query"
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/") and method in METHODS
    }
    assert taken == named


def test_every_scope_that_is_offered_guards_something() -> None:
    assert {scope for _, _, scope in routed() if scope} == set(SCOPES)


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    assert len(set(names)) == len(names)


def contents(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What every operation takes and answers with success, by its name."""
    for item in document["paths"].values():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            name = operation["operationId"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"{name}, body", content
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values() if status[0] == "2" else ():
                    yield f"{name}, {status}", content


OF_BYTES = ("uploadFile, body", "downloadRedactedAudio, 200", "proveTranscript, 200")


def test_every_operation_has_an_example_that_its_schema_allows(document: dict[str, Any]) -> None:
    for name, content in contents(document):
        if "example" not in content:
            assert name in OF_BYTES
            continue
        rules = Draft202012Validator({**content["schema"], "components": document["components"]})
        problems = [
            f"{name}: {one.json_path}: {one.message}"
            for one in rules.iter_errors(content["example"])
        ]
        assert not problems


def test_the_package_carries_the_document() -> None:
    assert CARRIED.read_text() == as_json(), "run: python -m tests.openapi_json"


def test_every_component_is_used(document: dict[str, Any]) -> None:
    text = DOCUMENT.read_text()
    for kind, components in document["components"].items():
        if kind != "securitySchemes":
            for name in components:
                assert f"'#/components/{kind}/{name}'" in text


def test_every_parameter_of_the_contract_is_documented(document: dict[str, Any]) -> None:
    assert set(document["components"]["schemas"]["TranscriptRequest"]["properties"]) == KNOWN


def test_every_field_of_a_transcript_is_documented(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["Transcript"]
    answered = queued_transcript("id", {"audio_url": "https://audio.example/a"})
    # These are left out while there is nothing to say in them; the second is ours.
    assert set(schema["properties"]) == {*answered, "metadata", "stenolog"}


def inner(name: str, schema: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of everything in a parameter that is an object."""
    for field, one in schema.get("properties", {}).items():
        yield name, field
        yield from ((name, *rest) for rest in inner(field, one))


def test_what_is_documented_within_a_parameter_is_checked(document: dict[str, Any]) -> None:
    parameters = document["components"]["schemas"]["TranscriptRequest"]["properties"]
    paths = [path for name, schema in parameters.items() for path in inner(name, schema)]
    assert len(paths) > 30
    for path in paths:
        value: object = 3.5  # right for no field that there is
        for field in reversed(path):
            value = {field: value}
        assert isinstance(value, dict)
        with pytest.raises(InvalidRequest) as refused:
            parse_request(json.dumps({"audio_url": "https://audio.example/a", **value}).encode())
        assert ".".join(path) in dict(refused.value.fields)
