"""Say what a verification found, and what it could not look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from stenolog.errors import EvidenceError

FINDINGS_MAX = 50  # sentences about the structure; more are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDamage:
    """A record that is damaged, which a human has seen."""

    position: int
    reason: str
    accepted_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was verified.

    Attributes:
        count: Events, all of them recomputed.
        root: The Merkle root over them, in hex.
        epoch: Of the log; greater than 1 after a restore.
        payloads: Payloads that were opened and match their commitments.
        erased: Payloads whose key is gone, each in a stream whose erasure was requested.
        heads: Tree heads that were compared.
        covered: The last position that a tree head covers: nothing up to it was changed since.
        covered_elsewhere: The same, of heads that were kept elsewhere.
        explained: Tree heads over events that a restore left behind.
        accepted: Damaged records that were passed over, because a human has accepted each; the
            first thousand.
        unchecked: Sentences on what could not be checked; with one the log is verified in part.
        notes: Sentences on what else is worth knowing.
    """

    count: int
    root: str
    epoch: int
    payloads: int
    erased: int
    heads: int
    covered: int
    covered_elsewhere: int
    explained: int
    accepted: tuple[AcceptedDamage, ...]
    unchecked: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether all was checked that a log promises."""
        return not self.unchecked


class StructureDamaged(EvidenceError):
    """All records are what they were; the files around them are not: `findings` says what.

    Its `position` is 0: no record is wrong.
    """

    def __init__(self, findings: tuple[str, ...], verdict: Verdict) -> None:
        super().__init__(f"the records hold, their files do not: {findings[0]}", 0)
        self.findings = findings
        self.verdict = verdict


@dataclass(slots=True)
class Findings:
    """Gathers sentences about the structure, the first of them."""

    _sentences: list[str] = field(default_factory=list)
    _more: int = 0

    def add(self, sentence: str) -> None:
        """Add one, or count it when there are many; none may look like a record's position."""
        if len(self._sentences) < FINDINGS_MAX:
            self._sentences.append(sentence.replace("position", "place"))
        else:
            self._more += 1

    def all(self) -> tuple[str, ...]:
        """Return them."""
        more = (f"and {self._more} more like these",) if self._more else ()
        return (*self._sentences, *more)
