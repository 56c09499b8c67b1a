"""Music activity: the probability of music, alone or under speech, for every second; streamed, no torch.

Features of three-second windows at 16 kHz that set music apart from speech and noise:
partials that stay on one frequency for 0.1 to 0.4 s (Seyerlehner et al., "Automatic music detection in television
productions", DAFx 2007), the 2-8 Hz modulation of syllables (Scheirer & Slaney, ICASSP 1997), low-energy frames,
onset periodicity, spectral shape. A logistic regression over them and their squares gives the probability; its
numbers were fitted by `benchmarks/fit_music.py` on permissively licensed speech, music and effects, made machines, and
their mixes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..core.audio import Audio
from ..core.time import Span, merge_spans
from ..dsp.resample import converted
from . import music_weights, yamnet

FloatArray = NDArray[np.float32]

RATE = 16_000
#: Samples of one spectrum and between two.
FRAME, HOP = 1024, 320
FPS = RATE // HOP
#: Seconds of sound behind each second's probability.
WINDOW_S = 3
_WINDOW = np.hanning(FRAME).astype(np.float32)
#: Bins below 8 kHz grouped to bands of the modulation spectrum.
_EDGES = (4, 13, 26, 51, 103, 206, 410)
#: Features further from their mean than this many deviations count as this far: squares must not run away.
CLIP = 2.5
#: Probability from which on it is music: music that is missed does less harm than music that is not there.
THRESHOLD = 0.7
#: Log-odds of ours, of YAMNet's music and of its speech, and a constant, to log-odds of music: of
#: `benchmarks/fit_music.py --yamnet`. Speech counts for music: it hides what lies under it.
_WITH_YAMNET = (0.834, 0.873, 0.583, 1.572)
#: Below this RMS (-66 dBFS) a second holds nothing to judge.
_QUIET = 5e-4


def music_probability(audio: Audio, *, hum_hz: float | None = None) -> FloatArray:
    """Probability of music for each second of `audio` (the last may be part of one); empty for empty audio.

    `hum_hz`, the fundamental of a hum that lies over the recording, is notched out first: a steady tone is no music.
    """
    rows = [_probability(window) for window in _windows(audio, hum_hz)]
    return np.asarray(rows, np.float32)


def with_yamnet(probability: FloatArray, scores: FloatArray) -> FloatArray:
    """`music_probability`'s values with what YAMNet hears: `scores` (n, 2) of music and of speech, its windows' own."""
    begin = np.arange(len(scores)) * yamnet.HOP_S
    ours, music, speech, constant = _WITH_YAMNET
    out = np.zeros_like(probability)
    for second, own in enumerate(probability.tolist()):
        # Those within the WINDOW_S around it, or the last of a recording that ends there.
        inside = scores[(begin >= second - 1) & (begin + yamnet.WINDOW_S <= second + 2)]
        if own > 0 and len(scores):  # 0 is silence
            tagged = inside.mean(axis=0) if len(inside) else scores[-1]
            odds = ours * _log_odds(own) + music * _log_odds(tagged[0]) + speech * _log_odds(tagged[1]) + constant
            out[second] = 1 / (1 + np.exp(-odds))
    return out


def _log_odds(probability: float) -> float:
    p = min(max(float(probability), 0.01), 0.99)
    return float(np.log(p / (1 - p)))


def spans_of(
    probability: FloatArray, duration_s: float, *, threshold: float = THRESHOLD, min_s: float = 3.0, gap_s: float = 2.0
) -> tuple[Span, ...]:
    """Spans out of `music_probability`'s values; a recording shorter than `min_s` may be music as a whole."""
    smooth = _smoothed(probability)
    seconds = [
        Span(float(i), min(i + 1.0, duration_s)) for i in np.flatnonzero(smooth >= threshold).tolist() if i < duration_s
    ]
    least = min(min_s, duration_s)
    return tuple(span for span in merge_spans(seconds, gap_s) if span.duration_s >= least)


