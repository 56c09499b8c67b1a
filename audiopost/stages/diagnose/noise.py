"""Broadband noise and hiss: the floor under speech and between it, second by second, and where it changes.

The floor is read by minimum statistics (R. Martin, "Noise power spectral density estimation based on optimal smoothing
and minimum statistics", IEEE Trans. SAP 9(5), 2001) in third-octaves: speech leaves each of them alone for moments, so
that a low quantile over some seconds of speech is the noise under it. What such a quantile reads too low on steady
noise is measured once, on noise.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from ...core.audio import FloatArray
from ...core.marks import Finding
from ...core.time import Span
from .detector import Framer, Speech, full_range, ramp, when

Values = NDArray[np.float64]

_FRAME_S = 0.04
#: Frames of one row (about a second), of speech or of pauses in it that its quantile needs, and that quantile.
_ROW, _LEAST, _QUANTILE = 20, 6, 0.06
#: Rows that a row's floor is this quantile of, and how many of them must say something.
_SPAN, _AMONG, _FEWEST = 10, 0.1, 4
#: Bins that a third-octave needs so that noise can be told from tones in it.
_WIDE = 4
#: A floor counts from this level on, and up to this far below the speech. The level is what it would be with speech
#: at _USUAL_DBFS RMS: soft recordings are turned up.
_FLOOR_DBFS, _SNR_DB, _USUAL_DBFS = -66.0, 36.0, -26.0
#: What counts only this much nearer: a floor under speech this far above that of the pauses (a gate, or the room's echo
#: of the speech), and the floor of a recording without speech.
_DOUBTFUL_DB, _ABOVE_PAUSES_DB = 8.0, 4.0
#: Mean flatness within third-octaves: 0.56 for noise of any colour, lower for tones.
_NOISELIKE = 0.5
_HISS_HZ = 3000.0
#: A floor that moves by this much is another noise; one that lasts less than this is an event.
_STEP_DB, _LEAST_S = 5.0, 4.0
#: Without speech: share of rows that lie on the floor, and how much their spectra may differ.
_ON_FLOOR, _ALIKE_DB = 0.1, 2.5
#: What stands above a floor by less is the noise itself: rain, wind, an ambience that is meant.
_SIGNAL_DB = 10.0
_NO_SPEECH = "No speech is heard here, and denoise is made for speech: listen whether it takes more than the noise."


class _Spectra:
    """Third-octave powers of frames, and how flat the spectrum is within them."""

    def __init__(self, rate: int) -> None:
        self.size = max(1 << round(np.log2(_FRAME_S * rate)), 32)
        self._window = np.hanning(self.size + 1)[:-1].astype(np.float32)
        frequency = np.fft.rfftfreq(self.size, 1 / rate)
        edges = 80 * 2 ** (np.arange(0, 25) / 3)
        cuts = np.unique(np.searchsorted(frequency, edges[edges <= min(0.5 * rate, 20_000)]))
        wide = np.flatnonzero(np.diff(cuts) >= _WIDE)
        self._cuts = cuts[wide[0] :] if len(wide) else np.array([1, self.size // 4, self.size // 2])
        self.centres = np.sqrt(frequency[self._cuts[:-1]] * frequency[self._cuts[1:] - 1])

    @property
    def lowest_hz(self) -> float:
        return float(self.centres[0] / 2 ** (1 / 6))

    def __call__(self, frames: FloatArray) -> tuple[Values, Values]:
        """(channels, n, size) to powers (n, bands), mean of the channels, and flatness (n,)."""
        scale = 2 / (0.375 * self.size**2)
        power = (np.abs(np.fft.rfft(frames * self._window, axis=2)) ** 2).mean(axis=0)[:, : self._cuts[-1]] * scale
        width = np.diff(self._cuts)
        bands = np.add.reduceat(power, self._cuts[:-1], axis=1).astype(np.float64)
        logs = np.add.reduceat(np.log(power + 1e-18), self._cuts[:-1], axis=1) / width
        return bands, (np.exp(logs) / (bands / width + 1e-18)).mean(axis=1)


class Noise:
    """Keeps one row of third-octave floors for each second: 1 MB an hour."""

    def __init__(self, rate: int, layout: tuple[str, ...], speech: tuple[Span, ...]) -> None:
        self._rate, self._keep, self._speech = rate, full_range(layout), Speech(speech)
        self._spectra = _Spectra(rate)
        self._framer = Framer(len(self._keep), self._spectra.size)
        self._waiting: list[tuple[Values, Values, Values]] = []
        self._rows: list[_Row] = []
        self._frames = 0

    def feed(self, block: FloatArray, at: int) -> None:
        self._frames = at + block.shape[1]
        frames, start = self._framer.cut(block[self._keep], at)
        if not frames.shape[1]:
            return
        bands, flat = self._spectra(frames)
        begin = (start + self._spectra.size * np.arange(len(bands))) / self._rate
        self._waiting.append((begin, bands, flat))
        if sum(len(b) for b, _, _ in self._waiting) >= _ROW:
            self._take(_ROW)

    def _take(self, least: int) -> None:
        """Makes rows of the frames that wait, of `least` frames or more."""
        begin, bands, flat = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
        speech = self._speech.share(begin, begin + self._spectra.size / self._rate) > 0.5
        done = 0
        while len(begin) - done >= least:
            row = slice(done, done + _ROW)
            self._rows.append(_Row(float(begin[done]), bands[row], flat[row], speech[row]))
            done += _ROW
        self._waiting = [(begin[done:], bands[done:], flat[done:])]

    def findings(self) -> list[Finding]:
        if self._waiting:
            self._take(_LEAST)
        if not self._rows:
            return []
        end = self._frames / self._rate
        time = np.asarray([r.start_s for r in self._rows] + [end])
        table = _Table(self._rows, _bias(self._rate))
        spoken = np.isfinite(table.under_db)
        bad = table.bad_under() if spoken.any() else table.bad_alone()
        level = np.where(spoken, table.under_db, table.between_db) if spoken.any() else table.between_db
        found = []
        for first, stop in _stretches(bad, level, time):
            found.append(self._finding(table, first, stop, Span(float(time[first]), float(time[stop]))))
        return found

    def _finding(self, table: _Table, first: int, stop: int, span: Span) -> Finding:
        inside = slice(first, stop)
        under, between = (_mean_db(v[inside]) for v in (table.under_db, table.between_db))
        signal, shape = _mean_db(table.signal_db[inside]), np.nanmean(table.floors[inside], axis=0)
        treble = float(shape[self._spectra.centres > _HISS_HZ].sum() / shape.sum())
        noise = between if under is None else under
        assert noise is not None
        assert signal is not None
        snr = signal - noise
        if under is None:
            where = f"at {noise:.0f} dBFS RMS in the pauses, {snr:.0f} dB below the signal"
        else:
            beside = "" if between is None else f", {between:.0f} dBFS in the pauses"
            where = f"at {noise:.0f} dBFS RMS under speech (signal-to-noise ratio {snr:.0f} dB){beside}"
        detail = f"broadband noise {where} {when(span.start_s, span.end_s)}; {100 * treble:.0f} % of it above 3 kHz"
        severity = ramp(-snr, -_SNR_DB, -6)
        kind = "hiss" if treble > 0.35 else "noise"
        # What denoises speech takes notes, drums and effects for noise.
        remedy = "denoise takes it out of speech." if under is not None else _NO_SPEECH
        return Finding(kind, span.start_s, span.end_s, severity, detail, remedy)


class _Row:
    """What is kept of some 20 frames: the floors of speech and of the rest, NaN where there is too little of it."""

    __slots__ = ("between", "flat", "heard", "spoken", "start_s", "under")

    def __init__(self, start_s: float, bands: Values, flat: Values, speech: NDArray[np.bool_]) -> None:
        self.start_s = start_s
        level = bands.sum(axis=1)
        live = level > 1e-11  # digital silence and gated pauses are no floor
        self.under, self.between = (_low(bands[live & part]).astype(np.float32) for part in (speech, ~speech))
        self.spoken = float(level[speech].mean()) if speech.any() else np.nan
        self.heard = float(level.mean())
        softest = np.argsort(np.where(live, level, np.inf))[:3]
        self.flat = float(flat[softest].mean()) if live.sum() >= _LEAST else 0.0


def _low(values: Values) -> Values:
    """The low quantile of each column; NaN for too few rows."""
    if len(values) < _LEAST:
        return np.full(values.shape[1], np.nan)
    return np.asarray(np.sort(values, axis=0)[int(_QUANTILE * len(values))])


def _around(values: Values) -> Values:
    """For each row the low quantile of the valid rows up to it, or from it on if that is higher: noise that begins or
    ends is seen where it does. NaN where too few are valid.
    """
    padded = np.pad(values, ((_SPAN - 1, _SPAN - 1), (0, 0)), constant_values=np.nan)
    found = np.sort(np.lib.stride_tricks.sliding_window_view(padded, _SPAN, axis=0), axis=2)  # NaN go last
    count = np.isfinite(found).sum(axis=2)
    lowest = np.take_along_axis(found, (_AMONG * count).astype(int)[..., None], axis=2)[..., 0]
    lowest[count < _FEWEST] = np.nan
    return np.asarray(np.fmax(lowest[: len(values)], lowest[_SPAN - 1 :]))


@functools.lru_cache(maxsize=8)
def _bias(rate: int) -> Values:
    """How much too low the quantiles read steady noise, by band."""
    spectra = _Spectra(rate)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1, _ROW * 4 * _SPAN, spectra.size), dtype=np.float32)
    bands, _ = spectra(noise)
    rows = np.stack([_low(part) for part in np.split(bands, 4 * _SPAN)])
    return np.asarray(bands.mean(axis=0) / _around(rows).mean(axis=0))


class _Table:
    """The rows as curves, in dBFS RMS."""

    def __init__(self, rows: list[_Row], bias: Values) -> None:
        under, between = (
            _around(np.asarray([getattr(r, name) for r in rows], np.float64)) * bias for name in ("under", "between")
        )
        self.floors = np.where(np.isfinite(under), under, between)
        self.under_db, self.between_db = (_db(v.sum(axis=1)) for v in (under, between))
        spoken = np.asarray([r.spoken for r in rows])
        self.flat = np.asarray([r.flat for r in rows])
        heard = np.asarray([r.heard for r in rows])
        self._own = np.asarray([r.between for r in rows], np.float64) * bias
        self.signal_db = _db(_moving_mean(np.where(np.isfinite(under).any(axis=1), spoken, heard)))
        self._flat = _moving_mean(np.where(self.flat > 0, self.flat, np.nan))

    def bad_under(self) -> NDArray[np.bool_]:
        """Rows whose speech stands in audible, steady, noise-like noise."""
        with np.errstate(invalid="ignore"):
            heard = self.under_db + np.maximum(0.0, _USUAL_DBFS - self.signal_db)
            doubtful = self.under_db - self.between_db > _ABOVE_PAUSES_DB
            close = self.signal_db - self.under_db < np.where(doubtful, _SNR_DB - _DOUBTFUL_DB, _SNR_DB)
            close &= heard > _FLOOR_DBFS
        return np.asarray(close & (self._flat > _NOISELIKE))

    def bad_alone(self) -> NDArray[np.bool_]:
        """The same without speech: a signal whose pauses again and again come down to one noise."""
        own_db = _db(self._own.sum(axis=1))
        if not np.isfinite(own_db).any():
            return np.zeros(len(own_db), bool)
        floor = float(np.nanquantile(own_db, _ON_FLOOR / 2))
        with np.errstate(invalid="ignore"):
            on_floor = np.abs(own_db - floor) < 3
            snr = self.signal_db - self.between_db
            noisy = (self.between_db > _FLOOR_DBFS) & (self._flat > _NOISELIKE)
            noisy &= (snr > _SIGNAL_DB) & (snr < _SNR_DB - _DOUBTFUL_DB)
        if on_floor.mean() < _ON_FLOOR or on_floor.sum() < _FEWEST:
            return np.zeros(len(own_db), bool)
        # Tails of notes and drums differ from each other; noise is always the same.
        alike = np.median(_db(self._own[on_floor]).std(axis=0)) < _ALIKE_DB
        return np.asarray(noisy & (np.abs(self.between_db - floor) < _STEP_DB) & alike)


def _moving_mean(values: Values) -> Values:
    """Mean of the valid values around each."""
    kernel, side = np.ones(_SPAN + 1), _SPAN // 2
    valid = np.isfinite(values)
    total = np.convolve(np.where(valid, values, 0.0), kernel, "full")[side:-side]
    count = np.convolve(valid, kernel, "full")[side:-side]
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _db(power: Values) -> Values:
    return np.asarray(10 * np.log10(power + 1e-15))


def _mean_db(values: Values) -> float | None:
    valid = values[np.isfinite(values)]
    return float(10 * np.log10(np.mean(10 ** (valid / 10)))) if len(valid) else None


def _stretches(bad: NDArray[np.bool_], level: Values, time: Values) -> list[tuple[int, int]]:
    """Runs of bad rows at one level, (first, stop); what lies between two of the same noise is part of it."""
    runs: list[tuple[int, int]] = []
    for i in np.flatnonzero(bad).tolist():
        last = runs[-1] if runs else None
        if last is not None:
            usual = float(np.nanmedian(level[last[0] : last[1]]))
            between = level[last[1] : i]
            same = abs(level[i] - usual) < _STEP_DB
            # A pause in which the noise is gone parts two stretches; one in which nothing could be read does not.
            if same and not (between < usual - _STEP_DB).any():
                runs[-1] = (last[0], i + 1)
                continue
        runs.append((i, i + 1))
    least = min(_LEAST_S, 0.8 * float(time[-1]))
    return [(a, b) for a, b in runs if time[b] - time[a] >= least]
