"""Forced alignment by connectionist temporal classification.

The best path through blank, first token, blank, second token … for given log-probabilities of each frame, as in
torchaudio's forced_align and in Kürzinger et al., "CTC-Segmentation of Large Corpora", 2020. Memory is one byte a
frame and state: cut long recordings into stretches first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def ctc_path(log_probability: NDArray[np.float32], tokens: Sequence[int], blank: int) -> list[tuple[int, int]] | None:
    """(first frame, frame after the last) of each token; None where the frames are too few for the tokens.

    `log_probability` is (frames, vocabulary), natural logarithm.
    """
    frames = len(log_probability)
    repeats = sum(a == b for a, b in pairwise(tokens))
    if not tokens or frames < len(tokens) + repeats:
        return None
    states = np.full(2 * len(tokens) + 1, blank)
    states[1::2] = tokens
    # A token may follow another without a blank between, unless they are the same.
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    steps = np.zeros((frames, len(states)), np.int8)
    score = np.full(len(states), -np.inf, np.float64)
    score[:2] = log_probability[0, states[:2]]
    lowest = np.array([-np.inf])
    for t in range(1, frames):
        one = np.concatenate([lowest, score[:-1]])
        two = np.where(skips, np.concatenate([lowest, lowest, score[:-2]]), -np.inf)
        options = np.stack([score, one, two])
        steps[t] = np.argmax(options, axis=0)
        score = options[steps[t], np.arange(len(states))] + log_probability[t, states]
    at = len(states) - 1 if score[-1] >= score[-2] else len(states) - 2
    spans = [[frames, 0] for _ in tokens]
    for t in range(frames - 1, -1, -1):
        if at % 2:
            span = spans[at // 2]
            span[0], span[1] = t, max(span[1], t + 1)
        at -= int(steps[t, at])
    return [(start, end) for start, end in spans]


def greedy(log_probability: NDArray[np.float32], blank: int) -> list[tuple[int, int, int]]:
    """(token, first frame, frame after the last) of the likeliest labels: repeats joined, blanks left out."""
    best = np.argmax(log_probability, axis=1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    return [(int(best[start]), int(start), int(end)) for start, end in pairwise(edges) if best[start] != blank]
