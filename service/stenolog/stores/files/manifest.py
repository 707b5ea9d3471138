"""Describe a part of a backup in a file of its own: which log it is of, and what is in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from stenolog.compliance.tree_heads import FILE_NAME as TREE_HEADS
from stenolog.errors import CannotStart
from stenolog.log.format import LogIdentity
from stenolog.stores.files.directory import KEYS, LOG, write_durably
from stenolog.stores.files.durable import file_errors
from stenolog.stores.files.upload_copies import LIST as UPLOAD_LIST

FILE_NAME = "manifest.json"
FORMAT = 1
BYTES_MAX = 65_536

PartName = Literal["log", "keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a part of a backup is.

    Attributes:
        format: Of the manifest; 1.
        part: Which of the two.
        backup: The id that both parts of one backup have.
        time: When the log was copied.
        log: The log's id.
        epoch: The epoch of it.
        restore: The id of the restore that began the epoch; empty in the first one.
        head: The position of its last event.
        root: The Merkle root over all of them, in hex.
        files: The SHA-256 of each file, in hex, by name.
        uploads: How many uploads are beside them, listed in `uploads.txt`; None: none were copied.
    """

    format: int
    part: PartName
    backup: str
    time: str
    log: str
    epoch: int
    restore: str
    head: int
    root: str
    files: dict[str, str]
    uploads: int | None

    @property
    def identity(self) -> LogIdentity:
        """Which log it is."""
        return LogIdentity(log_id=self.log, epoch=self.epoch, restore=self.restore)

    @property
    def whole(self) -> tuple[str, LogIdentity, int, str]:
        """What both parts of one backup agree on."""
        return self.backup, self.identity, self.head, self.root


_READ = TypeAdapter(Manifest)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest, durably and last: a part without one is not whole.

    Raises:
        CannotStart: It cannot be written.
    """
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n"
    write_durably(directory / FILE_NAME, text)


def read_manifest(directory: Path, part: PartName) -> Manifest:
    """Return the manifest of this part of a backup.

    Raises:
        CannotStart: There is none, or it is another part's.
        StoreUnavailable: It cannot be read.
    """
    file = directory / FILE_NAME
    if not file.is_file():
        raise CannotStart(
            f"{directory} is not the {part} of a backup, or of one that was not finished: there is "
            f"no {FILE_NAME} in it"
        )
    with file_errors(str(file)), file.open("rb") as stream:
        text = stream.read(BYTES_MAX)
    try:
        manifest = _READ.validate_json(text, strict=True)
    except ValidationError as exc:
        raise CannotStart(f"{file} is not the manifest of a backup: take another backup") from exc
    if manifest.format != FORMAT:
        raise CannotStart(f"{file} has format {manifest.format}: use the newer Stenolog")
    if manifest.part != part:
        raise CannotStart(f"{directory} is the {manifest.part} of a backup, not its {part}")
    # Only these are copied: a name from elsewhere could lead anywhere.
    if set(manifest.files) != files_of(part, uploads=manifest.uploads is not None):
        raise CannotStart(f"{file} does not name the files of a backup: take another backup")
    return manifest


def files_of(part: PartName, *, uploads: bool) -> set[str]:
    """Return the names of the files that a part has, besides its manifest and the uploads."""
    if part == "keys":
        return {KEYS}
    return {LOG, TREE_HEADS, UPLOAD_LIST} if uploads else {LOG, TREE_HEADS}


def read_pair(log: Path, keys: Path) -> tuple[Manifest, Manifest]:
    """Return the manifests of a log and of the keys that were copied with it.

    Raises:
        CannotStart: They are parts of two backups, or not parts of one at all.
        StoreUnavailable: They cannot be read.
    """
    of_log, of_keys = read_manifest(log, "log"), read_manifest(keys, "keys")
    if of_log.whole != of_keys.whole:
        raise CannotStart(
            f"log and keys are of two backups (of {of_log.time} and {of_keys.time}): name the keys "
            f"of backup {of_log.backup} with --keys"
        )
    return of_log, of_keys
