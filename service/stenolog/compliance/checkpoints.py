"""Sign tree heads as C2SP checkpoints, which tools for transparency logs read and keep."""

from __future__ import annotations

import base64
import hashlib

from stenolog.compliance.tree_heads import TreeHead
from stenolog.encryption import SigningKey
from stenolog.log.format import LogIdentity

ED25519 = b"\x01"  # C2SP signed-note, signature types
KEY_ID_BYTES = 4


class HeadSigner:
    """Signs the heads of one log in one epoch.

    A restored log may continue with other events, so it has another origin: under one origin there
    are never two checkpoints of which the greater does not continue the smaller. The key stays.

    Source: C2SP tlog-checkpoint and signed-note 1.0.0.
    """

    def __init__(self, identity: LogIdentity, key: SigningKey) -> None:
        self.origin = f"stenolog/{identity.log_id}/{identity.epoch_name}"
        self._identity = identity
        self.key = key
        self._public = ED25519 + key.public
        named = self.origin.encode() + b"\n" + self._public
        self._key_id = hashlib.sha256(named).digest()[:KEY_ID_BYTES]

    @property
    def verifier_key(self) -> str:
        """The key that verifies the checkpoints: its name, its id in hex, type and key in base64.

        Source: golang.org/x/mod/sumdb/note, "Generating keys".
        """
        return f"{self.origin}+{self._key_id.hex()}+{_base64(self._public)}"

    def checkpoint(self, head: TreeHead) -> str:
        """Return the signed note: origin, size and root in base64; then the signature's line."""
        assert head.identity == self._identity
        text = f"{self.origin}\n{head.size}\n{_base64(bytes.fromhex(head.root))}\n"
        signature = self._key_id + self.key.sign(text.encode())
        return f"{text}\n\N{EM DASH} {self.origin} {_base64(signature)}\n"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
