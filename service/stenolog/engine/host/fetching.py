"""Download the audio that a request names into the scratch folder, through the address guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import anyio

from stenolog.backoff import exponential_ms
from stenolog.egress.client import REDIRECTS_MAX, Egress
from stenolog.egress.streamed import StreamedAnswer
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.host.audio_answers import Later, check_answer, failed
from stenolog.engine.host.scratch import Scratch
from stenolog.errors import EgressFailed, ForbiddenAddress, PayloadTooLarge

DOWNLOAD_MS_MAX = 30 * 60_000  # 2.2 GB at 10 Mbit/s
IDLE_MS_MAX = 30_000  # a server that sends nothing for so long will not
HEAD_MS_MAX = 60_000  # all redirects and the answer's headers, however slowly they drip
PACE_MS_MAX = 30_000
PACE_BYTES = 16 << 10  # in that time; 4.4 kbit/s, less than speech needs in any codec
TRIES_MAX = 3  # of a server that asks for patience, or whose connection breaks
RETRY_FIRST_MS = 1_000
RETRY_MS_MAX = 60_000  # of waiting, in all: a turn is had meanwhile
# "Server error" is what the gateway submits again: of the file nothing is known yet.
UNREACHED = "Server error, the host of {url} could not be reached in time."
OURS = "Server error, {url} could not be asked for: {why}."


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How slow a server may be: each `pace_bytes` of the body must come within `pace_ms`.

    Attributes:
        whole_ms: All tries together, with the waits between them.
        tries_max: How often it is asked when it says "later", breaks off or is not reached.
        retry_first_ms: The wait before the second try when the server names none.
        retry_ms_max: All waits together; a server that asks for more is not waited for.
    """

    whole_ms: int = DOWNLOAD_MS_MAX
    idle_ms: int = IDLE_MS_MAX
    head_ms: int = HEAD_MS_MAX
    pace_ms: int = PACE_MS_MAX
    pace_bytes: int = PACE_BYTES
    tries_max: int = TRIES_MAX
    retry_first_ms: int = RETRY_FIRST_MS
    retry_ms_max: int = RETRY_MS_MAX


FETCH_LIMITS = FetchLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Whom a download tells of itself; what they raise breaks it off.

    Attributes:
        expected: The size that the server has named.
        brought: The size of a piece that is about to be written.
        again: What was brought is forgotten: it begins anew.
    """

    expected: Callable[[int], None] = lambda size: None
    brought: Callable[[int], None] = lambda size: None
    again: Callable[[], None] = lambda: None


SILENT = Progress()


async def fetch(
    url: str,
    *,
    egress: Egress,
    scratch: Scratch,
    bytes_max: int,
    limits: FetchLimits = FETCH_LIMITS,
    progress: Progress = SILENT,
) -> Path:
    """Return a scratch file with what is at `url`; the caller removes it.

    Content codings are undone. Servers that ask for patience, with 429 or 503, connections that
    break or do not come about in time, and what this machine lacks for one are tried again.

    Raises:
        AudioRefused: It cannot be had, and why: unreachable, not allowed, refused, too large, or
            slower than `limits`. It is a server error when nothing is known of the file.
        OSError: The file cannot be written.
    """
    deadline = anyio.current_time() + limits.whole_ms / 1000
    left_ms = limits.retry_ms_max
    for number in range(1, limits.tries_max + 1):
        try:
            return await _once(url, egress, scratch, bytes_max, limits, progress, deadline)
        except Later as later:
            wait_ms = later.in_ms
            if wait_ms is None:
                wait_ms = exponential_ms(
                    number, first_ms=limits.retry_first_ms, ceiling_ms=limits.retry_ms_max
                )
            too_late = anyio.current_time() + wait_ms / 1000 >= deadline
            if number == limits.tries_max or wait_ms > left_ms or too_late:
                raise later.refused from later
        left_ms -= wait_ms
        progress.again()
        await anyio.sleep(wait_ms / 1000)
    raise AssertionError("the last try returns or raises")


async def _once(
    url: str,
    egress: Egress,
    scratch: Scratch,
    bytes_max: int,
    limits: FetchLimits,
    progress: Progress,
    deadline: float,
) -> Path:
    try:
        # The scope and not a look at each piece: a server can drip headers, and the frames of a
        # chunked body, without any piece.
        with anyio.move_on_after(limits.head_ms / 1000) as scope:
            async with egress.stream(
                "GET",
                url,
                redirects_max=REDIRECTS_MAX,
                timeout_ms=max(1, round((deadline - anyio.current_time()) * 1000)),
                idle_ms=limits.idle_ms,
            ) as answer:
                await check_answer(url, answer)
                pieces = _watched(answer.decoded_chunks(bytes_max), scope, limits, progress)
                _tell_size(answer, progress)
                return await scratch.download(pieces, bytes_max=bytes_max)
    except ForbiddenAddress as exc:
        # Of a name nothing is told: what it leads to is its owner's matter, and stands in our log.
        raise failed(url, str(exc) if exc.final else "") from exc
    except PayloadTooLarge as exc:
        raise failed(url, f"the file is over the limit of {bytes_max} bytes") from exc
    except EgressFailed as exc:
        if exc.ours:
            raise Later(AudioRefused(OURS.format(url=url, why=exc))) from exc
        if exc.unreached:
            raise Later(AudioRefused(UNREACHED.format(url=url))) from exc
        if exc.dropped:
            raise Later(failed(url)) from exc
        raise failed(url) from exc
    raise failed(url)


def _tell_size(answer: StreamedAnswer, progress: Progress) -> None:
    length = answer.headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        progress.expected(int(length[:20]))


async def _watched(
    chunks: AsyncIterator[bytes], scope: anyio.CancelScope, limits: FetchLimits, progress: Progress
) -> AsyncIterator[bytes]:
    """Yield the chunks; `scope` ends when they come too slowly."""
    scope.deadline = anyio.current_time() + limits.pace_ms / 1000
    brought = 0
    async for chunk in chunks:
        brought += len(chunk)
        if brought >= limits.pace_bytes:
            scope.deadline = anyio.current_time() + limits.pace_ms / 1000
            brought = 0
        progress.brought(len(chunk))
        yield chunk
