"""Read C2SP signed notes: checkpoints of logs, and the keys that verify them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from stenolog.compliance.checkpoints import ED25519, KEY_ID_BYTES
from stenolog.encryption import KEY_BYTES, verifies
from stenolog.errors import EvidenceError
from stenolog.log.merkle import HASH_BYTES

NOTE_CHARS_MAX = 64 << 10
SIGNATURES_MAX = 64
DASH = "\N{EM DASH}"
SIZE_DIGITS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A log's name, and the Ed25519 key that verifies what it signs."""

    name: str
    key_id: bytes
    public: bytes

    def named(self, name: str) -> VerifierKey:
        """Return the same key under another name, as after a restore."""
        return VerifierKey(name=name, key_id=key_id_of(name, self.public), public=self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """What a checkpoint says, once its signature holds.

    Attributes:
        note: All of it, signatures included.
        body: What is signed.
    """

    origin: str
    size: int
    root: bytes
    note: str
    body: str


def verifier_key(line: str) -> VerifierKey:
    """Return the key in a line `name+key id+base64`.

    Raises:
        EvidenceError: It is none.
    """
    try:
        name, key_id, encoded = line.strip().split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        number = bytes.fromhex(key_id)
    except ValueError as exc:
        raise EvidenceError("this is no verifier key", 0) from exc
    public = typed[1:]
    if (typed[:1], len(public), key_id_of(name, public)) != (ED25519, KEY_BYTES, number):
        raise EvidenceError("the verifier key is damaged, or of a kind that is not known here", 0)
    return VerifierKey(name=name, key_id=number, public=public)


def key_id_of(name: str, public: bytes) -> bytes:
    """Return the id of an Ed25519 key under a name (C2SP signed-note, "Signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def opened_checkpoint(note: str, key: VerifierKey) -> SignedCheckpoint:
    """Return what a checkpoint says.

    Raises:
        EvidenceError: It is none, or the key did not sign it.
    """
    if len(note) > NOTE_CHARS_MAX:
        raise EvidenceError("the note is too long", 0)
    text, gap, signatures = note.rpartition("\n\n")
    body = f"{text}\n"
    lines = body.split("\n")
    if not gap or len(lines) < 4 or lines[0] != key.name:
        raise EvidenceError("the note is not a checkpoint of this log", 0)
    if not _signed(body, signatures, key):
        raise EvidenceError("the note has no signature of this key, or a wrong one", 0)
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error:
        root = b""
    size = lines[1]
    if len(root) != HASH_BYTES or not _is_number(size):
        raise EvidenceError("the note is not a checkpoint", 0)
    return SignedCheckpoint(origin=lines[0], size=int(size), root=root, note=note, body=body)


def _signed(body: str, signatures: str, key: VerifierKey) -> bool:
    begin = f"{DASH} {key.name} "
    for line in signatures.split("\n")[:SIGNATURES_MAX]:
        if not line.startswith(begin):
            continue
        try:
            raw = base64.b64decode(line.removeprefix(begin), validate=True)
        except (binascii.Error, ValueError):
            continue
        if hmac.compare_digest(raw[:KEY_ID_BYTES], key.key_id):
            return verifies(key.public, raw[KEY_ID_BYTES:], body.encode())
    return False


def _is_number(text: str) -> bool:
    return (
        text.isascii()
        and text.isdigit()
        and len(text) <= SIZE_DIGITS_MAX
        and (text == str(int(text)))
    )
