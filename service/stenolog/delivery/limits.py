"""Say how much may be pending."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLimits:
    """How much may be pending; the log keeps what is beyond.

    Attributes:
        per_tenant: A delivery of a tenant with so many has ended when it is added: `exhausted`.
        deliveries: Of all tenants; then nothing is added until some have ended.
        size_bytes: Of all rows, with attempts and indexes; the same.
    """

    per_tenant: int = 100_000  # a receiver of one outcome a second, down for more than a day
    deliveries: int = 1_000_000
    size_bytes: int = 2 << 30
