"""Memory of large results does not stay with the process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Large blocks lie between small ones that stay.
PROGRAM = """
import os, sys
from stenolog.large_blocks import give_back_large_blocks

def resident_mib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

if sys.argv[1] == "set":
    assert give_back_large_blocks()
del bytearray(16 << 20)[:]
before, kept, large = resident_mib(), [], []
for _ in range(25):
    large.append(bytes(4 << 20).replace(b"\\0", b"x", 1))
    kept.append(bytes(100_000))
full = resident_mib() - before
del large
print(full, resident_mib() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_what_is_freed_of_large_blocks_goes_back() -> None:
    left = {}
    for how in ("set", "not set"):
        said = subprocess.run(
            [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
        )
        full, left[how] = map(float, said.stdout.split())
        assert full > 90
    assert left["set"] < 20
    assert left["set"] < left["not set"], "the machine's own default would do"
