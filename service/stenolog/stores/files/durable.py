"""Copy, hash and sync files, so that what was copied outlives a power cut."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from stenolog.errors import CannotStart, StoreUnavailable
from stenolog.stores.files.directory import FILE_MODE

PIECE_BYTES = 1_048_576


@contextlib.contextmanager
def file_errors(what: str) -> Iterator[None]:
    """The operating system's errors leave as `StoreUnavailable`.

    Raises:
        StoreUnavailable: It said no; `what` and its words are in the message.
    """
    try:
        yield
    except OSError as exc:
        raise StoreUnavailable(f"{what}: {exc.strerror or type(exc).__name__}") from exc


def copy_durably(source: Path, target: Path) -> str:
    """Copy a file in pieces of 1 MiB; it is on the disk when this returns. Return its SHA-256.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It cannot be read, or the copy cannot be written.
    """
    digest = hashlib.sha256()
    with source.open("rb") as reading:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "wb", buffering=0) as writing:
            while piece := reading.read(PIECE_BYTES):
                digest.update(piece)
                writing.write(piece)
            os.fsync(writing.fileno())
    return digest.hexdigest()


def copy_checked(source: Path, target: Path, digest: str) -> None:
    """Copy a file of a backup durably, if it is the one that has this SHA-256.

    Raises:
        CannotStart: It is missing, or is not what was copied.
        OSError: It cannot be read, or the copy cannot be written.
    """
    try:
        copied = copy_durably(source, target)
    except FileNotFoundError as exc:
        raise CannotStart(f"{source} is missing: take another backup") from exc
    if copied != digest:
        raise CannotStart(f"{source} is not what was copied: take another backup")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Bring a file, or the names in a directory, onto the disk.

    Raises:
        OSError: It could not be.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
