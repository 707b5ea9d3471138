"""Put erasure and the lifetime of uploads together, over the stores."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from stenolog.bootstrap.stores import Stores
from stenolog.clock import NowMs
from stenolog.compliance.erasure import Eraser
from stenolog.compliance.upload_lifetime import UploadLifetime
from stenolog.compliance.upload_sweeping import keep_swept
from stenolog.compliance.upload_users import UsersInViews
from stenolog.heartbeat import Heartbeat
from stenolog.log.recorder import FactRecorder
from stenolog.projections.run.projector import Projector


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Erasure over the stores.

    Attributes:
        uploads: Removes an upload once no transcription needs it.
        heartbeat: That of `sweep`.
        sweep: Removes uploads that nobody needs, until cancelled.
    """

    eraser: Eraser
    uploads: UploadLifetime
    heartbeat: Heartbeat
    sweep: Callable[[], Coroutine[None, None, None]]


def erasing_over(
    stores: Stores, facts: FactRecorder, projector: Projector, retention_ms: int, now_ms: NowMs
) -> Erasing:
    """Erasure, and the lifetime of uploads, over these stores."""
    uploads = UploadLifetime(
        events=stores.events,
        facts=facts,
        keys=stores.vault,
        files=stores.uploads,
        users=UsersInViews(stores.views, projector),
        retention_ms=retention_ms,
        now_ms=now_ms,
    )
    heartbeat = Heartbeat()
    return Erasing(
        eraser=Eraser(stores.vault, projector, uploads),
        uploads=uploads,
        heartbeat=heartbeat,
        sweep=partial(keep_swept, uploads, retention_ms, heartbeat),
    )
