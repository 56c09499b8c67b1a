"""The network: bands of a spectrum, heard along time and across each other, to complex masks of dialogue and music.

Beside the mixture it hears what RNNoise takes for speech in it, refined (`dsp.masks.refined`): a second opinion, taught
by far more speech than ours, that knows no music. What the network makes of the two is better than either.

Bands as in Band-Split RNN (Luo & Yu, IEEE/ACM TASLP 2023) and BandIt (Watcharasupat et al., IEEE OJSP 2023): each has
layers of its own in and out, and between them a recurrent net goes along time, the same for all bands, and one across
the bands, in turns. Along time it hears all that was, and of what comes at most 0.77 s: it goes backwards only within
chunks of 24 frames, whose borders lie elsewhere in every second block (two paths as in DPRNN, Luo et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

RATE, WINDOW, HOP = 48_000, 2048, 1024
BINS = WINDOW // 2 + 1
#: What it gives for each bin: complex masks for dialogue and for music in the mixture, and a share of RNNoise's speech
#: that is dialogue too. Effects are what dialogue and music leave.
MASKS = 5
#: Frames in which it may look ahead: whole chunks.
CHUNK = 24
#: (bands, bins of each), from 0 Hz: 117 Hz wide below 1 kHz, then ever wider.
LAYOUT = ((8, 5), (6, 8), (6, 16), (5, 32), (3, 110), (2, 176))
#: Sounds are heard as large as this power of their size: quiet ones count too.
POWER = 0.3


@dataclass(frozen=True)
class Size:
    """How large it is: numbers for each band and frame, states of the recurrent nets, blocks."""

    width: int = 64
    along: int = 64
    across: int = 32
    blocks: int = 4


class PerBand(nn.Module):
    """A linear layer of its own for each band, whose sizes differ from group to group of bands."""

    def __init__(self, sizes: tuple[tuple[int, int, int], ...]) -> None:
        """`sizes`: (bands, inputs, outputs) of each group."""
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(n, i, o) / i**0.5) for n, i, o in sizes)
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(n, 1, o)) for n, _, o in sizes)

    def forward(self, groups: list[Tensor]) -> list[Tensor]:
        """Each (bands, frames, inputs) to (bands, frames, outputs)."""
        return [torch.baddbmm(b, x, w) for x, w, b in zip(groups, self.weights, self.biases, strict=True)]


class Block(nn.Module):
    def __init__(self, size: Size, *, shift: int | None) -> None:
        """`shift` frames lie before the first border of chunks; None hears what was only."""
        super().__init__()
        self.shift = shift
        self.before = nn.LayerNorm(size.width)
        self.forwards = nn.LSTM(size.width, size.along)
        self.backwards = nn.LSTM(size.width, size.along) if shift is not None else None
        self.along = nn.Linear(size.along * (1 if shift is None else 2), size.width)
        self.between = nn.LayerNorm(size.width)
        self.across = nn.LSTM(size.width, size.across, bidirectional=True)
        self.out = nn.Linear(2 * size.across, size.width)

    def forward(self, x: Tensor) -> Tensor:
        """(frames, batch, bands, width) to the same; the number of frames is a multiple of CHUNK."""
        frames, batch, bands, width = x.shape
        heard = self.before(x).reshape(frames, batch * bands, width)
        along = self.forwards(heard)[0]
        if self.backwards is not None:
            along = torch.cat([along, self._ahead(heard)], dim=-1)
        x = x + self.along(along).reshape(frames, batch, bands, width)
        heard = self.between(x).reshape(frames * batch, bands, width).transpose(0, 1)
        across = self.out(self.across(heard)[0])
        return x + across.transpose(0, 1).reshape(frames, batch, bands, width)

    def _ahead(self, heard: Tensor) -> Tensor:
        """What comes, up to the end of each frame's chunk."""
        frames, rows, width = heard.shape
        shift = self.shift or 0
        padded = functional.pad(heard, (0, 0, 0, 0, (CHUNK - shift) % CHUNK, shift))
        chunks = padded.reshape(-1, CHUNK, rows, width).transpose(0, 1).flip(0).reshape(CHUNK, -1, width)
        out = self.backwards(chunks)[0]  # type: ignore[misc]
        out = out.reshape(CHUNK, -1, rows, out.shape[-1]).flip(0).transpose(0, 1).reshape(-1, rows, out.shape[-1])
        return out[(CHUNK - shift) % CHUNK :][:frames]


