"""Read what a service answers: checked before it is used, its texts safe for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from stenolog.cli.words import one_line
from stenolog.clock import microseconds
from stenolog.commands.api_keys import prefix_of
from stenolog.errors import RequestError
from stenolog.wrong_values import said_of

Line = Annotated[str, AfterValidator(one_line)]
Token = Annotated[str, Field(pattern=r"^[!-~]{1,4096}$")]
Count = Annotated[int, Field(ge=0, le=10**15)]


def _time(text: str) -> str:
    microseconds(text)
    return one_line(text)


def _key(text: str) -> str:
    if prefix_of(text) is None:
        raise ValueError("no API key of Stenolog")
    return text


class Answered(BaseModel):
    """Some members of a JSON object; others may stand beside them."""

    model_config = ConfigDict(
        frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


class StoredUpload(Answered):
    """Where an upload is kept."""

    upload_url: Token


class Utterance(Answered):
    """What one speaker said without a break; times are milliseconds of the audio."""

    speaker: Line | None = None
    start: Count
    end: Count
    text: Line


class Transcript(Answered):
    """A transcription as `/v2` shows it."""

    id: Token
    status: Literal["queued", "processing", "completed", "error"]
    text: Line | None = None
    error: Line | None = None
    utterances: list[Utterance] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.status in ("completed", "error")


class Notice(Answered):
    """What a customer should look at."""

    code: Line
    message: Line


class WebhookEnd(Answered):
    """How the call of a customer's webhook ended."""

    outcome: Line
    address: Line | None = None
    setting: Line | None = None


class Audio(Answered):
    """What was found in the file."""

    container: Line | None = None
    codec: Line | None = None
    channels: Count | None = None
    track: Count | None = None
    tracks: Count | None = None
    declared_ms: Count | None = None
    decoded_ms: Count | None = None


class Queue(Answered):
    """Where a job stands at its provider."""

    position: Count
    expected_ms: Count | None = None


class Job(Answered):
    """A transcription as the native API shows it; times are RFC 3339."""

    id: Token
    status: Literal["queued", "processing", "completed", "error"]
    provider: Line | None = None
    provider_job: Line | None = None
    created_at: Line | None = None
    claimed_at: Line | None = None
    accepted_at: Line | None = None
    called_back_at: Line | None = None
    completed_at: Line | None = None
    audio_ms: Count | None = None
    audio_url: Line | None = None
    error: Line | None = None
    subject: Line | None = None
    erased: bool = False
    webhook: WebhookEnd | None = None
    webhook_status_code: int | None = None
    audio: Audio | None = None
    queue: Queue | None = None
    warnings: list[Notice] = []

    @property
    def ended(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.status in ("completed", "error")


class JobPage(Answered):
    """Some transcriptions; `next` is where the next page begins."""

    items: list[Job]
    next: Token | None


class MadeKey(Answered):
    """A new API key, in the form that keys have; a program reads it from the output."""

    key: Annotated[str, AfterValidator(_key)]


class RevokedKey(Answered):
    """A key that is refused from now on."""

    prefix: Line
    revoked_at: Line


class KeyItem(Answered):
    """One API key, without its secret."""

    id: Line | None = None
    created_at: Line | None = None
    prefix: Line
    tenant: Line
    name: Line
    scopes: list[Line]
    region: Line | None = None
    tenant_region: Line | None = None
    provider: Line | None = None
    tenant_providers: list[Line] = []
    retention: Line | None = None
    tenant_retention: Line | None = None
    revoked_at: Line | None = None


class KeyPage(Answered):
    """Some API keys; `next` is where the next page begins."""

    items: list[KeyItem]
    next: Token | None


class ProjectionItem(Answered):
    """One projection: how far it is, and at which position a rebuild is."""

    name: Line
    version: Count | None
    position: Count
    failures: Count
    rebuilding: Count | None


class ProjectionPage(Answered):
    """Every projection."""

    items: list[ProjectionItem]


class SpeakerItem(Answered):
    """One speaker of a transcription; `share` is of all talk, from 0 to 1."""

    speaker: Line | None
    talk_ms: Count
    share: Annotated[float, Field(ge=0, le=1)] | None
    words: Count
    turns: Count


class EventItem(Answered):
    """One event of a transcription."""

    position: Count
    type: Line
    time: Annotated[str, AfterValidator(_time)]


class Page(Answered):
    """A page of any view; its items are checked one by one."""

    items: list[dict[str, Any]]
    next: Token | None


Checked = TypeVar("Checked", bound=Answered)


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that the bytes are; None when they are something else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def checked(kind: type[Checked], body: Mapping[str, Any]) -> Checked:
    """Return the answer as `kind`.

    Raises:
        RequestError: It is not what Stenolog answers; the message names the first member that is
            wrong, and repeats nothing of it.
    """
    try:
        return kind.model_validate(body)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise RequestError(
            f"the service answers what Stenolog does not: {kind.__name__}.{name} {said_of(first)}; "
            "is it another service?"
        ) from None
