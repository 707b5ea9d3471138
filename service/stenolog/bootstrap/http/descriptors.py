"""How many files and sockets may be open, and how many of them may be connections."""

from __future__ import annotations

import os
import resource

import structlog

DESCRIPTORS_MAX = 65_536  # more are of no use, and some libraries walk over all that may be
DESCRIPTORS_FEW = 4_096  # fewer hold back connections; see DECISIONS 114
KEPT_MAX = 448  # for four databases, 256 deliveries, the provider, the engine and log files

log = structlog.get_logger()


def raise_limit() -> int:
    """Raise the soft limit to the hard one; return how many descriptors there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return DESCRIPTORS_MAX
    wanted = DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_MAX)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft < DESCRIPTORS_FEW:
        log.warning(
            "edge.descriptors_few",
            limit=soft,
            wanted=DESCRIPTORS_FEW,
            advice="raise `ulimit -Hn`, LimitNOFILE of systemd, or `ulimits: nofile` of compose",
        )
    return soft


def descriptors() -> tuple[int, int]:
    """Count the descriptors that are open now; return it with how many there may be."""
    return len(os.listdir("/proc/self/fd")), resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def connections_within(descriptors_max: int, wanted: int) -> int:
    """Return how many connections there may be, `wanted` at most.

    An upload has a file beside its connection, so each connection counts twice.
    """
    kept = min(KEPT_MAX, descriptors_max // 2)
    return max(1, min(wanted, (descriptors_max - kept) // 2))
