"""Audio: float32 samples with a rate, in memory or read in blocks from whatever holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import BadValue

FloatArray = NDArray[np.float32]

#: Order of the channels by their number, where a file says nothing (SMPTE order).
LAYOUTS: dict[int, tuple[str, ...]] = {
    1: ("M",),
    2: ("L", "R"),
    3: ("L", "R", "C"),
    4: ("L", "R", "Ls", "Rs"),
    5: ("L", "R", "C", "Ls", "Rs"),
    6: ("L", "R", "C", "LFE", "Ls", "Rs"),
    7: ("L", "R", "C", "LFE", "Cs", "Ls", "Rs"),
    8: ("L", "R", "C", "LFE", "Lb", "Rb", "Ls", "Rs"),
}


def full_range(layout: tuple[str, ...]) -> list[int]:
    """The numbers of all channels but the LFE, whose low tones are meant and which carries no speech."""
    return [i for i, name in enumerate(layout) if name != "LFE"] or [0]


#: 200 dB over full scale: no recording holds it, and the squares of more overflow.
_BEYOND = np.float32(1e10)


def is_sound(samples: NDArray[Any]) -> NDArray[np.bool_]:
    """Which samples are sound: not NaN, not infinite, not beyond 200 dB over full scale."""
    return np.asarray(np.abs(samples) <= _BEYOND)


def sound(samples: FloatArray) -> FloatArray:
    """`samples`, with silence for what is no sound (`is_sound`): one NaN would spread through every filter."""
    good = is_sound(samples)
    return samples if good.all() else np.where(good, samples, np.float32(0))


class Source(Protocol):
    """Where samples come from when they do not lie in memory."""

    def read(self, start: int, stop: int) -> FloatArray:
        """float32 (channels, stop - start); 0 <= start <= stop <= frames."""
        ...


class Audio:
    """float32 samples (channels, frames) at `rate` Hz, full scale 1.0. Immutable.

    `Audio(array, rate)` holds an array; `Audio.backed(source, …)` reads from a source (a file) when asked.
    Code that must work on three-hour films uses `read` and `blocks`; `samples` loads everything.
    """

    __slots__ = ("_samples", "_sha256", "_source", "channels", "frames", "layout", "rate")

    def __init__(self, samples: NDArray[Any], rate: int, layout: tuple[str, ...] | None = None) -> None:
        array = np.asarray(samples, dtype=np.float32)
        if array.ndim == 1:
            array = array[np.newaxis]
        if array.ndim != 2 or array.shape[0] < 1:
            raise BadValue(
                f"Audio is an array of (channels, frames), got shape {array.shape}.",
                value=array.shape,
                remedy="Transpose arrays of (frames, channels).",
            )
        if array.shape[0] > 64 and array.shape[1] < array.shape[0]:
            raise BadValue(
                f"Audio is (channels, frames); {array.shape} looks transposed.", value=array.shape, remedy="Use x.T."
            )
        view = array.view()
        view.flags.writeable = False
        self._samples: FloatArray | None = view
        self._source: Source | None = None
        self._describe(array.shape[0], array.shape[1], rate, layout)

    @classmethod
    def backed(
        cls,
        source: Source,
        *,
        channels: int,
        frames: int,
        rate: int,
        layout: tuple[str, ...] | None = None,
        sha256: str | None = None,
    ) -> Audio:
        """Audio whose samples stay in `source` until they are read; `sha256` where it is known already."""
        audio = cls.__new__(cls)
        audio._samples = None
        audio._source = source
        audio._describe(channels, frames, rate, layout)
        audio._sha256 = sha256
        return audio

    def _describe(self, channels: int, frames: int, rate: int, layout: tuple[str, ...] | None) -> None:
        if int(rate) != rate or not 1000 <= rate <= 768_000:
            raise BadValue(f"A sample rate is a whole number from 1000 to 768000 Hz, got {rate}.", value=rate)
        if layout is None:
            layout = LAYOUTS.get(channels, tuple(f"ch{i + 1}" for i in range(channels)))
        if len(layout) != channels:
            raise BadValue(f"{channels} channels cannot have the layout {layout}.", value=layout)
        self.channels, self.frames, self.rate, self.layout = channels, frames, int(rate), layout
        self._sha256: str | None = None

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate

    @property
    def in_memory(self) -> bool:
        return self._samples is not None

    @property
    def source(self) -> Source | None:
        """What backs it, or None where the samples lie in memory."""
        return self._source

    @property
    def samples(self) -> FloatArray:
        """All samples, read-only. For a backed Audio this loads the whole recording, each time."""
        return self.read(0, self.frames)

    def read(self, start: int, stop: int) -> FloatArray:
        """float32 (channels, stop - start). What lies outside the recording is silence."""
        if stop < start:
            raise BadValue(f"Cannot read from frame {start} to {stop}.", value=(start, stop))
        low, high = min(max(start, 0), self.frames), min(max(stop, 0), self.frames)
        if self._samples is not None:
            inside = self._samples[:, low:high]
        else:
            assert self._source is not None
            inside = self._source.read(low, high) if high > low else np.zeros((self.channels, 0), np.float32)
        if (low, high) == (start, stop):
            return inside
        padded = np.zeros((self.channels, stop - start), dtype=np.float32)
        padded[:, low - start : low - start + high - low] = inside
        return padded

    def blocks(self, frames: int) -> Iterator[FloatArray]:
        """Consecutive blocks of at most `frames` frames."""
        for start in range(0, self.frames, frames):
            yield self.read(start, min(start + frames, self.frames))

    def between(self, start_s: float, end_s: float) -> Audio:
        """The stretch from `start_s` to `end_s`, in memory."""
        start, end = round(start_s * self.rate), round(end_s * self.rate)
        return Audio(self.read(max(start, 0), min(max(end, 0), self.frames)), self.rate, self.layout)

    def sha256(self) -> str:
        """Hash of rate, channels and all samples, computed once; the same for equal audio however it is kept."""
        if self._sha256 is not None:
            return self._sha256
        digest = hashlib.sha256(f"{self.rate} {self.channels} {self.frames}".encode())
        for block in self.blocks(1 << 18):
            digest.update(np.ascontiguousarray(block.T).data)
        self._sha256 = digest.hexdigest()
        return self._sha256

    def peak(self) -> float:
        """Largest absolute sample, 0.0 for none."""
        return max((float(np.max(np.abs(block), initial=0.0)) for block in self.blocks(1 << 18)), default=0.0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Audio):
            return NotImplemented
        mine, theirs = (self.rate, self.layout, self.frames), (other.rate, other.layout, other.frames)
        return mine == theirs and all(
            np.array_equal(a, b) for a, b in zip(self.blocks(1 << 18), other.blocks(1 << 18), strict=True)
        )

    __hash__ = None  # type: ignore[assignment]  # equality reads all samples: not a dict key

    def __repr__(self) -> str:
        where = "memory" if self.in_memory else "backed"
        return f"Audio({'/'.join(self.layout)}, {self.rate} Hz, {self.duration_s:.3f} s, {where})"


class _Difference:
    def __init__(self, a: Audio, b: Audio) -> None:
        self._a, self._b = a, b

    def read(self, start: int, stop: int) -> FloatArray:
        return self._a.read(start, stop) - self._b.read(start, stop)


def difference(a: Audio, b: Audio) -> Audio:
    """`a - b`, computed when read: what a repair took away. Raises BadValue where their shapes differ."""
    if (a.rate, a.channels, a.frames) != (b.rate, b.channels, b.frames):
        raise BadValue(f"Cannot subtract {b!r} from {a!r}.", value=(a, b))
    return Audio.backed(_Difference(a, b), channels=a.channels, frames=a.frames, rate=a.rate, layout=a.layout)


class _Sound:
    def __init__(self, audio: Audio) -> None:
        self._audio = audio

    def read(self, start: int, stop: int) -> FloatArray:
        return sound(self._audio.read(start, stop))


def sound_of(audio: Audio) -> Audio:
    """`audio` with silence for samples that are no sound (`is_sound`), mended when read."""
    return Audio.backed(
        _Sound(audio), channels=audio.channels, frames=audio.frames, rate=audio.rate, layout=audio.layout
    )
