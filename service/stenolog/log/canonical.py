"""Turn an event into bytes, by RFC 8785 as far as events need it; nothing else writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson


def canonical_bytes(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 (JCS) for objects with ASCII keys, without floats, integers within 53 bits.

    Under those limits orjson with sorted keys gives the same bytes as RFC 8785: a property test
    compares the two. The catalogue keeps every event within them.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def leaf_hash(stored: bytes) -> bytes:
    """RFC 6962 leaf hash: SHA-256(0x00 ‖ bytes)."""
    return hashlib.sha256(b"\x00" + stored).digest()
