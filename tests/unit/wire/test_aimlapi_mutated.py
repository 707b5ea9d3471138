"""Whatever AIMLAPI answers is read or refused: no answer stops its job from being looked at."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from stenolog.errors import ProviderUnavailable
from stenolog.projections.documents import ProjectionFailed, encode, read_object
from stenolog.providers.aimlapi.answers import read_job
from stenolog.wire.aimlapi.envelope import read_envelope
from stenolog.wire.aimlapi.errors import error_told
from stenolog.wire.aimlapi.results import result_of, speech_share
from stenolog.wire.aimlapi.transcripts import failed_members, members_of

GOLDEN = Path(__file__).parents[2] / "golden" / "aimlapi"
SAMPLES = sorted(GOLDEN.glob("*.json"))
GONE = object()
INSTEAD: tuple[object, ...] = (
    None,
    GONE,
    "a word",
    "",
    -1,
    2.5,
    1e300,
    10**400,
    True,
    [],
    {},
    [None],
    ["a word"],
    {"a": None},
    {"text": "a word", "time": {"time": {"start": 1}}, "type": ["word"]},
)
SEED = 20_261_130
QUICK = 60  # of each sample


def places(value: object) -> Iterator[tuple[Any, Any]]:
    pairs: Any = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for at, inner in pairs:
        yield value, at
        yield from places(inner)


def mutated(answer: Any, chance: random.Random) -> Any:
    changed = deepcopy(answer)
    for _ in range(chance.choice((1, 2, 9))):
        found = list(places(changed)) or [({"gone": None}, "gone")]
        held, at = chance.choice(found)
        instead = chance.choice(INSTEAD)
        if instead is GONE:
            del held[at]
        else:
            held[at] = deepcopy(instead)
    return changed


def short(payload: Any) -> Any:
    """The same with few items in every list, so that few places are like others."""
    if isinstance(payload, dict):
        return {name: short(value) for name, value in payload.items()}
    return [short(one) for one in payload[:3]] if isinstance(payload, list) else payload


def read(answer: Any) -> None:
    """Read it as the reconciler does, then as the projector."""
    body = json.dumps(answer).encode()
    try:
        job = read_job(body, "a-job")
        document = read_object(body)
    except (ProviderUnavailable, ProjectionFailed):
        return
    payload = read_envelope(document).payload
    if payload is not None:
        speech_share(result_of(payload))
    if job.status == "completed":
        read_object(encode(members_of(document, {"language_code": "en"})[1]))
    read_object(encode(failed_members(document)))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.stem)
def test_a_mutated_answer_is_read_or_refused(sample: Path) -> None:
    chance = random.Random(SEED)
    whole = {"status": "completed", "result": short(json.loads(sample.read_bytes()))}
    read(whole)
    for _ in range(QUICK):
        read(mutated(whole, chance))


def test_what_is_nested_deeply_is_no_sentence_and_no_status_word() -> None:
    deep = "[" * 600 + "]" * 600
    assert read_envelope(json.loads(f'{{"status": {deep}}}')).odd_status == "(list)"
    error_told(400, f'{{"statusCode": 400, "message": {deep}}}'.encode())


def nested(levels: int) -> str:
    return '{"time": ' * levels + "[0, 1]" + "}" * levels


@pytest.mark.parametrize(
    "result",
    [
        '{"words": [{"type": ["word"], "text": "x", "start": 1, "end": 2}]}',
        f'{{"words": [{{"text": "x", "time": {nested(900)}}}]}}',
        '{"results": {"channels": [{"alternatives": [{"transcript": "a b", "words": ['
        f'{{"word": "a", "start": 0, "end": 1, "confidence": 1{"0" * 400}, "speaker": 0}},'
        '{"word": "b", "start": NaN, "end": 1, "confidence": 0.5, "speaker": 1}], "entities": ['
        f'{{"label": "x", "value": "a b", "start_word": 1.5, "end_word": 1{"0" * 400}}}]}}]}}]}}}}',
    ],
    ids=["a type that is a list", "nested deeply", "numbers that are too large"],
)
def test_a_hostile_result_is_taken_from_aimlapi_before_it_forgets_it(result: str) -> None:
    job = read_job(f'{{"status": "completed", "result": {result}}}'.encode(), "a-job")
    assert job.status == "completed"
    assert job.raw
