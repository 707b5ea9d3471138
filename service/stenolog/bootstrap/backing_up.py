"""Copy a data directory's log and keys, apart from each other, while a gateway writes to them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from stenolog.clock import now_us, rfc3339
from stenolog.compliance.head_copies import copy_heads
from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.compliance.tree_heads import TreeHead
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart
from stenolog.stores.files.directory import DIRECTORY_MODE, FILE_MODE, KEYS, LOG
from stenolog.stores.files.durable import digest_of, file_errors, sync
from stenolog.stores.files.manifest import FORMAT, Manifest, PartName, files_of, write_manifest
from stenolog.stores.files.swap import refuse_half_restored
from stenolog.stores.files.upload_copies import copy_uploads
from stenolog.stores.sqlite.file.copying import copy_database, write_kind
from stenolog.stores.sqlite.keys.schema import KEYS as KEYS_SCHEMA
from stenolog.stores.sqlite.log.later import later_log
from stenolog.stores.sqlite.log.schema import LOG as LOG_SCHEMA

OF_LOG: PartName = "log"
OF_KEYS: PartName = "keys"
UNFINISHED = ".part"
MARK = ".stenolog-backup"  # in a directory that is being filled, and locked meanwhile

Step = Callable[[str], None]
"""Told what is done, after each step that cannot be taken back by what follows."""


def back_up(settings: Settings, target: Path, *, uploads: bool, step: Step) -> Manifest:
    """Make the directory `target` with the parts `log` and `keys`; return what it holds.

    Only reads the data directory, and needs neither the service nor the master key. All is made in
    `TARGET.part`, which gets its name when it is whole and on the disk. The keys are copied after
    the log, so that every payload of the copy has its key, unless it was destroyed.

    Raises:
        CannotStart: There is no log here, or `target` is there already, or in the data directory.
        StoreUnavailable: Something cannot be read or written; nothing of it has the name `target`.
        StoreError: A file is damaged.
    """
    directory = settings.data_dir
    target = target.resolve()  # `.` too has a name, and a place beside it
    refuse_half_restored(directory)
    if not (directory / LOG).is_file():
        raise CannotStart(f"there is no log in {directory}: name its directory with --data-dir")
    _refuse_target(target, directory)
    with file_errors(f"backup {target}"), _filled(target) as part:
        step("began")
        made = _copied(directory, part, uploads=uploads, step=step)
        step("described")
    step("done")
    return made


def _copied(directory: Path, part: Path, *, uploads: bool, step: Step) -> Manifest:
    log, keys = part / OF_LOG, part / OF_KEYS
    log.mkdir(mode=DIRECTORY_MODE)
    keys.mkdir(mode=DIRECTORY_MODE)
    time = rfc3339(now_us())
    ours = copy_database(directory / LOG, LOG_SCHEMA, None, log / LOG, partial(_pages, step, LOG))
    step("log copied")
    copy_database(directory / KEYS, KEYS_SCHEMA, ours, keys / KEYS, partial(_pages, step, KEYS))
    step("keys copied")
    write_kind(log / LOG, LOG_SCHEMA, copied=True)
    with contextlib.closing(later_log(log / LOG)) as copy:
        head, root = copy.head, copy.tree.root().hex()
    # Behind the log: a head of what is not in the copy would say that its end is lost.
    copy_heads(
        directory / TREE_HEADS,
        log / TREE_HEADS,
        TreeHead.of(ours, size=head, root=root, time=time),
    )
    step("tree heads copied")
    counted = copy_uploads(directory, log, lambda _: step("upload copied")) if uploads else None
    backup = str(uuid.uuid4())
    manifest: Manifest | None = None
    for name in (OF_KEYS, OF_LOG):
        place = part / name
        files = sorted(files_of(name, uploads=uploads))
        for file in files:
            sync(place / file)
        manifest = Manifest(
            format=FORMAT,
            part=name,
            backup=backup,
            time=time,
            log=ours.log_id,
            epoch=ours.epoch,
            restore=ours.restore,
            head=head,
            root=root,
            files={file: digest_of(place / file) for file in files},
            uploads=counted if name == OF_LOG else None,
        )
        write_manifest(place, manifest)
        step(f"{name} described")
    assert manifest is not None
    return manifest


def _pages(step: Step, name: str, copied: int, pages: int) -> None:
    if copied < pages:
        step(f"{name}: {copied * 100 // pages} %")


def _refuse_target(target: Path, directory: Path) -> None:
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CannotStart(f"{target} is there already: name a directory that is not, or is empty")
    if target == Path.cwd():
        raise CannotStart(f"{target} is where this command runs: name a directory in it")
    if target.is_mount():
        raise CannotStart(f"{target} is where a disk is mounted: name a directory in it")
    if target.resolve().is_relative_to(directory.resolve()):
        raise CannotStart(f"{target} is in the data directory: what takes that takes the backup")


@contextlib.contextmanager
def _filled(target: Path) -> Iterator[Path]:
    """Give an empty directory that gets the name `target` once it was filled without an error."""
    part = target.with_name(target.name + UNFINISHED)
    if part.exists() and not (part / MARK).exists() and any(part.iterdir()):
        raise CannotStart(f"{part} is there already, and no backup of ours: name another directory")
    part.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    mark = os.open(part / MARK, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise CannotStart(f"{part} is being filled by another backup") from exc
        _emptied(part)  # of what an interrupted one left
        try:
            yield part
            for place in (part / OF_LOG, part / OF_KEYS, part):
                sync(place)
            part.rename(target)
            try:
                sync(target.parent)
            except OSError:
                target.rename(part)  # it may not keep its name: it is none
                raise
        except BaseException:
            _emptied(part)  # a disk that is full needs the room
            raise
        # Only now: without it, what an error or a death leaves would not be known as ours.
        with contextlib.suppress(OSError):
            (target / MARK).unlink()
    finally:
        os.close(mark)


def _emptied(part: Path) -> None:
    for name in (OF_LOG, OF_KEYS):
        if (part / name).exists():
            shutil.rmtree(part / name)
