"""Prove what the log holds, against the last tree head that was written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.head_keeper import HeadKeeper
from stenolog.compliance.tree_heads import TreeHead
from stenolog.encryption import SigningKey
from stenolog.errors import StoreError, StoreUnavailable
from stenolog.log.merkle import Place
from stenolog.log.proofs import (
    ConsistencyProof,
    InclusionProof,
    consistency_parts,
    consistency_roots,
    inclusion_parts,
    is_in_proof,
    root_from_inclusion,
)
from stenolog.log.subtrees import Part, Span, hash_of, spans_for

DAMAGED = "the tree in the log does not lead to its own head: run `stenolog log verify`"


class KeptNodes(Protocol):
    """The part of the log that proofs are made from."""

    async def nodes(self, spans: Sequence[Span]) -> Mapping[Place, bytes]:
        """Return the hashes of the kept nodes in these spans; all of them are committed.

        Raises:
            StoreError: One of them is missing or damaged.
            StoreUnavailable: The log cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A tree head, signed as a checkpoint, and the key that signs receipts for it."""

    head: TreeHead
    checkpoint: str
    origin: str
    signer: SigningKey


class Prover:
    """Makes proofs from kept nodes; each leads to the last head, or is not given out."""

    def __init__(self, nodes: KeptNodes, keeper: HeadKeeper, signer: HeadSigner) -> None:
        self._nodes = nodes
        self._keeper = keeper
        self._signer = signer

    @property
    def verifier_key(self) -> str:
        """What verifies the checkpoints, as `HeadSigner` writes it."""
        return self._signer.verifier_key

    async def checkpoint(self) -> str:
        """Return the last tree head as a C2SP checkpoint.

        Raises:
            StoreUnavailable: No head was written yet.
        """
        return self._signer.checkpoint(self._head())

    def signed_head(self) -> SignedHead:
        """Return the last tree head, and what else is signed of it.

        Raises:
            StoreUnavailable: No head was written yet.
        """
        head = self._head()
        return SignedHead(
            head=head,
            checkpoint=self._signer.checkpoint(head),
            origin=self._signer.origin,
            signer=self._signer.key,
        )

    async def covered(self) -> int:
        """Return how many events the last tree head covers: proofs are for at most so many.

        Raises:
            StoreUnavailable: No head was written yet.
        """
        return self._head().size

    async def inclusion(self, position: int, size: int) -> InclusionProof:
        """Prove which event stands at `position` in the tree over the first `size` events.

        1 <= `position` <= `size` <= what is covered.

        Raises:
            StoreUnavailable: The log cannot be read now, or its tree does not lead to its head.
        """
        index = position - 1
        with _damage_told():
            leaf, *path = await hashes_of(
                self._nodes, [Part(index, position), *inclusion_parts(index, size)]
            )
        root = root_from_inclusion(index, size, leaf, path)
        if root is None:
            raise StoreUnavailable(DAMAGED)
        await self._check(size, root)
        return InclusionProof(position=position, size=size, leaf=leaf, root=root, path=tuple(path))

    async def consistency(self, from_size: int, to_size: int) -> ConsistencyProof:
        """Prove that the first `to_size` events begin with the first `from_size`.

        1 <= `from_size` <= `to_size` <= what is covered.

        Raises:
            StoreUnavailable: The log cannot be read now, or its tree does not lead to its head.
        """
        with _damage_told():
            proof = await consistency_proof(self._nodes, from_size, to_size)
        await self._check(to_size, proof.to_root)
        return proof

    async def _check(self, size: int, root: bytes) -> None:
        """Check that the tree of this root is where the last head comes from."""
        head = self._head()
        if size < head.size:
            with _damage_told():
                proof = await consistency_proof(self._nodes, size, head.size)
            holds = (proof.from_root, proof.to_root.hex()) == (root, head.root)
        else:
            holds = root.hex() == head.root
        if not holds:
            raise StoreUnavailable(DAMAGED)

    def _head(self) -> TreeHead:
        if self._keeper.last is None:
            raise StoreUnavailable("no tree head was written yet")
        return self._keeper.last


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    """What is damaged may be mended, and is nothing that the caller asked wrongly."""
    try:
        yield
    except StoreUnavailable:
        raise
    except StoreError as exc:
        raise StoreUnavailable(str(exc)) from exc


async def consistency_proof(nodes: KeptNodes, from_size: int, to_size: int) -> ConsistencyProof:
    """Return the proof that the kept nodes make, with the roots that follow from it.

    The caller compares them with those of the log: damaged nodes lead to others.

    Raises:
        StoreError: A node is missing or damaged.
        StoreUnavailable: The log cannot be read now.
    """
    whole = [] if is_in_proof(from_size, to_size) else [Part(0, from_size)]
    hashes = await hashes_of(nodes, [*whole, *consistency_parts(from_size, to_size)])
    path = tuple(hashes[len(whole) :])
    roots = consistency_roots(from_size, to_size, path, hashes[0])
    assert roots is not None
    return ConsistencyProof(
        from_size=from_size, to_size=to_size, from_root=roots[0], to_root=roots[1], path=path
    )


async def hashes_of(nodes: KeptNodes, parts: Sequence[Part]) -> list[bytes]:
    """Return the hashes over these parts, from one read of kept nodes.

    Raises:
        StoreError: A node is missing or damaged.
        StoreUnavailable: The log cannot be read now.
    """
    kept = await nodes.nodes(spans_for(parts))
    return [hash_of(part, kept) for part in parts]
