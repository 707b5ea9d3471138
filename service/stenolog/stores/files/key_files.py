"""Read and make the files of master keys in a data directory."""

from __future__ import annotations

import secrets
from pathlib import Path

from stenolog.errors import CannotStart
from stenolog.stores.files.directory import MASTER_KEY, NEXT_MASTER_KEY, write_durably


def read_master_key(path: Path) -> bytes | None:
    """Return the key in `DATA_DIR/master-key`; None when there is none.

    Raises:
        CannotStart: The file is not a key.
    """
    return read_key_file(path / MASTER_KEY)


def read_next_master_key(path: Path) -> bytes | None:
    """Return the key that is to follow the one in `DATA_DIR/master-key`; None when none is.

    Raises:
        CannotStart: The file is not a key.
    """
    return read_key_file(path / NEXT_MASTER_KEY)


def read_key_file(file: Path) -> bytes | None:
    """Return the key in a file of 64 hex digits; None when there is no such file.

    Raises:
        CannotStart: The file is not a key.
    """
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise CannotStart(
            f"{file} cannot be read: {exc.strerror}; it must be a file of the service's user"
        ) from exc
    except ValueError as exc:
        raise CannotStart(f"{file} is not a key of 64 hex digits: restore it") from exc
    if len(key) != 32:
        raise CannotStart(f"{file} is not a key of 64 hex digits: restore it")
    return key


def make_master_key(path: Path) -> bytes:
    """Make a key, on the disk before it is used."""
    key = secrets.token_bytes(32)
    write_durably(path / MASTER_KEY, key.hex() + "\n")
    return key


def make_next_master_key(path: Path) -> bytes:
    """Make the key that is to follow, on the disk before it is used."""
    key = secrets.token_bytes(32)
    write_durably(path / NEXT_MASTER_KEY, key.hex() + "\n")
    return key


def take_next_master_key(path: Path) -> None:
    """Put the key that is to follow in the place of the other, durably; do nothing without one.

    Raises:
        CannotStart: It cannot be done.
    """
    key = read_next_master_key(path)
    if key is not None:
        write_durably(path / MASTER_KEY, key.hex() + "\n")
        (path / NEXT_MASTER_KEY).unlink(missing_ok=True)
