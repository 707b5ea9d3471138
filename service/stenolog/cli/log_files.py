"""Open the log's files for `stenolog log`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from stenolog.bootstrap.offline import open_records
from stenolog.compliance.browsing import BrowsableRecords
from stenolog.config.settings import Settings
from stenolog.errors import (
    CannotStart,
    EvidenceError,
    SchemaTooNew,
    StoreError,
    StoreUnavailable,
)
from stenolog.stores.files.directory import LOG
from stenolog.stores.files.manifest import FILE_NAME as MANIFEST


@contextlib.contextmanager
def opened_records(settings: Settings) -> Iterator[BrowsableRecords]:
    """Open the log of the data directory, whether or not a service runs.

    Raises:
        CannotStart: There is none, or its files do not belong together.
        SchemaTooNew: A newer Stenolog wrote it.
        StoreUnavailable: This user may not read it.
        EvidenceError: A file cannot be read.
    """
    directory = settings.data_dir
    try:
        with (directory / LOG).open("rb"):
            pass
    except FileNotFoundError as exc:
        in_it = [part for part in ("log", "keys") if (directory / part / MANIFEST).exists()]
        where = f"{directory / 'log'}, of a backup," if in_it else "its directory"
        raise CannotStart(f"there is no log in {directory}: name {where} with --data-dir") from exc
    except OSError as exc:
        raise StoreUnavailable(f"{directory / LOG}: {exc.strerror}") from exc
    with contextlib.ExitStack() as stack:
        try:
            records = stack.enter_context(open_records(settings))
        except SchemaTooNew:
            raise
        except StoreError as exc:
            raise EvidenceError(f"the files cannot be read: {exc}", 1) from exc
        yield records
