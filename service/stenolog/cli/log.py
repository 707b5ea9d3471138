"""`stenolog log`: show and verify the event log, read from its files, also while a service runs."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from stenolog.bootstrap.identity import known_master_key
from stenolog.bootstrap.offline import open_records
from stenolog.cli.words import NO, common, guarded, safe, settings_from
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.records import ROWS_PER_READ, BrowsableRecords, StoredRow
from stenolog.compliance.tree_heads import FILE_NAME, read_heads
from stenolog.compliance.verify import verify
from stenolog.config.settings import Settings
from stenolog.errors import CannotStart, EvidenceError, SchemaTooNew, StoreError
from stenolog.log.event import event_from_bytes
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.stores.files.directory import LOG

ADVICE = "run `stenolog log verify`"


@click.group("log")
def command() -> None:
    """Show or verify the event log."""


@command.command("show")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Begin behind this position.")
@click.option("--limit", type=click.IntRange(min=1), default=1_000, help="At most so many events.")
@click.option("--stream", help="Only events of this stream, or of this transcription's id.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line, as stored.")
@common
@guarded
def show(after: int, limit: int, stream: str | None, as_lines: bool, data_dir: Path | None) -> None:
    """List events: position, time, type, version and stream."""
    settings = settings_from(data_dir=data_dir)
    with _records(settings) as records:
        found = _rows(records, after) if stream is None else _rows_of(records, stream, after)
        for row in itertools.islice(found, limit):
            click.echo(_as_json(row) if as_lines else _line(row))


@command.command("verify")
@click.option("--json", "as_object", is_flag=True, help="The verdict as a JSON object.")
@common
@guarded
def verify_command(as_object: bool, data_dir: Path | None) -> None:
    """Recompute the whole log; exit 0 when it is what it was, else 1 and the first position."""
    settings = settings_from(data_dir=data_dir)
    secret = known_master_key(settings)
    heads, unreadable = read_heads(settings.data_dir / FILE_NAME)
    try:
        with _records(settings) as records:
            verdict = verify(records, MasterKey(secret) if secret else None, heads, unreadable)
    except EvidenceError as exc:
        if as_object:
            click.echo(json.dumps({"holds": False, "position": exc.position, "reason": str(exc)}))
        else:
            click.echo(f"position {exc.position}: {safe(str(exc))}")
        sys.exit(NO)
    if as_object:
        click.echo(
            json.dumps(
                {
                    "holds": True,
                    "head": verdict.count,
                    "root": verdict.root,
                    "payloads": verdict.payloads,
                    "erased": verdict.erased,
                    "tree_heads": verdict.heads,
                    "unchecked": verdict.unchecked,
                }
            )
        )
        return
    for sentence in verdict.unchecked:
        click.echo(f"not checked: {sentence}")
    click.echo(
        f"verified: head {verdict.count}, root {verdict.root}, {verdict.count} events, "
        f"{verdict.payloads} payloads, {verdict.erased} erased, {verdict.heads} tree heads"
    )


@contextlib.contextmanager
def _records(settings: Settings) -> Iterator[BrowsableRecords]:
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


def _rows(records: BrowsableRecords, after: int) -> Iterator[StoredRow]:
    """Yield the rows that follow `after`; name on standard error what is missing between them."""
    count = records.tree().count
    while rows := records.rows_behind(after, ROWS_PER_READ):
        for row in rows:
            _name_gap(after, row.position)
            after = row.position
            yield row
    _name_gap(after, count + 1)


def _rows_of(records: BrowsableRecords, stream: str, after: int) -> Iterator[StoredRow]:
    streams = (stream, TRANSCRIPTION + stream)
    while rows := records.rows_of(streams, after, ROWS_PER_READ):
        yield from rows
        after = rows[-1].position


def _name_gap(after: int, before: int) -> None:
    if before > after + 1:
        click.echo(f"positions {after + 1} to {before - 1} are missing: {ADVICE}", err=True)


def _as_json(row: StoredRow) -> str:
    try:
        event_from_bytes(row.stored)
        return row.stored.decode()
    except (ValueError, TypeError, SchemaTooNew):
        return json.dumps({"position": row.position, "damaged": ADVICE})


def _line(row: StoredRow) -> str:
    try:
        event = event_from_bytes(row.stored)
        return safe(
            f"{event.position:>7}  {event.time}  {event.type:<24} {event.version:>3}  "
            f"{event.stream}"
        )
    except (ValueError, TypeError, SchemaTooNew):
        return f"{row.position:>7}  (damaged: {ADVICE})"
