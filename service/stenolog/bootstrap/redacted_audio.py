"""Put redacted audio together: the provider's answer, a way out, and links of our own."""

from __future__ import annotations

import contextlib
from contextlib import AbstractAsyncContextManager

from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.providers import LOOPBACK
from stenolog.clock import now_ms
from stenolog.commands.handler import CommandHandler
from stenolog.config.settings import Settings
from stenolog.edge.access.redacted_links import redacted_link
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.log.actors import DELIVERY
from stenolog.providers.audio_download import AudioDownload
from stenolog.providers.port import AudioStream
from stenolog.reconciler.gates import Gates
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.redacted_audio import ProvidersAudio

FILES_MAX = 16  # passed on at the same time


class EnginesOrOthers:
    """Opens what the engine keeps on this machine, and what others keep elsewhere."""

    def __init__(
        self, engine: EngineChild | None, engines: AudioDownload, others: AudioDownload
    ) -> None:
        self._engine = engine
        self._engines = engines
        self._others = others

    def open(self, url: str) -> AbstractAsyncContextManager[AudioStream]:
        """Only the engine's own address is a place on this machine; it is new at every start."""
        address = self._engine.address if self._engine else None
        ours = address is not None and url.startswith(f"{address.base_url}/")
        return (self._engines if ours else self._others).open(url)


def redacted_audio_of(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    handler: CommandHandler,
    gates: Gates,
    link_key: bytes,
    public_url: str,
    engine: EngineChild | None,
) -> ProvidersAudio:
    """Redacted audio of every provider; `stack` closes the connections.

    The provider's link leads to storage of its own somewhere: addresses are checked as a
    customer's are, and the provider's own origins are allowed.
    """
    networks = [str(network) for network in settings.allow_networks]
    policy = AddressPolicy.of(networks=networks, origins=settings.assemblyai_regions.values())
    egress = Egress(policy, connections_max=FILES_MAX)
    stack.push_async_callback(egress.aclose)
    local = Egress(AddressPolicy.of(networks=[LOOPBACK]), connections_max=FILES_MAX)
    stack.push_async_callback(local.aclose)
    return ProvidersAudio(
        gates,
        TranscriptionReader(handler),
        EnginesOrOthers(engine, AudioDownload(local), AudioDownload(egress)),
        lambda one: redacted_link(link_key, public_url, one, now_ms(), actor=DELIVERY),
    )
