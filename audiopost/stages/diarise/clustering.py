"""How many speakers a set of voice prints holds, and which is whose.

Variational Bayes on the two-covariance model with a hidden Markov chain of speakers (VBx: Landini et al., "Bayesian
HMM clustering of x-vector sequences", 2022). It begins with more speakers than there are, from Ward's agglomerative
clustering; a speaker whom the prints do not pay for dies out, which is how their number is found: no threshold on a
distance. The constants were chosen by benchmarks/conversations.py on made-up conversations of 1 to 8 speakers, none
of them from the recordings that the error rate is stated for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray

Labels = NDArray[np.int64]
Array = NDArray[np.float64]

#: Speakers to begin with, and so the most that are found where no greater number is asked for.
MOST = 12
#: Seconds of speech of each of those, at least.
_FIRST_S = 1.0
#: What a further speaker has to pay for: the weight of the prior against the evidence (F_B of Landini et al.). It grows
#: with speech beyond a minute, since one voice changes more in ten minutes than the model's one variance allows.
_PRIOR_WEIGHT, _PRIOR_GROWTH, _PRIOR_S = 3.0, 0.3, 60.0
#: Seconds of sound that count as one independent print, since neighbouring prints share sound and words.
_INDEPENDENT_S = 1.0
#: Mean seconds between changes of speaker.
STAY_S = 4.0
#: A speaker of less than this share of the prints has died out.
_DEAD = 1e-6
_ROUNDS, _CONVERGED = 30, 1e-4


def voices(points: FloatArray, between: FloatArray, *, step_s: float, low: int, high: int) -> FloatArray:
    """(speakers, size) mean voice of each speaker, `low` to `high` of them, of (n, size) points of the voice space.

    The points are in order of time, `step_s` seconds of speech apart; `between` (size,) is the speakers' variance.
    """
    data, spread = points.astype(np.float64), between.astype(np.float64)
    first = min(len(points), max(low, 1, min(MOST, int(len(points) * step_s / _FIRST_S))))
    means = _variational(data, spread, _ward(points, first), step_s, prune=True)
    bound = min(max(len(means), low), high, len(points))
    if len(means) != bound:
        means = _variational(data, spread, _ward(points, bound), step_s, prune=False)
    return means.astype(np.float32)


def scores(points: FloatArray, means: FloatArray, hop_s: float) -> FloatArray:
    """(n, speakers) log-likelihood of each point, `hop_s` apart, weighted as the clustering weights it."""
    distance = ((points[:, None] - means[None]) ** 2).sum(axis=2) if len(points) else np.zeros((0, len(means)))
    out: FloatArray = (-0.5 * _weight(hop_s) * distance).astype(np.float32)
    return out


def change_cost(speakers: int, hop_s: float) -> float:
    """What a change of speaker costs in `follow`, in units of `scores`."""
    stay = np.exp(-hop_s / STAY_S)
    return float(np.log(stay / (1 - stay) * speakers))


def _weight(step_s: float) -> float:
    return min(1.0, step_s / _INDEPENDENT_S)


def _ward(points: FloatArray, count: int) -> Labels:
    """Labels 0 … count - 1 by Ward's clustering."""
    if count == 1:
        return np.zeros(len(points), np.int64)
    from scipy.cluster.hierarchy import cut_tree, linkage

    return np.asarray(cut_tree(linkage(points, "ward"), [count])[:, 0], np.int64)


def _variational(points: Array, between: Array, labels: Labels, step_s: float, *, prune: bool) -> Array:
    """Mean voices (speakers, size) of the best found posterior, begun from `labels`; without `prune` all live."""
    count = int(labels.max()) + 1
    gamma = np.full((len(points), count), 0.1 / count)
    gamma[np.arange(len(points)), labels] += 0.9
    prior = np.full(count, 1 / count)
    weight, stay = _weight(step_s), float(np.exp(-step_s / STAY_S))
    prior_weight = _PRIOR_WEIGHT * max(1.0, weight * _INDEPENDENT_S * len(points) / _PRIOR_S) ** _PRIOR_GROWTH
    scaled, half_norm = points * np.sqrt(between), 0.5 * np.sum(points**2, axis=1, keepdims=True)
    before = -np.inf
    for _ in range(_ROUNDS):
        precision = 1 + weight / prior_weight * gamma.sum(axis=0)[:, None] * between
        factors = weight / prior_weight * (gamma.T @ scaled) / precision
        fit = scaled @ factors.T - 0.5 * (1 / precision + factors**2) @ between - half_norm
        gamma, entered, evidence = _forward_backward(weight * fit, prior, stay)
        bound = evidence + prior_weight * 0.5 * float(np.sum(1 - np.log(precision) - 1 / precision - factors**2))
        if prune:
            prior = entered / entered.sum()
            alive = prior > _DEAD
            gamma, prior, factors = gamma[:, alive], prior[alive] / prior[alive].sum(), factors[alive]
        if bound - before < _CONVERGED:
            break
        before = bound
    if prune:
        factors = factors[np.unique(gamma.argmax(axis=1))]
    out: Array = factors * np.sqrt(between)
    return out


def _forward_backward(scores: Array, prior: Array, stay: float) -> tuple[Array, Array, float]:
    """Posterior (n, speakers), expected entries into each speaker (speakers,), log-likelihood of a chain that stays
    with probability `stay` and else draws its speaker from `prior`."""
    top = scores.max(axis=1, keepdims=True)
    likelihood = np.exp(scores - top)
    forward, scale = np.empty_like(likelihood), np.empty(len(scores))
    state = prior
    for t, here in enumerate(likelihood):
        state = here * (stay * state + (1 - stay) * prior if t else prior)
        scale[t] = state.sum()
        forward[t] = state = state / scale[t]
    backward = np.ones_like(likelihood)
    for t in range(len(scores) - 2, -1, -1):
        ahead = likelihood[t + 1] * backward[t + 1] / scale[t + 1]
        backward[t] = stay * ahead + (1 - stay) * (prior @ ahead)
    posterior = forward * backward
    entered = (1 - stay) * prior * (likelihood[1:] * backward[1:] / scale[1:, None]).sum(axis=0) + posterior[0]
    return posterior / posterior.sum(axis=1, keepdims=True), entered, float((np.log(scale) + top[:, 0]).sum())


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
