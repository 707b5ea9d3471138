"""Which types of events are public, how a filter names them, and what each says."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has none

from stenolog.errors import InvalidRequest
from stenolog.feed.catalogue import described, example_of, schema_of
from stenolog.feed.cloud_events import cloud_event
from stenolog.feed.types import NAMES_MAX, PUBLIC_TYPES, read_types
from stenolog.log.catalogue import EVENT_TYPES
from stenolog.log.event import Event
from tests.log_samples import ACTOR, CORRELATION, EXAMPLES, TENANT

URL = "https://stenolog.example"
ID = "018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f0a"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", None),
        (" , ,", None),
        ("*", None),
        ("stenolog.*", None),
        ("stenolog.transcription.completed", {"transcription.completed"}),
        (
            "stenolog.transcription.completed*",
            {"transcription.completed", "transcription.completed_late"},
        ),
        (
            " stenolog.erasure.* ,stenolog.transcription.failed",
            {"erasure.requested", "erasure.completed", "transcription.failed"},
        ),
    ],
)
def test_a_filter_names_types_as_on_the_wire(text: str, names: set[str] | None) -> None:
    assert read_types(text) == (None if names is None else frozenset(names))


@pytest.mark.parametrize(
    "text",
    [
        "transcription.completed",  # not as on the wire
        "stenolog.callback.received",  # private
        "stenolog.callback.*",
        "stenolog.transcription",
        "*completed",
        "\0",
        ",".join(["stenolog.*"] * (NAMES_MAX + 1)),
        "stenolog.*," + " " * 3_000,
    ],
)
def test_a_name_that_is_no_public_type_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_types(text)


def test_every_public_type_and_no_other_is_described() -> None:
    names = {f"stenolog.{name}" for name, data in EVENT_TYPES.items() if data.public}
    assert names == set(PUBLIC_TYPES) == {one["type"] for one in described(URL)}
    assert schema_of("stenolog.callback.received") is None


def told(name: str) -> Event:
    return Event(
        position=2**40,
        id=ID,
        stream=f"transcription-{ID}",
        version=1,
        previous=0,
        sequence=2**33,
        type=name,
        time="2026-11-30T12:00:00.000000Z",
        tenant=TENANT,
        actor=ACTOR,
        correlation_id=CORRELATION,
        causation_id=None,
        data=EXAMPLES[name],
        commitment="ab" * 32,
    )


@pytest.mark.parametrize("name", sorted(PUBLIC_TYPES))
def test_the_data_of_an_event_is_as_its_schema_says(name: str) -> None:
    schema = schema_of(name)
    assert schema is not None
    Draft202012Validator.check_schema(schema)
    event = told(name.removeprefix("stenolog."))
    rules = Draft202012Validator(schema)
    rules.validate(cloud_event(event, previous=7, public_url=URL)["data"])
    rules.validate(example_of(name)["data"])


@pytest.mark.parametrize("name", sorted(PUBLIC_TYPES))
def test_an_event_is_what_cloudevents_allows(name: str) -> None:
    event = cloud_event(told(name.removeprefix("stenolog.")), previous=7, public_url=URL)
    attributes = {key: value for key, value in event.items() if key != "data"}
    assert all(key.isalnum() and key.islower() and len(key) <= 20 for key in attributes)
    assert all(isinstance(value, str) and value for value in attributes.values()), (
        "no large integer"
    )
    assert event["sequence"] == f"{2**33:020d}"
    assert event["previous"] == f"{7:020d}"
    assert event["position"] == str(2**40)
    subject = "endpoint_id" if name.startswith("stenolog.endpoint.") else "transcript_id"
    assert event["subject"] == event["partitionkey"] == event["data"][subject] == ID
    assert event["dataschema"] == next(
        one["dataschema"] for one in described(URL) if one["type"] == name
    )
    assert event.keys() >= {"specversion", "id", "source", "type", "time", "timestamp"}
