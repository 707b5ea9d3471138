"""Keep signed tree heads in a file; one is added once the log is shown to continue the last one."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from stenolog.cli.answers import Answered, Token, checked
from stenolog.cli.client import ServiceClient
from stenolog.compliance.signed_notes import (
    SignedCheckpoint,
    VerifierKey,
    opened_checkpoint,
    verifier_key,
)
from stenolog.errors import EvidenceError, InvalidRequest
from stenolog.log.proofs import consistency_roots

HEAD_PATH = "/api/v1/log/tree-head"
KEY_PATH = "/.well-known/stenolog-log-key"
PROOF_PATH = "/api/v1/log/proof/consistency"
TAIL_BYTES = 64 << 10  # more than the last head of a file
ORIGIN = "stenolog/"


class ContinuedLog(Answered):
    """A proof of consistency."""

    path: list[Token]


async def sealed_head(client: ServiceClient) -> tuple[SignedCheckpoint, VerifierKey]:
    """Have the service seal its log; return the signed head over it, and the key that signed it.

    Raises:
        EvidenceError: It is signed wrongly.
    """
    note = (await client.content(HEAD_PATH, method="POST")).decode(errors="replace")
    key = verifier_key(await client.text(KEY_PATH))
    return opened_checkpoint(note, key), key


class KeptHeads:
    """A file of C2SP checkpoints, as `stenolog log verify --against` takes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def add(self, client: ServiceClient, head: SignedCheckpoint, key: VerifierKey) -> None:
        """Append a head durably, unless it is the last one.

        Raises:
            EvidenceError: The log does not continue the last one, or another key signs it now.
            InvalidRequest: The file cannot be read or written, or does not end with a head.
        """
        last = self._last(key)
        if last is None or last.origin != head.origin:
            self._append(head)  # a restore began an epoch: what it lost, `log verify` tells
        elif head.size > last.size:
            await _check(client, last, head)
            self._append(head)
        elif (head.size, head.root) != (last.size, last.root):
            raise EvidenceError(
                f"the log has {head.size} events, and had {last.size} when the last head was kept "
                f"in {self._path}: its past is another",
                head.size,
            )

    def _last(self, key: VerifierKey) -> SignedCheckpoint | None:
        try:
            with self._path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
                tail = file.read().decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise InvalidRequest(f"{self._path}: {exc.strerror}") from exc
        begin = f"\n{tail}".rfind(f"\n{ORIGIN}")
        if begin < 0:
            if not tail:
                return None
            raise InvalidRequest(f"{self._path}: ends with no signed tree head")
        note = tail[begin:]
        origin = note.partition("\n")[0]
        if origin.split("/")[1:2] != key.name.split("/")[1:2]:
            raise EvidenceError(f"{self._path} has the heads of another log", 1)
        # A restore changes the origin, and not the key.
        return opened_checkpoint(note, key.named(origin))

    def _append(self, head: SignedCheckpoint) -> None:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(head.note)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise InvalidRequest(f"{self._path}: {exc.strerror}") from exc


async def _check(client: ServiceClient, old: SignedCheckpoint, new: SignedCheckpoint) -> None:
    roots = consistency_roots(
        old.size, new.size, await consistency_path(client, old.size, new.size), old.root
    )
    if roots != (old.root, new.root):
        raise EvidenceError(
            f"the log does not continue the head over {old.size} events that was kept: its past is "
            "another",
            old.size,
        )


async def consistency_path(client: ServiceClient, old: int, new: int) -> list[bytes]:
    """Return the proof that the first `new` events begin with the first `old`, as it was answered.

    Raises:
        EvidenceError: It is none.
    """
    shown = checked(ContinuedLog, await client.get(f"{PROOF_PATH}?from={old}&to={new}"))
    try:
        return [base64.b64decode(one, validate=True) for one in shown.path]
    except binascii.Error as exc:
        raise EvidenceError("the proof of consistency is damaged", old) from exc
