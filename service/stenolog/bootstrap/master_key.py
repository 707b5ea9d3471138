"""Find the master key: in the settings, in a file, from a command, or in the data directory."""

from __future__ import annotations

import shlex
import subprocess

from stenolog.compliance.data_keys import MasterKey
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.stores.files.key_files import (
    make_next_master_key,
    read_key_file,
    read_master_key,
    read_next_master_key,
    take_next_master_key,
)

COMMAND_S_MAX = 30
COMMAND_BYTES_MAX = 4_096
KEY_BYTES = 32
ONE_PLACE = (
    "set one of STENOLOG_MASTER_KEY, STENOLOG_MASTER_KEY_FILE and STENOLOG_MASTER_KEY_COMMAND"
)
ELSEWHERE = (
    "the master key is not in DATA_DIR: make the new one where it is kept, give the old one as "
    "STENOLOG_MASTER_KEY_PREVIOUS, and restart the service; it wraps all keys anew while it serves"
)


def known_master_key(settings: Settings) -> MasterKey | None:
    """Return the master key, with the one that it replaces; None when there is none yet.

    Raises:
        CannotStart: It cannot be had, or is not a key.
    """
    secret, earlier = _stated(settings), settings.master_key_previous
    if secret is not None:
        return MasterKey(secret, None if earlier is None else _hex(earlier.get_secret_value()))
    if earlier is not None:
        raise CannotStart(f"STENOLOG_MASTER_KEY_PREVIOUS is set, and no master key: {ONE_PLACE}")
    directory = settings.data_dir
    present, following = read_master_key(directory), read_next_master_key(directory)
    if following is not None:
        return MasterKey(following, present)
    return None if present is None else MasterKey(present)


def is_stated(settings: Settings) -> bool:
    """Tell whether the settings say where the master key is: then it is not made here."""
    return bool(settings.master_key or settings.master_key_file or settings.master_key_command)


def following_key(settings: Settings) -> bytes:
    """Return the key that is to follow, which is on the disk; no rotation is under way.

    One that was made and never used is taken: nothing shows that it wraps nothing. A crash can
    leave one beside its copy, which is what is in use.

    Raises:
        CannotStart: The settings say where the key is, or the new one cannot be stored.
    """
    if is_stated(settings):
        raise CannotStart(ELSEWHERE)
    directory = settings.data_dir
    following = read_next_master_key(directory)
    if following is None or following == read_master_key(directory):
        return make_next_master_key(directory)
    return following


def let_go(settings: Settings) -> None:
    """Make the new key the only one, durably, once nothing is wrapped by the one before.

    Raises:
        CannotStart: It cannot be done.
    """
    if not is_stated(settings):
        take_next_master_key(settings.data_dir)


def _stated(settings: Settings) -> bytes | None:
    stated = [settings.master_key, settings.master_key_file, settings.master_key_command]
    if sum(one is not None for one in stated) > 1:
        raise CannotStart(f"the master key is stated twice: {ONE_PLACE}")
    if settings.master_key is not None:
        return _hex(settings.master_key.get_secret_value())
    if settings.master_key_file is not None:
        key = read_key_file(settings.master_key_file)
        if key is None:
            raise CannotStart(f"STENOLOG_MASTER_KEY_FILE: there is no {settings.master_key_file}")
        return key
    if settings.master_key_command is not None:
        return _told(settings.master_key_command)
    return None


def _told(command: str) -> bytes:
    """Return the key that a command prints; what else it says goes nowhere.

    Raises:
        CannotStart: It fails, takes too long, or prints no key. The message has nothing of it.
    """
    what = "STENOLOG_MASTER_KEY_COMMAND"
    try:
        done = subprocess.run(  # noqa: S603  the operator's own, without a shell
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotStart(f"{what} did not end within {COMMAND_S_MAX} s") from None
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "its quotes do not match"
        raise CannotStart(f"{what} cannot be run: {reason}") from None
    if done.returncode:
        raise CannotStart(f"{what} ended with status {done.returncode}: run it by hand")
    if len(done.stdout) > COMMAND_BYTES_MAX:
        raise CannotStart(f"{what} must print 64 hex digits and nothing else")
    try:
        key = bytes.fromhex(done.stdout.decode("ascii").strip())
    except (UnicodeError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise CannotStart(f"{what} must print 64 hex digits and nothing else")
    return key


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)  # the setting is checked
