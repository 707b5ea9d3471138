"""Open the log's files for `stenolog log`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from stenolog.bootstrap.offline import open_records
from stenolog.compliance.browsing import BrowsableRecords
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, EvidenceError, SchemaTooNew, StoreError
from stenolog.stores.files.directory import LOG


@contextlib.contextmanager
def opened_records(settings: Settings) -> Iterator[BrowsableRecords]:
    """Open the log of the data directory, whether or not a service runs.

    Raises:
        CannotStart: There is none, or its files do not belong together.
        SchemaTooNew: A newer Stenolog wrote it.
        EvidenceError: A file cannot be read.
    """
    directory = settings.data_dir
    if not (directory / LOG).is_file():
        raise CannotStart(f"there is no log in {directory}: name its directory with --data-dir")
    with contextlib.ExitStack() as stack:
        try:
            records = stack.enter_context(open_records(settings))
        except SchemaTooNew:
            raise
        except StoreError as exc:
            raise EvidenceError(f"the files cannot be read: {exc}", 1) from exc
        yield records
