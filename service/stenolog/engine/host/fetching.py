"""Download the audio that a request names into the scratch folder, through the address guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import anyio

from stenolog.egress.client import REDIRECTS_MAX, Egress
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.scratch import Scratch
from stenolog.errors import EgressFailed, ForbiddenAddress, PayloadTooLarge
from stenolog.wire.assemblyai import sentences

DOWNLOAD_MS_MAX = 30 * 60_000  # 2.2 GB at 10 Mbit/s
IDLE_MS_MAX = 30_000  # a server that sends nothing for so long will not
HEAD_MS_MAX = 60_000  # all redirects and the answer's headers, however slowly they drip
PACE_MS_MAX = 30_000
PACE_BYTES = 16 << 10  # in that time; 4.4 kbit/s, less than speech needs in any codec
ERRORS = range(400, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How slow a server may be: each `pace_bytes` of the body must come within `pace_ms`."""

    whole_ms: int = DOWNLOAD_MS_MAX
    idle_ms: int = IDLE_MS_MAX
    head_ms: int = HEAD_MS_MAX
    pace_ms: int = PACE_MS_MAX
    pace_bytes: int = PACE_BYTES


FETCH_LIMITS = FetchLimits()


async def fetch(
    url: str,
    *,
    egress: Egress,
    scratch: Scratch,
    bytes_max: int,
    limits: FetchLimits = FETCH_LIMITS,
) -> Path:
    """Return a scratch file with what is at `url`; the caller removes it.

    Raises:
        AudioRefused: It cannot be had, and why: unreachable, not allowed, refused, too large, or
            slower than `limits`.
        OSError: The file cannot be written.
    """
    try:
        # The scope and not a look at each piece: a server can drip headers, and the frames of a
        # chunked body, without any piece.
        with anyio.move_on_after(limits.head_ms / 1000) as scope:
            return await _fetch(url, egress, scratch, bytes_max, limits, scope)
    except ForbiddenAddress as exc:
        raise AudioRefused(f"Download error, unable to download {url}: {exc}.") from exc
    except PayloadTooLarge as exc:
        raise AudioRefused(
            f"Download error, unable to download {url}: "
            f"the file is over the limit of {bytes_max} bytes."
        ) from exc
    except EgressFailed as exc:
        raise AudioRefused(sentences.download_failed(url)) from exc
    raise AudioRefused(sentences.download_failed(url))


async def _fetch(
    url: str,
    egress: Egress,
    scratch: Scratch,
    bytes_max: int,
    limits: FetchLimits,
    scope: anyio.CancelScope,
) -> Path:
    async with egress.stream(
        "GET",
        url,
        redirects_max=REDIRECTS_MAX,
        timeout_ms=limits.whole_ms,
        idle_ms=limits.idle_ms,
    ) as answer:
        if answer.status in ERRORS:
            raise AudioRefused(
                sentences.download_refused(url, answer.status, _reason(answer.status))
            )
        if answer.status != HTTPStatus.OK:
            raise AudioRefused(sentences.download_failed(url))
        chunks = _at_pace(answer.chunks(bytes_max), scope, limits)
        return await scratch.download(chunks, bytes_max=bytes_max)


async def _at_pace(
    chunks: AsyncIterator[bytes], scope: anyio.CancelScope, limits: FetchLimits
) -> AsyncIterator[bytes]:
    """Yield the chunks; `scope` ends when they come too slowly."""
    scope.deadline = anyio.current_time() + limits.pace_ms / 1000
    brought = 0
    async for chunk in chunks:
        brought += len(chunk)
        if brought >= limits.pace_bytes:
            scope.deadline = anyio.current_time() + limits.pace_ms / 1000
            brought = 0
        yield chunk


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
