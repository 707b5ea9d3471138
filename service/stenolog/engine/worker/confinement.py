"""Give up what a worker does not need, before it touches a customer's file."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal

MEMORY_BYTES_MAX = 4 << 30  # address space; eight minutes of audio peak at 0.7 GB resident
FILE_BYTES_MAX = 0  # a worker writes to its pipe and to nothing else
PR_SET_PDEATHSIG = 1  # linux/prctl.h
# DECISIONS 44: without a network, what the decoder is led to stays here.
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000  # linux/sched.h


def die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however it ends; Linux only."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)  # it died before we asked


def leave_network() -> bool:
    """Give up the network; tell whether it is gone. Call it before any thread is started.

    Many containers forbid it. Then only the decoder's own restrictions stand: it is given an open
    file, and no demuxer or protocol that could connect.
    """
    try:
        return bool(ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
    except (AttributeError, OSError):
        return False


def limit_resources() -> None:
    """Memory is bounded, no file can grow, no core is dumped: it would hold somebody's speech."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, FILE_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_cpu(seconds: int) -> None:
    """Allow this many more seconds of CPU; past them the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, hard))
