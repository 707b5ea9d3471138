"""Analyses are made beside the event loop, within limits; no transcript is lost by them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stenolog.enrichment.enricher import TRIES_MAX, Enricher
from stenolog.side_process import SideProcess, SideProcessEnded
from tests.enrichment.answers import answer, outcomes

ASKED = {"entity_detection": True}


async def test_a_result_that_lacks_nothing_starts_no_process() -> None:
    work = SideProcess()
    enricher = Enricher(work)
    for given, params in ((answer(), {}), (answer(entities=[]), ASKED), (b"{", ASKED)):
        assert not (await enricher.enrich("id", "assemblyai", given, params)).analyses
    assert work.process_ids() == ()
    await enricher.close()


async def test_what_is_missing_is_made_in_a_process_of_its_own() -> None:
    enricher = Enricher()
    made = await enricher.enrich("id", "assemblyai", answer(), ASKED)
    assert outcomes(made) == {"entity_detection": "found"}
    await enricher.close()


async def test_a_process_that_hangs_is_tried_again_and_then_given_up() -> None:
    enricher = Enricher(SideProcess(call_ms_max=1))
    for _ in range(TRIES_MAX - 1):
        with pytest.raises(SideProcessEnded):
            await enricher.enrich("id", "assemblyai", answer(), ASKED)
    made = await enricher.enrich("id", "assemblyai", answer(), ASKED)
    assert outcomes(made) == {"entity_detection": "failed"}
    assert json.loads(made.payload) == {}
    await enricher.close()


async def test_an_end_of_the_gateway_gives_nothing_up() -> None:
    enricher = Enricher()
    await enricher.close()
    for _ in range(TRIES_MAX + 1):
        with pytest.raises(SideProcessEnded):
            await enricher.enrich("id", "assemblyai", answer(), ASKED)


def test_the_gateways_own_process_loads_no_arrays() -> None:
    code = (
        "import sys, stenolog.bootstrap.gateway, stenolog.enrichment.enricher\n"
        "sys.exit('numpy' in sys.modules or 'vader' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
