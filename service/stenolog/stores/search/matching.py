"""Say a search in FTS5's words, and rank what it finds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw

from stenolog.projections.search.index import Search
from stenolog.projections.search.query import Term
from stenolog.stores.search.values import whole

RANK_MAX = 10_000  # ten-thousandths
DIGEST_CHARS = 24  # of 64: enough that no two are the same


def expression_of(asked: Search) -> str:
    """Return what FTS5 is to match: all terms, among the passages of these facets.

    A word has only letters, digits and marks, so between quotation marks nothing is FTS5's syntax.
    """
    among = asked.among
    labels = Labels.of(among.subject, among.metadata)
    facets = " AND ".join(f'"{one}"' for one in facets_of(among.tenant, labels, asked.speaker))
    said = " AND ".join(_said(term) for term in asked.terms)
    return f"facets : ({facets}) AND said : ({said})"


def _said(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


@dataclass(frozen=True, slots=True)
class Labels:
    """What a customer said about a transcript, by digests, which go with it: see `of`."""

    subject: str | None
    metadata: str

    @classmethod
    def of(cls, subject: str | None, metadata: Sequence[str]) -> Labels:
        """Return the digest of a subject, and those of metadata's members with spaces between."""
        return cls(None if subject is None else _digest(subject), " ".join(map(_digest, metadata)))


def facets_of(tenant: str, labels: Labels, speaker: str | None) -> Iterator[str]:
    """Yield the words by which FTS5 finds passages of a tenant, its labels and a speaker alone."""
    yield "t" + _digest(tenant)
    if labels.subject is not None:
        yield "s" + labels.subject
    yield from ("m" + one for one in labels.metadata.split())
    if speaker is not None:
        yield "v" + _digest(speaker)


def share_of_terms(api: apsw.FTS5ExtensionApi, *given: object) -> int:
    """Return how much a passage is about its terms, from 0 to `RANK_MAX`; `given` is their number.

    The mean of n / (n + 1), where n is how often it has a term. How often others have it does not
    count: every match has all terms, and a tenant's ranks say nothing of another tenant's words.
    """
    counts = (len(api.phrase_locations(one)[0]) for one in range(api.phrase_count))
    total = sum(count / (count + 1) for count in counts)  # facets stand in the other column
    return round(RANK_MAX * total / whole(given[0]))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_CHARS]
