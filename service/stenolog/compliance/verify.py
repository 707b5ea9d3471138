"""Recompute the log from its bytes, and report the first record that is wrong or missing.

It needs read access only, and no running service; beside one that goes on writing it follows the
log to its end. Records come first, then what is derived from them, then the files' own structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from stenolog.compliance.compared_heads import ComparedHeads
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.erased_streams import check_keys, first_wrong
from stenolog.compliance.records import Records, StoredTree, every_row
from stenolog.compliance.rederived import check_dedupe, check_derived, check_nodes
from stenolog.compliance.rows import VerifiedSoFar, check_row
from stenolog.compliance.sealed_rows import check_payload
from stenolog.compliance.tree_heads import TreeHead
from stenolog.compliance.verdict import StructureDamaged, Verdict
from stenolog.errors import EvidenceError, StoreError

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
    master_missing: str = KEY_NOT_HERE,
    progress: Progress = quiet,
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
        master_missing: Why there is no `master`, for the verdict.
        progress: Who is told how far it is.

    Raises:
        EvidenceError: Something is not what it was; its `position` is the first that is wrong.
        StructureDamaged: All records are what they were, and something around them is not.
        SchemaTooNew: The log has a newer format: it cannot be judged.
        StoreUnavailable: The files cannot be read.
    """
    with records.scratch() as scratch:
        verified = VerifiedSoFar(scratch=scratch)
        compared = ComparedHeads(scratch)
        compared.keep(heads, elsewhere)
        compared.unreadable += unreadable_heads
        try:
            compared.compare(verified)
            _follow(records, master, verified, compared, progress)
            with records.snapshot():
                # Nothing is appended within: records and all that is derived are of one moment.
                tree = read_tree(records)
                _check_rows(records, tree.count, master, verified, compared, progress)
                check_identity(records, verified)
                check_end(tree, verified, compared)
                progress("comparing what is derived from the records", 0, 0)
                check_derived(tree.nodes, records, verified)
        except EvidenceError as exc:
            raise first_wrong(exc, records, verified) from exc
        check_keys(records, verified)
        for sentence in records.structure(lambda: progress("checking the files", 0, 0)):
            verified.findings.add(sentence)
        verdict = _verdict(verified, compared, None if master else master_missing)
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
    if tree.frontier != verified.frontier.to_bytes():
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
    progress: Progress,
) -> None:
    """Check records until few are left, however long the log has become meanwhile."""
    for _ in range(CATCH_UPS_MAX):
        count = read_tree(records).count
        if count - verified.frontier.count <= TAIL_MAX:
            return
        _check_rows(records, count, master, verified, compared, progress)


def _check_rows(
    records: Records,
    count: int,
    master: MasterKey | None,
    verified: VerifiedSoFar,
    compared: ComparedHeads,
    progress: Progress,
) -> None:
    """Check the records behind those that were checked, up to position `count`."""
    for row in every_row(records, count, behind=verified.frontier.count):
        event = check_row(row, verified)
        check_payload(row, event, records, master, verified)
        check_dedupe(event, records, verified)
        verified.frontier, completed = verified.frontier.grown([row.leaf])
        check_nodes(completed, records, verified)
        compared.compare(verified)
        if not row.position % ROWS_PER_TOLD:
            progress("checking records", row.position, count)


def _verdict(verified: VerifiedSoFar, compared: ComparedHeads, no_master: str | None) -> Verdict:
    return Verdict(
        count=verified.frontier.count,
        root=verified.frontier.root().hex(),
        epoch=verified.epoch,
        payloads=verified.payloads,
        erased=verified.erased,
        heads=compared.count,
        covered=compared.covered,
        covered_elsewhere=compared.covered_elsewhere,
        explained=compared.explained,
        unchecked=tuple(_unchecked(compared, no_master)),
        notes=tuple(_notes(verified, compared)),
    )


def _unchecked(compared: ComparedHeads, no_master: str | None) -> Iterator[str]:
    if no_master is not None:
        yield f"payloads were not opened: {no_master}"
    if not compared.count:
        yield (
            "there are no tree heads: neither a truncation at the end nor a rewrite of the past "
            "can be seen"
        )


def _notes(verified: VerifiedSoFar, compared: ComparedHeads) -> Iterator[str]:
    if compared.unreadable:
        yield f"{compared.unreadable} lines of the tree heads are not readable"
    if compared.explained:
        yield (
            f"{compared.explained} tree heads are of events that are gone since the log was "
            f"restored from a backup (epoch {verified.epoch}, event {verified.restored})"
        )
    yield from _coverage(verified.frontier.count, compared)


def _coverage(count: int, compared: ComparedHeads) -> Iterator[str]:
    if not compared.covered:
        yield f"tree heads cover no event: a rewrite of any of the {count} cannot be seen"
    elif compared.covered < count:
        yield (
            f"tree heads cover events 1 to {compared.covered}; {compared.covered + 1} to {count} "
            "are covered by none: a rewrite or truncation there cannot be seen"
        )
    else:
        yield f"tree heads cover events 1 to {count}"
    if compared.covered_elsewhere:
        yield f"heads that were kept elsewhere cover events 1 to {compared.covered_elsewhere}"
    else:
        yield (
            "who can write the log can write the heads beside it: compare with heads that were "
            "kept elsewhere (--against FILE)"
        )
