"""Examine the data directory for `stenolog doctor`: the log, its keys, the master key."""

from __future__ import annotations

from pathlib import Path

from stenolog.bootstrap.identity import CHECK
from stenolog.bootstrap.master_key import is_stated, known_master_key
from stenolog.bootstrap.offline import (
    master_key_mark,
    open_records,
    published_key,
    refuse_unstartable,
)
from stenolog.cli.findings import Finding
from stenolog.compliance.known_head import contradiction
from stenolog.compliance.lost_files import BEGUN, GO_BACK, is_new
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import last_head
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, PayloadDamaged, SchemaTooNew, StoreError
from stenolog.log.merkle import frontier_from_bytes
from stenolog.stores.files.directory import KEYS, LOG, MASTER_KEY, running

RESTORE_ALL = GO_BACK
LOOK_FIRST = "`stenolog log verify` says what is damaged"
ASK_AS_ITS_USER = "ask as the service's user, or give the files to this one"
ENV_FILE_ADVICE = (
    "name the service's settings with --env-file, or ask as its user while it runs; when they have "
    "no key, restore DATA_DIR/master-key"
)


def master_key(settings: Settings, *, known: bool = True, runs: bool = False) -> Finding:
    """Check that the key that wraps all others is here, and is that of this directory.

    Args:
        settings: As far as they are known.
        known: They are those of the service. When they are not, it may have a key that is not
            seen from here, and none is told as missing or wrong.
        runs: The service runs; it does not without its key.
    """
    what = "master key"
    file = settings.data_dir / MASTER_KEY
    if not is_stated(settings) and not _may_be_read(file):
        return Finding(
            what=what,
            holds=None if runs else False,
            said=f"this user may not read {file}",
            advice=ASK_AS_ITS_USER,
        )
    try:
        key = known_master_key(settings)
    except CannotStart as exc:
        return Finding(what=what, holds=False, said=str(exc))
    try:
        box = None if _missing(settings) else master_key_mark(settings)
    except (StoreError, CannotStart):
        box = None  # that the files cannot be read is a finding of its own
    if key is None:
        if box is not None or not is_new(settings.data_dir / LOG):
            if not known:
                return Finding(
                    what=what,
                    holds=None,
                    said="not seen from here" + (", the service that runs has it" * runs),
                    advice=ENV_FILE_ADVICE,
                )
            return Finding(
                what=what,
                holds=False,
                said="missing, and there is a log",
                advice="restore DATA_DIR/master-key or set STENOLOG_MASTER_KEY",
            )
        return Finding(what=what, holds=None, said="not there yet")
    if box is not None:
        try:
            key.unwrap(box, f"{CHECK} 1".encode())
        except PayloadDamaged:
            if not known and (runs or not is_stated(settings)):
                return Finding(
                    what=what,
                    holds=None,
                    said="the one here is not that of this data directory; the service may have "
                    "another",
                    advice=ENV_FILE_ADVICE,
                )
            return Finding(
                what=what,
                holds=False,
                said="not the one of this data directory",
                advice="restore the DATA_DIR/master-key, or set the STENOLOG_MASTER_KEY, that it "
                "was made with",
            )
    if is_stated(settings) and not _is_beside(settings):
        return Finding(what=what, holds=True, said=f"from {_source(settings)}")
    return Finding(
        what=what,
        holds=None,
        said=f"{_source(settings)}, beside the data",
        advice="keep a copy elsewhere, or set STENOLOG_MASTER_KEY, _FILE or _COMMAND",
    )


def log_key(settings: Settings) -> Finding:
    """Say which key verifies the log's tree heads and proofs."""
    what = "log key"
    try:
        key = None if _missing(settings) else published_key(settings)
    except (StoreError, CannotStart):
        key = None  # that the files cannot be read, or the master key is another, is told already
    if key is None:
        return Finding(what=what, holds=None, said="not there yet, or not seen from here")
    return Finding(
        what=what, holds=True, said=key, advice="whoever is to judge a proof must have it from you"
    )


def _is_beside(settings: Settings) -> bool:
    """Tell whether whoever takes the data takes the key with it."""
    file = settings.master_key_file
    return file is not None and file.absolute().is_relative_to(settings.data_dir.absolute())


def _source(settings: Settings) -> str:
    if settings.master_key is not None:
        return "STENOLOG_MASTER_KEY"
    if settings.master_key_command is not None:
        return "STENOLOG_MASTER_KEY_COMMAND"
    return "DATA_DIR/master-key" if settings.master_key_file is None else "STENOLOG_MASTER_KEY_FILE"


def log_and_keys(settings: Settings) -> Finding:
    """Check that `log.db` and `keys.db` are here, and that a start would take them.

    The bytes of the log are the business of `log verify`.
    """
    what = "log and keys"
    unreadable = _unreadable(settings)
    if unreadable:
        return Finding(what=what, holds=False, said=unreadable, advice=ASK_AS_ITS_USER)
    missing = _missing(settings)
    if len(missing) == 2 and is_new(settings.data_dir / TREE_HEADS):
        return Finding(what=what, holds=None, said="not there yet")
    if missing:
        said = f"{' and '.join(missing)} missing or empty"
        return Finding(what=what, holds=False, said=said, advice=RESTORE_ALL)
    try:
        if running(settings.data_dir) is None:
            refuse_unstartable(settings)
        # The head first: a service that goes on writing covers the tree that is read after it.
        head = last_head(settings.data_dir / TREE_HEADS)
        with open_records(settings) as records:
            tree, identity, copied = records.tree(), records.identity, records.copied
        marked = master_key_mark(settings) is not None
        grown = frontier_from_bytes(tree.count, tree.frontier)
    except (SchemaTooNew, CannotStart) as exc:
        return Finding(what=what, holds=False, said=str(exc))  # it says what to do
    except StoreError as exc:
        return Finding(what=what, holds=False, said=str(exc), advice=f"{LOOK_FIRST}; {RESTORE_ALL}")
    except ValueError:
        return Finding(
            what=what, holds=False, said=f"{LOG}: the tree is damaged", advice=RESTORE_ALL
        )
    if copied:
        said = f"{LOG} was copied out of a backup: a service does not start on it"
    elif tree.count != tree.last:
        said = f"{LOG}: the tree counts {tree.count} events, the last one is {tree.last}"
    elif head and (wrong := contradiction(head, identity, grown)):
        said = wrong
    elif tree.count > BEGUN and not marked:
        said = f"{KEYS} is new, and {LOG} has {tree.count} events"
    else:
        return Finding(
            what=what, holds=True, said=f"{tree.count} events; `stenolog log verify` checks them"
        )
    return Finding(what=what, holds=False, said=said, advice=f"{LOOK_FIRST}; {RESTORE_ALL}")


def _unreadable(settings: Settings) -> str:
    """Name the files that are there and that this user may not read; empty when there are none."""
    names = [LOG, KEYS, TREE_HEADS]
    found = [name for name in names if not _may_be_read(settings.data_dir / name)]
    return f"this user may not read {' and '.join(found)}" if found else ""


def _may_be_read(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except PermissionError:
        return False
    except OSError:
        return True  # it is not there, which is another finding


def _missing(settings: Settings) -> list[str]:
    return [name for name in (LOG, KEYS) if is_new(settings.data_dir / name)]
