"""Encrypt with AES-256-GCM, sign with Ed25519, derive keys with HKDF; the library's only user."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stenolog.errors import PayloadDamaged

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits for AES-GCM
TAG_BYTES = 16


def derived_key(secret: bytes, purpose: bytes) -> bytes:
    """Derive a key of 32 bytes for one purpose; another purpose gives an unrelated key."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)


class Cipher:
    """Encrypts under one key with AES-256-GCM; what was changed or moved does not decrypt."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes."""
        assert len(key) == KEY_BYTES
        self._aead = AESGCM(key)

    def box(self, plaintext: bytes, name: bytes) -> bytes:
        """Encrypt under a random nonce, which begins the box; `name` is bound to it, not in it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plaintext, name)

    def unbox(self, box: bytes, name: bytes) -> bytes:
        """Decrypt what `box` made with the same `name`.

        Raises:
            PayloadDamaged: Box, name or key is another.
        """
        return self.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], name)

    def encrypt(
        self, nonce: bytes, plaintext: bytes | bytearray | memoryview, name: bytes
    ) -> bytes:
        """Encrypt under a nonce of the caller, who must never use it twice with this key."""
        return self._aead.encrypt(nonce, plaintext, name)

    def decrypt(self, nonce: bytes, sealed: bytes, name: bytes) -> bytes:
        """Decrypt what `encrypt` made with the same nonce and name.

        Raises:
            PayloadDamaged: It does not open.
        """
        try:
            return self._aead.decrypt(nonce, sealed, name)
        except (InvalidTag, ValueError) as exc:
            raise PayloadDamaged("it does not open under this key") from exc


class SigningKey:
    """Signs with Ed25519 (RFC 8032): the same message has the same signature each time."""

    def __init__(self, secret: bytes) -> None:
        """Take a private key of 32 random bytes."""
        assert len(secret) == KEY_BYTES
        self._key = Ed25519PrivateKey.from_private_bytes(secret)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes."""
        return self._key.sign(message)


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether this Ed25519 key signed the message; any bytes may be given."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
