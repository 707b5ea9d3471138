"""Judge what a server answers when it is asked for audio: whole, wrong, or to be asked again."""

from __future__ import annotations

import re
from contextlib import aclosing
from datetime import UTC, datetime
from http import HTTPStatus

import anyio

from stenolog.clock import now_ms
from stenolog.egress.codings import coding_not_undone
from stenolog.egress.retry_after import date_ms, retry_after_ms
from stenolog.egress.streamed import StreamedAnswer
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.presigned import expiry_sentence
from stenolog.errors import EgressFailed, PayloadTooLarge
from stenolog.wire.assemblyai import sentences

REFUSAL_BYTES_MAX = 4_096  # of an error's body, at its beginning: where a store says why
REFUSAL_BODY_MAX = 1 << 30  # what is longer by its own word is not begun
REFUSAL_MS_MAX = 5_000
ERRORS = range(400, 600)
EXPIRED = frozenset({400, 401, 403})  # what stores answer when a presigned URL is over
WHOLE = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
CONTENT_RANGE = re.compile(r"bytes 0-([0-9]{1,18})/([0-9]{1,18})")  # RFC 9110, 14.4


class Later(Exception):
    """The server may answer the next time.

    Attributes:
        refused: What to say when there is no next time.
        in_ms: How long the server wants to be left alone; None: it does not say.
    """

    def __init__(self, refused: AudioRefused, in_ms: int | None = None) -> None:
        super().__init__(str(refused))
        self.refused = refused
        self.in_ms = in_ms


async def check_answer(url: str, answer: StreamedAnswer) -> None:
    """Return when the answer has the whole file.

    Raises:
        AudioRefused: It has not.
        Later: It may have it the next time.
    """
    status = answer.status
    if status in ERRORS:
        refused = await _refusal(url, answer)
        in_ms = retry_after_ms(answer.headers, date_ms(answer.headers) or now_ms())
        # Other 5xx, and a 503 that names no time, are submitted again by the gateway.
        named = status == HTTPStatus.SERVICE_UNAVAILABLE and in_ms is not None
        if named or status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Later(refused, in_ms)
        raise refused
    if status == HTTPStatus.PARTIAL_CONTENT:
        found = CONTENT_RANGE.fullmatch(answer.headers.get("content-range", "").strip().lower())
        if found is None or int(found[1]) + 1 != int(found[2]):
            raise failed(url, "the server sends a part of the file only")
    elif status not in WHOLE:
        raise failed(url, f"the server answers {status} {_reason(status)}, which brings no file")
    coding = coding_not_undone(answer.headers.get("content-encoding", ""))
    if coding is not None:
        raise failed(url, f"the file is compressed with {coding}, which was not asked for")


def failed(url: str, why: str = "") -> AudioRefused:
    """Return the sentence for audio that cannot be had; without a reason it is the service's."""
    if not why:
        return AudioRefused(sentences.download_failed(url))
    return AudioRefused(f"Download error, unable to download {url}: {why}.")


async def _refusal(url: str, answer: StreamedAnswer) -> AudioRefused:
    """Return what to say of a status that is an error."""
    body = bytearray()
    with anyio.move_on_after(REFUSAL_MS_MAX / 1000):  # it only explains
        try:
            async with aclosing(answer.chunks(REFUSAL_BODY_MAX)) as chunks:
                async for chunk in chunks:
                    body += chunk
                    if len(body) >= REFUSAL_BYTES_MAX:
                        break
        except (PayloadTooLarge, EgressFailed):
            pass
    sentence = sentences.download_refused(url, answer.status, _reason(answer.status))
    if answer.status in EXPIRED:
        sentence += expiry_sentence(url, bytes(body[:REFUSAL_BYTES_MAX]), datetime.now(UTC))
    return AudioRefused(sentence)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
