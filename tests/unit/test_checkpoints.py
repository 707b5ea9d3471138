"""Tree heads as C2SP checkpoints, verified with another library's reading of Ed25519 keys."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature

from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.tree_heads import TreeHead
from stenolog.encryption import SigningKey
from stenolog.log.format import LogIdentity
from tests.log_samples import RESTORE
from tests.signed_notes import Checkpoint, opened_checkpoint

LOG_ID = "018f2f9e-7c1a-4d3b-8a4e-5b6c7d8e9f0a"
HEAD = TreeHead.of(
    LogIdentity(log_id=LOG_ID),
    size=20_852_163,
    root="09" * 32,
    time="2026-11-30T12:00:00.000000Z",
)
SIGNER = HeadSigner(LogIdentity(log_id=LOG_ID), SigningKey(b"k" * 32))


def test_a_checkpoint_says_what_the_head_says() -> None:
    assert opened_checkpoint(SIGNER.checkpoint(HEAD), SIGNER.verifier_key) == Checkpoint(
        origin=f"stenolog/{LOG_ID}/1", size=HEAD.size, root=bytes.fromhex(HEAD.root)
    )


def test_a_checkpoint_has_the_bytes_that_the_specification_wants() -> None:
    text, _, signatures = SIGNER.checkpoint(HEAD).rpartition("\n\n")
    assert text == f"stenolog/{LOG_ID}/1\n20852163\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="
    assert signatures.startswith(f"— stenolog/{LOG_ID}/1 ")
    assert signatures.count("\n") == 1
    assert signatures.endswith("\n")
    assert SIGNER.checkpoint(HEAD) == SIGNER.checkpoint(HEAD)


def test_a_changed_checkpoint_does_not_open() -> None:
    note = SIGNER.checkpoint(HEAD)
    for old, new in (("20852163", "20852164"), ("CQkJ", "CQkK")):
        with pytest.raises(InvalidSignature):
            opened_checkpoint(note.replace(old, new, 1), SIGNER.verifier_key)


def test_another_epoch_is_another_origin_with_the_same_key() -> None:
    restored = LogIdentity(log_id=LOG_ID, epoch=2, restore=RESTORE)
    later = HeadSigner(restored, SigningKey(b"k" * 32))
    name, key_id, key = later.verifier_key.split("+", 2)
    assert name == f"stenolog/{LOG_ID}/2-{RESTORE}"
    _, key_id_before, key_before = SIGNER.verifier_key.split("+", 2)
    assert key == key_before
    assert key_id != key_id_before
    with pytest.raises(AssertionError):
        later.checkpoint(HEAD)
