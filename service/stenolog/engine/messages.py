"""Declare the messages between engine and workers: one JSON object a line, checked when read.

They are JSON and not pickle, because a worker handles hostile media and must not be able to run
code in the engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from stenolog.engine.audio_facts import AudioFacts
from stenolog.engine.options import SpeechOptions
from stenolog.engine.spoken import SpokenWord

# Ten hours of fast speech are about 130,000 words of 120 bytes.
LINE_BYTES_MAX = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """To a worker: transcribe the file at `path`; `cpu_seconds` may be spent on it."""

    path: str
    options: SpeechOptions
    audio_ms_max: int
    cpu_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The models are loaded; `network_kept` where the system does not let a worker give it up."""

    event: Literal["ready"] = "ready"
    model: str
    network_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """The recogniser's directory holds no model that can be used; the worker ends."""

    event: Literal["unusable"] = "unusable"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """Some work was done since the last message."""

    event: Literal["alive"] = "alive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The audio is decoded and this long; `facts` are what is known of it."""

    event: Literal["decoded"] = "decoded"
    audio_ms: int
    facts: AudioFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The next piece of the redacted audio, in base64."""

    event: Literal["sound"] = "sound"
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The job is finished.

    `findings` are members of the transcript, as they are answered; `unredacted` are the words
    before anything was hidden, where they were asked for.
    """

    event: Literal["done"] = "done"
    words: tuple[SpokenWord, ...]
    findings: dict[str, JsonValue] = field(default_factory=dict)
    unredacted: tuple[SpokenWord, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The audio cannot be transcribed; `error` is the sentence for the customer."""

    event: Literal["refused"] = "refused"
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Our own fault; `kind` is the class of the exception."""

    event: Literal["failed"] = "failed"
    kind: str


Message = Ready | Unusable | Alive | Decoded | Sound | Done | Refused | Failed

ORDER: TypeAdapter[Order] = TypeAdapter(Order)
MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="event")])


def encode(message: Message) -> bytes:
    """Return one line."""
    return MESSAGE.dump_json(message) + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of a line.

    Raises:
        ValueError: It is none.
    """
    return MESSAGE.validate_json(line)
