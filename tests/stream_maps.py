"""The map of streams as docs/FORMAT.md says it, made of all events at once by the specification."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import rfc8785

from tests import rfc6962


def entries(stored: Sequence[bytes]) -> list[bytes]:
    """An entry for each of these events: where the stream ends that begins there, or nothing."""
    first: dict[str, int] = {}
    last: dict[str, dict[str, Any]] = {}
    for event in map(json.loads, stored):
        first.setdefault(event["stream"], event["position"])
        last[event["stream"]] = {name: event[name] for name in ("position", "stream", "version")}
    found = [b""] * len(stored)
    for stream, position in first.items():
        found[position - 1] = rfc8785.dumps(last[stream])
    return found


def root(stored: Sequence[bytes]) -> str:
    """What a seal over these events must say."""
    return rfc6962.tree_hash(entries(stored)).hex()
