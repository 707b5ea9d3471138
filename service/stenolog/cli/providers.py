"""`stenolog providers`: show who can transcribe here, and what each can be asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from stenolog.bootstrap.capabilities import provider_items
from stenolog.cli.answers import checked
from stenolog.cli.client import ServiceClient
from stenolog.cli.layout import table, wrapped
from stenolog.cli.provider_answers import ModelItem, ProviderItem, ProviderTable
from stenolog.cli.words import guarded, run, settings_from, with_service
from stenolog.config.settings import Settings
from stenolog.stores.files.directory import running

PATH = "/api/v1/providers"
FORGOTTEN = "until it restarts"
DELETED = "until deleted"
HOUR_MS = 3_600_000
NOT_BY_NAME = {"language_code": "languages other than English"}


@click.command("providers")
@click.option("--json", "as_object", is_flag=True, help="As the API's JSON object.")
@with_service
@guarded
def command(as_object: bool, data_dir: Path | None, url: str | None, api_key: str | None) -> None:
    """Show every provider: whether it is configured, and what can be asked of its models.

    Without a service it is what the settings say.
    """
    settings = settings_from(data_dir=data_dir, url=url, api_key=api_key)
    if settings.url is None and running(settings.data_dir) is None:
        click.echo("from the settings; no service runs on this data directory", err=True)
        body = _by_hand(settings)
    else:
        body = run(_asked(settings))
    if as_object:
        click.echo(json.dumps(body))
        return
    for line in lines_of(checked(ProviderTable, body).items):
        click.echo(line)


def lines_of(providers: Sequence[ProviderItem]) -> Iterator[str]:
    """Yield the table, and below it what each provider lacks and what its models can do."""
    head = ("provider", "state", "completion", "list", "delete", "results kept")
    yield from table(head, [_row(one) for one in providers])
    for one in providers:
        yield ""
        yield wrapped(_about(one), f"{one.name}: ")
        for models, said in _models(one):
            yield wrapped(f"{', '.join(models)}: {said}", "  ", 4)


def _row(one: ProviderItem) -> tuple[str, ...]:
    state = "default" if one.default else "configured" if one.configured else "not configured"
    kept = DELETED if one.jobs_survive_restart else FORGOTTEN
    if one.results_kept_ms is not None:
        kept = _span(one.results_kept_ms)
    yes = {True: "yes", False: "no"}
    return one.name, state, one.completion, yes[one.lists_jobs], yes[one.deletes_jobs], kept


def _about(one: ProviderItem) -> str:
    said = [one.missing] if one.missing else []
    if one.regions:
        said.append(f"region {' or '.join(one.regions)}")
    limits = one.limits
    if limits.upload_bytes_max:
        said.append(f"files of {limits.upload_bytes_max / 1e9:.1f} GB")
    if limits.url_bytes_max:
        said.append(f"{limits.url_bytes_max / 1e9:.1f} GB by URL")
    if limits.audio_ms_max:
        said.append(f"{_span(limits.audio_ms_max)} of audio")
    if one.judges_requests:
        said.append("judges requests itself")
    return "; ".join(said)


def _models(one: ProviderItem) -> Iterator[tuple[list[str], str]]:
    """Yield the models that are alike together, and what they can do in words."""
    alike: dict[str, list[str]] = {}
    for model in one.models:
        alike.setdefault(_can(model), []).append("any" if model.name == "*" else model.name)
    for said, names in alike.items():
        yield names, said


def _can(model: ModelItem) -> str:
    if not model.lacks:
        can = "everything"
    elif len(model.lacks) < len(model.features):
        can = f"everything but {_listed(model.lacks)}"
    else:
        can = _listed(model.features) or "the text"
    times = {True: "", False: "; no word times", None: "; word times not known"}
    return can + times[model.word_times]


def _listed(features: Sequence[str]) -> str:
    return ", ".join(NOT_BY_NAME.get(name, name) for name in features)


def _span(ms: int) -> str:
    hours = ms / HOUR_MS
    return f"{hours / 24:g} days" if hours > 48 else f"{hours:g} h"


def _by_hand(settings: Settings) -> dict[str, Any]:
    polled = settings.cannot_be_called(settings.public_url or f"http://{settings.host}")
    return {"items": provider_items(settings, polled=polled), "next": None}


async def _asked(settings: Settings) -> dict[str, Any]:
    async with ServiceClient(settings) as client:
        return await client.get(PATH)
