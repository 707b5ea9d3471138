"""Group units of speech by voice, from their vectors. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.options import SpeakerBounds

Vectors = NDArray[np.float64]
Labels = NDArray[np.int64]

# The less of a voice was heard, the less alike two pieces of it look: seconds in the smaller
# cluster, and the cosine above which it is the same voice.
LIMIT_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
LIMIT_COSINE = (0.30, 0.38, 0.45, 0.50, 0.55, 0.58)
LIMIT_OFFSET = -0.08  # anything from -0.16 to -0.04 gave the same result on eight calls
KEPT_SECONDS_MIN = 1.2  # a voice heard for less is taken for a variant of another
KEPT_SHARE_MIN = 0.03
SEED_SECONDS_MIN = 1.0  # shorter units say too little to begin a cluster with
SEEDS_MAX = 2_000  # about 1.5 h of talk; the cost grows with the square
REASSIGNMENTS = 3
APART = -np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merge:
    """One step of the agglomeration: `second` was merged into `first`, and how clear it was."""

    first: int
    second: int
    margin: float


def cluster(vectors: Vectors, seconds: NDArray[np.float64], bounds: SpeakerBounds) -> Labels:
    """Return a voice for every row of `vectors` (unit length), numbered from 0 without order.

    The number of voices is within `bounds` whenever there is enough speech for it.
    """
    if len(vectors) == 0:
        return np.zeros(0, dtype=np.int64)
    seeds = _seeds(seconds)
    labels = _agglomerate(vectors[seeds], seconds[seeds], bounds)
    centroids = _centroids(vectors[seeds], seconds[seeds], labels)
    for _ in range(REASSIGNMENTS):
        centroids = _centroids(vectors, seconds, _nearest(vectors, centroids))
    return _nearest(vectors, centroids)


def _nearest(vectors: Vectors, centroids: Vectors) -> Labels:
    labels: Labels = np.argmax(vectors @ centroids.T, axis=1)
    return labels


def _seeds(seconds: NDArray[np.float64]) -> Labels:
    """Units to begin with: long enough, and at most `SEEDS_MAX`, evenly over the time."""
    seeds = np.flatnonzero(seconds >= SEED_SECONDS_MIN)
    if seeds.size == 0:
        seeds = np.arange(seconds.size)
    if seeds.size > SEEDS_MAX:
        seeds = seeds[np.linspace(0, seeds.size - 1, SEEDS_MAX).astype(np.int64)]
    return seeds


def _agglomerate(vectors: Vectors, seconds: NDArray[np.float64], bounds: SpeakerBounds) -> Labels:
    """Labels of the kept clusters; -1 for units in clusters too small to keep."""
    merges = _merge_all(vectors, seconds)
    count = _merges_to_do(merges, seconds, bounds)
    labels = np.arange(len(vectors))
    for merge in merges[:count]:
        labels[labels == merge.second] = merge.first
    totals = np.bincount(labels, weights=seconds, minlength=len(vectors))
    kept = np.flatnonzero(totals >= _kept_seconds_min(seconds))
    if kept.size == 0:
        kept = np.array([int(np.argmax(totals))])
    numbers = np.full(len(vectors), -1)
    numbers[kept] = np.arange(kept.size)
    return numbers[labels]


def _merge_all(vectors: Vectors, seconds: NDArray[np.float64]) -> list[_Merge]:
    """Return every merge down to one cluster, the clearest case first."""
    count = len(vectors)
    sums = vectors * seconds[:, None]
    weights = seconds.copy()
    margins = np.empty((count, count))
    for row in range(count):
        margins[row] = _margins(row, sums, weights)
    alive = np.ones(count, dtype=bool)
    best = np.argmax(margins, axis=1)
    merges: list[_Merge] = []
    for _ in range(count - 1):
        first = int(np.argmax(margins[np.arange(count), best]))
        second = int(best[first])
        merges.append(_Merge(first=first, second=second, margin=float(margins[first, second])))
        sums[first] += sums[second]
        weights[first] += weights[second]
        alive[second] = False
        margins[second, :] = margins[:, second] = APART
        fresh = np.where(alive, _margins(first, sums, weights), APART)
        margins[first, :] = margins[:, first] = fresh
        # A row whose best partner changed looks again; another only compares with the merged one.
        stale = alive & ((best == first) | (best == second))
        stale[first] = True
        best[stale] = np.argmax(margins[stale], axis=1)
        rows = np.flatnonzero(alive & ~stale)
        better = rows[margins[rows, first] > margins[rows, best[rows]]]
        best[better] = first
    return merges


def _margins(row: int, sums: Vectors, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each pair with `row` is above its limit."""
    lengths = np.linalg.norm(sums, axis=1)
    cosines = (sums @ sums[row]) / np.maximum(lengths * lengths[row], 1e-12)
    smaller = np.minimum(weights, weights[row])
    margins: NDArray[np.float64] = (
        cosines - np.interp(smaller, LIMIT_SECONDS, LIMIT_COSINE) - LIMIT_OFFSET
    )
    margins[row] = APART
    return margins


def _merges_to_do(merges: list[_Merge], seconds: NDArray[np.float64], bounds: SpeakerBounds) -> int:
    """Choose how many merges to make: the voices are as many as allowed, the merges clear."""
    counts = _kept_after_each(merges, seconds)
    natural = next((index for index, merge in enumerate(merges) if merge.margin <= 0), len(merges))
    if bounds.most is not None and counts[natural] > bounds.most:
        later = range(natural, len(counts))
        return next((at for at in later if counts[at] <= bounds.most), len(merges))
    if counts[natural] < bounds.least:
        earlier = range(natural, -1, -1)
        return next((at for at in earlier if counts[at] >= bounds.least), natural)
    return natural


def _kept_after_each(merges: list[_Merge], seconds: NDArray[np.float64]) -> list[int]:
    """Return the number of clusters large enough to keep before the first merge and after each."""
    least = _kept_seconds_min(seconds)
    totals = seconds.copy()
    kept = int(np.sum(totals >= least))
    counts = [kept]
    for merge in merges:
        kept -= int(totals[merge.first] >= least) + int(totals[merge.second] >= least)
        totals[merge.first] += totals[merge.second]
        kept += int(totals[merge.first] >= least)
        counts.append(kept)
    return counts


def _kept_seconds_min(seconds: NDArray[np.float64]) -> float:
    return max(KEPT_SECONDS_MIN, KEPT_SHARE_MIN * float(seconds.sum()))


def _centroids(vectors: Vectors, seconds: NDArray[np.float64], labels: Labels) -> Vectors:
    """Return the direction of each voice; a voice that nobody was assigned to points nowhere."""
    centroids = np.zeros((int(labels.max()) + 1, vectors.shape[1]))
    chosen = labels >= 0
    np.add.at(centroids, labels[chosen], vectors[chosen] * seconds[chosen, None])
    lengths = np.linalg.norm(centroids, axis=1, keepdims=True)
    directions: Vectors = centroids / np.maximum(lengths, 1e-12)
    return directions
