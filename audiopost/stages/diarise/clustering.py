"""How many speakers a set of voice prints holds, and which is whose.

Spectral clustering (Ng, Jordan and Weiss, 2001) on each print's nearest neighbours; the number of speakers is the
one of best simplified silhouette (Rousseeuw, 1987; Hruschka, 2004) among those whose voices differ enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray

Labels = NDArray[np.int64]

#: Mean voices nearer than this cosine are one voice. Halves of one reader's voice lie at 0.90 to 0.97 (VCTK, LJ,
#: Kerstin; lively acting goes down to 0.75), two readers at 0.55 to 0.82, two people in one meeting room up to 0.87.
SAME_VOICE = 0.88
#: Without a number given, more speakers than this are not looked for.
MOST = 8
#: Share of the recording's prints that count as neighbours of one; a speaker who says less is seldom found.
_NEIGHBOURS = 0.2


def _unit(vectors: FloatArray) -> FloatArray:
    out: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return out


def voices(vectors: FloatArray, *, low: int, high: int, min_prints: int) -> FloatArray:
    """(speakers, size) mean voice of each speaker in (n, size) unit vectors, `low` to `high` of them.

    A speaker has at least `min_prints` prints, unless `low` asks for more speakers than have.
    """
    high = min(high, len(vectors))
    best, best_score = _means(vectors, _split(vectors, min(low, high))), -np.inf
    for count in range(max(2, low), high + 1):
        labels = _split(vectors, count)
        means = _means(vectors, labels)
        alike = np.max(np.triu(means @ means.T, 1))
        if np.bincount(labels).min() < min_prints or alike > SAME_VOICE:
            continue
        score = _silhouette(vectors, labels, means)
        if score > best_score:
            best, best_score = means, score
    return best


def _means(vectors: FloatArray, labels: Labels) -> FloatArray:
    return _unit(np.stack([vectors[labels == k].mean(axis=0) for k in range(labels.max() + 1)]))


def _silhouette(vectors: FloatArray, labels: Labels, means: FloatArray) -> float:
    distance = 1 - vectors @ means.T
    rows = np.arange(len(labels))
    own = distance[rows, labels]
    distance[rows, labels] = np.inf
    other = distance.min(axis=1)
    return float(np.mean((other - own) / np.maximum(np.maximum(own, other), 1e-9)))


def _split(vectors: FloatArray, count: int) -> Labels:
    """Labels 0 … count - 1, each used: spectral clustering."""
    n = len(vectors)
    if count == 1:
        return np.zeros(n, np.int64)
    alike = vectors @ vectors.T
    nearest = min(n, max(6, int(n * _NEIGHBOURS)))
    graph = (alike >= np.partition(alike, n - nearest, axis=1)[:, n - nearest, None]).astype(np.float64)
    graph = (graph + graph.T) / 2
    from scipy.linalg import eigh

    _, basis = eigh(np.diag(graph.sum(axis=1)) - graph, subset_by_index=(0, count - 1))
    labels = _kmeans(_unit(basis.astype(np.float32)), count)
    if len(np.unique(labels)) < count:
        from scipy.cluster.hierarchy import cut_tree, linkage

        labels = cut_tree(linkage(vectors, "ward"), [count])[:, 0].astype(np.int64)
    return labels


def _kmeans(points: FloatArray, count: int, starts: int = 10, rounds: int = 50) -> Labels:
    """k-means on the unit sphere, seeded as k-means++ from a fixed seed; the best of `starts`."""
    rng = np.random.default_rng(0)
    best, best_fit = np.zeros(len(points), np.int64), -np.inf
    for _ in range(starts):
        chosen = [int(rng.integers(len(points)))]
        while len(chosen) < count:
            far = np.maximum(1 - np.max(points @ points[chosen].T, axis=1).astype(np.float64), 1e-9)
            chosen.append(int(rng.choice(len(points), p=far / far.sum())))
        centres = points[chosen]
        for _ in range(rounds):
            labels = np.argmax(points @ centres.T, axis=1)
            sums = [points[labels == k].sum(axis=0) if np.any(labels == k) else centres[k] for k in range(count)]
            moved = _unit(np.stack(sums))
            if np.array_equal(moved, centres):
                break
            centres = moved
        fit = float(np.max(points @ centres.T, axis=1).sum())
        if fit > best_fit:
            best, best_fit = np.argmax(points @ centres.T, axis=1), fit
    return best


def follow(scores: FloatArray, change_cost: float) -> Labels:
    """The path (n,) through (n, speakers) scores of greatest sum, each change of speaker costing `change_cost`.

    Every speaker appears: the cost is lowered where one would be lost, and at last each gets their best place.
    """
    speakers = scores.shape[1]
    labels = np.zeros(len(scores), np.int64)
    for cost in (change_cost, change_cost / 4, 0.0):
        labels = _viterbi(scores, cost)
        if len(np.unique(labels)) == speakers:
            return labels
    taken: set[int] = set()
    for speaker in sorted(set(range(speakers)) - set(labels.tolist())):
        # The frame where they lose least, and which takes nobody else's last one.
        for i in np.argsort(scores.max(axis=1) - scores[:, speaker], kind="stable").tolist():
            if i not in taken and np.count_nonzero(labels == labels[i]) > 1:
                labels[i] = speaker
                taken.add(i)
                break
    return labels


def _viterbi(scores: FloatArray, change_cost: float) -> Labels:
    n, speakers = scores.shape
    back = np.zeros((n, speakers), np.int32)
    total = scores[0].astype(np.float64)
    for i in range(1, n):
        leader = int(np.argmax(total))
        stay = total >= total[leader] - change_cost
        back[i] = np.where(stay, np.arange(speakers), leader)
        total = scores[i] + np.where(stay, total, total[leader] - change_cost)
    path = np.zeros(n, np.int64)
    path[-1] = np.argmax(total)
    for i in range(n - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path
