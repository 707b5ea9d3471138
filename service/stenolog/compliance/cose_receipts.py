"""Write proofs of inclusion as a COSE receipt (RFC 9942), which tools for SCITT read.

The receipt is a COSE_Sign1 whose payload, the tree's root, is detached: whoever verifies it
computes the root from an event and a proof. All proofs in one receipt lead to the same root.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from stenolog.encryption import SigningKey
from stenolog.log.proofs import InclusionProof

Cbor: TypeAlias = "int | bytes | str | Sequence[Cbor] | Mapping[int, Cbor] | None"

COSE_SIGN1 = 18  # the tag; RFC 9052, 2
ALGORITHM, KEY_ID, CLAIMS = 1, 4, 15  # header labels; RFC 9052, 3.1, and RFC 9597, 2
EDDSA = -8  # RFC 9053, 2.2
ISSUER = 1  # RFC 8392, 3.1.1
STRUCTURE, PROOFS = 395, 396  # header labels; RFC 9942, 2
RFC9162_SHA256, INCLUSION = 1, -1  # RFC 9942, 5
NULL = b"\xf6"


def receipt_of(origin: str, key: SigningKey, proofs: Sequence[InclusionProof]) -> bytes:
    """Return the receipt of events that are in one tree; their order is that of the proofs.

    Source: RFC 9942, section 5.2.1.
    """
    (root,) = {proof.root for proof in proofs}
    protected = encoded(
        {
            ALGORITHM: EDDSA,
            KEY_ID: origin.encode(),
            CLAIMS: {ISSUER: origin},
            STRUCTURE: RFC9162_SHA256,
        }
    )
    signature = key.sign(encoded(["Signature1", protected, b"", root]))
    inclusion = [encoded([proof.size, proof.position - 1, list(proof.path)]) for proof in proofs]
    receipt = encoded([protected, {PROOFS: {INCLUSION: inclusion}}, None, signature])
    return _head(6, COSE_SIGN1) + receipt


def encoded(value: Cbor) -> bytes:
    """Return deterministic CBOR (RFC 8949, 4.2.1) of a value; maps have integers as keys."""
    match value:
        case None:
            return NULL
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case Mapping():
            members = sorted((encoded(key), encoded(one)) for key, one in value.items())
            return _head(5, len(members)) + b"".join(key + one for key, one in members)
        case _:
            return _head(4, len(value)) + b"".join(map(encoded, value))


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for size in range(4):
        if number < 1 << (8 << size):
            return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size, "big")
    raise ValueError(f"{number} is over 64 bits")
