"""Gets the audio that a request names into the scratch folder, through the address guard."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from service.egress.client import REDIRECTS_MAX, Egress
from service.engine.audio_errors import AudioRefused
from service.engine.scratch import Scratch
from service.errors import EgressFailed, ForbiddenAddress, PayloadTooLarge
from service.wire import sentences

DOWNLOAD_MS_MAX = 30 * 60_000  # 2.2 GB at 10 Mbit/s
IDLE_MS_MAX = 30_000  # a server that sends nothing for so long will not
CLIENT_ERRORS = range(400, 500)


async def fetch(url: str, *, egress: Egress, scratch: Scratch, bytes_max: int) -> Path:
    """A scratch file with what is at `url`; the caller removes it.

    Raises:
        AudioRefused: It cannot be had, and why: unreachable, not allowed, refused, too large.
    """
    try:
        async with egress.stream(
            "GET",
            url,
            redirects_max=REDIRECTS_MAX,
            timeout_ms=DOWNLOAD_MS_MAX,
            idle_ms=IDLE_MS_MAX,
        ) as answer:
            if answer.status in CLIENT_ERRORS:
                raise AudioRefused(
                    sentences.download_refused(url, answer.status, _reason(answer.status))
                )
            if answer.status != HTTPStatus.OK:
                raise AudioRefused(sentences.download_failed(url))
            return await scratch.download(answer.chunks(bytes_max), bytes_max=bytes_max)
    except ForbiddenAddress as exc:
        raise AudioRefused(f"Download error, unable to download {url}: {exc}.") from exc
    except PayloadTooLarge as exc:
        raise AudioRefused(
            f"Download error, unable to download {url}: "
            f"the file is over the limit of {bytes_max} bytes."
        ) from exc
    except EgressFailed as exc:
        raise AudioRefused(sentences.download_failed(url)) from exc


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Client Error"
