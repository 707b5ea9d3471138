"""Tell whether requests can be served: stores that answer in time, and loops that go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from stenolog.commands.api_keys import ApiKeys
from stenolog.edge.loops import Beats
from stenolog.edge.operations.shared_check import SharedCheck
from stenolog.edge.ports import Readiness
from stenolog.log.recorder import FactRecorder

BEAT_AGE_MS_MAX = 60_000  # each loop beats every ten seconds when it has nothing to do
CHECKS_MS_MAX = 600  # of the second within which a probe is answered
# Without these nothing is accepted, shown or transcribed. Others lag, and make nothing untrue.
NEEDED = ("sequencer", "keys_writer", "projector", "reconciler")
LOG, KEYS, LOOPS = "log", "keys", "loops"
HOLDS = {LOG: "commits", KEYS: "readable", LOOPS: "beat"}


class ReadinessChecks:
    """Has the log commit nothing, reads one key, and looks at the heartbeats.

    It answers in time whatever hangs. However many ask, each check runs once at a time.
    """

    def __init__(
        self,
        facts: FactRecorder,
        keys: ApiKeys,
        beats: Beats,
        *,
        beat_age_ms_max: int = BEAT_AGE_MS_MAX,
    ) -> None:
        """A loop that everything needs fails once its last beat is older than `beat_age_ms_max`."""
        self._beat_age_ms_max = beat_age_ms_max
        self._ages: Mapping[str, int] = {}
        self._beats = beats
        self._checks = {
            LOG: SharedCheck(facts.probe),
            KEYS: SharedCheck(lambda: keys.api_keys(None, after="", limit=1)),
            LOOPS: SharedCheck(self._listen),
        }

    async def __call__(self) -> Readiness:
        """Return what holds now, within `CHECKS_MS_MAX`."""
        found = await asyncio.gather(*(one.fault(CHECKS_MS_MAX) for one in self._checks.values()))
        faults = {name: fault for name, fault in zip(self._checks, found, strict=True) if fault}
        said = {**HOLDS, **faults}
        for name, age_ms in self._loops().items():
            said[name] = f"last beat {age_ms / 1000:.1f} s ago"
            if name in NEEDED and age_ms > self._beat_age_ms_max:
                faults[name] = said[name]
        return Readiness(failing=tuple(faults), checks=said)

    async def _listen(self) -> None:
        self._ages = await self._beats()

    def _loops(self) -> Mapping[str, int]:
        """Return the age of each loop's last beat; a commit that is not answered is one too."""
        unanswered_ms = self._checks[LOG].unanswered_ms
        return {**self._ages, NEEDED[0]: max(self._ages.get(NEEDED[0], 0), unanswered_ms)}
