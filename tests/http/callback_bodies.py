"""Bodies of callbacks, and what the log kept of them."""

from __future__ import annotations

import json

from tests.house.composed import Composed

MEGABYTE = 1_000_000


def padded(size: int) -> bytes:
    """A correct body of exactly `size` bytes."""
    body = json.dumps({"transcript_id": "job-1", "status": "completed", "pad": ""}).encode()
    return body[:-2] + b"x" * (size - len(body)) + b'"}'


async def payload_of(service: Composed, transcription_id: str, index: int = 0) -> dict[str, object]:
    event = (await service.received(transcription_id))[index]
    payload = await service.handler.payload_of(event.id, event.position)
    assert payload is not None
    content = json.loads(payload)
    assert isinstance(content, dict)
    return content
