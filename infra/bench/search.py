"""Searching: how long a search takes, over a stated mix, and how long an erasure and the filling.

Transcripts of ten minutes, 1,500 words each, in fifty turns of two speakers. Words follow Zipf's
law over 30,000 made-up ones, as they do in talk: the most frequent is one in eleven.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from infra.bench.figures import Figure, at_most, percentile
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.search.entry import Put
from stenolog.projections.search.index import Narrowed, Search
from stenolog.projections.search.passages import Passage
from stenolog.projections.search.query import read_query
from stenolog.stores.search.store import SearchIndex

TRANSCRIPTS, TRANSCRIPTS_LARGE = 300, 10_000
PASSAGES, WORDS_EACH = 50, 30
VOCABULARY = 30_000
PER_BATCH = 20
QUERIES = 100  # of each kind
ERASED = 10
RARE_MS_MAX, COMMON_MS_MAX = 100.0, 500.0
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "is")]
TENANTS = ("tenant-one", "tenant-two")


async def measure(place: Path) -> Sequence[Figure]:
    """As many transcripts as a minute allows."""
    return await measured(place, TRANSCRIPTS)


async def measured(place: Path, transcripts: int) -> Sequence[Figure]:
    """Fill an index with so many transcripts of two tenants, and search it."""
    dice = random.Random(7)
    words = _words(dice)
    weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    index = await SearchIndex.open(place / "search.db")
    try:
        await index.begin(until=0)
        began = time.perf_counter()
        spoken: list[str] = []
        for first in range(1, transcripts + 1, PER_BATCH):
            numbers = range(first, min(first + PER_BATCH, transcripts + 1))
            batch = [_put(number, _texts(dice, words, weights)) for number in numbers]
            spoken += [dice.choice(batch).passages[0].text]
            await index.advance(batch, to=Checkpoint(position=numbers[-1], event_id="e"))
        filled_s = time.perf_counter() - began
        figures = [
            Figure(
                name=f"words indexed, {transcripts:,} transcripts",
                value=transcripts * PASSAGES * WORDS_EACH / filled_s,
                unit="/s",
            ),
            Figure(
                name="  bytes of search.db for a word",
                value=(place / "search.db").stat().st_size / (transcripts * PASSAGES * WORDS_EACH),
                unit="B",
            ),
        ]
        for kind, (queries, wanted) in _queries(dice, words, spoken).items():
            took = [await _took_ms(index, query) for query in queries]
            figures.append(
                Figure(
                    name=f"  a search for {kind}, p99",
                    value=percentile(took, 0.99),
                    unit="ms",
                    wanted=at_most(wanted),
                    detail={"p50_ms": percentile(took, 0.5), "queries": len(took)},
                )
            )
        took = [await _erased_ms(index, number) for number in range(2, 2 * ERASED + 2, 2)]
        figures.append(Figure(name="  an erasure, the slowest of ten", value=max(took), unit="ms"))
        return figures
    finally:
        await index.close()


def _words(dice: random.Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(dice.choice(SYLLABLES) for _ in range(dice.randint(1, 4)))] = None
    return sorted(found, key=len)  # the most frequent words are short


def _texts(dice: random.Random, words: Sequence[str], weights: Sequence[float]) -> list[str]:
    said = dice.choices(words, cum_weights=weights, k=PASSAGES * WORDS_EACH)
    return [" ".join(said[at : at + WORDS_EACH]) for at in range(0, len(said), WORDS_EACH)]


def _put(number: int, texts: Sequence[str]) -> Put:
    return Put(
        transcription=f"id-{number}",
        tenant=TENANTS[number % 2],
        position=number,
        created_at="2026-11-30T12:00:00.000000Z",
        subject=None,
        passages=tuple(
            Passage(
                text=text, start_ms=12_000 * at, end_ms=12_000 * at + 11_000, speaker="AB"[at % 2]
            )
            for at, text in enumerate(texts)
        ),
    )


def _queries(
    dice: random.Random, words: Sequence[str], spoken: Sequence[str]
) -> Mapping[str, tuple[list[str], float]]:
    """The mix: each kind with its queries, and within how many milliseconds they are wanted."""
    rare = [dice.choice(words[5_000:]) for _ in range(QUERIES)]
    phrases = list(_phrases(dice, spoken))
    long = [word for word in words[1_000:] if len(word) >= 6]
    prefixes = [dice.choice(long)[: dice.randint(4, 6)] + "*" for _ in range(QUERIES)]
    common = [dice.choice(words[:50]) for _ in range(QUERIES)]
    return {
        "a rare word": (rare, RARE_MS_MAX),
        "a phrase of two words": (phrases, RARE_MS_MAX),
        "a beginning of 4+ letters": (prefixes, RARE_MS_MAX),
        "a common word": (common, COMMON_MS_MAX),
    }


def _phrases(dice: random.Random, spoken: Sequence[str]) -> Iterator[str]:
    for _ in range(QUERIES):
        said = dice.choice(spoken).split()
        at = dice.randrange(len(said) - 1)
        yield f'"{said[at]} {said[at + 1]}"'


async def _took_ms(index: SearchIndex, query: str) -> float:
    asked = Search(terms=read_query(query), among=Narrowed(tenant=TENANTS[0]), limit=50)
    began = time.perf_counter()
    await index.search(asked)
    return (time.perf_counter() - began) * 1000


async def _erased_ms(index: SearchIndex, number: int) -> float:
    began = time.perf_counter()
    await index.erase(f"id-{number}")
    return (time.perf_counter() - began) * 1000
