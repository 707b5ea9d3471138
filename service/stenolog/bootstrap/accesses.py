"""Put the record of reads together, as the setting asks for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

from stenolog.clock import NowMs
from stenolog.compliance.accesses import MergedAccessLog, NoAccessLog, StrictAccessLog
from stenolog.config.settings import Settings
from stenolog.edge.http.content_reads import Accesses
from stenolog.log.recorder import FactRecorder


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessParts:
    """What records reads, and the loops that it needs, which run until cancelled."""

    accesses: Accesses
    loops: Sequence[Callable[[], Coroutine[None, None, None]]] = ()


def access_parts(
    stack: contextlib.AsyncExitStack, settings: Settings, facts: FactRecorder, now_ms: NowMs
) -> AccessParts:
    """Return them; `stack` writes what is left before it closes the log."""
    match settings.access_log:
        case "strict":
            return AccessParts(accesses=StrictAccessLog(facts, now_ms))
        case "async":
            merged = MergedAccessLog(facts, now_ms)
            stack.push_async_callback(merged.close)
            return AccessParts(accesses=merged, loops=(merged.run,))
        case "off":
            return AccessParts(accesses=NoAccessLog())
