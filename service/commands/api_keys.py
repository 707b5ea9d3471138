"""API keys: made once, shown once, kept as a digest, found by a public prefix."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import Protocol

from service.clock import now_us, rfc3339
from service.commands.handler import new_id
from service.errors import InvalidRequest

SCOPES = (
    "transcripts:write",
    "transcripts:read",
    "events:read",
    "endpoints:write",
    "keys:write",
    "ops:read",
    "compliance:read",
    "compliance:erase",
    "compliance:hold",
)
DEFAULT_SCOPES = ("transcripts:write", "transcripts:read", "events:read")
DEFAULT_TENANT = "default"
NAME_CHARACTERS_MAX = 128
SECRET_BYTES = 32
PREFIX_BYTES = 6
_SHAPE = re.compile(r"sk_([A-Za-z0-9_-]{8})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is stored: its secret part only as SHA-256."""

    prefix: str
    id: str
    hash: bytes
    tenant: str
    tenant_name: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None = None


class ApiKeys(Protocol):
    """Where keys and tenants are kept; `stores/*/keys` keeps this promise."""

    async def tenant(self, name: str, candidate: str) -> str:
        """The id of the tenant with this name, durably; `candidate` when the name is new."""
        ...

    async def add_api_key(self, key: ApiKey) -> None:
        """Keep a new key, durably."""
        ...

    async def api_key(self, prefix: str) -> ApiKey | None:
        """The key with this public prefix."""
        ...

    async def api_keys(self, tenant: str | None, *, after: str, limit: int) -> list[ApiKey]:
        """At most `limit` keys of one tenant (None: of all) behind `after`, in prefix order."""
        ...

    async def revoke_api_key(self, key: str, tenant: str | None, at: str) -> ApiKey | None:
        """The key with this prefix or id, revoked durably; None when the tenant has no such key.

        `tenant` None: of any. A key that was revoked before stays revoked since then.
        """
        ...


def new_secret(entropy: bytes) -> str:
    """The key that the customer keeps, from 38 random bytes: `sk_` prefix `_` secret."""
    assert len(entropy) == PREFIX_BYTES + SECRET_BYTES
    prefix = base64.urlsafe_b64encode(entropy[:PREFIX_BYTES]).decode()
    secret = base64.urlsafe_b64encode(entropy[PREFIX_BYTES:]).decode().rstrip("=")
    return f"sk_{prefix}_{secret}"


def prefix_of(secret: str) -> str | None:
    """The public prefix of a key; None when it does not have a key's shape."""
    match = _SHAPE.fullmatch(secret)
    return match[1] if match else None


def digest_of(secret: str) -> bytes:
    """SHA-256 of the whole key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def matches(secret: str, key: ApiKey) -> bool:
    """Whether `secret` is this key and the key is not revoked; in constant time."""
    return hmac.compare_digest(digest_of(secret), key.hash) and key.revoked_at is None


def checked_scopes(asked: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that were asked for, in our order; the default ones for none.

    Raises:
        InvalidRequest: One is not known.
    """
    unknown = [scope for scope in asked if scope not in SCOPES]
    if unknown:
        raise InvalidRequest(
            f"unknown scope {unknown[0]!r}: there are {', '.join(SCOPES)}",
            [("scopes", "not a known scope")],
        )
    return tuple(scope for scope in SCOPES if scope in asked) or DEFAULT_SCOPES


def checked_name(field: str, name: str) -> str:
    """A tenant's or a key's name, as given.

    Raises:
        InvalidRequest: It is empty, too long, or has control characters.
    """
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidRequest(
            f"{field} must have 1 to {NAME_CHARACTERS_MAX} printable characters",
            [(field, f"1 to {NAME_CHARACTERS_MAX} printable characters")],
        )
    return name


async def create_api_key(
    keys: ApiKeys, *, tenant: str, name: str, scopes: tuple[str, ...]
) -> tuple[str, ApiKey]:
    """A new key, durable when this returns; its secret is returned this once.

    Raises:
        StoreUnavailable: Nothing was written, or at most the tenant's name.
    """
    tenant_id = await keys.tenant(tenant, new_id())
    secret = new_secret(os.urandom(PREFIX_BYTES + SECRET_BYTES))
    prefix = prefix_of(secret)
    assert prefix is not None
    key = ApiKey(
        prefix=prefix,
        id=new_id(),
        hash=digest_of(secret),
        tenant=tenant_id,
        tenant_name=tenant,
        name=name,
        scopes=scopes,
        created_at=rfc3339(now_us()),
    )
    await keys.add_api_key(key)
    return secret, key