def _smoothed(values: FloatArray, size: int = 5) -> FloatArray:
    """Running median; a recording shorter than `size` seconds is smoothed as a whole."""
    if not len(values):
        return values
    size = min(size, len(values) - 1 + len(values) % 2)
    padded = np.pad(values, size // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, size), axis=1).astype(np.float32)


def _notched(blocks: Iterable[FloatArray], hum_hz: float) -> Iterator[FloatArray]:
    """Mono blocks at RATE less a hum's harmonics up to 1 kHz, 3 Hz wide each; the filters' state is carried."""
    from scipy.signal import iirnotch, sosfilt, tf2sos

    lines = np.arange(hum_hz, 1000.0, hum_hz)
    sos = np.concatenate([tf2sos(*iirnotch(line, line / 3.0, fs=RATE)) for line in lines])
    state = np.zeros((len(sos), 1, 2))
    for block in blocks:
        filtered, state = sosfilt(sos, block, axis=1, zi=state)
        yield filtered.astype(np.float32)


def _windows(audio: Audio, hum_hz: float | None) -> Iterator[FloatArray]:
    """For each second the WINDOW_S seconds around it at 16 kHz mono; at the ends what there is, else repeated."""
    side = (WINDOW_S - 1) // 2 * RATE
    total = -(-round(audio.frames * RATE / audio.rate) // RATE)
    held = np.zeros(0, np.float32)
    origin = second = 0

    def window(last: bool) -> FloatArray | None:
        stop = (second + 1) * RATE + side - origin
        if stop > len(held) and not last:
            return None
        return held[max(second * RATE - side - origin, 0) : stop]

    mono = converted(audio, RATE, mono=True)
    for block in mono if hum_hz is None else _notched(mono, hum_hz):
        held = np.concatenate([held, block[0]])
        while second < total and (ready := window(False)) is not None:
            yield ready
            second += 1
        drop = max(second * RATE - side - origin, 0)
        held, origin = held[drop:], origin + drop
    while second < total:
        rest = window(True)
        assert rest is not None
        yield rest
        second += 1


def _probability(window: FloatArray) -> float:
    if len(window) < FRAME + 8 * HOP or float(np.sqrt(np.mean(window**2))) < _QUIET:
        return 0.0
    scaled = np.clip((features(window) - music_weights.MEAN) / music_weights.SCALE, -CLIP, CLIP)
    logit = float(np.concatenate([[1.0], scaled, scaled**2]) @ music_weights.WEIGHTS)
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))


def features(window: FloatArray) -> FloatArray:
    """What is measured in one window of 16 kHz mono sound; level-independent. Shape (n,)."""
    frames = np.lib.stride_tricks.sliding_window_view(window, FRAME)[::HOP]
    spectrum = np.abs(np.fft.rfft(frames * _WINDOW, axis=1)).astype(np.float32)[:, 2:450]
    spectrum /= np.sqrt(np.mean(spectrum**2)) + 1e-12
    spectrum += 1e-5
    energy = (spectrum**2).sum(axis=1)
    level = 10 * np.log10(energy)
    log = np.log(spectrum)
    return np.concatenate([
        _persistence(spectrum, log),
        _notes(log),
        _modulation(spectrum),
        _dynamics(energy, level),
        _rhythm(log),
        _shape(spectrum, energy),
    ]).astype(np.float32)  # fmt: skip


def _persistence(spectrum: FloatArray, log: FloatArray) -> FloatArray:
    """Share of spectral peaks still (or again) on the same bin 0.1, 0.2 and 0.4 s later; low and high bins apart."""
    around = (log[:, :-4] + log[:, 1:-3] + log[:, 3:-1] + log[:, 4:]) / 4
    mid = log[:, 2:-2]
    peak = (mid > log[:, 1:-3]) & (mid >= log[:, 3:-1]) & (mid > around + 0.7)
    weight = np.where(peak, spectrum[:, 2:-2] ** 0.5, 0.0)
    out = []
    for low, high in ((0, 60), (60, 250)):
        mask, share = peak[:, low:high], weight[:, low:high]
        chance = mask.mean()
        for lag in (5, 10, 20):
            held = share[:-lag] * mask[lag:] if len(mask) > lag else share[:0]
            base = share[:-lag].sum() if len(mask) > lag else 0.0
            out.append(held.sum() / base - chance if base > 0 else 0.0)
        out.append(chance)
    # One frequency that stays for the whole window: drones and pads have it, speech does not.
    steady = log.mean(axis=0)
    ridge = steady[2:-2] - (steady[:-4] + steady[4:]) / 2
    out += [float(np.sort(ridge)[-8:].mean()), float(ridge.std())]
    return np.asarray(out, np.float32)


