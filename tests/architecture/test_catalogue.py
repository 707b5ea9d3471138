"""The catalogue holds nothing that could describe a person, and released shapes stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from stenolog.log.canonical import leaf_hash
from stenolog.log.catalogue import EVENT_TYPES, is_public, read_data
from stenolog.log.event import Event
from stenolog.log.event_data import INTEGER_MAX, Count, EventData, ProviderJob
from stenolog.log.format import EVENT_SCHEMA
from tests.log_samples import ACTOR, CORRELATION, EXAMPLES, TENANT, UPLOAD_ID

GOLDEN = Path(__file__).parents[1] / "golden" / f"events-{EVENT_SCHEMA}.json"
NAME = re.compile(r"[a-z]+(?:_[a-z]+)?\.[a-z_]*(ed|sent|made|found|begun|read)(_late)?")
SAFE_PATTERNS = {
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    r"^[A-Za-z0-9_-]{1,64}$",
    r"^[0-9a-f]{64}$",
}
"""What a string in clear may look like: our ids, a provider's ids for jobs, and digests."""


def faults_of(annotation: Any, metadata: Sequence[Any], where: str) -> Iterator[str]:
    """What this field may hold and must not; recursively."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        yield from faults_of(inner, [*metadata, *extra], where)
    elif origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from faults_of(each, metadata, where)
    elif origin is Literal:
        if not all(type(value) is str and value.isascii() for value in get_args(annotation)):
            yield f"{where}: a literal that is no ASCII word"
    elif origin in (tuple, list):
        for each in get_args(annotation):
            if each is not Ellipsis:
                yield from faults_of(each, (), f"{where}[]")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from model_faults(annotation, where)
    elif annotation is str:
        patterns = {m.pattern for m in flat(metadata) if hasattr(m, "pattern")}
        if not patterns & SAFE_PATTERNS:
            yield f"{where}: a free string"
    elif annotation is int:
        least = [m.ge for m in flat(metadata) if hasattr(m, "ge")]
        most = [m.le for m in flat(metadata) if hasattr(m, "le")]
        if not least or not most or max(map(abs, least + most)) > INTEGER_MAX:
            yield f"{where}: an integer without bounds"
    elif annotation not in (bool, NoneType):
        yield f"{where}: {annotation} may not be hashed in clear"


def model_faults(model: type[BaseModel], where: str) -> Iterator[str]:
    if model.model_config.get("extra") != "forbid" or not model.model_config.get("strict"):
        yield f"{where}: takes what it does not know"
    for name, field in model.model_fields.items():
        if not name.isascii():
            yield f"{where}.{name}: a name that is not ASCII"
        yield from faults_of(field.annotation, field.metadata, f"{where}.{name}")


def flat(metadata: Sequence[Any]) -> Iterator[Any]:
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)


@pytest.mark.parametrize("model", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_data_holds_ids_enumerations_integers_and_booleans_only(model: type[EventData]) -> None:
    assert list(model_faults(model, model.type)) == []


def test_the_walk_finds_what_it_looks_for() -> None:
    class Careless(EventData):
        type: ClassVar[str] = "careless.made"
        name: str
        note: str | None
        score: float
        size: int
        labels: tuple[str, ...]
        anything: Any
        fine: Count
        job: ProviderJob | None

    found = {fault.split(":")[0] for fault in model_faults(Careless, "")}
    assert found == {".name", ".note", ".score", ".size", ".labels[]", ".anything"}


@pytest.mark.parametrize("model", EVENT_TYPES.values(), ids=EVENT_TYPES)
def test_a_type_says_its_name_whether_it_is_public_and_what_its_payload_holds(
    model: type[EventData],
) -> None:
    assert {"type", "public", "payload"} <= vars(model).keys()
    assert EVENT_TYPES[model.type] is model
    assert NAME.fullmatch(model.type), "a name is `category.past_tense`"
    assert model.__name__ == "".join(word.title() for word in re.split(r"[._]", model.type))
    assert is_public(model.type) is model.public
    assert isinstance(model.payload, str)


def every_subclass(model: type[EventData]) -> Iterator[type[EventData]]:
    for each in model.__subclasses__():
        yield each
        yield from every_subclass(each)


def test_every_type_is_in_the_catalogue() -> None:
    written = {
        each for each in every_subclass(EventData) if each.__module__.startswith("stenolog.")
    }
    assert written == set(EVENT_TYPES.values())


def test_data_out_of_bounds_is_refused() -> None:
    accepted = {"submission": 1, "provider_job": "a", "adopted": False}
    model = EVENT_TYPES["submission.accepted"]
    model.model_validate(accepted)
    for wrong in (
        {"submission": 0},
        {"submission": 1.0},
        {"submission": True},
        {"adopted": 1},
        {"provider_job": "ada@example.com"},
        {"provider_job": "a" * 65},
        {"provider_job": "a\n"},
        {"more": 1},
    ):
        with pytest.raises(ValidationError):
            model.model_validate({**accepted, **wrong})
    with pytest.raises(ValidationError):
        EVENT_TYPES["transcription.requested"].model_validate(
            {**EXAMPLES["transcription.requested"], "upload": UPLOAD_ID + "\n"}
        )


def example(position: int, event_type: str) -> Event:
    model = EVENT_TYPES[event_type]
    return Event(
        position=position,
        id=f"018f2f9e-7c1a-7d3b-8a4e-{position:012x}",
        stream="transcription-018f2f9e-7c1a-7d3b-8a4e-5b6c7d8e9f00",
        version=position,
        previous=position - 1,
        sequence=position if model.public else 0,
        type=event_type,
        time=f"2026-11-21T08:00:00.{position:06d}Z",
        tenant=TENANT,
        actor=ACTOR,
        correlation_id=CORRELATION,
        causation_id=CORRELATION if position % 2 else None,
        data=read_data(event_type, EXAMPLES[event_type]).model_dump(),
        commitment=f"{position:064x}" if model.payload else None,
    )


def test_released_shapes_and_their_hashes_never_change() -> None:
    """A type that is new here is added to the file by hand: its entry is in the failure."""
    golden = json.loads(GOLDEN.read_text())
    now = {}
    for event_type in EVENT_TYPES:
        at = list(golden).index(event_type) if event_type in golden else len(golden)
        stored = example(at + 1, event_type).to_bytes()
        now[event_type] = {"bytes": stored.decode(), "leaf": leaf_hash(stored).hex()}
    assert now == golden
