"""Whatever a provider leaves out, empties or calls by a new word, the official SDK reads it."""

from __future__ import annotations

import json
import random
import typing
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import assemblyai
import orjson
import pydantic
import pytest

from stenolog.edge.assemblyai.body import V2Body
from stenolog.edge.assemblyai.echoes import encoded_echo
from stenolog.projections.documents import read_object
from stenolog.wire.assemblyai.parameters import WEBHOOK_PARAMETERS
from stenolog.wire.assemblyai.transcript import RESULT_DEFAULTS

pytestmark = pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20")
PARAMS = {"audio_url": "https://audio.example/1.mp3"}
GONE = object()
# In the place of any value: a new word, the wrong kind, nothing, and nothing at all.
INSTEAD: tuple[object, ...] = (
    None,
    GONE,
    "brand-new-word",
    "",
    7,
    -1,
    2.5,
    True,
    [],
    {},
    [None],
    ["brand-new-word"],
    {"brand-new": None},
)
NOT_ASKED = {*RESULT_DEFAULTS, *WEBHOOK_PARAMETERS}  # a webhook's form is checked
SEED = 20_261_130
QUICK, ALL = 1_500, 20_000


def example(annotation: Any, words: random.Random) -> object:
    """A value that the SDK reads, with every member that its models declare."""
    inner = [one for one in typing.get_args(annotation) if one is not type(None)]
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return words.choice(inner)
    if origin is list:
        return [example(inner[0], words) for _ in range(2)]
    if origin is dict:
        return {example(inner[0], words): example(inner[1], words)}
    if inner:
        return example(inner[0], words)
    if annotation is Any:
        return "anything"
    if issubclass(annotation, pydantic.BaseModel):
        fields = annotation.model_fields
        made = {name: example(field.annotation, words) for name, field in fields.items()}
        if "max_speakers_expected" in made:
            made["max_speakers_expected"] = made["min_speakers_expected"]
        return made
    plain = {str: "said", int: 5, float: 0.5, bool: True}
    return plain[annotation] if annotation in plain else words.choice(list(annotation)).value


def whole(words: random.Random) -> dict[str, Any]:
    """An answer with everything that the SDK declares."""
    made = example(assemblyai.types.TranscriptResponse, words)
    assert isinstance(made, dict)
    return made


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every member and every item within a value: what holds it, and where."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for at, inner in pairs:
        yield value, at
        yield from places(inner)


def mutated(answer: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The answer with a few places changed, one most often."""
    changed = deepcopy(answer)
    for _ in range(chance.choice((1, 1, 1, 3, 9))):
        found = list(places(changed))
        if not found:
            break
        held, at = chance.choice(found)
        instead = chance.choice(INSTEAD)
        if instead is GONE:
            del held[at]
        else:
            held[at] = deepcopy(instead)
    return changed


def read_by_sdk(body: bytes) -> None:
    assemblyai.types.TranscriptResponse(**json.loads(body))


def failures(count: int) -> Iterator[str]:
    """What the SDK says of bodies that it rejects, of `count` mutated answers."""
    chance = random.Random(SEED)
    for _ in range(count):
        given = mutated(whole(chance), chance)
        document = read_object(orjson.dumps(given))
        asked = {name: one for name, one in given.items() if name not in NOT_ASKED}
        for body in (
            V2Body().completed("id", PARAMS, document),
            V2Body().failed("id", PARAMS, "No.", document),
            b"{%b,%b" % (b'"id":"id","status":"queued"', encoded_echo({**asked, **PARAMS})[1:]),
        ):
            try:
                read_by_sdk(body)
            except (pydantic.ValidationError, AttributeError) as exc:
                yield f"{exc} in {body.decode()}"


def test_an_answer_with_all_that_the_sdk_knows_is_not_changed() -> None:
    given = whole(random.Random(SEED))
    told = json.loads(V2Body().completed("id", PARAMS, read_object(orjson.dumps(given))))
    ours = {"id", "status", "audio_url", "speech_model"}
    assert {n for n, v in told.items() if given.get(n) != v and "webhook" not in n} <= ours


@pytest.mark.parametrize("instead", [None, GONE, "brand-new-word"], ids=["null", "gone", "new"])
def test_every_single_member_may_be_missing_null_or_new(instead: object) -> None:
    """Each place that there is, one by one."""
    answer = whole(random.Random(SEED))
    for number, _ in enumerate(places(answer)):
        changed = deepcopy(answer)
        held, at = list(places(changed))[number]
        if instead is GONE:
            del held[at]
        else:
            held[at] = instead
        read_by_sdk(V2Body().completed("id", PARAMS, read_object(orjson.dumps(changed))))


def test_mutated_answers_are_all_read() -> None:
    assert next(failures(QUICK), None) is None


@pytest.mark.soak
def test_twenty_thousand_mutated_answers_are_all_read() -> None:
    assert next(failures(ALL), None) is None
