"""`stenolog doctor`: check what a gateway needs, and say what to do about what is missing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from stenolog.bootstrap.http.descriptors import (
    DESCRIPTORS_FEW,
    RAISE_LIMIT,
    connections_within,
    limit_of,
)
from stenolog.bootstrap.http.limits import CONNECTIONS_MAX
from stenolog.bootstrap.offline import database_library
from stenolog.cli.data_files import log_and_keys, log_key, master_key
from stenolog.cli.findings import Finding
from stenolog.cli.lost_keys import lost_keys
from stenolog.cli.odd_files import odd_directory
from stenolog.cli.provider_checks import provider_findings
from stenolog.cli.public_url_check import callback_findings
from stenolog.cli.service_environment import OfService, settings_of_service
from stenolog.cli.upload_files import uploads
from stenolog.cli.words import NO, common, guarded, one_line, run
from stenolog.config.settings import Settings
from stenolog.engine.availability import engine_models_missing, engine_unavailable
from stenolog.engine.model_directory import ModelUnusable, read_manifest, verify_files
from stenolog.stores.files.directory import running

FREE_BYTES_MIN = 1 << 30


@click.command("doctor")
@common
@guarded
def command(data_dir: Path | None) -> None:
    """Look at everything a gateway needs; exit 1 when something must be mended."""
    service = settings_of_service(data_dir)
    settings = service.settings
    findings = [*local_findings(service), *run(callback_findings(settings))]
    findings += run(provider_findings(settings))
    for finding in findings:
        mark = {True: "ok  ", None: "note", False: "FAIL"}[finding.holds]
        click.echo(f"{mark}  {finding.what:<14} {one_line(finding.said)}")
        if finding.advice:
            click.echo(f"      {'':<14} -> {finding.advice}")
    sys.exit(NO if any(finding.holds is False for finding in findings) else 0)


def local_findings(service: OfService) -> Iterator[Finding]:
    """Check everything that can be checked on this machine."""
    settings = service.settings
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(
        what="version", holds=True, said=f"stenolog {version('stenolog')} on Python {python}"
    )
    odd = odd_directory(settings.data_dir.absolute())
    yield odd or directory(settings)
    yield environment(service)
    if odd is None:
        yield master_key(settings, known=service.known, runs=service.runs)
        yield log_and_keys(settings)
        yield log_key(settings)
        yield from lost_keys(settings)
        yield uploads(settings)
    yield sqlite()
    yield descriptors(settings)
    yield public_url(settings)
    yield engine(settings)


def directory(settings: Settings) -> Finding:
    """Check the data directory: whether it is there, ours, and has room."""
    path = settings.data_dir.absolute()
    if not path.exists():
        return Finding(
            what="data directory",
            holds=None,
            said=f"{path} (not there yet)",
            advice="`stenolog serve` makes it",
        )
    if not os.access(path, os.W_OK | os.X_OK):
        return Finding(
            what="data directory",
            holds=False,
            said=f"{path} cannot be written",
            advice="give it to this user, or choose another with --data-dir",
        )
    free = shutil.disk_usage(path).free
    holder = running(path)
    state = f"in use by process {holder.pid} at {holder.url}" if holder else "not in use"
    if free < FREE_BYTES_MIN:
        return Finding(
            what="data directory",
            holds=False,
            said=f"{path}: {free >> 20} MiB free",
            advice="make room: a full disk stops every submission and callback",
        )
    return Finding(
        what="data directory", holds=True, said=f"{path}, {state}, {free >> 30} GiB free"
    )


def environment(service: OfService) -> Finding:
    """Say whose settings are looked at: a service has those that it was started with."""
    what = "settings"
    if service.known:
        return Finding(what=what, holds=True, said="those of the service")
    if service.runs:
        return Finding(
            what=what,
            holds=None,
            said="those of this command: the service's environment cannot be read",
            advice="name its file with --env-file, or ask as its user",
        )
    return Finding(what=what, holds=True, said="those of this command's environment")


def sqlite() -> Finding:
    """Check the version of Python's SQLite for the WAL bug of old ones."""
    library = database_library()
    said = f"SQLite {library.version}"
    if not library.wal_bug_until:
        return Finding(what="database", holds=True, said=said)
    return Finding(
        what="database",
        holds=None,
        said=f"{said}: before {library.wal_bug_until}, two writers at once can corrupt a WAL",
        advice="never write to these files with another program; we open one writer a file",
    )


def descriptors(settings: Settings) -> Finding:
    """Check whether the running service, or one that this user starts, may have enough sockets."""
    holder = running(settings.data_dir)
    limit = limit_of(holder.pid if holder else None)
    said = f"{limit} at most, {connections_within(limit, CONNECTIONS_MAX)} of them connections"
    if limit >= DESCRIPTORS_FEW:
        return Finding(what="descriptors", holds=True, said=said)
    return Finding(what="descriptors", holds=None, said=said, advice=RAISE_LIMIT)


def public_url(settings: Settings) -> Finding:
    """Check whether the provider can call us: at the running service, or where one would bind."""
    holder = running(settings.data_dir)
    bound = (holder.url if holder else "") or f"http://{settings.host}:{settings.port}"
    url = settings.public_url or bound
    if settings.cannot_be_called(url):
        return Finding(
            what="public URL",
            holds=None,
            said=f"{url} cannot be reached by AssemblyAI",
            advice="set STENOLOG_PUBLIC_URL to an address that it can call; until then we ask it "
            "again and again",
        )
    said = f"{url}; the engine calls loopback" if settings.uses_engine else url
    return Finding(what="public URL", holds=True, said=said)


def model_in(directory: Path) -> str:
    """Verify the files of a model, and say in a few words what it is.

    Raises:
        ModelUnusable: One is not what its manifest says.
    """
    manifest = read_manifest(directory)
    verify_files(directory, manifest)
    return (
        f"{manifest.name} ({manifest.kind}, {manifest.licence}; {len(manifest.files)} files as "
        f"named) in {directory}"
    )


def engine(settings: Settings) -> Finding:
    """Check whether the embedded engine can run."""
    chosen = settings.engine_model
    reason = engine_unavailable(chosen) or engine_models_missing()
    said = "available (English)"
    if reason is None and chosen is not None:
        try:
            said = f"{said}, {model_in(chosen)}"
        except ModelUnusable as exc:
            reason = str(exc)
    if reason is None:
        return Finding(what="engine", holds=True, said=said)
    needed = settings.uses_engine
    return Finding(
        what="engine",
        holds=False if needed else None,
        said=reason,
        advice="set STENOLOG_ASSEMBLYAI_API_KEY to use AssemblyAI" if needed else "",
    )
