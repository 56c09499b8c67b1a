"""Noise floor, hiss, silence and narrow bandwidth, out of band levels of 40 ms frames."""

from __future__ import annotations

import numpy as np

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span
from .detector import merge_spans, ramp, when

_LOWEST_DBFS = -120
_FLOOR_DBFS, _SNR_DB = -64.0, 36.0
#: Mean flatness within third-octaves: 0.56 for noise of any colour, lower for tones.
_NOISELIKE = 0.5
#: A noise floor is a floor: the very softest frames lie at most this far under it.
_SPREAD_DB = 12
_HISS_HZ = 3000.0
#: Telephone band: its upper edge, and how much weaker it must be above.
_EDGE_HZ, _DROP_DB = 4200.0, 50.0


class Noise:
    """Sorts frames by level (1 dB classes) and keeps each class's band powers: memory does not grow."""

    def __init__(self, rate: int, layout: tuple[str, ...], silence_dbfs: float, silence_s: float) -> None:
        self.rate = rate
        self.keep = [i for i, name in enumerate(layout) if name != "LFE"] or [0]
        self.size = max(1 << round(np.log2(0.04 * rate)), 32)
        self.window = np.hanning(self.size + 1)[:-1].astype(np.float32)
        frequency = np.fft.rfftfreq(self.size, 1 / rate)
        edges = 80 * 2 ** (np.arange(0, 25) / 3)
        edges = edges[edges <= min(rate / 2, 20_000)]
        cuts = np.unique(np.searchsorted(frequency, edges))
        self.cuts = cuts if len(cuts) > 2 else np.array([1, self.size // 4, self.size // 2])
        self.centres = np.sqrt(frequency[self.cuts[:-1]] * frequency[self.cuts[1:] - 1])
        classes = 1 - _LOWEST_DBFS + 10
        self.count = np.zeros(classes, np.int64)
        self.flatness = np.zeros(classes)
        self.bands = np.zeros((classes, len(self.cuts) - 1))
        self.silence_dbfs, self.silence_s = silence_dbfs, silence_s
        self.silences: list[Span] = []
        self._held = np.zeros((len(self.keep), 0), np.float32)
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        joined = np.concatenate([self._held, block[self.keep]], axis=1)
        start = at - self._held.shape[1]
        self._frames = at + block.shape[1]
        whole = joined.shape[1] // self.size
        self._held = joined[:, whole * self.size :]
        if whole:
            self._take(joined[:, : whole * self.size].reshape(len(joined), whole, self.size), start)

    def _take(self, frames: FloatArray, start: int) -> None:
        level = 10 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=(0, 2)) + 1e-15)
        self._note_silence(level, start)
        scale = 2 / (0.375 * self.size**2)
        power = (np.abs(np.fft.rfft(frames * self.window, axis=2)) ** 2).mean(axis=0) * scale
        bands = np.add.reduceat(power, self.cuts[:-1], axis=1)
        bands[:, -1] -= power[:, self.cuts[-1] :].sum(axis=1)
        width = np.diff(self.cuts)
        logs = np.add.reduceat(np.log(power[:, : self.cuts[-1]] + 1e-18), self.cuts[:-1], axis=1) / width
        wide = width >= 4
        flat = (np.exp(logs[:, wide]) / (bands[:, wide] / width[wide] + 1e-18)).mean(axis=1) if wide.any() else 0.0
        heard = 10 * np.log10(np.maximum(bands, 0).sum(axis=1) + 1e-15)
        index = np.clip(np.round(heard).astype(int) - _LOWEST_DBFS, 0, len(self.count) - 1)
        np.add.at(self.count, index, 1)
        np.add.at(self.flatness, index, flat)
        np.add.at(self.bands, index, bands)

    def _note_silence(self, level: FloatArray, start: int) -> None:
        quiet = np.flatnonzero(level < self.silence_dbfs)
        at = [(start + i * self.size) / self.rate for i in quiet.tolist()]
        step = self.size / self.rate
        fresh = [Span(t, t + step) for t in at]
        self.silences = merge_spans([*self.silences[-1:], *fresh], 1e-6) if not self.silences[:-1] else [
            *self.silences[:-1], *merge_spans([self.silences[-1], *fresh], 1e-6)
        ]  # fmt: skip
        # Only the last may still grow; short ones before it are of no use.
        self.silences = [s for s in self.silences[:-1] if s.duration_s >= self.silence_s] + self.silences[-1:]

    def findings(self) -> list[Finding]:
        duration = self._frames / self.rate
        silent = [s for s in self.silences if s.duration_s >= min(self.silence_s, 0.98 * duration)]
        found = [self._silence(Span(s.start_s, min(s.end_s, duration)), duration) for s in silent]
        return found + self._floor(duration) + self._band(duration)

    def _silence(self, span: Span, duration: float) -> Finding:
        whole = span.duration_s > 0.98 * duration
        where = "the whole recording" if whole else when(span.start_s, span.end_s)
        detail = f"silence {where}: {span.duration_s:.1f} s below {self.silence_dbfs:.0f} dBFS RMS"
        remedy = "Check the recording and the channel." if whole else "Check whether the pause is meant."
        end = duration if whole else span.end_s
        return Finding("silence", span.start_s, end, 1.0 if whole else 0.2, detail, remedy)

    def _floor(self, duration: float) -> list[Finding]:
        level = np.arange(len(self.count)) + _LOWEST_DBFS
        live = np.where(level > -110, self.count, 0)
        total = int(live.sum())
        if total < 10:
            return []
        lowest, floor, most = (int(np.searchsorted(np.cumsum(live), share * total)) for share in (0.01, 0.05, 0.4))
        near = slice(max(floor - 3, 0), floor + 4)
        flat = float(self.flatness[near].sum() / max(self.count[near].sum(), 1))
        loud = live * (level > level[floor] + 6)
        active = loud if loud.sum() > 0.1 * total else live
        speech = float(10 * np.log10((active * 10.0 ** (level / 10)).sum() / active.sum()))
        snr = speech - float(level[floor])
        if level[floor] < _FLOOR_DBFS or snr > _SNR_DB or flat < _NOISELIKE or floor - lowest > _SPREAD_DB:
            return []
        if snr < 6 and most - lowest > 3:
            return []  # no pauses, yet not steady: dense music
        shape = self.bands[near].sum(axis=0)
        treble = float(shape[self.centres > _HISS_HZ].sum() / shape.sum())
        kind = "hiss" if treble > 0.35 else "noise"
        detail = (
            f"broadband noise at {level[floor]:.0f} dBFS RMS in the pauses, {snr:.0f} dB below the signal; "
            f"{100 * treble:.0f} % of it above 3 kHz"
        )
        severity = min(ramp(-snr, -_SNR_DB, -8), ramp(float(level[floor]), _FLOOR_DBFS - 5, -40))
        return [Finding(kind, 0.0, duration, severity, detail, "denoise takes it out of speech.")]

    def _band(self, duration: float) -> list[Finding]:
        if self.rate < 16_000 or duration < 1:
            return []
        mean = self.bands.sum(axis=0)
        voice = mean[(self.centres > 300) & (self.centres < 3400)]
        above = mean[self.centres > _EDGE_HZ]
        if voice.sum() < 1e-7 * max(self.count.sum(), 1) or not len(above):
            return []
        drop = 10 * np.log10(voice.max() / (above.max() + 1e-18))
        upper = mean[(self.centres > 2200) & (self.centres < 3400)]
        slope = 10 * np.log10(upper.max() / (above.max() + 1e-18))
        # A dark instrument falls off slowly; a telephone line ends at once.
        if drop < _DROP_DB or slope < 30:
            return []
        detail = (
            f"nothing above 4 kHz ({drop:.0f} dB weaker than below), though the file has room to {self.rate // 2} Hz"
        )
        remedy = "No stage puts it back; use a wideband source. Transcribe still works on it."
        return [Finding("band-limited", 0.0, duration, ramp(drop, 30, 90), detail, remedy)]
