"""Put erasure and the lifetime of uploads together, over the stores."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial

from stenolog.bootstrap.stores import Stores
from stenolog.clock import NowMs
from stenolog.commands.handler import CommandHandler
from stenolog.compliance.erasure import Eraser
from stenolog.compliance.key_agreement import KeyAgreement
from stenolog.compliance.left_upload_keys import LeftUploadKeys
from stenolog.compliance.upload_following import OutcomeFollower
from stenolog.compliance.upload_lifetime import UploadLifetime
from stenolog.compliance.upload_sweeping import keep_swept
from stenolog.compliance.upload_users import UploadUsers
from stenolog.config.settings import Settings
from stenolog.heartbeat import Heartbeat
from stenolog.log.recorder import FactRecorder
from stenolog.projections.run.projector import Projector
from stenolog.projections.search.indexer import Indexer


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Erasure over the stores.

    Attributes:
        uploads: Removes an upload once no transcription needs it.
        heartbeat: That of the sweep over all uploads.
        loops: Remove uploads that nobody needs, until cancelled; the first is that of `heartbeat`.
    """

    eraser: Eraser
    uploads: UploadLifetime
    heartbeat: Heartbeat
    loops: Sequence[Callable[[], Coroutine[None, None, None]]]


def erasing_over(
    settings: Settings,
    stores: Stores,
    facts: FactRecorder,
    handler: CommandHandler,
    projector: Projector,
    indexer: Indexer,
    now_ms: NowMs,
) -> Erasing:
    """Erasure, and the lifetime of uploads, over these stores."""
    retention_ms = settings.upload_retention_ms
    uploads = UploadLifetime(
        facts=facts,
        keys=stores.vault,
        files=stores.uploads,
        users=UploadUsers(stores.events, handler, retention_ms, now_ms),
        retention_ms=retention_ms,
        now_ms=now_ms,
    )
    heartbeat = Heartbeat()
    left = LeftUploadKeys(stores.events, stores.keys, stores.vault, stores.uploads)
    loops: list[Callable[[], Coroutine[None, None, None]]] = [
        partial(keep_swept, uploads, left, retention_ms, heartbeat)
    ]
    if retention_ms == 0:
        loops.append(OutcomeFollower(stores.events, handler, uploads).subscription.run)
    return Erasing(
        eraser=Eraser(stores.vault, (projector, indexer), uploads),
        uploads=uploads,
        heartbeat=heartbeat,
        loops=loops,
    )


async def agreed_handler(stores: Stores, facts: FactRecorder) -> CommandHandler:
    """Return what runs commands, once the keys are where the log is.

    Raises:
        StoreUnavailable: Log or keys cannot be read or written.
    """
    events, keys = stores.events, stores.keys
    handler = CommandHandler(events, stores.vault, facts)
    await KeyAgreement(events, events.sealings, keys, stores.vault, handler.load).reach()
    return handler
