"""Sign the callback URL and header that we register, because AssemblyAI signs no callback.

The token is kid (1 byte) ‖ provider (1) ‖ transcription (16) ‖ submission (4) ‖ HMAC-SHA256 (32):
54 bytes, so that its base64url form has 72 characters and no spare bits. The value of the auth
header is a second, independent HMAC over the same bytes. Tokens do not expire, because a job may
wait long and a callback is only a hint. Retiring a key revokes all tokens that it signed.
"""

from __future__ import annotations

import base64
import hmac
import re
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from stenolog.errors import BadToken
from stenolog.log.events.vocabulary import ProviderName

HEADER_NAME = "X-Stenolog-Callback"
# DECISIONS 6: 54 bytes leave no spare bits: one token has one text.
TOKEN_CHARACTERS = 72
KID_MAX = 255  # one byte
SECRET_BYTES = 32
# The alphabet alone: the standard library also reads `+` and `/`, and one token would have many
# spellings.
_SHAPE = re.compile(rf"[A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}")
_SIGNED = struct.Struct(">BB16sI")
_PROVIDERS: Mapping[ProviderName, int] = {"assemblyai": 1, "aimlapi": 2, "local": 3}
_PROVIDER_NAMES: Mapping[int, ProviderName] = {code: name for name, code in _PROVIDERS.items()}


@dataclass(slots=True, kw_only=True)
class CallbackKeys:
    """The keys that verify tokens, by number, and the one that signs; shared by all who do.

    Attributes:
        current: The number of the key that signs; it is in `secrets`.
        secrets: 32 random bytes each.
    """

    current: int
    secrets: Mapping[int, bytes]

    def turn_to(self, number: int, secret: bytes) -> None:
        """Sign with this key from now on; what was signed with the others still verifies."""
        assert len(secret) == SECRET_BYTES
        assert number <= KID_MAX
        self.secrets = {**self.secrets, number: secret}
        self.current = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is registered with the provider: the last part of the URL, and the header's value."""

    kid: int
    token: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What a valid token says."""

    kid: int
    provider: ProviderName
    transcription_id: str
    submission: int


def register(
    keys: CallbackKeys, provider: ProviderName, transcription_id: str, submission: int
) -> Registration:
    """Return the registration of one submission: the same each time under the same key."""
    kid = keys.current
    signed = _SIGNED.pack(kid, _PROVIDERS[provider], uuid.UUID(transcription_id).bytes, submission)
    secret = keys.secrets[kid]
    return Registration(
        kid=kid,
        token=_encode(signed + _mac(secret, b"url", signed)),
        header=_encode(_mac(secret, b"header", signed)),
    )


def verify(keys: CallbackKeys, provider: str, token: str, header: str | None) -> Registered:
    """Return what the token says, once both MACs hold.

    Raises:
        BadToken: Shape, key, provider, token or header is not ours.
    """
    signed, mac = read_token(token)
    kid, code, transcription, submission = _SIGNED.unpack(signed)
    secret = keys.secrets.get(kid)
    if secret is None:
        raise BadToken("unknown_key")
    if not hmac.compare_digest(mac, _mac(secret, b"url", signed)):
        raise BadToken("bad_token")
    if _PROVIDER_NAMES.get(code) != provider:
        raise BadToken("wrong_provider")
    expected = _encode(_mac(secret, b"header", signed))
    given = (header or "").encode(errors="replace")
    if not hmac.compare_digest(given, expected.encode()):
        raise BadToken("bad_header" if header else "no_header")
    return Registered(
        kid=kid,
        provider=_PROVIDER_NAMES[code],
        transcription_id=str(uuid.UUID(bytes=transcription)),
        submission=submission,
    )


def read_registration(token: str) -> Registered:
    """Return what a token says, unverified: for recognising our own registration at the provider.

    Raises:
        BadToken: It does not have a token's shape.
    """
    kid, code, transcription, submission = _SIGNED.unpack(read_token(token)[0])
    if code not in _PROVIDER_NAMES:
        raise BadToken("malformed")
    return Registered(
        kid=kid,
        provider=_PROVIDER_NAMES[code],
        transcription_id=str(uuid.UUID(bytes=transcription)),
        submission=submission,
    )


def read_token(token: str) -> tuple[bytes, bytes]:
    """Return the signed part and the MAC of a token, unverified.

    Raises:
        BadToken: It does not have a token's shape.
    """
    if _SHAPE.fullmatch(token) is None:
        raise BadToken("malformed")
    raw = base64.urlsafe_b64decode(token)
    return raw[: _SIGNED.size], raw[_SIGNED.size :]


def _mac(secret: bytes, purpose: bytes, signed: bytes) -> bytes:
    message = b"stenolog callback " + purpose + b"\0" + signed
    # Not `hmac.digest`: it gives up the interpreter's lock, which costs ten times what it does.
    # DECISIONS 78: hmac.digest would give up the interpreter's lock.
    return hmac.new(secret, message, "sha256").digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
