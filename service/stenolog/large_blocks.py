"""Give the memory of large blocks back to the system as soon as they are freed."""

from __future__ import annotations

import ctypes

LARGE_BYTES_MIN = 256 << 10
M_MMAP_THRESHOLD = -3  # glibc, malloc.h


def give_back_large_blocks() -> bool:
    """Map each large block on its own in this process; False: its C library does not offer that.

    glibc does so from 128 KiB at first, but each large block that is freed raises the size, up to
    32 MiB. From then on a result of some MiB lies among what stays in use, and its memory remains
    with the process. Setting the size ends that. Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE_BYTES_MIN))
