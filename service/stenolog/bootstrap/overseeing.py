"""Tell operators how far reconciliation is, and have it done now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import get_args

from stenolog.clock import rfc3339
from stenolog.owned_tasks import OwnedTasks
from stenolog.projections.pages import OpenState
from stenolog.reconciler.figures import ReconcilerFigures
from stenolog.reconciler.gates import ProviderRegion
from stenolog.reconciler.loop import Reconciler
from stenolog.reconciler.sweep import Sweep

ANSWER_MS_MAX = 20_000  # a longer comparison goes on, and is shown once it has ended
US_PER_MS = 1_000
ERROR_CHARACTERS_MAX = 300
RUNNING = "it is being compared already, or still; the last sweeps show the end"


class Overseer:
    """Keeps the promise of the edge's `Reconciling`."""

    def __init__(
        self,
        reconciler: Reconciler,
        oldest_open: Callable[[], Awaitable[Mapping[OpenState, str]]],
        *,
        answer_ms_max: int = ANSWER_MS_MAX,
    ) -> None:
        """`oldest_open` tells since when the oldest transcription is in each state."""
        self._reconciler = reconciler
        self._oldest_open = oldest_open
        self._answer_ms_max = answer_ms_max
        self._comparing: set[ProviderRegion] = set()
        self._tasks = OwnedTasks("reconciliation.failed")

    async def close(self) -> None:
        """End comparisons that are under way."""
        await self._tasks.close()

    async def standing(self) -> str:
        """Read memory, and of the views when the oldest came."""
        figures, oldest = self._reconciler.figures(), await self._oldest_open()
        told = {
            "open": figures.open,
            "due": figures.due,
            "overdue_ms": figures.overdue_ms,
            "next_due_at": _time(figures.next_ms),
            "oldest_at": {state: oldest.get(state) for state in get_args(OpenState)},
            "places": [_place(where, figures) for where in sorted(figures.standing, key=_name)],
        }
        return json.dumps(told)

    async def compare(self, *, provider: str | None, since_ms: int, dry_run: bool) -> str:
        """Compare at all places at once; one comparison at a time at each."""
        done: dict[ProviderRegion, Sweep] = {}
        ended = asyncio.Event()
        places = [at for at in self._reconciler.sweepers.at if provider in {None, at[0]}]
        begun = [where for where in places if where not in self._comparing]
        left = set(begun)

        async def one(where: ProviderRegion) -> None:
            try:
                sweeper = self._reconciler.sweepers.at[where]
                done[where] = await sweeper.reconcile(since_ms=since_ms, dry_run=dry_run)
            finally:
                self._comparing.discard(where)
                left.discard(where)
                if not left:
                    ended.set()

        self._comparing.update(begun)
        for where in begun:
            self._tasks.start(one(where))
        if begun:
            try:
                async with asyncio.timeout(self._answer_ms_max / 1000):
                    await ended.wait()
            except TimeoutError:
                pass
        items = [_compared(where, done.get(where)) for where in sorted(places, key=_name)]
        return json.dumps(items)


def _place(where: ProviderRegion, figures: ReconcilerFigures) -> Mapping[str, object]:
    gate, sweeps = figures.standing[where], figures.sweeps[where]
    return {
        "provider": where[0],
        "region": where[1],
        "running": sweeps.watched,
        "next_sweep_at": _time(sweeps.next_ms),
        "callbacks_missing": gate.silent,
        "breakers": {
            "create": "open" if gate.creates_open else "closed",
            "upload": "open" if gate.uploads_open else "closed",
        },
        "paused_ms": {kind: ms for kind, ms in gate.provider.paused_ms.items() if ms},
        "last_sweeps": [_sweep(one) for one in reversed(sweeps.kept)],
    }


def _sweep(one: Sweep) -> Mapping[str, object]:
    return {
        "began_at": _time(one.began_ms),
        "took_ms": one.took_ms,
        "compared": one.compared,
        "missing": one.missing,
        "pages": one.pages,
        "error": one.error[:ERROR_CHARACTERS_MAX] or None,
    }


def _compared(where: ProviderRegion, done: Sweep | None) -> Mapping[str, object]:
    if done is None:
        told: Mapping[str, object] = dict.fromkeys(
            ("began_at", "took_ms", "compared", "missing", "pages"), None
        ) | {"error": RUNNING}
    else:
        told = _sweep(done)
    return {"provider": where[0], "region": where[1], **told}


def _name(where: ProviderRegion) -> tuple[str, str]:
    return where[0], where[1] or ""


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms * US_PER_MS)
