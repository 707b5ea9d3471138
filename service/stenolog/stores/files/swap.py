"""Put restored files in the place of others, in steps that a crash may interrupt anywhere.

What is restored is made in `DATA_DIR/.restoring`. Once all of it is on the disk, `ready` is written
there: from then on going on is the only way. As long as the directory is there, no gateway starts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from stenolog.errors import CannotStart
from stenolog.stores.files.directory import (
    DIRECTORY_MODE,
    KEYS,
    LOG,
    SEARCH,
    UPLOADS,
    VIEWS,
    WORK,
    write_durably,
)
from stenolog.stores.files.durable import sync

STAGING = ".restoring"
DONE = ".restored"
READY = "ready"
BESIDE = ("", "-wal", "-shm")
UNFINISHED = "run the same `stenolog restore` again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is to be put in place.

    Attributes:
        backup: The id of the backup.
        aside: The directory in the data directory to which what was there is moved.
        names: The files that are restored.
        newer_log: The newer log that was named; empty: none was.
        deletions: The SHA-256 of the list that was named, in hex; empty: none was.
    """

    backup: str
    aside: str
    names: list[str]
    newer_log: str
    deletions: str


def refuse_half_restored(directory: Path) -> None:
    """Refuse a data directory in which a restore was interrupted.

    Raises:
        CannotStart: It was.
    """
    staging = directory / STAGING
    if not staging.exists():
        return
    way_out = "" if (staging / READY).exists() else f", or remove {staging}: nothing was replaced"
    raise CannotStart(f"a restore of {directory} was interrupted: {UNFINISHED}{way_out}")


def new_staging(directory: Path) -> Path:
    """Make an empty directory for what is restored; one that was not ready is thrown away."""
    staging = directory / STAGING
    if staging.exists():
        shutil.rmtree(staging)
    staging.mkdir(mode=DIRECTORY_MODE)
    (staging / UPLOADS).mkdir(mode=DIRECTORY_MODE)
    sync(directory)
    return staging


def remove_staging(directory: Path) -> None:
    """Throw away what is not ready: the directory is then as it was, and can be started.

    Raises:
        OSError: It cannot be removed.
    """
    staging, done = directory / STAGING, directory / DONE
    if staging.exists():
        shutil.rmtree(done, ignore_errors=True)
        staging.rename(done)  # in one step: what is half removed must not keep a gateway from it
        shutil.rmtree(done, ignore_errors=True)
        sync(directory)


def make_ready(directory: Path, ready: Ready) -> None:
    """Say that all files are there, and on the disk.

    Raises:
        OSError: They cannot be synced.
        CannotStart: It cannot be said.
    """
    staging = directory / STAGING
    for name in ready.names:
        sync(staging / name)
    sync(staging / UPLOADS)
    sync(staging)
    write_durably(staging / READY, json.dumps(asdict(ready)))


def read_ready(directory: Path) -> Ready | None:
    """Return what an interrupted restore has ready; None: nothing.

    Raises:
        CannotStart: What is there cannot be read.
    """
    file = directory / STAGING / READY
    if not file.exists():
        return None
    try:
        return Ready(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError) as exc:
        raise CannotStart(
            f"{file} cannot be read; what was here is in {directory}/replaced-*: move it back, "
            f"remove {directory / STAGING}, and restore again"
        ) from exc


def swap(directory: Path, ready: Ready, step: Callable[[str], None]) -> None:
    """Put the files in place, and what was there aside; going on where an earlier one ended.

    `step` is told what is done, after each change.

    Raises:
        OSError: A file cannot be moved; the same again goes on.
    """
    staging, aside = directory / STAGING, directory / ready.aside
    aside.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
    # Made anew, but for consumers' names: they are of what was there.
    for name in sorted({VIEWS, WORK} - set(ready.names)):
        _move(directory, aside, name, step)
    _remove(directory, SEARCH, step)  # the same, and what it holds stands in clear
    _place_uploads(directory, aside, step)
    for name in ready.names:
        if not (staging / name).exists():
            continue  # in its place already
        if name in (LOG, KEYS, WORK):
            _move(directory, aside, name, step)
        elif (directory / name).exists():
            shutil.copy2(directory / name, aside / name)
        sync(aside)
        (staging / name).rename(directory / name)
        sync(directory)
        step(f"{name} is in place")
    if not any(aside.iterdir()):
        aside.rmdir()
    done = directory / DONE  # in one step: a half removed directory would say that nothing is done
    shutil.rmtree(done, ignore_errors=True)
    staging.rename(done)
    sync(directory)
    step("finished")
    shutil.rmtree(done, ignore_errors=True)


def _place_uploads(directory: Path, aside: Path, step: Callable[[str], None]) -> None:
    """Put uploads in place; one of the same name that is another goes aside."""
    for upload in sorted((directory / STAGING / UPLOADS).iterdir()):
        place = directory / UPLOADS / upload.name
        if place.exists():
            (aside / UPLOADS).mkdir(mode=DIRECTORY_MODE, exist_ok=True)
            place.rename(aside / UPLOADS / upload.name)
            sync(aside / UPLOADS)
            step("an upload is aside")
        upload.rename(place)
        step("an upload is in place")
    sync(directory / UPLOADS)


def _remove(directory: Path, name: str, step: Callable[[str], None]) -> None:
    for suffix in BESIDE:
        file = directory / (name + suffix)
        if file.exists():
            file.unlink()
            step(f"{file.name} is removed")


def _move(directory: Path, aside: Path, name: str, step: Callable[[str], None]) -> None:
    for suffix in BESIDE:
        file = directory / (name + suffix)
        if file.exists():
            file.rename(aside / file.name)
            step(f"{file.name} is aside")
