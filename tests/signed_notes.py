"""C2SP signed notes and checkpoints, read from their specification alone."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a checkpoint says, once its signature holds."""

    origin: str
    size: int
    root: bytes


def opened_checkpoint(note: str, verifier_key: str) -> Checkpoint:
    """What the note says.

    Raises:
        InvalidSignature: The key did not sign it.
        AssertionError: It has another shape, or no signature of this key.
    """
    name, key_id, encoded = verifier_key.strip().split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    assert typed[0] == 1
    assert len(typed) == 33
    assert hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()[:8] == key_id
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    (line,) = [one for one in signatures.splitlines() if one.startswith(f"— {name} ")]
    raw = base64.b64decode(line.split(" ")[2], validate=True)
    assert raw[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(typed[1:]).verify(raw[4:], text.encode())
    origin, size, root = text.splitlines()
    assert origin == name
    assert str(int(size)) == size
    return Checkpoint(origin=origin, size=int(size), root=base64.b64decode(root, validate=True))
