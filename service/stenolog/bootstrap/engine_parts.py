"""Put the embedded engine together, and who asks for the places in its queue."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from stenolog.bootstrap.engine_child import EngineChild
from stenolog.bootstrap.engine_queue import EngineQueue
from stenolog.bootstrap.providers import LOOPBACK
from stenolog.config.settings import Settings
from stenolog.edge.loops import PlaceOf
from stenolog.egress.client import Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.engine.availability import engine_unavailable
from stenolog.stores.files.directory import SCRATCH


def engine_of(settings: Settings, address: str) -> EngineChild | None:
    """Return the engine, started once something is sent to it; None: it is not installed."""
    if engine_unavailable(settings.engine_model) is not None and not settings.uses_engine:
        return None
    return EngineChild(
        {
            "allow_networks": [str(network) for network in settings.allow_networks],
            "upload_bytes_max": settings.upload_bytes_max,
            "audio_ms_max": settings.engine_audio_ms_max,
            "workers": settings.engine_workers,
            "model_dir": str(settings.engine_model.absolute()) if settings.engine_model else None,
            "log_level": settings.log_level,
            "log_format": settings.log_format,
            "public_origin": address,
        },
        (settings.data_dir / SCRATCH).absolute(),
        at_once=settings.uses_engine,
    )


def queues_of(
    stack: contextlib.AsyncExitStack, engine: EngineChild | None
) -> Mapping[str, PlaceOf]:
    """Return who tells the places, by provider; `stack` closes the connection."""
    if engine is None:
        return {}
    egress = Egress(AddressPolicy.of(networks=[LOOPBACK]), connections_max=1)
    stack.push_async_callback(egress.aclose)
    return {"local": EngineQueue(egress, lambda: engine.address).place_of}
