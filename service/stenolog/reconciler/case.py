"""Hold what this process knows of one open transcription besides its stream."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from stenolog.commands.transcription.state import Transcription
from stenolog.log.events.vocabulary import ProviderName, WakeReason
from stenolog.reconciler.attempts import Attempts, woken_by
from stenolog.reconciler.pool import Pool, wanted

log = structlog.get_logger()


class Watch(Protocol):
    """Compares jobs with what their provider lists; `reconciler/sweeper` keeps this promise."""

    def drop(self, job: str) -> None:
        """Know nothing of this job any more."""
        ...


@dataclass(slots=True, kw_only=True)
class Case:
    """An open transcription, and what this process knows of it besides its stream.

    Attributes:
        attempts: What was tried.
        provider: Where it is transcribed; None: its stream was not read yet.
        woken_again: Something woke it while it was worked on: look once more afterwards.
        acted: What was done last, and `times` how often without anything else between.
        pool: Where it has a slot; None: nowhere.
        waits: The pool in which it waits for a slot; None: in none.
        watch: What compares its job with the provider's list; None: nothing does.
        job: That job.
        accepted_at_ms: When the provider took it.
        position: Where the transcription was requested, or an earlier position; 0: not known.
        ended: It has an outcome, and only loose ends are left.
    """

    id: str
    attempts: Attempts = field(default_factory=Attempts)
    provider: ProviderName | None = None
    woken_again: bool = False
    acted: str = ""
    times: int = 0
    pool: Pool | None = None
    waits: Pool | None = None
    watch: Watch | None = None
    job: str = ""
    accepted_at_ms: int = 0
    position: int = 0
    ended: bool = False

    def wake(self, reason: WakeReason, *, busy: bool) -> None:
        """Have it looked at for this reason; `busy`: it is being worked on now."""
        self.attempts = woken_by(self.attempts, reason)
        self.woken_again = self.woken_again or busy

    def learn(self, attempts: Attempts) -> None:
        """Keep what an action has learned; what woke the case meanwhile is newer than that."""
        woken = self.attempts.woken if self.woken_again else attempts.woken
        self.attempts = replace(attempts, woken=woken)

    def note(self, action: str) -> None:
        """Write a line of what was done; a repetition has one the 2nd, 4th, 8th ... time."""
        self.times = self.times + 1 if action == self.acted else 1
        self.acted = action
        folded = self.times & (self.times - 1)  # no power of two
        say = log.debug if folded else log.info
        say("reconciler.acted", action=action, times=self.times)

    def rest(self, due_ms: int | None, now_ms: int) -> int | None:
        """Return when to look at it after work that ended with `due_ms`; None: nothing is owed."""
        if not self.woken_again:
            return due_ms
        self.woken_again = False
        return now_ms

    def may_go(self, state: Transcription, pool: Pool | None, now_ms: int) -> bool:
        """Take a slot in the pool, or wait in it; a slot or a place in another is given back."""
        if self.pool is not pool:
            self.leave()
        if self.waits is not pool and self.waits is not None:
            self.waits.forget(self.id)
        self.waits = None
        if pool is None:
            return True
        if pool.admit(wanted(state), state.tenant, now_ms):
            self.pool = pool
            return True
        self.waits = pool
        return False

    def leave(self) -> None:
        """Give back the slot, if it has one."""
        if self.pool is not None:
            self.pool.leave(self.id)
            self.pool = None

    def unwatch(self) -> None:
        """Have its job compared with the provider's list no more."""
        if self.watch is not None:
            self.watch.drop(self.job)
            self.watch = None
