"""One transcription and everything that acts on it: the real parts over a provider in memory.

The log, the keys, the plan and all that carries it out are those of the service. A process that
was killed is made again over the same files; time passes only when a test says so.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from stenolog.clock import Clocks
from stenolog.commands.callback_tokens import CallbackKeys, read_registration, register
from stenolog.commands.handler import CommandHandler
from stenolog.commands.transcription.commands import (
    AcceptSubmission,
    ClaimSubmission,
    RequestTranscription,
)
from stenolog.commands.transcription.state import Transcription, stream_of
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.vault import Vault
from stenolog.compliance.verify import verify
from stenolog.enrichment.enricher import Enricher
from stenolog.errors import KeyMissing
from stenolog.log.actors import PROVIDER
from stenolog.log.events.callbacks import CallbackKind, CallbackReceived
from stenolog.log.events.vocabulary import WakeReason
from stenolog.log.facts import callback_received, erasure_requested
from stenolog.log.recorder import Cause, FactRecorder
from stenolog.reconciler.acting import Actor
from stenolog.reconciler.attempts import Attempts
from stenolog.reconciler.attempts_clock import clock_set_back
from stenolog.reconciler.case import Case
from stenolog.reconciler.clock_shift import ClockShift
from stenolog.reconciler.completing import Completer
from stenolog.reconciler.erasing import Step, next_action
from stenolog.reconciler.evidence import Evidence
from stenolog.reconciler.fetching import Fetcher
from stenolog.reconciler.gates import Gates, ProviderGate
from stenolog.reconciler.issuing import CommandIssuer
from stenolog.reconciler.owning import Owner
from stenolog.reconciler.pools import Pools
from stenolog.reconciler.reading import TranscriptionReader
from stenolog.reconciler.removing import Remover
from stenolog.reconciler.resubmitting import UNSETTLED_MAX
from stenolog.reconciler.settle import Settler
from stenolog.reconciler.submitting import Submitter
from stenolog.reconciler.sweepers import Sweepers
from stenolog.reconciler.timing import Timing
from stenolog.reconciler.turns import Turns
from stenolog.reconciler.working import Worker
from stenolog.stores.sqlite.keys.store import SqliteKeys
from stenolog.stores.sqlite.records import SqliteRecords
from tests.properties.raced_log import RacedLog
from tests.properties.scripted_provider import Job, Killed, ScriptedProvider
from tests.unit.commands.stories import ID, START_MS, TENANT

TIMING = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
MASTER = MasterKey(bytes(range(32)))
KEYS = CallbackKeys(current=1, secrets={1: b"k" * 32})
CUSTOMER = Cause(tenant=TENANT, actor=TENANT, correlation_id=TENANT)
CALLER = Cause(tenant=TENANT, actor=PROVIDER, correlation_id=TENANT)
AUDIO_URL = "https://audio.example/1.mp3"
OTHER_ID = "33333333-2222-4333-8444-555555555555"
WITNESS = "witness"
UPLOAD = "22222222-2222-4333-8444-555555555555"
WORKS_MAX = 400  # more than any story needs
# Where there is no disk to wait for: nothing here asks whether a commit is durable.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class Files:
    """A customer's file of three bytes, which is always there."""

    async def open(self, upload_id: str) -> tuple[int, AsyncIterator[bytes]] | None:
        """Its size and its bytes."""

        async def chunks() -> AsyncIterator[bytes]:
            yield b"mp3"

        return 3, chunks()


@dataclass(frozen=True)
class KeyDestroyer:
    """Erases what there is here: the stream's key."""

    vault: Vault

    async def erase(self, state: Transcription) -> None:
        """The key is gone."""
        await self.vault.destroy(state.stream)


class Uncounted:
    """Metrics that nobody reads."""

    def adopted(self) -> None:
        """Not counted."""

    def ambiguous(self) -> None:
        """Not counted."""

    def delayed(self) -> None:
        """Not counted."""

    def elsewhere(self, provider: str) -> None:
        """Not counted."""

    def unmatched(self, kind: str) -> None:
        """Not counted."""

    def reconciled(self, reason: str) -> None:
        """Not counted."""


