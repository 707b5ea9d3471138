"""Redacted audio, passed on from where the provider keeps it to whoever has our link."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from stenolog.clock import now_ms
from stenolog.config import Settings
from stenolog.edge.access.redacted_links import redacted_link
from stenolog.edge.ports import AudioStream
from stenolog.egress.client import REDIRECTS_MAX, Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import EgressFailed, InvalidRequest, ProviderRefused, ProviderUnavailable
from stenolog.reconciler.recording import Recorder

LOOK_MS_MAX = 4_000  # design: every answer but an upload's within 5 s
FILE_MS_MAX = 3_600_000  # for a customer who takes it slowly
IDLE_MS_MAX = 30_000
FILE_BYTES_MAX = 5_000_000_000  # contract: the largest file that the provider takes by URL
FILES_MAX = 16  # passed on at the same time
NOT_AVAILABLE = "Redacted audio is not available for this transcript"


class ProvidersAudio:
    """Keeps `RedactedAudio`'s promise: the provider is asked anew each time, nothing is kept."""

    def __init__(self, recorder: Recorder, egress: Egress, new_link: Callable[[str], str]) -> None:
        """`new_link` makes a link on our own host to a transcription's audio."""
        self._recorder = recorder
        self._egress = egress
        self._new_link = new_link

    async def is_ready(self, transcription_id: str) -> bool:
        """Asks the provider, for at most 4 s."""
        return await self._url(transcription_id) is not None

    async def link(self, transcription_id: str) -> str | None:
        """The same, with a fresh link once it is ready."""
        return self._new_link(transcription_id) if await self.is_ready(transcription_id) else None

    @contextlib.asynccontextmanager
    async def open(self, transcription_id: str) -> AsyncIterator[AudioStream]:
        """Reads from the provider as fast as the customer does."""
        url = await self._url(transcription_id)
        if url is None:
            raise InvalidRequest(NOT_AVAILABLE)
        async with self._egress.stream(
            "GET",
            url,
            redirects_max=REDIRECTS_MAX,
            timeout_ms=FILE_MS_MAX,
            idle_ms=IDLE_MS_MAX,
        ) as answer:
            if answer.status != 200:
                raise EgressFailed(f"redacted audio was answered {answer.status}", sent=True)
            length = answer.headers.get("content-length", "")
            yield AudioStream(
                media_type=answer.headers.get("content-type", ""),
                size=int(length) if length.isascii() and length.isdigit() else None,
                chunks=answer.chunks(FILE_BYTES_MAX),
            )

    async def _url(self, transcription_id: str) -> str | None:
        state = await self._recorder.handler.load(transcription_id)
        submission = state.submission(state.finished_by)
        if submission is None:
            raise InvalidRequest(NOT_AVAILABLE)
        try:
            async with asyncio.timeout(LOOK_MS_MAX / 1000):
                provider = self._recorder.gate(state).provider
                return await provider.redacted_audio(await self._recorder.job_of(submission))
        except ProviderRefused as exc:
            if exc.final or exc.status == 404:
                raise InvalidRequest(NOT_AVAILABLE) from exc
            # Such as 401: ours to mend, and nothing is said of the audio.
            raise ProviderUnavailable(str(exc)) from exc
        except TimeoutError as exc:
            raise ProviderUnavailable(f"no answer within {LOOK_MS_MAX} ms") from exc


def redacted_audio_of(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    recorder: Recorder,
    link_key: bytes,
    public_url: str,
) -> ProvidersAudio:
    """Redacted audio of every provider; `stack` closes the connections.

    The provider's link leads to storage of its own somewhere: addresses are checked as a
    customer's are, and the provider's own origins are allowed.
    """
    networks = [str(network) for network in settings.allow_networks]
    policy = AddressPolicy.of(networks=networks, origins=settings.assemblyai_regions.values())
    egress = Egress(policy, connections_max=FILES_MAX)
    stack.push_async_callback(egress.aclose)
    return ProvidersAudio(
        recorder, egress, lambda one: redacted_link(link_key, public_url, one, now_ms())
    )