class Network(nn.Module):
    """Spectra to masks. All is real, for ONNX: the last dimension of spectra is real and imaginary part."""

    def __init__(self, size: Size | None = None) -> None:
        super().__init__()
        size = size or Size()
        self.size = size
        width = size.width
        bands = sum(n for n, _ in LAYOUT)
        self.split = PerBand(tuple((n, 6 * bins, width) for n, bins in LAYOUT))
        self.place = nn.Parameter(torch.randn(bands, width) * 0.1)
        shifts = [None if i % 2 else (i // 2 % 2) * (CHUNK // 2) for i in range(size.blocks)]
        self.blocks = nn.ModuleList(Block(size, shift=shift) for shift in shifts)
        self.norm = nn.LayerNorm(width)
        self.hidden = PerBand(tuple((n, width, width) for n, _ in LAYOUT))
        self.join = PerBand(tuple((n, width, MASKS * bins) for n, bins in LAYOUT))
        with torch.no_grad():
            for weights, biases in zip(self.join.weights, self.join.biases, strict=True):
                weights *= 0.1
                biases.unflatten(-1, (-1, MASKS))[..., :] = torch.tensor([0.2, 0, 0.3, 0, 0.5])

    def forward(self, spectrum: Tensor, speech: Tensor) -> Tensor:
        """The mixture and what RNNoise made of it, (batch, frames, BINS, 2), the mixture at about unit RMS, to masks
        (batch, frames, BINS, MASKS)."""
        batch, frames = spectrum.shape[:2]
        rest = -frames % CHUNK
        heard = torch.cat([_features(spectrum), _features(speech)], dim=-1)
        heard = functional.pad(heard, (0, 0, 0, sum(n * bins for n, bins in LAYOUT) - BINS, 0, rest)).transpose(0, 1)
        groups, at = [], 0
        for n, bins in LAYOUT:
            part = heard[:, :, at : at + n * bins].reshape((frames + rest) * batch, n, bins * 6)
            groups.append(part.transpose(0, 1))
            at += n * bins
        x = torch.cat(self.split(groups)).transpose(0, 1) + self.place
        x = x.reshape(frames + rest, batch, -1, self.size.width)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).reshape((frames + rest) * batch, -1, self.size.width).transpose(0, 1)
        groups = list(torch.split(x, [n for n, _ in LAYOUT]))
        made = self.join([functional.gelu(each) for each in self.hidden(groups)])
        masks = torch.cat(
            [
                each.transpose(0, 1).reshape(frames + rest, batch, n * bins, MASKS)
                for each, (n, bins) in zip(made, LAYOUT, strict=True)
            ],
            dim=2,
        )[:frames, :, :BINS]
        return masks.transpose(0, 1)


def _features(spectrum: Tensor) -> Tensor:
    """Compressed: real and imaginary part, and size."""
    power = spectrum.square().sum(dim=-1, keepdim=True) + 1e-10
    return torch.cat([spectrum * power ** ((POWER - 1) / 2), power ** (POWER / 2)], dim=-1)


def window(device: torch.device | str = "cpu") -> Tensor:
    """The square root of a Hann window: once before and once after the masks it is one again."""
    return torch.hann_window(WINDOW, device=device).sqrt()


def forward_stft(wave: Tensor) -> Tensor:
    """(…, n) to (…, frames, BINS, 2), frames = n / HOP + 1."""
    shape = wave.shape
    spectrum = torch.stft(
        wave.reshape(-1, shape[-1]), WINDOW, HOP, window=window(wave.device), return_complex=True, pad_mode="constant"
    )
    return torch.view_as_real(spectrum.transpose(1, 2)).reshape(*shape[:-1], -1, BINS, 2)


def inverse_stft(spectrum: Tensor, length: int) -> Tensor:
    """The inverse, (…, length)."""
    shape = spectrum.shape[:-3]
    flat = torch.view_as_complex(spectrum.reshape(-1, *spectrum.shape[-3:]).contiguous()).transpose(1, 2)
    wave = torch.istft(flat, WINDOW, HOP, window=window(spectrum.device), length=length)
    return wave.reshape(*shape, length)


def masked(spectrum: Tensor, speech: Tensor, masks: Tensor) -> Tensor:
    """Dialogue and music (batch, 2, frames, BINS, 2) in a mixture (batch, frames, BINS, 2)."""
    real, imaginary = spectrum.unbind(-1)
    a, b, c, d, share = masks.unbind(-1)
    dialogue = torch.stack([real * a - imaginary * b, real * b + imaginary * a], dim=-1) + speech * share.unsqueeze(-1)
    return torch.stack([dialogue, torch.stack([real * c - imaginary * d, real * d + imaginary * c], dim=-1)], dim=1)


def separate(network: nn.Module, mix: Tensor, speech: Tensor, gain: Tensor | float = 1.0) -> Tensor:
    """A mixture and RNNoise's speech in it, (batch, n), to dialogue, music and effects (batch, 3, n), which sum to it.

    `gain` (batch, 1) is how much louder the mixture is than what it is a part of.
    """
    level = mix.square().mean(dim=-1, keepdim=True).sqrt() / gain + 1e-7
    # White noise of RMS 1 has bins of RMS 32, the root of half the window: back to one.
    spectrum, guess = forward_stft(mix / level) / 32, forward_stft(speech / level) / 32
    masks = network(spectrum, guess).float()
    found = inverse_stft(masked(spectrum, guess, masks), mix.shape[-1]) * 32 * level.unsqueeze(1)
    return torch.cat([found, mix.unsqueeze(1) - found.sum(dim=1, keepdim=True)], dim=1)