@dataclass(slots=True, kw_only=True)
class World:
    """What a story happens to.

    Attributes:
        true_ms: The provider's time, which only goes forward.
        behind_ms: How far our clock was set back from it.
        due_ms: When the worker wanted its next turn, by our clock.
        busy: The case is being worked on.
        wrong: What was seen that must never be; the worker would keep an exception to itself.
    """

    events: RacedLog
    vault: Vault
    timing: Timing
    true_ms: int = START_MS
    behind_ms: int = 0
    due_ms: int = START_MS
    busy: bool = False
    wrong: list[str] = field(default_factory=list)
    provider: ScriptedProvider = field(init=False)
    facts: FactRecorder = field(init=False)
    handler: CommandHandler = field(init=False)
    gates: Gates = field(init=False)
    pools: Pools = field(init=False)
    sweepers: Sweepers = field(init=False)
    worker: Worker = field(init=False)
    case: Case = field(init=False)

    def __post_init__(self) -> None:
        self.provider = ScriptedProvider(
            clock=lambda: self.true_ms,
            wait=self.wait,
            paid=self.check_payment,
            facts=self.timing.facts,
        )
        self.provider.add_strangers(1, AUDIO_URL)
        self.start()

    def now_ms(self) -> int:
        """Our clock."""
        return self.true_ms - self.behind_ms

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.true_ms += ms

    def start(self) -> None:
        """A process begins that knows only what the files say."""
        self.facts = FactRecorder(self.events, self.vault)
        self.handler = CommandHandler(self.events, self.vault, self.facts)
        gate = ProviderGate(self.provider, "https://gateway.example", lambda: 1.0)
        self.gates = Gates({("assemblyai", "us"): gate}, {"assemblyai": self.timing.facts})
        issuer, reader = CommandIssuer(self.handler), TranscriptionReader(self.handler)
        submitter = Submitter(self.gates, issuer, reader, KEYS, Files(), Uncounted(), self.now_ms)
        evidence = Evidence(self.gates, reader, self.now_ms, began_position=self.events.known_head)
        completer = Completer(self.gates, issuer, reader, Enricher())
        fetcher = Fetcher(self.gates, issuer, reader, evidence, completer, Uncounted(), self.now_ms)
        remover = Remover(self.gates, issuer, reader)
        owner = Owner(
            self.gates, issuer, reader, submitter, remover, evidence, Uncounted(), self.now_ms
        )
        settler = Settler(self.gates, issuer, reader, owner, remover, self.now_ms, Uncounted())
        self.pools = Pools(self.gates, submitter.sends_file)
        eraser = KeyDestroyer(self.vault)
        actor = Actor(
            issuer,
            reader,
            submitter,
            fetcher,
            settler,
            eraser,
            self.now_ms,
            owner=owner,
            remover=remover,
            metrics=Uncounted(),
        )
        self.sweepers = Sweepers(
            self.gates, {"assemblyai": self.timing}, self.wake, self.now_ms, gather_ms=0
        )
        self.worker = Worker(
            self.handler.load,
            actor,
            {"assemblyai": self.timing},
            Turns(0, lambda transcription_id: None, self.now_ms),
            self.pools,
            self.sweepers,
            self.now_ms,
        )
        self.case = Case(id=ID, attempts=Attempts(woken="start"))

    async def add_witness(self) -> None:
        """Another transcription has a job there, so that the account can be told from others."""
        command = RequestTranscription(
            provider="assemblyai", region="us", surface="v2", upload=None
        )
        await self.handler.request(
            command, Transcription(id=OTHER_ID), CUSTOMER, b"{}", dedupe_key=None
        )
        for fact in (
            ClaimSubmission(number=1, kid=1),
            AcceptSubmission(number=1, provider_job=WITNESS, adopted=False),
        ):
            await self.handler.run(fact, await self.handler.load(OTHER_ID), CUSTOMER)
        token = register(KEYS, "assemblyai", OTHER_ID, 1).token
        self.provider.jobs[WITNESS] = Job(
            id=WITNESS,
            audio_url="https://audio.example/other.mp3",
            webhook_url=f"https://gateway.example/callbacks/assemblyai/{token}",
            created_at_ms=self.true_ms,
        )

    async def request(self, *, uploaded: bool) -> None:
        """The customer asks for the transcription."""
        command = RequestTranscription(
            provider="assemblyai", region="us", surface="v2", upload=UPLOAD if uploaded else None
        )
        payload = json.dumps({"params": {"audio_url": AUDIO_URL}}).encode()
        await self.handler.request(
            command, Transcription(id=ID), CUSTOMER, payload, dedupe_key=None
        )

    async def state(self) -> Transcription:
        """What the log says."""
        return await self.handler.load(ID)

    async def types(self) -> list[str]:
        """The types of the events, in order."""
        return [event.type for event in await self.handler.events(ID)]

    async def owed(self) -> Step:
        """What the plan says now."""
        now_ms = self.now_ms()
        state = ClockShift().as_of(await self.state(), now_ms)
        return next_action(state, self.case.attempts, self.timing, now_ms)

    def wake(self, transcription_id: str, reason: WakeReason, *, in_ms: int = 0) -> None:
        """Something wants it to be looked at."""
        self.case.wake(reason, busy=self.busy)

    async def sweep(self) -> None:
        """The list is read, if it is time."""
        sweeper = self.sweepers.at["assemblyai", "us"]
        next_ms = sweeper.next_ms()
        if next_ms is not None and next_ms <= self.now_ms():
            try:
                await sweeper.sweep()
            except Killed:
                self.start()

    async def work(self) -> int | None:
        """The sweeper's and the worker's turn; when the next is due, None: nothing is owed."""
        await self.sweep()
        self.busy = True
        turn = self.pools.take(self.now_ms())
        if turn is not None:
            self.case.waits, self.case.pool = None, turn[1]
        try:
            due_ms = await self.worker.work(self.case)
        except Killed:
            self.start()
            due_ms = self.now_ms()
        finally:
            self.busy = False
        assert not self.wrong, self.wrong
        await self.check_told()
        if self.case.waits is not None and due_ms is None:
            due_ms = max(self.now_ms(), self.pools.next_ms() or 0)
        due_ms = self.case.rest(due_ms, self.now_ms())
        swept_ms = self.sweepers.at["assemblyai", "us"].next_ms()
        if due_ms is None:
            self.case.unwatch()
            self.case = Case(id=ID)  # as the loop, which forgets it
        elif swept_ms is not None:
            due_ms = min(due_ms, max(swept_ms, self.now_ms()))
        self.due_ms = self.now_ms() if due_ms is None else due_ms
        return due_ms

    async def call_back(self, number: int, kind: CallbackKind, job: str | None) -> None:
        """A callback with a good token: recorded once by kind, and it wakes."""
        called = CallbackReceived(
            submission=number, kid=1, kind=kind, provider_job=job, body_bytes=60
        )
        fact = callback_received(ID, called, b"{}")
        try:
            await self.facts.record(stream_of(ID), [fact], CALLER)
        except KeyMissing:
            await self.facts.record(stream_of(ID), [replace(fact, payload=None)], CALLER)
        self.case.wake("callback", busy=self.busy)

    async def call_back_truly(self, name: str) -> None:
        """The provider calls back for a job of ours."""
        await self.call_back(self.number_of(self.provider.jobs[name]), "completed", name)

    async def erase(self) -> None:
        """The customer deletes the transcription."""
        await self.facts.record(stream_of(ID), [erasure_requested(ID, "v2")], CUSTOMER)
        self.case.wake("command", busy=self.busy)

    def step_back(self, ms: int) -> None:
        """Our clock is set back, and the loop sees it."""
        self.behind_ms += ms
        self.gates.clock_set_back()
        self.pools.release()
        self.sweepers.clock_set_back()
        self.case.attempts = clock_set_back(self.case.attempts)

    def number_of(self, job: Job) -> int:
        """The submission whose token a job carries; 0: another transcription's job."""
        if job.webhook_url is None:
            return 0
        registered = read_registration(job.webhook_url.rpartition("/")[2])
        return registered.submission if registered.transcription_id == ID else 0

    def jobs(self) -> list[Job]:
        """The provider's jobs that carry a token of ours, deleted ones too."""
        return [job for job in self.provider.jobs.values() if self.number_of(job)]

    async def live_jobs(self) -> list[Job]:
        """Jobs of ours that were neither deleted nor forgotten, and may have a result."""
        over = {s.number for s in (await self.state()).submissions if s.outcome == "failed"}
        there = [
            job for job in self.jobs() if not job.deleted and not self.provider.has_forgotten(job)
        ]
        return [job for job in there if self.number_of(job) not in over]

    async def lied_about(self, job: Job) -> bool:
        """Whether the one callback that is recorded for the job's submission does not name it."""
        submission = (await self.state()).submission(self.number_of(job))
        if submission is None or job.id in submission.callback_jobs:
            return False
        return bool(submission.callback_jobs) or "completed" in submission.called_back

    async def check_payment(self, body: bytes) -> None:
        """The heart of it: nothing else may have a job when another is paid for.

        Except one that the provider hid: its claim is of unknown outcome, and the list was read
        twice since, down to jobs from before the claim.
        """
        registered = read_registration(json.loads(body)["webhook_url"].rpartition("/")[2])
        state = await self.state()
        if registered != read_registration(
            register(KEYS, "assemblyai", ID, registered.submission).token
        ):
            self.wrong.append("the token is of another transcription")
        for submission in state.submissions:
            if submission.number == registered.submission:
                if submission.outcome != "unknown":
                    self.wrong.append("paid without a claim")
            elif submission.outcome in {"unknown", "accepted"}:
                self.wrong.append(f"submission {submission.number} is open")
            elif submission.abandonment == "not-listed" and self.timing.facts.lists:
                claimed_at_ms = submission.claimed_at_ms
                looks = [at for at, oldest in self.provider.lists if at >= claimed_at_ms > oldest]
                if len(looks) < 2:
                    self.wrong.append(f"submission {submission.number} was not swept twice")
        for job in await self.live_jobs():
            if not job.hidden and self.timing.facts.lists:
                self.wrong.append(f"{job.id} is paid for already")
        unsettled = [s for s in state.submissions if s.abandonment == "not-listed"]
        if not self.timing.facts.lists and len(unsettled) > UNSETTLED_MAX:
            self.wrong.append("paid again and again")

    async def check_told(self) -> None:
        """A job that a create was answered with is known at once, whatever happened meanwhile."""
        known = {s.provider_job for s in (await self.state()).submissions}
        assert known.issuperset(self.provider.told), self.provider.told


@asynccontextmanager
async def world(*, timing: Timing = TIMING, uploaded: bool = False) -> AsyncIterator[World]:
    """A transcription that was requested; on the way out its log verifies."""
    made: list[World] = []

    def clock_us() -> int:
        return (made[0].now_ms() if made else START_MS) * 1_000

    with tempfile.TemporaryDirectory(prefix="stenolog-plan-", dir=MEMORY) as place:
        directory = Path(place)
        async with AsyncExitStack() as stack:
            clocks = Clocks(wall=clock_us, steady=clock_us)
            events = await RacedLog.open(directory / "log.db", clocks=clocks)
            assert isinstance(events, RacedLog)
            stack.push_async_callback(events.close)
            keys = await SqliteKeys.open(directory / "keys.db", events.identity)
            stack.push_async_callback(keys.close)
            vault = Vault(MASTER, keys, events.sealings)
            made.append(World(events=events, vault=vault, timing=timing))
            await made[0].add_witness()
            await made[0].request(uploaded=uploaded)
            yield made[0]
        with closing(SqliteRecords(directory / "log.db", directory / "keys.db")) as records:
            verify(records, MASTER, [])
