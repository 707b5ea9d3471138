"""The provider of the benchmark: the simulator, with calls that are made beforehand.

`python -m infra.bench.provider RUN_MS [SECONDS DIFFERENT]` has so many different calls of so many
seconds, eight of five minutes when nothing else is said. It prints its URL; when its input ends it
prints one JSON object, the millisecond in which each job ended, by job id.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys

from infra.bench.gateway import PROVIDER_KEY
from infra.bench.transcripts import EVERY_FEATURE, result
from stenolog.simulator.assemblyai.behaviour import Behaviour
from stenolog.simulator.assemblyai.provider import Simulator

SECONDS_OF_AUDIO = "300"  # the length of call that our goals are set for
DIFFERENT_CALLS = "8"


async def _serve(run_ms: int, seconds: float, different: int) -> None:
    calls = itertools.cycle([result(f"call {n}", seconds, EVERY_FEATURE) for n in range(different)])
    simulator = Simulator(
        api_key=PROVIDER_KEY,
        behave=lambda body: Behaviour(run_ms=run_ms, result=next(calls)),
    )
    async with simulator.serve() as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps({job.id: job.ends_ms for job in simulator.jobs}), flush=True)


if __name__ == "__main__":
    run, length, count = [*sys.argv[1:], SECONDS_OF_AUDIO, DIFFERENT_CALLS][:3]
    asyncio.run(_serve(int(run), float(length), int(count)))
