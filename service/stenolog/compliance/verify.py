"""Recompute the log from its bytes, and report the first record that is wrong or missing.

It needs read access only, and no running service; beside one that goes on writing it follows the
log to its end. Records come first, then what is derived from them, then the files' own structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from stenolog import clock
from stenolog.compliance.checked_seals import CheckedSeals
from stenolog.compliance.compared_heads import ComparedHeads
from stenolog.compliance.coverage import notes, uncovered, unread
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.erased_streams import check_keys, check_upload, first_wrong
from stenolog.compliance.passed_damage import PassedDamage
from stenolog.compliance.records import Records, StoredRow, StoredTree, every_row
from stenolog.compliance.rederived import check_dedupe, check_derived
from stenolog.compliance.rows import VerifiedSoFar
from stenolog.compliance.sealed_rows import check_payload
from stenolog.compliance.tree_heads import TreeHead
from stenolog.compliance.verdict import StructureDamaged, Verdict
from stenolog.errors import EvidenceError, StoreError
from stenolog.log.merkle import frontier_from_bytes

CATCH_UPS_MAX = 50  # while the log grows; each is shorter than the one before
TAIL_MAX = 500  # events that are read within one snapshot
ROWS_PER_TOLD = 1_000

KEY_NOT_HERE = "the master key is not here"

Progress = Callable[[str, int, int], None]
"""Told again and again: what is going on, how much of it is done, and of how much; 0: unknown."""


def quiet(what: str, done: int, of: int) -> None:
    """Tell nobody."""


def verify(
    records: Records,
    master: MasterKey | None,
    heads: Iterable[TreeHead | None],
    unreadable_heads: int = 0,
    *,
    elsewhere: Iterable[TreeHead] = (),
    accepted: Mapping[int, str] | None = None,
    master_missing: str = KEY_NOT_HERE,
    progress: Progress = quiet,
    now_us: int | None = None,
) -> Verdict:
    """Recompute everything that the log promises.

    Without `master` payloads are not opened, and the verdict says so.

    Args:
        records: The files.
        master: The key that wraps all others.
        heads: The tree heads beside the log, read before this is called or while it runs; None
            stands for a line that is none.
        unreadable_heads: How many more lines were none.
        elsewhere: Tree heads that were kept elsewhere.
        accepted: When a human has accepted the damage of the records at these positions: it is
            told, and hides nothing behind it.
        master_missing: Why there is no `master`, for the verdict.
        progress: Who is told how far it is.
        now_us: The time, in microseconds; None: what the machine's clock says in the end.

    Raises:
        EvidenceError: Something is not what it was; its `position` is the first that is wrong.
        StructureDamaged: All records are what they were, and something around them is not.
        SchemaTooNew: The log has a newer format: it cannot be judged.
        StoreUnavailable: The files cannot be read.
    """
    with records.scratch() as scratch:
        verified, compared = VerifiedSoFar(scratch=scratch), ComparedHeads(scratch)
        compared.keep(heads, elsewhere)
        compared.unreadable += unreadable_heads
        passed, seals = PassedDamage(accepted or {}), CheckedSeals()
        try:
            compared.compare(verified)
            _follow(records, master, verified, compared, passed, seals, progress)
            with records.snapshot():
                # Nothing is appended within: records and all that is derived are of one moment.
                tree = read_tree(records)
                _check_rows(
                    records, tree.count, master, verified, compared, passed, seals, progress
                )
                check_identity(records, verified)
                check_end(tree, verified, compared)
                progress("comparing what is derived from the records", 0, 0)
                check_derived(tree, records, verified)
        except EvidenceError as exc:
            raise first_wrong(exc, records, verified) from exc
        check_keys(records, verified)
        keys_missing = records.keys_missing
        for sentence in records.structure(lambda: progress("checking the files", 0, 0)):
            verified.findings.add(sentence)
        unchecked = [
            *unread(verified, compared, passed.count),
            *seals.unread(),
            *_unopened(keys_missing, "" if master else master_missing),
            *_uncovered(verified, compared, now_us),
        ]
        verdict = _verdict(verified, compared, tree, passed, unchecked)
        findings = verified.findings.all()
    if findings:
        raise StructureDamaged(findings, verdict)
    return verdict


def read_tree(records: Records) -> StoredTree:
    """Read the stored tree, and check that it is one.

    Raises:
        EvidenceError: It is not.
    """
    try:
        tree = records.tree()
    except StoreError as exc:
        raise EvidenceError(f"the tree cannot be read: {exc}", 1) from exc
    if tree.count < 0:
        raise EvidenceError("the stored tree is missing or damaged", 1)
    if tree.first < 1:
        raise EvidenceError("a record stands before the first position", 1)
    return tree


def check_identity(records: Records, verified: VerifiedSoFar) -> None:
    """Check that the file says which log it is, and in which epoch, as its events do.

    Raises:
        EvidenceError: It does not.
    """
    if records.identity != verified.identity:
        raise EvidenceError("the file says that it is another log, or another epoch of it", 1)


def check_end(tree: StoredTree, verified: VerifiedSoFar, compared: ComparedHeads) -> None:
    """Check that nothing is missing at the end, and that the tree covers all that is there.

    Raises:
        EvidenceError: Something does.
    """
    if tree.last > tree.count:
        raise EvidenceError("a record stands beyond the end of the tree", tree.count + 1)
    if not verified.hole_until and tree.frontier != verified.frontier.to_bytes():
        raise EvidenceError(
            "the stored tree is not the tree of the stored events",
            max(min(compared.covered + 1, tree.count), 1),
        )
    compared.ended(verified)


def _follow(
    records: Records,
    master: MasterKey | None,
    verified: VerifiedSoFar,
    compared: ComparedHeads,
    passed: PassedDamage,
    seals: CheckedSeals,
    progress: Progress,
) -> None:
    """Check records until few are left, however long the log has become meanwhile."""
    for _ in range(CATCH_UPS_MAX):
        count = read_tree(records).count
        if count - verified.count <= TAIL_MAX:
            return
        _check_rows(records, count, master, verified, compared, passed, seals, progress)


def _check_rows(
    records: Records,
    count: int,
    master: MasterKey | None,
    verified: VerifiedSoFar,
    compared: ComparedHeads,
    passed: PassedDamage,
    seals: CheckedSeals,
    progress: Progress,
) -> None:
    """Check the records behind those that were checked, up to position `count`."""
    for row in every_row(records, count, behind=verified.count, accepted=passed.accepted):
        event = passed.event_at(row, verified)
        if event is not None and isinstance(row, StoredRow):
            try:
                check_payload(row, event, records, master, verified)
            except EvidenceError as exc:
                passed.note(exc)
            check_upload(event, records, verified)
            check_dedupe(event, records, verified)
            try:
                seals.check(event, records, verified)
            except EvidenceError as exc:
                passed.note(exc)
        passed.grow(row, event, records, verified)
        compared.compare(verified)
        if event is not None:
            compared.passed(event)
        if not row.position % ROWS_PER_TOLD:
            progress("checking records", row.position, count)


def _verdict(
    verified: VerifiedSoFar,
    compared: ComparedHeads,
    tree: StoredTree,
    passed: PassedDamage,
    unchecked: Sequence[str],
) -> Verdict:
    whole = verified.frontier
    if verified.hole_until:
        whole = frontier_from_bytes(tree.count, tree.frontier)  # what is stored; nobody can tell
    return Verdict(
        count=verified.count,
        root=whole.root().hex(),
        epoch=verified.epoch,
        payloads=verified.payloads,
        erased=verified.erased,
        heads=compared.count,
        covered=compared.covered,
        covered_elsewhere=compared.covered_elsewhere,
        explained=compared.explained,
        accepted=tuple(passed.named),
        unchecked=tuple(unchecked),
        notes=tuple(notes(verified, compared)),
    )


def _uncovered(
    verified: VerifiedSoFar, compared: ComparedHeads, now_us: int | None
) -> Iterator[str]:
    last_us = clock.microseconds(verified.time) if verified.time else 0
    return uncovered(verified.count, last_us, compared, now_us or clock.now_us())


def _unopened(keys_missing: str, master_missing: str) -> Iterator[str]:
    if keys_missing:
        yield f"payloads were not opened, nor erasures compared with keys: {keys_missing}"
    elif master_missing:
        yield f"payloads were not opened: {master_missing}"
