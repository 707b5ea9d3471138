"""A file's URL that grows too old while the request is read is used, not lost."""

from __future__ import annotations

from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.forwarding import KEPT_MS_MAX
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.submitting import Submitter
from tests.properties.plan_world import KEYS, Files, Uncounted, World, world


class SlowReader(TranscriptionReader):
    """Takes a second to read."""

    def __init__(self, happening: World) -> None:
        super().__init__(happening.handler)
        self._world = happening

    async def payload_at(self, position: int) -> bytes | None:
        self._world.wait(1_000)
        return await super().payload_at(position)


async def test_a_create_never_names_an_empty_url() -> None:
    async with world(uploaded=True) as happening:
        submitter = Submitter(
            happening.gates,
            CommandIssuer(happening.handler),
            SlowReader(happening),
            KEYS,
            Files(),
            Uncounted(),
            happening.now_ms,
        )
        state = await happening.state()
        await submitter.forward(state, 1, Attempts())
        happening.wait(KEPT_MS_MAX - 500)
        assert not submitter.must_forward(state)
        await submitter.submit(state, 1, Attempts())
        [job] = happening.provider.made.values()
        assert job.audio_url.startswith("http")