def _notes(log: FloatArray) -> FloatArray:
    """Partials that come and go: persistence of what stands above each bin's own mean over the window, and how often
    such ridges begin. A machine's or a hum's tones stay where they are for the whole window, and are not in it.
    """
    moving = log - log.mean(axis=0)
    # Means over 0.1 s: what lasts that long on one bin is a partial, what does not averages out.
    slow = np.cumsum(np.pad(moving, ((1, 0), (0, 0))), axis=0)
    slow = (slow[5:] - slow[:-5]) / 5
    ridge = slow[:, 2:-2] - (slow[:, :-4] + slow[:, 4:]) / 2
    out = []
    for low, high in ((0, 60), (60, 250)):
        part, own = ridge[:, low:high], slow[:, 2:-2][:, low:high]
        here = (part > 0.5) & (own > 0.2)
        for lag in (5, 15):
            later = here[lag:] & here[:-lag]
            out.append(float(later.mean() / (here.mean() + 0.02)) if len(here) > lag else 0.0)
        out.append(float(here.mean()))
        # Correlation of each bin's ridge with itself 0.1 s later, against noise's.
        out.append(float((part[5:] * part[:-5]).mean() / ((part**2).mean() + 1e-6)) if len(part) > 5 else 0.0)
    return np.asarray(out, np.float32)


def _modulation(spectrum: FloatArray) -> FloatArray:
    """Depth of the 2-8 Hz and of the 0.5-2 Hz modulation of six bands' envelopes, means over the bands."""
    bands = np.stack([spectrum[:, a:b].sum(axis=1) for a, b in itertools.pairwise(_EDGES)])
    relative = bands / (bands.mean(axis=1, keepdims=True) + 1e-9) - 1
    power = np.abs(np.fft.rfft(relative * np.hanning(relative.shape[1]), axis=1)) ** 2 / relative.shape[1] ** 2
    rate = np.fft.rfftfreq(relative.shape[1], 1 / FPS)
    parts = [power[:, (rate >= a) & (rate < b)].sum(axis=1) for a, b in ((0.5, 2), (2, 8), (8, 20))]
    total = np.sum(parts, axis=0) + 1e-9
    return np.asarray([*(np.log(p + 1e-5).mean() for p in parts), (parts[1] / total).mean()], np.float32)


def _dynamics(energy: FloatArray, level: FloatArray) -> FloatArray:
    """Low-energy frames, spread of the level, its range."""
    low, middle, high = np.percentile(level, (10, 50, 90))
    return np.asarray([np.mean(energy < 0.5 * energy.mean()), level.std(), high - low, high - middle], np.float32)


def _rhythm(log: FloatArray) -> FloatArray:
    """Strongest repetition of the onset curve at 0.2 to 1.2 s, and how much the spectrum moves."""
    rise = np.maximum(np.diff(log, axis=0), 0).mean(axis=1)
    onset = rise - rise.mean()
    whole = float(onset @ onset) + 1e-9
    lags = range(10, min(60, len(onset) // 2))
    best = max((float(onset[:-lag] @ onset[lag:]) / whole * len(onset) / (len(onset) - lag) for lag in lags), default=0)
    return np.asarray([best, rise.mean(), rise.std()], np.float32)


def _shape(spectrum: FloatArray, energy: FloatArray) -> FloatArray:
    """Centroid and its spread, flatness, share of bass, of treble; frame means weighted by energy."""
    weight = energy / energy.sum()
    power = spectrum**2
    bins = np.arange(power.shape[1], dtype=np.float32)
    centroid = np.log2(1 + power @ bins / energy)
    mean = float(weight @ centroid)
    flat = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    bass = power[:, :12].sum() / power.sum()
    treble = power[:, 250:].sum() / power.sum()
    spread = float(np.sqrt(max(weight @ centroid**2 - mean**2, 0.0)))
    return np.asarray(
        [mean, spread, np.log(weight @ flat + 1e-6), np.log(bass + 1e-4), np.log(treble + 1e-4)], np.float32
    )
