"""`stenolog log show`: list events, the newest unless others are asked for."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from stenolog.cli.event_lines import ADVICE, EventLines, as_json
from stenolog.cli.log_files import opened_records
from stenolog.cli.service_environment import settings_of_service
from stenolog.cli.words import common, guarded, safe
from stenolog.compliance.browsing import BrowsableRecords, Wanted
from stenolog.compliance.records import ROWS_PER_READ, StoredRow
from stenolog.errors import NotFound, SchemaTooNew
from stenolog.log.event import event_from_bytes
from stenolog.log.events.api_keys import API_KEY
from stenolog.log.events.logs import LOG
from stenolog.log.events.transcriptions import TRANSCRIPTION
from stenolog.log.events.uploads import UPLOAD

SHOWN = 1_000
FOLLOWED = 10  # of what is there already, when more is waited for
POLL_S = 0.5
STREAMS_NAMED_MAX = 4


@click.command("show")
@click.option("--last", type=click.IntRange(min=1), help=f"The newest N; default {SHOWN:,}.")
@click.option("--after", type=click.IntRange(min=0), help="Those behind this position, in order.")
@click.option("--since", help="Those from this time on: 2026-11-30, or 2026-11-30T12:00:00Z.")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"At most N, counted from the front; {SHOWN:,}."
)
@click.option("--type", "event_type", help="Of this type alone; submission.* is a family.")
@click.option("--stream", help="Of this stream or id alone; its beginning is enough.")
@click.option("--follow", "-f", is_flag=True, help="Wait for more, until Ctrl-C.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line, as stored.")
@common
@guarded
def show(
    *,
    last: int | None,
    after: int | None,
    since: str | None,
    limit: int | None,
    event_type: str | None,
    stream: str | None,
    follow: bool,
    as_lines: bool,
    data_dir: Path | None,
) -> None:
    """List events: position, time, type, the stream's id and who acted; the newest by default."""
    if limit is not None and (last is not None or follow):
        raise click.UsageError("--limit counts from the front: not with --last or --follow")
    settings = settings_of_service(data_dir).settings
    with opened_records(settings) as records:
        wanted = Wanted(
            event_type=event_type,
            stream=None if stream is None else found_stream(records, stream),
        )
        behind = max(after or 0, 0 if since is None else before(records, time_of(since)))
        if last is None and limit is None and after is None and since is None:
            last = FOLLOWED if follow else SHOWN
        lines = EventLines(records)
        if last is not None:
            first = records.first_of_last(last, behind, wanted)
            if first > behind + 1:
                _say_left_out(behind, first, wanted)
                behind = first - 1
        most = None if follow or last is not None else limit or SHOWN
        for row in itertools.islice(rows(records, behind, wanted), most):
            click.echo(as_json(row) if as_lines else lines.line(row))
            behind = row.position
        if most is not None and records.rows_behind(behind, 1, wanted):
            click.echo(f"more follow: go on with --after {behind}", err=True)
        while follow:
            time.sleep(POLL_S)
            for row in rows(records, behind, wanted, growing=True):
                click.echo(as_json(row) if as_lines else lines.line(row))
                behind = row.position


def rows(
    records: BrowsableRecords, after: int, wanted: Wanted, *, growing: bool = False
) -> Iterator[StoredRow]:
    """Yield the rows that follow `after`; name on standard error what is missing between them."""
    count = 0 if growing else records.tree().count
    while found := records.rows_behind(after, ROWS_PER_READ, wanted):
        for row in found:
            if wanted.everything:
                _name_gap(after, row.position)
            after = row.position
            yield row
    if wanted.everything and not growing:
        _name_gap(after, count + 1)


def found_stream(records: BrowsableRecords, beginning: str) -> str:
    """Return the one stream whose name, or the id in it, begins so.

    Raises:
        NotFound: There is none, or there are several.
    """
    beginnings = [category + beginning for category in ("", TRANSCRIPTION, UPLOAD, API_KEY, LOG)]
    found = records.streams_like(beginnings, STREAMS_NAMED_MAX)
    whole = [name for name in beginnings if name in found]
    if len(found) == 1 or whole:
        return whole[0] if whole else found[0]
    if not found:
        raise NotFound(f"no stream's name or id begins with {beginning}")
    named = ", ".join(found[: STREAMS_NAMED_MAX - 1])
    more = " and more" if len(found) == STREAMS_NAMED_MAX else ""
    raise NotFound(f"{beginning} begins several: {named}{more}; give more of it")


def time_of(text: str, option: str = "--since") -> str:
    """Return a time as events have it: RFC 3339 in UTC, with microseconds; without a zone, UTC.

    Raises:
        click.BadParameter: It is no time.
    """
    try:
        given = datetime.fromisoformat(text)
        if given.tzinfo is None:
            given = given.replace(tzinfo=UTC)
        return given.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError) as exc:
        raise click.BadParameter(
            f"{safe(text)} is no time: 2026-11-30, or 2026-11-30T12:00:00Z",
            param_hint=option,
        ) from exc


def before(records: BrowsableRecords, since: str) -> int:
    """Return the last position whose event is older than `since`, by halving; 0: none is.

    Times never decrease along the log. A damaged record is passed over.
    """
    low, high = 0, records.tree().count
    while low < high:
        middle = (low + high) // 2 + 1
        found = _next_time(records, middle - 1)
        if found is None or found[1] >= since:
            high = middle - 1
        else:
            low = max(middle, found[0])
    return low


def _next_time(records: BrowsableRecords, after: int) -> tuple[int, str] | None:
    """Return position and time of the first whole record behind `after`."""
    while found := records.rows_behind(after, ROWS_PER_READ, Wanted()):
        for row in found:
            try:
                return row.position, event_from_bytes(row.stored).time
            except (ValueError, TypeError, SchemaTooNew):
                after = row.position
    return None


def _say_left_out(behind: int, first: int, wanted: Wanted) -> None:
    older = f"positions {behind + 1} to {first - 1}"
    kind = "are left out" if wanted.everything else "may have older ones, which are left out"
    click.echo(f"{older} {kind}: see --last, --after", err=True)


def _name_gap(after: int, before: int) -> None:
    if before > after + 1:
        click.echo(f"positions {after + 1} to {before - 1} are missing: {ADVICE}", err=True)
