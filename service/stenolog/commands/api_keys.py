"""Make, find and check API keys: shown once, kept as a digest, found by a public prefix."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from stenolog.errors import InvalidRequest, RequestError
from stenolog.log.events.vocabulary import ProviderName, Region

# Each guards something. One that guards nothing yet is not offered: who gave it away before would
# have allowed what nobody knew of.
SCOPES = (
    "transcripts:write",
    "transcripts:read",
    "events:read",
    "compliance:read",
    "compliance:erase",
    "compliance:hold",
    "endpoints:write",
    "keys:write",
    "ops:read",
)
DEFAULT_SCOPES = ("transcripts:write", "transcripts:read", "events:read", "compliance:erase")
ALL = "all"  # in the place of scopes: every one that there is, also those of later versions
DEFAULT_TENANT = "default"
MANAGING = "keys:write"
NAME_CHARACTERS_MAX = 128
SECRET_BYTES = 32
PREFIX_BYTES = 6
_SHAPE = re.compile(r"sk_([A-Za-z0-9_-]{8})_[A-Za-z0-9_-]{43}")


class LastManagingKey(RequestError, code="last-managing-key"):
    """An API key is not revoked, because nobody could manage keys without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is stored: of its secret part only the SHA-256.

    Attributes:
        scopes: What it may do; `ALL` alone: everything.
        region: Where what it asks for is transcribed, when a request names no region.
        tenant_region: The same for all keys of its tenant that have none of their own.
        provider: Who transcribes what it asks for, when a request names nobody.
        tenant_providers: The same for all keys of its tenant that have none of their own: the
            second is asked where the first has no job and takes none, and so on.
        retention: The class of what it asks for, when a request names none.
        tenant_retention: The same for all keys of its tenant that have none of their own.
    """

    prefix: str
    id: str
    hash: bytes
    tenant: str
    tenant_name: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None = None
    region: Region | None = None
    tenant_region: Region | None = None
    provider: ProviderName | None = None
    tenant_providers: tuple[ProviderName, ...] = ()
    retention: str | None = None
    tenant_retention: str | None = None

    @property
    def default_providers(self) -> tuple[ProviderName, ...]:
        """The key's own provider, else its tenant's; none: the gateway's."""
        return self.tenant_providers if self.provider is None else (self.provider,)

    @property
    def default_region(self) -> Region | None:
        """The key's own region, else its tenant's; None: the gateway's."""
        return self.region or self.tenant_region

    @property
    def manages_all(self) -> bool:
        """Whether the keys of every tenant can be managed with it."""
        return self.tenant_name == DEFAULT_TENANT and self.may(MANAGING) and self.revoked_at is None

    def may(self, scope: str) -> bool:
        """Tell whether it has this scope; `ALL` is had only by who has it by name."""
        return scope in self.scopes or (ALL in self.scopes and scope in SCOPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Someone whose keys and transcriptions are kept apart from all others'."""

    id: str
    region: Region | None = None
    providers: tuple[ProviderName, ...] = ()
    retention: str | None = None


class ApiKeys(Protocol):
    """Keeps keys and tenants; `stores/*/keys` keeps this promise."""

    async def tenant(
        self,
        name: str,
        candidate: str,
        region: Region | None = None,
        providers: Sequence[ProviderName] = (),
        retention: str | None = None,
    ) -> Tenant:
        """Find or make the tenant with this name, durably; a new one has the id `candidate`.

        A `region` is its default from now on, and so are `providers` and `retention`; None and none
        leave them as they are.
        """
        ...

    async def add_api_key(self, key: ApiKey) -> None:
        """Keep a new key, durably."""
        ...

    async def api_key(self, prefix: str) -> ApiKey | None:
        """Return the key with this public prefix."""
        ...

    async def api_keys(self, tenant: str | None, *, after: str, limit: int) -> list[ApiKey]:
        """Return at most `limit` keys of one tenant (None: of all), newest first.

        `after` is the id of the last one of the page before; empty: from the first.
        """
        ...

    async def found(self, key: str, tenant: str | None) -> ApiKey | None:
        """Return the key with this prefix or id, revoked or not; None when the tenant has none.

        `tenant` None: of any.
        """
        ...

    async def revocable(self, key: str, tenant: str | None) -> ApiKey | None:
        """Return the key with this prefix or id, revoked or not; None when the tenant has none.

        `tenant` None: of any.

        Raises:
            LastManagingKey: Without it nobody could manage keys.
        """
        ...

    async def revoke_api_key(self, key_id: str, at: str) -> ApiKey | None:
        """Revoke the key with this id, durably; None when there is none.

        A key that was revoked before stays revoked since then.
        """
        ...


def new_secret(entropy: bytes) -> str:
    """Return the key that the customer keeps, from 38 random bytes: `sk_` prefix `_` secret."""
    assert len(entropy) == PREFIX_BYTES + SECRET_BYTES
    prefix = base64.urlsafe_b64encode(entropy[:PREFIX_BYTES]).decode()
    secret = base64.urlsafe_b64encode(entropy[PREFIX_BYTES:]).decode().rstrip("=")
    return f"sk_{prefix}_{secret}"


def prefix_of(secret: str) -> str | None:
    """Return the public prefix of a key; None when it does not have a key's shape."""
    match = _SHAPE.fullmatch(secret)
    return match[1] if match else None


def digest_of(secret: str) -> bytes:
    """SHA-256 of the whole key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def matches(secret: str, key: ApiKey) -> bool:
    """Tell whether `secret` is this key and the key is not revoked; in constant time."""
    return hmac.compare_digest(digest_of(secret), key.hash) and key.revoked_at is None


def checked_scopes(asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes that were asked for, in our order; the default ones for none.

    `ALL` makes every other superfluous.

    Raises:
        InvalidRequest: One is not known.
    """
    unknown = [scope for scope in asked if scope not in (*SCOPES, ALL)]
    if unknown:
        raise InvalidRequest(
            f"unknown scope {unknown[0]!r}: there are {', '.join(SCOPES)}, and {ALL}",
            [("scopes", "not a known scope")],
        )
    if ALL in asked:
        return (ALL,)
    return tuple(scope for scope in SCOPES if scope in asked) or DEFAULT_SCOPES


def checked_name(field: str, name: str) -> str:
    """Return a tenant's or a key's name, as given.

    Raises:
        InvalidRequest: It is empty, too long, has control characters, or has blanks around it,
            by which nobody could tell it from another.
    """
    wanted = f"1 to {NAME_CHARACTERS_MAX} printable characters, without blanks around them"
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable() or name != name.strip():
        raise InvalidRequest(f"{field} must have {wanted}", [(field, wanted)])
    return name


def refuse_last(key: ApiKey, tenants: Iterable[ApiKey]) -> None:
    """Check that a key which manages all keys would remain without this one.

    Raises:
        LastManagingKey: It is the only one.
    """
    # DECISIONS 27: leave a key that can make keys.
    if key.manages_all and not any(one.manages_all and one.id != key.id for one in tenants):
        raise LastManagingKey(
            f"This is the last key of tenant {DEFAULT_TENANT} with the scope {MANAGING}: without "
            "it nobody could manage keys. Make another one first"
        )
