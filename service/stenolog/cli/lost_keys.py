"""Examine for `stenolog doctor` whether keys are missing."""

from __future__ import annotations

from collections.abc import Iterator

from stenolog.bootstrap.offline import open_records
from stenolog.cli.findings import Finding
from stenolog.compliance.lost_files import is_new
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, StoreError
from stenolog.stores.files.directory import KEYS, LOG

ADVICE = (
    "stop the service, put the newest keys.db of this log there, and start; what stays lost is "
    "answered with 503 and can be deleted"
)


def lost_keys(settings: Settings) -> Iterator[Finding]:
    """Yield a finding where keys are lost; that files are missing is a finding of its own."""
    if any(is_new(settings.data_dir / name) for name in (LOG, KEYS)):
        return
    try:
        with open_records(settings) as records:
            lost = records.lost_keys()
    except (StoreError, CannotStart):
        return  # and so is that they cannot be read
    if lost:
        said = f"those of {lost} transcriptions and uploads are missing, and nobody erased them"
        yield Finding(what="lost keys", holds=False, said=said, advice=ADVICE)
