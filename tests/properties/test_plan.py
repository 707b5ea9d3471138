"""The plan against a model of a provider, with everything that may happen in between.

The model keeps what a provider would: jobs with the token that they were made with. The machine
does what the plan says, by `decide` and `evolve` alone, and breaks each call in some way. Crashes
forget what was tried, callbacks come early, twice, late or lying, clocks step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from stenolog.commands.transcription.commands import (
    AbandonSubmission,
    AcceptSubmission,
    ClaimSubmission,
    Command,
    Complete,
    Fail,
    FailSubmission,
    RecordRemoval,
    RefuseSubmission,
)
from stenolog.commands.transcription.commands import Supersede as SupersedeSubmission
from stenolog.commands.transcription.decide import RESUBMISSIONS_MAX, decide
from stenolog.commands.transcription.state import Transcription
from stenolog.log.events.callbacks import CallbackKind
from stenolog.reconciler.actions import (
    Check,
    Confirm,
    Done,
    Fetch,
    GiveUp,
    Remove,
    Settle,
    Submit,
    Supersede,
    Wait,
)
from stenolog.reconciler.attempts import Attempts, anew, seen_running
from stenolog.reconciler.plan import next_action
from stenolog.reconciler.settle import EMPTY_SWEEPS
from stenolog.reconciler.timing import Timing
from tests.unit.commands.stories import ID, REQUESTED, START_MS, after, called

TIMING = Timing(
    settle_ms=90_000, silence_ms=200_000, sweep_interval_ms=30_000, job_lifetime_ms=86_400_000
)
STEPS_MAX = 400  # more than any story needs
RUN_MS = 20_000

CREATES = (
    "accepted",
    "refused",
    "throttled",
    "lost with a job",
    "lost with a hidden job",
    "refused with a hidden job",
    "lost without a job",
)
ASKS = ("answered", "unreachable")


@dataclass(slots=True)
class Job:
    """A job at the provider, and the submission whose token it carries (0: another's).

    A job that is not listed is one that the provider's list does not show in time.
    """

    submission: int
    ends_at_ms: int
    status: str = "completed"
    listed: bool = True
    deleted: bool = False


@dataclass(slots=True)
class World:
    """The transcription, the provider, and what this process has tried."""

    polled: bool
    state: Transcription = field(default_factory=lambda: Transcription(id=ID))
    attempts: Attempts = field(default_factory=Attempts)
    now_ms: int = START_MS
    log_ms: int = START_MS
    jobs: dict[str, Job] = field(default_factory=dict)
    recorded: set[tuple[int, CallbackKind]] = field(default_factory=set)
    ends: int = 0
    late: int = 0

    def run(self, command: Command) -> bool:
        """As the handler: decide on the state, append at its version."""
        facts = decide(command, self.state)
        self.log_ms = max(self.log_ms, self.now_ms)  # the log's times never decrease
        self.state = after(self.state, facts, self.log_ms)
        self.ends += sum(fact.type in {"transcription.completed", "transcription.failed"}
                         for fact in facts)  # fmt: skip
        self.late += sum(fact.type == "transcription.completed_late" for fact in facts)
        assert not any(decide(command, self.state)), "a command that was done leads to nothing"
        return bool(facts)

    def call_back(self, number: int, kind: CallbackKind, job: str | None) -> None:
        """A callback with a good token: recorded once by kind, and it wakes."""
        if (number, kind) not in self.recorded:
            self.recorded.add((number, kind))
            self.log_ms = max(self.log_ms, self.now_ms)
            self.state = after(self.state, (called(number, kind, job),), self.log_ms)
        self.attempts = replace(self.attempts, woken="callback")

    def live_jobs(self) -> list[str]:
        """Jobs of ours that were not deleted, and may have a result."""
        over = {s.number for s in self.state.submissions if s.outcome == "failed"}
        return [
            name
            for name, job in self.jobs.items()
            if job.submission and not job.deleted and job.submission not in over
        ]

    def lied_about(self, name: str) -> bool:
        """Whether the one callback that is recorded for the job's submission names another."""
        submission = self.state.submission(self.jobs[name].submission)
        return submission is not None and submission.callback_job not in {None, name}

    def action(self) -> object:
        """What the plan says now."""
        timing = replace(TIMING, polled=self.polled)
        return next_action(self.state, self.attempts, timing, self.now_ms)

    def status_of(self, name: str) -> str | None:
        """As a GET would tell."""
        job = self.jobs.get(name)
        if job is None or job.deleted:
            return None
        return job.status if self.now_ms >= job.ends_at_ms else "processing"


def act(world: World, create: str, ask: str, status: str) -> bool:
    """Do what is owed; whether there was anything. `create` and `ask`: how the provider is."""
    action = world.action()
    match action:
        case Done() | Wait():
            return False
        case Submit():
            submit(world, action, create, status)
        case Supersede():
            world.run(SupersedeSubmission(number=action.number))
        case GiveUp() if action.lost:
            world.run(Fail(number=action.number, reason="lost", wake="silence"))
        case Settle() | Confirm() | Fetch() | Check() | Remove() | GiveUp() if ask != "answered":
            world.attempts = replace(
                world.attempts,
                failures=world.attempts.failures + 1,
                retry_at_ms=world.now_ms + 1_000,
            )
        case Settle():
            settle(world, action)
        case Confirm():
            job = world.jobs.get(action.job)
            if job is not None and job.submission == action.number and not job.deleted:
                world.run(
                    AcceptSubmission(number=action.number, provider_job=action.job, adopted=True)
                )
                world.attempts = anew(world.attempts, "callback")
            else:
                refuted = world.attempts.refuted | {(action.number, action.job)}
                world.attempts = replace(world.attempts, refuted=refuted)
        case Fetch() | Check():
            fetch(world, action.number)
        case Remove():
            submission = world.state.submission(action.number)
            assert submission is not None
            assert submission.provider_job is not None
            world.jobs[submission.provider_job].deleted = True
            world.run(RecordRemoval(number=action.number))
        case GiveUp():
            fetch(world, action.number)
            world.run(Fail(number=action.number, reason="deadline", wake="silence"))
        case _:
            raise AssertionError(action)
    return True


def submit(world: World, action: Submit, create: str, status: str) -> None:
    number = action.number
    # The heart of it: nothing else may still have a job when another is paid for.
    for submission in world.state.submissions:
        assert submission.outcome in {"refused", "failed", "abandoned", "superseded", "removed"}
    assert not [name for name in world.live_jobs() if world.jobs[name].listed]
    assert world.run(ClaimSubmission(number=number, kid=1))
    name = f"job-{len(world.jobs) + 1}"
    if create == "accepted" or create.endswith(" job"):
        listed = "hidden" not in create
        world.jobs[name] = Job(number, world.now_ms + RUN_MS, status, listed=listed)
    if create == "accepted":
        world.run(AcceptSubmission(number=number, provider_job=name, adopted=False))
    elif create.startswith("refused") or create == "throttled":
        world.run(
            RefuseSubmission(
                number=number,
                status=429,
                reason="throttled",
                retry_in_ms=5_000 if create == "throttled" else None,
                final=False,
                wake="command",
            )
        )
    world.attempts = anew(world.attempts)


def settle(world: World, action: Settle) -> None:
    number = action.number
    for name, job in world.jobs.items():
        if job.submission == number and job.listed and not job.deleted:
            world.run(AcceptSubmission(number=number, provider_job=name, adopted=True))
            world.attempts = anew(world.attempts, "start")
            return
    sweeps = world.attempts.sweeps + 1
    if sweeps < EMPTY_SWEEPS:
        world.attempts = replace(world.attempts, sweeps=sweeps, swept_at_ms=world.now_ms)
        return
    world.run(AbandonSubmission(number=number, reason="not-listed"))
    world.attempts = anew(world.attempts)


def fetch(world: World, number: int) -> None:
    submission = world.state.submission(number)
    assert submission is not None
    status = world.status_of(submission.provider_job or "")
    if status is None and world.now_ms >= submission.accepted_at_ms + TIMING.settle_ms:
        world.run(AbandonSubmission(number=number, reason="forgotten"))
        world.attempts = anew(world.attempts)
    elif status == "completed":
        world.run(Complete(number=number, wake="callback", audio_ms=1, words=1))
        world.attempts = anew(world.attempts)
    elif world.state.terminal:
        # A job that is said to be complete, and is not: nothing is learned.
        world.attempts = replace(
            seen_running(world.attempts, world.now_ms), asked_at_ms=world.now_ms
        )
    elif status == "server error":
        world.run(FailSubmission(number=number, kind="server-error", wake="callback"))
        world.attempts = anew(world.attempts)
    elif status == "error":
        world.run(Fail(number=number, reason="provider", wake="callback"))
        world.attempts = anew(world.attempts)
    else:
        seen = seen_running(world.attempts, world.now_ms)
        world.attempts = replace(seen, asked_at_ms=world.now_ms, missing=status is None)


happenings = st.one_of(
    st.tuples(st.just("act"), st.sampled_from(CREATES), st.sampled_from(ASKS),
              st.sampled_from(["completed", "error", "server error"])),
    st.tuples(st.just("give up")),
    st.tuples(st.just("pass"), st.integers(1, 400_000)),
    st.tuples(st.just("step back"), st.integers(1, 60_000)),
    st.tuples(st.just("crash")),
    st.tuples(st.just("true callback"), st.integers(1, 4)),
    st.tuples(st.just("lie"), st.integers(1, 4), st.sampled_from(["completed", "error"]),
              st.sampled_from(["job-1", "job-2", "job-3", "another-1", None])),
    st.tuples(st.just("noise"), st.integers(1, 4),
              st.sampled_from(["unreadable", "oversized", "redacted_audio"])),
    st.tuples(st.just("forget"), st.integers(1, 4)),
    st.tuples(st.just("wake")),
)  # fmt: skip


def happen(world: World, what: tuple[object, ...]) -> None:
    """One thing happens to the world."""
    match what:
        case ("act", str(create), str(ask), str(status)):
            act(world, create, ask, status)
        case ("pass", int(ms)):
            world.now_ms += ms
        case ("give up",):
            world.now_ms += TIMING.job_lifetime_ms
        case ("step back", int(ms)):
            world.now_ms -= ms
        case ("crash",):
            world.attempts = Attempts(woken="start")
        case ("true callback", int(number)):
            for name, job in world.jobs.items():
                if job.submission == number and not job.deleted:
                    world.call_back(number, "completed", name)
        case ("lie" | "noise", int(number), str(kind), *rest):
            if world.state.submission(number) is not None:
                job_name = rest[0] if rest else None
                world.call_back(number, kind, job_name)  # type: ignore[arg-type]  # one of the kinds
        case ("forget", int(number)):
            world.jobs.pop(f"job-{number}", None)
        case ("wake",):
            world.attempts = replace(world.attempts, woken="start")
        case _:
            raise AssertionError(what)


def finish(world: World) -> None:
    """The provider is fair now, and nobody calls: the plan alone comes to an end."""
    for _ in range(STEPS_MAX):
        if act(world, "accepted", "answered", "completed"):
            continue
        action = world.action()
        if isinstance(action, Done):
            return
        assert isinstance(action, Wait)
        assert action.until_ms > world.now_ms, "waiting for what is past never ends"
        world.now_ms = action.until_ms
    raise AssertionError("it does not end")


@given(st.booleans(), st.lists(happenings, max_size=60))
def test_one_job_at_most_and_it_always_ends(polled: bool, story: list[tuple[object, ...]]) -> None:
    world = World(polled=polled)
    world.jobs["another-1"] = Job(0, START_MS)
    world.state = after(world.state, (REQUESTED,), START_MS)
    for what in story:
        happen(world, what)
        assert world.ends <= 1
        assert world.late <= world.ends
        assert world.state.failed_submissions <= RESUBMISSIONS_MAX
    finish(world)
    assert world.state.terminal
    assert world.ends == 1
    # What no list shows is known by its callback, however late that comes.
    for name in world.live_jobs():
        world.call_back(world.jobs[name].submission, "completed", name)
        world.attempts = replace(world.attempts, refuted=frozenset())
    finish(world)
    assert world.ends == 1
    # Except where a lie came first: of each kind one callback is recorded, and it named another.
    known = [name for name in world.live_jobs() if not world.lied_about(name)]
    assert len(known) <= 1
    for submission in world.state.submissions:
        assert submission.outcome != "unknown"
        if submission.outcome == "accepted":
            assert submission.number == world.state.finished_by


@given(st.lists(happenings, max_size=40))
def test_after_the_end_only_loose_ends_are_left(story: list[tuple[object, ...]]) -> None:
    world = World(polled=False)
    world.state = after(world.state, (REQUESTED,), START_MS)
    for what in story:
        happen(world, what)
        if world.state.terminal:
            action = world.action()
            asked = (Fetch,) if world.state.given_up else ()
            assert isinstance(action, (Done, Wait, Settle, Confirm, Supersede, Remove, *asked))
            if not any(
                s.outcome in {"unknown", "superseded"}
                or (s.outcome == "accepted" and s.number != world.state.finished_by)
                or (s.callback_job is not None and s.outcome in {"abandoned", "refused"})
                or (world.state.given_up and "completed" in s.called_back)
                for s in world.state.submissions
            ):
                assert isinstance(action, Done | Wait)
                assert not isinstance(action, Wait) or world.attempts.retry_at_ms
