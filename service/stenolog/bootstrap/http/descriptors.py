"""How many files and sockets may be open, and how many of them may be connections."""

from __future__ import annotations

import contextlib
import os
import re
import resource
from pathlib import Path

import structlog

DESCRIPTORS_MAX = 65_536  # more are of no use, and some libraries walk over all that may be
DESCRIPTORS_FEW = 4_096  # fewer hold back connections; see DECISIONS 114
KEPT_MAX = 448  # for four databases, 256 deliveries, the provider, the engine and log files
RAISE_LIMIT = "raise `ulimit -Hn`, LimitNOFILE of systemd, or `ulimits: nofile` of compose"

log = structlog.get_logger()


def raise_limit() -> int:
    """Raise the soft limit to the hard one; return how many descriptors there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _finite(hard)
    if _finite(soft) < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError) as exc:  # where a system has a limit behind the hard one
            log.warning(
                "edge.descriptors_not_raised", wanted=wanted, error=str(exc), advice=RAISE_LIMIT
            )
    if _finite(soft) < DESCRIPTORS_FEW:
        log.warning("edge.descriptors_few", limit=soft, wanted=DESCRIPTORS_FEW, advice=RAISE_LIMIT)
    return _finite(soft)


def descriptors() -> tuple[int, int]:
    """Count the descriptors that are open now; return it with how many there may be."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return len(os.listdir("/dev/fd")), _finite(soft)


def limit_of(pid: int | None) -> int:
    """Return how many descriptors a process may have; of None: how many a new gateway may."""
    with contextlib.suppress(OSError):
        if pid is not None:
            limits = Path(f"/proc/{pid}/limits").read_text()
            for soft in re.findall(r"^Max open files +(\d+)", limits, re.M):
                return int(soft)
    return _finite(resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def _finite(limit: int) -> int:
    return DESCRIPTORS_MAX if limit == resource.RLIM_INFINITY else min(limit, DESCRIPTORS_MAX)


def connections_within(descriptors_max: int, wanted: int) -> int:
    """Return how many connections there may be, `wanted` at most.

    An upload has a file beside its connection, so each connection counts twice.
    """
    kept = min(KEPT_MAX, descriptors_max // 2)
    return max(1, min(wanted, (descriptors_max - kept) // 2))
