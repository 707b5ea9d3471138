"""Every contract on imports is broken here once, and must be seen to break."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

ROOT = Path(__file__).parents[2]
CONTRACT_TYPES: Mapping[str, type[Contract]] = {
    each.type_name: each
    for each in (
        AcyclicSiblingsContract,
        ForbiddenContract,
        IndependenceContract,
        LayersContract,
    )
}
# For each contract, imports of which any one must break it: importer, imported.
PLANTED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Rooms import only what lies below them": (
        ("log.tail", "edge.ports"),
        ("errors", "clock"),
        ("reconciler.loop", "bootstrap.gateway"),
    ),
    "Siblings at every depth form no circle": (
        ("log.canonical", "log.event"),
        ("edge.http.bodies", "edge.app"),
        ("projections.of", "projections.run.projector"),
    ),
    "In the edge, surfaces do not know each other, and use cases lie below HTTP": (
        ("edge.native.transcripts", "edge.assemblyai.transcripts"),
        ("edge.callbacks.receiving", "edge.native.transcripts"),
        ("edge.aimlapi.generations", "edge.assemblyai.transcripts"),
        ("edge.transcriptions.requesting", "edge.http.bodies"),
        ("edge.access.upload_links", "edge.transcriptions.requesting"),
    ),
    "The engine's host and its confined worker do not know each other": (
        ("engine.host.runner", "engine.worker.confinement"),
        ("engine.worker.confinement", "engine.host.runner"),
        ("engine.speech", "engine.host.runner"),
    ),
    "The engine's host runs nothing that the worker confines": (
        ("engine.host.runner", "engine.audio"),
        ("engine.host.runner", "av"),
    ),
    "The gateway's own process loads no models and no arrays": (
        ("edge.derived.render", "intelligence.topics"),
        ("projections.rows", "numpy"),
    ),
    "Stores do not know each other": (
        ("stores.sqlite.file.writer", "stores.files.directory"),
        ("stores.files.uploads", "stores.sqlite.log.store"),
        ("stores.search.store", "stores.sqlite.file.connection"),
        ("stores.sqlite.views.store", "stores.search.store"),
    ),
    "The files of SQLite do not know each other": (
        ("stores.sqlite.log.store", "stores.sqlite.keys.store"),
        ("stores.sqlite.views.store", "stores.sqlite.work.store"),
    ),
    "The engine knows no other room but text analysis and the leaves": (
        ("engine.host.runner", "log.event"),
        ("engine.spoken", "providers.port"),
    ),
    "The simulator knows the wire alone": (
        ("simulator.server", "intelligence"),
        ("simulator.server", "log.event"),
    ),
    "The edge knows no loop": (
        ("edge.app", "reconciler.loop"),
        ("edge.ports", "delivery.dispatcher"),
        ("edge.http.bodies", "compliance.vault"),
        ("edge.native.routes", "projections.run.projector"),
        ("edge.native.routes", "projections.search.indexer"),
    ),
    "The reconciler knows no vendor's wire": (
        ("reconciler.fetching", "wire.assemblyai.sentences"),
    ),
    "Loops do not know each other": (
        ("delivery.dispatcher", "reconciler.loop"),
        ("compliance.vault", "delivery.dispatcher"),
    ),
    "Endpoints know the log and the feed alone": (
        ("endpoints.secrets", "commands.handler"),
        ("endpoints.signatures", "egress.client"),
    ),
    "Deliveries decide nothing: they know no command": (
        ("delivery.dispatcher", "commands.handler"),
        ("delivery.sender", "commands.transcription.state"),
    ),
    "Projections know the fold, and nothing that decides": (
        ("projections.of", "commands.handler"),
        ("projections.run.states", "commands.transcription.decide"),
    ),
    "Providers and commands do not know each other": (("commands.handler", "providers.port"),),
    "Providers and projections do not know each other": (("projections.of", "providers.port"),),
    "Vendors do not know the log": (("providers.port", "log.event"),),
    "Only the composition root and the command line read settings": (
        ("edge.app", "config.settings"),
        ("stores.files.directory", "config.settings"),
    ),
    "Only the composition root names a store or a vendor": (
        ("cli.log", "stores.sqlite.records"),
        ("edge.app", "stores.sqlite.log.store"),
        ("edge.app", "stores.search.store"),
        ("compliance.vault", "stores.files.uploads"),
        ("reconciler.loop", "providers.assemblyai.adapter"),
        ("reconciler.loop", "providers.aimlapi.adapter"),
    ),
    "The command line asks the composition root, and knows nothing that it composes": (
        ("cli.keys", "commands.handler"),
        ("cli.demo", "reconciler.loop"),
        ("cli.log", "projections.of"),
        ("cli.doctor", "engine.worker.confinement"),
    ),
    "The fixtures for users' tests know the simulator alone": (
        ("testing", "egress.client"),
        ("testing", "wire"),
        ("testing", "config.settings"),
    ),
    "Pure rooms reach no I/O by any way round": (
        ("log.tail", "egress.client"),
        ("commands.handler", "telemetry"),
        ("projections.of", "socket"),
        ("wire", "subprocess"),
        ("clock", "socket"),  # by a way round: the log knows the clock
        ("side_process", "httpx"),
    ),
    "Pure rooms log nothing; the projector, a loop, does": (
        ("log.store", "structlog"),
        ("projections.of", "structlog"),
    ),
    "Text analysis is pure and knows no other room": (
        ("intelligence", "clock"),
        ("intelligence", "providers.port"),
    ),
    "The log and the wire know no other room": (
        ("log.store", "encryption"),
        ("wire", "providers.port"),
    ),
    "Use cases know no web framework": (
        ("edge.transcriptions.requesting", "starlette"),
        ("edge.derived", "starlette"),
        ("edge.access.upload_links", "uvicorn"),
    ),
    "SQL stays in the stores": (
        ("cli.doctor", "sqlite3"),
        ("bootstrap.gateway", "aiosqlite"),
        ("stores.files.directory", "sqlite3"),
        ("intelligence", "sqlite3"),
    ),
    "The search index has a SQLite of its own": (
        ("stores.sqlite.views.store", "apsw"),
        ("bootstrap.stores", "apsw"),
    ),
    "HTTP goes out through egress alone": (
        ("delivery.dispatcher", "httpx"),
        ("bootstrap.gateway", "httpcore"),
    ),
    "Requests are sent by few rooms": (
        ("compliance.vault", "egress.client"),
        ("reconciler.loop", "egress.client"),
        ("edge.app", "egress.guard"),
        ("stores.files.directory", "egress.client"),
    ),
    "Processes are started by few modules": (
        ("cli.doctor", "subprocess"),
        ("projections.of", "multiprocessing"),
    ),
    "Sockets are opened by egress and by servers alone": (
        ("cli.doctor", "socket"),
        ("providers.port", "ssl"),
    ),
    "Cryptography has one door": (
        ("compliance.vault", "cryptography"),
        ("stores.files.uploads", "cryptography"),
    ),
    "Web frameworks stay where HTTP comes in": (
        ("engine.worker", "starlette"),
        ("cli.doctor", "starlette"),
        ("edge.app", "uvicorn"),
    ),
}


CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS: Mapping[str, dict[str, Any]] = {
    each["name"]: each for each in CONFIGURATION["contracts_options"]
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("stenolog", include_external_packages=True, cache_dir=None)


def is_kept(name: str, graph: grimp.ImportGraph) -> bool:
    contract = CONTRACT_TYPES[CONTRACTS[name]["type"]](
        name=name,
        session_options=CONFIGURATION["session_options"],
        contract_options=dict(CONTRACTS[name]),
    )
    return contract.check(copy.deepcopy(graph), verbose=False).kept


def with_import(graph: grimp.ImportGraph, importer: str, imported: str) -> grimp.ImportGraph:
    planted = copy.deepcopy(graph)
    importer = f"stenolog.{importer}"
    assert importer in graph.modules, f"{importer} has moved: name another module here"
    if f"stenolog.{imported}" in graph.modules:
        imported = f"stenolog.{imported}"
    else:
        assert "." not in imported, f"{imported} has moved: name another module here"
    if imported not in graph.modules:
        planted.add_module(imported, is_squashed=True)
    planted.add_import(importer=importer, imported=imported, line_number=1, line_contents="planted")
    return planted


def test_every_contract_has_imports_that_break_it() -> None:
    assert set(PLANTED) == set(CONTRACTS)
    assert all(PLANTED.values())


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_holds_and_one_import_against_it_is_caught(
    name: str, graph: grimp.ImportGraph
) -> None:
    assert is_kept(name, graph)
    for importer, imported in PLANTED[name]:
        assert not is_kept(name, with_import(graph, importer, imported)), (importer, imported)


def test_a_new_room_is_caught_until_it_has_its_place(graph: grimp.ImportGraph) -> None:
    grown = copy.deepcopy(graph)
    for room in ("stenolog.cellar", "stenolog.edge.cellar", "stenolog.stores.cellar"):
        grown.add_module(room)
    for name in (
        "Rooms import only what lies below them",
        "In the edge, surfaces do not know each other, and use cases lie below HTTP",
        "Stores do not know each other",
    ):
        assert not is_kept(name, grown)
