"""Check whether the stores behind the edge can serve."""

from __future__ import annotations

from stenolog.commands.api_keys import ApiKeys
from stenolog.edge.ports import Readiness
from stenolog.errors import StoreError
from stenolog.log.recorder import FactRecorder


async def ready(facts: FactRecorder, keys: ApiKeys) -> Readiness:
    """Ask the log to commit nothing, and the key store for one key."""
    checks = {"log": "commits", "keys": "readable"}
    holds = True
    try:
        await facts.probe()
    except StoreError as exc:
        holds, checks["log"] = False, str(exc)
    try:
        await keys.api_keys(None, after="", limit=1)
    except StoreError as exc:
        holds, checks["keys"] = False, str(exc)
    return Readiness(ready=holds, checks=checks)
