"""Sign messages as Standard Webhooks 1.0.0 says, and read and write its secrets. Pure.

Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from stenolog.encryption import SigningKey
from stenolog.errors import InvalidRequest

SECRET_PREFIX = "whsec_"  # noqa: S105  a prefix, no secret
PUBLIC_PREFIX = "whpk_"
SECRET_BYTES = 32  # of those that we make; the specification allows 24 to 64
# Svix takes up to 75: whoever comes from there keeps a secret.
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 75
SECRET_CHARS_MAX = len(SECRET_PREFIX) + 4 * 25
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # no full stop: it parts what is signed
ID_HEADER, TIMESTAMP_HEADER = "webhook-id", "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
HEADERS = frozenset({ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER})
WRONG_SECRET = (
    f"must be {SECRET_PREFIX} and {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} random bytes in "
    "standard base64 (with + and /, not - and _)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """With what the messages to one receiver are signed.

    Attributes:
        secrets: The newest first; each makes one `v1` signature, so that either side may change
            to the newer one in its own time.
        key: Makes a `v1a` signature as well.
    """

    secrets: Sequence[bytes] = field(repr=False)
    key: SigningKey | None = field(default=None, repr=False)

    def headers(self, message_id: str, at_s: int, body: bytes) -> list[tuple[str, str]]:
        """Return the three headers for one attempt at this time, in seconds since the epoch."""
        assert MESSAGE_ID.fullmatch(message_id)
        signed = f"{message_id}.{at_s}.".encode() + body
        made = [f"v1,{_base64(hmac.digest(one, signed, hashlib.sha256))}" for one in self.secrets]
        if self.key is not None:
            made.append(f"v1a,{_base64(self.key.sign(signed))}")
        return [
            (ID_HEADER, message_id),
            (TIMESTAMP_HEADER, str(at_s)),
            (SIGNATURE_HEADER, " ".join(made)),
        ]


def secret_text(secret: bytes) -> str:
    """Write a secret as a customer is shown it."""
    return SECRET_PREFIX + _base64(secret)


def public_text(key: bytes) -> str:
    """Write the public key that verifies `v1a`."""
    return PUBLIC_PREFIX + _base64(key)


def read_secret(text: str) -> bytes:
    """Return a secret that a customer brings.

    Raises:
        InvalidRequest: It is none, too short, or in the alphabet for URLs.
    """
    encoded = text.removeprefix(SECRET_PREFIX).rstrip("=")
    try:
        if len(text) > SECRET_CHARS_MAX or not text.startswith(SECRET_PREFIX):
            raise ValueError
        secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        if not SECRET_BYTES_MIN <= len(secret) <= SECRET_BYTES_MAX:
            raise ValueError
    except (binascii.Error, ValueError) as exc:
        raise InvalidRequest(f"secret {WRONG_SECRET}", [("secret", WRONG_SECRET)]) from exc
    return secret


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
